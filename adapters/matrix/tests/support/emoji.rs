//! A person who verifies the bot, and somebody who sits at the bot's terminal.

use std::sync::Mutex;

use async_trait::async_trait;
use matrix_sdk::encryption::verification::{SasVerification, VerificationRequest};
use matrix_sdk::ruma::UserId;
use tokio::sync::mpsc;
use underrose_matrix::{Comparison, Match, Operator};

use super::person::Person;

impl Person {
    /// Presses Verify on somebody's profile: in the direct room, as Element does.
    pub async fn asks_to_verify(&self, other: &UserId) -> VerificationRequest {
        let encryption = self.client.encryption();
        let identity = encryption.request_user_identity(other).await.unwrap();
        identity
            .expect("an identity")
            .request_verification()
            .await
            .unwrap()
    }

    /// The same, sent to the device.
    pub async fn asks_device(&self, other: &UserId, device: &str) -> VerificationRequest {
        let encryption = self.client.encryption();
        encryption.request_user_identity(other).await.unwrap();
        let device = encryption.get_device(other, device.into()).await.unwrap();
        device
            .expect("the device")
            .request_verification()
            .await
            .unwrap()
    }

    /// Chooses emoji once the other side is ready, and waits until they are shown.
    pub async fn compares(&self, request: &VerificationRequest) -> SasVerification {
        self.until("a ready other side", |_| request.is_ready().then_some(()))
            .await;
        let sas = request.start_sas().await.unwrap().unwrap();
        self.until("the emoji", |_| sas.emoji()).await;
        sas
    }

    pub async fn has_verified(&self, other: &UserId) -> bool {
        let encryption = self.client.encryption();
        let identity = encryption.get_user_identity(other).await.unwrap();
        identity.is_some_and(|identity| identity.is_verified())
    }
}

impl Person {
    /// Waits until their client has it down.
    pub async fn verifies(&self, other: &UserId) {
        let mut looks = tokio::time::interval(std::time::Duration::from_millis(100));
        let seen = async {
            while !self.has_verified(other).await {
                looks.tick().await;
            }
        };
        let seen = tokio::time::timeout(super::person::PATIENCE, seen).await;
        seen.expect("they never had it down");
    }
}

/// Emoji as a person's client shows them.
pub fn shown(sas: &SasVerification) -> Vec<(&'static str, &'static str)> {
    let emoji = sas.emoji().unwrap();
    emoji
        .iter()
        .map(|one| (one.symbol, one.description))
        .collect()
}

/// Sits at the terminal, and answers what the test tells.
pub struct Sitting {
    pub told: Mutex<Vec<String>>,
    shows: mpsc::Sender<Comparison>,
    answers: tokio::sync::Mutex<mpsc::Receiver<Match>>,
}

/// The test's side of it.
pub struct Terminal {
    shown: mpsc::Receiver<Comparison>,
    answer: mpsc::Sender<Match>,
}

pub fn sitting() -> (std::sync::Arc<Sitting>, Terminal) {
    let (shows, shown) = mpsc::channel(1);
    let (answer, answers) = mpsc::channel(1);
    let sitting = Sitting {
        told: Mutex::default(),
        shows,
        answers: answers.into(),
    };
    (sitting.into(), Terminal { shown, answer })
}

impl Terminal {
    pub async fn shows(&mut self) -> Comparison {
        let patience = super::person::PATIENCE;
        let shown = tokio::time::timeout(patience, self.shown.recv()).await;
        shown.expect("the emoji, in time").expect("the emoji")
    }

    pub async fn types(&self, answer: Match) {
        self.answer.send(answer).await.unwrap();
    }
}

#[async_trait]
impl Operator for Sitting {
    fn told(&self, sentence: &str) {
        self.told.lock().unwrap().push(sentence.to_owned());
    }

    async fn compares(&self, comparison: Comparison) -> Match {
        self.shows.send(comparison).await.unwrap();
        self.answers.lock().await.recv().await.unwrap()
    }
}
