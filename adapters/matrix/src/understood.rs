//! What the core is told of an event, and where an answer to it goes.

use underrose_chat::{Distrust, Happening};

/// What an event was understood as.
pub struct Understood {
    pub what: Happening,
    /// The room is direct, with its person.
    pub direct: bool,
    /// The room in which the conversation began that goes on here.
    pub place: Option<String>,
    /// The event that a thread for an answer begins with.
    pub root: Option<String>,
    /// Nothing was said in that thread before.
    pub fresh: bool,
}

impl Understood {
    /// Whether its sender's devices get no keys.
    pub fn is_unsigned(&self) -> bool {
        matches!(
            self.what,
            Happening::Distrusted {
                why: Distrust::Device,
                ..
            }
        )
    }
}
