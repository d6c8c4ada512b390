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

/// All of the transcripts that is not run on Slack, and why.
const NOT_RUN: [NotRun; 6] = [
    NotRun {
        transcript: "approvals",
        lines: &[("erin fills title=x", "erin fills title=x")],
        unsaid: &[],
        why: "Slack sends only forms that are open",
    },
    NotRun {
        transcript: "scoring",
        lines: &[(
            "dave changes AV=N, AC=L, PR=N, UI=N, S=U, C=H, I=H, A=X",
            "dave fills vector=CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",
        )],
        unsaid: &[],
        why: "a menu has no option that is none; adapters/slack/tests has errors beside fields",
    },
    NotRun {
        transcript: "rooms",
        lines: &[
            (PLAINTEXT, PLAINTEXT),
            (UNVERIFIED, UNVERIFIED),
            ("bob sends unreadable", "bob sends unreadable"),
            ("bob: vuln why", "bob: vuln why"),
            (
                "moved #case-2026-0001 #case-2026-0001-v2",
                "moved #elsewhere #elsewhere-v2",
            ),
            (EXPOSED, EXPOSED),
            ("dave cancels", "dave cancels"),
            (
                SHARED,
                "exposed #elsewhere it is shared with another workspace",
            ),
        ],
        unsaid: &[],
        why: "Slack has no encryption and moves no rooms, adapters/slack/tests has rooms that open; \
              and a modal that is closed says nothing more",
    },
    NotRun {
        transcript: "people",
        lines: &[
            (RECUSED, RECUSED),
            (REMOVED, REMOVED),
            ("members #case-2026-0001", "members #case-2026-0001"),
        ],
        unsaid: &[],
        why: "whoever is out of a channel types nothing there; and the adapter looks by itself who \
              is in it",
    },
    NotRun {
        transcript: "intake",
        lines: &[("again", "again")],
        unsaid: &[],
        why: AGAIN,
    },
    NotRun {
        transcript: "failures",
        lines: &[("again", "again")],
        unsaid: &[],
        why: AGAIN,
    },
];

const PLAINTEXT: &str = "bob in #case-2026-0001 sends plaintext";
const UNVERIFIED: &str = "bob in #case-2026-0001 sends unverified";
const EXPOSED: &str = "exposed #case-2026-0001-v2 its visibility is public";
const SHARED: &str = "exposed #security it is shared with another workspace";
const RECUSED: &str = "bob in #case-2026-0001: vuln status";
const REMOVED: &str = "frank in #case-2026-0001: vuln status";
const AGAIN: &str = "Slack sends again by itself, and the same process answers once: \
                     adapters/slack/tests has both";

fn script(transcript: &str) -> String {
    std::fs::read_to_string(format!("../transcripts/{transcript}.txt")).unwrap()
}

async fn play(transcript: &str, script: String) {
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
            play(stringify!($name), script(stringify!($name))).await;
        })*
    };
}

transcripts!(
    approvals, configured, demo, embargo, facts, failures, held, intake, late, looking, oncall,
    people, publish, rooms, scoring, triage
);

/// Every transcript is named above.
#[test]
fn no_transcript_is_left_out() {
    let this = include_str!("slack.rs");
    let (_, named) = this.split_once("\ntranscripts!(").unwrap();
    let named = named.split(')').next().unwrap();
    for entry in std::fs::read_dir("../transcripts").unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(name) = name.strip_suffix(".txt") {
            let is_named = named.split(',').any(|one| one.trim() == name);
            assert!(is_named, "{name} is not run");
        }
    }
}

/// What somebody reads and nobody wrote down, and what is written down and nobody reads.
#[tokio::test(flavor = "multi_thread")]
async fn an_expectation_that_is_wrong_fails() {
    let script = script("demo");
    let (first, _) = script.split_once("> 2.").unwrap();
    for (line, wrong) in [
        ("alice is on call.", "bob is on call."),
        ("      Stage: new\n", ""),
        ("@alice: Page", "@bob: Page"),
        ("#security: New", "#general: New"),
        ("bob, carol, dave (", "bob, carol ("),
    ] {
        let wrong = first.replace(line, wrong);
        assert_ne!(wrong, first);
        let played = tokio::spawn(async move { play("demo", wrong).await });
        assert!(played.await.is_err(), "{line}");
    }
    play("demo", first.to_owned()).await;
}

/// A room that is opened, and nobody wrote it down: though whoever is in it reads what they should.
#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_the_script_does_not_open_fails() {
    let script = script("demo");
    let (first, _) = script.split_once("> 2.").unwrap();
    let opened = "    #case-2026-0001 + alice, bob, carol, dave (private, topic: case 2026-0001)\n";
    let wrong = first.replace(opened, "");
    assert_ne!(wrong, first);
    let played = tokio::spawn(async move { play("demo", wrong).await });
    assert!(played.await.is_err());
}

/// What others are told by a line in which somebody fills a form, and nobody wrote down.
#[tokio::test(flavor = "multi_thread")]
async fn what_others_are_told_while_somebody_fills_a_form_counts() {
    let script = script("intake");
    let (_, filled) = script.split_once("# All at once.").unwrap();
    let (filled, _) = filled.split_once("\n#").unwrap();
    let filled = filled.replace("2026-0003", "2026-0001");
    let page = "    @alice: Page: case *2026-0001* waits for a first answer.\n      [I have it] [I cannot]\n";
    let wrong = filled.replace(page, "");
    assert_ne!(wrong, filled);
    let played = tokio::spawn(async move { play("filled", wrong).await });
    assert!(played.await.is_err());
    play("filled", filled).await;
}
