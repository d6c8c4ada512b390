//! A person verifies the bot by emoji; and what does not verify it.

use std::sync::Arc;
use std::time::Duration;

use matrix_sdk::encryption::verification::SasState;
use matrix_sdk::ruma::OwnedRoomId;
use matrix_sdk::ruma::events::key::verification::cancel::CancelCode;
use underrose_matrix::{Match, Verified, VerifyError};

use crate::support::bot::Bot;
use crate::support::emoji::{Sitting, Terminal, shown, sitting};
use crate::support::person::{PATIENCE, Person, Signed};
use crate::{name, shared};

/// A bot that was running and is stopped, and somebody who has a direct room with it.
async fn stopped() -> (Bot, Person, OwnedRoomId) {
    let url = shared().await;
    let mut bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let direct = direct(&bot, &alice).await;
    bot.ends().await;
    bot.reopens().await;
    (bot, alice, direct)
}

async fn direct(bot: &Bot, alice: &Person) -> OwnedRoomId {
    let direct = alice.direct_with(&bot.id()).await.room_id().to_owned();
    alice.sees_joining(&bot.id(), &direct).await;
    direct
}

type Outcome = tokio::task::JoinHandle<Result<Verified, VerifyError>>;

/// `setup matrix --verify`, waiting for this person.
fn verify(bot: &Bot, whom: &Person) -> (Outcome, Arc<Sitting>, Terminal) {
    let (operator, terminal) = sitting();
    let (matrix, whom) = (bot.matrix.clone(), vec![whom.id().to_string()]);
    let sitting = operator.clone();
    let outcome =
        tokio::spawn(async move { matrix.verify(&whom, PATIENCE, operator.as_ref()).await });
    (outcome, sitting, terminal)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_sees_the_same_emoji_has_verified_the_bot() {
    let (mut bot, alice, direct) = stopped().await;
    let (outcome, _, mut terminal) = verify(&bot, &alice);
    alice.says(&direct, "vuln said meanwhile").await;
    let request = alice.asks_to_verify(&bot.id()).await;
    let sas = alice.compares(&request).await;
    let comparison = terminal.shows().await;
    assert_eq!(comparison.emoji.to_vec(), shown(&sas));
    assert_eq!(comparison.who, alice.id().as_str());
    // Nobody has said yes here: theirs alone verifies nothing.
    sas.confirm().await.unwrap();
    assert!(!alice.has_verified(&bot.id()).await);
    terminal.types(Match::Same).await;
    let verified = outcome.await.unwrap().unwrap();
    assert_eq!(verified.who, alice.id().as_str());
    alice.verifies(&bot.id()).await;
    // And nothing that was said meanwhile is lost, or heard twice.
    bot.begins().await;
    alice.says(&direct, "vuln said after").await;
    bot.desk.hears("vuln said after").await;
    assert_eq!(bot.desk.texts(), ["vuln said meanwhile", "vuln said after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_emoji_end_it_and_nothing_is_trusted() {
    let (bot, alice, _) = stopped().await;
    let (outcome, _, mut terminal) = verify(&bot, &alice);
    // Sent to the device this time, and not in a room.
    let request = alice.asks_device(&bot.id(), bot.matrix.device()).await;
    let sas = alice.compares(&request).await;
    sas.confirm().await.unwrap();
    terminal.shows().await;
    terminal.types(Match::Different).await;
    let error = outcome.await.unwrap().unwrap_err();
    assert!(matches!(&error, VerifyError::Different(who) if who == alice.id().as_str()));
    let code = alice
        .until("the end", |_| match sas.state() {
            SasState::Cancelled(info) => Some(info.cancel_code().clone()),
            _ => None,
        })
        .await;
    assert_eq!(code, CancelCode::MismatchedSas);
    assert!(!alice.has_verified(&bot.id()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_not_answered() {
    let url = shared().await;
    let mut bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let mallory = Person::new(&url, &name("mallory"), Signed::Yes).await;
    direct(&bot, &alice).await;
    direct(&bot, &mallory).await;
    bot.ends().await;
    bot.reopens().await;
    let (outcome, sitting, mut terminal) = verify(&bot, &alice);
    let in_room = mallory.asks_to_verify(&bot.id()).await;
    let url = shared().await;
    let eve = Person::new(&url, &name("eve"), Signed::Yes).await;
    let to_device = eve.asks_device(&bot.id(), bot.matrix.device()).await;
    let request = alice.asks_to_verify(&bot.id()).await;
    let sas = alice.compares(&request).await;
    terminal.shows().await;
    terminal.types(Match::Same).await;
    sas.confirm().await.unwrap();
    outcome.await.unwrap().unwrap();
    for (who, asked) in [(&mallory, in_room), (&eve, to_device)] {
        assert!(!asked.is_ready() && !asked.is_cancelled(), "{}", who.id());
        assert!(!who.has_verified(&bot.id()).await);
    }
    let told = sitting.told.lock().unwrap().join("\n");
    assert!(
        told.contains(&format!("{} asks and is not named", mallory.id())),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_up_or_never_asks_is_named() {
    let (mut bot, alice, _) = stopped().await;
    let (operator, _) = sitting();
    let whom = [alice.id().to_string()];
    let waited = bot.matrix.verify(&whom, Duration::ZERO, operator.as_ref());
    assert!(matches!(waited.await, Err(VerifyError::NotAsked(0))));
    let nobody = bot.matrix.verify(&[], PATIENCE, operator.as_ref()).await;
    assert!(matches!(nobody, Err(VerifyError::Nobody)));
    bot.reopens().await;
    let (outcome, _, mut terminal) = verify(&bot, &alice);
    let request = alice.asks_to_verify(&bot.id()).await;
    let sas = alice.compares(&request).await;
    terminal.shows().await;
    // She closes the dialog while somebody still looks.
    sas.cancel().await.unwrap();
    let error = outcome.await.unwrap().unwrap_err().to_string();
    assert_eq!(error, format!("{} gave up: they cancelled", alice.id()));
    assert!(!alice.has_verified(&bot.id()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_its_owner_has_not_verified_is_not_compared_with() {
    let (bot, alice, _) = stopped().await;
    let url = shared().await;
    let local = alice.id().localpart().to_owned();
    let other = Person::log_in(&url, &local, Signed::No).await;
    let (outcome, sitting, mut terminal) = verify(&bot, &alice);
    let refused = other.asks_device(&bot.id(), bot.matrix.device()).await;
    other
        .until("a no", |_| refused.is_cancelled().then_some(()))
        .await;
    let told = sitting.told.lock().unwrap().join("\n");
    assert!(told.contains("which its owner has not verified"), "{told}");
    // And it waits on for a session that is.
    let request = alice.asks_to_verify(&bot.id()).await;
    let sas = alice.compares(&request).await;
    terminal.shows().await;
    terminal.types(Match::Same).await;
    sas.confirm().await.unwrap();
    outcome.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_running_bot_says_once_how_it_is_verified() {
    let url = shared().await;
    let bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    direct(&bot, &alice).await;
    for turn in 0..3 {
        let request = if turn == 1 {
            alice.asks_device(&bot.id(), bot.matrix.device()).await
        } else {
            alice.asks_to_verify(&bot.id()).await
        };
        alice
            .until("a no", |_| request.is_cancelled().then_some(()))
            .await;
        alice
            .sees(&bot.id(), "underrose setup matrix --verify")
            .await;
    }
    bot.desk
        .answers("vuln help", underrose_chat::Message::text("the help"));
    let room = alice.client.get_dm_room(&bot.id()).unwrap();
    alice.says(room.room_id(), "vuln help").await;
    alice.sees(&bot.id(), "the help").await;
    let how = |one: &&crate::support::person::Shown| one.body().contains("--verify");
    assert_eq!(alice.shown().iter().filter(how).count(), 1);
    assert!(!alice.has_verified(&bot.id()).await);
}

/// Element sends what it asks unencrypted, by the specification. That has no words, and is no attack.
#[tokio::test(flavor = "multi_thread")]
async fn to_ask_in_plain_text_is_not_to_be_distrusted() {
    let url = shared().await;
    let bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let room = direct(&bot, &alice).await;
    let asked = serde_json::json!({
        "msgtype": "m.key.verification.request",
        "body": "Alice wants to verify your key, and your client cannot",
        "from_device": alice.client.device_id().unwrap(),
        "methods": ["m.sas.v1"],
        "to": bot.id(),
    });
    alice.puts(&room, "m.room.message", asked).await;
    alice
        .sees(&bot.id(), "underrose setup matrix --verify")
        .await;
    alice.says(&room, "vuln help").await;
    bot.desk.hears("vuln help").await;
    let distrusted = |what: &underrose_chat::Happening| {
        matches!(what, underrose_chat::Happening::Distrusted { .. })
    };
    assert!(!bot.desk.all().iter().any(distrusted));
}
