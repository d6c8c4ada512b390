//! The announcement's own small machine: draft, two approvals by hash, armed, held, publishing,
//! published; and the only door through which a case's text becomes public.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use underrose_chat::RoomId;

use super::confidential::{Cleared, Confidential, sealed};
use super::ids::PersonId;
use super::words::HeldWhy;

/// Persons who must have approved the same text.
pub const APPROVALS_NEEDED: usize = 2;

/// SHA-256 over the text and its targets, hexadecimal. People type its first characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TextHash(pub String);

impl TextHash {
    pub fn of(text: &str, targets: &[Vec<RoomId>]) -> Self {
        let mut hash = Sha256::new();
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
        for (group, rooms) in targets.iter().enumerate() {
            for room in rooms {
                hash.update((group as u64).to_be_bytes());
                hash.update((room.network.0.len() as u64).to_be_bytes());
                hash.update(room.network.0.as_bytes());
                hash.update((room.id.len() as u64).to_be_bytes());
                hash.update(room.id.as_bytes());
            }
        }
        Self(hex(&hash.finalize()))
    }

    /// What people see and type.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }

    /// Whether what somebody typed names this hash; eight characters at least.
    pub fn is_named_by(&self, typed: &str) -> bool {
        typed.len() >= 8 && self.0.starts_with(&typed.to_ascii_lowercase())
    }
}

pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    // A delivery's key is made of each promise: an iterator of unknown length would grow its text.
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

#[derive(Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Announcement {
    pub draft: Option<Draft>,
    pub approvals: BTreeMap<PersonId, Approval>,
    pub state: AnnouncementState,
    /// The go/hold card was shown for this arming.
    pub go_asked: bool,
    /// A public fact changed since the approvals: they count again once somebody approves anew.
    pub suspended: bool,
    #[serde(with = "super::ids::pairs")]
    pub targets: BTreeMap<RoomId, TargetState>,
    /// What is missing was paged.
    pub missing_told: bool,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    #[serde(with = "sealed")]
    pub text: Confidential<String>,
    pub hash: TextHash,
    /// In groups, sent in this order.
    pub targets: Vec<Vec<RoomId>>,
    pub by: PersonId,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub hash: TextHash,
    /// Not before this instant: bringing the date forward voids the approval.
    pub earliest: DateTime<Utc>,
    pub at: DateTime<Utc>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum AnnouncementState {
    #[default]
    None,
    Draft,
    Approved,
    Armed {
        at: DateTime<Utc>,
    },
    Held {
        at: DateTime<Utc>,
        why: HeldWhy,
    },
    Publishing {
        group: usize,
        since: DateTime<Utc>,
    },
    Published {
        at: DateTime<Utc>,
    },
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetState {
    Waiting,
    Sent,
    Posted,
    Failed {
        reason: String,
        again: DateTime<Utc>,
        tries: u32,
    },
}

impl Announcement {
    /// Persons whose approval binds the present draft and allows this instant.
    pub fn approved_for(&self, at: DateTime<Utc>) -> usize {
        let Some(draft) = &self.draft else { return 0 };
        self.approvals
            .values()
            .filter(|approval| approval.hash == draft.hash && approval.earliest <= at)
            .count()
    }

    /// The one door: the text as the public may read it, if enough people approved exactly this
    /// text for these targets, for this instant or an earlier one.
    pub fn cleared(&self, now: DateTime<Utc>) -> Option<Cleared<String>> {
        let draft = self.draft.as_ref()?;
        if self.suspended || self.approved_for(now) < APPROVALS_NEEDED {
            return None;
        }
        let mut text = String::new();
        let right = draft.text.measure(|approved| {
            text.clone_from(approved);
            TextHash::of(approved, &draft.targets) == draft.hash
        });
        right.then(|| Cleared::by_approval(text))
    }

    /// Armed for an instant that is still to come.
    pub fn waits_after(&self, now: DateTime<Utc>) -> bool {
        matches!(self.state, AnnouncementState::Armed { at } if at > now)
    }

    /// A draft that may be approved and is not armed yet.
    pub fn is_drafted(&self) -> bool {
        matches!(
            self.state,
            AnnouncementState::Draft | AnnouncementState::Approved
        )
    }

    pub fn is_live(&self) -> bool {
        match self.state {
            AnnouncementState::Armed { .. }
            | AnnouncementState::Held { .. }
            | AnnouncementState::Publishing { .. } => true,
            AnnouncementState::None
            | AnnouncementState::Draft
            | AnnouncementState::Approved
            | AnnouncementState::Published { .. } => false,
        }
    }

    /// Targets of the group that are not posted yet.
    pub fn missing(&self, group: usize) -> usize {
        let Some(draft) = &self.draft else { return 0 };
        let posted = |room: &&RoomId| self.targets.get(*room) == Some(&TargetState::Posted);
        draft
            .targets
            .get(group)
            .map_or(0, |rooms| rooms.iter().filter(|room| !posted(room)).count())
    }
}
