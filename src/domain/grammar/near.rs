//! What was typed and is no command: "did you mean".

use super::parse::first_word;
use super::{COMMANDS, Family, Mistake, Spec};

/// No command begins so; which one may have been meant.
pub(super) fn unknown(family: Family, text: &str) -> Mistake {
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
