//! The only place that asks the system what time it is; and the clock of rehearsals.

use std::sync::Mutex;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::clock::Reading;

pub trait Clock: Send + Sync {
    fn read(&self) -> Reading;
}

/// The machine's clocks.
pub struct System {
    started: Instant,
}

impl Default for System {
    fn default() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Clock for System {
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    fn read(&self) -> Reading {
        let monotonic = TimeDelta::from_std(self.started.elapsed()).unwrap_or(TimeDelta::MAX);
        Reading {
            wall: Utc::now(),
            monotonic,
        }
    }
}

/// A clock that stands still until it is moved: rehearsals, transcripts, the demo.
pub struct Virtual(Mutex<Reading>);

impl Virtual {
    pub fn at(wall: DateTime<Utc>) -> Self {
        Self(Mutex::new(Reading {
            wall,
            monotonic: TimeDelta::zero(),
        }))
    }

    /// Time passes.
    pub fn advance(&self, by: TimeDelta) {
        if let Ok(mut reading) = self.0.lock() {
            reading.wall += by;
            reading.monotonic += by;
        }
    }

    /// The wall clock jumps; time does not pass.
    pub fn jump(&self, by: TimeDelta) {
        if let Ok(mut reading) = self.0.lock() {
            reading.wall += by;
        }
    }
}

impl Clock for Virtual {
    fn read(&self) -> Reading {
        self.0
            .lock()
            .map_or_else(|poisoned| *poisoned.into_inner(), |reading| *reading)
    }
}
