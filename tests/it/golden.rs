//! Events are for ever: what every variant looks like in the journal is written down in
//! `tests/golden/events.jsonl`, a line each. A change there breaks every journal in the world;
//! a new variant or field is added with `UPDATE_GOLDEN=1`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use underrose::domain::announcement::TextHash;
use underrose::domain::case::{Case, Credit, Facts, Link, Range, RangeEnd, RoomRefused, Snapshot};
use underrose::domain::confidential::Confidential;
use underrose::domain::cvss::{Band, Vector};
use underrose::domain::event::{Entry, Event};
use underrose::domain::ids::{CaseId, PersonId};
use underrose::domain::words::{
    CreditKind, GuestKind, HeldWhy, LinkKind, Path, Rule, TextField, Verdict,
};
use underrose_chat::{DeliveryKey, MessageId, MessageRef, Network, RoomId, Target, UserId};

const FILE: &str = "tests/golden/events.jsonl";

fn at() -> DateTime<Utc> {
    "2026-12-01T16:00:00Z".parse().unwrap()
}

fn secret(text: &str) -> Confidential<String> {
    Confidential::new(text.to_owned())
}

/// One of every variant.
fn events() -> Vec<Event> {
    let alice = || PersonId("alice".into());
    let network = || Network("slack".into());
    let room = || RoomId {
        network: network(),
        id: "C1".into(),
    };
    let user = || UserId {
        network: network(),
        id: "U1".into(),
    };
    let vector = || Vector::parse("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H").unwrap();
    let hash = || TextHash("ab".repeat(32));
    let case = CaseId {
        year: 2026,
        number: 6,
    };
    let card = MessageRef {
        to: Target::Room {
            room: room(),
            thread: None,
        },
        message: MessageId("m1".into()),
    };
    let facts = Facts {
        title: "title".into(),
        report: "report".into(),
        duplicates: vec![case],
        affected: vec![Range {
            component: "kubelet".into(),
            introduced: "1.20".into(),
            end: RangeEnd::Fixed("1.29.3".into()),
        }],
        credits: vec![Credit {
            name: "Erin".into(),
            kind: CreditKind::Reporter,
        }],
        ..Facts::default()
    };
    let opened = Event::CaseOpened {
        cause: "c0".into(),
        reporter: PersonId("slack/U9".into()),
        facts: Confidential::new(Box::new(facts)),
        networks: vec![network()],
        ack_due: at(),
        ack_breach: at(),
    };
    let entry = Entry {
        at: at(),
        case: Some(case),
        by: None,
        event: opened.clone(),
    };
    let snapshot = Snapshot(Case::opened(case, &entry).unwrap());
    let open = Range {
        component: "a".into(),
        introduced: "0".into(),
        end: RangeEnd::Open {},
    };
    vec![
        Event::Started {
            epoch: 3,
            tells_time: true,
        },
        Event::Restored { epoch: 3 },
        Event::PolicyLoaded {
            hash: "h".into(),
            accounts: vec![user()],
        },
        Event::ClockWitnessed {},
        Event::ClockDoubted {
            why: "jumped".into(),
        },
        Event::ClockTrusted {},
        Event::Refused {
            rule: "wrong-stage".into(),
            command: "ack".into(),
        },
        Event::HeadShown { seq: 7 },
        Event::FormBegun {
            form: "report".into(),
            place: "slack/direct".into(),
        },
        Event::FormAnswered {
            place: "slack/direct".into(),
            values: Confidential::new(BTreeMap::from([("title".into(), "x".into())])),
            step: 1,
        },
        Event::FormEnded {
            place: "slack/direct".into(),
        },
        opened,
        Event::RoomOpened { room: room() },
        Event::RoomFailed {
            network: network(),
            refused: Some(RoomRefused {
                key: DeliveryKey("k".into()),
                name: "case-2026-0001".into(),
                times: 1,
                again: at(),
            }),
        },
        Event::RoomAgain { network: network() },
        Event::RoomMoved {
            from: room(),
            to: room(),
        },
        Event::RoomExposed {
            room: room(),
            why: "its visibility is public".into(),
        },
        Event::CardPosted {
            at: card,
            version: 2,
        },
        Event::Acked {},
        Event::ToReporter {
            text: secret("hello"),
        },
        Event::FromReporter {
            text: secret("hello"),
        },
        Event::OwnerOffered { to: alice() },
        Event::OwnerSet { owner: alice() },
        Event::OwnerDeclined {},
        Event::Recused {},
        Event::Triaged {
            verdict: Verdict::Duplicate,
            because: secret("same"),
            of: Some(case),
            caps: vec![at()],
        },
        Event::ReportMoved {
            from: case,
            credit: Some(Credit {
                name: "Erin".into(),
                kind: CreditKind::Finder,
            }),
        },
        Event::InfoNeeded {
            questions: secret("which?"),
        },
        Event::Scored { vector: vector() },
        Event::Settled {
            vector: vector(),
            because: secret("why"),
        },
        Event::BandOverridden {
            band: Band::Critical,
            because: secret("why"),
        },
        Event::TextSet {
            field: TextField::Summary,
            text: secret("text"),
        },
        Event::PathSet {
            path: Path::SemiPublic,
            because: secret("why"),
        },
        Event::LeadSet { lead: alice() },
        Event::AffectedAdded {
            range: Confidential::new(open),
        },
        Event::AffectedCleared {},
        Event::FixedSet {
            versions: Confidential::new(vec!["1.29.3".into()]),
        },
        Event::CveAdded {
            id: "CVE-2026-1234".into(),
        },
        Event::CveRemoved {
            id: "CVE-2026-1234".into(),
        },
        Event::CreditAdded {
            credit: Confidential::new(Credit {
                name: "Erin".into(),
                kind: CreditKind::Developer,
            }),
        },
        Event::LinkAdded {
            link: Confidential::new(Link {
                url: "https://example.org".into(),
                kind: LinkKind::Fix,
            }),
        },
        Event::GuestAsked {
            guest: PersonId("slack/U2".into()),
            kind: GuestKind::Fix,
            terms: 1,
            because: secret("why"),
        },
        Event::GuestAccepted {
            guest: PersonId("slack/U2".into()),
            terms: 1,
        },
        Event::GuestDeclined {
            guest: PersonId("slack/U2".into()),
        },
        Event::GuestRemoved {
            guest: PersonId("slack/U2".into()),
            because: secret("why"),
        },
        Event::IntruderRemoved {
            room: room(),
            who: user(),
        },
        Event::RemovalsHeld {
            room: room(),
            who: vec![user()],
        },
        Event::RemovalsConfirmed { who: vec![user()] },
        Event::RemovalsDropped {},
        Event::Readied {},
        Event::EmbargoAsked {
            until: at(),
            because: secret("why"),
        },
        Event::EmbargoSet { until: at() },
        Event::EmbargoLifted {
            because: secret("why"),
        },
        Event::ReleaseVerified {},
        Event::ReleaseWaived {
            because: secret("why"),
        },
        Event::Drafted {
            text: secret("text"),
            hash: hash(),
            targets: vec![vec![room()]],
        },
        Event::Approved {
            hash: hash(),
            earliest: at(),
        },
        Event::Armed { at: at() },
        Event::GoAsked {},
        Event::GoGiven {},
        Event::Held {
            why: HeldWhy::Clock,
        },
        Event::Withdrawn {},
        Event::Publishing { group: 1 },
        Event::TargetPosted { target: room() },
        Event::TargetFailed {
            target: room(),
            reason: "archived".into(),
            again: at(),
        },
        Event::TargetAgain { target: room() },
        Event::TargetsMissing {},
        Event::Published { retro_due: at() },
        Event::RetroFiled {
            text: secret("text"),
        },
        Event::RetroWaived {
            because: secret("why"),
        },
        Event::Closed {
            because: secret("why"),
        },
        Event::Reopened {
            because: secret("why"),
            snapshot: Box::new(snapshot),
        },
        Event::DeadlineFired {
            rule: Rule::EmbargoCap,
            step: 2,
        },
        Event::PageQueued {
            to: vec![alice()],
            step: 0,
            at: at(),
        },
        Event::Paged {
            to: vec![alice()],
            step: 1,
            again: at(),
            escalate: at(),
            told: vec![alice()],
        },
        Event::PageAcked {},
        Event::PageDeclined {},
        Event::PageUnanswered {},
        Event::Undelivered {
            network: network(),
            reason: "down".into(),
            case: Some(case),
        },
        Event::ShiftStarted {
            duty: alice(),
            turn: 4,
            until: at(),
        },
        Event::OverrideSet {
            duty: alice(),
            from: at(),
            until: at(),
        },
        Event::HandoffOffered { to: alice() },
        Event::HandoffAccepted {
            duty: alice(),
            until: at(),
        },
        Event::HandoffDeclined {},
        Event::DutyChanged {
            duty: Some(alice()),
        },
    ]
}

