//! Channels themselves: made, described, listed, archived.

use serde_json::{Value, json};

use super::reach::{self, Verb};
use super::{page, paged};
use crate::args::Args;
use crate::check::limit;
use crate::fault::{self, Trouble};
use crate::refusal::{Answer, Refusal, refuse};
use crate::world::{Channel, Kind, World};

/// Channels on one page: "an integer under 1000".
const LISTED_MAX: usize = 999;

pub fn create(world: &mut World, args: &Args) -> Answer {
    let name = args.text("name").unwrap_or_default();
    let kind = if args.flag("is_private") {
        Kind::Private
    } else {
        Kind::Public
    };
    reach::need_for(world, &kind, Verb::Manage)?;
    if let Some(error) = bad_name(&name) {
        return refuse(error);
    }
    let races = fault::take(&mut world.faults, "conversations.create", |trouble| {
        *trouble == Trouble::NameRace
    });
    // Also names of private channels that the bot cannot see, and of archived ones.
    let taken = world.channels.values().any(|channel| channel.name == name);
    if taken && races.is_none() {
        return refuse("name_taken");
    }
    let bot = world.bot_user.clone();
    let id = world.add_channel(&name, kind, &bot);
    let text = format!("<@{bot}> has joined the channel");
    world.note(&id, &bot, "channel_join", &text, json!({}));
    Ok(json!({"ok": true, "channel": shown(world, &id)?}))
}

/// <https://docs.slack.dev/reference/methods/conversations.create#naming>
fn bad_name(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("invalid_name_required");
    }
    if limit::length(name) > limit::CHANNEL_NAME {
        return Some("invalid_name_maxlength");
    }
    let fits = |c: char| (c.is_alphanumeric() && !c.is_uppercase()) || c == '-' || c == '_';
    if !name.chars().any(char::is_alphanumeric) {
        return Some("invalid_name_punctuation");
    }
    if !name.chars().all(fits) {
        return Some("invalid_name_specials");
    }
    None
}

fn shown(world: &World, id: &str) -> Answer {
    Ok(world.channel_json(reach::known(world, id)?))
}

pub fn archive(world: &mut World, args: &Args) -> Answer {
    let id = args.need("channel")?;
    let channel = reach::inside(world, &id)?;
    reach::need_for(world, &channel.kind, Verb::Manage)?;
    match channel.kind {
        Kind::Direct(_) => return refuse("method_not_supported_for_channel_type"),
        Kind::Public | Kind::Private => {}
    }
    if channel.is_general {
        return refuse("cant_archive_general");
    }
    if channel.is_archived {
        return refuse("already_archived");
    }
    let bot = world.bot_user.clone();
    world.archive(&id, &bot);
    Ok(json!({"ok": true}))
}

pub fn set_topic(world: &mut World, args: &Args) -> Answer {
    let id = describe(world, args, "topic")?;
    let topic = args.text("topic").unwrap_or_default();
    told(world, &id, "topic", &topic);
    if let Some(channel) = world.channels.get_mut(&id) {
        channel.topic = topic;
    }
    Ok(json!({"ok": true, "channel": shown(world, &id)?}))
}

pub fn set_purpose(world: &mut World, args: &Args) -> Answer {
    let id = describe(world, args, "purpose")?;
    let purpose = args.text("purpose").unwrap_or_default();
    told(world, &id, "purpose", &purpose);
    if let Some(channel) = world.channels.get_mut(&id) {
        channel.purpose = purpose;
    }
    Ok(json!({"ok": true, "channel": shown(world, &id)?}))
}

/// Slack's own line in the channel: a topic is read by everybody who is in there.
fn told(world: &mut World, id: &str, what: &str, words: &str) {
    let bot = world.bot_user.clone();
    let text = format!("<@{bot}> set the channel {what}: {words}");
    world.note(
        id,
        &bot,
        &format!("channel_{what}"),
        &text,
        json!({ what: words }),
    );
}

