//! Reads a section's values one by one and notes every mistake with its key, so that one wrong
//! value never hides another. It knows shapes only; what a value means is for its reader.

use std::cell::RefCell;
use std::ops::RangeInclusive;

use toml::{Table, Value};

use super::schema::meant;

/// Mistakes told in one run; who has more has given us the wrong file.
const MISTAKES_MAX: usize = 200;
/// Of a wrong value, characters that are said back.
const SHOWN_MAX: usize = 60;

/// One thing to mend in a configuration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{key}: {what}")]
pub struct Mistake {
    /// Where, as in `people[2].zone`; `line 7` where the text is not TOML.
    pub key: String,
    pub what: String,
}

/// Where the mistakes of one run are gathered.
#[derive(Default)]
pub struct Mistakes(RefCell<Vec<Mistake>>);

impl Mistakes {
    pub fn add(&self, key: impl Into<String>, what: impl Into<String>) {
        let mut list = self.0.borrow_mut();
        if list.len() < MISTAKES_MAX {
            list.push(Mistake {
                key: key.into(),
                what: what.into(),
            });
        }
    }

    pub fn into_vec(self) -> Vec<Mistake> {
        self.0.into_inner()
    }
}

/// A text with the path of its key.
#[derive(Clone)]
pub struct Told<'a> {
    pub key: String,
    pub text: &'a str,
}

/// A table of the configuration, or an empty one in place of a section that is not there.
pub struct Section<'a> {
    path: String,
    table: Option<&'a Table>,
    mistakes: &'a Mistakes,
}

impl<'a> Section<'a> {
    /// Notes each key of the table that is none of `keys`.
    pub fn new(
        path: String,
        table: Option<&'a Table>,
        keys: &[&str],
        mistakes: &'a Mistakes,
    ) -> Self {
        let section = Self {
            path,
            table,
            mistakes,
        };
        for key in table.iter().flat_map(|table| table.keys()) {
            if !keys.contains(&key.as_str()) {
                let meant = meant(key, keys.iter().copied());
                mistakes.add(section.path(&clip(key)), format!("unknown key{meant}"));
            }
        }
        section
    }

    pub fn is_present(&self) -> bool {
        self.table.is_some()
    }

    pub fn path(&self, key: &str) -> String {
        match (self.path.as_str(), key) {
            ("", key) => key.to_owned(),
            (path, "") => path.to_owned(),
            (path, key) => format!("{path}.{key}"),
        }
    }

    pub fn wrong(&self, key: &str, what: impl Into<String>) {
        self.mistakes.add(self.path(key), what);
    }

