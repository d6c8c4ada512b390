//! Which events of a room were taken in in this life. There may be hundreds of rooms, so of each event
//! it keeps a number of eight bytes in place of its name.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};

/// Events remembered of one room: a gap is closed up to the newest of them.
const EVENTS_MAX: usize = 2_000;

#[derive(Default)]
pub struct Seen {
    /// Nobody can look for two names of one number: it is drawn anew for every room and life.
    names: RandomState,
    numbers: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Seen {
    pub fn contains(&self, id: &str) -> bool {
        self.numbers.contains(&self.names.hash_one(id))
    }

    /// Remembers it, and tells whether it was new.
    pub fn is_new(&mut self, id: &str) -> bool {
        let number = self.names.hash_one(id);
        if !self.numbers.insert(number) {
            return false;
        }
        self.order.push_back(number);
        if self.order.len() > EVENTS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.numbers.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_events_are_known_and_the_oldest_are_let_go() {
        let mut seen = Seen::default();
        for number in 0..=EVENTS_MAX {
            assert!(seen.is_new(&format!("$event{number}")));
        }
        assert!(!seen.is_new(&format!("$event{EVENTS_MAX}")));
        assert!(seen.contains("$event1"));
        assert!(!seen.contains("$event0"));
    }
}
