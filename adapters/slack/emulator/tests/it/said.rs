//! What is said and read, and how often: sizes, history, rates, and calls that go wrong on request.

use std::time::Duration;

use serde_json::{Value, json};
use underrose_slack_emulator::{Rates, Trouble};

use crate::strict::{emulator, fine, refused};
use crate::wire::Answer;

#[tokio::test]
async fn messages_have_their_limits() {
    let (emulator, api) = emulator().await;
    let alice = emulator.person("alice");
    let room = emulator.private("case", &[&alice]);
    let post = |more: Value| {
        let mut arguments = json!({"channel": room});
        arguments
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        arguments
    };
    refused(&api, "chat.postMessage", post(json!({})), "no_text").await;
    refused(
        &api,
        "chat.postMessage",
        post(json!({"text": "x".repeat(40_001)})),
        "msg_too_long",
    )
    .await;
    refused(
        &api,
        "chat.postMessage",
        post(json!({"text": "x", "thread_ts": "1.0"})),
        "thread_not_found",
    )
    .await;
    refused(
        &api,
        "chat.postMessage",
        post(json!({"text": "x", "metadata": {"event_type": "a"}})),
        "invalid_metadata_schema",
    )
    .await;
    let section = json!({"type": "section", "text": {"type": "mrkdwn", "text": "x"}});
    let too_many: Vec<&Value> = std::iter::repeat_n(&section, 51).collect();
    refused(
        &api,
        "chat.postMessage",
        post(json!({"text": "x", "blocks": too_many})),
        "invalid_blocks",
    )
    .await;

    let posted = fine(
        &api,
        "chat.postMessage",
        post(json!({"text": "see https://rose.example.", "blocks": [section]})),
    )
    .await;
    let ts = posted["ts"].as_str().unwrap();
    assert_eq!(
        posted["message"]["text"], "see <https://rose.example>.",
        "as Slack links it"
    );
    assert!(
        posted["message"]["blocks"][0]["block_id"].is_string(),
        "Slack names every block"
    );
    let update = json!({"channel": room, "ts": ts, "text": "x".repeat(4001)});
    refused(&api, "chat.update", update, "msg_too_long").await;
    fine(
        &api,
        "chat.update",
        json!({"channel": room, "ts": ts, "text": "text alone"}),
    )
    .await;
    let stands = emulator.actor(&alice).sees(&room).pop().unwrap();
    assert_eq!(
        stands["blocks"],
        Value::Null,
        "text alone takes the blocks away"
    );

    let hers = emulator.actor(&alice).say(&room, "mine").unwrap();
    refused(
        &api,
        "chat.update",
        json!({"channel": room, "ts": hers, "text": "x"}),
        "cant_update_message",
    )
    .await;
    refused(
        &api,
        "chat.delete",
        json!({"channel": room, "ts": hers}),
        "cant_delete_message",
    )
    .await;
    refused(
        &api,
        "chat.update",
        json!({"channel": room, "ts": "1.0", "text": "x"}),
        "message_not_found",
    )
    .await;
    fine(&api, "pins.add", json!({"channel": room, "timestamp": ts})).await;
    refused(
        &api,
        "pins.add",
        json!({"channel": room, "timestamp": ts}),
        "already_pinned",
    )
    .await;
    let ephemeral = |user: &str| json!({"channel": room, "user": user, "text": "x"});
    refused(
        &api,
        "chat.postEphemeral",
        ephemeral("U0"),
        "user_not_in_channel",
    )
    .await;
    let shown = fine(&api, "chat.postEphemeral", ephemeral(&alice)).await;
    let update = json!({"channel": room, "ts": shown["message_ts"], "text": "x"});
    refused(&api, "chat.update", update, "message_not_found").await;
}

