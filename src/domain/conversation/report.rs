//! The report's form, at once or question by question.

use underrose_chat::{Field, FieldKind, Form, Immediate, Surface};

use super::{Values, end, open, progress};
use crate::domain::ask::Ask;
use crate::domain::case::{Credit, Facts};
use crate::domain::event::Event;
use crate::domain::words::CreditKind;
use crate::domain::{intake, say};

/// The report form's fields: name, what is asked, whether it must be answered, and its size.
pub(super) const REPORT: [(&str, &str, bool, usize); 4] = [
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
pub fn begin_report(ask: &mut Ask<'_>, about: Option<String>) {
    let known: Values = about
        .into_iter()
        .map(|link| ("about".to_owned(), link))
        .collect();
    match ask.surface {
        Surface::Modal => open(ask, form(&known)),
        Surface::Stepwise | Surface::Threaded => {
            let place = ask.place.clone();
            ask.fx.note(Event::FormBegun {
                form: "report".to_owned(),
                place,
            });
            if !known.is_empty() {
                progress(ask, known, 0);
            }
            question(ask, 0, None);
        }
    }
}

pub(super) fn submitted(ask: &mut Ask<'_>, values: &Values) {
    let errors = errors(values);
    if errors.is_empty() {
        intake::open(ask, facts(values));
    } else {
        ask.fx.out.immediate = Immediate::Errors { errors };
    }
}

/// One answer in the conversation.
pub(super) fn answered(ask: &mut Ask<'_>, mut known: Values, number: u32, word: &str) {
    if word.eq_ignore_ascii_case("back") {
        let before = number.saturating_sub(1) as usize;
        if let Some((name, ..)) = REPORT.get(before) {
            known.remove(*name);
        }
        progress(ask, known, before);
        return question(ask, before, None);
    }
    let Some((name, _, must, max)) = REPORT.get(number as usize) else {
        return end(ask);
    };
    if (*must && word.is_empty()) || word.len() > *max {
        return question(ask, number as usize, Some("That is empty or too long."));
    }
    let skipped = !*must && is_none(word);
    let answer = if skipped { "" } else { word };
    known.insert((*name).to_owned(), answer.to_owned());
    step(ask, known);
}

/// Asks for what is not known yet, or is done.
pub(super) fn step(ask: &mut Ask<'_>, known: Values) {
    let next = REPORT
        .iter()
        .position(|(name, ..)| !known.contains_key(*name));
    match next {
        Some(number) => {
            progress(ask, known, number);
            question(ask, number, None);
        }
        None => {
            if let Some((_, what)) = errors(&known).first_key_value() {
                return question(ask, 0, Some(what));
            }
            end(ask);
            intake::open(ask, facts(&known));
        }
    }
}

fn question(ask: &mut Ask<'_>, number: usize, error: Option<&str>) {
    let question = REPORT
        .get(number)
        .map_or(String::new(), |(_, question, must, _)| {
            if *must {
                (*question).to_owned()
            } else {
                format!("{question} (or `none`)")
            }
        });
    ask.answer(say::form_question(number, REPORT.len(), &question, error));
}

/// What people type where they have nothing to say.
fn is_none(text: &str) -> bool {
    text.is_empty() || text.eq_ignore_ascii_case("none") || text == "-"
}

fn errors(values: &Values) -> Values {
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

fn facts(values: &Values) -> Facts {
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

pub(super) fn form(values: &Values) -> Form {
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
        errors: Values::new(),
    }
}
