//! From typed words to a command with typed arguments, or to a mistake that says what to type.

use chrono::{DateTime, Utc};
use underrose_chat::Network;

use super::near::{clip, unknown};
use super::value::value;
use super::{COMMANDS, Family, Need, Piece, Spec};
use crate::domain::cvss::{Band, Vector};
use crate::domain::ids::{CaseId, PersonId};
use crate::domain::policy::Policy;
use crate::domain::words::{CreditKind, GuestKind, LinkKind, Path, Verdict};

/// What was typed, understood.
pub struct Parsed {
    pub spec: &'static Spec,
    /// A case named before the command: `vuln 2026-0007 status`.
    pub case: Option<CaseId>,
    pub args: Args,
}

/// Arguments by name.
#[derive(Default)]
pub struct Args(Vec<(&'static str, Value)>);

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    Person(PersonId),
    Case(CaseId),
    Verdict(Verdict),
    GuestKind(GuestKind),
    Path(Path),
    Band(Band),
    Vector(Vector),
    Instant(DateTime<Utc>),
    CreditKind(CreditKind),
    LinkKind(LinkKind),
}

/// What was wrong, in a sentence, and what to type instead. Shown to the caller alone.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    pub rule: &'static str,
    /// The command's words, if it was understood so far.
    pub command: &'static str,
    pub what: String,
    pub instead: String,
}

/// What parsing may look at.
pub struct Context<'a> {
    pub policy: &'a Policy,
    pub network: &'a Network,
}

macro_rules! getter {
    ($name:ident, $variant:ident, $kind:ty) => {
        pub fn $name(&self, name: &str) -> Option<$kind> {
            match self.get(name) {
                Some(Value::$variant(value)) => Some(value.clone()),
                Some(_) | None => None,
            }
        }
    };
}

impl Args {
    fn get(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    getter!(person, Person, PersonId);
    getter!(case, Case, CaseId);
    getter!(verdict, Verdict, Verdict);
    getter!(guest_kind, GuestKind, GuestKind);
    getter!(path, Path, Path);
    getter!(band, Band, Band);
    getter!(vector, Vector, Vector);
    getter!(instant, Instant, DateTime<Utc>);
    getter!(credit_kind, CreditKind, CreditKind);
    getter!(link_kind, LinkKind, LinkKind);

    /// The text, empty if it was not given.
    pub fn text(&self, name: &str) -> String {
        match self.get(name) {
            Some(Value::Text(text)) => text.clone(),
            Some(_) | None => String::new(),
        }
    }
}

/// Whether a text begins like a command: `vuln` or `oncall`, as a word.
pub fn is_command(text: &str) -> bool {
    let (first, _) = first_word(text);
    family(first).is_some()
}

/// Understands a text that begins with `vuln` or `oncall`; without either, as if with `vuln`.
pub fn parse(text: &str, policy: &Policy, network: &Network) -> Result<Parsed, Mistake> {
    let context = Context { policy, network };
    let (first, rest) = first_word(text);
    let (family, rest) = match family(first) {
        Some(family) => (family, rest),
        None => (Family::Vuln, text.trim_start()),
    };
    let (word, after) = first_word(rest);
    let (case, rest) = match word.parse::<CaseId>() {
        Ok(case) => (Some(case), after),
        Err(_) => (None, rest),
    };
    let (spec, rest) = find(family, rest)?;
    Ok(Parsed {
        spec,
        case,
        args: arguments(spec, rest, &context)?,
    })
}

fn family(word: &str) -> Option<Family> {
    [Family::Vuln, Family::OnCall]
        .into_iter()
        .find(|one| one.word().eq_ignore_ascii_case(word))
}

pub(super) fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, rest.trim_start())
}

fn find(family: Family, text: &str) -> Result<(&'static Spec, &str), Mistake> {
    if text.trim().is_empty() {
        return find(Family::Vuln, "help");
    }
    let (first, after) = first_word(text);
    for spec in COMMANDS.iter().filter(|spec| spec.family == family) {
        let Some((word, words)) = spec.words.split_first() else {
            continue;
        };
        let mut rest = after;
        let fits = word.eq_ignore_ascii_case(first)
            && words.iter().all(|word| {
                let (typed, after) = first_word(rest);
                rest = after;
                word.eq_ignore_ascii_case(typed)
            });
        if fits {
            return Ok((spec, rest));
        }
    }
    Err(unknown(family, text))
}

