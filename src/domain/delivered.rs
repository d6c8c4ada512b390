//! What follows when a promise was kept, and when it never will be. Failure to deliver is an
//! event: silence is the failure that a security committee cannot afford.

use chrono::{DateTime, Utc};
use underrose_chat::{Action, Network, Openness, Receipt};

use super::ask::tell_case;
use super::card;
use super::confidential::{Audience, pass};
use super::decision::{Decision, Effects, Lane, Promise, Purpose};
use super::event::{Entry, Event};
use super::ids::{CaseId, PersonId};
use super::policy::Policy;
use super::state::State;
use super::{oncall, publish, rooms, say};

pub fn delivered(
    state: &State,
    policy: &Policy,
    promise: &Promise,
    receipt: &Receipt,
    now: DateTime<Utc>,
) -> Decision {
    let mut fx = Effects::new(policy, now, None, format!("delivered/{}", promise.key));
    let case = promise.case.and_then(|id| state.cases.get(&id));
    match (&promise.purpose, receipt, case) {
        (Purpose::Room, Receipt::Room { room }, Some(case)) => {
            if case.room_on(&room.network).is_none() {
                let opened = Event::RoomOpened { room: room.clone() };
                let mut after = case.clone();
                after.apply(&Entry {
                    at: now,
                    case: Some(case.id),
                    by: None,
                    event: opened.clone(),
                });
                fx.happen(case.id, opened);
                fx.to_case(case.id, room, say::room_open(case.id));
                let room_pass = pass(case, &Audience::Case(case.id), &policy.members);
                if let Some(pass) = room_pass
                    && !pass.facts().report.is_empty()
                {
                    fx.to_case(case.id, room, say::report(&pass.facts().report));
                }
                card::post(&mut fx, &after, room);
                // Whoever came onto the list or recused themselves while the room was being made.
                let invited = match &promise.action {
                    Action::OpenRoom { invite, .. } => invite.as_slice(),
                    _ => &[],
                };
                let list = case.list(&policy.members).into_iter();
                let accounts = list.flat_map(|person| policy.accounts_of(&person));
                for user in
                    accounts.filter(|user| user.network == room.network && !invited.contains(user))
                {
                    fx.invite(case.id, room, user);
                }
                for person in &case.recused {
                    super::need_to_know::out_of_rooms(&mut fx, &after, person);
                }
            }
        }
        (Purpose::Room, Receipt::Room { room }, None) => {
            // The case was closed while its room was being made.
            let action = Action::Archive { room: room.clone() };
            fx.promise(
                promise.case,
                room.network.clone(),
                action,
                Lane::Reply,
                Purpose::Keep,
            );
        }
        (Purpose::Card { version }, Receipt::Posted { at }, Some(case)) => {
            let posted = Event::CardPosted {
                at: at.clone(),
                version: *version,
            };
            fx.happen(case.id, posted);
            let pin = Action::Pin { at: at.clone() };
            fx.promise(
                Some(case.id),
                promise.network.clone(),
                pin,
                Lane::Card,
                Purpose::Keep,
            );
            if case.version > *version {
                let action = Action::edit(at.clone(), card::render(case, policy));
                let network = promise.network.clone();
                fx.promise(
                    Some(case.id),
                    network,
                    action,
                    Lane::Card,
                    Purpose::CardEdit,
                );
            }
        }
        (Purpose::Announcement { target }, _, Some(case)) => publish::posted(&mut fx, case, target),
        (
            Purpose::Room
            | Purpose::Card { .. }
            | Purpose::Announcement { .. }
            | Purpose::Reply
            | Purpose::Page { .. }
            | Purpose::CardEdit
            | Purpose::Notice
            | Purpose::Keep,
            _,
            _,
        ) => {}
    }
    card::follow(state, fx)
}

