//! Events over HTTP from Slack's side: signed, retried with counts, and not where told not to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use tokio::sync::mpsc;
use underrose_slack_emulator::{Emulator, Settings, sign};

/// What came, and the status to answer the next with.
struct Seen {
    headers: HeaderMap,
    body: String,
}

async fn stage() -> (Emulator, mpsc::Receiver<Seen>, Arc<Mutex<(u16, bool)>>) {
    let (sender, seen) = mpsc::channel(16);
    let answer = Arc::new(Mutex::new((200, false)));
    let answers = Arc::clone(&answer);
    let door = post(move |headers: HeaderMap, body: String| async move {
        sender
            .send(Seen {
                headers,
                body: body.clone(),
            })
            .await
            .unwrap();
        let (status, no_retry) = *answers.lock().unwrap();
        let mut more = HeaderMap::new();
        if no_retry {
            more.insert("x-slack-no-retry", "1".parse().unwrap());
        }
        let challenge = serde_json::from_str::<serde_json::Value>(&body)
            .ok()
            .and_then(|body| body["challenge"].as_str().map(str::to_owned));
        (
            StatusCode::from_u16(status).unwrap(),
            more,
            challenge.unwrap_or_default(),
        )
            .into_response()
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", door)).await });
    let settings = Settings::default().over_http(&format!("http://{address}/"));
    (Emulator::start(settings).await.unwrap(), seen, answer)
}

/// The next request. Fails where none comes.
async fn next(seen: &mut mpsc::Receiver<Seen>) -> Seen {
    let coming = tokio::time::timeout(Duration::from_secs(10), seen.recv());
    coming.await.expect("a request comes").unwrap()
}

fn text<'a>(seen: &'a Seen, name: &str) -> &'a str {
    seen.headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn events_are_signed_and_come_again_with_counts() {
    let (emulator, mut seen, answer) = stage().await;
    emulator.verify_address().await.unwrap();
    next(&mut seen).await;
    let alice = emulator.actor(&emulator.person("alice"));
    answer.lock().unwrap().0 = 500;
    alice.dm("hello").unwrap();
    let first = next(&mut seen).await;
    let timestamp = text(&first, "x-slack-request-timestamp");
    let secret = Settings::default().signing_secret;
    assert_eq!(
        text(&first, "x-slack-signature"),
        sign(&secret, timestamp, &first.body)
    );
    assert_eq!(text(&first, "x-slack-retry-num"), "");
    let again = next(&mut seen).await;
    assert_eq!(
        (
            text(&again, "x-slack-retry-num"),
            text(&again, "x-slack-retry-reason")
        ),
        ("1", "http_error")
    );
    assert_eq!(again.body, first.body);
    // The next would come after a minute; whoever says that it needs none gets none.
    *answer.lock().unwrap() = (500, true);
    emulator.advance(Duration::from_secs(60));
    assert_eq!(text(&next(&mut seen).await, "x-slack-retry-num"), "2");
    emulator.settled().await;
}

#[tokio::test]
async fn commands_and_buttons_are_never_repeated() {
    let (emulator, mut seen, answer) = stage().await;
    let alice = emulator.actor(&emulator.person("alice"));
    let room = emulator.private("case", &[&alice.id]);
    answer.lock().unwrap().0 = 500;
    let delivery = alice.slash(&room, "/vuln", "a & b").await.unwrap();
    assert_eq!(
        (delivery.attempts, delivery.answer),
        (1, Err("http_error".to_owned()))
    );
    let form = next(&mut seen).await;
    assert!(form.body.contains("text=a+%26+b"), "{}", form.body);
    assert!(
        form.body.contains("channel_name=privategroup"),
        "{}",
        form.body
    );
}
