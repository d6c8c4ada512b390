//! All that the bot knows, as the fold of its journal.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use underrose_chat::{RoomId, UserId};

use super::case::Case;
use super::confidential::Confidential;
use super::event::{Entry, Event};
use super::failures::Failures;
use super::ids::{CaseId, PersonId};
use super::words::{Stage, Verdict};

/// Refusals kept for `why`; older ones are in the journal.
pub const REFUSALS_MAX: usize = 200;

/// Case numbers left free after a restore: cases opened since the backup keep theirs.
const RESTORE_GAP: u32 = 100;

#[derive(Clone, PartialEq, Default)]
pub struct State {
    /// The instant of the last entry: time never runs backwards.
    pub now: DateTime<Utc>,
    pub epoch: u64,
    pub policy_hash: String,
    pub clock: ClockTrust,
    /// Cases that are not closed.
    pub cases: BTreeMap<CaseId, Case>,
    /// What remains in memory of a closed one: no text.
    pub closed: BTreeMap<CaseId, ClosedCase>,
    /// Whose room a case's room is; rooms of closed cases too.
    pub rooms: BTreeMap<RoomId, CaseId>,
    pub rota: Rota,
    /// Forms that are filled in step by step, by person and place.
    pub talks: BTreeMap<(PersonId, String), Talk>,
    pub reports: BTreeMap<PersonId, Vec<DateTime<Utc>>>,
    /// Accounts that were a member's under any configuration: such a one is never removed unasked.
    pub accounts_seen: BTreeSet<UserId>,
    /// What failed to be delivered within the last hour, and so was told.
    pub failures: Failures,
    /// When it was last told that a room is not private any more.
    pub exposed_told: BTreeMap<RoomId, DateTime<Utc>>,
    /// When the journal's head was last shown to the committee.
    pub head_shown: Option<DateTime<Utc>>,
    pub refusals: VecDeque<Refusal>,
    last_id: Option<CaseId>,
    /// When each open case next wants to be looked at. Derived.
    wake: BTreeSet<(DateTime<Utc>, CaseId)>,
}

/// What is known of the wall clock. Publication waits unless it is trusted.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ClockTrust {
    /// A network that tells the time is configured, and has not confirmed it since the start.
    pub witness_missing: bool,
    pub started: DateTime<Utc>,
    /// What was seen that cannot be.
    pub doubt: Option<String>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct ClosedCase {
    pub opened: DateTime<Utc>,
    pub closed: DateTime<Utc>,
    pub reporter: PersonId,
    pub owner: Option<PersonId>,
    pub disclosed: bool,
    pub verdict: Option<Verdict>,
}

