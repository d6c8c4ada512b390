//! All connections of the app: which takes the next envelope, and who waits for which answer.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};

use crate::check::limit;
use crate::socket::disconnect;

/// Frames that may wait for one socket before it counts as lost.
pub const FRAMES_MAX: usize = 4096;
/// Past envelopes whose late acknowledgements are known for what they are.
const PAST_MAX: usize = 50_000;

/// How an attempt over a socket ended.
#[derive(Debug)]
pub enum Outcome {
    Acknowledged(Option<Value>),
    /// The connection ended first.
    Lost,
}

pub enum Frame {
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
    /// Why no connection is let in.
    refusing: Option<String>,
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

    /// A connection that takes envelopes once it is let in: its number, and how many there are.
    ///
    /// # Errors
    /// Why it is not let in, in Slack's word.
    pub fn enter(&self) -> Result<(u64, usize), String> {
        self.with(|inner| {
            inner.opened += 1;
            if let Some(why) = &inner.refusing {
                return Err(why.clone());
            }
            if inner.sockets.len() >= limit::SOCKETS {
                return Err("too_many_websockets".to_owned());
            }
            Ok((inner.opened, inner.sockets.len() + 1))
        })
    }

    /// Lets no connection in for this reason, or lets them in again; those that are open end for it.
    pub fn refuse(&self, why: Option<&str>) {
        self.with(|inner| inner.refusing = why.map(str::to_owned));
        if let Some(why) = why {
            let said = disconnect(why).to_string();
            self.each(|socket| {
                let _ = socket.frames.try_send(Frame::Text(said.clone()));
            });
            self.end(|| Frame::Drop);
        }
    }

    /// It has said hello.
    pub fn begin(&self, id: u64, frames: mpsc::Sender<Frame>) {
        let leaving = false;
        self.with(|inner| inner.sockets.insert(id, Socket { frames, leaving }));
    }

    /// It is gone: what it held is lost.
    pub fn leave(&self, id: u64) {
        self.with(|inner| {
            inner.sockets.remove(&id);
            let held = inner
                .pending
                .iter()
                .filter(|(_, pending)| pending.socket == id);
            let lost: Vec<String> = held.map(|(envelope, _)| envelope.clone()).collect();
            for envelope in lost {
                if let Some(pending) = inner.pending.remove(&envelope) {
                    let _ = pending.done.send(Outcome::Lost);
                }
                past(inner, &envelope);
            }
        });
    }

    /// An envelope is acknowledged; whether it was ever sent.
    pub fn acknowledge(&self, envelope: &str, payload: Option<Value>) -> bool {
        self.with(|inner| {
            let Some(pending) = inner.pending.remove(envelope) else {
                return inner.past.iter().any(|past| past == envelope);
            };
            past(inner, envelope);
            let _ = pending.done.send(Outcome::Acknowledged(payload));
            true
        })
    }

    /// Connections that take envelopes, the silent ones among them.
    pub fn open(&self) -> usize {
        *self.count.borrow()
    }

    /// Connections ever opened, those that were not let in among them.
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
