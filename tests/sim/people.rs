//! What people do: a plan that brings a case to its end, and all that gets in its way.

use chrono::TimeDelta;
use underrose::domain::announcement::AnnouncementState;
use underrose::domain::case::{Case, Embargo, Release, Retro};
use underrose::domain::policy::Policy;
use underrose::domain::words::Stage;

use crate::chance::Chance;
use crate::checks::{PUBLIC, SECRET};

const V: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";

/// The next step of a case towards its end: who says what in its room.
pub fn plan(
    case: &Case,
    policy: &Policy,
    chance: &mut Chance,
    now: chrono::DateTime<chrono::Utc>,
) -> Option<(String, String)> {
    let owner = case
        .owner
        .as_ref()
        .map_or("alice".to_owned(), ToString::to_string);
    let by = |who: &str, text: String| Some((who.to_owned(), text));
    let hash = case
        .announcement
        .draft
        .as_ref()
        .map(|draft| draft.hash.short().to_owned())
        .unwrap_or_default();
    let others: Vec<&str> = ["alice", "bob", "carol", "dave"]
        .into_iter()
        .filter(|who| !case.recused.iter().any(|recused| recused.0 == *who))
        .collect();
    if let Some((first, _)) = &case.embargo_asked
        && chance.one_in(2)
        && let Some(second) = others.iter().find(|who| **who != first.0)
    {
        return by(second, "vuln embargo second".to_owned());
    }
    if let Some(guest) = case.guests.keys().next()
        && chance.one_in(6)
    {
        let account = guest.0.rsplit('/').next().unwrap_or(&guest.0);
        return by(&owner, format!("vuln remove {account} because {SECRET}"));
    }
    match case.stage {
        Stage::New => by("alice", format!("vuln ack {SECRET} thanks")),
        Stage::Triaging => by(&owner, format!("vuln triage valid because {SECRET}")),
        Stage::Accepted if case.settled.is_none() => {
            by(&owner, format!("vuln score settle {V} because {SECRET}"))
        }
        Stage::Accepted if case.embargo == Embargo::None => {
            let hours = i64::try_from(1 + chance.below(60)).unwrap();
            let good = policy.slots.next_good(now + TimeDelta::hours(hours));
            by(
                &owner,
                format!("vuln embargo until {} UTC", good.format("%Y-%m-%d %H:%M")),
            )
        }
        Stage::Accepted => by(&owner, "vuln ready".to_owned()),
        Stage::Ready => match &case.announcement.state {
            // Some committees forget to verify until the announcement is held.
            _ if case.release == Release::Unknown
                && !case.id.number.is_multiple_of(4)
                && !chance.one_in(3) =>
            {
                by(
                    &owner,
                    if chance.one_in(4) {
                        format!("vuln release waive because {SECRET}")
                    } else {
                        "vuln release verified".to_owned()
                    },
                )
            }
            AnnouncementState::None => by(
                &owner,
                format!(
                    "vuln announce draft {PUBLIC} {} {}",
                    case.id,
                    chance.number()
                ),
            ),
            AnnouncementState::Draft => {
                let ends = matches!(case.embargo, Embargo::Until(_));
                if !ends && chance.one_in(2) {
                    return by(&owner, format!("vuln announce arm {hash}"));
                }
                if ends && chance.one_in(12) {
                    return by(&owner, format!("vuln embargo lift because {SECRET}"));
                }
                if !matches!(case.embargo, Embargo::Until(at) if at > now) {
                    let good = policy.slots.next_good(now + TimeDelta::hours(3));
                    return by(
                        &owner,
                        format!("vuln embargo until {} UTC", good.format("%Y-%m-%d %H:%M")),
                    );
                }
                let who = (*chance.pick(&others)).to_owned();
                by(&who, format!("vuln announce approve {hash}"))
            }
            AnnouncementState::Approved if !matches!(case.embargo, Embargo::Until(at) if at > now) =>
            {
                let good = policy.slots.next_good(now + TimeDelta::hours(3));
                by(
                    &owner,
                    format!("vuln embargo until {} UTC", good.format("%Y-%m-%d %H:%M")),
                )
            }
            AnnouncementState::Approved => by(&owner, format!("vuln announce arm {hash}")),
            AnnouncementState::Armed { .. } if case.announcement.suspended => {
                let who = (*chance.pick(&others)).to_owned();
                by(&who, format!("vuln announce approve {hash}"))
            }
            AnnouncementState::Held { .. } if case.announcement.suspended => {
                by(&owner, format!("vuln announce approve {hash}"))
            }
            AnnouncementState::Held { .. } if case.release == Release::Unknown => {
                by(&owner, "vuln release verified".to_owned())
            }
            AnnouncementState::Held { .. } => by(&owner, format!("vuln announce go {hash}")),
            AnnouncementState::Armed { .. }
            | AnnouncementState::Publishing { .. }
            | AnnouncementState::Published { .. } => None,
        },
        Stage::Disclosed if case.retro == Retro::None => by(
            &owner,
            match chance.below(3) {
                0 => "vuln retro".to_owned(),
                1 => format!("vuln retro {SECRET}"),
                _ => format!("vuln retro waive because {SECRET}"),
            },
        ),
        Stage::Disclosed => by(&owner, "vuln close".to_owned()),
        Stage::Closed => None,
    }
}

