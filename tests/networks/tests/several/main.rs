//! One case on several networks at once, in one process: Matrix on a real Synapse, Slack on the
//! emulator, and the console for one operator.

#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod scene;
mod tls;

use std::collections::BTreeSet;

use chrono::TimeDelta;

use scene::{Scene, names};

/// What both people's clients and the console show of a command that was given on one network.
#[tokio::test(flavor = "multi_thread")]
async fn one_case_has_a_room_on_each_network_and_is_one_case() {
    let mut scene = Scene::new().await;

    // Somebody who is on Slack alone reports; the case gets a room on each network.
    scene
        .slack_says("mallory", None, "vuln report A heap overflow")
        .await;
    let case = scene.rooms("case-2026-0001").await;
    assert_eq!(
        scene.who_is_in(&case).await,
        (names("alice bob carol"), names("alice bob dave"))
    );
    scene
        .all_read(&case, "This is the room of case 2026-0001")
        .await;
    scene.all_read(&case, "Stage: new").await;
    assert!(scene.console_shows("#case-2026-0001 + alice"));

    // A command given on one is seen on all, with who gave it; the cards follow.
    scene.slack_says("alice", Some(&case), "vuln ack").await;
    scene
        .all_read(&case, "alice answered the reporter; triage begins.")
        .await;
    scene.all_read(&case, "Stage: triaging").await;
    assert!(scene.console_shows("#case-2026-0001: alice answered the reporter"));
    assert!(scene.console_shows("#case-2026-0001 ~ Owner: alice"));
    scene
        .matrix_says(
            "alice",
            Some(&case),
            "!vuln triage valid because it crashes",
        )
        .await;
    scene
        .all_read(&case, "alice accepted the case: it crashes")
        .await;
    scene
        .console_says("alice in #case-2026-0001: vuln summary A crafted file can crash the parser")
        .await;
    scene
        .all_read(&case, "alice set the summary: A crafted file")
        .await;

    // Rights are one: who may not on one may not on another, and the console binds nothing.
    scene
        .matrix_says("carol", Some(&case), "!vuln lead carol")
        .await;
    scene.matrix_reads("carol", "You may not `lead` here").await;
    scene
        .slack_says("dave", Some(&case), "vuln lead dave")
        .await;
    scene.slack_reads("dave", "You may not `lead` here").await;

    // A person counts once over all networks.
    scene
        .slack_says(
            "alice",
            Some(&case),
            "vuln embargo until 2026-12-01 16:00 UTC",
        )
        .await;
    scene.slack_says("alice", Some(&case), "vuln ready").await;
    scene
        .slack_says(
            "alice",
            Some(&case),
            "vuln release waive because it is a library",
        )
        .await;
    scene
        .slack_says("alice", Some(&case), "vuln announce draft Upgrade to 2.1.")
        .await;
    scene
        .slack_says("alice", Some(&case), "vuln announce preview")
        .await;
    scene.slack_presses("bob", &case, "Approve").await;
    scene.matrix_presses("bob", &case, "Approve").await;
    scene
        .matrix_reads("bob", "You approved this already; a second person must.")
        .await;
    scene.console_says("alice presses Approve").await;
    assert!(scene.console_shows("(alice) "), "the console binds nothing");
    scene.all_read(&case, "approvals: 1").await;
    scene.matrix_presses("carol", &case, "Approve").await;
    scene.all_read(&case, "carol approved the text").await;
    scene.slack_presses("alice", &case, "Arm").await;
    scene
        .all_read(&case, "alice armed the announcement: it goes to 6 rooms")
        .await;

    // The instant comes: each public room of both networks hears it once.
    scene.passes(TimeDelta::days(9)).await;
    scene
        .all_read(&case, "All 6 rooms have the announcement.")
        .await;
    assert_eq!(scene.announced("Upgrade to 2.1.").await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_on_the_list_is_invited_wherever_they_have_a_handle() {
    let mut scene = Scene::new().await;
    scene
        .slack_says("mallory", None, "vuln report A heap overflow")
        .await;
    let case = scene.rooms("case-2026-0001").await;
    scene.slack_says("alice", Some(&case), "vuln ack").await;
    scene
        .slack_says("alice", Some(&case), "vuln triage valid because it crashes")
        .await;

    // Erin has an account on both: she accepts on one, and is asked into both.
    let add = "vuln add erin as release with history because she releases";
    scene.slack_says("alice", Some(&case), add).await;
    let before = scene.who_is_in(&case).await;
    assert_eq!(
        before,
        (names("alice bob carol"), names("alice bob dave")),
        "not before the terms"
    );
    scene.matrix_presses_alone("erin", "I accept").await;
    scene.all_read(&case, "erin accepted the terms").await;
    let with = (names("alice bob carol erin"), names("alice bob dave erin"));
    assert_eq!(scene.who_is_in(&case).await, with);
    scene
        .slack_says("erin", Some(&case), "vuln release verified")
        .await;
    scene
        .matrix_says("alice", Some(&case), "!vuln remove erin because it is out")
        .await;
    scene.all_read(&case, "alice took erin off the list").await;
    assert_eq!(scene.who_is_in(&case).await, before);

    // Frank has one on Matrix alone.
    let frank = scene.matrix_account("frank");
    let add = format!("!vuln add {frank} as fix because he wrote the parser");
    scene.matrix_says("alice", Some(&case), &add).await;
    scene.matrix_presses_alone("frank", "I accept").await;
    let with = (names("alice bob carol frank"), names("alice bob dave"));
    assert_eq!(scene.who_is_in(&case).await, with);
    scene
        .matrix_says("frank", Some(&case), "!vuln component parser")
        .await;
    let told = format!("matrix/{frank} set the component: parser");
    scene.all_read(&case, &told).await;

    // Who recuses themselves on one network is out on all.
    scene.slack_says("bob", Some(&case), "vuln recuse").await;
    let without = (names("alice carol frank"), names("alice dave"));
    assert_eq!(scene.who_is_in(&case).await, without);
    assert_eq!(names(""), BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_down_stops_no_other() {
    let mut scene = Scene::new().await;
    scene
        .slack_says("mallory", None, "vuln report A heap overflow")
        .await;
    let case = scene.rooms("case-2026-0001").await;
    for down in ["slack", "matrix"] {
        scene.bot.set_down(down, true).await;
        let text = format!("while {down} is down");
        // The network that is up takes the command and shows it; so does the console.
        match down {
            "slack" => {
                scene.matrix_says("alice", Some(&case), "!vuln ack").await;
                scene
                    .matrix_says("alice", Some(&case), &format!("!vuln say {text}"))
                    .await;
                scene.matrix_room_reads(&case, &text).await;
            }
            _ => {
                scene
                    .slack_says("alice", Some(&case), &format!("vuln say {text}"))
                    .await;
                scene.slack_room_reads(&case, &text).await;
            }
        }
        assert!(scene.console_shows(&text));
        scene.bot.set_down(down, false).await;
        // What it missed is said when it is back, once.
        scene.passes(TimeDelta::minutes(10)).await;
        scene.all_read(&case, &text).await;
    }
    scene.all_read(&case, "Stage: triaging").await;
}
