//! What happens on a network, as the core is told of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{DeliveryKey, EventId, Form, Message, MessageId, Network, RoomId, UserId, limits};

/// One thing that happened on a network.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Inbound {
    pub network: Network,
    /// The same for every redelivery of this event.
    pub id: EventId,
    /// When it happened by the network's own clock, the same for every redelivery; `None` where the
    /// network does not say: then a redelivery is known for at least a day, else for a week.
    pub at: Option<DateTime<Utc>>,
    /// Where to catch up from once this event is durable: committed with it, for networks that
    /// keep history.
    pub cursor: Option<Cursor>,
    pub what: Happening,
}

/// A place in a room's history, as its adapter names both.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cursor {
    pub room: String,
    pub position: String,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Happening {
    /// Somebody wrote something: any text of a direct message; of a room, only what is addressed
    /// to the bot or, in a private room, everything (the core ignores chatter).
    Text {
        by: UserId,
        place: Place,
        /// Without the network's own prefix (`/vuln x` and `!vuln x` both arrive as `vuln x`).
        text: String,
        /// The command prefix or a mention was there: chatter is `false`.
        addressed: bool,
        /// An edit of an older message: never runs a command.
        edited: bool,
        surface: Surface,
        /// The thread that it was said in; of [`Surface::Threaded`], else its own id.
        thread: Option<MessageId>,
    },
    /// A choice of a message of ours was taken.
    Pressed {
        by: UserId,
        place: Place,
        message: MessageId,
        command: String,
        surface: Surface,
    },
    /// A field of an open form changed; answered with the form as it now reads.
    FormChanged {
        by: UserId,
        place: Place,
        form: String,
        values: BTreeMap<String, String>,
    },
    /// A form was sent.
    FormSubmitted {
        by: UserId,
        place: Place,
        form: String,
        values: BTreeMap<String, String>,
    },
    /// A form was closed without sending it.
    FormCancelled {
        by: UserId,
        place: Place,
        form: String,
    },
    /// Somebody is now in a room (joined, or was invited by another).
    Joined {
        room: RoomId,
        who: UserId,
        invited_by: Option<UserId>,
    },
    Left {
        room: RoomId,
        who: UserId,
    },
    /// Everybody who is in a room now, the bot left out.
    Members {
        room: RoomId,
        who: Vec<UserId>,
    },
    /// What somebody wrote was not handed over, because it cannot be trusted: its text is lost.
    Distrusted {
        by: UserId,
        place: Place,
        why: Distrust,
    },
    /// A room was replaced by another (upgraded); its people must be invited anew.
    Moved {
        from: RoomId,
        to: RoomId,
    },
    /// A private room is not private any more; why, without content. Told again as long as it is.
    Exposed {
        room: RoomId,
        why: String,
    },
    /// Something is wrong there that only a person can mend: what, and what to do, without content.
    /// Told when it is seen, once; what was lost altogether is [`crate::ListenError`].
    Trouble {
        about: About,
        reason: String,
    },
    /// Somebody opened the bot's own page: answered with [`Immediate::Say`].
    Home {
        by: UserId,
    },
    /// The network's own idea of the time (a `Date` header), as `Inbound::at`; without one it is passed
    /// over.
    Time,
}

/// Where something was said.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Place {
    Room {
        room: RoomId,
    },
    /// A direct conversation with the bot.
    Direct,
}

/// What something is wrong with.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum About {
    /// The network, or the bot's account there.
    Network,
    Room {
        room: RoomId,
    },
    /// Somebody's account.
    Person {
        who: UserId,
    },
}

/// Why a text was not handed over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distrust {
    /// No key for it came.
    Unreadable,
    /// It came in plain text into an encrypted room.
    Plaintext,
    /// It came from a device that its owner has not verified.
    Device,
}

/// What the network can show in answer to this very event.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    /// A form is a conversation, step by step.
    #[default]
    Stepwise,
    /// A form is one message in a thread, replaced as it goes ([`Immediate::Step`]).
    Threaded,
    /// A form can be opened at once ([`Immediate::Form`]).
    Modal,
}

