//! Response URLs: what a person's gesture entitles the app to say, five times in half an hour.
//! <https://docs.slack.dev/interactivity/handling-user-interaction#message_responses>

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::api::content;
use crate::args::Args;
use crate::check::limit;
use crate::refusal::{Answer, refuse};
use crate::world::{Message, Whence, World};

pub fn respond(world: &mut World, token: &str, args: &Args) -> Answer {
    let now = world.now;
    let Some(url) = world.response_urls.get_mut(token) else {
        return refuse("expired_url");
    };
    if now - url.made > TimeDelta::minutes(limit::RESPONSE_URL_MINUTES) {
        return refuse("expired_url");
    }
    if url.uses >= limit::RESPONSE_URL_USES {
        return refuse("used_url");
    }
    url.uses += 1;
    let url = url.clone();
    let stands = match &url.whence {
        Whence::Command => None,
        Whence::Message { ts } => Some(ts.clone()),
    };
    if args.flag("delete_original") {
        if let Some(ts) = stands {
            world.unsay(&url.channel, &ts);
        }
        return Ok(json!({"ok": true}));
    }
    answer(
        world,
        &url.channel,
        &url.person,
        stands.filter(|_| args.flag("replace_original")),
        args,
    )
}

/// Says something to a person, or in the channel, as an answer to what they did: by a response
/// URL, or with the acknowledgement of a command.
pub fn answer(
    world: &mut World,
    channel: &str,
    person: &str,
    replaces: Option<String>,
    args: &Args,
) -> Answer {
    let said = content(world, args, limit::POST_TEXT)?;
    let in_channel = match args.text("response_type").as_deref() {
        None | Some("ephemeral") => false,
        Some("in_channel") => true,
        Some(_) => return refuse("invalid_arguments"),
    };
    if let Some(ts) = replaces {
        let edited = world.ts();
        let found = world
            .channels
            .get_mut(channel)
            .and_then(|c| c.message_mut(&ts));
        let Some(message) = found else {
            return refuse("message_not_found");
        };
        message.text = said.text;
        message.blocks = said.blocks.unwrap_or_default();
        message.edited_ts = Some(edited);
        return Ok(json!({"ok": true}));
    }
    let bot = world.bot_user.clone();
    let message = Message {
        by_app: true,
        blocks: said.blocks.unwrap_or_default(),
        attachments: said.attachments.unwrap_or_default(),
        thread_ts: args.text("thread_ts"),
        ephemeral_to: Some(person.to_owned()).filter(|_| !in_channel),
        ..Message::new(world.ts(), &bot, &said.text)
    };
    if in_channel {
        world.say(channel, message);
    } else if let Some(channel) = world.channels.get_mut(channel) {
        channel.push(message);
    }
    Ok::<Value, _>(json!({"ok": true}))
}
