//! What the bot does in rooms: once per key, encrypted, and nothing private where it would not
//! stay so.

use chrono::DateTime;
use serde_json::json;
use underrose_chat::{
    Action, Adapter, Block, Choice, DeliverError, Message, Receipt, Target, Weight,
};

use crate::support::bot::{Bot, key, public, room, to, user};
use crate::support::person::{Person, Signed};
use crate::{name, shared};

#[tokio::test(flavor = "multi_thread")]
async fn a_case_s_room_keeps_its_secrets() {
    let url = shared().await;
    let bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let case = bot.opens("case-2026-0001", &[alice.id()]).await;
    let id = matrix_sdk::ruma::RoomId::parse(&case.id).unwrap();
    alice.joins(&id).await;
    let state = alice.state(&id).await;
    assert_eq!(
        state["m.room.encryption"]["algorithm"],
        "m.megolm.v1.aes-sha2"
    );
    assert_eq!(state["m.room.join_rules"]["join_rule"], "invite");
    assert_eq!(
        state["m.room.history_visibility"]["history_visibility"],
        "invited"
    );
    assert_eq!(state["m.room.guest_access"]["guest_access"], "forbidden");
    assert_eq!(state["m.room.name"]["name"], "case-2026-0001");
    let power = &state["m.room.power_levels"];
    for right in ["invite", "kick", "ban", "redact", "state_default"] {
        assert_eq!(power[right], 100, "{right}");
    }
    assert_eq!(power["users_default"], 0);
    assert!(
        alice
            .client
            .get_room(&id)
            .unwrap()
            .invite_user_by_id(&bot.id())
            .await
            .is_err()
    );

    let at = bot
        .posts("card", to(&case), Message::text("the card"))
        .await;
    let seen = alice.sees(&bot.id(), "the card").await;
    assert!(seen.encrypted);
    assert_eq!(seen.id().as_str(), at.message.0);
    let raw = alice.raw(&id, &at.message.0).await;
    assert_eq!(raw["type"], "m.room.encrypted");
    // The same key, after the process has forgotten everything it said.
    let mut bot = bot;
    bot.ends().await;
    bot.begins().await;
    let again = bot
        .posts("card", to(&case), Message::text("the card"))
        .await;
    assert_eq!(again, at);
    assert_eq!(bot.opens("case-2026-0001", &[alice.id()]).await, case);
    // Cards are edited in place, pinned, and the topic follows.
    bot.delivers(
        "edit",
        &Action::edit(at.clone(), Message::text("the newer card")),
    )
    .await;
    let edit = alice.sees(&bot.id(), "the newer card").await;
    assert_eq!(
        edit.event["content"]["m.relates_to"]["event_id"],
        at.message.0
    );
    bot.delivers("pin", &Action::Pin { at: at.clone() }).await;
    bot.delivers(
        "topic",
        &Action::SetTopic {
            room: case.clone(),
            topic: "case 2026-0001, triaging".into(),
        },
    )
    .await;
    let state = alice.state(&id).await;
    assert_eq!(
        state["m.room.pinned_events"]["pinned"],
        json!([at.message.0])
    );
    assert_eq!(state["m.room.topic"]["topic"], "case 2026-0001, triaging");
    // Archived: people read on, and nobody says more.
    bot.delivers("archive", &Action::Archive { room: case.clone() })
        .await;
    let late = bot
        .deliver("late", &Action::post(to(&case), Message::text("late")))
        .await;
    assert!(matches!(late, Err(DeliverError::Reject { .. })), "{late:?}");
    let alices = alice.client.get_room(&id).unwrap();
    assert!(
        alices
            .send_raw("m.room.message", json!({"msgtype": "m.text", "body": "x"}))
            .await
            .is_err()
    );
}

/// Where the configuration closes them, case rooms are for people of this homeserver.
#[tokio::test(flavor = "multi_thread")]
async fn a_case_s_room_is_federated_only_where_the_configuration_leaves_it_open() {
    use underrose_matrix::Federation;
    let url = shared().await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    for (federation, federated) in [
        (Federation::Open, json!(null)),
        (Federation::Closed, json!(false)),
    ] {
        let change = |settings: &mut underrose_matrix::Settings| settings.federation = federation;
        let bot = Bot::with(&url, &name("bot"), change).await;
        let case = bot.opens("case-2026-0006", &[alice.id()]).await;
        let id = matrix_sdk::ruma::RoomId::parse(&case.id).unwrap();
        alice.joins(&id).await;
        let state = alice.state(&id).await;
        assert_eq!(state["m.room.create"]["m.federate"], federated);
    }
}

