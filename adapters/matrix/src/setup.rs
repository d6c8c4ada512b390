//! `underrose setup matrix`: a device, its store, a cross-signing identity and a recovery key that
//! is told once and kept nowhere. And `--recover`: the same identity on a new machine.

use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::pin::Pin;

use matrix_sdk::Client;
use matrix_sdk::ruma::api::client::uiaa;

use crate::client::{OpenError, build, save_session, saved_session};
use crate::login::log_in;
use crate::settings::{Credentials, Settings};

/// What was made.
pub struct Done {
    pub user: String,
    pub device: String,
    /// Shown once and written nowhere. `None` when there was nothing to make.
    pub recovery_key: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("{0} cannot be made: {1}")]
    Folder(String, String),
    #[error("the homeserver did not let {0} in: {1}")]
    Login(String, String),
    #[error("the token belongs to {found}, and the configuration says {expected}")]
    OtherUser { found: String, expected: String },
    #[error(
        "this account has a cross-signing identity already: run `underrose setup matrix --recover` \
         with its recovery key, or reset the identity in Element and try again"
    )]
    IdentityExists,
    #[error("{0} is set up already; for a new machine leave its folder behind and use --recover")]
    Exists(String),
    #[error("the recovery key does not open this account's secrets: {0}")]
    Recovery(String),
    #[error("{doing} failed: {reason}")]
    Failed { doing: &'static str, reason: String },
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T, SetupError>> + Send + 'a>>;

/// Logs in and makes what is missing; run again, it logs the same device in anew.
pub fn setup(settings: &Settings, credentials: Credentials) -> Boxed<'_, Done> {
    Box::pin(async move {
        folder(settings)?;
        let client = build(settings).await?;
        let known = saved_session(&client, &settings.key).await;
        log_in(&client, settings, &credentials, known.as_ref()).await?;
        let recovery_key = identity(&client, settings, &credentials).await?;
        done(&client, settings, recovery_key).await
    })
}

/// A new device on a new machine, with the identity and the old rooms' keys.
pub fn recover<'a>(
    settings: &'a Settings,
    credentials: Credentials,
    recovery_key: &'a str,
) -> Boxed<'a, Done> {
    Box::pin(async move {
        if settings.has_store() {
            return Err(SetupError::Exists(settings.network.to_string()));
        }
        folder(settings)?;
        let client = build(settings).await?;
        log_in(&client, settings, &credentials, None).await?;
        // The device's keys first, so that there is something to sign.
        sync(&client).await?;
        let recovery = client.encryption().recovery();
        recovery
            .recover(recovery_key.trim())
            .await
            .map_err(|error| SetupError::Recovery(error.to_string()))?;
        sync(&client).await?;
        done(&client, settings, None).await
    })
}

fn folder(settings: &Settings) -> Result<(), SetupError> {
    let fail = |error: std::io::Error| {
        SetupError::Folder(settings.folder.display().to_string(), error.to_string())
    };
    std::fs::create_dir_all(&settings.folder).map_err(fail)?;
    // The store's files come out readable by all: the folder is not.
    let only_me = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(&settings.folder, only_me).map_err(fail)
}

/// Cross-signing, secret storage and the backup of room keys; `None` if all was there.
async fn identity(
    client: &Client,
    settings: &Settings,
    credentials: &Credentials,
) -> Result<Option<String>, SetupError> {
    let failed = |doing: &'static str| {
        move |error: matrix_sdk::Error| SetupError::Failed {
            doing,
            reason: error.to_string(),
        }
    };
    let encryption = client.encryption();
    let whole = encryption
        .cross_signing_status()
        .await
        .is_some_and(|status| status.is_complete());
    if !whole {
        let me = client.user_id().map(ToOwned::to_owned);
        if let Some(me) = &me {
            let known = encryption.request_user_identity(me).await;
            if known.map_err(failed("looking for an identity"))?.is_some() {
                return Err(SetupError::IdentityExists);
            }
        }
        let made = encryption.bootstrap_cross_signing(None).await;
        if let Err(error) = made {
            let (Some(asked), Credentials::Password(password)) =
                (error.as_uiaa_response(), credentials)
            else {
                return Err(failed("making the cross-signing identity")(error));
            };
            let user = uiaa::UserIdentifier::Matrix(uiaa::MatrixUserIdentifier::new(
                settings.user.clone(),
            ));
            let mut proof = uiaa::Password::new(user, password.clone());
            proof.session.clone_from(&asked.session);
            encryption
                .bootstrap_cross_signing(Some(uiaa::AuthData::Password(proof)))
                .await
                .map_err(failed("making the cross-signing identity"))?;
        }
    }
    // The account data says whether there is secret storage; it comes with a sync.
    sync(client).await?;
    let stored = encryption.secret_storage().is_enabled().await;
    if stored.map_err(failed("looking at the secret storage"))? && whole {
        return Ok(None);
    }
    let key = encryption.recovery().enable().await;
    key.map(Some).map_err(|error| SetupError::Failed {
        doing: "making the secret storage",
        reason: error.to_string(),
    })
}

/// Sends what there is to send, and hears what the homeserver keeps for the account.
async fn sync(client: &Client) -> Result<(), SetupError> {
    let at_once = matrix_sdk::config::SyncSettings::new().timeout(std::time::Duration::ZERO);
    let synced = client.sync_once(at_once).await;
    synced.map(|_| ()).map_err(|error| SetupError::Failed {
        doing: "the first sync",
        reason: error.to_string(),
    })
}

async fn done(
    client: &Client,
    settings: &Settings,
    recovery_key: Option<String>,
) -> Result<Done, SetupError> {
    save_session(client, &settings.key)
        .await
        .map_err(|reason| SetupError::Failed {
            doing: "keeping the session",
            reason,
        })?;
    let meta = client.session_meta();
    Ok(Done {
        user: meta
            .map(|meta| meta.user_id.to_string())
            .unwrap_or_default(),
        device: meta
            .map(|meta| meta.device_id.to_string())
            .unwrap_or_default(),
        recovery_key,
    })
}
