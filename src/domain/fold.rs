//! How a case follows from its events. Total: an event that does not fit changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::announcement::{
    APPROVALS_NEEDED, Announcement, AnnouncementState, Approval, Draft, TargetState,
};
use super::case::{
    Case, CaseRoom, Deadline, Embargo, Guest, Moment, Page, PageNext, Release, Retro,
};
use super::confidential::Confidential;
use super::event::{Entry, Event};
use super::ids::{CaseId, PersonId};
use super::words::{HeldWhy, Rule, Stage, Verdict};

/// Moments kept for the timeline of an open case; the journal keeps them all.
pub const MOMENTS_MAX: usize = 2_000;

impl Case {
    /// The case that a `CaseOpened` opens.
    pub fn opened(id: CaseId, entry: &Entry) -> Option<Self> {
        let Event::CaseOpened {
            cause,
            reporter,
            facts,
            networks,
            ack_due,
            ack_breach,
        } = &entry.event
        else {
            return None;
        };
        let deadline = |at: DateTime<Utc>| Deadline {
            steps: vec![at],
            step: 0,
        };
        let mut case = Self {
            id,
            cause: cause.clone(),
            opened: entry.at,
            stage: Stage::New,
            reporter: reporter.clone(),
            facts: facts.clone(),
            cves: BTreeSet::new(),
            path: None,
            owner: None,
            owner_offered: None,
            lead: None,
            recused: BTreeSet::new(),
            guests: BTreeMap::new(),
            networks: networks.clone(),
            rooms: BTreeMap::new(),
            waiting_for_reporter: None,
            vectors: BTreeMap::new(),
            settled: None,
            band: None,
            embargo: Embargo::None,
            embargo_asked: None,
            release: Release::Unknown,
            announcement: Announcement::default(),
            retro: Retro::None,
            deadlines: BTreeMap::from([
                (Rule::Ack, deadline(*ack_due)),
                (Rule::AckBreach, deadline(*ack_breach)),
            ]),
            page: None,
            removals_held: BTreeMap::new(),
            intruders: BTreeMap::new(),
            timeline: Arc::default(),
            version: 0,
        };
        case.remember(entry);
        Some(case)
    }

