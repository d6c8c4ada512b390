//! An event of a room as what somebody did. Pure: JSON in, [`Read`] out. It decides nothing, and
//! asks nobody; whether the event may be believed was asked before.

use serde_json::Value;

use crate::pills;
use crate::render::PREFIXES;

/// Who the bot is, as people call it.
#[derive(Clone, Debug)]
pub struct Me {
    pub id: String,
    pub name: Option<String>,
}

/// What an event says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Read {
    Text {
        text: String,
        addressed: bool,
        edited: bool,
        thread: Option<String>,
        reply_to: Option<String>,
    },
    Reaction {
        to: String,
        key: String,
    },
    Member {
        who: String,
        now: Membership,
    },
    Tombstone {
        to: String,
    },
    /// The rules of the room may have changed.
    Rules,
    /// Of no concern.
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Membership {
    Joined,
    Invited,
    Gone,
}

pub fn read(event: &Value, me: &Me) -> Read {
    let content = &event["content"];
    let state_key = event["state_key"].as_str();
    match (event["type"].as_str().unwrap_or_default(), state_key) {
        ("m.room.message", None) => message(content, me),
        ("m.reaction", None) => {
            let relates = &content["m.relates_to"];
            match (relates["event_id"].as_str(), relates["key"].as_str()) {
                (Some(to), Some(key)) if relates["rel_type"] == "m.annotation" => Read::Reaction {
                    to: to.to_owned(),
                    key: key.to_owned(),
                },
                (_, _) => Read::Nothing,
            }
        }
        ("m.room.member", Some(who)) => {
            let now = match content["membership"].as_str() {
                Some("join") => Membership::Joined,
                Some("invite") => Membership::Invited,
                Some("leave" | "ban") => Membership::Gone,
                Some(_) | None => return Read::Nothing,
            };
            Read::Member {
                who: who.to_owned(),
                now,
            }
        }
        ("m.room.tombstone", Some("")) => match content["replacement_room"].as_str() {
            Some(to) => Read::Tombstone { to: to.to_owned() },
            None => Read::Nothing,
        },
        (
            "m.room.join_rules"
            | "m.room.history_visibility"
            | "m.room.guest_access"
            | "m.room.encryption",
            Some(""),
        ) => Read::Rules,
        (_, _) => Read::Nothing,
    }
}

fn message(content: &Value, me: &Me) -> Read {
    let relates = &content["m.relates_to"];
    let edited = relates["rel_type"] == "m.replace";
    let shown = if edited {
        &content["m.new_content"]
    } else {
        content
    };
    // Bots talk in notices, and must not talk to each other.
    if shown["msgtype"] != "m.text" {
        return Read::Nothing;
    }
    let Some(body) = shown["body"].as_str() else {
        return Read::Nothing;
    };
    let reply_to = relates["m.in_reply_to"]["event_id"]
        .as_str()
        .map(str::to_owned);
    let body = if reply_to.is_some() {
        without_quote(body)
    } else {
        body
    };
    let thread = (relates["rel_type"] == "m.thread")
        .then(|| relates["event_id"].as_str().map(str::to_owned))
        .flatten();
    let body = pills::named(body, shown["formatted_body"].as_str(), &me.id);
    let (text, called) = without_name(body.trim(), me);
    let (text, commanded) = without_bang(text);
    let mentioned = shown["m.mentions"]["user_ids"]
        .as_array()
        .is_some_and(|all| all.iter().any(|id| id == me.id.as_str()));
    let pill = shown["formatted_body"]
        .as_str()
        .is_some_and(|html| html.contains(&format!("https://matrix.to/#/{}\"", me.id)));
    Read::Text {
        text,
        addressed: called || commanded || mentioned || pill,
        edited,
        thread,
        reply_to,
    }
}

/// Older clients quote what they answer, line by line.
fn without_quote(body: &str) -> &str {
    if !body.starts_with("> ") {
        return body;
    }
    let mut rest = body;
    while rest.starts_with('>') {
        rest = rest.split_once('\n').map_or("", |(_, after)| after);
    }
    rest.trim_start_matches('\n')
}

/// `Underrose: vuln ack` is `vuln ack`, and was said to the bot.
fn without_name<'a>(text: &'a str, me: &Me) -> (&'a str, bool) {
    let local = me
        .id
        .trim_start_matches('@')
        .split(':')
        .next()
        .unwrap_or_default();
    let at = format!("@{local}");
    let names = [
        Some(me.id.as_str()),
        me.name.as_deref(),
        Some(at.as_str()),
        Some(local),
    ];
    for name in names.into_iter().flatten().filter(|name| !name.is_empty()) {
        let Some(head) = text.get(..name.len()) else {
            continue;
        };
        if !head.eq_ignore_ascii_case(name) {
            continue;
        }
        let after = text.get(name.len()..).unwrap_or_default();
        // A longer word that begins like the name is not the name.
        if after.is_empty() || after.starts_with([':', ',', ' ', '\u{a0}', '\n']) {
            let rest = after.trim_start_matches([':', ',']).trim_start();
            return (rest, true);
        }
    }
    (text, false)
}

