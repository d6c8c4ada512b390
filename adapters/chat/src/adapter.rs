//! What an adapter is.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::{About, Action, DeliveryKey, Inbox, Network, Openness, Receipt};

/// One account on one chat network.
#[async_trait]
pub trait Adapter: Send + Sync {
    fn network(&self) -> &Network;

    /// Whether the network says what time it is ([`crate::Happening::Time`]): a witness against a
    /// wall clock that lies.
    fn tells_time(&self) -> bool;

    /// Between two messages in one room: what the network asks of everybody (Slack: about a
    /// second). The outbox keeps it; pages wait for nothing.
    fn room_pause(&self) -> Duration {
        Duration::ZERO
    }

    /// Takes in what happens until `stop`. Reconnects by itself; returns early only when no
    /// attempt could help (revoked credentials, say).
    ///
    /// # Errors
    /// Says what a person must do.
    async fn listen(&self, inbox: Inbox, stop: CancellationToken) -> Result<(), ListenError>;

    /// Carries out an action once per key, however often it is asked.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] if it may succeed later, [`DeliverError::Reject`] if it never will.
    async fn deliver(&self, key: &DeliveryKey, action: &Action) -> Result<Receipt, DeliverError>;

    /// Looks for what an earlier delivery under this key left behind, changing nothing; it was
    /// promised first at `since`, so that nothing older need be looked at. Asked before anything is
    /// sent from a store that was restored from a backup, or that an earlier process may have sent
    /// and not written down.
    ///
    /// # Errors
    /// As [`Adapter::deliver`].
    async fn find(
        &self,
        key: &DeliveryKey,
        action: &Action,
        since: DateTime<Utc>,
    ) -> Result<Option<Receipt>, DeliverError>;

    /// Looks at the account, its rights and the configured rooms, changing nothing
    /// (`underrose check --connect`).
    async fn check(&self, expected: &Expected) -> Vec<Finding>;

    /// What is wrong with what the configuration names and only a person can mend, each with what to
    /// do: what happened while nobody listened, and no event tells of any more. Asked when the bot
    /// starts and when its configuration was loaded anew.
    ///
    /// # Errors
    /// If the network did not say; it is asked again.
    async fn amiss(&self, _: &Expected) -> Result<Vec<(About, String)>, DeliverError> {
        Ok(Vec::new())
    }
}

/// What the configuration says there is on a network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// Rooms by the network's own id, with what they must be.
    pub rooms: Vec<(String, Openness)>,
    /// Mention groups that follow the schedule.
    pub groups: Vec<String>,
}

/// One thing that a check found. The text says what to do, and holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub level: Level,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Good,
    /// It works, and somebody should look.
    Doubt,
    Wrong,
}

/// Why a delivery failed. The reasons are shown to people and logged: they never hold content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliverError {
    #[error("{reason}")]
    Retry {
        after: Option<Duration>,
        reason: String,
    },
    #[error("{reason}")]
    Reject { reason: String },
}

/// Why an adapter can listen no longer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ListenError {
    pub reason: String,
}
