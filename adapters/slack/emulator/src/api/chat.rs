//! Saying, changing and deleting.

use serde_json::{Value, json};

use super::reach;
use crate::args::Args;
use crate::check::{self, Surface, limit};
use crate::refusal::{Answer, Refusal, refuse};
use crate::text;
use crate::world::{Kind, Message, World};

/// What a message says, checked.
pub struct Content {
    pub text: String,
    pub blocks: Option<Vec<Value>>,
    pub attachments: Option<Vec<Value>>,
    pub metadata: Option<Value>,
}

pub fn content(world: &mut World, args: &Args, text_max: usize) -> Result<Content, Refusal> {
    let list = |name: &str| -> Result<Option<Vec<Value>>, Refusal> {
        match args
            .structure(name)
            .map_err(|_| invalid(name, &["must be valid JSON".into()]))?
        {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(invalid(name, &["must be an array".into()])),
        }
    };
    let mut blocks = list("blocks")?;
    let attachments = list("attachments")?;
    let text = args.text("text").unwrap_or_default();
    let something = |items: &Option<Vec<Value>>| items.as_ref().is_some_and(|i| !i.is_empty());
    if text.is_empty() && !something(&blocks) && !something(&attachments) {
        return refuse("no_text");
    }
    if limit::length(&text) > text_max {
        return refuse("msg_too_long");
    }
    if let Some(blocks) = &mut blocks {
        let errors = check::blocks(blocks, Surface::Message);
        if !errors.is_empty() {
            return Err(invalid("blocks", &errors));
        }
        check::fill_ids(blocks, || short(world));
    }
    let metadata = args
        .structure("metadata")
        .map_err(|_| Refusal::new("invalid_metadata_format"))?;
    if let Some(metadata) = &metadata {
        let right = metadata["event_type"].is_string() && metadata["event_payload"].is_object();
        if !right {
            return refuse("invalid_metadata_schema");
        }
    }
    Ok(Content {
        text: text::linked(&text),
        blocks,
        attachments,
        metadata,
    })
}

fn invalid(name: &str, errors: &[String]) -> Refusal {
    Refusal::new(&format!("invalid_{name}"))
        .with("errors", json!(errors))
        .because(errors)
}

fn short(world: &mut World) -> String {
    let token = world.token();
    token[token.len() - 6..].to_owned()
}

pub fn post(world: &mut World, args: &Args) -> Answer {
    let to = reach::destination(world, &args.need("channel")?)?;
    let channel = reach::known(world, &to)?;
    if channel.is_archived {
        return refuse("is_archived");
    }
    let member = channel.members.contains(&world.bot_user);
    if !member && !world.settings.scopes.contains("chat:write.public") {
        return refuse("not_in_channel");
    }
    if channel.is_restricted {
        return refuse("restricted_action");
    }
    if let Kind::Direct(person) = &channel.kind
        && world
            .people
            .get(person)
            .is_some_and(|person| person.deleted)
    {
        return refuse("user_not_found");
    }
    let thread = args.text("thread_ts");
    if let Some(thread) = &thread
        && channel.message(thread).is_none()
    {
        return refuse("thread_not_found");
    }
    let content = content(world, args, limit::POST_TEXT)?;
    let message = Message {
        by_app: true,
        blocks: content.blocks.unwrap_or_default(),
        attachments: content.attachments.unwrap_or_default(),
        metadata: content.metadata,
        thread_ts: thread,
        unfurl_links: args.text("unfurl_links").map(|flag| flag == "true"),
        unfurl_media: args.text("unfurl_media").map(|flag| flag == "true"),
        ..Message::new(world.ts(), &world.bot_user.clone(), &content.text)
    };
    let shown = world.message_json(&message, true);
    let ts = message.ts.clone();
    world.say(&to, message);
    Ok(json!({"ok": true, "channel": to, "ts": ts, "message": shown}))
}

