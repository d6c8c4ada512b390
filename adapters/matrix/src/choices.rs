//! What a message of ours offers, read from the message itself: nothing of it is lost when the
//! process ends. Pure.

use serde_json::{Value, json};
use underrose_chat::{Openness, Target};

use crate::render::{CHOICES, NUMBERS};

/// Where the answer to a direct message belongs, when it began in a room.
pub const PLACE: &str = "dev.underrose.place";

/// The thread of the conversation that a message shows, by the id that the core knows it by.
pub const THREAD: &str = "dev.underrose.thread";

/// What an answer to a message of ours has to be known by.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Marks {
    pub place: Option<String>,
    pub thread: Option<String>,
    pub heard: Heard,
}

/// Whether a client tells its person of a message: by every client's rules, of a notice it does not.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Heard {
    #[default]
    Quietly,
    /// As what people say to each other there is.
    AsSaid,
    /// A page: also where that person silenced the room.
    Calling(String),
}

impl Heard {
    /// A page calls, what is said to a person or to the public is heard, and the bot's news in rooms
    /// where people work are read when they look there.
    pub fn of(to: &Target, openness: Openness, calls: bool) -> Self {
        match (to, openness) {
            (Target::Direct { user }, _) if calls => Self::Calling(user.id.clone()),
            (Target::Direct { .. }, _) | (Target::Room { .. }, Openness::Public) => Self::AsSaid,
            (Target::Room { .. }, Openness::Private) => Self::Quietly,
        }
    }

    pub fn put(&self, content: &mut Value) {
        match self {
            Self::Quietly => {}
            Self::AsSaid => content["msgtype"] = "m.text".into(),
            Self::Calling(who) => {
                content["msgtype"] = "m.text".into();
                content["m.mentions"] = json!({"user_ids": [who]});
            }
        }
    }
}

impl Marks {
    pub fn put(&self, content: &mut Value) {
        for (name, value) in [(PLACE, &self.place), (THREAD, &self.thread)] {
            if let Some(value) = value {
                content[name] = value.as_str().into();
            }
        }
    }
}

/// Commands that a message offers, by their numbers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Offer {
    pub choices: Vec<Offered>,
    /// The room in which the conversation began that this direct message goes on.
    pub place: Option<String>,
    /// The thread of a conversation that is open: whatever is said to this message is for it.
    pub thread: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offered {
    pub command: String,
    /// May be taken by this reaction.
    pub reaction: Option<String>,
    /// May be taken by its number.
    pub typed: bool,
}

impl Offer {
    /// `None` if the content offers nothing and begins nothing.
    pub fn of(content: &Value) -> Option<Self> {
        let shown = content.get("m.new_content").unwrap_or(content);
        let choices: Vec<Offered> = shown
            .get(CHOICES)
            .and_then(Value::as_array)
            .map(|all| all.iter().filter_map(offered).collect())
            .unwrap_or_default();
        let mark = |name: &str| {
            let mark = content.get(name).and_then(Value::as_str);
            mark.map(str::to_owned)
        };
        let (place, thread) = (mark(PLACE), mark(THREAD));
        let any = !choices.is_empty() || place.is_some() || thread.is_some();
        any.then_some(Self {
            choices,
            place,
            thread,
        })
    }

    /// The command of this reaction. Binding choices have none.
    pub fn reacted(&self, key: &str) -> Option<&str> {
        let key = plain(key);
        self.choices
            .iter()
            .find(|choice| choice.reaction.as_deref().map(plain) == Some(key.clone()))
            .map(|choice| choice.command.as_str())
    }

    /// What each reaction stands for.
    pub fn reactions(&self) -> Vec<(String, String)> {
        let of = |choice: &Offered| Some((choice.reaction.clone()?, choice.command.clone()));
        self.choices.iter().filter_map(of).collect()
    }

    /// The command, if exactly its words were typed: that is taking it, where it belongs.
    pub fn worded(&self, text: &str) -> Option<&str> {
        let mut choices = self.choices.iter();
        choices
            .find(|choice| choice.command == text.trim())
            .map(|choice| choice.command.as_str())
    }

    /// The command of a typed number.
    pub fn numbered(&self, text: &str) -> Option<&str> {
        let number: usize = text.trim().trim_end_matches('.').parse().ok()?;
        let choice = self.choices.get(number.checked_sub(1)?)?;
        choice.typed.then_some(choice.command.as_str())
    }
}

fn offered(value: &Value) -> Option<Offered> {
    Some(Offered {
        command: value["command"].as_str()?.to_owned(),
        reaction: value["reaction"]
            .as_str()
            .filter(|key| NUMBERS.contains(key))
            .map(str::to_owned),
        typed: value["typed"].as_bool().unwrap_or(false),
    })
}

/// The number that somebody reacted with, if it is one.
pub fn number(key: &str) -> Option<&'static str> {
    let key = plain(key);
    NUMBERS.into_iter().find(|number| plain(number) == key)
}

/// Clients differ in whether they send the mark that makes a digit an emoji.
fn plain(key: &str) -> String {
    key.chars().filter(|c| *c != '\u{fe0f}').collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn a_number_takes_what_may_be_typed_and_a_reaction_only_what_is_casual() {
        let offer = Offer::of(&json!({CHOICES: [
            {"command": "oncall ack", "reaction": "1️⃣", "typed": true},
            {"command": "vuln announce arm ab", "reaction": null, "typed": true},
            {"command": "vuln announce go ab", "reaction": null, "typed": false},
        ]}))
        .unwrap();
        assert_eq!(offer.reacted("1️⃣"), Some("oncall ack"));
        assert_eq!(offer.reacted("1\u{20e3}"), Some("oncall ack"));
        assert_eq!(offer.reacted("2️⃣"), None);
        assert_eq!(offer.numbered("2"), Some("vuln announce arm ab"));
        assert_eq!(offer.numbered(" 1. "), Some("oncall ack"));
        assert_eq!(offer.numbered("3"), None);
        assert_eq!(offer.numbered("0"), None);
        assert_eq!(offer.numbered("4"), None);
        assert_eq!(
            offer.worded("vuln announce go ab"),
            Some("vuln announce go ab")
        );
        assert_eq!(offer.worded("vuln announce go cd"), None);
        assert_eq!(Offer::of(&json!({"body": "x"})), None);
    }
}
