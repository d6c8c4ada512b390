//! Forms: a modal where the network opens one, else a conversation whose progress is state. Either
//! way the core asks, scores and says what is wrong; an adapter only shows it.

use std::collections::BTreeMap;

use underrose_chat::{Field, FieldKind, Form, Immediate, Opt, Surface};

use super::ask::Ask;
use super::case::{Case, Credit, Facts};
use super::confidential::Confidential;
use super::cvss::{Calculator, Vector, Version};
use super::event::Event;
use super::ids::CaseId;
use super::tell::ToPerson;
use super::words::CreditKind;
use super::{intake, say, scoring};

/// The report form's fields: name, what is asked, whether it must be answered, and its size.
const REPORT: [(&str, &str, bool, usize); 4] = [
    ("title", "What is it, in one line?", true, 200),
    (
        "text",
        "What can an attacker do, and how? Versions, steps, proof of concept.",
        true,
        30_000,
    ),
    (
        "plans",
        "Do you plan to publish it, and when? Is it known or used already?",
        false,
        2_000,
    ),
    ("credit", "Under which name may we thank you?", false, 200),
];

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

/// The report's form; `about` is a link to what it is about, kept with its text.
pub fn begin_report(ask: &mut Ask<'_>, about: Option<String>) {
    let known: Values = about
        .into_iter()
        .map(|link| ("about".to_owned(), link))
        .collect();
    match ask.surface {
        Surface::Modal => open(ask, report_form(&known, Values::new())),
        Surface::Stepwise => {
            let place = ask.place.clone();
            ask.fx.note(Event::FormBegun {
                form: "report".to_owned(),
                place,
            });
            if !known.is_empty() {
                progress(ask, known.clone(), 0);
            }
            ask_report(ask, &known, 0);
        }
    }
}

pub fn begin_score(ask: &mut Ask<'_>, case: &Case) {
    let calculator = Calculator::new(ask.policy.scoring.version);
    match ask.surface {
        Surface::Modal => open(
            ask,
            score_form(case.id, &calculator, &Values::new(), Values::new()),
        ),
        Surface::Stepwise => {
            let place = ask.place.clone();
            ask.fx.note(Event::FormBegun {
                form: format!("score/{}", case.id),
                place,
            });
            ask.answer(say::score_step(case.id, &calculator, None));
        }
    }
}

fn open(ask: &mut Ask<'_>, form: Form) {
    ask.fx.out.immediate = Immediate::Form { form };
}

