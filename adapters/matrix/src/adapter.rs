//! One account on one homeserver, as the contract knows it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use matrix_sdk::Client;
use matrix_sdk::ruma::{OwnedRoomId, OwnedUserId};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use underrose_chat::{
    Action, Adapter, DeliverError, DeliveryKey, Expected, Finding, Inbox, ListenError, Network,
    Receipt,
};

use crate::client::{OpenError, open};
use crate::history::History;
use crate::settings::Settings;

/// The client waits up to 5 s for the bot's own list of devices while it holds a lock that the next
/// sync needs to fetch that very list. With twenty rooms at that lock, each in its turn, answers
/// came half a minute late; so few stand there.
const ENCRYPTING_MAX: usize = 4;

/// As many again for direct rooms alone: a page never waits behind the rooms of cases.
const PAGING_MAX: usize = 2;

/// One `[[matrix]]` of the configuration. Cheap to clone.
#[derive(Clone)]
pub struct Matrix(pub(crate) Arc<Account>);

pub(crate) struct Account {
    pub settings: Settings,
    pub client: Client,
    pub me: OwnedUserId,
    pub history: History,
    /// One room is opened at a time, so that two askings for one room find each other.
    pub opening: tokio::sync::Mutex<()>,
    /// Few messages are encrypted and sent at once: see [`ENCRYPTING_MAX`].
    pub encrypting: Semaphore,
    /// The same in direct rooms: see [`PAGING_MAX`].
    pub paging: Semaphore,
    /// Whether the client knows its rooms.
    pub ready: watch::Sender<bool>,
    pub known: Mutex<Known>,
}

/// What was done and has not come back from the homeserver yet.
#[derive(Default)]
pub(crate) struct Known {
    /// Direct rooms that were found or made.
    pub direct: HashMap<OwnedUserId, OwnedRoomId>,
    /// Whether a direct room is still for two; forgotten when its members change.
    pub alone: HashMap<OwnedRoomId, bool>,
    /// Invited when the room was made: not asked for again.
    pub invited: HashSet<(OwnedRoomId, OwnedUserId)>,
    pub archived: HashSet<OwnedRoomId>,
    /// The homeserver's time.
    pub heard: Option<crate::time::Heard>,
    /// The event that each conversation's latest step answers.
    pub steps: HashMap<DeliveryKey, String>,
    /// Who was told in plain text that their device gets no keys.
    pub warned: HashSet<OwnedUserId>,
}

impl Account {
    pub fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Matrix {
    /// Takes up the account that `setup` made. Connects to nothing yet.
    ///
    /// # Errors
    /// Without the store that `setup` made, or if the key does not open it.
    pub async fn open(settings: Settings) -> Result<Self, OpenError> {
        let client = open(&settings).await?;
        let me = client
            .user_id()
            .map(ToOwned::to_owned)
            .ok_or_else(|| settings.no_store())?;
        let synced = crate::listen::stored_token(&client).await.is_some();
        Ok(Self(Arc::new(Account {
            settings,
            client,
            me,
            history: History::default(),
            opening: tokio::sync::Mutex::default(),
            encrypting: Semaphore::new(ENCRYPTING_MAX),
            paging: Semaphore::new(PAGING_MAX),
            ready: watch::Sender::new(synced),
            known: Mutex::default(),
        })))
    }

    /// The device that `setup` made.
    pub fn device(&self) -> &str {
        self.0.client.device_id().map_or("", |id| id.as_str())
    }

    /// The account's id.
    pub fn user(&self) -> &str {
        self.0.me.as_str()
    }
}

#[async_trait]
impl Adapter for Matrix {
    fn network(&self) -> &Network {
        &self.0.settings.network
    }

    fn tells_time(&self) -> bool {
        true
    }

    async fn listen(&self, inbox: Inbox, stop: CancellationToken) -> Result<(), ListenError> {
        crate::listen::listen(&self.0, inbox, stop).await
    }

    async fn deliver(&self, key: &DeliveryKey, action: &Action) -> Result<Receipt, DeliverError> {
        crate::deliver::deliver(&self.0, key, action).await
    }

    async fn find(
        &self,
        key: &DeliveryKey,
        action: &Action,
        _since: DateTime<Utc>,
    ) -> Result<Option<Receipt>, DeliverError> {
        crate::deliver::find(&self.0, key, action).await
    }

    async fn check(&self, expected: &Expected) -> Vec<Finding> {
        crate::check::check(&self.0, expected).await
    }
}
