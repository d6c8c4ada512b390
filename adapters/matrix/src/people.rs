//! Who is in a room: asked, brought in and taken out. The homeserver's word counts, since what the
//! client shares a key with must be who is there now.

use matrix_sdk::Room;
use matrix_sdk::ruma::events::StateEventType;
use matrix_sdk::ruma::events::room::member::MembershipState;
use matrix_sdk::ruma::{OwnedUserId, UserId};
use serde_json::Value;
use underrose_chat::DeliverError;

use crate::adapter::Account;
use crate::failure::{of, of_http, reject};
use crate::state;

/// Who is in the room or invited to it, as the homeserver says: the client's own copy may not be
/// whole yet.
pub async fn members(room: &Room) -> Result<Vec<OwnedUserId>, DeliverError> {
    use matrix_sdk::ruma::api::client::membership::get_member_events;
    let request = get_member_events::v3::Request::new(room.room_id().to_owned());
    let answer = room.client().send(request).await;
    let answer = answer.map_err(|error| of_http(&error))?;
    Ok(answer
        .chunk
        .iter()
        .filter_map(|event| event.deserialize_as_unchecked::<Value>().ok())
        .filter(|event| {
            matches!(
                event["content"]["membership"].as_str(),
                Some("join" | "invite")
            )
        })
        .filter_map(|event| UserId::parse(event["state_key"].as_str()?).ok())
        .collect())
}

/// Whether somebody lives where the room must not go.
fn is_elsewhere(account: &Account, room: &Room, who: &UserId) -> bool {
    let closed = room.create_content().is_some_and(|made| !made.federate);
    closed && who.server_name() != account.me.server_name()
}

/// Brings somebody in, unless they are in.
pub async fn add(account: &Account, room: &Room, who: &UserId) -> Result<(), DeliverError> {
    if *who == account.me {
        return Ok(());
    }
    match membership(room, who).await? {
        Some(MembershipState::Join | MembershipState::Invite) => {
            // The client may not have heard of it yet, and would share no key with them.
            room.mark_members_missing();
            Ok(())
        }
        Some(MembershipState::Ban) => Err(reject("that account is banned from the room")),
        Some(_) | None => match room.invite_user_by_id(who).await {
            Ok(()) => Ok(()),
            Err(error) => {
                // Perhaps an earlier attempt's invitation has arrived meanwhile.
                match membership(room, who).await? {
                    Some(MembershipState::Join | MembershipState::Invite) => {
                        room.mark_members_missing();
                        Ok(())
                    }
                    Some(_) | None if is_elsewhere(account, room, who) => Err(reject(
                        "the room is closed to other homeservers (`federate = false`): they need an account of the bot's",
                    )),
                    Some(_) | None => Err(of(&error)),
                }
            }
        },
    }
}

/// As the homeserver says: the client's copy may be a moment old.
pub async fn membership(
    room: &Room,
    who: &UserId,
) -> Result<Option<MembershipState>, DeliverError> {
    let asked = state::asked(room, StateEventType::RoomMember, who.as_str()).await;
    let content = match asked {
        Ok(content) => content.unwrap_or_default(),
        Err(DeliverError::Reject { .. }) => return Ok(None),
        Err(later @ DeliverError::Retry { .. }) => return Err(later),
    };
    Ok(content["membership"].as_str().map(MembershipState::from))
}

/// Takes somebody out, or takes the invitation back; and what follows is under a fresh key.
pub async fn remove(room: &Room, who: &UserId) -> Result<(), DeliverError> {
    if let Some(MembershipState::Join | MembershipState::Invite | MembershipState::Knock) =
        membership(room, who).await?
    {
        room.kick_user(who, None)
            .await
            .map_err(|error| of(&error))?;
    }
    // The client hears of it by a sync that may come later than the next words, and would make the
    // fresh key for the one who is out as well.
    room.mark_members_missing();
    if room.encryption_state().is_encrypted() {
        room.discard_room_key().await.map_err(|error| of(&error))?;
    }
    Ok(())
}
