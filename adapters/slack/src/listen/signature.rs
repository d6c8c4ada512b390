//! Whether a request comes from Slack: signed with our secret over its raw body, and not old.
//! <https://docs.slack.dev/authentication/verifying-requests-from-slack/>
//!
//! The comparison and the five minutes are slack-morphism's. Its errors are not shown: one of them
//! once held the signature that would have been right.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use slack_morphism::signature_verifier::{
    SlackEventSignatureVerifier, SlackEventSignatureVerifierError,
};

/// Why a request was turned away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// No signature, or a wrong one.
    Unsigned,
    /// Signed, and older than five minutes: a replay.
    Stale,
    /// Larger than any payload of Slack's.
    Oversized,
    /// Signed, and neither of Slack's forms.
    Malformed,
}

/// How many were turned away, by why. Cheap to clone; all clones count together.
#[derive(Clone, Default, Debug)]
pub struct Refused(Arc<[AtomicU64; 4]>);

impl Refused {
    pub fn count(&self, reason: Reason) -> u64 {
        self.at(reason).load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, reason: Reason) {
        let count = self.at(reason).fetch_add(1, Ordering::Relaxed) + 1;
        tracing::warn!(?reason, count, "a request was turned away");
    }

    fn at(&self, reason: Reason) -> &AtomicU64 {
        let [unsigned, stale, oversized, malformed] = &*self.0;
        match reason {
            Reason::Unsigned => unsigned,
            Reason::Stale => stale,
            Reason::Oversized => oversized,
            Reason::Malformed => malformed,
        }
    }
}

/// Whether the signature is right for this body, and the stamp is fresh.
pub fn verify(
    verifier: &SlackEventSignatureVerifier,
    signature: &str,
    stamp: &str,
    body: &str,
) -> Result<(), Reason> {
    match verifier.verify(signature, body, stamp) {
        Ok(()) => Ok(()),
        Err(SlackEventSignatureVerifierError::IncorrectOrExpiredTimestampError(_)) => {
            Err(Reason::Stale)
        }
        Err(_) => Err(Reason::Unsigned),
    }
}
