//! Block Kit and views, held to Slack's documented limits. Harsher than Slack in one way: a key
//! that the documentation does not know is an error, since here it is always a spelling mistake.
//! `rich_text`, `video`, `file`, `table` and `markdown` are checked on their outside only.

mod block;
mod element;
mod field;
pub mod limit;
mod view;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::world::ViewKind;
pub use view::view;

/// Where blocks stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    Message,
    Modal,
    Home,
}

impl From<ViewKind> for Surface {
    fn from(kind: ViewKind) -> Self {
        match kind {
            ViewKind::Modal => Self::Modal,
            ViewKind::Home => Self::Home,
        }
    }
}

/// What was found, with where.
#[derive(Default)]
pub struct Findings {
    pub errors: Vec<String>,
    action_ids: BTreeSet<String>,
    focused: usize,
}

impl Findings {
    fn wrong(&mut self, at: &str, why: &str) {
        self.errors.push(format!("{why} [json-pointer:{at}]"));
    }
}

/// Everything that is wrong with these blocks.
pub fn blocks(blocks: &[Value], surface: Surface) -> Vec<String> {
    let mut findings = Findings::default();
    all_blocks(&mut findings, blocks, surface);
    findings.errors
}

fn all_blocks(findings: &mut Findings, blocks: &[Value], surface: Surface) {
    let most = match surface {
        Surface::Message => limit::BLOCKS_OF_MESSAGE,
        Surface::Modal | Surface::Home => limit::BLOCKS_OF_VIEW,
    };
    if blocks.len() > most {
        findings.wrong("/blocks", &format!("no more than {most} items allowed"));
    }
    let mut seen = BTreeSet::new();
    for (index, block) in blocks.iter().enumerate() {
        let at = format!("/blocks/{index}");
        if let Some(id) = block["block_id"].as_str()
            && !seen.insert(id.to_owned())
        {
            findings.wrong(&at, &format!("`block_id` {id} already exists"));
        }
        findings.action_ids.clear();
        block::block(findings, &at, block, surface);
    }
    if findings.focused > 1 {
        findings.wrong("/blocks", "only one element may have focus_on_load");
    }
}

/// Gives an id to every block and element that has none, as Slack does.
pub fn fill_ids(blocks: &mut [Value], mut fresh: impl FnMut() -> String) {
    for block in blocks {
        let Value::Object(keys) = &mut *block else {
            continue;
        };
        if !keys.contains_key("block_id") {
            keys.insert("block_id".into(), Value::String(fresh()));
        }
        let mut fill = |element: &mut Value| {
            if let Value::Object(element) = element
                && element
                    .get("type")
                    .is_some_and(|kind| kind != "image" && kind != "mrkdwn" && kind != "plain_text")
                && !element.contains_key("action_id")
            {
                element.insert("action_id".into(), Value::String(fresh()));
            }
        };
        match keys.get("type").and_then(Value::as_str) {
            Some("actions") => {
                if let Some(Value::Array(elements)) = keys.get_mut("elements") {
                    elements.iter_mut().for_each(&mut fill);
                }
            }
            Some("section") => {
                if let Some(element) = keys.get_mut("accessory") {
                    fill(element);
                }
            }
            Some("input") => {
                if let Some(element) = keys.get_mut("element") {
                    fill(element);
                }
            }
            Some(_) | None => {}
        }
    }
}

/// Every interactive element with the id of its block.
pub fn elements(blocks: &Value) -> Vec<(&str, &Value)> {
    let mut found = Vec::new();
    for block in blocks.as_array().into_iter().flatten() {
        let id = block["block_id"].as_str().unwrap_or("");
        match block["type"].as_str() {
            Some("actions") => {
                for element in block["elements"].as_array().into_iter().flatten() {
                    found.push((id, element));
                }
            }
            Some("section") if block["accessory"]["type"] != "image" => {
                if block["accessory"].is_object() {
                    found.push((id, &block["accessory"]));
                }
            }
            Some("input") => found.push((id, &block["element"])),
            Some(_) | None => {}
        }
    }
    found
}
