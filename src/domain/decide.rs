//! From one thing that happened to one decision. Cannot fail: a person's mistake is a decision
//! whose only event is the refusal.

use chrono::{DateTime, Utc};
use underrose_chat::{Happening, Immediate, Inbound, Place as ChatPlace};

use super::ask::{Ask, Spot};
use super::case::Case;
use super::decision::{Decision, Effects};
use super::grammar::{Args, From, Mistake, Parsed, Place, Spec, Verb, Weight, is_command, parse};
use super::ids::CaseId;
use super::policy::Policy;
use super::state::State;
use super::{announce, card, close, conversation, embargo, facts, home, intake, look};
use super::{need_to_know, oncall, ownership, rooms, say, scoring, trouble, trust, waits};

/// One thing that happened, with what the engine had to look up for it.
pub struct Request<'a> {
    pub inbound: &'a Inbound,
    /// A closed case that is to be opened again, folded from the journal.
    pub recalled: Option<Case>,
    /// What the wall clock itself says.
    pub wall: DateTime<Utc>,
}

/// Decides what follows.
pub fn decide(
    state: &State,
    policy: &Policy,
    request: &Request<'_>,
    now: DateTime<Utc>,
) -> Decision {
    let inbound = request.inbound;
    let cause = format!("{}/{}", inbound.network, inbound.id.0);
    match (inbound.what.by(), inbound.what.place()) {
        (Some(by), Some(place)) => {
            let who = policy.person_of(by);
            let spot = spot(state, policy, place);
            let mut ask = Ask {
                state,
                policy,
                now,
                who: who.clone(),
                user: by.clone(),
                spot,
                place: place_name(inbound, place),
                thread: thread_name(inbound, place),
                surface: surface(&inbound.what),
                fx: Effects::new(policy, now, Some(who), cause),
            };
            ask.fx.wall = request.wall;
            person(&mut ask, request);
            card::follow(state, ask.fx)
        }
        _ => {
            let mut fx = Effects::new(policy, now, None, cause);
            match &inbound.what {
                Happening::Moved { from, to } => rooms::moved(state, &mut fx, from, to),
                Happening::Exposed { room, why } => rooms::exposed(state, &mut fx, room, why),
                Happening::Trouble { about, reason } => {
                    trouble::told(state, &mut fx, &inbound.network, about, reason);
                }
                what => need_to_know::seen(state, &mut fx, what),
            }
            card::follow(state, fx)
        }
    }
}

/// The case that a request wants to open again, if it does: the engine must fold it first.
pub fn recall(state: &State, policy: &Policy, inbound: &Inbound) -> Option<CaseId> {
    let text = match &inbound.what {
        Happening::Text {
            text,
            place: ChatPlace::Direct,
            ..
        } => text,
        Happening::Pressed {
            command,
            place: ChatPlace::Direct,
            ..
        } => command,
        _ => return None,
    };
    if inbound.oversized() {
        return None;
    }
    let parsed = parse(text, policy, &inbound.network).ok()?;
    let case = (parsed.spec.verb == Verb::Reopen).then(|| parsed.args.case("case"))??;
    state.closed.contains_key(&case).then_some(case)
}

