//! One line of the language.

use std::collections::BTreeMap;

use underrose_chat::Distrust;

/// What a line means. People are `bob` or `bob@network`, rooms `#room` or `#room@network`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Blank,
    /// `# …`, or `> …` for whoever watches the demo.
    Comment(String),
    /// Indented: what the bot says.
    Expected(String),
    /// `alice in #room: …` or `alice: …`.
    Says {
        who: String,
        room: Option<String>,
        text: String,
        edited: bool,
    },
    /// `bob presses Acknowledge`, `bob presses Acknowledge in #room`.
    Presses {
        who: String,
        room: Option<String>,
        label: String,
    },
    /// `bob fills a=b, c="d, e"`: fills the open form, or the conversation, and sends it.
    Fills {
        who: String,
        room: Option<String>,
        values: BTreeMap<String, String>,
    },
    /// `bob changes a=b`: the form stays open.
    Changes {
        who: String,
        values: BTreeMap<String, String>,
    },
    Cancels {
        who: String,
    },
    Joins {
        who: String,
        room: String,
        invited_by: Option<String>,
    },
    Leaves {
        who: String,
        room: String,
    },
    /// `bob opens home`: the bot's own page.
    Opens {
        who: String,
    },
    /// `bob in #room sends unreadable` (or `plaintext`, `unverified`): no network vouches for it.
    Sends {
        who: String,
        room: Option<String>,
        why: Distrust,
    },
    /// `moved #room #other`: the network replaced the room.
    Moved {
        from: String,
        to: String,
    },
    /// `exposed #room why`: the room is not private any more.
    Exposed {
        room: String,
        why: String,
    },
    /// `members #room`: the network says who is there.
    Members {
        room: String,
    },
    /// `+26h`.
    Advance(String),
    /// `word rest`: `config`, `surface`, `again`, `restart`, `down`, `clock`, `network`, `reject`,
    /// `accept`, `retry`, `witness`.
    Directive {
        word: String,
        rest: String,
    },
}

/// Not a line of the language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError(pub String);

const DIRECTIVES: [&str; 12] = [
    "config", "surface", "again", "restart", "down", "clock", "network", "lost", "reject",
    "accept", "retry", "witness",
];

/// Understands a line.
///
/// # Errors
/// Says what a line looks like.
pub fn parse(line: &str) -> Result<Line, ParseError> {
    if line.trim().is_empty() {
        return Ok(Line::Blank);
    }
    if let Some(expected) = line.strip_prefix("    ") {
        return Ok(Line::Expected(expected.trim_end().to_owned()));
    }
    let line = line.trim_end();
    if let Some(rest) = line
        .strip_prefix('#')
        .filter(|rest| rest.is_empty() || rest.starts_with(' '))
    {
        return Ok(Line::Comment(rest.trim().to_owned()));
    }
    if let Some(rest) = line.strip_prefix('>') {
        return Ok(Line::Comment(rest.trim().to_owned()));
    }
    if let Some(span) = line.strip_prefix('+') {
        return Ok(Line::Advance(span.trim().to_owned()));
    }
    let (first, rest) = word(line);
    if let Some(room) = rest.strip_prefix('#').filter(|_| first == "members") {
        return Ok(Line::Members {
            room: room.to_owned(),
        });
    }
    if let Some(rooms) = rest.strip_prefix('#').filter(|_| first == "moved")
        && let Some((from, to)) = rooms.split_once(" #")
    {
        return Ok(Line::Moved {
            from: from.to_owned(),
            to: to.to_owned(),
        });
    }
    if let Some(room) = rest.strip_prefix('#').filter(|_| first == "exposed") {
        let (room, why) = word(room);
        return Ok(Line::Exposed {
            room: room.to_owned(),
            why: why.to_owned(),
        });
    }
    if DIRECTIVES.contains(&first) {
        return Ok(Line::Directive {
            word: first.to_owned(),
            rest: rest.to_owned(),
        });
    }
    if let Some(who) = first.strip_suffix(':') {
        return Ok(says(who, None, rest, false));
    }
    person(first, rest).ok_or_else(|| {
        ParseError(format!(
            "I do not understand `{}`. A line looks like `alice in #security: vuln help`, \
             `alice: …`, `bob presses Acknowledge`, `bob fills title=…` or `+26h`",
            super::escaped(&line.chars().take(60).collect::<String>())
        ))
    })
}

fn says(who: &str, room: Option<&str>, text: &str, edited: bool) -> Line {
    Line::Says {
        who: who.to_owned(),
        room: room.map(str::to_owned),
        text: text.replace("\\n", "\n"),
        edited,
    }
}

fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (text, ""),
    }
}

