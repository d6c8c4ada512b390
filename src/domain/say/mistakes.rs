//! Refusals: which rule, who may, and what to type instead. Never content.

use crate::domain::case::Case;
use crate::domain::grammar::{Mistake, Spec};
use crate::domain::ids::CaseId;
use crate::domain::tell::{Tell, Text, ToPerson, Typed};

/// How a mistake reads.
pub fn mistake(mistake: &Mistake) -> Text<ToPerson> {
    let mut parts: Vec<Box<dyn Tell<ToPerson>>> = Vec::new();
    let pieces: Vec<&str> = mistake.what.split('`').collect();
    if pieces.len() % 2 == 1 {
        // Every other piece stands between two marks: words of a command, shown as such.
        for (index, piece) in pieces.into_iter().enumerate() {
            match index % 2 {
                _ if piece.is_empty() => {}
                0 => parts.push(Box::new(piece.to_owned())),
                _ => parts.push(Box::new(Typed(piece.to_owned()))),
            }
        }
    } else {
        parts.push(Box::new(mistake.what.clone()));
    }
    if !mistake.instead.is_empty() {
        parts.push(Box::new(" Type ".to_owned()));
        parts.push(Box::new(Typed(mistake.instead.clone())));
        parts.push(Box::new(".".to_owned()));
    }
    let parts: Vec<&dyn Tell<ToPerson>> = parts.iter().map(AsRef::as_ref).collect();
    Text::line(&parts)
}

fn told(rule: &'static str, spec: &Spec, what: String, instead: String) -> Mistake {
    Mistake {
        rule,
        command: spec.words.first().copied().unwrap_or_default(),
        what,
        instead,
    }
}

fn plain(rule: &'static str, what: &str, instead: &str) -> Mistake {
    Mistake {
        rule,
        command: "",
        what: what.to_owned(),
        instead: instead.to_owned(),
    }
}

pub fn too_long() -> Mistake {
    plain(
        "too-long",
        "That is more than 64 KiB, so I took none of it. Send the essentials, and keep the rest for the committee's room.",
        "",
    )
}

pub fn control_character(position: usize) -> Mistake {
    let what = format!(
        "Character {position} of that is a control character, so I took none of it. Send it again without."
    );
    plain("control-character", &what, "")
}

pub fn edited() -> Mistake {
    plain(
        "edited",
        "An edited message never runs a command. Send it as a new message.",
        "",
    )
}

pub fn stale_choice() -> Mistake {
    plain(
        "stale-choice",
        "That button belongs to something that is over.",
        "vuln status",
    )
}

pub fn not_binding_here(spec: &Spec) -> Mistake {
    let what = format!(
        "`{}` binds the committee, and this console does not prove who you are. Do it on one of the committee's networks.",
        spec.words.join(" ")
    );
    told("not-binding-here", spec, what, String::new())
}

pub fn not_allowed(spec: &Spec, case: Option<&Case>) -> Mistake {
    let words = spec.words.join(" ");
    let who = match case {
        Some(case) => match (spec.who, &case.owner, case.fix_lead()) {
            (crate::domain::grammar::Who::Owner, Some(owner), _) => {
                format!("{} ({owner})", spec.who.words())
            }
            (crate::domain::grammar::Who::Lead, _, Some(lead)) => {
                format!("{} ({lead})", spec.who.words())
            }
            _ => spec.who.words().to_owned(),
        },
        None => spec.who.words().to_owned(),
    };
    told(
        "not-allowed",
        spec,
        format!("You may not `{words}` here: that is for {who}."),
        "vuln help".to_owned(),
    )
}

pub fn wrong_room(spec: &Spec, case: Option<CaseId>) -> Mistake {
    let words = spec.words.join(" ");
    let place = match case {
        Some(case) => format!("the room of case {case}"),
        None => spec.place.words().to_owned(),
    };
    told(
        "wrong-room",
        spec,
        format!("`{words}` works in {place}, not here."),
        String::new(),
    )
}

pub fn other_case(spec: &Spec, here: CaseId) -> Mistake {
    told(
        "other-case",
        spec,
        format!("This is the room of {here}; another case is worked on in its own room."),
        String::new(),
    )
}

pub fn name_the_case(spec: &Spec) -> Mistake {
    let words = spec.words.join(" ");
    told(
        "no-such-case",
        spec,
        "Which case? `vuln list` names them.".to_owned(),
        format!("vuln <case> {words}"),
    )
}

pub fn no_such_case(spec: &Spec, id: CaseId) -> Mistake {
    told(
        "no-such-case",
        spec,
        format!("There is no case {id} that you may see."),
        "vuln list".to_owned(),
    )
}

pub fn closed(spec: &Spec, id: CaseId) -> Mistake {
    told(
        "closed",
        spec,
        format!("Case {id} is closed, so nothing changed."),
        format!("vuln reopen {id} because <why>"),
    )
}

pub fn wrong_stage(spec: &Spec, case: &Case) -> Mistake {
    let words = spec.words.join(" ");
    let stages = spec.stages().unwrap_or_default();
    let what = format!(
        "Case {} is {}; `{words}` works while it is {stages}.",
        case.id,
        case.stage.word()
    );
    told(
        "wrong-stage",
        spec,
        what,
        format!("vuln {} status", case.id),
    )
}

/// A rule of the command's own.
pub fn rule(
    rule: &'static str,
    command: &'static str,
    what: impl Into<String>,
    instead: impl Into<String>,
) -> Mistake {
    Mistake {
        rule,
        command,
        what: what.into(),
        instead: instead.into(),
    }
}

/// Deciding failed for a reason of ours.
pub fn our_defect() -> Text<ToPerson> {
    Text::line(&[
        &"Something went wrong on my side, and nothing was done. Try another wording, and tell whoever runs me.",
    ])
}
