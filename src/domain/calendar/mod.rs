//! Working time, business days, slots, instants as people type them, and the rotation's schedule.
//! Pure: the present is always an argument.

mod days;
mod hours;
mod instant;
mod schedule;
mod slot;

pub use days::BusinessDays;
pub use hours::{Holiday, Hours, HoursError};
pub use instant::{InstantError, SpanError, parse_instant, parse_span, show, show_span};
pub use schedule::{Schedule, ScheduleError};
pub use slot::{SlotProblem, SlotRules};

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// The instant at which a local wall clock first shows this, or the first that it shows after it:
/// a time that daylight saving skips begins when the clock jumps over it.
fn local(zone: Tz, at: NaiveDateTime) -> Option<DateTime<Utc>> {
    let mut at = at;
    // No zone skips more than a day (Apia, 2011); clocks jump at whole minutes by now.
    for _ in 0..=24 * 4 {
        if let Some(found) = zone.from_local_datetime(&at).earliest() {
            return Some(found.with_timezone(&Utc));
        }
        at += TimeDelta::minutes(15);
    }
    None
}

fn is_holiday(holidays: &[Holiday], date: NaiveDate) -> bool {
    holidays
        .iter()
        .any(|holiday| holiday.first <= date && date <= holiday.last)
}
