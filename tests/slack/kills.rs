//! Killed with SIGKILL at moments that follow from seeds: every command is obeyed once, one room
//! for the case, every announcement exactly once and none early.

use underrose_slack_emulator::{Rates, Settings};

use crate::looking::case_rooms;
use crate::scene::Scene;
use crate::workspace::app;

async fn whole_life(seed: u64, kills: usize) -> usize {
    // Both ways in.
    let mut scene = if seed.is_multiple_of(2) {
        // Slack opens one socket a minute, and a few more at once; this process is started more
        // often.
        let settings = Settings {
            rates: Rates::Relaxed,
            ..app()
        };
        Scene::as_app(settings, 0).await
    } else {
        Scene::over_http().await
    };
    scene.kill_at_random(seed, kills);
    // A message: Slack brings it again until it is acknowledged. A slash command it does not, so
    // that whoever types that again after a kill may well report a second time.
    scene
        .actor("erin")
        .dm("vuln report the kubelet logs tokens")
        .unwrap();
    let case = scene.case_room().await;
    scene.drafts(&case).await;
    let instant = scene.arm(&case).await;
    let halls = scene.halls.clone();
    scene
        .until("the announcements", |world| {
            (Scene::announced(world, &halls).len() >= 3).then_some(())
        })
        .await;
    scene
        .until("the card that says so", |world| {
            let blocks = world.channels[&case]
                .messages
                .iter()
                .map(|message| serde_json::json!(message.blocks).to_string());
            blocks
                .into_iter()
                .any(|blocks| blocks.contains("*Stage*\\ndisclosed"))
                .then_some(())
        })
        .await;
    scene.closes(&case).await;
    scene.kill();
    let mut announced = scene.emulator.look(|world| Scene::announced(world, &halls));
    assert!(
        announced
            .iter()
            .all(|(_, at)| *at >= instant.timestamp() as f64),
        "early: {announced:?} {instant}"
    );
    announced.sort_by(|a, b| a.0.cmp(&b.0));
    let rooms: Vec<&String> = announced.iter().map(|(room, _)| room).collect();
    let mut expected: Vec<&String> = halls.iter().collect();
    expected.sort();
    assert_eq!(rooms, expected, "each once after {} kills", scene.kills);
    assert_eq!(
        scene.emulator.look(|world| case_rooms(world).count()),
        1,
        "one room for the case"
    );
    for event in [
        "case_opened",
        "room_opened",
        "acked",
        "triaged",
        "settled",
        "readied",
        "published",
        "closed",
    ] {
        assert_eq!(
            scene.journal_counts(event),
            1,
            "{event} after {} kills",
            scene.kills
        );
    }
    scene.kills
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_it_obeys_once_and_announces_once() {
    let mut lives = tokio::task::JoinSet::new();
    for seed in 1..=4 {
        lives.spawn(whole_life(seed, 14));
    }
    let mut kills = 0;
    while let Some(life) = lives.join_next().await {
        kills += life.unwrap();
    }
    println!("{kills} kills");
    assert!(kills >= 50, "only {kills} kills took place");
}
