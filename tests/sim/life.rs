//! One life of the bot, from a seed.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use underrose::clock::{Clock, Virtual};
use underrose::config::parse;
use underrose::domain::announcement::AnnouncementState;
use underrose::domain::event::Event;
use underrose::domain::grammar;
use underrose::domain::ids::CaseId;
use underrose::domain::policy::Policy;
use underrose::domain::state::State;
use underrose::engine::{Engine, Input, Row, decoded, fold};
use underrose::outbox::{Queue, Retry};
use underrose::store::disk::Disk;
use underrose::store::{Folded, MasterKey, ReadError, Store};
use underrose_chat::sim::{Fault, World};
use underrose_chat::{
    DeliverError, Distrust, EventId, Happening, Immediate, Inbound, Network, Place, RoomId,
    Surface, UserId,
};

use crate::chance::Chance;
use crate::checks::{SECRET, Watch};
use crate::coverage::Coverage;
use crate::people;

const NETWORKS: [&str; 2] = ["alpha", "beta"];

pub struct Life {
    seed: u64,
    chance: Chance,
    policy: Arc<Policy>,
    clock: Virtual,
    lie: TimeDelta,
    disk: Disk,
    key: MasterKey,
    engine: Option<Engine>,
    queue: Queue,
    world: World,
    watch: Watch,
    /// The fold of the journal, kept beside memory.
    shadow: State,
    shadow_seq: u64,
    answered: Vec<(Inbound, Immediate)>,
    recent: VecDeque<String>,
    events: u64,
    coverage: Coverage,
}

fn policy() -> Policy {
    let text = std::fs::read_to_string("config.example.toml").unwrap();
    let mut table: toml::Table = text.parse().unwrap();
    table.remove("console");
    let rooms = |ids: &[&str]| {
        toml::Value::Array(
            ids.iter()
                .map(|id| toml::Value::String((*id).into()))
                .collect(),
        )
    };
    let committee = table.get_mut("committee").unwrap().as_table_mut().unwrap();
    committee.insert("rooms".into(), rooms(&["alpha/security"]));
    committee.insert("case_networks".into(), rooms(&["alpha", "beta"]));
    let groups = [
        rooms(&["alpha/announce"]),
        rooms(&["alpha/general", "beta/news"]),
    ];
    committee.insert("announce".into(), toml::Value::Array(groups.to_vec()));
    committee.insert("reports_per_day".into(), toml::Value::Integer(3));
    for person in table.get_mut("people").unwrap().as_array_mut().unwrap() {
        let person = person.as_table_mut().unwrap();
        let id = person["id"].as_str().unwrap().to_owned();
        let handles = NETWORKS
            .iter()
            .map(|network| ((*network).to_owned(), toml::Value::String(id.clone())));
        person.insert("handles".into(), toml::Value::Table(handles.collect()));
    }
    let sims = NETWORKS.iter().map(|name| {
        let fields = [("name", *name), ("address", "127.0.0.1:1")];
        let mut sim: toml::Table = fields
            .iter()
            .map(|(k, v)| ((*k).to_owned(), toml::Value::String((*v).into())))
            .collect();
        sim.insert("tells_time".into(), toml::Value::Boolean(true));
        toml::Value::Table(sim)
    });
    table.insert("sim".into(), toml::Value::Array(sims.collect()));
    parse(&table.to_string(), &["sim"])
        .unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
        .policy
}

