//! Making a room, once per address: encrypted, by invitation only, its history for members, and
//! power for the bot alone.

use matrix_sdk::ruma::api::client::room::{Visibility, create_room};
use matrix_sdk::ruma::api::error::ErrorKind;
use matrix_sdk::ruma::serde::Raw;
use matrix_sdk::ruma::{OwnedRoomId, OwnedUserId, RoomAliasId};
use matrix_sdk::{Room, RoomState};
use serde_json::{Value, json};
use underrose_chat::DeliverError;

use crate::adapter::Account;
use crate::direct;
use crate::failure::{of, of_http, reject};
use crate::settings::Federation;

/// What the bot alone may do: more than anybody else has.
const BOT_ONLY: i64 = 100;

pub struct Wanted<'a> {
    /// Without `#` and server. It follows from a delivery's key and says nothing.
    pub alias: String,
    pub name: Option<&'a str>,
    pub topic: Option<&'a str>,
    pub invite: Vec<OwnedUserId>,
    pub kind: Kind,
}

pub enum Kind {
    Case,
    /// With this person.
    Direct(OwnedUserId),
}

/// The room at this address, made if there is none.
pub async fn open(account: &Account, wanted: &Wanted<'_>) -> Result<Room, DeliverError> {
    let _one_at_a_time = account.opening.lock().await;
    let request = request(account, wanted)?;
    let response = account.client.send(request).await;
    match response {
        Ok(response) => {
            for who in &wanted.invite {
                account
                    .known()
                    .invited
                    .insert((response.room_id.clone(), who.clone()));
            }
            account.history.is_new(&response.room_id);
            let room = known(account, &response.room_id).await?;
            if let Kind::Direct(who) = &wanted.kind {
                direct::is_with(account, &room, who).await?;
            }
            Ok(room)
        }
        // There is one already; or there is one now, and an invitation of it was refused.
        Err(error)
            if matches!(
                error.client_api_error_kind(),
                Some(ErrorKind::RoomInUse | ErrorKind::Forbidden)
            ) =>
        {
            let Some(id) = find(account, &wanted.alias).await? else {
                return Err(match error.client_api_error_kind() {
                    Some(ErrorKind::RoomInUse) => reject("somebody else has the room's address"),
                    Some(_) | None => of_http(&error),
                });
            };
            let room = known(account, &id).await?;
            finish(&room).await?;
            if let Kind::Direct(who) = &wanted.kind {
                direct::is_with(account, &room, who).await?;
            }
            Ok(room)
        }
        Err(error) => Err(of_http(&error)),
    }
}

/// The room at this address, if it is the bot's own.
pub async fn find(account: &Account, alias: &str) -> Result<Option<OwnedRoomId>, DeliverError> {
    let server = account.me.server_name();
    let alias = RoomAliasId::parse(format!("#{alias}:{server}"))
        .map_err(|_| reject("the key makes no address"))?;
    let found = match account.client.resolve_room_alias(&alias).await {
        Ok(found) => found.room_id,
        Err(error) => {
            return match of_http(&error) {
                DeliverError::Reject { .. } => Ok(None),
                later @ DeliverError::Retry { .. } => Err(later),
            };
        }
    };
    let room = match known(account, &found).await {
        Ok(room) => room,
        // Somebody else's, who does not let the bot in.
        Err(DeliverError::Reject { .. }) => return Ok(None),
        Err(later) => return Err(later),
    };
    let own = match room.creators() {
        Some(creators) => creators.contains(&account.me),
        None => created_by_me(account, &room).await?,
    };
    // An address can be taken by anybody of the homeserver; what is not ours is never entered.
    Ok(own.then_some(found))
}

async fn created_by_me(account: &Account, room: &Room) -> Result<bool, DeliverError> {
    use matrix_sdk::ruma::api::client::state::get_state_events;
    let request = get_state_events::v3::Request::new(room.room_id().to_owned());
    let state = account.client.send(request).await;
    let state = state.map_err(|error| of_http(&error))?.room_state;
    Ok(state.iter().any(|event| {
        let event: Value = event.deserialize_as_unchecked().unwrap_or_default();
        event["type"] == "m.room.create" && event["sender"] == account.me.as_str()
    }))
}

