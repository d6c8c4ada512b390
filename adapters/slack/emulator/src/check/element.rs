//! Interactive elements, and in which blocks each may stand.

use serde_json::Value;

use super::field::TextKind;
use super::{Findings, limit};

/// The block that holds an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    Section,
    Actions,
    Input,
}

/// Where an element may stand, from the "works with block types" line of its page.
/// <https://docs.slack.dev/reference/block-kit/block-elements>
fn holders(kind: &str) -> &'static [Holder] {
    use Holder::{Actions, Input, Section};
    match kind {
        "image" => &[Section],
        "button" | "overflow" => &[Section, Actions],
        "static_select"
        | "external_select"
        | "users_select"
        | "conversations_select"
        | "channels_select"
        | "datepicker"
        | "timepicker"
        | "checkboxes"
        | "radio_buttons" => &[Section, Actions, Input],
        "multi_static_select"
        | "multi_external_select"
        | "multi_users_select"
        | "multi_conversations_select"
        | "multi_channels_select" => &[Section, Input],
        "datetimepicker" => &[Actions, Input],
        "plain_text_input" | "email_text_input" | "url_text_input" | "number_input"
        | "rich_text_input" | "file_input" => &[Input],
        _ => &[],
    }
}

pub fn element(findings: &mut Findings, at: &str, element: &Value, holder: Holder) {
    let Some(kind) = element["type"].as_str() else {
        findings.wrong(at, "missing required field: type");
        return;
    };
    if !holders(kind).contains(&holder) {
        findings.wrong(at, &format!("unsupported type: {kind}"));
        return;
    }
    if kind == "image" {
        image(findings, at, element);
        return;
    }
    findings.action_id(at, element);
    match kind {
        "button" => button(findings, at, element),
        "overflow" => {
            findings.keys(at, element, &["type", "action_id", "options", "confirm"]);
            findings.options(at, element, TextKind::Plain, limit::OVERFLOW_OPTIONS);
            findings.confirm(at, element);
        }
        "checkboxes" | "radio_buttons" => {
            let initial = if kind == "checkboxes" {
                "initial_options"
            } else {
                "initial_option"
            };
            let keys = [
                "type",
                "action_id",
                "options",
                initial,
                "confirm",
                "focus_on_load",
            ];
            findings.keys(at, element, &keys);
            findings.options(at, element, TextKind::Any, limit::CHOICES);
            findings.initial(at, element);
            findings.confirm(at, element);
            findings.focus(at, element);
        }
        "plain_text_input" | "email_text_input" | "url_text_input" | "number_input" => {
            typed(findings, at, element, kind);
        }
        "rich_text_input" | "file_input" => findings.focus(at, element),
        _ => menu(findings, at, element, kind),
    }
}

pub fn image(findings: &mut Findings, at: &str, element: &Value) {
    findings.keys(
        at,
        element,
        &["type", "image_url", "slack_file", "alt_text"],
    );
    findings.needed(at, element, "alt_text", limit::ALT_TEXT);
    findings.string(at, element, "image_url", limit::IMAGE_URL);
    if element.get("image_url").is_none() && element.get("slack_file").is_none() {
        findings.wrong(at, "missing required field: image_url or slack_file");
    }
}

fn button(findings: &mut Findings, at: &str, element: &Value) {
    let keys = [
        "type",
        "action_id",
        "text",
        "url",
        "value",
        "style",
        "confirm",
        "accessibility_label",
    ];
    findings.keys(at, element, &keys);
    findings.text(
        &format!("{at}/text"),
        &element["text"],
        TextKind::Plain,
        limit::BUTTON_TEXT,
    );
    findings.string(at, element, "url", limit::BUTTON_URL);
    findings.string(at, element, "value", limit::BUTTON_VALUE);
    findings.string(
        at,
        element,
        "accessibility_label",
        limit::ACCESSIBILITY_LABEL,
    );
    findings.style(at, element);
    findings.confirm(at, element);
}

