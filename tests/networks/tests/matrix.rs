//! The console's transcripts, lived through on Matrix: the real engine, store and adapter on a real
//! Synapse, with people who have clients of their own.

#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::sync::{Arc, LazyLock};

use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use underrose_on_networks::config;
use underrose_on_networks::matrix::{Matrix, Town};
use underrose_on_networks::play::NotRun;
use underrose_on_networks::{Bot, Player};

const PEOPLE: [&str; 10] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "mallory", "trent", "peggy",
];
const COMMITTEE: [&str; 4] = ["alice", "bob", "carol", "dave"];

/// All of the transcripts that is not run on Matrix, and why.
const NOT_RUN: [NotRun; 8] = [
    NotRun {
        transcript: "demo",
        lines: &[(INVITES, INVITES)],
        unsaid: &["| 2026-11-23 09:05 somebody who was not on the list was removed"],
        why: ALONE_INVITES,
    },
    NotRun {
        transcript: "people",
        lines: &[
            (RECUSED, RECUSED),
            ("frank joins #case-2026-0001", "frank joins #case-2026-0001"),
            (REMOVED, REMOVED),
            (
                "dave invites mallory to #case-2026-0001",
                "members #case-2026-0001",
            ),
        ],
        unsaid: &[],
        why: ALONE_INVITES,
    },
    NotRun {
        transcript: "triage",
        lines: &[(
            "alice in #case-2026-0001: vuln triage valid because x",
            "bob presses Acknowledge in #case-2026-0001",
        )],
        unsaid: &[],
        why: "the homeserver lets nobody speak in a room that is archived",
    },
    NotRun {
        transcript: "approvals",
        lines: &[("erin fills title=x", "erin fills title=x")],
        unsaid: &[],
        why: "there are no forms, and nothing was asked",
    },
    NotRun {
        transcript: "scoring",
        lines: &[("surface modal", "surface stepwise")],
        unsaid: &["- dave: CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H 8.1 (High); the same"],
        why: "there are no forms",
    },
    NotRun {
        transcript: "rooms",
        lines: &[
            ("erin opens home", "erin opens home"),
            ("alice opens home", "alice opens home"),
            (PLAINTEXT, PLAINTEXT),
            (UNVERIFIED, UNVERIFIED),
            ("bob sends unreadable", "bob sends unreadable"),
            ("bob: vuln why", "bob: vuln why"),
            (
                "moved #case-2026-0001 #case-2026-0001-v2",
                "moved #elsewhere #elsewhere-v2",
            ),
            (EXPOSED, EXPOSED),
            (
                SHARED,
                "exposed #elsewhere it is shared with another workspace",
            ),
            ("surface modal", "dave cancels"),
        ],
        unsaid: &[],
        why: "there is no page of the bot's and there are no forms; adapters/matrix/tests has the \
              attackers, and rooms that move or open",
    },
    NotRun {
        transcript: "intake",
        lines: &[("again", "again")],
        unsaid: &[],
        why: AGAIN,
    },
    NotRun {
        transcript: "failures",
        lines: &[
            ("reject #case-2026-0001", "accept #case-2026-0001"),
            ("again", "again"),
        ],
        unsaid: &[],
        why: AGAIN,
    },
];

const INVITES: &str = "bob invites mallory to #case-2026-0001";
const ALONE_INVITES: &str = "the homeserver lets nobody but the bot invite, nor speak who is out: \
                             adapters/matrix/tests has the attempts";
const RECUSED: &str = "bob in #case-2026-0001: vuln status";
const REMOVED: &str = "frank in #case-2026-0001: vuln status";
const PLAINTEXT: &str = "bob in #case-2026-0001 sends plaintext";
const UNVERIFIED: &str = "bob in #case-2026-0001 sends unverified";
const EXPOSED: &str = "exposed #case-2026-0001-v2 its visibility is public";
const SHARED: &str = "exposed #security it is shared with another workspace";
const AGAIN: &str = "a homeserver sends nothing twice under one id, and nobody has the power to \
                     keep the bot from its own rooms: adapters/matrix/tests has catching up";

fn script(transcript: &str) -> String {
    std::fs::read_to_string(format!("../transcripts/{transcript}.txt")).unwrap()
}

/// The people's clients outlive a test.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

async fn town() -> Arc<Town> {
    static TOWN: OnceCell<Arc<Town>> = OnceCell::const_new();
    let made = async || Arc::new(Town::new(&PEOPLE).await);
    TOWN.get_or_init(made).await.clone()
}

async fn play(transcript: &'static str, script: String) {
    let matrix = Matrix::new(town().await, &format!("rose-{transcript}"), &COMMITTEE).await;
    let config = config::on(&[matrix.place()], None, &script);
    let mut bot = Bot::new(config);
    matrix.connect(&mut bot).await;
    let halls = matrix.halls.clone();
    let mut player = Player::new(bot, matrix, halls, &PEOPLE);
    let done = player.play(transcript, &script, &NOT_RUN).await;
    println!("{transcript}: {done} lines");
}

macro_rules! transcripts {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            RUNTIME.block_on(play(stringify!($name), script(stringify!($name))));
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
    let this = include_str!("matrix.rs");
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
#[test]
fn an_expectation_that_is_wrong_fails() {
    let script = script("demo");
    let (first, _) = script.split_once("> 2.").unwrap();
    let wrong = first.replace("      Stage: new\n", "");
    assert_ne!(wrong, first);
    let played = RUNTIME.spawn(play("wrong", wrong));
    assert!(RUNTIME.block_on(played).is_err());
    RUNTIME.block_on(play("right", first.to_owned()));
}

/// A room that is opened and nobody wrote it down, and what others are told by a line in which
/// somebody fills a form.
#[test]
fn nothing_that_happens_beside_a_line_is_passed_over() {
    let script = script("intake");
    let (_, filled) = script.split_once("# All at once.").unwrap();
    let (filled, _) = filled.split_once("\n#").unwrap();
    let filled = filled.replace("2026-0003", "2026-0001");
    for (name, unsaid) in [
        (
            "unopened",
            "    #case-2026-0001 + alice, bob, carol, dave (private, topic: case 2026-0001)\n",
        ),
        (
            "unpaged",
            "    @alice: Page: case *2026-0001* waits for a first answer.\n      [I have it] [I cannot]\n",
        ),
    ] {
        let wrong = filled.replace(unsaid, "");
        assert_ne!(wrong, filled);
        let played = RUNTIME.spawn(play(name, wrong));
        assert!(RUNTIME.block_on(played).is_err(), "{name}");
    }
    RUNTIME.block_on(play("filled", filled));
}
