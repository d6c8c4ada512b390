//! What must hold after every step.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use underrose::domain::decision::{Promise, Purpose};
use underrose::domain::event::{Entry, Event};
use underrose::domain::ids::CaseId;
use underrose::domain::words::Rule;
use underrose_chat::{Action, DeliveryKey, RoomId, Target};

/// Planted in every confidential text.
pub const SECRET: &str = "SECRETMARKER";
/// Planted in what is meant for the public.
pub const PUBLIC: &str = "PUBLICTEXT";

/// Looks at everything that reaches a network.
#[derive(Default)]
pub struct Watch {
    /// Announcements by case and room, with the text.
    announced: BTreeMap<(CaseId, RoomId), String>,
    /// By key, when what is said under it was promised first.
    promised: BTreeMap<DeliveryKey, DateTime<Utc>>,
    /// How far the journal was ahead of the wall clock at most.
    ahead: TimeDelta,
    /// The instant for which each case is armed.
    pub instants: BTreeMap<CaseId, DateTime<Utc>>,
    /// Who accepted the terms of which case.
    pub accepted: BTreeSet<(CaseId, String)>,
    /// Steps of deadlines that have fired: each does once, until the case is opened anew.
    fired: BTreeSet<(CaseId, Rule, u32)>,
    /// Members need no terms: they are invited when a room was replaced.
    pub members: BTreeSet<String>,
    /// The public rooms in groups; a group waits for the one before.
    pub groups: Vec<Vec<RoomId>>,
    /// When the last entry was journaled: time never runs backwards.
    pub last: DateTime<Utc>,
}

impl Watch {
    /// Something is tried. What is promised again under its key is looked for, by a later process,
    /// from the first promise on; adapters look an hour further back, since clocks differ. Where the
    /// journal was ahead of the wall clock, its time says no more than that.
    pub fn attempt(&mut self, promise: &Promise, wall: DateTime<Utc>) {
        self.ahead = self.ahead.max(self.last - wall);
        let kept = matches!(
            promise.purpose,
            Purpose::Announcement { .. } | Purpose::Card { .. }
        );
        if !kept {
            return;
        }
        let known = self.promised.entry(promise.key.clone());
        let first = *known.or_insert(promise.since);
        assert!(
            promise.since <= first + TimeDelta::hours(1) + self.ahead,
            "promised at {first}, and looked for since {} only: {}",
            promise.since,
            promise.key
        );
    }

    /// One effect took place, at this true time.
    pub fn effect(
        &mut self,
        promise: &Promise,
        public: bool,
        committee: bool,
        true_now: DateTime<Utc>,
    ) {
        let text = serde_json::to_string(&promise.action).unwrap();
        let secret = text.contains(SECRET);
        match &promise.action {
            Action::OpenRoom { .. } | Action::SetTopic { .. } => {
                assert!(!secret, "content in a room's name or topic: {text}");
            }
            Action::Post { to, .. } => {
                let direct = matches!(to, Target::Direct { .. });
                assert!(!(secret && public), "content in a public room: {text}");
                assert!(
                    !(secret && committee),
                    "content in a committee room: {text}"
                );
                let page = matches!(promise.purpose, Purpose::Page { .. } | Purpose::Notice);
                assert!(!(secret && page && direct), "content in a page: {text}");
                if public {
                    self.announcement(promise, to, &text, true_now);
                }
            }
            Action::Invite { who, .. } => {
                let guest = promise.case.map(|case| (case, who.id.clone()));
                assert!(
                    self.members.contains(&who.id)
                        || guest.is_some_and(|guest| self.accepted.contains(&guest)),
                    "invited without terms: {who:?}"
                );
            }
            Action::Edit { .. }
            | Action::Remove { .. }
            | Action::Archive { .. }
            | Action::Pin { .. }
            | Action::SetOnCall { .. } => {}
        }
    }

    fn announcement(
        &mut self,
        promise: &Promise,
        to: &Target,
        text: &str,
        true_now: DateTime<Utc>,
    ) {
        assert!(
            matches!(promise.purpose, Purpose::Announcement { .. }) && text.contains(PUBLIC),
            "something else in a public room: {text}"
        );
        let (Some(case), Target::Room { room, .. }) = (promise.case, to) else {
            panic!("an announcement without a case: {text}");
        };
        let at = self
            .instants
            .get(&case)
            .copied()
            .expect("an announcement of a case that is not armed");
        assert!(at <= true_now, "announced at {true_now}, armed for {at}");
        for group in self.groups.iter().take_while(|group| !group.contains(room)) {
            let first = group
                .iter()
                .all(|room| self.announced.contains_key(&(case, room.clone())));
            assert!(first, "{room:?} has the announcement before {group:?}");
        }
        // A case that was opened again and disclosed again announces another text.
        let before = self.announced.insert((case, room.clone()), text.to_owned());
        assert!(
            before.as_deref() != Some(text),
            "announced twice in {room:?}: {text}"
        );
    }

    /// One more entry was journaled.
    pub fn entry(&mut self, entry: &Entry) {
        assert!(entry.at >= self.last, "time ran backwards in the journal");
        self.last = entry.at;
        let Some(case) = entry.case else { return };
        match &entry.event {
            Event::Armed { at } | Event::EmbargoSet { until: at } => {
                self.instants.insert(case, *at);
            }
            Event::DeadlineFired { rule, step } => {
                let first = self.fired.insert((case, *rule, *step));
                assert!(
                    first,
                    "a deadline fired twice: {case} {} {step}",
                    rule.word()
                );
            }
            Event::Reopened { .. } => self.fired.retain(|(fired, _, _)| *fired != case),
            Event::GuestAccepted { guest, .. } => {
                let id = guest.0.rsplit('/').next().unwrap_or_default().to_owned();
                self.accepted.insert((case, id));
            }
            _ => {}
        }
    }

    pub fn rooms_announced(&self, case: CaseId) -> usize {
        self.announced.keys().filter(|(of, _)| *of == case).count()
    }
}
