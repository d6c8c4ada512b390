//! One network of the universe, as an adapter.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::World;
use crate::{
    Action, Adapter, DeliverError, DeliveryKey, EventId, Expected, Finding, Happening, Inbound,
    Inbox, ListenError, Network, Receipt,
};

/// What time it is on the network, whatever the bot's machine believes.
pub type TrueTime = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// One network of a [`World`].
pub struct Sim {
    network: Network,
    world: Arc<Mutex<World>>,
    time: TrueTime,
    tells_time: bool,
    events: Mutex<Option<mpsc::UnboundedReceiver<Inbound>>>,
    happen: mpsc::UnboundedSender<Inbound>,
    counter: Mutex<u64>,
}

impl Sim {
    pub fn new(
        network: Network,
        world: Arc<Mutex<World>>,
        time: TrueTime,
        tells_time: bool,
    ) -> Self {
        let (happen, events) = mpsc::unbounded_channel();
        let (events, counter) = (Mutex::new(Some(events)), Mutex::new(0));
        Self {
            network,
            world,
            time,
            tells_time,
            events,
            happen,
            counter,
        }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An event of this network, with an id of its own; the same value again is a redelivery.
    pub fn event(&self, what: Happening) -> Inbound {
        let mut counter = self.counter.lock().unwrap_or_else(PoisonError::into_inner);
        *counter += 1;
        Inbound {
            network: self.network.clone(),
            id: EventId(format!("e{counter}")),
            at: Some((self.time)()),
            cursor: None,
            what,
        }
    }

    /// Lets a listening bot hear of it.
    pub fn send(&self, inbound: Inbound) {
        let _ = self.happen.send(inbound);
    }
}

#[async_trait]
impl Adapter for Sim {
    fn network(&self) -> &Network {
        &self.network
    }

    fn tells_time(&self) -> bool {
        self.tells_time
    }

    async fn listen(&self, inbox: Inbox, stop: CancellationToken) -> Result<(), ListenError> {
        let events = self
            .events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(mut events) = events else {
            return Err(ListenError {
                reason: "somebody listens already".to_owned(),
            });
        };
        loop {
            let event = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                event = events.recv() => event,
            };
            let Some(event) = event else { return Ok(()) };
            if inbox.accept(event.clone()).await.is_err() {
                // Not acknowledged: a later listener gets it again.
                let _ = self.happen.send(event);
                *self.events.lock().unwrap_or_else(PoisonError::into_inner) = Some(events);
                return Ok(());
            }
        }
    }

    async fn deliver(&self, key: &DeliveryKey, action: &Action) -> Result<Receipt, DeliverError> {
        let at = (self.time)();
        self.world().deliver(&self.network, key, action, at)
    }

    async fn find(
        &self,
        key: &DeliveryKey,
        _action: &Action,
        _since: DateTime<Utc>,
    ) -> Result<Option<Receipt>, DeliverError> {
        Ok(self.world().find(&self.network, key))
    }

    async fn check(&self, expected: &Expected) -> Vec<Finding> {
        self.world().check(&self.network, expected)
    }
}
