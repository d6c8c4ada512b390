//! Putting a line together out of its parts. It knows no audience: what may be told to whom was
//! settled when the parts were typed.

use std::fmt::{Display, Write};

use underrose_chat::{Inline, RoomId};

use super::Parts;

/// A line while it is put together: what follows each other in one style is one string from the
/// beginning, since a card is told at nearly every command.
pub struct Line(Style);

enum Style {
    Rich(Vec<Inline>),
    /// Where the network shows no styles: a heading, the value of a field.
    Plain(String),
}

/// Bytes of most texts within a line.
const TEXT_BYTES: usize = 48;

impl Line {
    /// Words as they are.
    pub fn text(&mut self, words: &str) {
        if !words.is_empty() {
            self.end().push_str(words);
        }
    }

    /// A value, as it displays itself.
    pub fn show(&mut self, value: &impl Display) {
        write!(self.end(), "{value}").expect("a string takes everything");
    }

    /// What one would type.
    pub fn code(&mut self, words: String) {
        match &mut self.0 {
            Style::Rich(parts) => parts.push(Inline::Code { text: words }),
            Style::Plain(text) => text.push_str(&words),
        }
    }

    pub fn strong(&mut self, words: String) {
        match &mut self.0 {
            Style::Rich(parts) => parts.push(Inline::Strong { text: words }),
            Style::Plain(text) => text.push_str(&words),
        }
    }

    /// A room, by its name where its network shows that.
    pub fn room(&mut self, room: &RoomId) {
        match &mut self.0 {
            Style::Rich(parts) => parts.push(Inline::Room { room: room.clone() }),
            Style::Plain(_) => self.show(room),
        }
    }

    /// The text at the line's end.
    fn end(&mut self) -> &mut String {
        match &mut self.0 {
            Style::Plain(text) => text,
            Style::Rich(parts) => {
                if !matches!(parts.last(), Some(Inline::Text { .. })) {
                    let text = String::with_capacity(TEXT_BYTES);
                    parts.push(Inline::Text { text });
                }
                match parts.last_mut() {
                    Some(Inline::Text { text }) => text,
                    Some(_) | None => unreachable!("it was pushed just now"),
                }
            }
        }
    }
}

/// The parts as one line.
pub fn join<A>(parts: Parts<'_, A>) -> Vec<Inline> {
    let mut line = Line(Style::Rich(Vec::new()));
    parts.iter().for_each(|part| part.tell(&mut line));
    match line.0 {
        Style::Rich(parts) => parts,
        Style::Plain(text) => vec![Inline::Text { text }],
    }
}

/// The same, without styles.
pub fn flat<A>(parts: Parts<'_, A>) -> String {
    let mut line = Line(Style::Plain(String::with_capacity(TEXT_BYTES)));
    parts.iter().for_each(|part| part.tell(&mut line));
    match line.0 {
        Style::Plain(text) => text,
        Style::Rich(_) => String::new(),
    }
}
