//! What Slack sends, as [`Inbound`](underrose_chat::Inbound)s. Pure: JSON in, [`Heard`] out. Unknown
//! fields, events and callbacks are passed over, since Slack adds them whenever it likes.
//!
//! Ids are taken from what happened, never from its delivery: a message is its channel and
//! timestamp, so that a mention that comes both as `message` and as `app_mention`, over either
//! socket, hours later, is one thing.

mod event;
mod interaction;
mod slang;
mod trouble;

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;
use underrose_chat::{EventId, Happening, Network, Place, RoomId, Surface, UserId};

use crate::settings::Secret;

pub use interaction::REPORT_SHORTCUT;
pub use slang::plain;

/// Who reads: needed to know whose messages and mentions are the bot's own.
#[derive(Clone, Debug)]
pub struct Reader {
    pub network: Network,
    /// The bot's user id, from `auth.test`.
    pub me: String,
    /// The bot token, which the store does not hold.
    pub secret: Secret,
}

/// What came, by either way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Events API.
    Event,
    /// A slash command.
    Command,
    /// A button, a menu, a modal, a shortcut.
    Interaction,
}

/// One thing that the core must hear.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    pub id: EventId,
    /// `None` where Slack does not say when it was: commands and modals.
    pub at: Option<DateTime<Utc>>,
    pub what: Happening,
    pub way: Way,
}

/// How it can be answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// There is nobody to answer.
    Nobody,
    /// A message: answered where it stands, to its author alone.
    Message {
        user: String,
        channel: String,
        thread: Option<String>,
    },
    /// A slash command: answered in its acknowledgement.
    Command {
        trigger: String,
        response_url: Option<String>,
    },
    /// A button or a shortcut.
    Press {
        trigger: String,
        user: String,
        channel: Option<String>,
        response_url: Option<String>,
    },
    /// A change in an open modal. Of two, the one with the later stamp is the newer.
    Change { view: String, stamp: String },
    /// A modal that was sent, as Slack holds it: answered in its acknowledgement.
    Submission { view: Box<Value> },
    /// App Home of this person.
    Home { user: String },
}

impl Reader {
    /// What stands for a text where it must not be read, nor guessed by whoever has the store.
    fn hashed(&self, text: &str) -> String {
        // A MAC takes keys of any length: this is no error.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.secret.expose().as_bytes()) else {
            return String::new();
        };
        mac.update(text.as_bytes());
        let digest = mac.finalize().into_bytes();
        let bytes = digest.iter().take(16);
        bytes.map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads one payload; `None` for what the core need not hear of.
    pub fn read(&self, kind: Kind, payload: &Value) -> Option<Heard> {
        match kind {
            Kind::Event => event::read(self, payload),
            Kind::Command => self.command(payload),
            Kind::Interaction => interaction::read(self, payload),
        }
    }

    /// Whether this says that the bot may not be let in any more.
    pub fn doubts_access(&self, kind: Kind, payload: &Value) -> bool {
        kind == Kind::Event && trouble::doubts_access(self, payload)
    }

    fn command(&self, payload: &Value) -> Option<Heard> {
        let word = text(payload, "/command").strip_prefix('/')?;
        let trigger = filled(payload, "/trigger_id")?;
        let (by, channel) = (
            self.user(payload, "/user_id")?,
            filled(payload, "/channel_id")?,
        );
        let rest = slang::plain(text(payload, "/text"));
        let what = Happening::Text {
            by,
            place: self.place(&channel),
            text: format!("{word} {}", rest.trim()).trim_end().to_owned(),
            addressed: true,
            edited: false,
            surface: Surface::Modal,
            thread: None,
        };
        Some(Heard {
            id: EventId(format!("command/{trigger}")),
            at: None,
            what,
            way: Way::Command {
                trigger,
                response_url: filled(payload, "/response_url"),
            },
        })
    }

    fn user(&self, payload: &Value, path: &str) -> Option<UserId> {
        let id = filled(payload, path)?;
        let network = self.network.clone();
        Some(UserId { network, id })
    }

    fn room(&self, channel: &str) -> RoomId {
        let (network, id) = (self.network.clone(), channel.to_owned());
        RoomId { network, id }
    }

    /// A direct conversation's id begins with D. A command that somebody types in one with another
    /// person is answered to them alone, which is what a direct place promises.
    fn place(&self, channel: &str) -> Place {
        if channel.starts_with('D') {
            return Place::Direct;
        }
        let room = self.room(channel);
        Place::Room { room }
    }
}

/// The text at a path, or an empty one.
fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value
        .pointer(path)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The text at a path, unless it is missing or empty.
fn filled(value: &Value, path: &str) -> Option<String> {
    Some(text(value, path))
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// Slack's stamps are seconds with six decimals.
pub fn instant(stamp: &str) -> Option<DateTime<Utc>> {
    let (seconds, micros) = stamp.split_once('.').unwrap_or((stamp, "0"));
    let digits: String = micros.chars().chain("000000".chars()).take(6).collect();
    let at = DateTime::from_timestamp(seconds.parse().ok()?, 0)?;
    at.checked_add_signed(TimeDelta::microseconds(digits.parse().ok()?))
}
