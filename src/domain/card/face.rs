//! What a card shows of a case, borrowed: two faces that are equal read alike, so a change that
//! none of them shows costs no rendering.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use underrose_chat::Message;

use crate::domain::announcement::AnnouncementState;
use crate::domain::case::{Case, Credit, Embargo, Facts, Range, Release};
use crate::domain::confidential::{Audience, pass};
use crate::domain::cvss::{Band, Vector};
use crate::domain::ids::{CaseId, PersonId};
use crate::domain::policy::Policy;
use crate::domain::say;
use crate::domain::tell::{Tell, Text, ToCase, When, casual};
use crate::domain::words::{GuestKind, HeldWhy, Path, Stage};

/// Everything that [`Face::message`] reads.
#[derive(PartialEq)]
pub struct Face<'a> {
    id: CaseId,
    stage: Stage,
    owner: Option<&'a PersonId>,
    reporter: &'a PersonId,
    lead: Option<&'a PersonId>,
    waits: Waits,
    score: Score<'a>,
    path: Option<Path>,
    facts: Shown<'a>,
    cves: &'a BTreeSet<String>,
    guests: Vec<(&'a PersonId, GuestKind, Answer)>,
    embargo: &'a Embargo,
    release: &'a Release,
    announcement: Announcement<'a>,
    choices: &'static [(&'static str, &'static str)],
}

/// Of the facts, those on the card.
#[derive(PartialEq)]
struct Shown<'a> {
    title: &'a String,
    texts: [(&'static str, &'a String); 3],
    affected: &'a [Range],
    fixed: &'a [String],
    credits: &'a [Credit],
}

#[derive(PartialEq, Eq)]
enum Waits {
    ForNobody,
    ForTheReporter,
}

#[derive(PartialEq)]
enum Score<'a> {
    /// So many vectors are in.
    Open(usize),
    Settled(Band, Option<&'a Vector>),
}

#[derive(PartialEq, Eq)]
enum Answer {
    Accepted,
    Asked,
}

#[derive(PartialEq)]
enum Announcement<'a> {
    None,
    Draft { hash: &'a str, approvals: usize },
    Approved { hash: &'a str },
    Armed { at: DateTime<Utc> },
    Suspended { at: DateTime<Utc> },
    Held { why: HeldWhy },
    GoingOut,
    Out { since: DateTime<Utc> },
}

impl<'a> Face<'a> {
    pub fn of(case: &'a Case, policy: &Policy) -> Option<Self> {
        let facts = pass(case, &Audience::Case(case.id), &policy.members)?.facts();
        Some(Self {
            id: case.id,
            stage: case.stage,
            owner: case.owner.as_ref(),
            reporter: &case.reporter,
            lead: case.lead.as_ref(),
            waits: match case.waiting_for_reporter {
                Some(_) => Waits::ForTheReporter,
                None => Waits::ForNobody,
            },
            score: match case.severity() {
                Some(band) => Score::Settled(band, case.settled.as_ref()),
                None => Score::Open(case.vectors.len()),
            },
            path: case.path,
            facts: Shown::of(facts),
            cves: &case.cves,
            guests: guests(case),
            embargo: &case.embargo,
            release: &case.release,
            announcement: Announcement::of(case),
            choices: choices(case),
        })
    }

    /// The card as it reads.
    pub fn message(&self) -> Message {
        let nobody = PersonId("nobody yet".to_owned());
        let mut card: Text<ToCase> = Text::default()
            .heading(&[&"Case ", &self.id, &": ", self.facts.title])
            .field("Stage", &[&self.stage])
            .field("Owner", &[self.owner.unwrap_or(&nobody)]);
        card = match self.embargo {
            Embargo::None => card,
            Embargo::Until(at) => card.field("Embargo", &[&"until ", &When(*at, None)]),
            Embargo::Lifted => card.field("Embargo", &[&"lifted"]),
        };
        card = match self.release {
            Release::Unknown => card,
            Release::Verified(by) => card.field("Release", &[&"verified by ", by]),
            Release::Waived(by) => card.field("Release", &[&"waived by ", by]),
        };
        card = self.announcement.field(card);
        card = card.field("Reporter", &[self.reporter]);
        if let Some(lead) = self.lead {
            card = card.field("Fix lead", &[lead]);
        }
        if self.waits == Waits::ForTheReporter {
            card = card.field("Waits for", &[&"the reporter"]);
        }
        card = self.score.field(card);
        if let Some(path) = self.path {
            card = card.field("Path", &[&path]);
        }
        card = self.facts.fields(card, self.cves);
        if !self.guests.is_empty() {
            let guests = self.guests.iter().map(|(who, kind, answer)| match answer {
                Answer::Accepted => format!("{who} ({})", kind.word()),
                Answer::Asked => format!("{who} ({}, asked)", kind.word()),
            });
            card = card.field("Guests", &[&guests.collect::<Vec<_>>().join(", ")]);
        }
        for (label, command) in self.choices {
            card = card.choice(casual(*label, format!("vuln {} {command}", self.id)));
        }
        card.into_message()
    }
}

fn guests(case: &Case) -> Vec<(&PersonId, GuestKind, Answer)> {
    let guests = case.guests.iter().map(|(who, guest)| {
        let answer = match guest.accepted {
            Some(_) => Answer::Accepted,
            None => Answer::Asked,
        };
        (who, guest.kind, answer)
    });
    guests.collect()
}

impl<'a> Shown<'a> {
    fn of(facts: &'a Facts) -> Self {
        Self {
            title: &facts.title,
            texts: [
                ("Component", &facts.component),
                ("Weakness", &facts.cwe),
                ("Summary", &facts.summary),
            ],
            affected: &facts.affected,
            fixed: &facts.fixed,
            credits: &facts.credits,
        }
    }

    fn fields(&self, mut card: Text<ToCase>, cves: &BTreeSet<String>) -> Text<ToCase> {
        for (label, text) in self.texts {
            if !text.is_empty() {
                card = card.field(label, &[text]);
            }
        }
        if !cves.is_empty() {
            let ids: Vec<&str> = cves.iter().map(String::as_str).collect();
            card = card.field("CVE", &[&ids.join(", ")]);
        }
        if !self.affected.is_empty() {
            let ranges: Vec<String> = self.affected.iter().map(say::range).collect();
            card = card.field("Affected", &[&ranges.join("; ")]);
        }
        if !self.fixed.is_empty() {
            card = card.field("Fixed in", &[&self.fixed.join(", ")]);
        }
        if !self.credits.is_empty() {
            let names = self.credits.iter().map(|credit| credit.name.as_str());
            card = card.field("Credits", &[&names.collect::<Vec<_>>().join(", ")]);
        }
        card
    }
}

impl Score<'_> {
    fn field(&self, card: Text<ToCase>) -> Text<ToCase> {
        match self {
            Self::Open(0) => card,
            Self::Open(vectors) => card.field("Scores in", &[vectors]),
            Self::Settled(band, Some(vector)) if vector.band() == *band => card
                .field("Severity", &[band, &", ", &vector.scores().overall()])
                .field("Vector", &[*vector]),
            Self::Settled(band, vector) => {
                let card = card.field("Severity", &[band, &", decided by hand"]);
                match vector {
                    Some(vector) => {
                        card.field("Vector", &[*vector, &" is ", &vector.scores().overall()])
                    }
                    None => card,
                }
            }
        }
    }
}

