//! From an event to what happened: whether it may be believed, where it was said, and what a
//! number or a reaction stands for.

use chrono::{DateTime, Utc};
use matrix_sdk::Room;
use matrix_sdk::deserialized_responses::{TimelineEvent, TimelineEventKind};
use matrix_sdk::ruma::UserId;
use serde_json::Value;
use underrose_chat::{
    DeliverError, Distrust, Happening, MessageId, Place, RoomId, Surface, UserId as Who,
};

use crate::adapter::Account;
use crate::deliver::message_id;
use crate::failure::of;
use crate::inbound::{Me, Membership, Read, is_command, read};
use crate::understood::Understood;
use crate::{direct, offers, replay, surroundings, trust};

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
            root: None,
            fresh: false,
        }));
    }
    let rooted = |what, place, root: Option<&str>, fresh| {
        Some(Understood {
            what,
            direct: is_direct,
            place,
            root: root.map(str::to_owned),
            fresh,
        })
    };
    let understood = |what, place| rooted(what, place, None, false);
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
            let own = value["event_id"].as_str().unwrap_or_default();
            let root = thread.as_deref().unwrap_or(own);
            let thread_id = message_id(room.room_id(), is_direct, root);
            let answers = reply_to.as_deref().or(thread.as_deref());
            let talks = thread.is_some() && offers::talks_in(account, room, &thread_id).await?;
            // In a thread with a conversation even a number is for that. A command is one of its
            // own, unless it is what was offered: that may belong to the room in which the
            // conversation began, although it is typed here.
            let offer = match (edited || talks, is_command(&text)) {
                (true, _) => None,
                (false, true) if is_direct => {
                    let answers: Vec<&str> = [&reply_to, &thread]
                        .into_iter()
                        .flatten()
                        .map(String::as_str)
                        .collect();
                    offers::worded(account, room, &answers, &text).await?
                }
                (false, true) => None,
                (false, false) => offers::meant(account, room, is_direct, answers).await?,
            };
            let Some((at, offer)) = offer else {
                // In an open room only what is said to the bot is its business.
                if open && !addressed {
                    return Ok(None);
                }
                let said = (addressed || is_direct, edited);
                let what = text_of(by, place, text, said, thread_id);
                return Ok(rooted(what, None, Some(root), thread.is_none()));
            };
            let began = offer.place.clone();
            let place = began.as_ref().map_or(place, |began| Place::Room {
                room: room_id(account, began),
            });
            let said = (addressed || is_direct || began.is_some(), false);
            let taken = offer.numbered(&text).or_else(|| offer.worded(&text));
            match (offer.thread.clone(), taken) {
                (Some(thread), _) => {
                    let what = text_of(by, place, text, said, MessageId(thread));
                    understood(what, began)
                }
                (None, Some(command)) => {
                    let message = message_id(room.room_id(), is_direct, &at);
                    let what = pressed(by, place, message, command);
                    rooted(what, began, Some(&at), true)
                }
                (None, None) => {
                    let what = text_of(by, place, text, said, thread_id);
                    rooted(what, began, Some(root), thread.is_none())
                }
            }
        }
        Read::Reaction { to, key } => {
            let Some(offer) = offers::at(account, room, &to).await? else {
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
            let what = pressed(by, place, message, command);
            rooted(what, began, Some(&to), true)
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
        Read::Tombstone { to } => surroundings::moved(account, room, &to)
            .await?
            .and_then(|what| understood(what, None)),
        Read::Rules => surroundings::exposed(account, room)
            .await?
            .and_then(|what| understood(what, None)),
    })
}

pub fn who(account: &Account, id: &str) -> Who {
    Who {
        network: account.settings.network.clone(),
        id: id.to_owned(),
    }
}

pub fn room_id(account: &Account, id: &str) -> RoomId {
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
    thread: MessageId,
) -> Happening {
    Happening::Text {
        by,
        place,
        text,
        addressed,
        edited,
        surface: Surface::Threaded,
        thread: Some(thread),
    }
}

fn pressed(by: Who, place: Place, message: MessageId, command: &str) -> Happening {
    Happening::Pressed {
        by,
        place,
        message,
        command: command.to_owned(),
        surface: Surface::Threaded,
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
            let words = value["type"] == "m.room.message"
                && value.get("state_key").is_none()
                && !asks_to_verify(&value["content"]);
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

/// A request to be verified, which some clients (Element among them) send unencrypted, by the
/// specification: it has no words to obey, and is answered elsewhere. An edit might have words.
pub fn asks_to_verify(content: &Value) -> bool {
    content["msgtype"] == "m.key.verification.request" && content["m.relates_to"].is_null()
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
