//! When something happened that Slack does not date: slash commands and modals that were sent. The
//! core drops redeliveries by time and id, so that a redelivery must get the time that the first
//! delivery got, also after a restart. That time travels as a cursor, committed with the event.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use underrose_chat::{Cursor, EventId, Inbox, Network};

use crate::workspace::lock;

/// Events that are remembered in this process.
const KEPT_MAX: usize = 20_000;

/// Rows that the store keeps of it, some megabytes at most. An event whose row another took counts
/// twice if it comes again after a restart: nobody should be able to type that many in the minutes
/// in which Slack repeats.
const ROWS: u64 = 65_536;

/// After a start, what came may have come to the process before it; Slack repeats within minutes.
const EARLIER: TimeDelta = TimeDelta::hours(2);

/// By event its time, and the order in which they came.
type Kept = (BTreeMap<EventId, DateTime<Utc>>, VecDeque<EventId>);

pub struct Dates {
    started: DateTime<Utc>,
    kept: Mutex<Kept>,
}

impl Dates {
    pub fn new(started: DateTime<Utc>) -> Self {
        let kept = Mutex::default();
        Self { started, kept }
    }

    /// The event's time, and where it is written down.
    pub async fn of(
        &self,
        id: &EventId,
        inbox: &Inbox,
        network: &Network,
        now: DateTime<Utc>,
    ) -> (DateTime<Utc>, Option<Cursor>) {
        let room = format!("undated/{}", row(id));
        let mut earlier = None;
        if now - self.started < EARLIER {
            let written = inbox.cursor(&format!("{network}/{room}")).await;
            earlier = written.and_then(|written| read(&written, id));
        }
        let at = self.keep(id, earlier.unwrap_or(now));
        let position = format!("{} {}", at.timestamp_micros(), id.0);
        (at, Some(Cursor { room, position }))
    }

    /// The first time wins, whichever socket it came by.
    fn keep(&self, id: &EventId, at: DateTime<Utc>) -> DateTime<Utc> {
        let mut kept = lock(&self.kept);
        let (dates, order) = &mut *kept;
        if let Some(at) = dates.get(id) {
            return *at;
        }
        // What is stored has microseconds.
        let at = DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at);
        dates.insert(id.clone(), at);
        order.push_back(id.clone());
        if order.len() > KEPT_MAX
            && let Some(oldest) = order.pop_front()
        {
            dates.remove(&oldest);
        }
        at
    }
}

fn read(written: &str, id: &EventId) -> Option<DateTime<Utc>> {
    let (micros, known) = written.split_once(' ')?;
    (known == id.0).then(|| DateTime::from_timestamp_micros(micros.parse().ok()?))?
}

/// FNV-1a: the same row in every process.
fn row(id: &EventId) -> u64 {
    let hash = id.0.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash % ROWS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_events_of_a_busy_hour_keep_a_row_each() {
        let of = |number: u32| row(&EventId(format!("command/{number}.123.abc")));
        let rows: std::collections::BTreeSet<u64> = (0..2_000).map(of).collect();
        assert!(rows.len() > 1_900, "{}", rows.len());
    }
}
