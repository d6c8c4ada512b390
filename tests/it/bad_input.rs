//! What no transcript can hold: megabytes, control characters, events out of order.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use underrose::clock::{Clock, Virtual};
use underrose::config::{NETWORKS_BUILT, parse};
use underrose::domain::policy::{NetworkRules, Policy};
use underrose::engine::{Engine, Input};
use underrose::store::disk::Disk;
use underrose::store::{MasterKey, Store};
use underrose_chat::{
    Action, DeliveryKey, EventId, Happening, Immediate, Inbound, Network, Place, Receipt, RoomId,
    Surface, Target, UserId,
};

pub struct Bot {
    pub engine: Engine,
    clock: Virtual,
    events: u64,
}

impl Bot {
    pub fn new() -> Self {
        let text = std::fs::read_to_string("config.example.toml").unwrap();
        let mut config = parse(&text, NETWORKS_BUILT).unwrap();
        config.policy.show_head = false;
        let clock = Virtual::at("2026-11-23T09:00:00Z".parse::<DateTime<Utc>>().unwrap());
        let store = Store::with_backend(Disk::default(), &MasterKey::generate()).unwrap();
        let (engine, _) = Engine::open(store, Arc::new(config.policy), clock.read()).unwrap();
        Self {
            engine,
            clock,
            events: 0,
        }
    }

    pub fn event(&mut self, who: &str, text: &str) -> Inbound {
        self.events += 1;
        let network = Network("console".into());
        Inbound {
            network: network.clone(),
            id: EventId(format!("e{}", self.events)),
            at: Some(self.clock.read().wall),
            cursor: None,
            what: Happening::Text {
                by: UserId {
                    network,
                    id: who.into(),
                },
                place: Place::Direct,
                text: text.into(),
                addressed: true,
                edited: false,
                surface: Surface::Stepwise,
                thread: None,
            },
        }
    }

    /// A report, and the room that its network made for it.
    pub fn open_case(&mut self) {
        self.open_case_after(|_| ());
    }

    /// Something happens between a report and its room; who is invited once it is there.
    pub fn open_case_after(&mut self, meanwhile: impl FnOnce(&mut Self)) -> Vec<String> {
        let event = Input::Inbound(self.event("erin", "vuln report x"));
        let (_, rows) = self.engine.step(&[event], self.clock.read()).unwrap();
        let row = rows
            .into_iter()
            .find(|row| matches!(row.promise.action, Action::OpenRoom { .. }))
            .unwrap();
        let receipt = Receipt::Room {
            room: RoomId {
                network: Network("console".into()),
                id: "case-2026-0001".into(),
            },
        };
        let opened = Input::Delivered {
            id: row.id,
            promise: row.promise,
            receipt,
        };
        meanwhile(self);
        let (_, rows) = self.engine.step(&[opened], self.clock.read()).unwrap();
        let invited = rows.into_iter().filter_map(|row| match row.promise.action {
            Action::Invite { who, .. } => Some(who.id),
            _ => None,
        });
        invited.collect()
    }

    /// The same, said in the room of the first case.
    pub fn in_case(&mut self, who: &str, text: &str) -> Inbound {
        let mut inbound = self.event(who, text);
        if let Happening::Text { place, .. } = &mut inbound.what {
            *place = Place::Room {
                room: self.engine.state().rooms.keys().next().unwrap().clone(),
            };
        }
        inbound
    }

    /// As when there is another kind of network.
    fn change(&mut self, change: impl Fn(&mut NetworkRules)) {
        self.load(|policy| policy.networks.values_mut().for_each(change));
    }

    pub fn give(&mut self, inbound: Inbound) -> String {
        match self.answer(inbound) {
            Immediate::Say { message } => serde_json::to_string(&message).unwrap(),
            other => format!("{other:?}"),
        }
    }

    pub fn answer(&mut self, inbound: Inbound) -> Immediate {
        let inputs = [Input::Inbound(inbound)];
        let (mut answers, _) = self.engine.step(&inputs, self.clock.read()).unwrap();
        answers.remove(0)
    }

