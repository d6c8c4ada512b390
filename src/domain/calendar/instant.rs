//! Instants and spans as people type them and read them.

use chrono::{
    DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;

/// Longest text looked at, in bytes.
const TEXT_BYTES_MAX: usize = 64;

/// Longest span.
const SPAN_DAYS_MAX: i64 = 3_660;

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InstantError {
    #[error(
        "that is not an instant; write 2026-12-01 16:00 UTC, or 2026-12-01 17:00 Europe/Berlin"
    )]
    Unreadable,
    #[error("there is no such day or hour")]
    Impossible,
    #[error("I do not know the zone `{0}`; write UTC, +01:00, or a place like Europe/Berlin")]
    Zone(String),
    #[error("the clock in {zone} skips that hour; the next that it shows is {next}")]
    Skipped { zone: Tz, next: String },
    #[error("the clock in {zone} shows that hour twice: {first} or {second}; write one of them")]
    Twice {
        zone: Tz,
        first: String,
        second: String,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SpanError {
    #[error("that is not a span of time; write 90m, 26h, 3d or 1d 4h")]
    Unreadable,
    #[error("that is longer than ten years")]
    TooLong,
}

/// An instant with a zone, or in UTC; a date alone is meant at the preset hour, UTC.
///
/// # Errors
/// Says what to type; a local time that does not exist, or exists twice, is not guessed at.
pub fn parse_instant(text: &str, preset: NaiveTime) -> Result<DateTime<Utc>, InstantError> {
    let text = text.trim();
    if text.len() > TEXT_BYTES_MAX || !text.is_ascii() {
        return Err(InstantError::Unreadable);
    }
    let (date, rest) = match text.split_once(['T', ' ']) {
        Some((date, rest)) => (date, rest.trim()),
        None => (text, ""),
    };
    let date = number_date(date)?;
    if rest.is_empty() {
        return Ok(date.and_time(preset).and_utc());
    }
    let end = rest
        .find(|c: char| !(c.is_ascii_digit() || c == ':'))
        .unwrap_or(rest.len());
    let (time, zone) = rest.split_at(end);
    let time = number_time(time)?;
    in_zone(date.and_time(time), zone.trim())
}

fn number_date(text: &str) -> Result<NaiveDate, InstantError> {
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(InstantError::Unreadable);
    };
    if year.len() != 4 {
        return Err(InstantError::Unreadable);
    }
    let number = |text: &str| text.parse::<u32>().map_err(|_| InstantError::Unreadable);
    let year = i32::try_from(number(year)?).map_err(|_| InstantError::Unreadable)?;
    NaiveDate::from_ymd_opt(year, number(month)?, number(day)?).ok_or(InstantError::Impossible)
}

fn number_time(text: &str) -> Result<NaiveTime, InstantError> {
    let mut parts = text.split(':').map(|part| part.parse::<u32>().ok());
    let (Some(Some(hour)), Some(Some(minute))) = (parts.next(), parts.next()) else {
        return Err(InstantError::Unreadable);
    };
    let second = parts
        .next()
        .unwrap_or(Some(0))
        .ok_or(InstantError::Unreadable)?;
    NaiveTime::from_hms_opt(hour, minute, second).ok_or(InstantError::Impossible)
}

fn in_zone(local: NaiveDateTime, zone: &str) -> Result<DateTime<Utc>, InstantError> {
    if zone.is_empty() || zone.eq_ignore_ascii_case("utc") || zone.eq_ignore_ascii_case("z") {
        return Ok(local.and_utc());
    }
    let unknown = || InstantError::Zone(zone.to_owned());
    if let Some(sign) = zone
        .strip_prefix('+')
        .map(|_| 1)
        .or(zone.strip_prefix('-').map(|_| -1))
    {
        let (hours, minutes) = zone
            .get(1..)
            .and_then(|rest| rest.split_once(':'))
            .ok_or_else(unknown)?;
        let number = |text: &str| text.parse::<i32>().ok().filter(|_| text.len() == 2);
        let (hours, minutes) = number(hours).zip(number(minutes)).ok_or_else(unknown)?;
        let offset =
            FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60)).ok_or_else(unknown)?;
        return offset
            .from_local_datetime(&local)
            .single()
            .map(|at| at.to_utc())
            .ok_or(InstantError::Impossible);
    }
    // CET, PST and their like name several clocks, so only places are taken.
    if !zone.contains('/') {
        return Err(unknown());
    }
    let zone: Tz = zone.parse().map_err(|_| unknown())?;
    match zone.from_local_datetime(&local) {
        chrono::LocalResult::Single(at) => Ok(at.to_utc()),
        chrono::LocalResult::Ambiguous(first, second) => {
            let shown = |at: DateTime<Tz>| at.to_utc().format("%Y-%m-%d %H:%M UTC").to_string();
            Err(InstantError::Twice {
                zone,
                first: shown(first),
                second: shown(second),
            })
        }
        chrono::LocalResult::None => {
            let next = super::local(zone, local).ok_or(InstantError::Impossible)?;
            Err(InstantError::Skipped {
                zone,
                next: show(next, Some(zone)),
            })
        }
    }
}

