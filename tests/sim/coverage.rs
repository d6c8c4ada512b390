//! What has occurred over all lives, and what must have.

use std::collections::BTreeSet;
use std::path::Path;

use underrose::domain::event::Event;
use underrose::domain::grammar::COMMANDS;
use underrose::domain::words::{HeldWhy, Rule};

use crate::rules::rules;

#[derive(Default)]
pub struct Coverage {
    pub inputs: usize,
    pub crashes: usize,
    pub armed: usize,
    pub announced: usize,
    commands: BTreeSet<String>,
    events: BTreeSet<String>,
    refusals: BTreeSet<String>,
    timers: BTreeSet<String>,
}

/// Refusals that cannot occur in these lives, each with its reason.
const NOT_HERE: [(&str, &str); 3] = [
    (
        "not-binding-here",
        "both networks prove who somebody is; the console's transcript-free test has it",
    ),
    (
        "no-targets",
        "a configuration without public rooms is refused by the configuration itself",
    ),
    ("too-many", "lists of fifty facts are longer than a life"),
];

/// Events that cannot occur in these lives, each with its reason.
const NO_EVENT: [(&str, &str); 1] = [(
    "restored",
    "a restore is an act of the owner's; tests/it/store.rs has it",
)];

impl Coverage {
    pub fn command(&mut self, words: String) {
        self.commands.insert(words);
    }

    pub fn event(&mut self, event: &Event) {
        self.events.insert(event.name());
        match event {
            Event::Refused { rule, .. } => {
                self.refusals.insert(rule.clone());
            }
            Event::DeadlineFired { rule, .. } => {
                self.timers.insert(format!("deadline {}", rule.word()));
            }
            Event::Held { why } => {
                self.timers.insert(format!("held {}", why.word()));
            }
            Event::Paged { step, .. } => {
                self.timers.insert(format!("page {step}"));
            }
            Event::Armed { .. } => self.armed += 1,
            Event::Published { .. } => self.announced += 1,
            _ => {}
        }
    }

    pub fn add(&mut self, other: Self) {
        self.inputs += other.inputs;
        self.crashes += other.crashes;
        self.armed += other.armed;
        self.announced += other.announced;
        self.commands.extend(other.commands);
        self.events.extend(other.events);
        self.refusals.extend(other.refusals);
        self.timers.extend(other.timers);
    }

    pub fn summary(&self) -> String {
        format!(
            "{} inputs, {} crashes, {} armings, {} publications; {} commands, {} events, {} refusals, {} timers",
            self.inputs,
            self.crashes,
            self.armed,
            self.announced,
            self.commands.len(),
            self.events.len(),
            self.refusals.len(),
            self.timers.len(),
        )
    }

    /// Commands, events, refusals and timers that never occurred.
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for spec in COMMANDS {
            let words = format!("{} {}", spec.family.word(), spec.words.join(" "));
            if !self.commands.contains(&words) {
                missing.push(format!("command {words}"));
            }
        }
        let golden = std::fs::read_to_string("tests/golden/events.jsonl").unwrap();
        for line in golden.lines() {
            let event: Event = serde_json::from_str(line).unwrap();
            let known = NO_EVENT.iter().any(|(name, _)| *name == event.name());
            if !known && !self.events.contains(&event.name()) {
                missing.push(format!("event {}", event.name()));
            }
        }
        for rule in rules(Path::new("src/domain")) {
            if !self.refusals.contains(&rule) && !NOT_HERE.iter().any(|(known, _)| *known == rule) {
                missing.push(format!("refusal {rule}"));
            }
        }
        let deadlines = Rule::ALL
            .iter()
            .map(|rule| format!("deadline {}", rule.word()));
        let held = HeldWhy::ALL
            .iter()
            .map(|why| format!("held {}", why.word()));
        let pages = (0..3).map(|step| format!("page {step}"));
        missing.extend(
            deadlines
                .chain(held)
                .chain(pages)
                .filter(|timer| !self.timers.contains(timer)),
        );
        missing
    }
}
