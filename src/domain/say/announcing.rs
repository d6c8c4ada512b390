//! Embargo, release, announcement.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use underrose_chat::RoomId;

use crate::domain::calendar::{SlotProblem, show};
use crate::domain::case::{Case, Range, RangeEnd};
use crate::domain::ids::{CaseId, PersonId};
use crate::domain::tell::{
    Digest, Room, Strong, Tell, Text, ToCase, ToCommittee, ToPerson, Typed, When, binding, casual,
};
use crate::domain::words::HeldWhy;

fn problems_words(problems: &[SlotProblem]) -> String {
    problems
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", and ")
}

pub fn bad_slot(
    at: DateTime<Utc>,
    problems: &[SlotProblem],
    good: DateTime<Utc>,
    zone: Option<Tz>,
) -> String {
    format!(
        "{} {}. The next good slot is {}.",
        show(at, zone),
        problems_words(problems),
        show(good, zone)
    )
}

/// How a rule about slots is overridden.
pub const BAD_SLOT_ALL_THE_SAME: &str =
    "With `because <why>` after it, and a second member who agrees, it can stand all the same.";

pub fn embargo_asked(
    by: &PersonId,
    until: DateTime<Utc>,
    problems: &[SlotProblem],
    because: &String,
) -> Text<ToCase> {
    Text::line(&[
        by,
        &" asks for ",
        &When(until, None),
        &", which ",
        &problems_words(problems),
        &": ",
        because,
    ])
    .and(&[
        &"A second member must agree: ",
        &Typed("vuln embargo second".into()),
        &".",
    ])
}

pub fn embargo_set(by: &PersonId, until: DateTime<Utc>, voided: bool) -> Text<ToCase> {
    let text = Text::line(&[
        by,
        &" set the embargo until ",
        &Strong(show(until, None)),
        &".",
    ]);
    if voided {
        text.and(&[&"That is earlier than before, so approvals for the later date are void."])
    } else {
        text
    }
}

pub fn embargo_echo(case: CaseId, until: DateTime<Utc>, zone: Option<Tz>) -> Text<ToPerson> {
    Text::line(&[
        &"Case ",
        &case,
        &" is under embargo until ",
        &When(until, zone),
        &".",
    ])
}

pub fn embargo_lifted(by: &PersonId, because: &String) -> Text<ToCase> {
    Text::line(&[by, &" lifted the embargo: ", because])
}

pub fn release_verified(by: &PersonId) -> Text<ToCase> {
    Text::line(&[
        by,
        &" verified the release: the binaries are public and work.",
    ])
}

pub fn release_waived(by: &PersonId, because: &String) -> Text<ToCase> {
    Text::line(&[by, &" waived the release: ", because])
}

/// A range as people read it.
pub fn range(range: &Range) -> String {
    let from = if range.introduced == "0" {
        "every version".to_owned()
    } else {
        format!("from {}", range.introduced)
    };
    match &range.end {
        RangeEnd::Fixed(fixed) => format!("{} {from} before {fixed}", range.component),
        RangeEnd::LastAffected(last) => format!("{} {from} through {last}", range.component),
        RangeEnd::Open {} => format!("{} {from}, not fixed", range.component),
    }
}

pub fn drafted(case: CaseId, by: &PersonId, hash: &str, voided: bool) -> Text<ToCase> {
    let text = Text::line(&[
        by,
        &" drafted the announcement (",
        &hash.to_owned(),
        &"). See it: ",
        &Typed("vuln announce preview".into()),
        &".",
    ]);
    let text = if voided {
        text.and(&[&"The approvals of the old text are void."])
    } else {
        text
    };
    text.choice(casual("Preview", format!("vuln {case} announce preview")))
}

/// Above the editor's field: the text as it now reads, and what saving it does.
pub fn editor(text: &str, targets: &[Vec<RoomId>], voids: bool) -> Text<ToPerson> {
    let rooms: usize = targets.iter().map(Vec::len).sum();
    let mut shown: Text<ToPerson> =
        Text::default().heading(&[&"As the public will read it, in ", &rooms, &" rooms"]);
    for paragraph in text.split("\n\n") {
        shown = shown.and(&[&paragraph.to_owned()]);
    }
    if voids {
        shown = shown.and(&[&Strong("Saving voids the approvals of the old text.")]);
    }
    shown
}

