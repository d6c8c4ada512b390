//! Before words are refused for their device: the owner's keys may only have come after them. A
//! room's key and the message travel ahead of the answer to who that device belongs to, so that is
//! asked for once more. An answer that signs nothing changes nothing.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use matrix_sdk::Room;
use matrix_sdk::deserialized_responses::{TimelineEvent, TimelineEventKind, UnableToDecryptReason};
use matrix_sdk::ruma::OwnedUserId;

/// The homeserver is asked so often at most for one person's keys, whatever they send.
const ASK_EVERY: Duration = Duration::from_secs(5);

/// Whom one room's doubts were about, and when the homeserver was asked last.
#[derive(Default)]
pub struct Doubts(HashMap<OwnedUserId, Instant>);

impl Doubts {
    /// The event as it reads by the newest keys of its sender.
    pub async fn settle(&mut self, room: &Room, event: TimelineEvent) -> TimelineEvent {
        if !is_doubted(&event) {
            return event;
        }
        let event = read_again(room, event).await;
        let Some(sender) = event.sender().filter(|_| is_doubted(&event)) else {
            return event;
        };
        if !self.may_ask(&sender) {
            return event;
        }
        let asked = room.client().encryption();
        if asked.request_user_identity(&sender).await.is_err() {
            tracing::debug!("the homeserver does not say whose device it is");
            return event;
        }
        read_again(room, event).await
    }

    fn may_ask(&mut self, sender: &OwnedUserId) -> bool {
        let now = Instant::now();
        self.0.retain(|_, asked| now - *asked < ASK_EVERY);
        if self.0.contains_key(sender) {
            return false;
        }
        self.0.insert(sender.clone(), now);
        true
    }
}

fn is_doubted(event: &TimelineEvent) -> bool {
    match &event.kind {
        TimelineEventKind::UnableToDecrypt { utd_info, .. } => matches!(
            utd_info.reason,
            UnableToDecryptReason::SenderIdentityNotTrusted(_)
        ),
        TimelineEventKind::Decrypted(_) | TimelineEventKind::PlainText { .. } => false,
    }
}

async fn read_again(room: &Room, event: TimelineEvent) -> TimelineEvent {
    let again = room.decrypt_event(event.raw().cast_ref_unchecked(), None);
    again.await.unwrap_or(event)
}
