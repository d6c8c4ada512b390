//! What somebody did on a network: whether it was seen before, what is decided on it, and what is
//! remembered of it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Utc};
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
            let decision =
                clock::witnessed(&self.state, &self.policy, inbound.at, (now, reading.wall));
            self.absorb(decision, pending);
            return Ok(Immediate::Nothing);
        }
        let key = InboxKey {
            network: inbound.network.0.clone(),
            at: inbound.at,
            id: inbound.id.0.clone(),
        };
        // A modal's changes and a look at the own page change nothing, so there is nothing to
        // remember; and a page that is asked for again shows what is so by then.
        let remembered = !matches!(
            inbound.what,
            Happening::FormChanged { .. } | Happening::Home { .. }
        );
        if remembered {
            let answer = pending.seen.get(&key);
            if let Some(answer) = answer.or_else(|| self.under_way.answer(&key)) {
                return Ok(answer.clone());
            }
            let inbox = match &mut pending.inbox {
                Some(inbox) => inbox,
                none => none.insert(self.store.inbox()?),
            };
            if let Some(answer) = inbox.answer(&self.store, &key)? {
                return Ok(serde_json::from_slice(&answer).unwrap_or_default());
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
