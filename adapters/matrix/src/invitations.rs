//! Which invitations the bot accepts: to rooms of the configuration, to what replaces a room where
//! it is, and to an encrypted conversation with one person. Every other is declined.

use std::sync::Arc;
use std::time::Duration;

use matrix_sdk::ruma::OwnedUserId;
use matrix_sdk::{Room, RoomState};
use underrose_chat::DeliverError;

use crate::adapter::Account;
use crate::direct;
use crate::failure::of;

/// Attempts, with pauses that double between them: about a minute. A homeserver that limits rates says
/// no for some seconds; and another homeserver refuses whoever joins before it has written down its
/// own invitation.
const ATTEMPTS_MAX: u32 = 8;
const PAUSE_MIN: Duration = Duration::from_millis(500);

pub async fn answer(account: Arc<Account>, room: Room) {
    keep_at(&account, &room, None).await;
}

/// The last life may have ended between a join and what was to follow.
pub async fn go_on(account: Arc<Account>, room: Room) {
    let encrypted = room.encryption_state().is_encrypted();
    if let Some(by) = direct::meant_for(&account, &room).filter(|_| !encrypted) {
        keep_at(&account, &room, Some(Reply::Talk(by))).await;
    }
}

async fn keep_at(account: &Account, room: &Room, mut reply: Option<Reply>) {
    let mut pause = PAUSE_MIN;
    for attempt in 1..=ATTEMPTS_MAX {
        if once(account, room, &mut reply).await.is_ok() {
            return;
        }
        if attempt < ATTEMPTS_MAX {
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }
    tracing::warn!(room = %room.room_id(), "an invitation could not be answered");
}

/// What an invitation is answered with. Found out once: when the answer to a join is lost, the room
/// is no invitation any more, and what was to follow must still be done.
enum Reply {
    Join,
    Decline,
    /// It is a conversation with this person.
    Talk(OwnedUserId),
}

async fn once(
    account: &Account,
    room: &Room,
    reply: &mut Option<Reply>,
) -> Result<(), DeliverError> {
    let failed = |error: matrix_sdk::Error| of(&error);
    let reply = match reply {
        Some(reply) => reply,
        None if room.state() != RoomState::Invited => return Ok(()),
        none => none.insert(considered(account, room).await?),
    };
    match reply {
        Reply::Join => join(room).await,
        Reply::Decline => room.leave().await.map_err(failed),
        Reply::Talk(by) => talk(account, room, by).await,
    }
}

async fn considered(account: &Account, room: &Room) -> Result<Reply, DeliverError> {
    let id = room.room_id();
    let configured = account
        .settings
        .rooms
        .iter()
        .any(|known| *known == id.as_str());
    let replaces = account.client.joined_rooms().iter().any(|known| {
        known
            .successor_room()
            .is_some_and(|successor| successor.room_id == id)
    });
    if configured || replaces {
        return Ok(Reply::Join);
    }
    let details = room.invite_details().await;
    let by = details.map_err(|error| of(&error))?.inviter_id;
    if room.is_direct().await.unwrap_or(false) {
        Ok(Reply::Talk(by))
    } else {
        Ok(Reply::Decline)
    }
}

async fn join(room: &Room) -> Result<(), DeliverError> {
    if room.state() == RoomState::Joined {
        return Ok(());
    }
    room.join().await.map_err(|error| of(&error))
}

/// First it is written down whose conversation it is, then joined: the first words may come at once,
/// and a life that ends in between must leave no room in which nobody listens.
async fn talk(account: &Account, room: &Room, by: &OwnedUserId) -> Result<(), DeliverError> {
    let failed = |error: matrix_sdk::Error| of(&error);
    if room.state() != RoomState::Left {
        direct::is_with(account, room, by).await?;
        join(room).await?;
        let encrypted = room.latest_encryption_state().await.map_err(failed)?;
        if encrypted.is_encrypted() {
            return Ok(());
        }
        // The mark stays, which nobody believes of a room that is left: the SDK takes one back from
        // what was synced last, and so might take back another's that is newer.
        room.leave().await.map_err(failed)?;
    }
    // They want to talk: here is a room in which that can be done in confidence.
    direct::room(account, by).await.map(|_| ())
}
