//! The universe on the other side of a loopback connection, so that a test can kill the bot's
//! process and the network remembers. JSON, a line each.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

use super::World;
use super::adapter::TrueTime;
use crate::{
    Action, Adapter, DeliverError, DeliveryKey, EventId, Expected, Finding, Happening, Immediate,
    Inbound, Inbox, Level, ListenError, Network, Receipt,
};

/// Between two attempts to connect; the peer is on this machine.
const RECONNECT: Duration = Duration::from_millis(100);

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Frame {
    Deliver {
        id: u64,
        key: DeliveryKey,
        action: Action,
    },
    Find {
        id: u64,
        key: DeliveryKey,
    },
    Done {
        id: u64,
        outcome: Outcome,
    },
    Event {
        inbound: Box<Inbound>,
    },
    Acknowledge {
        id: EventId,
        immediate: Box<Immediate>,
    },
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Receipt(Option<Receipt>),
    Retry(String),
    Reject(String),
}

type Waiting = Arc<Mutex<BTreeMap<u64, oneshot::Sender<Outcome>>>>;

/// The bot's side.
pub struct Remote {
    network: Network,
    address: String,
    tells_time: bool,
    requests: AtomicU64,
    waiting: Waiting,
    line: tokio::sync::Mutex<Option<OwnedWriteHalf>>,
}

impl Remote {
    pub fn new(network: Network, address: &str, tells_time: bool) -> Self {
        let (requests, waiting) = (AtomicU64::new(0), Waiting::default());
        let line = tokio::sync::Mutex::new(None);
        Self {
            network,
            address: address.to_owned(),
            tells_time,
            requests,
            waiting,
            line,
        }
    }

    async fn send(&self, frame: &Frame) -> bool {
        let mut line = self.line.lock().await;
        let Some(write) = line.as_mut() else {
            return false;
        };
        if write_frame(write, frame).await {
            return true;
        }
        *line = None;
        false
    }

    async fn ask(&self, frame: impl FnOnce(u64) -> Frame) -> Outcome {
        let id = self.requests.fetch_add(1, Ordering::SeqCst);
        let (tell, told) = oneshot::channel();
        lock(&self.waiting).insert(id, tell);
        if !self.send(&frame(id)).await {
            return Outcome::Retry("not connected".to_owned());
        }
        told.await
            .unwrap_or_else(|_| Outcome::Retry("the connection was lost".to_owned()))
    }

    async fn converse(&self, read: OwnedReadHalf, inbox: &Inbox) -> bool {
        let mut lines = BufReader::new(read).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            match serde_json::from_str(&line) {
                Ok(Frame::Done { id, outcome }) => {
                    if let Some(tell) = lock(&self.waiting).remove(&id) {
                        let _ = tell.send(outcome);
                    }
                }
                Ok(Frame::Event { inbound }) => {
                    let id = inbound.id.clone();
                    // Acknowledged when it is durable, and not before.
                    let Ok(immediate) = inbox.accept(*inbound).await else {
                        return false;
                    };
                    self.send(&Frame::Acknowledge {
                        id,
                        immediate: Box::new(immediate),
                    })
                    .await;
                }
                Ok(Frame::Deliver { .. } | Frame::Find { .. } | Frame::Acknowledge { .. })
                | Err(_) => {}
            }
        }
        true
    }
}

#[async_trait]
impl Adapter for Remote {
    fn network(&self) -> &Network {
        &self.network
    }

    fn tells_time(&self) -> bool {
        self.tells_time
    }

    async fn listen(&self, inbox: Inbox, stop: CancellationToken) -> Result<(), ListenError> {
        loop {
            if let Ok(stream) = TcpStream::connect(&self.address).await {
                let (read, write) = stream.into_split();
                *self.line.lock().await = Some(write);
                let open = tokio::select! {
                    () = stop.cancelled() => false,
                    again = self.converse(read, &inbox) => again,
                };
                *self.line.lock().await = None;
                lock(&self.waiting).clear();
                if !open {
                    return Ok(());
                }
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(RECONNECT) => {}
            }
        }
    }

    async fn deliver(&self, key: &DeliveryKey, action: &Action) -> Result<Receipt, DeliverError> {
        let (key, action) = (key.clone(), action.clone());
        match self.ask(|id| Frame::Deliver { id, key, action }).await {
            Outcome::Receipt(receipt) => Ok(receipt.unwrap_or(Receipt::Done)),
            Outcome::Retry(reason) => Err(DeliverError::Retry {
                after: None,
                reason,
            }),
            Outcome::Reject(reason) => Err(DeliverError::Reject { reason }),
        }
    }

    async fn find(
        &self,
        key: &DeliveryKey,
        _action: &Action,
        _since: DateTime<Utc>,
    ) -> Result<Option<Receipt>, DeliverError> {
        let key = key.clone();
        match self.ask(|id| Frame::Find { id, key }).await {
            Outcome::Receipt(receipt) => Ok(receipt),
            Outcome::Retry(reason) => Err(DeliverError::Retry {
                after: None,
                reason,
            }),
            Outcome::Reject(reason) => Err(DeliverError::Reject { reason }),
        }
    }

    async fn check(&self, _expected: &Expected) -> Vec<Finding> {
        let found = TcpStream::connect(&self.address).await;
        vec![match found {
            Ok(_) => Finding {
                level: Level::Good,
                text: format!("{} answers", self.address),
            },
            Err(error) => Finding {
                level: Level::Wrong,
                text: format!("{} does not answer: {error}", self.address),
            },
        }]
    }
}

