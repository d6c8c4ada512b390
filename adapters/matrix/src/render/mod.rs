//! A message as Matrix shows it: HTML, and a plain body that reads as well. Pure.
//!
//! What is to be pressed is offered as a numbered reaction if it is casual, and as the words to
//! type if it is binding: a homeserver can read reactions, and could forge them.

mod html;
mod pieces;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use underrose_chat::{Choice, Message, Weight};

use html::block;
pub use pieces::pieces;

/// Where a delivery's key stands in an event's content.
pub const KEY: &str = "dev.underrose.key";
/// Where the commands stand that a message offers, in the order of their numbers.
pub const CHOICES: &str = "dev.underrose.choices";

/// First words of commands: typed with `!` before them.
pub const PREFIXES: [&str; 2] = ["vuln", "oncall"];

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
    let (mut body, mut html) = (Vec::new(), Vec::new());
    let numbers = numbers(message);
    let mut number = 0;
    for piece in &message.blocks {
        let (plain, formatted) = block(piece, &mut mentions, &numbers, &mut number);
        body.push(plain);
        html.push(formatted);
    }
    content.insert("msgtype".to_owned(), json!("m.notice"));
    content.insert("body".to_owned(), json!(body.join("\n")));
    content.insert("format".to_owned(), json!("org.matrix.custom.html"));
    // Where a client takes the tags off (a pinned message), two blocks must not run together.
    content.insert("formatted_body".to_owned(), json!(html.join("\n")));
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

/// What each of them stands for.
pub fn meanings(message: &Message) -> Vec<(String, String)> {
    let mean = |(choice, number): (&Choice, Option<usize>)| {
        Some((NUMBERS.get(number?)?.to_string(), choice.command.clone()))
    };
    let numbered = message.choices().zip(numbers(message));
    numbered.filter_map(mean).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use underrose_chat::{Block, Inline, Network, UserId};

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
        let prose = "It is read by whoever may read the log.\n\n  if a  <b";
        check(
            Block::Code { text: prose.into() },
            prose,
            "<blockquote>It is read by whoever may read the log.<br><br>\u{a0}\u{a0}if a \u{a0}&lt;b</blockquote>",
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
        let answers = ["Network", "Local"].map(|name| choice(name, name, Weight::Binding, None));
        check(
            Block::Choices {
                choices: answers.to_vec(),
            },
            "1. Network · 2. Local",
            "<p>1. Network · 2. Local</p>",
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
}
