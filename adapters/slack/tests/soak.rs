//! Ten thousand interactions from a hundred people over two sockets that are replaced all the time.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::collections::BTreeSet;
use std::time::Duration;

#[expect(dead_code, reason = "the soak needs a part of the stage")]
#[path = "it/stage.rs"]
mod stage;

use stage::Stage;

const PEOPLE: usize = 100;
const EACH: usize = 100;

/// Between two interactions of one person: five hundred a second of all of them, for twenty seconds.
const PACE: Duration = Duration::from_millis(200);

/// What Slack's own three seconds leave far behind.
const P99_MAX: Duration = Duration::from_millis(250);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_interactions_are_each_taken_once() {
    let stage = Stage::up().await;
    stage.desk.says("Nothing waits.");
    let people: Vec<String> = (0..PEOPLE)
        .map(|n| stage.emulator.person(&format!("p{n}")))
        .collect();
    let names: Vec<&str> = people.iter().map(String::as_str).collect();
    let hall = stage.emulator.public("general", &names);
    let mut acting = tokio::task::JoinSet::new();
    for (n, person) in people.iter().enumerate() {
        let (actor, hall) = (stage.emulator.actor(person), hall.clone());
        acting.spawn(async move {
            let mut took = Vec::new();
            let mut pace = tokio::time::interval(PACE);
            for m in 0..EACH {
                pace.tick().await;
                let delivery = actor
                    .slash(&hall, "/vuln", &format!("help {n}-{m}"))
                    .await
                    .unwrap();
                assert!(delivery.is_acknowledged(), "{n}-{m}: {delivery:?}");
                took.push(delivery.took);
            }
            took
        });
    }
    let emulator = stage.emulator.clone();
    let shaking = tokio::spawn(async move {
        for n in 0.. {
            tokio::time::sleep(Duration::from_secs(2)).await;
            if n % 3 == 2 {
                emulator.cut_sockets();
            } else {
                emulator.refresh_a_socket();
            }
        }
    });
    let mut took = Vec::new();
    while let Some(done) = acting.join_next().await {
        took.extend(done.unwrap());
    }
    shaking.abort();
    took.sort();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    println!(
        "{} interactions over {} sockets: p50 {:?}, p99 {:?}, longest {:?}",
        took.len(),
        stage.emulator.sockets_ever(),
        at(0.5),
        at(0.99),
        at(1.0),
    );
    let texts = stage.desk.texts();
    let distinct: BTreeSet<&String> = texts.iter().collect();
    assert_eq!(
        (texts.len(), distinct.len()),
        (PEOPLE * EACH, PEOPLE * EACH),
        "none lost, none doubled"
    );
    assert!(at(0.99) < P99_MAX, "{:?}", at(0.99));
    assert_eq!(stage.emulator.complaints(), Vec::<String>::new());
}
