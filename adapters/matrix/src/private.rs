//! Whether a room keeps a secret: encrypted, by invitation only, and its history for members. Asked
//! before everything private that is said, and told when it stops being so.

use matrix_sdk::Room;
use matrix_sdk::ruma::events::StateEventType;
use matrix_sdk::ruma::events::room::guest_access::GuestAccess;
use matrix_sdk::ruma::events::room::history_visibility::HistoryVisibility;
use matrix_sdk::ruma::room::JoinRule;
use underrose_chat::DeliverError;

use crate::failure::{of, retry};
use crate::state;

/// What a room says of itself. `None` where it says nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rules {
    pub encrypted: bool,
    pub join: Option<String>,
    pub history: Option<String>,
    pub guests: Option<String>,
}

/// Why it does not keep a secret, without content; `None` if it does.
pub fn leak(rules: &Rules) -> Option<&'static str> {
    if !rules.encrypted {
        return Some("the room is not encrypted");
    }
    match rules.join.as_deref() {
        Some("invite" | "private" | "knock") => {}
        Some("public") => return Some("everybody may join the room"),
        Some("restricted" | "knock_restricted") => {
            return Some("members of other rooms may join the room");
        }
        // By the specification a room without the event is for invited people only.
        None => {}
        Some(_) => return Some("the room's join rule is unknown"),
    }
    if rules.history.as_deref() == Some("world_readable") {
        return Some("everybody may read the room's history");
    }
    match rules.guests.as_deref() {
        Some("can_join") if rules.join.as_deref() != Some("invite") => {
            Some("guests may join the room")
        }
        Some(_) | None => None,
    }
}

/// Whether the room keeps a secret now: `None`, or why it does not, without content.
///
/// # Errors
/// If the homeserver must answer first, or if it says yes and the client does not know it yet:
/// nothing is said before, since the client would not encrypt.
pub async fn keeps(room: &Room) -> Result<Option<&'static str>, DeliverError> {
    if leak(&rules(room).await?).is_none() {
        return Ok(None);
    }
    // The client's copy may be of a room that was still being made.
    let encrypted = asked(room, StateEventType::RoomEncryption, "algorithm").await?;
    let now = fetched(room, encrypted.is_some()).await?;
    match leak(&now) {
        Some(leak) => Ok(Some(leak)),
        None => Err(retry("the client does not know the whole room yet")),
    }
}

/// Asks the client's copy of the room, and the homeserver while there is no copy yet.
pub async fn rules(room: &Room) -> Result<Rules, DeliverError> {
    let encrypted = room.latest_encryption_state().await;
    let encrypted = encrypted.map_err(|error| of(&error))?.is_encrypted();
    if room.create_content().is_none() {
        return fetched(room, encrypted).await;
    }
    let history = room
        .history_visibility()
        .map(|visibility| match visibility {
            HistoryVisibility::WorldReadable => "world_readable".to_owned(),
            other => other.to_string(),
        });
    let guests = match room.guest_access() {
        GuestAccess::CanJoin => Some("can_join".to_owned()),
        _ => None,
    };
    Ok(Rules {
        encrypted,
        join: room.join_rule().map(|rule| join_name(&rule)),
        history,
        guests,
    })
}

fn join_name(rule: &JoinRule) -> String {
    rule.as_str().to_owned()
}

async fn fetched(room: &Room, encrypted: bool) -> Result<Rules, DeliverError> {
    Ok(Rules {
        encrypted,
        join: asked(room, StateEventType::RoomJoinRules, "join_rule").await?,
        history: asked(
            room,
            StateEventType::RoomHistoryVisibility,
            "history_visibility",
        )
        .await?,
        guests: asked(room, StateEventType::RoomGuestAccess, "guest_access").await?,
    })
}

async fn asked(
    room: &Room,
    kind: StateEventType,
    field: &str,
) -> Result<Option<String>, DeliverError> {
    let content = state::asked(room, kind, "").await?.unwrap_or_default();
    Ok(content[field].as_str().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(encrypted: bool, join: &str, history: &str, keeps: bool) {
        let rules = Rules {
            encrypted,
            join: Some(join.to_owned()),
            history: Some(history.to_owned()),
            guests: None,
        };
        assert_eq!(leak(&rules).is_none(), keeps, "{rules:?}");
    }

    #[test]
    fn a_room_keeps_a_secret_only_if_nothing_of_it_is_open() {
        check(true, "invite", "joined", true);
        check(true, "invite", "shared", true);
        check(true, "knock", "invited", true);
        check(false, "invite", "joined", false);
        check(true, "public", "joined", false);
        check(true, "restricted", "joined", false);
        check(true, "new_rule", "joined", false);
        check(true, "invite", "world_readable", false);
    }
}
