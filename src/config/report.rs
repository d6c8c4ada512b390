//! What `underrose check` prints about a configuration without mistakes: what it means, who takes
//! over when, and what may still surprise. Pure; the lines are for the terminal of an operator.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use underrose_chat::RoomId;

use super::{Config, KeySource};
use crate::domain::calendar::{Hours, show};
use crate::domain::policy::{Person, Policy};

const FIRINGS_SHOWN: usize = 3;
/// A week, and one more so that a gap at its end is seen whole.
const LOOKED_AT_DAYS: i64 = 14;
const WEEK_DAYS: i64 = 7;
/// No zone and nobody's hours are finer.
const STEP_MINUTES: i64 = 15;

/// The lines of `underrose check`; warnings begin with `warning: ` and come last.
pub fn check_report(config: &Config, now: DateTime<Utc>) -> Vec<String> {
    let mut lines = configured(config);
    lines.extend(handovers(&config.policy, now));
    lines.extend(gaps(&config.policy, now));
    let warnings = warnings(config, now);
    lines.extend(
        warnings
            .into_iter()
            .map(|warning| format!("warning: {warning}")),
    );
    lines
}

fn configured(config: &Config) -> Vec<String> {
    let policy = &config.policy;
    let key = match &config.key {
        KeySource::File(path) => format!("the file {}", path.display()),
        KeySource::Env(name) => format!("the variable {name}"),
    };
    let mut lines = vec![
        format!(
            "project {}, configuration {}",
            policy.project,
            short(&policy.hash)
        ),
        format!("data in {}, key in {key}", config.data.display()),
    ];
    for (network, rules) in &policy.networks {
        let encrypted = if rules.encrypted {
            "encrypted"
        } else {
            "not encrypted"
        };
        let binding = if rules.binding {
            "approvals count"
        } else {
            "approvals do not count"
        };
        let cases = policy.case_networks.contains(network);
        let cases = if cases {
            "gets the rooms of cases"
        } else {
            "gets no rooms of cases"
        };
        lines.push(format!(
            "network {network}: end-to-end {encrypted}, {binding}, {cases}"
        ));
    }
    lines.push(format!(
        "committee rooms: {}",
        rooms(&policy.committee_rooms)
    ));
    for (i, group) in policy.announce.iter().enumerate() {
        lines.push(format!("announce, group {}: {}", i + 1, rooms(group)));
    }
    for person in policy.people.values() {
        lines.push(format!("{} {}", role(policy, person), described(person)));
    }
    let oncall = &policy.oncall;
    let (ack, breach) = (oncall.ack_business_days, oncall.ack_breach_business_days);
    let promise = format!("reporters hear within {ack} business day(s)");
    lines.push(format!("{promise}; after {breach} the promise is broken"));
    let blind = if policy.scoring.blind {
        "blind"
    } else {
        "open"
    };
    lines.push(format!(
        "scoring is {blind}; terms of version {}",
        policy.terms.version
    ));
    lines
}

fn role(policy: &Policy, person: &Person) -> &'static str {
    match (person.lead, policy.is_member(&person.id)) {
        (true, _) => "lead",
        (false, true) => "member",
        (false, false) => "known",
    }
}

fn described(person: &Person) -> String {
    let accounts = person
        .handles
        .iter()
        .map(|(network, id)| format!("{network}/{id}"));
    let accounts: Vec<String> = accounts.collect();
    let accounts = if accounts.is_empty() {
        "no account".to_owned()
    } else {
        accounts.join(", ")
    };
    format!("{} ({accounts}), {}", person.id, person.hours.zone)
}

/// The schedule's next firings. Whose turn it is now is in the store; a new one begins at the top.
fn handovers(policy: &Policy, now: DateTime<Utc>) -> Vec<String> {
    let rotation = &policy.oncall.rotation;
    let Some(first) = rotation.first() else {
        return Vec::new();
    };
    let mut lines = vec![format!(
        "duty: {first} begins when the store is new; after that"
    )];
    let firings = policy.oncall.schedule.firings(now, FIRINGS_SHOWN);
    for (person, at) in rotation.iter().cycle().skip(1).zip(firings) {
        lines.push(format!(
            "  {person} takes over at {}",
            show(at, policy.zone_of(person))
        ));
    }
    lines
}