fn person(ask: &mut Ask<'_>, request: &Request<'_>) {
    let what = &request.inbound.what;
    if request.inbound.oversized() {
        return ask.refuse(None, &say::too_long());
    }
    if let Some(mistake) = control_character(what) {
        return ask.refuse(None, &mistake);
    }
    match what {
        Happening::Text {
            text,
            addressed,
            edited,
            ..
        } => {
            let direct = ask.spot == Spot::Direct;
            if *edited {
                if is_command(text) || direct {
                    ask.refuse(None, &say::edited());
                }
            } else if is_command(text) {
                command(ask, text, request);
            } else if conversation::is_open(ask) {
                conversation::answered(ask, text);
            } else if if direct {
                !intake::relay(ask, text)
            } else {
                *addressed
            } {
                // What a reporter writes alone goes on to the case; a room's chatter is ignored.
                command(ask, text, request);
            }
        }
        Happening::Pressed { command: words, .. } => {
            if is_command(words) {
                command(ask, words, request);
            } else if conversation::is_open(ask) {
                conversation::answered(ask, words);
            } else {
                ask.refuse(None, &say::stale_choice());
            }
        }
        Happening::FormChanged { form, values, .. } => conversation::changed(ask, form, values),
        Happening::FormSubmitted { form, values, .. } => conversation::submitted(ask, form, values),
        Happening::FormCancelled { .. } => conversation::cancelled(ask),
        Happening::Distrusted { why, .. } => trust::distrusted(ask, *why),
        Happening::Home { .. } => home::show(ask),
        Happening::Joined { .. }
        | Happening::Left { .. }
        | Happening::Members { .. }
        | Happening::Moved { .. }
        | Happening::Exposed { .. }
        | Happening::Trouble { .. }
        | Happening::Time => {}
    }
}

fn command(ask: &mut Ask<'_>, text: &str, request: &Request<'_>) {
    let network = ask.network().clone();
    match parse(text, ask.policy, &network) {
        Ok(parsed) => obey(ask, &parsed, request),
        Err(mistake) => ask.refuse(ask.case_here(), &mistake),
    }
}

/// Place, person, stage; then the command itself.
fn obey(ask: &mut Ask<'_>, parsed: &Parsed, request: &Request<'_>) {
    let (spec, args) = (parsed.spec, &parsed.args);
    let weak = ask
        .policy
        .networks
        .get(ask.network())
        .is_none_or(|network| !network.binding);
    if spec.weight == Weight::Binding && weak {
        return ask.refuse(ask.case_here(), &say::not_binding_here(spec));
    }
    let named = parsed
        .case
        .or_else(|| args.case("case").filter(|_| names_its_case(spec.verb)));
    match target(ask, spec, named) {
        Err(mistake) => ask.refuse(named.or(ask.case_here()), &mistake),
        Ok(None) => {
            if ask.may(spec, None) {
                without_case(ask, spec, args, request.recalled.as_ref());
            } else {
                ask.refuse(None, &say::not_allowed(spec, None));
            }
        }
        Ok(Some(case)) => {
            if !ask.may(spec, Some(case)) {
                // Whoever may not see a case does not learn that it exists.
                let admitted = case.admits(&ask.who, &ask.policy.members);
                let mistake = if admitted || case.reporter == ask.who {
                    say::not_allowed(spec, admitted.then_some(case))
                } else {
                    say::no_such_case(spec, case.id)
                };
                return ask.refuse(Some(case.id), &mistake);
            }
            if let From::Stages(stages) = spec.from
                && !stages.contains(&case.stage)
            {
                return ask.refuse(Some(case.id), &say::wrong_stage(spec, case));
            }
            with_case(ask, case, spec, args);
        }
    }
}

/// Commands whose `<case>` argument is the case that they are about.
fn names_its_case(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Status
            | Verb::Timeline
            | Verb::TermsAccept
            | Verb::TermsDecline
            | Verb::OnCallAck
            | Verb::OnCallDecline
    )
}

