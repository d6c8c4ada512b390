//! Rich text: what people and the bot wrote, literally.

use serde_json::{Value, json};
use underrose_chat::{Inline, Network};

use super::fit::Piece;
use super::text::{Run, length, runs, split};
use crate::limits::TEXT_MAX;

pub fn block(elements: Vec<Value>) -> Value {
    holding("rich_text", elements)
}

/// `json!` would copy the elements, on each level anew.
fn holding(kind: &str, elements: Vec<Value>) -> Value {
    let mut element = json!({"type": kind});
    element["elements"] = Value::Array(elements);
    element
}

pub fn section(elements: Vec<Value>) -> Value {
    holding("rich_text_section", elements)
}

/// Inline elements in portions that fit into one block each.
fn portions(parts: &[Inline], network: &Network) -> Vec<(Vec<Value>, usize)> {
    let mut done = Vec::new();
    let mut open: Vec<Value> = Vec::new();
    let mut used = 0;
    for (element, size) in parts.iter().flat_map(|part| elements(part, network)) {
        if used + size > TEXT_MAX && !open.is_empty() {
            done.push((std::mem::take(&mut open), used));
            used = 0;
        }
        open.push(element);
        used += size;
    }
    if !open.is_empty() {
        done.push((open, used));
    }
    done
}

fn elements(part: &Inline, network: &Network) -> Vec<(Value, usize)> {
    match part {
        Inline::Text { text } => runs(text)
            .into_iter()
            .flat_map(|run| match run {
                Run::Words(words) => texts(words, None),
                Run::Address(address) if length(address) <= TEXT_MAX => {
                    vec![(json!({"type": "link", "url": address}), length(address))]
                }
                Run::Address(address) => texts(address, None),
            })
            .collect(),
        Inline::Strong { text } => texts(text, Some(json!({"bold": true}))),
        Inline::Code { text } => texts(text, Some(json!({"code": true}))),
        Inline::Mention { user, name } if user.network == *network => {
            vec![(
                json!({"type": "user", "user_id": user.id}),
                length(name) + 1,
            )]
        }
        Inline::Mention { name, .. } => texts(&format!("@{name}"), None),
        // Slack shows its name to whoever may know it.
        Inline::Room { room } if room.network == *network => {
            let size = length(&room.id) + 1;
            vec![(json!({"type": "channel", "channel_id": room.id}), size)]
        }
        Inline::Room { room } => texts(&room.to_string(), None),
    }
}

fn texts(text: &str, style: Option<Value>) -> Vec<(Value, usize)> {
    split(text, TEXT_MAX)
        .into_iter()
        .map(|piece| {
            let mut element = json!({"type": "text", "text": piece});
            if let (Some(style), Some(map)) = (&style, element.as_object_mut()) {
                map.insert("style".to_owned(), style.clone());
            }
            (element, length(piece))
        })
        .collect()
}

fn sections(portions: Vec<(Vec<Value>, usize)>) -> Vec<Piece> {
    portions
        .into_iter()
        .map(|(elements, size)| Piece::Rich {
            elements: vec![section(elements)],
            size,
        })
        .collect()
}

pub fn paragraph(parts: &[Inline], network: &Network) -> Vec<Piece> {
    sections(portions(parts, network))
}

pub fn strong(text: &str) -> Vec<Piece> {
    let all = texts(text, Some(json!({"bold": true})));
    sections(
        all.into_iter()
            .map(|(element, size)| (vec![element], size))
            .collect(),
    )
}

/// A name, and a value that is too long for a column.
pub fn named(name: &str, value: &str) -> Vec<Piece> {
    let parts = [
        Inline::Strong {
            text: format!("{name}: "),
        },
        Inline::Text {
            text: value.to_owned(),
        },
    ];
    // Nobody is mentioned in a field.
    paragraph(&parts, &Network(String::new()))
}

pub fn list(items: &[Vec<Inline>], network: &Network) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rows: Vec<Value> = Vec::new();
    let mut used = 0;
    for item in items {
        for (elements, size) in portions(item, network) {
            if used + size > TEXT_MAX {
                pieces.extend(bullets(&mut rows, &mut used));
            }
            rows.push(section(elements));
            used += size;
        }
    }
    pieces.extend(bullets(&mut rows, &mut used));
    pieces
}

fn bullets(rows: &mut Vec<Value>, used: &mut usize) -> Option<Piece> {
    if rows.is_empty() {
        return None;
    }
    let mut list = holding("rich_text_list", std::mem::take(rows));
    list["style"] = json!("bullet");
    Some(Piece::Rich {
        elements: vec![list],
        size: std::mem::take(used),
    })
}

pub fn code(text: &str) -> Vec<Piece> {
    split(text, TEXT_MAX)
        .into_iter()
        .map(|piece| {
            let element = json!({"type": "text", "text": piece});
            Piece::Rich {
                elements: vec![holding("rich_text_preformatted", vec![element])],
                size: length(piece),
            }
        })
        .collect()
}
