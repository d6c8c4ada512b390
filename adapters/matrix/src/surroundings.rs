//! What a room is now: who is in it, whether it keeps its secrets, and what has replaced it.

use matrix_sdk::Room;
use matrix_sdk::ruma::events::StateEventType;
use underrose_chat::{DeliverError, Happening, UserId as Who, limits};

use crate::adapter::Account;
use crate::failure::of;
use crate::understand::{room_id, who};
use crate::{direct, people, private, state};

/// The room was replaced. Followed only into a room that says the same, and keeps its secrets.
pub async fn moved(
    account: &Account,
    room: &Room,
    to: &str,
) -> Result<Option<Happening>, DeliverError> {
    let Ok(id) = matrix_sdk::ruma::RoomId::parse(to) else {
        return Ok(None);
    };
    let next = match account.client.join_room_by_id(&id).await {
        Ok(next) => next,
        Err(error) => {
            return match of(&error) {
                DeliverError::Reject { .. } => Ok(Some(Happening::Exposed {
                    room: room_id(account, room.room_id().as_str()),
                    why: "the room was replaced by one that the bot may not enter".to_owned(),
                })),
                later @ DeliverError::Retry { .. } => Err(later),
            };
        }
    };
    if !follows(&next, room).await? {
        return Ok(Some(Happening::Exposed {
            room: room_id(account, room.room_id().as_str()),
            why: "the room was replaced by one that knows nothing of it".to_owned(),
        }));
    }
    if room.encryption_state().is_encrypted()
        && let Some(leak) = private::keeps(&next).await?
    {
        return Ok(Some(Happening::Exposed {
            room: room_id(account, room.room_id().as_str()),
            why: format!("the room was replaced by one that keeps no secret: {leak}"),
        }));
    }
    Ok(Some(Happening::Moved {
        from: room_id(account, room.room_id().as_str()),
        to: room_id(account, to),
    }))
}

/// Whether a room's creation names the other as its predecessor.
async fn follows(next: &Room, old: &Room) -> Result<bool, DeliverError> {
    let content = state::asked(next, StateEventType::RoomCreate, "").await?;
    let content = content.unwrap_or_default();
    Ok(content["predecessor"]["room_id"] == old.room_id().as_str())
}

pub async fn exposed(account: &Account, room: &Room) -> Result<Option<Happening>, DeliverError> {
    let rules = private::rules(room).await?;
    // A room that was never encrypted is no private room.
    Ok(private::leak(&rules)
        .filter(|_| rules.encrypted)
        .map(|why| Happening::Exposed {
            room: room_id(account, room.room_id().as_str()),
            why: why.to_owned(),
        }))
}

/// What can be seen of a room that was not looked at for a while. Of direct and of open rooms
/// there is nothing to tell.
pub async fn seen(account: &Account, room: &Room) -> Result<Vec<Happening>, DeliverError> {
    let state = room.latest_encryption_state().await;
    let encrypted = state.map_err(|error| of(&error))?.is_encrypted();
    if !encrypted || direct::partner(account, room).await?.is_some() {
        return Ok(Vec::new());
    }
    let members: Vec<Who> = people::members(room)
        .await?
        .iter()
        .filter(|member| **member != account.me)
        .take(limits::MEMBERS_MAX)
        .map(|member| who(account, member.as_str()))
        .collect();
    let mut found = vec![Happening::Members {
        room: room_id(account, room.room_id().as_str()),
        who: members,
    }];
    found.extend(exposed(account, room).await?);
    // The bot may have come into it later than it was told of it.
    if let Some(old) = room
        .predecessor_room()
        .and_then(|old| account.client.get_room(&old.room_id))
        .filter(|old| {
            old.successor_room()
                .is_some_and(|next| next.room_id == room.room_id())
        })
    {
        found.extend(moved(account, &old, room.room_id().as_str()).await?);
    }
    Ok(found)
}
