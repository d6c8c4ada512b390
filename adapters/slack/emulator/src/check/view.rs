//! Views: modals and home tabs.

use serde_json::Value;

use super::field::TextKind;
use super::{Findings, all_blocks, limit};
use crate::world::ViewKind;

/// Everything that is wrong with this view.
pub fn view(view: &Value, kind: ViewKind) -> Vec<String> {
    let mut findings = Findings::default();
    let word = match kind {
        ViewKind::Modal => "modal",
        ViewKind::Home => "home",
    };
    if view["type"] != word {
        findings.wrong("/view/type", &format!("must be {word}"));
    }
    let common = [
        "type",
        "blocks",
        "private_metadata",
        "callback_id",
        "external_id",
    ];
    let modal = [
        "title",
        "close",
        "submit",
        "clear_on_close",
        "notify_on_close",
        "submit_disabled",
    ];
    let keys: Vec<&str> = match kind {
        ViewKind::Modal => common.into_iter().chain(modal).collect(),
        ViewKind::Home => common.to_vec(),
    };
    findings.keys("/view", view, &keys);
    findings.string("/view", view, "private_metadata", limit::PRIVATE_METADATA);
    findings.string("/view", view, "callback_id", limit::CALLBACK_ID);
    findings.string("/view", view, "external_id", limit::EXTERNAL_ID);
    if kind == ViewKind::Modal {
        for key in ["title", "close", "submit"] {
            match view.get(key) {
                Some(text) => {
                    let at = format!("/view/{key}");
                    findings.text(&at, text, TextKind::Plain, limit::VIEW_TITLE);
                }
                None if key == "title" => {
                    findings.wrong("/view", "missing required field: title");
                }
                None => {}
            }
        }
        for key in ["clear_on_close", "notify_on_close", "submit_disabled"] {
            findings.flag("/view", view, key);
        }
    }
    let Some(blocks) = view["blocks"].as_array() else {
        findings.wrong("/view", "missing required field: blocks");
        return findings.errors;
    };
    all_blocks(&mut findings, blocks, kind.into());
    let asks = blocks.iter().any(|block| block["type"] == "input");
    if asks && kind == ViewKind::Modal && view.get("submit").is_none() {
        findings.wrong("/view", "`submit` is required when there is an input block");
    }
    findings.errors
}
