//! On call: pages, shifts, handoffs. Pages light up a lock screen, so they are opaque.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::ids::{CaseId, PersonId};
use crate::domain::tell::{Strong, Text, ToCommittee, ToPerson, Typed, When, casual};

pub fn page(case: CaseId, step: u32) -> Text<ToCommittee> {
    let text = match step {
        0 => Text::line(&[&"Page: case ", &Strong(case), &" waits for a first answer."]),
        1 => Text::line(&[
            &"Page: case ",
            &Strong(case),
            &" waits for a first answer; the duty has not answered.",
        ]),
        _ => Text::line(&[
            &"Page: case ",
            &Strong(case),
            &" waits for a first answer; nobody has answered.",
        ]),
    };
    text.choice(casual("I have it", format!("oncall ack {case}")))
        .choice(casual("I cannot", format!("oncall decline {case}")))
}

pub fn page_acked(case: CaseId, by: &PersonId) -> Text<ToCommittee> {
    Text::line(&[by, &" has the page of case ", &case, &"."])
}

pub fn page_yours(case: CaseId) -> Text<ToPerson> {
    Text::line(&[
        &"The page stops; case ",
        &case,
        &" still waits for its first answer to the reporter: ",
        &Typed("vuln ack".into()),
        &" in its room.",
    ])
}

pub fn page_declined(case: CaseId) -> Text<ToPerson> {
    Text::line(&[
        &"The page of case ",
        &case,
        &" goes to the next person now.",
    ])
}

pub fn page_unanswered(case: CaseId) -> Text<ToCommittee> {
    Text::line(&[
        &"Nobody has answered the page of case ",
        &case,
        &". I called everybody; its deadline still runs.",
    ])
}

pub fn ack_due(case: CaseId) -> Text<ToCommittee> {
    Text::line(&[
        &"Case ",
        &case,
        &" has had no answer within the promised business day. In its room: ",
        &crate::domain::tell::Command("vuln ack", None),
        &".",
    ])
}

pub fn ack_breach(case: CaseId) -> Text<ToCommittee> {
    Text::line(&[
        &"Case ",
        &case,
        &": the promise to reporters is broken, nobody has answered.",
    ])
}

pub fn oncall_now(
    duty: Option<&PersonId>,
    until: Option<DateTime<Utc>>,
    next: Option<&PersonId>,
    zone: Option<Tz>,
) -> Text<ToPerson> {
    let mut text = match (duty, until) {
        (Some(duty), Some(until)) => {
            Text::line(&[duty, &" is on call until ", &When(until, zone), &"."])
        }
        (Some(duty), None) => Text::line(&[duty, &" is on call."]),
        (None, _) => Text::line(&[&"Nobody is on call; a page goes to the whole committee."]),
    };
    if let Some(next) = next {
        text = text.and(&[&"Next is ", next, &"."]);
    }
    text
}

pub fn duty_changed(duty: Option<&PersonId>, until: Option<DateTime<Utc>>) -> Text<ToCommittee> {
    match (duty, until) {
        (Some(duty), Some(until)) => {
            Text::line(&[duty, &" is on call now, until ", &When(until, None), &"."])
        }
        (Some(duty), None) => Text::line(&[duty, &" is on call now."]),
        (None, _) => Text::line(&[&"Nobody is on call now."]),
    }
}

pub fn handoff_offered(by: &PersonId) -> Text<ToPerson> {
    Text::line(&[
        by,
        &" offers you the rest of the shift. It counts when you accept.",
    ])
    .choice(casual("Accept", "oncall accept".to_owned()))
    .choice(casual("Refuse", "oncall refuse".to_owned()))
}

pub fn handoff_waits(to: &PersonId) -> Text<ToPerson> {
    Text::line(&[&"I asked ", to, &". You are on call until they accept."])
}

pub fn handoff_taken(by: &PersonId) -> Text<ToPerson> {
    Text::line(&[
        by,
        &" took the shift. Your open cases stay with you until they accept each.",
    ])
}

pub fn handoff_refused(by: &PersonId) -> Text<ToPerson> {
    Text::line(&[
        by,
        &" did not take the shift: you are still on call. Ask another with ",
        &Typed("oncall handoff <member>".into()),
        &".",
    ])
}

pub fn handoff_left() -> Text<ToPerson> {
    Text::line(&[&"The shift stays where it is."])
}

pub fn shift_yours(until: DateTime<Utc>, zone: Option<Tz>) -> Text<ToPerson> {
    Text::line(&[&"You are on call until ", &When(until, zone), &"."])
}

pub fn override_set(
    duty: &PersonId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    zone: Option<Tz>,
) -> Text<ToPerson> {
    Text::line(&[
        duty,
        &" is on call from ",
        &When(from, zone),
        &" until ",
        &When(until, zone),
        &".",
    ])
}

pub fn override_told(
    by: &PersonId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    zone: Option<Tz>,
) -> Text<ToPerson> {
    Text::line(&[
        by,
        &" put you on call from ",
        &When(from, zone),
        &" until ",
        &When(until, zone),
        &".",
    ])
}