/// A network rejected it, or every attempt was in vain.
pub fn undeliverable(
    state: &State,
    policy: &Policy,
    promise: &Promise,
    reason: &str,
    now: DateTime<Utc>,
) -> Decision {
    let mut fx = Effects::new(
        policy,
        now,
        None,
        format!("undeliverable/{}/{now}", promise.key),
    );
    let case = promise.case.and_then(|id| state.cases.get(&id));
    let network = &promise.network;
    match (&promise.purpose, case) {
        (Purpose::Announcement { target }, Some(case)) => {
            publish::failed(&mut fx, case, target, reason)
        }
        (Purpose::Room, Some(case)) => {
            rooms::refused(&mut fx, case, promise);
            tell_duty(state, &mut fx, network, reason, Some(case.id));
        }
        (Purpose::Page { to }, case) => {
            tell_elsewhere(&mut fx, to, network, promise);
            if let Some(case) = case {
                let reached = policy
                    .accounts_of(to)
                    .iter()
                    .any(|user| user.network != *network);
                if !reached {
                    oncall::unreachable(&mut fx, state, case, to);
                }
            }
            tell_duty(state, &mut fx, network, reason, case.map(|case| case.id));
        }
        // That something failed cannot be told here: nothing is told of that.
        (Purpose::Notice, case) => {
            failure(state, &mut fx, network, reason, case.map(|case| case.id));
        }
        (
            Purpose::Reply
            | Purpose::Card { .. }
            | Purpose::CardEdit
            | Purpose::Keep
            | Purpose::Announcement { .. }
            | Purpose::Room,
            case,
        ) => tell_duty(state, &mut fx, network, reason, case.map(|case| case.id)),
    }
    card::follow(state, fx)
}

/// Notes it; whether it is new enough to be told.
fn failure(
    state: &State,
    fx: &mut Effects<'_>,
    network: &Network,
    reason: &str,
    case: Option<CaseId>,
) -> bool {
    let is_new = state.failures.is_new(network, case, reason, fx.now);
    if is_new {
        fx.note(Event::Undelivered {
            network: network.clone(),
            reason: reason.to_owned(),
            case,
        });
    }
    is_new
}

/// A network's adapter listens no longer, and only a person can mend that (a token was revoked).
pub fn lost(
    state: &State,
    policy: &Policy,
    network: &Network,
    reason: &str,
    now: DateTime<Utc>,
) -> Decision {
    let mut fx = Effects::new(policy, now, None, format!("lost/{network}/{now}"));
    fx.note(Event::Undelivered {
        network: network.clone(),
        reason: reason.to_owned(),
        case: None,
    });
    for person in &on_duty(state, &fx) {
        fx.notice(person, network, say::network_lost(network, reason));
    }
    card::follow(state, fx)
}

/// The duty; where there is none, everybody.
pub(super) fn on_duty(state: &State, fx: &Effects<'_>) -> Vec<PersonId> {
    match state.rota.duty(fx.now) {
        Some(duty) => vec![duty.clone()],
        None => fx.policy.members.iter().cloned().collect(),
    }
}

/// Tells the duty, on another network where there is one.
fn tell_duty(
    state: &State,
    fx: &mut Effects<'_>,
    network: &Network,
    reason: &str,
    case: Option<CaseId>,
) {
    if !failure(state, fx, network, reason, case) {
        return;
    }
    for person in &on_duty(state, fx) {
        fx.notice(person, network, say::undelivered(network, reason, case));
    }
    if let Some(case) = case.and_then(|id| state.cases.get(&id)) {
        let rooms = case.rooms.keys().any(|other| other != network);
        if rooms {
            tell_case(fx, case, &|| say::undelivered_here(network, reason));
        }
    }
}

/// A page that failed on one network goes out again on the person's others.
fn tell_elsewhere(fx: &mut Effects<'_>, to: &PersonId, failed: &Network, promise: &Promise) {
    let Action::Post {
        message, notice, ..
    } = &promise.action
    else {
        return;
    };
    let others: Vec<_> = fx
        .policy
        .accounts_of(to)
        .into_iter()
        .filter(|user| user.network != *failed)
        .collect();
    for user in others {
        let network = user.network.clone();
        let action = Action::Post {
            to: underrose_chat::Target::Direct { user },
            message: message.clone(),
            openness: Openness::Private,
            notice: notice.clone(),
        };
        fx.promise(promise.case, network, action, Lane::Page, Purpose::Notice);
    }
}