/// `26h`, `90m`, `3d`, `1w`, `1d 4h`, `2h30m`.
///
/// # Errors
/// Says what to type.
pub fn parse_span(text: &str) -> Result<TimeDelta, SpanError> {
    let text = text.trim();
    if text.is_empty() || text.len() > TEXT_BYTES_MAX {
        return Err(SpanError::Unreadable);
    }
    let mut total = TimeDelta::zero();
    let mut digits = String::new();
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let number: i64 = digits.parse().map_err(|_| SpanError::Unreadable)?;
        digits.clear();
        let seconds = match c {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return Err(SpanError::Unreadable),
        };
        let more = number.checked_mul(seconds).and_then(TimeDelta::try_seconds);
        total = more
            .and_then(|more| total.checked_add(&more))
            .ok_or(SpanError::TooLong)?;
    }
    if !digits.is_empty() {
        return Err(SpanError::Unreadable);
    }
    if total > TimeDelta::days(SPAN_DAYS_MAX) {
        Err(SpanError::TooLong)
    } else {
        Ok(total)
    }
}

/// `Tue 2026-12-01 16:00 UTC`, and for a reader elsewhere `(17:00 Europe/Berlin)`, with the date
/// where it differs.
pub fn show(at: DateTime<Utc>, zone: Option<Tz>) -> String {
    let utc = at.format("%a %Y-%m-%d %H:%M UTC").to_string();
    let Some(zone) = zone else { return utc };
    let there = at.with_timezone(&zone);
    if there.offset().fix().local_minus_utc() == 0 {
        return utc;
    }
    if there.date_naive() == at.date_naive() {
        return format!("{utc} ({} {zone})", there.format("%H:%M"));
    }
    format!("{utc} ({} {zone})", there.format("%a %Y-%m-%d %H:%M"))
}

/// `3 days`, `2 h 30 min`, `45 s`.
pub fn show_span(span: TimeDelta) -> String {
    let (days, hours) = (span.num_days(), span.num_hours() % 24);
    let (minutes, seconds) = (span.num_minutes() % 60, span.num_seconds() % 60);
    let mut parts = Vec::new();
    match days {
        0 => {}
        1 => parts.push("1 day".to_owned()),
        _ => parts.push(format!("{days} days")),
    }
    if hours > 0 {
        parts.push(format!("{hours} h"));
    }
    if minutes > 0 && days == 0 {
        parts.push(format!("{minutes} min"));
    }
    if seconds > 0 && days == 0 && hours == 0 || parts.is_empty() {
        parts.push(format!("{seconds} s"));
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<String, String> {
        let preset = NaiveTime::from_hms_opt(16, 0, 0).unwrap();
        parse_instant(text, preset)
            .map(|at| at.format("%Y-%m-%dT%H:%M").to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn instants() {
        let check = |text: &str, expected: &str| {
            assert_eq!(parsed(text).as_deref(), Ok(expected), "{text}")
        };
        check("2026-12-01 16:00 UTC", "2026-12-01T16:00");
        check("2026-12-01T16:00Z", "2026-12-01T16:00");
        check("2026-12-01 16:00", "2026-12-01T16:00");
        check("2026-12-01", "2026-12-01T16:00");
        check("2026-12-01 17:00 Europe/Berlin", "2026-12-01T16:00");
        check("2026-07-01 17:00 Europe/Berlin", "2026-07-01T15:00");
        check("2026-12-01 17:00 +01:00", "2026-12-01T16:00");
        check("2026-12-01 08:00 -08:00", "2026-12-01T16:00");
    }

    #[test]
    fn what_is_not_an_instant_is_not_guessed() {
        let check = |text: &str, part: &str| {
            let error = parsed(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        };
        check("tomorrow", "write 2026-12-01");
        check("2026-13-01", "no such day");
        check("2026-12-01 25:00 UTC", "no such day or hour");
        check("2026-12-01 09:00 CET", "I do not know the zone `CET`");
        check("2026-03-29 02:30 Europe/Berlin", "skips that hour");
        check(
            "2026-10-25 02:30 Europe/Berlin",
            "twice: 2026-10-25 00:30 UTC or 2026-10-25 01:30 UTC",
        );
        check(&"9".repeat(100_000), "not an instant");
    }

    #[test]
    fn spans() {
        let check = |text: &str, seconds: i64| {
            assert_eq!(parse_span(text), Ok(TimeDelta::seconds(seconds)), "{text}")
        };
        check("26h", 26 * 3600);
        check("1d 4h", 28 * 3600);
        check("2h30m", 9000);
        assert_eq!(parse_span("99999w"), Err(SpanError::TooLong));
        for text in ["", "h", "5", "5y", "-5h"] {
            assert_eq!(parse_span(text), Err(SpanError::Unreadable), "{text}");
        }
    }

    #[test]
    fn shown() {
        let at = "2026-12-01T16:00:00Z".parse().unwrap();
        assert_eq!(show(at, None), "Tue 2026-12-01 16:00 UTC");
        assert_eq!(
            show(at, Some(chrono_tz::Europe::London)),
            "Tue 2026-12-01 16:00 UTC"
        );
        assert_eq!(
            show(at, Some(chrono_tz::Europe::Berlin)),
            "Tue 2026-12-01 16:00 UTC (17:00 Europe/Berlin)"
        );
        assert_eq!(
            show(at, Some(chrono_tz::Asia::Tokyo)),
            "Tue 2026-12-01 16:00 UTC (Wed 2026-12-02 01:00 Asia/Tokyo)"
        );
    }
}
