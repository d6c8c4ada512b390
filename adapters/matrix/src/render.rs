//! A message as Matrix shows it: HTML, and a plain body that reads as well. Pure.
//!
//! What is to be pressed is offered as a numbered reaction if it is casual, and as the words to
//! type if it is binding: a homeserver can read reactions, and could forge them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use underrose_chat::{Block, Choice, Inline, Message, Weight};

/// Where a delivery's key stands in an event's content.
pub const KEY: &str = "dev.underrose.key";
/// Where the commands stand that a message offers, in the order of their numbers.
pub const CHOICES: &str = "dev.underrose.choices";

/// First words of commands: typed with `!` before them.
pub const PREFIXES: [&str; 2] = ["vuln", "oncall"];

/// Most bytes of one event's content before it is encrypted. A homeserver takes 65,536 of the
/// whole event; encryption makes four bytes of three.
pub const CONTENT_BYTES_MAX: usize = 40_000;

/// Text of one block in one event. HTML may make five bytes of one and stands beside the body.
const BLOCK_BYTES_MAX: usize = 6_000;

/// Keys of reactions. More than this many choices are typed.
pub const NUMBERS: [&str; 10] = ["1️⃣", "2️⃣", "3️⃣", "4️⃣", "5️⃣", "6️⃣", "7️⃣", "8️⃣", "9️⃣", "🔟"];

/// How a message stands to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Relation {
    None,
    /// In answer to this event.
    Reply(String),
    /// In the thread that begins with this event, perhaps in answer to one of it.
    Thread(String, Option<String>),
    /// In the place of this event of ours.
    Replace(String),
}

/// An event's content, ready to be encrypted.
pub fn content(message: &Message, key: &str, relation: &Relation) -> Value {
    let mut content = shown(message);
    if let Relation::Replace(of) = relation {
        let fallback = content
            .get("body")
            .and_then(Value::as_str)
            .map(|body| format!("* {body}"));
        let mut outer = Map::new();
        outer.insert("msgtype".to_owned(), json!("m.notice"));
        outer.insert("body".to_owned(), json!(fallback));
        // Nobody is called by an edit a second time.
        outer.insert("m.mentions".to_owned(), json!({}));
        if let Some(choices) = content.get(CHOICES) {
            outer.insert(CHOICES.to_owned(), choices.clone());
        }
        outer.insert("m.new_content".to_owned(), Value::Object(content));
        outer.insert(
            "m.relates_to".to_owned(),
            json!({"rel_type": "m.replace", "event_id": of}),
        );
        outer.insert(KEY.to_owned(), json!(key));
        return Value::Object(outer);
    }
    let relates = match relation {
        Relation::None | Relation::Replace(_) => None,
        Relation::Reply(to) => Some(json!({"m.in_reply_to": {"event_id": to}})),
        Relation::Thread(root, to) => Some(json!({
            "rel_type": "m.thread",
            "event_id": root,
            "is_falling_back": to.is_none(),
            "m.in_reply_to": {"event_id": to.as_ref().unwrap_or(root)},
        })),
    };
    if let Some(relates) = relates {
        content.insert("m.relates_to".to_owned(), relates);
    }
    content.insert(KEY.to_owned(), json!(key));
    Value::Object(content)
}

fn shown(message: &Message) -> Map<String, Value> {
    let mut content = Map::new();
    let mut mentions = BTreeSet::new();
    let (mut body, mut html) = (Vec::new(), String::new());
    let numbers = numbers(message);
    let mut number = 0;
    for block in &message.blocks {
        let (plain, formatted) = one(block, &mut mentions, &numbers, &mut number);
        body.push(plain);
        html.push_str(&formatted);
    }
    content.insert("msgtype".to_owned(), json!("m.notice"));
    content.insert("body".to_owned(), json!(body.join("\n")));
    content.insert("format".to_owned(), json!("org.matrix.custom.html"));
    content.insert("formatted_body".to_owned(), json!(html));
    let called: Vec<&String> = mentions.iter().collect();
    let called = if called.is_empty() {
        json!({})
    } else {
        // A notice is quiet by every client's rules; who is called must hear it.
        content.insert("msgtype".to_owned(), json!("m.text"));
        json!({ "user_ids": called })
    };
    content.insert("m.mentions".to_owned(), called);
    let offered: Vec<Value> = message
        .choices()
        .zip(&numbers)
        .map(|(choice, number)| {
            json!({
                "command": choice.command,
                "reaction": number.map(|n| NUMBERS[n]),
                "typed": choice.confirm.is_none(),
            })
        })
        .collect();
    if !offered.is_empty() {
        content.insert(CHOICES.to_owned(), Value::Array(offered));
    }
    content
}

