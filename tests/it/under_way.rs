//! Between deciding and the disk: what is prepared is neither answered nor forgotten, reaches the
//! disk in order, and never happened if it is lost.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;
use underrose::clock::{Clock, Virtual};
use underrose::config::{NETWORKS_BUILT, parse};
use underrose::domain::decision::{Purpose, delivery_key};
use underrose::engine::{Engine, Input, Row, fold, start};
use underrose::store::disk::Disk;
use underrose::store::{MasterKey, Store};
use underrose_chat::{
    Accept, EventId, Happening, Inbound, Network, Place, Receipt, RoomId, Surface, UserId,
};

struct Bot {
    engine: Engine,
    disk: Disk,
    key: MasterKey,
    clock: Arc<Virtual>,
}

impl Bot {
    fn new() -> Self {
        let clock = Virtual::at("2026-11-23T09:00:00Z".parse::<DateTime<Utc>>().unwrap());
        let (disk, key) = (Disk::default(), MasterKey::generate());
        let engine = open(&disk, &key, &clock);
        Self {
            engine,
            disk,
            key,
            clock: Arc::new(clock),
        }
    }

    /// The power goes with whatever is under way.
    fn crash(self) -> Self {
        drop(self.engine);
        self.disk.crash(|| false);
        let engine = open(&self.disk, &self.key, &self.clock);
        Self { engine, ..self }
    }

    fn step(&mut self, inbound: Inbound) -> Vec<Row> {
        let input = [Input::Inbound(inbound)];
        self.engine.step(&input, self.clock.read()).unwrap().1
    }

    fn cases(&self) -> usize {
        self.engine.state().cases.len()
    }
}

fn open(disk: &Disk, key: &MasterKey, clock: &Virtual) -> Engine {
    let text = std::fs::read_to_string("config.example.toml").unwrap();
    let mut config = parse(&text, NETWORKS_BUILT).unwrap();
    config.policy.show_head = false;
    let store = Store::with_backend(disk.clone(), key).unwrap();
    let opened = Engine::open(store, Arc::new(config.policy), clock.read());
    opened.unwrap().0
}

fn says(bot: &Bot, number: usize, who: &str, place: Place, text: &str) -> Inbound {
    let network = Network("console".into());
    Inbound {
        network: network.clone(),
        id: EventId(format!("u{number}")),
        at: Some(bot.clock.read().wall),
        cursor: None,
        what: Happening::Text {
            by: UserId {
                network,
                id: who.into(),
            },
            place,
            text: text.into(),
            addressed: true,
            edited: false,
            surface: Surface::Stepwise,
            thread: None,
        },
    }
}

#[test]
fn an_event_that_comes_again_while_it_is_under_way_gets_its_answer_and_has_no_second_effect() {
    let mut bot = Bot::new();
    let reading = bot.clock.read();
    let event = says(&bot, 1, "erin", Place::Direct, "vuln report x");
    let input = [Input::Inbound(event)];
    let first = bot.engine.prepare(&input, reading).unwrap();
    let again = bot.engine.prepare(&input, reading).unwrap();
    let committer = bot.engine.store().committer();
    let (answer, promises) = first.commit(&committer).unwrap();
    let (same, none) = again.commit(&committer).unwrap();
    assert_eq!(answer, same);
    assert!(!promises.is_empty() && none.is_empty());
    assert_eq!(bot.cases(), 1);
}

#[test]
fn an_event_without_a_date_that_comes_again_the_next_day_has_no_second_effect() {
    let mut bot = Bot::new();
    let undated = Inbound {
        at: None,
        ..says(&bot, 1, "erin", Place::Direct, "vuln report x")
    };
    let input = [Input::Inbound(undated)];
    let reading = bot.clock.read();
    let first = bot.engine.prepare(&input, reading).unwrap();
    let again = bot.engine.prepare(&input, reading).unwrap();
    let committer = bot.engine.store().committer();
    let (answer, _) = first.commit(&committer).unwrap();
    let (same, _) = again.commit(&committer).unwrap();
    assert_eq!(answer, same);
    // Past midnight, to another process.
    bot.clock.advance(TimeDelta::hours(38));
    let mut bot = bot.crash();
    let (same, _) = bot.engine.step(&input, bot.clock.read()).unwrap();
    assert_eq!(answer, same);
    assert_eq!(bot.cases(), 1);
}

#[test]
fn what_was_prepared_and_lost_never_happened() {
    let mut bot = Bot::new();
    let reading = bot.clock.read();
    let event = says(&bot, 1, "erin", Place::Direct, "vuln report x");
    let input = [Input::Inbound(event)];
    let lost = bot.engine.prepare(&input, reading).unwrap();
    assert_eq!(bot.cases(), 1);
    drop(lost);
    let mut bot = bot.crash();
    assert_eq!(bot.cases(), 0);
    let (_, promises) = bot.engine.step(&input, reading).unwrap();
    assert!(!promises.is_empty(), "the network delivered it again");
    assert_eq!(bot.cases(), 1);
}