    /// Takes in one more event of this case.
    pub fn apply(&mut self, entry: &Entry) {
        let (at, by) = (entry.at, entry.by.as_ref());
        self.remember(entry);
        match &entry.event {
            Event::CaseOpened { .. } => {}
            Event::RoomOpened { room } => {
                let room = CaseRoom {
                    room: room.clone(),
                    card: None,
                };
                self.rooms.insert(room.room.network.clone(), room);
            }
            Event::RoomMoved { to, .. } => {
                let room = CaseRoom {
                    room: to.clone(),
                    card: None,
                };
                self.rooms.insert(to.network.clone(), room);
            }
            Event::CardPosted { at: card, .. } => {
                if let underrose_chat::Target::Room { room, .. } = &card.to
                    && let Some(ours) = self.rooms.get_mut(&room.network)
                {
                    ours.card = Some(card.clone());
                }
            }
            Event::Acked {} => {
                self.stage = Stage::Triaging;
                self.deadlines.remove(&Rule::Ack);
                self.deadlines.remove(&Rule::AckBreach);
                self.page = None;
            }
            Event::ToReporter { .. } => {}
            Event::FromReporter { .. } => self.waiting_for_reporter = None,
            Event::OwnerOffered { to } => self.owner_offered = Some(to.clone()),
            Event::OwnerSet { owner } => {
                self.owner = Some(owner.clone());
                self.owner_offered = None;
            }
            Event::OwnerDeclined {} => self.owner_offered = None,
            Event::Recused {} => self.recuse(by),
            Event::Triaged { verdict, caps, .. } => self.triaged(*verdict, caps),
            Event::ReportMoved { from, credit } => self.facts.change(|facts| {
                facts.duplicates.push(*from);
                facts.credits.extend(credit.clone());
            }),
            Event::InfoNeeded { .. } => self.waiting_for_reporter = Some(at),
            Event::Scored { vector } => {
                if let Some(by) = by {
                    self.vectors.insert(by.clone(), vector.clone());
                }
            }
            Event::Settled { vector, .. } => {
                self.settled = Some(vector.clone());
                self.public_fact_changed();
            }
            Event::BandOverridden { band, .. } => {
                self.band = Some(*band);
                self.public_fact_changed();
            }
            Event::TextSet { field, text } => {
                let field = *field;
                let text = text.clone();
                self.facts
                    .change(|facts| text.move_into(facts.text_mut(field)));
            }
            Event::PathSet { path, .. } => self.path = Some(*path),
            Event::LeadSet { lead } => self.lead = Some(lead.clone()),
            Event::AffectedAdded { range } => {
                let range = range.clone();
                self.facts
                    .change(|facts| range.push_onto(&mut facts.affected));
                self.public_fact_changed();
            }
            Event::AffectedCleared {} => {
                self.facts.change(|facts| facts.affected.clear());
                self.public_fact_changed();
            }
            Event::FixedSet { versions } => {
                let versions = versions.clone();
                self.facts
                    .change(|facts| versions.move_into(&mut facts.fixed));
                self.public_fact_changed();
            }
            Event::CveAdded { id } => {
                self.cves.insert(id.clone());
                self.public_fact_changed();
            }
            Event::CveRemoved { id } => {
                self.cves.remove(id);
                self.public_fact_changed();
            }
            Event::CreditAdded { credit } => {
                let credit = credit.clone();
                self.facts
                    .change(|facts| credit.push_onto(&mut facts.credits));
            }
            Event::LinkAdded { link } => {
                let link = link.clone();
                self.facts.change(|facts| link.push_onto(&mut facts.links));
            }
            Event::GuestAsked { guest, kind, .. } => {
                let asked = Guest {
                    kind: *kind,
                    accepted: None,
                    asked_by: by.cloned(),
                };
                self.guests.insert(guest.clone(), asked);
            }
            Event::GuestAccepted { guest, terms } => {
                if let Some(guest) = self.guests.get_mut(guest) {
                    guest.accepted = Some((*terms, at));
                }
            }
            Event::GuestDeclined { guest } | Event::GuestRemoved { guest, .. } => {
                self.guests.remove(guest);
            }
            Event::IntruderRemoved { who, .. } => {
                *self.intruders.entry(who.clone()).or_default() += 1;
            }
            Event::RemovalsHeld { room, who } => {
                self.removals_held.insert(room.clone(), who.clone());
            }
            Event::RemovalsConfirmed { .. } | Event::RemovalsDropped {} => {
                self.removals_held.clear();
            }
            Event::Readied {} => self.stage = Stage::Ready,
            Event::EmbargoAsked { until, .. } => {
                self.embargo_asked = by.map(|by| (by.clone(), *until));
            }
            Event::EmbargoSet { until } => self.embargo_set(*until),
            Event::EmbargoLifted { .. } => {
                self.embargo = Embargo::Lifted;
                self.deadlines.remove(&Rule::EmbargoCap);
            }
            Event::ReleaseVerified {} => {
                self.release = by.map_or(Release::Unknown, |by| Release::Verified(by.clone()));
            }
            Event::ReleaseWaived { .. } => {
                self.release = by.map_or(Release::Unknown, |by| Release::Waived(by.clone()));
            }
            Event::Drafted {
                text,
                hash,
                targets,
            } => {
                let waiting = |room: &underrose_chat::RoomId| (room.clone(), TargetState::Waiting);
                self.announcement = Announcement {
                    draft: by.map(|by| Draft {
                        text: text.clone(),
                        hash: hash.clone(),
                        targets: targets.clone(),
                        by: by.clone(),
                    }),
                    state: AnnouncementState::Draft,
                    targets: targets.iter().flatten().map(waiting).collect(),
                    ..Announcement::default()
                };
            }
            Event::Approved { hash, earliest } => self.approved(at, by, hash, *earliest),
            Event::Armed { at: instant } => {
                self.announcement.state = AnnouncementState::Armed { at: *instant };
                self.announcement.go_asked = false;
            }
            Event::GoAsked {} => self.announcement.go_asked = true,
            Event::GoGiven {} => {}
            Event::Held { why } => self.held(*why),
            Event::Withdrawn {} => self.announcement = Announcement::default(),
            Event::Publishing { group } => self.publishing(*group, at),
            Event::TargetPosted { target } => self.target(target, TargetState::Posted),
            Event::TargetFailed {
                target,
                reason,
                again,
            } => {
                let tries = match self.announcement.targets.get(target) {
                    Some(TargetState::Failed { tries, .. }) => tries + 1,
                    Some(TargetState::Waiting | TargetState::Sent | TargetState::Posted) | None => {
                        1
                    }
                };
                let reason = reason.clone();
                self.target(
                    target,
                    TargetState::Failed {
                        reason,
                        again: *again,
                        tries,
                    },
                );
            }
            Event::TargetAgain { target } => self.target_again(target),
            Event::TargetsMissing {} => self.announcement.missing_told = true,
            Event::Published { retro_due } => {
                self.announcement.state = AnnouncementState::Published { at };
                self.stage = Stage::Disclosed;
                self.embargo = Embargo::Lifted;
                self.deadlines.remove(&Rule::EmbargoCap);
                let retro = Deadline {
                    steps: vec![*retro_due],
                    step: 0,
                };
                self.deadlines.insert(Rule::Retro, retro);
            }
            Event::RetroFiled { .. } => {
                self.retro = Retro::Filed;
                self.deadlines.remove(&Rule::Retro);
            }
            Event::RetroWaived { .. } => {
                self.retro = Retro::Waived;
                self.deadlines.remove(&Rule::Retro);
            }
            Event::Closed { .. } => self.stage = Stage::Closed,
            Event::Reopened { snapshot, .. } => {
                let rooms = std::mem::take(&mut self.rooms);
                let timeline = std::mem::take(&mut self.timeline);
                *self = snapshot.0.clone();
                Arc::make_mut(&mut self.timeline).extend(timeline.iter().cloned());
                self.rooms.extend(rooms);
                self.stage = Stage::Triaging;
            }
            Event::DeadlineFired { rule, step } => {
                if let Some(deadline) = self.deadlines.get_mut(rule) {
                    deadline.step = step + 1;
                }
            }
            Event::PageQueued { to, step, at } => self.paged(to, *step, PageNext::Send(*at)),
            Event::Paged {
                to,
                step,
                again,
                escalate,
                told,
            } => {
                let next = PageNext::Answer {
                    again: *again,
                    escalate: *escalate,
                };
                self.paged(to, *step, next);
                if let Some(page) = &mut self.page {
                    page.times += 1;
                    page.told.extend(told.iter().cloned());
                }
            }
            Event::PageAcked {} => self.page = None,
            Event::PageDeclined {} => {
                if let (Some(page), Some(by)) = (&mut self.page, by) {
                    page.declined.insert(by.clone());
                }
            }
            Event::PageUnanswered {} => {
                if let Some(page) = &mut self.page {
                    page.next = PageNext::Nobody {};
                }
            }
            Event::RoomFailed { .. }
            | Event::RoomExposed { .. }
            | Event::Undelivered { .. }
            | Event::Refused { .. }
            | Event::Started { .. }
            | Event::Restored { .. }
            | Event::PolicyLoaded { .. }
            | Event::ClockWitnessed {}
            | Event::ClockDoubted { .. }
            | Event::ClockTrusted {}
            | Event::HeadShown { .. }
            | Event::FormBegun { .. }
            | Event::FormAnswered { .. }
            | Event::FormEnded { .. }
            | Event::ShiftStarted { .. }
            | Event::OverrideSet { .. }
            | Event::HandoffOffered { .. }
            | Event::HandoffAccepted { .. }
            | Event::HandoffDeclined {}
            | Event::DutyChanged { .. } => {}
        }
    }

