//! `check --connect`, and the manifest that it goes by.

use std::collections::BTreeSet;

use underrose_chat::{About, Adapter, Expected, Level, Openness};
use underrose_slack::SCOPES;
use underrose_slack_emulator::{Standing, Trouble, listed};

use crate::stage::{MANIFEST, Stage, app, room, slack_at, socket};

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
    let heard = [
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "channel_archive",
        "channel_id_changed",
        "channel_left",
        "channel_shared",
        "group_archive",
        "group_left",
        "member_joined_channel",
        "member_left_channel",
        // That a channel was made public, which Slack says in the public one.
        "message.channels",
        "message.groups",
        "message.im",
        "team_rename",
        "tokens_revoked",
        "user_change",
    ];
    let heard: BTreeSet<String> = heard.map(str::to_owned).into();
    assert_eq!(listed(MANIFEST, "bot_events"), heard);
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
    let said: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
    let each = [
        "is @underrose in the workspace",
        "scopes that it needs, and no other",
        "clock and slack's agree",
        "the app token opens Socket Mode",
        "is private and the bot is in it",
        "is public and the bot is in it",
        "user group security-oncall is there",
    ];
    assert_eq!(said.len(), each.len(), "{said:#?}");
    for (said, words) in said.iter().zip(each) {
        assert!(said.contains(words), "{said}: {words}");
    }
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

#[tokio::test]
async fn a_private_channel_that_is_shared_is_no_public_one() {
    let stage = Stage::new().await;
    let ann = stage.emulator.person("ann");
    let hall = stage.emulator.private("partners", &[&ann]);
    stage.emulator.share(&hall, true);
    let expected = |openness| Expected {
        rooms: vec![(hall.clone(), openness)],
        groups: Vec::new(),
    };
    let public = found(&stage, &expected(Openness::Public)).await;
    let (level, text) = public.last().unwrap();
    assert_eq!(*level, Level::Wrong);
    assert!(text.contains("must be public"), "{text}");
    let private = found(&stage, &expected(Openness::Private)).await;
    let (level, text) = private.last().unwrap();
    assert_eq!(*level, Level::Wrong);
    assert!(text.contains("must be private"), "{text}");
}

#[tokio::test]
async fn tokens_that_do_not_work_are_told_apart() {
    let stage = Stage::new().await;
    let refused = Trouble::Error("invalid_auth".into());
    stage.emulator.fail("apps.connections.open", refused, 1);
    let app = found(&stage, &Expected::default()).await;
    let of_app = |(level, text): &(Level, String)| {
        *level == Level::Wrong && text.contains("the app token does not open Socket Mode")
    };
    assert!(app.iter().any(of_app), "{app:#?}");
    stage.emulator.revoke(Standing::Revoked);
    let next = slack_at(&stage.emulator, socket(&stage.emulator));
    let bot = next.check(&Expected::default()).await;
    assert_eq!(bot.len(), 1);
    assert!(
        bot[0].text.contains("the bot token does not work"),
        "{bot:?}"
    );
}

/// What happened to the channels of the configuration while the bot was down.
#[tokio::test]
async fn what_is_amiss_with_the_configured_rooms_is_found_and_nothing_else() {
    let stage = Stage::new().await;
    let ann = stage.emulator.person("ann");
    let good = stage.emulator.public("announce", &[&ann]);
    let old = stage.emulator.public("old", &[&ann]);
    let left = stage.emulator.private("security", &[&ann]);
    let expected = Expected {
        rooms: vec![
            (good, Openness::Public),
            (old.clone(), Openness::Public),
            (left.clone(), Openness::Private),
        ],
        groups: vec!["nobody".into()],
    };
    let actor = stage.emulator.actor(&ann);
    actor.archive(&old).unwrap();
    actor.remove(&left, &stage.emulator.bot()).unwrap();
    let down = Trouble::Status(503);
    stage.emulator.fail("conversations.info", down, 1);
    assert!(stage.slack.amiss(&expected).await.is_err(), "asked again");
    let found = stage.slack.amiss(&expected).await.unwrap();
    let about = |id: &str| About::Room { room: room(id) };
    let whats: Vec<&About> = found.iter().map(|(about, _)| about).collect();
    assert_eq!(whats, [&about(&old), &about(&left), &About::Network]);
    for ((_, why), words) in found.iter().zip(["unarchive it", "invite", "nobody"]) {
        assert!(why.contains(words), "{why}");
    }
}
