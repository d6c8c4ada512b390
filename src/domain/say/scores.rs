//! Scores, side by side.

use crate::domain::case::Case;
use crate::domain::cvss::{Band, Vector};
use crate::domain::ids::{CaseId, PersonId};
use crate::domain::tell::{Strong, Tell, Text, ToCase, ToPerson, Typed};

type Scored = [(PersonId, Vector)];

pub fn scored_blind(by: &PersonId, count: usize) -> Text<ToCase> {
    Text::line(&[
        by,
        &" scored (",
        &count,
        &" in). Scores stay hidden from who has not scored: ",
        &Typed("vuln score".into()),
        &".",
    ])
}

pub fn your_score(case: CaseId, vector: &Vector, others: &Scored) -> Text<ToPerson> {
    let text = Text::line(&[
        &"Your score of case ",
        &case,
        &": ",
        vector,
        &" is ",
        &vector.scores().overall(),
        &" (",
        &vector.band(),
        &").",
    ]);
    beside(text, vector, others)
}

pub fn scored(by: &PersonId, vector: &Vector, others: &Scored) -> Text<ToCase> {
    let text = Text::line(&[
        by,
        &" scored ",
        vector,
        &": ",
        &vector.scores().overall(),
        &" (",
        &vector.band(),
        &").",
    ]);
    beside(text, vector, others)
}

/// The others' vectors, with the metrics that differ.
fn beside<A>(text: Text<A>, mine: &Vector, others: &Scored) -> Text<A>
where
    PersonId: Tell<A>,
    Vector: Tell<A>,
    String: Tell<A>,
    Band: Tell<A>,
    crate::domain::cvss::Score: Tell<A>,
{
    others.iter().fold(text, |text, (person, theirs)| {
        let differing: Vec<String> = mine
            .differing(theirs)
            .into_iter()
            .map(|(metric, mine, theirs)| format!("{metric} {mine} / {theirs}"))
            .collect();
        let differing = if differing.is_empty() {
            "the same".to_owned()
        } else {
            differing.join(", ")
        };
        text.item(&[
            person,
            &": ",
            theirs,
            &" ",
            &theirs.scores().overall(),
            &" (",
            &theirs.band(),
            &"); ",
            &differing,
        ])
    })
}

pub fn settled(by: &PersonId, vector: &Vector, because: &String, all: &Scored) -> Text<ToCase> {
    let text = Text::line(&[
        by,
        &" settled ",
        vector,
        &": ",
        &vector.scores().overall(),
        &" (",
        &vector.band(),
        &").",
    ]);
    let text = if because.is_empty() {
        text
    } else {
        text.and(&[&"Because ", because])
    };
    beside(text, vector, all)
}

pub fn band_overridden(by: &PersonId, band: Band, because: &String) -> Text<ToCase> {
    Text::line(&[
        by,
        &" set the severity to ",
        &band,
        &" whatever the score says: ",
        because,
    ])
}

/// One step of the calculator: where it stands, what is asked, what to press.
pub fn score_step(
    case: CaseId,
    calculator: &crate::domain::cvss::Calculator,
    error: Option<&str>,
) -> Text<ToPerson> {
    let mut text = match error {
        Some(error) => Text::line(&[&error.to_owned()]),
        None => Text::default(),
    };
    text = text
        .and(&[&"Score of case ", &case])
        .then(score_so_far(calculator));
    let Some(metric) = calculator.current() else {
        return text;
    };
    text = text.and(&[
        &metric.name,
        &" (",
        &metric.abbreviation,
        &"): ",
        &metric.question,
    ]);
    for value in metric.values {
        text = text.item(&[&value.letter, &" ", &value.name, &": ", &value.meaning]);
    }
    for value in metric.values {
        let command = format!("{}:{}", metric.abbreviation, value.letter);
        text = text.choice(crate::domain::tell::binding(value.name, command, None));
    }
    text.and(&[
        &"Or ",
        &Typed("back".into()),
        &", ",
        &Typed("cancel".into()),
        &", ",
        &Typed("4.0".into()),
        &", or the whole vector.",
    ])
}

