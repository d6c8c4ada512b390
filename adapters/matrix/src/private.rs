//! Whether a room keeps a secret: encrypted, by invitation only, and its history for members. Asked
//! before everything private that is said, and told when it stops being so.

use matrix_sdk::Room;
use matrix_sdk::ruma::api::client::state::get_state_event_for_key;
use matrix_sdk::ruma::events::StateEventType;
use matrix_sdk::ruma::events::room::guest_access::GuestAccess;
use matrix_sdk::ruma::events::room::history_visibility::HistoryVisibility;
use matrix_sdk::ruma::room::JoinRule;
use serde_json::Value;

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

/// Asks the client's copy of the room, and the homeserver while there is no copy yet.
pub async fn rules(room: &Room) -> Result<Rules, matrix_sdk::Error> {
    let encrypted = room.latest_encryption_state().await?.is_encrypted();
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

/// The same from the homeserver itself: the client's copy may be of a room that was still being
/// made.
pub async fn rules_now(room: &Room) -> Result<Rules, matrix_sdk::Error> {
    let encrypted = asked(room, StateEventType::RoomEncryption, "algorithm").await?;
    fetched(room, encrypted.is_some()).await
}

async fn fetched(room: &Room, encrypted: bool) -> Result<Rules, matrix_sdk::Error> {
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
) -> Result<Option<String>, matrix_sdk::Error> {
    let id = room.room_id().to_owned();
    let request = get_state_event_for_key::v3::Request::new(id, kind, String::new());
    match room.client().send(request).await {
        Ok(answer) => {
            let content: Value =
                serde_json::from_str(answer.event_or_content.get()).unwrap_or_default();
            Ok(content[field].as_str().map(str::to_owned))
        }
        Err(error)
            if error.client_api_error_kind()
                == Some(&matrix_sdk::ruma::api::error::ErrorKind::NotFound) =>
        {
            Ok(None)
        }
        Err(error) => Err(matrix_sdk::Error::from(error)),
    }
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
