//! Who may be in a case's room. The list is the truth: guests come in once they accepted the
//! terms, and whoever is in the room and not on the list is removed, and the room is told.

use std::collections::BTreeSet;

use underrose_chat::{Happening, Network, RoomId, UserId};

use super::ask::{Ask, tell_case};
use super::case::Case;
use super::confidential::Confidential;
use super::decision::Effects;
use super::event::Event;
use super::grammar::Args;
use super::ids::PersonId;
use super::say;
use super::state::State;

/// More removals than this in one pass wait for a confirmation: a typo in a configuration must
/// not evict the committee on release day.
const REMOVALS_UNASKED_MAX: usize = 2;

/// How often somebody is removed who keeps coming back, before a person must look.
const REJOINS_MAX: u32 = 3;

/// Most guests of one case.
const GUESTS_MAX: usize = 50;

pub fn add(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let (Some(guest), Some(kind)) = (args.person("who"), args.guest_kind("kind")) else {
        return;
    };
    let because = args.text("why");
    let wrong = if ask.policy.is_member(&guest) {
        Some("Members are on the list already, unless they recused themselves.".to_owned())
    } else if case
        .guests
        .get(&guest)
        .is_some_and(|known| known.accepted.is_some())
    {
        Some(format!("{guest} is a guest of this case already."))
    } else if case.guests.len() >= GUESTS_MAX {
        Some("A case has at most 50 guests.".to_owned())
    } else if ask.policy.accounts_of(&guest).is_empty() {
        Some(format!(
            "I know no account of {guest}, so I cannot ask them."
        ))
    } else {
        None
    };
    if let Some(what) = wrong {
        return ask.refuse(
            Some(case.id),
            &say::rule("nothing-to-do", "add", what, "vuln status"),
        );
    }
    if let Some(network) = reads_back(ask, case, &guest)
        && args.text("consent") != "history"
    {
        return ask.answer(say::history_asks(
            case.id,
            &guest,
            (kind, &because),
            &network,
        ));
    }
    let terms = &ask.policy.terms;
    let version = terms.version;
    ask.fx
        .to_person(None, &guest, say::terms(case.id, version, &terms.text));
    let event = Event::GuestAsked {
        guest: guest.clone(),
        kind,
        terms: version,
        because: Confidential::new(because.clone()),
    };
    ask.happen(case, event);
    let by = ask.who.clone();
    ask.tell_case(case, || say::guest_asked(&by, &guest, kind, &because));
}

/// A network of the case on which this guest will read all that was said before they came.
fn reads_back(ask: &Ask<'_>, case: &Case, guest: &PersonId) -> Option<Network> {
    let accounts = ask.policy.accounts_of(guest);
    accounts
        .into_iter()
        .map(|user| user.network)
        .find(|network| {
            let rules = ask.policy.networks.get(network);
            case.room_on(network).is_some() && rules.is_some_and(|rules| rules.shows_history)
        })
}

pub fn remove(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let Some(guest) = args.person("who") else {
        return;
    };
    let because = args.text("why");
    if !case.guests.contains_key(&guest) {
        let what = if ask.policy.is_member(&guest) {
            "Members leave a case by `vuln recuse`.".to_owned()
        } else {
            format!("{guest} is not a guest of this case.")
        };
        return ask.refuse(
            Some(case.id),
            &say::rule("nothing-to-do", "remove", what, "vuln status"),
        );
    }
    let event = Event::GuestRemoved {
        guest: guest.clone(),
        because: Confidential::new(because.clone()),
    };
    ask.happen(case, event);
    out_of_rooms(&mut ask.fx, case, &guest);
    ask.fx
        .to_person(None, &guest, say::you_were_removed(case.id));
    let by = ask.who.clone();
    ask.tell_case(case, || say::guest_removed(&by, &guest, &because));
}

pub fn terms_accept(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let asked = case
        .guests
        .get(&ask.who)
        .filter(|guest| guest.accepted.is_none());
    if asked.is_none() {
        return ask.refuse(None, &say::no_terms_for_you());
    }
    let (typed, terms) = (args.text("version"), ask.policy.terms.version);
    if !typed.is_empty() && typed.trim_start_matches('v') != terms.to_string() {
        let text = ask.policy.terms.text.clone();
        let who = ask.who.clone();
        ask.fx
            .to_person(None, &who, say::terms(case.id, terms, &text));
        return ask.refuse(None, &say::terms_changed());
    }
    let guest = ask.who.clone();
    ask.happen(
        case,
        Event::GuestAccepted {
            guest: guest.clone(),
            terms,
        },
    );
    into_rooms(&mut ask.fx, case, &guest);
    tell_case(&mut ask.fx, case, &|| say::guest_accepted(&guest, terms));
    ask.answer(say::welcome(case.id));
}

pub fn terms_decline(ask: &mut Ask<'_>, case: &Case) {
    let asked = case
        .guests
        .get(&ask.who)
        .filter(|guest| guest.accepted.is_none());
    if asked.is_none() {
        return ask.refuse(None, &say::no_terms_for_you());
    }
    let guest = ask.who.clone();
    ask.happen(
        case,
        Event::GuestDeclined {
            guest: guest.clone(),
        },
    );
    tell_case(&mut ask.fx, case, &|| say::guest_declined(&guest));
    ask.answer(say::terms_declined());
}

