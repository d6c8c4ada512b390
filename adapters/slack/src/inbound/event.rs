//! The Events API: messages, mentions, who comes and goes, App Home, rooms that open up.

use serde_json::Value;
use underrose_chat::{EventId, Happening, MessageId, Place, Surface};

use super::{Heard, Reader, Way, filled, instant, slang, text, trouble};

pub fn read(reader: &Reader, payload: &Value) -> Option<Heard> {
    let event = payload.get("event")?;
    match text(event, "/type") {
        "message" => message(reader, event),
        "app_mention" => said(reader, event, event),
        "app_home_opened" => home(reader, payload, event),
        "member_joined_channel" => joined(reader, payload, event),
        "member_left_channel" => left(reader, payload, event),
        "channel_shared" => exposed(
            reader,
            payload,
            event,
            "/channel",
            "it was shared with another organization",
        ),
        "channel_id_changed" => {
            let why = "it was shared with another organization, and has a new id";
            exposed(reader, payload, event, "/old_channel_id", why)
        }
        _ => trouble::read(reader, payload, event),
    }
}

fn message(reader: &Reader, event: &Value) -> Option<Heard> {
    match text(event, "/subtype") {
        // Of a public channel only that it is public now: who means the bot there mentions it.
        "" | "file_share" | "thread_broadcast" | "me_message" | "message_changed"
            if text(event, "/channel_type") == "channel" =>
        {
            None
        }
        "" | "file_share" | "thread_broadcast" | "me_message" => said(reader, event, event),
        "message_changed" => {
            let new = event.get("message")?;
            // An unfurled link changes a message, and nobody edited it.
            new.get("edited")?;
            said(reader, event, new)
        }
        "channel_convert_to_public" => {
            let channel = filled(event, "/channel")?;
            let stamp = filled(event, "/ts")?;
            Some(Heard {
                id: EventId(format!("exposed/{channel}/{stamp}")),
                at: instant(&stamp),
                what: Happening::Exposed {
                    room: reader.room(&channel),
                    why: "it was made public".to_owned(),
                },
                way: Way::Nobody,
            })
        }
        _ => None,
    }
}

/// A text, new or edited: `outer` knows the channel, `inner` the words.
fn said(reader: &Reader, outer: &Value, inner: &Value) -> Option<Heard> {
    // Bots, ourselves among them, command nothing.
    if inner.get("bot_id").is_some_and(|id| !id.is_null()) || text(inner, "/user") == reader.me {
        return None;
    }
    let by = reader.user(inner, "/user")?;
    let (channel, stamp) = (filled(outer, "/channel")?, filled(inner, "/ts")?);
    let edit = filled(inner, "/edited/ts");
    let (id, at) = match &edit {
        Some(edit) => (format!("edit/{channel}/{stamp}/{edit}"), instant(edit)),
        None => (format!("message/{channel}/{stamp}"), instant(&stamp)),
    };
    let (words, mentioned) = slang::without_mention(text(inner, "/text"), &reader.me);
    let mut words = slang::plain(&words);
    let place = reader.place(&channel);
    for file in inner
        .get("files")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        // Files are not read; whoever reads the case gets their place.
        words.push('\n');
        words.push_str(text(file, "/permalink"));
    }
    let thread = filled(inner, "/thread_ts");
    let way = Way::Message {
        user: by.id.clone(),
        channel,
        thread: thread.clone(),
    };
    let addressed = mentioned || place == Place::Direct;
    let what = Happening::Text {
        by,
        place,
        text: words,
        addressed,
        edited: edit.is_some(),
        surface: Surface::Stepwise,
        thread: thread.map(MessageId),
    };
    let id = EventId(id);
    Some(Heard { id, at, what, way })
}

/// An event that is named by Slack's id of it.
pub(super) fn named(payload: &Value, event: &Value, what: Happening, way: Way) -> Option<Heard> {
    let id = filled(payload, "/event_id")?;
    let seconds = payload.get("event_time").and_then(Value::as_i64);
    let at = instant(text(event, "/event_ts"));
    let at = at.or_else(|| seconds.and_then(|at| chrono::DateTime::from_timestamp(at, 0)));
    let id = EventId(format!("event/{id}"));
    Some(Heard { id, at, what, way })
}

fn home(reader: &Reader, payload: &Value, event: &Value) -> Option<Heard> {
    if text(event, "/tab") != "home" {
        return None;
    }
    let by = reader.user(event, "/user")?;
    let user = by.id.clone();
    named(payload, event, Happening::Home { by }, Way::Home { user })
}

fn joined(reader: &Reader, payload: &Value, event: &Value) -> Option<Heard> {
    let who = reader
        .user(event, "/user")
        .filter(|who| who.id != reader.me)?;
    let what = Happening::Joined {
        room: reader.room(&filled(event, "/channel")?),
        who,
        invited_by: reader.user(event, "/inviter"),
    };
    named(payload, event, what, Way::Nobody)
}

fn left(reader: &Reader, payload: &Value, event: &Value) -> Option<Heard> {
    let who = reader
        .user(event, "/user")
        .filter(|who| who.id != reader.me)?;
    let room = reader.room(&filled(event, "/channel")?);
    named(payload, event, Happening::Left { room, who }, Way::Nobody)
}

fn exposed(
    reader: &Reader,
    payload: &Value,
    event: &Value,
    path: &str,
    why: &str,
) -> Option<Heard> {
    let room = reader.room(&filled(event, path)?);
    let why = why.to_owned();
    named(
        payload,
        event,
        Happening::Exposed { room, why },
        Way::Nobody,
    )
}
