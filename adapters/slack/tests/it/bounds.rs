//! Slack's documented bounds, written down a second time and away from the code that keeps them:
//! walks a payload and says every place that Slack would refuse.

use std::collections::BTreeSet;

use serde_json::Value;

pub fn message(blocks: &[Value]) {
    assert!(blocks.len() <= 50, "{} blocks in a message", blocks.len());
    all(blocks);
}

pub fn view(view: &Value) {
    let blocks = view["blocks"].as_array().unwrap();
    assert!(
        (1..=100).contains(&blocks.len()),
        "{} blocks in a view",
        blocks.len()
    );
    let inputs = blocks.iter().any(|block| block["type"] == "input");
    if view["type"] == "modal" {
        assert!(units(&view["title"]["text"]) <= 24);
        assert!(view["private_metadata"].as_str().unwrap().len() <= 3000);
        assert_eq!(
            inputs,
            view.get("submit").is_some(),
            "an input needs a submit"
        );
        for button in ["submit", "close"] {
            assert!(
                view.get(button)
                    .is_none_or(|text| units(&text["text"]) <= 24)
            );
        }
    } else {
        assert!(!inputs, "no inputs in App Home");
    }
    all(blocks);
}

fn all(blocks: &[Value]) {
    let mut ids = BTreeSet::new();
    let mut actions = BTreeSet::new();
    for block in blocks {
        if let Some(id) = block["block_id"].as_str() {
            assert!(id.len() <= 255 && ids.insert(id), "block id {id} twice");
        }
        one(block);
        walk(block, &mut |value| {
            if let Some(id) = value["action_id"].as_str() {
                assert!(
                    id.len() <= 255 && actions.insert(id.to_owned()),
                    "action id {id} twice"
                );
            }
        });
    }
}

fn one(block: &Value) {
    match block["type"].as_str().unwrap() {
        "header" => {
            assert_eq!(block["text"]["type"], "plain_text");
            assert!((1..=150).contains(&units(&block["text"]["text"])));
        }
        "section" => {
            let fields = block["fields"].as_array().unwrap();
            assert!((1..=10).contains(&fields.len()));
            for field in fields {
                assert!((1..=2000).contains(&units(&field["text"])));
            }
        }
        "actions" => {
            let elements = block["elements"].as_array().unwrap();
            assert!((1..=25).contains(&elements.len()));
            elements.iter().for_each(button);
        }
        "rich_text" => assert!(!block["elements"].as_array().unwrap().is_empty()),
        "input" => {
            assert!((1..=2000).contains(&units(&block["label"]["text"])));
            element(&block["element"]);
        }
        other => panic!("{other} is no block of ours"),
    }
}

fn button(button: &Value) {
    assert_eq!(button["type"], "button");
    assert!((1..=75).contains(&units(&button["text"]["text"])));
    assert!((1..=2000).contains(&units(&button["value"])));
    if let Some(confirm) = button.get("confirm") {
        assert!(units(&confirm["title"]["text"]) <= 100);
        assert!((1..=300).contains(&units(&confirm["text"]["text"])));
        assert!((1..=30).contains(&units(&confirm["confirm"]["text"])));
        assert!((1..=30).contains(&units(&confirm["deny"]["text"])));
    }
}

fn element(element: &Value) {
    match element["type"].as_str().unwrap() {
        "plain_text_input" => {
            let max = element["max_length"].as_u64().unwrap();
            assert!((1..=3000).contains(&max));
            assert!(units(&element["initial_value"]) <= 3000);
        }
        "static_select" => {
            let groups = element["option_groups"].as_array();
            let lists: Vec<&Value> = match groups {
                Some(groups) => groups.iter().map(|group| &group["options"]).collect(),
                None => vec![&element["options"]],
            };
            assert!(lists.len() <= 100);
            let mut chosen = element.get("initial_option").is_none();
            for list in lists {
                let options = list.as_array().unwrap();
                assert!((1..=100).contains(&options.len()));
                for option in options {
                    assert!((1..=75).contains(&units(&option["text"]["text"])));
                    assert!((1..=150).contains(&units(&option["value"])));
                    chosen |= Some(option) == element.get("initial_option");
                }
            }
            assert!(chosen, "the initial option is none of the options");
        }
        other => panic!("{other} is no element of ours"),
    }
}

fn units(text: &Value) -> usize {
    text.as_str().map_or(0, |text| text.encode_utf16().count())
}

pub fn walk(value: &Value, look: &mut dyn FnMut(&Value)) {
    look(value);
    match value {
        Value::Array(list) => list.iter().for_each(|value| walk(value, look)),
        Value::Object(map) => map.values().for_each(|value| walk(value, look)),
        _ => {}
    }
}

/// Every text that a person reads in a payload, in order.
pub fn texts(blocks: &[Value]) -> String {
    let mut out = String::new();
    for block in blocks {
        walk(block, &mut |value| {
            for key in ["text", "url"] {
                if let Some(text) = value[key].as_str() {
                    out.push_str(text);
                }
            }
        });
    }
    out
}
