//! The card of a case: shown first in each of its rooms, pinned, and edited in place whenever what
//! it says has changed. Every decision ends here.

use std::collections::BTreeSet;
use std::sync::Arc;

use underrose_chat::{Action, Message, RoomId, Target};

use super::announcement::AnnouncementState;
use super::calendar::show;
use super::case::{Case, Embargo, Release};
use super::confidential::{Audience, pass};
use super::decision::{Decision, Effects, Lane, Promise, Purpose};
use super::event::Event;
use super::ids::CaseId;
use super::policy::Policy;
use super::say;
use super::state::State;
use super::tell::{Text, ToCase, casual};
use super::words::{Stage, TextField};

/// Ends a decision: the cards of the cases that it touched follow.
pub fn follow(state: &State, mut fx: Effects<'_>) -> Decision {
    let shown = fx.out.entries.iter().filter(|entry| shows(&entry.event));
    let touched: BTreeSet<CaseId> = shown.filter_map(|entry| entry.case).collect();
    for id in touched {
        let Some(before) = state.cases.get(&id) else {
            continue;
        };
        let mut after = before.clone();
        // It may be long, and no card shows it.
        after.timeline = Arc::default();
        for entry in fx.out.entries.iter().filter(|entry| entry.case == Some(id)) {
            after.apply(entry);
        }
        if after.announcement.suspended && !before.announcement.suspended {
            super::ask::tell_case(&mut fx, &after, &|| {
                say::suspended(&after).unwrap_or_default()
            });
        }
        let card = render(&after, fx.policy);
        if card != render(before, fx.policy) {
            edit(&mut fx, &after, &card);
        }
    }
    fx.out
}

/// Whether an event may change what a card says; of most commands nobody need compare two cards.
fn shows(event: &Event) -> bool {
    match event {
        Event::TextSet { field, .. } => match field {
            TextField::Title | TextField::Component | TextField::Cwe | TextField::Summary => true,
            TextField::Details | TextField::Mitigation | TextField::Detection => false,
        },
        Event::CaseOpened { .. }
        | Event::Acked {}
        | Event::FromReporter { .. }
        | Event::OwnerSet { .. }
        | Event::Recused {}
        | Event::Triaged { .. }
        | Event::ReportMoved { .. }
        | Event::InfoNeeded { .. }
        | Event::Scored { .. }
        | Event::Settled { .. }
        | Event::BandOverridden { .. }
        | Event::PathSet { .. }
        | Event::LeadSet { .. }
        | Event::AffectedAdded { .. }
        | Event::AffectedCleared {}
        | Event::FixedSet { .. }
        | Event::CveAdded { .. }
        | Event::CveRemoved { .. }
        | Event::CreditAdded { .. }
        | Event::GuestAsked { .. }
        | Event::GuestAccepted { .. }
        | Event::GuestDeclined { .. }
        | Event::GuestRemoved { .. }
        | Event::Readied {}
        | Event::EmbargoSet { .. }
        | Event::EmbargoLifted { .. }
        | Event::ReleaseVerified {}
        | Event::ReleaseWaived { .. }
        | Event::Drafted { .. }
        | Event::Approved { .. }
        | Event::Armed { .. }
        | Event::Held { .. }
        | Event::Withdrawn {}
        | Event::Publishing { .. }
        | Event::TargetPosted { .. }
        | Event::TargetFailed { .. }
        | Event::TargetAgain { .. }
        | Event::Published { .. }
        | Event::Closed { .. }
        | Event::Reopened { .. } => true,
        Event::RoomOpened { .. }
        | Event::RoomMoved { .. }
        | Event::RoomFailed { .. }
        | Event::RoomExposed { .. }
        | Event::CardPosted { .. }
        | Event::ToReporter { .. }
        | Event::OwnerOffered { .. }
        | Event::OwnerDeclined {}
        | Event::LinkAdded { .. }
        | Event::IntruderRemoved { .. }
        | Event::RemovalsHeld { .. }
        | Event::RemovalsConfirmed { .. }
        | Event::RemovalsDropped {}
        | Event::EmbargoAsked { .. }
        | Event::GoAsked {}
        | Event::GoGiven {}
        | Event::TargetsMissing {}
        | Event::RetroFiled { .. }
        | Event::RetroWaived { .. }
        | Event::DeadlineFired { .. }
        | Event::PageQueued { .. }
        | Event::Paged { .. }
        | Event::PageAcked {}
        | Event::PageDeclined {}
        | Event::PageUnanswered {}
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
        | Event::DutyChanged { .. } => false,
    }
}