/// How far it is, and which scores are still possible.
pub fn score_so_far<A>(calculator: &crate::domain::cvss::Calculator) -> Text<A>
where
    String: Tell<A>,
    crate::domain::cvss::Score: Tell<A>,
{
    let (low, high) = calculator.range();
    if low == high {
        return Text::line(&[&calculator.so_far(), &" is ", &low]);
    }
    Text::line(&[&calculator.so_far(), &" is between ", &low, &" and ", &high])
}

/// The calculator's answer, at the head of its form: of a typed vector, else of what is chosen.
pub fn score_shown(
    calculator: &crate::domain::cvss::Calculator,
    typed: Option<&Vector>,
) -> Text<ToPerson> {
    let (shown, vector) = match typed {
        Some(vector) => (
            format!("{} {}", vector.scores().overall(), vector.band()),
            vector.to_string(),
        ),
        None => (range(calculator), calculator.so_far()),
    };
    Text::line(&[&Strong(shown)]).and(&[&Typed(vector)])
}

/// `6.5 Medium`, or from where to where it may still come.
fn range(calculator: &crate::domain::cvss::Calculator) -> String {
    let (low, high) = calculator.range();
    let banded = |score| format!("{score} {}", calculator.band(score));
    if low == high {
        banded(low)
    } else {
        format!("between {} and {}", banded(low), banded(high))
    }
}

/// Above the form that settles: who scored what, for whom may see it.
pub fn settle_intro(case: &Case, shown: bool) -> Text<ToPerson> {
    match (case.vectors.is_empty(), shown) {
        (true, _) => Text::line(&[&"Nobody has scored yet."]),
        (false, false) => Text::line(&[
            &"Scores in: ",
            &case.vectors.len(),
            &". They stay hidden until you have scored: ",
            &Typed("vuln score".into()),
            &".",
        ]),
        (false, true) => case.vectors.iter().fold(
            Text::line(&[&"The vectors, side by side:"]),
            |text, (person, vector)| {
                text.item(&[
                    &Strong(person.to_string()),
                    &" ",
                    &vector.scores().overall(),
                    &" ",
                    &vector.band(),
                    &" ",
                    &Typed(vector.to_string()),
                ])
            },
        ),
    }
}

/// Above the form that overrides: what counts now.
pub fn severity_intro(case: &Case) -> Text<ToPerson> {
    match (&case.settled, case.severity()) {
        (Some(vector), _) => Text::line(&[
            &"The settled score is ",
            &Strong(format!("{} {}", vector.scores().overall(), vector.band())),
            &" and stays as it is; the band that you choose is what is announced.",
        ]),
        (None, Some(band)) => Text::line(&[&"The band is ", &Strong(band.to_string()), &" now."]),
        (None, None) => Text::line(&[&"No score is settled; the band is all there will be."]),
    }
}

pub fn form_question(
    step: usize,
    of: usize,
    question: &String,
    error: Option<&str>,
) -> Text<ToPerson> {
    let text = match error {
        Some(error) => Text::line(&[&error.to_owned()]),
        None => Text::default(),
    };
    text.and(&[&(step + 1), &"/", &of, &" ", question]).and(&[
        &"Or ",
        &Typed("back".into()),
        &", or ",
        &Typed("cancel".into()),
        &".",
    ])
}

pub fn report_intro() -> Text<ToPerson> {
    Text::line(&[&"Only the security committee reads this."])
}

pub fn cancelled() -> Text<ToPerson> {
    Text::line(&[&"Cancelled; nothing was kept."])
}

pub fn no_form_here() -> crate::domain::grammar::Mistake {
    super::rule("no-form", "", "No form is open here.", "vuln help")
}
