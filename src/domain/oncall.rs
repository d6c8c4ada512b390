//! Who is called, when, and who comes next. Pages go out in the working hours of the person who
//! holds them, and climb until somebody says "I have it".

use chrono::{DateTime, TimeDelta, Utc};
use underrose_chat::Action;

use super::ask::Ask;
use super::case::{Case, Page, PageNext};
use super::decision::{Effects, Lane, Purpose};
use super::event::Event;
use super::grammar::Args;
use super::ids::{CaseId, PersonId};
use super::policy::Policy;
use super::say;
use super::state::State;
use super::tell::{Text, ToPerson};

/// From this step of the ladder on the whole committee is called.
const STEP_ALL: u32 = 2;

/// Shifts that may have begun during one outage; more is a schedule gone wrong.
const SHIFTS_MAX: u64 = 1_000;

/// Longest override.
const OVERRIDE_DAYS_MAX: i64 = 92;

/// A new page for a case: to the duty, or to everybody if there is none.
pub fn raise(fx: &mut Effects<'_>, state: &State, case: CaseId) {
    let step = if state.rota.duty(fx.now).is_some() {
        0
    } else {
        STEP_ALL
    };
    call(fx, state, case, step, &Vec::new());
}

/// Who holds a page on this step: the duty, the next in turn, then all.
fn holders(policy: &Policy, state: &State, now: DateTime<Utc>, step: u32) -> Vec<PersonId> {
    let rotation = &policy.oncall.rotation;
    let Some(duty) = state.rota.duty(now) else {
        return policy.members.iter().cloned().collect();
    };
    match step {
        0 => vec![duty.clone()],
        1 => {
            let place = rotation.iter().position(|person| person == duty);
            let next = place.map_or(0, |place| (place + 1) % rotation.len().max(1));
            rotation
                .get(next)
                .filter(|person| *person != duty)
                .cloned()
                .into_iter()
                .collect()
        }
        _ => policy.members.iter().cloned().collect(),
    }
}

/// Calls whoever holds this step: now if they work, else when they next do.
fn call(fx: &mut Effects<'_>, state: &State, case: CaseId, step: u32, without: &[PersonId]) {
    let known = state.cases.get(&case);
    let recused = |person: &PersonId| known.is_some_and(|case| case.recused.contains(person));
    let to: Vec<PersonId> = holders(fx.policy, state, fx.now, step)
        .into_iter()
        .filter(|person| !without.contains(person) && !recused(person))
        .collect();
    if to.is_empty() {
        if step < STEP_ALL {
            return call(fx, state, case, step + 1, without);
        }
        fx.follows(case, Event::PageUnanswered {});
        return fx.to_committee(say::page_unanswered(case));
    }
    send(fx, case, to, step, None);
}

/// Says the page to those who hold it and work now. The first two steps are repeated, each time
/// after twice as long; the whole committee is called once each, as their days begin.
fn send(
    fx: &mut Effects<'_>,
    case: CaseId,
    to: Vec<PersonId>,
    step: u32,
    so_far: Option<(&Page, DateTime<Utc>)>,
) {
    let (policy, now) = (fx.policy, fx.now);
    let hours = |person: &PersonId| policy.hours_of(person);
    let working = |person: &PersonId| {
        hours(person)
            .and_then(|hours| hours.next_working(now))
            .unwrap_or(now)
    };
    let at = to.iter().map(working).min().unwrap_or(now);
    if at > now {
        return fx.follows(case, Event::PageQueued { to, step, at });
    }
    let told = |person: &PersonId| so_far.is_some_and(|(page, _)| page.told.contains(person));
    let after = |person: &PersonId, span: TimeDelta| {
        let begins = working(person);
        hours(person)
            .and_then(|hours| hours.add_working(begins, span))
            .unwrap_or(begins + span)
    };
    let say_to: Vec<PersonId> = to
        .iter()
        .filter(|person| working(person) <= now && (step < STEP_ALL || !told(person)))
        .cloned()
        .collect();
    let later = to
        .iter()
        .filter(|person| !told(person))
        .map(working)
        .filter(|at| *at > now)
        .min();
    let escalate = match so_far {
        Some((_, escalate)) => escalate,
        None => {
            let ends = to
                .iter()
                .map(|person| after(person, policy.oncall.escalate_after));
            ends.max().unwrap_or(now)
        }
    };
    let times = so_far.map_or(0, |(page, _)| page.times);
    let again = if step < STEP_ALL {
        let pause = policy.oncall.page_again_after * 2_i32.saturating_pow(times.min(8));
        to.iter()
            .map(|person| after(person, pause))
            .min()
            .unwrap_or(escalate)
    } else {
        later.unwrap_or(escalate)
    };
    for person in &say_to {
        fx.page(Some(case), person, say::page(case, step));
    }
    fx.follows(
        case,
        Event::Paged {
            to,
            step,
            again,
            escalate,
            told: say_to,
        },
    );
}

