//! A workspace as an adapter: the contract's methods, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use underrose_chat::{
    About, Action, Adapter, DeliverError, DeliveryKey, Expected, Finding, Inbox, ListenError,
    Network, Receipt,
};

use crate::budget;
use crate::listen::{self, Refused};
use crate::settings::Settings;
use crate::workspace::Workspace;

/// The bot in one workspace.
pub struct Slack(Arc<Workspace>);

impl Slack {
    /// # Errors
    /// If this machine has no certificates to trust.
    pub fn new(settings: Settings) -> Result<Self, String> {
        Ok(Self(Arc::new(Workspace::new(settings)?)))
    }

    /// Requests that were turned away so far, by why.
    pub fn refused(&self) -> Refused {
        self.0.refused.clone()
    }
}

#[async_trait]
impl Adapter for Slack {
    fn network(&self) -> &Network {
        &self.0.settings.network
    }

    fn tells_time(&self) -> bool {
        true
    }

    /// "No more than one message per second per channel."
    /// <https://docs.slack.dev/apis/web-api/rate-limits/>
    fn room_pause(&self) -> Duration {
        budget::PER_CHANNEL
    }

    async fn listen(&self, inbox: Inbox, stop: CancellationToken) -> Result<(), ListenError> {
        listen::run(self.0.clone(), inbox, stop).await
    }

    async fn deliver(&self, key: &DeliveryKey, action: &Action) -> Result<Receipt, DeliverError> {
        self.0.carry_out(key, action).await
    }

    async fn find(
        &self,
        key: &DeliveryKey,
        action: &Action,
        since: DateTime<Utc>,
    ) -> Result<Option<Receipt>, DeliverError> {
        self.0.find_earlier(key, action, since).await
    }

    async fn check(&self, expected: &Expected) -> Vec<Finding> {
        self.0.look(expected).await
    }

    async fn amiss(&self, expected: &Expected) -> Result<Vec<(About, String)>, DeliverError> {
        self.0.amiss(expected).await
    }
}
