//! The announcement before its instant: draft, preview, approve, arm, hold, go, withdraw.

use super::announcement::{APPROVALS_NEEDED, AnnouncementState, TextHash};
use super::ask::Ask;
use super::case::{Case, Embargo, Facts, Release};
use super::confidential::Confidential;
use super::embargo::going_out;
use super::event::Event;
use super::grammar::{Args, Mistake};
use super::{conversation, publish, say};

/// Longest announcement, in bytes: one message on every network.
pub const TEXT_BYTES_MAX: usize = 12_000;
pub const TEXT_TOO_LONG: &str = "An announcement has at most 12,000 bytes.";

pub fn draft(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let typed = args.text("text");
    if !typed.is_empty() {
        return set(ask, case, typed);
    }
    let Some(pass) = ask.room_pass(case) else {
        return;
    };
    match compose(case, pass.facts()) {
        Ok(text) => set(ask, case, text),
        Err(missing) => {
            let what = format!(
                "The facts do not make an announcement yet: {} missing.",
                missing.join(", ")
            );
            let usage = format!(
                "vuln {} <…>, or vuln announce draft <text>",
                missing.first().copied().unwrap_or("summary")
            );
            ask.refuse(
                Some(case.id),
                &say::rule("facts-missing", "announce", what, usage),
            );
        }
    }
}

pub fn edit(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let text = args.text("text");
    if text.is_empty() {
        return match case.announcement.draft {
            Some(_) => conversation::begin_edit(ask, case, args),
            None => no_draft(ask, case),
        };
    }
    edited(ask, case, text);
}

/// Another text for the draft: from a command, or from the editor.
pub fn edited(ask: &mut Ask<'_>, case: &Case, text: String) {
    match case.announcement.draft {
        Some(_) => set(ask, case, text),
        None => no_draft(ask, case),
    }
}

fn set(ask: &mut Ask<'_>, case: &Case, text: String) {
    if matches!(
        case.announcement.state,
        AnnouncementState::Publishing { .. }
    ) {
        return going_out(ask, case);
    }
    if text.len() > TEXT_BYTES_MAX {
        let mistake = say::rule("too-long", "announce", TEXT_TOO_LONG, "");
        return ask.refuse(Some(case.id), &mistake);
    }
    let targets = ask.policy.announce.clone();
    let hash = TextHash::of(&text, &targets);
    let voided = !case.announcement.approvals.is_empty();
    let shown = hash.short().to_owned();
    ask.happen(
        case,
        Event::Drafted {
            text: Confidential::new(text),
            hash,
            targets,
        },
    );
    let (id, by) = (case.id, ask.who.clone());
    ask.tell_case(case, || say::drafted(id, &by, &shown, voided));
}

/// The advisory's text from the facts (the sections of the Kubernetes committee's template), or
/// what is missing.
fn compose(case: &Case, facts: &Facts) -> Result<String, Vec<&'static str>> {
    let mut missing = Vec::new();
    if facts.summary.is_empty() {
        missing.push("summary");
    }
    let (Some(vector), Some(band)) = (&case.settled, case.severity()) else {
        missing.push("score settle");
        return Err(missing);
    };
    if facts.affected.is_empty() {
        missing.push("affects");
    }
    if facts.fixed.is_empty() && matches!(case.release, Release::Unknown | Release::Verified(_)) {
        missing.push("fixed");
    }
    if !missing.is_empty() {
        return Err(missing);
    }
    let cves: Vec<&str> = case.cves.iter().map(String::as_str).collect();
    let name = if cves.is_empty() {
        String::new()
    } else {
        format!("{}: ", cves.join(", "))
    };
    let mut paragraphs = vec![format!("[Security Advisory] {name}{}", facts.summary)];
    paragraphs.push(format!(
        "Rated {band}: {} {}",
        vector.as_str(),
        vector.scores().overall()
    ));
    let ranges: Vec<String> = facts.affected.iter().map(say::range).collect();
    paragraphs.push(format!("Affected: {}", ranges.join("; ")));
    if !facts.fixed.is_empty() {
        paragraphs.push(format!(
            "Fixed in: {}. Please upgrade.",
            facts.fixed.join(", ")
        ));
    }
    for (name, text) in [
        ("Details", &facts.details),
        ("Mitigation", &facts.mitigation),
        ("Detection", &facts.detection),
    ] {
        if !text.is_empty() {
            paragraphs.push(format!("{name}: {text}"));
        }
    }
    if !facts.links.is_empty() {
        let links: Vec<&str> = facts.links.iter().map(|link| link.url.as_str()).collect();
        paragraphs.push(format!("More: {}", links.join(" ")));
    }
    if !facts.credits.is_empty() {
        let names: Vec<&str> = facts
            .credits
            .iter()
            .map(|credit| credit.name.as_str())
            .collect();
        paragraphs.push(format!("We thank {}.", names.join(", ")));
    }
    Ok(paragraphs.join("\n\n"))
}

