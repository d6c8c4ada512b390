//! Buttons and forms.

use underrose_chat::{Happening, Network, Place, Surface, UserId};

use super::{Life, NETWORKS};
use crate::checks::SECRET;

impl Life {
    pub(super) fn press(&mut self) {
        let said: Vec<_> = self
            .world
            .said
            .iter()
            .rev()
            .take(60)
            .flat_map(|said| {
                said.message
                    .choices()
                    .map(|choice| (said.at.clone(), choice.command.clone()))
                    .collect::<Vec<_>>()
            })
            .collect();
        if said.is_empty() {
            return;
        }
        let (at, command) = self.chance.pick(&said).clone();
        let (network, place, by) = match at.to {
            underrose_chat::Target::Direct { user } => {
                (user.network.0.clone(), Place::Direct, user)
            }
            underrose_chat::Target::Room { room, .. } => {
                let who = *self.chance.pick(&["alice", "bob", "carol", "dave"]);
                let by = UserId {
                    network: room.network.clone(),
                    id: who.into(),
                };
                (room.network.0.clone(), Place::Room { room }, by)
            }
        };
        self.note(format!("{}@{network} presses {command}", by.id));
        let surface = Surface::Stepwise;
        let inbound = self.inbound(
            &network,
            Happening::Pressed {
                by,
                place,
                message: at.message,
                command,
                surface,
            },
        );
        self.give(inbound);
    }

    pub(super) fn form(&mut self) {
        let network = *self.chance.pick(&NETWORKS);
        let who = *self.chance.pick(&["alice", "bob", "carol", "erin"]);
        let by = UserId {
            network: Network(network.into()),
            id: who.into(),
        };
        let case = self
            .some_case()
            .map_or("2026-0001".to_owned(), |case| case.to_string());
        let value = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect()
        };
        let all = [
            ("AV", "N"),
            ("AC", "L"),
            ("PR", "N"),
            ("UI", "N"),
            ("S", "U"),
            ("C", "H"),
            ("I", "H"),
            ("A", "H"),
        ];
        let place = Place::Direct;
        let what = match self.chance.below(6) {
            0 => Happening::FormChanged {
                by,
                place,
                form: format!("score/{case}"),
                values: value(&all[..3]),
            },
            1 => Happening::FormSubmitted {
                by,
                place,
                form: format!("score/{case}"),
                values: value(&all),
            },
            2 => Happening::FormSubmitted {
                by,
                place,
                form: "report".into(),
                values: value(&[("title", SECRET), ("text", SECRET)]),
            },
            3 => Happening::FormSubmitted {
                by,
                place,
                form: String::new(),
                values: value(&[
                    ("title", SECRET),
                    ("text", SECRET),
                    ("plans", ""),
                    ("credit", ""),
                ]),
            },
            4 => Happening::FormSubmitted {
                by,
                place,
                form: "nonsense".into(),
                values: value(&[]),
            },
            _ => Happening::FormCancelled {
                by,
                place,
                form: String::new(),
            },
        };
        self.note(format!("{what:?}"));
        let inbound = self.inbound(network, what);
        self.give(inbound);
    }
}
