//! Deliveries when Slack is slow, gone, full, or says no.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;
use underrose_chat::{Action, Adapter, DeliverError, Message, Openness, Receipt, Target};
use underrose_slack_emulator::{Kind, Standing, Trouble};

use crate::stage::{Stage, key, network, post, room, slack_at, socket, user};

fn said(stage: &Stage, channel: &str) -> usize {
    stage.emulator.look(|world| {
        world.channels[channel]
            .messages
            .iter()
            .filter(|message| message.by_app)
            .count()
    })
}

fn open(name: &str, invite: &[&str]) -> Action {
    Action::OpenRoom {
        name: name.into(),
        topic: "case 2026-0001".into(),
        invite: invite.iter().map(|id| user(id)).collect(),
    }
}

fn rooms(stage: &Stage) -> Vec<String> {
    stage.emulator.look(|world| {
        let open = |channel: &&underrose_slack_emulator::Channel| {
            channel.kind == Kind::Private && !channel.is_archived
        };
        world
            .channels
            .values()
            .filter(open)
            .map(|channel| channel.id.clone())
            .collect()
    })
}

fn public(channel: &str, text: &str) -> Action {
    let to = Target::Room {
        room: room(channel),
        thread: None,
    };
    Action::Post {
        to,
        message: Message::text(text),
        openness: Openness::Public,
        notice: None,
    }
}

#[tokio::test]
async fn an_ambiguous_post_is_looked_for_and_said_once() {
    let stage = Stage::new().await;
    let hall = stage.emulator.public("announce", &[]);
    for (number, trouble) in [Trouble::DropAnswer, Trouble::DropCall, Trouble::Status(502)]
        .into_iter()
        .enumerate()
    {
        let name = key(&format!("a{number}"));
        stage.emulator.fail("chat.postMessage", trouble.clone(), 1);
        let first = stage
            .slack
            .deliver(&name, &public(&hall, "It is out."))
            .await;
        assert!(
            matches!(first, Err(DeliverError::Retry { .. })),
            "{trouble:?}: {first:?}"
        );
        assert!(
            stage
                .slack
                .deliver(&name, &public(&hall, "It is out."))
                .await
                .is_ok()
        );
        assert_eq!(said(&stage, &hall), number + 1, "{trouble:?}");
    }
}

#[tokio::test]
async fn what_a_process_said_before_it_died_is_found_by_the_next() {
    let stage = Stage::new().await;
    let hall = stage.emulator.public("announce", &[]);
    let first = stage
        .slack
        .deliver(&key("a1"), &public(&hall, "It is out."))
        .await
        .unwrap();
    let ann = stage.emulator.person("ann");
    stage.emulator.actor(&ann).join(&hall).unwrap();
    for n in 0..450 {
        stage
            .emulator
            .actor(&ann)
            .say(&hall, &format!("chatter {n}"))
            .unwrap();
    }
    let next = slack_at(&stage.emulator, socket(&stage.emulator));
    let found = next
        .find(
            &key("a1"),
            &public(&hall, "It is out."),
            DateTime::UNIX_EPOCH,
        )
        .await
        .unwrap();
    assert_eq!(found, Some(first));
    assert_eq!(
        next.find(
            &key("a2"),
            &public(&hall, "It is out."),
            DateTime::UNIX_EPOCH
        )
        .await
        .unwrap(),
        None
    );
}

/// A room with a longer history than anybody looks through.
#[tokio::test]
async fn only_what_was_said_since_the_promise_is_looked_through() {
    let stage = Stage::new().await;
    let ann = stage.emulator.person("ann");
    let hall = stage.emulator.public("announce", &[&ann]);
    for n in 0..2_100 {
        let chatter = format!("chatter {n}");
        stage.emulator.actor(&ann).say(&hall, &chatter).unwrap();
    }
    stage.emulator.advance(Duration::from_secs(2 * 3600));
    let promised: DateTime<Utc> = stage.emulator.look(|world| world.now);
    let action = public(&hall, "It is out.");
    let next = slack_at(&stage.emulator, socket(&stage.emulator));
    let found = next.find(&key("a1"), &action, promised).await;
    assert_eq!(found, Ok(None), "it was not said");
    let said = stage.slack.deliver(&key("a1"), &action).await.unwrap();
    let found = next.find(&key("a1"), &action, promised).await;
    assert_eq!(found, Ok(Some(said)));
    // Who cannot be sure says so.
    let unsure = next.find(&key("a2"), &action, DateTime::UNIX_EPOCH).await;
    assert!(matches!(unsure, Err(DeliverError::Reject { .. })));
}

