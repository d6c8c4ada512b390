//! The outbox, one delivery after the other.

use std::sync::Arc;
use std::time::Duration;

use underrose::clock::Clock;
use underrose::engine::Row;
use underrose_chat::{Action, Adapter, DeliverError, Receipt};

use super::{Bot, PATIENCE};

/// Deliveries within one line; more is a loop.
const DELIVERIES_MAX: usize = 10_000;

/// Between two attempts.
const AGAIN: Duration = Duration::from_millis(200);

impl Bot {
    /// Delivers all that can be delivered at this instant, one after the other as the console
    /// does, so that a transcript repeats to the letter; calls `look` after each.
    pub async fn settle(&self, look: &mut (dyn FnMut() + Send)) {
        for _ in 0..DELIVERIES_MAX {
            let (row, adapter, taken, perhaps_kept) = {
                let mut inner = self.desk.inner.lock().await;
                let now = self.desk.clock.read().wall;
                let Some(row) = inner.queue.take(now) else {
                    return;
                };
                let network = &row.promise.network;
                let up = !inner.down.contains(network);
                let adapter = self.adapters.get(network).filter(|_| up).cloned();
                let taken = inner.taken.len();
                let perhaps_kept = inner.earlier.is_some_and(|last| row.id <= last);
                (row, adapter, taken, perhaps_kept)
            };
            let outcome = attempt(&row, adapter, perhaps_kept).await;
            let outcome = self.heard_of(outcome).await;
            self.land(row, outcome, taken).await;
            look();
        }
        panic!("the bot does not come to rest");
    }

    /// What the bot hears of a delivery.
    async fn heard_of(
        &self,
        outcome: Result<Receipt, DeliverError>,
    ) -> Result<Receipt, DeliverError> {
        let mut inner = self.desk.inner.lock().await;
        if inner.answers_lost == 0 || outcome.is_err() {
            return outcome;
        }
        inner.answers_lost -= 1;
        let reason = "the answer was lost".to_owned();
        Err(DeliverError::Retry {
            after: None,
            reason,
        })
    }

    async fn land(&self, row: Row, outcome: Result<Receipt, DeliverError>, taken: usize) {
        let mut inner = self.desk.inner.lock().await;
        let now = self.desk.clock.read().wall;
        match (&row.promise.action, &outcome) {
            (Action::OpenRoom { name, invite, .. }, Ok(Receipt::Room { room })) => {
                inner.rooms.push((name.clone(), room.clone()));
                let all = invite.iter().map(|who| (room.clone(), who.clone(), taken));
                inner.invited.extend(all);
            }
            (Action::Invite { room, who }, Ok(_)) => {
                inner.invited.push((room.clone(), who.clone(), taken));
            }
            (_, _) => {}
        }
        let input = inner.queue.outcome(row, outcome, now);
        inner.step(&self.desk.clock, &[input]);
    }
}

/// As the outbox does it, but by the machine's clock where the network asks for time.
async fn attempt(
    row: &Row,
    adapter: Option<Arc<dyn Adapter>>,
    perhaps_kept: bool,
) -> Result<Receipt, DeliverError> {
    let Some(adapter) = adapter else {
        let reason = "the network is down".to_owned();
        return Err(DeliverError::Retry {
            after: None,
            reason,
        });
    };
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut again = tokio::time::interval(AGAIN);
    loop {
        again.tick().await;
        let outcome = keep(row, &*adapter, perhaps_kept).await;
        let retry = matches!(outcome, Err(DeliverError::Retry { .. }));
        if !retry || tokio::time::Instant::now() > deadline {
            return outcome;
        }
    }
}

/// A promise that an earlier process made may have been kept, and that not written down.
async fn keep(
    row: &Row,
    adapter: &dyn Adapter,
    perhaps_kept: bool,
) -> Result<Receipt, DeliverError> {
    let (key, action) = (&row.promise.key, &row.promise.action);
    if perhaps_kept && let Some(receipt) = adapter.find(key, action, row.promise.since).await? {
        return Ok(receipt);
    }
    adapter.deliver(key, action).await
}
