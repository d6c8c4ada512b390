//! A [`Message`] as Block Kit. Pure. Prose is rich text, which is literal by construction: no mark,
//! no `<!channel>` and no link label in it can do anything. Fields are two columns of escaped
//! mrkdwn. Nothing is cut: what does not fit into a block goes into the next one, and what would
//! need too many blocks is drawn together ([`fit`]).

mod actions;
mod fit;
mod rich;
pub mod text;

use serde_json::{Value, json};
use underrose_chat::{Block, Inline, Message, Network};

pub(crate) use actions::choice_index;
use text::{clip, length, literal, split};

use crate::limits::{FALLBACK_MAX, FIELD_MAX, FIELDS_MAX, HEADER_MAX};
use crate::words;

/// A field whose value is longer than this is a paragraph under its name: columns are narrow.
const COLUMN_MAX: usize = 300;

/// A message as Slack takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    pub blocks: Vec<Value>,
    /// For notifications, and for clients that show no blocks.
    pub text: String,
}

/// What a notification may show: lock screens are read by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback<'a> {
    Neutral,
    /// What the core says may stand there.
    Notice(&'a str),
    Whole,
}

/// Renders for one workspace: only its own people can be mentioned.
pub fn message(message: &Message, network: &Network, fallback: Fallback<'_>) -> Rendered {
    let blocks = blocks(message, network, crate::limits::MESSAGE_BLOCKS_MAX);
    let text = match fallback {
        Fallback::Neutral => words::SOMETHING_NEW.to_owned(),
        Fallback::Notice(notice) => text::escaped(&clip(notice.trim(), FALLBACK_MAX / 5)),
        Fallback::Whole => {
            let all: Vec<String> = message.blocks.iter().map(plain).collect();
            // The escaped form may be longer, so that it is cut before it is escaped.
            text::escaped(&clip(all.join("\n").trim(), FALLBACK_MAX / 5))
        }
    };
    let text = if text.is_empty() {
        words::SOMETHING_NEW.to_owned()
    } else {
        text
    };
    Rendered { blocks, text }
}

/// The blocks alone, at most `max` of them: for views.
pub fn blocks(message: &Message, network: &Network, max: usize) -> Vec<Value> {
    let mut numbers = actions::Numbers::default();
    fit::into(max, |level| {
        numbers = actions::Numbers::default();
        message
            .blocks
            .iter()
            .flat_map(|block| pieces(block, network, level, &mut numbers))
            .collect()
    })
}

fn pieces(
    block: &Block,
    network: &Network,
    level: fit::Level,
    numbers: &mut actions::Numbers,
) -> Vec<fit::Piece> {
    match block {
        Block::Heading { text } => heading(text, level),
        Block::Paragraph { parts } => rich::paragraph(parts, network),
        Block::List { items } => rich::list(items, network),
        Block::Fields { fields } => fields_of(fields, level),
        Block::Code { text } => rich::code(text),
        Block::Choices { choices } => actions::choices(choices, level, numbers),
    }
}

fn heading(text: &str, level: fit::Level) -> Vec<fit::Piece> {
    let line = text.replace('\n', " ");
    let line = line.trim();
    if line.is_empty() {
        return Vec::new();
    }
    if level >= fit::Level::Plain || length(line) > HEADER_MAX {
        return rich::strong(line);
    }
    let text = json!({"type": "plain_text", "text": line, "emoji": false});
    vec![fit::Piece::Block(json!({"type": "header", "text": text}))]
}

fn fields_of(fields: &[(String, String)], level: fit::Level) -> Vec<fit::Piece> {
    let mut pieces = Vec::new();
    let mut columns: Vec<Value> = Vec::new();
    for (name, value) in fields {
        let text = format!("*{}*\n{}", literal(name), literal(value));
        let narrow = length(value) <= COLUMN_MAX && length(&text) <= FIELD_MAX;
        if narrow && level < fit::Level::Plain {
            columns.push(json!({"type": "mrkdwn", "text": text, "verbatim": true}));
            continue;
        }
        pieces.extend(section(&mut columns));
        pieces.extend(rich::named(name, value));
    }
    pieces.extend(section(&mut columns));
    pieces
}

fn section(columns: &mut Vec<Value>) -> Vec<fit::Piece> {
    let all = std::mem::take(columns);
    all.chunks(FIELDS_MAX)
        .map(|fields| fit::Piece::Block(json!({"type": "section", "fields": fields})))
        .collect()
}

/// A block as plain text.
fn plain(block: &Block) -> String {
    match block {
        Block::Heading { text } | Block::Code { text } => text.clone(),
        Block::Paragraph { parts } => flat(parts),
        Block::List { items } => {
            let items: Vec<String> = items
                .iter()
                .map(|item| format!("• {}", flat(item)))
                .collect();
            items.join("\n")
        }
        Block::Fields { fields } => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            fields.join("\n")
        }
        Block::Choices { .. } => String::new(),
    }
}

pub(crate) fn flat(parts: &[Inline]) -> String {
    parts
        .iter()
        .map(|part| match part {
            Inline::Text { text } | Inline::Strong { text } | Inline::Code { text } => text.clone(),
            Inline::Mention { name, .. } => format!("@{name}"),
            Inline::Room { room } => room.to_string(),
        })
        .collect()
}

/// A line of plain text as a block of its own.
pub(crate) fn note(text: &str) -> Vec<Value> {
    split(text, crate::limits::TEXT_MAX)
        .into_iter()
        .map(|piece| {
            let element = json!({"type": "text", "text": piece});
            rich::block(vec![rich::section(vec![element])])
        })
        .collect()
}
