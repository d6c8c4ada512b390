//! The rules by which the source refuses, read from the source: both the simulation and the
//! transcripts must meet each of them.

use std::collections::BTreeSet;
use std::path::Path;

/// Every rule that the source refuses by.
pub fn rules(dir: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rules(&path));
            continue;
        }
        let text: String = std::fs::read_to_string(&path)
            .unwrap()
            .split_whitespace()
            .collect();
        for start in ["rule(\"", "told(\"", "plain(\"", "rule:\""] {
            for piece in text.split(start).skip(1) {
                let rule = piece.split('"').next().unwrap_or_default();
                let is_rule =
                    !rule.is_empty() && rule.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
                if is_rule {
                    found.insert(rule.to_owned());
                }
            }
        }
    }
    found
}
