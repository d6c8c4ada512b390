//! How a case follows from its events. Total: an event that does not fit changes nothing.

mod announcing;
mod due;
mod life;

use std::sync::Arc;

use super::announcement::{Announcement, AnnouncementState, TargetState};
use super::case::{Case, CaseRoom, Deadline, Embargo, Guest, Moment, PageNext, Release, Retro};
use super::confidential::Confidential;
use super::event::{Entry, Event};
use super::words::{Rule, Stage};

/// Moments kept for the timeline of an open case; the journal keeps them all.
pub const MOMENTS_MAX: usize = 2_000;

impl Case {
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
                self.rooms_refused.remove(&room.room.network);
                self.rooms.insert(room.room.network.clone(), room);
            }
            Event::RoomFailed { network, refused } => {
                if let Some(refused) = refused {
                    self.rooms_refused.insert(network.clone(), refused.clone());
                }
            }
            Event::RoomAgain { network } => {
                if let Some(refused) = self.rooms_refused.get_mut(network) {
                    refused.again = chrono::DateTime::<chrono::Utc>::MAX_UTC;
                }
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
            } => self.drafted(by, text, hash, targets),
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
            } => self.target_failed(target, reason, *again),
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
            Event::RoomExposed { .. }
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