#[tokio::test]
async fn history_is_paged_and_shows_metadata_on_request() {
    let (emulator, api) = emulator().await;
    let room = emulator.private("case", &[]);
    for number in 0..5 {
        let metadata = json!({"event_type": "key", "event_payload": {"key": number.to_string()}});
        let post = json!({"channel": room, "text": number.to_string(), "metadata": metadata});
        fine(&api, "chat.postMessage", post).await;
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let arguments = [
            ("channel", room.as_str()),
            ("limit", "2"),
            ("cursor", &cursor),
            ("include_all_metadata", "true"),
        ];
        let page = api.get("conversations.history", &arguments).await.body;
        for message in page["messages"].as_array().unwrap() {
            seen.push(
                message["metadata"]["event_payload"]["key"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
        cursor = page["response_metadata"]["next_cursor"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert_eq!(page["has_more"] == true, !cursor.is_empty());
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["4", "3", "2", "1", "0"], "newest first");
    let plain = api
        .get("conversations.history", &[("channel", &room)])
        .await
        .body;
    assert_eq!(plain["messages"][0]["metadata"], Value::Null);
    // A JSON body is not taken by methods that read.
    let answer = api
        .post("conversations.history", json!({"channel": room}))
        .await;
    assert_eq!(answer.body["error"], "invalid_arguments");
    let wrong = api
        .get(
            "conversations.history",
            &[("channel", &room), ("cursor", "x")],
        )
        .await;
    assert_eq!(wrong.body["error"], "invalid_cursor");
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_again() {
    let (emulator, api) = emulator().await;
    emulator.with(|world| world.settings.rates = Rates::Strict);
    let (one, other) = (emulator.private("one", &[]), emulator.private("other", &[]));
    let text = |channel: &str| json!({"channel": channel, "text": "x"});
    fine(&api, "chat.postMessage", text(&one)).await;
    fine(&api, "chat.postMessage", text(&other)).await;
    let limited = api.post("chat.postMessage", text(&one)).await;
    assert_eq!((limited.status, limited.header("retry-after")), (429, "1"));
    emulator.advance(Duration::from_secs(1));
    fine(&api, "chat.postMessage", text(&one)).await;
    // Tier 2: twenty a minute.
    let archive = || api.post("conversations.archive", json!({"channel": "C0"}));
    for _ in 0..20 {
        assert_eq!(archive().await.status, 200);
    }
    let limited = archive().await;
    assert_eq!((limited.status, limited.header("retry-after")), (429, "3"));
}

#[tokio::test]
async fn faults_on_request() {
    let (emulator, api) = emulator().await;
    let room = emulator.private("case", &[]);
    let text = json!({"channel": room, "text": "once"});
    let posted = || emulator.look(|world| world.channels[&room].messages.len());
    emulator.fail("chat.postMessage", Trouble::DropAnswer, 1);
    assert!(
        api.try_post("chat.postMessage", text.clone())
            .await
            .is_none()
    );
    assert_eq!(posted(), 1, "it was done");
    emulator.fail("chat.postMessage", Trouble::DropCall, 1);
    assert!(
        api.try_post("chat.postMessage", text.clone())
            .await
            .is_none()
    );
    assert_eq!(posted(), 1, "nothing was done");
    emulator.fail("chat.postMessage", Trouble::Status(500), 1);
    assert_eq!(api.post("chat.postMessage", text.clone()).await.status, 500);
    emulator.fail("*", Trouble::RateLimited { seconds: 30 }, 1);
    let Answer { status, .. } = api.post("chat.postMessage", text.clone()).await;
    assert_eq!(status, 429);
    emulator.fail("chat.postMessage", Trouble::Error("fatal_error".into()), 1);
    refused(&api, "chat.postMessage", text.clone(), "fatal_error").await;
    assert_eq!(posted(), 1);
    fine(&api, "chat.postMessage", text).await;
    emulator.advance(Duration::from_secs(3600));
    let date = api
        .post("auth.test", json!({}))
        .await
        .header("date")
        .to_owned();
    assert_eq!(
        date,
        emulator
            .clock()
            .now()
            .format("%a, %d %b %Y %H:%M:%S GMT")
            .to_string()
    );
}
