//! Signed HTTP: the same conversations, and what bad requests get.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use underrose_chat::ListenError;
use underrose_slack::{PATH, Reason, Secret, WayIn};
use underrose_slack_emulator::{Emulator, Standing, free_port, sign};

use crate::contract::Log;
use crate::stage::{Desk, Stage, app, slack_at};

const SECRET: &str = "emulated-signing-secret";

fn free() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], free_port()))
}

async fn up() -> (Stage, SocketAddr) {
    let (stage, listen, _) = listening().await;
    (stage, listen)
}

async fn listening() -> (Stage, SocketAddr, JoinHandle<Result<(), ListenError>>) {
    let listen = free();
    let emulator = Emulator::start(app().over_http(&format!("http://{listen}{PATH}")))
        .await
        .unwrap();
    let signing_secret = Secret::new(SECRET);
    let slack = slack_at(
        &emulator,
        WayIn::Http {
            listen,
            signing_secret,
        },
    );
    let stage = Stage {
        emulator,
        slack,
        desk: Desk::new(),
        stop: CancellationToken::new(),
    };
    let listening = stage.listen();
    // Listening, when a connection is taken.
    while TcpStream::connect(listen).await.is_err() {
        tokio::task::yield_now().await;
    }
    (stage, listen, listening)
}

/// Posts raw bytes; the status that comes back.
async fn posted(listen: SocketAddr, headers: &[(&str, &str)], body: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(listen).await.unwrap();
    let mut head = format!(
        "POST {PATH} HTTP/1.1\r\nhost: bot\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer)
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap()
}

fn stamp(stage: &Stage, seconds_ago: i64) -> String {
    (stage.emulator.clock().now().timestamp() - seconds_ago).to_string()
}

#[tokio::test]
async fn a_revoked_token_ends_the_listening_over_http_too() {
    let (stage, _, listening) = listening().await;
    let ann = stage.emulator.person("ann");
    stage.emulator.actor(&ann).dm("vuln help").unwrap();
    stage.emulator.settled().await;
    assert_eq!(stage.desk.texts(), ["vuln help"]);
    stage.emulator.revoke(Standing::Revoked);
    let ended = tokio::time::timeout(Duration::from_secs(10), listening).await;
    let ended = ended.expect("it is noticed at once").unwrap();
    let reason = ended.expect_err("no attempt could help").reason;
    assert!(reason.contains("new bot token"), "{reason}");
}

#[tokio::test]
async fn the_same_conversation_over_signed_http() {
    let (stage, _) = up().await;
    let ann = stage.emulator.person("ann");
    let general = stage.emulator.public("general", &[&ann]);
    stage.emulator.verify_address().await.unwrap();
    stage.desk.says("Nothing waits.");
    let actor = stage.emulator.actor(&ann);
    let answered = actor.slash(&general, "/vuln", "next").await.unwrap();
    assert!(answered.is_acknowledged());
    assert_eq!(actor.ephemerals(&general).len(), 1);
    actor.dm("vuln next").unwrap();
    let direct = actor.direct();
    actor
        .sees_that(&direct, "the answer", |message| {
            message["bot_id"].is_string()
        })
        .await;
    assert_eq!(stage.desk.texts(), ["vuln next", "vuln next"]);
    assert!(
        *stage.desk.times.lock().unwrap() >= 1,
        "the signed stamp tells the time"
    );
    assert_eq!(stage.emulator.complaints(), Vec::<String>::new());
    stage.stop.cancel();
}

#[tokio::test]
async fn bad_requests_are_refused_counted_and_logged_without_content() {
    let log = Log::default();
    let _guard = log.collect();
    let (stage, listen) = up().await;
    let json = ("content-type", "application/json");
    let body = r#"{"type":"event_callback","event_id":"Ev9","event":{"type":"message","channel":"D1","user":"U1","ts":"1.000001","text":"MARKER"}}"#;
    let (now, old) = (stamp(&stage, 0), stamp(&stage, 400));
    let signed = |stamp: &str, body: &str| sign(SECRET, stamp, body);
    let headers = |signature: &str, stamp: &str| {
        vec![
            ("x-slack-signature".to_owned(), signature.to_owned()),
            ("x-slack-request-timestamp".to_owned(), stamp.to_owned()),
        ]
    };
    let send = async |signature: &str, stamp: &str, body: &[u8]| {
        let headers = headers(signature, stamp);
        let mut headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        headers.push(json);
        posted(listen, &headers, body).await
    };
    assert_eq!(
        posted(listen, &[json], body.as_bytes()).await,
        401,
        "no signature"
    );
    assert_eq!(
        send(&sign("another secret", &now, body), &now, body.as_bytes()).await,
        401
    );
    assert_eq!(
        send(
            &signed(&now, body),
            &now,
            body.replace("U1", "U2").as_bytes()
        )
        .await,
        401,
        "another body"
    );
    assert_eq!(send("v0=", &now, body.as_bytes()).await, 401);
    assert_eq!(
        send(&signed(&old, body), &old, body.as_bytes()).await,
        401,
        "400 s old"
    );
    let broken = &body[..60];
    assert_eq!(
        send(&signed(&now, broken), &now, broken.as_bytes()).await,
        400
    );
    assert_eq!(send(&signed(&now, "[1]"), &now, b"[1]").await, 400);
    assert_eq!(send(&signed(&now, ""), &now, b"\xff\xfe").await, 400);
    let large = "x".repeat(1024 * 1024 + 1);
    assert_eq!(
        send(&signed(&now, &large), &now, large.as_bytes()).await,
        413
    );
    assert!(stage.desk.taken.lock().unwrap().is_empty());
    let refused = stage.slack.refused();
    let counts = [
        Reason::Unsigned,
        Reason::Stale,
        Reason::Malformed,
        Reason::Oversized,
    ]
    .map(|why| refused.count(why));
    assert_eq!(counts, [4, 1, 3, 1]);
    let log = log.text();
    assert!(log.contains("Stale") && log.contains("Unsigned"), "{log}");
    for secret in ["MARKER", "v0=", SECRET, &signed(&now, body)] {
        assert!(!log.contains(secret), "{log}");
    }
    // The right one is taken.
    assert_eq!(send(&signed(&now, body), &now, body.as_bytes()).await, 200);
    assert_eq!(stage.taken(1).await.len(), 1);
    stage.stop.cancel();
}
