//! What the core asks of a network. Every action is idempotent by its key.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Message, MessageId, RoomId, UserId};

/// Names one delivery for ever: the same key never has two effects. Hexadecimal, and says nothing.
/// It follows from what is delivered and its cause, never from chance or a counter, so that a
/// store restored from a backup asks for the same deliveries under the same keys.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeliveryKey(pub String);

impl fmt::Display for DeliveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Action {
    /// Open a private room under an opaque name and invite these. Answered with
    /// [`Receipt::Room`]. Two openings under one key leave one room.
    OpenRoom {
        name: String,
        topic: String,
        invite: Vec<UserId>,
    },
    Invite {
        room: RoomId,
        who: UserId,
    },
    Remove {
        room: RoomId,
        who: UserId,
    },
    /// Answered with [`Receipt::Posted`].
    Post {
        to: Target,
        message: Message,
        #[serde(default)]
        openness: Openness,
        /// What a notification may say of a private message, where others read the screen too; a
        /// network that shows the message itself there shows this instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notice: Option<String>,
    },
    /// Replace a message of ours.
    Edit {
        at: MessageRef,
        message: Message,
        #[serde(default)]
        openness: Openness,
    },
    Pin {
        at: MessageRef,
    },
    SetTopic {
        room: RoomId,
        topic: String,
    },
    /// No more is said here; members keep reading.
    Archive {
        room: RoomId,
    },
    /// The network's mention group follows the schedule.
    SetOnCall {
        group: String,
        who: Vec<UserId>,
    },
}

/// Who may read a message, or what a room is: an adapter refuses what is private where it would
/// not stay so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Openness {
    #[default]
    Private,
    Public,
}

/// Where a message goes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Target {
    Room {
        room: RoomId,
        thread: Option<MessageId>,
    },
    /// A direct message: an answer, or a page.
    Direct { user: UserId },
}

/// A message of ours, where it stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct MessageRef {
    pub to: Target,
    pub message: MessageId,
}

/// What a network answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Receipt {
    Done,
    Room { room: RoomId },
    Posted { at: MessageRef },
}

impl Action {
    /// A private message.
    pub fn post(to: Target, message: Message) -> Self {
        Self::Post {
            to,
            message,
            openness: Openness::Private,
            notice: None,
        }
    }

    /// A private message, replaced.
    pub fn edit(at: MessageRef, message: Message) -> Self {
        Self::Edit {
            at,
            message,
            openness: Openness::Private,
        }
    }

    /// The room that the action is about, or the person: one lane of order.
    pub fn lane(&self) -> String {
        match self {
            Self::OpenRoom { name, .. } => format!("open/{name}"),
            Self::Invite { room, .. }
            | Self::Remove { room, .. }
            | Self::SetTopic { room, .. }
            | Self::Archive { room } => format!("room/{}", room.id),
            Self::Post { to, .. } => to.lane(),
            Self::Edit { at, .. } | Self::Pin { at } => at.to.lane(),
            Self::SetOnCall { group, .. } => format!("group/{group}"),
        }
    }
}

impl Target {
    fn lane(&self) -> String {
        match self {
            Self::Room { room, .. } => format!("room/{}", room.id),
            Self::Direct { user } => format!("user/{}", user.id),
        }
    }
}