/// A creation that was cut short in the homeserver's middle: the address stands, nobody is invited.
#[tokio::test(flavor = "multi_thread")]
async fn a_room_half_made_is_finished_before_anything_is_said_in_it() {
    let url = shared().await;
    let bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let name = key("half");
    let half = Action::OpenRoom {
        name: "case-2026-0003".into(),
        topic: "t".into(),
        invite: vec![],
    };
    let Ok(Receipt::Room { room: case }) = bot.matrix.deliver(&name, &half).await else {
        panic!("not opened")
    };
    // The client has looked at who is there, as it does before it says something.
    bot.posts("early", to(&case), Message::text("nobody hears this"))
        .await;
    let whole = Action::OpenRoom {
        name: "case-2026-0003".into(),
        topic: "t".into(),
        invite: vec![user(alice.id())],
    };
    assert_eq!(
        bot.matrix.find(&name, &whole, DateTime::UNIX_EPOCH).await,
        Ok(None)
    );
    let opened = bot.matrix.deliver(&name, &whole).await;
    assert_eq!(opened, Ok(Receipt::Room { room: case.clone() }));
    assert_eq!(
        bot.matrix.find(&name, &whole, DateTime::UNIX_EPOCH).await,
        opened.map(Some)
    );
    bot.posts("card", to(&case), Message::text("the card"))
        .await;
    let id = matrix_sdk::ruma::RoomId::parse(&case.id).unwrap();
    alice.joins(&id).await;
    assert!(alice.sees(&bot.id(), "the card").await.encrypted);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_openings_under_one_key_leave_one_room() {
    let url = shared().await;
    let bot = Bot::new(&url, &name("bot")).await;
    let action = Action::OpenRoom {
        name: "case-2026-0002".into(),
        topic: "t".into(),
        invite: vec![],
    };
    let name = key("twice");
    assert_eq!(
        bot.matrix.find(&name, &action, DateTime::UNIX_EPOCH).await,
        Ok(None)
    );
    let (one, two) = tokio::join!(
        bot.matrix.deliver(&name, &action),
        bot.matrix.deliver(&name, &action)
    );
    assert_eq!(one, two);
    assert_eq!(
        bot.matrix
            .find(&name, &action, DateTime::UNIX_EPOCH)
            .await
            .unwrap(),
        one.ok()
    );
    let other = bot.matrix.deliver(&key("another"), &action).await;
    assert_ne!(other, two, "a room is never taken over by its name");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_private_is_said_in_the_open() {
    let url = shared().await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let hall = alice.opens(&[], false).await;
    let id = hall.room_id().to_owned();
    let bot = Bot::with(&url, &name("bot"), |settings| {
        settings.rooms.push(id.to_string())
    })
    .await;
    hall.invite_user_by_id(&bot.id()).await.unwrap();
    alice.sees_joining(&bot.id(), &id).await;
    let hall = room(&id);
    // The bot itself may hear later than others that it was let in.
    let secret = Action::post(to(&hall), Message::text("secret"));
    let reason = bot.is_refused("secret", &secret).await;
    assert!(!reason.contains("secret"));
    let said = bot
        .delivers(
            "announced",
            &public(to(&hall), Message::text("announcement")),
        )
        .await;
    assert!(matches!(said, Receipt::Posted { .. }));
    let seen = alice.sees(&bot.id(), "announcement").await;
    assert!(!seen.encrypted);
    // Not as a notice, of which nobody's client says anything.
    assert_eq!(seen.event["content"]["msgtype"], "m.text");
    assert!(
        !alice
            .shown()
            .iter()
            .any(|one| one.body().contains("secret"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_comes_in_an_encrypted_room_of_two() {
    let url = shared().await;
    let mut bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let direct = Target::Direct {
        user: user(alice.id()),
    };
    let page = Message {
        blocks: vec![
            Block::Paragraph {
                parts: vec![underrose_chat::Inline::Mention {
                    user: user(alice.id()),
                    name: "Alice".into(),
                }],
            },
            Block::Choices {
                choices: vec![Choice {
                    label: "I have it".into(),
                    command: "oncall ack 2026-0001".into(),
                    weight: Weight::Casual,
                    confirm: None,
                }],
            },
        ],
    };
    let at = bot.posts("page", direct.clone(), page.clone()).await;
    let opened = alice.joins_next().await;
    assert!(
        opened
            .latest_encryption_state()
            .await
            .unwrap()
            .is_encrypted()
    );
    // It came before she had joined, and she reads it.
    alice.sees(&bot.id(), "Alice").await;
    let later = bot.posts("page2", direct.clone(), page).await;
    let seen = alice.sees(&bot.id(), "Alice").await;
    assert!(seen.encrypted);
    assert_eq!(
        seen.event["content"]["m.mentions"]["user_ids"],
        json!([alice.id()])
    );
    // A second process finds the same room, by the account's data.
    bot.ends().await;
    bot.begins().await;
    let third = bot
        .posts("page3", direct.clone(), Message::text("third"))
        .await;
    let of = |at: &underrose_chat::MessageRef| at.message.0.split("/$").next().unwrap().to_owned();
    assert_eq!(of(&at), of(&later));
    assert_eq!(of(&at), of(&third));
    alice.sees(&bot.id(), "third").await;
}
