//! A network as people use it: the few things that a line of a transcript can be on it.

use std::collections::BTreeSet;

use async_trait::async_trait;
use underrose_chat::{RoomId, Surface};

use crate::bot::Bot;

/// What a person could not do there: the network itself does not let them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Cannot(pub String);

/// Where a person reads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Spot<'a> {
    Room(&'a RoomId),
    /// What the bot shows to this person alone: direct messages, answers, forms, the home page.
    Alone,
}

/// One thing that a person got to read, as lines in the transcripts' shape (`- ` before an item,
/// `| ` before code, `[…]` for what can be pressed).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    Said(Vec<String>),
    /// A message changed: its lines that were not there before; all of them, if this person never
    /// saw the message as it was (`partial`).
    Edited {
        lines: Vec<String>,
        partial: bool,
    },
}

/// The people of one network, each with a client. People are named as in the transcripts.
#[async_trait]
pub trait Network: Send {
    /// The network's name in the configuration.
    fn name(&self) -> &str;

    /// Pairs of what stands on this network and what the script writes for it: accounts, rooms.
    fn spellings(&self) -> Vec<(String, String)>;

    /// How a person of this network types a command of the script.
    fn types(&self, text: &str) -> String;

    /// Says something in a room, or to the bot alone.
    async fn say(
        &mut self,
        who: &str,
        room: Option<&RoomId>,
        text: &str,
        surface: Surface,
    ) -> Result<(), Cannot>;

    /// Changes the last thing that they said there into this.
    async fn edit(&mut self, who: &str, room: Option<&RoomId>, text: &str) -> Result<(), Cannot>;

    /// Takes the newest choice of that label that they see (there, if a room is named).
    async fn press(&mut self, who: &str, room: Option<&RoomId>, label: &str) -> Result<(), Cannot>;

    /// Whether a form is open before this person.
    fn has_form(&self, _who: &str) -> bool {
        false
    }

    async fn fill(&mut self, _who: &str, _field: &str, _value: &str) -> Result<(), Cannot> {
        Err(Cannot("this network has no forms".to_owned()))
    }

    async fn submit(&mut self, _who: &str) -> Result<(), Cannot> {
        Err(Cannot("this network has no forms".to_owned()))
    }

    async fn cancel(&mut self, _who: &str) -> Result<(), Cannot> {
        Err(Cannot("this network has no forms".to_owned()))
    }

    async fn open_home(&mut self, _who: &str) -> Result<(), Cannot> {
        Err(Cannot("this network has no page of the bot's".to_owned()))
    }

    /// Somebody comes into a room, let in by another or by the network's owners.
    async fn let_in(&mut self, who: &str, room: &RoomId, by: Option<&str>) -> Result<(), Cannot>;

    /// A room takes no posts of the bot's any more, or again.
    async fn set_refusing(&mut self, room: &RoomId, refusing: bool);

    /// Takes the bot up again after it was down.
    async fn reconnect(&self, bot: &mut Bot);

    /// Looks at what stands there now; called whenever something was delivered.
    fn look(&mut self);

    /// Resolves when all that people did has reached the bot, and all invitations are taken up.
    async fn quiet(&mut self, bot: &Bot);

    /// All that this person ever got to read there; waits for at least so much, in vain at most
    /// as long as the network's patience.
    async fn heard(&mut self, who: &str, spot: Spot<'_>, at_least: usize) -> Vec<Heard>;

    /// Who is in a room now, the bot left out.
    async fn members(&self, room: &RoomId) -> BTreeSet<String>;

    async fn topic(&self, room: &RoomId) -> String;

    /// Whether nobody can say anything there any more.
    async fn is_archived(&self, room: &RoomId) -> bool;
}
