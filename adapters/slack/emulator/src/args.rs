//! A call's arguments, whichever way they came: query, form or JSON; lists as arrays, as JSON in
//! a form field or separated by commas; objects as themselves or as JSON in a form field. Those
//! are the ways of the official SDKs.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::refusal::Refusal;

#[derive(Clone, Debug, Default)]
pub struct Args(pub BTreeMap<String, Value>);

impl Args {
    pub fn from_pairs(bytes: &[u8]) -> Self {
        Self(
            form_urlencoded::parse(bytes)
                .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
                .collect(),
        )
    }

    /// What came with an acknowledgement: nothing is an empty object.
    pub fn from_ack(said: Option<&Value>) -> Self {
        let keys = said.and_then(Value::as_object);
        let pairs = keys.into_iter().flatten();
        Self(pairs.map(|(k, v)| (k.clone(), v.clone())).collect())
    }

    /// Absent, null and empty are one for Slack.
    fn present(&self, name: &str) -> Option<&Value> {
        self.0
            .get(name)
            .filter(|value| !value.is_null() && value.as_str() != Some(""))
    }

    pub fn has(&self, name: &str) -> bool {
        self.present(name).is_some()
    }

    pub fn text(&self, name: &str) -> Option<String> {
        match self.present(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// # Errors
    /// `invalid_arguments`, naming what is missing, as Slack does.
    pub fn need(&self, name: &str) -> Result<String, Refusal> {
        self.text(name).ok_or_else(|| missing(name))
    }

    pub fn flag(&self, name: &str) -> bool {
        self.text(name)
            .is_some_and(|text| text == "true" || text == "1")
    }

    pub fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| {
            Refusal::new("invalid_arguments").because(&[format!("must be a number: {name}")])
        })
    }

    pub fn list(&self, name: &str) -> Vec<String> {
        let Some(value) = self.present(name) else {
            return Vec::new();
        };
        let strings = |items: &[Value]| {
            items
                .iter()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect()
        };
        match value {
            Value::Array(items) => strings(items),
            Value::String(text) => match serde_json::from_str::<Value>(text) {
                Ok(Value::Array(items)) => strings(&items),
                Ok(_) | Err(_) => text
                    .split(',')
                    .map(|item| item.trim().to_owned())
                    .filter(|item| !item.is_empty())
                    .collect(),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
        }
    }

    /// An object or array.
    ///
    /// # Errors
    /// `invalid_arguments` if it is something else or no JSON.
    pub fn structure(&self, name: &str) -> Result<Option<Value>, Refusal> {
        let wrong =
            || Refusal::new("invalid_arguments").because(&[format!("must be valid JSON: {name}")]);
        match self.present(name) {
            None => Ok(None),
            Some(Value::String(text)) => match serde_json::from_str::<Value>(text) {
                Ok(value @ (Value::Array(_) | Value::Object(_))) => Ok(Some(value)),
                Ok(_) | Err(_) => Err(wrong()),
            },
            Some(value @ (Value::Array(_) | Value::Object(_))) => Ok(Some(value.clone())),
            Some(Value::Null | Value::Bool(_) | Value::Number(_)) => Err(wrong()),
        }
    }

    /// With structures decoded, as the record keeps them for the validators.
    pub fn decoded(mut self) -> BTreeMap<String, Value> {
        for value in self.0.values_mut() {
            if let Value::String(text) = value
                && text.starts_with(['[', '{'])
                && let Ok(structure) = serde_json::from_str(text)
            {
                *value = structure;
            }
        }
        self.0
    }
}

pub fn missing(name: &str) -> Refusal {
    Refusal::new("invalid_arguments").because(&[format!("missing required field: {name}")])
}