fn edit(fx: &mut Effects<'_>, case: &Case, card: &Message) {
    for room in case.rooms.values() {
        let Some(at) = room.card.clone() else {
            continue;
        };
        let network = room.room.network.clone();
        let action = Action::edit(at, card.clone());
        fx.promise(
            Some(case.id),
            network,
            action,
            Lane::Card,
            Purpose::CardEdit,
        );
    }
    // An archived room takes no edit: the last one goes before.
    let archives = |promise: &Promise| matches!(promise.action, Action::Archive { .. });
    fx.out.promises.sort_by_key(archives);
}

/// Posts the card into a room that was just opened.
pub fn post(fx: &mut Effects<'_>, case: &Case, room: &RoomId) {
    let message = render(case, fx.policy);
    let to = Target::Room {
        room: room.clone(),
        thread: None,
    };
    let key = format!("card/{}/{}/{}", case.cause, room.network, room.id);
    let purpose = Purpose::Card {
        version: case.version,
    };
    let network = room.network.clone();
    fx.promise_as(
        &key,
        (
            Some(case.id),
            network,
            Action::post(to, message),
            Lane::Reply,
            purpose,
        ),
    );
}

/// The card as it now reads.
pub fn render(case: &Case, policy: &Policy) -> Message {
    let Some(pass) = pass(case, &Audience::Case(case.id), &policy.members) else {
        return Message::default();
    };
    let facts = pass.facts();
    let nobody = "nobody yet".to_owned();
    let name = |who: Option<&super::ids::PersonId>| who.map_or(nobody.clone(), ToString::to_string);
    let mut card: Text<ToCase> = Text::default()
        .heading(&[&"Case ", &case.id, &": ", &facts.title])
        .field("Stage", &[&case.stage])
        .field("Owner", &[&name(case.owner.as_ref())]);
    card = end(case, card).field("Reporter", &[&case.reporter]);
    if let Some(lead) = &case.lead {
        card = card.field("Fix lead", &[lead]);
    }
    if case.waiting_for_reporter.is_some() {
        card = card.field("Waits for", &[&"the reporter"]);
    }
    if let Some(band) = case.severity() {
        card = match &case.settled {
            Some(vector) if vector.band() == band => card
                .field("Severity", &[&band, &", ", &vector.scores().overall()])
                .field("Vector", &[vector]),
            Some(vector) => card
                .field("Severity", &[&band, &", decided by hand"])
                .field("Vector", &[vector, &" is ", &vector.scores().overall()]),
            None => card.field("Severity", &[&band, &", decided by hand"]),
        };
    } else if !case.vectors.is_empty() {
        card = card.field("Scores in", &[&case.vectors.len()]);
    }
    if let Some(path) = case.path {
        card = card.field("Path", &[&path]);
    }
    for (label, text) in [
        ("Component", &facts.component),
        ("Weakness", &facts.cwe),
        ("Summary", &facts.summary),
    ] {
        if !text.is_empty() {
            card = card.field(label, &[text]);
        }
    }
    if !case.cves.is_empty() {
        card = card.field(
            "CVE",
            &[&case.cves.iter().cloned().collect::<Vec<_>>().join(", ")],
        );
    }
    if !facts.affected.is_empty() {
        card = card.field(
            "Affected",
            &[&facts
                .affected
                .iter()
                .map(say::range)
                .collect::<Vec<_>>()
                .join("; ")],
        );
    }
    if !facts.fixed.is_empty() {
        card = card.field("Fixed in", &[&facts.fixed.join(", ")]);
    }
    if !facts.credits.is_empty() {
        let names: Vec<&str> = facts
            .credits
            .iter()
            .map(|credit| credit.name.as_str())
            .collect();
        card = card.field("Credits", &[&names.join(", ")]);
    }
    let guests: Vec<String> = case
        .guests
        .iter()
        .map(|(who, guest)| match guest.accepted {
            Some(_) => format!("{who} ({})", guest.kind.word()),
            None => format!("{who} ({}, asked)", guest.kind.word()),
        })
        .collect();
    if !guests.is_empty() {
        card = card.field("Guests", &[&guests.join(", ")]);
    }
    for (label, command) in choices(case) {
        card = card.choice(casual(label, format!("vuln {} {command}", case.id)));
    }
    card.into_message()
}

