//! Signed HTTP: the same conversations, and what bad requests get.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use underrose_chat::{Adapter, Inbox};
use underrose_slack::{PATH, Reason};
use underrose_slack_emulator::{Settings, Standing, sign};

use crate::contract::Log;
use crate::stage::{SECRET, Stage, app, slack_over_http};

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
    let (stage, _, listening) = Stage::listening_over_http().await;
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

/// The bot has looked at the workspace, and does not again for ten minutes.
async fn looked(stage: &Stage) {
    stage
        .emulator
        .until("the first look", |world| {
            let calls = world.record.calls.iter();
            let looked = calls.filter(|call| call.method == "users.conversations");
            (looked.count() > 0).then_some(())
        })
        .await;
}

#[tokio::test]
async fn the_address_proves_itself_and_a_signed_stamp_tells_no_time() {
    let stage = Stage::up_over_http().await;
    let ann = stage.emulator.person("ann");
    stage.emulator.verify_address().await.unwrap();
    // What the first look at the workspace brings is Slack's own clock; a stamp that was signed
    // may come from a request that somebody plays again.
    looked(&stage).await;
    let times = *stage.desk.times.lock().unwrap();
    stage.emulator.advance(Duration::from_secs(240));
    stage.emulator.actor(&ann).dm("vuln next").unwrap();
    stage.taken(1).await;
    assert_eq!(*stage.desk.times.lock().unwrap(), times);
    stage.stop.cancel();
}

/// The inbox is closed while a press is under way, as when the process ends: Slack is told to send
/// it again, and the next process takes it in once.
#[tokio::test]
async fn what_was_not_durable_is_refused_and_comes_again() {
    let patient = Settings {
        retry_after: vec![Duration::from_secs(1); 30],
        ..app()
    };
    let (stage, listen, listening) = Stage::listening_over_http_as(patient).await;
    let ann = stage.emulator.person("ann");
    // Nothing but the message meets the closed inbox.
    looked(&stage).await;
    stage.desk.close();
    stage.emulator.actor(&ann).dm("vuln report x").unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(10), listening).await;
    ended.expect("it ends with the inbox").unwrap().unwrap();
    assert!(stage.desk.taken.lock().unwrap().is_empty());
    // The next process.
    stage.desk.open();
    let next = slack_over_http(&stage.emulator, listen);
    let (inbox, stop) = (Inbox::new(stage.desk.clone()), stage.stop.clone());
    tokio::spawn(async move { next.listen(inbox, stop).await });
    while TcpStream::connect(listen).await.is_err() {
        tokio::task::yield_now().await;
    }
    stage.taken(1).await;
    stage.emulator.settled().await;
    assert_eq!(stage.desk.texts(), ["vuln report x"]);
    let sent = stage.emulator.sent();
    assert!(sent.iter().any(|sent| sent.attempt > 0), "{sent:?}");
    stage.stop.cancel();
}

/// A client died in the middle of its request, or holds it open on purpose.
#[tokio::test]
async fn half_a_request_holds_up_neither_the_end_nor_what_is_said_of_it() {
    let (stage, listen, listening) = Stage::listening_over_http().await;
    let mut half = TcpStream::connect(listen).await.unwrap();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nhost: bot\r\nx-slack-signature: v0=00\r\n\
         x-slack-request-timestamp: 1\r\ncontent-length: 100\r\n\r\nhalf"
    );
    half.write_all(head.as_bytes()).await.unwrap();
    stage.emulator.revoke(Standing::Revoked);
    let ended = tokio::time::timeout(Duration::from_secs(15), listening).await;
    let ended = ended.expect("nobody holds it up").unwrap();
    let reason = ended.expect_err("no attempt could help").reason;
    assert!(reason.contains("new bot token"), "{reason}");
    drop(half);
}

#[tokio::test]
async fn a_replay_of_each_kind_is_the_same_event_over_http_too() {
    let stage = Stage::up_over_http().await;
    let ann = stage.emulator.person("ann");
    let general = stage.emulator.public("general", &[&ann]);
    let actor = stage.emulator.actor(&ann);
    actor.slash(&general, "/vuln", "next").await.unwrap();
    actor.dm("vuln next").unwrap();
    let stamp = actor.say(&general, "is this a hole?").unwrap();
    actor
        .shortcut(&general, &stamp, "report_disclosure")
        .await
        .unwrap();
    stage.taken(3).await;
    // Signed anew, since Slack does so; hours later is for the sockets' test.
    stage.emulator.advance(Duration::from_secs(240));
    for kind in ["slash_commands", "events_api", "interactive"] {
        // Not what was said in public, of which the core hears nothing.
        let heard = |payload: &str| kind != "events_api" || payload.contains("vuln next");
        let picked = stage
            .emulator
            .replay(|sent| sent.kind == kind && heard(&sent.payload.to_string()));
        let replayed = picked.await.expect("it was sent");
        assert!(replayed.is_acknowledged(), "{kind}");
    }
    assert!(*stage.desk.deliveries.lock().unwrap() >= 6);
    assert_eq!(stage.taken(3).await.len(), 3, "each counted once");
    stage.stop.cancel();
}

#[tokio::test]
async fn bad_requests_are_refused_counted_and_logged_without_content() {
    let log = Log::default();
    let _guard = log.collect();
    let (stage, listen, _) = Stage::listening_over_http().await;
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
