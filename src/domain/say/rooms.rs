//! Rooms that moved or lost their privacy, texts that cannot be trusted, and the bot's own page.

use underrose_chat::{Distrust, Network, RoomId};

use super::mistakes::rule;
use crate::domain::grammar::Mistake;
use crate::domain::ids::{CaseId, PersonId};
use crate::domain::tell::{Room, Text, ToCase, ToCommittee, ToPerson, Typed};

/// What a person must do before the bot listens.
pub fn distrusted(why: Distrust) -> Mistake {
    let (name, what) = match why {
        Distrust::Unreadable => (
            "unreadable",
            "I could not read that: its key never reached me. Please send it again. If I still cannot read it, let your client begin a new session for this room first; Element does when you type `/discardsession`.",
        ),
        Distrust::Plaintext => (
            "plaintext",
            "That came unencrypted into an encrypted room, so I did not obey. Send it again from a client that encrypts.",
        ),
        Distrust::Device => (
            "untrusted-device",
            "That came from a device that you have not verified, so I did not obey. Verify it from one of your other devices (or with your recovery key), and send it again.",
        ),
    };
    rule(name, "", what, "")
}

fn reason(why: Distrust) -> &'static str {
    match why {
        Distrust::Unreadable => "I could not read it",
        Distrust::Plaintext => "it came unencrypted",
        Distrust::Device => "its device is not verified",
    }
}

pub fn distrusted_here(who: &PersonId, why: Distrust) -> Text<ToCase> {
    Text::line(&[
        &"Something in the name of ",
        who,
        &" was not obeyed: ",
        &reason(why),
        &". If it was not them, somebody else writes here.",
    ])
}

pub fn distrusted_note(who: &PersonId, why: Distrust) -> Text<ToCommittee> {
    Text::line(&[
        &"Something in the name of ",
        who,
        &" was not obeyed: ",
        &reason(why),
        &".",
    ])
}

pub fn room_moved(case: CaseId) -> Text<ToCase> {
    Text::line(&[
        &"Case ",
        &case,
        &" goes on here: its room was replaced. Everybody on its list is invited.",
    ])
}

pub fn configured_room_moved(from: &RoomId, to: &RoomId) -> Text<ToPerson> {
    Text::line(&[
        &"A room of my configuration was replaced: ",
        &Typed(format!("{}/{}", from.network, from.id)),
        &" is now ",
        &Typed(format!("{}/{}", to.network, to.id)),
        &". Write the new one into the configuration and let me read it (SIGHUP).",
    ])
}

pub fn network_trouble(network: &Network, reason: &str) -> Text<ToPerson> {
    Text::line(&[
        &"Something is wrong on ",
        network,
        &": ",
        &reason.to_owned(),
        &".",
    ])
}

pub fn room_trouble(room: &RoomId, case: Option<CaseId>, reason: &str) -> Text<ToPerson> {
    let text = Text::line(&[
        &"Something is wrong with the room ",
        &Room(room),
        &": ",
        &reason.to_owned(),
        &".",
    ]);
    match case {
        Some(case) => text.and(&[&"It is the room of case ", &case, &"."]),
        None => text.and(&[&"It is a room of my configuration."]),
    }
}

pub fn person_trouble(who: &PersonId, network: &Network, reason: &str) -> Text<ToPerson> {
    Text::line(&[
        &"Something is wrong with ",
        who,
        &"'s account on ",
        network,
        &": ",
        &reason.to_owned(),
        &".",
    ])
}

pub fn exposed_page(case: Option<CaseId>, network: &Network) -> Text<ToCommittee> {
    let text = match case {
        Some(case) => Text::line(&[
            &"The room of case ",
            &case,
            &" on ",
            network,
            &" is not private any more.",
        ]),
        None => Text::line(&[
            &"A room of the committee on ",
            network,
            &" is not private any more.",
        ]),
    };
    text.and(&[&"I say nothing confidential there until it is. Make it private again, and look who was in it."])
}

pub fn exposed_here(network: &Network, why: &str) -> Text<ToCase> {
    Text::line(&[
        &"This case's room on ",
        network,
        &" is not private any more: ",
        &why.to_owned(),
        &". I say nothing there until it is.",
    ])
}

pub fn home_intro(project: &str) -> Text<ToPerson> {
    Text::default().heading(&[&"Underrose"]).and(&[
        &"I take in reports of vulnerabilities in ",
        &project.to_owned(),
        &" and keep them between you and its security committee.",
    ])
}
