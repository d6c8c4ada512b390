//! The only way in.

use async_trait::async_trait;
use std::sync::Arc;

use crate::{Immediate, Inbound};

/// What stands behind an [`Inbox`]: the engine, or a test.
#[async_trait]
pub trait Accept: Send + Sync {
    /// Resolves when the event is durable, with what must be answered at once.
    async fn accept(&self, inbound: Inbound) -> Result<Immediate, InboxClosed>;

    /// The last event of this room that was made durable, as the adapter named it.
    async fn cursor(&self, room: &str) -> Option<String>;
}

/// The way in, handed to every adapter. Cheap to clone.
#[derive(Clone)]
pub struct Inbox(Arc<dyn Accept>);

/// The bot is stopping; nothing was accepted, so the network must deliver it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bot is stopping")]
pub struct InboxClosed;

impl Inbox {
    pub fn new(accept: Arc<dyn Accept>) -> Self {
        Self(accept)
    }

    /// Resolves when the event is durable, and not before: acknowledge it to the network then.
    /// A redelivery gets the answer that the first delivery got.
    ///
    /// # Errors
    /// [`InboxClosed`] when the bot is stopping: do not acknowledge.
    pub async fn accept(&self, inbound: Inbound) -> Result<Immediate, InboxClosed> {
        self.0.accept(inbound).await
    }

    /// Where to catch up from, for networks that keep history.
    pub async fn cursor(&self, room: &str) -> Option<String> {
        self.0.cursor(room).await
    }
}
