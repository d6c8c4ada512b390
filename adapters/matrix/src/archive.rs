//! A room in which no more is said, and people keep reading.

use matrix_sdk::Room;
use matrix_sdk::ruma::OwnedRoomId;
use matrix_sdk::ruma::events::StateEventType;
use serde_json::json;
use underrose_chat::DeliverError;

use crate::adapter::Account;
use crate::failure::of;
use crate::state;

/// State that says: nothing more is said here.
const ARCHIVED: &str = "dev.underrose.archived";

/// The power that speaking takes in an archived room, which only the bot has.
const SILENCE: i64 = 100;

pub async fn archive(account: &Account, room: &Room) -> Result<(), DeliverError> {
    if is_archived(account, room).await {
        return Ok(());
    }
    // People keep reading, and nobody says more: speaking takes a power that nobody has.
    let now = state::asked(room, StateEventType::RoomPowerLevels, "").await?;
    let mut levels = now.unwrap_or_else(|| json!({}));
    levels["events_default"] = json!(SILENCE);
    levels["users_default"] = json!(0);
    room.send_state_event_raw("m.room.power_levels", "", levels)
        .await
        .map_err(|error| of(&error))?;
    room.send_state_event_raw(ARCHIVED, "", json!({"archived": true}))
        .await
        .map_err(|error| of(&error))?;
    account.known().archived.insert(room.room_id().to_owned());
    Ok(())
}

pub async fn is_archived(account: &Account, room: &Room) -> bool {
    let id: OwnedRoomId = room.room_id().to_owned();
    if account.known().archived.contains(&id) {
        return true;
    }
    let marked = room
        .get_state_event(StateEventType::from(ARCHIVED), "")
        .await;
    marked.ok().flatten().is_some()
}