pub fn post_ephemeral(world: &mut World, args: &Args) -> Answer {
    let to = args.need("channel")?;
    let person = args.need("user")?;
    let channel = reach::alive(world, &to)?;
    if !channel.members.contains(&person) {
        return refuse("user_not_in_channel");
    }
    let content = content(world, args, limit::POST_TEXT)?;
    let message = Message {
        by_app: true,
        blocks: content.blocks.unwrap_or_default(),
        attachments: content.attachments.unwrap_or_default(),
        ephemeral_to: Some(person),
        thread_ts: args.text("thread_ts"),
        ..Message::new(world.ts(), &world.bot_user.clone(), &content.text)
    };
    let ts = message.ts.clone();
    if let Some(channel) = world.channels.get_mut(&to) {
        channel.push(message);
    }
    Ok(json!({"ok": true, "message_ts": ts}))
}

pub fn update(world: &mut World, args: &Args) -> Answer {
    let to = args.need("channel")?;
    let ts = args.need("ts")?;
    let channel = reach::inside(world, &to)?;
    // <https://docs.slack.dev/reference/methods/chat.update>: archived channels are "inactive".
    if channel.is_archived {
        return refuse("is_inactive");
    }
    let Some(message) = channel.message(&ts).filter(|m| m.ephemeral_to.is_none()) else {
        return refuse("message_not_found");
    };
    if !message.by_app {
        return refuse("cant_update_message");
    }
    let content = content(world, args, limit::UPDATE_TEXT)?;
    let edited = world.ts();
    let previous = world.message_json(&message_of(world, &to, &ts)?, false);
    let Some(message) = world.channels.get_mut(&to).and_then(|c| c.message_mut(&ts)) else {
        return refuse("message_not_found");
    };
    // Text without blocks takes the blocks away; blocks alone leave the text.
    match (args.has("text"), content.blocks) {
        (_, Some(blocks)) => message.blocks = blocks,
        (true, None) => message.blocks.clear(),
        (false, None) => {}
    }
    if args.has("text") {
        message.text = content.text;
    }
    if let Some(attachments) = content.attachments {
        message.attachments = attachments;
    }
    if content.metadata.is_some() {
        message.metadata = content.metadata;
    }
    message.edited_ts = Some(edited);
    let message = message.clone();
    let mut shown = world.message_json(&message, true);
    if let Value::Object(keys) = &mut shown {
        keys.remove("ts");
    }
    let text = message.text.clone();
    world.tell_change(&to, &message, previous);
    Ok(json!({"ok": true, "channel": to, "ts": ts, "text": text, "message": shown}))
}

fn message_of(world: &World, channel: &str, ts: &str) -> Result<Message, Refusal> {
    let found = world.channels.get(channel).and_then(|c| c.message(ts));
    found
        .cloned()
        .ok_or_else(|| Refusal::new("message_not_found"))
}

pub fn delete(world: &mut World, args: &Args) -> Answer {
    let to = args.need("channel")?;
    let ts = args.need("ts")?;
    let channel = reach::inside(world, &to)?;
    if channel.is_archived {
        return refuse("is_archived");
    }
    match channel.message(&ts) {
        None => return refuse("message_not_found"),
        Some(message) if message.ephemeral_to.is_some() => return refuse("message_not_found"),
        Some(message) if !message.by_app => return refuse("cant_delete_message"),
        Some(_) => {}
    }
    if let Some(channel) = world.channels.get_mut(&to) {
        channel.messages.retain(|message| message.ts != ts);
        channel.pins.retain(|pin| *pin != ts);
    }
    Ok(json!({"ok": true, "channel": to, "ts": ts}))
}

pub fn permalink(world: &mut World, args: &Args) -> Answer {
    let channel = reach::known(world, &args.need("channel")?)?;
    let ts = args.need("message_ts")?;
    if channel.message(&ts).is_none() {
        return refuse("message_not_found");
    }
    let link = world.permalink(&channel.id, &ts);
    Ok(json!({"ok": true, "channel": channel.id, "permalink": link}))
}
