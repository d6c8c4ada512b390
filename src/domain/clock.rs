//! Time never runs backwards. Compares the wall clock with the monotonic clock and with what the
//! networks say, and says when publication must not trust it.

use chrono::{DateTime, TimeDelta, Utc};

use super::decision::{Decision, Effects};
use super::event::Event;
use super::policy::Policy;
use super::say;
use super::state::State;

/// How far two clocks may be apart before publication is held.
pub const TOLERANCE: TimeDelta = TimeDelta::seconds(60);

/// What the clocks said at one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub wall: DateTime<Utc>,
    /// Since some fixed moment of this process.
    pub monotonic: TimeDelta,
}

/// What cannot be, about the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The wall clock jumped and the monotonic clock did not.
    Jumped,
    /// The wall clock stands before the last entry of the journal.
    Backwards,
    /// A network disagrees.
    Network,
}

/// Keeps the last look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timekeeper {
    last: Option<Reading>,
}

impl Doubt {
    pub fn words(self) -> &'static str {
        match self {
            Self::Jumped => "the wall clock jumped by more than a minute",
            Self::Backwards => "the wall clock stands before the journal's last entry",
            Self::Network => "a network's clock differs from mine by more than a minute",
        }
    }
}

impl Timekeeper {
    /// The time that counts: the later of the wall clock and the last instant journaled; and what
    /// is wrong with it, if anything.
    pub fn look(
        &mut self,
        reading: Reading,
        journaled: DateTime<Utc>,
    ) -> (DateTime<Utc>, Option<Doubt>) {
        let doubt = match self.last {
            Some(last) => {
                let wall = reading.wall - last.wall;
                let monotonic = reading.monotonic - last.monotonic;
                ((wall - monotonic).abs() > TOLERANCE).then_some(Doubt::Jumped)
            }
            None => (reading.wall + TOLERANCE < journaled).then_some(Doubt::Backwards),
        };
        self.last = Some(reading);
        (reading.wall.max(journaled), doubt)
    }
}

/// A doubt is journaled, publication is held, and the committee is told; once per doubt.
pub fn doubted(state: &State, policy: &Policy, doubt: Doubt, now: DateTime<Utc>) -> Decision {
    let mut fx = Effects::new(
        policy,
        now,
        None,
        format!("clock/{}", now.timestamp_micros()),
    );
    if state.clock.doubt.is_none() {
        fx.note(Event::ClockDoubted {
            why: doubt.words().to_owned(),
        });
        let armed: Vec<_> = state
            .cases
            .values()
            .filter(|case| case.announcement.waits_after(now))
            .collect();
        if !armed.is_empty() {
            fx.to_committee(say::clock_doubted(doubt.words()));
            for case in armed {
                for person in [case.owner.as_ref(), case.lead.as_ref()]
                    .into_iter()
                    .flatten()
                {
                    fx.page(Some(case.id), person, say::publication_page(case.id));
                }
            }
        }
    }
    fx.out
}

/// A network says what time it is. `wall` is the wall clock's reading when the answer came.
pub fn witnessed(
    state: &State,
    policy: &Policy,
    network: DateTime<Utc>,
    (now, wall): (DateTime<Utc>, DateTime<Utc>),
) -> Decision {
    if (network - wall).abs() > TOLERANCE {
        return doubted(state, policy, Doubt::Network, now);
    }
    let mut fx = Effects::new(
        policy,
        now,
        None,
        format!("clock/{}", now.timestamp_micros()),
    );
    if state.clock.doubt.is_some() {
        // The network and the wall clock agree again.
        fx.note(Event::ClockTrusted {});
    } else if state.clock.witness_missing {
        fx.note(Event::ClockWitnessed {});
    }
    fx.out
}
