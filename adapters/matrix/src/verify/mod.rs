//! `underrose setup matrix --verify`: a person verifies the bot by comparing seven emoji with
//! whoever sits at the bot's terminal. The bot has no eyes: it never says by itself that they match.
//!
//! Who may ask is named before; what anybody else asks is not answered.

mod decline;
mod requests;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use matrix_sdk::encryption::verification::{
    CancelInfo, Emoji, SasState, SasVerification, Verification, VerificationRequest,
    VerificationRequestState,
};
use matrix_sdk::ruma::events::key::verification::cancel::CancelCode;
use matrix_sdk::ruma::{OwnedUserId, UserId};
use tokio::sync::mpsc;

use crate::adapter::Matrix;
use crate::client;
use crate::settings::Trust;

pub(crate) use decline::{Asking, decline_in_room, decline_to_device};

/// From the request to the end. The other side's client gives up after ten minutes.
const COMPARING_MAX: Duration = Duration::from_secs(8 * 60);

/// Requests that wait while one is looked at.
const REQUESTS_MAX: usize = 16;

/// What is compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comparison {
    pub who: String,
    pub device: String,
    /// Each with its name, as the specification has them.
    pub emoji: [(&'static str, &'static str); 7],
}

/// Whether the seven are the same on both sides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Match {
    Same,
    Different,
}

/// Who sits at the terminal.
#[async_trait]
pub trait Operator: Send + Sync {
    /// How it goes.
    fn told(&self, sentence: &str);
    /// Asked once; dropped if the other side gives up first.
    async fn compares(&self, comparison: Comparison) -> Match;
}

/// Who has verified the bot, and is verified by it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    pub who: String,
    pub device: String,
}

/// Why nobody was verified. Nothing is trusted more than before.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("{0} is no account of Matrix: write @name:server")]
    NoAccount(String),
    #[error("nobody is named who could verify the bot: give people handles on this network")]
    Nobody,
    #[error("nobody asked within {0} minutes: start it again, then press Verify in Element")]
    NotAsked(u64),
    #[error("the emoji differ: nothing is trusted, and {0} was told; somebody may be in between")]
    Different(String),
    #[error("{who} gave up: {reason}")]
    Cancelled { who: String, reason: &'static str },
    #[error("{0} did not go on; start it again and ask once more")]
    Silence(String),
    #[error("the homeserver did not answer: {0}")]
    Homeserver(String),
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T, VerifyError>> + Send + 'a>>;

impl Matrix {
    /// Waits until one of `whom` asks, compares, and ends. Nothing else may be listening: the bot
    /// stands still meanwhile, and catches up when it runs again.
    ///
    /// # Errors
    /// If nobody was verified; then nothing is trusted more than before.
    pub fn verify<'a>(
        &'a self,
        whom: &'a [String],
        patience: Duration,
        operator: &'a dyn Operator,
    ) -> Boxed<'a, Verified> {
        Box::pin(async move {
            let whom = accounts(whom)?;
            let (found, mut asked) = mpsc::channel(REQUESTS_MAX);
            let listening = requests::listen(&self.0, &whom, found, operator);
            let comparing = async {
                let first = first(self, &mut asked, patience, operator).await?;
                let who = first.other_user_id().to_string();
                let compared = compare(&first, operator);
                match tokio::time::timeout(COMPARING_MAX, compared).await {
                    Ok(outcome) => outcome,
                    Err(_) => {
                        let _ = first.cancel().await;
                        Err(VerifyError::Silence(who))
                    }
                }
            };
            let compared = async {
                let outcome = comparing.await;
                client::keys_are_whole(&self.0.client).await;
                outcome
            };
            let outcome = tokio::select! {
                outcome = compared => outcome,
                failed = listening => Err(failed),
            };
            // What is still to be sent, the signature among it.
            let sent = requests::flush(&self.0).await;
            let verified = outcome?;
            sent.map(|()| verified)
        })
    }
}

fn accounts(whom: &[String]) -> Result<Vec<OwnedUserId>, VerifyError> {
    if whom.is_empty() {
        return Err(VerifyError::Nobody);
    }
    whom.iter()
        .map(|id| UserId::parse(id).map_err(|_| VerifyError::NoAccount(id.clone())))
        .collect()
}

