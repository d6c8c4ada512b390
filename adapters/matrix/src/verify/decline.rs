//! The running bot asked to be verified: it has nobody to compare emoji with, so it says no, and in
//! a direct room how it can be done. Said once in a room, as long as the room's end still holds it.

use std::sync::Arc;

use matrix_sdk::Room;
use matrix_sdk::ruma::{OwnedUserId, UserId};
use matrix_sdk::sync::SyncResponse;
use serde_json::Value;
use sha2::{Digest, Sha256};
use underrose_chat::{Block, Inline, Message};

use super::requests::{Asked, in_room, to_this_device};
use crate::adapter::Account;
use crate::render::Relation;
use crate::{direct, posting};

/// What to do instead.
const HOW: &str = "You want to verify me. I cannot compare emoji by myself: somebody must sit at my \
    terminal. Whoever runs me stops me for a minute, runs the command below, and compares with you; \
    ask me again then. Nothing that is said meanwhile is lost.";
const COMMAND: &str = "underrose setup matrix --verify";

/// Declines what a sync brought for this device. It names no room: how to do it is said in the
/// direct one, if there is one. The sync does not wait for it.
pub fn decline_to_device(account: &Arc<Account>, response: &SyncResponse) {
    for asked in to_this_device(response) {
        let account = account.clone();
        tokio::spawn(async move {
            let Some(by) = cancel(&account, &asked).await else {
                return;
            };
            if let Ok(Some(room)) = direct::found(&account, &by).await {
                say(&account, &room, &asked.by).await;
            }
        });
    }
}

/// Declines a request in a room, if the event is one.
pub fn decline_in_room(account: &Arc<Account>, room: &Room, event: &Value) {
    let Some(asked) = in_room(event, account.me.as_str()) else {
        return;
    };
    let (account, room) = (account.clone(), room.clone());
    tokio::spawn(async move {
        let Some(by) = cancel(&account, &asked).await else {
            return;
        };
        let partner = direct::partner(&account, &room).await.ok().flatten();
        if partner == Some(by) {
            say(&account, &room, &asked.by).await;
        }
    });
}

/// Who asked, if there was something to cancel: what was asked in an earlier life is over, and so
/// is what `setup` has answered.
async fn cancel(account: &Account, asked: &Asked) -> Option<OwnedUserId> {
    let by = UserId::parse(&asked.by).ok()?;
    let encryption = account.client.encryption();
    let request = encryption
        .get_verification_request(&by, &asked.flow)
        .await?;
    if request.is_cancelled() || request.is_done() {
        return None;
    }
    if request.cancel().await.is_err() {
        tracing::debug!("a request for verification could not be declined");
    }
    Some(by)
}

async fn say(account: &Account, room: &Room, to: &str) {
    let message = Message {
        blocks: vec![
            Block::Paragraph {
                parts: vec![Inline::Text {
                    text: HOW.to_owned(),
                }],
            },
            Block::Code {
                text: COMMAND.to_owned(),
            },
        ],
    };
    // One key for each person: said again only when it is long forgotten.
    let hash = Sha256::digest(format!("verify/{to}"));
    let key: String = hash
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let said = posting::post(account, room, &key, &message, &Relation::None).await;
    if said.is_err() {
        tracing::debug!("how the bot is verified could not be said");
    }
}
