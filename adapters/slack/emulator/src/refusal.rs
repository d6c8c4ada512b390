//! What Slack says when it refuses: `ok: false`, an error's name, and what goes with it.

use serde_json::{Map, Value, json};

/// A method's refusal.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub error: String,
    /// Further keys of the answer (`needed`, `response_metadata`, …).
    pub more: Map<String, Value>,
}

impl Refusal {
    pub fn new(error: &str) -> Self {
        Self {
            error: error.to_owned(),
            more: Map::new(),
        }
    }

    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.more.insert(key.to_owned(), value);
        self
    }

    /// With the messages that the SDKs print.
    pub fn because(self, messages: &[String]) -> Self {
        let messages: Vec<String> = messages.iter().map(|m| format!("[ERROR] {m}")).collect();
        self.with("response_metadata", json!({ "messages": messages }))
    }

    pub fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("ok".into(), json!(false));
        body.insert("error".into(), json!(self.error));
        body.extend(self.more.clone());
        Value::Object(body)
    }
}

pub type Answer = Result<Value, Refusal>;

/// Shorthand: `refuse("is_archived")`.
pub fn refuse<T>(error: &str) -> Result<T, Refusal> {
    Err(Refusal::new(error))
}
