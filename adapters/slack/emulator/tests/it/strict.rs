//! Where Slack refuses, the emulator refuses, with the same word. Plain requests, no client between.

use std::time::Duration;

use serde_json::{Value, json};
use underrose_slack_emulator::{Emulator, Guest, Kind, Rates, Settings, Standing, Trouble};

use crate::wire::{Answer, Api};

async fn emulator() -> (Emulator, Api) {
    let emulator = Emulator::start(Settings::default()).await.unwrap();
    let api = Api::new(&emulator);
    (emulator, api)
}

/// Calls, and expects this error.
async fn refused(api: &Api, method: &str, arguments: Value, error: &str) {
    let answer = api.post(method, arguments.clone()).await;
    assert_eq!(
        answer.body["error"], error,
        "{method} {arguments}: {}",
        answer.body
    );
}

async fn fine(api: &Api, method: &str, arguments: Value) -> Value {
    let answer = api.post(method, arguments.clone()).await;
    assert_eq!(
        answer.body["ok"], true,
        "{method} {arguments}: {}",
        answer.body
    );
    answer.body
}

#[tokio::test]
async fn tokens_and_scopes() {
    let (emulator, api) = emulator().await;
    let answer = api.with_token("").post("auth.test", json!({})).await;
    assert_eq!(answer.body["error"], "not_authed");
    let answer = api
        .with_token("xoxb-wrong")
        .post("auth.test", json!({}))
        .await;
    assert_eq!(answer.body["error"], "invalid_auth");
    refused(
        &api,
        "apps.connections.open",
        json!({}),
        "not_allowed_token_type",
    )
    .await;
    let app = api.with_token("xapp-emulated-app");
    refused(
        &app,
        "chat.postMessage",
        json!({"channel": "C1", "text": "x"}),
        "not_allowed_token_type",
    )
    .await;

    let answer = api.post("auth.test", json!({})).await;
    assert!(answer.header("x-oauth-scopes").contains("groups:write"));
    emulator.with(|world| world.settings.scopes.remove("groups:write"));
    let answer = api
        .post(
            "conversations.create",
            json!({"name": "a", "is_private": true}),
        )
        .await;
    assert_eq!(answer.body["error"], "missing_scope");
    assert_eq!(answer.body["needed"], "groups:write");
    assert!(
        answer.body["provided"]
            .as_str()
            .unwrap()
            .contains("chat:write")
    );

    emulator.revoke(Standing::Revoked);
    refused(&api, "auth.test", json!({}), "token_revoked").await;
    emulator.revoke(Standing::Inactive);
    refused(&api, "auth.test", json!({}), "account_inactive").await;
    refused(&api, "chat.burn", json!({}), "unknown_method").await;
}