fn typed(findings: &mut Findings, at: &str, element: &Value, kind: &str) {
    let own: &[&str] = match kind {
        "plain_text_input" => &["multiline", "min_length", "max_length"],
        "number_input" => &["is_decimal_allowed", "min_value", "max_value"],
        _ => &[],
    };
    let mut keys = vec![
        "type",
        "action_id",
        "initial_value",
        "placeholder",
        "dispatch_action_config",
        "focus_on_load",
    ];
    keys.extend(own);
    findings.keys(at, element, &keys);
    findings.placeholder(at, element);
    findings.focus(at, element);
    findings.flag(at, element, "multiline");
    if kind == "number_input" && !element["is_decimal_allowed"].is_boolean() {
        findings.wrong(at, "missing required field: is_decimal_allowed");
    }
    let least = element
        .get("min_length")
        .map(|n| n.as_u64().unwrap_or(u64::MAX));
    let most = element.get("max_length").map(|n| n.as_u64().unwrap_or(0));
    if least.is_some_and(|least| least > limit::INPUT_LENGTH) {
        findings.wrong(at, "min_length must be 0 to 3000");
    }
    if most.is_some_and(|most| most == 0 || most > limit::INPUT_LENGTH) {
        findings.wrong(at, "max_length must be 1 to 3000");
    }
    if let Some(text) = element["initial_value"].as_str() {
        let most = most.unwrap_or(limit::INPUT_LENGTH) as usize;
        findings.length(&format!("{at}/initial_value"), text, 0, most);
    }
    if let Some(config) = element.get("dispatch_action_config") {
        let at = format!("{at}/dispatch_action_config");
        findings.keys(&at, config, &["trigger_actions_on"]);
        let known = ["on_enter_pressed", "on_character_entered"];
        let on = config["trigger_actions_on"].as_array();
        if !on.is_some_and(|on| {
            !on.is_empty()
                && on
                    .iter()
                    .all(|word| known.iter().any(|known| word == known))
        }) {
            findings.wrong(&at, "trigger_actions_on must name when");
        }
    }
}

fn menu(findings: &mut Findings, at: &str, element: &Value, kind: &str) {
    let multi = kind.starts_with("multi_");
    let mut keys = vec!["type", "action_id", "confirm", "focus_on_load"];
    if multi {
        keys.push("max_selected_items");
    }
    if kind != "datetimepicker" {
        keys.push("placeholder");
    }
    let own: &[&str] = match kind {
        "static_select" => &["options", "option_groups", "initial_option"],
        "multi_static_select" => &["options", "option_groups", "initial_options"],
        "external_select" => &["min_query_length", "initial_option"],
        "multi_external_select" => &["min_query_length", "initial_options"],
        "users_select" => &["initial_user"],
        "multi_users_select" => &["initial_users"],
        "conversations_select" => &[
            "initial_conversation",
            "default_to_current_conversation",
            "response_url_enabled",
            "filter",
        ],
        "multi_conversations_select" => &[
            "initial_conversations",
            "default_to_current_conversation",
            "filter",
        ],
        "channels_select" => &["initial_channel", "response_url_enabled"],
        "multi_channels_select" => &["initial_channels"],
        "datepicker" => &["initial_date"],
        "timepicker" => &["initial_time", "timezone"],
        "datetimepicker" => &["initial_date_time"],
        _ => &[],
    };
    keys.extend(own);
    findings.keys(at, element, &keys);
    findings.placeholder(at, element);
    findings.confirm(at, element);
    findings.focus(at, element);
    if multi
        && element
            .get("max_selected_items")
            .is_some_and(|n| n.as_u64().is_none_or(|n| n == 0))
    {
        findings.wrong(at, "max_selected_items must be at least 1");
    }
    if !matches!(kind, "static_select" | "multi_static_select") {
        return;
    }
    match (element.get("options"), element["option_groups"].as_array()) {
        (Some(_), Some(_)) => findings.wrong(at, "either options or option_groups"),
        (Some(_) | None, None) => findings.options(at, element, TextKind::Plain, limit::OPTIONS),
        (None, Some(groups)) => {
            if groups.is_empty() || groups.len() > limit::OPTION_GROUPS {
                findings.wrong(at, "option_groups must have 1 to 100 items");
            }
            for (index, group) in groups.iter().enumerate() {
                let at = format!("{at}/option_groups/{index}");
                findings.keys(&at, group, &["label", "options"]);
                let label = format!("{at}/label");
                findings.text(&label, &group["label"], TextKind::Plain, limit::GROUP_LABEL);
                findings.options(&at, group, TextKind::Plain, limit::OPTIONS);
            }
        }
    }
    findings.initial(at, element);
}
