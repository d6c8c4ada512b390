//! Each action as calls of the homeserver, once per key however often it is asked.

use std::time::Duration;

use matrix_sdk::ruma::{OwnedUserId, RoomId, UserId};
use matrix_sdk::{Room, RoomState};
use underrose_chat::{Action, DeliverError, DeliveryKey, MessageId, MessageRef, Receipt, Target};

use crate::adapter::Account;
use crate::choices::{Heard, Marks};
use crate::failure::{of, reject, retry};
use crate::opening::{self, Kind};
use crate::posting;
use crate::render::Relation;
use crate::{archive, direct, people, private};

/// A first start knows no room before its first sync. Shorter than the outbox's patience.
const READY_MAX: Duration = Duration::from_secs(20);

pub async fn deliver(
    account: &Account,
    key: &DeliveryKey,
    action: &Action,
) -> Result<Receipt, DeliverError> {
    ready(account).await?;
    match action {
        Action::OpenRoom {
            name,
            topic,
            invite,
        } => {
            let invite: Vec<OwnedUserId> = invite
                .iter()
                .filter_map(|who| user(&who.id).ok())
                .filter(|who| *who != account.me)
                .collect();
            let room = opening::open(
                account,
                &opening::Wanted {
                    alias: alias(key),
                    name: Some(name),
                    topic: Some(topic),
                    invite: invite.clone(),
                    kind: Kind::Case,
                },
            )
            .await?;
            for who in invite {
                if account
                    .known()
                    .invited
                    .remove(&(room.room_id().to_owned(), who.clone()))
                {
                    continue;
                }
                match people::add(account, &room, &who).await {
                    Err(DeliverError::Reject { reason }) => {
                        // The room stands without them, and the rest must not wait.
                        tracing::warn!(%reason, "somebody could not be invited");
                    }
                    Err(later) => return Err(later),
                    Ok(()) => {}
                }
            }
            // What the client learnt of the members while the room was being made may lack some,
            // and they would get no key for what is said next.
            room.mark_members_missing();
            Ok(opened(account, room.room_id()))
        }
        Action::Invite { room, who } => {
            let room = joined(account, &room.id)?;
            people::add(account, &room, &user(&who.id)?).await?;
            Ok(Receipt::Done)
        }
        Action::Remove { room, who } => {
            let room = joined(account, &room.id)?;
            people::remove(&room, &user(&who.id)?).await?;
            Ok(Receipt::Done)
        }
        Action::Post {
            to,
            message,
            openness,
            // A client makes the notification itself, of what it decrypts; this says that it must.
            notice,
        } => {
            let (room, relation) = place(account, to).await?;
            open_for_words(account, &room, *openness).await?;
            let marks = Marks {
                heard: Heard::of(to, *openness, notice.is_some()),
                ..Marks::default()
            };
            let how = (&relation, &marks);
            let event = posting::post_marked(account, &room, &key.0, message, how).await?;
            Ok(posted(&room, to, event))
        }
        Action::Edit {
            at,
            message,
            openness,
        } => {
            let (room, event) = at_event(account, at).await?;
            open_for_words(account, &room, *openness).await?;
            let marks = Marks::default();
            posting::edit(account, &room, &key.0, message, (&event, &marks)).await?;
            Ok(Receipt::Done)
        }
        Action::Pin { at } => {
            let (room, event) = at_event(account, at).await?;
            let event = matrix_sdk::ruma::EventId::parse(event)
                .map_err(|_| reject("that is no event of Matrix"))?;
            room.pin_event(&event).await.map_err(|error| of(&error))?;
            Ok(Receipt::Done)
        }
        Action::SetTopic { room, topic } => {
            let room = joined(account, &room.id)?;
            if room.topic().as_deref() != Some(topic.as_str()) {
                room.set_room_topic(topic)
                    .await
                    .map_err(|error| of(&error))?;
            }
            Ok(Receipt::Done)
        }
        Action::Archive { room } => {
            archive::archive(account, &joined(account, &room.id)?).await?;
            Ok(Receipt::Done)
        }
        Action::SetOnCall { .. } => Err(reject("Matrix has no mention groups")),
    }
}