/// What the network does with a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    Give,
    /// It happens, and nobody is told.
    Hold,
}

type Decide = Box<dyn Fn(&Action) -> Answer + Send + Sync>;

/// The network's side: a test drives it, and it outlives the bot.
pub struct Peer {
    network: Network,
    time: TrueTime,
    pub world: Mutex<World>,
    /// Not acknowledged yet, oldest first.
    events: Mutex<VecDeque<Inbound>>,
    answers: Mutex<Vec<(EventId, Immediate)>>,
    counter: AtomicU64,
    decide: Mutex<Decide>,
    pub held: AtomicU64,
    /// Something changed: an event, an effect, an acknowledgement.
    pub changed: Notify,
}

impl Peer {
    pub fn new(network: Network, time: TrueTime) -> Arc<Self> {
        Arc::new(Self {
            network,
            time,
            world: Mutex::new(World::default()),
            events: Mutex::new(VecDeque::new()),
            answers: Mutex::new(Vec::new()),
            counter: AtomicU64::new(0),
            decide: Mutex::new(Box::new(|_| Answer::Give)),
            held: AtomicU64::new(0),
            changed: Notify::new(),
        })
    }

    pub fn decide(&self, decide: impl Fn(&Action) -> Answer + Send + Sync + 'static) {
        *lock(&self.decide) = Box::new(decide);
    }

    /// Something happens; it is told to the bot until the bot acknowledges it.
    pub fn happen(&self, what: Happening) -> EventId {
        let id = EventId(format!("p{}", self.counter.fetch_add(1, Ordering::SeqCst)));
        let (network, at) = (self.network.clone(), (self.time)());
        lock(&self.events).push_back(Inbound {
            network,
            id: id.clone(),
            at: Some(at),
            cursor: None,
            what,
        });
        self.changed.notify_waiters();
        id
    }

    /// What the bot answered to an event, once it has acknowledged it.
    pub fn answer(&self, id: &EventId) -> Option<Immediate> {
        lock(&self.answers)
            .iter()
            .find(|(found, _)| found == id)
            .map(|(_, answer)| answer.clone())
    }

    /// Serves one bot after the other, for as long as the test lives.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let peer = self.clone();
            tokio::spawn(async move { peer.session(stream).await });
        }
    }

    async fn session(self: Arc<Self>, stream: TcpStream) {
        let (read, write) = stream.into_split();
        let write = Arc::new(tokio::sync::Mutex::new(write));
        let (feeding, feeder) = (write.clone(), self.clone());
        let feed = tokio::spawn(async move { feeder.feed(&feeding).await });
        let mut lines = BufReader::new(read).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let done = match serde_json::from_str(&line) {
                Ok(Frame::Deliver { id, key, action }) => self.carry_out(id, &key, &action),
                Ok(Frame::Find { id, key }) => {
                    let found = lock(&self.world).find(&self.network, &key);
                    Some(Frame::Done {
                        id,
                        outcome: Outcome::Receipt(found),
                    })
                }
                Ok(Frame::Acknowledge { id, immediate }) => {
                    lock(&self.events).retain(|event| event.id != id);
                    lock(&self.answers).push((id, *immediate));
                    self.changed.notify_waiters();
                    None
                }
                Ok(Frame::Done { .. } | Frame::Event { .. }) | Err(_) => None,
            };
            if let Some(done) = done
                && !write_frame(&mut *write.lock().await, &done).await
            {
                break;
            }
        }
        feed.abort();
    }

    /// The time, then every event until it is acknowledged, one at a time.
    async fn feed(&self, write: &tokio::sync::Mutex<OwnedWriteHalf>) {
        let (network, at) = (self.network.clone(), (self.time)());
        let id = EventId(format!("t{}", at.timestamp_micros()));
        let time = Inbound {
            network,
            id,
            at: Some(at),
            cursor: None,
            what: Happening::Time,
        };
        if !write_frame(
            &mut *write.lock().await,
            &Frame::Event {
                inbound: Box::new(time),
            },
        )
        .await
        {
            return;
        }
        let mut told: Option<EventId> = None;
        loop {
            let changed = self.changed.notified();
            let next = lock(&self.events).front().cloned();
            match next {
                Some(event) if told.as_ref() != Some(&event.id) => {
                    told = Some(event.id.clone());
                    let frame = Frame::Event {
                        inbound: Box::new(event),
                    };
                    if !write_frame(&mut *write.lock().await, &frame).await {
                        return;
                    }
                }
                Some(_) | None => changed.await,
            }
        }
    }

    fn carry_out(&self, id: u64, key: &DeliveryKey, action: &Action) -> Option<Frame> {
        let outcome = lock(&self.world).deliver(&self.network, key, action, (self.time)());
        let answer = lock(&self.decide)(action);
        self.changed.notify_waiters();
        if answer == Answer::Hold {
            self.held.fetch_add(1, Ordering::SeqCst);
            self.changed.notify_waiters();
            return None;
        }
        let outcome = match outcome {
            Ok(receipt) => Outcome::Receipt(Some(receipt)),
            Err(DeliverError::Retry { reason, .. }) => Outcome::Retry(reason),
            Err(DeliverError::Reject { reason }) => Outcome::Reject(reason),
        };
        Some(Frame::Done { id, outcome })
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn write_frame(write: &mut OwnedWriteHalf, frame: &Frame) -> bool {
    let Ok(mut line) = serde_json::to_vec(frame) else {
        return false;
    };
    line.push(b'\n');
    write.write_all(&line).await.is_ok()
}
