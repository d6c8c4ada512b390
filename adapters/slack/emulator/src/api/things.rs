//! What belongs nowhere else: who am I, sockets, pins, reactions, mention groups.

use serde_json::{Value, json};

use super::reach;
use crate::args::Args;
use crate::check::limit;
use crate::refusal::{Answer, refuse};
use crate::world::{Group, World};

pub fn api_test(_world: &mut World, args: &Args) -> Answer {
    match args.text("error") {
        Some(error) => refuse(&error),
        None => Ok(json!({"ok": true, "args": args.0})),
    }
}

pub fn auth_test(world: &mut World, _args: &Args) -> Answer {
    Ok(json!({
        "ok": true,
        "url": format!("https://{}.slack.example/", world.settings.team_name.to_lowercase()),
        "team": world.settings.team_name,
        "user": "underrose",
        "team_id": world.settings.team_id,
        "user_id": world.bot_user,
        "bot_id": world.bot_id,
        "is_enterprise_install": false,
    }))
}

pub fn connections_open(world: &mut World, _args: &Args) -> Answer {
    let ticket = world.token();
    let now = world.now;
    world
        .tickets
        .retain(|_, made| now - *made < chrono::TimeDelta::hours(1));
    world.tickets.insert(ticket.clone(), now);
    let host = world.origin.trim_start_matches("http://");
    let app = &world.app_id;
    Ok(json!({"ok": true, "url": format!("ws://{host}/link/?ticket={ticket}&app_id={app}")}))
}

pub fn pin(world: &mut World, args: &Args) -> Answer {
    let id = args.need("channel")?;
    let channel = reach::alive(world, &id)?;
    let Some(ts) = args.text("timestamp") else {
        return refuse("no_item_specified");
    };
    if channel
        .message(&ts)
        .is_none_or(|message| message.ephemeral_to.is_some())
    {
        return refuse("message_not_found");
    }
    if channel.pins.contains(&ts) {
        return refuse("already_pinned");
    }
    if channel.pins.len() >= limit::PINS {
        return refuse("too_many_pins");
    }
    if let Some(channel) = world.channels.get_mut(&id) {
        channel.pins.push(ts);
    }
    Ok(json!({"ok": true}))
}

pub fn pins(world: &mut World, args: &Args) -> Answer {
    let channel = reach::inside(world, &args.need("channel")?)?;
    let items: Vec<Value> = channel
        .pins
        .iter()
        .rev()
        .filter_map(|ts| channel.message(ts))
        .map(|message| {
            json!({
                "type": "message",
                "channel": channel.id,
                "message": world.message_json(message, false),
                "created": world.tell_time(),
                "created_by": world.bot_user,
            })
        })
        .collect();
    Ok(json!({"ok": true, "items": items}))
}

pub fn react(world: &mut World, args: &Args) -> Answer {
    let id = args.need("channel")?;
    let name = args.need("name")?;
    if name.contains(':') {
        return refuse("invalid_name");
    }
    let bot = world.bot_user.clone();
    reach::alive(world, &id)?;
    let ts = args.need("timestamp")?;
    let message = world.channels.get_mut(&id).and_then(|c| c.message_mut(&ts));
    let Some(message) = message.filter(|message| message.ephemeral_to.is_none()) else {
        return refuse("message_not_found");
    };
    let reaction = (name, bot);
    if message.reactions.contains(&reaction) {
        return refuse("already_reacted");
    }
    message.reactions.push(reaction);
    Ok(json!({"ok": true}))
}

fn group_json(world: &World, group: &Group, with_people: bool, with_count: bool) -> Value {
    let mut shown = json!({
        "id": group.id,
        "team_id": world.settings.team_id,
        "is_usergroup": true,
        "is_subteam": true,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": false,
        "date_create": group.updated,
        "date_update": group.updated,
        "date_delete": if group.disabled { group.updated } else { 0 },
        "auto_type": null,
        "auto_provision": false,
        "enterprise_subteam_id": "",
        "created_by": world.bot_user,
        "updated_by": world.bot_user,
        "deleted_by": null,
        "prefs": {"channels": [], "groups": []},
    });
    if with_people {
        shown["users"] = json!(group.people);
    }
    if with_count {
        shown["user_count"] = json!(group.people.len());
    }
    shown
}

pub fn groups(world: &mut World, args: &Args) -> Answer {
    let (people, count) = (args.flag("include_users"), args.flag("include_count"));
    let shown: Vec<Value> = world
        .groups
        .values()
        .filter(|group| !group.disabled || args.flag("include_disabled"))
        .map(|group| group_json(world, group, people, count))
        .collect();
    Ok(json!({"ok": true, "usergroups": shown}))
}

pub fn group_people(world: &mut World, args: &Args) -> Answer {
    match world.groups.get(&args.need("usergroup")?) {
        Some(group) if !group.disabled || args.flag("include_disabled") => {
            Ok(json!({"ok": true, "users": group.people}))
        }
        Some(_) | None => refuse("no_such_subteam"),
    }
}

pub fn set_group_people(world: &mut World, args: &Args) -> Answer {
    let id = args.need("usergroup")?;
    let people = args.list("users");
    // A group cannot be emptied; it can only be disabled.
    if people.is_empty() {
        return refuse("no_users_provided");
    }
    let known = |person: &String| {
        world
            .people
            .get(person)
            .is_some_and(|person| !person.deleted && !person.is_bot)
    };
    if !people.iter().all(known) {
        return refuse("invalid_users");
    }
    let now = world.tell_time();
    match world.groups.get_mut(&id) {
        None => return refuse("no_such_subteam"),
        Some(group) if group.disabled => return refuse("no_such_subteam"),
        Some(group) => {
            group.people = people;
            group.updated = now;
        }
    }
    let shown = group_json(world, &world.groups[&id], true, args.flag("include_count"));
    Ok(json!({"ok": true, "usergroup": shown}))
}
