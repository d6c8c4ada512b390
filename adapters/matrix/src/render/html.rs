//! Blocks as HTML, and as plain text beside it. Pure.

use std::collections::BTreeSet;

use underrose_chat::{Block, Choice, Inline};

use super::{NUMBERS, PREFIXES};

/// Characters of preformatted text that a phone shows in one line. Clients cut longer ones off, or
/// scroll them sideways: nobody reads a report or approves an announcement like that.
const CODE_WIDTH: usize = 36;

/// One block: plain, and formatted. Mentions are collected, choices are counted.
pub fn block(
    block: &Block,
    mentions: &mut BTreeSet<String>,
    numbers: &[Option<usize>],
    number: &mut usize,
) -> (String, String) {
    match block {
        Block::Heading { text } => (text.clone(), format!("<h4>{}</h4>", escape(text))),
        Block::Paragraph { parts } => {
            let (plain, html) = inline(parts, mentions);
            (plain, format!("<p>{html}</p>"))
        }
        Block::List { items } => {
            let (mut plain, mut html) = (Vec::new(), String::from("<ul>"));
            for item in items {
                let (text, formatted) = inline(item, mentions);
                plain.push(format!("• {text}"));
                html.push_str(&format!("<li>{formatted}</li>"));
            }
            (plain.join("\n"), html + "</ul>")
        }
        Block::Fields { fields } => {
            let plain: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            let html: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("<strong>{}:</strong> {}", escape(name), lines(value)))
                .collect();
            (plain.join("\n"), format!("<p>{}</p>", html.join("<br>")))
        }
        Block::Code { text } if text.lines().any(|line| line.chars().count() > CODE_WIDTH) => {
            (text.clone(), quoted(text))
        }
        Block::Code { text } => (
            text.clone(),
            format!("<pre><code>{}</code></pre>", escape(text)),
        ),
        Block::Choices { choices } => {
            let (mut plain, mut html) = (Vec::new(), Vec::new());
            for choice in choices {
                let reaction = numbers.get(*number).copied().flatten();
                *number += 1;
                let (text, formatted) = offered(choice, reaction, *number);
                plain.push(text);
                html.push(formatted);
            }
            // Words to type stand in a line of their own; mere answers fit into one together.
            let words = choices.iter().any(|choice| is_command(&choice.command));
            let (line, tag) = if words {
                ("\n", "<br>")
            } else {
                (" · ", " · ")
            };
            (plain.join(line), format!("<p>{}</p>", html.join(tag)))
        }
    }
}

/// A choice: its number, what it does, and the words that do the same.
fn offered(choice: &Choice, reaction: Option<usize>, number: usize) -> (String, String) {
    let mark = match reaction {
        Some(index) => NUMBERS[index].to_owned(),
        None if choice.confirm.is_none() => format!("{number}."),
        None => "•".to_owned(),
    };
    let label = &choice.label;
    let asked = choice
        .confirm
        .as_ref()
        .map_or(String::new(), |asked| format!(" ({asked})"));
    if !is_command(&choice.command) {
        return (
            format!("{mark} {label}{asked}"),
            escape(&format!("{mark} {label}{asked}")),
        );
    }
    let words = typed(&choice.command);
    (
        format!("{mark} {label}{asked}: {words}"),
        format!(
            "{}: <code>{}</code>",
            escape(&format!("{mark} {label}{asked}")),
            escape(&words)
        ),
    )
}

fn inline(parts: &[Inline], mentions: &mut BTreeSet<String>) -> (String, String) {
    let (mut plain, mut html) = (String::new(), String::new());
    for part in parts {
        match part {
            Inline::Text { text } => {
                plain.push_str(text);
                html.push_str(&lines(text));
            }
            Inline::Strong { text } => {
                plain.push_str(text);
                html.push_str(&format!("<strong>{}</strong>", lines(text)));
            }
            Inline::Code { text } => {
                let words = typed(text);
                plain.push_str(&words);
                html.push_str(&format!("<code>{}</code>", escape(&words)));
            }
            Inline::Mention { user, name } => {
                plain.push_str(name);
                if user.id.starts_with('@') {
                    mentions.insert(user.id.clone());
                    html.push_str(&format!(
                        "<a href=\"https://matrix.to/#/{}\">{}</a>",
                        escape(&user.id),
                        escape(name)
                    ));
                } else {
                    html.push_str(&escape(name));
                }
            }
            Inline::Room { room } => {
                let name = room.to_string();
                plain.push_str(&name);
                if room.id.starts_with('!') {
                    // Clients show a room that they know by its name.
                    let (id, name) = (escape(&room.id), escape(&name));
                    html.push_str(&format!("<a href=\"https://matrix.to/#/{id}\">{name}</a>"));
                } else {
                    html.push_str(&escape(&name));
                }
            }
        }
    }
    (plain, html)
}

fn is_command(words: &str) -> bool {
    let first = words.split_whitespace().next().unwrap_or_default();
    PREFIXES.contains(&first)
}

/// A command as one types it here.
fn typed(words: &str) -> String {
    if is_command(words) {
        format!("!{words}")
    } else {
        words.to_owned()
    }
}

/// As it is, every line and space, but wrapped where the screen ends.
fn quoted(text: &str) -> String {
    let line = |line: &str| {
        let spaces = line.len() - line.trim_start_matches(' ').len();
        let (indent, words) = line.split_at(spaces);
        let words = escape(words).replace("  ", " \u{a0}");
        format!("{}{words}", indent.replace(' ', "\u{a0}"))
    };
    let lines: Vec<String> = text.lines().map(line).collect();
    format!("<blockquote>{}</blockquote>", lines.join("<br>"))
}

fn lines(text: &str) -> String {
    escape(text).replace('\n', "<br>")
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