/// A field of an open modal changed: the form as it now reads. Nothing is journaled.
pub fn changed(ask: &mut Ask<'_>, form: &str, values: &Values) {
    match Kind::of(form) {
        Some(Kind::Report) => open(ask, report_form(values, Values::new())),
        Some(Kind::Score(id)) => {
            let (calculator, errors) = calculate(ask.policy.scoring.version, values);
            open(ask, score_form(id, &calculator, values, errors));
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
            let errors = report_errors(values);
            if errors.is_empty() {
                intake::open(ask, report_facts(values));
            } else {
                ask.fx.out.immediate = Immediate::Errors { errors };
            }
        }
        Some(Kind::Score(id)) => {
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
        Some(Kind::Report) => report_step(ask, known),
        Some(Kind::Score(id)) => {
            let (calculator, errors) = calculate(version(ask, &known), &known);
            match errors.into_iter().next() {
                Some((_, what)) => ask.answer(say::score_step(id, &calculator, Some(&what))),
                None => score_step(ask, id, &calculator, known),
            }
        }
        None => end(ask),
    }
}

/// One answer in the conversation that runs here.
pub fn answered(ask: &mut Ask<'_>, text: &str) {
    let Some((form, mut known, step)) = talk(ask) else {
        return;
    };
    let word = text.trim();
    if word.eq_ignore_ascii_case("cancel") {
        return cancelled(ask);
    }
    match Kind::of(&form) {
        Some(Kind::Report) => {
            if word.eq_ignore_ascii_case("back") {
                return ask_report_again(ask, known, step.saturating_sub(1) as usize);
            }
            let Some((name, _, must, max)) = REPORT.get(step as usize) else {
                return end(ask);
            };
            if (*must && word.is_empty()) || word.len() > *max {
                return ask.answer(say::form_question(
                    step as usize,
                    REPORT.len(),
                    &report_question(step as usize),
                    Some("That is empty or too long."),
                ));
            }
            let skipped =
                !*must && (word.is_empty() || word.eq_ignore_ascii_case("none") || word == "-");
            known.insert(
                (*name).to_owned(),
                if skipped {
                    String::new()
                } else {
                    word.to_owned()
                },
            );
            report_step(ask, known);
        }
        Some(Kind::Score(id)) => score_answer(ask, id, known, word),
        None => end(ask),
    }
}

fn report_step(ask: &mut Ask<'_>, known: Values) {
    let next = REPORT
        .iter()
        .position(|(name, ..)| !known.contains_key(*name));
    match next {
        Some(step) => {
            progress(ask, known.clone(), step);
            ask_report(ask, &known, step);
        }
        None => {
            let errors = report_errors(&known);
            if let Some((_, what)) = errors.first_key_value() {
                let what = what.clone();
                return ask.answer(say::form_question(
                    0,
                    REPORT.len(),
                    &report_question(0),
                    Some(&what),
                ));
            }
            end(ask);
            intake::open(ask, report_facts(&known));
        }
    }
}

fn ask_report(ask: &mut Ask<'_>, _known: &Values, step: usize) {
    ask.answer(say::form_question(
        step,
        REPORT.len(),
        &report_question(step),
        None,
    ));
}

fn ask_report_again(ask: &mut Ask<'_>, mut known: Values, step: usize) {
    if let Some((name, ..)) = REPORT.get(step) {
        known.remove(*name);
    }
    progress(ask, known.clone(), step);
    ask_report(ask, &known, step);
}

fn report_question(step: usize) -> String {
    REPORT
        .get(step)
        .map_or(String::new(), |(_, question, must, _)| {
            if *must {
                (*question).to_owned()
            } else {
                format!("{question} (or `none`)")
            }
        })
}

/// What people type where they have nothing to say.
fn is_none(text: &str) -> bool {
    text.is_empty() || text.eq_ignore_ascii_case("none") || text == "-"
}

fn report_errors(values: &Values) -> Values {
    let mut errors = Values::new();
    for (name, _, must, max) in REPORT {
        let value = values.get(name).map_or("", |value| value.trim());
        if must && value.is_empty() {
            errors.insert(name.to_owned(), "Please fill this in.".to_owned());
        } else if value.len() > max {
            errors.insert(name.to_owned(), format!("At most {max} bytes, please."));
        }
    }
    errors
}

fn report_facts(values: &Values) -> Facts {
    let value = |name: &str| {
        values
            .get(name)
            .map(|value| value.trim().to_owned())
            .unwrap_or_default()
    };
    let given = |name: &str| {
        Some(value(name))
            .filter(|text| !is_none(text))
            .unwrap_or_default()
    };
    let (plans, credit) = (given("plans"), given("credit"));
    let mut report = value("text");
    let about = value("about");
    if !report.contains(&about) {
        report = about_line(&about) + &report;
    }
    if !plans.is_empty() {
        report.push_str("\n\nPlans to publish: ");
        report.push_str(&plans);
    }
    let credits = (!credit.is_empty()).then_some(Credit {
        name: credit,
        kind: CreditKind::Reporter,
    });
    Facts {
        title: value("title"),
        report,
        credits: credits.into_iter().collect(),
        ..Facts::default()
    }
}

fn about_line(link: &str) -> String {
    format!("About {link}\n\n")
}

fn report_form(values: &Values, errors: Values) -> Form {
    let linked = values.get("about").map(|link| about_line(link));
    let fields = REPORT
        .iter()
        .map(|(name, label, required, max)| Field {
            name: (*name).to_owned(),
            label: (*label).to_owned(),
            hint: String::new(),
            kind: if *max > 200 {
                FieldKind::Paragraphs { bytes_max: *max }
            } else {
                FieldKind::Line { bytes_max: *max }
            },
            value: values
                .get(*name)
                .cloned()
                .or_else(|| linked.clone().filter(|_| *name == "text")),
            required: *required,
            live: false,
        })
        .collect();
    Form {
        id: "report".to_owned(),
        title: "Report a vulnerability".to_owned(),
        body: say::report_intro().into_message(),
        fields,
        submit: "Report".to_owned(),
        errors,
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

/// The typed vector, or the chosen metrics; else the field and what is wrong with it.
fn vector_of(calculator: &Calculator, values: &Values) -> Result<Vector, (String, String)> {
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

fn score_answer(ask: &mut Ask<'_>, id: CaseId, mut known: Values, word: &str) {
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
        return score_step(ask, id, &calculator, known);
    }
    if word.eq_ignore_ascii_case("back") {
        let before = last_chosen(&calculator, &known);
        if calculator.back()
            && let Some(before) = before
        {
            known.remove(before);
        }
        return score_step(ask, id, &calculator, known);
    }
    let (metric, value) = match word.split_once(':') {
        Some((metric, value)) => (metric.trim().to_owned(), value.trim()),
        None => {
            let current = calculator
                .current()
                .map_or("", |metric| metric.abbreviation);
            (current.to_owned(), word)
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
            score_step(ask, id, &calculator, known);
        }
        Err(error) => ask.answer(say::score_step(id, &calculator, Some(&error.to_string()))),
    }
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

fn score_step(ask: &mut Ask<'_>, id: CaseId, calculator: &Calculator, known: Values) {
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
    let spec = super::grammar::spec_of(super::grammar::Verb::Score);
    let Some(spec) = spec else { return };
    match ask.state.cases.get(&id) {
        Some(case) if !ask.may(spec, Some(case)) => {
            ask.refuse(None, &say::not_allowed(spec, None));
        }
        Some(case) if !in_stage(spec, case) => {
            ask.refuse(Some(id), &say::wrong_stage(spec, case));
        }
        Some(case) => scoring::record(ask, case, vector),
        None => ask.refuse(None, &say::no_such_case(spec, id)),
    }
}

fn in_stage(spec: &super::grammar::Spec, case: &Case) -> bool {
    match spec.from {
        super::grammar::From::Any => true,
        super::grammar::From::Stages(stages) => stages.contains(&case.stage),
    }
}

fn score_form(id: CaseId, calculator: &Calculator, values: &Values, errors: Values) -> Form {
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
