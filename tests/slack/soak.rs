//! Ten thousand interactions from a hundred people over two sockets that are replaced all the time: the
//! real binary, which commits each to its store before it acknowledges it. Members press the card's
//! button, choose in the calculator and send it; everybody types commands and writes to the bot.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Interval;
use underrose_slack_emulator::{Actor, Cannot, Delivery, Emulator, Rates, Settings};

#[expect(dead_code, reason = "the soak needs a part of it")]
mod looking;
mod random;
#[expect(dead_code, reason = "the soak needs a part of it")]
mod scene;
mod workspace;

use scene::Scene;

/// Slack lets fifty people a minute be invited, and all members are in the case's room.
const MEMBERS: usize = 40;
const OTHERS: usize = 60;

/// Each of ten interactions.
const ROUNDS: usize = 10;

/// Who uses the calculator too, once: Slack lets a modal be updated a hundred times a minute.
const WITH_CALCULATOR: usize = 8;

/// Between two interactions of one person: five hundred a second of all of them, for twenty seconds.
const PACE: Duration = Duration::from_millis(200);

/// What Slack's own three seconds leave far behind.
const P99_MAX: Duration = Duration::from_millis(250);

/// Somebody at their own pace, and how long each of their interactions took.
struct Person {
    actor: Actor,
    pace: Interval,
    took: Vec<Duration>,
}

impl Person {
    fn new(emulator: &Emulator, id: &str) -> Self {
        Self {
            actor: emulator.actor(id),
            pace: tokio::time::interval(PACE),
            took: Vec::new(),
        }
    }

    fn did(&mut self, what: &str, done: Result<Delivery, Cannot>) -> Value {
        let delivery = done.unwrap_or_else(|cannot| panic!("{what}: {cannot}"));
        self.took.push(delivery.took);
        let answer = delivery.answer;
        answer
            .unwrap_or_else(|why| panic!("{what}: {why}"))
            .unwrap_or_default()
    }

    async fn types(&mut self, channel: &str, text: &str) {
        self.pace.tick().await;
        let done = self.actor.slash(channel, "/vuln", text).await;
        let answer = self.did(text, done);
        assert!(answer["blocks"].is_array(), "{text}: {answer}");
    }

    fn writes(&self) {
        self.actor.dm("vuln next").unwrap();
    }

    async fn presses(&mut self, case: &str, label: &str) {
        let done = self.actor.press_labelled(case, label).await;
        self.did(label, done);
    }

    /// Presses the button, chooses each metric and sends them.
    async fn calculates(&mut self, case: &str) {
        self.pace.tick().await;
        self.presses(case, "Score").await;
        let opened = |view: &Value| view["submit"].is_object();
        self.actor.modal_that("the calculator", opened).await;
        for (metric, value) in [
            ("AV", "N"),
            ("AC", "L"),
            ("PR", "L"),
            ("UI", "N"),
            ("S", "U"),
            ("C", "H"),
            ("I", "L"),
            ("A", "N"),
        ] {
            self.pace.tick().await;
            let told = self.actor.fill(metric, value).await.unwrap();
            self.did(metric, Ok(told.expect("each choice changes the score")));
        }
        self.pace.tick().await;
        let done = self.actor.submit().await;
        let answer = self.did("submit", done);
        assert_eq!(answer["response_action"], "update", "{answer}");
        self.actor.close().await.unwrap();
    }
}

async fn member(mut person: Person, number: usize, case: String) -> Person {
    if number < WITH_CALCULATOR {
        person.calculates(&case).await;
    }
    for round in 0..ROUNDS {
        person.pace.tick().await;
        person.presses(&case, "Approve").await;
        let integrity = ["N", "L", "H"][round % 3];
        let score = format!("score CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:{integrity}/A:N");
        person.types(&case, &score).await;
        for text in [
            "why",
            "help",
            "list",
            "next",
            "help score",
            "help embargo",
            "list",
        ] {
            person.types(&case, text).await;
        }
        person.writes();
    }
    person
}

