//! How much each network is given at once: less while it says that it is too much. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use underrose_chat::Network;

use crate::domain::decision::Lane;

/// Deliveries under way at once on one network: enough to hide latency, few enough to be polite.
pub const IN_FLIGHT_MAX: usize = 16;

#[derive(Debug)]
struct Given {
    flying: usize,
    /// How many may fly at once.
    width: usize,
    /// Until when an announcement leaves the network to a page that was too much for it.
    held: Option<DateTime<Utc>>,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            flying: 0,
            width: IN_FLIGHT_MAX,
            held: None,
        }
    }
}

#[derive(Debug, Default)]
pub struct Pace(BTreeMap<Network, Given>);

impl Pace {
    fn of(&mut self, network: &Network) -> &mut Given {
        self.0.entry(network.clone()).or_default()
    }

    /// A page goes whatever else is under way.
    pub fn has_room(&self, network: &Network, lane: Lane, now: Option<DateTime<Utc>>) -> bool {
        if lane == Lane::Page {
            return true;
        }
        self.0.get(network).is_none_or(|given| {
            let is_held = lane == Lane::FanOut && given.held > now;
            !is_held && given.flying < given.width
        })
    }

    pub fn took_off(&mut self, network: &Network) {
        self.of(network).flying += 1;
    }

    pub fn landed(&mut self, network: &Network) {
        let given = self.of(network);
        given.flying = given.flying.saturating_sub(1);
    }

    /// It takes what it is given: one more at once.
    pub fn taken(&mut self, network: &Network) {
        let given = self.of(network);
        given.width = (given.width + 1).min(IN_FLIGHT_MAX);
    }

    /// It takes no more before this instant. Half as many are tried at once, and what a page needs is
    /// not taken by announcements meanwhile.
    pub fn too_much(&mut self, network: &Network, lane: Lane, before: DateTime<Utc>) {
        let given = self.of(network);
        given.width = (given.width / 2).max(1);
        if lane == Lane::Page {
            given.held = Some(before);
        }
    }

    /// The clock was set back: what was held until a later instant is free.
    pub fn release(&mut self) {
        for given in self.0.values_mut() {
            given.held = None;
        }
    }
}