    /// The earliest instant at which something is due, if anything is.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        let deadlines = self.deadlines.values().filter_map(Deadline::next);
        let page = self.page.iter().filter_map(Page::next_at);
        deadlines
            .chain(page)
            .chain(self.announcement.next_due())
            .chain(self.unarmed_due())
            .min()
    }

    /// The embargo's end, while nothing is armed for it and nobody was told.
    pub(super) fn unarmed_due(&self) -> Option<DateTime<Utc>> {
        match (&self.embargo, &self.announcement.state) {
            (
                Embargo::Until(at),
                AnnouncementState::None | AnnouncementState::Draft | AnnouncementState::Approved,
            ) if !self.announcement.missing_told => Some(*at),
            _ => None,
        }
    }

    fn remember(&mut self, entry: &Entry) {
        self.version += 1;
        if let Some(what) = super::timeline::moment(&entry.event)
            && self.timeline.len() < MOMENTS_MAX
        {
            Arc::make_mut(&mut self.timeline).push(Moment {
                at: entry.at,
                by: entry.by.clone(),
                what,
            });
        }
    }

    fn recuse(&mut self, by: Option<&PersonId>) {
        let Some(by) = by else { return };
        self.recused.insert(by.clone());
        if self.owner.as_ref() == Some(by) {
            self.owner = None;
        }
        if self.lead.as_ref() == Some(by) {
            self.lead = None;
        }
        if self.owner_offered.as_ref() == Some(by) {
            self.owner_offered = None;
        }
    }

    fn triaged(&mut self, verdict: Verdict, caps: &[DateTime<Utc>]) {
        self.waiting_for_reporter = None;
        if verdict == Verdict::Valid {
            self.stage = Stage::Accepted;
            let caps = Deadline {
                steps: caps.to_vec(),
                step: 0,
            };
            self.deadlines.insert(Rule::EmbargoCap, caps);
        } else {
            self.stage = Stage::Closed;
        }
    }

    /// Severity, affected, fixed or CVE changed: what was approved may no longer be true.
    fn public_fact_changed(&mut self) {
        let announcement = &mut self.announcement;
        if !announcement.approvals.is_empty()
            && !matches!(
                announcement.state,
                AnnouncementState::Publishing { .. } | AnnouncementState::Published { .. }
            )
        {
            announcement.suspended = true;
        }
    }

    /// Postponing keeps approvals; bringing forward voids those that did not allow it.
    fn embargo_set(&mut self, until: DateTime<Utc>) {
        self.embargo = Embargo::Until(until);
        self.embargo_asked = None;
        let announcement = &mut self.announcement;
        announcement.missing_told = false;
        announcement
            .approvals
            .retain(|_, approval| approval.earliest <= until);
        let enough = announcement.approved_for(until) >= APPROVALS_NEEDED;
        announcement.state = match (&announcement.state, enough) {
            (AnnouncementState::Armed { .. }, true) => AnnouncementState::Armed { at: until },
            (AnnouncementState::Held { why, .. }, true) => AnnouncementState::Held {
                at: until,
                why: *why,
            },
            (
                AnnouncementState::Armed { .. }
                | AnnouncementState::Held { .. }
                | AnnouncementState::Approved,
                false,
            ) => AnnouncementState::Draft,
            (state, _) => state.clone(),
        };
        announcement.go_asked = false;
    }

    fn approved(
        &mut self,
        at: DateTime<Utc>,
        by: Option<&PersonId>,
        hash: &super::announcement::TextHash,
        earliest: DateTime<Utc>,
    ) {
        let Some(by) = by else { return };
        let announcement = &mut self.announcement;
        let approval = Approval {
            hash: hash.clone(),
            earliest,
            at,
        };
        announcement.approvals.insert(by.clone(), approval);
        announcement.suspended = false;
        if announcement.state == AnnouncementState::Draft
            && announcement.approved_for(earliest) >= APPROVALS_NEEDED
        {
            announcement.state = AnnouncementState::Approved;
        }
    }

    fn held(&mut self, why: HeldWhy) {
        let armed_for = match self.announcement.state {
            AnnouncementState::Armed { at } | AnnouncementState::Held { at, .. } => at,
            AnnouncementState::None
            | AnnouncementState::Draft
            | AnnouncementState::Approved
            | AnnouncementState::Publishing { .. }
            | AnnouncementState::Published { .. } => return,
        };
        self.announcement.state = AnnouncementState::Held { at: armed_for, why };
    }

    fn publishing(&mut self, group: usize, at: DateTime<Utc>) {
        let since = match self.announcement.state {
            AnnouncementState::Publishing { since, .. } => since,
            AnnouncementState::None
            | AnnouncementState::Draft
            | AnnouncementState::Approved
            | AnnouncementState::Armed { .. }
            | AnnouncementState::Held { .. }
            | AnnouncementState::Published { .. } => at,
        };
        self.announcement.state = AnnouncementState::Publishing { group, since };
        let rooms = self
            .announcement
            .draft
            .as_ref()
            .and_then(|draft| draft.targets.get(group));
        for room in rooms.cloned().unwrap_or_default() {
            self.announcement.targets.insert(room, TargetState::Sent);
        }
    }

    fn target(&mut self, target: &underrose_chat::RoomId, state: TargetState) {
        if let Some(known) = self.announcement.targets.get_mut(target) {
            *known = state;
        }
    }

    /// Sent again: the count of tries stays, the next instant is far.
    fn target_again(&mut self, target: &underrose_chat::RoomId) {
        if let Some(TargetState::Failed { again, .. }) = self.announcement.targets.get_mut(target) {
            *again = DateTime::<Utc>::MAX_UTC;
        }
    }

    fn paged(&mut self, to: &[PersonId], step: u32, next: PageNext) {
        let mut page = self.page.take().unwrap_or_else(|| Page {
            to: Vec::new(),
            step,
            next: next.clone(),
            declined: BTreeSet::new(),
            told: BTreeSet::new(),
            times: 0,
        });
        if page.step != step || page.to != to {
            page.told.clear();
            page.times = 0;
        }
        (page.to, page.step, page.next) = (to.to_vec(), step, next);
        self.page = Some(page);
    }
}

