//! What Slack tells of the bot's own footing before a delivery fails because of it: channels that
//! were archived or that it was removed from, people whose accounts were closed, a workspace with
//! another name, tokens that were revoked.

use serde_json::Value;
use underrose_chat::{About, Happening};

use super::event::named;
use super::{Heard, Reader, Way, filled, text};
use crate::render::text::clip;
use crate::words;

/// What is shown of a workspace's new name.
const NAME_MAX: usize = 80;

pub fn read(reader: &Reader, payload: &Value, event: &Value) -> Option<Heard> {
    let (about, reason) = match text(event, "/type") {
        // Both are done by the bot itself, too: a case's room is archived when the case closes.
        "channel_archive" | "group_archive" => {
            let room = by_another(reader, event, "/user")?;
            (room, words::ROOM_ARCHIVED.to_owned())
        }
        "channel_left" | "group_left" => {
            let room = by_another(reader, event, "/actor_id")?;
            (room, words::ROOM_LEFT.to_owned())
        }
        // Comes with each change of anybody's profile.
        "user_change" => {
            let deleted = event.pointer("/user/deleted").and_then(Value::as_bool);
            let who = reader.user(event, "/user/id")?;
            if deleted != Some(true) || who.id == reader.me {
                return None;
            }
            (About::Person { who }, words::ACCOUNT_CLOSED.to_owned())
        }
        "team_rename" => {
            let name = clip(&filled(event, "/name")?, NAME_MAX);
            (About::Network, words::renamed(&name))
        }
        _ => return None,
    };
    let what = Happening::Trouble { about, reason };
    named(payload, event, what, Way::Nobody)
}

/// Whether it says that the bot's own token may not work any more. Slack may say so again when there
/// is a new one: whoever reads this asks.
pub fn doubts_access(reader: &Reader, payload: &Value) -> bool {
    let Some(event) = payload.get("event") else {
        return false;
    };
    match text(event, "/type") {
        "app_uninstalled" => true,
        "tokens_revoked" => {
            let bots = event.pointer("/tokens/bot").and_then(Value::as_array);
            bots.is_some_and(|bots| bots.iter().any(|bot| *bot == reader.me))
        }
        _ => false,
    }
}

fn by_another(reader: &Reader, event: &Value, path: &str) -> Option<About> {
    if text(event, path) == reader.me {
        return None;
    }
    let room = reader.room(&filled(event, "/channel")?);
    Some(About::Room { room })
}
