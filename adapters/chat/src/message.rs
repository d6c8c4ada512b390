//! A message as meaning: paragraphs, fields, choices. Neither Markdown nor Block Kit; each adapter
//! renders it as its network shows such things best.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{RoomId, UserId};

/// What the bot says.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Message {
    pub blocks: Vec<Block>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    Heading {
        text: String,
    },
    Paragraph {
        parts: Vec<Inline>,
    },
    List {
        items: Vec<Vec<Inline>>,
    },
    /// Names and values, in order.
    Fields {
        fields: Vec<(String, String)>,
    },
    /// Preformatted, as it is.
    Code {
        text: String,
    },
    Choices {
        choices: Vec<Choice>,
    },
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Inline {
    Text {
        text: String,
    },
    Strong {
        text: String,
    },
    Code {
        text: String,
    },
    /// Calls the person's attention.
    Mention {
        user: UserId,
        name: String,
    },
    /// A room: by its name where its network can show that, else as `network/id`.
    Room {
        room: RoomId,
    },
}

impl Inline {
    /// Its words, without what is done to them.
    pub fn words(&self) -> Cow<'_, str> {
        match self {
            Self::Text { text } | Self::Strong { text } | Self::Code { text } => text.into(),
            Self::Mention { name, .. } => name.into(),
            Self::Room { room } => room.to_string().into(),
        }
    }
}

/// Something to press. Pressing it is giving its command.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Choice {
    pub label: String,
    /// The command's words, as a person would type them, with the case and the hash or version
    /// that they answer.
    pub command: String,
    pub weight: Weight,
    /// Asked before it acts, where the effect is public or cannot be taken back.
    pub confirm: Option<String>,
}

/// How a choice may travel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// May be a reaction, which a server can read and forge.
    Casual,
    /// Never by reaction: an authenticated button, an encrypted poll, or typed words.
    Binding,
}

/// A form: a modal where the network has them, else a conversation.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Form {
    /// What it is a form for, with the case: comes back with every change.
    pub id: String,
    pub title: String,
    /// What it says now, above the fields.
    pub body: Message,
    pub fields: Vec<Field>,
    pub submit: String,
    /// Beside the field of that name.
    pub errors: BTreeMap<String, String>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Field {
    pub name: String,
    pub label: String,
    pub hint: String,
    pub kind: FieldKind,
    pub value: Option<String>,
    pub required: bool,
    /// A change of this field is wanted at once ([`crate::Happening::FormChanged`]).
    pub live: bool,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldKind {
    Line { bytes_max: usize },
    Paragraphs { bytes_max: usize },
    Select { options: Vec<Opt> },
}

/// One option of a selection.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Opt {
    pub value: String,
    pub label: String,
}

impl Message {
    /// One paragraph of plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            blocks: vec![Block::Paragraph {
                parts: vec![Inline::Text { text: text.into() }],
            }],
        }
    }

    /// All choices, in the order in which they are shown.
    pub fn choices(&self) -> impl Iterator<Item = &Choice> {
        self.blocks.iter().flat_map(|block| match block {
            Block::Choices { choices } => choices.as_slice(),
            Block::Heading { .. }
            | Block::Paragraph { .. }
            | Block::List { .. }
            | Block::Fields { .. }
            | Block::Code { .. } => &[],
        })
    }
}
