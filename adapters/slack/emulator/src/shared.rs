//! What all parts of a running emulator hold together: the world under one lock, the clock, the
//! sockets, and the bell that rings when anything changed.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::clock::Clock;
use crate::deliver;
use crate::payload;
use crate::post;
use crate::record::Sent;
use crate::settings::{Settings, Transport};
use crate::sockets::Sockets;
use crate::world::World;

pub struct Shared {
    world: Mutex<World>,
    pub clock: Clock,
    pub sockets: Sockets,
    changed: watch::Sender<u64>,
    pub http: post::Client,
    /// Deliveries that have not come to their end.
    deliveries: watch::Sender<usize>,
    me: std::sync::Weak<Shared>,
}

impl Shared {
    pub fn new(settings: Settings, origin: String) -> Arc<Self> {
        let clock = Clock::default();
        let world = World::new(settings, origin, clock.now());
        Arc::new_cyclic(|me| Self {
            world: Mutex::new(world),
            clock,
            sockets: Sockets::default(),
            changed: watch::Sender::new(0),
            http: post::client(),
            deliveries: watch::Sender::new(0),
            me: me.clone(),
        })
    }

    /// Works on the world, then sends what the app must hear of it, in order.
    pub fn with<R>(&self, work: impl FnOnce(&mut World) -> R) -> R {
        let mut parcels = Vec::new();
        let result = {
            let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
            world.now = self.clock.now();
            let result = work(&mut world);
            while let Some(outgoing) = world.outgoing.pop_front() {
                parcels.push(payload::event(&mut world, outgoing));
            }
            result
        };
        if let Some(me) = self.me.upgrade() {
            for parcel in parcels {
                deliver::begin(&me, parcel);
            }
        }
        self.touch();
        result
    }

    /// Looks only: nobody is woken.
    pub fn look<R>(&self, look: impl FnOnce(&World) -> R) -> R {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.now = self.clock.now();
        look(&world)
    }

    pub fn token(&self) -> String {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.token()
    }

    pub fn record_sent(&self, sent: Sent) {
        self.with(|world| world.record.sent(sent));
    }

    pub fn touch(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub fn complain(&self, complaint: &str) {
        self.with(|world| world.record.complain(complaint.to_owned()));
    }

    /// Counts a delivery until the guard is dropped.
    pub fn under_way(self: &Arc<Self>) -> UnderWay {
        self.deliveries.send_modify(|count| *count += 1);
        UnderWay(Arc::clone(self))
    }

    pub fn deliveries(&self) -> usize {
        *self.deliveries.borrow()
    }

    pub async fn settled(&self) {
        // The sender lives in self: waiting cannot fail.
        let _ = self
            .deliveries
            .subscribe()
            .wait_for(|count| *count == 0)
            .await;
    }

    pub fn transport(&self) -> Transport {
        self.look(|world| world.settings.transport.clone())
    }
}

/// A delivery that has not come to its end.
pub struct UnderWay(Arc<Shared>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.deliveries.send_modify(|count| *count -= 1);
    }
}
