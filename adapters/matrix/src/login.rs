//! Logging in, as `setup` does it once: by password, or with a token that somebody made.

use matrix_sdk::authentication::SessionTokens;
use matrix_sdk::authentication::matrix::MatrixSession;
use matrix_sdk::ruma::api::client::session::login::v3::{LoginInfo, Password, Request};
use matrix_sdk::ruma::api::client::uiaa::{MatrixUserIdentifier, UserIdentifier};
use matrix_sdk::ruma::{OwnedDeviceId, OwnedUserId};
use matrix_sdk::{Client, SessionMeta};

use crate::client::save_session;
use crate::settings::{Credentials, Settings};
use crate::setup::SetupError;

/// What stands in Element's list of devices.
const DEVICE_NAME: &str = "Underrose";

/// Leaves the client logged in, and the session in its store. `known` is the session of an earlier
/// setup: its device is kept, since the keys in the store are the device's.
pub async fn log_in(
    client: &Client,
    settings: &Settings,
    credentials: &Credentials,
    known: Option<&MatrixSession>,
) -> Result<(), SetupError> {
    let refused = |reason: String| SetupError::Login(settings.user.clone(), reason);
    let session = match credentials {
        Credentials::Password(password) => {
            let device = known.map(|session| session.meta.device_id.clone());
            with_password(client, settings, password, device).await?
        }
        Credentials::Token(token) => {
            let meta = whoami(client, settings, token).await?;
            if let Some(known) = known
                && known.meta.device_id != meta.device_id
            {
                return Err(refused(
                    "the token is of another device than the store".to_owned(),
                ));
            }
            MatrixSession {
                meta,
                tokens: SessionTokens {
                    access_token: token.clone(),
                    refresh_token: None,
                },
            }
        }
    };
    client
        .restore_session(session)
        .await
        .map_err(|error| refused(error.to_string()))?;
    client
        .encryption()
        .wait_for_e2ee_initialization_tasks()
        .await;
    save_session(client, &settings.key)
        .await
        .map_err(|reason| SetupError::Failed {
            doing: "keeping the session",
            reason,
        })
}

/// A session that can be renewed is asked for only where one runs out otherwise: tokens that change
/// every few minutes are one more thing that a crash can lose.
async fn with_password(
    client: &Client,
    settings: &Settings,
    password: &str,
    device: Option<OwnedDeviceId>,
) -> Result<MatrixSession, SetupError> {
    let refused =
        |error: matrix_sdk::HttpError| SetupError::Login(settings.user.clone(), error.to_string());
    let user = UserIdentifier::Matrix(MatrixUserIdentifier::new(settings.user.clone()));
    let proof = Password::new(user, password.to_owned());
    let mut request = Request::new(LoginInfo::Password(proof));
    request.initial_device_display_name = Some(DEVICE_NAME.to_owned());
    request.device_id = device;
    let answer = client.send(request.clone()).await.map_err(refused)?;
    if answer.expires_in.is_none() {
        return Ok((&answer).into());
    }
    request.device_id = Some(answer.device_id);
    request.refresh_token = true;
    let answer = client.send(request).await.map_err(refused)?;
    Ok((&answer).into())
}

#[derive(serde::Deserialize)]
struct WhoAmI {
    user_id: OwnedUserId,
    device_id: Option<OwnedDeviceId>,
}

async fn whoami(
    client: &Client,
    settings: &Settings,
    token: &str,
) -> Result<SessionMeta, SetupError> {
    let refused = |reason: String| SetupError::Login(settings.user.clone(), reason);
    let url = client
        .homeserver()
        .join("_matrix/client/v3/account/whoami")
        .map_err(|error| refused(error.to_string()))?;
    let answer = client
        .http_client()
        .get(url)
        .bearer_auth(token)
        .send()
        .await
        .and_then(matrix_sdk::reqwest::Response::error_for_status)
        .map_err(|error| refused(error.without_url().to_string()))?;
    let text = answer
        .bytes()
        .await
        .map_err(|error| refused(error.to_string()))?;
    let me: WhoAmI = serde_json::from_slice(&text).map_err(|error| refused(error.to_string()))?;
    if settings.user.starts_with('@') && me.user_id.as_str() != settings.user {
        return Err(SetupError::OtherUser {
            found: me.user_id.to_string(),
            expected: settings.user.clone(),
        });
    }
    let device_id = me
        .device_id
        .ok_or_else(|| refused("the token has no device".to_owned()))?;
    Ok(SessionMeta {
        user_id: me.user_id,
        device_id,
    })
}
