//! One life of the bot, from a seed.

mod committee;
mod disk;
mod doings;
mod networks;
mod presses;
mod rest;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use underrose::clock::{Clock, Virtual};
use underrose::domain::policy::Policy;
use underrose::domain::state::State;
use underrose::engine::{Engine, Input};
use underrose::outbox::Queue;
use underrose::store::MasterKey;
use underrose::store::disk::Disk;
use underrose_chat::sim::World;
use underrose_chat::{EventId, Happening, Immediate, Inbound, Network};

use crate::chance::Chance;
use crate::checks::Watch;
use crate::coverage::Coverage;
use committee::policy;

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
    /// With when it was answered, by the engine's time.
    answered: Vec<(Inbound, Immediate, DateTime<Utc>)>,
    recent: VecDeque<String>,
    events: u64,
    coverage: Coverage,
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
            // Some networks do not date all that happens.
            at: (what == Happening::Time || !self.events.is_multiple_of(3)).then_some(at),
            cursor: None,
            what,
        }
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
}
