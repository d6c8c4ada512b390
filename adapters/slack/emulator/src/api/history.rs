//! What was said, newest first (`history`) or oldest first in a thread (`replies`).

use serde_json::{Value, json};

use super::page;
use super::reach::{self, Verb};
use crate::args::Args;
use crate::refusal::{Answer, Refusal, refuse};
use crate::world::{Message, World};

pub fn history(world: &mut World, args: &Args) -> Answer {
    let channel = reach::inside(world, &args.need("channel")?)?;
    reach::need_for(world, &channel.kind, Verb::History)?;
    let window = Window::of(args)?;
    let items = channel
        .messages
        .iter()
        .rev()
        .filter(|message| message.ephemeral_to.is_none())
        .filter(|message| message.thread_ts.as_ref().is_none_or(|t| *t == message.ts))
        .filter(|message| window.holds(&message.ts))
        .map(|message| world.message_json(message, args.flag("include_all_metadata")))
        .collect();
    let pins = channel.pins.len();
    let (messages, next) = page(items, args, 100, 999)?;
    Ok(answer(messages, next, Some(pins)))
}

pub fn replies(world: &mut World, args: &Args) -> Answer {
    let channel = reach::inside(world, &args.need("channel")?)?;
    reach::need_for(world, &channel.kind, Verb::History)?;
    let ts = args.need("ts")?;
    let Some(parent) = channel.message(&ts) else {
        return refuse("thread_not_found");
    };
    let root = parent.thread_ts.clone().unwrap_or_else(|| ts.clone());
    let window = Window::of(args)?;
    let within = |message: &&Message| {
        message.ephemeral_to.is_none()
            && (message.ts == root || message.thread_ts.as_ref() == Some(&root))
            && (message.ts == root || window.holds(&message.ts))
    };
    let items = channel
        .messages
        .iter()
        .filter(within)
        .map(|message| world.message_json(message, args.flag("include_all_metadata")))
        .collect();
    let (messages, next) = page(items, args, 1000, 1000)?;
    Ok(answer(messages, next, None))
}

fn answer(messages: Vec<Value>, next: String, pins: Option<usize>) -> Value {
    let mut body = json!({"ok": true, "messages": messages, "has_more": !next.is_empty()});
    if let Some(pins) = pins {
        body["pin_count"] = json!(pins);
    }
    if !next.is_empty() {
        body["response_metadata"] = json!({"next_cursor": next});
    }
    body
}

/// The span of time that was asked for. Timestamps compare as numbers, not as texts.
struct Window {
    oldest: Option<i64>,
    latest: Option<i64>,
    inclusive: bool,
}

impl Window {
    fn of(args: &Args) -> Result<Self, Refusal> {
        let at = |name: &str, error: &str| match args.text(name) {
            None => Ok(None),
            Some(ts) => micros(&ts).map(Some).ok_or_else(|| Refusal::new(error)),
        };
        Ok(Self {
            oldest: at("oldest", "invalid_ts_oldest")?.filter(|oldest| *oldest > 0),
            latest: at("latest", "invalid_ts_latest")?,
            inclusive: args.flag("inclusive"),
        })
    }

    fn holds(&self, ts: &str) -> bool {
        let Some(ts) = micros(ts) else { return false };
        let after = self
            .oldest
            .is_none_or(|oldest| ts > oldest || (self.inclusive && ts == oldest));
        let before = self
            .latest
            .is_none_or(|latest| ts < latest || (self.inclusive && ts == latest));
        after && before
    }
}

fn micros(ts: &str) -> Option<i64> {
    let (seconds, fraction) = ts.split_once('.').unwrap_or((ts, ""));
    if fraction.len() > 6 {
        return None;
    }
    let seconds: i64 = seconds.parse().ok()?;
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    Some(seconds * 1_000_000 + fraction)
}
