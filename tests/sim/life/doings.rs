//! What people do: what is planned for a case, noise, and the same again.

use chrono::TimeDelta;
use underrose::domain::event::Event;
use underrose::domain::grammar;
use underrose::domain::ids::CaseId;
use underrose::engine::{Input, decoded};
use underrose::store::{Folded, ReadError};
use underrose_chat::{Happening, Inbound, Network, Place, RoomId, Surface, UserId};

use super::{Life, NETWORKS};
use crate::checks::SECRET;
use crate::people;

impl Life {
    pub(super) fn says(&mut self, network: &str, who: &str, place: Place, text: String) {
        let network_of = |id: &str| UserId {
            network: Network(network.into()),
            id: id.into(),
        };
        let addressed = grammar::is_command(&text);
        let surface = if self.chance.one_in(4) {
            Surface::Modal
        } else {
            Surface::Stepwise
        };
        let edited = self.chance.one_in(60);
        let shown: String = text.chars().take(80).collect();
        self.note(format!("{who}@{network} {place:?}: {shown}"));
        let what = Happening::Text {
            by: network_of(who),
            place,
            text,
            addressed,
            edited,
            surface,
            thread: None,
        };
        let inbound = self.inbound(network, what);
        self.give(inbound);
    }

    pub(super) fn give(&mut self, inbound: Inbound) {
        let before = self.shadow_seq;
        let answers = self.step(&[Input::Inbound(inbound.clone())]);
        if let Happening::Text { text, .. } | Happening::Pressed { command: text, .. } =
            &inbound.what
            && let Ok(parsed) = grammar::parse(text, &self.policy, &inbound.network)
            && !self.refused_since(before)
        {
            let words = format!(
                "{} {}",
                parsed.spec.family.word(),
                parsed.spec.words.join(" ")
            );
            self.coverage.command(words);
        }
        let now = self.engine().now();
        self.answered.push((inbound, answers[0].clone(), now));
    }

    pub(super) fn refused_since(&self, seq: u64) -> bool {
        let mut refused = false;
        let store = self.engine.as_ref().unwrap().store();
        store
            .fold_from(seq + 1, |folded| {
                if let Folded::Entry(stored) = folded {
                    refused |= matches!(decoded(&stored).unwrap().event, Event::Refused { .. });
                }
                Ok::<(), ReadError>(())
            })
            .unwrap();
        refused
    }

    pub(super) fn some_case(&mut self) -> Option<CaseId> {
        let open: Vec<CaseId> = self.shadow.cases.keys().copied().collect();
        (!open.is_empty()).then(|| *self.chance.pick(&open))
    }

    pub(super) fn room_of(&mut self, case: CaseId) -> Option<RoomId> {
        let rooms: Vec<RoomId> = self
            .shadow
            .cases
            .get(&case)?
            .rooms
            .values()
            .map(|room| room.room.clone())
            .collect();
        (!rooms.is_empty()).then(|| self.chance.pick(&rooms).clone())
    }

    pub(super) fn planned(&mut self) {
        let few = self.shadow.cases.len() < 3;
        let Some(case) = self.some_case().filter(|_| !(few && self.chance.one_in(6))) else {
            let network = *self.chance.pick(&NETWORKS);
            let title = format!("vuln report {SECRET} {}", self.events);
            let who = format!("reporter{}", self.events);
            return self.says(network, &who, Place::Direct, title);
        };
        let (policy, now) = (self.policy.clone(), self.true_now());
        let step = people::plan(&self.shadow.cases[&case], &policy, &mut self.chance, now);
        let (Some((who, text)), Some(room)) = (step, self.room_of(case)) else {
            // Nothing to do but to wait.
            return self.advance(TimeDelta::hours(7));
        };
        let network = room.network.0.clone();
        self.says(&network, &who, Place::Room { room }, text);
    }

    pub(super) fn noise(&mut self) {
        let case = self.some_case();
        let shown = case.map_or("2026-0001".to_owned(), |case| case.to_string());
        let now = self.true_now();
        let text = people::noise(&mut self.chance, &shown, now);
        let who = *self.chance.pick(&[
            "alice", "alice", "bob", "carol", "dave", "erin", "frank", "grace", "mallory",
        ]);
        let owner = case.and_then(|case| self.shadow.cases.get(&case)?.owner.clone());
        let owner = owner.map(|owner| owner.0).filter(|_| self.chance.one_in(2));
        let who = owner.as_deref().unwrap_or(who);
        let network = *self.chance.pick(&NETWORKS);
        let room = case.and_then(|case| self.room_of(case));
        match (self.chance.below(6), room) {
            (0..=3, Some(room)) => {
                let network = room.network.0.clone();
                self.says(&network, who, Place::Room { room }, text);
            }
            (4, _) => {
                let id = (*self.chance.pick(&["security", "general"])).to_owned();
                let room = RoomId {
                    network: Network("alpha".into()),
                    id,
                };
                self.says("alpha", who, Place::Room { room }, text);
            }
            _ => self.says(network, who, Place::Direct, text),
        }
    }

    /// The network delivers an old event again: the same answer, and nothing happens.
    pub(super) fn again(&mut self) {
        if self.answered.is_empty() {
            return;
        }
        let (inbound, answer, taken) =
            self.answered[self.chance.below(self.answered.len())].clone();
        let page = matches!(inbound.what, Happening::Home { .. });
        let unseen = matches!(
            inbound.what,
            Happening::FormChanged { .. } | Happening::Time
        );
        self.step(&[Input::Tick]);
        // Ids are kept for days, not for ever.
        let kept = match inbound.at {
            Some(at) => self.true_now() - at <= TimeDelta::days(3),
            None => self.engine().now() - taken <= TimeDelta::days(1),
        };
        if unseen || !kept {
            return;
        }
        self.note(format!("again: {}", inbound.id.0));
        let before = self.shadow_seq;
        let answers = self.step(&[Input::Inbound(inbound)]);
        assert_eq!(self.shadow_seq, before, "a redelivered event had an effect");
        // A page shows what is so by then.
        assert!(
            page || answers[0] == answer,
            "a redelivered event got another answer"
        );
    }

    /// One person reports more than is taken; a closed case is opened again.
    pub(super) fn reports_and_reopens(&mut self) {
        if self.chance.one_in(4) {
            for _ in 0..4 {
                self.says(
                    "alpha",
                    "erin",
                    Place::Direct,
                    format!("vuln report {SECRET} again"),
                );
            }
        }
        let closed: Vec<CaseId> = self.shadow.closed.keys().copied().collect();
        if !closed.is_empty() {
            let case = *self.chance.pick(&closed);
            self.says(
                "beta",
                "carol",
                Place::Direct,
                format!("vuln reopen {case} because {SECRET}"),
            );
        }
    }
}
