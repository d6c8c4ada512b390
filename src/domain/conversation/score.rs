//! The calculator: a modal whose score grows with every choice, or step by step, where the whole
//! vector, `back` and another version can be typed at any step.

use chrono::{DateTime, Utc};
use underrose_chat::{Field, FieldKind, Form, Immediate, Opt, Readers, Surface};

use super::{Values, end, open, progress};
use crate::domain::ask::{Ask, Spot};
use crate::domain::case::Case;
use crate::domain::cvss::{Calculator, Metric, Vector, Version};
use crate::domain::decision::delivery_key;
use crate::domain::event::Event;
use crate::domain::ids::CaseId;
use crate::domain::tell::ToPerson;
use crate::domain::{grammar, say, scoring};

pub fn begin(ask: &mut Ask<'_>, case: &Case) {
    let calculator = Calculator::new(ask.policy.scoring.version);
    match ask.surface {
        Surface::Modal => open(
            ask,
            form(case.id, &calculator, &Values::new(), Values::new()),
        ),
        Surface::Stepwise | Surface::Threaded => {
            if let (Surface::Threaded, Some(thread)) = (ask.surface, &ask.thread) {
                // What is said outside of it is no answer, and two may score side by side.
                ask.place.clone_from(thread);
            }
            let place = ask.place.clone();
            ask.fx.note(Event::FormBegun {
                form: format!("score/{}", case.id),
                place,
            });
            ask.answer(say::score_step(case.id, &calculator, None));
            if ask.surface == Surface::Threaded {
                in_its_place(ask, case.id, ask.now);
            }
        }
    }
}

/// The answer as the one message of this conversation. While scores are hidden it is the caller's
/// alone, wherever it began.
pub fn in_its_place(ask: &mut Ask<'_>, id: CaseId, begun: DateTime<Utc>) {
    let message = match std::mem::take(&mut ask.fx.out.immediate) {
        Immediate::Say { message } => message,
        other => {
            ask.fx.out.immediate = other;
            return;
        }
    };
    let open = |case: &Case| !ask.policy.scoring.blind || case.settled.is_some();
    let here = matches!(ask.spot, Spot::Case(here, _) if here == id);
    let readers = if here && ask.state.cases.get(&id).is_some_and(open) {
        Readers::Room
    } else {
        Readers::Caller
    };
    let talk = format!(
        "talk/{}/{}/{}",
        ask.who,
        ask.place,
        begun.timestamp_micros()
    );
    ask.fx.out.immediate = Immediate::Step {
        talk: delivery_key(&talk),
        message,
        readers,
    };
}

/// The calculator with what has been chosen, and what could not be, by field.
pub fn calculate(preset: Version, values: &Values) -> (Calculator, Values) {
    let chosen = match values.get("version").map(String::as_str) {
        Some("4.0") => Version::V40,
        Some("3.1") => Version::V31,
        Some(_) | None => preset,
    };
    let mut calculator = Calculator::new(chosen);
    let mut errors = Values::new();
    for (name, value) in values {
        if name == "version" || name == "vector" || value.trim().is_empty() {
            continue;
        }
        if let Err(error) = calculator.choose(name, value.trim()) {
            errors.insert(name.clone(), error.to_string());
        }
    }
    (calculator, errors)
}

pub fn version(ask: &Ask<'_>, known: &Values) -> Version {
    match known.get("version").map(String::as_str) {
        Some("4.0") => Version::V40,
        Some("3.1") => Version::V31,
        Some(_) | None => ask.policy.scoring.version,
    }
}

/// The typed vector, or the chosen metrics; else the field and what is wrong with it.
pub fn vector_of(calculator: &Calculator, values: &Values) -> Result<Vector, (String, String)> {
    let typed = values.get("vector").map_or("", |vector| vector.trim());
    if !typed.is_empty() {
        return Vector::parse(typed).map_err(|error| ("vector".to_owned(), error.to_string()));
    }
    calculator.vector().ok_or_else(|| {
        let missing = calculator
            .current()
            .map_or("vector", |metric| metric.abbreviation);
        (missing.to_owned(), "Please choose one.".to_owned())
    })
}

