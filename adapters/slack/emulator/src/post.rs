//! One attempt over HTTP: signed as Slack signs, and what came back.

use std::sync::Arc;

use hmac::{Hmac, Mac as _};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::deliver::{Failed, failed, note};
use crate::payload::{Door, Parcel};
use crate::settings::{Settings, Transport};
use crate::shared::Shared;

pub type Client = hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>;

pub fn client() -> Client {
    hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http()
}

/// # Errors
/// Why it does not count as acknowledged.
pub async fn attempt(
    shared: &Shared,
    settings: &Settings,
    parcel: &Parcel,
    attempt: u32,
    reason: &str,
) -> Result<Option<Value>, Failed> {
    let Transport::Http {
        events,
        interactivity,
        commands,
    } = &settings.transport
    else {
        return Err(failed("unknown_error"));
    };
    let (address, kind, body) = match parcel.door {
        Door::Events => (events, "application/json", parcel.payload.to_string()),
        Door::Interactivity => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair("payload", &parcel.payload.to_string());
            (interactivity, FORM, form.finish())
        }
        Door::Commands => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, value) in parcel.payload.as_object().into_iter().flatten() {
                form.append_pair(name, value.as_str().unwrap_or_default());
            }
            (commands, FORM, form.finish())
        }
    };
    let timestamp = shared.clock.now().timestamp().to_string();
    let mut request = hyper::Request::post(address)
        .header("content-type", kind)
        .header("user-agent", "Slackbot 1.0 (emulated)")
        .header("x-slack-request-timestamp", &timestamp)
        .header(
            "x-slack-signature",
            sign(&settings.signing_secret, &timestamp, &body),
        );
    if attempt > 0 {
        request = request
            .header("x-slack-retry-num", attempt)
            .header("x-slack-retry-reason", reason);
    }
    let request = request
        .body(Full::new(Bytes::from(body)))
        .map_err(|_| failed("connection_failed"))?;
    note(shared, parcel, parcel.payload.clone(), attempt);
    let answering = async {
        let response = shared
            .http
            .request(request)
            .await
            .map_err(|_| failed("connection_failed"))?;
        let (head, body) = response.into_parts();
        let body = body
            .collect()
            .await
            .map_err(|_| failed("connection_failed"))?
            .to_bytes();
        if !head.status.is_success() {
            let no_retry = head.headers.get("x-slack-no-retry");
            let may_repeat = no_retry.is_none_or(|no| no != "1");
            return Err(Failed {
                why: "http_error".into(),
                may_repeat,
            });
        }
        Ok(answer(&body))
    };
    tokio::select! {
        result = answering => result,
        () = shared.clock.pass(settings.acknowledge_within) => Err(failed("http_timeout")),
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

/// A body is JSON, or a command's text, or nothing.
fn answer(body: &[u8]) -> Option<Value> {
    if body.is_empty() {
        return None;
    }
    let text = String::from_utf8_lossy(body);
    Some(match serde_json::from_str::<Value>(&text) {
        Ok(value @ Value::Object(_)) => value,
        Ok(_) | Err(_) => json!({ "text": text }),
    })
}

/// <https://docs.slack.dev/authentication/verifying-requests-from-slack>
pub fn sign(secret: &str, timestamp: &str, body: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a MAC takes keys of any length");
    mac.update(format!("v0:{timestamp}:{body}").as_bytes());
    let digest = mac.finalize().into_bytes();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v0={hex}")
}

/// The challenge with which Slack tries an address that is entered for events.
///
/// # Errors
/// What the address answered instead.
pub async fn verify(shared: &Arc<Shared>) -> Result<(), String> {
    let parcel = Parcel {
        door: Door::Events,
        payload: json!({"token": "emulated-verification", "challenge": "emulated-challenge", "type": "url_verification"}),
        answerable: true,
    };
    let settings = shared.look(|world| world.settings.clone());
    let answer = attempt(shared, &settings, &parcel, 0, "")
        .await
        .map_err(|failed| failed.why)?;
    let said = answer.map(|answer| answer.get("challenge").or(answer.get("text")).cloned());
    if said == Some(Some(json!("emulated-challenge"))) {
        Ok(())
    } else {
        Err(format!("the challenge was answered with {said:?}"))
    }
}
