//! The report's form: four questions, in a modal or one after the other.

use underrose_chat::{Field, FieldKind, Form, Surface};

use super::{Values, end, open, progress};
use crate::domain::ask::Ask;
use crate::domain::case::{Credit, Facts};
use crate::domain::event::Event;
use crate::domain::words::CreditKind;
use crate::domain::{intake, say};

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

/// The report's form; `about` is a link to what it is about, kept with its text.
pub fn begin(ask: &mut Ask<'_>, about: Option<String>) {
    let known: Values = about
        .into_iter()
        .map(|link| ("about".to_owned(), link))
        .collect();
    match ask.surface {
        Surface::Modal => open(ask, form(&known, Values::new())),
        Surface::Stepwise | Surface::Threaded => {
            let place = ask.place.clone();
            ask.fx.note(Event::FormBegun {
                form: "report".to_owned(),
                place,
            });
            if !known.is_empty() {
                progress(ask, known.clone(), 0);
            }
            question(ask, &known, 0);
        }
    }
}

/// One answer.
pub fn answered(ask: &mut Ask<'_>, mut known: Values, (step, word): (u32, &str)) {
    if word.eq_ignore_ascii_case("back") {
        return again(ask, known, step.saturating_sub(1) as usize);
    }
    let Some((name, _, must, max)) = REPORT.get(step as usize) else {
        return end(ask);
    };
    if (*must && word.is_empty()) || word.len() > *max {
        return ask.answer(say::form_question(
            step as usize,
            REPORT.len(),
            &wording(step as usize),
            Some("That is empty or too long."),
        ));
    }
    let skipped = !*must && (word.is_empty() || word.eq_ignore_ascii_case("none") || word == "-");
    known.insert(
        (*name).to_owned(),
        if skipped {
            String::new()
        } else {
            word.to_owned()
        },
    );
    next(ask, known);
}

pub fn next(ask: &mut Ask<'_>, known: Values) {
    let next = REPORT
        .iter()
        .position(|(name, ..)| !known.contains_key(*name));
    match next {
        Some(step) => {
            progress(ask, known.clone(), step);
            question(ask, &known, step);
        }
        None => {
            let errors = mistakes(&known);
            if let Some((_, what)) = errors.first_key_value() {
                let what = what.clone();
                return ask.answer(say::form_question(
                    0,
                    REPORT.len(),
                    &wording(0),
                    Some(&what),
                ));
            }
            end(ask);
            intake::open(ask, facts(&known));
        }
    }
}

fn question(ask: &mut Ask<'_>, _known: &Values, step: usize) {
    ask.answer(say::form_question(step, REPORT.len(), &wording(step), None));
}

fn again(ask: &mut Ask<'_>, mut known: Values, step: usize) {
    if let Some((name, ..)) = REPORT.get(step) {
        known.remove(*name);
    }
    progress(ask, known.clone(), step);
    question(ask, &known, step);
}

fn wording(step: usize) -> String {
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

pub fn mistakes(values: &Values) -> Values {
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

pub fn facts(values: &Values) -> Facts {
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

pub fn form(values: &Values, errors: Values) -> Form {
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