async fn other(mut person: Person, hall: String) -> Person {
    for _ in 0..ROUNDS {
        for text in ["help", "next", "list", "help terms", "help report"] {
            person.types(&hall, text).await;
        }
        for text in ["ack 2026-0001", "why", "help", "next"] {
            person.types(&hall, text).await;
        }
        person.writes();
    }
    person
}

/// Cuts and refreshes sockets.
async fn shake(emulator: Emulator) {
    for n in 0.. {
        tokio::time::sleep(Duration::from_secs(2)).await;
        if n % 3 == 2 {
            emulator.cut_sockets();
        } else {
            emulator.refresh_a_socket();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_interactions_are_each_taken_once() {
    // More people than one workspace's limits are made for.
    let settings = Settings {
        rates: Rates::Relaxed,
        ..workspace::app()
    };
    let mut scene = Scene::as_app(settings, MEMBERS).await;
    let emulator = scene.emulator.clone();
    let hall = scene.halls[1].clone();
    let erin = scene.actor("erin");
    erin.dm("vuln report the kubelet logs tokens").unwrap();
    let case = scene.case_room().await;
    for text in [
        "vuln ack",
        "vuln triage valid because reproduced",
        "vuln summary The kubelet logs tokens",
        "vuln embargo until 2036-01-08 16:00 UTC because this is a rehearsal",
    ] {
        scene.types("alice", &case, text).await;
    }
    for text in [
        "vuln announce draft upgrade to 1.29.3",
        "vuln announce preview",
    ] {
        scene.types("alice", &case, text).await;
    }
    let shown = |message: &Value| message.to_string().contains("Approve");
    scene
        .actor("alice")
        .sees_that(&case, "the preview", shown)
        .await;

    let mut acting = JoinSet::new();
    let mut people = Vec::new();
    for number in 0..MEMBERS {
        let id = scene.id(&format!("p{number}"));
        acting.spawn(member(Person::new(&emulator, &id), number, case.clone()));
        people.push(id);
    }
    for number in 0..OTHERS {
        let id = emulator.person(&format!("other{number}"));
        emulator.with(|world| world.enter(&hall, &id, None));
        acting.spawn(other(Person::new(&emulator, &id), hall.clone()));
        people.push(id);
    }
    let shaking = tokio::spawn(shake(emulator.clone()));
    let mut took = Vec::new();
    while let Some(done) = acting.join_next().await {
        took.extend(done.unwrap().took);
    }
    shaking.abort();
    emulator.settled().await;

    // Every direct message is answered once …
    let answers = |id: &String| {
        let direct = emulator.actor(id).direct();
        let of_bot = |world: &underrose_slack_emulator::World| {
            let messages = world.channels[&direct].messages.iter();
            messages.filter(|message| message.by_app).count()
        };
        emulator.look(of_bot)
    };
    for id in &people {
        assert_eq!(answers(id), ROUNDS, "{id}");
    }
    // … the card shows the last of what was decided, and each decision counts once.
    let scorers = format!("*Scores in*\\n{MEMBERS}");
    scene.card_that(&case, &scorers).await;
    scene.kill();
    let counts = ["scored", "approved", "refused"].map(|event| scene.journal_counts(event));
    let scored = MEMBERS * ROUNDS + WITH_CALCULATOR;
    // A second approval is refused, and so is the command of whoever is not on the list.
    let refused = MEMBERS * (ROUNDS - 1) + OTHERS * ROUNDS;
    assert_eq!(counts, [scored, MEMBERS, refused]);

    took.extend(emulator.look(|world| {
        let said = world.record.said.iter();
        said.map(|message| message.took).collect::<Vec<_>>()
    }));
    took.sort();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    println!(
        "{} interactions over {} sockets: p50 {:?}, p99 {:?}, longest {:?}",
        took.len(),
        emulator.sockets_ever(),
        at(0.5),
        at(0.99),
        at(1.0),
    );
    // With the report that began it.
    let all = (MEMBERS + OTHERS) * ROUNDS * 10 + WITH_CALCULATOR * 10 + 1;
    assert_eq!(took.len(), all);
    assert!(emulator.sockets_ever() >= 10, "they came and went");
    assert!(at(0.99) < P99_MAX, "{:?}", at(0.99));
    assert_eq!(emulator.complaints(), Vec::<String>::new());
}