fn arguments(spec: &'static Spec, text: &str, context: &Context<'_>) -> Result<Args, Mistake> {
    let mut args = Args::default();
    let (before, segments) = segments(spec.args, text);
    let mut rest = before;
    let extra = |rest: &str| Mistake {
        rule: "bad-argument",
        command: spec.words[0],
        what: format!("I do not understand `{}` there.", clip(rest.trim())),
        instead: spec.usage(),
    };
    if spec.args.first().is_none_or(|first| first.after.is_some()) && !before.is_empty() {
        return Err(extra(before));
    }
    for (index, piece) in spec.args.iter().enumerate() {
        let given = match piece.after {
            None => true,
            Some(_) => match segments.iter().find(|(i, _)| *i == index) {
                Some((_, segment)) => {
                    rest = segment;
                    true
                }
                None => false,
            },
        };
        let typed = if !given {
            ""
        } else if piece.kind.takes_rest() {
            std::mem::take(&mut rest).trim()
        } else {
            let (word, after) = first_word(rest);
            if piece.need == Need::May && piece.after.is_none() && !piece.kind.looks_like(word) {
                ""
            } else {
                rest = after;
                word
            }
        };
        let last = spec
            .args
            .get(index + 1)
            .is_none_or(|next| next.after.is_some());
        if given && last && !rest.trim().is_empty() {
            return Err(extra(rest));
        }
        if typed.is_empty() {
            match piece.need {
                Need::Must => return Err(missing(spec, piece)),
                Need::May | Need::OrForm => continue,
            }
        }
        let value = value(piece.kind, typed, context).map_err(|what| Mistake {
            rule: "bad-argument",
            command: spec.words[0],
            what,
            instead: spec.usage(),
        })?;
        args.0.push((piece.name, value));
    }
    Ok(args)
}

/// What stands before the first marker word; and what follows each, by the index of its piece.
fn segments<'a>(pieces: &[Piece], text: &'a str) -> (&'a str, Vec<(usize, &'a str)>) {
    let mut before = text;
    let mut found: Vec<(usize, &str)> = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    let mut from = 0;
    for (index, piece) in pieces.iter().enumerate() {
        let Some(word) = piece.after else { continue };
        let Some((begin, end)) = find_word(text, word, from) else {
            continue;
        };
        match open {
            Some((index, start)) => found.push((index, text.get(start..begin).unwrap_or_default())),
            None => before = text.get(..begin).unwrap_or_default(),
        }
        open = Some((index, end));
        from = end;
    }
    if let Some((index, start)) = open {
        found.push((index, text.get(start..).unwrap_or_default()));
    }
    (before, found)
}

/// Where a word stands alone in a text, from a byte position on.
fn find_word(text: &str, word: &str, from: usize) -> Option<(usize, usize)> {
    let mut position = from;
    while let Some(rest) = text.get(position..) {
        let skipped = rest.len() - rest.trim_start().len();
        let begin = position + skipped;
        let (typed, _) = first_word(rest);
        if typed.is_empty() {
            return None;
        }
        let end = begin + typed.len();
        if typed.eq_ignore_ascii_case(word) {
            return Some((begin, end));
        }
        position = end;
    }
    None
}

/// What a form asks for and was not typed, if anything.
pub fn missing_of(spec: &'static Spec, args: &Args) -> Option<Mistake> {
    let mut asked = spec.args.iter().filter(|piece| piece.need == Need::OrForm);
    let first = asked.find(|piece| args.get(piece.name).is_none())?;
    Some(missing(spec, first))
}

fn missing(spec: &'static Spec, piece: &Piece) -> Mistake {
    let what = match piece.after {
        Some("because") => "Say why: the reason is part of the record.".to_owned(),
        Some(word) => format!("`{} <{}>` is missing.", word, piece.name),
        None => format!("<{}> is missing.", piece.name),
    };
    let what = match piece.kind.choices() {
        Some(choices) => format!("{what} It is one of {choices}."),
        None => what,
    };
    Mistake {
        rule: "bad-argument",
        command: spec.words[0],
        what,
        instead: spec.usage(),
    }
}
