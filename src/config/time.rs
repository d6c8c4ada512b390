//! Zones, weekdays, hours, holidays and spans as a configuration writes them. Each reader takes a
//! text and gives the value, or the sentence that says what is wrong with it.

use chrono::{NaiveDate, NaiveTime, TimeDelta, Weekday};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::read::{Section, Told, clip};
use super::schema::meant;
use crate::domain::calendar::{Holiday, parse_span};

pub const WORKDAYS: [Weekday; 5] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
];

/// Longer than this, nobody would still be waiting.
const SPAN_DAYS_MAX: i64 = 30;

pub fn zone(text: &str) -> Result<Tz, String> {
    text.parse().map_err(|_| {
        let meant = meant(text, TZ_VARIANTS.iter().map(|zone| zone.name()));
        format!("unknown time zone \"{}\"{meant}", clip(text))
    })
}

/// A time of day: `16:00`.
pub fn time(text: &str) -> Result<NaiveTime, String> {
    NaiveTime::parse_from_str(text, "%H:%M")
        .map_err(|_| format!("\"{}\" is no time of day; one looks like 16:00", clip(text)))
}

/// From and to: `09:00-17:00`.
pub fn hours(text: &str) -> Result<(NaiveTime, NaiveTime), String> {
    let Some((from, to)) = text.split_once('-') else {
        return Err(format!(
            "\"{}\" are no hours; they look like 09:00-17:00",
            clip(text)
        ));
    };
    let (from, to) = (time(from.trim())?, time(to.trim())?);
    if from >= to {
        return Err(format!("must end after they begin, found {}", clip(text)));
    }
    Ok((from, to))
}

/// A length of time that is not nothing: `30m`, `4h`.
pub fn span(text: &str) -> Result<TimeDelta, String> {
    let span = parse_span(text).map_err(|error| error.to_string())?;
    if span <= TimeDelta::zero() || span > TimeDelta::days(SPAN_DAYS_MAX) {
        return Err(format!(
            "must be more than nothing and at most {SPAN_DAYS_MAX} days"
        ));
    }
    Ok(span)
}

/// The weekdays under `days`; `None` when the key is not there.
pub fn days(section: &Section<'_>) -> Option<Vec<Weekday>> {
    let mut days: Vec<Weekday> = Vec::new();
    for told in section.texts("days")? {
        match told.text.parse::<Weekday>() {
            Ok(day) if days.contains(&day) => section.mistakes().add(told.key, "named twice"),
            Ok(day) => days.push(day),
            Err(_) => {
                let what = format!("\"{}\" is no weekday; one looks like Mon", clip(told.text));
                section.mistakes().add(told.key, what);
            }
        }
    }
    days.sort_by_key(Weekday::num_days_from_monday);
    Some(days)
}

/// The days off under `holidays`.
pub fn holidays(section: &Section<'_>) -> Vec<Holiday> {
    let read = |told: Told<'_>| {
        holiday(told.text)
            .map_err(|what| section.mistakes().add(told.key, what))
            .ok()
    };
    section
        .texts("holidays")
        .unwrap_or_default()
        .into_iter()
        .filter_map(read)
        .collect()
}

/// A day, or a first and a last one: `2026-12-24..2027-01-01`.
fn holiday(text: &str) -> Result<Holiday, String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let (first, last) = (date(first)?, date(last)?);
    if first > last {
        return Err(format!("must end after it begins, found {}", clip(text)));
    }
    Ok(Holiday { first, last })
}

fn date(text: &str) -> Result<NaiveDate, String> {
    NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").map_err(|_| {
        let looks = "one looks like 2026-12-24, several like 2026-12-24..2027-01-01";
        format!("\"{}\" is no day; {looks}", clip(text))
    })
}
