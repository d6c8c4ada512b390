//! Socket Mode, the side of Slack: hello, envelopes, acknowledgements, refresh, and the ways in
//! which a connection ends. <https://docs.slack.dev/apis/events-api/using-socket-mode>

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};

use crate::check::limit;
use crate::shared::Shared;

/// Frames that may wait for one socket before it counts as lost.
const FRAMES_MAX: usize = 4096;
/// Past envelopes whose late acknowledgements are known for what they are.
const PAST_MAX: usize = 50_000;
/// How often Slack's side pings.
const PING_EVERY: Duration = Duration::from_secs(10);

/// How an attempt over a socket ended.
#[derive(Debug)]
pub enum Outcome {
    Acknowledged(Option<Value>),
    /// The connection ended first.
    Lost,
}

enum Frame {
    Text(String),
    /// Says `disconnect` and closes.
    Refresh,
    /// The connection is torn down, without a close frame.
    Drop,
    /// Nothing is read or written any more; the connection stays.
    Silence,
}

struct Socket {
    frames: mpsc::Sender<Frame>,
    /// Takes no new envelopes.
    leaving: bool,
}

struct Pending {
    socket: u64,
    done: oneshot::Sender<Outcome>,
}

#[derive(Default)]
struct Inner {
    sockets: BTreeMap<u64, Socket>,
    pending: BTreeMap<String, Pending>,
    past: VecDeque<String>,
    opened: u64,
    turn: u64,
}

/// All connections of the app.
pub struct Sockets {
    inner: Mutex<Inner>,
    count: watch::Sender<usize>,
}

impl Default for Sockets {
    fn default() -> Self {
        Self {
            inner: Mutex::default(),
            count: watch::Sender::new(0),
        }
    }
}

impl Sockets {
    fn with<R>(&self, work: impl FnOnce(&mut Inner) -> R) -> R {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let result = work(&mut inner);
        let open = inner.sockets.values().filter(|s| !s.leaving).count();
        self.count
            .send_if_modified(|count| std::mem::replace(count, open) != open);
        result
    }

    /// Connections that take envelopes, the silent ones among them.
    pub fn open(&self) -> usize {
        *self.count.borrow()
    }

    /// Connections ever opened.
    pub fn opened(&self) -> u64 {
        self.with(|inner| inner.opened)
    }

    /// Resolves when at least so many connections take envelopes.
    pub async fn until_open(&self, least: usize) {
        // The sender lives in self: waiting cannot fail.
        let _ = self
            .count
            .subscribe()
            .wait_for(|count| *count >= least)
            .await;
    }

