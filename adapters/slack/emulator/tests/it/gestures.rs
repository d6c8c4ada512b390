//! What a person's gesture entitles the app to: a view for three seconds, five answers for half
//! an hour; and what modals keep and refuse.

use std::time::Duration;

use serde_json::{Value, json};
use underrose_slack_emulator::{Actor, Emulator, Settings};

use crate::wire::{Api, Socket};

/// Somebody in a room, and an app that answers by hand.
struct Stage {
    emulator: Emulator,
    api: Api,
    alice: Actor,
    room: String,
    socket: Socket,
}

impl Stage {
    async fn set() -> Self {
        let emulator = Emulator::start(Settings::default()).await.unwrap();
        let api = Api::new(&emulator);
        let alice = emulator.actor(&emulator.person("alice"));
        let room = emulator.private("case", &[&alice.id]);
        let (socket, _) = Socket::open(&api).await;
        emulator.connected(1).await;
        Self {
            emulator,
            api,
            alice,
            room,
            socket,
        }
    }

    /// A command, acknowledged with nothing; returns its payload.
    async fn command(&mut self) -> Value {
        let (alice, room) = (self.alice.clone(), self.room.clone());
        let typing = tokio::spawn(async move { alice.slash(&room, "/vuln", "x").await });
        let envelope = self.socket.next().await.unwrap();
        self.socket.acknowledge(&envelope, None).await;
        typing.await.unwrap().unwrap();
        envelope["payload"].clone()
    }

    async fn open(&mut self, view: Value) -> Value {
        let trigger = self.command().await["trigger_id"].clone();
        let answer = self
            .api
            .post("views.open", json!({"trigger_id": trigger, "view": view}))
            .await;
        assert_eq!(answer.body["ok"], true, "{}", answer.body);
        answer.body["view"].clone()
    }

    /// Submits, and answers with this.
    async fn submit(&mut self, answer: Value) {
        let alice = self.alice.clone();
        let submitting = tokio::spawn(async move { alice.submit().await });
        let envelope = self.socket.next().await.unwrap();
        assert_eq!(envelope["payload"]["type"], "view_submission");
        self.socket.acknowledge(&envelope, Some(answer)).await;
        submitting.await.unwrap().unwrap();
    }
}

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

fn input(block: &str) -> Value {
    json!({"type": "input", "block_id": block, "label": plain("l"),
        "element": {"type": "plain_text_input", "action_id": "a"}})
}

fn modal(blocks: &[Value]) -> Value {
    json!({"type": "modal", "title": plain("t"), "submit": plain("s"), "blocks": blocks})
}

#[tokio::test]
async fn a_trigger_is_good_once_and_for_three_seconds() {
    let mut stage = Stage::set().await;
    let view = modal(&[input("one")]);
    let trigger = stage.command().await["trigger_id"].clone();
    stage.emulator.advance(Duration::from_secs(4));
    let open = |trigger: &Value| json!({"trigger_id": trigger, "view": view});
    let answer = stage.api.post("views.open", open(&trigger)).await;
    assert_eq!(answer.body["error"], "expired_trigger_id");
    let trigger = stage.command().await["trigger_id"].clone();
    assert_eq!(
        stage.api.post("views.open", open(&trigger)).await.body["ok"],
        true
    );
    let answer = stage.api.post("views.open", open(&trigger)).await;
    assert_eq!(answer.body["error"], "exchanged_trigger_id");
    let answer = stage.api.post("views.open", open(&json!("1.2.3"))).await;
    assert_eq!(answer.body["error"], "invalid_trigger_id");
}

#[tokio::test]
async fn a_response_url_is_good_five_times_in_half_an_hour() {
    let mut stage = Stage::set().await;
    let url = stage.command().await["response_url"]
        .as_str()
        .unwrap()
        .to_owned();
    for number in 0..5 {
        let said = stage
            .api
            .post_to(&url, json!({"text": number.to_string()}))
            .await;
        assert_eq!(said.status, 200);
    }
    assert_eq!(stage.alice.ephemerals(&stage.room).len(), 5);
    let said = stage.api.post_to(&url, json!({"text": "six"})).await;
    assert_eq!(
        (said.status, said.body["error"].as_str()),
        (404, Some("used_url"))
    );
    let url = stage.command().await["response_url"]
        .as_str()
        .unwrap()
        .to_owned();
    stage.emulator.advance(Duration::from_secs(31 * 60));
    let said = stage.api.post_to(&url, json!({"text": "late"})).await;
    assert_eq!(
        (said.status, said.body["error"].as_str()),
        (404, Some("expired_url"))
    );
}