#[tokio::test]
async fn a_room_is_opened_once_however_it_goes_wrong() {
    let stage = Stage::new().await;
    let ann = stage.emulator.person("ann");
    let troubles = [
        ("conversations.create", Trouble::DropAnswer),
        ("conversations.create", Trouble::DropCall),
        ("conversations.setPurpose", Trouble::DropAnswer),
        ("conversations.setPurpose", Trouble::DropCall),
        ("conversations.setTopic", Trouble::Status(500)),
        ("conversations.invite", Trouble::DropCall),
    ];
    for (number, (method, trouble)) in troubles.into_iter().enumerate() {
        let (name, action) = (
            key(&format!("a{number}")),
            open(&format!("case-{number}"), &[&ann]),
        );
        stage.emulator.fail(method, trouble.clone(), 1);
        let first = stage.slack.deliver(&name, &action).await;
        assert!(first.is_err(), "{method} {trouble:?}");
        // Once by this process, and once by one that knows nothing of the attempt.
        let again = if number % 2 == 0 {
            stage.slack.clone()
        } else {
            slack_at(&stage.emulator, socket(&stage.emulator))
        };
        let opened = again.deliver(&name, &action).await;
        let Ok(Receipt::Room { room }) = opened else {
            panic!("{method} {trouble:?}: {opened:?}")
        };
        assert_eq!(rooms(&stage).len(), number + 1, "{method} {trouble:?}");
        stage.emulator.look(|world| {
            let channel = &world.channels[&room.id];
            assert!(channel.members.contains(&ann), "{method} {trouble:?}");
            assert_eq!(
                (channel.name.as_str(), channel.topic.as_str()),
                (format!("case-{number}").as_str(), "case 2026-0001")
            );
            assert_eq!(
                channel.purpose,
                format!("underrose a{number}"),
                "says nothing of the case"
            );
        });
    }
}

#[tokio::test]
async fn a_room_that_was_being_made_is_finished_and_not_taken_for_whole() {
    let stage = Stage::new().await;
    let (ann, bob) = (stage.emulator.person("ann"), stage.emulator.person("bob"));
    let action = open("case-1", &[&ann, &bob]);
    stage
        .emulator
        .fail("conversations.invite", Trouble::DropCall, 1);
    assert!(stage.slack.deliver(&key("a1"), &action).await.is_err());
    // The next process asks first, as the outbox does for what an earlier one may have done.
    let next = slack_at(&stage.emulator, socket(&stage.emulator));
    assert_eq!(
        next.find(&key("a1"), &action, DateTime::UNIX_EPOCH).await,
        Ok(None)
    );
    assert!(next.deliver(&key("a1"), &action).await.is_ok());
    let open = rooms(&stage);
    assert_eq!(open.len(), 1);
    stage.emulator.look(|world| {
        let members = &world.channels[&open[0]].members;
        assert!(
            members.contains(&ann) && members.contains(&bob),
            "{members:?}"
        );
    });
}

#[tokio::test]
async fn two_creations_that_both_succeed_leave_one_room() {
    let stage = Stage::new().await;
    // The first answer is lost, and the second creation does not see the name: node-slack-sdk#1589.
    stage
        .emulator
        .fail("conversations.create", Trouble::DropAnswer, 1);
    assert!(
        stage
            .slack
            .deliver(&key("a1"), &open("case-1", &[]))
            .await
            .is_err()
    );

    stage
        .emulator
        .fail("conversations.create", Trouble::NameRace, 1);
    let next = slack_at(&stage.emulator, socket(&stage.emulator));
    let opened = next.deliver(&key("a1"), &open("case-1", &[])).await;
    let Ok(Receipt::Room { room }) = opened else {
        panic!("{opened:?}")
    };
    assert_eq!(rooms(&stage), [room.id], "the other one is archived");
}

