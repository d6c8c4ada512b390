//! Messages as blocks: each documented bound, and nothing lost at any of them.

use serde_json::{Value, json};
use underrose_chat::{Block, Choice, Inline, Message, Network, RoomId, UserId, Weight};
use underrose_slack::render::{Fallback, Rendered, message};

use crate::bounds;

fn network() -> Network {
    Network("slack".into())
}

fn rendered(blocks: Vec<Block>) -> Rendered {
    let rendered = message(&Message { blocks }, &network(), Fallback::Neutral);
    bounds::message(&rendered.blocks);
    rendered
}

fn text(text: &str) -> Inline {
    Inline::Text { text: text.into() }
}

fn paragraph(parts: Vec<Inline>) -> Block {
    Block::Paragraph { parts }
}

fn choice(label: &str, command: &str, confirm: Option<&str>) -> Choice {
    Choice {
        label: label.into(),
        command: command.into(),
        weight: Weight::Binding,
        confirm: confirm.map(str::to_owned),
    }
}

/// What is said stands in the blocks, whole; and the blocks are within Slack's bounds.
fn check(blocks: Vec<Block>, says: &str) -> Vec<Value> {
    let rendered = rendered(blocks);
    let said = bounds::texts(&rendered.blocks);
    assert!(
        said.contains(says),
        "{} of {} units are there",
        said.len(),
        says.len()
    );
    rendered.blocks
}

fn long(words: usize) -> String {
    (0..words).map(|n| format!("word{n} ")).collect()
}

#[test]
fn a_card_reads_as_it_was_meant() {
    let blocks = rendered(vec![
        Block::Heading {
            text: "Case 2026-0007".into(),
        },
        paragraph(vec![
            text("By "),
            Inline::Mention {
                user: UserId {
                    network: network(),
                    id: "U1".into(),
                },
                name: "alice".into(),
            },
            text(", see https://example.org/a?b=1&c=2."),
        ]),
        Block::Fields {
            fields: vec![("Stage".into(), "new".into())],
        },
        Block::Choices {
            choices: vec![choice(
                "Approve",
                "vuln 2026-0007 go 3f",
                Some("It is public."),
            )],
        },
    ])
    .blocks;
    assert_eq!(
        Value::Array(blocks),
        json!([
            {"type": "header", "text": {"type": "plain_text", "text": "Case 2026-0007", "emoji": false}},
            {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
                {"type": "text", "text": "By "},
                {"type": "user", "user_id": "U1"},
                {"type": "text", "text": ", see "},
                {"type": "link", "url": "https://example.org/a?b=1&c=2"},
                {"type": "text", "text": "."},
            ]}]},
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Stage*\nnew", "verbatim": true}]},
            {"type": "actions", "block_id": "choices-0", "elements": [{
                "type": "button",
                "action_id": "choice-0",
                "style": "primary",
                "text": {"type": "plain_text", "text": "Approve", "emoji": false},
                "value": "vuln 2026-0007 go 3f",
                "confirm": {
                    "title": {"type": "plain_text", "text": "Are you sure?", "emoji": false},
                    "text": {"type": "plain_text", "text": "It is public.", "emoji": false},
                    "confirm": {"type": "plain_text", "text": "Approve", "emoji": false},
                    "deny": {"type": "plain_text", "text": "Cancel", "emoji": false},
                },
            }]},
        ])
    );
}

#[test]
fn long_texts_are_split_and_nothing_is_lost() {
    let text_of = long(9_000);
    let says = text_of.as_str();
    check(vec![paragraph(vec![text(says)])], says);
    check(
        vec![paragraph(vec![Inline::Strong { text: says.into() }])],
        says,
    );
    check(vec![Block::Code { text: says.into() }], says);
    check(
        vec![Block::List {
            items: vec![vec![text(says)]],
        }],
        says,
    );
    check(
        vec![Block::Fields {
            fields: vec![("Details".into(), says.into())],
        }],
        says,
    );
    check(vec![Block::Heading { text: says.into() }], says.trim());
    let roses = "🌹".repeat(20_000);
    check(vec![paragraph(vec![text(&roses)])], &roses);
}

#[test]
fn no_piece_of_text_is_over_three_thousand_units() {
    let blocks = check(vec![paragraph(vec![text(&long(3_000))])], "word2999");
    let mut longest = 0;
    for block in &blocks {
        bounds::walk(block, &mut |value| {
            if let Some(text) = value["text"].as_str() {
                longest = longest.max(text.encode_utf16().count());
            }
        });
    }
    assert!((1..=3000).contains(&longest), "{longest}");
}

#[test]
fn more_blocks_than_slack_takes_are_drawn_together() {
    // Each of these is more than fifty blocks when it is laid out with space.
    let many = |block: &dyn Fn(usize) -> Block| (0..120).map(block).collect::<Vec<_>>();
    check(many(&|n| paragraph(vec![text(&format!("p{n};"))])), "p119;");
    check(
        many(&|n| Block::Heading {
            text: format!("h{n};"),
        }),
        "h119;",
    );
    let mixed = many(&|n| match n % 4 {
        0 => Block::Heading {
            text: format!("h{n};"),
        },
        1 => Block::Fields {
            fields: vec![("Name".into(), format!("f{n};"))],
        },
        2 => Block::Code {
            text: format!("c{n};"),
        },
        _ => paragraph(vec![text(&format!("p{n};"))]),
    });
    let blocks = check(mixed, "p119;");
    let said = bounds::texts(&blocks);
    for n in 0..120 {
        assert!(said.contains(&format!("{n};")), "{n} is lost");
    }
    let rows = many(&|n| Block::Choices {
        choices: vec![choice("Go", &format!("vuln go {n};"), None)],
    });
    let blocks = rendered(rows).blocks;
    let said = bounds::texts(&blocks);
    assert!(
        (0..120).all(|n| said.contains(&format!("vuln go {n};"))),
        "each can still be typed"
    );
}

