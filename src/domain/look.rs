//! Looking changes nothing: help, status, list, timeline, why.

use super::ask::{Ask, Spot};
use super::calendar::show;
use super::case::Case;
use super::grammar::{Args, COMMANDS, Family, From, Place, Spec, Topic, Who};
use super::tell::{Strong, Text, ToPerson};
use super::{card, say};

/// Most rows of one list.
pub const ROWS_MAX: usize = 50;

/// More commands than this are shown by topic: all of them are several screens of a phone.
const HELP_ROWS_MAX: usize = 15;

pub fn help(ask: &mut Ask<'_>, args: &Args) {
    let rows: Vec<&'static Spec> = COMMANDS.iter().filter(|spec| usable(ask, spec)).collect();
    let typed = args.text("command").to_lowercase();
    if let Some(topic) = Topic::ALL.into_iter().find(|topic| topic.word() == typed) {
        let rows: Vec<_> = rows
            .into_iter()
            .filter(|spec| spec.topic == topic)
            .collect();
        return ask.answer(say::help(&rows));
    }
    match typed.as_str() {
        "" if rows.len() > HELP_ROWS_MAX => ask.answer(say::topics(&rows)),
        "" | "all" => ask.answer(say::help(&rows)),
        _ => match command(&typed) {
            Some(spec) => ask.answer(say::help_on(spec)),
            None => {
                let what = "There is no such command.";
                ask.refuse(
                    None,
                    &say::rule("unknown-command", "help", what, "vuln help"),
                );
            }
        },
    }
}

/// The command that these words name, or that begins with the first of them.
fn command(typed: &str) -> Option<&'static Spec> {
    let words: Vec<&str> = typed
        .split_whitespace()
        .filter(|word| !matches!(*word, "vuln" | "oncall"))
        .collect();
    let asked_oncall = typed.starts_with("oncall");
    let named = |spec: &&Spec| {
        (!asked_oncall || spec.family == Family::OnCall)
            && spec.words.len() <= words.len()
            && spec.words.iter().zip(&words).all(|(a, b)| a == b)
    };
    let begun = |spec: &&Spec| spec.words.first() == words.first();
    let found = COMMANDS.iter().find(named);
    found.or_else(|| COMMANDS.iter().find(begun))
}

/// Whether the command works here, now, for this person.
fn usable(ask: &Ask<'_>, spec: &Spec) -> bool {
    let case = match &ask.spot {
        Spot::Case(id, _) => ask.state.cases.get(id),
        Spot::Committee | Spot::Outside | Spot::Direct => None,
    };
    let place = match spec.place {
        Place::Any => true,
        Place::Case => case.is_some(),
        Place::CaseOrDirect => case.is_some() || (ask.spot == Spot::Direct && ask.is_member()),
        Place::Direct => ask.spot == Spot::Direct,
    };
    let stage = match (spec.from, case) {
        (From::Stages(stages), Some(case)) => stages.contains(&case.stage),
        (From::Stages(_) | From::Any, _) => true,
    };
    let asked = spec.who != Who::Asked || is_asked(ask, spec);
    let who = match (case, spec.who) {
        (None, Who::Anyone | Who::Concerned | Who::Asked) => true,
        (None, _) => ask.is_member(),
        (Some(_), _) => ask.may(spec, case),
    };
    place && stage && who && asked
}

fn is_asked(ask: &Ask<'_>, spec: &Spec) -> bool {
    use super::grammar::Verb;
    match spec.verb {
        Verb::OnCallAccept | Verb::OnCallRefuse => ask
            .state
            .rota
            .handoff
            .as_ref()
            .is_some_and(|(_, to)| *to == ask.who),
        Verb::OwnAccept | Verb::OwnDecline => ask
            .state
            .cases
            .values()
            .any(|case| case.owner_offered.as_ref() == Some(&ask.who)),
        _ => ask.state.cases.values().any(|case| {
            case.guests
                .get(&ask.who)
                .is_some_and(|guest| guest.accepted.is_none())
        }),
    }
}