/// What a network says about who is in a room.
pub fn seen(state: &State, fx: &mut Effects<'_>, what: &Happening) {
    match what {
        Happening::Joined {
            room,
            who,
            invited_by,
        } => {
            reconcile(
                state,
                fx,
                room,
                std::slice::from_ref(who),
                invited_by.as_ref(),
            );
        }
        Happening::Members { room, who } => reconcile(state, fx, room, who, None),
        Happening::Left { .. }
        | Happening::Moved { .. }
        | Happening::Exposed { .. }
        | Happening::Trouble { .. }
        | Happening::Distrusted { .. }
        | Happening::Home { .. }
        | Happening::Time
        | Happening::Text { .. }
        | Happening::Pressed { .. }
        | Happening::FormChanged { .. }
        | Happening::FormSubmitted { .. }
        | Happening::FormCancelled { .. } => {}
    }
}

fn reconcile(
    state: &State,
    fx: &mut Effects<'_>,
    room: &RoomId,
    who: &[UserId],
    invited_by: Option<&UserId>,
) {
    let Some(case) = state.case_of(room) else {
        return;
    };
    let strangers: Vec<&UserId> = who
        .iter()
        .filter(|user| !on_list(fx, case, user))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    if strangers.is_empty() {
        return;
    }
    let were_members = strangers
        .iter()
        .any(|user| state.accounts_seen.contains(*user));
    if strangers.len() > REMOVALS_UNASKED_MAX || were_members {
        let held: Vec<UserId> = strangers.into_iter().cloned().collect();
        if case.removals_held.get(room) == Some(&held) {
            return;
        }
        let count = held.len();
        fx.happen(
            case.id,
            Event::RemovalsHeld {
                room: room.clone(),
                who: held,
            },
        );
        tell_case(fx, case, &|| say::removals_held(count));
        return;
    }
    let inviter = invited_by.map(|user| fx.policy.person_of(user));
    for user in strangers {
        let times = case.intruders.get(user).copied().unwrap_or(0);
        if times >= REJOINS_MAX {
            if times == REJOINS_MAX {
                fx.happen(
                    case.id,
                    Event::IntruderRemoved {
                        room: room.clone(),
                        who: user.clone(),
                    },
                );
                keeps_coming(state, fx, case);
            }
            continue;
        }
        fx.remove(case.id, room, user.clone());
        fx.happen(
            case.id,
            Event::IntruderRemoved {
                room: room.clone(),
                who: user.clone(),
            },
        );
        let person = fx.policy.person_of(user);
        tell_case(fx, case, &|| {
            say::intruder_removed(&person, inviter.as_ref())
        });
    }
}

fn keeps_coming(state: &State, fx: &mut Effects<'_>, case: &Case) {
    tell_case(fx, case, &|| say::intruder_returns());
    let called: BTreeSet<PersonId> = [case.owner.as_ref(), state.rota.duty(fx.now)]
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    for person in called {
        fx.page(Some(case.id), &person, say::intruder_page(case.id));
    }
}

fn on_list(fx: &Effects<'_>, case: &Case, user: &UserId) -> bool {
    case.admits(&fx.policy.person_of(user), &fx.policy.members)
}

pub fn removals_confirm(ask: &mut Ask<'_>, case: &Case) {
    if case.removals_held.is_empty() {
        return nothing_held(ask, case);
    }
    let mut removed = Vec::new();
    for (room, who) in &case.removals_held {
        let policy = ask.policy;
        let listed = |user: &UserId| case.admits(&policy.person_of(user), &policy.members);
        for user in who.iter().filter(|user| !listed(user)) {
            ask.fx.remove(case.id, room, user.clone());
            removed.push(user.clone());
        }
    }
    let (by, count) = (ask.who.clone(), removed.len());
    ask.happen(case, Event::RemovalsConfirmed { who: removed });
    ask.tell_case(case, || say::removals_confirmed(&by, count));
}

pub fn removals_drop(ask: &mut Ask<'_>, case: &Case) {
    if case.removals_held.is_empty() {
        return nothing_held(ask, case);
    }
    ask.happen(case, Event::RemovalsDropped {});
    let by = ask.who.clone();
    ask.tell_case(case, || say::removals_dropped(&by));
}

fn nothing_held(ask: &mut Ask<'_>, case: &Case) {
    let what = "No removals wait for a confirmation.";
    ask.refuse(
        Some(case.id),
        &say::rule("nothing-to-do", "removals", what, ""),
    );
}

/// Invites a person into every room of the case where they have an account.
pub fn into_rooms(fx: &mut Effects<'_>, case: &Case, person: &PersonId) {
    for user in fx.policy.accounts_of(person) {
        if let Some(room) = case.room_on(&user.network).cloned() {
            fx.invite(case.id, &room, user);
        }
    }
}

/// Takes a person out of every room of the case.
pub fn out_of_rooms(fx: &mut Effects<'_>, case: &Case, person: &PersonId) {
    for user in fx.policy.accounts_of(person) {
        if let Some(room) = case.room_on(&user.network).cloned() {
            fx.remove(case.id, &room, user);
        }
    }
}
