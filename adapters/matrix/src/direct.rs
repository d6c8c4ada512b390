//! Direct rooms: found or made encrypted, remembered in the account's data, and direct only as long
//! as nobody else is in them.

use matrix_sdk::ruma::{OwnedUserId, UserId};
use matrix_sdk::{Room, RoomState};
use underrose_chat::DeliverError;

use crate::adapter::Account;
use crate::failure::of;
use crate::opening::{Kind, Wanted, open};
use crate::{named, people, private};

/// Rooms made for one person in turn, when the older ones are of no use any more.
const ROOMS_MAX: usize = 20;

/// For whom this room is by its name: it was made for them, or is marked so. Whether they are alone
/// in there is [`partner`]'s to say.
pub fn meant_for(account: &Account, room: &Room) -> Option<OwnedUserId> {
    let made = account
        .known()
        .direct
        .iter()
        .find(|(_, id)| *id == room.room_id())
        .map(|(who, _)| who.clone());
    let marked = || {
        let targets = room.direct_targets();
        let mut targets = targets.iter();
        match (targets.next(), targets.next()) {
            (Some(one), None) => UserId::parse(one.as_str()).ok(),
            (_, _) => None,
        }
    };
    made.or_else(marked)
}

/// Remembers for whom this room is, here and in the account's data.
pub async fn is_with(account: &Account, room: &Room, who: &UserId) -> Result<(), DeliverError> {
    if meant_for(account, room).as_deref() == Some(who) && room.direct_targets_length() > 0 {
        return Ok(());
    }
    let id = room.room_id();
    account.known().direct.insert(who.to_owned(), id.to_owned());
    let marked = account.client.account();
    marked
        .mark_as_dm(id, &[who.to_owned()])
        .await
        .map_err(|error| of(&error))
}

/// With whom this room is direct. `None` if it is not, or if somebody else can read there.
pub async fn partner(account: &Account, room: &Room) -> Result<Option<OwnedUserId>, DeliverError> {
    let Some(who) = meant_for(account, room) else {
        return Ok(None);
    };
    let keeps = only(account, room, &who).await? && private::keeps(room).await?.is_none();
    Ok(keeps.then_some(who))
}

/// Whether nobody but this person and the bot is in the room, or invited to it.
async fn only(account: &Account, room: &Room, who: &UserId) -> Result<bool, DeliverError> {
    if let Some(known) = account.known().alone.get(room.room_id()) {
        return Ok(*known);
    }
    let members = people::members(room).await?;
    // Who is not there at all may have left; the bot must be.
    let alone = members.contains(&account.me)
        && members
            .iter()
            .all(|member| *member == who || *member == account.me);
    account
        .known()
        .alone
        .insert(room.room_id().to_owned(), alone);
    Ok(alone)
}

/// The direct room with this person, if there is one that is fit.
pub async fn found(account: &Account, who: &UserId) -> Result<Option<Room>, DeliverError> {
    let made = account.known().direct.get(who).cloned();
    let made = made.and_then(|id| account.client.get_room(&id));
    let marked = account.client.get_dm_rooms(who);
    let candidates: Vec<Room> = made.into_iter().chain(marked).collect();
    for room in candidates {
        if room.state() != RoomState::Joined || room.successor_room().is_some() {
            continue;
        }
        if partner(account, &room).await?.as_deref() != Some(who) {
            continue;
        }
        account
            .known()
            .direct
            .insert(who.to_owned(), room.room_id().to_owned());
        return Ok(Some(room));
    }
    Ok(None)
}

/// The direct room with this person, made if need be; who left it is invited again.
pub async fn room(account: &Account, who: &UserId) -> Result<Room, DeliverError> {
    if let Some(room) = found(account, who).await? {
        let there = room.get_member(who).await.map_err(|error| of(&error))?;
        let gone = there.is_none_or(|member| {
            use matrix_sdk::ruma::events::room::member::MembershipState;
            !matches!(
                member.membership(),
                MembershipState::Join | MembershipState::Invite
            )
        });
        if gone && room.creators().is_some_and(|by| by.contains(&account.me)) {
            // They may be in already, by a sync that has not come.
            let _ = room.invite_user_by_id(who).await;
        }
        if !gone || room.creators().is_none_or(|by| by.contains(&account.me)) {
            return Ok(room);
        }
    }
    for turn in 0..ROOMS_MAX {
        let wanted = Wanted {
            alias: alias(account, who, turn),
            name: None,
            topic: None,
            invite: Vec::new(),
            kind: Kind::Direct(who.to_owned()),
        };
        let room = open(account, &wanted).await?;
        if partner(account, &room).await?.as_deref() == Some(who) && room.successor_room().is_none()
        {
            return Ok(room);
        }
        account.known().direct.remove(who);
    }
    Err(crate::failure::reject(
        "no direct room with that account is private any more",
    ))
}

/// An address that only this pair has.
fn alias(account: &Account, who: &UserId, turn: usize) -> String {
    let pair = [account.me.as_bytes(), who.as_bytes(), &turn.to_le_bytes()];
    format!("underrose-direct-{}", named::after(pair.join(&0)))
}
