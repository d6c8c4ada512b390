//! The announcement's part of the fold: what binds it, what voids that, where it has been posted.

use chrono::{DateTime, Utc};
use underrose_chat::RoomId;

use crate::domain::announcement::{
    APPROVALS_NEEDED, Announcement, AnnouncementState, Approval, Draft, TargetState, TextHash,
};
use crate::domain::case::{Case, Embargo};
use crate::domain::confidential::Confidential;
use crate::domain::ids::PersonId;
use crate::domain::words::HeldWhy;

impl Case {
    pub(super) fn drafted(
        &mut self,
        by: Option<&PersonId>,
        text: &Confidential<String>,
        hash: &TextHash,
        targets: &[Vec<RoomId>],
    ) {
        let waiting = |room: &RoomId| (room.clone(), TargetState::Waiting);
        self.announcement = Announcement {
            draft: by.map(|by| Draft {
                text: text.clone(),
                hash: hash.clone(),
                targets: targets.to_vec(),
                by: by.clone(),
            }),
            state: AnnouncementState::Draft,
            targets: targets.iter().flatten().map(waiting).collect(),
            ..Announcement::default()
        };
    }

    /// Severity, affected, fixed or CVE changed: what was approved may no longer be true.
    pub(super) fn public_fact_changed(&mut self) {
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
    pub(super) fn embargo_set(&mut self, until: DateTime<Utc>) {
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

    pub(super) fn approved(
        &mut self,
        at: DateTime<Utc>,
        by: Option<&PersonId>,
        hash: &TextHash,
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

    pub(super) fn held(&mut self, why: HeldWhy) {
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

    pub(super) fn publishing(&mut self, group: usize, at: DateTime<Utc>) {
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

    pub(super) fn target(&mut self, target: &RoomId, state: TargetState) {
        if let Some(known) = self.announcement.targets.get_mut(target) {
            *known = state;
        }
    }

    pub(super) fn target_failed(&mut self, target: &RoomId, reason: &str, again: DateTime<Utc>) {
        let tries = match self.announcement.targets.get(target) {
            Some(TargetState::Failed { tries, .. }) => tries + 1,
            Some(TargetState::Waiting | TargetState::Sent | TargetState::Posted) | None => 1,
        };
        let failed = TargetState::Failed {
            reason: reason.to_owned(),
            again,
            tries,
        };
        self.target(target, failed);
    }

    /// Sent again: the count of tries stays, the next instant is far.
    pub(super) fn target_again(&mut self, target: &RoomId) {
        if let Some(TargetState::Failed { again, .. }) = self.announcement.targets.get_mut(target) {
            *again = DateTime::<Utc>::MAX_UTC;
        }
    }
}
