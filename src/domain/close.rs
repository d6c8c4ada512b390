//! The end of a case: the retrospective from its timeline, closing, and opening again.

use underrose_chat::{Action, RoomId};

use super::ask::Ask;
use super::case::{Case, Retro, Snapshot};
use super::confidential::Confidential;
use super::decision::{Effects, Lane, Purpose};
use super::event::Event;
use super::grammar::Args;
use super::ids::CaseId;
use super::{say, timeline};

pub fn retro(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let text = args.text("text");
    if text.is_empty() {
        let draft = timeline::retrospective(case);
        return super::ask::tell_case(&mut ask.fx, case, &|| say::retro_draft(&draft));
    }
    ask.happen(
        case,
        Event::RetroFiled {
            text: Confidential::new(text),
        },
    );
    let by = ask.who.clone();
    ask.tell_case(case, || say::retro_filed(&by));
}

pub fn retro_waive(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let because = args.text("why");
    ask.happen(
        case,
        Event::RetroWaived {
            because: Confidential::new(because.clone()),
        },
    );
    let by = ask.who.clone();
    ask.tell_case(case, || say::retro_waived(&by, &because));
}

pub fn close(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    if case.retro == Retro::None {
        let what = "The retrospective is neither filed nor waived.";
        let usage = "vuln retro, or vuln retro waive because <why>";
        return ask.refuse(Some(case.id), &say::rule("no-retro", "close", what, usage));
    }
    let by = ask.who.clone();
    ask.tell_case(case, || say::closed_by(&by));
    end_access(&mut ask.fx, case);
    ask.fx
        .to_person(Some(case.id), &case.reporter, say::reporter_closed(case.id));
    ask.fx.to_committee(say::closed_note(case.id));
    ask.happen(
        case,
        Event::Closed {
            because: Confidential::new(args.text("why")),
        },
    );
}

/// Guests leave and the rooms are archived: access ends with the case.
pub fn end_access(fx: &mut Effects<'_>, case: &Case) {
    for guest in case.guests.keys() {
        super::need_to_know::out_of_rooms(fx, case, guest);
    }
    for room in case.rooms.values() {
        let action = Action::Archive {
            room: room.room.clone(),
        };
        fx.promise(
            Some(case.id),
            room.room.network.clone(),
            action,
            Lane::Reply,
            Purpose::Keep,
        );
    }
}

pub fn reopen(ask: &mut Ask<'_>, args: &Args, recalled: Option<&Case>) {
    let Some(id) = args.case("case") else { return };
    let Some(case) =
        recalled.filter(|case| case.id == id && case.admits(&ask.who, &ask.policy.members))
    else {
        let what = format!("There is no closed case {id} that you may see.");
        return ask.refuse(
            None,
            &say::rule("no-such-case", "reopen", what, "vuln list"),
        );
    };
    let because = args.text("why");
    let mut snapshot = case.clone();
    snapshot.guests.clear();
    snapshot.announcement = super::announcement::Announcement::default();
    snapshot.deadlines.clear();
    snapshot.page = None;
    // The old rooms are archived for good on some networks: new ones are made.
    snapshot.rooms.clear();
    snapshot.rooms_refused.clear();
    let event = Event::Reopened {
        because: Confidential::new(because.clone()),
        snapshot: Box::new(Snapshot(snapshot)),
    };
    ask.fx.happen(id, event);
    let members: Vec<_> = ask
        .policy
        .members
        .iter()
        .filter(|who| !case.recused.contains(*who))
        .cloned()
        .collect();
    for network in case.networks.clone() {
        let of_case = |(room, of): &(&RoomId, &CaseId)| **of == id && room.network == network;
        let rooms = ask.state.rooms.iter().filter(of_case).count();
        let accounts = members
            .iter()
            .flat_map(|member| ask.policy.accounts_of(member));
        let action = Action::OpenRoom {
            name: format!("{}-{}", case.room_name(), rooms + 1),
            topic: format!("case {id}"),
            invite: accounts.filter(|user| user.network == network).collect(),
        };
        let key = format!("room/{}/{}/{network}", case.cause, case.version);
        ask.fx.promise_as(
            (&key, ask.now),
            (Some(id), network, action, Lane::Reply, Purpose::Room),
        );
    }
    ask.fx.to_committee(say::reopened_note(id));
    ask.answer(say::done(id));
}
