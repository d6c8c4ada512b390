//! What stands behind every adapter's inbox: the engine, one step at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Mutex, watch};
use underrose::clock::{Clock, Virtual};
use underrose::config::Config;
use underrose::engine::{Engine, Input};
use underrose::outbox::Queue;
use underrose::store::disk::Disk;
use underrose::store::{MasterKey, Store};
use underrose_chat::{
    Accept, EventId, Happening, Immediate, Inbound, InboxClosed, Network, RoomId, Surface, UserId,
};

/// What stands behind every adapter's inbox.
pub struct Desk {
    pub clock: Arc<Virtual>,
    pub inner: Mutex<Inner>,
    /// Counts what was taken in.
    pub heard: watch::Sender<usize>,
}

pub struct Inner {
    pub config: Config,
    pub disk: Disk,
    pub key: MasterKey,
    pub engine: Option<Engine>,
    pub queue: Queue,
    /// The last promise that an earlier process made: see the outbox's driver.
    pub earlier: Option<u64>,
    /// How far the wall clock is ahead of the truth.
    pub lie: TimeDelta,
    /// When each event was first taken in: a redelivery has the same instant.
    pub dates: BTreeMap<EventId, DateTime<Utc>>,
    pub taken: Vec<Inbound>,
    /// Rooms that the bot opened, in order, with the name that it asked for.
    pub rooms: Vec<(String, RoomId)>,
    /// Networks to which nothing can be delivered.
    pub down: Vec<Network>,
    /// Who was asked into which room, and how much had been taken in before.
    pub invited: Vec<(RoomId, UserId, usize)>,
    /// Deliveries that are to happen without an answer.
    pub answers_lost: usize,
}

impl Inner {
    pub fn begin(&mut self, clock: &Virtual) {
        let store = Store::with_backend(self.disk.clone(), &self.key).unwrap();
        let policy = Arc::new(self.config.policy.clone());
        let (engine, rows) = Engine::open(store, policy, clock.read()).unwrap();
        self.engine = Some(engine);
        self.queue = Queue::default();
        self.earlier = rows.iter().map(|row| row.id).max();
        rows.into_iter().for_each(|row| {
            self.queue.put(row);
        });
    }

    pub fn step(&mut self, clock: &Virtual, inputs: &[Input]) -> Option<Immediate> {
        let reading = clock.read();
        let engine = self.engine.as_mut()?;
        let (answers, rows) = engine.step(inputs, reading).unwrap();
        for row in rows {
            if let Some(id) = self.queue.put(row) {
                engine.step(&[Input::Superseded { id }], reading).unwrap();
            }
        }
        answers.into_iter().next()
    }
}

#[async_trait]
impl Accept for Desk {
    async fn accept(&self, mut inbound: Inbound) -> Result<Immediate, InboxClosed> {
        // A transcript's conversations go step by step; that a thread shows one message in their
        // place is held by tests/it/threads.rs and adapters/matrix/tests.
        if let Happening::Text { surface, .. } | Happening::Pressed { surface, .. } =
            &mut inbound.what
            && *surface == Surface::Threaded
        {
            *surface = Surface::Stepwise;
        }
        let mut inner = self.inner.lock().await;
        // The network's clock is the machine's; in the script's world it is the true time.
        let now = self.clock.read().wall - inner.lie;
        inbound.at = inbound.at.map(|_| match inbound.what {
            Happening::Time => now,
            _ => *inner.dates.entry(inbound.id.clone()).or_insert(now),
        });
        let answer = inner.step(&self.clock, &[Input::Inbound(inbound.clone())]);
        inner.taken.push(inbound);
        let count = inner.taken.len();
        drop(inner);
        self.heard.send_replace(count);
        answer.ok_or(InboxClosed)
    }

    async fn cursor(&self, room: &str) -> Option<String> {
        let inner = self.inner.lock().await;
        inner.engine.as_ref()?.store().cursor(room).ok().flatten()
    }
}
