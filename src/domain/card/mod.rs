//! The card of a case: shown first in each of its rooms, pinned, and edited in place whenever what
//! it says has changed. Every decision ends here.

mod face;

use std::collections::BTreeSet;
use std::sync::Arc;

use underrose_chat::{Action, Message, RoomId, Target};

use super::case::Case;
use super::decision::{Decision, Effects, Lane, Promise, Purpose};
use super::event::{Entry, Event};
use super::ids::CaseId;
use super::policy::Policy;
use super::say;
use super::state::State;
use super::words::TextField;
use face::Face;

/// Ends a decision: the cards of the cases that it touched follow.
pub fn follow(state: &State, mut fx: Effects<'_>) -> Decision {
    debug_assert!(
        fx.out
            .entries
            .iter()
            .all(|entry| shows(&entry.event) || reads_alike(state, fx.policy, entry)),
        "an event changes a card, and `shows` does not say so"
    );
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
        let (policy, was) = (fx.policy, Face::of(before, fx.policy));
        let face = Face::of(&after, policy);
        if face != was {
            edit(
                &mut fx,
                &after,
                face.map(|face| face.message()).unwrap_or_default(),
            );
        }
    }
    fx.out
}

/// Whether the case's card says after this entry what it said before.
fn reads_alike(state: &State, policy: &Policy, entry: &Entry) -> bool {
    let Some(before) = entry.case.and_then(|id| state.cases.get(&id)) else {
        return true;
    };
    let mut after = before.clone();
    after.apply(entry);
    Face::of(before, policy) == Face::of(&after, policy)
        && before.announcement.suspended == after.announcement.suspended
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
        | Event::RoomAgain { .. }
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

fn edit(fx: &mut Effects<'_>, case: &Case, card: Message) {
    // Most cases have one room, and the card goes there uncopied.
    let cards = std::iter::repeat_n(card, case.rooms.len());
    for (room, card) in case.rooms.values().zip(cards) {
        let Some(at) = room.card.clone() else {
            continue;
        };
        let network = room.room.network.clone();
        let action = Action::edit(at, card);
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
        (&key, case.opened),
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
    Face::of(case, policy).map_or_else(Message::default, |face| face.message())
}
