//! Blocks, each with the keys and sizes that its page of the documentation allows.

use serde_json::Value;

use super::field::TextKind;
use super::{Findings, Surface, element, limit};

pub fn block(findings: &mut Findings, at: &str, block: &Value, surface: Surface) {
    findings.string(at, block, "block_id", limit::BLOCK_ID);
    match block["type"].as_str() {
        Some("section") => section(findings, at, block),
        Some("header") => {
            findings.keys(at, block, &["type", "block_id", "text"]);
            let at = format!("{at}/text");
            findings.text(&at, &block["text"], TextKind::Plain, limit::HEADER);
        }
        Some("divider") => findings.keys(at, block, &["type", "block_id"]),
        Some("context") => context(findings, at, block),
        Some("actions") => actions(findings, at, block),
        Some("input") => input(findings, at, block),
        Some("image") => image(findings, at, block),
        Some("markdown") => {
            findings.keys(at, block, &["type", "block_id", "text"]);
            findings.needed(at, block, "text", limit::MARKDOWN);
            only_in_messages(findings, at, surface);
        }
        Some("rich_text") => {
            findings.keys(at, block, &["type", "block_id", "elements"]);
            if !block["elements"].is_array() {
                findings.wrong(at, "missing required field: elements");
            }
        }
        Some("video") => {}
        Some("file" | "table" | "context_actions") => only_in_messages(findings, at, surface),
        Some(other) => findings.wrong(at, &format!("unsupported type: {other}")),
        None => findings.wrong(at, "missing required field: type"),
    }
}

fn only_in_messages(findings: &mut Findings, at: &str, surface: Surface) {
    match surface {
        Surface::Message => {}
        Surface::Modal | Surface::Home => findings.wrong(at, "only in messages"),
    }
}

fn section(findings: &mut Findings, at: &str, block: &Value) {
    let keys = ["type", "block_id", "text", "fields", "accessory", "expand"];
    findings.keys(at, block, &keys);
    findings.flag(at, block, "expand");
    if let Some(text) = block.get("text") {
        findings.text(
            &format!("{at}/text"),
            text,
            TextKind::Any,
            limit::SECTION_TEXT,
        );
    }
    if let Some(fields) = block.get("fields") {
        let at = format!("{at}/fields");
        let fields = fields.as_array().map(Vec::as_slice).unwrap_or_default();
        if fields.is_empty() || fields.len() > limit::SECTION_FIELDS {
            findings.wrong(
                &at,
                &format!("must have 1 to {} items", limit::SECTION_FIELDS),
            );
        }
        for (index, field) in fields.iter().enumerate() {
            let at = format!("{at}/{index}");
            findings.text(&at, field, TextKind::Any, limit::SECTION_FIELD);
        }
    }
    if block.get("text").is_none() && block.get("fields").is_none() {
        findings.wrong(at, "missing required field: text or fields");
    }
    if let Some(accessory) = block.get("accessory") {
        let at = format!("{at}/accessory");
        element::element(findings, &at, accessory, element::Holder::Section);
    }
}

fn context(findings: &mut Findings, at: &str, block: &Value) {
    findings.keys(at, block, &["type", "block_id", "elements"]);
    let elements = block["elements"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if elements.is_empty() || elements.len() > limit::CONTEXT_ELEMENTS {
        let most = limit::CONTEXT_ELEMENTS;
        findings.wrong(at, &format!("elements must have 1 to {most} items"));
    }
    for (index, part) in elements.iter().enumerate() {
        let at = format!("{at}/elements/{index}");
        if part["type"] == "image" {
            element::image(findings, &at, part);
        } else {
            findings.text(&at, part, TextKind::Any, limit::TEXT);
        }
    }
}

fn actions(findings: &mut Findings, at: &str, block: &Value) {
    findings.keys(at, block, &["type", "block_id", "elements"]);
    let elements = block["elements"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if elements.is_empty() || elements.len() > limit::ACTIONS {
        findings.wrong(
            at,
            &format!("elements must have 1 to {} items", limit::ACTIONS),
        );
    }
    for (index, part) in elements.iter().enumerate() {
        let at = format!("{at}/elements/{index}");
        element::element(findings, &at, part, element::Holder::Actions);
    }
}

fn input(findings: &mut Findings, at: &str, block: &Value) {
    let keys = [
        "type",
        "block_id",
        "label",
        "element",
        "hint",
        "optional",
        "dispatch_action",
    ];
    findings.keys(at, block, &keys);
    findings.text(
        &format!("{at}/label"),
        &block["label"],
        TextKind::Plain,
        limit::LABEL,
    );
    if let Some(hint) = block.get("hint") {
        findings.text(&format!("{at}/hint"), hint, TextKind::Plain, limit::HINT);
    }
    findings.flag(at, block, "optional");
    findings.flag(at, block, "dispatch_action");
    let at = format!("{at}/element");
    element::element(findings, &at, &block["element"], element::Holder::Input);
}

fn image(findings: &mut Findings, at: &str, block: &Value) {
    let keys = [
        "type",
        "block_id",
        "image_url",
        "slack_file",
        "alt_text",
        "title",
    ];
    findings.keys(at, block, &keys);
    findings.needed(at, block, "alt_text", limit::ALT_TEXT);
    findings.string(at, block, "image_url", limit::IMAGE_URL);
    if block.get("image_url").is_none() && block.get("slack_file").is_none() {
        findings.wrong(at, "missing required field: image_url or slack_file");
    }
    if let Some(title) = block.get("title") {
        findings.text(
            &format!("{at}/title"),
            title,
            TextKind::Plain,
            limit::ALT_TEXT,
        );
    }
}
