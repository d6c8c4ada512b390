//! What keeps the emulator honest: its traffic with Bolt, and every event that it can send, are
//! held to the types and models that Slack publishes; and those checks can fail.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use underrose_slack_emulator::{Emulator, Guest, Standing};

use crate::bolt;
use crate::peer::{Language, Way, peers, record, start};

fn types(record: &Path) -> Output {
    let script = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap())
        .join("tests/peers/validate.mjs");
    let mut command = Command::new("node");
    command.arg(script).arg(peers()).arg(record);
    command.output().unwrap()
}

fn models(record: &Path) -> Output {
    let script =
        PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("tests/peers/validate.py");
    let mut command = Command::new(peers().join("venv/bin/python"));
    command.arg(script).arg(record);
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// Every event to which an app may subscribe here, made to happen.
fn everything_happens(emulator: &Emulator) {
    let alice = emulator.actor(&emulator.person("alice2"));
    let bob = emulator.actor(&emulator.person("bob"));
    let bot = emulator.bot();
    for room in [
        emulator.public("open", &[&alice.id]),
        emulator.private("closed", &[&alice.id]),
    ] {
        let said = alice
            .say(&room, "see https://rose.example/a, @bob")
            .unwrap();
        alice.edit(&room, &said, "see it").unwrap();
        alice.reply(&room, &said, "a reply").unwrap();
        alice.delete(&room, &said).unwrap();
        alice.invite(&room, &bob.id).unwrap();
        bob.leave(&room).unwrap();
        alice
            .rename(&room, &format!("{room}-new").to_lowercase())
            .unwrap();
        alice.archive(&room).unwrap();
        alice.unarchive(&room).unwrap();
        emulator.share(&room, true);
        emulator.share(&room, false);
        alice.remove(&room, &bot).unwrap();
        alice.invite(&room, &bot).unwrap();
    }
    emulator.guest("carol", Guest::Restricted);
    emulator.deactivate(&bob.id);
    emulator.rename_workspace("Thorn");
    emulator.revoke(Standing::Inactive);
    emulator.revoke(Standing::Revoked);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exchanged_is_what_slack_s_own_types_and_models_say() {
    let record = record("honest");
    let mut kinds = BTreeSet::new();
    for (language, way) in [
        (Language::JavaScript, Way::Socket),
        (Language::JavaScript, Way::Http),
        (Language::Python, Way::Socket),
        (Language::Python, Way::Http),
    ] {
        let (emulator, _peer) = start(language, way, &record).await;
        bolt::play(&emulator).await;
        everything_happens(&emulator);
        let last = |sent: &Value| event(sent)["type"] == "tokens_revoked";
        emulator
            .until("the last event", |world| {
                world
                    .record
                    .sent
                    .iter()
                    .any(|sent| last(&sent.payload))
                    .then_some(())
            })
            .await;
        let sent = emulator.sent();
        kinds.extend(
            sent.iter()
                .filter_map(|sent| event(&sent.payload)["type"].as_str().map(str::to_owned)),
        );
        let wanted = emulator.look(|world| world.settings.events.clone());
        for kind in wanted
            .iter()
            .map(|kind| kind.split('.').next().unwrap_or_default())
        {
            assert!(kinds.contains(kind), "{kind} never happened");
        }
    }
    let types = types(&record);
    assert!(types.status.success(), "{}", said(&types));
    let models = models(&record);
    assert!(models.status.success(), "{}", said(&models));
}

/// The event inside of an envelope or a body.
fn event(sent: &Value) -> &Value {
    match sent.get("envelope_id") {
        Some(_) => &sent["payload"]["event"],
        None => &sent["event"],
    }
}

/// Each line of `wrong.jsonl` has one mistake, and says who must find it.
#[test]
fn the_validators_find_what_is_wrong() {
    let file =
        PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("tests/peers/wrong.jsonl");
    let found = [
        ("types", said(&types(&file))),
        ("models", said(&models(&file))),
    ];
    for (index, line) in std::fs::read_to_string(&file).unwrap().lines().enumerate() {
        let line: Value = serde_json::from_str(line).unwrap();
        for (by, findings) in &found {
            let finds = findings.contains(&format!("wrong.jsonl:{}:", index + 1));
            let must = line["by"].as_array().unwrap().iter().any(|who| who == by);
            assert_eq!(
                finds,
                must,
                "line {} ({}), {by}:\n{findings}",
                index + 1,
                line["why"]
            );
        }
    }
}
