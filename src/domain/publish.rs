//! The announcement at its instant and after: the time lock, the fan-out by groups, what is
//! missing. Nothing here is decided by the wall clock alone.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use underrose_chat::RoomId;

use super::announcement::{AnnouncementState, TargetState};
use super::ask::tell_case;
use super::case::{Case, Embargo, Release};
use super::decision::Effects;
use super::event::Event;
use super::grammar::Mistake;
use super::ids::PersonId;
use super::say;
use super::state::State;
use super::tell::Text;
use super::words::HeldWhy;

/// Before the instant, when the go/hold card is shown.
pub const GO_CARD_BEFORE: TimeDelta = TimeDelta::minutes(60);

/// After this long a target that has not got the announcement is paged.
pub const MISSING_AFTER: TimeDelta = TimeDelta::minutes(10);

/// If the instant passed longer ago than this, the bot was down and a person decides.
const LATE_AFTER: TimeDelta = TimeDelta::hours(2);

/// How long a network is waited for to confirm the time after a start.
pub const WITNESS_WITHIN: TimeDelta = TimeDelta::minutes(5);

/// Between attempts at a target that was refused; after the first hour less often, and for ever:
/// people were paged, and a room that is mended must get what it lacks.
const TARGET_AGAIN_AFTER: TimeDelta = TimeDelta::minutes(5);
const TARGET_AGAIN_LATER: TimeDelta = TimeDelta::hours(1);
const TRIES_SOON: u32 = 12;

/// Business days until the retrospective is due (Kubernetes SRC: 1 to 3 days).
const RETRO_BUSINESS_DAYS: u32 = 3;

/// What stands in the way of publishing at `at`, as a sentence.
pub fn obstacle(case: &Case, at: DateTime<Utc>) -> Option<Mistake> {
    match held_for(case, at)? {
        HeldWhy::Unverified => Some(say::rule(
            "unverified",
            "announce",
            "The release is neither verified nor waived (`vuln release waive because <why>`).",
            "vuln release verified",
        )),
        HeldWhy::Suspended | HeldWhy::Pressed | HeldWhy::Late | HeldWhy::Clock => Some(say::rule(
            "suspended",
            "announce",
            "The approvals do not cover this text at this instant any more.",
            "vuln announce preview",
        )),
    }
}

fn held_for(case: &Case, at: DateTime<Utc>) -> Option<HeldWhy> {
    if case.announcement.cleared(at).is_none() {
        return Some(HeldWhy::Suspended);
    }
    (case.release == Release::Unknown).then_some(HeldWhy::Unverified)
}

/// Begins to publish: from here on nothing takes it back.
pub fn start(fx: &mut Effects<'_>, case: &Case) {
    send_group(fx, case, 0);
}

fn send_group(fx: &mut Effects<'_>, case: &Case, group: usize) {
    let Some(draft) = &case.announcement.draft else {
        return;
    };
    let Some(rooms) = draft.targets.get(group) else {
        return;
    };
    fx.happen(case.id, Event::Publishing { group });
    for room in rooms {
        send(fx, case, room);
    }
}

fn send(fx: &mut Effects<'_>, case: &Case, target: &RoomId) {
    let Some(draft) = &case.announcement.draft else {
        return;
    };
    // The approvals were for the embargo's end, which has come.
    let at = match case.announcement.state {
        AnnouncementState::Armed { at } | AnnouncementState::Held { at, .. } => at.max(fx.now),
        AnnouncementState::Publishing { since, .. } => since,
        AnnouncementState::None
        | AnnouncementState::Draft
        | AnnouncementState::Approved
        | AnnouncementState::Published { .. } => return,
    };
    let Some(text) = case.announcement.cleared(at) else {
        return;
    };
    let key = format!(
        "announce/{}/{}/{}/{}",
        case.cause, draft.hash.0, target.network, target.id
    );
    fx.announce((case.id, at), target, &key, Text::announcement(text));
}

/// What is due for the announcement of a case.
pub fn tick(fx: &mut Effects<'_>, state: &State, case: &Case) {
    let now = fx.now;
    match &case.announcement.state {
        AnnouncementState::Armed { at } if *at <= now => at_instant(fx, state, case, *at),
        AnnouncementState::Armed { at }
            if !case.announcement.go_asked && *at - GO_CARD_BEFORE <= now =>
        {
            ask_go(fx, case, *at);
        }
        AnnouncementState::Publishing { since, .. } => missing(fx, state, case, *since),
        AnnouncementState::Armed { .. }
        | AnnouncementState::None
        | AnnouncementState::Draft
        | AnnouncementState::Approved
        | AnnouncementState::Held { .. }
        | AnnouncementState::Published { .. } => unarmed(fx, state, case),
    }
}

fn at_instant(fx: &mut Effects<'_>, state: &State, case: &Case, at: DateTime<Utc>) {
    let now = fx.now;
    if fx.wall < at {
        // The journal's time once ran ahead of the wall clock: it is not the instant yet.
        return;
    }
    let why = if state.clock.doubt.is_some() {
        Some(HeldWhy::Clock)
    } else if now - at > LATE_AFTER {
        Some(HeldWhy::Late)
    } else if state.clock.witness_missing {
        if now - state.clock.started.max(at) < WITNESS_WITHIN {
            return;
        }
        Some(HeldWhy::Clock)
    } else {
        held_for(case, at)
    };
    match why {
        None => {
            tell_case(fx, case, &|| say::publishing());
            start(fx, case);
        }
        Some(why) => {
            fx.happen(case.id, Event::Held { why });
            let (id, hash) = (case.id, short_hash(case));
            tell_case(fx, case, &|| say::held(id, why, &hash));
            page_leaders(fx, state, case);
        }
    }
}