    pub fn value(&self, key: &str) -> Option<&'a Value> {
        self.table?.get(key)
    }

    /// The section of this name within this one.
    pub fn section(&self, key: &str, keys: &[&str]) -> Section<'a> {
        Section::new(self.path(key), self.table_of(key), keys, self.mistakes)
    }

    /// The sections of this name (`[[name]]`).
    pub fn sections(&self, key: &str, keys: &[&str]) -> Vec<Section<'a>> {
        let Some(list) = self.list(key, &format!("sections, each begun by [[{key}]]")) else {
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (path, value) in list {
            match value.as_table() {
                Some(table) => {
                    sections.push(Section::new(path, Some(table), keys, self.mistakes));
                }
                None => self.mistakes.add(path, expected("a section", value)),
            }
        }
        sections
    }

    pub fn table_of(&self, key: &str) -> Option<&'a Table> {
        let value = self.value(key)?;
        if value.as_table().is_none() {
            self.wrong(key, expected(&format!("a section [{key}]"), value));
        }
        value.as_table()
    }

    pub fn text(&self, key: &str) -> Option<&'a str> {
        let value = self.value(key)?;
        self.as_text(self.path(key), value).map(|told| told.text)
    }

    /// A text that must be there and must say something.
    pub fn need_text(&self, key: &str, example: &str) -> Option<&'a str> {
        if self.value(key).is_none() {
            self.wrong(key, format!("missing; write {key} = {example}"));
            return None;
        }
        let text = self.text(key)?;
        if text.trim().is_empty() {
            self.wrong(key, format!("empty; write {key} = {example}"));
            return None;
        }
        Some(text)
    }

    /// A text read by `read`, or `default` read likewise when the key is not there.
    pub fn parsed<T>(
        &self,
        key: &str,
        default: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = match self.value(key) {
            Some(_) => self.text(key)?,
            None => default,
        };
        read(text).map_err(|what| self.wrong(key, what)).ok()
    }

    pub fn flag(&self, key: &str, default: Flag) -> Option<bool> {
        let Some(value) = self.value(key) else {
            return Some(default == Flag::Yes);
        };
        if value.as_bool().is_none() {
            self.wrong(key, expected("true or false", value));
        }
        value.as_bool()
    }

    pub fn number(&self, key: &str, default: u32, within: RangeInclusive<u32>) -> Option<u32> {
        let Some(value) = self.value(key) else {
            return Some(default);
        };
        let Some(number) = value.as_integer() else {
            self.wrong(key, expected("a whole number", value));
            return None;
        };
        let number = u32::try_from(number)
            .ok()
            .filter(|number| within.contains(number));
        if number.is_none() {
            let (least, most) = (within.start(), within.end());
            self.wrong(key, format!("must be {least} to {most}, found {value}"));
        }
        number
    }

    /// The texts of a list; what is no text is noted and left out.
    pub fn texts(&self, key: &str) -> Option<Vec<Told<'a>>> {
        let list = self.list(key, "a list of texts in [ ]")?;
        Some(
            list.into_iter()
                .filter_map(|(path, value)| self.as_text(path, value))
                .collect(),
        )
    }

    /// The texts of a list of lists.
    pub fn groups(&self, key: &str) -> Option<Vec<Vec<Told<'a>>>> {
        let list = self.list(key, "a list of groups, as in [[\"a\"], [\"b\", \"c\"]]")?;
        let mut groups = Vec::new();
        for (path, value) in list {
            match value.as_array() {
                Some(group) => {
                    let texts = group.iter().enumerate();
                    let texts =
                        texts.filter_map(|(i, one)| self.as_text(format!("{path}[{i}]"), one));
                    groups.push(texts.collect());
                }
                None => self.mistakes.add(path, expected("a group in [ ]", value)),
            }
        }
        Some(groups)
    }

    fn list(&self, key: &str, shape: &str) -> Option<Vec<(String, &'a Value)>> {
        /// Longer lists are no committee's.
        const LIST_MAX: usize = 500;
        let value = self.value(key)?;
        let Some(list) = value.as_array() else {
            self.wrong(key, expected(shape, value));
            return None;
        };
        if list.len() > LIST_MAX {
            self.wrong(
                key,
                format!("{} entries; at most {LIST_MAX} are read", list.len()),
            );
            return None;
        }
        let path = self.path(key);
        Some(
            list.iter()
                .enumerate()
                .map(|(i, one)| (format!("{path}[{i}]"), one))
                .collect(),
        )
    }

    fn as_text(&self, key: String, value: &'a Value) -> Option<Told<'a>> {
        match value.as_str() {
            Some(text) => Some(Told { key, text }),
            None => {
                self.mistakes.add(key, expected("a text in quotes", value));
                None
            }
        }
    }

    pub fn mistakes(&self) -> &'a Mistakes {
        self.mistakes
    }
}

/// What a flag is when nobody says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    Yes,
    No,
}

/// A piece of what was written, short enough to be said back on one line.
pub fn clip(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(SHOWN_MAX)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(SHOWN_MAX).is_some() {
        shown.push('…');
    }
    shown
}

fn expected(shape: &str, found: &Value) -> String {
    let found = match found {
        Value::String(text) => format!("the text \"{}\"", clip(text)),
        Value::Integer(number) => format!("the number {number}"),
        Value::Float(number) => format!("the number {number}"),
        Value::Boolean(flag) => flag.to_string(),
        Value::Datetime(date) => format!("the date {date}"),
        Value::Array(_) => "a list".to_owned(),
        Value::Table(_) => "a section".to_owned(),
    };
    format!("expected {shape}, found {found}")
}