impl Life {
    pub fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        // Some lives begin just before a change to or from summer time.
        let begins = *chance.pick(&[
            "2026-11-23T09:00:00Z",
            "2026-03-27T20:00:00Z",
            "2026-10-23T20:00:00Z",
        ]);
        let clock = Virtual::at(begins.parse().unwrap());
        let mut life = Self {
            seed,
            chance,
            policy: Arc::new(policy()),
            clock,
            lie: TimeDelta::zero(),
            disk: Disk::default(),
            key: MasterKey::generate(),
            engine: None,
            queue: Queue::default(),
            world: World::default(),
            watch: Watch::default(),
            shadow: State::default(),
            shadow_seq: 0,
            answered: Vec::new(),
            recent: VecDeque::new(),
            events: 0,
            coverage: Coverage::default(),
        };
        for room in life
            .policy
            .targets()
            .into_iter()
            .chain(life.policy.committee_rooms.clone())
        {
            let public = life.policy.is_public(&room);
            life.world.add_room(room, public, []);
        }
        life.watch.groups = life.policy.announce.clone();
        life.watch.members = life
            .policy
            .members
            .iter()
            .map(|who| who.0.clone())
            .collect();
        life.open();
        life
    }

    pub fn live(mut self, inputs: usize, crashes: usize) -> Coverage {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            for number in 0..inputs {
                self.one();
                if number % (inputs / crashes) == inputs / crashes / 2 || self.chance.one_in(400) {
                    self.crash();
                }
            }
            self.rest();
        }));
        if let Err(panic) = outcome {
            eprintln!("SEED={} failed; the last inputs:", self.seed);
            self.recent.iter().for_each(|line| eprintln!("  {line}"));
            resume_unwind(panic);
        }
        self.coverage.inputs += inputs;
        self.coverage
    }

    fn engine(&mut self) -> &mut Engine {
        self.engine.as_mut().unwrap()
    }

    fn true_now(&self) -> DateTime<Utc> {
        self.clock.read().wall - self.lie
    }

    fn note(&mut self, line: String) {
        if self.recent.len() == 40 {
            self.recent.pop_front();
        }
        self.recent.push_back(format!(
            "{} {line}",
            self.true_now().format("%m-%d %H:%M:%S")
        ));
    }

    fn open(&mut self) {
        let store = Store::with_backend(self.disk.clone(), &self.key).unwrap();
        let (engine, rows) = Engine::open(store, self.policy.clone(), self.clock.read()).unwrap();
        self.engine = Some(engine);
        self.queue = Queue::default();
        self.enqueue(rows);
        self.check();
    }

    fn crash(&mut self) {
        self.note("crash".into());
        self.coverage.crashes += 1;
        // Something may be on its way, and its receipt is never read.
        let now = self.clock.read().wall;
        if self.chance.one_in(2)
            && let Some(row) = self.queue.take(now)
        {
            let _ = self.deliver_one(&row);
        }
        // Something may be decided and lost before it reached the disk: it was never answered.
        let lost = self.chance.one_in(2).then(|| self.prepared_and_lost());
        self.engine = None;
        let mut chance = Chance::new(self.chance.number());
        self.disk.crash(|| chance.one_in(2));
        if self.chance.one_in(3) {
            // The machine was off for a while, and its clock is another now.
            let hours = i64::try_from(self.chance.below(20)).unwrap();
            self.clock.advance(TimeDelta::hours(hours));
            self.lie_anew();
        }
        self.open();
        let refold = fold(self.engine.as_ref().unwrap().store()).unwrap();
        assert!(
            refold == *self.engine.as_ref().unwrap().state(),
            "the fold differs after a crash"
        );
        if let Some(lost) = lost {
            // So the network delivers it again, and it happens for the first time.
            self.note(format!("after the crash: {}", lost.id.0));
            self.give(lost);
        }
    }

    fn prepared_and_lost(&mut self) -> Inbound {
        let room = match self.chance.below(3) {
            0 => None,
            _ => self.some_case().and_then(|case| self.room_of(case)),
        };
        let text = *self
            .chance
            .pick(&["vuln say it is lost", "vuln status", "vuln ack"]);
        let network = room
            .as_ref()
            .map_or(NETWORKS[0].to_owned(), |room| room.network.0.clone());
        let what = Happening::Text {
            by: UserId {
                network: Network(network.clone()),
                id: "alice".into(),
            },
            place: room.map_or(Place::Direct, |room| Place::Room { room }),
            text: text.into(),
            addressed: true,
            edited: false,
            surface: Surface::Stepwise,
            thread: None,
        };
        let inbound = self.inbound(&network, what);
        self.note(format!("prepared and lost: {}", inbound.id.0));
        let (input, reading) = ([Input::Inbound(inbound.clone())], self.clock.read());
        let _ = self.engine().prepare(&input, reading).unwrap();
        inbound
    }

    fn lie_anew(&mut self) {
        let lies = [0, 0, 0, 3, 60, 24 * 60, -5, -90];
        let lie = TimeDelta::minutes(*self.chance.pick(&lies));
        self.clock.jump(lie - self.lie);
        self.lie = lie;
        self.note(format!("the wall clock is off by {lie}"));
    }

    fn step(&mut self, inputs: &[Input]) -> Vec<Immediate> {
        let reading = self.clock.read();
        let (answers, rows) = self.engine().step(inputs, reading).unwrap();
        self.enqueue(rows);
        self.check();
        answers
    }

    fn enqueue(&mut self, rows: Vec<Row>) {
        let mut superseded = Vec::new();
        for row in rows {
            if let Some(id) = self.queue.put(row) {
                superseded.push(Input::Superseded { id });
            }
        }
        if !superseded.is_empty() {
            let reading = self.clock.read();
            let (_, rows) = self.engine().step(&superseded, reading).unwrap();
            self.enqueue(rows);
        }
    }

    /// Memory equals the fold of the journal; what was journaled is covered.
    fn check(&mut self) {
        let engine = self.engine.as_ref().unwrap();
        let (shadow, coverage, watch) = (&mut self.shadow, &mut self.coverage, &mut self.watch);
        let mut last = self.shadow_seq;
        engine
            .store()
            .fold_from(last + 1, |folded| {
                if let Folded::Entry(stored) = folded {
                    last = stored.seq;
                    let entry = decoded(&stored).unwrap();
                    coverage.event(&entry.event);
                    watch.entry(&entry);
                    shadow.apply(&entry);
                }
                Ok::<(), ReadError>(())
            })
            .unwrap();
        self.shadow_seq = last;
        assert!(
            self.shadow == *engine.state(),
            "memory differs from the fold of the journal"
        );
    }

    fn settle(&mut self) {
        for _ in 0..400 {
            let now = self.clock.read().wall;
            let Some(row) = self.queue.take(now) else {
                return;
            };
            match self.chance.below(40) {
                0 => self.world.fail_next(
                    &row.promise.network,
                    Fault::Retry {
                        after: Some(Duration::from_secs(7)),
                    },
                ),
                1 => self.world.fail_next(&row.promise.network, Fault::Ambiguous),
                2 if self.chance.one_in(3) => {
                    self.world.fail_next(&row.promise.network, Fault::Reject)
                }
                _ => {}
            }
            let input = self.deliver_one(&row);
            self.step(&[input]);
        }
    }

    fn deliver_one(&mut self, row: &Row) -> Input {
        let (id, promise, now) = (row.id, row.promise.clone(), self.true_now());
        let before = self.world.log.len();
        let outcome = self
            .world
            .deliver(&promise.network, &promise.key, &promise.action, now);
        if self.world.log.len() > before {
            let room = match &promise.action {
                underrose_chat::Action::Post {
                    to: underrose_chat::Target::Room { room, .. },
                    ..
                } => Some(room),
                _ => None,
            };
            let public = room.is_some_and(|room| self.policy.is_public(room));
            let committee = room.is_some_and(|room| self.policy.committee_rooms.contains(room));
            self.watch.effect(&promise, public, committee, now);
        }
        let wall = self.clock.read().wall;
        match outcome {
            Ok(receipt) => {
                self.queue.done(id);
                Input::Delivered {
                    id,
                    promise,
                    receipt,
                }
            }
            Err(DeliverError::Reject { reason }) => {
                self.queue.done(id);
                Input::Undeliverable {
                    id,
                    promise,
                    reason,
                }
            }
            Err(DeliverError::Retry { after, reason }) => match self.queue.retry(id, wall, after) {
                Retry::Again {
                    not_before,
                    attempts,
                } => Input::Attempted {
                    id,
                    promise,
                    attempts,
                    not_before,
                },
                Retry::GaveUp => Input::Undeliverable {
                    id,
                    promise,
                    reason,
                },
            },
        }
    }

    /// One thing happens.
    fn one(&mut self) {
        match self.chance.below(24) {
            0..=7 => self.planned(),
            8..=14 => self.noise(),
            15 => self.again(),
            16 => self.press(),
            17 => self.joins(),
            18 => self.trouble(),
            19 => self.witness(),
            20 => self.form(),
            _ => {
                let minutes = i64::try_from(self.chance.below(900)).unwrap();
                self.advance(TimeDelta::minutes(minutes));
            }
        }
        self.settle();
    }

    fn inbound(&mut self, network: &str, what: Happening) -> Inbound {
        self.events += 1;
        let at = self.true_now();
        let id = EventId(format!("e{}", self.events));
        Inbound {
            network: Network(network.into()),
            id,
            at,
            cursor: None,
            what,
        }
    }

    fn says(&mut self, network: &str, who: &str, place: Place, text: String) {
        let network_of = |id: &str| UserId {
            network: Network(network.into()),
            id: id.into(),
        };
        let addressed = grammar::is_command(&text);
        let surface = if self.chance.one_in(4) {
            Surface::Modal
        } else {
            Surface::Stepwise
        };
        let edited = self.chance.one_in(60);
        let shown: String = text.chars().take(80).collect();
        self.note(format!("{who}@{network} {place:?}: {shown}"));
        let what = Happening::Text {
            by: network_of(who),
            place,
            text,
            addressed,
            edited,
            surface,
            thread: None,
        };
        let inbound = self.inbound(network, what);
        self.give(inbound);
    }

    fn give(&mut self, inbound: Inbound) {
        let before = self.shadow_seq;
        let answers = self.step(&[Input::Inbound(inbound.clone())]);
        if let Happening::Text { text, .. } | Happening::Pressed { command: text, .. } =
            &inbound.what
            && let Ok(parsed) = grammar::parse(text, &self.policy, &inbound.network)
            && !self.refused_since(before)
        {
            let words = format!(
                "{} {}",
                parsed.spec.family.word(),
                parsed.spec.words.join(" ")
            );
            self.coverage.command(words);
        }
        self.answered.push((inbound, answers[0].clone()));
    }

    fn refused_since(&self, seq: u64) -> bool {
        let mut refused = false;
        let store = self.engine.as_ref().unwrap().store();
        store
            .fold_from(seq + 1, |folded| {
                if let Folded::Entry(stored) = folded {
                    refused |= matches!(decoded(&stored).unwrap().event, Event::Refused { .. });
                }
                Ok::<(), ReadError>(())
            })
            .unwrap();
        refused
    }

    fn some_case(&mut self) -> Option<CaseId> {
        let open: Vec<CaseId> = self.shadow.cases.keys().copied().collect();
        (!open.is_empty()).then(|| *self.chance.pick(&open))
    }

    fn room_of(&mut self, case: CaseId) -> Option<RoomId> {
        let rooms: Vec<RoomId> = self
            .shadow
            .cases
            .get(&case)?
            .rooms
            .values()
            .map(|room| room.room.clone())
            .collect();
        (!rooms.is_empty()).then(|| self.chance.pick(&rooms).clone())
    }

    fn planned(&mut self) {
        let few = self.shadow.cases.len() < 3;
        let Some(case) = self.some_case().filter(|_| !(few && self.chance.one_in(6))) else {
            let network = *self.chance.pick(&NETWORKS);
            let title = format!("vuln report {SECRET} {}", self.events);
            let who = format!("reporter{}", self.events);
            return self.says(network, &who, Place::Direct, title);
        };
        let (policy, now) = (self.policy.clone(), self.true_now());
        let step = people::plan(&self.shadow.cases[&case], &policy, &mut self.chance, now);
        let (Some((who, text)), Some(room)) = (step, self.room_of(case)) else {
            // Nothing to do but to wait.
            return self.advance(TimeDelta::hours(7));
        };
        let network = room.network.0.clone();
        self.says(&network, &who, Place::Room { room }, text);
    }

    fn noise(&mut self) {
        let case = self.some_case();
        let shown = case.map_or("2026-0001".to_owned(), |case| case.to_string());
        let now = self.true_now();
        let text = people::noise(&mut self.chance, &shown, now);
        let who = *self.chance.pick(&[
            "alice", "alice", "bob", "carol", "dave", "erin", "frank", "grace", "mallory",
        ]);
        let owner = case.and_then(|case| self.shadow.cases.get(&case)?.owner.clone());
        let owner = owner.map(|owner| owner.0).filter(|_| self.chance.one_in(2));
        let who = owner.as_deref().unwrap_or(who);
        let network = *self.chance.pick(&NETWORKS);
        let room = case.and_then(|case| self.room_of(case));
        match (self.chance.below(6), room) {
            (0..=3, Some(room)) => {
                let network = room.network.0.clone();
                self.says(&network, who, Place::Room { room }, text);
            }
            (4, _) => {
                let id = (*self.chance.pick(&["security", "general"])).to_owned();
                let room = RoomId {
                    network: Network("alpha".into()),
                    id,
                };
                self.says("alpha", who, Place::Room { room }, text);
            }
            _ => self.says(network, who, Place::Direct, text),
        }
    }

    /// The network delivers an old event again: the same answer, and nothing happens.
    fn again(&mut self) {
        if self.answered.is_empty() {
            return;
        }
        let (inbound, answer) = self.answered[self.chance.below(self.answered.len())].clone();
        let unseen = matches!(
            inbound.what,
            Happening::FormChanged { .. } | Happening::Time
        );
        // Ids are kept for days, not for ever.
        if unseen || self.true_now() - inbound.at > TimeDelta::days(3) {
            return;
        }
        self.note(format!("again: {}", inbound.id.0));
        self.step(&[Input::Tick]);
        let before = self.shadow_seq;
        let answers = self.step(&[Input::Inbound(inbound)]);
        assert_eq!(self.shadow_seq, before, "a redelivered event had an effect");
        assert!(
            answers[0] == answer,
            "a redelivered event got another answer"
        );
    }

    fn press(&mut self) {
        let said: Vec<_> = self
            .world
            .said
            .iter()
            .rev()
            .take(60)
            .flat_map(|said| {
                said.message
                    .choices()
                    .map(|choice| (said.at.clone(), choice.command.clone()))
                    .collect::<Vec<_>>()
            })
            .collect();
        if said.is_empty() {
            return;
        }
        let (at, command) = self.chance.pick(&said).clone();
        let (network, place, by) = match at.to {
            underrose_chat::Target::Direct { user } => {
                (user.network.0.clone(), Place::Direct, user)
            }
            underrose_chat::Target::Room { room, .. } => {
                let who = *self.chance.pick(&["alice", "bob", "carol", "dave"]);
                let by = UserId {
                    network: room.network.clone(),
                    id: who.into(),
                };
                (room.network.0.clone(), Place::Room { room }, by)
            }
        };
        self.note(format!("{}@{network} presses {command}", by.id));
        let surface = Surface::Stepwise;
        let inbound = self.inbound(
            &network,
            Happening::Pressed {
                by,
                place,
                message: at.message,
                command,
                surface,
            },
        );
        self.give(inbound);
    }

    /// The network replaces a room by another.
    fn replaced(&mut self, room: &RoomId) -> RoomId {
        let to = RoomId {
            network: room.network.clone(),
            id: format!("{}+", room.id),
        };
        if !self.world.rooms.contains_key(&to) {
            self.world.add_room(to.clone(), false, []);
        }
        to
    }

    fn joins(&mut self) {
        let Some(room) = self.some_case().and_then(|case| self.room_of(case)) else {
            return;
        };
        let network = room.network.clone();
        let user = |id: &str| UserId {
            network: network.clone(),
            id: id.into(),
        };
        let what = match self.chance.below(10) {
            5 => Happening::Moved {
                from: room.clone(),
                to: self.replaced(&room),
            },
            6 => Happening::Exposed {
                room,
                why: "its visibility is public".into(),
            },
            7 => Happening::Home {
                by: user(self.chance.pick::<&str>(&["alice", "erin", "mallory"])),
            },
            8 | 9 => Happening::Distrusted {
                by: user(self.chance.pick::<&str>(&["bob", "mallory"])),
                place: Place::Room { room },
                why: *self.chance.pick(&[
                    Distrust::Unreadable,
                    Distrust::Plaintext,
                    Distrust::Device,
                ]),
            },
            0 => Happening::Left {
                room,
                who: user("bob"),
            },
            1 => {
                let mut who = vec![user("alice"), user("mallory")];
                if self.chance.one_in(2) {
                    who.extend(["trent", "peggy"].map(user));
                }
                Happening::Members { room, who }
            }
            _ => Happening::Joined {
                room,
                who: user("mallory"),
                invited_by: Some(user("bob")),
            },
        };
        self.note(format!("{what:?}"));
        let inbound = self.inbound(&network.0, what);
        self.give(inbound);
    }

    fn form(&mut self) {
        let network = *self.chance.pick(&NETWORKS);
        let who = *self.chance.pick(&["alice", "bob", "carol", "erin"]);
        let by = UserId {
            network: Network(network.into()),
            id: who.into(),
        };
        let case = self
            .some_case()
            .map_or("2026-0001".to_owned(), |case| case.to_string());
        let value = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect()
        };
        let all = [
            ("AV", "N"),
            ("AC", "L"),
            ("PR", "N"),
            ("UI", "N"),
            ("S", "U"),
            ("C", "H"),
            ("I", "H"),
            ("A", "H"),
        ];
        let place = Place::Direct;
        let what = match self.chance.below(6) {
            0 => Happening::FormChanged {
                by,
                place,
                form: format!("score/{case}"),
                values: value(&all[..3]),
            },
            1 => Happening::FormSubmitted {
                by,
                place,
                form: format!("score/{case}"),
                values: value(&all),
            },
            2 => Happening::FormSubmitted {
                by,
                place,
                form: "report".into(),
                values: value(&[("title", SECRET), ("text", SECRET)]),
            },
            3 => Happening::FormSubmitted {
                by,
                place,
                form: String::new(),
                values: value(&[
                    ("title", SECRET),
                    ("text", SECRET),
                    ("plans", ""),
                    ("credit", ""),
                ]),
            },
            4 => Happening::FormSubmitted {
                by,
                place,
                form: "nonsense".into(),
                values: value(&[]),
            },
            _ => Happening::FormCancelled {
                by,
                place,
                form: String::new(),
            },
        };
        self.note(format!("{what:?}"));
        let inbound = self.inbound(network, what);
        self.give(inbound);
    }

    fn trouble(&mut self) {
        let network = Network((*self.chance.pick(&NETWORKS)).into());
        match self.chance.below(6) {
            0 => {
                let hours = i64::try_from(1 + self.chance.below(30)).unwrap();
                self.note(format!("{network} is down for {hours} h"));
                self.world.set_down(&network, true);
                self.advance(TimeDelta::hours(hours));
                self.world.set_down(&network, false);
            }
            1 => {
                let targets = self.policy.targets();
                let room = self.chance.pick(&targets).clone();
                let refuses = self.chance.one_in(2);
                self.world.refuse(room, refuses);
            }
            2 => {
                self.lie_anew();
                self.step(&[Input::Tick]);
            }
            4 => self.reports_and_reopens(),
            3 => {
                let mut policy = Policy::clone(&self.policy);
                policy.hash = format!("{}", self.chance.number());
                self.policy = Arc::new(policy);
                let policy = self.policy.clone();
                self.note("another configuration".into());
                self.step(&[Input::PolicyLoaded(policy)]);
            }
            _ => self.witness(),
        }
    }

    /// One person reports more than is taken; a closed case is opened again.
    fn reports_and_reopens(&mut self) {
        if self.chance.one_in(4) {
            for _ in 0..4 {
                self.says(
                    "alpha",
                    "erin",
                    Place::Direct,
                    format!("vuln report {SECRET} again"),
                );
            }
        }
        let closed: Vec<CaseId> = self.shadow.closed.keys().copied().collect();
        if !closed.is_empty() {
            let case = *self.chance.pick(&closed);
            self.says(
                "beta",
                "carol",
                Place::Direct,
                format!("vuln reopen {case} because {SECRET}"),
            );
        }
    }

    /// A network says what time it is, truly.
    fn witness(&mut self) {
        let network = *self.chance.pick(&NETWORKS);
        let inbound = self.inbound(network, Happening::Time);
        self.note("a network tells the time".into());
        self.step(&[Input::Inbound(inbound)]);
    }

    fn advance(&mut self, span: TimeDelta) {
        let end = self.clock.read().wall + span;
        loop {
            let now = self.clock.read().wall;
            let due = [self.engine().next_wakeup(), self.queue.next_wakeup()];
            let next = due
                .into_iter()
                .flatten()
                .min()
                .map_or(end, |next| next.max(now))
                .min(end);
            // What waits in a loop for a clock that runs behind is looked at every ten minutes.
            let next = if next - now < TimeDelta::seconds(10) && next > now {
                (now + TimeDelta::minutes(10)).min(end)
            } else {
                next
            };
            self.clock.advance(next - now);
            self.step(&[Input::Tick]);
            self.settle();
            if next >= end {
                return;
            }
        }
    }

    /// Everything is mended; then nothing may be left over.
    fn rest(&mut self) {
        self.note("rest".into());
        self.world.mend();
        self.clock.jump(-self.lie);
        self.lie = TimeDelta::zero();
        for _ in 0..12 {
            self.witness();
            for _ in 0..20 {
                let cases: Vec<CaseId> = self.shadow.cases.keys().copied().collect();
                for case in cases {
                    let (policy, now) = (self.policy.clone(), self.true_now());
                    let Some(found) = self.shadow.cases.get(&case) else {
                        continue;
                    };
                    // What was asked for is brought to its end; new work is not begun.
                    let going = found.announcement.is_live()
                        || found.stage == underrose::domain::words::Stage::Disclosed;
                    let step = if going {
                        people::plan(found, &policy, &mut self.chance, now)
                    } else {
                        None
                    };
                    if let (Some((who, text)), Some(room)) = (step, self.room_of(case)) {
                        let network = room.network.0.clone();
                        self.says(&network, &who, Place::Room { room }, text);
                        self.world.mend();
                    }
                }
            }
            self.advance(TimeDelta::days(2));
            self.world.mend();
        }
        while let Some(next) = self.queue.next_wakeup() {
            let now = self.clock.read().wall;
            self.clock.advance((next - now).max(TimeDelta::zero()));
            let now = self.clock.read().wall;
            let Some(row) = self.queue.take(now) else {
                break;
            };
            let input = self.deliver_one(&row);
            self.step(&[input]);
        }
        assert!(
            self.queue.is_empty(),
            "{} promises were not kept",
            self.queue.len()
        );
        assert!(
            self.engine().store().pending().unwrap().is_empty(),
            "rows are left in the outbox"
        );
        let now = self.shadow.now;
        assert!(
            self.shadow.due(now).is_empty(),
            "something is overdue: {:?}",
            self.shadow.due(now)
        );
        for case in self.shadow.cases.values() {
            let state = &case.announcement.state;
            let lost = matches!(state, AnnouncementState::Armed { at } if *at + TimeDelta::days(1) < now)
                || matches!(state, AnnouncementState::Publishing { .. });
            let shown = serde_json::to_string(&case.announcement).unwrap();
            assert!(
                !lost,
                "the announcement of {} was lost: {shown} {:?}",
                case.id,
                case.next_due()
            );
            if matches!(state, AnnouncementState::Published { .. }) {
                assert_eq!(
                    self.watch.rooms_announced(case.id),
                    self.policy.targets().len(),
                    "{}",
                    case.id
                );
            }
        }
    }
}