#[tokio::test]
async fn what_was_typed_stays_where_ids_stay() {
    let mut stage = Stage::set().await;
    let view = stage.open(modal(&[input("kept"), input("lost")])).await;
    stage.alice.fill("kept", "one").await.unwrap();
    stage.alice.fill("lost", "two").await.unwrap();
    let update = |hash: &Value| json!({"view_id": view["id"], "hash": hash, "view": modal(&[input("kept"), input("new")])});
    let stale = stage.api.post("views.update", update(&json!("0.x"))).await;
    assert_eq!(stale.body["error"], "hash_conflict");
    let updated = stage.api.post("views.update", update(&view["hash"])).await;
    let values = &updated.body["view"]["state"]["values"];
    assert_eq!(values["kept"]["a"]["value"], "one");
    assert_eq!(values["new"]["a"]["value"], Value::Null);
    assert_eq!(values["lost"], Value::Null);
    stage.alice.close().await.unwrap();
    let gone = stage.api.post("views.update", update(&view["hash"])).await;
    assert_eq!(gone.body["error"], "not_found");
}

#[tokio::test]
async fn a_submission_is_answered_as_slack_takes_it() {
    let mut stage = Stage::set().await;
    stage.open(modal(&[input("one")])).await;
    assert!(
        stage.alice.submit().await.is_err(),
        "Slack's client does not submit what is empty"
    );
    stage.alice.fill("one", "x").await.unwrap();
    stage
        .submit(json!({"response_action": "errors", "errors": {"one": "wrong"}}))
        .await;
    assert_eq!(stage.alice.errors()["one"], "wrong");
    // A name that is no input block: the person sees "we had some trouble".
    stage
        .submit(json!({"response_action": "errors", "errors": {"a": "wrong"}}))
        .await;
    assert!(
        stage
            .emulator
            .complaints()
            .pop()
            .unwrap()
            .contains("no input block")
    );
    stage
        .submit(json!({"response_action": "push", "view": modal(&[input("two")])}))
        .await;
    stage.alice.fill("two", "y").await.unwrap();
    stage
        .submit(json!({"response_action": "update", "view": modal(&[input("three")])}))
        .await;
    let top = stage.alice.modal().unwrap();
    assert_eq!(top["blocks"][0]["block_id"], "three");
    assert_ne!(top["root_view_id"], top["id"]);
    stage.alice.fill("three", "z").await.unwrap();
    stage.submit(json!({"response_action": "clear"})).await;
    assert_eq!(stage.alice.modal(), None);
}

#[tokio::test]
async fn views_have_their_limits() {
    let mut stage = Stage::set().await;
    let section = json!({"type": "section", "text": plain("x")});
    let without_submit = json!({"type": "modal", "title": plain("t"), "blocks": [input("a")]});
    let mut long_title = modal(std::slice::from_ref(&section));
    long_title["title"] = plain(&"t".repeat(25));
    let mut metadata = modal(std::slice::from_ref(&section));
    metadata["private_metadata"] = json!("m".repeat(3001));
    let many: Vec<Value> = std::iter::repeat_n(section.clone(), 101).collect();
    let double = modal(&[input("a"), input("a")]);
    for wrong in [without_submit, long_title, metadata, modal(&many), double] {
        let trigger = stage.command().await["trigger_id"].clone();
        let answer = stage
            .api
            .post("views.open", json!({"trigger_id": trigger, "view": wrong}))
            .await;
        assert_eq!(answer.body["error"], "invalid_arguments", "{wrong}");
        assert!(answer.body["response_metadata"]["messages"][0].is_string());
    }
    let home = json!({"user_id": stage.alice.id, "view": {"type": "home", "blocks": [section]}});
    assert_eq!(stage.api.post("views.publish", home).await.body["ok"], true);
    assert!(stage.alice.home().is_some());
}
