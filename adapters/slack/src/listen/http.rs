//! Signed HTTP: events, interactions and slash commands on one address, behind whatever ends TLS.
//! Whoever cannot sign learns nothing but the status.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use slack_morphism::SlackSigningSecret;
use slack_morphism::signature_verifier::SlackEventSignatureVerifier;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;
use underrose_chat::ListenError;

use super::ear::{Ack, Ear, Tell};
use super::signature::{Reason, verify};
use crate::inbound::Kind;
use crate::settings::Secret;

/// The one path, for all three request URLs of the app.
pub const PATH: &str = "/slack";

/// Larger than any payload: a modal of a hundred blocks with its state is a third of it.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// A body comes within this time, and so many are read at once.
const BODY_MAX: Duration = Duration::from_secs(2);
const BODIES_MAX: usize = 256;

/// What is under way at the end gets this long.
const LANDING_MAX: Duration = Duration::from_secs(3);

#[derive(Clone)]
struct Gate {
    ear: Arc<Ear>,
    verifier: SlackEventSignatureVerifier,
    /// For bodies that are read: whoever sends one is not known before.
    bodies: Arc<Semaphore>,
}

pub async fn run(ear: Arc<Ear>, listen: SocketAddr, secret: &Secret) -> Result<(), ListenError> {
    let refused = |error: std::io::Error| ListenError {
        reason: format!("the address {listen} cannot be listened on: {error}"),
    };
    let listener = TcpListener::bind(listen).await.map_err(refused)?;
    if secret.expose().is_empty() {
        let reason =
            "the signing secret is empty: copy it from the app's Basic Information".to_owned();
        return Err(ListenError { reason });
    }
    let secret = SlackSigningSecret(secret.expose().to_owned());
    let over = ear.over.clone();
    let gate = Gate {
        ear,
        verifier: SlackEventSignatureVerifier::new(&secret),
        bodies: Arc::new(Semaphore::new(BODIES_MAX)),
    };
    let router = Router::new().route(PATH, post(request)).with_state(gate);
    let shut = over.clone().cancelled_owned();
    let serving = axum::serve(listener, router).with_graceful_shutdown(shut);
    // Whoever holds a connection open does not hold up the end.
    let late = async {
        over.cancelled().await;
        tokio::time::sleep(LANDING_MAX).await;
    };
    tokio::select! {
        served = async { serving.await } => served.map_err(refused),
        () = late => Ok(()),
    }
}

async fn request(State(gate): State<Gate>, headers: HeaderMap, body: Body) -> Response {
    match checked(&gate, &headers, body).await {
        Ok(response) => response,
        Err(reason) => {
            gate.ear.workspace.refused.add(reason);
            let status = match reason {
                Reason::Unsigned | Reason::Stale => StatusCode::UNAUTHORIZED,
                Reason::Oversized => StatusCode::PAYLOAD_TOO_LARGE,
                Reason::Malformed => StatusCode::BAD_REQUEST,
            };
            status.into_response()
        }
    }
}

async fn checked(gate: &Gate, headers: &HeaderMap, body: Body) -> Result<Response, Reason> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signature = text(SlackEventSignatureVerifier::SLACK_SIGNED_HASH_HEADER);
    let stamp = text(SlackEventSignatureVerifier::SLACK_SIGNED_TIMESTAMP);
    let (Some(signature), Some(stamp)) = (signature, stamp) else {
        return Err(Reason::Unsigned);
    };
    let Ok(reading) = gate.bodies.acquire().await else {
        return Err(Reason::Malformed);
    };
    let body = timeout(BODY_MAX, to_bytes(body, BODY_BYTES_MAX)).await;
    drop(reading);
    let body = body
        .map_err(|_| Reason::Malformed)?
        .map_err(|_| Reason::Oversized)?;
    let body = std::str::from_utf8(&body).map_err(|_| Reason::Malformed)?;
    verify(&gate.verifier, signature, stamp, body)?;
    let json = text(header::CONTENT_TYPE.as_str())
        .is_some_and(|kind| kind.starts_with("application/json"));
    let (kind, payload) = if json { event(body) } else { form(body) }?;
    if let Some(answer) = handshake(&payload) {
        return Ok(answer);
    }
    let (answer, told) = oneshot::channel();
    gate.ear.take(kind, &payload, Tell::Answer(answer)).await;
    match told.await {
        Ok(Ack::With(Value::Null)) => Ok(StatusCode::OK.into_response()),
        Ok(Ack::With(answer)) => Ok(Json(answer).into_response()),
        // Slack sends it again.
        Ok(Ack::Refuse) | Err(_) => Ok(StatusCode::SERVICE_UNAVAILABLE.into_response()),
    }
}

fn event(body: &str) -> Result<(Kind, Value), Reason> {
    let payload: Value = serde_json::from_str(body).map_err(|_| Reason::Malformed)?;
    if payload.is_object() {
        Ok((Kind::Event, payload))
    } else {
        Err(Reason::Malformed)
    }
}

/// An interaction is JSON in a form's `payload`; a command is the form itself.
fn form(body: &str) -> Result<(Kind, Value), Reason> {
    let fields: Map<String, Value> = form_urlencoded::parse(body.as_bytes())
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect();
    if let Some(payload) = fields.get("payload").and_then(Value::as_str) {
        let (_, payload) = event(payload)?;
        return Ok((Kind::Interaction, payload));
    }
    if fields.contains_key("command") || fields.contains_key("ssl_check") {
        return Ok((Kind::Command, Value::Object(fields)));
    }
    Err(Reason::Malformed)
}

/// What Slack asks when the address is entered in its settings.
fn handshake(payload: &Value) -> Option<Response> {
    if payload.get("ssl_check").is_some() {
        return Some(StatusCode::OK.into_response());
    }
    if payload.get("type").and_then(Value::as_str) == Some("url_verification") {
        let challenge = payload.get("challenge").cloned().unwrap_or(Value::Null);
        return Some(Json(json!({"challenge": challenge})).into_response());
    }
    None
}