pub fn answered(ask: &mut Ask<'_>, id: CaseId, mut known: Values, word: &str) {
    let (mut calculator, _) = calculate(version(ask, &known), &known);
    let upper = word.to_ascii_uppercase();
    if word.contains('/') || upper.starts_with("CVSS:") {
        return match Vector::parse(word) {
            Ok(vector) => {
                end(ask);
                score(ask, id, vector);
            }
            Err(error) => ask.answer(say::score_step(id, &calculator, Some(&error.to_string()))),
        };
    }
    if word == "3.1" || word == "4.0" {
        known.clear();
        known.insert("version".to_owned(), word.to_owned());
        let (calculator, _) = calculate(version(ask, &known), &known);
        return next(ask, id, &calculator, known);
    }
    if word.eq_ignore_ascii_case("back") {
        let before = last_chosen(&calculator, &known);
        if calculator.back()
            && let Some(before) = before
        {
            known.remove(before);
        }
        return next(ask, id, &calculator, known);
    }
    let (metric, value) = match word.split_once(':') {
        Some((metric, value)) => (metric.trim().to_owned(), value.trim()),
        None => {
            let current = calculator.current();
            let name = current.map_or("", |metric| metric.abbreviation);
            (name.to_owned(), by_number(current, word).unwrap_or(word))
        }
    };
    match calculator.choose(&metric, value) {
        Ok(()) => {
            let name = calculator
                .steps()
                .iter()
                .find(|step| step.abbreviation.eq_ignore_ascii_case(&metric))
                .map_or(metric, |step| step.abbreviation.to_owned());
            known.insert(name, value.to_owned());
            next(ask, id, &calculator, known);
        }
        Err(error) => ask.answer(say::score_step(id, &calculator, Some(&error.to_string()))),
    }
}

/// The value that stands at this number in the question.
fn by_number(asked: Option<&'static Metric>, word: &str) -> Option<&'static str> {
    let number: usize = word.trim_end_matches('.').parse().ok()?;
    let values = asked?.values;
    values.get(number.checked_sub(1)?).map(|value| value.letter)
}

/// The metric that `back` takes back: the last one before the first that is not chosen.
fn last_chosen(calculator: &Calculator, known: &Values) -> Option<&'static str> {
    calculator
        .steps()
        .iter()
        .map(|metric| metric.abbreviation)
        .take_while(|name| known.contains_key(*name))
        .last()
}

pub fn next(ask: &mut Ask<'_>, id: CaseId, calculator: &Calculator, known: Values) {
    match vector_of(calculator, &known) {
        Ok(vector) => {
            end(ask);
            score(ask, id, vector);
        }
        Err((field, what)) => {
            let error = (field == "vector" && known.get("vector").is_some_and(|v| !v.is_empty()))
                .then_some(what);
            let step = known.len();
            progress(ask, known, step);
            ask.answer(say::score_step(id, calculator, error.as_deref()));
        }
    }
}

/// Scores, if the person still may.
pub fn score(ask: &mut Ask<'_>, id: CaseId, vector: Vector) {
    let spec = grammar::spec_of(grammar::Verb::Score);
    let Some(spec) = spec else { return };
    match ask.state.cases.get(&id) {
        Some(case) if !ask.may(spec, Some(case)) => {
            ask.refuse(None, &say::not_allowed(spec, None));
        }
        Some(case) if !in_stage(spec, case) => {
            ask.refuse(Some(id), &say::wrong_stage(spec, case));
        }
        Some(case) => {
            scoring::record(ask, case, vector.clone());
            if ask.surface == Surface::Threaded && ask.fx.out.immediate == Immediate::Nothing {
                // The room was told; the calculator still shows its last question.
                ask.answer(say::your_score(id, &vector, &[]));
            }
        }
        None => ask.refuse(None, &say::no_such_case(spec, id)),
    }
}

fn in_stage(spec: &grammar::Spec, case: &Case) -> bool {
    match spec.from {
        grammar::From::Any => true,
        grammar::From::Stages(stages) => stages.contains(&case.stage),
    }
}

pub fn form(id: CaseId, calculator: &Calculator, values: &Values, errors: Values) -> Form {
    let option = |value: &str, label: String| Opt {
        value: value.to_owned(),
        label,
    };
    let select = |name: &str, label: String, options: Vec<Opt>, value: Option<String>| Field {
        name: name.to_owned(),
        label,
        hint: String::new(),
        kind: FieldKind::Select { options },
        value,
        required: false,
        live: true,
    };
    let version = if calculator.version() == Version::V40 {
        "4.0"
    } else {
        "3.1"
    };
    let versions = vec![
        option("3.1", "CVSS 3.1".to_owned()),
        option("4.0", "CVSS 4.0".to_owned()),
    ];
    let mut fields = vec![select(
        "version",
        "Version".to_owned(),
        versions,
        Some(version.to_owned()),
    )];
    for metric in calculator.steps() {
        let options = metric
            .values
            .iter()
            .map(|value| option(value.letter, value.name.to_owned()))
            .collect();
        let value = values
            .get(metric.abbreviation)
            .cloned()
            .filter(|value| !value.is_empty());
        let label = format!("{} ({})", metric.name, metric.abbreviation);
        fields.push(select(metric.abbreviation, label, options, value));
    }
    fields.push(Field {
        name: "vector".to_owned(),
        label: "Or the vector".to_owned(),
        hint: "CVSS:3.1/AV:N/…".to_owned(),
        kind: FieldKind::Line { bytes_max: 512 },
        value: values.get("vector").cloned(),
        required: false,
        live: false,
    });
    Form {
        id: format!("score/{id}"),
        title: format!("Score case {id}"),
        body: say::score_so_far::<ToPerson>(calculator).into_message(),
        fields,
        submit: "Score".to_owned(),
        errors,
    }
}