#[test]
fn every_event_is_encoded_as_ever() {
    let now: Vec<String> = events()
        .iter()
        .map(|event| serde_json::to_string(event).unwrap())
        .collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(FILE, now.join("\n") + "\n").unwrap();
    }
    let golden = std::fs::read_to_string(FILE).unwrap();
    assert_eq!(golden.lines().collect::<Vec<_>>(), now);
    for (line, event) in golden.lines().zip(events()) {
        let read: Event = serde_json::from_str(line).unwrap();
        assert!(read == event, "{line} is not read as what was written");
    }
}

/// The list above holds every variant of the source.
#[test]
fn no_event_is_without_a_golden_line() {
    let source = std::fs::read_to_string("src/domain/event.rs").unwrap();
    let body = source
        .split("pub enum Event {")
        .nth(1)
        .unwrap()
        .split("\n}\n")
        .next()
        .unwrap();
    let declared: BTreeSet<String> = body
        .lines()
        .filter(|line| line.starts_with("    ") && !line.starts_with("     "))
        .map(|line| line.trim().split([' ', '{']).next().unwrap().to_owned())
        .filter(|word| word.starts_with(|c: char| c.is_ascii_uppercase()))
        .collect();
    let written: BTreeSet<String> = events().iter().map(|event| camel(&event.name())).collect();
    assert_eq!(declared, written);
}

fn camel(name: &str) -> String {
    name.split('_')
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect()
}

/// Journals of older versions lack fields that came later.
#[test]
fn older_encodings_are_read() {
    let paged = r#"{"paged":{"to":["alice"],"step":1,"again":"2026-12-01T16:00:00Z","escalate":"2026-12-01T16:00:00Z"}}"#;
    let read: Event = serde_json::from_str(paged).unwrap();
    assert_eq!(read.name(), "paged");
}
