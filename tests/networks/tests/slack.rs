//! The console's transcripts, lived through on Slack: the real engine, store and adapter against
//! the emulated workspace, with people who type, press and fill.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use underrose_on_networks::config;
use underrose_on_networks::play::NotRun;
use underrose_on_networks::slack::Slack;
use underrose_on_networks::{Bot, Player};

const PEOPLE: [&str; 10] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "mallory", "trent", "peggy",
];
const COMMITTEE: [&str; 4] = ["alice", "bob", "carol", "dave"];

/// What is not run on Slack, and why.
const NOT_RUN: [NotRun; 0] = [];

async fn play(transcript: &str) {
    let script = std::fs::read_to_string(format!("../transcripts/{transcript}.txt")).unwrap();
    let slack = Slack::new(&PEOPLE, &COMMITTEE).await;
    let config = config::on(&[slack.place()], None, &script);
    let mut bot = Bot::new(config);
    slack.connect(&mut bot).await;
    let (emulator, halls) = (slack.emulator.clone(), slack.halls.clone());
    let mut player = Player::new(bot, slack, halls, &PEOPLE);
    let done = player.play(transcript, &script, &NOT_RUN).await;
    println!("{transcript}: {done} lines");
    assert_eq!(emulator.complaints(), Vec::<String>::new());
}

macro_rules! transcripts {
    ($($name:ident),*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            play(stringify!($name)).await;
        })*
    };
}

transcripts!(
    approvals, configured, demo, embargo, facts, failures, held, intake, late, looking, oncall,
    people, publish, rooms, scoring, triage
);