/// Something that somebody says somewhere.
pub fn noise(chance: &mut Chance, case: &str, now: chrono::DateTime<chrono::Utc>) -> String {
    let who = *chance.pick(&["alice", "bob", "carol", "dave", "erin", "frank", "mallory"]);
    let day = |chance: &mut Chance, from: i64| {
        let at = now + TimeDelta::hours(from + i64::try_from(chance.below(200)).unwrap());
        at.format("%Y-%m-%d %H:%M UTC").to_string()
    };
    match chance.below(96) {
        0 => "vuln help".into(),
        1 => "vuln help announce arm".into(),
        2 | 3 => format!("vuln report {SECRET} title {}", chance.number()),
        4 => "vuln report".into(),
        5 => format!("vuln {case} status"),
        6 => "vuln list".into(),
        7 => "vuln next".into(),
        8 => format!("vuln timeline {case}"),
        9 => "vuln why".into(),
        10 => "vuln own".into(),
        11 | 12 => format!("vuln own {who}"),
        13 => format!("vuln {case} own accept"),
        14 => format!("vuln {case} own decline"),
        15 => {
            if chance.one_in(6) {
                "vuln recuse".into()
            } else {
                "vuln status".into()
            }
        }
        16 => format!("vuln triage bug because {SECRET}"),
        17 => format!("vuln triage duplicate 2026-0001 because {SECRET}"),
        18 => format!("vuln need-info {SECRET}?"),
        19 => format!("vuln say {SECRET}"),
        20 | 21 => format!("vuln {case} score {V}"),
        22 | 23 => format!("vuln {case} score"),
        24 => "vuln score CVSS:3.1/AV:N".into(),
        25 => format!("vuln {case} severity critical because {SECRET}"),
        26 => format!("vuln path private because {SECRET}"),
        27 => format!("vuln lead {who}"),
        28 => format!("vuln title {SECRET}"),
        29 => "vuln component kubelet".into(),
        30 => "vuln cwe CWE-79".into(),
        31 => format!("vuln summary {PUBLIC} summary"),
        32 => format!("vuln details {PUBLIC} details"),
        33 => format!("vuln mitigation {PUBLIC}"),
        34 => format!("vuln detection {PUBLIC}"),
        35 => "vuln affects kubelet from 1.20 before 1.29.3".into(),
        36 => "vuln affects kubelet from 1 before 2 through 3".into(),
        37 => "vuln affects nothing".into(),
        38 => "vuln fixed 1.29.3".into(),
        39 => "vuln cve CVE-2026-1234".into(),
        40 => "vuln cve remove CVE-2026-1234".into(),
        41 => "vuln credit Erin as reporter".into(),
        42 => "vuln link https://example.org/x as fix".into(),
        43 | 44 => format!(
            "vuln add {} as {} because {SECRET}",
            chance.pick(&["frank", "grace", "erin"]),
            chance.pick(&["fix", "release", "expert"])
        ),
        45 => format!(
            "vuln remove {} because {SECRET}",
            chance.pick(&["frank", "grace", "dave"])
        ),
        46..=48 => format!("vuln terms accept {case} 1"),
        49 => format!("vuln terms accept {case} 7"),
        50 => format!("vuln terms decline {case}"),
        51 => "vuln removals confirm".into(),
        52 => "vuln removals drop".into(),
        53 => format!("vuln embargo until {}", day(chance, -20)),
        54 => format!("vuln embargo until {} because {SECRET}", day(chance, 1)),
        55 | 56 => "vuln embargo second".into(),
        57 => {
            if chance.one_in(4) {
                format!("vuln embargo lift because {SECRET}")
            } else {
                "vuln list".into()
            }
        }
        58 => "vuln release verified".into(),
        59 => format!("vuln release waive because {SECRET}"),
        60 => "vuln announce draft".into(),
        61 => format!(
            "vuln announce edit {PUBLIC} {case} edited {}",
            chance.number()
        ),
        62 => "vuln announce preview".into(),
        63 => "vuln announce approve 00000000".into(),
        64 => "vuln announce arm".into(),
        65 => "vuln announce hold".into(),
        66 => "vuln announce go".into(),
        67 => {
            if chance.one_in(4) {
                "vuln announce withdraw".into()
            } else {
                "vuln announce preview".into()
            }
        }
        68 => "vuln close".into(),
        69 => format!(
            "vuln reopen 2026-000{} because {SECRET}",
            1 + chance.below(9)
        ),
        70 => "oncall now".into(),
        71 => "oncall who".into(),
        72 => "oncall ack".into(),
        73 => format!("oncall ack {case}"),
        74 => "oncall decline".into(),
        75 => format!("oncall decline {case}"),
        76 => format!("oncall handoff {who}"),
        77 => "oncall accept".into(),
        78 => "oncall refuse".into(),
        79 => format!(
            "oncall override {who} from {} until {}",
            day(chance, 0),
            day(chance, 150)
        ),
        80 => "vuln reprot x".into(),
        81 => "vuln 2026-9999 status".into(),
        82 => "vuln announce".into(),
        83 => format!("{SECRET} just talking"),
        84 => "vuln say \u{7} bell".into(),
        85 => {
            if chance.one_in(10) {
                "x".repeat(70_000)
            } else {
                "vuln help".into()
            }
        }
        86 => (*chance.pick(&["N", "back", "cancel", "4.0", "none", "Low"])).into(),
        87 => V.into(),
        88 => (*chance.pick(&["AV:N", "AC:L", "PR:N", "UI:N", "S:U", "C:H", "I:H", "A:H"])).into(),
        89 => "vuln ack".into(),
        90 => "vuln 2026-9999 ack".into(),
        91 => format!("vuln triage duplicate {case} because {SECRET}"),
        92 => format!("vuln embargo until {} because {SECRET}", day(chance, -100)),
        93 => "vuln title ".to_owned() + &"t".repeat(300),
        94 => format!("vuln retro waive because {SECRET}"),
        _ => "vuln next".into(),
    }
}