fn end(case: &Case, card: Text<ToCase>) -> Text<ToCase> {
    let card = match case.embargo {
        Embargo::None => card,
        Embargo::Until(at) => card.field("Embargo", &[&"until ", &show(at, None)]),
        Embargo::Lifted => card.field("Embargo", &[&"lifted"]),
    };
    let card = match &case.release {
        Release::Unknown => card,
        Release::Verified(by) => card.field("Release", &[&"verified by ", by]),
        Release::Waived(by) => card.field("Release", &[&"waived by ", by]),
    };
    let hash = case
        .announcement
        .draft
        .as_ref()
        .map(|draft| draft.hash.short().to_owned())
        .unwrap_or_default();
    let approved = case.announcement.approvals.len();
    match &case.announcement.state {
        AnnouncementState::None => card,
        AnnouncementState::Draft => card.field(
            "Announcement",
            &[&"draft ", &hash, &", approvals: ", &approved],
        ),
        AnnouncementState::Approved => card.field("Announcement", &[&"approved ", &hash]),
        AnnouncementState::Armed { at } if case.announcement.suspended => card.field(
            "Announcement",
            &[
                &"armed for ",
                &show(*at, None),
                &", waits for a fresh approval",
            ],
        ),
        AnnouncementState::Armed { at } => {
            card.field("Announcement", &[&"armed for ", &show(*at, None)])
        }
        AnnouncementState::Held { why, .. } => card.field("Announcement", &[&"held: ", why]),
        AnnouncementState::Publishing { .. } => card.field("Announcement", &[&"going out"]),
        AnnouncementState::Published { at } => {
            card.field("Announcement", &[&"out since ", &show(*at, None)])
        }
    }
}

/// What one would press next; one row.
fn choices(case: &Case) -> Vec<(&'static str, &'static str)> {
    match case.stage {
        Stage::New => vec![("Acknowledge", "ack")],
        Stage::Triaging => vec![("Score", "score")],
        Stage::Accepted if case.settled.is_none() && !case.vectors.is_empty() => {
            vec![
                ("Score", "score"),
                ("Settle", "score settle"),
                ("Ready", "ready"),
            ]
        }
        Stage::Accepted => vec![("Score", "score"), ("Ready", "ready")],
        Stage::Ready => match case.announcement.state {
            AnnouncementState::None => vec![("Draft", "announce draft")],
            AnnouncementState::Draft | AnnouncementState::Approved => {
                vec![("Preview", "announce preview"), ("Edit", "announce edit")]
            }
            AnnouncementState::Armed { .. } => {
                vec![("Preview", "announce preview"), ("Hold", "announce hold")]
            }
            AnnouncementState::Held { .. }
            | AnnouncementState::Publishing { .. }
            | AnnouncementState::Published { .. } => vec![("Preview", "announce preview")],
        },
        Stage::Disclosed => vec![("Retrospective", "retro")],
        Stage::Closed => Vec::new(),
    }
}