/// The client's room, which the homeserver says the bot is in.
async fn known(account: &Account, id: &OwnedRoomId) -> Result<Room, DeliverError> {
    match account.client.get_room(id) {
        Some(room) if room.state() == RoomState::Joined => Ok(room),
        // Joining a room that one is in changes nothing, and makes the client know it.
        Some(_) | None => account
            .client
            .join_room_by_id(id)
            .await
            .map_err(|error| of(&error)),
    }
}

/// A creation can be cut short in the homeserver's middle: what a room must have is looked at when
/// it is found again.
async fn finish(room: &Room) -> Result<(), DeliverError> {
    let encrypted = room.latest_encryption_state().await;
    if !encrypted.map_err(|error| of(&error))?.is_encrypted() {
        for (kind, content) in privacy() {
            room.send_state_event_raw(kind, "", content)
                .await
                .map_err(|error| of(&error))?;
        }
        room.send_state_event_raw("m.room.power_levels", "", levels())
            .await
            .map_err(|error| of(&error))?;
    }
    Ok(())
}

fn privacy() -> [(&'static str, Value); 4] {
    [
        (
            "m.room.encryption",
            json!({"algorithm": "m.megolm.v1.aes-sha2"}),
        ),
        // Whoever comes later reads from then on, as the terms say: from the invitation on, since
        // what is said before somebody has pressed "join" would stay locked to them for ever, the
        // page that calls them and the card among it.
        (
            "m.room.history_visibility",
            json!({"history_visibility": "invited"}),
        ),
        ("m.room.join_rules", json!({"join_rule": "invite"})),
        ("m.room.guest_access", json!({"guest_access": "forbidden"})),
    ]
}

/// Without `users`: by its creator's right the bot has all power, whatever the room's version.
fn levels() -> Value {
    json!({
        "users_default": 0,
        "events_default": 0,
        "state_default": BOT_ONLY,
        "invite": BOT_ONLY,
        "kick": BOT_ONLY,
        "ban": BOT_ONLY,
        "redact": BOT_ONLY,
        "notifications": {"room": BOT_ONLY},
        "events": {},
    })
}

fn request(
    account: &Account,
    wanted: &Wanted<'_>,
) -> Result<create_room::v3::Request, DeliverError> {
    let unwritable = |_| reject("the room's rules could not be written");
    let mut request = create_room::v3::Request::new();
    request.preset = Some(create_room::v3::RoomPreset::PrivateChat);
    request.visibility = Visibility::Private;
    request.room_alias_name = Some(wanted.alias.clone());
    request.name = wanted.name.map(str::to_owned);
    request.topic = wanted.topic.map(str::to_owned);
    request.invite.clone_from(&wanted.invite);
    request.power_level_content_override =
        Some(Raw::new(&levels()).map_err(unwritable)?.cast_unchecked());
    for (kind, content) in privacy() {
        let event = json!({"type": kind, "state_key": "", "content": content});
        let raw = Raw::new(&event).map_err(unwritable)?;
        request.initial_state.push(raw.cast_unchecked());
    }
    let mut creation = create_room::v3::CreationContent::new();
    match &wanted.kind {
        Kind::Case => creation.federate = account.settings.federation == Federation::Open,
        Kind::Direct(who) => {
            request.is_direct = true;
            request.invite.push(who.clone());
            // Clients would show the address as the room's name, from the invitation on. The room
            // is found by it all the same; without it, a direct room is named after the bot.
            let unnamed = json!({"type": "m.room.canonical_alias", "state_key": "", "content": {}});
            let unnamed = Raw::new(&unnamed).map_err(unwritable)?;
            request.initial_state.push(unnamed.cast_unchecked());
        }
    }
    request.creation_content = Some(Raw::new(&creation).map_err(unwritable)?);
    Ok(request)
}
