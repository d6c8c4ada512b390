//! Delivery: one attempt after the other until somebody acknowledged it, over a socket or by a
//! signed request. The payload is the same each time; envelope and retry counts are not.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::payload::{Door, Parcel};
use crate::post;
use crate::record::Sent;
use crate::settings::{Redeliver, Settings, Transport};
use crate::shared::Shared;
use crate::sockets::Outcome;

/// Most events on their way at once; an app that is so far behind is not coming back.
const DELIVERIES_MAX: usize = 50_000;

/// How a delivery ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    pub attempts: u32,
    /// What came with the acknowledgement; else why there is none.
    pub answer: Result<Option<Value>, String>,
    /// From the first attempt to the acknowledgement, by the machine's clock.
    pub took: Duration,
}

impl Delivery {
    pub fn is_acknowledged(&self) -> bool {
        self.answer.is_ok()
    }
}

/// The first attempt, made at once so that the order of events is kept as far as Slack keeps it.
type First = Option<(String, u64, oneshot::Receiver<Outcome>)>;

/// Delivers in the background.
pub fn begin(shared: &Arc<Shared>, parcel: Parcel) {
    if shared.deliveries() >= DELIVERIES_MAX {
        return shared.complain("too many events wait for an acknowledgement");
    }
    let under_way = shared.under_way();
    let first = first(shared, &parcel);
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let delivery = run(&shared, &parcel, first).await;
        if is_said(&parcel.payload["event"]) {
            shared.with(|world| world.record.said(delivery));
        }
        drop(under_way);
    });
}

/// Whether a person wrote a message.
fn is_said(event: &Value) -> bool {
    event["type"] == "message" && event["subtype"].is_null() && event["bot_id"].is_null()
}

/// Delivers, and waits for the end of it.
pub async fn deliver(shared: &Arc<Shared>, parcel: &Parcel) -> Delivery {
    let _under_way = shared.under_way();
    let first = first(shared, parcel);
    run(shared, parcel, first).await
}

fn first(shared: &Shared, parcel: &Parcel) -> First {
    match shared.transport() {
        Transport::SocketMode => send(shared, parcel, 0, "", None),
        Transport::Http { .. } => None,
    }
}

async fn run(shared: &Shared, parcel: &Parcel, first: First) -> Delivery {
    let started = std::time::Instant::now();
    let settings = shared.look(|world| world.settings.clone());
    let mut pauses = pauses(parcel.door, &settings).into_iter();
    let mut reason = "timeout".to_owned();
    let mut last_socket = first.as_ref().map(|(_, socket, _)| *socket);
    let mut first = first;
    let mut attempts = 0;
    loop {
        let deadline = shared.clock.now() + settings.acknowledge_within;
        let result = match &settings.transport {
            Transport::SocketMode => {
                let sent = match first.take() {
                    Some(sent) => Some(sent),
                    None => wait_and_send(shared, parcel, attempts, &reason, last_socket).await,
                };
                if let Some((_, socket, _)) = &sent {
                    last_socket = Some(*socket);
                }
                over_socket(shared, &settings, sent).await
            }
            Transport::Http { .. } => {
                post::attempt(shared, &settings, parcel, attempts, &reason).await
            }
        };
        attempts += 1;
        let answer = match result {
            Ok(answer) => Ok(answer),
            Err(Failed { why, may_repeat }) => match pauses.next().filter(|_| may_repeat) {
                Some(pause) => {
                    reason = why;
                    // From when it failed, not from when this task came to know of it.
                    let failed_at = shared.clock.now().min(deadline);
                    shared.clock.until(failed_at + pause).await;
                    continue;
                }
                None => Err(why),
            },
        };
        return Delivery {
            attempts,
            answer,
            took: started.elapsed(),
        };
    }
}

fn pauses(door: Door, settings: &Settings) -> Vec<Duration> {
    match (door, settings.redeliver, &settings.transport) {
        (Door::Events, _, _) => settings.retry_after.clone(),
        // Over HTTP no interaction is ever repeated.
        (Door::Commands | Door::Interactivity, _, Transport::Http { .. })
        | (Door::Commands | Door::Interactivity, Redeliver::Events, Transport::SocketMode) => {
            Vec::new()
        }
        (Door::Commands | Door::Interactivity, Redeliver::Everything, Transport::SocketMode) => {
            vec![Duration::ZERO; 3]
        }
    }
}

pub struct Failed {
    pub why: String,
    pub may_repeat: bool,
}

pub fn failed(why: &str) -> Failed {
    Failed {
        why: why.to_owned(),
        may_repeat: true,
    }
}

fn send(shared: &Shared, parcel: &Parcel, attempt: u32, reason: &str, but: Option<u64>) -> First {
    let id = shared.token();
    let mut envelope = json!({
        "envelope_id": id,
        "type": parcel.door.word(),
        "accepts_response_payload": parcel.answerable,
    });
    envelope["payload"] = parcel.payload.clone();
    if parcel.door == Door::Events {
        envelope["retry_attempt"] = json!(attempt);
        envelope["retry_reason"] = json!(if attempt == 0 { "" } else { reason });
    }
    let (socket, outcome) = shared.sockets.send(&envelope, but)?;
    note(shared, parcel, envelope, attempt);
    Some((id, socket, outcome))
}

/// With no socket open, Slack's side holds on for as long as it would wait for an answer.
async fn wait_and_send(
    shared: &Shared,
    parcel: &Parcel,
    attempt: u32,
    reason: &str,
    but: Option<u64>,
) -> First {
    let patience = shared.look(|world| world.settings.acknowledge_within);
    tokio::select! {
        () = shared.sockets.until_open(1) => {}
        () = shared.clock.pass(patience) => {}
    }
    send(shared, parcel, attempt, reason, but)
}

async fn over_socket(
    shared: &Shared,
    settings: &Settings,
    sent: First,
) -> Result<Option<Value>, Failed> {
    let Some((envelope, _, outcome)) = sent else {
        return Err(failed("no socket is open"));
    };
    tokio::select! {
        outcome = outcome => match outcome {
            Ok(Outcome::Acknowledged(answer)) => Ok(answer),
            Ok(Outcome::Lost) | Err(_) => Err(failed("timeout")),
        },
        () = shared.clock.pass(settings.acknowledge_within) => {
            shared.sockets.forget(&envelope);
            Err(failed("timeout"))
        }
    }
}

pub fn note(shared: &Shared, parcel: &Parcel, payload: Value, attempt: u32) {
    shared.record_sent(Sent {
        at: shared.clock.now(),
        kind: parcel.door.word().to_owned(),
        payload,
        attempt,
    });
}
