//! When an embargo may end: not on a Friday or weekend, not on a holiday of the committee's own
//! list, by preset at 16:00 UTC (Kubernetes: 16:00 UTC, Monday to Thursday).

use std::fmt;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;

use super::{Holiday, is_holiday};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotRules {
    pub zone: Tz,
    pub holidays: Vec<Holiday>,
    /// The hour of day that is meant when only a date is named, UTC.
    pub preset: NaiveTime,
}

/// A rule that an instant breaks; reads as "… is a Friday".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SlotProblem {
    Past,
    Friday,
    Weekend,
    Holiday(NaiveDate),
}

impl fmt::Display for SlotProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Past => f.write_str("has passed"),
            Self::Friday => f.write_str("is a Friday, so nobody would patch before the weekend"),
            Self::Weekend => f.write_str("is at a weekend"),
            Self::Holiday(date) => write!(f, "is a holiday of the committee's ({date})"),
        }
    }
}

/// Days looked ahead for a good slot.
const DAYS_MAX: u64 = 400;

impl SlotRules {
    /// Every rule that the instant breaks. The weekday is judged in UTC and in the committee's
    /// zone: whoever reads the announcement lives in one of many.
    pub fn problems(&self, at: DateTime<Utc>, now: DateTime<Utc>) -> Vec<SlotProblem> {
        let mut problems = Vec::new();
        if at <= now {
            problems.push(SlotProblem::Past);
        }
        let dates = [at.date_naive(), at.with_timezone(&self.zone).date_naive()];
        if dates.iter().any(|date| date.weekday() == Weekday::Fri) {
            problems.push(SlotProblem::Friday);
        }
        if dates
            .iter()
            .any(|date| matches!(date.weekday(), Weekday::Sat | Weekday::Sun))
        {
            problems.push(SlotProblem::Weekend);
        }
        if let Some(date) = dates.iter().find(|date| is_holiday(&self.holidays, **date)) {
            problems.push(SlotProblem::Holiday(*date));
        }
        problems
    }

    /// The next instant at the preset hour that breaks no rule.
    pub fn next_good(&self, after: DateTime<Utc>) -> DateTime<Utc> {
        (0..DAYS_MAX)
            .filter_map(|days| after.date_naive().checked_add_days(Days::new(days)))
            .map(|date| date.and_time(self.preset).and_utc())
            .find(|at| self.problems(*at, after).is_empty())
            .unwrap_or(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules() -> SlotRules {
        let day = NaiveDate::from_ymd_opt(2026, 12, 24).unwrap();
        SlotRules {
            zone: chrono_tz::Asia::Tokyo,
            holidays: vec![Holiday {
                first: day,
                last: day,
            }],
            preset: NaiveTime::from_hms_opt(16, 0, 0).unwrap(),
        }
    }

    #[test]
    fn a_day_is_judged_in_both_zones() {
        let check = |at: &str, expected: &[SlotProblem]| {
            let now = "2026-11-24T00:00:00Z".parse().unwrap();
            assert_eq!(rules().problems(at.parse().unwrap(), now), expected, "{at}");
        };
        check("2026-12-01T10:00:00Z", &[]);
        check("2026-12-04T10:00:00Z", &[SlotProblem::Friday]);
        // Thursday in UTC is Friday in Tokyo already.
        check("2026-12-03T16:00:00Z", &[SlotProblem::Friday]);
        check("2026-12-05T10:00:00Z", &[SlotProblem::Weekend]);
        check("2026-11-02T10:00:00Z", &[SlotProblem::Past]);
        let holiday = NaiveDate::from_ymd_opt(2026, 12, 24).unwrap();
        check("2026-12-24T10:00:00Z", &[SlotProblem::Holiday(holiday)]);
    }

    proptest! {
        #[test]
        fn the_next_good_slot_is_good(start in 0_i64..100_000_000) {
            let now = DateTime::from_timestamp(1_790_000_000 + start, 0).unwrap();
            let good = rules().next_good(now);
            prop_assert!(good > now && rules().problems(good, now).is_empty());
        }
    }
}
