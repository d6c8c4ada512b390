//! `underrose check --connect`.

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
