//! Texts that people type into a modal, in as many inputs as they need.

use serde_json::{Value, json};
use underrose_chat::Field;

use super::{CONTINUED, block};
use crate::limits::INPUT_MAX;
use crate::render::text::{clip, split};
use crate::words;

/// One input; two for what may be longer than one takes; all that may be needed if its text is
/// longer than two. Which of them are there must not change while somebody types, or Slack
/// throws away what is in them: so only one or two tell of changes.
pub fn paragraphs(index: usize, field: &Field, bytes_max: usize) -> Result<Vec<Value>, String> {
    let value = field.value.as_deref().unwrap_or_default();
    let pieces = split(value, INPUT_MAX);
    let most = bytes_max.div_ceil(INPUT_MAX);
    if pieces.len() > most {
        return Err("a field's text is too long".to_owned());
    }
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
        let size = bytes_max.saturating_sub(INPUT_MAX * (number - 1));
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
