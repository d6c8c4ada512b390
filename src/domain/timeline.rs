//! What happened, without content: for `timeline` and for the retrospective's draft.

use super::case::Case;
use super::event::Event;

/// One event as a moment of the timeline; `None` for what nobody would look for there.
pub fn moment(event: &Event) -> Option<String> {
    let what = match event {
        Event::CaseOpened { .. } => "the report came in",
        Event::RoomOpened { .. } => "the room was opened",
        Event::RoomFailed {
            refused: Some(refused),
            ..
        } if refused.times > 1 => return None,
        Event::RoomFailed { .. } => "the room could not be opened",
        Event::RoomMoved { .. } => "the room was replaced by another",
        Event::RoomExposed { .. } => "the room was not private any more",
        Event::Acked {} => "the reporter was answered",
        Event::ToReporter { .. } => "a message went to the reporter",
        Event::FromReporter { .. } => "the reporter wrote",
        Event::OwnerOffered { to } => return Some(format!("the case was offered to {to}")),
        Event::OwnerSet { owner } => return Some(format!("{owner} became owner")),
        Event::OwnerDeclined {} => "ownership was declined",
        Event::Recused {} => "a member recused themselves",
        Event::Triaged { verdict, .. } => return Some(format!("triage: {}", verdict.word())),
        Event::ReportMoved { from, .. } => {
            return Some(format!("the report of {from} was moved here"));
        }
        Event::InfoNeeded { .. } => "the reporter was asked for more",
        Event::Scored { .. } => "a score came in",
        Event::Settled { .. } => "the score was settled",
        Event::BandOverridden { .. } => "the severity was overridden",
        Event::PathSet { .. } => "the path was chosen",
        Event::LeadSet { lead } => return Some(format!("{lead} became fix lead")),
        Event::CveAdded { id } => return Some(format!("{id} was added")),
        Event::CveRemoved { id } => return Some(format!("{id} was taken off")),
        Event::GuestAsked { guest, kind, .. } => {
            return Some(format!("{guest} was asked in as {}", kind.word()));
        }
        Event::GuestAccepted { guest, .. } => return Some(format!("{guest} accepted the terms")),
        Event::GuestDeclined { guest } => return Some(format!("{guest} declined the terms")),
        Event::GuestRemoved { guest, .. } => {
            return Some(format!("{guest} was taken off the list"));
        }
        Event::IntruderRemoved { .. } => "somebody who was not on the list was removed",
        Event::RemovalsHeld { .. } => "removals waited for a confirmation",
        Event::RemovalsConfirmed { .. } => "the removals were confirmed",
        Event::RemovalsDropped {} => "the removals were dropped",
        Event::Readied {} => "the fix was ready",
        Event::EmbargoAsked { .. } => "a slot outside the rules was asked for",
        Event::EmbargoSet { until } => {
            return Some(format!(
                "the embargo was set until {}",
                super::calendar::show(*until, None)
            ));
        }
        Event::EmbargoLifted { .. } => "the embargo was lifted",
        Event::ReleaseVerified {} => "the release was verified",
        Event::ReleaseWaived { .. } => "the release was waived",
        Event::Drafted { hash, .. } => {
            return Some(format!("the announcement was drafted ({})", hash.short()));
        }
        Event::Approved { hash, .. } => {
            return Some(format!("the announcement was approved ({})", hash.short()));
        }
        Event::Armed { .. } => "the announcement was armed",
        Event::GoGiven {} => "go was given",
        Event::Held { why } => return Some(format!("the announcement was held: {}", why.word())),
        Event::Withdrawn {} => "the announcement was withdrawn",
        Event::Publishing { group: 0 } => "publication began",
        Event::TargetPosted { target } => return Some(format!("announced in {}", target.id)),
        Event::TargetFailed { target, .. } => {
            return Some(format!("could not announce in {}", target.id));
        }
        Event::TargetsMissing {} => "what was missing was paged",
        Event::Published { .. } => "the announcement was out everywhere",
        Event::RetroFiled { .. } => "the retrospective was filed",
        Event::RetroWaived { .. } => "the retrospective was waived",
        Event::Closed { .. } => "the case was closed",
        Event::Reopened { .. } => "the case was opened again",
        Event::DeadlineFired { rule, .. } => return Some(format!("deadline: {}", rule.word())),
        Event::PageQueued { to, .. } => {
            return Some(format!("a page to {} waits for working hours", names(to)));
        }
        Event::Paged { to, .. } => return Some(format!("{} was paged", names(to))),
        Event::PageAcked {} => "the page was taken",
        Event::PageDeclined {} => "the page was declined",
        Event::PageUnanswered {} => "nobody answered the page",
        Event::CardPosted { .. }
        | Event::TextSet { .. }
        | Event::AffectedAdded { .. }
        | Event::AffectedCleared {}
        | Event::FixedSet { .. }
        | Event::CreditAdded { .. }
        | Event::LinkAdded { .. }
        | Event::GoAsked {}
        | Event::Publishing { .. }
        | Event::TargetAgain { .. }
        | Event::RoomAgain { .. }
        | Event::Undelivered { .. }
        | Event::Refused { .. }
        | Event::Started { .. }
        | Event::Restored { .. }
        | Event::PolicyLoaded { .. }
        | Event::ClockWitnessed {}
        | Event::ClockDoubted { .. }
        | Event::ClockTrusted {}
        | Event::HeadShown { .. }
        | Event::FormBegun { .. }
        | Event::FormAnswered { .. }
        | Event::FormEnded { .. }
        | Event::ShiftStarted { .. }
        | Event::OverrideSet { .. }
        | Event::HandoffOffered { .. }
        | Event::HandoffAccepted { .. }
        | Event::HandoffDeclined {}
        | Event::DutyChanged { .. } => return None,
    };
    Some(what.to_owned())
}

fn names(people: &[super::ids::PersonId]) -> String {
    people
        .iter()
        .map(|person| person.0.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

/// A blameless retrospective to be filled in: people, timeline, and the questions to answer.
pub fn retrospective(case: &Case) -> String {
    let mut people: Vec<&str> = Vec::new();
    for moment in case.timeline.iter() {
        if let Some(by) = &moment.by
            && !people.contains(&by.0.as_str())
        {
            people.push(&by.0);
        }
    }
    let mut draft = format!(
        "Retrospective of case {}\n\nPeople: {}\n\nTimeline:\n",
        case.id,
        people.join(", ")
    );
    for moment in case.timeline.iter() {
        let by = moment
            .by
            .as_ref()
            .map_or(String::new(), |by| format!(" ({by})"));
        draft.push_str(&format!(
            "{} {}{by}\n",
            moment.at.format("%Y-%m-%d %H:%M"),
            moment.what
        ));
    }
    draft.push_str(
        "\nWhich change introduced it:\nWhat went well:\nWhat went badly:\nWhat we will do:\n",
    );
    draft
}
