//! What somebody notices of the bot who does not look: an invitation, a page.

use serde_json::json;
use underrose_chat::{Action, Message, Openness, Target};

use crate::support::bot::{Bot, to, user};
use crate::support::person::{Person, Shown, Signed};
use crate::{name, shared};

/// The first that somebody sees of the bot is an invitation: it is from the bot, and not from a
/// string of digits.
#[tokio::test(flavor = "multi_thread")]
async fn a_direct_room_is_named_after_the_bot() {
    let url = shared().await;
    let mut bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let direct = Target::Direct {
        user: user(alice.id()),
    };
    let first = bot
        .posts("page", direct.clone(), Message::text("a page"))
        .await;
    let invited = alice
        .until("an invitation", |me| me.client.invited_rooms().pop())
        .await;
    let shown = invited.display_name().await.unwrap().to_string();
    assert_eq!(shown, bot.id().localpart());
    let room = alice.joins_next().await;
    let shown = room.display_name().await.unwrap().to_string();
    assert_eq!(shown, bot.id().localpart());
    // And it is found again by its address.
    bot.ends().await;
    bot.begins().await;
    let again = bot.posts("page", direct, Message::text("a page")).await;
    assert_eq!(again, first);
}

/// Whether this person's client tells them of it.
async fn rings(person: &Person, shown: &Shown) -> bool {
    let room = person.client.get_room(&shown.room).unwrap();
    let event = room.event(&shown.id(), None).await.unwrap();
    let actions = event.push_actions().unwrap_or_default();
    actions.iter().any(|action| action.should_notify())
}

/// Clients are silent about notices, which bots talk in: whoever is called must hear it all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_rings_and_so_does_what_is_said_to_somebody() {
    let url = shared().await;
    let bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    alice.accepts_all();
    let case = bot.opens("case-2026-0007", &[alice.id()]).await;
    let direct = Target::Direct {
        user: user(alice.id()),
    };
    bot.posts("hello", direct.clone(), Message::text("hello"))
        .await;
    alice.sees(&bot.id(), "hello").await;
    let page = Action::Post {
        to: direct.clone(),
        message: Message::text("a page"),
        openness: Openness::Private,
        notice: Some("a page".into()),
    };
    bot.delivers("page", &page).await;
    let paged = alice.sees(&bot.id(), "a page").await;
    assert!(rings(&alice, &paged).await);
    let called = json!([alice.id()]);
    assert_eq!(paged.event["content"]["m.mentions"]["user_ids"], called);
    bot.posts("terms", direct, Message::text("the terms")).await;
    let told = alice.sees(&bot.id(), "the terms").await;
    assert!(rings(&alice, &told).await);
    // The bot's news in a case's room are not worth a ring each.
    bot.posts("card", to(&case), Message::text("the card"))
        .await;
    let card = alice.sees(&bot.id(), "the card").await;
    assert!(!rings(&alice, &card).await);
}
