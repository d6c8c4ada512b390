//! Third-party clients, unmodified, against the emulator: Bolt for JavaScript and for Python run
//! the same scenarios over Socket Mode and over signed HTTP. What they cannot live with, Slack
//! would not send; what they send, the emulator must take.
//!
//! Needs `tests/slack-peers.sh` to have run; fails and says so otherwise.

use serde_json::Value;
use underrose_slack_emulator::{Actor, Emulator};

use crate::peer::{Language, Way, record, start};

fn text(message: &Value) -> &str {
    message["text"].as_str().unwrap_or_default()
}

async fn scenarios(language: Language, way: Way) {
    let record = record(&format!("{language:?}-{way:?}"));
    let (emulator, _peer) = start(language, way, &record).await;
    play(&emulator).await;
    assert_eq!(
        emulator.complaints(),
        Vec::<String>::new(),
        "{language:?} {way:?}"
    );
}

/// Everything that the bot will do, in one life of it.
pub async fn play(emulator: &Emulator) {
    let alice = emulator.actor(&emulator.person("alice"));
    let room = emulator.private("committee", &[&alice.id]);
    emulator.group("security-oncall", &[]);
    command_and_button(&alice, &room).await;
    modal(emulator, &alice, &room).await;
    the_rest(emulator, &alice, &room).await;
    a_case_room(emulator, &alice).await;
}

async fn command_and_button(alice: &Actor, room: &str) {
    let helped = alice.slash(room, "/vuln", "help").await.unwrap();
    assert!(helped.is_acknowledged(), "{helped:?}");
    assert_eq!(text(&alice.ephemerals(room)[0]), "only you see this");

    let heard = alice.slash(room, "/vuln", "report").await.unwrap();
    assert!(heard.is_acknowledged(), "{heard:?}");
    alice
        .sees_that(room, "the response URL's words", |m| {
            text(m) == "heard report" && m["ephemeral"] == true
        })
        .await;
    let card = alice
        .sees_that(room, "the card", |m| text(m) == "a card")
        .await;
    assert_eq!(card["metadata"]["event_payload"]["key"], "k1");
}

async fn modal(emulator: &Emulator, alice: &Actor, room: &str) {
    assert!(
        alice
            .press_labelled(room, "Score")
            .await
            .unwrap()
            .is_acknowledged()
    );
    let shows =
        |words: &'static str| move |view: &Value| view["blocks"][0]["text"]["text"] == words;
    alice.modal_that("the form", shows("Score *9.8*")).await;
    alice.fill("why", "a").await.unwrap();
    assert!(
        alice
            .fill("av", "L")
            .await
            .unwrap()
            .unwrap()
            .is_acknowledged()
    );
    let now = alice
        .modal_that("the score to follow", shows("Score *7.8*"))
        .await;
    assert_eq!(
        now["state"]["values"]["why"]["why"]["value"], "a",
        "what was typed stays"
    );

    alice.submit().await.unwrap();
    assert_eq!(alice.errors()["why"], "say more");
    alice.fill("why", "because it is so").await.unwrap();
    alice.submit().await.unwrap();
    assert_eq!(alice.modal(), None, "the modal closes");
    let direct = alice.direct();
    alice
        .sees_that(&direct, "the settling", |m| {
            text(m) == "settled: because it is so"
        })
        .await;

    alice.press_labelled(room, "Too late").await.unwrap();
    alice
        .sees_that(room, "the refusal of a used trigger", |m| {
            text(m) == "refused: exchanged_trigger_id"
        })
        .await;
    alice
        .modal_that("the first of the two", shows("Score *1.0*"))
        .await;
    alice.close().await.unwrap();
    alice
        .sees_that(&direct, "the closing", |m| text(m) == "closed")
        .await;
    assert!(emulator.calls("views.open").len() >= 3);
}

async fn the_rest(emulator: &Emulator, alice: &Actor, room: &str) {
    let said = alice.say(room, "tokens leak in <pod> & node").unwrap();
    assert!(
        alice
            .shortcut(room, &said, "report")
            .await
            .unwrap()
            .is_acknowledged()
    );
    alice
        .sees_that(room, "the shortcut", |m| {
            m["ephemeral"] == true && text(m) == "reporting tokens leak in &lt;pod&gt; &amp; node"
        })
        .await;
    alice.open_home();
    let person = alice.id.clone();
    emulator
        .until("the home tab", |world| world.homes.get(&person).cloned())
        .await;
    assert_eq!(alice.home().unwrap()["blocks"][0]["text"]["text"], "home");
    alice.say(room, "@underrose hello").unwrap();
    let hello = format!("hello <@{}>", alice.id);
    alice
        .sees_that(room, "the answer to a mention", |m| text(m) == hello)
        .await;
}

async fn a_case_room(emulator: &Emulator, alice: &Actor) {
    alice.dm("make a room").unwrap();
    let room = emulator
        .until("the room", |world| {
            world
                .channels
                .values()
                .find(|channel| channel.name == "case-1")
                .map(|c| c.id.clone())
        })
        .await;
    alice
        .sees_that(&room, "the sum", |m| {
            text(m) == "2 people, 4 messages, name_taken"
        })
        .await;
    assert_eq!(text(&alice.pins(&room)[0]), "pinned and edited");
    let on_call = emulator.look(|world| world.groups.values().next().map(|g| g.people.clone()));
    assert_eq!(on_call, Some(vec![alice.id.clone()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn bolt_for_javascript_over_sockets() {
    scenarios(Language::JavaScript, Way::Socket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bolt_for_javascript_over_http() {
    scenarios(Language::JavaScript, Way::Http).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bolt_for_python_over_sockets() {
    scenarios(Language::Python, Way::Socket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bolt_for_python_over_http() {
    scenarios(Language::Python, Way::Http).await;
}