#[tokio::test]
async fn a_room_of_somebody_else_is_never_taken_over() {
    let stage = Stage::new().await;
    let eve = stage.emulator.person("eve");
    let theirs = stage
        .emulator
        .channel("case-1", Kind::Private, &[&eve, &stage.emulator.bot()]);
    let opened = stage.slack.deliver(&key("a1"), &open("case-1", &[])).await;
    let Ok(Receipt::Room { room }) = opened else {
        panic!("{opened:?}")
    };
    assert_ne!(room.id, theirs);
    let name = stage
        .emulator
        .look(|world| world.channels[&room.id].name.clone());
    assert_eq!(name, "case-1-2");
}

#[tokio::test]
async fn what_is_private_is_refused_where_others_read() {
    let stage = Stage::new().await;
    let ann = stage.emulator.person("ann");
    let case = stage.emulator.private("case", &[&ann]);
    let hall = stage.emulator.public("announce", &[]);
    assert!(
        stage
            .slack
            .deliver(&key("a1"), &post(&case, "secret"))
            .await
            .is_ok()
    );
    let shared = stage.emulator.private("shared", &[&ann]);
    let pending = stage.emulator.private("pending", &[&ann]);
    stage.emulator.with(|world| {
        world.channels.get_mut(&shared).unwrap().is_ext_shared = true;
        world
            .channels
            .get_mut(&pending)
            .unwrap()
            .is_pending_ext_shared = true;
    });
    for (number, channel) in [&hall, &shared, &pending].into_iter().enumerate() {
        let refused = stage
            .slack
            .deliver(&key(&format!("b{number}")), &post(channel, "secret"))
            .await;
        let Err(DeliverError::Reject { reason }) = refused else {
            panic!("{refused:?}")
        };
        assert!(
            reason.contains("make the channel private") && !reason.contains("secret"),
            "{reason}"
        );
        assert_eq!(said(&stage, channel), 0);
    }
    assert!(
        stage
            .slack
            .deliver(&key("c1"), &public(&hall, "news"))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_refusal_says_what_a_person_must_do() {
    let stage = Stage::new().await;
    let hall = stage.emulator.public("announce", &[]);
    let check = async |trouble: &str, says: &str| {
        stage
            .emulator
            .fail("chat.postMessage", Trouble::Error(trouble.into()), 1);
        let refused = stage
            .slack
            .deliver(&key(trouble), &public(&hall, "news"))
            .await;
        let Err(DeliverError::Reject { reason }) = refused else {
            panic!("{trouble}: {refused:?}")
        };
        assert!(
            reason.contains(trouble) && reason.contains(says),
            "{reason}"
        );
        assert!(!reason.contains("news"), "{reason}");
    };
    check("missing_scope", "slack-app-manifest.yaml").await;
    check("is_archived", "unarchive").await;
    check("not_in_channel", "/invite").await;
    check("restricted_action", "admin").await;
    check("account_inactive", "install the app again").await;
    check("a_word_of_next_year", "documentation").await;
    stage.emulator.revoke(Standing::Revoked);
    let refused = stage.slack.deliver(&key("z"), &public(&hall, "news")).await;
    assert!(
        matches!(refused, Err(DeliverError::Reject { reason }) if reason.contains("new bot token"))
    );
}

#[tokio::test]
async fn retry_after_holds_for_that_channel_alone() {
    let stage = Stage::new().await;
    let (hall, other) = (
        stage.emulator.public("announce", &[]),
        stage.emulator.public("general", &[]),
    );
    stage
        .emulator
        .fail("chat.postMessage", Trouble::RateLimited { seconds: 30 }, 1);
    let limited = stage
        .slack
        .deliver(&key("a1"), &public(&hall, "news"))
        .await;
    let Err(DeliverError::Retry {
        after: Some(after), ..
    }) = limited
    else {
        panic!("{limited:?}")
    };
    assert_eq!(after, Duration::from_secs(30));
    let calls = stage.emulator.calls("chat.postMessage").len();
    let still = stage
        .slack
        .deliver(&key("a1"), &public(&hall, "news"))
        .await;
    assert!(matches!(
        still,
        Err(DeliverError::Retry { after: Some(_), .. })
    ));
    assert_eq!(
        stage.emulator.calls("chat.postMessage").len(),
        calls,
        "slack is left alone meanwhile"
    );
    assert!(
        stage
            .slack
            .deliver(&key("a2"), &public(&other, "news"))
            .await
            .is_ok()
    );
}

/// A press's answer goes to the address that came with it; while Slack asks for a pause there, by
/// another way.
#[tokio::test]
async fn retry_after_holds_for_response_addresses_and_the_answer_comes_by_another_way() {
    let stage = Stage::up().await;
    let ann = stage.emulator.person("ann");
    let case = stage.emulator.private("case", &[&ann]);
    let choice = underrose_chat::Choice {
        label: "I have it".into(),
        command: "oncall ack".into(),
        weight: underrose_chat::Weight::Casual,
        confirm: None,
    };
    let Action::Post { to, .. } = post(&case, "") else {
        unreachable!()
    };
    let choices = vec![choice];
    let card = Message {
        blocks: vec![underrose_chat::Block::Choices { choices }],
    };
    let posted = Action::post(to, card);
    stage.slack.deliver(&key("a1"), &posted).await.unwrap();
    stage.desk.says("You have it.");
    let pause = Trouble::RateLimited { seconds: 60 };
    stage.emulator.fail("response_url", pause, 1);
    let actor = stage.emulator.actor(&ann);
    for answers in 1..=2 {
        actor.press_labelled(&case, "I have it").await.unwrap();
        stage.emulator.settled().await;
        assert_eq!(actor.ephemerals(&case).len(), answers);
    }
    let asked = stage.emulator.calls("response_url");
    assert_eq!(asked.len(), 1, "slack is left alone meanwhile");
}

#[tokio::test]
async fn a_disabled_user_group_calls_nobody_and_its_successor_is_found() {
    let stage = Stage::new().await;
    let ann = stage.emulator.person("ann");
    let group = stage.emulator.group("oncall", &[]);
    let set = Action::SetOnCall {
        group: "oncall".into(),
        who: vec![user(&ann)],
    };
    stage.slack.deliver(&key("a1"), &set).await.unwrap();
    stage.emulator.with(|world| {
        world.groups.get_mut(&group).unwrap().disabled = true;
    });
    for number in 2..4 {
        let refused = stage.slack.deliver(&key(&format!("a{number}")), &set).await;
        let refused = refused.expect_err("nobody is called").to_string();
        assert!(refused.contains("disabled"), "{refused}");
    }
    let looked = stage.emulator.calls("usergroups.users.update").len();
    assert_eq!(looked, 2, "a group that is not listed is not written to");
    let next = stage.emulator.group("oncall", &[]);
    stage.slack.deliver(&key("a4"), &set).await.unwrap();
    let people = stage
        .emulator
        .look(|world| world.groups[&next].people.clone());
    assert_eq!(people, [ann]);
}

#[tokio::test]
async fn a_call_that_hangs_is_given_up_and_said_once() {
    let stage = Stage::new().await;
    let hall = stage.emulator.public("announce", &[]);
    let hangs = Trouble::Latency(Duration::from_secs(60));
    stage.emulator.fail("chat.postMessage", hangs, 1);
    let news = public(&hall, "news");
    let first = stage.slack.deliver(&key("a1"), &news).await;
    let reason = first.expect_err("nobody answers").to_string();
    assert!(reason.contains("did not answer in 10 s"), "{reason}");
    // Slack says one thing a second there, and the first attempt counts.
    stage.slack.deliver(&key("a1"), &news).await.unwrap();
    assert_eq!(said(&stage, &hall), 1);
}

#[tokio::test]
async fn messages_link_nothing_and_carry_their_key() {
    let stage = Stage::new().await;
    let hall = stage.emulator.public("announce", &[]);
    stage
        .slack
        .deliver(
            &key("a1"),
            &public(&hall, "see https://example.org & <!channel>"),
        )
        .await
        .unwrap();
    stage.emulator.look(|world| {
        let message = &world.channels[&hall].messages[0];
        assert_eq!(
            (message.unfurl_links, message.unfurl_media),
            (Some(false), Some(false))
        );
        assert_eq!(
            message.metadata,
            Some(json!({"event_type": "underrose_delivery", "event_payload": {"key": "a1"}}))
        );
        assert_eq!(
            message.text,
            "see <https://example.org> &amp; &lt;!channel&gt;"
        );
    });
    assert_eq!(stage.emulator.complaints(), Vec::<String>::new());
    assert_eq!(stage.slack.network(), &network());
}
