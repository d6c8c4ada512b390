//! Forms: a modal where the network opens one, else a conversation whose progress is state. Either
//! way the core asks, scores and says what is wrong; an adapter only shows it.

mod report;
mod score;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use underrose_chat::{Form, Immediate, Surface};

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
            let errors = report::mistakes(values);
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

/// Whether what this person says here belongs to a conversation.
pub fn is_open(ask: &Ask<'_>) -> bool {
    running(ask).is_some()
}

pub fn cancelled(ask: &mut Ask<'_>) {
    let running = running(ask);
    if let Some(running) = &running {
        ask.place.clone_from(&running.place);
        end(ask);
    }
    ask.answer(say::cancelled());
    if let Some(running) = running {
        in_its_place(ask, &running);
    }
}

/// Several answers at once for the conversation that runs here.
fn filled(ask: &mut Ask<'_>, values: &Values) {
    let Some(running) = running(ask) else {
        return ask.refuse(None, &say::no_form_here());
    };
    ask.place.clone_from(&running.place);
    let mut known = running.values.clone();
    known.extend(values.clone());
    match Kind::of(&running.form) {
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
    in_its_place(ask, &running);
}

/// One answer in the conversation that runs here.
pub fn answered(ask: &mut Ask<'_>, text: &str) {
    let Some(running) = running(ask) else {
        return;
    };
    let word = text.trim();
    if word.eq_ignore_ascii_case("cancel") {
        return cancelled(ask);
    }
    ask.place.clone_from(&running.place);
    let known = running.values.clone();
    match Kind::of(&running.form) {
        Some(Kind::Report) => report::answered(ask, known, (running.step, word)),
        Some(Kind::Score(id)) => score::answered(ask, id, known, word),
        None => end(ask),
    }
    in_its_place(ask, &running);
}

/// A conversation with this person: its form, what is known, and where it runs.
struct Running {
    form: String,
    values: Values,
    step: u32,
    place: String,
    begun: DateTime<Utc>,
}

/// The conversation that runs in this thread, or else the one that runs here at large.
fn running(ask: &Ask<'_>) -> Option<Running> {
    let places = ask.thread.iter().chain([&ask.place]);
    places.into_iter().find_map(|place| {
        let talk = ask.state.talks.get(&(ask.who.clone(), place.clone()))?;
        Some(Running {
            form: talk.form.clone(),
            values: talk.values.to_owner(),
            step: talk.step,
            place: place.clone(),
            begun: talk.begun,
        })
    })
}

/// What is answered is shown in the place of what was shown before, where that can be done.
fn in_its_place(ask: &mut Ask<'_>, running: &Running) {
    if ask.surface == Surface::Threaded
        && let Some(Kind::Score(id)) = Kind::of(&running.form)
    {
        score::in_its_place(ask, id, running.begun);
    }
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
