//! What a message of ours offers is what it shows now, and an answer is for the message that it
//! names, whatever process reads it.

use matrix_sdk::ruma::RoomId;
use serde_json::json;
use underrose_chat::{Action, Block, Choice, Happening, Message, Place, Weight};

use crate::support::bot::{Bot, room, to};
use crate::support::person::{Person, Signed};
use crate::{name, shared};

/// A message that offers this.
fn offers(command: &str) -> Message {
    let mut message = Message::text(format!("what next? {command}"));
    message.blocks.push(Block::Choices {
        choices: vec![Choice {
            label: "Arm".into(),
            command: command.into(),
            weight: Weight::Binding,
            confirm: None,
        }],
    });
    message
}

/// A message that offers these, each by a reaction.
fn casual(commands: &[&str]) -> Message {
    let mut message = Message::text("what next?");
    let choice = |command: &&str| Choice {
        label: "Next".into(),
        command: (*command).into(),
        weight: Weight::Casual,
        confirm: None,
    };
    let choices = commands.iter().map(choice).collect();
    message.blocks.push(Block::Choices { choices });
    message
}

async fn pressed(bot: &Bot, wanted: &str) -> Place {
    let found = |what: &Happening| match what {
        Happening::Pressed { command, place, .. } if command == wanted => Some(place.clone()),
        _ => None,
    };
    bot.desk.until(wanted, found).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_message_offers_what_it_shows_now() {
    let url = shared().await;
    let mut bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let case = bot.opens("case-2026-0301", &[alice.id()]).await;
    let id = RoomId::parse(&case.id).unwrap();
    alice.joins(&id).await;
    let card = bot.posts("card", to(&case), offers("vuln arm aa")).await;
    let edit = Action::edit(card.clone(), offers("vuln arm bb"));
    bot.delivers("edit", &edit).await;
    alice.sees(&bot.id(), "vuln arm bb").await;
    bot.ends().await;
    bot.begins().await;
    let number = |text: &str| {
        json!({"msgtype": "m.text", "body": text,
            "m.relates_to": {"m.in_reply_to": {"event_id": card.message.0}}})
    };
    alice.sends(&id, number("1")).await;
    pressed(&bot, "vuln arm bb").await;
    // And nothing, once it shows nothing to choose: then the number is but a word.
    let settled = Action::edit(card.clone(), Message::text("it is armed"));
    bot.delivers("settled", &settled).await;
    alice.sends(&id, number("1.")).await;
    bot.desk.hears("1.").await;
    bot.ends().await;
    bot.begins().await;
    alice.sends(&id, number(" 1 ")).await;
    bot.desk.hears("1").await;
    let presses = bot.desk.all();
    let presses = presses
        .iter()
        .filter(|what| matches!(what, Happening::Pressed { .. }));
    assert_eq!(presses.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_two_messages_offer_are_for_the_one_that_is_answered() {
    let url = shared().await;
    let bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    alice.accepts_all();
    // The same is asked in two rooms, and each time answered to her alone.
    let mut asked = Vec::new();
    for number in [302, 303] {
        let case = bot
            .opens(&format!("case-2026-0{number}"), &[alice.id()])
            .await;
        let id = RoomId::parse(&case.id).unwrap();
        alice.joined(&id).await;
        let text = format!("vuln go {number}");
        bot.desk.answers(&text, offers_in("vuln sure", number));
        alice.says(&id, &format!("!{text}")).await;
        let shown = alice.sees(&bot.id(), &format!("of {number}")).await;
        asked.push((id, shown));
    }
    let (first, shown) = &asked[0];
    let reply = json!({"msgtype": "m.text", "body": "!vuln sure",
        "m.relates_to": {"m.in_reply_to": {"event_id": shown.id()}}});
    alice.sends(&shown.room, reply).await;
    let place = pressed(&bot, "vuln sure").await;
    assert_eq!(place, Place::Room { room: room(first) });
}

fn offers_in(command: &str, number: u32) -> Message {
    let mut message = offers(command);
    message
        .blocks
        .extend(Message::text(format!("of {number}")).blocks);
    message
}

/// What somebody pressed is not left under a message in which the number means something else: it
/// would look like their answer to that, and they could not press it.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_means_something_else_now_can_be_pressed_again() {
    let url = shared().await;
    let bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let case = bot.opens("case-2026-0304", &[alice.id()]).await;
    let id = RoomId::parse(&case.id).unwrap();
    alice.joins(&id).await;
    let card = bot.posts("card", to(&case), casual(&["vuln ack"])).await;
    let at = card.message.0.clone();
    offered(&bot, &alice, "1️⃣").await;
    let press = alice.reacts(&id, &at, "1️⃣").await;
    alice.reacts(&id, &at, "👍").await;
    pressed(&bot, "vuln ack").await;
    let edit = Action::edit(card, casual(&["vuln score", "vuln ready"]));
    bot.delivers("edit", &edit).await;
    offered(&bot, &alice, "2️⃣").await;
    let shown = alice.shown().into_iter();
    let redactions = shown.filter(|one| one.kind() == "m.room.redaction");
    let taken: Vec<_> = redactions
        .map(|one| one.event["content"]["redacts"].clone())
        .collect();
    assert_eq!(taken, [json!(press)]);
    alice.reacts(&id, &at, "1️⃣").await;
    pressed(&bot, "vuln score").await;
}

/// A client shows what is answered, and it cannot show a reaction by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_press_is_answered_under_what_was_pressed() {
    let url = shared().await;
    let bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let direct = underrose_chat::Target::Direct {
        user: crate::support::bot::user(alice.id()),
    };
    alice.accepts_all();
    bot.desk.answers("oncall ack", Message::text("you have it"));
    bot.posts("page", direct, casual(&["oncall ack"])).await;
    let page = alice.sees(&bot.id(), "what next?").await;
    let id = page.id();
    alice.reacts(&page.room, id.as_str(), "1️⃣").await;
    let answer = alice.sees(&bot.id(), "you have it").await;
    let to = &answer.event["content"]["m.relates_to"]["m.in_reply_to"]["event_id"];
    assert_eq!(to, id.as_str());
}

async fn offered(bot: &Bot, alice: &Person, key: &str) {
    let is = |one: &crate::support::person::Shown| {
        one.kind() == "m.reaction"
            && one.sender() == bot.id().as_str()
            && one.event["content"]["m.relates_to"]["key"] == key
    };
    alice.until(key, |me| me.shown().into_iter().find(is)).await;
}
