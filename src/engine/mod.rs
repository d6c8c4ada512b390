//! The one writer. Takes in all that can ever happen to the bot ([`Input`]), decides, commits a
//! whole batch in one transaction, and only then answers and lets the outbox speak. [`Engine`] is synchronous and knows neither thread nor network; `thread.rs` runs it.

mod commit;
mod inbound;
mod input;
mod prepared;
mod thread;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use underrose_chat::Immediate;

use crate::domain::announcement::hex;
use crate::domain::clock::{self, Doubt, Reading, Timekeeper};
use crate::domain::decision::{Decision, Effects};
use crate::domain::event::Event;
use crate::domain::ids::CaseId;
use crate::domain::policy::Policy;
use crate::domain::state::State;
use crate::domain::tick::{self, Outside};
use crate::domain::{delivered, oncall, rooms, say};
use crate::store::{CommitError, KeySource, MasterKey, ReadError, Store};

pub use commit::{OpenError, ShredError, decoded, fold, shred_offline};
pub use input::{Input, Row};
pub use prepared::Prepared;
use prepared::{Pending, UnderWay};
pub use thread::{Control, Handle, start};

/// Most inputs decided in one batch: what one fsync serves. Larger ones serve more, and make who
/// decides and who commits wait for each other (BENCHMARKS.md).
pub const BATCH_MAX: usize = 64;

/// How long an inbound id is remembered. Slack replays arrive minutes late, a network that was
/// down for a weekend days late.
const INBOX_DAYS: i64 = 7;

/// Why a batch could not be committed, or the store not be read. The process ends: what was not
/// committed did not happen.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

pub struct Engine {
    state: State,
    policy: Arc<Policy>,
    store: Store,
    /// The batch before the one that is being prepared.
    under_way: UnderWay,
    keeper: Timekeeper,
    next_row: u64,
    forgotten_until: DateTime<Utc>,
    last_now: DateTime<Utc>,
    /// What the wall clock said at this step.
    wall: DateTime<Utc>,
    /// Something is due, and deciding on it changed nothing.
    waits: bool,
}

impl Engine {
    pub fn state(&self) -> &State {
        &self.state
    }

    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn store_mut(&mut self) -> &mut Store {
        &mut self.store
    }

    /// The time by which the last step decided: it never goes back.
    pub fn now(&self) -> DateTime<Utc> {
        self.last_now
    }

    /// When [`Input::Tick`] has something to do.
    pub fn next_wakeup(&self) -> Option<DateTime<Utc>> {
        let next = tick::next_wakeup(&self.state, &self.policy)?;
        // What is due and waits (for the time to be confirmed, say) is looked at now and then,
        // not in a loop.
        let pause = if self.waits {
            TimeDelta::seconds(5)
        } else {
            TimeDelta::milliseconds(1)
        };
        Some(next.max(self.last_now + pause))
    }

    /// Destroys a case's key and forgets the case.
    ///
    /// # Errors
    /// If it is open, or the disk refuses: then nothing was shredded.
    pub fn shred(
        &mut self,
        case: CaseId,
        at: DateTime<Utc>,
        source: &KeySource,
    ) -> Result<Option<MasterKey>, ShredError> {
        let fresh = commit::shred(&self.state, &mut self.store, case, at, source)?;
        self.state.forget(case);
        self.under_way = UnderWay::default();
        Ok(fresh)
    }

    /// Decides on every input in turn, commits all in one transaction, and returns the answers and
    /// the promises that the outbox may now keep.
    ///
    /// # Errors
    /// Nothing of the batch happened, and the engine must not be used again: end and reopen.
    pub fn step(
        &mut self,
        inputs: &[Input],
        reading: Reading,
    ) -> Result<(Vec<Immediate>, Vec<Row>), EngineError> {
        let prepared = self.prepare(inputs, reading)?;
        prepared.commit(&self.store.committer())
    }

    /// The first half of a step: decides on every input in turn, applies all to memory, and seals
    /// it. The batch before may still be on its way to the disk, and no other: what is not yet
    /// in the store is looked up in that one.
    ///
    /// # Errors
    /// As [`Engine::step`]; also if two batches are on their way.
    pub fn prepare(&mut self, inputs: &[Input], reading: Reading) -> Result<Prepared, EngineError> {
        if self.store.under_way() > 1 {
            return Err(CommitError::Failed.into());
        }
        let (now, doubt) = self.keeper.look(reading, self.state.now);
        self.last_now = now;
        self.wall = reading.wall;
        let mut pending = Pending::default();
        if let Some(doubt) = doubt {
            self.doubt(doubt, now, &mut pending);
        }
        let mut answers = Vec::with_capacity(inputs.len());
        for input in inputs {
            answers.push(self.take(input, reading, now, &mut pending)?);
        }
        self.tick(now, &mut pending);
        self.forget_old(now, &mut pending);
        self.seal(answers, pending)
    }

