//! The committee's choices beside people and places: the rotation, scoring and the terms that a
//! guest accepts.

use std::collections::BTreeSet;

use chrono_tz::Tz;
use underrose_chat::Network;

use super::people::People;
use super::read::{Flag, Section, clip};
use super::time;
use crate::domain::calendar::Schedule;
use crate::domain::cvss::Version;
use crate::domain::ids::PersonId;
use crate::domain::policy::{OnCallRules, ScoringRules, Terms};

/// Mondays at nine.
pub const SCHEDULE: &str = "0 0 9 * * Mon";
const TERMS_MAX: usize = 8_000;

pub fn oncall(
    section: &Section<'_>,
    people: &People,
    zone: Option<Tz>,
    groups: Vec<(Network, String)>,
) -> Option<OnCallRules> {
    let schedule = section.parsed("schedule", SCHEDULE, |text| {
        // The zone has a mistake of its own; the expression is looked at all the same.
        Schedule::parse(text, zone.unwrap_or(Tz::UTC)).map_err(|error| error.to_string())
    });
    let rotation = rotation(section, people);
    let page_again_after = section.parsed("page_again_after", "30m", time::span);
    let escalate_after = section.parsed("escalate_after", "4h", time::span);
    let ack = section.number("ack_business_days", 1, 1..=30);
    let breach = section.number("ack_breach_business_days", 3, 1..=90);
    if let Some((ack, breach)) = ack.zip(breach)
        && breach < ack
    {
        let what = format!("a breach after {breach} days comes before the {ack} that are promised");
        section.wrong("ack_breach_business_days", what);
    }
    Some(OnCallRules {
        schedule: schedule?,
        rotation,
        page_again_after: page_again_after?,
        escalate_after: escalate_after?,
        ack_business_days: ack?,
        ack_breach_business_days: breach?,
        groups,
    })
}

fn rotation(section: &Section<'_>, people: &People) -> Vec<PersonId> {
    let told = section.texts("rotation");
    if told
        .as_ref()
        .map_or(section.value("rotation").is_none(), Vec::is_empty)
    {
        let example = "rotation = [\"alice\", \"bob\"]";
        section.wrong("rotation", format!("nobody is on call; write {example}"));
    }
    let mut named = BTreeSet::new();
    let mut rotation = Vec::new();
    for told in told.into_iter().flatten() {
        match people.find_member(told.text) {
            Ok(person) if named.insert(person.clone()) => rotation.push(person),
            Ok(_) => section
                .mistakes()
                .add(told.key, format!("{} is named twice", told.text)),
            Err(what) => section.mistakes().add(told.key, what),
        }
    }
    rotation
}

pub fn scoring(section: &Section<'_>) -> Option<ScoringRules> {
    let blind = section.flag("blind", Flag::Yes);
    let version = section.parsed("version", "3.1", |text| match text {
        "2.0" => Ok(Version::V2),
        "3.0" => Ok(Version::V30),
        "3.1" => Ok(Version::V31),
        "4.0" => Ok(Version::V40),
        other => Err(format!(
            "unknown version \"{}\"; there is 2.0, 3.0, 3.1, 4.0",
            clip(other)
        )),
    });
    Some(ScoringRules {
        blind: blind?,
        version: version?,
    })
}

pub fn terms(section: &Section<'_>) -> Option<Terms> {
    let version = section.number("version", 1, 1..=u32::MAX);
    let text = section.need_text("text", "\"what a guest promises\"");
    let text = text.filter(|text| {
        let fits = text.len() <= TERMS_MAX;
        if !fits {
            section.wrong("text", format!("{} bytes; at most {TERMS_MAX}", text.len()));
        }
        fits
    });
    Some(Terms {
        version: version?,
        text: text?.trim().to_owned(),
    })
}
