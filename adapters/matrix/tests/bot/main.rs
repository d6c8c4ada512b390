//! The whole bot, the real binary, over Matrix: a disclosure from the report to the close, killed
//! again and again with SIGKILL, the homeserver too. Every command is obeyed once, and each
//! announcement stands exactly once, not before its instant.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "../support/mod.rs"]
mod support;

mod scoring;
mod verifying;

use std::time::Duration;

use matrix_sdk::ruma::OwnedRoomId;

use support::life::{Life, PUBLIC};
use support::person::Shown;

/// From arming to the announcement: long enough for the commands before it, kills and all.
const AHEAD_SECONDS: i64 = 30;

#[tokio::test(flavor = "multi_thread")]
async fn killed_anywhere_over_matrix_it_obeys_once_and_announces_once() {
    let mut life = Life::new().await;
    // Not set up is not run.
    let hidden = life.dir.path().join("data/matrix");
    std::fs::rename(&hidden, life.dir.path().join("elsewhere")).unwrap();
    let refused = life.command(&["run"]).output().unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("underrose setup matrix"));
    std::fs::rename(life.dir.path().join("elsewhere"), &hidden).unwrap();

    life.starts();
    let security = life.rooms["security"].clone();
    life.people["alice"].sees_joining(&life.me, &security).await;
    let direct = life.people["erin"]
        .direct_with(&life.me)
        .await
        .room_id()
        .to_owned();
    life.people["erin"].sees_joining(&life.me, &direct).await;
    life.people["erin"]
        .says(&direct, "!vuln report The kubelet logs tokens")
        .await;
    life.through(3, "erin", "Your report is case").await;
    let opened = life
        .through(2, "alice", "This is the room of case 2026-0001")
        .await;
    let case = opened.room.clone();
    for who in ["alice", "bob", "carol"] {
        life.people[who].joined(&case).await;
    }
    let vector = "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N";
    let steps = [
        (
            "alice",
            "!vuln ack".to_owned(),
            "alice answered the reporter",
        ),
        (
            "alice",
            "!vuln triage valid because reproduced".to_owned(),
            "alice accepted the case",
        ),
        (
            "alice",
            format!("!vuln score settle {vector} because it is so"),
            "alice settled CVSS",
        ),
        (
            "alice",
            "!vuln summary The kubelet logs tokens".to_owned(),
            "alice set the summary",
        ),
        ("alice", "!vuln ready".to_owned(), "alice: the fix is ready"),
        (
            "alice",
            "!vuln release verified".to_owned(),
            "alice verified the release",
        ),
        (
            "alice",
            "!vuln announce draft ANNOUNCEMENT upgrade to 1.29.3".to_owned(),
            "alice drafted",
        ),
    ];
    for (number, (who, words, told)) in steps.iter().enumerate() {
        life.people[who].says(&case, words).await;
        if number % 3 == 1 {
            life.synapse.down();
            life.synapse.up().await;
        }
        life.through(4, "bob", told).await;
    }
    let instant = arm(&mut life, &case).await;
    life.synapse.down();
    life.synapse.up().await;
    for _ in 0..4 {
        life.through(3, "alice", "All 3 rooms have the announcement")
            .await;
    }
    life.people["alice"]
        .says(&case, "!vuln retro All went well.")
        .await;
    life.through(3, "bob", "retrospective").await;
    life.people["alice"].says(&case, "!vuln close").await;
    life.through(3, "bob", "alice closed the case").await;

    // What people see.
    let alice = life.people["alice"].shown();
    for name in PUBLIC {
        let found: Vec<&Shown> = alice
            .iter()
            .filter(|one| one.room == life.rooms[name] && one.body().contains("ANNOUNCEMENT"))
            .collect();
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        let at = found[0].event["origin_server_ts"].as_i64().unwrap();
        assert!(at >= instant.timestamp_millis(), "too early in {name}");
    }
    let bob = life.people["bob"].shown();
    for (_, _, told) in &steps {
        let edits = |one: &&Shown| one.event["content"]["m.new_content"].is_null();
        let said = bob
            .iter()
            .filter(edits)
            .filter(|one| one.room == case && one.body().contains(told));
        assert_eq!(said.count(), 1, "{told}, after {} kills", life.kills);
    }
    let cases = life.people["bob"]
        .client
        .rooms()
        .into_iter()
        .filter(|room| room.name().is_some_and(|name| name.contains("2026-0001")));
    assert_eq!(cases.count(), 1, "one room for the case");
    // And what the bot remembers.
    let mut bot = life.bot.take().unwrap();
    bot.kill().unwrap();
    bot.wait().unwrap();
    let journal = life.runs(&["journal", "show"]);
    for event in [
        "case_opened",
        "room_opened",
        "acked",
        "triaged",
        "settled",
        "text_set",
        "readied",
        "release_verified",
        "drafted",
        "published",
        "retro_filed",
        "closed",
    ] {
        let count = journal
            .lines()
            .filter(|line| line.split('\t').nth(4) == Some(event))
            .count();
        assert_eq!(count, 1, "{event} after {} kills", life.kills);
    }
    life.runs(&["journal", "verify"]);
    let checked = life.command(&["check", "--connect"]).output().unwrap();
    let checked = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(
        checked.contains("signed by its identity") && !checked.contains("WRONG"),
        "{checked}"
    );
    println!("{} kills", life.kills);
    assert!(life.kills >= 50, "only {} kills", life.kills);
}

/// Sets an instant that comes soon, has two approve, and arms; again if it came too soon.
async fn arm(life: &mut Life, case: &OwnedRoomId) -> chrono::DateTime<chrono::Utc> {
    for _ in 0..5 {
        let now = now_by_homeserver(life).await;
        let instant = now + chrono::TimeDelta::seconds(AHEAD_SECONDS);
        let until = instant.format("%Y-%m-%d %H:%M:%S UTC").to_string();
        life.people["alice"]
            .says(
                case,
                &format!("!vuln embargo until {until} because this is a rehearsal"),
            )
            .await;
        life.people["bob"].says(case, "!vuln embargo second").await;
        life.through(1, "bob", "set the embargo until").await;
        life.people["alice"]
            .says(case, "!vuln announce preview")
            .await;
        let preview = life.through(1, "bob", "announce approve").await;
        let approve = preview
            .body()
            .lines()
            .find_map(|line| {
                line.split("!vuln ")
                    .nth(1)
                    .filter(|words| words.contains("announce approve"))
            })
            .map(|words| format!("!vuln {words}"))
            .unwrap();
        life.people["bob"].says(case, &approve).await;
        life.through(1, "alice", "bob approved the text").await;
        life.people["carol"].says(case, &approve).await;
        life.through(1, "alice", "carol approved the text").await;
        life.people["alice"].says(case, "!vuln announce arm").await;
        let armed = life.people["bob"].sees(&life.me, "armed the announcement");
        if tokio::time::timeout(Duration::from_secs(15), armed)
            .await
            .is_ok()
        {
            return instant;
        }
    }
    panic!("it was never armed");
}

async fn now_by_homeserver(life: &Life) -> chrono::DateTime<chrono::Utc> {
    let url = format!("{}/_matrix/client/versions", life.synapse.url());
    let answer = matrix_sdk::reqwest::get(url).await.unwrap();
    let date = answer.headers()["date"].to_str().unwrap();
    chrono::DateTime::parse_from_rfc2822(date).unwrap().to_utc()
}