    /// Sends an envelope to the next connection in turn, rather not to `but`.
    pub fn send(
        &self,
        envelope: &Value,
        but: Option<u64>,
    ) -> Option<(u64, oneshot::Receiver<Outcome>)> {
        let id = envelope["envelope_id"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        self.with(|inner| {
            let open: Vec<u64> = inner
                .sockets
                .iter()
                .filter(|(_, socket)| !socket.leaving)
                .map(|(id, _)| *id)
                .collect();
            let others: Vec<u64> = open.iter().copied().filter(|id| Some(*id) != but).collect();
            let from = if others.is_empty() { &open } else { &others };
            inner.turn += 1;
            let chosen = *from.get(inner.turn as usize % from.len().max(1))?;
            let frame = Frame::Text(envelope.to_string());
            inner.sockets.get(&chosen)?.frames.try_send(frame).ok()?;
            let (done, outcome) = oneshot::channel();
            inner.pending.insert(
                id,
                Pending {
                    socket: chosen,
                    done,
                },
            );
            Some((chosen, outcome))
        })
    }

    /// Gives up waiting for this envelope.
    pub fn forget(&self, envelope: &str) {
        self.with(|inner| {
            inner.pending.remove(envelope);
            past(inner, envelope);
        });
    }

    pub fn warn(&self) {
        let warning = disconnect("warning").to_string();
        self.each(|socket| {
            let _ = socket.frames.try_send(Frame::Text(warning.clone()));
        });
    }

    pub fn refresh(&self) {
        self.end(|| Frame::Refresh);
    }

    pub fn cut(&self) {
        self.end(|| Frame::Drop);
    }

    pub fn silence(&self) {
        self.each(|socket| {
            let _ = socket.frames.try_send(Frame::Silence);
        });
    }

    fn each(&self, mut work: impl FnMut(&mut Socket)) {
        self.with(|inner| inner.sockets.values_mut().for_each(&mut work));
    }

    fn end(&self, frame: impl Fn() -> Frame) {
        self.each(|socket| {
            socket.leaving = true;
            let _ = socket.frames.try_send(frame());
        });
    }

    /// One of the connections, the oldest, refreshed.
    pub fn refresh_one(&self) {
        self.with(|inner| {
            let oldest = inner.sockets.values_mut().find(|socket| !socket.leaving);
            if let Some(socket) = oldest {
                socket.leaving = true;
                let _ = socket.frames.try_send(Frame::Refresh);
            }
        });
    }
}

fn past(inner: &mut Inner, envelope: &str) {
    if inner.past.len() >= PAST_MAX {
        inner.past.pop_front();
    }
    inner.past.push_back(envelope.to_owned());
}

fn disconnect(reason: &str) -> Value {
    json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-emulated"}})
}

/// Serves one connection to its end.
pub async fn serve(shared: Arc<Shared>, mut ws: WebSocket) {
    let (frames, mut queue) = mpsc::channel(FRAMES_MAX);
    let sockets = &shared.sockets;
    let entered = sockets.with(|inner| {
        if inner.sockets.len() >= limit::SOCKETS {
            return None;
        }
        inner.opened += 1;
        let id = inner.opened;
        Some((id, inner.sockets.len() + 1))
    });
    let Some((id, connections)) = entered else {
        let refusal = disconnect("too_many_websockets").to_string();
        let _ = ws.send(Message::text(refusal)).await;
        return;
    };
    let hello = json!({
        "type": "hello",
        "num_connections": connections,
        "debug_info": {
            "host": "applink-emulated",
            "build_number": 1,
            "approximate_connection_time": 18060,
        },
        "connection_info": {"app_id": shared.look(|world| world.app_id.clone())},
    });
    if ws.send(Message::text(hello.to_string())).await.is_err() {
        return;
    }
    sockets.with(|inner| {
        inner.sockets.insert(
            id,
            Socket {
                frames,
                leaving: false,
            },
        )
    });
    shared.touch();
    converse(&shared, &mut ws, &mut queue).await;
    sockets.with(|inner| {
        inner.sockets.remove(&id);
        let lost: Vec<String> = inner
            .pending
            .iter()
            .filter(|(_, pending)| pending.socket == id)
            .map(|(envelope, _)| envelope.clone())
            .collect();
        for envelope in lost {
            if let Some(pending) = inner.pending.remove(&envelope) {
                let _ = pending.done.send(Outcome::Lost);
            }
            past(inner, &envelope);
        }
    });
    shared.touch();
}

async fn converse(shared: &Shared, ws: &mut WebSocket, queue: &mut mpsc::Receiver<Frame>) {
    let mut pings = tokio::time::interval(PING_EVERY);
    loop {
        tokio::select! {
            frame = queue.recv() => match frame {
                None => return,
                Some(Frame::Text(text)) => {
                    if ws.send(Message::text(text)).await.is_err() {
                        return;
                    }
                }
                Some(Frame::Refresh) => {
                    let refresh = disconnect("refresh_requested").to_string();
                    let _ = ws.send(Message::text(refresh)).await;
                    drain(shared, ws).await;
                    return;
                }
                Some(Frame::Drop) => return,
                Some(Frame::Silence) => {
                    // Until something else is to be done with it.
                    while let Some(Frame::Text(_) | Frame::Silence) = queue.recv().await {}
                    return;
                }
            },
            _ = pings.tick() => {
                if ws.send(Message::Ping("Ping from applink-emulated".into())).await.is_err() {
                    return;
                }
            }
            message = ws.recv() => match message {
                Some(Ok(Message::Text(text))) => hear(shared, &text),
                Some(Ok(Message::Binary(_))) => shared.complain("a binary frame on the socket"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
        }
    }
}

/// After a refresh: what was under way may still be acknowledged, for a moment.
async fn drain(shared: &Shared, ws: &mut WebSocket) {
    let _ = ws.send(Message::Close(None)).await;
    let listening = async {
        while let Some(Ok(message)) = ws.recv().await {
            if let Message::Text(text) = message {
                hear(shared, &text);
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), listening).await;
}

/// An acknowledgement, or something that is none.
fn hear(shared: &Shared, text: &str) {
    let Ok(ack) = serde_json::from_str::<Value>(text) else {
        return shared.complain("what came on the socket is no JSON");
    };
    let Some(envelope) = ack["envelope_id"].as_str() else {
        return shared.complain("what came on the socket has no envelope_id");
    };
    let known = shared.sockets.with(|inner| {
        if let Some(pending) = inner.pending.remove(envelope) {
            past(inner, envelope);
            let payload = ack.get("payload").filter(|payload| !payload.is_null());
            let _ = pending.done.send(Outcome::Acknowledged(payload.cloned()));
            return true;
        }
        inner.past.iter().any(|past| past == envelope)
    });
    if !known {
        shared.complain("an acknowledgement of an envelope that was never sent");
    }
    shared.touch();
}