    /// To whom it makes the bot write in private.
    pub fn writes_to(&mut self, inbound: Inbound) -> Vec<String> {
        self.writes_after(Input::Inbound(inbound))
    }

    fn writes_after(&mut self, input: Input) -> Vec<String> {
        let (_, rows) = self.engine.step(&[input], self.clock.read()).unwrap();
        let to = rows.into_iter().map(|row| match row.promise.action {
            Action::Post {
                to: Target::Direct { user },
                ..
            } => user.id,
            other => panic!("{other:?}"),
        });
        to.collect()
    }

    /// The network refuses the first case's room; under which key it was asked for.
    pub fn refuse_room(&mut self) -> DeliveryKey {
        let reported = Input::Inbound(self.event("erin", "vuln report x"));
        let (_, rows) = self.engine.step(&[reported], self.clock.read()).unwrap();
        let mut rows = rows.into_iter();
        let row = rows
            .find(|row| matches!(row.promise.action, Action::OpenRoom { .. }))
            .unwrap();
        let key = row.promise.key.clone();
        let refused = Input::Undeliverable {
            id: row.id,
            promise: row.promise,
            reason: "a scope is missing".into(),
        };
        self.engine.step(&[refused], self.clock.read()).unwrap();
        key
    }

    /// Rooms that are asked for because time passed, by their keys.
    pub fn rooms_due(&mut self) -> Vec<DeliveryKey> {
        let (_, rows) = self.engine.step(&[Input::Tick], self.clock.read()).unwrap();
        let rooms = rows
            .into_iter()
            .filter(|row| matches!(row.promise.action, Action::OpenRoom { .. }));
        rooms.map(|row| row.promise.key).collect()
    }

    /// A minute later.
    pub fn passes(&mut self) {
        self.clock.advance(chrono::TimeDelta::minutes(1));
    }

    /// Under other rules; what is done because of them.
    pub fn load(&mut self, change: impl FnOnce(&mut Policy)) -> Vec<Action> {
        let mut policy = (**self.engine.policy()).clone();
        change(&mut policy);
        policy.hash = "another".to_owned();
        let load = Input::PolicyLoaded(Arc::new(policy));
        let (_, rows) = self.engine.step(&[load], self.clock.read()).unwrap();
        rows.into_iter().map(|row| row.promise.action).collect()
    }

    /// A command's answer in the case's room cannot be delivered, for this reason.
    pub fn fails(&mut self, reason: &str) -> Vec<String> {
        let said = Input::Inbound(self.in_case("alice", "vuln say hello"));
        let (_, rows) = self.engine.step(&[said], self.clock.read()).unwrap();
        let row = rows.into_iter().next().unwrap();
        let failed = Input::Undeliverable {
            id: row.id,
            promise: row.promise,
            reason: reason.to_owned(),
        };
        self.writes_after(failed)
    }
}

fn check(text: &str, expected: &str) {
    let mut bot = Bot::new();
    let event = bot.event("erin", text);
    let answer = bot.give(event);
    assert!(answer.contains(expected), "{answer}");
    assert!(bot.engine.state().cases.is_empty());
}

#[test]
fn megabytes_are_refused_whole() {
    check(
        &format!("vuln report {}", "A".repeat(5_000_000)),
        "more than 64 KiB",
    );
}

#[test]
fn control_characters_are_refused_with_their_place() {
    check(
        "vuln report a\u{1b}[2Jb",
        "Character 14 of that is a control character",
    );
    check("vuln report \u{0}", "control character");
}

#[test]
fn beside_real_networks_the_console_binds_nobody() {
    let mut bot = Bot::new();
    bot.change(|rules| rules.binding = false);
    let event = bot.event("erin", "vuln report x");
    bot.give(event);
    let event = bot.event("alice", "vuln terms accept 2026-0001");
    let answer = bot.give(event);
    assert!(answer.contains("binds the committee"), "{answer}");
}

