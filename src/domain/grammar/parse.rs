//! From typed words to a command with typed arguments, or to a mistake that says what to type.

use chrono::{DateTime, NaiveTime, Utc};
use underrose_chat::Network;

use super::{COMMANDS, Family, Kind, Need, Piece, Spec};
use crate::domain::calendar::parse_instant;
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

fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, rest.trim_start())
}

fn find(family: Family, text: &str) -> Result<(&'static Spec, &str), Mistake> {
    if text.trim().is_empty() {
        return find(Family::Vuln, "help");
    }
    for spec in COMMANDS.iter().filter(|spec| spec.family == family) {
        let mut rest = text;
        let fits = spec.words.iter().all(|word| {
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

fn unknown(family: Family, text: &str) -> Mistake {
    let (first, rest) = first_word(text);
    let (second, _) = first_word(rest);
    let shown = clip(first);
    let siblings: Vec<&Spec> = COMMANDS
        .iter()
        .filter(|spec| spec.family == family && spec.words.len() > 1)
        .filter(|spec| {
            spec.words
                .first()
                .is_some_and(|word| word.eq_ignore_ascii_case(first))
        })
        .collect();
    if !siblings.is_empty() {
        let words: Vec<&str> = siblings
            .iter()
            .filter_map(|spec| spec.words.get(1).copied())
            .collect();
        let near = nearest(second, words.iter().copied());
        let instead = near.map_or_else(
            || format!("{} {} {}", family.word(), shown, words.join(" | ")),
            |near| format!("{} {} {near}", family.word(), shown),
        );
        let what = if second.is_empty() {
            format!("`{shown}` needs one more word.")
        } else {
            format!("`{shown} {}` is not a command.", clip(second))
        };
        return Mistake {
            rule: "unknown-command",
            command: "",
            what,
            instead,
        };
    }
    let words = COMMANDS.iter().filter(|spec| spec.family == family);
    let near = nearest(first, words.filter_map(|spec| spec.words.first().copied()));
    let instead = near.map_or_else(
        || "vuln help".to_owned(),
        |near| format!("{} {near}", family.word()),
    );
    let what = format!("`{} {shown}` is not a command.", family.word());
    Mistake {
        rule: "unknown-command",
        command: "",
        what,
        instead,
    }
}

/// The nearest of some words, if it is near: "did you mean".
fn nearest<'a>(typed: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_ascii_lowercase();
    let near = if typed.len() <= 2 { 1 } else { 2 };
    words
        .map(|word| (distance(&typed, word), word))
        .filter(|(distance, _)| *distance <= near)
        .min()
        .map(|(_, word)| word)
}

/// Edits from one word to the other (Levenshtein), for short words; long ones are far.
fn distance(a: &str, b: &str) -> usize {
    if a.len() > 32 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, right) in b.iter().enumerate() {
            let substitute = row.get(j).copied().unwrap_or(0) + usize::from(left != *right);
            let insert = next.get(j).copied().unwrap_or(0) + 1;
            let delete = row.get(j + 1).copied().unwrap_or(0) + 1;
            next.push(substitute.min(insert).min(delete));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// A piece of what was typed, short enough to be said back.
pub(super) fn clip(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    let mut shown: String = text.chars().take(SHOWN_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
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
            if piece.need == Need::Must {
                return Err(missing(spec, piece));
            }
            continue;
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

impl Kind {
    fn takes_rest(self) -> bool {
        matches!(self, Self::Text | Self::Instant | Self::Command)
    }

    /// Whether an optional word is meant for this argument at all.
    fn looks_like(self, word: &str) -> bool {
        !word.is_empty() && (self != Self::Case || word.starts_with(|c: char| c.is_ascii_digit()))
    }

    fn choices(self) -> Option<String> {
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

fn value(kind: Kind, typed: &str, context: &Context<'_>) -> Result<Value, String> {
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
