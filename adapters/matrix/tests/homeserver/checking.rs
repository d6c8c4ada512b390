//! `underrose check --connect`.

use serde_json::json;
use underrose_chat::{Adapter, Expected, Finding, Level, Openness};
use underrose_matrix::Trust;

use crate::support::bot::Bot;
use crate::support::person::{Person, Signed};
use crate::{name, shared};

fn of<'a>(found: &'a [Finding], word: &str) -> Vec<&'a Finding> {
    found
        .iter()
        .filter(|finding| finding.text.contains(word))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_finds_what_is_right_and_what_is_not() {
    let url = shared().await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let private = alice.opens(&[], true).await.room_id().to_owned();
    let open = alice.opens(&[], false).await.room_id().to_owned();
    let mut bot = Bot::with(&url, &name("bot"), |settings| {
        settings.rooms = vec![private.to_string(), open.to_string()];
    })
    .await;
    for id in [&private, &open] {
        let room = alice.client.get_room(id).unwrap();
        room.invite_user_by_id(&bot.id()).await.unwrap();
        alice.sees_joining(&bot.id(), id).await;
    }
    bot.ends().await;
    bot.reopens().await;
    let expected = Expected {
        rooms: vec![
            (private.to_string(), Openness::Private),
            (open.to_string(), Openness::Public),
        ],
        groups: vec![],
    };
    let good = bot.matrix.check(&expected).await;
    assert!(
        good.iter().all(|finding| finding.level != Level::Wrong),
        "{good:#?}"
    );
    for word in [
        "answers",
        "signed by its identity",
        "cross-signing keys",
        "key backup",
        "is encrypted and private",
        "is public",
    ] {
        let found = of(&good, word);
        assert!(
            found.iter().any(|finding| finding.level == Level::Good),
            "{word}: {good:#?}"
        );
    }
    // The rooms exchanged, one that does not exist, a group, and a lax trust.
    bot.settings.trust = Trust::AnyDevice;
    bot.reopens().await;
    let mistaken = Expected {
        rooms: vec![
            (private.to_string(), Openness::Public),
            (open.to_string(), Openness::Private),
            ("!nowhere".to_owned(), Openness::Private),
        ],
        groups: vec!["oncall".to_owned()],
    };
    let found = bot.matrix.check(&mistaken).await;
    for (word, level) in [
        (private.as_str(), Level::Wrong),
        (open.as_str(), Level::Wrong),
        ("!nowhere", Level::Wrong),
        ("mention groups", Level::Wrong),
        ("any device", Level::Doubt),
    ] {
        let about = of(&found, word);
        assert!(
            about.iter().any(|finding| finding.level == level),
            "{word}: {found:#?}"
        );
    }
}

/// Each is called by its room, and says what is not as it should be.
#[tokio::test(flavor = "multi_thread")]
async fn the_check_names_each_room_that_is_not_as_it_should_be() {
    let url = shared().await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let mut bot = Bot::new(&url, &name("bot")).await;
    let mut rooms = Vec::new();
    let me = bot.id();
    let powers =
        |mine: i64, words: i64| json!({"users": {me.as_str(): mine}, "events_default": words});
    for (openness, encrypted, kind, content, level, said) in [
        (
            Openness::Private,
            true,
            "m.room.join_rules",
            json!({"join_rule": "public"}),
            Level::Wrong,
            "everybody may join the room",
        ),
        (
            Openness::Private,
            true,
            "m.room.history_visibility",
            json!({"history_visibility": "world_readable"}),
            Level::Wrong,
            "everybody may read the room's history",
        ),
        (
            Openness::Private,
            true,
            "m.room.history_visibility",
            json!({"history_visibility": "shared"}),
            Level::Doubt,
            "whoever joins later reads",
        ),
        (
            Openness::Private,
            true,
            "m.room.power_levels",
            powers(0, 50),
            Level::Wrong,
            "the bot may not speak",
        ),
        (
            Openness::Private,
            true,
            "m.room.power_levels",
            powers(100, 0),
            Level::Doubt,
            "more power than it needs",
        ),
        (
            Openness::Public,
            false,
            "m.room.join_rules",
            json!({"join_rule": "invite"}),
            Level::Doubt,
            "is not public",
        ),
        (
            Openness::Public,
            true,
            "m.room.topic",
            json!({"topic": "x"}),
            Level::Wrong,
            "is encrypted, and announcements are for everybody",
        ),
    ] {
        let room = alice.opens(&[], encrypted).await;
        room.send_state_event_raw(kind, "", content).await.unwrap();
        rooms.push((room.room_id().to_string(), openness, level, said));
    }
    bot.settings.rooms = rooms.iter().map(|(id, ..)| id.clone()).collect();
    bot.ends().await;
    bot.begins().await;
    for (id, ..) in &rooms {
        let id = matrix_sdk::ruma::RoomId::parse(id).unwrap();
        let room = alice.client.get_room(&id).unwrap();
        room.invite_user_by_id(&bot.id()).await.unwrap();
        alice.sees_joining(&bot.id(), &id).await;
    }
    bot.ends().await;
    // Invited, and not there yet.
    let later = alice.opens(&[&bot.id()], true).await.room_id().to_string();
    bot.reopens().await;
    rooms.push((later, Openness::Private, Level::Doubt, "the bot is invited"));
    let expected = Expected {
        rooms: rooms
            .iter()
            .map(|(id, openness, ..)| (id.clone(), *openness))
            .collect(),
        groups: vec![],
    };
    let found = bot.matrix.check(&expected).await;
    for (id, _, level, said) in rooms {
        let about = of(&found, &id);
        let named = about
            .iter()
            .any(|one| one.level == level && one.text.contains(said));
        assert!(named, "{id}: {said}: {found:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_says_that_the_account_is_lost_or_the_homeserver_away() {
    let url = shared().await;
    let mut bot = Bot::new(&url, &name("bot")).await;
    let who = bot.id().localpart().to_owned();
    bot.ends().await;
    // Somebody signs the bot's device out.
    let owner = Person::log_in(&url, &who, Signed::No).await;
    owner.logs_out(bot.matrix.device()).await;
    bot.reopens().await;
    let found = bot.matrix.check(&Expected::default()).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].level, Level::Wrong);
    assert!(
        found[0].text.contains("does not know the bot's token"),
        "{found:#?}"
    );
    bot.settings.homeserver = "http://127.0.0.1:9".to_owned();
    bot.reopens().await;
    let found = bot.matrix.check(&Expected::default()).await;
    assert!(
        found[0].level == Level::Wrong && found[0].text.contains("does not answer"),
        "{found:#?}"
    );
}
