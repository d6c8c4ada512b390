//! What somebody did on a network: whether it was seen before, what is decided on it, and what is
//! remembered of it.

use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use underrose_chat::{Happening, Immediate, Inbound};

use super::prepared::{self, Pending};
use super::{Engine, EngineError, commit};
use crate::domain::case::Case;
use crate::domain::clock::{self, Reading};
use crate::domain::decide::{self, Request};
use crate::domain::decision::Effects;
use crate::domain::event::Event;
use crate::domain::ids::CaseId;
use crate::domain::say;
use crate::store::{InboxKey, Seen};

impl Engine {
    pub(super) fn inbound(
        &mut self,
        inbound: &Inbound,
        reading: Reading,
        now: DateTime<Utc>,
        pending: &mut Pending,
    ) -> Result<Immediate, EngineError> {
        if matches!(inbound.what, Happening::Time) {
            if let Some(at) = inbound.at {
                let decision = clock::witnessed(&self.state, &self.policy, at, (now, reading.wall));
                self.absorb(decision, pending);
            }
            return Ok(Immediate::Nothing);
        }
        let (key, day_before) = names(inbound, now);
        // A modal's changes and a look at the own page change nothing, so there is nothing to
        // remember; and a page that is asked for again shows what is so by then.
        let remembered = !matches!(
            inbound.what,
            Happening::FormChanged { .. } | Happening::Home { .. }
        );
        if remembered {
            for key in iter::once(&key).chain(&day_before) {
                if let Some(answer) = self.answered(key, pending)? {
                    return Ok(answer);
                }
            }
        }
        let recalled = match decide::recall(&self.state, &self.policy, inbound) {
            Some(id) => self.recall(id, pending)?,
            None => None,
        };
        let request = Request {
            inbound,
            recalled,
            wall: reading.wall,
        };
        let (state, policy) = (&self.state, &self.policy);
        let decided = catch_unwind(AssertUnwindSafe(|| {
            decide::decide(state, policy, &request, now)
        }));
        let mut decision = decided.unwrap_or_else(|_| {
            // A defect of ours: nothing was decided, the person hears it, and the bot lives on.
            tracing::error!(network = %inbound.network, "deciding failed; the input was refused");
            let mut fx = Effects::new(policy, now, None, String::new());
            fx.answer(say::our_defect());
            fx.out
        });
        let immediate = std::mem::take(&mut decision.immediate);
        let case = decision.entries.iter().find_map(|entry| entry.case);
        self.absorb(decision, pending);
        if remembered {
            let answer = match &immediate {
                Immediate::Nothing => Vec::new(),
                some => serde_json::to_vec(some).unwrap_or_default(),
            };
            let seq = self.store.head().seq + pending.batch.entries.len() as u64;
            pending.seen.insert(key.clone(), immediate.clone());
            pending.batch.seen.push(Seen {
                key,
                seq,
                case,
                answer,
            });
            if let Some(cursor) = &inbound.cursor {
                let room = format!("{}/{}", inbound.network, cursor.room);
                pending.batch.cursors.push((room, cursor.position.clone()));
            }
        }
        Ok(immediate)
    }

    /// What was answered to an event that was taken in already.
    fn answered(
        &self,
        key: &InboxKey,
        pending: &mut Pending,
    ) -> Result<Option<Immediate>, EngineError> {
        let answer = pending.seen.get(key);
        if let Some(answer) = answer.or_else(|| self.under_way.answer(key)) {
            return Ok(Some(answer.clone()));
        }
        let inbox = match &mut pending.inbox {
            Some(inbox) => inbox,
            none => none.insert(self.store.inbox()?),
        };
        let answer = inbox.answer(&self.store, key)?;
        Ok(answer.map(|answer| serde_json::from_slice(&answer).unwrap_or_default()))
    }

    /// Folds a closed case from the journal, and from what is not in it yet.
    fn recall(&self, id: CaseId, pending: &Pending) -> Result<Option<Case>, EngineError> {
        let mut folded: Option<Case> = None;
        let mut entries = self.store.entries_of(id)?;
        // The batch under way is wholly on the disk by now, or wholly not.
        let read = entries.last().map_or(0, |entry| entry.seq);
        let under_way = self.under_way.entries_of(id);
        entries.extend(under_way.filter(|entry| entry.seq > read));
        let first = self.store.head().seq + 1;
        entries.extend(prepared::entries_of(first, &pending.batch.entries, id));
        for stored in entries {
            let Some(entry) = commit::decoded(&stored) else {
                continue;
            };
            match &mut folded {
                Some(case) => match &entry.event {
                    Event::Reopened { snapshot, .. } => {
                        let mut again = snapshot.0.clone();
                        again.apply(&entry);
                        *case = again;
                    }
                    _ => case.apply(&entry),
                },
                None => folded = Case::opened(id, &entry),
            }
        }
        Ok(folded)
    }
}

/// Where an event is remembered. One that its network does not date is filed under the day on which
/// it came, so it is looked for under the day before as well.
fn names(inbound: &Inbound, now: DateTime<Utc>) -> (InboxKey, Option<InboxKey>) {
    let name = |at| InboxKey {
        network: inbound.network.0.clone(),
        at,
        id: inbound.id.0.clone(),
    };
    match inbound.at {
        Some(at) => (name(at), None),
        None => {
            let day = now.date_naive().and_time(NaiveTime::MIN).and_utc();
            (name(day), Some(name(day - TimeDelta::days(1))))
        }
    }
}
