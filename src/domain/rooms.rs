//! Rooms that change under the bot: one that was replaced by another, and one that is not private
//! any more. Who may be in a room is for `need_to_know`.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use underrose_chat::{Action, RoomId};

use super::card;
use super::case::{Case, RoomRefused};
use super::decision::{Effects, Lane, Promise, Purpose};
use super::event::{Entry, Event};
use super::ids::PersonId;
use super::say;
use super::state::State;

/// When a room that a network refused is asked for again.
const REFUSED_AGAIN: TimeDelta = TimeDelta::minutes(10);

/// It doubles, up to this.
const REFUSED_AGAIN_MAX: TimeDelta = TimeDelta::days(1);

/// A room that stays exposed is told of at most this often.
const EXPOSED_TOLD_EVERY: TimeDelta = TimeDelta::hours(1);

/// A network does not make the case's room. Without it nobody can work on the case there: once the duty
/// has mended what they were told of, it must come by itself.
pub fn refused(fx: &mut Effects<'_>, case: &Case, promise: &Promise) {
    let Action::OpenRoom { name, .. } = &promise.action else {
        return;
    };
    let known = case.rooms_refused.get(&promise.network);
    let times = known.map_or(0, |known| known.times) + 1;
    let pause = REFUSED_AGAIN * 2_i32.saturating_pow(times.min(10) - 1);
    let refused = RoomRefused {
        key: promise.key.clone(),
        name: name.clone(),
        times,
        again: fx.now + pause.min(REFUSED_AGAIN_MAX),
    };
    let failed = Event::RoomFailed {
        network: promise.network.clone(),
        refused: Some(refused),
    };
    fx.happen(case.id, failed);
}

/// Asks again for the rooms that were refused, for whoever is on the list now.
pub fn again(fx: &mut Effects<'_>, case: &Case) {
    for (network, refused) in &case.rooms_refused {
        if refused.again > fx.now {
            continue;
        }
        let network = network.clone();
        let again = Event::RoomAgain {
            network: network.clone(),
        };
        fx.happen(case.id, again);
        let people = case.list(&fx.policy.members);
        let accounts = people
            .iter()
            .flat_map(|person| fx.policy.accounts_of(person));
        let action = Action::OpenRoom {
            name: refused.name.clone(),
            topic: format!("case {}", case.id),
            invite: accounts.filter(|user| user.network == network).collect(),
        };
        let promise = Promise {
            key: refused.key.clone(),
            network,
            action,
            lane: Lane::Reply,
            purpose: Purpose::Room,
            case: Some(case.id),
            since: case.opened,
        };
        fx.out.promises.push(promise);
    }
}

/// The case goes on in the new room: its people are invited there, and its card stands there.
pub fn moved(state: &State, fx: &mut Effects<'_>, from: &RoomId, to: &RoomId) {
    let Some(case) = state.case_of(from) else {
        return configured_moved(state, fx, from, to);
    };
    if case.room_on(&from.network) != Some(from) {
        return;
    }
    let moved = Event::RoomMoved {
        from: from.clone(),
        to: to.clone(),
    };
    let mut after = case.clone();
    after.apply(&Entry {
        at: fx.now,
        case: Some(case.id),
        by: None,
        event: moved.clone(),
    });
    fx.follows(case.id, moved);
    for person in case.list(&fx.policy.members) {
        for user in fx.policy.accounts_of(&person) {
            if user.network == to.network {
                fx.invite(case.id, to, user);
            }
        }
    }
    fx.to_case(case.id, to, say::room_moved(case.id));
    card::post(fx, &after, to);
}

/// Accounts that the configuration gives its members now, and never gave one before, are invited into the
/// rooms of the cases that run: whoever joins the committee may be in them.
pub fn newcomers(state: &State, fx: &mut Effects<'_>) {
    for case in state.cases.values() {
        let members = &fx.policy.members;
        let accounts = case
            .list(members)
            .into_iter()
            .filter(|person| members.contains(person))
            .flat_map(|member| fx.policy.accounts_of(&member));
        let new: Vec<_> = accounts
            .filter(|user| !state.accounts_seen.contains(user))
            .filter_map(|user| Some((case.room_on(&user.network)?.clone(), user)))
            .collect();
        for (room, user) in new {
            fx.invite(case.id, &room, user);
        }
    }
}

/// A room of the configuration: only a person can write the new one there.
fn configured_moved(state: &State, fx: &mut Effects<'_>, from: &RoomId, to: &RoomId) {
    if !fx.policy.committee_rooms.contains(from) && !fx.policy.is_public(from) {
        return;
    }
    let duty: Vec<PersonId> = state.rota.duty(fx.now).into_iter().cloned().collect();
    for person in duty {
        fx.to_person(None, &person, say::configured_room_moved(from, to));
    }
}

/// Calls owner, fix lead and duty at any hour: what is said there is read by others.
pub fn exposed(state: &State, fx: &mut Effects<'_>, room: &RoomId, why: &str) {
    let case = state.case_of(room);
    let told = state.exposed_told.get(room);
    if told.is_some_and(|at| fx.now - *at < EXPOSED_TOLD_EVERY) {
        return;
    }
    if case.is_none() && !fx.policy.committee_rooms.contains(room) {
        return;
    }
    let event = Event::RoomExposed {
        room: room.clone(),
        why: why.to_owned(),
    };
    match case {
        Some(case) => fx.follows(case.id, event),
        None => fx.note(event),
    }
    let leaders = case
        .into_iter()
        .flat_map(|case| [case.owner.as_ref(), case.fix_lead()]);
    let called: BTreeSet<PersonId> = leaders
        .chain([state.rota.duty(fx.now)])
        .flatten()
        .cloned()
        .collect();
    let id = case.map(|case| case.id);
    for person in called {
        fx.page(id, &person, say::exposed_page(id, &room.network));
    }
    let others = case
        .into_iter()
        .flat_map(|case| case.rooms.values())
        .map(|other| other.room.clone())
        .filter(|other| other != room)
        .collect::<Vec<_>>();
    for other in others {
        if let Some(id) = id {
            fx.to_case(id, &other, say::exposed_here(&room.network, why));
        }
    }
}
