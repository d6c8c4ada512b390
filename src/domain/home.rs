//! The bot's own page, where a network has one: what waits for you, the cases that you may see,
//! who is on call, and buttons for what you may do. Whoever is nobody to the committee sees how to
//! report, and nothing else.

use underrose_chat::Choice;

use super::ask::Ask;
use super::case::Case;
use super::grammar::{Spec, Verb, spec_of};
use super::tell::{binding, casual};
use super::words::Stage;
use super::{look, oncall, say, waits};

/// Most buttons: what comes first in the list of what waits has its buttons first.
const CHOICES_MAX: usize = 8;

pub fn show(ask: &mut Ask<'_>) {
    let known = ask.is_member()
        || ask
            .state
            .cases
            .values()
            .any(|case| ask.pass(case).is_some() || case.reporter == ask.who);
    let mut page = if known {
        waits::waiting(ask).then(look::cases(ask))
    } else {
        say::home_intro(&ask.policy.project)
    };
    if ask.is_member() {
        page = page.then(oncall::on_duty(ask));
    }
    for choice in choices(ask) {
        page = page.choice(choice);
    }
    ask.answer(page.choice(casual("Report a vulnerability", "vuln report".to_owned())));
}

/// What the person may do from here, where the case is named and no room is needed.
fn choices(ask: &Ask<'_>) -> Vec<Choice> {
    let cases = ask.state.cases.values();
    let seen = cases.filter(|case| ask.pass(case).is_some());
    let mut choices: Vec<Choice> = seen.flat_map(|case| of_case(ask, case)).collect();
    let offered = ask.state.rota.handoff.as_ref();
    if offered.is_some_and(|(_, to)| *to == ask.who) {
        choices.insert(0, casual("Take the shift", "oncall accept".to_owned()));
    }
    choices.truncate(CHOICES_MAX);
    choices
}

fn of_case(ask: &Ask<'_>, case: &Case) -> Vec<Choice> {
    let id = case.id;
    let may = |verb| spec_of(verb).is_some_and(|spec: &Spec| ask.may(spec, Some(case)));
    let mut choices = Vec::new();
    if waits::paged(ask, case) {
        choices.push(casual(format!("I have {id}"), format!("oncall ack {id}")));
    }
    if case.owner_offered.as_ref() == Some(&ask.who) {
        choices.push(casual(format!("Own {id}"), format!("vuln {id} own accept")));
    }
    let scoring = matches!(case.stage, Stage::Triaging | Stage::Accepted);
    if scoring && case.settled.is_none() && may(Verb::Score) {
        if !case.vectors.contains_key(&ask.who) {
            choices.push(casual(format!("Score {id}"), format!("vuln {id} score")));
        } else if may(Verb::ScoreSettle) {
            let command = format!("vuln {id} score settle");
            choices.push(binding(format!("Settle {id}"), command, None));
        }
    }
    choices
}