#[test]
fn where_the_past_cannot_be_hidden_the_inviter_is_told_first() {
    let mut bot = Bot::new();
    bot.change(|rules| rules.shows_history = true);
    bot.open_case();
    for text in ["vuln ack", "vuln triage valid because it is"] {
        let event = bot.in_case("alice", text);
        bot.give(event);
    }
    let event = bot.in_case("alice", "vuln add frank as fix because he wrote it");
    let answer = bot.give(event);
    let asked = "vuln 2026-0001 add frank as fix with history because he wrote it";
    assert!(answer.contains(asked), "{answer}");
    let guests = |bot: &Bot| {
        bot.engine
            .state()
            .cases
            .values()
            .next()
            .unwrap()
            .guests
            .len()
    };
    assert_eq!(guests(&bot), 0);
    let event = bot.in_case("alice", asked);
    bot.give(event);
    assert_eq!(guests(&bot), 1);
}

#[test]
fn a_fact_too_many_is_refused() {
    let mut bot = Bot::new();
    bot.open_case();
    for text in ["vuln ack", "vuln triage valid because it is"] {
        let event = bot.in_case("alice", text);
        bot.give(event);
    }
    let mut answer = String::new();
    for number in 0..200 {
        let text = format!("vuln credit Somebody{number} as finder");
        let event = bot.in_case("alice", &text);
        answer = bot.give(event);
        if !answer.contains("Nothing") {
            break;
        }
    }
    assert!(answer.contains("at most"), "{answer}");
}

#[test]
fn a_report_of_many_lines_and_scripts_is_taken() {
    let mut bot = Bot::new();
    let event = bot.event("erin", "vuln report Ünïcode 漢字 🌹\nsecond line\n\ttabbed");
    assert!(bot.give(event).contains("2026-0001"));
}

#[test]
fn the_same_event_gets_the_same_answer_within_a_batch_and_after_it() {
    let mut bot = Bot::new();
    let event = bot.event("erin", "vuln report x");
    let reading = bot.clock.read();
    let twice = [Input::Inbound(event.clone()), Input::Inbound(event.clone())];
    let (answers, _) = bot.engine.step(&twice, reading).unwrap();
    assert_eq!(answers[0], answers[1]);
    assert_eq!(bot.engine.state().cases.len(), 1);
    bot.clock.advance(chrono::TimeDelta::hours(30));
    let (later, _) = bot
        .engine
        .step(&[Input::Inbound(event)], bot.clock.read())
        .unwrap();
    assert_eq!(answers[0], later[0]);
    assert_eq!(bot.engine.state().cases.len(), 1);
}

#[test]
fn a_full_disk_stops_the_bot_and_loses_nothing_acknowledged() {
    let text = std::fs::read_to_string("config.example.toml").unwrap();
    let policy = Arc::new(parse(&text, NETWORKS_BUILT).unwrap().policy);
    let (disk, key) = (Disk::default(), MasterKey::generate());
    let mut bot = Bot::new();
    let store = Store::with_backend(disk.clone(), &key).unwrap();
    bot.engine = Engine::open(store, policy.clone(), bot.clock.read())
        .unwrap()
        .0;
    disk.room(Some(400_000));
    let mut acknowledged = 0;
    let reading = bot.clock.read();
    loop {
        let event = bot.event(&format!("reporter{acknowledged}"), "vuln report x");
        match bot.engine.step(&[Input::Inbound(event)], reading) {
            Ok(_) => acknowledged += 1,
            Err(error) => {
                assert!(error.to_string().contains("the disk refused"), "{error}");
                break;
            }
        }
        assert!(acknowledged < 100_000, "the disk was never full");
    }
    assert!(acknowledged > 0);
    // Nothing more is taken until somebody looks.
    let event = bot.event("late", "vuln report x");
    assert!(bot.engine.step(&[Input::Inbound(event)], reading).is_err());
    disk.room(None);
    disk.crash(|| false);
    drop(bot.engine);
    let store = Store::with_backend(disk, &key).unwrap();
    let (engine, _) = Engine::open(store, policy, reading).unwrap();
    assert_eq!(engine.state().cases.len(), acknowledged);
}
