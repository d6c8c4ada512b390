//! What is due. After a long outage everything overdue is seen at once and said in one message.

use chrono::{DateTime, TimeDelta, Utc};

use super::case::Case;
use super::decision::{Decision, Effects};
use super::event::Event;
use super::ids::CaseId;
use super::policy::Policy;
use super::state::State;
use super::words::Rule;
use super::{card, oncall, publish, rooms, say};

/// How often the journal's head is shown to the committee, against truncation.
const HEAD_EVERY: TimeDelta = TimeDelta::hours(24);

/// Cases looked at in one decision; the rest are due in the next.
const CASES_MAX: usize = 64;

/// What a tick looks at besides the state: the journal's head, and the wall clock.
pub struct Outside {
    pub seq: u64,
    pub hash: String,
    /// What the wall clock itself says.
    pub wall: DateTime<Utc>,
}

/// Decides on everything that is due by `now`.
pub fn tick(state: &State, policy: &Policy, now: DateTime<Utc>, outside: &Outside) -> Decision {
    let mut fx = Effects::new(
        policy,
        now,
        None,
        format!("tick/{}", now.timestamp_micros()),
    );
    fx.wall = outside.wall;
    oncall::tick_rota(&mut fx, state);
    if policy.show_head
        && state
            .head_shown
            .is_none_or(|shown| shown + HEAD_EVERY <= now)
    {
        fx.note(Event::HeadShown { seq: outside.seq });
        fx.to_committee(say::head(outside.seq, &outside.hash));
    }
    for id in state.due(now).into_iter().take(CASES_MAX) {
        if let Some(case) = state.cases.get(&id) {
            fx.cause = format!("due/{}/{}", case.cause, case.version);
            due(&mut fx, state, case);
        }
    }
    card::follow(state, fx)
}

/// The earliest instant at which [`tick`] has something to do.
pub fn next_wakeup(state: &State, policy: &Policy) -> Option<DateTime<Utc>> {
    let head = policy
        .show_head
        .then(|| state.head_shown.map_or(state.now, |at| at + HEAD_EVERY));
    let rota = (!policy.oncall.rotation.is_empty())
        .then(|| state.rota_wakeup())
        .flatten();
    [state.cases_wakeup(), head, rota]
        .into_iter()
        .flatten()
        .min()
}

fn due(fx: &mut Effects<'_>, state: &State, case: &Case) {
    deadlines(fx, state, case);
    if let Some(page) = &case.page {
        oncall::tick_page(fx, state, case, page);
    }
    publish::tick(fx, state, case);
    rooms::again(fx, case);
}

/// Fires every deadline that has passed; of several steps of one rule only the last is said.
fn deadlines(fx: &mut Effects<'_>, state: &State, case: &Case) {
    for (rule, deadline) in &case.deadlines {
        let mut said = None;
        for (index, at) in deadline
            .steps
            .iter()
            .enumerate()
            .skip(deadline.step as usize)
        {
            if *at > fx.now {
                break;
            }
            let step = u32::try_from(index).unwrap_or(u32::MAX);
            fx.happen(case.id, Event::DeadlineFired { rule: *rule, step });
            said = Some(*at);
        }
        if let Some(at) = said {
            fired(fx, state, case, *rule, at);
        }
    }
}

fn fired(fx: &mut Effects<'_>, state: &State, case: &Case, rule: Rule, at: DateTime<Utc>) {
    let id: CaseId = case.id;
    match rule {
        // The breach says more than the warning, if both passed at once.
        Rule::Ack => {
            let breached = case
                .deadlines
                .get(&Rule::AckBreach)
                .and_then(super::case::Deadline::next);
            if breached.is_none_or(|breach| breach > fx.now) {
                fx.to_committee(say::ack_due(id));
                page_again(fx, state, case);
            }
        }
        Rule::AckBreach => {
            fx.to_committee(say::ack_breach(id));
            page_again(fx, state, case);
        }
        Rule::EmbargoCap => {
            let accepted = case
                .timeline
                .iter()
                .find(|moment| moment.what == "triage: valid");
            let since = accepted.map_or(case.opened, |moment| moment.at);
            let days = (at - since).num_days();
            fx.to_committee(say::embargo_cap(id, days));
            for person in [case.owner.as_ref(), case.lead.as_ref()]
                .into_iter()
                .flatten()
            {
                fx.to_person(Some(id), person, say::embargo_cap(id, days).into());
            }
        }
        Rule::Retro => {
            fx.to_committee(say::retro_due(id));
            if let Some(owner) = &case.owner {
                fx.to_person(Some(id), owner, say::retro_due(id).into());
            }
        }
    }
}

/// A page that was taken, or that nobody took, is raised anew: the reporter still waits.
fn page_again(fx: &mut Effects<'_>, state: &State, case: &Case) {
    let quiet = case
        .page
        .as_ref()
        .is_none_or(|page| page.next_at().is_none());
    if quiet {
        oncall::raise(fx, state, case.id);
    }
}
