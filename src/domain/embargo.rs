//! The embargo's end, and whether the release is there. An instant is echoed in UTC and in the
//! caller's zone; a slot that breaks a rule needs a reason and a second member.

use super::announcement::AnnouncementState;
use super::ask::Ask;
use super::calendar::SlotProblem;
use super::case::{Case, Embargo, Release};
use super::confidential::Confidential;
use super::event::Event;
use super::grammar::Args;
use super::say;

pub fn ready(ask: &mut Ask<'_>, case: &Case) {
    ask.happen(case, Event::Readied {});
    let by = ask.who.clone();
    ask.tell_case(case, || say::ready(&by));
}

pub fn until(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let Some(until) = args.instant("instant") else {
        return;
    };
    let because = args.text("why");
    if matches!(
        case.announcement.state,
        AnnouncementState::Publishing { .. }
    ) {
        return going_out(ask, case);
    }
    let (problems, zone) = (ask.policy.slots.problems(until, ask.now), ask.zone());
    let past = problems
        .iter()
        .any(|problem| matches!(problem, SlotProblem::Past));
    if past || (!problems.is_empty() && because.is_empty()) {
        let good = ask.policy.slots.next_good(ask.now.max(until));
        let what = say::bad_slot(until, &problems, good, zone);
        let instead = format!("vuln embargo until {} UTC", good.format("%Y-%m-%d %H:%M"));
        let what = if past {
            what
        } else {
            format!("{what} {}", say::BAD_SLOT_ALL_THE_SAME)
        };
        return ask.refuse(
            Some(case.id),
            &say::rule("bad-slot", "embargo", what, instead),
        );
    }
    let by = ask.who.clone();
    if problems.is_empty() {
        return set(ask, case, until);
    }
    let sealed = Confidential::new(because.clone());
    ask.happen(
        case,
        Event::EmbargoAsked {
            until,
            because: sealed,
        },
    );
    ask.tell_case(case, || say::embargo_asked(&by, until, &problems, &because));
}

pub fn second(ask: &mut Ask<'_>, case: &Case) {
    if matches!(
        case.announcement.state,
        AnnouncementState::Publishing { .. }
    ) {
        return going_out(ask, case);
    }
    let Some((first, until)) = &case.embargo_asked else {
        let what = "No slot waits for a second member.";
        return ask.refuse(
            Some(case.id),
            &say::rule(
                "nothing-to-do",
                "embargo",
                what,
                "vuln embargo until <instant>",
            ),
        );
    };
    if *first == ask.who {
        let what = "You asked for this slot yourself: a second member must agree.";
        return ask.refuse(
            Some(case.id),
            &say::rule("second-person", "embargo", what, ""),
        );
    }
    if *until <= ask.now {
        let what = "That instant has passed meanwhile.";
        return ask.refuse(
            Some(case.id),
            &say::rule("bad-slot", "embargo", what, "vuln embargo until <instant>"),
        );
    }
    set(ask, case, *until);
}

fn set(ask: &mut Ask<'_>, case: &Case, until: chrono::DateTime<chrono::Utc>) {
    ask.happen(case, Event::EmbargoSet { until });
    let by = ask.who.clone();
    let voided = case
        .announcement
        .approvals
        .values()
        .any(|approval| approval.earliest > until);
    ask.tell_case(case, || say::embargo_set(&by, until, voided));
    let zone = ask.zone();
    ask.fx.answer(say::embargo_echo(case.id, until, zone));
}

pub fn lift(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let because = args.text("why");
    if !matches!(case.embargo, Embargo::Until(_)) {
        let what = "No embargo runs, so nothing changed.";
        return ask.refuse(
            Some(case.id),
            &say::rule("nothing-to-do", "embargo", what, ""),
        );
    }
    if case.announcement.is_live() {
        let what = "An announcement is armed for this embargo's end.";
        return ask.refuse(
            Some(case.id),
            &say::rule("armed", "embargo", what, "vuln announce withdraw"),
        );
    }
    ask.happen(
        case,
        Event::EmbargoLifted {
            because: Confidential::new(because.clone()),
        },
    );
    let by = ask.who.clone();
    ask.tell_case(case, || say::embargo_lifted(&by, &because));
}

pub fn release_verified(ask: &mut Ask<'_>, case: &Case) {
    if matches!(case.release, Release::Verified(_)) {
        let what = "The release is verified already, so nothing changed.";
        return ask.refuse(
            Some(case.id),
            &say::rule("nothing-to-do", "release", what, ""),
        );
    }
    ask.happen(case, Event::ReleaseVerified {});
    let by = ask.who.clone();
    ask.tell_case(case, || say::release_verified(&by));
}

pub fn release_waive(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let because = args.text("why");
    ask.happen(
        case,
        Event::ReleaseWaived {
            because: Confidential::new(because.clone()),
        },
    );
    let by = ask.who.clone();
    ask.tell_case(case, || say::release_waived(&by, &because));
}

pub fn going_out(ask: &mut Ask<'_>, case: &Case) {
    let what = "The announcement is going out now; nothing takes it back.";
    ask.refuse(
        Some(case.id),
        &say::rule("publishing", "announce", what, "vuln status"),
    );
}
