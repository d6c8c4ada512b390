//! The checks that blocks and elements share: known keys, texts, ids, options, confirmations.

use serde_json::Value;

use super::{Findings, limit};

/// Which kinds of text object are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    Plain,
    Any,
}

impl Findings {
    pub fn keys(&mut self, at: &str, value: &Value, allowed: &[&str]) {
        let Some(object) = value.as_object() else {
            self.wrong(at, "must be an object");
            return;
        };
        for key in object.keys() {
            if !allowed.contains(&key.as_str()) {
                self.wrong(at, &format!("additional field: {key}"));
            }
        }
    }

    pub fn text(&mut self, at: &str, value: &Value, kind: TextKind, most: usize) {
        self.keys(at, value, &["type", "text", "emoji", "verbatim"]);
        match (value["type"].as_str(), kind) {
            (Some("plain_text"), TextKind::Plain | TextKind::Any) => {
                self.flag(at, value, "emoji");
                if value.get("verbatim").is_some() {
                    self.wrong(at, "`verbatim` is for mrkdwn only");
                }
            }
            (Some("mrkdwn"), TextKind::Any) => {
                self.flag(at, value, "verbatim");
                if value.get("emoji").is_some() {
                    self.wrong(at, "`emoji` is for plain_text only");
                }
            }
            (Some(_) | None, TextKind::Plain) => self.wrong(at, "must be a plain_text object"),
            (Some(_) | None, TextKind::Any) => self.wrong(at, "must be a text object"),
        }
        match value["text"].as_str() {
            Some(text) => self.length(&format!("{at}/text"), text, 1, most),
            None => self.wrong(at, "missing required field: text"),
        }
    }

    pub fn length(&mut self, at: &str, text: &str, least: usize, most: usize) {
        let length = limit::length(text);
        if length < least {
            self.wrong(at, &format!("must be more than {} characters", least - 1));
        }
        if length > most {
            self.wrong(at, &format!("must be less than {} characters", most + 1));
        }
    }

    pub fn flag(&mut self, at: &str, value: &Value, key: &str) {
        if value.get(key).is_some_and(|flag| !flag.is_boolean()) {
            self.wrong(at, &format!("must be a boolean: {key}"));
        }
    }

    /// A string, if it is there.
    pub fn string(&mut self, at: &str, value: &Value, key: &str, most: usize) {
        match value.get(key) {
            None => {}
            Some(Value::String(text)) => self.length(&format!("{at}/{key}"), text, 0, most),
            Some(_) => self.wrong(at, &format!("must be a string: {key}")),
        }
    }

    pub fn needed(&mut self, at: &str, value: &Value, key: &str, most: usize) {
        match value.get(key) {
            Some(Value::String(text)) => self.length(&format!("{at}/{key}"), text, 1, most),
            Some(_) => self.wrong(at, &format!("must be a string: {key}")),
            None => self.wrong(at, &format!("missing required field: {key}")),
        }
    }

    pub fn action_id(&mut self, at: &str, element: &Value) {
        match element.get("action_id") {
            None => {}
            Some(Value::String(id)) => {
                self.length(&format!("{at}/action_id"), id, 1, limit::ACTION_ID);
                if !self.action_ids.insert(id.clone()) {
                    self.wrong(
                        at,
                        &format!("`action_id` {id} already exists in this block"),
                    );
                }
            }
            Some(_) => self.wrong(at, "must be a string: action_id"),
        }
    }

    pub fn focus(&mut self, at: &str, element: &Value) {
        self.flag(at, element, "focus_on_load");
        if element["focus_on_load"] == true {
            self.focused += 1;
        }
    }

    pub fn placeholder(&mut self, at: &str, element: &Value) {
        if let Some(text) = element.get("placeholder") {
            let at = format!("{at}/placeholder");
            self.text(&at, text, TextKind::Plain, limit::PLACEHOLDER);
        }
    }

    pub fn confirm(&mut self, at: &str, element: &Value) {
        let Some(confirm) = element.get("confirm") else {
            return;
        };
        let at = format!("{at}/confirm");
        self.keys(&at, confirm, &["title", "text", "confirm", "deny", "style"]);
        for (key, kind, most) in [
            ("title", TextKind::Plain, limit::CONFIRM_TITLE),
            ("text", TextKind::Any, limit::CONFIRM_TEXT),
            ("confirm", TextKind::Plain, limit::CONFIRM_BUTTON),
            ("deny", TextKind::Plain, limit::CONFIRM_BUTTON),
        ] {
            self.text(&format!("{at}/{key}"), &confirm[key], kind, most);
        }
        self.style(&at, confirm);
    }

    pub fn style(&mut self, at: &str, value: &Value) {
        match value.get("style").map(Value::as_str) {
            None | Some(Some("primary" | "danger")) => {}
            Some(_) => self.wrong(at, "`style` must be primary or danger"),
        }
    }

    pub fn options(&mut self, at: &str, element: &Value, kind: TextKind, most: usize) {
        let at = format!("{at}/options");
        let Some(options) = element["options"].as_array() else {
            self.wrong(&at, "missing required field: options");
            return;
        };
        if options.is_empty() || options.len() > most {
            self.wrong(&at, &format!("must have 1 to {most} items"));
        }
        for (index, option) in options.iter().enumerate() {
            self.option(&format!("{at}/{index}"), option, kind);
        }
    }

    pub fn option(&mut self, at: &str, option: &Value, kind: TextKind) {
        self.keys(at, option, &["text", "value", "description", "url"]);
        self.text(
            &format!("{at}/text"),
            &option["text"],
            kind,
            limit::OPTION_TEXT,
        );
        self.needed(at, option, "value", limit::OPTION_VALUE);
        self.string(at, option, "url", limit::BUTTON_URL);
        if let Some(description) = option.get("description") {
            let at = format!("{at}/description");
            self.text(&at, description, kind, limit::OPTION_DESCRIPTION);
        }
    }

    /// An initial option must be one of the options, letter for letter.
    pub fn initial(&mut self, at: &str, element: &Value) {
        let all: Vec<&Value> = match element["option_groups"].as_array() {
            Some(groups) => groups
                .iter()
                .flat_map(|group| group["options"].as_array().into_iter().flatten())
                .collect(),
            None => element["options"]
                .as_array()
                .into_iter()
                .flatten()
                .collect(),
        };
        let initial = element.get("initial_option").into_iter();
        let initials = element["initial_options"].as_array().into_iter().flatten();
        for option in initial.chain(initials) {
            if !all.contains(&option) {
                self.wrong(at, "the initial option is not among the options");
            }
        }
    }
}