pub fn preview(ask: &mut Ask<'_>, case: &Case) {
    let (Some(draft), Some(pass)) = (&case.announcement.draft, ask.room_pass(case)) else {
        return no_draft(ask, case);
    };
    let (hash, targets) = (draft.hash.short().to_owned(), draft.targets.clone());
    let text = pass.draft().cloned().unwrap_or_default();
    let approved: Vec<_> = case.announcement.approvals.keys().cloned().collect();
    let id = case.id;
    // Not `tell_case`: a preview is an answer, and every room of the case has the same buttons.
    super::ask::tell_case(&mut ask.fx, case, &|| {
        say::preview(id, &text, &hash, &targets, &approved)
    });
}

pub fn approve(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let typed = args.text("hash");
    let Some(draft) = &case.announcement.draft else {
        return no_draft(ask, case);
    };
    if matches!(
        case.announcement.state,
        AnnouncementState::Publishing { .. }
    ) {
        return going_out(ask, case);
    }
    if !draft.hash.is_named_by(&typed) {
        return ask.refuse(Some(case.id), &stale(case));
    }
    let Embargo::Until(earliest) = case.embargo else {
        let what = "An approval says not before when, so the embargo needs an end first.";
        return ask.refuse(
            Some(case.id),
            &say::rule(
                "no-embargo",
                "announce",
                what,
                "vuln embargo until <instant>",
            ),
        );
    };
    let known = case.announcement.approvals.get(&ask.who);
    let again = case.announcement.suspended;
    if known.is_some_and(|known| known.hash == draft.hash && known.earliest <= earliest) && !again {
        let what = "You approved this already; a second person must.";
        return ask.refuse(
            Some(case.id),
            &say::rule("second-person", "announce", what, ""),
        );
    }
    ask.happen(
        case,
        Event::Approved {
            hash: draft.hash.clone(),
            earliest,
        },
    );
    let by = ask.who.clone();
    let mut approvers: std::collections::BTreeSet<_> = case
        .announcement
        .approvals
        .iter()
        .filter(|(_, approval)| approval.hash == draft.hash && approval.earliest <= earliest)
        .map(|(person, _)| person.clone())
        .collect();
    approvers.insert(by.clone());
    let (count, id, hash) = (approvers.len(), case.id, draft.hash.short().to_owned());
    ask.tell_case(case, || {
        say::approved(id, &by, count, APPROVALS_NEEDED, earliest, &hash)
    });
}

pub fn arm(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    if let Err(mistake) = armable(ask, case, &args.text("hash")) {
        return ask.refuse(Some(case.id), &mistake);
    }
    let Embargo::Until(at) = case.embargo else {
        return;
    };
    ask.happen(case, Event::Armed { at });
    let (by, verified) = (ask.who.clone(), case.release != Release::Unknown);
    let targets = case.announcement.targets.len();
    ask.tell_case(case, || say::armed(&by, at, targets, verified));
}

/// Whether everything is there that arming needs; the first thing that is not.
fn armable(ask: &Ask<'_>, case: &Case, typed: &str) -> Result<(), Mistake> {
    let Some(draft) = &case.announcement.draft else {
        return Err(draft_missing());
    };
    if !typed.is_empty() && !draft.hash.is_named_by(typed) {
        return Err(stale(case));
    }
    match &case.announcement.state {
        AnnouncementState::Armed { .. } => {
            return Err(say::rule(
                "nothing-to-do",
                "announce",
                "It is armed already.",
                "vuln announce hold",
            ));
        }
        AnnouncementState::Held { .. } => {
            return Err(say::rule(
                "held",
                "announce",
                "It is held.",
                "vuln announce go",
            ));
        }
        AnnouncementState::Publishing { .. } | AnnouncementState::Published { .. } => {
            return Err(say::rule(
                "publishing",
                "announce",
                "It is going out already.",
                "vuln status",
            ));
        }
        AnnouncementState::None | AnnouncementState::Draft | AnnouncementState::Approved => {}
    }
    let Embargo::Until(at) = case.embargo else {
        return Err(say::rule(
            "no-embargo",
            "announce",
            "The embargo has no end.",
            "vuln embargo until <instant>",
        ));
    };
    if at <= ask.now {
        return Err(say::rule(
            "bad-slot",
            "announce",
            "The embargo's end has passed.",
            "vuln embargo until <instant>",
        ));
    }
    let approved = case.announcement.approved_for(at);
    if approved < APPROVALS_NEEDED {
        let what =
            format!("{approved} of {APPROVALS_NEEDED} approvals for this text and this instant.");
        let usage = format!("vuln announce approve {}", draft.hash.short());
        return Err(say::rule("second-person", "announce", what, usage));
    }
    if case.announcement.suspended {
        let what = "A public fact changed after the approvals, so somebody must approve anew.";
        let usage = format!("vuln announce approve {}", draft.hash.short());
        return Err(say::rule("suspended", "announce", what, usage));
    }
    if case.announcement.targets.is_empty() {
        let what = "The configuration names no public room.";
        return Err(say::rule("no-targets", "announce", what, ""));
    }
    Ok(())
}