/// The longest time within the next week in which no member works.
fn gaps(policy: &Policy, now: DateTime<Utc>) -> Vec<String> {
    let Some(gap) = Gap::longest(&members_hours(policy), now) else {
        return vec!["a member is at work at every hour of the coming week".to_owned()];
    };
    let hours = gap.week.num_minutes().div_euclid(60);
    vec![
        format!("no member is at work during {hours} of the coming week's 168 hours; the longest"),
        format!(
            "  gap is {} to {}",
            show(gap.from, None),
            show(gap.until, None)
        ),
    ]
}

fn members_hours(policy: &Policy) -> Vec<&Hours> {
    policy
        .members
        .iter()
        .filter_map(|member| policy.hours_of(member))
        .collect()
}

struct Gap {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    /// All gaps of the week together.
    week: TimeDelta,
}

impl Gap {
    fn longest(hours: &[&Hours], now: DateTime<Utc>) -> Option<Self> {
        let step = TimeDelta::minutes(STEP_MINUTES);
        let start = now.duration_trunc(step).unwrap_or(now);
        let (week_ends, ends) = (
            start + TimeDelta::days(WEEK_DAYS),
            start + TimeDelta::days(LOOKED_AT_DAYS),
        );
        let mut week = TimeDelta::zero();
        let mut longest: Option<(DateTime<Utc>, DateTime<Utc>)> = None;
        let (mut at, mut begun) = (start, None);
        while at <= ends {
            let alone = at < ends && !hours.iter().any(|hours| hours.is_working(at));
            match (begun, alone) {
                (None, true) if at < week_ends => begun = Some(at),
                (Some(from), false) => {
                    if longest.is_none_or(|(first, last)| at - from > last - first) {
                        longest = Some((from, at));
                    }
                    begun = None;
                }
                (None, _) | (Some(_), true) => {}
            }
            if alone && at < week_ends {
                week += step;
            }
            at += step;
        }
        longest.map(|(from, until)| Self { from, until, week })
    }
}

fn warnings(config: &Config, now: DateTime<Utc>) -> Vec<String> {
    let policy = &config.policy;
    let oncall = &policy.oncall;
    let mut warnings = Vec::new();
    if oncall.schedule.firings(now, 1).is_empty() {
        warnings.push("the rotation's schedule never fires again; the duty will not change".into());
    }
    if oncall.rotation.len() == 1 {
        warnings.push("the rotation is one person; an unanswered page goes to all members".into());
    }
    if oncall.escalate_after < oncall.page_again_after {
        warnings.push("the next person is paged before the first one is paged again".into());
    }
    if !policy.people.values().any(|person| person.lead) {
        warnings.push("nobody is a lead; nobody can act for an owner who is away".into());
    }
    for person in &oncall.rotation {
        let never = |hours: &Hours| hours.next_working(now).is_none();
        if policy.hours_of(person).is_some_and(never) {
            warnings.push(format!(
                "{person} is in the rotation and has no working hours"
            ));
        }
    }
    for network in &policy.case_networks {
        for person in policy
            .members
            .iter()
            .filter_map(|member| policy.people.get(member))
        {
            if !person.handles.contains_key(network) {
                let id = &person.id;
                warnings.push(format!(
                    "{id} has no account on {network} and sees no case there"
                ));
            }
        }
        if policy
            .networks
            .get(network)
            .is_some_and(|rules| !rules.encrypted)
        {
            warnings.push(format!(
                "{network} is not end-to-end encrypted and holds cases"
            ));
        }
    }
    if !policy.networks.values().any(|rules| rules.tells_time) {
        warnings.push("no network tells the time; only this machine's clock is asked".into());
    }
    if let KeySource::File(path) = &config.key
        && path.starts_with(&config.data)
    {
        warnings
            .push("the key lies in the data's directory; a copy of one is a copy of both".into());
    }
    warnings
}

fn rooms(rooms: &[RoomId]) -> String {
    let rooms: Vec<String> = rooms
        .iter()
        .map(|room| format!("{}/{}", room.network, room.id))
        .collect();
    rooms.join(", ")
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
