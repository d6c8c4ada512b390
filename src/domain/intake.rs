//! From a report to the verdict: report, ack, need-info, triage, and the talk with the reporter.

use chrono::TimeDelta;
use underrose_chat::Action;

use super::ask::{Ask, Spot, tell_case};
use super::case::{Case, Credit, Facts};
use super::confidential::Confidential;
use super::decision::{Lane, Purpose};
use super::event::Event;
use super::grammar::{Args, is_command, parse};
use super::ids::PersonId;
use super::words::{CreditKind, Verdict};
use super::{conversation, oncall, say};

/// Longest title, in characters; the rest of a first line is in the report's text.
const TITLE_CHARS_MAX: usize = 120;

/// Days after acceptance at which the committee is asked to open the case or extend
/// (OpenStack VMT's 90 days, with warnings before).
const EMBARGO_CAP_DAYS: [i64; 5] = [14, 60, 75, 85, 90];

pub fn report(ask: &mut Ask<'_>, args: &Args) {
    let text = args.text("title");
    if text.is_empty() {
        return conversation::begin_report(ask, None);
    }
    if let Some(link) = linked(&text) {
        let link = link.to_owned();
        return conversation::begin_report(ask, Some(link));
    }
    let title = text
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(TITLE_CHARS_MAX)
        .collect();
    open(
        ask,
        Facts {
            title,
            report: text,
            ..Facts::default()
        },
    );
}

/// `about <link>` and no more: the form is still to be filled in (Slack's message shortcut).
fn linked(text: &str) -> Option<&str> {
    let link = text.trim().strip_prefix("about ")?.trim();
    let web = link.starts_with("https://") || link.starts_with("http://");
    (web && !link.contains(char::is_whitespace)).then_some(link)
}

/// Opens the case of a report, calls the duty, and has the room made.
pub fn open(ask: &mut Ask<'_>, facts: Facts) {
    let max = ask.policy.reports_per_day_max;
    if ask.state.reports_since(&ask.who, ask.now) >= max as usize {
        let what = format!(
            "You have made {max} reports within 24 hours, which is all that I take from one person. Your report was not taken."
        );
        return ask.refuse(None, &say::rule("too-many-reports", "report", what, ""));
    }
    let id = ask.state.next_id(ask.now);
    let business = &ask.policy.business;
    let ack_due = business.add(ask.now, ask.policy.oncall.ack_business_days);
    let ack_breach = business.add(ask.now, ask.policy.oncall.ack_breach_business_days);
    let cause = super::decision::delivery_key(&ask.fx.cause).0;
    let networks = ask.policy.case_networks.clone();
    ask.fx.happen(
        id,
        Event::CaseOpened {
            cause: cause.clone(),
            reporter: ask.who.clone(),
            facts: Confidential::new(Box::new(facts)),
            networks: networks.clone(),
            ack_due,
            ack_breach,
        },
    );
    let members: Vec<PersonId> = ask.policy.members.iter().cloned().collect();
    for network in networks {
        let accounts = members
            .iter()
            .flat_map(|member| ask.policy.accounts_of(member));
        let action = Action::OpenRoom {
            name: format!("case-{id}"),
            topic: format!("case {id}"),
            invite: accounts.filter(|user| user.network == network).collect(),
        };
        let key = format!("room/{cause}/{network}");
        ask.fx.promise_as(
            (&key, ask.now),
            (Some(id), network, action, Lane::Reply, Purpose::Room),
        );
    }
    let duty = ask.state.rota.duty(ask.now).cloned();
    oncall::raise(&mut ask.fx, ask.state, id);
    ask.fx.to_committee(say::new_report(id, duty.as_ref()));
    let zone = ask.zone();
    let public = ask.spot == Spot::Outside;
    ask.answer(say::thanks(id, ack_due, zone, public));
}

pub fn ack(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let typed = args.text("text");
    let text = if typed.is_empty() {
        ask.policy.ack_text.clone()
    } else {
        typed
    };
    ask.happen(case, Event::Acked {});
    if case.owner.is_none() {
        let owner = ask.who.clone();
        ask.happen(case, Event::OwnerSet { owner });
    }
    to_reporter(ask, case, &text);
    let by = ask.who.clone();
    let owner = case.owner.clone().unwrap_or_else(|| by.clone());
    ask.tell_case(case, || {
        say::acked(&by, Some(&owner)).then(say::said_to_reporter(&by, &text))
    });
}

fn to_reporter(ask: &mut Ask<'_>, case: &Case, text: &String) {
    ask.happen(
        case,
        Event::ToReporter {
            text: Confidential::new(text.clone()),
        },
    );
    ask.fx.to_person(
        Some(case.id),
        &case.reporter,
        say::to_reporter(case.id, text),
    );
}