/// A page is due: to be sent at last, said again, or handed on.
pub fn tick_page(fx: &mut Effects<'_>, state: &State, case: &Case, page: &Page) {
    let now = fx.now;
    match &page.next {
        PageNext::Send(at) if *at <= now => send(fx, case.id, page.to.clone(), page.step, None),
        PageNext::Answer { escalate, .. } if *escalate <= now => {
            if page.step >= STEP_ALL {
                fx.follows(case.id, Event::PageUnanswered {});
                fx.to_committee(say::page_unanswered(case.id));
            } else {
                let declined: Vec<PersonId> = page.declined.iter().cloned().collect();
                call(fx, state, case.id, page.step + 1, &declined);
            }
        }
        PageNext::Answer { again, escalate } if *again <= now => {
            send(
                fx,
                case.id,
                page.to.clone(),
                page.step,
                Some((page, *escalate)),
            );
        }
        PageNext::Send(_) | PageNext::Answer { .. } | PageNext::Nobody {} => {}
    }
}

/// A page could not be delivered anywhere: the next person is called.
pub fn unreachable(fx: &mut Effects<'_>, state: &State, case: &Case, person: &PersonId) {
    let Some(page) = case.page.as_ref().filter(|page| page.to.contains(person)) else {
        return;
    };
    if page.step < STEP_ALL {
        call(
            fx,
            state,
            case.id,
            page.step + 1,
            std::slice::from_ref(person),
        );
    }
}

pub fn ack(ask: &mut Ask<'_>, case: &Case) {
    if case.page.is_none() {
        let what = format!("No page is open for case {}, so nothing changed.", case.id);
        return ask.refuse(Some(case.id), &say::rule("nothing-to-do", "ack", what, ""));
    }
    ask.happen(case, Event::PageAcked {});
    let by = ask.who.clone();
    ask.fx.to_committee(say::page_acked(case.id, &by));
    ask.answer(say::page_yours(case.id));
}

pub fn decline(ask: &mut Ask<'_>, case: &Case) {
    let Some(page) = &case.page else {
        let what = format!("No page is open for case {}, so nothing changed.", case.id);
        return ask.refuse(
            Some(case.id),
            &say::rule("nothing-to-do", "decline", what, ""),
        );
    };
    if !page.to.contains(&ask.who) {
        let what = format!("The page of case {} is not with you.", case.id);
        return ask.refuse(
            Some(case.id),
            &say::rule("not-allowed", "decline", what, "oncall now"),
        );
    }
    ask.happen(case, Event::PageDeclined {});
    let mut without: Vec<PersonId> = page.declined.iter().cloned().collect();
    without.push(ask.who.clone());
    call(
        &mut ask.fx,
        ask.state,
        case.id,
        (page.step + 1).min(STEP_ALL),
        &without,
    );
    ask.answer(say::page_declined(case.id));
}

/// `oncall ack` without a case: the one page that is open for this person.
pub fn ack_any(ask: &mut Ask<'_>) {
    match mine(ask) {
        Some(case) => ack(ask, case),
        None => nothing_open(ask, "ack"),
    }
}

pub fn decline_any(ask: &mut Ask<'_>) {
    match mine(ask) {
        Some(case) => decline(ask, case),
        None => nothing_open(ask, "decline"),
    }
}

