//! A case: the committee's work on one vulnerability, as the fold of its events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use underrose_chat::{DeliveryKey, MessageRef, Network, RoomId, UserId};

use super::announcement::Announcement;
use super::confidential::{Confidential, sealed};
use super::cvss::{Band, Vector};
use super::ids::{CaseId, PersonId};
use super::words::{CreditKind, GuestKind, LinkKind, Path, Rule, Stage, TextField};

/// Everything about a case that an advisory is made of, structured from the first day.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    pub title: String,
    pub report: String,
    /// Reports that were duplicates of this one: their cases.
    pub duplicates: Vec<CaseId>,
    pub component: String,
    pub cwe: String,
    pub summary: String,
    pub details: String,
    pub mitigation: String,
    pub detection: String,
    pub affected: Vec<Range>,
    pub fixed: Vec<String>,
    pub credits: Vec<Credit>,
    pub links: Vec<Link>,
}

/// Versions that are affected, as OSV spells it: never both `fixed` and `last_affected`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Range {
    pub component: String,
    /// `0` is "from the beginning".
    pub introduced: String,
    #[serde(flatten)]
    pub end: RangeEnd,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RangeEnd {
    Fixed(String),
    LastAffected(String),
    /// No version is fixed.
    Open {},
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Credit {
    /// As the person wants it printed.
    pub name: String,
    pub kind: CreditKind,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Link {
    pub url: String,
    pub kind: LinkKind,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    pub id: CaseId,
    /// Names the opening event; keys of deliveries are made from it.
    pub cause: String,
    pub opened: DateTime<Utc>,
    pub stage: Stage,
    pub reporter: PersonId,
    #[serde(with = "sealed")]
    pub facts: Confidential<Box<Facts>>,
    pub cves: BTreeSet<String>,
    pub path: Option<Path>,
    pub owner: Option<PersonId>,
    pub owner_offered: Option<PersonId>,
    pub lead: Option<PersonId>,
    pub recused: BTreeSet<PersonId>,
    pub guests: BTreeMap<PersonId, Guest>,
    pub networks: Vec<Network>,
    pub rooms: BTreeMap<Network, CaseRoom>,
    /// Networks that refused the case's room.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rooms_refused: BTreeMap<Network, RoomRefused>,
    pub waiting_for_reporter: Option<DateTime<Utc>>,
    pub vectors: BTreeMap<PersonId, Vector>,
    pub settled: Option<Vector>,
    pub band: Option<Band>,
    pub embargo: Embargo,
    /// A slot that breaks a rule, waiting for a second member.
    pub embargo_asked: Option<(PersonId, DateTime<Utc>)>,
    pub release: Release,
    pub announcement: Announcement,
    pub retro: Retro,
    pub deadlines: BTreeMap<Rule, Deadline>,
    pub page: Option<Page>,
    #[serde(with = "super::ids::pairs")]
    pub removals_held: BTreeMap<RoomId, Vec<UserId>>,
    /// How often somebody who is not on the list came back.
    #[serde(with = "super::ids::pairs")]
    pub intruders: BTreeMap<UserId, u32>,
    /// Shared, so that a copy of the case costs no copy of its history.
    pub timeline: Arc<Vec<Moment>>,
    /// Counts the events: what a card shows is of a version.
    pub version: u64,
}

/// A whole case in an event: what reopening needs of the journal.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Snapshot(pub Case);

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Guest {
    pub kind: GuestKind,
    /// The version of the terms that were accepted, and when; `None` while pending.
    pub accepted: Option<(u32, DateTime<Utc>)>,
    pub asked_by: Option<PersonId>,
}

/// A room that could not be made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RoomRefused {
    /// Under which it was asked for, and is again: a network that made it after all is known by it.
    pub key: DeliveryKey,
    pub name: String,
    pub times: u32,
    /// The latest instant there is, while it is asked for.
    pub again: DateTime<Utc>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CaseRoom {
    pub room: RoomId,
    pub card: Option<MessageRef>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Embargo {
    #[default]
    None,
    Until(DateTime<Utc>),
    Lifted,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Release {
    #[default]
    Unknown,
    Verified(PersonId),
    Waived(PersonId),
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retro {
    #[default]
    None,
    Filed,
    Waived,
}

/// A due instant, fixed at its cause. `steps` are the instants still to come, earliest first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Deadline {
    pub steps: Vec<DateTime<Utc>>,
    pub step: u32,
}

/// A call to the duty that nobody has answered yet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Page {
    /// Who holds it.
    pub to: Vec<PersonId>,
    /// How far up the ladder: 0 is the duty.
    pub step: u32,
    pub next: PageNext,
    pub declined: BTreeSet<PersonId>,
    /// To whom it has been said on this step.
    pub told: BTreeSet<PersonId>,
    /// How often it has been said on this step.
    pub times: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageNext {
    /// Waits for the holder's working hours.
    Send(DateTime<Utc>),
    /// Said; said again, and handed on, at these instants.
    Answer {
        again: DateTime<Utc>,
        escalate: DateTime<Utc>,
    },
    /// The ladder has no more steps; the deadlines still run.
    Nobody {},
}

/// A moment of the timeline, without content.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Moment {
    pub at: DateTime<Utc>,
    pub by: Option<PersonId>,
    pub what: String,
}

impl Facts {
    pub fn text(&self, field: TextField) -> &str {
        match field {
            TextField::Title => &self.title,
            TextField::Component => &self.component,
            TextField::Cwe => &self.cwe,
            TextField::Summary => &self.summary,
            TextField::Details => &self.details,
            TextField::Mitigation => &self.mitigation,
            TextField::Detection => &self.detection,
        }
    }

    pub(super) fn text_mut(&mut self, field: TextField) -> &mut String {
        match field {
            TextField::Title => &mut self.title,
            TextField::Component => &mut self.component,
            TextField::Cwe => &mut self.cwe,
            TextField::Summary => &mut self.summary,
            TextField::Details => &mut self.details,
            TextField::Mitigation => &mut self.mitigation,
            TextField::Detection => &mut self.detection,
        }
    }
}

impl Case {
    /// On the need-to-know list: a member who is not recused, or a guest who accepted the terms.
    pub fn admits(&self, person: &PersonId, members: &BTreeSet<PersonId>) -> bool {
        if self.recused.contains(person) {
            return false;
        }
        members.contains(person)
            || self
                .guests
                .get(person)
                .is_some_and(|guest| guest.accepted.is_some())
    }

    /// Everybody on the need-to-know list.
    pub fn list(&self, members: &BTreeSet<PersonId>) -> BTreeSet<PersonId> {
        members
            .iter()
            .chain(self.guests.keys())
            .filter(|person| self.admits(person, members))
            .cloned()
            .collect()
    }

    pub fn is_guest(&self, person: &PersonId, kind: GuestKind) -> bool {
        self.guests
            .get(person)
            .is_some_and(|guest| guest.kind == kind && guest.accepted.is_some())
    }

    /// Who decides severity and date: the fix lead, or the owner while there is none.
    pub fn fix_lead(&self) -> Option<&PersonId> {
        self.lead.as_ref().or(self.owner.as_ref())
    }

    /// The band that counts: an override, or the settled vector's.
    pub fn severity(&self) -> Option<Band> {
        self.band
            .or_else(|| self.settled.as_ref().map(Vector::band))
    }

    /// The room's name: opaque.
    pub fn room_name(&self) -> String {
        format!("case-{}", self.id)
    }

    pub fn room_on(&self, network: &Network) -> Option<&RoomId> {
        self.rooms.get(network).map(|room| &room.room)
    }
}