impl<'a> Announcement<'a> {
    fn of(case: &'a Case) -> Self {
        let announcement = &case.announcement;
        let draft = announcement.draft.as_ref();
        let hash = draft.map(|draft| draft.hash.short()).unwrap_or_default();
        match &announcement.state {
            AnnouncementState::None => Self::None,
            AnnouncementState::Draft => Self::Draft {
                hash,
                approvals: announcement.approvals.len(),
            },
            AnnouncementState::Approved => Self::Approved { hash },
            AnnouncementState::Armed { at } if announcement.suspended => {
                Self::Suspended { at: *at }
            }
            AnnouncementState::Armed { at } => Self::Armed { at: *at },
            AnnouncementState::Held { why, .. } => Self::Held { why: *why },
            AnnouncementState::Publishing { .. } => Self::GoingOut,
            AnnouncementState::Published { at } => Self::Out { since: *at },
        }
    }

    fn field(&self, card: Text<ToCase>) -> Text<ToCase> {
        let short = |hash: &&str| (*hash).to_owned();
        let line: &[&dyn Tell<ToCase>] = match self {
            Self::None => return card,
            Self::Draft { hash, approvals } => {
                &[&"draft ", &short(hash), &", approvals: ", approvals]
            }
            Self::Approved { hash } => &[&"approved ", &short(hash)],
            Self::Suspended { at } => &[
                &"armed for ",
                &When(*at, None),
                &", waits for a fresh approval",
            ],
            Self::Armed { at } => &[&"armed for ", &When(*at, None)],
            Self::Held { why } => &[&"held: ", why],
            Self::GoingOut => &[&"going out"],
            Self::Out { since } => &[&"out since ", &When(*since, None)],
        };
        card.field("Announcement", line)
    }
}

/// What one would press next; one row.
fn choices(case: &Case) -> &'static [(&'static str, &'static str)] {
    match case.stage {
        Stage::New => &[("Acknowledge", "ack")],
        Stage::Triaging => &[("Score", "score")],
        Stage::Accepted if case.settled.is_none() && !case.vectors.is_empty() => &[
            ("Score", "score"),
            ("Settle", "score settle"),
            ("Ready", "ready"),
        ],
        Stage::Accepted => &[("Score", "score"), ("Ready", "ready")],
        Stage::Ready => match case.announcement.state {
            AnnouncementState::None => &[("Draft", "announce draft")],
            AnnouncementState::Draft | AnnouncementState::Approved => {
                &[("Preview", "announce preview"), ("Edit", "announce edit")]
            }
            AnnouncementState::Armed { .. } => {
                &[("Preview", "announce preview"), ("Hold", "announce hold")]
            }
            AnnouncementState::Held { .. }
            | AnnouncementState::Publishing { .. }
            | AnnouncementState::Published { .. } => &[("Preview", "announce preview")],
        },
        Stage::Disclosed => &[("Retrospective", "retro")],
        Stage::Closed => &[],
    }
}
