//! The running bot asked to be verified: it has nobody to compare emoji with, so it says no, and in
//! a direct room how it can be done. Said once in a room, as long as the room's end still holds it.

use std::sync::Arc;

use matrix_sdk::Room;
use matrix_sdk::ruma::UserId;
use matrix_sdk::sync::SyncResponse;
use serde_json::{Value, json};
use underrose_chat::{Block, Inline, Message};

use super::requests::{Asked, in_room, to_this_device};
use crate::adapter::Account;
use crate::render::Relation;
use crate::{direct, named, posting};

/// What to do instead.
const HOW: &str = "You want to verify me. I cannot compare emoji by myself: somebody must sit at my \
    terminal. Whoever runs me stops me for a minute, runs the command below, and compares with you; \
    ask me again then. Nothing that is said meanwhile is lost.";
const COMMAND: &str = "underrose setup matrix --verify";

/// Whether something was asked in this life of the bot's, or before: then it may have been answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    Now,
    Before,
}

/// Declines what a sync brought for this device. It names no room: how to do it is said in the
/// direct one, if there is one. The sync does not wait for it.
pub fn decline_to_device(account: &Arc<Account>, response: &SyncResponse) {
    for asked in to_this_device(response) {
        let account = account.clone();
        tokio::spawn(async move {
            let Ok(by) = UserId::parse(&asked.by) else {
                return;
            };
            if cancel(&account, &by, &asked).await == Request::Over {
                return;
            }
            if let Ok(Some(room)) = direct::found(&account, &by).await {
                say(&account, &room, &asked.by).await;
            }
        });
    }
}

/// Declines a request in a room, if the event is one.
pub fn decline_in_room(account: &Arc<Account>, room: &Room, event: &Value, asking: Asking) {
    let Some(asked) = in_room(event, account.me.as_str()) else {
        return;
    };
    let (account, room) = (account.clone(), room.clone());
    tokio::spawn(async move {
        let Ok(by) = UserId::parse(&asked.by) else {
            return;
        };
        match (cancel(&account, &by, &asked).await, asking) {
            (Request::Cancelled, _) => {}
            (Request::Unknown, Asking::Now) => cancel_unknown(&room, &asked).await,
            (Request::Over, _) | (Request::Unknown, Asking::Before) => return,
        }
        let partner = direct::partner(&account, &room).await.ok().flatten();
        if partner == Some(by) {
            say(&account, &room, &asked.by).await;
        }
    });
}

/// What the sdk knows of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Request {
    Cancelled,
    /// It was cancelled or carried out before.
    Over,
    /// It came from a device whose keys the sdk had not fetched yet, or before it could be read.
    Unknown,
}

async fn cancel(account: &Account, by: &UserId, asked: &Asked) -> Request {
    let encryption = account.client.encryption();
    let request = encryption.get_verification_request(by, &asked.flow).await;
    let Some(request) = request else {
        return Request::Unknown;
    };
    if request.is_cancelled() || request.is_done() {
        return Request::Over;
    }
    if request.cancel().await.is_err() {
        tracing::debug!("a request for verification could not be declined");
    }
    Request::Cancelled
}

/// Declines what the sdk has dropped: else the other side waits for ten minutes.
async fn cancel_unknown(room: &Room, asked: &Asked) {
    let content = json!({
        "code": "m.user",
        "reason": "nobody is there to compare emoji",
        "m.relates_to": {"rel_type": "m.reference", "event_id": asked.flow},
    });
    let sent = room.send_raw("m.key.verification.cancel", content).await;
    if sent.is_err() {
        tracing::debug!("a request for verification could not be declined");
    }
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
    let key = named::after(format!("verify/{to}"));
    let said = posting::post(account, room, &key, &message, &Relation::None).await;
    if said.is_err() {
        tracing::debug!("how the bot is verified could not be said");
    }
}