/// What an earlier delivery under this key left behind; changes nothing.
pub async fn find(
    account: &Account,
    key: &DeliveryKey,
    action: &Action,
) -> Result<Option<Receipt>, DeliverError> {
    ready(account).await?;
    match action {
        Action::OpenRoom { invite, .. } => {
            let Some(room) = opening::find(account, &alias(key)).await? else {
                return Ok(None);
            };
            // A room is found only once it is whole: the homeserver may still be making it, and
            // what is said before somebody is invited stays locked to them.
            let room = joined(account, room.as_str())?;
            for who in invite.iter().filter_map(|who| user(&who.id).ok()) {
                if people::membership(&room, &who).await?.is_none() {
                    return Ok(None);
                }
            }
            room.mark_members_missing();
            Ok(Some(opened(account, room.room_id())))
        }
        Action::Post { to, .. } => {
            let room = match to {
                Target::Room { room, .. } => Some(joined(account, &room.id)?),
                Target::Direct { user: who } => direct::found(account, &user(&who.id)?).await?,
            };
            let Some(room) = room else { return Ok(None) };
            let event = account.history.find(&room, &key.0).await;
            let event = event.map_err(|error| of(&error))?;
            Ok(event.map(|event| posted(&room, to, event)))
        }
        // Doing these again changes nothing.
        Action::Edit { .. }
        | Action::Invite { .. }
        | Action::Remove { .. }
        | Action::Pin { .. }
        | Action::SetTopic { .. }
        | Action::Archive { .. }
        | Action::SetOnCall { .. } => Ok(None),
    }
}

async fn ready(account: &Account) -> Result<(), DeliverError> {
    let mut ready = account.ready.subscribe();
    let waited = tokio::time::timeout(READY_MAX, ready.wait_for(|ready| *ready)).await;
    match waited {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(retry("the homeserver has not answered yet")),
    }
}

/// An address that only this key has: the homeserver itself keeps two rooms from having it.
fn alias(key: &DeliveryKey) -> String {
    format!("underrose-{}", key.0)
}

pub fn user(id: &str) -> Result<OwnedUserId, DeliverError> {
    UserId::parse(id).map_err(|_| reject("that is no account of Matrix: write @name:server"))
}

/// A room where the bot is.
pub fn joined(account: &Account, id: &str) -> Result<Room, DeliverError> {
    let id = RoomId::parse(id).map_err(|_| reject("that is no room of Matrix: write !id"))?;
    let room = account.client.get_room(&id);
    match room {
        Some(room) if room.state() == RoomState::Joined => Ok(room),
        // At a first start the invitations are still being accepted.
        Some(_) | None
            if account
                .settings
                .rooms
                .iter()
                .any(|known| *known == id.as_str()) =>
        {
            Err(retry("the bot has not been let into that room yet"))
        }
        Some(_) | None => Err(reject("the bot is not in that room")),
    }
}

/// Where a message goes, and how it stands to others there.
async fn place(account: &Account, to: &Target) -> Result<(Room, Relation), DeliverError> {
    match to {
        Target::Room { room, thread } => {
            let room = joined(account, &room.id)?;
            let relation = match thread {
                Some(MessageId(root)) => Relation::Thread(root.clone(), None),
                None => Relation::None,
            };
            Ok((room, relation))
        }
        Target::Direct { user: who } => {
            let room = direct::room(account, &user(&who.id)?).await?;
            Ok((room, Relation::None))
        }
    }
}

/// A message's id: of a direct message with its room, since another may be the person's by now.
pub fn message_id(room: &RoomId, direct: bool, event: &str) -> MessageId {
    if direct {
        MessageId(format!("{room}/{event}"))
    } else {
        MessageId(event.to_owned())
    }
}

fn opened(account: &Account, room: &RoomId) -> Receipt {
    Receipt::Room {
        room: underrose_chat::RoomId {
            network: account.settings.network.clone(),
            id: room.to_string(),
        },
    }
}

fn posted(room: &Room, to: &Target, event: String) -> Receipt {
    let direct = matches!(to, Target::Direct { .. });
    Receipt::Posted {
        at: MessageRef {
            to: to.clone(),
            message: message_id(room.room_id(), direct, &event),
        },
    }
}

async fn at_event(account: &Account, at: &MessageRef) -> Result<(Room, String), DeliverError> {
    let MessageId(id) = &at.message;
    match &at.to {
        Target::Room { room, .. } => Ok((joined(account, &room.id)?, id.clone())),
        Target::Direct { .. } => {
            let (room, event) = id
                .split_once("/$")
                .ok_or_else(|| reject("that is no direct message of Matrix"))?;
            Ok((joined(account, room)?, format!("${event}")))
        }
    }
}

/// Whether this may be said there now. Asked at every send: a room can change under one's feet.
pub async fn open_for_words(
    account: &Account,
    room: &Room,
    openness: underrose_chat::Openness,
) -> Result<(), DeliverError> {
    if archive::is_archived(account, room).await {
        return Err(reject("the room is archived"));
    }
    match openness {
        underrose_chat::Openness::Public => Ok(()),
        underrose_chat::Openness::Private => match private::keeps(room).await? {
            None => Ok(()),
            Some(leak) => Err(reject(leak)),
        },
    }
}