pub fn preview(
    case: CaseId,
    text: &String,
    hash: &str,
    targets: &[Vec<RoomId>],
    approved: &[PersonId],
) -> Text<ToCase> {
    let mut shown = Text::default()
        .heading(&[&"Announcement, as the public will read it"])
        .code(text)
        .field("Hash", &[&hash.to_owned()])
        .then(goes_to(targets));
    if !approved.is_empty() {
        let names = approved
            .iter()
            .map(|person| person.0.clone())
            .collect::<Vec<_>>()
            .join(", ");
        shown = shown.field("Approved by", &[&names]);
    }
    shown.choice(binding(
        "Approve",
        format!("vuln {case} announce approve {hash}"),
        Some("Approve exactly this text for these rooms?"),
    ))
}

/// A line, since a field holds no room by its name.
fn goes_to(targets: &[Vec<RoomId>]) -> Text<ToCase> {
    let groups: Vec<Vec<Room<'_>>> = targets
        .iter()
        .map(|group| group.iter().map(Room).collect())
        .collect();
    let mut parts: Vec<&dyn Tell<ToCase>> = Vec::new();
    let mut before: &dyn Tell<ToCase> = &"Goes to: ";
    for group in &groups {
        for room in group {
            parts.extend([before, room]);
            before = &" + ";
        }
        before = &", then ";
    }
    Text::line(&parts)
}

pub fn approved(
    case: CaseId,
    by: &PersonId,
    count: usize,
    of: usize,
    earliest: DateTime<Utc>,
    hash: &str,
) -> Text<ToCase> {
    let text = Text::line(&[
        by,
        &" approved the text ",
        &hash.to_owned(),
        &", not before ",
        &When(earliest, None),
        &" (",
        &count,
        &" of ",
        &of,
        &").",
    ]);
    if count < of {
        return text;
    }
    text.choice(binding(
        "Arm",
        format!("vuln {case} announce arm {hash}"),
        Some("Arm it? It goes out by itself at the embargo's end."),
    ))
}

pub fn armed(by: &PersonId, at: DateTime<Utc>, targets: usize, verified: bool) -> Text<ToCase> {
    let text = Text::line(&[
        by,
        &" armed the announcement: it goes to ",
        &targets,
        &rooms(targets),
        &Strong(show(at, None)),
        &".",
    ]);
    if verified {
        text
    } else {
        text.and(&[
            &"The release must be verified or waived by then, or it is held: ",
            &Typed("vuln release verified".into()),
            &".",
        ])
    }
}

fn rooms(count: usize) -> &'static str {
    if count == 1 {
        " room at "
    } else {
        " rooms at "
    }
}

pub fn armed_again(by: &PersonId, at: DateTime<Utc>) -> Text<ToCase> {
    Text::line(&[
        by,
        &" let it go on: armed again for ",
        &When(at, None),
        &".",
    ])
}

pub fn go_card(
    case: CaseId,
    at: DateTime<Utc>,
    hash: &str,
    targets: usize,
    stands: Option<HeldWhy>,
) -> Text<ToCase> {
    let release = match stands {
        None => "The release is verified or waived.",
        Some(HeldWhy::Unverified) => "The release is NOT verified: as it stands, it will be held.",
        Some(HeldWhy::Suspended | HeldWhy::Pressed | HeldWhy::Late | HeldWhy::Clock) => {
            "The approvals do NOT cover it any more: as it stands, it will be held."
        }
    };
    Text::line(&[
        &"The announcement goes to ",
        &targets,
        &rooms(targets),
        &Strong(show(at, None)),
        &", in an hour or less. ",
        &release,
    ])
    .choice(binding(
        "Go",
        format!("vuln {case} announce go {hash}"),
        // Pressed when its instant has passed, it publishes at once.
        Some("Let it go out, at its instant or, if that has passed, now?"),
    ))
    .choice(casual("Hold", format!("vuln {case} announce hold")))
}

pub fn go_given(by: &PersonId, at: DateTime<Utc>) -> Text<ToCase> {
    Text::line(&[by, &" says go. It goes out at ", &When(at, None), &"."])
}

pub fn go_now(by: &PersonId) -> Text<ToCase> {
    Text::line(&[by, &" says go: the announcement goes out now."])
}

pub fn held_by(by: &PersonId) -> Text<ToCase> {
    Text::line(&[
        by,
        &" holds the announcement. Let it go on: ",
        &Typed("vuln announce go".into()),
        &".",
    ])
}

pub fn held(case: CaseId, why: HeldWhy, hash: &str) -> Text<ToCase> {
    Text::line(&[
        &"The announcement did not go out: ",
        &why,
        &". Owner and fix lead are paged.",
    ])
    .choice(binding(
        "Go",
        format!("vuln {case} announce go {hash}"),
        Some("Publish now?"),
    ))
}

