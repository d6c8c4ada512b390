//! Where Slack refuses, the emulator refuses, with the same word. Plain requests, no client between.

use serde_json::{Value, json};
use underrose_slack_emulator::{Emulator, Guest, Kind, Settings, Standing, Trouble};

use crate::wire::Api;

pub async fn emulator() -> (Emulator, Api) {
    let emulator = Emulator::start(Settings::default()).await.unwrap();
    let api = Api::new(&emulator);
    (emulator, api)
}

/// Calls, and expects this error.
pub async fn refused(api: &Api, method: &str, arguments: Value, error: &str) {
    let answer = api.post(method, arguments.clone()).await;
    assert_eq!(
        answer.body["error"], error,
        "{method} {arguments}: {}",
        answer.body
    );
}

pub async fn fine(api: &Api, method: &str, arguments: Value) -> Value {
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
async fn what_is_not_kept_is_counted_and_held_to_the_same() {
    let settings = Settings {
        kept_max: 2,
        ..Settings::default()
    };
    let emulator = Emulator::start(settings).await.unwrap();
    let api = Api::new(&emulator);
    for number in 0..3 {
        let surplus = json!({"number": number});
        api.post("auth.test", surplus).await;
    }
    let kept: Vec<Value> = emulator
        .calls("auth.test")
        .into_iter()
        .map(|call| call.arguments["number"].clone())
        .collect();
    assert_eq!(kept, [json!(1), json!(2)]);
    assert_eq!(emulator.look(|world| world.record.calls_ever), 3);
    assert_eq!(emulator.complaints().len(), 3);
}