fn distrust(word: &str) -> Option<Distrust> {
    match word {
        "unreadable" => Some(Distrust::Unreadable),
        "plaintext" => Some(Distrust::Plaintext),
        "unverified" => Some(Distrust::Device),
        _ => None,
    }
}

/// `who verb …`
fn person(who: &str, rest: &str) -> Option<Line> {
    let ok = |c: char| c.is_alphanumeric() || "-_.@/".contains(c);
    if who.is_empty() || !who.chars().all(ok) {
        return None;
    }
    let owner = who.to_owned();
    let (verb, after) = word(rest);
    match verb {
        "in" => {
            let (room, after) = word(after);
            let room = room.strip_prefix('#')?;
            if let Some(room) = room.strip_suffix(':') {
                return Some(says(who, Some(room), after, false));
            }
            let (verb, more) = word(after);
            match verb {
                "edits:" => Some(says(who, Some(room), more, true)),
                "presses" => Some(Line::Presses {
                    who: owner,
                    room: Some(room.to_owned()),
                    label: more.to_owned(),
                }),
                "sends" => Some(Line::Sends {
                    who: owner,
                    room: Some(room.to_owned()),
                    why: distrust(more)?,
                }),
                "fills" => Some(Line::Fills {
                    who: owner,
                    room: Some(room.to_owned()),
                    values: values(more)?,
                }),
                _ => None,
            }
        }
        "edits:" => Some(says(who, None, after, true)),
        "presses" => Some(match after.rsplit_once(" in #") {
            Some((label, room)) => Line::Presses {
                who: owner,
                room: Some(room.to_owned()),
                label: label.trim().to_owned(),
            },
            None => Line::Presses {
                who: owner,
                room: None,
                label: after.to_owned(),
            },
        }),
        "fills" => Some(Line::Fills {
            who: owner,
            room: None,
            values: values(after)?,
        }),
        "changes" => Some(Line::Changes {
            who: owner,
            values: values(after)?,
        }),
        "cancels" => Some(Line::Cancels { who: owner }),
        "opens" if after == "home" => Some(Line::Opens { who: owner }),
        "sends" => Some(Line::Sends {
            who: owner,
            room: None,
            why: distrust(after)?,
        }),
        "joins" => {
            let room = after.strip_prefix('#')?.to_owned();
            Some(Line::Joins {
                who: owner,
                room,
                invited_by: None,
            })
        }
        "leaves" => Some(Line::Leaves {
            who: owner,
            room: after.strip_prefix('#')?.to_owned(),
        }),
        "invites" => {
            let (guest, after) = word(after);
            let room = after.strip_prefix("to #")?.to_owned();
            Some(Line::Joins {
                who: guest.to_owned(),
                room,
                invited_by: Some(owner),
            })
        }
        _ => None,
    }
}

/// `a=b, c="d, e"`
fn values(text: &str) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => {
                let (value, after) = quoted.split_once('"')?;
                (value, after.trim_start().trim_start_matches(','))
            }
            None => after.split_once(',').unwrap_or((after, "")),
        };
        found.insert(name.trim().to_owned(), value.trim().replace("\\n", "\n"));
        rest = after.trim_start();
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Line) {
        assert_eq!(parse(line), Ok(expected), "{line}");
    }

    #[test]
    fn lines() {
        let says = |who: &str, room: Option<&str>, text: &str| Line::Says {
            who: who.into(),
            room: room.map(Into::into),
            text: text.into(),
            edited: false,
        };
        check("", Line::Blank);
        check("# hello", Line::Comment("hello".into()));
        check("    #security: hi", Line::Expected("#security: hi".into()));
        check(
            "alice in #security: vuln report x",
            says("alice", Some("security"), "vuln report x"),
        );
        check("alice: a\\nb", says("alice", None, "a\nb"));
        check("+26h", Line::Advance("26h".into()));
        check("members #x", Line::Members { room: "x".into() });
        check(
            "bob presses I have it",
            Line::Presses {
                who: "bob".into(),
                room: None,
                label: "I have it".into(),
            },
        );
        check(
            "bob presses Go in #case-1",
            Line::Presses {
                who: "bob".into(),
                room: Some("case-1".into()),
                label: "Go".into(),
            },
        );
        check(
            "bob invites eve to #x",
            Line::Joins {
                who: "eve".into(),
                room: "x".into(),
                invited_by: Some("bob".into()),
            },
        );
        let values = BTreeMap::from([("a".into(), "b".into()), ("c".into(), "d, e".into())]);
        check(
            "bob fills a=b, c=\"d, e\"",
            Line::Fills {
                who: "bob".into(),
                room: None,
                values,
            },
        );
    }

    #[test]
    fn nonsense_is_answered() {
        for line in [
            "hello world",
            "bob fills nonsense",
            "alice in security: x",
            "!",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
