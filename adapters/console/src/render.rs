//! A message as lines of text.

use underrose_chat::{Block, FieldKind, Form, Inline, Message};

/// The message, a line each; never empty, never with a control character in it.
pub fn lines(message: &Message) -> Vec<String> {
    let mut lines = Vec::new();
    for block in &message.blocks {
        match block {
            Block::Heading { text } => lines.push(text.clone()),
            Block::Paragraph { parts } => lines.extend(text(parts).split('\n').map(str::to_owned)),
            Block::List { items } => {
                for item in items {
                    lines.push(format!("- {}", text(item).replace('\n', " / ")));
                }
            }
            Block::Fields { fields } => {
                for (name, value) in fields {
                    lines.push(format!("{name}: {}", value.replace('\n', " / ")));
                }
            }
            Block::Code { text } => lines.extend(
                text.split('\n')
                    .map(|line| format!("| {line}").trim_end().to_owned()),
            ),
            Block::Choices { choices } => {
                let row: Vec<String> = choices
                    .iter()
                    .map(|choice| format!("[{}]", choice.label))
                    .collect();
                lines.push(row.join(" "));
            }
        }
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines.iter().map(|line| escaped(line)).collect()
}

/// A form, a line each.
pub fn form(form: &Form) -> Vec<String> {
    let mut shown = vec![escaped(&format!("form: {}", form.title))];
    shown.extend(lines(&form.body));
    for field in &form.fields {
        let value = field.value.as_deref().unwrap_or("");
        let options = match &field.kind {
            FieldKind::Select { options } => {
                let values: Vec<&str> =
                    options.iter().map(|option| option.value.as_str()).collect();
                format!(" ({})", values.join("|"))
            }
            FieldKind::Line { .. } | FieldKind::Paragraphs { .. } => String::new(),
        };
        shown.push(escaped(
            format!("{} = {value}{options}", field.name).trim_end(),
        ));
        if let Some(error) = form.errors.get(&field.name) {
            shown.push(escaped(&format!("  ! {error}")));
        }
    }
    shown
}

/// Control characters made visible: nothing that somebody wrote drives the terminal.
pub fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let visible: Vec<char> = if c.is_control() || is_bidi(c) {
                c.escape_unicode().collect()
            } else {
                vec![c]
            };
            visible
        })
        .collect()
}

/// Characters that turn the direction of what follows.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn text(parts: &[Inline]) -> String {
    parts
        .iter()
        .map(|part| match part {
            Inline::Text { text } => text.clone(),
            Inline::Strong { text } => format!("*{text}*"),
            Inline::Code { text } => format!("`{text}`"),
            Inline::Mention { name, .. } => format!("@{name}"),
            Inline::Room { room } => room.to_string(),
        })
        .collect()
}