pub fn say_to_reporter(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let text = args.text("text");
    to_reporter(ask, case, &text);
    let by = ask.who.clone();
    ask.tell_case(case, || say::said_to_reporter(&by, &text));
}

pub fn need_info(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let questions = args.text("questions");
    ask.happen(
        case,
        Event::InfoNeeded {
            questions: Confidential::new(questions.clone()),
        },
    );
    to_reporter(ask, case, &questions);
    let by = ask.who.clone();
    ask.tell_case(case, || say::said_to_reporter(&by, &questions));
}

/// A reporter's plain words, by direct message, reach the case's room. `false` if they are not
/// meant for it.
pub fn relay(ask: &mut Ask<'_>, text: &str) -> bool {
    let looks_like_command =
        is_command(text) || (text.len() <= 40 && parse(text, ask.policy, ask.network()).is_ok());
    if ask.is_member() || looks_like_command || text.trim().is_empty() {
        return false;
    }
    // The case that waits for an answer; else the newest.
    let mine = ask
        .state
        .cases
        .values()
        .filter(|case| case.reporter == ask.who);
    let Some(case) = mine.max_by_key(|case| (case.waiting_for_reporter, case.id)) else {
        return false;
    };
    let text = text.to_owned();
    ask.happen(
        case,
        Event::FromReporter {
            text: Confidential::new(text.clone()),
        },
    );
    tell_case(&mut ask.fx, case, &|| say::from_reporter(&text));
    ask.answer(say::passed_on(case.id));
    true
}

pub fn triage(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let Some(verdict) = args.verdict("verdict") else {
        return;
    };
    let because = args.text("why");
    let other = args.case("case");
    let typed = args.text("text");
    let reply = if typed.is_empty() {
        say::canned(verdict).to_owned()
    } else {
        typed
    };
    if (verdict == Verdict::Duplicate) != other.is_some() {
        let what = match verdict {
            Verdict::Duplicate => "Say which case it duplicates.",
            _ => "Only a duplicate names another case.",
        };
        let usage = "vuln triage duplicate <case> because <why>";
        return ask.refuse(
            Some(case.id),
            &say::rule("bad-argument", "triage", what, usage),
        );
    }
    if let Some(other) = other {
        let known = ask
            .state
            .cases
            .get(&other)
            .filter(|found| found.id != case.id && found.admits(&ask.who, &ask.policy.members));
        let Some(known) = known else {
            let what = format!("There is no other open case {other} that you may see.");
            return ask.refuse(
                Some(case.id),
                &say::rule("no-such-case", "triage", what, "vuln list"),
            );
        };
        move_report(ask, case, known);
    }
    let caps = match verdict {
        Verdict::Valid => EMBARGO_CAP_DAYS
            .iter()
            .map(|days| ask.now + TimeDelta::days(*days))
            .collect(),
        _ => Vec::new(),
    };
    if verdict != Verdict::Spam {
        to_reporter(ask, case, &reply);
    }
    let because_sealed = Confidential::new(because.clone());
    let by = ask.who.clone();
    if verdict == Verdict::Valid {
        ask.happen(
            case,
            Event::Triaged {
                verdict,
                because: because_sealed,
                of: other,
                caps,
            },
        );
        ask.tell_case(case, || say::triaged_valid(&by, &because));
    } else {
        ask.tell_case(case, || say::triaged_away(&by, verdict, &because));
        super::close::end_access(&mut ask.fx, case);
        ask.happen(
            case,
            Event::Triaged {
                verdict,
                because: because_sealed,
                of: other,
                caps,
            },
        );
        ask.fx.to_committee(say::closed_note(case.id));
    }
}

/// A duplicate's report and its reporter's credit go to the case that stays.
fn move_report(ask: &mut Ask<'_>, from: &Case, to: &Case) {
    let credit = ask.pass(from).and_then(|pass| {
        let facts = pass.facts();
        facts.credits.first().cloned()
    });
    let credit = credit.or_else(|| {
        let name = ask
            .policy
            .people
            .get(&from.reporter)
            .map(|person| person.name.clone());
        name.map(|name| Credit {
            name,
            kind: CreditKind::Reporter,
        })
    });
    let by = ask.who.clone();
    ask.happen(
        to,
        Event::ReportMoved {
            from: from.id,
            credit,
        },
    );
    let report = ask
        .pass(from)
        .map(|pass| pass.facts().report.clone())
        .unwrap_or_default();
    tell_case(&mut ask.fx, to, &|| say::moved_here(from.id, &by, &report));
}
