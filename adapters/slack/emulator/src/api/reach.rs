//! What the bot may see and do in a channel: scopes by the channel's kind, membership, archive.

use crate::refusal::{Refusal, refuse};
use crate::world::{Channel, Kind, World};
use serde_json::json;

pub fn need_any(world: &World, scopes: &[&str]) -> Result<(), Refusal> {
    if scopes
        .iter()
        .any(|scope| world.settings.scopes.contains(*scope))
    {
        return Ok(());
    }
    let provided: Vec<&str> = world.settings.scopes.iter().map(String::as_str).collect();
    Err(Refusal::new("missing_scope")
        .with("needed", json!(scopes.join(",")))
        .with("provided", json!(provided.join(","))))
}

/// What is done to a channel; decides the scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Read,
    History,
    Manage,
}

pub fn need_for(world: &World, kind: &Kind, verb: Verb) -> Result<(), Refusal> {
    let scope = match (kind, verb) {
        (Kind::Public, Verb::Read) => "channels:read",
        (Kind::Public, Verb::History) => "channels:history",
        (Kind::Public, Verb::Manage) => "channels:manage",
        (Kind::Private, Verb::Read) => "groups:read",
        (Kind::Private, Verb::History) => "groups:history",
        (Kind::Private, Verb::Manage) => "groups:write",
        (Kind::Direct(_), Verb::Read) => "im:read",
        (Kind::Direct(_), Verb::History) => "im:history",
        (Kind::Direct(_), Verb::Manage) => "im:write",
    };
    need_any(world, &[scope])
}

/// A channel that the bot can know of: a private one it is not in does not exist for it.
pub fn known<'a>(world: &'a World, id: &str) -> Result<&'a Channel, Refusal> {
    let Some(channel) = world.channels.get(id) else {
        return refuse("channel_not_found");
    };
    let inside = channel.members.contains(&world.bot_user);
    match channel.kind {
        Kind::Public => Ok(channel),
        Kind::Private | Kind::Direct(_) if inside => Ok(channel),
        Kind::Private | Kind::Direct(_) => refuse("channel_not_found"),
    }
}

/// A channel that the bot is in.
pub fn inside<'a>(world: &'a World, id: &str) -> Result<&'a Channel, Refusal> {
    let channel = known(world, id)?;
    if !channel.members.contains(&world.bot_user) {
        return refuse("not_in_channel");
    }
    Ok(channel)
}

/// A channel that the bot is in and that is not archived.
pub fn alive<'a>(world: &'a World, id: &str) -> Result<&'a Channel, Refusal> {
    let channel = inside(world, id)?;
    if channel.is_archived {
        return refuse("is_archived");
    }
    Ok(channel)
}

/// Where a message goes: a channel's id, its name, or a person's id (their direct message).
pub fn destination(world: &mut World, named: &str) -> Result<String, Refusal> {
    if world.channels.contains_key(named) {
        return Ok(named.to_owned());
    }
    if let Some(person) = world.people.get(named) {
        if person.deleted || person.is_bot {
            return refuse("channel_not_found");
        }
        need_any(world, &["chat:write"])?;
        return Ok(world.direct(named));
    }
    let name = named.strip_prefix('#').unwrap_or(named);
    let found = world
        .channels
        .values()
        .find(|channel| !channel.name.is_empty() && channel.name == name);
    found.map_or_else(
        || refuse("channel_not_found"),
        |channel| Ok(channel.id.clone()),
    )
}
