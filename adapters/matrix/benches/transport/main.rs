//! From a person's event at the homeserver to the bot's answer at that person's client: the real
//! binary, which commits before it answers, beside the plainest bot of matrix-nio, on the same
//! Synapse in the same run. Encrypted both ways. Prints one line for each figure.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "in a benchmark a panic is the report")]

mod floor;
mod many;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use matrix_sdk::ruma::{OwnedRoomId, UserId};

use support::life::Life;
use support::person::{PASSWORD, Person, Signed, register};
use support::synapse::python;

/// To read 100,000 events back takes a homeserver minutes.
const PATIENCE: Duration = Duration::from_secs(600);

const ONE: usize = 60;
/// Rooms at once, and what each asks one after the other.
const AT_ONCE: [(usize, usize); 2] = [(20, 10), (50, 4)];

struct Asker {
    person: Person,
    room: OwnedRoomId,
}

async fn askers(url: &str, bot: &UserId, tag: &str, count: usize) -> Vec<Asker> {
    let mut all = Vec::new();
    for number in 0..count {
        let person = Person::new(url, &format!("{tag}{number}"), Signed::Yes).await;
        let room = person.direct_with(bot).await.room_id().to_owned();
        person.sees_joining(bot, &room).await;
        all.push(Asker { person, room });
    }
    all
}

impl Asker {
    /// The time of the person's own PUT, and until the answer was seen.
    async fn ask(&self, bot: &UserId) -> (Duration, Duration) {
        // No two alike: what is said again letter by letter is looked at as a replay may be.
        static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let words = format!("!vuln help {count}");
        let before = self.person.shown_from(0, <[_]>::len);
        let begun = Instant::now();
        let event = self.person.says(&self.room, &words).await;
        let put = begun.elapsed();
        self.person
            .until_within(PATIENCE, "the answer", |me| {
                me.shown_from(before, |shown| {
                    let mut rest = shown.iter();
                    // What was said before the question is no answer to it.
                    rest.find(|one| one.event["event_id"] == event.as_str())?;
                    rest.any(|one| {
                        one.room == self.room
                            && one.sender() == bot
                            && one.kind() == "m.room.message"
                    })
                    .then_some(())
                })
            })
            .await;
        (put, begun.elapsed())
    }
}

fn show(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let at =
        |part: f64| times[((times.len() - 1) as f64 * part).round() as usize].as_secs_f64() * 1e3;
    println!(
        "{name}: p50 {:.0} ms, p99 {:.0} ms, {} answers",
        at(0.5),
        at(0.99),
        times.len()
    );
}

async fn measure(name: &str, url: &str, bot: &UserId) {
    let (one, _) = AT_ONCE[0];
    let mut all = askers(url, bot, name, one).await;
    for asker in &all {
        asker.ask(bot).await;
    }
    let (mut puts, mut times) = (Vec::new(), Vec::new());
    for _ in 0..ONE {
        let (put, whole) = all[0].ask(bot).await;
        puts.push(put);
        times.push(whole);
    }
    show(&format!("{name}, the person's own PUT"), puts);
    show(&format!("{name}, one room"), times);
    for (rooms, each) in AT_ONCE {
        let more = askers(url, bot, &format!("{name}of{rooms}"), rooms - all.len()).await;
        for asker in &more {
            asker.ask(bot).await;
        }
        all.extend(more);
        let begun = Instant::now();
        let asking = all.iter().map(|asker| async move {
            let mut times = Vec::new();
            for _ in 0..each {
                times.push(asker.ask(bot).await.1);
            }
            times
        });
        let times: Vec<Duration> = futures_util::future::join_all(asking).await.concat();
        let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
        show(&format!("{name}, {rooms} rooms at once"), times);
        println!("{name}, {rooms} rooms at once: {rate:.1} answers a second");
    }
}

fn resident(pid: u32) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap_or_default();
    line.split_whitespace()
        .skip(1)
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::main]
async fn main() {
    // `cargo test` runs benchmarks too, to see that they begin.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    if std::env::args().any(|arg| arg == "many") {
        return many::many().await;
    }
    let mut life = Life::new().await;
    let url = life.synapse.url();
    life.starts();
    measure("underrose", &url, &life.me.clone()).await;
    println!(
        "underrose, resident after it: {}",
        resident(life.bot.as_ref().unwrap().id())
    );
    let asker = askers(&url, &life.me.clone(), "late", 1)
        .await
        .pop()
        .unwrap();
    asker.ask(&life.me).await;
    stop(&mut life);
    println!(
        "underrose, from its start to the first answer: {:.2} s",
        starts(&mut life, &asker).await.as_secs_f64()
    );
    let bare = register(&url, "bare").await;
    let answering = tokio::spawn(floor::Floor::log_in(&url, &bare).await.run());
    measure("floor", &url, &bare).await;
    answering.abort();
    let nio = register(&url, "niobot").await;
    let mut child = Command::new(python())
        .arg(std::env::var("CARGO_MANIFEST_DIR").unwrap() + "/tests/support/nio_bot.py")
        .args([&url, nio.as_str(), PASSWORD])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut first).unwrap();
    measure("nio", &url, &nio).await;
    println!("nio, resident after it: {}", resident(child.id()));
    child.kill().unwrap();
    child.wait().unwrap();
}

fn stop(life: &mut Life) {
    let mut bot = life.bot.take().unwrap();
    bot.kill().unwrap();
    bot.wait().unwrap();
}

/// Starts the bot: how long until it has answered what is asked meanwhile.
async fn starts(life: &mut Life, asker: &Asker) -> Duration {
    let me = life.me.clone();
    let asking = asker.ask(&me);
    let begun = Instant::now();
    life.starts();
    asking.await;
    begun.elapsed()
}