/// The first request that deserves an answer.
async fn first(
    matrix: &Matrix,
    asked: &mut mpsc::Receiver<VerificationRequest>,
    patience: Duration,
    operator: &dyn Operator,
) -> Result<VerificationRequest, VerifyError> {
    let not_asked = || VerifyError::NotAsked(patience.as_secs().div_ceil(60));
    let deadline = tokio::time::Instant::now() + patience;
    loop {
        let next = tokio::time::timeout_at(deadline, asked.recv()).await;
        let request = next.ok().flatten().ok_or_else(not_asked)?;
        let who = request.other_user_id().to_owned();
        let VerificationRequestState::Requested {
            other_device_data, ..
        } = request.state()
        else {
            continue;
        };
        let device = other_device_data.device_id();
        let known = matrix.0.client.encryption().get_device(&who, device).await;
        let signed = known
            .ok()
            .flatten()
            .is_some_and(|device| device.is_cross_signed_by_owner());
        if !signed && matrix.0.settings.trust == Trust::Signed {
            operator.told(&format!(
                "{who} asks from session {device}, which its owner has not verified: not answered. \
                 They verify that session first, with their recovery key."
            ));
            let _ = request.cancel().await;
            continue;
        }
        operator.told(&format!("{who} asks, from session {device}."));
        return Ok(request);
    }
}

async fn compare(
    request: &VerificationRequest,
    operator: &dyn Operator,
) -> Result<Verified, VerifyError> {
    let failed = |error: matrix_sdk::Error| VerifyError::Homeserver(error.to_string());
    let who = request.other_user_id().to_string();
    let mut changes = request.changes();
    request.accept().await.map_err(failed)?;
    let mut state = request.state();
    let sas = loop {
        match state {
            VerificationRequestState::Transitioned {
                verification: Verification::SasV1(sas),
            } => break sas,
            VerificationRequestState::Cancelled(info) => return Err(cancelled(who, &info)),
            VerificationRequestState::Created { .. }
            | VerificationRequestState::Requested { .. }
            | VerificationRequestState::Ready { .. }
            | VerificationRequestState::Transitioned { .. }
            | VerificationRequestState::Done => {}
        }
        state = changes
            .next()
            .await
            .ok_or_else(|| VerifyError::Silence(who.clone()))?;
    };
    emoji(&sas, operator).await
}

async fn emoji(sas: &SasVerification, operator: &dyn Operator) -> Result<Verified, VerifyError> {
    let failed = |error: matrix_sdk::Error| VerifyError::Homeserver(error.to_string());
    let who = sas.other_user_id().to_string();
    let device = sas.other_device().device_id().to_string();
    let mut changes = sas.changes();
    sas.accept().await.map_err(failed)?;
    let mut state = sas.state();
    loop {
        match state {
            SasState::KeysExchanged {
                emojis: Some(emojis),
                ..
            } => {
                let comparison = Comparison {
                    who: who.clone(),
                    device: device.clone(),
                    emoji: emojis.emojis.map(
                        |Emoji {
                             symbol,
                             description,
                         }| (symbol, description),
                    ),
                };
                let answer = tokio::select! {
                    answer = operator.compares(comparison) => answer,
                    info = given_up(sas) => return Err(cancelled(who, &info)),
                };
                match answer {
                    Match::Same => sas.confirm().await.map_err(failed)?,
                    Match::Different => {
                        sas.mismatch().await.map_err(failed)?;
                        return Err(VerifyError::Different(who));
                    }
                }
                operator.told("Confirmed here; now they confirm.");
            }
            SasState::Done { .. } => return Ok(Verified { who, device }),
            SasState::Cancelled(info) => return Err(cancelled(who, &info)),
            SasState::Created { .. }
            | SasState::Started { .. }
            | SasState::Accepted { .. }
            | SasState::KeysExchanged { .. }
            | SasState::Confirmed => {}
        }
        state = changes
            .next()
            .await
            .ok_or_else(|| VerifyError::Silence(who.clone()))?;
    }
}

/// Waits until the comparison is over without an answer.
async fn given_up(sas: &SasVerification) -> CancelInfo {
    let mut changes = sas.changes();
    loop {
        if let SasState::Cancelled(info) = sas.state() {
            return info;
        }
        if changes.next().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

fn cancelled(who: String, info: &CancelInfo) -> VerifyError {
    let reason = match info.cancel_code() {
        CancelCode::MismatchedSas => return VerifyError::Different(who),
        CancelCode::User => "they cancelled",
        CancelCode::Timeout => "it took too long; there is about a minute for each step",
        CancelCode::Accepted => "another session of the bot's account took it",
        _ => info.reason(),
    };
    VerifyError::Cancelled { who, reason }
}
