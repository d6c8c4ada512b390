//! Who answers for a case. Ownership moves only when the named one accepts.

use super::ask::{Ask, tell_case};
use super::case::Case;
use super::event::Event;
use super::grammar::Args;
use super::say;

pub fn own(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let to = args.person("member").unwrap_or_else(|| ask.who.clone());
    if case.recused.contains(&to) {
        let what = format!("{to} is recused from this case.");
        return ask.refuse(Some(case.id), &say::rule("not-allowed", "own", what, ""));
    }
    match &case.owner {
        Some(owner) if *owner == to => {
            let what = format!("{to} owns this case already, so nothing changed.");
            ask.refuse(
                Some(case.id),
                &say::rule("nothing-to-do", "own", what, "vuln own <member>"),
            );
        }
        Some(owner) if *owner != ask.who && !ask.policy.is_lead(&ask.who) => {
            let what = format!("{owner} owns this case and alone can offer it.");
            ask.refuse(Some(case.id), &say::rule("not-allowed", "own", what, ""));
        }
        None if to == ask.who => set(ask, case),
        Some(_) | None => {
            ask.happen(case, Event::OwnerOffered { to: to.clone() });
            let by = ask.who.clone();
            ask.fx
                .to_person(Some(case.id), &to, say::ownership_offered(case.id, &by));
            ask.tell_case(case, || say::ownership_asked(&by, &to));
        }
    }
}

fn set(ask: &mut Ask<'_>, case: &Case) {
    let owner = ask.who.clone();
    ask.happen(
        case,
        Event::OwnerSet {
            owner: owner.clone(),
        },
    );
    ask.tell_case(case, || say::owns(&owner));
}

pub fn accept(ask: &mut Ask<'_>, case: &Case) {
    if case.owner_offered.as_ref() != Some(&ask.who) {
        return nothing_offered(ask, case);
    }
    set(ask, case);
}

pub fn decline(ask: &mut Ask<'_>, case: &Case) {
    if case.owner_offered.as_ref() != Some(&ask.who) {
        return nothing_offered(ask, case);
    }
    ask.happen(case, Event::OwnerDeclined {});
    let by = ask.who.clone();
    ask.tell_case(case, || say::ownership_declined(&by));
}

fn nothing_offered(ask: &mut Ask<'_>, case: &Case) {
    let seen = case.admits(&ask.who, &ask.policy.members);
    let what = if seen {
        "This case is not offered to you."
    } else {
        "There is no such case that you may see."
    };
    ask.refuse(
        seen.then_some(case.id),
        &say::rule("not-allowed", "own", what, "vuln list"),
    );
}

pub fn recuse(ask: &mut Ask<'_>, case: &Case) {
    ask.happen(case, Event::Recused {});
    let by = ask.who.clone();
    tell_case(&mut ask.fx, case, &|| say::recused(&by));
    super::need_to_know::out_of_rooms(&mut ask.fx, case, &by);
    let owned = case.owner.as_ref() == Some(&by);
    if owned {
        ask.fx.to_committee(say::unowned(case.id));
    }
    ask.answer(say::you_recused(case.id));
}

pub fn lead(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let Some(lead) = args.person("member") else {
        return;
    };
    if case.recused.contains(&lead) {
        let what = format!("{lead} is recused from this case.");
        return ask.refuse(Some(case.id), &say::rule("not-allowed", "lead", what, ""));
    }
    ask.happen(case, Event::LeadSet { lead: lead.clone() });
    let by = ask.who.clone();
    ask.tell_case(case, || say::leads(&by, &lead));
}
