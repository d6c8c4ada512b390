//! Open modals that follow what is chosen and typed in them: of many changes the newest is shown, and none
//! so often that Slack would take no more of them, of anybody.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Open modals that are remembered.
const VIEWS_MAX: usize = 1_000;

/// Slack takes a hundred updates a minute of a whole workspace: one modal gets so many at once, and then
/// one a second.
const AT_ONCE: u32 = 10;
const UPDATE_EVERY: Duration = Duration::from_secs(1);

#[derive(Default)]
struct View {
    /// The stamp of the newest change that was taken in.
    newest: String,
    /// When all of what may be shown at once is free again.
    free: Option<Instant>,
    /// How often it was sent and came back with errors.
    refused: u32,
}

/// What is to become of a change's answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    Now,
    After(Duration),
    /// A newer change came: showing this one would undo it.
    Never,
}

#[derive(Default)]
pub struct Views(BTreeMap<String, View>);

impl Views {
    pub fn note(&mut self, view: &str, stamp: &str) {
        let known = self.known(view);
        if stamp > known.newest.as_str() {
            stamp.clone_into(&mut known.newest);
        }
    }

    /// Whether the answer to this change is shown now; then it counts as shown.
    pub fn turn(&mut self, view: &str, stamp: &str, now: Instant) -> Turn {
        let Some(known) = self.0.get_mut(view) else {
            return Turn::Now;
        };
        if known.newest.as_str() > stamp {
            return Turn::Never;
        }
        let free = known.free.map_or(now, |free| free.max(now));
        let behind = free - now;
        let most = UPDATE_EVERY * (AT_ONCE - 1);
        if behind > most {
            return Turn::After(behind - most);
        }
        known.free = Some(free + UPDATE_EVERY);
        Turn::Now
    }

    /// A modal that was sent came back with errors. Sent again it is another submission, which may
    /// succeed.
    pub fn refuse(&mut self, view: &str) {
        self.known(view).refused += 1;
    }

    pub fn refused(&self, view: &str) -> u32 {
        self.0.get(view).map_or(0, |known| known.refused)
    }

    fn known(&mut self, view: &str) -> &mut View {
        if self.0.len() >= VIEWS_MAX {
            self.0.clear();
        }
        self.0.entry(view.to_owned()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_change_is_shown_and_a_typist_leaves_something_to_others() {
        let (mut views, start) = (Views::default(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        views.note("V1", "1.1");
        for _ in 0..AT_ONCE {
            assert_eq!(views.turn("V1", "1.1", at(0)), Turn::Now);
        }
        views.note("V1", "1.2");
        let rest = Turn::After(Duration::from_millis(900));
        assert_eq!(views.turn("V1", "1.2", at(100)), rest);
        views.note("V1", "1.3");
        assert_eq!(views.turn("V1", "1.2", at(1_000)), Turn::Never);
        assert_eq!(views.turn("V1", "1.3", at(1_000)), Turn::Now);
        views.note("V2", "1.1");
        assert_eq!(views.turn("V2", "1.1", at(1_000)), Turn::Now);
    }
}
