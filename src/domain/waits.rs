//! What waits for whom: of every case its next step, for the person who is to take it.

use super::ask::Ask;
use super::case::{Case, Embargo};
use super::look::ROWS_MAX;
use super::tell::{Strong, Text, ToPerson, When};
use super::words::Stage;
use super::{say, scoring};

pub fn next(ask: &mut Ask<'_>) {
    let terms = terms(ask);
    let steps = steps(ask);
    let waiting = if terms.is_empty() && steps.is_empty() {
        say::nothing_waits()
    } else {
        terms.then(steps)
    };
    ask.answer(waiting);
}

/// What waits for the person, and when things are due.
pub fn waiting(ask: &Ask<'_>) -> Text<ToPerson> {
    let steps = steps(ask);
    if steps.is_empty() {
        return say::nothing_waits();
    }
    steps
}

/// The terms that the person was asked to accept, again: where messages are locked to devices, the
/// first time may have come before there was one that could read it.
fn terms(ask: &Ask<'_>) -> Text<ToPerson> {
    let asked = ask.state.cases.values().filter(|case| {
        let guest = case.guests.get(&ask.who);
        case.stage != Stage::Closed && guest.is_some_and(|guest| guest.accepted.is_none())
    });
    let terms = &ask.policy.terms;
    asked.take(ROWS_MAX).fold(Text::default(), |text, case| {
        text.then(say::terms(case.id, terms.version, &terms.text))
    })
}

fn steps(ask: &Ask<'_>) -> Text<ToPerson> {
    let zone = ask.zone();
    let mut text: Text<ToPerson> = Text::default();
    for case in ask
        .state
        .cases
        .values()
        .filter(|case| ask.pass(case).is_some())
        .take(ROWS_MAX)
    {
        let mut waits: Vec<&'static str> = Vec::new();
        if paged(ask, case) {
            waits.push("the page is with you");
        }
        if case.owner_offered.as_ref() == Some(&ask.who) {
            waits.push("it is offered to you");
        }
        let mine = case.owner.as_ref() == Some(&ask.who) || case.fix_lead() == Some(&ask.who);
        if mine {
            waits.push(next_step(case));
        } else if case.stage == Stage::Triaging
            && !case.vectors.contains_key(&ask.who)
            && case.settled.is_none()
            && !scoring::sees_vectors(ask, case)
        {
            waits.push("your score");
        }
        let draft = case.announcement.draft.is_some()
            && !case.announcement.approvals.contains_key(&ask.who);
        if draft && ask.is_member() && case.announcement.is_drafted() {
            waits.push("your approval of the announcement");
        }
        if waits.is_empty() {
            continue;
        }
        let waits = waits.join("; ");
        text = match case.next_due() {
            Some(due) => text.item(&[
                &Strong(case.id),
                &": ",
                &waits,
                &", next due ",
                &When(due, zone),
            ]),
            None => text.item(&[&Strong(case.id), &": ", &waits]),
        };
    }
    if text.is_empty() {
        return text;
    }
    say::waits_heading().then(text)
}

/// Whether the case's page is with this person.
pub fn paged(ask: &Ask<'_>, case: &Case) -> bool {
    case.page
        .as_ref()
        .is_some_and(|page| page.to.contains(&ask.who))
}

fn next_step(case: &Case) -> &'static str {
    match case.stage {
        Stage::New => "answer the reporter (vuln ack)",
        Stage::Triaging if case.waiting_for_reporter.is_some() => "the reporter's answer",
        Stage::Triaging => "the verdict (vuln triage)",
        Stage::Accepted if case.settled.is_none() => "settle the score (vuln score settle)",
        Stage::Accepted if case.embargo == Embargo::None => {
            "set the embargo's end (vuln embargo until)"
        }
        Stage::Accepted => "the fix (vuln ready)",
        Stage::Ready if case.announcement.draft.is_none() => {
            "draft the announcement (vuln announce draft)"
        }
        Stage::Ready => "the announcement (vuln announce preview)",
        Stage::Disclosed => "the retrospective (vuln retro), then vuln close",
        Stage::Closed => "nothing",
    }
}
