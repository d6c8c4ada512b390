//! What the app is sent, in the shapes of Slack's documentation:
//! <https://docs.slack.dev/apis/events-api>, <https://docs.slack.dev/reference/interaction-payloads>
//! and <https://docs.slack.dev/interactivity/implementing-slash-commands>.

use serde_json::{Value, json};

use crate::world::{Kind, Outgoing, Whence, World};

/// Which door a payload goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    Events,
    Commands,
    Interactivity,
}

impl Door {
    pub fn word(self) -> &'static str {
        match self {
            Self::Events => "events_api",
            Self::Commands => "slash_commands",
            Self::Interactivity => "interactive",
        }
    }
}

/// Something for the app, however it travels.
#[derive(Clone, Debug)]
pub struct Parcel {
    pub door: Door,
    pub payload: Value,
    /// Whether the acknowledgement may say something.
    pub answerable: bool,
}

pub fn event(world: &mut World, outgoing: Outgoing) -> Parcel {
    let id = world.id("Ev");
    let payload = json!({
        "token": "emulated-verification",
        "team_id": world.settings.team_id,
        "context_team_id": world.settings.team_id,
        "context_enterprise_id": null,
        "api_app_id": world.app_id,
        "event": outgoing.event,
        "type": "event_callback",
        "event_id": id,
        "event_time": world.tell_time(),
        "authorizations": [{
            "enterprise_id": null,
            "team_id": world.settings.team_id,
            "user_id": world.bot_user,
            "is_bot": true,
            "is_enterprise_install": false,
        }],
        "is_ext_shared_channel": outgoing.shared,
        "event_context": format!("4-{id}"),
    });
    Parcel {
        door: Door::Events,
        payload,
        answerable: false,
    }
}

fn user(world: &World, person: &str) -> Value {
    let found = world.people.get(person);
    let name = found.map_or("", |person| person.name.as_str());
    let team = found.map_or("", |person| person.team.as_str());
    json!({"id": person, "name": name, "team_id": team})
}

fn team(world: &World) -> Value {
    json!({"id": world.settings.team_id, "domain": world.settings.team_name.to_lowercase()})
}

/// How a payload names a channel: private ones and direct messages are not told by name.
fn channel_name(world: &World, id: &str) -> String {
    match world.channels.get(id) {
        Some(channel) => match channel.kind {
            Kind::Public => channel.name.clone(),
            Kind::Private => "privategroup".into(),
            Kind::Direct(_) => "directmessage".into(),
        },
        None => String::new(),
    }
}

pub fn command(
    world: &mut World,
    person: &str,
    channel: &str,
    command: &str,
    text: &str,
) -> Parcel {
    let trigger = world.trigger(person, None);
    let url = world.response_url(channel, person, Whence::Command);
    let name = world.people.get(person).map(|p| p.name.clone());
    let payload = json!({
        "token": "emulated-verification",
        "team_id": world.settings.team_id,
        "team_domain": world.settings.team_name.to_lowercase(),
        "channel_id": channel,
        "channel_name": channel_name(world, channel),
        "user_id": person,
        "user_name": name,
        "command": command,
        "text": text,
        "api_app_id": world.app_id,
        "is_enterprise_install": "false",
        "response_url": url,
        "trigger_id": trigger,
    });
    Parcel {
        door: Door::Commands,
        payload,
        answerable: true,
    }
}

/// What all interactions begin with. Those with elements name their user twice.
fn base(world: &World, kind: &str, person: &str) -> Value {
    json!({
        "type": kind,
        "user": user(world, person),
        "api_app_id": world.app_id,
        "token": "emulated-verification",
        "team": team(world),
        "enterprise": null,
        "is_enterprise_install": false,
    })
}

fn interactive(payload: Value, answerable: bool) -> Parcel {
    Parcel {
        door: Door::Interactivity,
        payload,
        answerable,
    }
}

/// An element of a message was used.
pub fn message_action(world: &mut World, person: &str, at: (&str, &str), action: Value) -> Parcel {
    let (channel, ts) = at;
    let mut payload = base(world, "block_actions", person);
    let found = world
        .channels
        .get(channel)
        .and_then(|c| c.message(ts))
        .cloned();
    let ephemeral = found.as_ref().is_some_and(|m| m.ephemeral_to.is_some());
    payload["user"]["username"] = payload["user"]["name"].clone();
    payload["container"] = json!({
        "type": "message",
        "message_ts": ts,
        "channel_id": channel,
        "is_ephemeral": ephemeral,
    });
    payload["trigger_id"] = json!(world.trigger(person, None));
    payload["channel"] = json!({"id": channel, "name": channel_name(world, channel)});
    // An ephemeral message is not shown to the app again.
    if let Some(message) = found.filter(|_| !ephemeral) {
        let values = crate::values::initial(&json!(message.blocks), &serde_json::Map::new());
        payload["message"] = world.message_json(&message, false);
        payload["state"] = json!({ "values": values });
    } else {
        payload["state"] = json!({"values": {}});
    }
    let whence = Whence::Message { ts: ts.to_owned() };
    payload["response_url"] = json!(world.response_url(channel, person, whence));
    payload["actions"] = json!([action]);
    interactive(payload, false)
}

/// An element of a view was used: with the live state of all of them.
pub fn view_action(world: &mut World, person: &str, view: &str, action: Value) -> Parcel {
    let mut payload = base(world, "block_actions", person);
    payload["user"]["username"] = payload["user"]["name"].clone();
    payload["container"] = json!({"type": "view", "view_id": view});
    payload["trigger_id"] = json!(world.trigger(person, Some(view)));
    payload["view"] = world
        .views
        .get(view)
        .map_or(Value::Null, |view| world.view_json(view));
    payload["actions"] = json!([action]);
    interactive(payload, false)
}

pub fn submission(world: &mut World, person: &str, view: &str) -> Parcel {
    let mut payload = base(world, "view_submission", person);
    payload["trigger_id"] = json!(world.trigger(person, Some(view)));
    payload["view"] = world
        .views
        .get(view)
        .map_or(Value::Null, |view| world.view_json(view));
    payload["response_urls"] = json!([]);
    interactive(payload, true)
}

pub fn closed(world: &mut World, person: &str, view: &Value, cleared: bool) -> Parcel {
    let mut payload = base(world, "view_closed", person);
    payload["view"] = view.clone();
    payload["is_cleared"] = json!(cleared);
    interactive(payload, false)
}

pub fn shortcut(
    world: &mut World,
    person: &str,
    at: (&str, &str),
    callback: &str,
) -> Option<Parcel> {
    let (channel, ts) = at;
    let message = world.channels.get(channel)?.message(ts)?.clone();
    let mut payload = base(world, "message_action", person);
    if let Value::Object(keys) = &mut payload {
        keys.remove("api_app_id");
    }
    payload["callback_id"] = json!(callback);
    payload["action_ts"] = json!(world.ts());
    payload["trigger_id"] = json!(world.trigger(person, None));
    payload["channel"] = json!({"id": channel, "name": channel_name(world, channel)});
    payload["message_ts"] = json!(ts);
    payload["message"] = world.message_json(&message, false);
    let whence = Whence::Command;
    payload["response_url"] = json!(world.response_url(channel, person, whence));
    Some(interactive(payload, false))
}
