//! A case's life: opened, recused from, triaged, paged about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::announcement::Announcement;
use crate::domain::case::{Case, Deadline, Embargo, Page, PageNext, Release, Retro};
use crate::domain::event::{Entry, Event};
use crate::domain::ids::{CaseId, PersonId};
use crate::domain::words::{Rule, Stage, Verdict};

impl Case {
    /// The case that a `CaseOpened` opens.
    pub fn opened(id: CaseId, entry: &Entry) -> Option<Self> {
        let Event::CaseOpened {
            cause,
            reporter,
            facts,
            networks,
            ack_due,
            ack_breach,
        } = &entry.event
        else {
            return None;
        };
        let deadline = |at: DateTime<Utc>| Deadline {
            steps: vec![at],
            step: 0,
        };
        let mut case = Self {
            id,
            cause: cause.clone(),
            opened: entry.at,
            stage: Stage::New,
            reporter: reporter.clone(),
            facts: facts.clone(),
            cves: BTreeSet::new(),
            path: None,
            owner: None,
            owner_offered: None,
            lead: None,
            recused: BTreeSet::new(),
            guests: BTreeMap::new(),
            networks: networks.clone(),
            rooms: BTreeMap::new(),
            waiting_for_reporter: None,
            vectors: BTreeMap::new(),
            settled: None,
            band: None,
            embargo: Embargo::None,
            embargo_asked: None,
            release: Release::Unknown,
            announcement: Announcement::default(),
            retro: Retro::None,
            deadlines: BTreeMap::from([
                (Rule::Ack, deadline(*ack_due)),
                (Rule::AckBreach, deadline(*ack_breach)),
            ]),
            page: None,
            removals_held: BTreeMap::new(),
            intruders: BTreeMap::new(),
            rooms_refused: BTreeMap::new(),
            timeline: Arc::default(),
            version: 0,
        };
        case.remember(entry);
        Some(case)
    }

    pub(super) fn recuse(&mut self, by: Option<&PersonId>) {
        let Some(by) = by else { return };
        self.recused.insert(by.clone());
        if self.owner.as_ref() == Some(by) {
            self.owner = None;
        }
        if self.lead.as_ref() == Some(by) {
            self.lead = None;
        }
        if self.owner_offered.as_ref() == Some(by) {
            self.owner_offered = None;
        }
    }

    pub(super) fn triaged(&mut self, verdict: Verdict, caps: &[DateTime<Utc>]) {
        self.waiting_for_reporter = None;
        if verdict == Verdict::Valid {
            self.stage = Stage::Accepted;
            let caps = Deadline {
                steps: caps.to_vec(),
                step: 0,
            };
            self.deadlines.insert(Rule::EmbargoCap, caps);
        } else {
            self.stage = Stage::Closed;
        }
    }

    pub(super) fn paged(&mut self, to: &[PersonId], step: u32, next: PageNext) {
        let mut page = self.page.take().unwrap_or_else(|| Page {
            to: Vec::new(),
            step,
            next: next.clone(),
            declined: BTreeSet::new(),
            told: BTreeSet::new(),
            times: 0,
        });
        if page.step != step || page.to != to {
            page.told.clear();
            page.times = 0;
        }
        (page.to, page.step, page.next) = (to.to_vec(), step, next);
        self.page = Some(page);
    }
}
