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
const NOT_RUN: [NotRun; 6] = [
    NotRun {
        transcript: "approvals",
        from: "erin fills title=x",
        to: "erin fills title=x",
        why: "Slack sends only forms that are open",
    },
    NotRun {
        transcript: "scoring",
        from: "dave changes AV=N, AC=L, PR=N, UI=N, S=U, C=H, I=H, A=X",
        to: "dave fills vector=CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",
        why: "a menu has no option that is none; adapters/slack/tests has errors beside fields",
    },
    NotRun {
        transcript: "rooms",
        from: "bob in #case-2026-0001 sends plaintext",
        to: "exposed #elsewhere it is shared with another workspace",
        why: "Slack has no encryption and moves no rooms; adapters/slack/tests has rooms that open",
    },
    NotRun {
        transcript: "people",
        from: "members #case-2026-0001",
        to: "members #case-2026-0001",
        why: "the adapter looks by itself, every ten minutes",
    },
    NotRun {
        transcript: "intake",
        from: "again",
        to: "again",
        why: AGAIN,
    },
    NotRun {
        transcript: "failures",
        from: "again",
        to: "again",
        why: AGAIN,
    },
];

const AGAIN: &str = "Slack sends again by itself, and the same process answers once: \
                     adapters/slack/tests has both";

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