#[tokio::test]
async fn channels_that_the_bot_is_not_in() {
    let (emulator, api) = emulator().await;
    let alice = emulator.person("alice");
    let hidden = emulator.channel("hidden", Kind::Private, &[&alice]);
    let open = emulator.channel("open", Kind::Public, &[&alice]);
    let text = |channel: &str| json!({"channel": channel, "text": "x"});
    // What is private does not exist for whoever is not in it; its name is taken all the same.
    refused(&api, "chat.postMessage", text(&hidden), "channel_not_found").await;
    let info = api.get("conversations.info", &[("channel", &hidden)]).await;
    assert_eq!(info.body["error"], "channel_not_found");
    refused(
        &api,
        "conversations.create",
        json!({"name": "hidden", "is_private": true}),
        "name_taken",
    )
    .await;
    let listed = api
        .get(
            "conversations.list",
            &[("types", "private_channel,public_channel")],
        )
        .await;
    let names: Vec<&Value> = listed.body["channels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["name"])
        .collect();
    assert_eq!(names, ["open"]);

    let history = api
        .get("conversations.history", &[("channel", &open)])
        .await;
    assert_eq!(history.body["error"], "not_in_channel");
    refused(
        &api,
        "pins.add",
        json!({"channel": open, "timestamp": "1.0"}),
        "not_in_channel",
    )
    .await;
    fine(&api, "chat.postMessage", text(&open)).await;
    emulator.with(|world| world.settings.scopes.remove("chat:write.public"));
    refused(&api, "chat.postMessage", text(&open), "not_in_channel").await;
    fine(&api, "conversations.join", json!({"channel": open})).await;
    fine(&api, "chat.postMessage", text(&open)).await;
    emulator.with(|world| world.channels.get_mut(&open).unwrap().is_restricted = true);
    refused(&api, "chat.postMessage", text(&open), "restricted_action").await;
}

#[tokio::test]
async fn members_come_and_go() {
    let (emulator, api) = emulator().await;
    let (alice, bob) = (emulator.person("alice"), emulator.person("bob"));
    let stranger = emulator.guest("eve", Guest::Stranger);
    let room = fine(
        &api,
        "conversations.create",
        json!({"name": "case", "is_private": true}),
    )
    .await;
    let room = room["channel"]["id"].as_str().unwrap().to_owned();
    let invite = |who: &str| json!({"channel": room, "users": who});
    fine(&api, "conversations.invite", invite(&alice)).await;
    refused(
        &api,
        "conversations.invite",
        invite(&alice),
        "already_in_channel",
    )
    .await;
    refused(
        &api,
        "conversations.invite",
        invite(&emulator.bot()),
        "cant_invite_self",
    )
    .await;
    refused(&api, "conversations.invite", invite("U0"), "user_not_found").await;
    refused(
        &api,
        "conversations.invite",
        invite(&stranger),
        "cant_invite",
    )
    .await;
    // One who cannot be invited stops the others, unless forced.
    let both = format!("{alice},{bob}");
    refused(
        &api,
        "conversations.invite",
        invite(&both),
        "already_in_channel",
    )
    .await;
    let forced = json!({"channel": room, "users": both, "force": true});
    fine(&api, "conversations.invite", forced).await;

    let kick = |who: &str| json!({"channel": room, "user": who});
    refused(
        &api,
        "conversations.kick",
        kick(&emulator.bot()),
        "cant_kick_self",
    )
    .await;
    refused(&api, "conversations.kick", kick("U0"), "user_not_found").await;
    fine(&api, "conversations.kick", kick(&bob)).await;
    refused(&api, "conversations.kick", kick(&bob), "not_in_channel").await;
    emulator.with(|world| world.people.get_mut(&alice).unwrap().is_owner = true);
    refused(
        &api,
        "conversations.kick",
        kick(&alice),
        "restricted_action",
    )
    .await;

    fine(&api, "conversations.archive", json!({"channel": room})).await;
    refused(
        &api,
        "conversations.archive",
        json!({"channel": room}),
        "already_archived",
    )
    .await;
    for (method, arguments) in [
        ("chat.postMessage", json!({"channel": room, "text": "x"})),
        ("conversations.invite", invite(&bob)),
        ("conversations.kick", kick(&alice)),
        (
            "conversations.setTopic",
            json!({"channel": room, "topic": "x"}),
        ),
        ("pins.add", json!({"channel": room, "timestamp": "1.0"})),
    ] {
        refused(&api, method, arguments, "is_archived").await;
    }
}

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
async fn names_and_groups() {
    let (emulator, api) = emulator().await;
    for (name, error) in [
        ("", "invalid_name_required"),
        ("Case", "invalid_name_specials"),
        ("a b", "invalid_name_specials"),
        ("--", "invalid_name_punctuation"),
        (&"a".repeat(81), "invalid_name_maxlength"),
    ] {
        refused(&api, "conversations.create", json!({"name": name}), error).await;
    }
    fine(
        &api,
        "conversations.create",
        json!({"name": "case", "is_private": true}),
    )
    .await;
    refused(
        &api,
        "conversations.create",
        json!({"name": "case", "is_private": true}),
        "name_taken",
    )
    .await;
    emulator.fail("conversations.create", Trouble::NameRace, 1);
    fine(
        &api,
        "conversations.create",
        json!({"name": "case", "is_private": true}),
    )
    .await;

    let alice = emulator.person("alice");
    let group = emulator.group("security-oncall", &[&alice]);
    let update = |users: &str| json!({"usergroup": group, "users": users});
    refused(
        &api,
        "usergroups.users.update",
        update(""),
        "no_users_provided",
    )
    .await;
    refused(
        &api,
        "usergroups.users.update",
        update("U0"),
        "invalid_users",
    )
    .await;
    fine(&api, "usergroups.users.update", update(&alice)).await;
    let found = api
        .get("users.lookupByEmail", &[("email", "ALICE@rose.example")])
        .await;
    assert_eq!(found.body["user"]["id"], *alice);
    emulator.deactivate(&alice);
    let gone = api
        .get("users.lookupByEmail", &[("email", "alice@rose.example")])
        .await;
    assert_eq!(gone.body["error"], "users_not_found");
    refused(
        &api,
        "conversations.open",
        json!({"users": alice}),
        "user_disabled",
    )
    .await;
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
