//! From an event to what happened: whether it may be believed, where it was said, and what a
//! number or a reaction stands for.

use chrono::{DateTime, Utc};
use matrix_sdk::Room;
use matrix_sdk::deserialized_responses::{TimelineEvent, TimelineEventKind};
use matrix_sdk::ruma::{EventId, UserId};
use serde_json::Value;
use underrose_chat::{
    DeliverError, Distrust, Happening, MessageId, Place, RoomId, Surface, UserId as Who, limits,
};

use crate::adapter::Account;
use crate::choices::Offer;
use crate::deliver::message_id;
use crate::failure::of;
use crate::inbound::{Me, Membership, Read, is_command, read};
use crate::room_work::Understood;
use crate::{direct, private, replay, trust};

/// `None` if it is of no concern to the core.
///
/// # Errors
/// If the homeserver must answer first.
pub async fn happening(
    account: &Account,
    room: &Room,
    event: &TimelineEvent,
    value: &Value,
) -> Result<Option<Understood>, DeliverError> {
    let sender = value["sender"].as_str().unwrap_or_default();
    let me = Me {
        id: account.me.to_string(),
        name: account.settings.display_name.clone(),
    };
    let said = read(value, &me);
    let partner = direct::partner(account, room).await?;
    let is_direct = partner.as_ref().is_some_and(|who| who.as_str() == sender);
    let place = if is_direct {
        Place::Direct
    } else {
        Place::Room {
            room: room_id(account, room.room_id().as_str()),
        }
    };
    let by = who(account, sender);
    if let Some(why) = distrust(account, room, event, value, sender).await? {
        let what = Happening::Distrusted { by, place, why };
        return Ok(Some(Understood {
            what,
            direct: is_direct,
            place: None,
        }));
    }
    let understood = |what, place| {
        Some(Understood {
            what,
            direct: is_direct,
            place,
        })
    };
    Ok(match said {
        Read::Nothing => None,
        Read::Text {
            text,
            addressed,
            edited,
            thread,
            reply_to,
        } => {
            let open = !room.encryption_state().is_encrypted();
            let answers = reply_to.as_deref().or(thread.as_deref());
            // A command is one of its own, unless it is what was offered: that may belong to the
            // room in which the conversation began, although it is typed here.
            let offer = match (edited, is_command(&text)) {
                (true, _) => None,
                (false, true) => offer_worded(account, room, is_direct, &text).await?,
                (false, false) => offer_meant(account, room, is_direct, answers).await?,
            };
            let Some((at, offer)) = offer else {
                // In an open room only what is said to the bot is its business.
                if open && !addressed {
                    return Ok(None);
                }
                let what = text_of(by, place, text, (addressed || is_direct, edited), thread);
                return Ok(understood(what, None));
            };
            let began = offer.place.clone();
            let place = began.as_ref().map_or(place, |began| Place::Room {
                room: room_id(account, began),
            });
            match offer.numbered(&text).or_else(|| offer.worded(&text)) {
                Some(command) => {
                    let message = message_id(room.room_id(), is_direct, &at);
                    understood(pressed(by, place, message, command), began)
                }
                None if began.is_some() || is_direct => {
                    let what = text_of(by, place, text, (true, false), thread);
                    understood(what, began)
                }
                None => {
                    let what = text_of(by, place, text, (addressed, false), thread);
                    understood(what, None)
                }
            }
        }
        Read::Reaction { to, key } => {
            let Some(offer) = offer_at(account, room, &to).await? else {
                return Ok(None);
            };
            let Some(command) = offer.reacted(&key) else {
                return Ok(None);
            };
            let began = offer.place.clone();
            let place = began.as_ref().map_or(place, |began| Place::Room {
                room: room_id(account, began),
            });
            let message = message_id(room.room_id(), is_direct, &to);
            understood(pressed(by, place, message, command), began)
        }
        Read::Member { who: whom, now } => {
            let open = !room.encryption_state().is_encrypted();
            if whom == account.me.as_str() || partner.is_some() || open {
                return Ok(None);
            }
            let room = room_id(account, room.room_id().as_str());
            let whom = who(account, &whom);
            let what = match now {
                Membership::Joined => Happening::Joined {
                    room,
                    who: whom,
                    invited_by: None,
                },
                Membership::Invited => Happening::Joined {
                    room,
                    who: whom,
                    invited_by: Some(by),
                },
                Membership::Gone => Happening::Left { room, who: whom },
            };
            understood(what, None)
        }
        Read::Tombstone { to } => moved(account, room, &to)
            .await?
            .and_then(|what| understood(what, None)),
        Read::Rules => exposed(account, room)
            .await?
            .and_then(|what| understood(what, None)),
    })
}

fn who(account: &Account, id: &str) -> Who {
    Who {
        network: account.settings.network.clone(),
        id: id.to_owned(),
    }
}

fn room_id(account: &Account, id: &str) -> RoomId {
    RoomId {
        network: account.settings.network.clone(),
        id: id.to_owned(),
    }
}

fn text_of(
    by: Who,
    place: Place,
    text: String,
    (addressed, edited): (bool, bool),
    thread: Option<String>,
) -> Happening {
    Happening::Text {
        by,
        place,
        text,
        addressed,
        edited,
        surface: Surface::Stepwise,
        thread: thread.map(MessageId),
    }
}

fn pressed(by: Who, place: Place, message: MessageId, command: &str) -> Happening {
    Happening::Pressed {
        by,
        place,
        message,
        command: command.to_owned(),
        surface: Surface::Stepwise,
    }
}

