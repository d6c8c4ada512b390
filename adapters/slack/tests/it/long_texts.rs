//! Texts that are longer than one input of Slack takes: none loses anything, and none comes back in
//! more inputs than it was typed into.

use serde_json::Value;
use underrose_chat::{FieldKind, Place};
use underrose_slack::modal;

use crate::modal::{field, form, network, untouched, view};

/// Inputs of a view, and whether they tell of changes.
fn inputs(view: &Value) -> Vec<bool> {
    let blocks = view["blocks"].as_array().unwrap().iter();
    let inputs = blocks.filter(|block| block["type"] == "input");
    inputs
        .map(|block| block["dispatch_action"] == true)
        .collect()
}

#[test]
fn a_text_of_any_length_can_be_edited_and_no_input_goes_away_under_the_typist() {
    for (length, told) in [
        (0, vec![true, true]),
        (2_900, vec![true, true]),
        (5_900, vec![true, true]),
        (6_100, vec![false; 4]),
        (11_900, vec![false; 4]),
    ] {
        let mut text = field("text", FieldKind::Paragraphs { bytes_max: 12_000 });
        text.live = true;
        let given: String = "0123456789".chars().cycle().take(length).collect();
        text.value = Some(given.clone());
        let shown = view(&form(vec![text]));
        assert_eq!(inputs(&shown), told, "{length}");
        let values = modal::values(&untouched(&shown));
        assert_eq!(values["text"], given, "{length}");
    }
}

#[test]
fn a_text_in_lines_takes_no_more_inputs_than_its_length_asks_for() {
    let lines = |line: usize, length: usize| -> String {
        let line = format!("{}\n", "x".repeat(line));
        line.chars().cycle().take(length).collect()
    };
    let paragraphs = vec!["p".repeat(1_700); 5].join("\n\n");
    assert_eq!(paragraphs.len(), 8_508);
    for (given, bytes_max, told) in [
        // Broken after its lines, the first four would take one input more than they have.
        (lines(1_600, 2_999), 12_000, vec![true, true]),
        (lines(1_600, 5_000), 12_000, vec![true, true]),
        (lines(1_600, 6_000), 12_000, vec![true, true]),
        (lines(1_600, 12_000), 12_000, vec![false; 4]),
        (paragraphs, 12_000, vec![false; 4]),
        // … and this one would have more in the last than that takes.
        (lines(2_900, 8_000), 8_000, vec![false; 3]),
        // Outside the basic plane no character is halved.
        (format!("a{}", "🌹".repeat(2_999)), 12_000, vec![true, true]),
    ] {
        let mut text = field("text", FieldKind::Paragraphs { bytes_max });
        text.live = true;
        text.value = Some(given.clone());
        let shown = view(&form(vec![text]));
        assert_eq!(inputs(&shown), told, "{} of {bytes_max}", given.len());
        assert_eq!(modal::values(&untouched(&shown))["text"], given);
        for block in shown["blocks"].as_array().unwrap() {
            let element = &block["element"];
            let value = element["initial_value"].as_str().unwrap_or_default();
            let most = element["max_length"].as_u64().unwrap_or_default();
            assert!(value.encode_utf16().count() as u64 <= most, "{most}");
        }
    }
    let mut text = field("text", FieldKind::Paragraphs { bytes_max: 8_000 });
    text.value = Some(lines(1_600, 8_001));
    assert!(modal::view(&form(vec![text]), &Place::Direct, &network()).is_err());
}
