//! Business days, counted in the committee's zone and holidays.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};
use chrono_tz::Tz;

use super::{Holiday, is_holiday, local};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BusinessDays {
    pub zone: Tz,
    pub holidays: Vec<Holiday>,
    pub days: Vec<Weekday>,
}

/// Days looked ahead for a business day; beyond it every day counts as one.
const DAYS_MAX: u32 = 400;

impl BusinessDays {
    pub fn is_business_day(&self, date: NaiveDate) -> bool {
        self.days.contains(&date.weekday()) && !is_holiday(&self.holidays, date)
    }

    /// `n` business days after `from`: the same local time on the n-th business day. What happens
    /// on a day off counts from the beginning of the next business day, so that "one business
    /// day" after a Saturday's report is the beginning of Tuesday.
    pub fn add(&self, from: DateTime<Utc>, n: u32) -> DateTime<Utc> {
        let here = from.with_timezone(&self.zone).naive_local();
        let (mut date, mut time) = (here.date(), here.time());
        let mut looked = 0;
        while !self.is_business_day(date) && looked < DAYS_MAX {
            date = next(date);
            time = chrono::NaiveTime::MIN;
            looked += 1;
        }
        for _ in 0..n {
            date = next(date);
            while !self.is_business_day(date) && looked < DAYS_MAX {
                date = next(date);
                looked += 1;
            }
        }
        local(self.zone, date.and_time(time)).unwrap_or(from)
    }
}

fn next(date: NaiveDate) -> NaiveDate {
    date.checked_add_days(Days::new(1)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_off_do_not_count() {
        let day = |d| NaiveDate::from_ymd_opt(2026, 12, d).unwrap();
        let days = BusinessDays {
            zone: chrono_tz::UTC,
            holidays: vec![Holiday {
                first: day(24),
                last: day(26),
            }],
            days: vec![
                Weekday::Mon,
                Weekday::Tue,
                Weekday::Wed,
                Weekday::Thu,
                Weekday::Fri,
            ],
        };
        let check = |from: &str, n, expected: &str| {
            assert_eq!(
                days.add(from.parse().unwrap(), n),
                expected.parse::<DateTime<Utc>>().unwrap(),
                "{from} + {n}"
            );
        };
        check("2026-12-01T10:00:00Z", 1, "2026-12-02T10:00:00Z");
        check("2026-12-04T10:00:00Z", 1, "2026-12-07T10:00:00Z");
        check("2026-12-05T10:00:00Z", 1, "2026-12-08T00:00:00Z");
        check("2026-12-23T10:00:00Z", 1, "2026-12-28T10:00:00Z");
        check("2026-12-23T10:00:00Z", 3, "2026-12-30T10:00:00Z");
    }
}
