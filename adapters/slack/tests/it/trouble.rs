//! What Slack tells of the bot's own footing is handed on at once, with what to do.

use std::time::Duration;

use underrose_chat::{About, Adapter, Happening, Inbox};
use underrose_slack_emulator::{Guest, Standing, Trouble, World};

use crate::stage::{Desk, Stage, app, key, room, slack_at, socket, user};

/// What was told, in order.
async fn told(stage: &Stage, least: usize) -> Vec<(About, String)> {
    let taken = stage.taken(least).await.into_iter();
    taken
        .filter_map(|inbound| match inbound.what {
            Happening::Trouble { about, reason } => Some((about, reason)),
            _ => None,
        })
        .collect()
}

async fn says(stage: &Stage, number: usize, about: &About, words: &str) {
    let told = told(stage, number).await;
    assert_eq!(told.len(), number, "{told:?}");
    let (last, reason) = told.last().unwrap();
    assert_eq!(last, about);
    assert!(reason.contains(words), "{reason}");
}

#[tokio::test]
async fn each_thing_that_befalls_the_bot_is_told_with_what_to_do() {
    let stage = Stage::up().await;
    let (ann, bob) = (stage.emulator.person("ann"), stage.emulator.person("bob"));
    let hall = stage.emulator.public("announce", &[&ann]);
    let case = stage.emulator.private("case-1", &[&ann]);
    let other = stage.emulator.private("case-2", &[&ann]);
    let actor = stage.emulator.actor(&ann);
    let about = |channel: &str| About::Room {
        room: room(channel),
    };

    actor.archive(&hall).unwrap();
    says(&stage, 1, &about(&hall), "unarchive it").await;
    actor.archive(&case).unwrap();
    says(&stage, 2, &about(&case), "unarchive it").await;
    actor.remove(&other, &stage.emulator.bot()).unwrap();
    says(&stage, 3, &about(&other), "/invite @underrose").await;
    stage.emulator.deactivate(&bob);
    let account = About::Person { who: user(&bob) };
    says(&stage, 4, &account, "another handle").await;
    stage.emulator.rename_workspace("Thorn");
    says(&stage, 5, &About::Network, "called Thorn now").await;
    assert_eq!(stage.emulator.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn who_cannot_be_let_into_a_new_room_is_told_of_and_the_others_are_in() {
    let stage = Stage::up().await;
    let (ann, bob) = (stage.emulator.person("ann"), stage.emulator.person("bob"));
    let guest = Trouble::Error("user_is_restricted".into());
    stage.emulator.fail("conversations.invite", guest, 1);
    let opened = underrose_chat::Action::OpenRoom {
        name: "case-1".into(),
        topic: "case 1".into(),
        invite: vec![user(&ann), user(&bob)],
    };
    let opened = stage.slack.deliver(&key("a1"), &opened).await.unwrap();
    let underrose_chat::Receipt::Room { room } = opened else {
        panic!("{opened:?}")
    };
    let in_it = |world: &World| world.channels[&room.id].members.contains(&bob);
    assert!(stage.emulator.look(in_it));
    let about = About::Person { who: user(&ann) };
    says(&stage, 1, &about, "a guest of the workspace").await;
}

#[tokio::test]
async fn what_the_bot_does_itself_and_a_profile_that_changes_are_no_trouble() {
    let stage = Stage::up().await;
    let ann = stage.emulator.person("ann");
    let opened = underrose_chat::Action::OpenRoom {
        name: "case-1".into(),
        topic: "case 2026-0001".into(),
        invite: vec![user(&ann)],
    };
    let opened = stage.slack.deliver(&crate::stage::key("a1"), &opened).await;
    let Ok(underrose_chat::Receipt::Room { room }) = opened else {
        panic!("{opened:?}")
    };
    let archive = underrose_chat::Action::Archive { room };
    stage
        .slack
        .deliver(&crate::stage::key("a2"), &archive)
        .await
        .unwrap();
    stage.emulator.with(|world| {
        let shown = world.whole_person_json(&world.people[&ann].clone());
        let event = serde_json::json!({"type": "user_change", "user": shown, "cache_ts": 0, "event_ts": world.ts()});
        world.emit("user_change", event, false);
    });
    // What comes after all that has come.
    stage.emulator.settled().await;
    stage.emulator.actor(&ann).dm("vuln help").unwrap();
    stage.emulator.settled().await;
    let told = told(&stage, 1).await;
    assert!(told.is_empty(), "{told:?}");
    assert_eq!(stage.desk.texts(), ["vuln help"]);
}

#[tokio::test]
async fn a_scope_that_is_missing_is_told_when_the_bot_looks() {
    let mut settings = app();
    settings.scopes.remove("pins:write");
    let stage = Stage::with(settings).await;
    stage.listen();
    let told = told(&stage, 1).await;
    let [(About::Network, reason)] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert!(reason.contains("lacks pins:write"), "{reason}");
    assert!(reason.contains("slack-app-manifest.yaml"), "{reason}");
}

#[tokio::test]
async fn a_token_that_is_revoked_ends_the_listening_at_once_and_says_what_to_do() {
    for (standing, words) in [
        (Standing::Revoked, "new bot token"),
        (Standing::Inactive, "install the app again"),
    ] {
        let stage = Stage::new().await;
        let listening = stage.listen();
        stage.emulator.connected(2).await;
        stage.emulator.revoke(standing);
        let patience = Duration::from_secs(10);
        let ended = tokio::time::timeout(patience, listening).await;
        let ended = ended.expect("it is noticed at once").unwrap();
        let reason = ended.expect_err("no attempt could help").reason;
        assert!(reason.contains(words), "{reason}");
    }
}

#[tokio::test]
async fn an_old_revocation_that_comes_again_does_not_end_a_bot_with_a_new_token() {
    let stage = Stage::new().await;
    let listening = stage.listen();
    stage.emulator.connected(2).await;
    stage.emulator.revoke(Standing::Revoked);
    let _ = listening.await;
    // Installed again, and started again.
    stage.emulator.revoke(Standing::Good);
    let (next, desk) = (
        slack_at(&stage.emulator, socket(&stage.emulator)),
        Desk::new(),
    );
    let (inbox, stop) = (Inbox::new(desk.clone()), stage.stop.clone());
    let listening = tokio::spawn(async move { next.listen(inbox, stop).await });
    stage.emulator.connected(2).await;
    let before = stage.emulator.calls("auth.test").len();
    let again = stage
        .emulator
        .replay(|sent| sent.payload.to_string().contains("tokens_revoked"))
        .await;
    assert!(again.expect("it was sent").is_acknowledged());
    stage
        .emulator
        .until("the token to be tried", |world| {
            let calls = world.record.calls.iter();
            (calls.filter(|call| call.method == "auth.test").count() > before).then_some(())
        })
        .await;
    let ann = stage.emulator.person("ann");
    stage.emulator.actor(&ann).dm("vuln help").unwrap();
    stage.emulator.settled().await;
    assert_eq!(desk.texts(), ["vuln help"]);
    assert!(!listening.is_finished());
}

#[tokio::test]
async fn an_app_level_token_that_is_refused_is_named() {
    let stage = Stage::new().await;
    let refused = Trouble::Error("invalid_auth".into());
    stage.emulator.fail("apps.connections.open", refused, 2);
    let patience = Duration::from_secs(10);
    let ended = tokio::time::timeout(patience, stage.listen()).await;
    let ended = ended.expect("it is noticed at once").unwrap();
    let reason = ended.expect_err("no attempt could help").reason;
    assert!(reason.contains("app-level token"), "{reason}");
}

#[tokio::test]
async fn a_socket_is_opened_again_when_slack_lets_it_be() {
    let stage = Stage::new().await;
    let pause = Trouble::RateLimited { seconds: 2 };
    stage.emulator.fail("apps.connections.open", pause, 2);
    stage.listen();
    stage.emulator.connected(2).await;
    let opened = stage.emulator.calls("apps.connections.open");
    let (limited, done): (Vec<_>, Vec<_>) = opened.iter().partition(|call| call.status == 429);
    let last = limited.iter().map(|call| call.at).max().unwrap();
    for call in done {
        let after = (call.at - last).num_milliseconds();
        assert!(after >= 1_900, "asked again after {after} ms");
    }
}

#[tokio::test]
async fn a_room_that_cannot_be_looked_at_hides_no_other() {
    let stage = Stage::new().await;
    let ann = stage.emulator.person("ann");
    let mut rooms = Vec::new();
    for number in 1..=3 {
        let opened = underrose_chat::Action::OpenRoom {
            name: format!("case-{number}"),
            topic: "case".into(),
            invite: vec![user(&ann)],
        };
        let name = key(&format!("a{number}"));
        match stage.slack.deliver(&name, &opened).await.unwrap() {
            underrose_chat::Receipt::Room { room } => rooms.push(room),
            other => panic!("{other:?}"),
        }
    }
    let refused = Trouble::Error("channel_not_found".into());
    stage.emulator.fail("conversations.info", refused, 1);
    stage.listen();
    // One of them was refused; whichever it was, the other two are told of.
    let told = |room| {
        let members = stage.members(room);
        async move {
            tokio::time::timeout(Duration::from_secs(3), members)
                .await
                .is_ok()
        }
    };
    let mut seen = 0;
    for room in &rooms {
        seen += usize::from(told(room).await);
    }
    assert_eq!(seen, 2);
}

#[tokio::test]
async fn why_slack_opens_no_socket_is_told_once_and_it_is_not_tried_in_a_rush() {
    for (why, words) in [
        ("link_disabled", "turn it on again"),
        ("too_many_websockets", "end the other processes"),
    ] {
        let stage = Stage::up().await;
        let before = stage.emulator.calls("apps.connections.open").len();
        stage.emulator.refuse_sockets(Some(why));
        says(&stage, 1, &About::Network, words).await;
        let tried = |world: &World| {
            let calls = world.record.calls.iter();
            let opened = calls.filter(|call| call.method == "apps.connections.open");
            let at: Vec<_> = opened.skip(before).map(|call| call.at).collect();
            (at.len() >= 8).then_some(at)
        };
        let patience = Duration::from_secs(30);
        let at = stage
            .emulator
            .until_in(patience, "eight attempts", tried)
            .await;
        let took = *at.last().unwrap() - at[0];
        // Two sockets, each after 100, 200 and 400 ms.
        assert!(took.num_milliseconds() >= 600, "{took}");
        stage.emulator.refuse_sockets(None);
        stage.emulator.connected(2).await;
        let ann = stage.emulator.person("ann");
        stage.emulator.actor(&ann).dm("vuln help").unwrap();
        stage.emulator.settled().await;
        assert_eq!(stage.desk.texts(), ["vuln help"]);
        assert_eq!(told(&stage, 2).await.len(), 1, "{why} is told once");
    }
}

#[tokio::test]
async fn a_guest_on_the_list_is_let_in_where_slack_allows_it_and_else_told_of() {
    let stage = Stage::up().await;
    let emulator = &stage.emulator;
    let single = emulator.guest("single", Guest::Ultra);
    let multi = emulator.guest("multi", Guest::Restricted);
    let stranger = emulator.guest("stranger", Guest::Stranger);
    let opened = underrose_chat::Action::OpenRoom {
        name: "case-1".into(),
        topic: "case 1".into(),
        invite: [&single, &multi, &stranger].map(|who| user(who)).to_vec(),
    };
    let opened = stage.slack.deliver(&key("a1"), &opened).await.unwrap();
    let underrose_chat::Receipt::Room { room } = opened else {
        panic!("{opened:?}")
    };
    let told = told(&stage, 2).await;
    let left_out: Vec<&About> = told.iter().map(|(about, _)| about).collect();
    let about = |who: &str| About::Person { who: user(who) };
    assert_eq!(left_out, [&about(&single), &about(&stranger)]);
    for (_, reason) in &told {
        assert!(reason.contains("a guest of the workspace"), "{reason}");
    }
    let members = emulator.look(|world| world.channels[&room.id].members.clone());
    assert!(
        members.contains(&multi) && members.len() == 2,
        "{members:?}"
    );
    // Later, by an invitation: refused with what to do.
    let invite = underrose_chat::Action::Invite {
        room,
        who: user(&single),
    };
    let refused = stage.slack.deliver(&key("a2"), &invite).await;
    let refused = refused
        .expect_err("slack lets no such guest in")
        .to_string();
    assert!(refused.contains("an admin must let them"), "{refused}");
}
