//! Messages typed by who reads them. What may be told to whom is an impl of [`Tell`]; what has
//! none does not compile. A case's title is a `String`, and `String` has no `Tell<ToPublic>`.

use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use underrose_chat::{Block, Choice, Inline, Message, Network, Weight};

use super::calendar;
use super::confidential::Cleared;
use super::cvss::{Band, Score, Vector};
use super::ids::{CaseId, PersonId};

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
    fn tell(&self) -> Inline;
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
            text: plain(part.tell()),
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
            Block::Paragraph { parts } => Some(parts.iter().cloned().map(plain).collect()),
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

fn join<A>(parts: Parts<'_, A>) -> Vec<Inline> {
    let mut joined: Vec<Inline> = Vec::with_capacity(parts.len());
    for part in parts {
        match (joined.last_mut(), part.tell()) {
            (Some(Inline::Text { text }), Inline::Text { text: more }) => text.push_str(&more),
            (_, Inline::Text { text }) if text.is_empty() => {}
            (_, inline) => joined.push(inline),
        }
    }
    joined
}

fn flat<A>(parts: Parts<'_, A>) -> String {
    parts.iter().map(|part| plain(part.tell())).collect()
}

fn plain(inline: Inline) -> String {
    match inline {
        Inline::Text { text } | Inline::Strong { text } | Inline::Code { text } => text,
        Inline::Mention { name, .. } => name,
    }
}

fn text(text: impl Into<String>) -> Inline {
    Inline::Text { text: text.into() }
}

/// An instant as people read it: UTC, and their own zone beside it.
#[derive(Clone, Copy)]
pub struct When(pub DateTime<Utc>, pub Option<Tz>);

/// Code that a person would type, known at compile time or made of opaque parts.
pub struct Typed(pub String);

/// Emphasised.
pub struct Strong<T>(pub T);

macro_rules! tell_everyone {
    ($($kind:ty),* $(,)?) => { $(
        impl<A> Tell<A> for $kind {
            fn tell(&self) -> Inline { text(self.to_string()) }
        }
    )* };
}

// A sentence's own words are known when it is compiled; ids and numbers say nothing.
tell_everyone!(&'static str, CaseId, u32, u64, usize, Network, &Network);

impl<A> Tell<A> for When {
    fn tell(&self) -> Inline {
        text(calendar::show(self.0, self.1))
    }
}

impl<A> Tell<A> for chrono::TimeDelta {
    fn tell(&self) -> Inline {
        text(calendar::show_span(*self))
    }
}

impl<A, T: Tell<A>> Tell<A> for Strong<T> {
    fn tell(&self) -> Inline {
        Inline::Strong {
            text: plain(self.0.tell()),
        }
    }
}

macro_rules! tell_inside {
    ($audience:ty: $($kind:ty),* $(,)?) => { $(
        impl Tell<$audience> for $kind {
            fn tell(&self) -> Inline { text(self.to_string()) }
        }
    )* };
}

// What has been revealed with a pass may be told where the pass was good, and to nobody else.
tell_inside!(ToCase: String, &String, Vector, &Vector, Score, Band, PersonId, &PersonId);
tell_inside!(ToPerson: String, &String, Vector, &Vector, Score, Band, PersonId, &PersonId);
// The committee knows who its people are.
tell_inside!(ToCommittee: PersonId, &PersonId);

impl Tell<ToCase> for Typed {
    fn tell(&self) -> Inline {
        Inline::Code {
            text: self.0.clone(),
        }
    }
}
impl Tell<ToPerson> for Typed {
    fn tell(&self) -> Inline {
        Inline::Code {
            text: self.0.clone(),
        }
    }
}

/// A hash: it names a text or a journal and tells nothing of it.
pub struct Digest(pub String);

impl<A> Tell<A> for Digest {
    fn tell(&self) -> Inline {
        Inline::Code {
            text: self.0.clone(),
        }
    }
}

/// Words of the grammar, or a command made of opaque ids: fit for any committee room.
pub struct Command(pub &'static str, pub Option<CaseId>);

impl<A> Tell<A> for Command {
    fn tell(&self) -> Inline {
        Inline::Code {
            text: match self.1 {
                Some(case) => format!("vuln {case} {}", self.0),
                None => self.0.to_owned(),
            },
        }
    }
}
