//! Texts that people type into a modal, in as many inputs as they need.

use serde_json::{Value, json};
use underrose_chat::Field;

use super::{CONTINUED, block};
use crate::limits::INPUT_MAX;
use crate::render::text::{clip, cut_at, length, split};
use crate::words;

/// One input; two for what may be longer than one takes; all that may be needed if its text is
/// longer than two. Which of them are there must not change while somebody types, or Slack
/// throws away what is in them: so only one or two tell of changes.
pub fn paragraphs(index: usize, field: &Field, bytes_max: usize) -> Result<Vec<Value>, String> {
    let value = field.value.as_deref().unwrap_or_default();
    let pieces = pieces(value, bytes_max).ok_or_else(|| "a field's text is too long".to_owned())?;
    let most = bytes_max.div_ceil(INPUT_MAX);
    let shown = if pieces.len() > 2 {
        most
    } else {
        most.clamp(1, 2)
    };
    let field = &Field {
        live: field.live && shown <= 2,
        ..field.clone()
    };
    let mut all = Vec::with_capacity(shown);
    for number in 1..=shown {
        let piece = pieces.get(number - 1).copied();
        let size = room(bytes_max, number);
        if number == 1 {
            let element = element(field, piece, size, Lines::Many);
            all.push(block(index, field, element, String::new()));
            continue;
        }
        let more = Field {
            name: format!("{}{CONTINUED}{number}", field.name),
            label: words::CONTINUED.to_owned(),
            hint: words::CONTINUED_HINT.to_owned(),
            required: false,
            ..field.clone()
        };
        let element = element(&more, piece, size, Lines::Many);
        all.push(block(index, &more, element, number.to_string()));
    }
    Ok(all)
}

/// The text over as few inputs as it can stand in, broken after a line where that takes no more of
/// them: what two inputs took from a person must never come back as three. `None` if it is too long.
fn pieces(text: &str, bytes_max: usize) -> Option<Vec<&str>> {
    let stand = |pieces: &[&str]| {
        let mut numbered = pieces.iter().zip(1..);
        numbered.all(|(piece, number)| length(piece) <= room(bytes_max, number))
    };
    let soft = split(text, INPUT_MAX);
    if soft.len() <= length(text).div_ceil(INPUT_MAX) && stand(&soft) {
        return Some(soft);
    }
    let mut hard = Vec::new();
    let mut rest = text;
    while let Some(end) = cut_at(rest, INPUT_MAX) {
        let (piece, more) = rest.split_at(end);
        hard.push(piece);
        rest = more;
    }
    hard.push(rest);
    stand(&hard).then_some(hard)
}

/// What the input of this number takes, counted from one.
fn room(bytes_max: usize, number: usize) -> usize {
    let before = INPUT_MAX * (number - 1);
    bytes_max.saturating_sub(before).min(INPUT_MAX)
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    One,
    Many,
}

pub fn element(field: &Field, value: Option<&str>, bytes_max: usize, lines: Lines) -> Value {
    let mut element = json!({
        "type": "plain_text_input",
        "action_id": field.name,
        "multiline": lines == Lines::Many,
        // A character is at least a byte; the core counts the bytes.
        "max_length": bytes_max.clamp(1, INPUT_MAX),
    });
    let Some(map) = element.as_object_mut() else {
        return element;
    };
    if field.live {
        // By itself Slack tells of a text only when Enter is pressed.
        let config = json!({"trigger_actions_on": ["on_character_entered"]});
        map.insert("dispatch_action_config".to_owned(), config);
    }
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        map.insert("initial_value".to_owned(), json!(clip(value, INPUT_MAX)));
    }
    element
}
