//! A person's working hours: days, hours and holidays in the person's own zone.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;

use super::{is_holiday, local};

/// Days looked ahead for working time; beyond it there is none.
const DAYS_MAX: u64 = 400;

/// Days that are not worked, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Holiday {
    pub first: NaiveDate,
    pub last: NaiveDate,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hours {
    pub zone: Tz,
    pub days: Vec<Weekday>,
    pub from: NaiveTime,
    pub to: NaiveTime,
    pub holidays: Vec<Holiday>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HoursError {
    #[error("working hours end after they begin, on the same day; write 09:00-17:00")]
    Backwards,
}

impl Hours {
    /// # Errors
    /// If the day ends before it begins: shifts over midnight are two persons.
    pub fn new(
        zone: Tz,
        days: Vec<Weekday>,
        from: NaiveTime,
        to: NaiveTime,
        holidays: Vec<Holiday>,
    ) -> Result<Self, HoursError> {
        if to <= from {
            return Err(HoursError::Backwards);
        }
        Ok(Self {
            zone,
            days,
            from,
            to,
            holidays,
        })
    }

    /// The working time of a local date, as instants; real time, so that a day on which the clock
    /// jumps is shorter or longer.
    fn span(&self, date: NaiveDate) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        if !self.days.contains(&date.weekday()) || is_holiday(&self.holidays, date) {
            return None;
        }
        let from = local(self.zone, date.and_time(self.from))?;
        let to = local(self.zone, date.and_time(self.to))?;
        (from < to).then_some((from, to))
    }

    fn spans_from(
        &self,
        at: DateTime<Utc>,
    ) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
        let first = at.with_timezone(&self.zone).date_naive();
        // A day before: a zone's date may repeat or be skipped.
        let start = first.pred_opt().unwrap_or(first);
        (0..DAYS_MAX)
            .filter_map(move |days| start.checked_add_days(Days::new(days)))
            .filter_map(|date| self.span(date))
            .filter(move |(_, to)| *to > at)
    }

    pub fn is_working(&self, at: DateTime<Utc>) -> bool {
        self.spans_from(at)
            .next()
            .is_some_and(|(from, _)| from <= at)
    }

    /// The instant itself if it is working time, else the next that is; `None` if there is none
    /// within a year.
    pub fn next_working(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.spans_from(at).next().map(|(from, _)| from.max(at))
    }

    /// The instant at which that much working time has passed.
    pub fn add_working(&self, at: DateTime<Utc>, span: TimeDelta) -> Option<DateTime<Utc>> {
        let mut left = span;
        for (from, to) in self.spans_from(at) {
            let from = from.max(at);
            if to - from >= left {
                return Some(from + left);
            }
            left -= to - from;
        }
        None
    }

    /// Working time between two instants.
    pub fn working_between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        self.spans_from(from)
            .take_while(|(begins, _)| *begins < to)
            .map(|(begins, ends)| ends.min(to) - begins.max(from))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hours(zone: Tz, from: (u32, u32), to: (u32, u32)) -> Hours {
        let time = |(h, m)| NaiveTime::from_hms_opt(h, m, 0).unwrap();
        let days = vec![
            Weekday::Mon,
            Weekday::Tue,
            Weekday::Wed,
            Weekday::Thu,
            Weekday::Fri,
        ];
        Hours::new(zone, days, time(from), time(to), Vec::new()).unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn check(hours: &Hours, from: &str, span: TimeDelta, expected: &str) {
        assert_eq!(
            hours.add_working(at(from), span),
            Some(at(expected)),
            "{from} + {span}"
        );
    }

    #[test]
    fn working_time_skips_nights_weekends_and_holidays() {
        let mut berlin = hours(chrono_tz::Europe::Berlin, (9, 0), (17, 0));
        // Friday 16:00 in Berlin (winter, UTC+1): one hour is left, the rest is Monday.
        check(
            &berlin,
            "2026-11-27T15:00:00Z",
            TimeDelta::hours(4),
            "2026-11-30T11:00:00Z",
        );
        let monday = NaiveDate::from_ymd_opt(2026, 11, 30).unwrap();
        berlin.holidays.push(Holiday {
            first: monday,
            last: monday,
        });
        check(
            &berlin,
            "2026-11-27T15:00:00Z",
            TimeDelta::hours(4),
            "2026-12-01T11:00:00Z",
        );
        assert_eq!(
            berlin.next_working(at("2026-11-27T16:00:00Z")),
            Some(at("2026-12-01T08:00:00Z"))
        );
    }

    #[test]
    fn daylight_saving_neither_loses_nor_doubles_an_hour() {
        let mut all_day = hours(chrono_tz::Europe::Berlin, (0, 0), (23, 59));
        all_day.days.extend([Weekday::Sat, Weekday::Sun]);
        // 2026-03-29 has 23 hours in Berlin, 2026-10-25 has 25.
        let day = |date: &str| {
            let from = at(&format!("{date}T12:00:00Z")) - TimeDelta::days(1);
            let _ = from;
            let date: NaiveDate = date.parse().unwrap();
            let (from, to) = all_day.span(date).unwrap();
            to - from
        };
        assert_eq!(day("2026-03-29"), TimeDelta::minutes(23 * 60 - 1));
        assert_eq!(day("2026-10-25"), TimeDelta::minutes(25 * 60 - 1));
        // 02:30 does not exist on that day: work begins when the clock jumps.
        let night = Hours {
            from: NaiveTime::from_hms_opt(2, 30, 0).unwrap(),
            ..all_day.clone()
        };
        assert_eq!(
            night.span("2026-03-29".parse().unwrap()).unwrap().0,
            at("2026-03-29T01:00:00Z")
        );
    }

    #[test]
    fn nobody_who_never_works_is_waited_for() {
        let mut never = hours(chrono_tz::UTC, (9, 0), (17, 0));
        never.days.clear();
        assert_eq!(never.next_working(at("2026-11-27T15:00:00Z")), None);
    }

    proptest! {
        #[test]
        fn adding_and_counting_agree(
            start in 0_i64..200_000_000,
            minutes in 1_i64..20_000,
            zone in proptest::sample::select(vec![
                chrono_tz::Europe::Berlin, chrono_tz::America::New_York, chrono_tz::Asia::Kolkata,
                chrono_tz::Pacific::Apia, chrono_tz::Australia::Lord_Howe, chrono_tz::Asia::Tokyo,
            ]),
        ) {
            let hours = hours(zone, (9, 0), (17, 30));
            let from = at("2024-01-01T00:00:00Z") + TimeDelta::seconds(start);
            let span = TimeDelta::minutes(minutes);
            let to = hours.add_working(from, span).unwrap();
            prop_assert_eq!(hours.working_between(from, to), span);
            let next = hours.next_working(from).unwrap();
            prop_assert!(next >= from && hours.is_working(next));
            prop_assert_eq!(hours.next_working(next), Some(next));
        }
    }
}
