//! Whether what was decrypted may be believed, and what to say when not. Pure. The crypto crate
//! asks the same before it decrypts; this is the second lock on the same door.

use matrix_sdk::deserialized_responses::{
    EncryptionInfo, UnableToDecryptReason, VerificationLevel, VerificationState,
};
use underrose_chat::Distrust;

use crate::settings::Trust;

/// `None` if the sender's device may be believed.
pub fn distrust(info: &EncryptionInfo, sender: &str, trust: Trust) -> Option<Distrust> {
    if info.sender != sender {
        return Some(Distrust::Device);
    }
    match (&info.verification_state, trust) {
        (VerificationState::Verified, _)
        | (VerificationState::Unverified(VerificationLevel::UnverifiedIdentity), _) => None,
        // Their owner changed the identity that somebody here had verified.
        (VerificationState::Unverified(VerificationLevel::VerificationViolation), _)
        | (VerificationState::Unverified(VerificationLevel::MismatchedSender), _) => {
            Some(Distrust::Device)
        }
        (VerificationState::Unverified(VerificationLevel::UnsignedDevice), Trust::AnyDevice)
        | (VerificationState::Unverified(VerificationLevel::None(_)), Trust::AnyDevice) => None,
        (VerificationState::Unverified(VerificationLevel::UnsignedDevice), Trust::Signed)
        | (VerificationState::Unverified(VerificationLevel::None(_)), Trust::Signed) => {
            Some(Distrust::Device)
        }
    }
}

/// Why something stays unreadable, or `None` while its key may still come.
pub fn verdict(reason: &UnableToDecryptReason) -> Option<Distrust> {
    match reason {
        UnableToDecryptReason::SenderIdentityNotTrusted(_)
        | UnableToDecryptReason::MismatchedIdentityKeys => Some(Distrust::Device),
        UnableToDecryptReason::MissingMegolmSession { withheld_code } => {
            withheld_code.as_ref().map(|_| Distrust::Unreadable)
        }
        UnableToDecryptReason::UnknownMegolmMessageIndex => None,
        UnableToDecryptReason::Unknown
        | UnableToDecryptReason::MalformedEncryptedEvent
        | UnableToDecryptReason::MegolmDecryptionFailure
        | UnableToDecryptReason::PayloadDeserializationFailure => Some(Distrust::Unreadable),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use matrix_sdk::deserialized_responses::{AlgorithmInfo, DeviceLinkProblem};

    use super::*;

    fn check(state: VerificationState, strict: Option<Distrust>, lax: Option<Distrust>) {
        let info = EncryptionInfo {
            sender: "@a:b".try_into().unwrap(),
            sender_device: None,
            forwarder: None,
            algorithm_info: AlgorithmInfo::MegolmV1AesSha2 {
                curve25519_key: String::new(),
                sender_claimed_keys: Default::default(),
                session_id: None,
            },
            verification_state: state.clone(),
        };
        assert_eq!(
            distrust(&info, "@a:b", Trust::Signed),
            strict,
            "{state:?}, strict"
        );
        assert_eq!(
            distrust(&info, "@a:b", Trust::AnyDevice),
            lax,
            "{state:?}, lax"
        );
        assert_eq!(
            distrust(&info, "@mallory:b", Trust::AnyDevice),
            Some(Distrust::Device),
            "{state:?}, under another's name"
        );
    }

    #[test]
    fn only_a_device_that_its_owner_signed_is_believed() {
        use VerificationLevel as L;
        use VerificationState::{Unverified, Verified};
        let device = Some(Distrust::Device);
        check(Verified, None, None);
        check(Unverified(L::UnverifiedIdentity), None, None);
        check(Unverified(L::VerificationViolation), device, device);
        check(Unverified(L::UnsignedDevice), device, None);
        check(
            Unverified(L::None(DeviceLinkProblem::MissingDevice)),
            device,
            None,
        );
        check(
            Unverified(L::None(DeviceLinkProblem::InsecureSource)),
            device,
            None,
        );
        check(Unverified(L::MismatchedSender), device, device);
    }
}