#[test]
fn batches_reach_the_disk_in_order_and_none_after_one_that_was_lost() {
    let mut bot = Bot::new();
    let reading = bot.clock.read();
    let mut prepared = Vec::new();
    for number in 0..2 {
        let event = says(&bot, number, "erin", Place::Direct, "vuln report x");
        let input = [Input::Inbound(event)];
        prepared.push(bot.engine.prepare(&input, reading).unwrap());
    }
    // What a third would have to look up, nobody remembers.
    assert!(bot.engine.prepare(&[Input::Tick], reading).is_err());
    let committer = bot.engine.store().committer();
    let second = prepared.pop().unwrap();
    assert!(second.commit(&committer).is_err(), "the first is not there");
    let first = prepared.pop().unwrap();
    assert!(first.commit(&committer).is_ok());
    assert_eq!(bot.crash().cases(), 1);
}

#[test]
fn a_case_whose_end_is_under_way_is_opened_again_with_its_whole_history() {
    let mut bot = Bot::new();
    let report = says(&bot, 1, "erin", Place::Direct, "vuln report x");
    let rows = bot.step(report);
    let row = rows.iter().find(|row| row.promise.purpose == Purpose::Room);
    let row = row.unwrap().clone();
    let room = RoomId {
        network: Network("console".into()),
        id: "case-2026-0001".into(),
    };
    let delivered = Input::Delivered {
        id: row.id,
        promise: row.promise,
        receipt: Receipt::Room { room: room.clone() },
    };
    bot.engine.step(&[delivered], bot.clock.read()).unwrap();
    let there = Place::Room { room };
    let ack = says(&bot, 2, "alice", there.clone(), "vuln ack");
    bot.step(ack);
    let ends = "vuln triage intended because it is meant so";
    let ends = says(&bot, 3, "alice", there, ends);
    let again = "vuln reopen 2026-0001 because it is not";
    let again = says(&bot, 4, "alice", Place::Direct, again);
    let reading = bot.clock.read();
    let first = bot
        .engine
        .prepare(&[Input::Inbound(ends)], reading)
        .unwrap();
    assert_eq!(bot.cases(), 0, "it is closed");
    let second = bot
        .engine
        .prepare(&[Input::Inbound(again)], reading)
        .unwrap();
    let committer = bot.engine.store().committer();
    first.commit(&committer).unwrap();
    second.commit(&committer).unwrap();
    let case = bot.engine.state().cases.values().next().unwrap();
    let moments: Vec<&str> = case.timeline.iter().map(|one| one.what.as_str()).collect();
    let whole = ["triage: intended", "the case was opened again"];
    assert!(moments.ends_with(&whole), "{moments:?}");
    assert!(fold(bot.engine.store()).unwrap() == *bot.engine.state());
}

/// Two hundred at once, through the real threads: which were acknowledged, whether the threads
/// ended well, and the disk.
fn acknowledged(bot: Bot) -> (Vec<String>, bool, Disk, MasterKey) {
    const AT_ONCE: usize = 200;
    let events: Vec<Inbound> = (0..AT_ONCE)
        .map(|number| {
            let who = format!("reporter{number}");
            says(&bot, number, &who, Place::Direct, "vuln report x")
        })
        .collect();
    let Bot {
        engine,
        disk,
        key,
        clock,
    } = bot;
    let (promises, _said) = mpsc::unbounded_channel();
    let (handle, thread) = start(engine, clock, promises);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let acknowledged = runtime.block_on(async {
        let waiting: Vec<_> = events
            .into_iter()
            .map(|event| {
                let handle = handle.clone();
                let id = event.id.0.clone();
                tokio::spawn(async move { handle.accept(event).await.ok().map(|_| id) })
            })
            .collect();
        let mut acknowledged = Vec::new();
        for one in waiting {
            acknowledged.extend(one.await.unwrap());
        }
        handle.stop().await;
        acknowledged
    });
    let good = thread.join().unwrap().is_ok();
    (acknowledged, good, disk, key)
}

fn opened_by(disk: &Disk, key: &MasterKey) -> Vec<String> {
    let store = Store::with_backend(disk.clone(), key).unwrap();
    let state = fold(&store).unwrap();
    let causes = state.cases.values().map(|case| case.cause.clone());
    causes.collect()
}

#[test]
fn all_that_the_threads_acknowledge_is_on_the_disk() {
    let (acknowledged, good, disk, key) = acknowledged(Bot::new());
    assert!(good);
    disk.crash(|| false);
    assert_eq!(opened_by(&disk, &key).len(), acknowledged.len());
    assert_eq!(acknowledged.len(), 200);
}

#[test]
fn a_full_disk_ends_the_threads_and_what_they_acknowledged_is_there() {
    let bot = Bot::new();
    bot.disk.room(Some(200_000));
    let (acknowledged, good, disk, key) = acknowledged(bot);
    assert!(!good, "the disk was full");
    assert!(acknowledged.len() < 200);
    disk.room(None);
    disk.crash(|| false);
    let opened = opened_by(&disk, &key);
    for id in acknowledged {
        let cause = delivery_key(&format!("console/{id}")).0;
        assert!(opened.contains(&cause), "{id} was acknowledged and is lost");
    }
}
