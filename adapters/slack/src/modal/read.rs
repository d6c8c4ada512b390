//! What a person put into a modal, as values by field; and errors by field, as Slack wants them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::CONTINUED;

/// What stands in a view, by field.
pub fn values(view: &Value) -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    let mut continued: BTreeMap<(String, usize), String> = BTreeMap::new();
    let blocks = view.pointer("/state/values").and_then(Value::as_object);
    for element in blocks
        .into_iter()
        .flatten()
        .filter_map(|(_, ids)| ids.as_object())
    {
        for (action_id, element) in element {
            let Some(value) = value_of(element) else {
                continue;
            };
            let numbered = action_id.rsplit_once(CONTINUED);
            match numbered.and_then(|(name, number)| Some((name, number.parse().ok()?))) {
                Some((name, number)) => continued.insert((name.to_owned(), number), value),
                None => values.insert(action_id.clone(), value),
            };
        }
    }
    for ((name, _), more) in continued {
        let value = values.entry(name).or_default();
        value.push_str(&more);
    }
    values
}

/// A text, or the value of what was chosen; `None` for an element that holds neither.
fn value_of(element: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match element.get("type").and_then(Value::as_str)? {
        "plain_text_input" => Some(element.get("value").and_then(text).unwrap_or_default()),
        "static_select" | "external_select" | "radio_buttons" => {
            element.pointer("/selected_option/value").and_then(text)
        }
        "users_select" => element.get("selected_user").and_then(text),
        "conversations_select" => element.get("selected_conversation").and_then(text),
        "channels_select" => element.get("selected_channel").and_then(text),
        "datepicker" => element.get("selected_date").and_then(text),
        _ => None,
    }
}

/// Errors by field, as Slack wants them: by block. One whose field is not in the view stands
/// beside the first field, so that none is lost.
pub fn errors(view: &Value, errors: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut by_block: BTreeMap<String, String> = BTreeMap::new();
    let inputs = inputs_of(view);
    for (field, error) in errors {
        let at = inputs.iter().find(|(name, _)| name == field);
        let (block, text) = match (at, inputs.first()) {
            (Some((_, block)), _) => (block, error.clone()),
            (None, Some((_, first))) => (first, format!("{field}: {error}")),
            (None, None) => continue,
        };
        let said = by_block.entry(block.clone()).or_default();
        if !said.is_empty() {
            said.push(' ');
        }
        said.push_str(&text);
    }
    by_block
}

/// Fields of a view with their blocks, in order.
fn inputs_of(view: &Value) -> Vec<(String, String)> {
    let blocks = view.get("blocks").and_then(Value::as_array);
    blocks
        .into_iter()
        .flatten()
        .filter_map(|block| {
            let name = block.pointer("/element/action_id")?.as_str()?;
            let id = block.get("block_id")?.as_str()?;
            Some((name.to_owned(), id.to_owned()))
        })
        .collect()
}