    fn take(
        &mut self,
        input: &Input,
        reading: Reading,
        now: DateTime<Utc>,
        pending: &mut Pending,
    ) -> Result<Immediate, EngineError> {
        match input {
            Input::Inbound(inbound) => return self.inbound(inbound, reading, now, pending),
            Input::Delivered {
                id,
                promise,
                receipt,
            } => {
                pending.batch.outbox_remove.push(*id);
                let decision =
                    delivered::delivered(&self.state, &self.policy, promise, receipt, now);
                self.absorb(decision, pending);
            }
            Input::Undeliverable {
                id,
                promise,
                reason,
            } => {
                pending.batch.outbox_remove.push(*id);
                let decision =
                    delivered::undeliverable(&self.state, &self.policy, promise, reason, now);
                self.absorb(decision, pending);
            }
            Input::Attempted {
                id,
                promise,
                attempts,
                not_before,
            } => {
                let row = Row {
                    id: *id,
                    promise: promise.clone(),
                    attempts: *attempts,
                    not_before: *not_before,
                };
                pending.batch.outbox_put.push(commit::stored(&row));
            }
            Input::Superseded { id } => pending.batch.outbox_remove.push(*id),
            Input::Lost { network, reason } => {
                let decision = delivered::lost(&self.state, &self.policy, network, reason, now);
                self.absorb(decision, pending);
            }
            Input::PolicyLoaded(policy) => self.load_policy(policy.clone(), now, pending),
            Input::Tick => {}
        }
        Ok(Immediate::Nothing)
    }

    fn doubt(&mut self, doubt: Doubt, now: DateTime<Utc>, pending: &mut Pending) {
        let decision = clock::doubted(&self.state, &self.policy, doubt, now);
        self.absorb(decision, pending);
    }

    /// Whatever is due, until nothing is: one tick may make the next thing due.
    fn tick(&mut self, now: DateTime<Utc>, pending: &mut Pending) {
        const ROUNDS_MAX: usize = 8;
        for _ in 0..ROUNDS_MAX {
            if tick::next_wakeup(&self.state, &self.policy).is_none_or(|at| at > now) {
                return;
            }
            let head = self.store.head();
            let outside = Outside {
                seq: head.seq,
                hash: hex(&head.hash),
                wall: self.wall,
            };
            let decision = tick::tick(&self.state, &self.policy, now, &outside);
            self.waits = decision.entries.is_empty() && decision.promises.is_empty();
            if self.waits {
                return;
            }
            self.absorb(decision, pending);
        }
    }

    fn load_policy(&mut self, policy: Arc<Policy>, now: DateTime<Utc>, pending: &mut Pending) {
        self.policy = policy;
        self.set_groups(now, pending);
        if self.state.policy_hash == self.policy.hash {
            return;
        }
        let first = self.state.policy_hash.is_empty();
        let cause = format!("policy/{}/{}", self.policy.hash, now.timestamp_micros());
        let policy = self.policy.clone();
        let mut fx = Effects::new(&policy, now, None, cause);
        let accounts = policy
            .members
            .iter()
            .flat_map(|member| policy.accounts_of(member))
            .collect();
        fx.note(Event::PolicyLoaded {
            hash: policy.hash.clone(),
            accounts,
        });
        if !first {
            rooms::newcomers(&self.state, &mut fx);
            fx.to_committee(say::policy_changed(&policy.hash));
        }
        self.absorb(fx.out, pending);
    }

    fn set_groups(&mut self, now: DateTime<Utc>, pending: &mut Pending) {
        // Before the first shift there is nobody to name.
        let Some(duty) = self.state.rota.told.clone() else {
            return;
        };
        let policy = self.policy.clone();
        let cause = format!("groups/{}", now.timestamp_micros());
        let mut fx = Effects::new(&policy, now, None, cause);
        oncall::set_groups(&mut fx, Some(&duty));
        self.absorb(fx.out, pending);
    }

    /// Applies what was decided to memory and puts it into the batch.
    fn absorb(&mut self, decision: Decision, pending: &mut Pending) {
        for entry in decision.entries {
            self.state.apply(&entry);
            pending.batch.entries.push(commit::encoded(&entry));
        }
        for mut promise in decision.promises {
            // The journal's time may be ahead of the one by which networks date what they hold.
            promise.since = promise.since.min(self.wall);
            let row = Row {
                id: self.next_row,
                promise,
                attempts: 0,
                not_before: self.wall,
            };
            self.next_row += 1;
            pending.batch.outbox_put.push(commit::stored(&row));
            pending.rows.push(row);
        }
    }

    fn forget_old(&mut self, now: DateTime<Utc>, pending: &mut Pending) {
        const EVERY_HOURS: i64 = 1;
        if self.forgotten_until + TimeDelta::hours(EVERY_HOURS) <= now && !pending.batch.is_empty()
        {
            self.forgotten_until = now;
            pending.batch.forget_inbox_before = Some(now - TimeDelta::days(INBOX_DAYS));
        }
    }

    fn seal(&mut self, answers: Vec<Immediate>, pending: Pending) -> Result<Prepared, EngineError> {
        let Pending {
            batch, rows, seen, ..
        } = pending;
        let sealed = if batch.is_empty() {
            None
        } else {
            let first = self.store.head().seq + 1;
            let sealed = self.store.seal(&batch)?;
            self.under_way = UnderWay::new(seen, first, batch.entries);
            Some(sealed)
        };
        Ok(Prepared {
            sealed,
            answers,
            rows,
        })
    }
}
