//! A view's live state: what each element holds, in the shapes of `view.state.values`.

use serde_json::{Map, Value, json};

use crate::check;

/// The key that holds an element's value, by its type; buttons and overflow menus hold none.
fn key(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "plain_text_input" | "email_text_input" | "url_text_input" | "number_input" => "value",
        "static_select" | "external_select" | "radio_buttons" => "selected_option",
        "multi_static_select" | "multi_external_select" | "checkboxes" => "selected_options",
        "users_select" => "selected_user",
        "multi_users_select" => "selected_users",
        "conversations_select" => "selected_conversation",
        "multi_conversations_select" => "selected_conversations",
        "channels_select" => "selected_channel",
        "multi_channels_select" => "selected_channels",
        "datepicker" => "selected_date",
        "timepicker" => "selected_time",
        "datetimepicker" => "selected_date_time",
        "rich_text_input" => "rich_text_value",
        _ => return None,
    })
}

fn initial_of(element: &Value, key: &str) -> Value {
    let from = match key {
        "value" | "rich_text_value" => "initial_value".to_owned(),
        other => other.replace("selected_", "initial_"),
    };
    match element.get(&from) {
        Some(value) => value.clone(),
        None if key.ends_with('s') => json!([]),
        None => Value::Null,
    }
}

/// What the blocks hold when they are shown. Under the same block and action ids, and of the same
/// type, what was entered before stays.
pub fn initial(blocks: &Value, before: &Map<String, Value>) -> Map<String, Value> {
    let mut values = Map::new();
    for (block, element) in check::elements(blocks) {
        let (Some(kind), Some(action)) = (element["type"].as_str(), element["action_id"].as_str())
        else {
            continue;
        };
        let Some(key) = key(kind) else { continue };
        let kept = before
            .get(block)
            .and_then(|actions| actions.get(action))
            .filter(|kept| kept["type"] == kind && still_offered(element, &kept[key]));
        let value = match kept {
            Some(kept) => kept.clone(),
            None => json!({"type": kind, key: initial_of(element, key)}),
        };
        let actions = values
            .entry(block.to_owned())
            .or_insert_with(|| Value::Object(Map::new()));
        actions[action] = value;
    }
    values
}

/// A kept choice must still be among the options.
fn still_offered(element: &Value, chosen: &Value) -> bool {
    let all = options(element);
    match chosen {
        Value::Object(_) => all.contains(&chosen),
        Value::Array(items) if items.first().is_some_and(Value::is_object) => {
            items.iter().all(|item| all.contains(&item))
        }
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            true
        }
    }
}

pub fn options(element: &Value) -> Vec<&Value> {
    let own = element["options"].as_array().into_iter().flatten();
    let grouped = element["option_groups"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|group| group["options"].as_array().into_iter().flatten());
    own.chain(grouped).collect()
}

/// What the element holds after a person entered `text`: an option's value, an id, or the text;
/// several separated by commas where several may be chosen; nothing clears it.
///
/// # Errors
/// What a person could not have entered.
pub fn entered(element: &Value, text: &str) -> Result<Value, String> {
    let kind = element["type"].as_str().unwrap_or_default();
    let Some(key) = key(kind) else {
        return Err(format!("nothing can be entered into a {kind}"));
    };
    let option = |wanted: &str| {
        options(element)
            .into_iter()
            .find(|option| option["value"] == wanted)
            .cloned()
            .ok_or_else(|| format!("there is no option {wanted}"))
    };
    let parts = || {
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
    };
    let value = match key {
        "value" if text.is_empty() => Value::Null,
        "value" => {
            let most = element["max_length"].as_u64().unwrap_or(u64::MAX) as usize;
            if check::limit::length(text) > most {
                return Err(format!("no more than {most} characters can be typed there"));
            }
            json!(text)
        }
        "selected_option" if text.is_empty() => Value::Null,
        "selected_option" => option(text)?,
        "selected_options" => Value::Array(parts().map(option).collect::<Result<_, _>>()?),
        "selected_date_time" => json!(text.parse::<i64>().map_err(|_| "no unix time")?),
        many if many.ends_with('s') => json!(parts().collect::<Vec<_>>()),
        _ if text.is_empty() => Value::Null,
        _ => json!(text),
    };
    Ok(json!({"type": kind, key: value}))
}

/// Whether nothing is entered.
pub fn is_empty(held: &Value) -> bool {
    held.as_object().is_none_or(|held| {
        held.iter()
            .filter(|(key, _)| *key != "type")
            .all(|(_, value)| value.is_null() || value == &json!([]) || value == "")
    })
}
