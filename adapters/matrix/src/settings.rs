//! What an account on a homeserver is configured with.

use std::path::PathBuf;

use underrose_chat::Network;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Opens the store of this account. Derived from the master key by the caller, so that a stolen
/// disk gives nothing away.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key(pub [u8; 32]);

/// One `[[matrix]]` of the configuration.
#[derive(Clone)]
pub struct Settings {
    pub network: Network,
    /// The homeserver's address, `https://matrix.example.org`.
    pub homeserver: String,
    /// The account, `@underrose:example.org`.
    pub user: String,
    /// Where the store of this account lies; nobody else may read it.
    pub folder: PathBuf,
    pub key: Key,
    /// How the bot is called, beside its account's name.
    pub display_name: Option<String>,
    pub trust: Trust,
    pub federation: Federation,
    /// Rooms of the configuration, which the bot joins when it is invited.
    pub rooms: Vec<String>,
}

/// Which devices get keys and are believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Trust {
    /// Those that their owners have signed.
    #[default]
    Signed,
    /// Any. A homeserver could add one of its own, and read and command with it.
    AnyDevice,
}

/// Whether people of other homeservers can be brought into a case's room.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Federation {
    #[default]
    Open,
    Closed,
}

/// How the account is proved, once.
pub enum Credentials {
    Password(String),
    /// An access token with a device of its own that no other program uses.
    Token(String),
}