/// `announce go` without the text's hash, when it would publish at once.
pub fn go_asks(case: &Case) -> Text<ToPerson> {
    let hash = case
        .announcement
        .draft
        .as_ref()
        .map(|draft| draft.hash.short().to_owned())
        .unwrap_or_default();
    let command = format!("vuln {} announce go {hash}", case.id);
    Text::line(&[
        &"That publishes the text ",
        &Digest(hash),
        &" to ",
        &case.announcement.targets.len(),
        &" rooms now, and nothing takes it back. If that is what you want: ",
        &Typed(command.clone()),
        &".",
    ])
    .choice(binding("Publish now", command, Some("Publish now?")))
}

pub fn publication_page(case: CaseId) -> Text<ToCommittee> {
    Text::line(&[
        &"Page: the publication of case ",
        &case,
        &" waits for you. Look into its room.",
    ])
}

pub fn publishing() -> Text<ToCase> {
    Text::line(&[&"The announcement goes out now."])
}

pub fn unarmed() -> Text<ToCase> {
    Text::line(&[
        &"The embargo's end has come and nothing is armed. Arm it for a new instant (",
        &Typed("vuln embargo until …".into()),
        &") or lift it. I publish nothing by myself.",
    ])
}

pub fn target_failed(room: &String, reason: &String) -> Text<ToCase> {
    Text::line(&[
        &"I could not announce in ",
        room,
        &": ",
        reason,
        &". The other rooms go on; I try again every five minutes.",
    ])
}

pub fn tried_again(by: &PersonId, count: usize) -> Text<ToCase> {
    Text::line(&[
        by,
        &" has me try the ",
        &count,
        &" missing rooms again, now.",
    ])
}

pub fn targets_missing(posted: usize, of: usize) -> Text<ToCase> {
    Text::line(&[
        &"Ten minutes after the start only ",
        &posted,
        &" of ",
        &of,
        &" rooms have the announcement. Owner and fix lead are paged; I keep trying, and at once when somebody types `vuln announce go`.",
    ])
}

pub fn published(of: usize, retro_due: DateTime<Utc>) -> Text<ToCase> {
    let text = if of == 1 {
        Text::line(&[&"The room has the announcement. The case is disclosed."])
    } else {
        Text::line(&[
            &"All ",
            &of,
            &" rooms have the announcement. The case is disclosed.",
        ])
    };
    text.and(&[
        &"The retrospective is due by ",
        &When(retro_due, None),
        &": ",
        &Typed("vuln retro".into()),
        &".",
    ])
}

pub fn published_note(case: CaseId) -> Text<ToCommittee> {
    Text::line(&[&"Case ", &case, &" is disclosed."])
}

pub fn reporter_published(case: CaseId) -> Text<ToPerson> {
    Text::line(&[
        &"Your report, case ",
        &case,
        &", is announced in public now. Thank you for keeping it until today.",
    ])
}

pub fn withdrawn(by: &PersonId) -> Text<ToCase> {
    Text::line(&[by, &" withdrew the announcement; its approvals are void."])
}

pub fn clock_in_doubt() -> crate::domain::grammar::Mistake {
    super::rule(
        "clock",
        "announce",
        "The clock is in doubt and no network has confirmed it since, so nothing goes out. Mend the \
         clock of the machine that I run on; I notice it by myself.",
        "",
    )
}

pub fn clock_doubted(why: &'static str) -> Text<ToCommittee> {
    Text::line(&[
        &"Publication is held for all cases: ",
        &why,
        &". Check the clock of the machine that I run on.",
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use underrose_chat::{Block, Choice, Weight};

    fn pressed(text: Text<ToCase>) -> Vec<Choice> {
        let blocks = text.into_message().blocks.into_iter();
        let choices = blocks.filter_map(|block| match block {
            Block::Choices { choices } => Some(choices),
            _ => None,
        });
        choices.flatten().collect()
    }

    #[test]
    fn what_leads_to_the_public_asks_first() {
        let case = CaseId {
            year: 2026,
            number: 1,
        };
        let (who, at) = (PersonId("alice".into()), DateTime::<Utc>::default());
        for text in [
            preview(case, &"text".to_owned(), "ab", &[], &[]),
            approved(case, &who, 2, 2, at, "ab"),
            go_card(case, at, "ab", 3, None),
            held(case, HeldWhy::Late, "ab"),
        ] {
            let binding = |choice: &Choice| choice.weight == Weight::Binding;
            let choices: Vec<Choice> = pressed(text).into_iter().filter(binding).collect();
            assert_eq!(choices.len(), 1, "{choices:?}");
            assert!(choices[0].confirm.is_some(), "{choices:?}");
        }
    }
}
