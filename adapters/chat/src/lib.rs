//! The contract between underrose's core and a chat network. It knows rooms, people, messages and
//! forms; it deliberately knows no case, no rule and no secret kind of text.
//!
//! An adapter turns what happens on its network into [`Inbound`] and hands it to the [`Inbox`];
//! it turns an [`Action`] into calls of its network. Nothing else passes between the two.

mod action;
mod adapter;
mod ids;
mod inbound;
mod inbox;
mod message;

pub mod limits;
pub mod sim;
#[cfg(feature = "suite")]
pub mod suite;

pub use action::{Action, DeliveryKey, MessageRef, Openness, Receipt, Target};
pub use adapter::{Adapter, DeliverError, Expected, Finding, Level, ListenError};
pub use ids::{EventId, MessageId, Network, RoomId, UserId};
pub use inbound::{
    About, Cursor, Distrust, Happening, Immediate, Inbound, Place, Readers, Surface,
};
pub use inbox::{Accept, Inbox, InboxClosed};
pub use message::{Block, Choice, Field, FieldKind, Form, Inline, Message, Opt, Weight};
