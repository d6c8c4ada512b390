//! Reports, triage, the reporter, the end.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::ids::{CaseId, PersonId};
use crate::domain::tell::{Command, Strong, Text, ToCase, ToCommittee, ToPerson, Typed, When};
use crate::domain::words::Verdict;

pub fn done(case: CaseId) -> Text<ToPerson> {
    Text::line(&[&"Done in case ", &case, &"."])
}

pub fn thanks(case: CaseId, due: DateTime<Utc>, zone: Option<Tz>, public: bool) -> Text<ToPerson> {
    let text = Text::line(&[
        &"Thank you. Your report is case ",
        &Strong(case),
        &"; a person answers you by ",
        &When(due, zone),
        &", here by direct message.",
    ]);
    if public {
        return text.and(&[
            &"Others may have read what you wrote in this room: take it back if you can, and \
              write to me directly from now on.",
        ]);
    }
    text.and(&[
        &"Please keep it between us until then. What you write to me now reaches the committee.",
    ])
}

pub fn new_report(case: CaseId, duty: Option<&PersonId>) -> Text<ToCommittee> {
    let text = Text::line(&[&"New report: case ", &Strong(case), &"."]);
    match duty {
        Some(duty) => text.and(&[duty, &" is on call."]),
        None => text.and(&[&"Nobody is on call."]),
    }
}

pub fn room_open(case: CaseId) -> Text<ToCase> {
    Text::line(&[
        &"This is the room of case ",
        &case,
        &". What is said here stays here until the embargo ends.",
    ])
}

pub fn report(text: &String) -> Text<ToCase> {
    Text::line(&[&"The report:"]).code(text)
}

pub fn acked(by: &PersonId, owner: Option<&PersonId>) -> Text<ToCase> {
    let text = Text::line(&[by, &" answered the reporter; triage begins."]);
    match owner {
        Some(owner) => text.and(&[
            owner,
            &" owns the case. Type ",
            &Typed("vuln triage valid because …".into()),
            &" or ",
            &Typed("vuln need-info …".into()),
            &".",
        ]),
        None => text,
    }
}

pub fn to_reporter(case: CaseId, text: &String) -> Text<ToPerson> {
    Text::line(&[&"About your report, case ", &case, &":"]).and(&[text])
}

pub fn said_to_reporter(by: &PersonId, text: &String) -> Text<ToCase> {
    Text::line(&[by, &" to the reporter:"]).and(&[text])
}

pub fn from_reporter(text: &String) -> Text<ToCase> {
    Text::line(&[&"The reporter:"]).and(&[text])
}

pub fn passed_on(case: CaseId) -> Text<ToPerson> {
    Text::line(&[&"I passed that on to the committee, in case ", &case, &"."])
}

pub fn triaged_valid(by: &PersonId, because: &String) -> Text<ToCase> {
    Text::line(&[by, &" accepted the case: ", because]).and(&[
        &"Next: ",
        &Typed("vuln score".into()),
        &", ",
        &Typed("vuln lead <member>".into()),
        &", ",
        &Typed("vuln add <who> as fix because …".into()),
        &", ",
        &Typed("vuln embargo until …".into()),
        &".",
    ])
}

pub fn triaged_away(by: &PersonId, verdict: Verdict, because: &String) -> Text<ToCase> {
    Text::line(&[by, &" closed the case as ", &verdict, &": ", because])
}

pub fn moved_here(from: CaseId, by: &PersonId, report: &String) -> Text<ToCase> {
    Text::line(&[
        by,
        &" found case ",
        &from,
        &" to be the same as this one; its credit is here now, and this was its report:",
    ])
    .code(report)
}

/// The canned reply to the reporter of a verdict, where no other text was given.
pub fn canned(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Valid => {
            "We have confirmed your report and are working on it. Please keep it confidential; we will agree a date with you."
        }
        Verdict::Bug | Verdict::Intended => {
            "Thank you for your report. We do not consider this a vulnerability. You are welcome to discuss it on the public issue tracker."
        }
        Verdict::Hardening => {
            "Thank you for your report. This would harden the project but is no vulnerability by itself. You are welcome to propose it in public."
        }
        Verdict::Duplicate => {
            "Thank you for your report. We already work on this issue; you will be credited. Please keep it confidential until we announce it."
        }
        Verdict::Upstream => {
            "Thank you for your report. The cause is in a project that we depend on. Please report it there; we follow it."
        }
        Verdict::OutOfScope => {
            "Thank you for your report. This is outside what this committee answers for. If it harms users in a concrete way, please tell us how."
        }
        Verdict::NoRepro => {
            "Thank you for your report. We could not reproduce it. If you can tell us more, write to us again."
        }
        Verdict::Spam => "This was closed.",
        Verdict::AlreadyFixed => {
            "Thank you for your report. This is already fixed in public; please upgrade."
        }
    }
}

pub fn closed_by(by: &PersonId) -> Text<ToCase> {
    Text::line(&[
        by,
        &" closed the case. Guests have left; the room is archived.",
    ])
}

pub fn closed_note(case: CaseId) -> Text<ToCommittee> {
    Text::line(&[&"Case ", &case, &" is closed."])
}

pub fn reporter_closed(case: CaseId) -> Text<ToPerson> {
    Text::line(&[&"Case ", &case, &", your report, is closed. Thank you."])
}

pub fn reopened(by: &PersonId, because: &String) -> Text<ToCase> {
    Text::line(&[by, &" opened the case again, at triage: ", because])
}

pub fn reopened_note(case: CaseId) -> Text<ToCommittee> {
    Text::line(&[&"Case ", &case, &" is open again."])
}

pub fn retro_draft(draft: &String) -> Text<ToCase> {
    Text::default()
        .heading(&[&"Draft of the retrospective"])
        .code(draft)
        .and(&[
            &"Fill it in and file it with ",
            &Typed("vuln retro <text>".into()),
            &", or waive it with ",
            &Typed("vuln retro waive because …".into()),
            &".",
        ])
}

pub fn retro_filed(by: &PersonId) -> Text<ToCase> {
    Text::line(&[
        by,
        &" filed the retrospective. The case can be closed: ",
        &Command("vuln close", None),
        &".",
    ])
}

pub fn retro_waived(by: &PersonId, because: &String) -> Text<ToCase> {
    Text::line(&[by, &" waived the retrospective: ", because])
}

pub fn retro_due(case: CaseId) -> Text<ToCommittee> {
    Text::line(&[
        &"The retrospective of case ",
        &case,
        &" is due. In its room: ",
        &Command("vuln retro", None),
        &".",
    ])
}

pub fn embargo_cap(case: CaseId, days: i64) -> Text<ToCommittee> {
    let days = u64::try_from(days).unwrap_or(0);
    Text::line(&[
        &"Case ",
        &case,
        &" was accepted ",
        &days,
        &" days ago. Decide in its room: open it, or extend the embargo with a reason. I publish nothing by myself.",
    ])
}

pub fn ready(by: &PersonId) -> Text<ToCase> {
    Text::line(&[by, &": the fix is ready for release."]).and(&[
        &"Next: ",
        &Typed("vuln release verified".into()),
        &" once the binaries are public, and ",
        &Typed("vuln announce draft".into()),
        &".",
    ])
}