/// Which case a command is about, or why it cannot be told, or that it needs none.
fn target<'a>(
    ask: &Ask<'a>,
    spec: &'static Spec,
    named: Option<CaseId>,
) -> Result<Option<&'a Case>, Mistake> {
    let needs_case = match spec.place {
        Place::Case | Place::CaseOrDirect => true,
        Place::Direct => matches!(spec.verb, Verb::TermsAccept | Verb::TermsDecline),
        Place::Any => false,
    };
    let here = ask.case_here();
    if spec.place == Place::Direct && ask.spot != Spot::Direct {
        return Err(say::wrong_room(spec, None));
    }
    if spec.place == Place::Case && here.is_none() {
        return Err(say::wrong_room(spec, named));
    }
    let wrong_place =
        spec.place == Place::CaseOrDirect && !(here.is_some() || ask.spot == Spot::Direct);
    if wrong_place {
        return Err(say::wrong_room(spec, named));
    }
    if let (Some(here), Some(named)) = (here, named)
        && here != named
        && needs_case
    {
        return Err(say::other_case(spec, here));
    }
    let takes_case = needs_case || named.is_some() || (here.is_some() && about_a_case(spec.verb));
    if !takes_case {
        return Ok(None);
    }
    let Some(id) = named.or(here) else {
        return Err(say::name_the_case(spec));
    };
    let known = ask.state.cases.get(&id);
    match known {
        Some(case) => Ok(Some(case)),
        None if ask.state.closed.contains_key(&id) && closed_shows(ask, id) => {
            Err(say::closed(spec, id))
        }
        None => Err(say::no_such_case(spec, id)),
    }
}

/// Whether it may be said that this closed case exists.
fn closed_shows(ask: &Ask<'_>, id: CaseId) -> bool {
    ask.is_member() || ask.case_here() == Some(id)
}

/// Commands that mean the room's case when they are given in its room.
fn about_a_case(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Status | Verb::Timeline | Verb::OnCallAck | Verb::OnCallDecline
    )
}

fn without_case(ask: &mut Ask<'_>, spec: &'static Spec, args: &Args, recalled: Option<&Case>) {
    match spec.verb {
        Verb::Help => look::help(ask, args),
        Verb::Report => intake::report(ask, args),
        Verb::Status => look::status_of_all(ask),
        Verb::List => look::list(ask),
        Verb::Next => waits::next(ask),
        Verb::Why => look::why(ask),
        Verb::Reopen => close::reopen(ask, args, recalled),
        Verb::OnCallNow => oncall::now(ask),
        Verb::OnCallAck => oncall::ack_any(ask),
        Verb::OnCallDecline => oncall::decline_any(ask),
        Verb::OnCallHandoff => oncall::handoff(ask, args),
        Verb::OnCallAccept => oncall::accept(ask),
        Verb::OnCallRefuse => oncall::refuse_handoff(ask),
        Verb::OnCallOverride => oncall::set_override(ask, args),
        _ => ask.refuse(None, &say::name_the_case(spec)),
    }
}

