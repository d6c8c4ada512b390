//! Which invitations the bot accepts: to rooms of the configuration, to what replaces a room where
//! it is, and to an encrypted conversation with one person. Every other is declined.

use std::sync::Arc;

use matrix_sdk::{Room, RoomState};

use crate::adapter::Account;
use crate::direct;

pub async fn answer(account: Arc<Account>, room: Room) {
    if room.state() != RoomState::Invited {
        return;
    }
    let id = room.room_id();
    let configured = account.settings.rooms.iter().any(|known| *known == id.as_str());
    let replaces = account.client.joined_rooms().iter().any(|known| {
        known
            .successor_room()
            .is_some_and(|successor| successor.room_id == id)
    });
    if configured || replaces {
        let _ = room.join().await;
        return;
    }
    let Ok(invite) = room.invite_details().await else {
        return;
    };
    let by = invite.inviter_id;
    let direct = room.is_direct().await.unwrap_or(false);
    if !direct {
        let _ = room.leave().await;
        return;
    }
    // What the invitation itself says of encryption may be nothing: inside it is known.
    if room.join().await.is_err() {
        return;
    }
    let encrypted = room.latest_encryption_state().await;
    if encrypted.is_ok_and(|state| state.is_encrypted()) {
        account.known().direct.insert(by.clone(), id.to_owned());
        let _ = account
            .client
            .account()
            .mark_as_dm(id, std::slice::from_ref(&by))
            .await;
        return;
    }
    let _ = room.leave().await;
    // They want to talk: here is a room in which that can be done in confidence.
    let _ = direct::room(&account, &by).await;
}