pub fn status(ask: &mut Ask<'_>, case: &Case) {
    if ask.pass(case).is_none() {
        return ask.answer(say::your_report(
            case.id,
            case.waiting_for_reporter.is_some(),
        ));
    }
    let message = card::render(case, ask.policy);
    match &ask.spot {
        Spot::Case(id, room) if *id == case.id => {
            let room = room.clone();
            ask.fx.show_card(case.id, &room, message);
        }
        Spot::Case(..) | Spot::Committee | Spot::Outside | Spot::Direct => {
            ask.fx.answer_card(message)
        }
    }
}

pub fn status_of_all(ask: &mut Ask<'_>) {
    list(ask);
}

pub fn list(ask: &mut Ask<'_>) {
    let cases = cases(ask);
    ask.answer(cases);
}

/// The open cases that the person may see, or has reported.
pub fn cases(ask: &Ask<'_>) -> Text<ToPerson> {
    let seen: Vec<&Case> = ask
        .state
        .cases
        .values()
        .filter(|case| ask.pass(case).is_some())
        .collect();
    let reported: Vec<&Case> = ask
        .state
        .cases
        .values()
        .filter(|case| case.reporter == ask.who && ask.pass(case).is_none())
        .collect();
    if seen.is_empty() && reported.is_empty() {
        return say::no_cases();
    }
    let mut text: Text<ToPerson> = Text::default();
    if !seen.is_empty() {
        text = text.then(say::cases_heading(seen.len()));
        for case in seen.iter().take(ROWS_MAX) {
            text = row(ask, text, case);
        }
    }
    for case in reported.iter().take(ROWS_MAX) {
        text = text.then(say::your_report(
            case.id,
            case.waiting_for_reporter.is_some(),
        ));
    }
    text
}

fn row(ask: &Ask<'_>, text: Text<ToPerson>, case: &Case) -> Text<ToPerson> {
    let Some(pass) = ask.pass(case) else {
        return text;
    };
    let title = &pass.facts().title;
    let owner = case
        .owner
        .as_ref()
        .map_or("nobody".to_owned(), ToString::to_string);
    let band = case
        .severity()
        .map_or(String::new(), |band| format!(", {band}"));
    let due = case.next_due().map_or(String::new(), |due| {
        format!(", next due {}", show(due, ask.zone()))
    });
    // A title is for private conversations; in a room only the caller sees this answer, but the
    // caller's screen may be shared.
    if ask.spot == Spot::Outside {
        return text.item(&[
            &Strong(case.id),
            &": ",
            &case.stage,
            &band,
            &", owner ",
            &owner,
            &due,
        ]);
    }
    text.item(&[
        &Strong(case.id),
        &": ",
        title,
        &"; ",
        &case.stage,
        &band,
        &", owner ",
        &owner,
        &due,
    ])
}

pub fn timeline(ask: &mut Ask<'_>, case: &Case) {
    let lines: Vec<String> = case
        .timeline
        .iter()
        .rev()
        .take(ROWS_MAX)
        .rev()
        .map(|moment| {
            let by = moment
                .by
                .as_ref()
                .map_or(String::new(), |by| format!(" ({by})"));
            format!("{} {}{by}", moment.at.format("%Y-%m-%d %H:%M"), moment.what)
        })
        .collect();
    let id = case.id;
    ask.answer_here(case, || say::timeline(id, &lines));
}

pub fn why(ask: &mut Ask<'_>) {
    let zone = ask.zone();
    let mine = ask
        .state
        .refusals
        .iter()
        .rev()
        .find(|refusal| refusal.by.as_ref() == Some(&ask.who));
    let mut text = match mine {
        Some(refusal) => say::refused(refusal.at, zone, &refusal.rule, &refusal.command),
        None => say::never_refused(),
    };
    if ask.is_member() {
        let paged = ask
            .state
            .cases
            .values()
            .filter(|case| ask.pass(case).is_some());
        for case in paged.filter(|case| case.page.is_some()).take(5) {
            if let Some(page) = &case.page {
                text = text.then(say::paged_because(
                    case.id,
                    &page.to,
                    page.step,
                    page.next_at(),
                    zone,
                ));
            }
        }
        if let Some(doubt) = &ask.state.clock.doubt {
            text = text.and(&[&"Publication is held: ", doubt, &"."]);
        }
    }
    ask.answer(text);
}
