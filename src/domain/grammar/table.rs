//! The table itself. A new command is a row here, a variant of [`Verb`], one function of the
//! domain, its sentences and a transcript.

use super::{Family, From, Kind, Need, Piece, Place, Spec, Topic, Weight, Who};
use crate::domain::words::Stage::{Accepted, Closed, Disclosed, New, Ready, Triaging};

/// A command, however it was spelt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verb {
    Help,
    Report,
    Status,
    List,
    Next,
    Timeline,
    Why,
    Ack,
    Own,
    OwnAccept,
    OwnDecline,
    Recuse,
    Triage,
    NeedInfo,
    Say,
    Score,
    ScoreSettle,
    Severity,
    Path,
    Lead,
    Text(crate::domain::words::TextField),
    Affects,
    AffectsNothing,
    Fixed,
    Cve,
    CveRemove,
    Credit,
    Link,
    Add,
    Remove,
    TermsAccept,
    TermsDecline,
    RemovalsConfirm,
    RemovalsDrop,
    Ready,
    EmbargoUntil,
    EmbargoSecond,
    EmbargoLift,
    ReleaseVerified,
    ReleaseWaive,
    AnnounceDraft,
    AnnounceEdit,
    AnnouncePreview,
    AnnounceApprove,
    AnnounceArm,
    AnnounceHold,
    AnnounceGo,
    AnnounceWithdraw,
    Retro,
    RetroWaive,
    Close,
    Reopen,
    OnCallNow,
    OnCallAck,
    OnCallDecline,
    OnCallHandoff,
    OnCallAccept,
    OnCallRefuse,
    OnCallOverride,
}

const ANY: From = From::Any;
const OPEN: From = From::Stages(&[New, Triaging, Accepted, Ready, Disclosed]);
const NEW: From = From::Stages(&[New]);
const TRIAGE: From = From::Stages(&[Triaging]);
const WORK: From = From::Stages(&[Triaging, Accepted, Ready]);
const ACCEPTED: From = From::Stages(&[Accepted]);
const READY: From = From::Stages(&[Ready]);
const BEFORE: From = From::Stages(&[Accepted, Ready]);
const DISCLOSED: From = From::Stages(&[Disclosed]);
const CLOSED: From = From::Stages(&[Closed]);

const fn must(name: &'static str, kind: Kind) -> Piece {
    Piece {
        after: None,
        name,
        kind,
        need: Need::Must,
    }
}
const fn may(name: &'static str, kind: Kind) -> Piece {
    Piece {
        after: None,
        name,
        kind,
        need: Need::May,
    }
}
const fn after(word: &'static str, name: &'static str, kind: Kind) -> Piece {
    Piece {
        after: Some(word),
        name,
        kind,
        need: Need::Must,
    }
}
const fn may_after(word: &'static str, name: &'static str, kind: Kind) -> Piece {
    Piece {
        after: Some(word),
        name,
        kind,
        need: Need::May,
    }
}

const fn or_form(name: &'static str, kind: Kind) -> Piece {
    Piece {
        after: None,
        name,
        kind,
        need: Need::OrForm,
    }
}
const fn after_or_form(word: &'static str, name: &'static str, kind: Kind) -> Piece {
    Piece {
        after: Some(word),
        name,
        kind,
        need: Need::OrForm,
    }
}

macro_rules! rows {
    ($($topic:ident { $($family:ident $verb:expr, $words:expr, [$($piece:expr),*], $who:ident, $place:ident, $from:expr, $weight:ident, $effect:literal;)* })*) => {
        &[$($(Spec {
            verb: $verb,
            family: Family::$family,
            topic: Topic::$topic,
            words: &$words,
            args: &[$($piece),*],
            who: Who::$who,
            place: Place::$place,
            from: $from,
            weight: Weight::$weight,
            effect: $effect,
        }),*),*]
    };
}