pub fn hold(ask: &mut Ask<'_>, case: &Case) {
    match case.announcement.state {
        AnnouncementState::Armed { .. } => {
            ask.happen(
                case,
                Event::Held {
                    why: super::words::HeldWhy::Pressed,
                },
            );
            let by = ask.who.clone();
            ask.tell_case(case, || say::held_by(&by));
        }
        AnnouncementState::Publishing { .. } => going_out(ask, case),
        AnnouncementState::Held { .. } => {
            ask.refuse(
                Some(case.id),
                &say::rule(
                    "nothing-to-do",
                    "announce",
                    "It is held already.",
                    "vuln announce go",
                ),
            );
        }
        AnnouncementState::None
        | AnnouncementState::Draft
        | AnnouncementState::Approved
        | AnnouncementState::Published { .. } => {
            ask.refuse(
                Some(case.id),
                &say::rule(
                    "not-armed",
                    "announce",
                    "Nothing is armed.",
                    "vuln announce arm",
                ),
            );
        }
    }
}

pub fn go(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let typed = args.text("hash");
    let stale_hash = case
        .announcement
        .draft
        .as_ref()
        .is_some_and(|draft| !typed.is_empty() && !draft.hash.is_named_by(&typed));
    if stale_hash {
        return ask.refuse(Some(case.id), &stale(case));
    }
    let by = ask.who.clone();
    match case.announcement.state {
        AnnouncementState::Armed { at } => {
            ask.happen(case, Event::GoGiven {});
            ask.tell_case(case, || say::go_given(&by, at));
        }
        AnnouncementState::Held { at, .. } => {
            if let Some(mistake) = publish::obstacle(case, ask.now.max(at)) {
                return ask.refuse(Some(case.id), &mistake);
            }
            if ask.state.clock.doubt.is_some() || ask.state.clock.witness_missing {
                let witnesses = ask
                    .policy
                    .networks
                    .values()
                    .any(|network| network.tells_time);
                if witnesses {
                    // A person's word does not mend a clock that a network can vouch for.
                    return ask.refuse(Some(case.id), &say::clock_in_doubt());
                }
                ask.fx.note(Event::ClockTrusted {});
            }
            let early = ask.now < at || ask.fx.wall < at;
            if !early && typed.is_empty() {
                // Public, and for ever: it is asked before it acts, and the answer names the text.
                return ask.answer(say::go_asks(case));
            }
            ask.happen(case, Event::GoGiven {});
            if early {
                ask.happen(case, Event::Armed { at });
                ask.tell_case(case, || say::armed_again(&by, at));
            } else {
                ask.tell_case(case, || say::go_now(&by));
                publish::start(&mut ask.fx, case);
            }
        }
        AnnouncementState::Publishing { .. } => match publish::again(&mut ask.fx, case) {
            0 => going_out(ask, case),
            count => ask.tell_case(case, || say::tried_again(&by, count)),
        },
        AnnouncementState::None
        | AnnouncementState::Draft
        | AnnouncementState::Approved
        | AnnouncementState::Published { .. } => {
            ask.refuse(
                Some(case.id),
                &say::rule(
                    "not-armed",
                    "announce",
                    "Nothing is armed.",
                    "vuln announce arm",
                ),
            );
        }
    }
}

pub fn withdraw(ask: &mut Ask<'_>, case: &Case) {
    match case.announcement.state {
        AnnouncementState::Publishing { .. } => going_out(ask, case),
        AnnouncementState::None => no_draft(ask, case),
        AnnouncementState::Draft
        | AnnouncementState::Approved
        | AnnouncementState::Armed { .. }
        | AnnouncementState::Held { .. }
        | AnnouncementState::Published { .. } => {
            ask.happen(case, Event::Withdrawn {});
            let by = ask.who.clone();
            ask.tell_case(case, || say::withdrawn(&by));
        }
    }
}

fn stale(case: &Case) -> Mistake {
    let hash = case
        .announcement
        .draft
        .as_ref()
        .map_or("", |draft| draft.hash.short());
    let what = format!("The draft is another one now: its hash is {hash}. Look at it again.");
    say::rule("stale-choice", "announce", what, "vuln announce preview")
}

fn draft_missing() -> Mistake {
    say::rule(
        "no-draft",
        "announce",
        "There is no draft.",
        "vuln announce draft",
    )
}

fn no_draft(ask: &mut Ask<'_>, case: &Case) {
    ask.refuse(Some(case.id), &draft_missing());
}