fn mine<'a>(ask: &Ask<'a>) -> Option<&'a Case> {
    let held = |case: &&Case| {
        case.page
            .as_ref()
            .is_some_and(|page| page.to.contains(&ask.who))
    };
    let mut pages = ask.state.cases.values().filter(held);
    let first = pages.next();
    if pages.next().is_some() { None } else { first }
}

fn nothing_open(ask: &mut Ask<'_>, command: &'static str) {
    let what = "There is not exactly one page open for you; name the case.";
    let usage = format!("oncall {command} <case>");
    ask.refuse(None, &say::rule("no-page", command, what, usage));
}

pub fn now(ask: &mut Ask<'_>) {
    let duty = on_duty(ask);
    ask.answer(duty);
}

/// Who is on call, until when, and who is next.
pub fn on_duty(ask: &Ask<'_>) -> Text<ToPerson> {
    let (state, policy, now) = (ask.state, ask.policy, ask.now);
    let next = holders(policy, state, now, 1).into_iter().next();
    let until = duty_until(state, now);
    let zone = ask.zone();
    say::oncall_now(state.rota.duty(now), until, next.as_ref(), zone)
}

fn duty_until(state: &State, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let over = state
        .rota
        .overrides
        .iter()
        .rev()
        .find(|one| one.from <= now && now < one.until);
    over.map(|one| one.until)
        .or_else(|| state.rota.shift.as_ref().map(|shift| shift.until))
}

pub fn handoff(ask: &mut Ask<'_>, args: &Args) {
    let Some(to) = args.person("member") else {
        return;
    };
    if ask.state.rota.duty(ask.now) != Some(&ask.who) && !ask.policy.is_lead(&ask.who) {
        let what = "Only the duty hands the shift on.";
        return ask.refuse(
            None,
            &say::rule("not-allowed", "handoff", what, "oncall now"),
        );
    }
    if to == ask.who {
        let what = "You have the shift already.";
        return ask.refuse(
            None,
            &say::rule("nothing-to-do", "handoff", what, "oncall now"),
        );
    }
    ask.fx.note(Event::HandoffOffered { to: to.clone() });
    let by = ask.who.clone();
    ask.fx.to_person(None, &to, say::handoff_offered(&by));
    ask.answer(say::handoff_waits(&to));
}

pub fn accept(ask: &mut Ask<'_>) {
    let offered = ask
        .state
        .rota
        .handoff
        .as_ref()
        .filter(|(_, to)| *to == ask.who);
    let until = duty_until(ask.state, ask.now);
    let (Some((from, _)), Some(until)) = (offered, until) else {
        let what = "No shift is offered to you.";
        return ask.refuse(
            None,
            &say::rule("nothing-to-do", "accept", what, "oncall now"),
        );
    };
    ask.fx.note(Event::HandoffAccepted {
        duty: ask.who.clone(),
        until,
    });
    let who = ask.who.clone();
    ask.fx.to_person(None, from, say::handoff_taken(&who));
    duty_changed(&mut ask.fx, ask.state, Some(&who), Some(until));
    offer_cases(&mut ask.fx, ask.state, from, &who);
    ask.answer(say::shift_yours(until, ask.policy.zone_of(&who)));
}

pub fn refuse_handoff(ask: &mut Ask<'_>) {
    let Some((from, _)) = ask
        .state
        .rota
        .handoff
        .as_ref()
        .filter(|(_, to)| *to == ask.who)
    else {
        let what = "No shift is offered to you.";
        return ask.refuse(
            None,
            &say::rule("nothing-to-do", "refuse", what, "oncall now"),
        );
    };
    ask.fx.note(Event::HandoffDeclined {});
    let who = ask.who.clone();
    ask.fx.to_person(None, from, say::handoff_refused(&who));
    ask.answer(say::handoff_left());
}