/// Who may read an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readers {
    /// The caller alone.
    Caller,
    /// Everybody in the room where it was asked.
    Room,
}

/// What must be answered at once: to the caller alone, but for a [`Immediate::Step`], which names
/// its readers. It is stored beside the event's id, so that a redelivery gets the same answer; what
/// a modal's change or [`Happening::Home`] is answered is not, and follows what is so by then.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Immediate {
    #[default]
    Nothing,
    /// Shown to the caller only (ephemeral, or a direct message where the network has none).
    Say { message: Message },
    /// Where a conversation stands now: shown in the place of what was shown of it before. Answers
    /// only [`Surface::Threaded`]; where nothing can be replaced it is shown as `Say` is.
    Step {
        /// The same for all steps of one conversation, and for no other.
        talk: DeliveryKey,
        message: Message,
        readers: Readers,
    },
    /// Open this form, or show it as it now reads.
    Form { form: Form },
    /// The form stays open; these fields are wrong, and why.
    Errors { errors: BTreeMap<String, String> },
}

impl Happening {
    /// Bytes of what a person wrote, all texts together.
    fn text_bytes(&self) -> usize {
        match self {
            Self::Text { text, .. } => text.len(),
            Self::Pressed { command, .. } => command.len(),
            Self::FormChanged { values, .. } | Self::FormSubmitted { values, .. } => values
                .iter()
                .map(|(name, value)| name.len() + value.len())
                .sum(),
            Self::FormCancelled { .. }
            | Self::Joined { .. }
            | Self::Left { .. }
            | Self::Members { .. }
            | Self::Distrusted { .. }
            | Self::Moved { .. }
            | Self::Exposed { .. }
            | Self::Trouble { .. }
            | Self::Home { .. }
            | Self::Time => 0,
        }
    }

    /// Who did it, if a person did.
    pub fn by(&self) -> Option<&UserId> {
        match self {
            Self::Text { by, .. }
            | Self::Pressed { by, .. }
            | Self::FormChanged { by, .. }
            | Self::FormSubmitted { by, .. }
            | Self::FormCancelled { by, .. }
            | Self::Distrusted { by, .. }
            | Self::Home { by } => Some(by),
            Self::Joined { .. }
            | Self::Left { .. }
            | Self::Members { .. }
            | Self::Moved { .. }
            | Self::Exposed { .. }
            | Self::Trouble { .. }
            | Self::Time => None,
        }
    }

    /// The thread that it belongs to, where the network can begin one at any message: the one that
    /// it was said in, or that answers to it are in.
    pub fn thread(&self) -> Option<&MessageId> {
        match self {
            Self::Text {
                surface: Surface::Threaded,
                thread,
                ..
            } => thread.as_ref(),
            Self::Pressed {
                surface: Surface::Threaded,
                message,
                ..
            } => Some(message),
            Self::Text { .. }
            | Self::Pressed { .. }
            | Self::FormChanged { .. }
            | Self::FormSubmitted { .. }
            | Self::FormCancelled { .. }
            | Self::Joined { .. }
            | Self::Left { .. }
            | Self::Members { .. }
            | Self::Distrusted { .. }
            | Self::Moved { .. }
            | Self::Exposed { .. }
            | Self::Trouble { .. }
            | Self::Home { .. }
            | Self::Time => None,
        }
    }

    /// Where a person did it.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Text { place, .. }
            | Self::Pressed { place, .. }
            | Self::FormChanged { place, .. }
            | Self::FormSubmitted { place, .. }
            | Self::FormCancelled { place, .. }
            | Self::Distrusted { place, .. } => Some(place),
            Self::Home { .. } => Some(&Place::Direct),
            Self::Joined { .. }
            | Self::Left { .. }
            | Self::Members { .. }
            | Self::Moved { .. }
            | Self::Exposed { .. }
            | Self::Trouble { .. }
            | Self::Time => None,
        }
    }
}

impl Inbound {
    /// Whether what a person wrote is over [`limits::TEXT_BYTES_MAX`].
    pub fn oversized(&self) -> bool {
        self.what.text_bytes() > limits::TEXT_BYTES_MAX
    }
}