/// Owner and fix lead, at any hour: the instant does not wait for office hours.
fn page_leaders(fx: &mut Effects<'_>, state: &State, case: &Case) {
    let mut called: BTreeSet<&PersonId> = [case.owner.as_ref(), case.fix_lead()]
        .into_iter()
        .flatten()
        .collect();
    if called.is_empty() {
        called.extend(state.rota.duty(fx.now));
    }
    for person in called {
        fx.page(Some(case.id), person, say::publication_page(case.id));
    }
}

fn short_hash(case: &Case) -> String {
    case.announcement
        .draft
        .as_ref()
        .map(|draft| draft.hash.short().to_owned())
        .unwrap_or_default()
}

fn ask_go(fx: &mut Effects<'_>, case: &Case, at: DateTime<Utc>) {
    fx.happen(case.id, Event::GoAsked {});
    let (id, hash) = (case.id, short_hash(case));
    let targets = case.announcement.targets.len();
    let stands = held_for(case, at);
    tell_case(fx, case, &|| say::go_card(id, at, &hash, targets, stands));
}

fn missing(fx: &mut Effects<'_>, state: &State, case: &Case, since: DateTime<Utc>) {
    let now = fx.now;
    for (target, known) in &case.announcement.targets {
        if let TargetState::Failed { again, .. } = known
            && *again <= now
        {
            fx.happen(
                case.id,
                Event::TargetAgain {
                    target: target.clone(),
                },
            );
            send(fx, case, target);
        }
    }
    if since + MISSING_AFTER <= now && !case.announcement.missing_told {
        fx.happen(case.id, Event::TargetsMissing {});
        let posted = case
            .announcement
            .targets
            .values()
            .filter(|t| **t == TargetState::Posted)
            .count();
        let of = case.announcement.targets.len();
        tell_case(fx, case, &|| say::targets_missing(posted, of));
        page_leaders(fx, state, case);
    }
}

/// Tries every room again that lacks the announcement; how many there were.
pub fn again(fx: &mut Effects<'_>, case: &Case) -> usize {
    let mut count = 0;
    for (target, known) in &case.announcement.targets {
        if matches!(known, TargetState::Failed { .. }) {
            fx.happen(
                case.id,
                Event::TargetAgain {
                    target: target.clone(),
                },
            );
            send(fx, case, target);
            count += 1;
        }
    }
    count
}

/// The embargo ends and nothing is armed: said once, at any hour.
fn unarmed(fx: &mut Effects<'_>, state: &State, case: &Case) {
    if case.unarmed_due().is_some_and(|at| at <= fx.now)
        && matches!(case.embargo, Embargo::Until(_))
    {
        fx.happen(case.id, Event::TargetsMissing {});
        tell_case(fx, case, &|| say::unarmed());
        page_leaders(fx, state, case);
    }
}

/// A public room has the announcement.
pub fn posted(fx: &mut Effects<'_>, case: &Case, target: &RoomId) {
    let AnnouncementState::Publishing { group, .. } = case.announcement.state else {
        return;
    };
    if !case.announcement.targets.contains_key(target)
        || case.announcement.targets.get(target) == Some(&TargetState::Posted)
    {
        return;
    }
    let posted = Event::TargetPosted {
        target: target.clone(),
    };
    let mut after = case.clone();
    after.apply(&super::event::Entry {
        at: fx.now,
        case: Some(case.id),
        by: None,
        event: posted.clone(),
    });
    fx.happen(case.id, posted);
    if after.announcement.missing(group) > 0 {
        return;
    }
    let groups = after
        .announcement
        .draft
        .as_ref()
        .map_or(0, |draft| draft.targets.len());
    if group + 1 < groups {
        return send_group(fx, &after, group + 1);
    }
    let retro_due = fx.policy.business.add(fx.now, RETRO_BUSINESS_DAYS);
    fx.happen(case.id, Event::Published { retro_due });
    let of = after.announcement.targets.len();
    tell_case(fx, case, &|| say::published(of, retro_due));
    fx.to_committee(say::published_note(case.id));
    fx.to_person(
        Some(case.id),
        &case.reporter,
        say::reporter_published(case.id),
    );
}

/// A public room refused the announcement, or never took it.
pub fn failed(fx: &mut Effects<'_>, case: &Case, target: &RoomId, reason: &str) {
    if !matches!(
        case.announcement.state,
        AnnouncementState::Publishing { .. }
    ) {
        return;
    }
    let tries = match case.announcement.targets.get(target) {
        Some(TargetState::Failed { tries, .. }) => *tries,
        Some(TargetState::Posted) | None => return,
        Some(TargetState::Waiting | TargetState::Sent) => 0,
    };
    let pause = if tries < TRIES_SOON {
        TARGET_AGAIN_AFTER
    } else {
        TARGET_AGAIN_LATER
    };
    let again = fx.now + pause;
    let reason = reason.to_owned();
    fx.happen(
        case.id,
        Event::TargetFailed {
            target: target.clone(),
            reason: reason.clone(),
            again,
        },
    );
    if tries == 0 {
        let room = target.id.clone();
        tell_case(fx, case, &|| say::target_failed(&room, &reason));
    }
}
