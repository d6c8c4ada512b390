//! The networks: they deliver or fail, replace rooms, tell who is there and what time it is.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use underrose::clock::Clock;
use underrose::domain::policy::Policy;
use underrose::engine::{Input, Row};
use underrose_chat::sim::Fault;
use underrose_chat::{Distrust, Happening, Network, Place, RoomId, UserId};

use super::{Life, NETWORKS};

impl Life {
    pub(super) fn settle(&mut self) {
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

    pub(super) fn deliver_one(&mut self, row: &Row) -> Input {
        let (promise, now) = (&row.promise, self.true_now());
        self.watch.attempt(promise, self.clock.read().wall);
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
            self.watch.effect(promise, public, committee, now);
        }
        let wall = self.clock.read().wall;
        self.queue.outcome(row.clone(), outcome, wall)
    }

    /// The network replaces a room by another.
    pub(super) fn replaced(&mut self, room: &RoomId) -> RoomId {
        let to = RoomId {
            network: room.network.clone(),
            id: format!("{}+", room.id),
        };
        if !self.world.rooms.contains_key(&to) {
            self.world.add_room(to.clone(), false, []);
        }
        to
    }

    pub(super) fn joins(&mut self) {
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

    pub(super) fn trouble(&mut self) {
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

    /// A network says what time it is, truly.
    pub(super) fn witness(&mut self) {
        let network = *self.chance.pick(&NETWORKS);
        let inbound = self.inbound(network, Happening::Time);
        self.note("a network tells the time".into());
        self.step(&[Input::Inbound(inbound)]);
    }
}
