//! What a network could not vouch for: a text that cannot be read, that came in plain, or from a
//! device nobody verified. It is refused, and the room or the committee is told, at most hourly.

use chrono::TimeDelta;
use underrose_chat::Distrust;

use super::ask::{Ask, tell_case};
use super::say;

/// Somebody's distrusted texts are reported at most this often: the sender may be an attacker.
const REPORTED_EVERY: TimeDelta = TimeDelta::hours(1);

pub fn distrusted(ask: &mut Ask<'_>, why: Distrust) {
    let mistake = say::distrusted(why);
    let reported = ask.state.refusals.iter().any(|refusal| {
        refusal.rule == mistake.rule
            && refusal.by.as_ref() == Some(&ask.who)
            && ask.now - refusal.at < REPORTED_EVERY
    });
    let case = ask.case_here();
    ask.refuse(case, &mistake);
    if reported {
        return;
    }
    let who = ask.who.clone();
    match case.and_then(|id| ask.state.cases.get(&id)) {
        Some(case) => tell_case(&mut ask.fx, case, &|| say::distrusted_here(&who, why)),
        None => ask.fx.to_committee(say::distrusted_note(&who, why)),
    }
}
