//! The emulator's address: the Web API under `/api`, response URLs under `/actions`, sockets
//! under `/link`. Decodes what came, runs it, records it, and goes wrong where it was told to.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method as Verb, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::api;
use crate::args::Args;
use crate::fault::{self, Trouble};
use crate::incoming::{Incoming, incoming};
use crate::record::Call;
use crate::refusal::{Answer, Refusal};
use crate::respond;
use crate::shared::Shared;
use crate::socket;

/// Slack's own bound is about a megabyte; what is larger is a mistake.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Read from a socket at once: the library clears so much for each read.
const READ_BYTES: usize = 8 * 1024;
/// How long a ticket of `apps.connections.open` is good for.
const TICKET_SECONDS: i64 = 30;

pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/api/{method}", any(method))
        .route("/actions/{team}/{token}", any(response_url))
        .route("/link/", get(link))
        .route("/link", get(link))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(shared)
}

async fn method(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    verb: Verb,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let call = incoming(name, &verb, query.as_deref(), &headers, &body);
    let trouble = trouble(&shared, &call.name).await;
    match &trouble {
        Some(Trouble::DropCall) => {
            record(&shared, call, 0, "dropped");
            return hang_up();
        }
        Some(Trouble::Status(status)) => {
            record(&shared, call, *status, "broken");
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            return dated(
                &shared,
                (status, "<html>upstream is not well</html>").into_response(),
            );
        }
        Some(Trouble::RateLimited { seconds }) => return limited(&shared, call, *seconds),
        Some(Trouble::DropAnswer | Trouble::Error(_) | Trouble::Latency(_) | Trouble::NameRace)
        | None => {}
    }
    let outcome = shared.with(|world| run(world, &call, &trouble));
    let answer = match outcome {
        Outcome::Limited(seconds) => return limited(&shared, call, seconds),
        Outcome::Answer(answer) => answer,
    };
    let (word, body) = match &answer {
        Ok(body) => ("ok".to_owned(), body.clone()),
        Err(refusal) => (refusal.error.clone(), refusal.body()),
    };
    if trouble == Some(Trouble::DropAnswer) {
        record(&shared, call, 0, &word);
        return hang_up();
    }
    let needed = api::method(&call.name).map_or(String::new(), |method| method.scopes.join(","));
    record_with(&shared, call, 200, &word, &body);
    let mut response = dated(&shared, json_response(&body));
    let scopes = shared.look(|world| {
        let scopes: Vec<&str> = world.settings.scopes.iter().map(String::as_str).collect();
        scopes.join(",")
    });
    let out = response.headers_mut();
    for (name, value) in [
        ("x-oauth-scopes", scopes),
        ("x-accepted-oauth-scopes", needed),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            out.insert(name, value);
        }
    }
    response
}

enum Outcome {
    Answer(Answer),
    Limited(u64),
}

fn run(world: &mut crate::world::World, call: &Incoming, trouble: &Option<Trouble>) -> Outcome {
    if let Some(Trouble::Error(error)) = trouble {
        return Outcome::Answer(Err(Refusal::new(error)));
    }
    let Some(method) = api::method(&call.name) else {
        let refusal = Refusal::new("unknown_method").with("req_method", json!(call.name));
        return Outcome::Answer(Err(refusal));
    };
    if call.args.0.contains_key("\u{0}") {
        return Outcome::Answer(Err(Refusal::new("invalid_json")));
    }
    if world.settings.rates == crate::settings::Rates::Strict {
        let channel = call.args.text("channel");
        let when = (world.now, world.settings.posts_per_minute);
        if let Err(seconds) = world
            .buckets
            .take(method.name, method.tier, channel.as_deref(), when)
        {
            return Outcome::Limited(seconds);
        }
    }
    Outcome::Answer(api::call(world, method, call.token.as_deref(), &call.args))
}

/// The next fault for this method; latency is served at once.
async fn trouble(shared: &Shared, method: &str) -> Option<Trouble> {
    let next = |late: bool| {
        shared.with(|world| {
            fault::take(&mut world.faults, method, |trouble| match trouble {
                Trouble::Latency(_) => late,
                Trouble::NameRace => false,
                Trouble::DropAnswer
                | Trouble::DropCall
                | Trouble::Status(_)
                | Trouble::Error(_)
                | Trouble::RateLimited { .. } => !late,
            })
        })
    };
    if let Some(Trouble::Latency(how_long)) = next(true) {
        shared.clock.pass(how_long).await;
    }
    next(false)
}

