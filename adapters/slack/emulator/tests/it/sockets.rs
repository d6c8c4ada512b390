//! Socket Mode from Slack's side: who gets what, and what happens when nobody answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use underrose_slack_emulator::{Emulator, Redeliver, Settings, World};

use crate::wire::{Api, Socket};

const WAIT: Duration = Duration::from_secs(3);

async fn emulator() -> (Emulator, Api) {
    let emulator = Emulator::start(Settings::default()).await.unwrap();
    let api = Api::new(&emulator);
    (emulator, api)
}

#[tokio::test]
async fn hello_tickets_and_ten_connections() {
    let (emulator, api) = emulator().await;
    let url = Socket::url(&api).await;
    let (_first, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    assert!(
        tokio_tungstenite::connect_async(&url).await.is_err(),
        "a ticket is good once"
    );
    let late = Socket::url(&api).await;
    emulator.advance(Duration::from_secs(31));
    assert!(
        tokio_tungstenite::connect_async(&late).await.is_err(),
        "and not for long"
    );

    emulator.connected(1).await;
    let mut all = Vec::new();
    for number in 2..=10 {
        let (socket, hello) = Socket::open(&api).await;
        assert_eq!(hello["type"], "hello");
        assert_eq!(hello["num_connections"], number);
        emulator.connected(number).await;
        all.push(socket);
    }
    let (_, refusal) = Socket::open(&api).await;
    assert_eq!(refusal["reason"], "too_many_websockets");
}

#[tokio::test]
async fn each_envelope_goes_to_one_socket_and_comes_again_with_counts() {
    let (emulator, api) = emulator().await;
    let alice = emulator.actor(&emulator.person("alice"));
    let (mut one, _) = Socket::open(&api).await;
    emulator.connected(1).await;
    alice.dm("hello").unwrap();
    let first = one.next().await.unwrap();
    assert_eq!(
        (&first["type"], &first["retry_attempt"]),
        (&json!("events_api"), &json!(0))
    );
    assert_eq!(first["payload"]["event"]["channel_type"], "im");
    // Nobody answers: again at once, after a minute, after five, each under another envelope.
    let mut last = first.clone();
    for (attempt, pause) in [(1, 0), (2, 60), (3, 300)] {
        emulator.advance(WAIT + Duration::from_secs(pause));
        let again = one.next().await.unwrap();
        assert_eq!(again["retry_attempt"], attempt);
        assert_eq!(again["retry_reason"], "timeout");
        assert_eq!(again["payload"], first["payload"], "the same event");
        assert_ne!(again["envelope_id"], last["envelope_id"]);
        last = again;
    }
    one.acknowledge(&last, None).await;
    // What is acknowledged does not come again: the next thing is something else.
    alice.dm("another").unwrap();
    let other = one.next().await.unwrap();
    assert_eq!(other["payload"]["event"]["text"], "another");
}

#[tokio::test]
async fn a_silent_socket_is_passed_over_and_nothing_is_lost() {
    let (emulator, api) = emulator().await;
    let alice = emulator.actor(&emulator.person("alice"));
    let room = emulator.private("case", &[&alice.id]);
    let (_silent, _) = Socket::open(&api).await;
    emulator.connected(1).await;
    emulator.silence_sockets();
    let pressing = tokio::spawn({
        let alice = alice.clone();
        async move { alice.slash(&room, "/vuln", "list").await.unwrap() }
    });
    let sent = |world: &World| (!world.record.sent.is_empty()).then_some(());
    emulator.until("the first attempt", sent).await;
    let (mut lively, _) = Socket::open(&api).await;
    emulator.connected(2).await;
    emulator.advance(WAIT);
    let envelope = lively.next().await.unwrap();
    assert_eq!(envelope["payload"]["command"], "/vuln");
    assert_eq!(envelope["accepts_response_payload"], true);
    lively
        .acknowledge(&envelope, Some(json!({"text": "here"})))
        .await;
    let delivery = pressing.await.unwrap();
    assert!(
        delivery.is_acknowledged() && delivery.attempts >= 2,
        "{delivery:?}"
    );
}

#[tokio::test]
async fn what_a_dying_socket_held_goes_to_the_other() {
    let (emulator, api) = emulator().await;
    let alice = emulator.actor(&emulator.person("alice"));
    let (mut one, _) = Socket::open(&api).await;
    emulator.connected(1).await;
    alice.dm("hello").unwrap();
    let held = one.next().await.unwrap();
    let (mut two, _) = Socket::open(&api).await;
    emulator.connected(2).await;
    emulator.refresh_a_socket();
    assert_eq!(one.next().await.unwrap()["reason"], "refresh_requested");
    drop(one);
    let again = two.next().await.unwrap();
    assert_eq!(again["payload"]["event_id"], held["payload"]["event_id"]);
    emulator.warn_sockets();
    assert_eq!(two.next().await.unwrap()["reason"], "warning");
    emulator.cut_sockets();
    assert!(two.next().await.is_none());
}

#[tokio::test]
async fn interactions_are_not_repeated_where_only_events_are() {
    let settings = Settings {
        redeliver: Redeliver::Events,
        ..Settings::default()
    };
    let emulator = Emulator::start(settings).await.unwrap();
    let api = Api::new(&emulator);
    let alice = emulator.actor(&emulator.person("alice"));
    let room = emulator.private("case", &[&alice.id]);
    let (mut one, _) = Socket::open(&api).await;
    emulator.connected(1).await;
    let typing = tokio::spawn({
        let alice = alice.clone();
        async move { alice.slash(&room, "/vuln", "list").await.unwrap() }
    });
    let envelope = one.next().await.unwrap();
    emulator.advance(WAIT);
    let delivery = typing.await.unwrap();
    assert_eq!((delivery.attempts, delivery.is_acknowledged()), (1, false));
    // Too late is no offence; what was never sent is.
    one.acknowledge(&envelope, None).await;
    one.acknowledge(&json!({"envelope_id": "never"}), None)
        .await;
    let complaint = emulator
        .until("a complaint", |world| {
            world.record.complaints.last().cloned()
        })
        .await;
    assert!(complaint.contains("never sent"), "{complaint}");
    assert_eq!(emulator.complaints().len(), 1);
}

#[tokio::test]
async fn what_was_sent_can_come_again_hours_later() {
    let (emulator, api) = emulator().await;
    let alice = emulator.actor(&emulator.person("alice"));
    let (mut one, _) = Socket::open(&api).await;
    emulator.connected(1).await;
    alice.dm("hello").unwrap();
    let first = one.next().await.unwrap();
    one.acknowledge(&first, None).await;
    emulator.settled().await;
    emulator.advance(Duration::from_secs(2 * 3600));
    let replaying = tokio::spawn({
        let emulator = emulator.clone();
        async move {
            emulator
                .replay(|sent| sent.kind == "events_api")
                .await
                .unwrap()
        }
    });
    let again = one.next().await.unwrap();
    assert_eq!(again["payload"], first["payload"]);
    one.acknowledge(&again, None).await;
    assert!(replaying.await.unwrap().is_acknowledged());
}

/// Acknowledges whatever comes, until the connection ends; then opens another.
async fn serve_for_ever(api: Api) {
    loop {
        let (mut socket, _) = Socket::open(&api).await;
        while let Some(envelope) = socket.coming().await {
            if envelope["type"] != "disconnect" && socket.try_acknowledge(&envelope).await.is_err()
            {
                break;
            }
        }
    }
}

/// Two thousand commands of a hundred people, or as many as it takes, while both connections are
/// refreshed again and again: what the adapter's own soak stands on.
#[tokio::test(flavor = "multi_thread")]
async fn refreshes_under_load_lose_nothing() {
    const REFRESHES: usize = 10;
    let (emulator, api) = emulator().await;
    let bots = [api.with_token("xoxb-emulated-bot"), api];
    let serving: Vec<_> = bots.map(|api| tokio::spawn(serve_for_ever(api))).into();
    emulator.connected(2).await;
    let room = emulator.private("case", &[]);
    let refreshes = Arc::new(AtomicUsize::new(0));
    let people: Vec<_> = (0..100)
        .map(|number| {
            let refreshes = refreshes.clone();
            let alice = emulator.actor(&emulator.person(&format!("person{number}")));
            emulator.with(|world| world.enter(&room, &alice.id, None));
            let room = room.clone();
            tokio::spawn(async move {
                let mut given = 0;
                while given < 20 || refreshes.load(Ordering::Relaxed) < REFRESHES {
                    given += 1;
                    let done = alice.slash(&room, "/vuln", "list").await.unwrap();
                    assert!(done.is_acknowledged(), "{done:?}");
                }
            })
        })
        .collect();
    let refreshing = tokio::spawn({
        let emulator = emulator.clone();
        async move {
            let mut done = 0;
            loop {
                let enough = |world: &World| {
                    (world.record.sent.len() > done + 200).then_some(world.record.sent.len())
                };
                done = emulator.until("more traffic", enough).await;
                emulator.refresh_a_socket();
                refreshes.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    for person in people {
        person.await.unwrap();
    }
    refreshing.abort();
    serving.iter().for_each(|serving| serving.abort());
    assert!(
        emulator.sockets_ever() > 8,
        "{} sockets",
        emulator.sockets_ever()
    );
    assert_eq!(emulator.complaints(), Vec::<String>::new());
}
