//! Choices as one row of buttons. A button carries its command in its value.

use serde_json::{Value, json};
use underrose_chat::{Choice, Inline, Network, Weight};

use super::fit::{Level, Piece};
use super::rich;
use super::text::{clip, length};
use crate::limits::{
    ACTIONS_MAX, BUTTON_MAX, BUTTON_VALUE_MAX, CONFIRM_BUTTON_MAX, CONFIRM_TEXT_MAX,
};
use crate::words;

/// How the action id of a button of ours begins; its number follows.
const CHOICE: &str = "choice-";

/// Numbers for ids that are unique in one message.
#[derive(Default)]
pub struct Numbers {
    buttons: usize,
    rows: usize,
}

/// The number of a button of ours.
pub(crate) fn choice_index(action_id: &str) -> Option<usize> {
    action_id.strip_prefix(CHOICE)?.parse().ok()
}

pub fn choices(choices: &[Choice], level: Level, numbers: &mut Numbers) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut buttons = Vec::new();
    for choice in choices {
        // An empty value is no value, and one over the limit is refused: such a choice is typed.
        let fits = (1..=BUTTON_VALUE_MAX).contains(&length(&choice.command))
            && !choice.label.trim().is_empty();
        if level >= Level::Typed || !fits {
            pieces.extend(typed(choice));
            continue;
        }
        if length(&choice.label) > BUTTON_MAX {
            pieces.extend(rich::strong(&choice.label));
        }
        if let Some(confirm) = &choice.confirm
            && length(confirm) > CONFIRM_TEXT_MAX
        {
            pieces.extend(rich::named(&choice.label, confirm));
        }
        buttons.push(button(choice, numbers));
    }
    for row in buttons.chunks(ACTIONS_MAX) {
        let block_id = format!("choices-{}", numbers.rows);
        numbers.rows += 1;
        let block = json!({"type": "actions", "block_id": block_id, "elements": row});
        pieces.push(Piece::Block(block));
    }
    pieces
}

fn button(choice: &Choice, numbers: &mut Numbers) -> Value {
    let action_id = format!("{CHOICE}{}", numbers.buttons);
    numbers.buttons += 1;
    let mut button = json!({
        "type": "button",
        "action_id": action_id,
        "text": plain(&clip(&choice.label, BUTTON_MAX)),
        "value": choice.command,
    });
    let Some(map) = button.as_object_mut() else {
        return button;
    };
    match choice.weight {
        Weight::Binding => {
            map.insert("style".to_owned(), json!("primary"));
        }
        Weight::Casual => {}
    }
    if let Some(confirm) = &choice.confirm {
        let confirm = json!({
            "title": plain(words::ARE_YOU_SURE),
            "text": plain(&clip(confirm, CONFIRM_TEXT_MAX)),
            "confirm": plain(&clip(&choice.label, CONFIRM_BUTTON_MAX)),
            "deny": plain(words::CANCEL),
        });
        map.insert("confirm".to_owned(), confirm);
    }
    button
}

pub(crate) fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text, "emoji": false})
}

/// A choice as its words: nothing that one could press is lost.
fn typed(choice: &Choice) -> Vec<Piece> {
    let mut parts = vec![
        Inline::Strong {
            text: format!("{}: ", choice.label),
        },
        Inline::Text {
            text: format!("{} ", words::TYPE_THIS),
        },
    ];
    parts.push(Inline::Code {
        text: choice.command.clone(),
    });
    rich::paragraph(&parts, &Network(String::new()))
}
