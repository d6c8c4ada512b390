//! A homeserver that restarts, limits, lies about the time and takes the session away.

use std::time::Duration;

use matrix_sdk::ruma::RoomId;
use underrose_chat::{
    Action, Adapter, Block, Choice, DeliverError, Happening, Message, Receipt, Target, Weight,
};

use crate::support::bot::{Bot, key, to, user};
use crate::support::person::{PATIENCE, Person, Signed};
use crate::support::proxy::Proxy;
use crate::support::synapse::{Limits, Synapse};
use crate::{name, shared};

#[tokio::test(flavor = "multi_thread")]
async fn a_homeserver_that_restarts_loses_nothing_and_repeats_nothing() {
    let mut synapse = Synapse::start(Limits::Relaxed).await;
    let url = synapse.url();
    let bot = Bot::new(&url, "bot").await;
    let alice = Person::new(&url, "alice", Signed::Yes).await;
    let case = bot.opens("case-2026-0201", &[alice.id()]).await;
    let id = RoomId::parse(&case.id).unwrap();
    alice.joins(&id).await;
    // What is asked where others read is answered to her alone.
    alice.accepts_all();
    bot.desk.answers("vuln two", Message::text("answer to two"));
    alice.says(&id, "vuln one").await;
    bot.desk.hears("vuln one").await;
    let before = bot
        .posts("before", to(&case), Message::text("said before"))
        .await;
    synapse.down();
    let late = bot
        .deliver(
            "while down",
            &Action::post(to(&case), Message::text("while down")),
        )
        .await;
    assert!(matches!(late, Err(DeliverError::Retry { .. })), "{late:?}");
    synapse.up().await;
    bot.posts("while down", to(&case), Message::text("while down"))
        .await;
    let again = bot
        .posts("before", to(&case), Message::text("said before"))
        .await;
    assert_eq!(again, before);
    alice.says(&id, "vuln two").await;
    bot.desk.hears("vuln two").await;
    alice.sees(&bot.id(), "answer to two").await;
    assert_eq!(bot.desk.texts(), ["vuln one", "vuln two"]);
    let said = |text: &str| {
        alice
            .shown()
            .iter()
            .filter(|one| one.body() == text)
            .count()
    };
    assert_eq!((said("said before"), said("while down")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_says_how_long_to_wait() {
    let synapse = Synapse::start(Limits::AsShipped).await;
    let url = synapse.url();
    let bot = Bot::new(&url, "bot").await;
    let alice = Person::new(&url, "alice", Signed::Yes).await;
    let case = bot.opens("case-2026-0202", &[alice.id()]).await;
    alice.joins(&RoomId::parse(&case.id).unwrap()).await;
    let mut limited = None;
    for number in 0..40 {
        let action = Action::post(to(&case), Message::text(format!("message {number}")));
        match bot.deliver(&format!("message {number}"), &action).await {
            Ok(Receipt::Posted { .. }) => {}
            Err(DeliverError::Retry { after, .. }) => {
                limited = after;
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    let after = limited.expect("Synapse as it ships limits rates, and says for how long");
    assert!(
        after > Duration::ZERO && after < Duration::from_secs(60),
        "{after:?}"
    );
    // What is pressed under a page comes late, and comes.
    let mut page = Message::text("a page");
    page.blocks.push(Block::Choices {
        choices: vec![Choice {
            label: "I have it".into(),
            command: "oncall ack".into(),
            weight: Weight::Casual,
            confirm: None,
        }],
    });
    let at = bot.posts("page", to(&case), page).await;
    let offered = |one: &crate::support::person::Shown| {
        one.kind() == "m.reaction"
            && one.event["content"]["m.relates_to"]["event_id"] == at.message.0
    };
    alice
        .until("the reaction", |me| me.shown().into_iter().find(offered))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_homeserver_s_clock_is_a_witness() {
    let url = shared().await;
    let proxy = Proxy::before(&url).await;
    proxy.seen.lock().unwrap().clock_ahead_seconds = 3_600;
    let behind = proxy.url.clone();
    let bot = Bot::with(&url, &name("bot"), |settings| settings.homeserver = behind).await;
    bot.desk
        .until("the time", |what| {
            matches!(what, Happening::Time).then_some(())
        })
        .await;
    let told = bot
        .desk
        .taken
        .lock()
        .unwrap()
        .iter()
        .find(|one| one.what == Happening::Time)
        .unwrap()
        .at
        .unwrap();
    let answer = matrix_sdk::reqwest::get(format!("{url}/_matrix/client/versions"))
        .await
        .unwrap();
    let date =
        chrono::DateTime::parse_from_rfc2822(answer.headers()["date"].to_str().unwrap()).unwrap();
    let ahead = (told - date.to_utc()).num_seconds();
    assert!((3_500..3_700).contains(&ahead), "{ahead}");
    assert!(bot.matrix.tells_time());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_renewed_while_it_runs_and_in_the_next_life() {
    let synapse = Synapse::start(Limits::ShortTokens).await;
    let proxy = Proxy::before(&synapse.url()).await;
    let mut bot = Bot::with(&synapse.url(), "bot", |settings| {
        settings.homeserver.clone_from(&proxy.url);
    })
    .await;
    let device = bot.matrix.device().to_owned();
    let case = bot.opens("case-2026-0204", &[]).await;
    let renewed = || proxy.seen.lock().unwrap().renewed;
    // The pair of tokens of the login is worth nothing once the second was used.
    for life in [3, 5] {
        let mut word = tokio::time::interval(Duration::from_millis(500));
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while renewed() < life {
            let now = word.tick().await;
            assert!(now < deadline, "renewed {} times", renewed());
            let said = Message::text("still here");
            bot.posts(&format!("word {now:?}"), to(&case), said).await;
        }
        assert!(bot.is_listening(), "it listens no more");
        bot.ends().await;
        bot.begins().await;
    }
    bot.posts("after", to(&case), Message::text("after it"))
        .await;
    assert_eq!(bot.matrix.device(), device);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_waits_behind_no_case_s_room() {
    let url = shared().await;
    let proxy = Proxy::before(&url).await;
    let behind = proxy.url.clone();
    let bot = Bot::with(&url, &name("bot"), |settings| settings.homeserver = behind).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    alice.accepts_all();
    let page = Target::Direct {
        user: user(alice.id()),
    };
    bot.posts("first page", page.clone(), Message::text("first page"))
        .await;
    // More rooms than take their turn at once, in none of which the homeserver ever answers.
    let mut cases = Vec::new();
    for number in 210..216 {
        cases.push(bot.opens(&format!("case-2026-0{number}"), &[]).await);
    }
    let ids = cases
        .iter()
        .map(|case| case.id.trim_start_matches('!').to_owned());
    proxy.seen.lock().unwrap().swallowed = ids.collect();
    let mut silent = proxy.seen.lock().unwrap().silent.subscribe();
    let stuck: Vec<_> = cases
        .iter()
        .map(|case| {
            let (matrix, action) = (
                bot.matrix.clone(),
                Action::post(to(case), Message::text("x")),
            );
            let key = key(&format!("{} stuck in {}", bot.settings.user, case.id));
            tokio::spawn(async move { matrix.deliver(&key, &action).await })
        })
        .collect();
    silent.wait_for(|count| *count >= 4).await.unwrap();
    bot.posts("page", page, Message::text("the page")).await;
    assert!(stuck.iter().all(|post| !post.is_finished()));
    alice.sees(&bot.id(), "the page").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ran_out_is_said_and_set_up_anew_on_the_same_device() {
    let synapse = Synapse::start(Limits::ShortSessions).await;
    let url = synapse.url();
    let mut bot = Bot::new(&url, "bot").await;
    let device = bot.matrix.device().to_owned();
    let case = bot.opens("case-2026-0203", &[]).await;
    let reason = bot.listening_ends().await.unwrap_err().reason;
    assert!(reason.contains("underrose setup matrix"), "{reason}");
    crate::support::bot::made(&bot.settings).await;
    bot.begins().await;
    assert_eq!(bot.matrix.device(), device);
    bot.posts("after", to(&case), Message::text("after it"))
        .await;
}
