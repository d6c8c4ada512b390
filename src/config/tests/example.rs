//! The shipped example: it runs, names every option, and shows the defaults.

use chrono::{TimeZone, Utc};
use toml::{Table, Value};

use super::{BUILT, EXAMPLE};
use crate::config::{Config, SECTIONS, check_report, parse};

/// The example with its unused options in use.
fn example_in_full() -> Table {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(option) if !option.is_empty() && !option.starts_with(' ') => format!("{option}\n"),
        Some(_) | None => format!("{line}\n"),
    };
    EXAMPLE
        .lines()
        .map(line)
        .collect::<String>()
        .parse()
        .unwrap()
}

fn everything_but_hash(config: &Config) -> String {
    let mut config = config.clone();
    config.policy.hash.clear();
    format!("{config:?}")
}

#[test]
fn the_example_runs_as_shipped() {
    let config = parse(EXAMPLE, BUILT).unwrap();
    assert_eq!(config.policy.project, "Example");
    assert_eq!(config.policy.people.len(), 5);
    assert_eq!(config.policy.members.len(), 4);
    assert_eq!(config.policy.oncall.rotation.len(), 4);
    assert_eq!(
        config
            .policy
            .announce
            .iter()
            .map(Vec::len)
            .collect::<Vec<_>>(),
        [1, 2]
    );
    assert!(
        config
            .policy
            .networks
            .values()
            .all(|rules| rules.binding && !rules.encrypted)
    );
    assert_eq!(config.policy.hash.len(), 64);
}

#[test]
fn the_example_names_every_option_and_no_other() {
    let example = example_in_full();
    for (section, keys) in SECTIONS {
        let table = match section.strip_suffix("[]") {
            Some(name) => example.get(name).and_then(|list| list.get(0)),
            None if section.is_empty() => None,
            None => example.get(*section),
        };
        let table = if section.is_empty() {
            Some(&example)
        } else {
            table.and_then(Value::as_table)
        };
        let table = table.unwrap_or_else(|| panic!("the example has no section {section}"));
        for key in *keys {
            assert!(
                table.contains_key(*key),
                "the example does not name {section}.{key}"
            );
        }
        for key in table.keys() {
            assert!(
                keys.contains(&key.as_str()),
                "nothing reads {section}.{key} of the example"
            );
        }
    }
}

#[test]
fn each_option_of_the_example_has_a_comment() {
    let further_person = ["id", "name", "roles", "zone", "handles"];
    for (before, line) in EXAMPLE.lines().zip(EXAMPLE.lines().skip(1)) {
        let key = line
            .split(" = ")
            .next()
            .filter(|key| key.len() < line.len());
        if let Some(key) = key.filter(|key| !key.starts_with("# ") && !further_person.contains(key))
        {
            assert!(before.starts_with("# "), "{key} has no comment");
        }
    }
}

#[test]
fn the_example_shows_the_defaults() {
    let shipped = everything_but_hash(&parse(EXAMPLE, BUILT).unwrap());
    let defaults = [
        ("", "data log"),
        ("key", "file"),
        (
            "committee",
            "zone days holidays preset_hour case_networks reports_per_day ack_text",
        ),
        ("oncall", "schedule page_again_after escalate_after groups"),
        ("oncall", "ack_business_days ack_breach_business_days"),
        ("committee", "show_head"),
        ("scoring", "blind version"),
        ("terms", "version"),
        ("people[]", "name hours days holidays"),
    ];
    for (section, keys) in defaults {
        for key in keys.split(' ') {
            let mut table: Table = EXAMPLE.parse().unwrap();
            let within = match section.strip_suffix("[]") {
                Some(name) => table.get_mut(name).and_then(|list| list.get_mut(0)),
                None => table.get_mut(section),
            };
            let removed = match within.and_then(Value::as_table_mut) {
                Some(within) => within.remove(key),
                None => table.remove(key),
            };
            assert!(removed.is_some(), "{section}.{key}");
            let config = parse(&toml::to_string(&table).unwrap(), BUILT).unwrap();
            let told = everything_but_hash(&config).replace("name: \"alice\"", "name: \"Alice\"");
            assert_eq!(told, shipped, "{section}.{key} is shown with another value");
        }
    }
}

#[test]
fn check_says_who_takes_over_and_when_nobody_works() {
    let config = parse(EXAMPLE, BUILT).unwrap();
    let now = Utc.with_ymd_and_hms(2026, 3, 4, 12, 0, 0).unwrap();
    let lines = check_report(&config, now);
    let says = |all: &[&str]| {
        lines
            .iter()
            .any(|line| all.iter().all(|one| line.contains(one)))
    };
    assert!(says(&["bob takes over at", "2026-03-09"]), "{lines:#?}");
    assert!(says(&["carol takes over at", "2026-03-16"]), "{lines:#?}");
    assert!(says(&["dave takes over at", "2026-03-23"]), "{lines:#?}");
    // From New York's Friday evening to Tokyo's Monday morning.
    assert!(says(&["gap is", "2026-03-06", "2026-03-09"]), "{lines:#?}");
    assert!(
        says(&["warning: console is not end-to-end encrypted"]),
        "{lines:#?}"
    );
}
