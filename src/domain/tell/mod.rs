//! Messages typed by who reads them. What may be told to whom is an impl of [`Tell`]; what has
//! none does not compile. A case's title is a `String`, and `String` has no `Tell<ToPublic>`.

mod line;
mod may;

use std::marker::PhantomData;

use underrose_chat::{Block, Choice, Inline, Message, Weight};

use super::confidential::Cleared;
pub use line::Line;
use line::{flat, join};
pub use may::{Command, Digest, Room, Strong, Typed, When};

/// Read in the room of one case.
pub enum ToCase {}
/// Read by one person, who may see what is told.
pub enum ToPerson {}
/// Read in a committee room or on a lock screen: opaque ids only.
pub enum ToCommittee {}
/// Read by everybody.
pub enum ToPublic {}

/// May be told to the audience `A`.
pub trait Tell<A> {
    fn tell(&self, line: &mut Line);
}

/// A message for the audience `A`, under construction.
pub struct Text<A> {
    blocks: Vec<Block>,
    to: PhantomData<A>,
}

pub type Parts<'a, A> = &'a [&'a dyn Tell<A>];

impl<A> Default for Text<A> {
    fn default() -> Self {
        Self {
            blocks: Vec::new(),
            to: PhantomData,
        }
    }
}

impl<A> Text<A> {
    pub fn line(parts: Parts<'_, A>) -> Self {
        Self::default().and(parts)
    }

    #[must_use]
    pub fn and(mut self, parts: Parts<'_, A>) -> Self {
        self.blocks.push(Block::Paragraph { parts: join(parts) });
        self
    }

    #[must_use]
    pub fn heading(mut self, parts: Parts<'_, A>) -> Self {
        self.blocks.push(Block::Heading { text: flat(parts) });
        self
    }

    /// A row of a list; rows that follow each other are one list.
    #[must_use]
    pub fn item(mut self, parts: Parts<'_, A>) -> Self {
        let row = join(parts);
        if let Some(Block::List { items }) = self.blocks.last_mut() {
            items.push(row);
        } else {
            self.blocks.push(Block::List { items: vec![row] });
        }
        self
    }

    /// A name and a value; fields that follow each other stand together.
    #[must_use]
    pub fn field(mut self, name: &'static str, parts: Parts<'_, A>) -> Self {
        let row = (name.to_owned(), flat(parts));
        if let Some(Block::Fields { fields }) = self.blocks.last_mut() {
            fields.push(row);
        } else {
            self.blocks.push(Block::Fields { fields: vec![row] });
        }
        self
    }

    #[must_use]
    pub fn code(mut self, part: &dyn Tell<A>) -> Self {
        self.blocks.push(Block::Code {
            text: flat(&[part]),
        });
        self
    }

    /// Choices that follow each other stand in one row.
    #[must_use]
    pub fn choice(mut self, choice: Choice) -> Self {
        if let Some(Block::Choices { choices }) = self.blocks.last_mut() {
            choices.push(choice);
        } else {
            self.blocks.push(Block::Choices {
                choices: vec![choice],
            });
        }
        self
    }

    /// What the same audience reads further.
    #[must_use]
    pub fn then(mut self, more: Text<A>) -> Self {
        self.blocks.extend(more.blocks);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    pub(super) fn into_message(self) -> Message {
        Message {
            blocks: self.blocks,
        }
    }
}

impl Text<ToCommittee> {
    /// Its first paragraph, as plain text: opaque, as all of it is.
    pub(super) fn first_line(&self) -> String {
        let first = self.blocks.iter().find_map(|block| match block {
            Block::Paragraph { parts } => Some(parts.iter().map(Inline::words).collect::<String>()),
            Block::Heading { .. }
            | Block::List { .. }
            | Block::Fields { .. }
            | Block::Code { .. }
            | Block::Choices { .. } => None,
        });
        first.unwrap_or_default()
    }
}

impl From<Text<ToCommittee>> for Text<ToPerson> {
    /// What is opaque may be told to anybody.
    fn from(text: Text<ToCommittee>) -> Self {
        Self {
            blocks: text.blocks,
            to: PhantomData,
        }
    }
}

impl From<Text<ToCommittee>> for Text<ToCase> {
    fn from(text: Text<ToCommittee>) -> Self {
        Self {
            blocks: text.blocks,
            to: PhantomData,
        }
    }
}

impl Text<ToPublic> {
    /// The approved text, as it is.
    pub fn announcement(text: Cleared<String>) -> Self {
        let blocks = text
            .into_inner()
            .split("\n\n")
            .map(|paragraph| Block::Paragraph {
                parts: vec![Inline::Text {
                    text: paragraph.to_owned(),
                }],
            })
            .collect();
        Self {
            blocks,
            to: PhantomData,
        }
    }
}

/// A button that says what is typed to do the same.
pub fn casual(label: impl Into<String>, command: String) -> Choice {
    Choice {
        label: label.into(),
        command,
        weight: Weight::Casual,
        confirm: None,
    }
}

/// A button that must not travel as a reaction.
pub fn binding(label: impl Into<String>, command: String, confirm: Option<&str>) -> Choice {
    Choice {
        label: label.into(),
        command,
        weight: Weight::Binding,
        confirm: confirm.map(str::to_owned),
    }
}
