//! A transcript as steps: a line that somebody does, and what the bot then says, item by item.

use std::collections::BTreeSet;

use underrose_console::{Line, parse};

/// One line of a transcript, with what stands below it.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it stands in the file, from 1.
    pub number: usize,
    pub text: String,
    pub line: Line,
    pub expected: Vec<Expected>,
}

/// One thing that the bot says or does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// `#room: …`
    InRoom { room: String, lines: Vec<String> },
    /// `#room ~ line`
    Edited { room: String, line: String },
    /// `@who: …`, or `(who) …`
    Alone { who: String, lines: Vec<String> },
    /// `#room + a, b (private, topic: …)`
    Opened {
        room: String,
        who: BTreeSet<String>,
        topic: String,
    },
    /// `#room + a`
    Added { room: String, who: String },
    /// `#room - a`
    Removed { room: String, who: String },
    /// `#room topic: …`
    Topic { room: String, topic: String },
    /// `#room archived`
    Archived { room: String },
    /// `? …`: the console cannot do that line.
    Impossible,
}

impl Expected {
    /// The room that it is about.
    pub fn room(&self) -> Option<&str> {
        match self {
            Self::InRoom { room, .. }
            | Self::Edited { room, .. }
            | Self::Opened { room, .. }
            | Self::Added { room, .. }
            | Self::Removed { room, .. }
            | Self::Topic { room, .. }
            | Self::Archived { room } => Some(room),
            Self::Alone { .. } | Self::Impossible => None,
        }
    }
}

/// Reads a transcript. What only the console prints (the time before what is said at a new time)
/// is left out.
///
/// # Panics
/// At a line that is not of the language.
pub fn read(script: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut item: Vec<String> = Vec::new();
    for (index, text) in script.lines().enumerate() {
        let number = index + 1;
        match parse(text).unwrap_or_else(|error| panic!("line {number}: {}", error.0)) {
            Line::Expected(line) => {
                if !line.starts_with("  ") {
                    finish(&mut steps, &mut item);
                }
                item.push(line.trim().to_owned());
            }
            line => {
                finish(&mut steps, &mut item);
                steps.push(Step {
                    number,
                    text: text.to_owned(),
                    line,
                    expected: Vec::new(),
                });
            }
        }
    }
    finish(&mut steps, &mut item);
    steps
}

fn finish(steps: &mut [Step], item: &mut Vec<String>) {
    let lines = std::mem::take(item);
    if let (Some(first), Some(step)) = (lines.first(), steps.last_mut())
        && let Some(expected) = expected(first, &lines)
    {
        step.expected.push(expected);
    }
}

fn expected(first: &str, lines: &[String]) -> Option<Expected> {
    let with = |head: &str| {
        let mut all = vec![head.to_owned()];
        all.extend(lines.iter().skip(1).cloned());
        all
    };
    if first.starts_with("-- ") {
        return None;
    }
    if first.starts_with("? ") {
        return Some(Expected::Impossible);
    }
    if let Some((who, head)) = first
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(") "))
    {
        return Some(Expected::Alone {
            who: who.to_owned(),
            lines: with(head),
        });
    }
    if let Some((who, head)) = first
        .strip_prefix('@')
        .and_then(|rest| rest.split_once(": "))
    {
        return Some(Expected::Alone {
            who: who.to_owned(),
            lines: with(head),
        });
    }
    let rest = first
        .strip_prefix('#')
        .unwrap_or_else(|| panic!("what is `{first}`?"));
    let (room, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    if let Some(room) = room.strip_suffix(':') {
        let room = room.to_owned();
        return Some(Expected::InRoom {
            room,
            lines: with(rest),
        });
    }
    let room = room.to_owned();
    let (sign, after) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(match sign {
        "~" => Expected::Edited {
            room,
            line: after.to_owned(),
        },
        "+" => match after.split_once(" (private, topic: ") {
            Some((names, topic)) => Expected::Opened {
                room,
                who: names.split(", ").map(str::to_owned).collect(),
                topic: topic.trim_end_matches(')').to_owned(),
            },
            None => Expected::Added {
                room,
                who: after.to_owned(),
            },
        },
        "-" => Expected::Removed {
            room,
            who: after.to_owned(),
        },
        "topic:" => Expected::Topic {
            room,
            topic: after.to_owned(),
        },
        "archived" => Expected::Archived { room },
        _ => panic!("what is `{first}`?"),
    })
}
