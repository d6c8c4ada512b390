//! Buttons, menus, modals and the message shortcut.

use serde_json::Value;
use underrose_chat::{EventId, Happening, MessageId, Place, Surface, UserId};

use super::{Heard, Reader, Way, filled, instant, text};
use crate::modal::{self, Carried};
use crate::render::choice_index;

/// The callback id of the shortcut "Report as a disclosure", as in the app's manifest.
pub const REPORT_SHORTCUT: &str = "report_disclosure";

pub fn read(reader: &Reader, payload: &Value) -> Option<Heard> {
    let by = reader.user(payload, "/user/id")?;
    match text(payload, "/type") {
        "block_actions" => action(reader, payload, by),
        "view_submission" => submission(reader, payload, by),
        "view_closed" => closed(reader, payload, by),
        "message_action" => shortcut(payload, by),
        _ => None,
    }
}

fn action(reader: &Reader, payload: &Value, by: UserId) -> Option<Heard> {
    let action = payload.pointer("/actions/0")?;
    let trigger = filled(payload, "/trigger_id")?;
    let at = instant(text(action, "/action_ts"));
    let stamp = text(action, "/action_ts").to_owned();
    let modal = text(payload, "/view/type") == "modal";
    let carried = Carried::read(text(payload, "/view/private_metadata"));
    if choice_index(text(action, "/action_id")).is_none() {
        if !modal {
            return None;
        }
        let what = Happening::FormChanged {
            by,
            place: carried.place(&reader.network),
            form: carried.form,
            values: modal::values(payload.get("view")?),
        };
        let (id, view) = (
            EventId(format!("change/{trigger}")),
            filled(payload, "/view/id")?,
        );
        let way = Way::Change { view, stamp };
        return Some(Heard { id, at, what, way });
    }
    let channel =
        filled(payload, "/container/channel_id").or_else(|| filled(payload, "/channel/id"));
    let place = match &channel {
        Some(channel) => reader.place(channel),
        None => carried.place(&reader.network),
    };
    let message =
        filled(payload, "/container/message_ts").or_else(|| filled(payload, "/view/id"))?;
    let way = Way::Press {
        trigger: trigger.clone(),
        user: by.id.clone(),
        channel,
        response_url: filled(payload, "/response_url"),
    };
    let what = Happening::Pressed {
        by,
        place,
        message: MessageId(message),
        command: text(action, "/value").to_owned(),
        surface: Surface::Modal,
    };
    let id = EventId(format!("press/{trigger}"));
    Some(Heard { id, at, what, way })
}

fn submission(reader: &Reader, payload: &Value, by: UserId) -> Option<Heard> {
    let view = payload.get("view")?;
    let carried = Carried::read(text(view, "/private_metadata"));
    // A modal without a form has no button that sends it.
    if carried.form.is_empty() {
        return None;
    }
    let what = Happening::FormSubmitted {
        by,
        place: carried.place(&reader.network),
        form: carried.form,
        values: modal::values(view),
    };
    // A form with errors is sent again with other values, or under another hash. The trigger does not
    // count: whoever saw no answer presses once more, and means the same.
    let state = text_of(view.get("state"));
    let id = format!(
        "submit/{}/{}/{}",
        filled(view, "/id")?,
        text(view, "/hash"),
        reader.hashed(&state)
    );
    Some(Heard {
        id: EventId(id),
        at: None,
        what,
        way: Way::Submission {
            view: Box::new(view.clone()),
        },
    })
}

fn text_of(value: Option<&Value>) -> String {
    value.map(Value::to_string).unwrap_or_default()
}

fn closed(reader: &Reader, payload: &Value, by: UserId) -> Option<Heard> {
    let view = payload.get("view")?;
    let carried = Carried::read(text(view, "/private_metadata"));
    if carried.form.is_empty() {
        return None;
    }
    let what = Happening::FormCancelled {
        by,
        place: carried.place(&reader.network),
        form: carried.form,
    };
    Some(Heard {
        id: EventId(format!(
            "close/{}/{}",
            filled(view, "/id")?,
            text(view, "/hash")
        )),
        at: None,
        what,
        way: Way::Nobody,
    })
}

fn shortcut(payload: &Value, by: UserId) -> Option<Heard> {
    if text(payload, "/callback_id") != REPORT_SHORTCUT {
        return None;
    }
    let trigger = filled(payload, "/trigger_id")?;
    let about = permalink(payload)?;
    let way = Way::Press {
        trigger: trigger.clone(),
        user: by.id.clone(),
        channel: None,
        response_url: filled(payload, "/response_url"),
    };
    let what = Happening::Text {
        by,
        // Wherever the message stands: the form and its answer are the caller's alone.
        place: Place::Direct,
        text: format!("vuln report about {about}"),
        addressed: true,
        edited: false,
        surface: Surface::Modal,
        thread: None,
    };
    let at = instant(text(payload, "/action_ts"));
    let id = EventId(format!("shortcut/{trigger}"));
    Some(Heard { id, at, what, way })
}

/// The message's address, as `chat.getPermalink` would say it: asking would cost the trigger time.
fn permalink(payload: &Value) -> Option<String> {
    let (domain, channel) = (
        filled(payload, "/team/domain")?,
        filled(payload, "/channel/id")?,
    );
    let stamp = filled(payload, "/message/ts").or_else(|| filled(payload, "/message_ts"))?;
    let number: String = stamp.chars().filter(char::is_ascii_digit).collect();
    let mut link = format!("https://{domain}.slack.com/archives/{channel}/p{number}");
    if let Some(thread) = filled(payload, "/message/thread_ts").filter(|thread| *thread != stamp) {
        link.push_str(&format!("?thread_ts={thread}&cid={channel}"));
    }
    Some(link)
}
