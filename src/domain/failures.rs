//! What failed to be delivered, and for how long it is not told again: the same for the same case once an
//! hour, and no more than so much of one network, so that an outage does not bury whoever is on duty.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use underrose_chat::Network;

use super::ids::CaseId;

/// The same failure is told at most this often.
const TOLD_EVERY: TimeDelta = TimeDelta::hours(1);

/// Different failures of one network that are told within that time.
const TOLD_MAX: usize = 8;

/// Of which case, and for what reason.
type Failure = (Option<CaseId>, String);

/// By network, and when each was told.
#[derive(Clone, PartialEq, Default)]
pub struct Failures(BTreeMap<Network, BTreeMap<Failure, DateTime<Utc>>>);

impl Failures {
    /// Whether it is to be told now.
    pub fn is_new(
        &self,
        network: &Network,
        case: Option<CaseId>,
        reason: &str,
        now: DateTime<Utc>,
    ) -> bool {
        let Some(told) = self.0.get(network) else {
            return true;
        };
        let same = told.get(&(case, reason.to_owned()));
        let lately = told.values().filter(|told| is_recent(**told, now));
        same.is_none_or(|told| !is_recent(*told, now)) && lately.count() < TOLD_MAX
    }

    pub(super) fn note(
        &mut self,
        network: &Network,
        case: Option<CaseId>,
        reason: &str,
        at: DateTime<Utc>,
    ) {
        let told = self.0.entry(network.clone()).or_default();
        told.retain(|_, told| is_recent(*told, at));
        told.insert((case, reason.to_owned()), at);
    }
}

fn is_recent(told: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - told < TOLD_EVERY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_told_once_an_hour_another_at_once_and_never_more_than_a_few() {
        let (mut failures, start) = (Failures::default(), DateTime::<Utc>::default());
        let at = |minutes| start + TimeDelta::minutes(minutes);
        let network = Network("slack".into());
        let case = CaseId {
            year: 2026,
            number: 1,
        };
        let mut tells = |case, reason: &str, minutes| {
            let new = failures.is_new(&network, case, reason, at(minutes));
            if new {
                failures.note(&network, case, reason, at(minutes));
            }
            new
        };
        assert!(tells(None, "archived", 0));
        assert!(!tells(None, "archived", 59));
        assert!(tells(Some(case), "archived", 1), "another case");
        assert!(tells(None, "no scope", 2), "another reason");
        let more = (0..20).filter(|n| tells(None, &format!("reason {n}"), 3));
        assert_eq!(more.count(), TOLD_MAX - 3);
        assert!(tells(None, "archived", 60), "an hour later");
        assert!(!failures.is_new(&network, None, "yet another", at(60)));
        let other = Network("matrix".into());
        assert!(failures.is_new(&other, None, "archived", at(60)));
    }
}
