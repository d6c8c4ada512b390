//! Plays a transcript on a network: each line is done by its person, the bot comes to rest, and
//! then everybody must have read, in each place, exactly what the script says there.

mod act;
mod reading;

use std::collections::{BTreeMap, BTreeSet};

use underrose_chat::{RoomId, Surface};
use underrose_console::Line;

use crate::bot::Bot;
use crate::network::{Cannot, Network, Spot};
use crate::script::{Expected, read};
use crate::words::Words;

/// Lines of a transcript that a network cannot play, and why.
#[derive(Clone, Copy, Debug)]
pub struct NotRun {
    pub transcript: &'static str,
    /// Wherever the first stands, up to where the second stands.
    pub lines: &'static [(&'static str, &'static str)],
    /// Lines that the bot therefore does not say later.
    pub unsaid: &'static [&'static str],
    pub why: &'static str,
}

pub struct Player<N> {
    pub bot: Bot,
    pub network: N,
    words: Words,
    /// Rooms of the configuration, by the script's names.
    halls: BTreeMap<String, RoomId>,
    /// How much each person has read in each place (`None`: alone).
    read: BTreeMap<(String, Option<RoomId>), usize>,
    /// Who ought to be in each room of a case.
    inside: BTreeMap<RoomId, BTreeSet<String>>,
    /// Who was in each room when that was last asked.
    members: BTreeMap<RoomId, BTreeSet<String>>,
    /// Where each person last said something.
    spoke_in: BTreeMap<String, Option<RoomId>>,
    people: Vec<String>,
    surface: Surface,
}

impl<N: Network> Player<N> {
    pub fn new(bot: Bot, network: N, halls: BTreeMap<String, RoomId>, people: &[&str]) -> Self {
        Self {
            bot,
            network,
            words: Words::default(),
            halls,
            read: BTreeMap::new(),
            inside: BTreeMap::new(),
            members: BTreeMap::new(),
            spoke_in: BTreeMap::new(),
            people: people.iter().map(|name| (*name).to_owned()).collect(),
            surface: Surface::Stepwise,
        }
    }

    /// Plays it to its end; returns how many lines were done.
    ///
    /// # Panics
    /// Where somebody reads something else, or cannot do what the script has them do.
    pub async fn play(&mut self, transcript: &str, script: &str, not_run: &[NotRun]) -> usize {
        let mut done = 0;
        let mut passing = None;
        let mut passed = BTreeSet::new();
        self.rest().await;
        // Who is on call at the beginning is in every transcript the same, and not written there.
        self.skip_all().await;
        let here = not_run.iter().filter(|one| one.transcript == transcript);
        let unsaid: Vec<&str> = here.flat_map(|one| one.unsaid).copied().collect();
        let said = script.lines().filter(|line| !unsaid.contains(&line.trim()));
        for step in read(&said.collect::<Vec<_>>().join("\n")) {
            let place = format!("{transcript}.txt:{}: {}", step.number, step.text);
            passing = passing.or_else(|| {
                let here = not_run.iter().filter(|one| one.transcript == transcript);
                let mut lines = here.flat_map(|one| one.lines);
                lines.find(|(from, _)| *from == step.text)
            });
            if let Some((from, to)) = passing {
                passed.insert(*from);
                if *to == step.text {
                    passing = None;
                }
                continue;
            }
            match self.act(&step).await {
                Ok(()) => {
                    // What is shown to somebody who is then removed was shown.
                    self.network.look();
                    self.rest().await;
                    self.compare(&place, &step).await;
                }
                Err(_) if step.expected == [Expected::Impossible] => {}
                Err(Cannot(why)) => panic!("{place}\n  {why}"),
            }
            done += usize::from(!matches!(step.line, Line::Blank | Line::Comment(_)));
        }
        // Whoever changes a transcript changes the list too.
        let here = not_run.iter().filter(|one| one.transcript == transcript);
        for (from, to) in here.flat_map(|one| one.lines) {
            assert!(passed.contains(from), "{transcript} has no line {from}");
            assert!(passing.is_none(), "{transcript} has no line {to}");
        }
        done
    }

    /// Until nothing moves any more: neither the bot nor what its deliveries set off.
    async fn rest(&mut self) {
        loop {
            let taken = self.bot.taken().await;
            let network = &mut self.network;
            self.bot.settle(&mut || network.look()).await;
            self.network.quiet(&self.bot).await;
            if self.bot.taken().await == taken {
                self.network.look();
                return;
            }
        }
    }

    async fn room(&self, name: &str) -> Result<RoomId, Cannot> {
        match self.halls.get(name) {
            Some(room) => Ok(room.clone()),
            None => {
                let rooms = self.bot.rooms(self.network.name()).await;
                let found = rooms.get(name).cloned();
                found.ok_or_else(|| Cannot(format!("there is no room {name}")))
            }
        }
    }

    async fn room_or_alone(&self, name: Option<&String>) -> Result<Option<RoomId>, Cannot> {
        match name {
            Some(name) => self.room(name).await.map(Some),
            None => Ok(None),
        }
    }

    /// Everything up to now is read.
    async fn skip_all(&mut self) {
        let rooms = self.rooms().await;
        for who in self.people.clone() {
            let heard = self.network.heard(&who, Spot::Alone, 0).await.len();
            self.read.insert((who.clone(), None), heard);
        }
        for (name, room) in &rooms {
            // It is said in the committee's room.
            let least = usize::from(name == "security");
            for who in self.network.members(room).await {
                let heard = self.network.heard(&who, Spot::Room(room), least).await;
                let heard = heard.len();
                self.read.insert((who, Some(room.clone())), heard);
            }
        }
    }

    async fn rooms(&self) -> BTreeMap<String, RoomId> {
        let mut rooms = self.bot.rooms(self.network.name()).await;
        rooms.extend(self.halls.clone());
        rooms
    }
}
