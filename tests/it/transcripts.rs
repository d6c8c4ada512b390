//! Every transcript is replayed by the real binary, which exits non-zero where the bot says
//! something else. `tests/transcripts/bless.sh` writes down what it says now.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use underrose::domain::words::{HeldWhy, Rule};

use crate::rules::rules;

fn scripts() -> Vec<PathBuf> {
    let mut scripts: Vec<_> = std::fs::read_dir("tests/transcripts")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    scripts.sort();
    scripts
}

#[test]
fn the_bot_says_what_the_transcripts_expect() {
    let mut played = 0;
    let mut failed = Vec::new();
    for path in scripts() {
        let script = std::fs::File::open(&path).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_underrose"))
            .args(["console", "--virtual-clock"])
            .env_remove("UNDERROSE_CONFIG")
            .stdin(Stdio::from(script))
            .output()
            .unwrap();
        played += 1;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            failed.push(format!("{}:\n{said}{why}", path.display()));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(played >= 12, "only {played} transcripts were found");
}

#[test]
fn an_expectation_that_is_wrong_fails() {
    let script = std::fs::read_to_string("tests/transcripts/looking.txt").unwrap();
    let wrong = script.replace("Nothing waits for you.", "Something waits for you.");
    assert_ne!(script, wrong);
    assert!(!replay(&wrong));
    // Output that nobody expected fails too.
    let silent = script.replace("    (erin) What you can do here:\n", "");
    assert_ne!(script, silent);
    assert!(!replay(&silent));
}

fn replay(script: &str) -> bool {
    use std::io::Write;
    let mut child = Command::new(env!("CARGO_BIN_EXE_underrose"))
        .args(["console", "--virtual-clock"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    child.wait().unwrap().success()
}

/// Refusals and timers that no transcript can have, each with its reason.
const NOT_IN_A_TRANSCRIPT: [(&str, &str); 6] = [
    (
        "refused clock",
        "the console tells no time: tests/sim has it, with two networks that do",
    ),
    (
        "refused not-binding-here",
        "a script has the console alone: tests/it/bad_input.rs has it",
    ),
    (
        "refused too-long",
        "megabytes: tests/it/bad_input.rs has it",
    ),
    (
        "refused control-character",
        "a script is text: tests/it/bad_input.rs has it",
    ),
    (
        "refused no-targets",
        "a configuration without public rooms is refused by the configuration itself",
    ),
    (
        "refused too-many",
        "lists of fifty: tests/it/bad_input.rs has it",
    ),
];

/// What occurred over all transcripts: refusals by rule, deadlines, reasons to hold, pages by step.
#[test]
fn every_refusal_and_every_timer_has_a_transcript() {
    let mut occurred = BTreeSet::new();
    for script in scripts() {
        let output = Command::new(env!("CARGO_BIN_EXE_underrose"))
            .args(["console", "--virtual-clock", "--rewrite", "--journal"])
            .env_remove("UNDERROSE_CONFIG")
            .stdin(Stdio::from(std::fs::File::open(&script).unwrap()))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", script.display());
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            let (event, detail) = line.split_once('\t').unwrap();
            let detail = match event {
                "deadline_fired" => detail.rsplit_once(' ').unwrap().0,
                _ => detail,
            };
            occurred.insert(format!("{event} {detail}"));
        }
    }
    let refusals = rules(Path::new("src/domain"))
        .into_iter()
        .map(|rule| format!("refused {rule}"));
    let deadlines = Rule::ALL
        .iter()
        .map(|rule| format!("deadline_fired {}", rule.word()));
    let held = HeldWhy::ALL
        .iter()
        .map(|why| format!("held {}", why.word()));
    let pages = (0..3).map(|step| format!("paged {step}"));
    let missing: Vec<String> = refusals
        .chain(deadlines)
        .chain(held)
        .chain(pages)
        .filter(|one| !occurred.contains(one))
        .filter(|one| !NOT_IN_A_TRANSCRIPT.iter().any(|(known, _)| known == one))
        .collect();
    assert!(missing.is_empty(), "no transcript has: {missing:#?}");
}

/// Every row of the grammar is used in some transcript.
#[test]
fn every_command_has_a_transcript() {
    let all: String = std::fs::read_dir("tests/transcripts")
        .unwrap()
        .filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok())
        .collect();
    // Commands that are given by a button there.
    let pressed = [
        ("announce arm", "presses Arm"),
        ("announce approve", "presses Approve"),
        ("own accept", "presses Accept"),
        ("own decline", "presses Decline"),
        ("terms decline", "presses I decline"),
        ("oncall refuse", "presses Refuse"),
    ];
    for spec in underrose::domain::grammar::COMMANDS {
        let words = spec.words.join(" ");
        let typed = match spec.family {
            underrose::domain::grammar::Family::Vuln => format!("vuln {words}"),
            underrose::domain::grammar::Family::OnCall => format!("oncall {words}"),
        };
        let by_button = pressed
            .iter()
            .any(|(known, press)| *known == words && all.contains(press));
        assert!(
            all.contains(&typed) || by_button,
            "no transcript types `{typed}`"
        );
    }
}
