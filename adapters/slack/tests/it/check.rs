//! `check --connect`, and the manifest that it goes by.

use std::collections::BTreeSet;

use underrose_chat::{Adapter, Expected, Level, Openness};
use underrose_slack::SCOPES;
use underrose_slack_emulator::listed;

use crate::stage::{MANIFEST, Stage, app};

async fn found(stage: &Stage, expected: &Expected) -> Vec<(Level, String)> {
    let findings = stage.slack.check(expected).await;
    findings
        .into_iter()
        .map(|finding| (finding.level, finding.text))
        .collect()
}

fn worst(found: &[(Level, String)]) -> Option<Level> {
    found.iter().map(|(level, _)| *level).max()
}

#[test]
fn the_manifest_asks_for_the_scopes_that_are_used_and_no_other() {
    let used: BTreeSet<String> = SCOPES
        .iter()
        .map(|(scope, _)| (*scope).to_owned())
        .collect();
    assert_eq!(listed(MANIFEST, "bot"), used);
    assert!(MANIFEST.contains("callback_id: report_disclosure"));
    assert!(!listed(MANIFEST, "bot_events").is_empty());
}

#[tokio::test]
async fn a_workspace_in_order_is_good() {
    let stage = Stage::new().await;
    let ann = stage.emulator.person("ann");
    let (case, hall) = (
        stage.emulator.private("security", &[&ann]),
        stage.emulator.public("announce", &[&ann]),
    );
    stage.emulator.group("security-oncall", &[&ann]);
    let expected = Expected {
        rooms: vec![(case, Openness::Private), (hall, Openness::Public)],
        groups: vec!["security-oncall".into()],
    };
    let found = found(&stage, &expected).await;
    assert_eq!(worst(&found), Some(Level::Good), "{found:#?}");
    assert!(found.len() >= 6, "{found:#?}");
}

#[tokio::test]
async fn each_thing_that_is_wrong_is_named_with_what_to_do() {
    let mut settings = app();
    settings.scopes.remove("pins:write");
    settings.scopes.insert("files:write".into());
    let stage = Stage::with(settings).await;
    let ann = stage.emulator.person("ann");
    let hall = stage.emulator.public("announce", &[&ann]);
    let alone = stage
        .emulator
        .channel("general", underrose_slack_emulator::Kind::Public, &[&ann]);
    let case = stage.emulator.private("security", &[&ann]);
    let old = stage.emulator.public("old", &[&ann]);
    stage.emulator.actor(&ann).archive(&old).unwrap();
    let expected = Expected {
        rooms: vec![
            (hall, Openness::Private),
            (alone, Openness::Public),
            (case, Openness::Public),
            (old, Openness::Public),
            ("C0NOWHERE".into(), Openness::Public),
        ],
        groups: vec!["nobody".into()],
    };
    let found = found(&stage, &expected).await;
    let says = |level: Level, words: &str| {
        assert!(
            found
                .iter()
                .any(|(found, text)| *found == level && text.contains(words)),
            "{words}: {found:#?}"
        );
    };
    says(Level::Wrong, "the scope pins:write is missing");
    says(
        Level::Doubt,
        "the scope files:write is granted and nothing uses it",
    );
    says(Level::Wrong, "is public, and must be private");
    says(Level::Wrong, "the bot is not in it");
    says(Level::Wrong, "is private, and must be public");
    says(Level::Wrong, "is archived");
    says(Level::Wrong, "room C0NOWHERE");
    says(Level::Wrong, "there is no user group nobody");
}