#[test]
fn fields_stand_in_columns_of_ten() {
    let fields = |count: usize| {
        (0..count)
            .map(|n| (format!("N{n}"), format!("v{n};")))
            .collect()
    };
    for count in [1, 10, 11, 25] {
        let blocks = check(
            vec![Block::Fields {
                fields: fields(count),
            }],
            &format!("v{};", count - 1),
        );
        assert_eq!(blocks.len(), count.div_ceil(10));
    }
    // Escaping makes it longer than a field may be.
    let value = "<".repeat(300);
    check(
        vec![Block::Fields {
            fields: vec![("<".repeat(300), value)],
        }],
        "<<<",
    );
}

#[test]
fn buttons_are_one_row_and_within_bounds() {
    let choices = |count: usize| {
        (0..count)
            .map(|n| choice("Go", &format!("vuln go {n}"), None))
            .collect()
    };
    assert_eq!(
        rendered(vec![Block::Choices {
            choices: choices(25)
        }])
        .blocks
        .len(),
        1
    );
    assert_eq!(
        rendered(vec![Block::Choices {
            choices: choices(26)
        }])
        .blocks
        .len(),
        2
    );
    let label = long(30);
    check(
        vec![Block::Choices {
            choices: vec![choice(&label, "vuln go", Some(&long(200)))],
        }],
        label.trim(),
    );
    // A command that no button can carry is typed.
    let command = format!("vuln announce edit {}", "x".repeat(2_000));
    let blocks = check(
        vec![Block::Choices {
            choices: vec![choice("Edit", &command, None)],
        }],
        &command,
    );
    assert!(blocks.iter().all(|block| block["type"] != "actions"));
    // Two rows of one message share no id; the bounds check looks.
    rendered(vec![
        Block::Choices {
            choices: choices(3),
        },
        Block::Choices {
            choices: choices(3),
        },
    ]);
}

#[test]
fn what_a_person_wrote_commands_nothing() {
    for evil in [
        "<!channel> <!here>",
        "<@U1>",
        "<https://evil.example|https://good.example>",
        "@channel",
        "&lt;!here&gt;",
    ] {
        let blocks = rendered(vec![
            Block::Heading { text: evil.into() },
            paragraph(vec![text(evil), Inline::Code { text: evil.into() }]),
            Block::Fields {
                fields: vec![(evil.into(), evil.into())],
            },
        ])
        .blocks;
        for block in &blocks {
            bounds::walk(block, &mut |value| {
                assert_ne!(value["type"], "user", "{evil}");
                assert_ne!(value["type"], "broadcast", "{evil}");
                if value["type"] == "mrkdwn" {
                    assert!(!value["text"].as_str().unwrap().contains('<'), "{evil}");
                    assert_eq!(value["verbatim"], true, "{evil}");
                }
            });
        }
    }
}

#[test]
fn people_of_another_network_are_named_and_not_called() {
    let elsewhere = UserId {
        network: Network("matrix".into()),
        id: "@a:b".into(),
    };
    let blocks = rendered(vec![paragraph(vec![Inline::Mention {
        user: elsewhere,
        name: "alice".into(),
    }])])
    .blocks;
    assert_eq!(bounds::texts(&blocks), "@alice");
}

#[test]
fn a_room_is_shown_by_its_name_where_slack_knows_it() {
    let room = |network: &str, id: &str| Inline::Room {
        room: RoomId {
            network: Network(network.into()),
            id: id.into(),
        },
    };
    let parts = vec![
        text("to "),
        room("slack", "C123"),
        text(" and "),
        room("matrix", "!a:b"),
    ];
    let blocks = rendered(vec![paragraph(parts)]).blocks;
    assert_eq!(
        blocks[0]["elements"][0]["elements"],
        json!([
            {"type": "text", "text": "to "},
            {"type": "channel", "channel_id": "C123"},
            {"type": "text", "text": " and "},
            {"type": "text", "text": "matrix/!a:b"},
        ])
    );
}

#[test]
fn a_lock_screen_shows_nothing_of_a_private_message() {
    let secret = Message {
        blocks: vec![paragraph(vec![text("overflow in parser")])],
    };
    let neutral = message(&secret, &network(), Fallback::Neutral);
    assert_eq!(neutral.text, "Underrose has something for you here.");
    let whole = message(&secret, &network(), Fallback::Whole);
    assert_eq!(whole.text, "overflow in parser");
    let long = Message {
        blocks: vec![paragraph(vec![text(&"<".repeat(9_000))])],
    };
    assert!(message(&long, &network(), Fallback::Whole).text.len() <= 4_000);
    let empty = message(&Message::default(), &network(), Fallback::Whole);
    assert!(
        !empty.text.is_empty(),
        "Slack refuses a message without any text"
    );
}
