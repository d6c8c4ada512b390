//! People acting, as Slack's own clients let them: they can only press what they see, type where
//! they are, and submit what is complete.

mod commands;
mod modals;
mod rooms;
mod sees;

use crate::emulator::Emulator;

/// What a person could not have done in Slack's client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Cannot(pub String);

fn cannot<T>(why: impl Into<String>) -> Result<T, Cannot> {
    Err(Cannot(why.into()))
}

/// A person in front of Slack.
#[derive(Clone)]
pub struct Actor {
    emulator: Emulator,
    pub id: String,
}

impl Actor {
    pub(crate) fn new(emulator: Emulator, person: &str) -> Self {
        Self {
            emulator,
            id: person.to_owned(),
        }
    }
}
