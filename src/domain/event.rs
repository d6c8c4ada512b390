//! What the journal says happened. A variant's name is for ever, a new field has a default.
//! Events are replayed, never decisions: whatever policy decided stands here as a fixed value.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use underrose_chat::{MessageRef, Network, RoomId, UserId};

use super::announcement::TextHash;
use super::case::{Credit, Facts, Link, Range, RoomRefused, Snapshot};
use super::confidential::{Confidential, sealed};
use super::cvss::{Band, Vector};
use super::ids::{CaseId, PersonId};
use super::words::{GuestKind, HeldWhy, Path, Rule, TextField, Verdict};

/// A line of the journal. Time and case stand in its clear header, the rest is sealed.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    #[serde(skip)]
    pub at: DateTime<Utc>,
    #[serde(skip)]
    pub case: Option<CaseId>,
    /// Who did it; `None` is the bot itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
    pub event: Event,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    // The bot itself.
    Started {
        epoch: u64,
        tells_time: bool,
    },
    Restored {
        epoch: u64,
    },
    PolicyLoaded {
        hash: String,
        accounts: Vec<UserId>,
    },
    ClockWitnessed {},
    ClockDoubted {
        why: String,
    },
    ClockTrusted {},
    /// Which rule refused whom, and no content.
    Refused {
        rule: String,
        command: String,
    },
    /// The journal's head was shown to the committee, against truncation.
    HeadShown {
        seq: u64,
    },

    // Conversations: a form where the network has none.
    FormBegun {
        form: String,
        place: String,
    },
    FormAnswered {
        place: String,
        #[serde(with = "sealed")]
        values: Confidential<BTreeMap<String, String>>,
        step: u32,
    },
    FormEnded {
        place: String,
    },

    // Intake.
    CaseOpened {
        cause: String,
        reporter: PersonId,
        #[serde(with = "sealed")]
        facts: Confidential<Box<Facts>>,
        networks: Vec<Network>,
        ack_due: DateTime<Utc>,
        ack_breach: DateTime<Utc>,
    },
    RoomOpened {
        room: RoomId,
    },
    RoomFailed {
        network: Network,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refused: Option<RoomRefused>,
    },
    /// The room that a network refused is asked for again.
    RoomAgain {
        network: Network,
    },
    /// The network replaced the room by another.
    RoomMoved {
        from: RoomId,
        to: RoomId,
    },
    /// The room is not private any more.
    RoomExposed {
        room: RoomId,
        why: String,
    },
    CardPosted {
        at: MessageRef,
        version: u64,
    },
    Acked {},
    ToReporter {
        #[serde(with = "sealed")]
        text: Confidential<String>,
    },
    FromReporter {
        #[serde(with = "sealed")]
        text: Confidential<String>,
    },
    OwnerOffered {
        to: PersonId,
    },
    OwnerSet {
        owner: PersonId,
    },
    OwnerDeclined {},
    Recused {},
    Triaged {
        verdict: Verdict,
        #[serde(with = "sealed")]
        because: Confidential<String>,
        of: Option<CaseId>,
        caps: Vec<DateTime<Utc>>,
    },
    /// Another case's report turned out to be this one's.
    ReportMoved {
        from: CaseId,
        credit: Option<Credit>,
    },
    InfoNeeded {
        #[serde(with = "sealed")]
        questions: Confidential<String>,
    },

    // Scoring.
    Scored {
        vector: Vector,
    },
    Settled {
        vector: Vector,
        #[serde(with = "sealed")]
        because: Confidential<String>,
    },
    BandOverridden {
        band: Band,
        #[serde(with = "sealed")]
        because: Confidential<String>,
    },

    // Facts.
    TextSet {
        field: TextField,
        #[serde(with = "sealed")]
        text: Confidential<String>,
    },
    PathSet {
        path: Path,
        #[serde(with = "sealed")]
        because: Confidential<String>,
    },
    LeadSet {
        lead: PersonId,
    },
    AffectedAdded {
        #[serde(with = "sealed")]
        range: Confidential<Range>,
    },
    AffectedCleared {},
    FixedSet {
        #[serde(with = "sealed")]
        versions: Confidential<Vec<String>>,
    },
    CveAdded {
        id: String,
    },
    CveRemoved {
        id: String,
    },
    CreditAdded {
        #[serde(with = "sealed")]
        credit: Confidential<Credit>,
    },
    LinkAdded {
        #[serde(with = "sealed")]
        link: Confidential<Link>,
    },

    // Need to know.
    GuestAsked {
        guest: PersonId,
        kind: GuestKind,
        terms: u32,
        #[serde(with = "sealed")]
        because: Confidential<String>,
    },
    GuestAccepted {
        guest: PersonId,
        terms: u32,
    },
    GuestDeclined {
        guest: PersonId,
    },
    GuestRemoved {
        guest: PersonId,
        #[serde(with = "sealed")]
        because: Confidential<String>,
    },
    IntruderRemoved {
        room: RoomId,
        who: UserId,
    },
    RemovalsHeld {
        room: RoomId,
        who: Vec<UserId>,
    },
    RemovalsConfirmed {
        who: Vec<UserId>,
    },
    RemovalsDropped {},

    // Embargo, release, announcement.
    Readied {},
    EmbargoAsked {
        until: DateTime<Utc>,
        #[serde(with = "sealed")]
        because: Confidential<String>,
    },
    EmbargoSet {
        until: DateTime<Utc>,
    },
    EmbargoLifted {
        #[serde(with = "sealed")]
        because: Confidential<String>,
    },
    ReleaseVerified {},
    ReleaseWaived {
        #[serde(with = "sealed")]
        because: Confidential<String>,
    },
    Drafted {
        #[serde(with = "sealed")]
        text: Confidential<String>,
        hash: TextHash,
        targets: Vec<Vec<RoomId>>,
    },
    Approved {
        hash: TextHash,
        earliest: DateTime<Utc>,
    },
    Armed {
        at: DateTime<Utc>,
    },
    GoAsked {},
    GoGiven {},
    Held {
        why: HeldWhy,
    },
    Withdrawn {},
    /// The targets were promised to the outbox: from here on nothing takes the announcement back.
    Publishing {
        group: usize,
    },
    TargetPosted {
        target: RoomId,
    },
    TargetFailed {
        target: RoomId,
        reason: String,
        again: DateTime<Utc>,
    },
    TargetAgain {
        target: RoomId,
    },
    TargetsMissing {},
    Published {
        retro_due: DateTime<Utc>,
    },

    // The end.
    RetroFiled {
        #[serde(with = "sealed")]
        text: Confidential<String>,
    },
    RetroWaived {
        #[serde(with = "sealed")]
        because: Confidential<String>,
    },
    Closed {
        #[serde(with = "sealed")]
        because: Confidential<String>,
    },
    Reopened {
        #[serde(with = "sealed")]
        because: Confidential<String>,
        snapshot: Box<Snapshot>,
    },

    // Deadlines and pages. `to` holds a page until it is answered or moves on.
    DeadlineFired {
        rule: Rule,
        step: u32,
    },
    PageQueued {
        to: Vec<PersonId>,
        step: u32,
        at: DateTime<Utc>,
    },
    Paged {
        to: Vec<PersonId>,
        step: u32,
        again: DateTime<Utc>,
        escalate: DateTime<Utc>,
        /// To whom it was said this time.
        #[serde(default)]
        told: Vec<PersonId>,
    },
    PageAcked {},
    PageDeclined {},
    PageUnanswered {},
    /// A page or a message could not be delivered; where to, and the network's reason.
    Undelivered {
        network: Network,
        reason: String,
        /// What it was about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<CaseId>,
    },

    // On call.
    ShiftStarted {
        duty: PersonId,
        turn: u64,
        until: DateTime<Utc>,
    },
    OverrideSet {
        duty: PersonId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    },
    HandoffOffered {
        to: PersonId,
    },
    HandoffAccepted {
        duty: PersonId,
        until: DateTime<Utc>,
    },
    HandoffDeclined {},
    DutyChanged {
        duty: Option<PersonId>,
    },
}

impl Event {
    /// What of it may be shown to whoever reads the journal without content: a rule, a step, a
    /// reason. Empty where the name says all.
    pub fn detail(&self) -> String {
        match self {
            Self::Refused { rule, .. } => rule.clone(),
            Self::DeadlineFired { rule, step } => format!("{} {step}", rule.word()),
            Self::Held { why } => why.word().to_owned(),
            Self::Paged { step, .. } => step.to_string(),
            Self::Triaged { verdict, .. } => verdict.word().to_owned(),
            _ => String::new(),
        }
    }

    /// The variant's name in the journal.
    pub fn name(&self) -> String {
        // The one list of names is the encoding itself.
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(fields)) => fields.keys().next().cloned(),
            Ok(_) | Err(_) => None,
        }
        .unwrap_or_default()
    }
}