use crate::domain::words::TextField as Field;
use Kind::{
    Band, Case, Command, CreditKind, Cve, GuestKind, Hash, Instant, LinkKind, Member, Person, Text,
    Url, Vector, Verdict, Word,
};

/// Every command, by topic. Longer spellings stand before shorter ones that they begin with.
#[rustfmt::skip]
pub static COMMANDS: &[Spec] = rows![
    Basics {
        Vuln Verb::Help, ["help"], [may("command", Command)], Anyone, Any, ANY, Casual, "what you can do here, or how a topic's commands or one command work";
        Vuln Verb::Report, ["report"], [may("title", Text)], Anyone, Any, ANY, Casual, "report a vulnerability; without a title, asks step by step";
        Vuln Verb::Status, ["status"], [may("case", Case)], Concerned, Any, ANY, Casual, "how a case stands";
        Vuln Verb::List, ["list"], [], Anyone, Any, ANY, Casual, "the open cases that you may see";
        Vuln Verb::Next, ["next"], [], Anyone, Any, ANY, Casual, "what waits for you, and when things are due";
        Vuln Verb::Timeline, ["timeline"], [may("case", Case)], Participant, CaseOrDirect, ANY, Casual, "what happened in a case, without content";
        Vuln Verb::Why, ["why"], [], Anyone, Any, ANY, Casual, "why you were last refused, and why the page went where it went";
    }
    Intake {
        Vuln Verb::Ack, ["ack"], [may("text", Text)], Member, Case, NEW, Casual, "first answer to the reporter; you own the case unless somebody does";
        Vuln Verb::OwnAccept, ["own", "accept"], [], Asked, CaseOrDirect, OPEN, Casual, "take over the case that was offered to you";
        Vuln Verb::OwnDecline, ["own", "decline"], [], Asked, CaseOrDirect, OPEN, Casual, "leave the case with its owner";
        Vuln Verb::Own, ["own"], [may("member", Member)], Member, Case, OPEN, Casual, "take an unowned case, or offer yours to another member";
        Vuln Verb::Recuse, ["recuse"], [], Member, Case, OPEN, Casual, "leave a case for good: you see nothing more of it";
        Vuln Verb::Triage, ["triage"], [must("verdict", Verdict), may("case", Case), after("because", "why", Text), may_after("reply:", "text", Text)], OwnerOrDuty, Case, TRIAGE, Casual, "the verdict: valid goes on, every other closes the case";
        Vuln Verb::NeedInfo, ["need-info"], [must("questions", Text)], OwnerOrDuty, Case, TRIAGE, Casual, "ask the reporter";
        Vuln Verb::Say, ["say"], [must("text", Text)], Member, Case, OPEN, Casual, "write to the reporter";
    }
    Scoring {
        Vuln Verb::ScoreSettle, ["score", "settle"], [or_form("vector", Vector), may_after("because", "why", Text)], OwnerOrLead, CaseOrDirect, WORK, Binding, "record the vector that counts";
        Vuln Verb::Score, ["score"], [may("vector", Vector)], Member, CaseOrDirect, WORK, Casual, "your CVSS vector; without one, a calculator step by step";
        Vuln Verb::Severity, ["severity"], [or_form("band", Band), after_or_form("because", "why", Text)], OwnerOrLead, CaseOrDirect, WORK, Casual, "override the band; the score stays";
    }
    Facts {
        Vuln Verb::Path, ["path"], [must("path", Kind::Path), after("because", "why", Text)], OwnerOrLead, Case, WORK, Casual, "how the fix travels: public, semi-public, private, low-skip";
        Vuln Verb::Lead, ["lead"], [must("member", Member)], OwnerOrLead, Case, WORK, Casual, "name the fix lead, who decides severity and date";
        Vuln Verb::Text(Field::Title), ["title"], [must("text", Text)], MemberOrFixGuest, Case, WORK, Casual, "the case's title";
        Vuln Verb::Text(Field::Component), ["component"], [must("text", Text)], MemberOrFixGuest, Case, WORK, Casual, "the component";
        Vuln Verb::Text(Field::Cwe), ["cwe"], [must("text", Text)], MemberOrFixGuest, Case, WORK, Casual, "the weakness, CWE-79 for instance";
        Vuln Verb::Text(Field::Summary), ["summary"], [must("text", Text)], MemberOrFixGuest, Case, WORK, Casual, "one sentence for the advisory";
        Vuln Verb::Text(Field::Details), ["details"], [must("text", Text)], MemberOrFixGuest, Case, WORK, Casual, "technical details for the advisory";
        Vuln Verb::Text(Field::Mitigation), ["mitigation"], [must("text", Text)], MemberOrFixGuest, Case, WORK, Casual, "what users can do before they upgrade";
        Vuln Verb::Text(Field::Detection), ["detection"], [must("text", Text)], MemberOrFixGuest, Case, WORK, Casual, "how users see whether they were attacked";
        Vuln Verb::AffectsNothing, ["affects", "nothing"], [], MemberOrFixGuest, Case, WORK, Casual, "clear the affected versions";
        Vuln Verb::Affects, ["affects"], [must("component", Word), after("from", "version", Word), may_after("before", "fixed", Word), may_after("through", "last", Word)], MemberOrFixGuest, Case, WORK, Casual, "a range of affected versions; `from 0` is from the beginning";
        Vuln Verb::Fixed, ["fixed"], [must("versions", Text)], MemberOrFixGuest, Case, WORK, Casual, "the versions with the fix";
        Vuln Verb::CveRemove, ["cve", "remove"], [must("cve", Cve)], MemberOrFixGuest, Case, WORK, Casual, "take a CVE id off the case";
        Vuln Verb::Cve, ["cve"], [must("cve", Cve)], MemberOrFixGuest, Case, WORK, Casual, "a CVE id of the case (there can be several)";
        Vuln Verb::Credit, ["credit"], [must("name", Text), after("as", "kind", CreditKind)], MemberOrFixGuest, Case, WORK, Casual, "whom to thank, with the name as printed";
        Vuln Verb::Link, ["link"], [must("url", Url), after("as", "kind", LinkKind)], MemberOrFixGuest, Case, WORK, Casual, "a reference for the advisory";
    }
    People {
        Vuln Verb::Add, ["add"], [must("who", Person), after("as", "kind", GuestKind), may_after("with", "consent", Word), after("because", "why", Text)], OwnerOrLead, Case, WORK, Casual, "bring somebody into this case, once they accept the terms";
        Vuln Verb::Remove, ["remove"], [must("who", Person), after("because", "why", Text)], OwnerOrLead, Case, WORK, Casual, "take a guest off the list";
        Vuln Verb::TermsAccept, ["terms", "accept"], [must("case", Case), may("version", Word)], Asked, Direct, OPEN, Binding, "accept the embargo's terms and be let in";
        Vuln Verb::TermsDecline, ["terms", "decline"], [must("case", Case)], Asked, Direct, OPEN, Casual, "decline the embargo's terms";
        Vuln Verb::RemovalsConfirm, ["removals", "confirm"], [], Member, Case, OPEN, Binding, "remove those who are not on the list";
        Vuln Verb::RemovalsDrop, ["removals", "drop"], [], Member, Case, OPEN, Casual, "leave them in the room";
    }
    Publishing {
        Vuln Verb::Ready, ["ready"], [], Lead, Case, ACCEPTED, Casual, "the fix is ready for release";
        Vuln Verb::EmbargoSecond, ["embargo", "second"], [], Member, Case, BEFORE, Binding, "agree to a slot that breaks a rule";
        Vuln Verb::EmbargoUntil, ["embargo", "until"], [must("instant", Instant), may_after("because", "why", Text)], OwnerOrLead, Case, BEFORE, Binding, "when the embargo ends and the announcement goes out";
        Vuln Verb::EmbargoLift, ["embargo", "lift"], [after("because", "why", Text)], OwnerOrLead, Case, BEFORE, Binding, "end the embargo without an announcement";
        Vuln Verb::ReleaseVerified, ["release", "verified"], [], LeadOrReleaseGuest, Case, READY, Binding, "the binaries are public and work";
        Vuln Verb::ReleaseWaive, ["release", "waive"], [after("because", "why", Text)], LeadOrReleaseGuest, Case, READY, Binding, "announce without a verified release";
        Vuln Verb::AnnounceDraft, ["announce", "draft"], [may("text", Text)], Member, Case, BEFORE, Casual, "draft the announcement, from the facts or from your text";
        Vuln Verb::AnnounceEdit, ["announce", "edit"], [or_form("text", Text)], Member, Case, BEFORE, Casual, "replace the draft's text; approvals start anew";
        Vuln Verb::AnnouncePreview, ["announce", "preview"], [], Participant, Case, BEFORE, Casual, "the draft as the public will read it, with its hash";
        Vuln Verb::AnnounceApprove, ["announce", "approve"], [must("hash", Hash)], Member, Case, BEFORE, Binding, "approve exactly this text, these targets, not before this instant";
        Vuln Verb::AnnounceArm, ["announce", "arm"], [may("hash", Hash)], OwnerOrLead, Case, READY, Binding, "send it at the embargo's end";
        Vuln Verb::AnnounceHold, ["announce", "hold"], [], OwnerOrLead, Case, BEFORE, Casual, "stop an armed announcement";
        Vuln Verb::AnnounceGo, ["announce", "go"], [may("hash", Hash)], OwnerOrLead, Case, BEFORE, Binding, "let a held announcement go, or confirm an armed one";
        Vuln Verb::AnnounceWithdraw, ["announce", "withdraw"], [], OwnerOrLead, Case, BEFORE, Casual, "throw the draft and its approvals away";
    }
    Closing {
        Vuln Verb::RetroWaive, ["retro", "waive"], [after("because", "why", Text)], Owner, Case, DISCLOSED, Casual, "close without a retrospective";
        Vuln Verb::Retro, ["retro"], [may("text", Text)], Owner, Case, DISCLOSED, Casual, "the retrospective: drafts it from the timeline, or files your text";
        Vuln Verb::Close, ["close"], [may_after("because", "why", Text)], Owner, Case, DISCLOSED, Casual, "archive the room and end all access";
        Vuln Verb::Reopen, ["reopen"], [must("case", Case), after("because", "why", Text)], Member, Direct, CLOSED, Casual, "open a closed case again, at triage";
    }
    OnCall {
        OnCall Verb::OnCallNow, ["now"], [], Anyone, Any, ANY, Casual, "who is on call, and who is next";
        OnCall Verb::OnCallNow, ["who"], [], Anyone, Any, ANY, Casual, "the same";
        OnCall Verb::OnCallAck, ["ack"], [may("case", Case)], Duty, Any, ANY, Casual, "\"I have it\": stops the page";
        OnCall Verb::OnCallDecline, ["decline"], [may("case", Case)], Duty, Any, ANY, Casual, "\"I cannot\": the page goes to the next person at once";
        OnCall Verb::OnCallHandoff, ["handoff"], [must("member", Member)], Duty, Any, ANY, Casual, "offer the rest of your shift; it counts when accepted";
        OnCall Verb::OnCallAccept, ["accept"], [], Asked, Any, ANY, Casual, "take the shift that was offered to you";
        OnCall Verb::OnCallRefuse, ["refuse"], [], Asked, Any, ANY, Casual, "leave the shift where it is";
        OnCall Verb::OnCallOverride, ["override"], [must("member", Member), after("from", "from", Instant), after("until", "until", Instant)], Member, Any, ANY, Casual, "somebody else is on call for a while";
    }
];

/// The row of a verb.
pub fn spec_of(verb: Verb) -> Option<&'static Spec> {
    COMMANDS.iter().find(|spec| spec.verb == verb)
}
