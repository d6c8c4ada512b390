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
    /// died before it could write that down: those are looked up too.
    pub earlier: Option<u64>,
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
                    let perhaps_kept =
                        stopping.restored || stopping.earlier.is_some_and(|last| row.id <= last);
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
            && let Some(receipt) = adapter.find(&row.promise.key, &row.promise.action).await?
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
