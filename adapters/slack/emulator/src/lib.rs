//! A strict Slack on loopback, for tests only: the Web API, Socket Mode and signed events as
//! Slack documents them, with people who can be made to act and a world that can be looked at.
//!
//! It knows nothing of the adapter that it tests and shares no code with it; what it gets wrong
//! would otherwise be wrong twice in the same way. README.md says where it is strict, what it
//! does not model, and what keeps it honest.

mod act;
mod api;
mod args;
mod check;
mod clock;
mod deliver;
mod emulator;
mod fault;
mod incoming;
mod manifest;
mod payload;
mod port;
mod post;
mod rate;
mod record;
mod refusal;
mod respond;
mod settings;
mod shared;
mod socket;
mod sockets;
mod text;
mod trouble;
mod values;
mod web;
mod world;

pub use act::{Actor, Cannot};
pub use check::limit;
pub use clock::Clock;
pub use deliver::Delivery;
pub use emulator::Emulator;
pub use fault::{Fault, Trouble};
pub use manifest::listed;
pub use port::free_port;
pub use post::sign;
pub use record::{Call, RECORD_VARIABLE, Sent};
pub use settings::{Kept, Rates, Redeliver, Settings, SlashCommand, Transport};
pub use world::{Channel, Group, Guest, Kind, Message, Person, Standing, View, ViewKind, World};
