//! Owners, guests, and whoever should not be in the room.

use underrose_chat::{Choice, Network};

use crate::domain::grammar::Mistake;
use crate::domain::ids::{CaseId, PersonId};
use crate::domain::tell::{Text, ToCase, ToCommittee, ToPerson, Typed, binding, casual};
use crate::domain::words::GuestKind;

pub fn owns(owner: &PersonId) -> Text<ToCase> {
    Text::line(&[owner, &" owns this case now."])
}

pub fn ownership_offered(case: CaseId, by: &PersonId) -> Text<ToPerson> {
    Text::line(&[
        by,
        &" offers you case ",
        &case,
        &". It is theirs until you accept.",
    ])
    .choice(casual("Accept", format!("vuln {case} own accept")))
    .choice(casual("Decline", format!("vuln {case} own decline")))
}

pub fn ownership_passes(case: CaseId, old: &PersonId) -> Text<ToPerson> {
    Text::line(&[
        &"You are on call now. Case ",
        &case,
        &" of ",
        old,
        &" is offered to you; it stays theirs until you accept.",
    ])
    .choice(casual("Accept", format!("vuln {case} own accept")))
    .choice(casual("Decline", format!("vuln {case} own decline")))
}

pub fn ownership_asked(by: &PersonId, to: &PersonId) -> Text<ToCase> {
    Text::line(&[
        by,
        &" offered this case to ",
        to,
        &"; it moves when they accept.",
    ])
}

pub fn ownership_declined(by: &PersonId) -> Text<ToCase> {
    Text::line(&[by, &" did not take the case; it stays where it is."])
}

pub fn recused(by: &PersonId) -> Text<ToCase> {
    Text::line(&[
        by,
        &" recused themselves and sees nothing more of this case.",
    ])
}

pub fn you_recused(case: CaseId) -> Text<ToPerson> {
    Text::line(&[
        &"You are out of case ",
        &case,
        &" and see nothing more of it.",
    ])
}

pub fn unowned(case: CaseId) -> Text<ToCommittee> {
    Text::line(&[
        &"Case ",
        &case,
        &" has no owner now. In its room: ",
        &crate::domain::tell::Command("vuln own", None),
        &".",
    ])
}

pub fn leads(by: &PersonId, lead: &PersonId) -> Text<ToCase> {
    Text::line(&[
        by,
        &" named ",
        lead,
        &" fix lead, who decides severity and date.",
    ])
}

pub fn terms(case: CaseId, version: u32, text: &String) -> Text<ToPerson> {
    Text::line(&[
        &"You are asked to help with case ",
        &case,
        &", which is under embargo. Read these terms first (version ",
        &version,
        &"):",
    ])
    .and(&[text])
    .choice(binding(
        "I accept",
        format!("vuln terms accept {case} {version}"),
        None,
    ))
    // Asked before: where only what is harmless can be pressed, it would be the one thing to press,
    // and somebody in a hurry would.
    .choice(Choice {
        confirm: Some("Decline? You would hear no more of it.".to_owned()),
        ..casual("I decline", format!("vuln terms decline {case}"))
    })
}

pub fn terms_changed() -> Mistake {
    super::rule(
        "stale-choice",
        "terms",
        "The terms have changed since; I sent you the new ones.",
        "",
    )
}

pub fn no_terms_for_you() -> Mistake {
    super::rule(
        "not-allowed",
        "terms",
        "No terms wait for your answer.",
        "vuln list",
    )
}

pub fn terms_declined() -> Text<ToPerson> {
    Text::line(&[&"You declined; you hear no more of it."])
}

pub fn welcome(case: CaseId) -> Text<ToPerson> {
    Text::line(&[
        &"Thank you. I invited you to the room of case ",
        &case,
        &"; there, ",
        &Typed("vuln status".into()),
        &" says how it stands.",
    ])
}

/// Before a guest is asked in where a room's past cannot be hidden.
pub fn history_asks(
    case: CaseId,
    guest: &PersonId,
    (kind, because): (GuestKind, &str),
    network: &Network,
) -> Text<ToPerson> {
    let name = guest.0.rsplit('/').next().unwrap_or(&guest.0);
    let command = format!(
        "vuln {case} add {name} as {} with history because {because}",
        kind.word()
    );
    Text::line(&[
        &"On ",
        network,
        &" whoever comes in reads all that was said in the room before, and I cannot hide it from ",
        guest,
        &". If that is all right: ",
        &Typed(command.clone()),
        &".",
    ])
    .choice(binding(
        "Ask them in all the same",
        command,
        Some("They will read the whole room. Ask them in?"),
    ))
}

pub fn guest_asked(
    by: &PersonId,
    guest: &PersonId,
    kind: GuestKind,
    because: &String,
) -> Text<ToCase> {
    Text::line(&[by, &" asked ", guest, &" in as ", &kind, &": ", because])
        .and(&[&"They come in once they accept the terms."])
}

pub fn guest_accepted(guest: &PersonId, terms: u32) -> Text<ToCase> {
    Text::line(&[
        guest,
        &" accepted the terms (version ",
        &terms,
        &") and is invited.",
    ])
}

pub fn guest_declined(guest: &PersonId) -> Text<ToCase> {
    Text::line(&[guest, &" declined the terms and was told nothing."])
}

pub fn guest_removed(by: &PersonId, guest: &PersonId, because: &String) -> Text<ToCase> {
    Text::line(&[by, &" took ", guest, &" off the list: ", because])
}

pub fn you_were_removed(case: CaseId) -> Text<ToPerson> {
    Text::line(&[
        &"You are no longer a guest of case ",
        &case,
        &". The terms that you accepted still hold.",
    ])
}

pub fn intruder_removed(who: &PersonId, inviter: Option<&PersonId>) -> Text<ToCase> {
    match inviter {
        Some(inviter) => Text::line(&[who, &" was let in by ", inviter, &" but is not on this case's list; I removed them. They may have read what was said meanwhile."]),
        None => Text::line(&[who, &" was in this room but is not on this case's list; I removed them. They may have read what was said meanwhile."]),
    }
    .and(&[&"To let them in: ", &Typed("vuln add <who> as <kind> because <why>".into()), &"."])
}

pub fn intruder_returns() -> Text<ToCase> {
    Text::line(&[
        &"Somebody who is not on the list keeps coming back; I removed them three times and stop now. Look at the room's settings.",
    ])
}

pub fn intruder_page(case: CaseId) -> Text<ToCommittee> {
    Text::line(&[
        &"Page: somebody who is not on the list of case ",
        &case,
        &" keeps entering its room.",
    ])
}

pub fn removals_held(count: usize) -> Text<ToCase> {
    Text::line(&[
        &count,
        &" in this room are not on its list. Because so many, or a former member, would go, I ask first: ",
        &Typed("vuln removals confirm".into()),
        &" or ",
        &Typed("vuln removals drop".into()),
        &".",
    ])
}

pub fn removals_confirmed(by: &PersonId, count: usize) -> Text<ToCase> {
    Text::line(&[by, &" confirmed; I removed ", &count, &"."])
}

pub fn removals_dropped(by: &PersonId) -> Text<ToCase> {
    Text::line(&[by, &" lets them stay for now."])
}
