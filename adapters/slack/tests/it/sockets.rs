//! Sockets that die, are refreshed, fall silent; and what Slack sends again.

use std::time::{Duration, Instant};

use underrose_chat::{Adapter, Inbox};
use underrose_slack_emulator::{Standing, World};

use crate::stage::{Desk, Stage, slack_at, socket};

/// So many commands, and each arrives once.
async fn all_arrive(stage: &Stage, from: usize, to: usize) {
    let taken = stage.taken(to).await;
    let mut texts = stage.desk.texts();
    texts.sort();
    texts.dedup();
    assert_eq!((taken.len(), texts.len()), (to, to), "from {from}");
}

#[tokio::test]
async fn cut_and_refreshed_sockets_lose_nothing_and_double_nothing() {
    let stage = Stage::up().await;
    let ann = stage.emulator.person("ann");
    let actor = stage.emulator.actor(&ann);
    for n in 0..60 {
        actor.dm(&format!("vuln help {n:03}")).unwrap();
        match n % 15 {
            3 => stage.emulator.cut_sockets(),
            7 => stage.emulator.refresh_a_socket(),
            9 => stage.emulator.warn_sockets(),
            12 => stage.emulator.refresh_sockets(),
            _ => tokio::task::yield_now().await,
        }
    }
    all_arrive(&stage, 0, 60).await;
    stage.emulator.connected(2).await;
}

/// Slack lets the bot say one thing a second there, so that the last is answered after five.
#[tokio::test]
async fn a_person_in_a_hurry_is_acknowledged_in_time() {
    let stage = Stage::up().await;
    let ann = stage.emulator.person("ann");
    let actor = stage.emulator.actor(&ann);
    stage.desk.says("this is the help");
    for n in 0..6 {
        actor.dm(&format!("vuln help {n}")).unwrap();
    }
    let answers = |world: &World| {
        let calls = world.record.calls.iter();
        let posts = calls.filter(|call| call.method == "chat.postMessage" && call.outcome == "ok");
        (posts.count() == 6).then_some(())
    };
    let patience = Duration::from_secs(20);
    stage
        .emulator
        .until_in(patience, "six answers", answers)
        .await;
    let again = stage.emulator.sent().into_iter();
    let again: Vec<_> = again.filter(|sent| sent.attempt > 0).collect();
    assert!(again.is_empty(), "not acknowledged in time: {again:?}");
}

#[tokio::test]
async fn a_silent_socket_is_noticed_within_half_a_minute_and_replaced() {
    let stage = Stage::up().await;
    let ann = stage.emulator.person("ann");
    let opened = |world: &World| {
        let calls = world.record.calls.iter();
        calls
            .filter(|call| call.method == "apps.connections.open")
            .count()
    };
    let before = stage.emulator.look(opened);
    stage.emulator.silence_sockets();
    let silent = Instant::now();
    stage.emulator.actor(&ann).dm("vuln help").unwrap();
    let half_a_minute = Duration::from_secs(30);
    let replaced = |world: &World| (opened(world) >= before + 2).then_some(());
    stage
        .emulator
        .until_in(half_a_minute, "two new sockets", replaced)
        .await;
    println!(
        "two silent sockets were replaced after {:?}",
        silent.elapsed()
    );
    // Slack repeats after one and after five minutes; its side of a silent connection may be among
    // those that it tries first.
    for _ in 0..4 {
        stage.emulator.advance(Duration::from_secs(400));
        let come = tokio::time::timeout(Duration::from_secs(5), stage.taken(1));
        if come.await.is_ok() {
            break;
        }
    }
    assert_eq!(stage.desk.texts(), ["vuln help"]);
}

#[tokio::test]
async fn a_replay_hours_later_is_the_same_event() {
    let stage = Stage::up().await;
    let ann = stage.emulator.person("ann");
    let general = stage.emulator.public("general", &[&ann]);
    stage.desk.says("Nothing waits.");
    let actor = stage.emulator.actor(&ann);
    actor.slash(&general, "/vuln", "next").await.unwrap();
    actor.dm("vuln next").unwrap();
    stage.taken(2).await;
    stage.emulator.advance(Duration::from_secs(3 * 3_600));
    for kind in ["slash_commands", "events_api"] {
        let replayed = stage.emulator.replay(|sent| sent.kind == kind).await;
        assert!(replayed.expect("it was sent").is_acknowledged(), "{kind}");
    }
    assert!(*stage.desk.deliveries.lock().unwrap() >= 4);
    assert_eq!(stage.taken(2).await.len(), 2, "each counted once");
}

#[tokio::test]
async fn a_command_that_comes_again_after_a_restart_is_the_same_command() {
    let stage = Stage::up().await;
    let ann = stage.emulator.person("ann");
    let general = stage.emulator.public("general", &[&ann]);
    stage
        .emulator
        .actor(&ann)
        .slash(&general, "/vuln", "report x")
        .await
        .unwrap();
    stage.taken(1).await;
    // The process ends; the next one has the same store, and no memory.
    stage.stop.cancel();
    stage
        .emulator
        .until("the sockets to close", |_| {
            (stage.emulator.sockets() == 0).then_some(())
        })
        .await;
    let (next, desk) = (
        slack_at(&stage.emulator, socket(&stage.emulator)),
        stage.desk.clone(),
    );
    let stop = tokio_util::sync::CancellationToken::new();
    let listening = stop.clone();
    tokio::spawn(async move { next.listen(Inbox::new(desk), listening).await });
    stage.emulator.connected(2).await;
    let replayed = stage
        .emulator
        .replay(|sent| sent.kind == "slash_commands")
        .await;
    assert!(replayed.expect("it was sent").is_acknowledged());
    assert_eq!(*stage.desk.deliveries.lock().unwrap(), 2);
    assert_eq!(stage.desk.texts(), ["vuln report x"], "it counted once");
    stop.cancel();
}

#[tokio::test]
async fn a_revoked_token_ends_the_listening_and_says_what_to_do() {
    let stage = Stage::new().await;
    stage.emulator.revoke(Standing::Revoked);
    let ended = stage
        .slack
        .listen(Inbox::new(Desk::new()), stage.stop.clone())
        .await;
    let reason = ended.expect_err("no attempt could help").reason;
    assert!(reason.contains("new bot token"), "{reason}");
}

#[tokio::test]
async fn the_network_s_time_is_told() {
    let stage = Stage::up().await;
    let ann = stage.emulator.person("ann");
    stage.emulator.actor(&ann).dm("hello").unwrap();
    stage.taken(1).await;
    assert!(*stage.desk.times.lock().unwrap() >= 1);
}