pub fn set_override(ask: &mut Ask<'_>, args: &Args) {
    let (Some(duty), Some(from), Some(until)) = (
        args.person("member"),
        args.instant("from"),
        args.instant("until"),
    ) else {
        return;
    };
    if until <= from || until <= ask.now || until - from > TimeDelta::days(OVERRIDE_DAYS_MAX) {
        let what =
            "An override begins before it ends, ends in the future, and lasts at most 92 days.";
        return ask.refuse(
            None,
            &say::rule(
                "bad-argument",
                "override",
                what,
                "oncall override <member> from <instant> until <instant>",
            ),
        );
    }
    ask.fx.note(Event::OverrideSet {
        duty: duty.clone(),
        from,
        until,
    });
    if duty != ask.who {
        let (by, zone) = (ask.who.clone(), ask.policy.zone_of(&duty));
        ask.fx
            .to_person(None, &duty, say::override_told(&by, from, until, zone));
    }
    if from <= ask.now {
        duty_changed(&mut ask.fx, ask.state, Some(&duty), Some(until));
    }
    let zone = ask.zone();
    ask.answer(say::override_set(&duty, from, until, zone));
}

/// Begins shifts that are due, and tells when the duty has changed.
pub fn tick_rota(fx: &mut Effects<'_>, state: &State) {
    let rotation = &fx.policy.oncall.rotation;
    if rotation.is_empty() {
        return;
    }
    let now = fx.now;
    let mut rota = state.rota.clone();
    let (mut turn, mut until) = match &rota.shift {
        Some(shift) if shift.until > now => (shift.turn, shift.until),
        Some(shift) => (shift.turn + 1, shift.until),
        None => (0, now),
    };
    let schedule = &fx.policy.oncall.schedule;
    let begun = rota.shift.as_ref().is_none_or(|shift| shift.until <= now);
    if begun {
        for missed in 0..SHIFTS_MAX {
            let Some(next) = schedule.next_after(until) else {
                return;
            };
            if missed > 0 {
                turn += 1;
            }
            until = next;
            if next > now {
                break;
            }
        }
        let place = usize::try_from(turn % rotation.len() as u64).unwrap_or(0);
        let Some(duty) = rotation.get(place).cloned() else {
            return;
        };
        let event = Event::ShiftStarted { duty, turn, until };
        rota.apply(&event, None, now);
        fx.note(event);
    }
    let duty = rota.duty(now).cloned();
    if duty != state.rota.told {
        let ends = rota
            .overrides
            .iter()
            .rev()
            .find(|one| one.from <= now && now < one.until);
        let ends = ends.map(|one| one.until).or(Some(until));
        duty_changed(fx, state, duty.as_ref(), ends);
        if let (true, Some(old), Some(new)) = (begun, &state.rota.told, &duty) {
            offer_cases(fx, state, old, new);
        }
    }
}

fn duty_changed(
    fx: &mut Effects<'_>,
    state: &State,
    duty: Option<&PersonId>,
    until: Option<DateTime<Utc>>,
) {
    if state.rota.told.as_ref() == duty {
        return;
    }
    fx.note(Event::DutyChanged {
        duty: duty.cloned(),
    });
    fx.to_committee(say::duty_changed(duty, until));
    set_groups(fx, duty);
}

/// The mention groups name whoever is on duty. Said again when the configuration is read: it may name
/// another group, or the network may have refused.
pub fn set_groups(fx: &mut Effects<'_>, duty: Option<&PersonId>) {
    for (network, group) in fx.policy.oncall.groups.clone() {
        let accounts = duty
            .map(|duty| fx.policy.accounts_of(duty))
            .unwrap_or_default();
        let who = accounts
            .into_iter()
            .filter(|user| user.network == network)
            .collect();
        let action = Action::SetOnCall { group, who };
        fx.promise(None, network, action, Lane::Card, Purpose::Keep);
    }
}

/// The old duty's open cases are offered to the new one; each stays with its owner until the new
/// one accepts it (Kubernetes SRC: until the next explicitly acks, the old holder leads).
fn offer_cases(fx: &mut Effects<'_>, state: &State, old: &PersonId, new: &PersonId) {
    let owned = |case: &&Case| case.owner.as_ref() == Some(old) && !case.recused.contains(new);
    let cases: Vec<CaseId> = state
        .cases
        .values()
        .filter(owned)
        .map(|case| case.id)
        .collect();
    for case in cases {
        fx.follows(case, Event::OwnerOffered { to: new.clone() });
        fx.to_person(Some(case), new, say::ownership_passes(case, old));
    }
}
