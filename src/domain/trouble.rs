//! What a network says is wrong with it before anything fails because of it: the duty hears of it at
//! once, with what to do. A network that is gone altogether is `delivered::lost`.

use underrose_chat::{About, Network};

use super::decision::Effects;
use super::delivered::on_duty;
use super::ids::PersonId;
use super::say;
use super::state::State;

/// Tells the duty on all of their networks: on one of them it may not come through.
pub fn told(state: &State, fx: &mut Effects<'_>, network: &Network, about: &About, reason: &str) {
    let mut duty = on_duty(state, fx);
    let text: Box<dyn Fn() -> _> = match about {
        About::Network => Box::new(|| say::network_trouble(network, reason)),
        About::Room { room } => {
            let case = state.case_of(room).map(|case| case.id);
            let ours = fx.policy.committee_rooms.contains(room) || fx.policy.is_public(room);
            if case.is_none() && !ours {
                return;
            }
            Box::new(move || say::room_trouble(room, case, reason))
        }
        About::Person { who } => {
            let person = fx.policy.person_of(who);
            let is_guest = state
                .cases
                .values()
                .any(|case| case.guests.contains_key(&person));
            if !fx.policy.people.contains_key(&person) && !is_guest {
                return;
            }
            // Whose account is closed reads nothing there.
            duty = without(duty, &person, fx);
            Box::new(move || say::person_trouble(&person, network, reason))
        }
    };
    for person in &duty {
        fx.to_person(None, person, text());
    }
}

/// These people but one; if nobody is left, the rest of the committee.
fn without(duty: Vec<PersonId>, one: &PersonId, fx: &Effects<'_>) -> Vec<PersonId> {
    let others: Vec<PersonId> = duty.into_iter().filter(|person| person != one).collect();
    if !others.is_empty() {
        return others;
    }
    let members = fx.policy.members.iter();
    members.filter(|person| *person != one).cloned().collect()
}
