//! Who is in a channel.

use serde_json::{Value, json};

use super::reach::{self, Verb};
use super::{page, paged};
use crate::args::Args;
use crate::check::limit;
use crate::refusal::{Answer, Refusal, refuse};
use crate::world::{Guest, Kind, World};

pub fn join(world: &mut World, args: &Args) -> Answer {
    let id = args.need("channel")?;
    let channel = reach::known(world, &id)?;
    match channel.kind {
        Kind::Public => {}
        Kind::Private | Kind::Direct(_) => {
            return refuse("method_not_supported_for_channel_type");
        }
    }
    if channel.is_archived {
        return refuse("is_archived");
    }
    let bot = world.bot_user.clone();
    if channel.members.contains(&bot) {
        let shown = world.channel_json(channel);
        return Ok(
            json!({"ok": true, "channel": shown, "warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}),
        );
    }
    world.enter(&id, &bot, None);
    let shown = world.channel_json(reach::known(world, &id)?);
    Ok(json!({"ok": true, "channel": shown}))
}

pub fn invite(world: &mut World, args: &Args) -> Answer {
    let id = args.need("channel")?;
    let people = args.list("users");
    if people.is_empty() {
        return refuse("no_user");
    }
    if people.len() > limit::INVITED {
        return refuse("too_many_users");
    }
    let channel = reach::alive(world, &id)?;
    reach::need_for(world, &channel.kind, Verb::Manage)?;
    if matches!(channel.kind, Kind::Direct(_)) {
        return refuse("method_not_supported_for_channel_type");
    }
    let mut errors = Vec::new();
    let mut fit = Vec::new();
    for person in &people {
        match world.people.get(person) {
            _ if *person == world.bot_user => errors.push((person, "cant_invite_self")),
            None => errors.push((person, "user_not_found")),
            Some(found) if found.deleted => errors.push((person, "user_is_restricted_or_gone")),
            Some(found) if found.guest == Guest::Ultra => {
                errors.push((person, "ura_max_channels"));
            }
            Some(found) if found.guest == Guest::Stranger && !channel.is_ext_shared => {
                errors.push((person, "cant_invite"));
            }
            Some(_) if channel.members.contains(person) => {
                errors.push((person, "already_in_channel"));
            }
            Some(_) => fit.push(person.clone()),
        }
    }
    for (_, error) in &mut errors {
        // The name in the documentation for somebody whose account is gone.
        if *error == "user_is_restricted_or_gone" {
            *error = "user_not_found";
        }
    }
    if let Some((_, first)) = errors.first() {
        // One that cannot be invited stops all, unless `force` is set.
        if !args.flag("force") || fit.is_empty() {
            let each: Vec<Value> = errors
                .iter()
                .map(|(person, error)| json!({"user": person, "ok": false, "error": error}))
                .collect();
            return Err(Refusal::new(first).with("errors", json!(each)));
        }
    }
    let bot = world.bot_user.clone();
    for person in &fit {
        world.enter(&id, person, Some(&bot));
    }
    let shown = world.channel_json(reach::known(world, &id)?);
    Ok(json!({"ok": true, "channel": shown}))
}

pub fn kick(world: &mut World, args: &Args) -> Answer {
    let id = args.need("channel")?;
    let person = args.need("user")?;
    let channel = reach::alive(world, &id)?;
    reach::need_for(world, &channel.kind, Verb::Manage)?;
    if matches!(channel.kind, Kind::Direct(_)) {
        return refuse("method_not_supported_for_channel_type");
    }
    if person == world.bot_user {
        return refuse("cant_kick_self");
    }
    let Some(found) = world.people.get(&person) else {
        return refuse("user_not_found");
    };
    if channel.is_general {
        return refuse("cant_kick_from_general");
    }
    if !channel.members.contains(&person) {
        return refuse("not_in_channel");
    }
    // A workspace may keep its owners from being removed.
    if found.is_owner {
        return refuse("restricted_action");
    }
    let bot = world.bot_user.clone();
    world.leave(&id, &person, Some(&bot));
    Ok(json!({"ok": true}))
}

pub fn leave(world: &mut World, args: &Args) -> Answer {
    let id = args.need("channel")?;
    let channel = reach::known(world, &id)?;
    if !channel.members.contains(&world.bot_user) {
        return Ok(json!({"ok": false, "not_in_channel": true}));
    }
    if channel.is_archived {
        return refuse("is_archived");
    }
    let bot = world.bot_user.clone();
    world.leave(&id, &bot, None);
    Ok(json!({"ok": true}))
}

pub fn members(world: &mut World, args: &Args) -> Answer {
    let channel = reach::known(world, &args.need("channel")?)?;
    reach::need_for(world, &channel.kind, Verb::Read)?;
    let items = channel.members.iter().map(|person| json!(person)).collect();
    Ok(paged("members", page(items, args, 100, 1000)?))
}
