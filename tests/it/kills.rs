//! The real binary against a network that remembers, killed with SIGKILL at every kind of moment:
//! every command is obeyed once, every announcement goes out exactly once, and none early.

use std::sync::atomic::{AtomicU64, Ordering};

use underrose_chat::sim::remote::{Answer, Peer};
use underrose_chat::{Action, Target};

use crate::scene::{Random, Scene, TARGETS};

async fn whole_life(plans: Vec<String>, hold: Option<u64>, in_fan_out: bool) -> usize {
    let mut scene = Scene::new(plans).await;
    if let Some(hold) = hold
        && !in_fan_out
    {
        hold_the(&scene.peer, hold, |_| true);
    }
    scene.prepare().await;
    scene.arm().await;
    if let Some(hold) = hold
        && in_fan_out
    {
        hold_the(
            &scene.peer,
            hold,
            |action| matches!(action, Action::Post { to: Target::Room { room, .. }, .. } if TARGETS.contains(&room.id.as_str())),
        );
    }
    scene.finish().await;
    scene.check();
    scene.kills
}

/// The n-th delivery of that kind happens, and its answer never comes.
fn hold_the(peer: &Peer, n: u64, kind: impl Fn(&Action) -> bool + Send + Sync + 'static) {
    let seen = AtomicU64::new(0);
    peer.decide(move |action| {
        if kind(action) && seen.fetch_add(1, Ordering::SeqCst) + 1 == n {
            Answer::Hold
        } else {
            Answer::Give
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_anywhere_it_obeys_once_and_announces_once() {
    let mut scenes: Vec<(Vec<String>, Option<u64>, bool)> = Vec::new();
    for n in 1..=10 {
        let plan = |name: &str, n: u64| format!("{name}:{n}");
        // Before a commit, after one, after a delivery: one process after the other.
        scenes.push((
            vec![
                plan("before-commit", n * 3),
                plan("after-commit", n * 2 + 1),
                plan("after-delivery", n * 2),
            ],
            None,
            false,
        ));
        // Before the receipt: it happened, and the bot never hears of it.
        scenes.push((Vec::new(), Some(n * 3), false));
    }
    for n in 1..=5 {
        // In the middle of the fan-out; and once more at a moment of the network's choosing.
        scenes.push((
            vec![String::new(), format!("after-delivery:{n}")],
            Some(1 + n % 3),
            true,
        ));
    }
    let mut kills = 0;
    for group in scenes.chunks(5) {
        let mut lives = tokio::task::JoinSet::new();
        for (plans, hold, in_fan_out) in group.iter().cloned() {
            lives.spawn(whole_life(plans, hold, in_fan_out));
        }
        while let Some(life) = lives.join_next().await {
            kills += life.unwrap();
        }
    }
    println!("{kills} kills");
    assert!(kills >= 45, "only {kills} kills took place");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_it_obeys_once_and_announces_once() {
    let mut lives = tokio::task::JoinSet::new();
    for seed in 1..=5 {
        lives.spawn(async move {
            let mut scene = Scene::new(Vec::new()).await;
            scene.random = Some(Random::new(seed));
            scene.prepare().await;
            scene.arm().await;
            scene.finish().await;
            scene.check();
            scene.kills
        });
    }
    let mut kills = 0;
    while let Some(life) = lives.join_next().await {
        kills += life.unwrap();
    }
    println!("{kills} kills");
    assert!(kills >= 50, "only {kills} kills took place");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_backup_announces_nothing_twice() {
    let mut scene = Scene::new(Vec::new()).await;
    scene.prepare().await;
    scene.arm().await;
    let copy = scene.dir.path().join("copy.redb");
    let (ok, said) = scene.run(&["backup", copy.to_str().unwrap()]);
    assert!(ok, "{said}");
    scene
        .until("the announcement", |peer| {
            Scene::announced(peer).len() >= TARGETS.len()
        })
        .await;
    scene.kill();
    std::fs::remove_dir_all(scene.dir.path().join("data")).unwrap();
    let (ok, said) = scene.run(&["restore", copy.to_str().unwrap()]);
    assert!(ok, "{said}");
    // The copy believes that the announcement is still to come, and its instant has passed.
    scene.start();
    scene.finish().await;
    scene.check();
}
