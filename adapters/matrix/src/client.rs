//! The client with its store: opened the same way by `setup` and by `run`. It never makes a store
//! by itself where `run` expects one, since that would be a new device that nobody verified.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use matrix_sdk::authentication::matrix::MatrixSession;
use matrix_sdk::config::RequestConfig;
use matrix_sdk::encryption::{BackupDownloadStrategy, EncryptionSettings};
use matrix_sdk::{Client, SessionChange, SqliteStoreConfig};
use matrix_sdk_base::crypto::{CollectStrategy, DecryptionSettings, TrustRequirement};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::adapter::Account;
use crate::seal;
use crate::settings::{Key, Settings, Trust};

/// Longest wait for one answer of the homeserver. A sync adds its own.
const REQUEST_MAX: Duration = Duration::from_secs(20);

/// Connections to the store. More cost memory and gain nothing: one room is one lane.
const POOL_MAX: usize = 4;

/// Where the session is kept, sealed, in the store itself.
const SESSION: &[u8] = b"dev.underrose.session";

/// Where it is written that the store was made whole.
const STORE_FILE: &str = "matrix-sdk-crypto.sqlite3";

/// Why the account cannot be taken up.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "{network} has no store in {folder}: run `underrose setup matrix` first, or with --recover on a new machine"
    )]
    NoStore { network: String, folder: String },
    #[error("{0} is no homeserver's address: {1}")]
    Address(String, String),
    #[error(
        "the store of {network} cannot be opened: {reason}; is the master key the one that it was made with?"
    )]
    Store { network: String, reason: String },
}

impl Settings {
    /// Whether `setup` was here.
    pub(crate) fn has_store(&self) -> bool {
        self.folder.join(STORE_FILE).is_file()
    }

    pub(crate) fn no_store(&self) -> OpenError {
        OpenError::NoStore {
            network: self.network.to_string(),
            folder: self.folder.display().to_string(),
        }
    }
}

/// A client that is not logged in yet.
pub(crate) async fn build(settings: &Settings) -> Result<Client, OpenError> {
    let address = |reason: String| OpenError::Address(settings.homeserver.clone(), reason);
    let url = matrix_sdk::reqwest::Url::parse(&settings.homeserver)
        .map_err(|error| address(error.to_string()))?;
    let (collect, demand) = match settings.trust {
        Trust::Signed => (
            CollectStrategy::IdentityBasedStrategy,
            TrustRequirement::CrossSigned,
        ),
        Trust::AnyDevice => (CollectStrategy::AllDevices, TrustRequirement::Untrusted),
    };
    let store = SqliteStoreConfig::with_low_memory_config(&settings.folder)
        .key(Some(&settings.key.0))
        .pool_max_size(POOL_MAX);
    Client::builder()
        .homeserver_url(url)
        .respect_login_well_known(false)
        .sqlite_store_with_config_and_cache_path(store, None::<&Path>)
        .with_encryption_settings(EncryptionSettings {
            auto_enable_cross_signing: false,
            backup_download_strategy: BackupDownloadStrategy::AfterDecryptionFailure,
            auto_enable_backups: false,
        })
        .with_room_key_recipient_strategy(collect)
        .with_decryption_settings(DecryptionSettings {
            sender_device_trust_requirement: demand,
        })
        .handle_refresh_tokens()
        // The outbox repeats, with its own patience; the sync loop has its own too.
        .request_config(RequestConfig::new().disable_retry().timeout(REQUEST_MAX))
        .user_agent("underrose")
        .build()
        .await
        .map_err(|error| OpenError::Store {
            network: settings.network.to_string(),
            reason: error.to_string(),
        })
}

/// Waits until no keys are being taken in. Whoever cuts a sync off waits for this before, in one task
/// with that sync, so that none begins in between: the crypto crate keeps that its correspondent's
/// message was read before it keeps the key that was in it, and a message cannot be read again.
pub(crate) async fn keys_are_whole(client: &Client) {
    // It asks for the lock that the taking in of keys holds from its beginning to its end.
    let _ = client.encryption().tracked_users().await;
}

/// Keeps the tokens, and each newer pair that the homeserver hands out.
pub(crate) async fn save_session(client: &Client, key: &Key) -> Result<(), String> {
    let Some(session) = client.matrix_auth().session() else {
        return Ok(());
    };
    let bytes = serde_json::to_vec(&session).map_err(|error| error.to_string())?;
    let sealed = seal::seal(key, &bytes).ok_or("it cannot be sealed")?;
    client
        .state_store()
        .set_custom_value_no_read(SESSION, sealed)
        .await
        .map_err(|error| error.to_string())
}

/// The tokens change while the bot runs, where the homeserver hands out short-lived ones. Each newer
/// pair is kept at once, the last of them at the end.
pub(crate) async fn keep_session(account: Arc<Account>, ended: CancellationToken) {
    let mut changes = account.client.subscribe_to_session_changes();
    loop {
        let change = tokio::select! {
            // What has come is kept first.
            biased;
            change = changes.recv() => change,
            () = ended.cancelled() => return,
        };
        match change {
            Ok(SessionChange::TokensRefreshed) | Err(RecvError::Lagged(_)) => {
                let kept = save_session(&account.client, &account.settings.key).await;
                if let Err(reason) = kept {
                    tracing::error!(%reason, "the session could not be kept");
                }
            }
            Ok(SessionChange::UnknownToken(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

pub(crate) async fn saved_session(client: &Client, key: &Key) -> Option<MatrixSession> {
    let bytes = client
        .state_store()
        .get_custom_value(SESSION)
        .await
        .ok()
        .flatten()?;
    serde_json::from_slice(&seal::open(key, &bytes)?).ok()
}

/// Takes the account up as `setup` left it.
pub(crate) async fn open(settings: &Settings) -> Result<Client, OpenError> {
    if !settings.has_store() {
        return Err(settings.no_store());
    }
    let client = build(settings).await?;
    let Some(session) = saved_session(&client, &settings.key).await else {
        return Err(settings.no_store());
    };
    client
        .restore_session(session)
        .await
        .map_err(|error| OpenError::Store {
            network: settings.network.to_string(),
            reason: error.to_string(),
        })?;
    Ok(client)
}