fn record(shared: &Shared, call: Incoming, status: u16, outcome: &str) {
    record_with(shared, call, status, outcome, &Value::Null);
}

fn record_with(shared: &Shared, call: Incoming, status: u16, outcome: &str, answer: &Value) {
    let mut complaints = call.complaints;
    if let Some(method) = api::method(&call.name) {
        complaints.extend(api::surplus(method, &call.args));
    }
    let at = shared.clock.now();
    let call = Call {
        at,
        method: call.name,
        how: call.how,
        arguments: call.args.decoded(),
        status,
        outcome: outcome.to_owned(),
        complaints,
    };
    shared.with(|world| world.record.call(call, answer));
}

fn limited(shared: &Shared, call: Incoming, seconds: u64) -> Response {
    record(shared, call, 429, "ratelimited");
    let body = json_response(&json!({"ok": false, "error": "ratelimited"}));
    let mut response = dated(shared, body);
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn json_response(body: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (kind, body.to_string()).into_response()
}

/// Every answer says what time it is at Slack.
fn dated(shared: &Shared, mut response: Response) -> Response {
    let now: DateTime<Utc> = shared.clock.now();
    let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// Ends the connection in the middle of an answer: the body breaks before its first byte.
fn hang_up() -> Response {
    Response::new(axum::body::Body::new(Broken))
}

/// A body that fails at once, so that hyper closes the connection.
struct Broken;

impl axum::body::HttpBody for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, std::io::Error>>> {
        let error = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        std::task::Poll::Ready(Some(Err(error)))
    }
}

async fn response_url(
    State(shared): State<Arc<Shared>>,
    Path((_, token)): Path<(String, String)>,
    verb: Verb,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut call = incoming("response_url".into(), &verb, None, &headers, &body);
    if !call.how.ends_with("json") {
        // A form holds everything in `payload`.
        if let Ok(Some(Value::Object(payload))) = call.args.structure("payload") {
            call.args.0 = payload.into_iter().collect();
        }
    }
    match trouble(&shared, "response_url").await {
        Some(Trouble::DropCall) => {
            record(&shared, call, 0, "dropped");
            return hang_up();
        }
        Some(Trouble::DropAnswer) => {
            let done = shared.with(|world| respond::respond(world, &token, &call.args));
            let word = done.err().map_or("ok".to_owned(), |refusal| refusal.error);
            record(&shared, call, 0, &word);
            return hang_up();
        }
        Some(Trouble::Error(error)) => {
            record(&shared, call, 404, &error);
            let mut response = dated(&shared, json_response(&Refusal::new(&error).body()));
            *response.status_mut() = StatusCode::NOT_FOUND;
            return response;
        }
        Some(Trouble::Status(status)) => {
            record(&shared, call, status, "broken");
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            return dated(&shared, status.into_response());
        }
        Some(Trouble::RateLimited { seconds }) => return limited(&shared, call, seconds),
        Some(Trouble::Latency(_) | Trouble::NameRace) | None => {}
    }
    match shared.with(|world| respond::respond(world, &token, &call.args)) {
        Ok(_) => {
            record(&shared, call, 200, "ok");
            dated(&shared, "ok".into_response())
        }
        Err(refusal) => {
            let status = match refusal.error.as_str() {
                "expired_url" | "used_url" => StatusCode::NOT_FOUND,
                _ => StatusCode::BAD_REQUEST,
            };
            record(&shared, call, status.as_u16(), &refusal.error);
            let mut response = dated(&shared, json_response(&refusal.body()));
            *response.status_mut() = status;
            response
        }
    }
}

async fn link(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    upgrade: WebSocketUpgrade,
) -> Response {
    let args = Args::from_pairs(query.unwrap_or_default().as_bytes());
    let ticket = args.text("ticket").unwrap_or_default();
    let good = shared.with(|world| {
        let now = world.now;
        let fresh = |made: DateTime<Utc>| now - made < TimeDelta::seconds(TICKET_SECONDS);
        world.tickets.remove(&ticket).is_some_and(fresh)
    });
    if !good {
        return (StatusCode::FORBIDDEN, "the ticket is used or too old").into_response();
    }
    upgrade
        .read_buffer_size(READ_BYTES)
        .on_upgrade(move |ws| socket::serve(shared, ws))
}
