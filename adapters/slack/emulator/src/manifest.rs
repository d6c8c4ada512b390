//! The app as its manifest describes it. Reads the few keys that it needs, by their lines, and no
//! other YAML.

use std::collections::BTreeSet;

use crate::settings::{Settings, SlashCommand};

/// The items under a key that holds a list.
pub fn listed(manifest: &str, key: &str) -> BTreeSet<String> {
    let mut lines = manifest
        .lines()
        .skip_while(|line| line.trim() != format!("{key}:"));
    lines.next();
    lines
        .map_while(|line| line.trim().strip_prefix("- "))
        .map(str::to_owned)
        .collect()
}

/// The values of a key wherever it stands.
fn valued(manifest: &str, key: &str) -> BTreeSet<String> {
    let prefix = format!("{key}: ");
    let lines = manifest.lines().map(|line| line.trim());
    lines
        .filter_map(|line| line.trim_start_matches("- ").strip_prefix(prefix.as_str()))
        .map(str::to_owned)
        .collect()
}

impl Settings {
    /// An app that may do and hears what this manifest says, and nothing else.
    pub fn of_manifest(manifest: &str) -> Self {
        let should_escape = valued(manifest, "should_escape").contains("true");
        let commands = valued(manifest, "command").into_iter();
        Self {
            scopes: listed(manifest, "bot"),
            events: listed(manifest, "bot_events"),
            commands: commands
                .map(|name| (name, SlashCommand { should_escape }))
                .collect(),
            shortcuts: valued(manifest, "callback_id"),
            ..Self::default()
        }
    }
}
