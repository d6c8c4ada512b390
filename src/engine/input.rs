//! What the engine takes in, on one screen.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use underrose_chat::{Inbound, Network, Receipt};

use crate::domain::decision::Promise;
use crate::domain::policy::Policy;

/// All that can ever happen to the bot.
#[derive(Clone, Debug)]
pub enum Input {
    /// Somebody did something on a network.
    Inbound(Inbound),
    /// A promise was kept.
    Delivered {
        id: u64,
        promise: Promise,
        receipt: Receipt,
    },
    /// A promise will never be kept.
    Undeliverable {
        id: u64,
        promise: Promise,
        reason: String,
    },
    /// An attempt failed; the next is not before this instant.
    Attempted {
        id: u64,
        promise: Promise,
        attempts: u32,
        not_before: DateTime<Utc>,
    },
    /// A newer edit of the same card took this one's place.
    Superseded { id: u64 },
    /// A network's adapter listens no longer, and cannot mend that itself.
    Lost { network: Network, reason: String },
    /// The configuration was loaded anew.
    PolicyLoaded(Arc<Policy>),
    /// Nothing but time passed.
    Tick,
}

/// A promise with its number in the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub id: u64,
    pub promise: Promise,
    pub attempts: u32,
    pub not_before: DateTime<Utc>,
}
