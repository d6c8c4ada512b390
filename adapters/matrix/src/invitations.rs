//! Which invitations the bot accepts: to rooms of the configuration, to what replaces a room where
//! it is, and to an encrypted conversation with one person. Every other is declined.

use std::sync::Arc;
use std::time::Duration;

use matrix_sdk::{Room, RoomState};
use underrose_chat::DeliverError;

use crate::adapter::Account;
use crate::direct;
use crate::failure::of;

/// Attempts, with a pause between: a homeserver that limits rates says no for some seconds.
const ATTEMPTS_MAX: u32 = 6;
const PAUSE: Duration = Duration::from_secs(5);

pub async fn answer(account: Arc<Account>, room: Room) {
    for _ in 0..ATTEMPTS_MAX {
        match once(&account, &room).await {
            Err(DeliverError::Retry { .. }) => tokio::time::sleep(PAUSE).await,
            Err(DeliverError::Reject { .. }) | Ok(()) => return,
        }
    }
}

async fn once(account: &Account, room: &Room) -> Result<(), DeliverError> {
    let failed = |error: matrix_sdk::Error| of(&error);
    if room.state() != RoomState::Invited {
        return Ok(());
    }
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
        return room.join().await.map_err(failed);
    }
    let by = room.invite_details().await.map_err(failed)?.inviter_id;
    let direct = room.is_direct().await.unwrap_or(false);
    if !direct {
        return room.leave().await.map_err(failed);
    }
    // What the invitation itself says of encryption may be nothing: inside it is known.
    room.join().await.map_err(failed)?;
    let encrypted = room.latest_encryption_state().await.map_err(failed)?;
    if encrypted.is_encrypted() {
        account.known().direct.insert(by.clone(), id.to_owned());
        let marked = account.client.account();
        return marked
            .mark_as_dm(id, std::slice::from_ref(&by))
            .await
            .map_err(failed);
    }
    room.leave().await.map_err(failed)?;
    // They want to talk: here is a room in which that can be done in confidence.
    direct::room(account, &by).await.map(|_| ())
}