fn describe(world: &World, args: &Args, what: &str) -> Result<String, Refusal> {
    let id = args.need("channel")?;
    let channel = reach::alive(world, &id)?;
    reach::need_for(world, &channel.kind, Verb::Manage)?;
    if matches!(channel.kind, Kind::Direct(_)) {
        return refuse("method_not_supported_for_channel_type");
    }
    if limit::length(&args.text(what).unwrap_or_default()) > limit::TOPIC {
        return refuse("too_long");
    }
    Ok(id)
}

pub fn info(world: &mut World, args: &Args) -> Answer {
    let channel = reach::known(world, &args.need("channel")?)?;
    reach::need_for(world, &channel.kind, Verb::Read)?;
    let mut shown = world.channel_json(channel);
    if args.flag("include_num_members") {
        shown["num_members"] = json!(channel.members.len());
    }
    Ok(json!({"ok": true, "channel": shown}))
}

pub fn list(world: &mut World, args: &Args) -> Answer {
    let items = of_types(world, args, |channel| {
        reach::known(world, &channel.id).is_ok()
    })?;
    let counted = items.into_iter().map(|channel| {
        let mut shown = world.channel_json(channel);
        if !matches!(channel.kind, Kind::Direct(_)) {
            shown["num_members"] = json!(channel.members.len());
        }
        shown
    });
    let items = counted.collect();
    Ok(paged("channels", page(items, args, 100, LISTED_MAX)?))
}

/// Those that somebody is in, as far as the bot can know of them.
/// <https://docs.slack.dev/reference/methods/users.conversations>
pub fn of_person(world: &mut World, args: &Args) -> Answer {
    let person = args.text("user").unwrap_or_else(|| world.bot_user.clone());
    let items = of_types(world, args, |channel| {
        channel.members.contains(&person) && reach::known(world, &channel.id).is_ok()
    })?;
    let items = items
        .into_iter()
        .map(|channel| {
            let mut shown = world.channel_json(channel);
            if let Value::Object(keys) = &mut shown {
                keys.remove("is_member");
            }
            shown
        })
        .collect();
    Ok(paged("channels", page(items, args, 100, LISTED_MAX)?))
}

/// Channels of the kinds that are asked for.
fn of_types<'a>(
    world: &'a World,
    args: &Args,
    fits: impl Fn(&Channel) -> bool,
) -> Result<Vec<&'a Channel>, Refusal> {
    let mut types = args.list("types");
    if types.is_empty() {
        types.push("public_channel".into());
    }
    for kind in &types {
        let scope = match kind.as_str() {
            "public_channel" => "channels:read",
            "private_channel" => "groups:read",
            "im" => "im:read",
            "mpim" => "mpim:read",
            _ => return refuse("invalid_types"),
        };
        reach::need_any(world, &[scope])?;
    }
    let wanted = |kind: &Kind| {
        let word = match kind {
            Kind::Public => "public_channel",
            Kind::Private => "private_channel",
            Kind::Direct(_) => "im",
        };
        types.iter().any(|name| name == word)
    };
    let channels = world.channels.values();
    Ok(channels
        .filter(|channel| wanted(&channel.kind) && fits(channel))
        .filter(|channel| !(channel.is_archived && args.flag("exclude_archived")))
        .collect())
}

pub fn open(world: &mut World, args: &Args) -> Answer {
    let people = args.list("users");
    let id = match (args.text("channel"), people.as_slice()) {
        (Some(channel), []) => reach::known(world, &channel)?.id.clone(),
        (None, [person]) => {
            reach::need_any(world, &["im:write"])?;
            match world.people.get(person) {
                None => return refuse("user_not_found"),
                Some(found) if found.deleted => return refuse("user_disabled"),
                Some(found) if found.is_bot => return refuse("cannot_dm_bot"),
                Some(_) => world.direct(person),
            }
        }
        (None, []) | (Some(_), _) => return refuse("users_list_not_supplied"),
        // Conversations of several are not modelled.
        (None, _) => return refuse("method_not_supported_for_channel_type"),
    };
    let channel = if args.flag("return_im") {
        shown(world, &id)?
    } else {
        json!({ "id": id })
    };
    Ok(json!({"ok": true, "no_op": false, "already_open": false, "channel": channel}))
}
