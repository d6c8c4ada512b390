//! Steps and crashes: memory beside the disk that forgets, and what the journal holds of both.

use chrono::TimeDelta;
use underrose::clock::Clock;
use underrose::engine::{Engine, Input, Row, decoded, fold};
use underrose::outbox::Queue;
use underrose::store::{Folded, ReadError, Store};
use underrose_chat::{Happening, Immediate, Inbound, Network, Place, Surface, UserId};

use super::{Life, NETWORKS};
use crate::chance::Chance;

impl Life {
    pub(super) fn open(&mut self) {
        let store = Store::with_backend(self.disk.clone(), &self.key).unwrap();
        let (engine, rows) = Engine::open(store, self.policy.clone(), self.clock.read()).unwrap();
        self.engine = Some(engine);
        self.queue = Queue::default();
        self.enqueue(rows);
        self.check();
    }

    pub(super) fn crash(&mut self) {
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

    pub(super) fn prepared_and_lost(&mut self) -> Inbound {
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

    pub(super) fn lie_anew(&mut self) {
        let lies = [0, 0, 0, 3, 60, 24 * 60, -5, -90];
        let lie = TimeDelta::minutes(*self.chance.pick(&lies));
        self.clock.jump(lie - self.lie);
        self.lie = lie;
        self.note(format!("the wall clock is off by {lie}"));
    }

    pub(super) fn step(&mut self, inputs: &[Input]) -> Vec<Immediate> {
        let reading = self.clock.read();
        let (answers, rows) = self.engine().step(inputs, reading).unwrap();
        self.enqueue(rows);
        self.check();
        answers
    }

    pub(super) fn enqueue(&mut self, rows: Vec<Row>) {
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
    pub(super) fn check(&mut self) {
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
}