/// The reaction of each choice, for those that may be one.
fn numbers(message: &Message) -> Vec<Option<usize>> {
    message
        .choices()
        .enumerate()
        .map(|(index, choice)| {
            (choice.weight == Weight::Casual && choice.confirm.is_none() && index < NUMBERS.len())
                .then_some(index)
        })
        .collect()
}

/// Reactions that the bot puts under its message, so that one press is enough.
pub fn reactions(message: &Message) -> Vec<&'static str> {
    numbers(message)
        .into_iter()
        .flatten()
        .map(|index| NUMBERS[index])
        .collect()
}

fn one(
    block: &Block,
    mentions: &mut BTreeSet<String>,
    numbers: &[Option<usize>],
    number: &mut usize,
) -> (String, String) {
    match block {
        Block::Heading { text } => (text.clone(), format!("<h4>{}</h4>", escape(text))),
        Block::Paragraph { parts } => {
            let (plain, html) = inline(parts, mentions);
            (plain, format!("<p>{html}</p>"))
        }
        Block::List { items } => {
            let (mut plain, mut html) = (Vec::new(), String::from("<ul>"));
            for item in items {
                let (text, formatted) = inline(item, mentions);
                plain.push(format!("• {text}"));
                html.push_str(&format!("<li>{formatted}</li>"));
            }
            (plain.join("\n"), html + "</ul>")
        }
        Block::Fields { fields } => {
            let plain: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            let html: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("<strong>{}:</strong> {}", escape(name), lines(value)))
                .collect();
            (plain.join("\n"), format!("<p>{}</p>", html.join("<br>")))
        }
        Block::Code { text } => (
            text.clone(),
            format!("<pre><code>{}</code></pre>", escape(text)),
        ),
        Block::Choices { choices } => {
            let (mut plain, mut html) = (Vec::new(), Vec::new());
            for choice in choices {
                let reaction = numbers.get(*number).copied().flatten();
                *number += 1;
                let (text, formatted) = offered(choice, reaction, *number);
                plain.push(text);
                html.push(formatted);
            }
            (plain.join("\n"), format!("<p>{}</p>", html.join("<br>")))
        }
    }
}

/// A choice: its number, what it does, and the words that do the same.
fn offered(choice: &Choice, reaction: Option<usize>, number: usize) -> (String, String) {
    let mark = match reaction {
        Some(index) => NUMBERS[index].to_owned(),
        None if choice.confirm.is_none() => format!("{number}."),
        None => "•".to_owned(),
    };
    let label = &choice.label;
    let asked = choice
        .confirm
        .as_ref()
        .map_or(String::new(), |asked| format!(" ({asked})"));
    if !is_command(&choice.command) {
        return (
            format!("{mark} {label}{asked}"),
            escape(&format!("{mark} {label}{asked}")),
        );
    }
    let words = typed(&choice.command);
    (
        format!("{mark} {label}{asked}: {words}"),
        format!(
            "{}: <code>{}</code>",
            escape(&format!("{mark} {label}{asked}")),
            escape(&words)
        ),
    )
}

fn inline(parts: &[Inline], mentions: &mut BTreeSet<String>) -> (String, String) {
    let (mut plain, mut html) = (String::new(), String::new());
    for part in parts {
        match part {
            Inline::Text { text } => {
                plain.push_str(text);
                html.push_str(&lines(text));
            }
            Inline::Strong { text } => {
                plain.push_str(text);
                html.push_str(&format!("<strong>{}</strong>", lines(text)));
            }
            Inline::Code { text } => {
                let words = typed(text);
                plain.push_str(&words);
                html.push_str(&format!("<code>{}</code>", escape(&words)));
            }
            Inline::Mention { user, name } => {
                plain.push_str(name);
                if user.id.starts_with('@') {
                    mentions.insert(user.id.clone());
                    html.push_str(&format!(
                        "<a href=\"https://matrix.to/#/{}\">{}</a>",
                        escape(&user.id),
                        escape(name)
                    ));
                } else {
                    html.push_str(&escape(name));
                }
            }
        }
    }
    (plain, html)
}

