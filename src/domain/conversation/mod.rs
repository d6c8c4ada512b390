//! Forms: a modal where the network opens one, else a conversation whose progress is state. Either
//! way the core asks, scores and says what is wrong; an adapter only shows it.

mod decisions;
mod report;
mod score;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use underrose_chat::{Field, FieldKind, Form, Immediate, Opt, Surface};

use super::ask::Ask;
use super::case::Case;
use super::confidential::Confidential;
use super::event::Event;
use super::grammar::{From, Place, Verb, Weight, spec_of};
use super::ids::CaseId;
use super::say;

pub use decisions::{begin_edit, begin_settle, begin_severity};
pub use report::begin_report;
pub use score::begin_score;

/// What a form is for.
enum Kind<'a> {
    Report,
    Score(CaseId),
    Settle(CaseId),
    Severity(CaseId),
    /// With the draft that the editor began with.
    Announce(CaseId, &'a str),
}

impl<'a> Kind<'a> {
    fn of(form: &'a str) -> Option<Self> {
        let Some((form, case)) = form.split_once('/') else {
            return (form == "report").then_some(Self::Report);
        };
        let (case, opened) = case.split_once('/').unwrap_or((case, ""));
        let case = case.parse().ok()?;
        match form {
            "score" => Some(Self::Score(case)),
            "settle" => Some(Self::Settle(case)),
            "severity" => Some(Self::Severity(case)),
            "announce" => Some(Self::Announce(case, opened)),
            _ => None,
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
        Some(Kind::Report) => open(ask, report::form(values)),
        Some(Kind::Score(id)) => score::changed(ask, id, values),
        Some(Kind::Announce(id, opened)) => decisions::edited(ask, (id, opened), values),
        // Nothing of these forms depends on what is in them.
        Some(Kind::Settle(_) | Kind::Severity(_)) => {}
        None => ask.refuse(None, &say::stale_choice()),
    }
}

/// A form was sent; or, without a name, values for the conversation that runs here.
pub fn submitted(ask: &mut Ask<'_>, form: &str, values: &Values) {
    if form.is_empty() {
        return filled(ask, values);
    }
    match Kind::of(form) {
        Some(Kind::Report) => report::submitted(ask, values),
        Some(Kind::Score(id)) => score::submitted(ask, id, values),
        Some(Kind::Settle(id)) => decisions::submitted_settle(ask, id, values),
        Some(Kind::Severity(id)) => decisions::submitted_severity(ask, id, values),
        Some(Kind::Announce(id, opened)) => decisions::submitted_edit(ask, (id, opened), values),
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
        Some(Kind::Report) => report::step(ask, known),
        Some(Kind::Score(id)) => score::filled(ask, id, known),
        // These are never asked step by step.
        Some(Kind::Settle(_) | Kind::Severity(_) | Kind::Announce(..)) | None => end(ask),
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
        Some(Kind::Report) => report::answered(ask, known, running.step, word),
        Some(Kind::Score(id)) => score::answered(ask, id, known, word),
        Some(Kind::Settle(_) | Kind::Severity(_) | Kind::Announce(..)) | None => end(ask),
    }
    in_its_place(ask, &running);
}

/// The case of a form, if the person still may what the form is for; else says why not.
fn allowed<'a>(ask: &mut Ask<'a>, id: CaseId, verb: Verb) -> Option<&'a Case> {
    let spec = spec_of(verb)?;
    let Some(case) = ask.state.cases.get(&id) else {
        ask.refuse(None, &say::no_such_case(spec, id));
        return None;
    };
    let stage = match spec.from {
        From::Any => true,
        From::Stages(stages) => stages.contains(&case.stage),
    };
    let network = ask.policy.networks.get(ask.network());
    let weak = network.is_none_or(|network| !network.binding);
    if !ask.may(spec, Some(case)) {
        ask.refuse(None, &say::not_allowed(spec, None));
    } else if spec.weight == Weight::Binding && weak {
        ask.refuse(Some(id), &say::not_binding_here(spec));
    } else if spec.place == Place::Case && ask.case_here() != Some(id) {
        ask.refuse(Some(id), &say::wrong_room(spec, Some(id)));
    } else if !stage {
        ask.refuse(Some(id), &say::wrong_stage(spec, case));
    } else {
        return Some(case);
    }
    None
}

fn field(name: &str, label: &str, kind: FieldKind) -> Field {
    Field {
        name: name.to_owned(),
        label: label.to_owned(),
        hint: String::new(),
        kind,
        value: None,
        required: false,
        live: false,
    }
}

fn line(bytes_max: usize) -> FieldKind {
    FieldKind::Line { bytes_max }
}

/// A menu whose change is wanted at once.
fn select(name: &str, label: &str, options: Vec<Opt>, value: Option<String>) -> Field {
    Field {
        value,
        live: true,
        ..field(name, label, FieldKind::Select { options })
    }
}

fn option(value: &str, label: &str) -> Opt {
    Opt {
        value: value.to_owned(),
        label: label.to_owned(),
    }
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
