//! A conversation is one message in a thread, whatever process replaces it.

use matrix_sdk::ruma::RoomId;
use underrose_chat::{Block, Choice, Happening, Immediate, Message, MessageId, Readers, Weight};

use crate::support::bot::{Bot, key};
use crate::support::person::{Person, Signed};
use crate::{name, shared};

/// A step that asks something.
fn step(text: &str, readers: Readers) -> Immediate {
    let mut message = Message::text(text);
    message.blocks.push(Block::Choices {
        choices: vec![Choice {
            label: "Network".into(),
            command: "AV:N".into(),
            weight: Weight::Binding,
            confirm: None,
        }],
    });
    Immediate::Step {
        talk: key("a conversation"),
        message,
        readers,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_one_message_in_its_thread() {
    let url = shared().await;
    let mut bot = Bot::new(&url, &name("bot")).await;
    bot.desk.gives("vuln score", step("first", Readers::Room));
    bot.desk.gives("number one", step("second", Readers::Room));
    bot.desk.gives("aside", step("third", Readers::Room));
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let case = bot.opens("case-2026-0005", &[alice.id()]).await;
    let id = RoomId::parse(&case.id).unwrap();
    alice.joins(&id).await;
    let root = alice.says(&id, "!vuln score").await.to_string();
    let shown = alice.sees_thread(&bot.id(), &root).await;
    assert!(
        shown.encrypted && shown.body().contains("first"),
        "{shown:?}"
    );
    bot.ends().await;
    bot.begins().await;
    alice.says_in_thread(&id, &root, "number one").await;
    alice.sees_replaced(&shown, "second").await;
    // Its number is for the conversation: what it stands for is the core's to say.
    alice.says_in_thread(&id, &root, "1").await;
    for said in ["vuln score", "number one", "1"] {
        let heard = bot.desk.hears(said).await;
        assert_eq!(heard.thread(), Some(&MessageId(root.clone())), "{said}");
    }
    // An answer to the message, from a client without threads, belongs to it as well.
    let reply = serde_json::json!({"msgtype": "m.text", "body": "aside",
        "m.relates_to": {"m.in_reply_to": {"event_id": shown.id()}}});
    alice.sends(&id, reply).await;
    alice.sees_replaced(&shown, "third").await;
    let heard = bot.desk.hears("aside").await;
    assert_eq!(heard.thread(), Some(&MessageId(root.clone())));
    assert_eq!(alice.thread(&bot.id(), &root).len(), 1);
    let pressed = |what: &Happening| matches!(what, Happening::Pressed { .. });
    assert!(!bot.desk.all().iter().any(pressed));
}
