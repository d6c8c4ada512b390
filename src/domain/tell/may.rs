//! What may be told to whom: the impls of [`Tell`]. What has none does not compile.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use underrose_chat::{Network, RoomId};

use super::line::flat;
use super::{Line, Tell, ToCase, ToCommittee, ToPerson};
use crate::domain::calendar;
use crate::domain::cvss::{Band, Score, Vector};
use crate::domain::ids::{CaseId, PersonId};

/// An instant as people read it: UTC, and their own zone beside it.
#[derive(Clone, Copy)]
pub struct When(pub DateTime<Utc>, pub Option<Tz>);

/// Code that a person would type, known at compile time or made of opaque parts.
pub struct Typed(pub String);

/// A room of the configuration, or of a case.
pub struct Room<'a>(pub &'a RoomId);

/// Emphasised.
pub struct Strong<T>(pub T);

macro_rules! tell_everyone {
    ($($kind:ty),* $(,)?) => { $(
        impl<A> Tell<A> for $kind {
            fn tell(&self, line: &mut Line) { line.show(self) }
        }
    )* };
}

// Ids and numbers say nothing.
tell_everyone!(CaseId, u32, u64, usize, Network, &Network);

/// A sentence's own words are known when it is compiled.
impl<A> Tell<A> for &'static str {
    fn tell(&self, line: &mut Line) {
        line.text(self);
    }
}

impl<A> Tell<A> for When {
    fn tell(&self, line: &mut Line) {
        line.text(&calendar::show(self.0, self.1));
    }
}

impl<A> Tell<A> for chrono::TimeDelta {
    fn tell(&self, line: &mut Line) {
        line.text(&calendar::show_span(*self));
    }
}

impl<A, T: Tell<A>> Tell<A> for Strong<T> {
    fn tell(&self, line: &mut Line) {
        line.strong(flat(&[&self.0]));
    }
}

macro_rules! tell_inside {
    ($audience:ty: $($kind:ty),* $(,)?) => { $(
        impl Tell<$audience> for $kind {
            fn tell(&self, line: &mut Line) { line.show(self) }
        }
    )* };
}

macro_rules! tell_words_inside {
    ($($audience:ty),* $(,)?) => { $(
        impl Tell<$audience> for String {
            fn tell(&self, line: &mut Line) { line.text(self) }
        }
        impl Tell<$audience> for &String {
            fn tell(&self, line: &mut Line) { line.text(self) }
        }
    )* };
}

// What has been revealed with a pass may be told where the pass was good, and to nobody else.
tell_words_inside!(ToCase, ToPerson);
tell_inside!(ToCase: Vector, &Vector, Score, Band, PersonId, &PersonId);
tell_inside!(ToPerson: Vector, &Vector, Score, Band, PersonId, &PersonId);
// The committee knows who its people are.
tell_inside!(ToCommittee: PersonId, &PersonId);

impl Tell<ToCase> for Room<'_> {
    fn tell(&self, line: &mut Line) {
        line.room(self.0);
    }
}
impl Tell<ToPerson> for Room<'_> {
    fn tell(&self, line: &mut Line) {
        line.room(self.0);
    }
}

impl Tell<ToCase> for Typed {
    fn tell(&self, line: &mut Line) {
        line.code(self.0.clone());
    }
}
impl Tell<ToPerson> for Typed {
    fn tell(&self, line: &mut Line) {
        line.code(self.0.clone());
    }
}

/// A hash: it names a text or a journal and tells nothing of it.
pub struct Digest(pub String);

impl<A> Tell<A> for Digest {
    fn tell(&self, line: &mut Line) {
        line.code(self.0.clone());
    }
}

/// Words of the grammar, or a command made of opaque ids: fit for any committee room.
pub struct Command(pub &'static str, pub Option<CaseId>);

impl<A> Tell<A> for Command {
    fn tell(&self, line: &mut Line) {
        line.code(match self.1 {
            Some(case) => format!("vuln {case} {}", self.0),
            None => self.0.to_owned(),
        });
    }
}
