//! The attacker's part: each of these must fail, and be told.

use matrix_sdk::ruma::RoomId;
use serde_json::json;
use underrose_chat::{
    Action, Block, Choice, DeliverError, Distrust, Happening, Message, Place, Weight,
};

use crate::support::bot::{Bot, public, room, to, user};
use crate::support::person::{Person, Signed};
use crate::{name, shared};

/// A case's room with a bot and a member in it.
async fn case(
    number: &str,
) -> (
    Bot,
    Person,
    underrose_chat::RoomId,
    matrix_sdk::ruma::OwnedRoomId,
) {
    let url = shared().await;
    let bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let case = bot.opens(number, &[alice.id()]).await;
    let id = RoomId::parse(&case.id).unwrap();
    alice.joins(&id).await;
    (bot, alice, case, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_text_in_an_encrypted_room_is_not_obeyed() {
    let (bot, alice, case, id) = case("case-2026-0101").await;
    let content = json!({"msgtype": "m.text", "body": "!vuln embargo lift because I say so"});
    alice.puts(&id, "m.room.message", content).await;
    let told = bot
        .desk
        .until("plain text", |what| match what {
            Happening::Distrusted {
                by,
                place,
                why: Distrust::Plaintext,
            } => Some((by.clone(), place.clone())),
            _ => None,
        })
        .await;
    assert_eq!(told, (user(alice.id()), Place::Room { room: case }));
    let said = alice.says(&id, "!vuln status").await;
    bot.desk.hears("vuln status").await;
    assert_eq!(bot.desk.texts(), ["vuln status"]);
    // Nor as the edit of what was encrypted, dressed up as something that may be sent in plain text.
    let dressed = json!({"msgtype": "m.key.verification.request", "body": "x",
        "m.new_content": {"msgtype": "m.text", "body": "!vuln close"},
        "m.relates_to": {"rel_type": "m.replace", "event_id": said}});
    alice.puts(&id, "m.room.message", dressed).await;
    alice.says(&id, "!vuln next").await;
    bot.desk.hears("vuln next").await;
    let all = bot.desk.all();
    let distrusted = |what: &&Happening| matches!(what, Happening::Distrusted { .. });
    assert_eq!(all.iter().filter(distrusted).count(), 2);
    assert_eq!(bot.desk.texts(), ["vuln status", "vuln next"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_its_owner_has_not_signed_is_not_obeyed_and_gets_no_keys() {
    let (bot, alice, case, id) = case("case-2026-0102").await;
    let url = shared().await;
    let local = alice.id().localpart().to_owned();
    // The homeserver, or who stole the password, adds a device of their own.
    let intruder = Person::log_in(&url, &local, Signed::No).await;
    bot.desk.answers(
        "Device",
        Message::text("that device is not yours, it seems"),
    );
    alice.says(&id, "!vuln status").await;
    bot.desk.hears("vuln status").await;
    intruder.joined(&id).await;
    intruder.says(&id, "!vuln close").await;
    let by = bot
        .desk
        .until("the unsigned device", |what| match what {
            Happening::Distrusted {
                by,
                why: Distrust::Device,
                ..
            } => Some(by.clone()),
            _ => None,
        })
        .await;
    assert_eq!(by, user(alice.id()));
    assert_eq!(bot.desk.texts(), ["vuln status"]);
    // It is told what to do, in words that it can read: plain, and about nothing else.
    let opened = intruder.joins_next().await;
    let opened = opened.room_id().to_owned();
    intruder
        .until("what to do", |me| {
            me.shown()
                .into_iter()
                .find(|one| one.body().contains("verify this session"))
        })
        .await;
    let _ = opened;
    bot.posts("secret", to(&case), Message::text("the secret"))
        .await;
    alice.sees(&bot.id(), "the secret").await;
    let locked = intruder
        .until("something locked", |me| {
            me.shown()
                .into_iter()
                .find(|one| one.locked && one.room == id && one.sender() == bot.matrix.user())
        })
        .await;
    assert!(locked.locked);
    assert!(
        !intruder
            .shown()
            .iter()
            .any(|one| one.body().contains("the secret"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_is_a_casual_choice_of_ours_or_nothing() {
    let (bot, alice, case, id) = case("case-2026-0103").await;
    let choice = |label: &str, command: &str, weight| Choice {
        label: label.into(),
        command: command.into(),
        weight,
        confirm: None,
    };
    let card = Message {
        blocks: vec![Block::Choices {
            choices: vec![
                choice("I have it", "oncall ack 2026-0103", Weight::Casual),
                choice("Publish", "vuln announce go abcd", Weight::Binding),
            ],
        }],
    };
    let at = bot.posts("card", to(&case), card).await;
    alice.sees(&bot.id(), "I have it").await;
    // For the binding choice, on somebody else's message, and with a key that was never offered.
    alice.reacts(&id, &at.message.0, "2️⃣").await;
    alice.reacts(&id, &at.message.0, "👍").await;
    // Somebody else's message that looks like an offer.
    let forged = alice
        .sends(&id, json!({"msgtype": "m.text", "body": "1 go",
            "dev.underrose.choices": [{"command": "vuln announce go abcd", "reaction": "1️⃣", "typed": true}]}))
        .await;
    alice.reacts(&id, forged.as_str(), "1️⃣").await;
    // And the one that counts.
    alice.reacts(&id, &at.message.0, "1️⃣").await;
    let pressed = bot
        .desk
        .until("the press", |what| match what {
            Happening::Pressed {
                by,
                command,
                message,
                ..
            } => Some((by.clone(), command.clone(), message.clone())),
            _ => None,
        })
        .await;
    assert_eq!(
        pressed,
        (
            user(alice.id()),
            "oncall ack 2026-0103".into(),
            at.message.clone()
        )
    );
    // A binding choice is typed: its number in an answer to the message, or its words.
    alice
        .sends(
            &id,
            json!({"msgtype": "m.text", "body": "2",
            "m.relates_to": {"m.in_reply_to": {"event_id": at.message.0}}}),
        )
        .await;
    let command = bot
        .desk
        .until("the number", |what| match what {
            Happening::Pressed { command, .. } if command.contains("announce go") => {
                Some(command.clone())
            }
            _ => None,
        })
        .await;
    assert_eq!(command, "vuln announce go abcd");
    let presses = bot
        .desk
        .all()
        .iter()
        .filter(|what| matches!(what, Happening::Pressed { .. }))
        .count();
    assert_eq!(presses, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_cannot_bring_an_outsider_in_and_who_is_in_is_told() {
    let (bot, alice, case, id) = case("case-2026-0104").await;
    let url = shared().await;
    let mallory = Person::new(&url, &name("mallory"), Signed::Yes).await;
    let room = alice.client.get_room(&id).unwrap();
    assert!(room.invite_user_by_id(mallory.id()).await.is_err());
    // Through the bot's own hand it is possible, and then taken back.
    bot.delivers(
        "invite",
        &Action::Invite {
            room: case.clone(),
            who: user(mallory.id()),
        },
    )
    .await;
    mallory
        .until("the invitation", |me| me.client.invited_rooms().pop())
        .await;
    bot.delivers(
        "remove",
        &Action::Remove {
            room: case.clone(),
            who: user(mallory.id()),
        },
    )
    .await;
    let state = alice.state(&id).await;
    assert_eq!(
        state[&format!("m.room.member/{}", mallory.id())]["membership"],
        "leave"
    );
    assert!(mallory.client.join_room_by_id(&id).await.is_err());
    // A member of a committee's own room invites somebody: the core hears who, and by whom.
    let carol = Person::new(&url, &name("carol"), Signed::Yes).await;
    let own = alice.opens(&[], true).await;
    let own_id = own.room_id().to_owned();
    let other = Bot::with(&url, &name("bot"), |settings| {
        settings.rooms.push(own_id.to_string())
    })
    .await;
    own.invite_user_by_id(&other.id()).await.unwrap();
    other
        .desk
        .until("its members", |what| {
            matches!(what, Happening::Members { .. }).then_some(())
        })
        .await;
    own.invite_user_by_id(carol.id()).await.unwrap();
    let invited_by = other
        .desk
        .until("the outsider", |what| match what {
            Happening::Joined {
                who, invited_by, ..
            } if *who == user(carol.id()) => Some(invited_by.clone()),
            _ => None,
        })
        .await;
    assert_eq!(invited_by, Some(user(alice.id())));
}

/// The homeserver hands whoever was removed the ciphertext of what followed.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_removed_has_no_key_for_what_follows() {
    let url = shared().await;
    let mut bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let mallory = Person::new(&url, &name("mallory"), Signed::Yes).await;
    let case = bot
        .opens("case-2026-0107", &[alice.id(), mallory.id()])
        .await;
    let id = RoomId::parse(&case.id).unwrap();
    alice.joins(&id).await;
    mallory.joins(&id).await;
    let before = bot
        .posts("before", to(&case), Message::text("before"))
        .await;
    mallory.sees(&bot.id(), "before").await;
    // No sync tells the bot's client that anybody went.
    bot.ends().await;
    let remove = Action::Remove {
        room: case.clone(),
        who: user(mallory.id()),
    };
    bot.delivers("remove", &remove).await;
    let after = bot.posts("after", to(&case), Message::text("after")).await;
    alice.sees(&bot.id(), "after").await;
    // Keys come in the order in which they were sent: a later one is there.
    bot.begins().await;
    mallory.accepts_all();
    let direct = underrose_chat::Target::Direct {
        user: user(mallory.id()),
    };
    bot.posts("direct", direct, Message::text("you are out"))
        .await;
    mallory.sees(&bot.id(), "you are out").await;
    let room = mallory.client.get_room(&id).unwrap();
    let reads = async |event: &str| {
        let raw = alice.raw(&id, event).await;
        let raw = matrix_sdk::ruma::serde::Raw::new(&raw).unwrap();
        let opened = room.decrypt_event(raw.cast_ref_unchecked(), None).await;
        opened.is_ok_and(|event| event.encryption_info().is_some())
    };
    assert!(reads(&before.message.0).await, "what was said to them");
    assert!(!reads(&after.message.0).await, "what was not");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_edited_into_a_command_is_marked_so() {
    let (bot, alice, _, id) = case("case-2026-0105").await;
    let first = alice.says(&id, "good morning").await;
    bot.desk.hears("good morning").await;
    alice
        .sends(
            &id,
            json!({"msgtype": "m.text", "body": "* !vuln close",
            "m.new_content": {"msgtype": "m.text", "body": "!vuln close"},
            "m.relates_to": {"rel_type": "m.replace", "event_id": first}}),
        )
        .await;
    let Happening::Text { edited, .. } = bot.desk.hears("vuln close").await else {
        panic!()
    };
    assert!(edited);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_message_sent_again_under_a_new_name_is_not_obeyed() {
    let (bot, alice, _, id) = case("case-2026-0106").await;
    let first = alice.says(&id, "!vuln announce hold").await;
    bot.desk.hears("vuln announce hold").await;
    // The homeserver has the ciphertext, and sends it once more.
    let raw = alice.raw(&id, first.as_str()).await;
    alice
        .puts(&id, "m.room.encrypted", raw["content"].clone())
        .await;
    bot.desk
        .until("the replay", |what| {
            matches!(what, Happening::Distrusted { .. }).then_some(())
        })
        .await;
    // Saying the same once more is no replay.
    alice.says(&id, "!vuln announce hold").await;
    alice.says(&id, "done").await;
    bot.desk.hears("done").await;
    assert_eq!(
        bot.desk.texts(),
        ["vuln announce hold", "vuln announce hold", "done"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_made_public_under_the_bots_feet_gets_nothing_more() {
    let url = shared().await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let own = alice.opens(&[], true).await;
    let id = own.room_id().to_owned();
    let bot = Bot::with(&url, &name("bot"), |settings| {
        settings.rooms.push(id.to_string())
    })
    .await;
    own.invite_user_by_id(&bot.id()).await.unwrap();
    bot.desk
        .until("its members", |what| {
            matches!(what, Happening::Members { .. }).then_some(())
        })
        .await;
    let here = room(&id);
    bot.posts("before", to(&here), Message::text("private news"))
        .await;
    own.send_state_event_raw("m.room.join_rules", "", json!({"join_rule": "public"}))
        .await
        .unwrap();
    let why = bot
        .desk
        .until("the exposure", |what| match what {
            Happening::Exposed { room, why } if *room == here => Some(why.clone()),
            _ => None,
        })
        .await;
    assert_eq!(why, "everybody may join the room");
    let late = bot
        .deliver("late", &Action::post(to(&here), Message::text("more news")))
        .await;
    assert!(matches!(late, Err(DeliverError::Reject { .. })), "{late:?}");
    // What is public may still be said.
    bot.delivers(
        "public",
        &public(to(&here), Message::text("all may read this")),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_person_makes_a_direct_room_no_place_for_secrets() {
    let url = shared().await;
    let bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let mallory = Person::new(&url, &name("mallory"), Signed::Yes).await;
    let direct = alice.direct_with(&bot.id()).await;
    let id = direct.room_id().to_owned();
    alice.sees_joining(&bot.id(), &id).await;
    alice.says(&id, "vuln one").await;
    bot.desk.hears("vuln one").await;
    direct.invite_user_by_id(mallory.id()).await.unwrap();
    alice.says(&id, "vuln two").await;
    let Happening::Text { place, .. } = bot.desk.hears("vuln two").await else {
        panic!()
    };
    assert_eq!(
        place,
        Place::Room { room: room(&id) },
        "no direct message any more"
    );
    let page = underrose_chat::Target::Direct {
        user: user(alice.id()),
    };
    let at = bot.posts("page", page, Message::text("a page")).await;
    assert!(
        !at.message.0.starts_with(id.as_str()),
        "it went where a third person reads"
    );
}