/// Why what was written must not be obeyed, if it must not. Only words count: who is in a room is
/// the homeserver's to say, and reactions are never proof of anything.
async fn distrust(
    account: &Account,
    room: &Room,
    event: &TimelineEvent,
    value: &Value,
    sender: &str,
) -> Result<Option<Distrust>, DeliverError> {
    match &event.kind {
        TimelineEventKind::UnableToDecrypt { utd_info, .. } => Ok(Some(
            trust::verdict(&utd_info.reason).unwrap_or(Distrust::Unreadable),
        )),
        TimelineEventKind::PlainText { .. } => {
            let words = value["type"] == "m.room.message" && value.get("state_key").is_none();
            // Its text was taken back: there is nothing to obey.
            let redacted = value["unsigned"].get("redacted_because").is_some();
            let state = room.latest_encryption_state().await;
            let encrypted = state.map_err(|error| of(&error))?.is_encrypted();
            Ok((words && encrypted && !redacted).then_some(Distrust::Plaintext))
        }
        TimelineEventKind::Decrypted(decrypted) => {
            let info = &decrypted.encryption_info;
            if let Some(why) = trust::distrust(info, sender, account.settings.trust) {
                return Ok(Some(why));
            }
            let again = replay::is_replay(room, value, info, &account.settings.key).await;
            let again = again.map_err(|error| of(&error))?;
            if again {
                tracing::warn!(room = %room.room_id(), "an old message was sent again under a new name");
            }
            Ok(again.then_some(Distrust::Device))
        }
    }
}

/// Of which message of ours this may be a number or an answer, with its event.
async fn offer_meant(
    account: &Account,
    room: &Room,
    is_direct: bool,
    answers: Option<&str>,
) -> Result<Option<(String, Offer)>, DeliverError> {
    if let Some(to) = answers
        && let Some(offer) = offer_at(account, room, to).await?
    {
        return Ok(Some((to.to_owned(), offer)));
    }
    if !is_direct {
        return Ok(None);
    }
    // What was said last, also in an earlier life.
    let read = account.history.recent(room, "").await;
    read.map_err(|error| of(&error))?;
    Ok(account.history.last_offer(room.room_id()))
}

/// The message of ours in this direct room that offered exactly these words.
async fn offer_worded(
    account: &Account,
    room: &Room,
    is_direct: bool,
    words: &str,
) -> Result<Option<(String, Offer)>, DeliverError> {
    if !is_direct {
        return Ok(None);
    }
    let read = account.history.recent(room, "").await;
    read.map_err(|error| of(&error))?;
    Ok(account.history.worded(room.room_id(), words))
}

/// What this message of ours offers, if it is ours and offers something.
async fn offer_at(
    account: &Account,
    room: &Room,
    event: &str,
) -> Result<Option<Offer>, DeliverError> {
    if let Some(offer) = account.history.offer(room.room_id(), event) {
        return Ok(Some(offer));
    }
    let Ok(id) = EventId::parse(event) else {
        return Ok(None);
    };
    match room.event(&id, None).await {
        Ok(found) => {
            account.history.saw(room, &found);
            Ok(account.history.offer(room.room_id(), event))
        }
        Err(error) => match of(&error) {
            DeliverError::Reject { .. } => Ok(None),
            later @ DeliverError::Retry { .. } => Err(later),
        },
    }
}

/// The room was replaced. Followed only into a room that says the same, and keeps its secrets.
async fn moved(
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
    if room.encryption_state().is_encrypted() {
        let rules = private::rules(&next).await.map_err(|error| of(&error))?;
        if let Some(leak) = private::leak(&rules) {
            return Ok(Some(Happening::Exposed {
                room: room_id(account, room.room_id().as_str()),
                why: format!("the room was replaced by one that keeps no secret: {leak}"),
            }));
        }
    }
    Ok(Some(Happening::Moved {
        from: room_id(account, room.room_id().as_str()),
        to: room_id(account, to),
    }))
}

/// Whether a room's creation names the other as its predecessor.
async fn follows(next: &Room, old: &Room) -> Result<bool, DeliverError> {
    use matrix_sdk::ruma::api::client::state::get_state_event_for_key;
    let request = get_state_event_for_key::v3::Request::new(
        next.room_id().to_owned(),
        "m.room.create".into(),
        String::new(),
    );
    let answer = next.client().send(request).await;
    let answer = answer.map_err(|error| crate::failure::of_http(&error))?;
    let content: Value = serde_json::from_str(answer.event_or_content.get()).unwrap_or_default();
    Ok(content["predecessor"]["room_id"] == old.room_id().as_str())
}

async fn exposed(account: &Account, room: &Room) -> Result<Option<Happening>, DeliverError> {
    let rules = private::rules(room).await.map_err(|error| of(&error))?;
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
pub async fn surroundings(account: &Account, room: &Room) -> Result<Vec<Happening>, DeliverError> {
    let state = room.latest_encryption_state().await;
    let encrypted = state.map_err(|error| of(&error))?.is_encrypted();
    if !encrypted || direct::partner(account, room).await?.is_some() {
        return Ok(Vec::new());
    }
    let members: Vec<Who> = direct::members(room)
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

/// Whether the bot itself comes in here.
pub fn is_own_join(event: &TimelineEvent, me: &UserId) -> bool {
    let Ok(value) = event.raw().deserialize_as_unchecked::<Value>() else {
        return false;
    };
    value["type"] == "m.room.member"
        && value["state_key"] == me.as_str()
        && value["content"]["membership"] == "join"
        && value["unsigned"]["prev_content"]["membership"] != "join"
}

/// When it happened, by the homeserver's clock.
pub fn instant(value: &Value) -> DateTime<Utc> {
    value["origin_server_ts"]
        .as_i64()
        .and_then(DateTime::from_timestamp_millis)
        .unwrap_or_default()
}
