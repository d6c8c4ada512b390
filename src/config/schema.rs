//! Which keys a configuration may have, section by section, and what somebody may have meant by a
//! key or a word that is none of them. It says nothing about values.

/// Every section with its keys; `""` is the top. `[]` marks a section that may be repeated.
/// The example names each of them, and a test checks that.
pub const SECTIONS: &[(&str, &[&str])] = &[
    ("", TOP),
    ("key", KEY),
    ("committee", COMMITTEE),
    ("oncall", ONCALL),
    ("scoring", SCORING),
    ("terms", TERMS),
    ("console", CONSOLE),
    ("people[]", PERSON),
    ("matrix[]", MATRIX),
    ("sim[]", SIM),
];

pub const TOP: &[&str] = &[
    "project",
    "data",
    "log",
    "key",
    "committee",
    "oncall",
    "scoring",
    "terms",
    "console",
    "people",
    "matrix",
    "sim",
];
pub const KEY: &[&str] = &["file", "env"];
pub const COMMITTEE: &[&str] = &[
    "zone",
    "days",
    "holidays",
    "preset_hour",
    "rooms",
    "case_networks",
    "announce",
    "reports_per_day",
    "ack_text",
    "show_head",
];
pub const ONCALL: &[&str] = &[
    "schedule",
    "rotation",
    "page_again_after",
    "escalate_after",
    "ack_business_days",
    "ack_breach_business_days",
    "groups",
];
pub const SCORING: &[&str] = &["blind", "version"];
pub const TERMS: &[&str] = &["version", "text"];
pub const CONSOLE: &[&str] = &["operator"];
pub const PERSON: &[&str] = &[
    "id", "name", "roles", "zone", "hours", "days", "holidays", "handles",
];
pub const SIM: &[&str] = &[
    "name",
    "address",
    "encrypted",
    "tells_time",
    "shows_history",
];
pub const MATRIX: &[&str] = &[
    "name",
    "homeserver",
    "user",
    "display_name",
    "trust",
    "federate",
];

/// Longer words than this are not compared; nobody mistypes that much of a name.
const COMPARED_MAX: usize = 64;

/// The nearest of the words, if it is near: `; did you mean Europe/Berlin?`, or nothing.
pub fn meant<'a>(typed: &str, words: impl IntoIterator<Item = &'a str>) -> String {
    if typed.len() > COMPARED_MAX {
        return String::new();
    }
    let typed = typed.to_lowercase();
    let near = if typed.len() <= 3 { 1 } else { 2 };
    words
        .into_iter()
        .map(|word| (strsim::osa_distance(&typed, &word.to_lowercase()), word))
        .filter(|(distance, _)| *distance <= near)
        .min()
        .map_or_else(String::new, |(_, word)| format!("; did you mean {word}?"))
}
