//! What a failed request means for a delivery. Reasons hold no content: the homeserver's own texts
//! may quote what was sent, so only its error's code goes on.

use std::time::{Duration, SystemTime};

use matrix_sdk::ruma::api::error::{ErrorKind, RetryAfter};
use matrix_sdk::{Error, HttpError, RefreshTokenError};
use underrose_chat::DeliverError;

pub fn retry(reason: impl Into<String>) -> DeliverError {
    DeliverError::Retry {
        after: None,
        reason: reason.into(),
    }
}

pub fn reject(reason: impl Into<String>) -> DeliverError {
    DeliverError::Reject {
        reason: reason.into(),
    }
}

pub fn of(error: &Error) -> DeliverError {
    if let Some(kind) = error.client_api_error_kind() {
        return of_kind(kind);
    }
    match error {
        Error::WrongRoomState(_) => reject("the bot is not in that room"),
        // What cannot be encrypted now may be when the other side's keys come.
        Error::Http(_) | Error::Timeout => retry("the homeserver does not answer"),
        other => retry(format!("the client failed: {}", kind_of(other))),
    }
}

pub fn of_http(error: &HttpError) -> DeliverError {
    error
        .client_api_error_kind()
        .map_or_else(|| retry("the homeserver does not answer"), of_kind)
}

fn of_kind(kind: &ErrorKind) -> DeliverError {
    match kind {
        ErrorKind::LimitExceeded(limit) => DeliverError::Retry {
            after: limit.retry_after.as_ref().map(wait),
            reason: "the homeserver limits the rate".to_owned(),
        },
        ErrorKind::UnknownToken(_) | ErrorKind::MissingToken => {
            retry("the homeserver does not know the bot's token any more")
        }
        ErrorKind::Forbidden
        | ErrorKind::NotFound
        | ErrorKind::TooLarge
        | ErrorKind::BadState
        | ErrorKind::InvalidParam
        | ErrorKind::BadJson
        | ErrorKind::InviteBlocked
        | ErrorKind::UserDeactivated
        | ErrorKind::IncompatibleRoomVersion(_) => {
            reject(format!("the homeserver refuses: {}", kind.errcode()))
        }
        other => retry(format!("the homeserver says {}", other.errcode())),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the homeserver may name an instant, and only the system knows how far off it is"
)]
fn wait(after: &RetryAfter) -> Duration {
    match after {
        RetryAfter::Delay(delay) => *delay,
        RetryAfter::DateTime(at) => at
            .duration_since(SystemTime::now())
            .unwrap_or(Duration::from_secs(1)),
    }
}

/// The kind of an error of the client, without what it carries.
fn kind_of(error: &Error) -> &'static str {
    match error {
        Error::CryptoStoreError(_) | Error::StateStore(_) => "its store",
        Error::OlmError(_) | Error::MegolmError(_) | Error::NoOlmMachine => "its encryption",
        Error::SerdeJson(_) | Error::Identifier(_) => "a text that is no Matrix",
        _ => "for another reason",
    }
}

/// Whether no repetition can help: the session is over.
pub fn is_over(error: &Error) -> Option<&'static str> {
    if let Error::Http(failed) = error
        && let HttpError::RefreshToken(RefreshTokenError::MatrixAuth(refused)) = &**failed
    {
        return match refused.client_api_error_kind() {
            Some(ErrorKind::UnknownToken(_) | ErrorKind::Forbidden) => Some(
                "the homeserver renews the bot's session no more: run `underrose setup matrix` again, \
                 the store stays; if the bot's device is gone from the account too, move the account's \
                 folder away and run `underrose setup matrix --recover`",
            ),
            Some(_) | None => None,
        };
    }
    match error.client_api_error_kind() {
        Some(ErrorKind::UnknownToken(data)) if data.soft_logout => Some(
            "the homeserver logged the bot out softly: run `underrose setup matrix` again, the store stays",
        ),
        Some(ErrorKind::UnknownToken(_)) => Some(
            "the homeserver revoked the bot's session, and with it its device: move the account's folder \
             away and run `underrose setup matrix --recover`",
        ),
        Some(ErrorKind::UserDeactivated) => Some("the bot's account was deactivated"),
        Some(_) | None => None,
    }
}
