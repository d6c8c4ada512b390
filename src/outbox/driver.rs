//! Delivers what the queue gives, many at once, and tells the engine what became of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use underrose_chat::{Adapter, DeliverError, Network, Receipt};

use super::queue::Queue;
use crate::clock::Clock;
use crate::engine::{Handle, Input, Row};

/// Longest time of one attempt; then it is ambiguous, and its key says whether it happened.
const ATTEMPT_MAX: Duration = Duration::from_secs(30);

/// What is on its way gets this long when the bot stops.
const LANDING_MAX: Duration = Duration::from_secs(5);

/// Longest sleep: clocks may jump.
const SLEEP_MAX: Duration = Duration::from_secs(5);

/// When to end, and whether the store came from a backup.
#[derive(Clone)]
pub struct Stopping {
    pub stop: CancellationToken,
    /// Look each key up on its network before anything is sent.
    pub restored: bool,
    /// The last promise that an earlier process made. It may have kept it, or any before it, and
    /// died before it could write that down: those are looked up too, and so is what was first
    /// promised before this one began.
    pub earlier: Option<u64>,
}

impl Stopping {
    /// Whether somebody else may have kept this promise before this process began.
    fn perhaps_kept(&self, row: &Row, began: DateTime<Utc>) -> bool {
        self.restored
            || self.earlier.is_some_and(|last| row.id <= last)
            || row.promise.since < began
    }
}

type Adapters = BTreeMap<Network, Arc<dyn Adapter>>;
type Landed = (Row, Result<Receipt, DeliverError>);

/// Runs until `stop`.
pub async fn run(
    mut promises: mpsc::UnboundedReceiver<Row>,
    adapters: Adapters,
    engine: Handle,
    clock: Arc<dyn Clock>,
    stopping: Stopping,
) {
    let began = clock.read().wall;
    let mut queue = Queue::default();
    for adapter in adapters.values() {
        let pause = TimeDelta::from_std(adapter.room_pause()).unwrap_or_default();
        queue.set_room_pause(adapter.network().clone(), pause);
    }
    let mut flying: JoinSet<Landed> = JoinSet::new();
    loop {
        let now = clock.read().wall;
        while let Some(row) = queue.take(now) {
            match adapters.get(&row.promise.network) {
                Some(adapter) => {
                    let perhaps_kept = stopping.perhaps_kept(&row, began);
                    flying.spawn(attempt(row, adapter.clone(), perhaps_kept));
                }
                None => {
                    let reason = "this network is not configured".to_owned();
                    land(
                        &mut queue,
                        &engine,
                        now,
                        (row, Err(DeliverError::Reject { reason })),
                    )
                    .await;
                }
            }
        }
        let sleep = queue.next_wakeup().map_or(SLEEP_MAX, |at| until(at, now));
        tokio::select! {
            () = stopping.stop.cancelled() => break,
            row = promises.recv() => match row {
                Some(row) => {
                    if let Some(id) = queue.put(row) {
                        engine.send(Input::Superseded { id }).await;
                    }
                }
                None => break,
            },
            Some(landed) = flying.join_next() => {
                if let Ok(landed) = landed {
                    land(&mut queue, &engine, clock.read().wall, landed).await;
                }
            }
            () = tokio::time::sleep(sleep) => {}
        }
    }
    let landing = async {
        while let Some(landed) = flying.join_next().await {
            if let Ok(landed) = landed {
                land(&mut queue, &engine, clock.read().wall, landed).await;
            }
        }
    };
    let _ = tokio::time::timeout(LANDING_MAX, landing).await;
}

fn until(at: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (at - now)
        .to_std()
        .unwrap_or_default()
        .clamp(Duration::from_millis(1), SLEEP_MAX)
}

async fn attempt(row: Row, adapter: Arc<dyn Adapter>, perhaps_kept: bool) -> Landed {
    let delivery = async {
        if perhaps_kept
            && let Some(receipt) = adapter
                .find(&row.promise.key, &row.promise.action, row.promise.since)
                .await?
        {
            return Ok(receipt);
        }
        adapter.deliver(&row.promise.key, &row.promise.action).await
    };
    let outcome = match tokio::time::timeout(ATTEMPT_MAX, delivery).await {
        Ok(outcome) => outcome,
        Err(_) => Err(DeliverError::Retry {
            after: None,
            reason: "no answer in 30 s".to_owned(),
        }),
    };
    (row, outcome)
}

async fn land(queue: &mut Queue, engine: &Handle, now: DateTime<Utc>, (row, outcome): Landed) {
    let network = row.promise.network.clone();
    let why = match &outcome {
        Ok(_) => {
            crate::kill::point("after-delivery", 1);
            String::new()
        }
        Err(DeliverError::Reject { reason } | DeliverError::Retry { reason, .. }) => reason.clone(),
    };
    let input = queue.outcome(row, outcome, now);
    if let Input::Attempted { attempts, .. } = &input {
        tracing::info!(%network, reason = %why, attempts, "a delivery is tried again");
    } else if let Input::Undeliverable { .. } = &input {
        tracing::warn!(%network, reason = %why, "a delivery was rejected or given up");
    }
    engine.send(input).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::decision::{Lane, Promise, Purpose, delivery_key};
    use underrose_chat::{Action, Message, RoomId, Target};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap_or_default()
    }

    fn row(id: u64, since: DateTime<Utc>) -> Row {
        let network = Network("n".into());
        let room = RoomId {
            network: network.clone(),
            id: "hall".into(),
        };
        let to = Target::Room { room, thread: None };
        let promise = Promise {
            key: delivery_key("announce"),
            network,
            action: Action::post(to, Message::text("x")),
            lane: Lane::FanOut,
            purpose: Purpose::Reply,
            case: None,
            since,
        };
        Row {
            id,
            promise,
            attempts: 0,
            not_before: since,
        }
    }

    #[test]
    fn what_an_earlier_life_may_have_said_is_looked_for_first() {
        let mut stopping = Stopping {
            stop: CancellationToken::new(),
            restored: false,
            earlier: Some(7),
        };
        let began = at(100);
        assert!(stopping.perhaps_kept(&row(7, at(100)), began));
        assert!(!stopping.perhaps_kept(&row(8, at(100)), began));
        // A new row for what was refused: the life before may have said it, and died.
        assert!(stopping.perhaps_kept(&row(8, at(99)), began));
        stopping.restored = true;
        assert!(stopping.perhaps_kept(&row(8, at(100)), began));
    }
}