#[derive(Clone, PartialEq, Eq, Default)]
pub struct Rota {
    pub shift: Option<Shift>,
    pub overrides: Vec<Override>,
    /// Offered by, to.
    pub handoff: Option<(PersonId, PersonId)>,
    /// Whom the networks' groups and the committee were last told.
    pub told: Option<PersonId>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Shift {
    pub duty: PersonId,
    /// Counts the shifts: the rotation's place is this, modulo its length.
    pub turn: u64,
    pub until: DateTime<Utc>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Override {
    pub duty: PersonId,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

#[derive(Clone, PartialEq)]
pub struct Talk {
    pub form: String,
    pub values: Confidential<BTreeMap<String, String>>,
    pub step: u32,
    /// When it began: it and another in the same place are two.
    pub begun: DateTime<Utc>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    pub at: DateTime<Utc>,
    pub by: Option<PersonId>,
    pub case: Option<CaseId>,
    pub rule: String,
    pub command: String,
}

impl State {
    /// Takes in one more entry. Total: never fails.
    pub fn apply(&mut self, entry: &Entry) {
        self.now = self.now.max(entry.at);
        match entry.case {
            Some(id) => self.apply_to_case(id, entry),
            None => self.apply_to_bot(entry),
        }
        if let Event::RoomExposed { room, .. } = &entry.event {
            self.exposed_told.insert(room.clone(), entry.at);
        }
        if let Event::Refused { rule, command } = &entry.event {
            if self.refusals.len() == REFUSALS_MAX {
                self.refusals.pop_front();
            }
            self.refusals.push_back(Refusal {
                at: entry.at,
                by: entry.by.clone(),
                case: entry.case,
                rule: rule.clone(),
                command: command.clone(),
            });
        }
    }

    /// Takes a case and all that is known of it away, as if it had never been (shredding).
    pub fn forget(&mut self, id: CaseId) {
        self.rewake(id, None);
        self.cases.remove(&id);
        self.closed.remove(&id);
        self.rooms.retain(|_, case| *case != id);
        self.refusals.retain(|refusal| refusal.case != Some(id));
        self.end_talks(id);
    }

    /// Nobody goes on scoring what is not open.
    fn end_talks(&mut self, id: CaseId) {
        let form = format!("score/{id}");
        self.talks.retain(|_, talk| talk.form != form);
    }

    /// The id of the next case. Numbers start anew each year.
    pub fn next_id(&self, now: DateTime<Utc>) -> CaseId {
        let year = u16::try_from(now.year()).unwrap_or(0);
        match self.last_id {
            Some(last) if last.year >= year => CaseId {
                year: last.year,
                number: last.number + 1,
            },
            Some(_) | None => CaseId { year, number: 1 },
        }
    }

    /// Open cases that want to be looked at by `now`.
    pub fn due(&self, now: DateTime<Utc>) -> Vec<CaseId> {
        self.wake
            .iter()
            .take_while(|(at, _)| *at <= now)
            .map(|(_, id)| *id)
            .collect()
    }

    /// When the first case wants to be looked at. An announcement that waits for the time to be
    /// confirmed is due again only when the waiting ends.
    pub fn cases_wakeup(&self) -> Option<DateTime<Utc>> {
        self.wake.first().map(|(at, _)| *at)
    }

    pub fn rota_wakeup(&self) -> Option<DateTime<Utc>> {
        self.rota.next_change(self.now)
    }

    /// The open case whose room this is.
    pub fn case_of(&self, room: &RoomId) -> Option<&Case> {
        self.cases.get(self.rooms.get(room)?)
    }

    /// Reports of this person within the last 24 hours.
    pub fn reports_since(&self, by: &PersonId, now: DateTime<Utc>) -> usize {
        let since = now - TimeDelta::hours(24);
        self.reports
            .get(by)
            .map_or(0, |times| times.iter().filter(|at| **at > since).count())
    }

    fn apply_to_case(&mut self, id: CaseId, entry: &Entry) {
        let before = self.cases.get(&id).and_then(Case::next_due);
        match &entry.event {
            Event::CaseOpened { reporter, .. } => {
                if let Some(case) = Case::opened(id, entry) {
                    self.cases.insert(id, case);
                    self.last_id = Some(self.last_id.map_or(id, |last| last.max(id)));
                    let reports = self.reports.entry(reporter.clone()).or_default();
                    reports.retain(|at| *at > entry.at - TimeDelta::hours(24));
                    reports.push(entry.at);
                }
            }
            Event::Reopened { snapshot, .. } => {
                let mut case = snapshot.0.clone();
                case.apply(entry);
                self.closed.remove(&id);
                self.cases.insert(id, case);
            }
            event => {
                if let Event::RoomMoved { from, .. } = event {
                    // What is still said in the old room is said outside.
                    self.rooms.remove(from);
                }
                if let Event::RoomOpened { room } | Event::RoomMoved { to: room, .. } = event {
                    self.rooms.insert(room.clone(), id);
                }
                if let Some(case) = self.cases.get_mut(&id) {
                    case.apply(entry);
                }
            }
        }
        self.rewake(id, before);
        let verdict = match &entry.event {
            Event::Triaged { verdict, .. } if *verdict != Verdict::Valid => Some(*verdict),
            _ => None,
        };
        let closes = verdict.is_some() || matches!(entry.event, Event::Closed { .. });
        if closes && let Some(case) = self.cases.remove(&id) {
            self.end_talks(id);
            if let Some(at) = case.next_due() {
                self.wake.remove(&(at, id));
            }
            self.closed.insert(
                id,
                ClosedCase {
                    opened: case.opened,
                    closed: entry.at,
                    reporter: case.reporter,
                    owner: case.owner,
                    disclosed: case.stage == Stage::Closed && verdict.is_none(),
                    verdict,
                },
            );
        }
    }

    /// Keeps the index of due instants.
    fn rewake(&mut self, id: CaseId, before: Option<DateTime<Utc>>) {
        let after = self.cases.get(&id).and_then(Case::next_due);
        if before != after {
            if let Some(at) = before {
                self.wake.remove(&(at, id));
            }
            if let Some(at) = after {
                self.wake.insert((at, id));
            }
        }
    }

    fn apply_to_bot(&mut self, entry: &Entry) {
        let by = entry.by.as_ref();
        match &entry.event {
            Event::Started { epoch, tells_time } => {
                self.epoch = *epoch;
                self.clock.witness_missing = *tells_time;
                self.clock.started = entry.at;
            }
            Event::Restored { .. } => {
                if let Some(last) = &mut self.last_id {
                    last.number += RESTORE_GAP;
                }
            }
            Event::PolicyLoaded { hash, accounts } => {
                self.policy_hash.clone_from(hash);
                self.accounts_seen.extend(accounts.iter().cloned());
            }
            Event::Undelivered {
                network,
                reason,
                case,
            } => self.failures.note(network, *case, reason, entry.at),
            Event::HeadShown { .. } => self.head_shown = Some(entry.at),
            Event::ClockWitnessed {} => self.clock.witness_missing = false,
            Event::ClockDoubted { why } => self.clock.doubt = Some(why.clone()),
            Event::ClockTrusted {} => {
                self.clock.doubt = None;
                self.clock.witness_missing = false;
            }
            Event::FormBegun { form, place } => {
                if let Some(by) = by {
                    // Begun anew: what was not finished elsewhere is let go.
                    self.talks
                        .retain(|(who, _), talk| who != by || talk.form != *form);
                    let talk = Talk {
                        form: form.clone(),
                        values: Confidential::new(BTreeMap::new()),
                        step: 0,
                        begun: entry.at,
                    };
                    self.talks.insert((by.clone(), place.clone()), talk);
                }
            }
            Event::FormAnswered {
                place,
                values,
                step,
            } => {
                if let Some(by) = by
                    && let Some(talk) = self.talks.get_mut(&(by.clone(), place.clone()))
                {
                    talk.values = values.clone();
                    talk.step = *step;
                }
            }
            Event::FormEnded { place } => {
                if let Some(by) = by {
                    self.talks.remove(&(by.clone(), place.clone()));
                }
            }
            event => self.rota.apply(event, by, entry.at),
        }
    }
}

impl Rota {
    pub(super) fn apply(&mut self, event: &Event, by: Option<&PersonId>, at: DateTime<Utc>) {
        match event {
            Event::ShiftStarted { duty, turn, until } => {
                self.shift = Some(Shift {
                    duty: duty.clone(),
                    turn: *turn,
                    until: *until,
                });
                self.overrides.retain(|one| one.until > at);
                self.handoff = None;
            }
            Event::OverrideSet { duty, from, until } => {
                self.overrides.push(Override {
                    duty: duty.clone(),
                    from: *from,
                    until: *until,
                });
            }
            Event::HandoffOffered { to } => {
                self.handoff = by.map(|by| (by.clone(), to.clone()));
            }
            Event::HandoffAccepted { duty, until } => {
                self.handoff = None;
                self.overrides.push(Override {
                    duty: duty.clone(),
                    from: at,
                    until: *until,
                });
            }
            Event::HandoffDeclined {} => self.handoff = None,
            Event::DutyChanged { duty } => self.told.clone_from(duty),
            _ => {}
        }
    }

    /// Whom the schedule names at this instant: the override set last, else the shift.
    pub fn duty(&self, at: DateTime<Utc>) -> Option<&PersonId> {
        self.overrides
            .iter()
            .rev()
            .find(|one| one.from <= at && at < one.until)
            .map(|one| &one.duty)
            .or_else(|| self.shift.as_ref().map(|shift| &shift.duty))
    }

    /// When the duty may next be somebody else.
    fn next_change(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let edges = self.overrides.iter().flat_map(|one| [one.from, one.until]);
        let shift = self.shift.iter().map(|shift| shift.until);
        // No shift yet, or a duty whom nobody was told yet: due at once.
        if self.shift.is_none() || self.duty(after) != self.told.as_ref() {
            return Some(after);
        }
        edges.filter(|at| *at > after).chain(shift).min()
    }
}