/// `!vuln ack` is `vuln ack`.
fn without_bang(text: &str) -> (String, bool) {
    let Some(rest) = text.strip_prefix('!') else {
        return (text.to_owned(), false);
    };
    let first = rest.split_whitespace().next().unwrap_or_default();
    match PREFIXES
        .iter()
        .find(|prefix| prefix.eq_ignore_ascii_case(first))
    {
        Some(prefix) => {
            let after = rest.get(first.len()..).unwrap_or_default();
            (format!("{prefix}{after}"), true)
        }
        None => (text.to_owned(), false),
    }
}

/// Whether the words are a command of their own, and no answer.
pub fn is_command(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    PREFIXES
        .iter()
        .any(|prefix| prefix.eq_ignore_ascii_case(first))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn me() -> Me {
        Me {
            id: "@underrose:example.org".into(),
            name: Some("Rose Bot".into()),
        }
    }

    fn check(content: Value, expected: Option<(&str, bool)>) {
        let event = json!({"type": "m.room.message", "content": content});
        let found = match read(&event, &me()) {
            Read::Text {
                text, addressed, ..
            } => Some((text, addressed)),
            _ => None,
        };
        let found = found
            .as_ref()
            .map(|(text, addressed)| (text.as_str(), *addressed));
        assert_eq!(found, expected, "{event}");
    }

    fn says(text: &str, expected: (&str, bool)) {
        check(json!({"msgtype": "m.text", "body": text}), Some(expected));
    }

    #[test]
    fn the_bot_hears_its_prefix_and_its_name() {
        says("!vuln ack", ("vuln ack", true));
        says("!VULN ack", ("vuln ack", true));
        says("!oncall who", ("oncall who", true));
        says("!other thing", ("!other thing", false));
        says("!vulnerable", ("!vulnerable", false));
        says("vuln ack", ("vuln ack", false));
        says("hello", ("hello", false));
        says("Rose Bot: !vuln ack", ("vuln ack", true));
        says("rose bot, help", ("help", true));
        says("underrose: help", ("help", true));
        says("@underrose:example.org help", ("help", true));
        says("underroses are red", ("underroses are red", false));
        says("  !vuln report a\nb", ("vuln report a\nb", true));
    }

    #[test]
    fn a_pill_calls_and_a_notice_does_not() {
        check(
            json!({"msgtype": "m.text", "body": "help me", "m.mentions": {"user_ids": ["@underrose:example.org"]}}),
            Some(("help me", true)),
        );
        check(
            json!({"msgtype": "m.text", "body": "Rose help", "formatted_body": "<a href=\"https://matrix.to/#/@underrose:example.org\">Rose</a> help"}),
            Some(("Rose help", true)),
        );
        check(json!({"msgtype": "m.notice", "body": "!vuln ack"}), None);
        check(json!({"msgtype": "m.text"}), None);
        check(json!("nothing"), None);
    }

    #[test]
    fn a_reply_is_read_without_what_it_quotes() {
        check(
            json!({"msgtype": "m.text", "body": "> <@a:b> !vuln close\n> more\n\nyes",
                "m.relates_to": {"m.in_reply_to": {"event_id": "$x"}}}),
            Some(("yes", false)),
        );
        // Not a reply: the first line is what they wrote.
        says("> quoted\n!vuln ack", ("> quoted\n!vuln ack", false));
    }

    #[test]
    fn an_edit_is_marked_so() {
        let event = json!({"type": "m.room.message", "content": {
            "msgtype": "m.text", "body": "* !vuln close",
            "m.new_content": {"msgtype": "m.text", "body": "!vuln close"},
            "m.relates_to": {"rel_type": "m.replace", "event_id": "$x"}}});
        assert!(matches!(
            read(&event, &me()),
            Read::Text { text, edited: true, .. } if text == "vuln close"
        ));
    }

    #[test]
    fn state_counts_only_as_state() {
        let member = json!({"type": "m.room.member", "state_key": "@a:b", "content": {"membership": "invite"}});
        assert_eq!(
            read(&member, &me()),
            Read::Member {
                who: "@a:b".into(),
                now: Membership::Invited
            }
        );
        let forged = json!({"type": "m.room.tombstone", "content": {"replacement_room": "!x:y"}});
        assert_eq!(read(&forged, &me()), Read::Nothing);
        let rules = json!({"type": "m.room.join_rules", "state_key": "", "content": {"join_rule": "public"}});
        assert_eq!(read(&rules, &me()), Read::Rules);
    }
}
