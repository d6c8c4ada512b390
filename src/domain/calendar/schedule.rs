//! When shifts change: a `cron` expression in a zone. The crate takes seconds first.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

#[derive(Clone, Debug)]
pub struct Schedule {
    text: String,
    zone: Tz,
    schedule: Box<cron::Schedule>,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ScheduleError {
    #[error("that has five fields; seconds come first, so write `0 {0}`")]
    FiveFields(String),
    #[error("that is not a schedule; write `0 0 9 * * Mon` for Mondays at nine (seconds first)")]
    Unreadable,
    #[error("that fires more than once within a minute; seconds come first: write 0 there")]
    TooOften,
    #[error("that never fires")]
    Never,
}

/// An instant from which firings are tried out; the crate knows years from 1970 to 2100.
const SAMPLE_SECONDS: i64 = 1_767_225_600;

impl Schedule {
    /// # Errors
    /// Says how to write it.
    pub fn parse(text: &str, zone: Tz) -> Result<Self, ScheduleError> {
        let text = text.trim();
        let fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() == 5 && text.len() < 100 {
            return Err(ScheduleError::FiveFields(text.to_owned()));
        }
        if !(6..=7).contains(&fields.len()) || text.len() > 200 {
            return Err(ScheduleError::Unreadable);
        }
        let schedule = cron::Schedule::from_str(text).map_err(|_| ScheduleError::Unreadable)?;
        let found = Self {
            text: text.to_owned(),
            zone,
            schedule: Box::new(schedule),
        };
        let sample = Utc
            .timestamp_opt(SAMPLE_SECONDS, 0)
            .single()
            .unwrap_or_default();
        let firings = found.firings(sample, 50);
        if firings.is_empty() {
            return Err(ScheduleError::Never);
        }
        let close =
            |pair: &[DateTime<Utc>]| matches!(pair, [a, b] if *b - *a < TimeDelta::minutes(1));
        if firings.windows(2).any(close) {
            return Err(ScheduleError::TooOften);
        }
        Ok(found)
    }

    /// The first firing after an instant. A local time that daylight saving repeats fires once.
    pub fn next_after(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = at.with_timezone(&self.zone);
        self.schedule
            .after(&local)
            .map(|firing| firing.naive_local())
            .filter_map(|wall| super::local(self.zone, wall))
            .find(|firing| *firing > at)
    }

    pub fn firings(&self, after: DateTime<Utc>, count: usize) -> Vec<DateTime<Utc>> {
        std::iter::successors(self.next_after(after), |last| self.next_after(*last))
            .take(count)
            .collect()
    }

    pub fn zone(&self) -> Tz {
        self.zone
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.zone == other.zone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_and_why() {
        let check = |text: &str, expected: ScheduleError| {
            assert_eq!(
                Schedule::parse(text, chrono_tz::UTC).unwrap_err(),
                expected,
                "{text}"
            );
        };
        check(
            "0 9 * * Mon",
            ScheduleError::FiveFields("0 9 * * Mon".into()),
        );
        check("* 0 9 * * Mon", ScheduleError::TooOften);
        check("*/30 * * * * *", ScheduleError::TooOften);
        check("nonsense", ScheduleError::Unreadable);
        check("0 0 9 30 2 *", ScheduleError::Never);
    }

    #[test]
    fn firings_follow_the_wall_clock() {
        let berlin = Schedule::parse("0 0 9 * * Mon", chrono_tz::Europe::Berlin).unwrap();
        let after = "2026-10-19T12:00:00Z".parse().unwrap();
        let shown: Vec<String> = berlin
            .firings(after, 2)
            .iter()
            .map(|at| at.format("%m-%d %H:%M").to_string())
            .collect();
        assert_eq!(shown, ["10-26 08:00", "11-02 08:00"]);
    }

    #[test]
    fn an_hour_that_comes_twice_fires_once() {
        let night = Schedule::parse("0 30 2 * * *", chrono_tz::Europe::Berlin).unwrap();
        let firings = night.firings("2026-10-24T12:00:00Z".parse().unwrap(), 2);
        assert_eq!(firings[1] - firings[0], TimeDelta::hours(25));
    }
}