impl Deadline {
    pub fn next(&self) -> Option<DateTime<Utc>> {
        self.steps.get(self.step as usize).copied()
    }
}

impl Page {
    pub fn next_at(&self) -> Option<DateTime<Utc>> {
        match self.next {
            PageNext::Send(at) => Some(at),
            PageNext::Answer { again, escalate } => Some(again.min(escalate)),
            PageNext::Nobody {} => None,
        }
    }
}

impl Announcement {
    fn next_due(&self) -> Option<DateTime<Utc>> {
        match &self.state {
            AnnouncementState::Armed { at } => Some(if self.go_asked {
                *at
            } else {
                *at - super::publish::GO_CARD_BEFORE
            }),
            AnnouncementState::Publishing { since, .. } => {
                let missing =
                    (!self.missing_told).then_some(*since + super::publish::MISSING_AFTER);
                let again = self.targets.values().filter_map(|target| match target {
                    TargetState::Failed { again, .. } if *again < DateTime::<Utc>::MAX_UTC => {
                        Some(*again)
                    }
                    TargetState::Failed { .. }
                    | TargetState::Waiting
                    | TargetState::Sent
                    | TargetState::Posted => None,
                });
                missing.into_iter().chain(again).min()
            }
            AnnouncementState::None
            | AnnouncementState::Draft
            | AnnouncementState::Approved
            | AnnouncementState::Held { .. }
            | AnnouncementState::Published { .. } => None,
        }
    }
}

impl<T: Clone> Confidential<T> {
    fn move_into(self, place: &mut T) {
        let mut value = self;
        value.change(|value| std::mem::swap(value, place));
    }

    fn push_onto(self, list: &mut Vec<T>) {
        let mut value = self;
        value.change(|value| list.push(value.clone()));
    }
}
