//! From one typed argument to its value, or to a sentence that says what it should look like.

use chrono::NaiveTime;

use super::near::clip;
use super::parse::Context;
use super::{Kind, Value};
use crate::domain::calendar::parse_instant;
use crate::domain::cvss::{Band, Vector};
use crate::domain::ids::PersonId;
use crate::domain::words::{CreditKind, GuestKind, LinkKind, Path, Verdict};

impl Kind {
    pub(super) fn takes_rest(self) -> bool {
        matches!(self, Self::Text | Self::Instant | Self::Command)
    }

    /// Whether an optional word is meant for this argument at all.
    pub(super) fn looks_like(self, word: &str) -> bool {
        !word.is_empty() && (self != Self::Case || word.starts_with(|c: char| c.is_ascii_digit()))
    }

    pub(super) fn choices(self) -> Option<String> {
        match self {
            Self::Verdict => Some(Verdict::WORDS.join(", ")),
            Self::GuestKind => Some(GuestKind::WORDS.join(", ")),
            Self::Path => Some(Path::WORDS.join(", ")),
            Self::CreditKind => Some(CreditKind::WORDS.join(", ")),
            Self::LinkKind => Some(LinkKind::WORDS.join(", ")),
            Self::Band => Some("none, low, medium, high, critical".to_owned()),
            _ => None,
        }
    }
}

/// One typed argument as its kind, or why it is none.
pub(super) fn value(kind: Kind, typed: &str, context: &Context<'_>) -> Result<Value, String> {
    let one_of = |what: &str| {
        let choices = kind.choices().unwrap_or_default();
        format!("`{}` is not {what}; it is one of {choices}.", clip(typed))
    };
    match kind {
        Kind::Text | Kind::Word | Kind::Command => Ok(Value::Text(typed.to_owned())),
        Kind::Member => member(typed, context).map(Value::Person),
        Kind::Person => person(typed, context).map(Value::Person),
        Kind::Case => typed
            .parse()
            .map(Value::Case)
            .map_err(|_| format!("`{}` is not a case; one looks like 2026-0007.", clip(typed))),
        Kind::Verdict => Verdict::of(typed)
            .map(Value::Verdict)
            .ok_or_else(|| one_of("a verdict")),
        Kind::GuestKind => GuestKind::of(typed)
            .map(Value::GuestKind)
            .ok_or_else(|| one_of("a kind of guest")),
        Kind::Path => Path::of(typed)
            .map(Value::Path)
            .ok_or_else(|| one_of("a path")),
        Kind::CreditKind => CreditKind::of(typed)
            .map(Value::CreditKind)
            .ok_or_else(|| one_of("a kind of credit")),
        Kind::LinkKind => LinkKind::of(typed)
            .map(Value::LinkKind)
            .ok_or_else(|| one_of("a kind of link")),
        Kind::Band => typed
            .parse::<Band>()
            .map(Value::Band)
            .map_err(|_| one_of("a severity")),
        Kind::Vector => Vector::parse(typed)
            .map(Value::Vector)
            .map_err(|error| format!("{error}.")),
        Kind::Instant => parse_instant(typed, preset(context))
            .map(Value::Instant)
            .map_err(|error| format!("{error}.")),
        Kind::Hash => hash(typed),
        Kind::Cve => cve(typed),
        Kind::Url => url(typed),
    }
}

fn preset(context: &Context<'_>) -> NaiveTime {
    context.policy.slots.preset
}

fn member(typed: &str, context: &Context<'_>) -> Result<PersonId, String> {
    let person = person(typed, context)?;
    if context.policy.is_member(&person) {
        return Ok(person);
    }
    let members: Vec<&str> = context
        .policy
        .members
        .iter()
        .map(|id| id.0.as_str())
        .collect();
    Err(format!(
        "`{}` is not a committee member; they are {}.",
        clip(typed),
        members.join(", ")
    ))
}

/// A person of the configuration by id or by account here, else an account of this network.
fn person(typed: &str, context: &Context<'_>) -> Result<PersonId, String> {
    let name = typed.trim_start_matches('@');
    let id = PersonId(name.to_ascii_lowercase());
    if context.policy.people.contains_key(&id) {
        return Ok(id);
    }
    let ok = |c: char| c.is_alphanumeric() || "-_.:@".contains(c);
    if name.is_empty() || name.len() > 255 || !name.chars().all(ok) {
        return Err(format!("`{}` is not the name of a person.", clip(typed)));
    }
    // Where an account is written with its server (`@name:server`) the @ belongs to it; elsewhere
    // it only says that a person follows.
    let whole = typed.starts_with('@') && name.contains(':');
    let user = underrose_chat::UserId {
        network: context.network.clone(),
        id: if whole {
            format!("@{name}")
        } else {
            name.to_owned()
        },
    };
    Ok(context.policy.person_of(&user))
}

fn hash(typed: &str) -> Result<Value, String> {
    let fits = (8..=64).contains(&typed.len()) && typed.bytes().all(|b| b.is_ascii_hexdigit());
    if fits {
        return Ok(Value::Text(typed.to_ascii_lowercase()));
    }
    Err(format!(
        "`{}` is not a text's hash; `announce preview` shows it.",
        clip(typed)
    ))
}

fn cve(typed: &str) -> Result<Value, String> {
    let id = typed.to_ascii_uppercase();
    let digits = |s: &str, range: std::ops::RangeInclusive<usize>| {
        range.contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit())
    };
    let fits = id
        .strip_prefix("CVE-")
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(year, number)| digits(year, 4..=4) && digits(number, 4..=19));
    if fits {
        return Ok(Value::Text(id));
    }
    Err(format!(
        "`{}` is not a CVE id; one looks like CVE-2026-12345.",
        clip(typed)
    ))
}

fn url(typed: &str) -> Result<Value, String> {
    let fits = typed
        .strip_prefix("https://")
        .is_some_and(|rest| rest.contains('.'))
        && typed.len() <= 2048;
    if fits {
        return Ok(Value::Text(typed.to_owned()));
    }
    Err(format!(
        "`{}` is not a link; it begins with https:// and has at most 2048 characters.",
        clip(typed)
    ))
}