fn with_case(ask: &mut Ask<'_>, case: &Case, spec: &'static Spec, args: &Args) {
    match spec.verb {
        Verb::Status => look::status(ask, case),
        Verb::Timeline => look::timeline(ask, case),
        Verb::Ack => intake::ack(ask, case, args),
        Verb::Triage => intake::triage(ask, case, args),
        Verb::NeedInfo => intake::need_info(ask, case, args),
        Verb::Say => intake::say_to_reporter(ask, case, args),
        Verb::Own => ownership::own(ask, case, args),
        Verb::OwnAccept => ownership::accept(ask, case),
        Verb::OwnDecline => ownership::decline(ask, case),
        Verb::Recuse => ownership::recuse(ask, case),
        Verb::Lead => ownership::lead(ask, case, args),
        Verb::Score => scoring::score(ask, case, args),
        Verb::ScoreSettle => scoring::settle(ask, case, args),
        Verb::Severity => scoring::severity(ask, case, args),
        Verb::Path => facts::path(ask, case, args),
        Verb::Text(field) => facts::text(ask, case, field, args),
        Verb::Affects => facts::affects(ask, case, args),
        Verb::AffectsNothing => facts::affects_nothing(ask, case),
        Verb::Fixed => facts::fixed(ask, case, args),
        Verb::Cve => facts::cve(ask, case, args),
        Verb::CveRemove => facts::cve_remove(ask, case, args),
        Verb::Credit => facts::credit(ask, case, args),
        Verb::Link => facts::link(ask, case, args),
        Verb::Add => need_to_know::add(ask, case, args),
        Verb::Remove => need_to_know::remove(ask, case, args),
        Verb::TermsAccept => need_to_know::terms_accept(ask, case, args),
        Verb::TermsDecline => need_to_know::terms_decline(ask, case),
        Verb::RemovalsConfirm => need_to_know::removals_confirm(ask, case),
        Verb::RemovalsDrop => need_to_know::removals_drop(ask, case),
        Verb::Ready => embargo::ready(ask, case),
        Verb::EmbargoUntil => embargo::until(ask, case, args),
        Verb::EmbargoSecond => embargo::second(ask, case),
        Verb::EmbargoLift => embargo::lift(ask, case, args),
        Verb::ReleaseVerified => embargo::release_verified(ask, case),
        Verb::ReleaseWaive => embargo::release_waive(ask, case, args),
        Verb::AnnounceDraft => announce::draft(ask, case, args),
        Verb::AnnounceEdit => announce::edit(ask, case, args),
        Verb::AnnouncePreview => announce::preview(ask, case),
        Verb::AnnounceApprove => announce::approve(ask, case, args),
        Verb::AnnounceArm => announce::arm(ask, case, args),
        Verb::AnnounceHold => announce::hold(ask, case),
        Verb::AnnounceGo => announce::go(ask, case, args),
        Verb::AnnounceWithdraw => announce::withdraw(ask, case),
        Verb::Retro => close::retro(ask, case, args),
        Verb::RetroWaive => close::retro_waive(ask, case, args),
        Verb::Close => close::close(ask, case, args),
        Verb::OnCallAck => oncall::ack(ask, case),
        Verb::OnCallDecline => oncall::decline(ask, case),
        Verb::Help
        | Verb::Report
        | Verb::List
        | Verb::Next
        | Verb::Why
        | Verb::Reopen
        | Verb::OnCallNow
        | Verb::OnCallHandoff
        | Verb::OnCallAccept
        | Verb::OnCallRefuse
        | Verb::OnCallOverride => {
            // `vuln 2026-0007 help`: the case that was named does not matter to these.
            without_case(ask, spec, args, None);
        }
    }
}

fn spot(state: &State, policy: &Policy, place: &ChatPlace) -> Spot {
    match place {
        ChatPlace::Direct => Spot::Direct,
        ChatPlace::Room { room } => match state.rooms.get(room) {
            Some(case) => Spot::Case(*case, room.clone()),
            None if policy.committee_rooms.contains(room) => Spot::Committee,
            None => Spot::Outside,
        },
    }
}

fn place_name(inbound: &Inbound, place: &ChatPlace) -> String {
    match place {
        ChatPlace::Direct => format!("{}/direct", inbound.network),
        ChatPlace::Room { room } => format!("{}/{}", inbound.network, room.id),
    }
}

fn thread_name(inbound: &Inbound, place: &ChatPlace) -> Option<String> {
    let thread = inbound.what.thread()?;
    Some(format!("{}/{}", place_name(inbound, place), thread.0))
}

fn surface(what: &Happening) -> underrose_chat::Surface {
    match what {
        Happening::Text { surface, .. } | Happening::Pressed { surface, .. } => *surface,
        _ => underrose_chat::Surface::Modal,
    }
}

/// A control character in what somebody wrote, line ends and tabs aside.
fn control_character(what: &Happening) -> Option<Mistake> {
    let bad = |text: &str| {
        text.chars()
            .position(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    };
    let position = match what {
        Happening::Text { text, .. } => bad(text),
        Happening::Pressed { command, .. } => bad(command),
        Happening::FormChanged { values, .. } | Happening::FormSubmitted { values, .. } => {
            values.values().find_map(|value| bad(value))
        }
        _ => None,
    };
    position.map(|position| say::control_character(position + 1))
}

/// Whether nothing was decided at all, so that nothing need be written.
pub fn is_nothing(decision: &Decision) -> bool {
    decision.entries.is_empty()
        && decision.promises.is_empty()
        && decision.immediate == Immediate::Nothing
}
