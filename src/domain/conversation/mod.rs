//! Forms: a modal where the network opens one, else a conversation whose progress is state. Either
//! way the core asks, scores and says what is wrong; an adapter only shows it.

mod report;
mod score;

use std::collections::BTreeMap;

use underrose_chat::{Form, Immediate};

use super::ask::Ask;
use super::confidential::Confidential;
use super::event::Event;
use super::ids::CaseId;
use super::{intake, say};

pub use report::begin as begin_report;
pub use score::begin as begin_score;

/// What a form is for.
enum Kind {
    Report,
    Score(CaseId),
}

impl Kind {
    fn of(form: &str) -> Option<Self> {
        match form.split_once('/') {
            None if form == "report" => Some(Self::Report),
            Some(("score", case)) => case.parse().ok().map(Self::Score),
            Some(_) | None => None,
        }
    }
}

type Values = BTreeMap<String, String>;

fn open(ask: &mut Ask<'_>, form: Form) {
    ask.fx.out.immediate = Immediate::Form { form };
}

/// A field of an open modal changed: the form as it now reads. Nothing is journaled.
pub fn changed(ask: &mut Ask<'_>, form: &str, values: &Values) {
    match Kind::of(form) {
        Some(Kind::Report) => open(ask, report::form(values, Values::new())),
        Some(Kind::Score(id)) => {
            let (calculator, errors) = score::calculate(ask.policy.scoring.version, values);
            open(ask, score::form(id, &calculator, values, errors));
        }
        None => ask.refuse(None, &say::stale_choice()),
    }
}

/// A form was sent; or, without a name, values for the conversation that runs here.
pub fn submitted(ask: &mut Ask<'_>, form: &str, values: &Values) {
    if form.is_empty() {
        return filled(ask, values);
    }
    match Kind::of(form) {
        Some(Kind::Report) => {
            let errors = report::errors(values);
            if errors.is_empty() {
                intake::open(ask, report::facts(values));
            } else {
                ask.fx.out.immediate = Immediate::Errors { errors };
            }
        }
        Some(Kind::Score(id)) => {
            let (calculator, mut errors) = score::calculate(ask.policy.scoring.version, values);
            match score::vector_of(&calculator, values) {
                Ok(vector) if errors.is_empty() => score::score(ask, id, vector),
                Ok(_) => ask.fx.out.immediate = Immediate::Errors { errors },
                Err((field, what)) => {
                    errors.entry(field).or_insert(what);
                    ask.fx.out.immediate = Immediate::Errors { errors };
                }
            }
        }
        None => ask.refuse(None, &say::stale_choice()),
    }
}

pub fn cancelled(ask: &mut Ask<'_>) {
    if talk(ask).is_some() {
        end(ask);
    }
    ask.answer(say::cancelled());
}

/// Several answers at once for the conversation that runs here.
fn filled(ask: &mut Ask<'_>, values: &Values) {
    let Some((form, mut known, _)) = talk(ask) else {
        return ask.refuse(None, &say::no_form_here());
    };
    known.extend(values.clone());
    match Kind::of(&form) {
        Some(Kind::Report) => report::next(ask, known),
        Some(Kind::Score(id)) => {
            let (calculator, errors) = score::calculate(score::version(ask, &known), &known);
            match errors.into_iter().next() {
                Some((_, what)) => ask.answer(say::score_step(id, &calculator, Some(&what))),
                None => score::next(ask, id, &calculator, known),
            }
        }
        None => end(ask),
    }
}

/// One answer in the conversation that runs here.
pub fn answered(ask: &mut Ask<'_>, text: &str) {
    let Some((form, known, step)) = talk(ask) else {
        return;
    };
    let word = text.trim();
    if word.eq_ignore_ascii_case("cancel") {
        return cancelled(ask);
    }
    match Kind::of(&form) {
        Some(Kind::Report) => report::answered(ask, known, step, word),
        Some(Kind::Score(id)) => score::answered(ask, id, known, word),
        None => end(ask),
    }
}

/// The conversation that runs here with this person: its form, what is known, and the step.
fn talk(ask: &Ask<'_>) -> Option<(String, Values, u32)> {
    let talk = ask.state.talks.get(&(ask.who.clone(), ask.place.clone()))?;
    Some((talk.form.clone(), talk.values.to_owner(), talk.step))
}

fn progress(ask: &mut Ask<'_>, known: Values, step: usize) {
    let place = ask.place.clone();
    let step = u32::try_from(step).unwrap_or(u32::MAX);
    ask.fx.note(Event::FormAnswered {
        place,
        values: Confidential::new(known),
        step,
    });
}

fn end(ask: &mut Ask<'_>) {
    let place = ask.place.clone();
    ask.fx.note(Event::FormEnded { place });
}