fn is_command(words: &str) -> bool {
    let first = words.split_whitespace().next().unwrap_or_default();
    PREFIXES.contains(&first)
}

/// A command as one types it here.
fn typed(words: &str) -> String {
    if is_command(words) {
        format!("!{words}")
    } else {
        words.to_owned()
    }
}

fn lines(text: &str) -> String {
    escape(text).replace('\n', "<br>")
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A message that is too long for one event, as several that are not, in order. Choices come last.
pub fn pieces(message: &Message) -> Vec<Message> {
    if fits(message) {
        return vec![message.clone()];
    }
    let mut pieces: Vec<Message> = Vec::new();
    for block in message.blocks.iter().flat_map(cut) {
        if let Some(last) = pieces.last_mut() {
            last.blocks.push(block.clone());
            if fits(last) {
                continue;
            }
            last.blocks.pop();
        }
        pieces.push(Message {
            blocks: vec![block],
        });
    }
    pieces
}

fn fits(message: &Message) -> bool {
    serde_json::to_vec(&shown(message)).map_or(0, |bytes| bytes.len()) <= CONTENT_BYTES_MAX
}

/// A long block as shorter ones, each line of a list or a field by itself.
fn cut(block: &Block) -> Vec<Block> {
    let long = |text: &str| text.len() > BLOCK_BYTES_MAX;
    match block {
        Block::Code { text } if long(text) => split(text)
            .into_iter()
            .map(|text| Block::Code { text })
            .collect(),
        Block::Paragraph { parts } => {
            let total: usize = parts.iter().map(|part| text_of(part).len()).sum();
            if total <= BLOCK_BYTES_MAX {
                return vec![block.clone()];
            }
            let text: String = parts.iter().map(text_of).collect();
            split(&text)
                .into_iter()
                .map(|text| Block::Paragraph {
                    parts: vec![Inline::Text { text }],
                })
                .collect()
        }
        Block::List { items } => items
            .iter()
            .flat_map(|item| {
                let text: String = item.iter().map(text_of).collect();
                if long(&text) {
                    return cut(&Block::Paragraph {
                        parts: item.clone(),
                    });
                }
                vec![Block::List {
                    items: vec![item.clone()],
                }]
            })
            .collect(),
        Block::Fields { fields } => fields
            .iter()
            .flat_map(|(name, value)| {
                split(value).into_iter().map(|value| Block::Fields {
                    fields: vec![(name.clone(), value)],
                })
            })
            .collect(),
        Block::Heading { .. } | Block::Code { .. } | Block::Choices { .. } => vec![block.clone()],
    }
}

fn text_of(part: &Inline) -> &str {
    match part {
        Inline::Text { text } | Inline::Strong { text } | Inline::Code { text } => text,
        Inline::Mention { name, .. } => name,
    }
}

/// At the last line's end that fits, else in the middle of a line.
fn split(text: &str) -> Vec<String> {
    let mut rest = text;
    let mut out = Vec::new();
    while rest.len() > BLOCK_BYTES_MAX {
        let mut end = BLOCK_BYTES_MAX;
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (head, _) = rest.split_at(end);
        let end = head.rfind('\n').map_or(end, |line| line + 1);
        let (head, tail) = rest.split_at(end);
        out.push(head.trim_end_matches('\n').to_owned());
        rest = tail;
    }
    out.push(rest.to_owned());
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use underrose_chat::{Network, UserId};

    use super::*;

    fn check(block: Block, body: &str, html: &str) {
        let made = content(
            &Message {
                blocks: vec![block],
            },
            "aa",
            &Relation::None,
        );
        assert_eq!(made["body"], body);
        assert_eq!(made["formatted_body"], html);
        assert_eq!(made[KEY], "aa");
    }

    fn text(text: &str) -> Inline {
        Inline::Text { text: text.into() }
    }

    fn choice(label: &str, command: &str, weight: Weight, confirm: Option<&str>) -> Choice {
        Choice {
            label: label.into(),
            command: command.into(),
            weight,
            confirm: confirm.map(Into::into),
        }
    }

    #[test]
    fn every_block_reads_in_plain_text_and_in_html() {
        check(
            Block::Heading { text: "a<b".into() },
            "a<b",
            "<h4>a&lt;b</h4>",
        );
        check(
            Block::Paragraph {
                parts: vec![
                    text("one\ntwo "),
                    Inline::Strong {
                        text: "three".into(),
                    },
                    Inline::Code {
                        text: "vuln ack".into(),
                    },
                ],
            },
            "one\ntwo three!vuln ack",
            "<p>one<br>two <strong>three</strong><code>!vuln ack</code></p>",
        );
        check(
            Block::List {
                items: vec![vec![text("a")], vec![text("b")]],
            },
            "• a\n• b",
            "<ul><li>a</li><li>b</li></ul>",
        );
        check(
            Block::Fields {
                fields: vec![("Stage".into(), "new".into())],
            },
            "Stage: new",
            "<p><strong>Stage:</strong> new</p>",
        );
        check(
            Block::Code {
                text: "x <script>".into(),
            },
            "x <script>",
            "<pre><code>x &lt;script&gt;</code></pre>",
        );
    }

    #[test]
    fn casual_choices_are_reactions_and_binding_ones_are_words() {
        let message = Message {
            blocks: vec![Block::Choices {
                choices: vec![
                    choice("I have it", "oncall ack 2026-0001", Weight::Casual, None),
                    choice("Network", "N", Weight::Casual, None),
                    choice("Arm", "vuln announce arm ab", Weight::Binding, None),
                    choice("Go", "vuln announce go ab", Weight::Casual, Some("sure?")),
                ],
            }],
        };
        assert_eq!(reactions(&message), ["1️⃣", "2️⃣"]);
        let made = content(&message, "aa", &Relation::None);
        assert_eq!(
            made["body"],
            "1️⃣ I have it: !oncall ack 2026-0001\n2️⃣ Network\n3. Arm: !vuln announce arm ab\n\
             • Go (sure?): !vuln announce go ab"
        );
        let reaction: Vec<&Value> = made[CHOICES]
            .as_array()
            .unwrap()
            .iter()
            .map(|choice| &choice["reaction"])
            .collect();
        assert_eq!(
            reaction,
            [&json!("1️⃣"), &json!("2️⃣"), &Value::Null, &Value::Null]
        );
    }

    #[test]
    fn a_mention_calls_and_an_edit_does_not_call_again() {
        let message = Message {
            blocks: vec![Block::Paragraph {
                parts: vec![Inline::Mention {
                    user: UserId {
                        network: Network("matrix".into()),
                        id: "@a:b".into(),
                    },
                    name: "Al".into(),
                }],
            }],
        };
        let made = content(&message, "aa", &Relation::Reply("$e".into()));
        assert_eq!(made["m.mentions"], json!({"user_ids": ["@a:b"]}));
        assert_eq!(made["msgtype"], "m.text");
        assert_eq!(made["m.relates_to"]["m.in_reply_to"]["event_id"], "$e");
        let edit = content(&message, "bb", &Relation::Replace("$e".into()));
        assert_eq!(edit["m.mentions"], json!({}));
        assert_eq!(edit["body"], "* Al");
        assert_eq!(edit["m.new_content"]["body"], "Al");
        assert_eq!(edit[KEY], "bb");
    }

    #[test]
    fn a_long_message_is_several_and_loses_nothing() {
        let line = "0123456789 & <b>\n".repeat(4_000);
        let message = Message {
            blocks: vec![
                Block::Paragraph {
                    parts: vec![text(&line)],
                },
                Block::Code { text: line.clone() },
                Block::Choices {
                    choices: vec![choice("Go", "vuln go", Weight::Casual, None)],
                },
            ],
        };
        let pieces = pieces(&message);
        assert!(pieces.len() > 3);
        assert!(pieces.iter().all(fits));
        assert_eq!(pieces.last().unwrap().choices().count(), 1);
        let count: usize = pieces
            .iter()
            .map(|piece| content(piece, "", &Relation::None)["body"].to_string())
            .map(|body| body.matches("0123456789").count())
            .sum();
        assert_eq!(count, 8_000);
    }
}
