//! When a case next wants to be looked at: due instants stand in its events, and are only read here.

use chrono::{DateTime, Utc};

use crate::domain::announcement::{Announcement, AnnouncementState, TargetState};
use crate::domain::case::{Case, Deadline, Embargo, Page, PageNext};

impl Case {
    /// The earliest instant at which something is due, if anything is.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        let deadlines = self.deadlines.values().filter_map(Deadline::next);
        let page = self.page.iter().filter_map(Page::next_at);
        deadlines
            .chain(page)
            .chain(self.announcement.next_due())
            .chain(self.unarmed_due())
            .chain(self.rooms_refused.values().map(|refused| refused.again))
            .filter(|at| *at < DateTime::<Utc>::MAX_UTC)
            .min()
    }

    /// The embargo's end, while nothing is armed for it and nobody was told.
    pub(in crate::domain) fn unarmed_due(&self) -> Option<DateTime<Utc>> {
        match (&self.embargo, &self.announcement.state) {
            (
                Embargo::Until(at),
                AnnouncementState::None | AnnouncementState::Draft | AnnouncementState::Approved,
            ) if !self.announcement.missing_told => Some(*at),
            _ => None,
        }
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
                *at - crate::domain::publish::GO_CARD_BEFORE
            }),
            AnnouncementState::Publishing { since, .. } => {
                let missing =
                    (!self.missing_told).then_some(*since + crate::domain::publish::MISSING_AFTER);
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
