//! The calculator: a modal whose score grows with every choice, or step by step, where the whole
//! vector, `back` and another version can be typed at any step.

use chrono::{DateTime, Utc};
use underrose_chat::{Form, Immediate, Readers, Surface};

use super::{Values, allowed, end, field, line, open, option, progress, select};
use crate::domain::ask::{Ask, Spot};
use crate::domain::case::Case;
use crate::domain::cvss::{Calculator, Metric, Vector, Version};
use crate::domain::decision::delivery_key;
use crate::domain::event::Event;
use crate::domain::grammar::Verb;
use crate::domain::ids::CaseId;
use crate::domain::{say, scoring};

pub fn begin_score(ask: &mut Ask<'_>, case: &Case) {
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
pub(super) fn in_its_place(ask: &mut Ask<'_>, id: CaseId, begun: DateTime<Utc>) {
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

/// A metric changed: the form as it now reads.
pub(super) fn changed(ask: &mut Ask<'_>, id: CaseId, values: &Values) {
    let (calculator, errors) = calculate(ask.policy.scoring.version, values);
    open(ask, form(id, &calculator, values, errors));
}

pub(super) fn submitted(ask: &mut Ask<'_>, id: CaseId, values: &Values) {
    let (calculator, mut errors) = calculate(ask.policy.scoring.version, values);
    match vector_of(&calculator, values) {
        Ok(vector) if errors.is_empty() => score(ask, id, vector),
        Ok(_) => ask.fx.out.immediate = Immediate::Errors { errors },
        Err((field, what)) => {
            errors.entry(field).or_insert(what);
            ask.fx.out.immediate = Immediate::Errors { errors };
        }
    }
}

/// Several answers at once.
pub(super) fn filled(ask: &mut Ask<'_>, id: CaseId, known: Values) {
    let (calculator, errors) = calculate(version(ask, &known), &known);
    match errors.into_iter().next() {
        Some((_, what)) => ask.answer(say::score_step(id, &calculator, Some(&what))),
        None => step(ask, id, &calculator, known),
    }
}

/// The calculator with what has been chosen, and what could not be, by field.
fn calculate(preset: Version, values: &Values) -> (Calculator, Values) {
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

fn version(ask: &Ask<'_>, known: &Values) -> Version {
    match known.get("version").map(String::as_str) {
        Some("4.0") => Version::V40,
        Some("3.1") => Version::V31,
        Some(_) | None => ask.policy.scoring.version,
    }
}

fn typed(values: &Values) -> &str {
    values.get("vector").map_or("", |vector| vector.trim())
}

/// The typed vector, or the chosen metrics; else the field and what is wrong with it.
fn vector_of(calculator: &Calculator, values: &Values) -> Result<Vector, (String, String)> {
    let typed = typed(values);
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

/// One answer in the conversation.
pub(super) fn answered(ask: &mut Ask<'_>, id: CaseId, mut known: Values, word: &str) {
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
        return step(ask, id, &calculator, known);
    }
    if word.eq_ignore_ascii_case("back") {
        let before = last_chosen(&calculator, &known);
        if calculator.back()
            && let Some(before) = before
        {
            known.remove(before);
        }
        return step(ask, id, &calculator, known);
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
            step(ask, id, &calculator, known);
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

fn step(ask: &mut Ask<'_>, id: CaseId, calculator: &Calculator, known: Values) {
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
fn score(ask: &mut Ask<'_>, id: CaseId, vector: Vector) {
    if let Some(case) = allowed(ask, id, Verb::Score) {
        scoring::record(ask, case, vector.clone());
        if ask.surface == Surface::Threaded && ask.fx.out.immediate == Immediate::Nothing {
            // The room was told; the calculator still shows its last question.
            ask.answer(say::your_score(id, &vector, &[]));
        }
    }
}

fn form(id: CaseId, calculator: &Calculator, values: &Values, errors: Values) -> Form {
    let version = if calculator.version() == Version::V40 {
        "4.0"
    } else {
        "3.1"
    };
    let versions = vec![option("3.1", "CVSS 3.1"), option("4.0", "CVSS 4.0")];
    let chosen = Some(version.to_owned());
    let mut fields = vec![select("version", "Version", versions, chosen)];
    fields
        .iter_mut()
        .for_each(|version| version.required = true);
    for metric in calculator.steps() {
        let options = metric
            .values
            .iter()
            .map(|value| option(value.letter, value.name))
            .collect();
        let value = values
            .get(metric.abbreviation)
            .cloned()
            .filter(|value| !value.is_empty());
        let label = format!("{} ({})", metric.name, metric.abbreviation);
        let mut field = select(metric.abbreviation, &label, options, value);
        metric.question.clone_into(&mut field.hint);
        // All are needed, unless a typed vector counts.
        field.required = typed(values).is_empty();
        fields.push(field);
    }
    let mut vector = field("vector", "Or type the vector", line(512));
    vector.hint = "Then it counts, and not what is chosen above.".to_owned();
    vector.value = values.get("vector").cloned();
    vector.live = true;
    fields.push(vector);
    Form {
        id: format!("score/{id}"),
        title: format!("Score case {id}"),
        body: say::score_shown(calculator, Vector::parse(typed(values)).ok().as_ref())
            .into_message(),
        fields,
        submit: "Score".to_owned(),
        errors,
    }
}
