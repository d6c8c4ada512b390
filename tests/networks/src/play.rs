//! Plays a transcript on a network: each line is done by its person, the bot comes to rest, and
//! then everybody must have read, in each place, exactly what the script says there.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use underrose::domain::calendar::parse_span;
use underrose_chat::{RoomId, Surface};
use underrose_console::Line;

use crate::bot::Bot;
use crate::compare::{self, Piece};
use crate::network::{Cannot, Network, Spot};
use crate::script::{Expected, Step, read};
use crate::words::Words;

/// Questions of a report, in order: where no form is open, `fills` answers them one by one.
const REPORT: [&str; 4] = ["title", "text", "plans", "credit"];

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

/// How much of what came must be in the script.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    All,
    /// One line of the script was several steps here: the end of it counts.
    Last,
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
            if let Some((_, to)) = passing {
                if *to == step.text {
                    passing = None;
                }
                continue;
            }
            match self.act(&step).await {
                Ok(extent) => {
                    // What is shown to somebody who is then removed was shown.
                    self.network.look();
                    self.rest().await;
                    self.compare(&place, &step, extent).await;
                }
                Err(_) if step.expected == [Expected::Impossible] => {}
                Err(Cannot(why)) => panic!("{place}\n  {why}"),
            }
            done += usize::from(!matches!(step.line, Line::Blank | Line::Comment(_)));
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

    async fn act(&mut self, step: &Step) -> Result<Extent, Cannot> {
        match &step.line {
            Line::Blank | Line::Comment(_) | Line::Expected(_) => {}
            Line::Advance(span) => self.advance(span).await,
            Line::Says {
                who,
                room,
                text,
                edited: false,
            } => {
                let room = self.room_or_alone(room.as_ref()).await?;
                self.say(who, room, text).await?;
            }
            Line::Presses { who, room, label } => {
                let room = self.room_or_alone(room.as_ref()).await?;
                self.network.press(who, room.as_ref(), label).await?;
            }
            Line::Fills { who, room, values } => {
                let room = self.room_or_alone(room.as_ref()).await?;
                if self.network.has_form(who) {
                    for (field, value) in values {
                        self.network.fill(who, field, value).await?;
                        self.rest().await;
                    }
                    self.network.submit(who).await?;
                } else {
                    self.answer_each(who, room, values.clone()).await?;
                }
                return Ok(Extent::Last);
            }
            Line::Changes { who, values } => {
                for (field, value) in values {
                    self.network.fill(who, field, value).await?;
                    self.rest().await;
                }
                return Ok(Extent::Last);
            }
            Line::Cancels { who } => self.network.cancel(who).await?,
            Line::Opens { who } => self.network.open_home(who).await?,
            Line::Joins {
                who,
                room,
                invited_by,
            } => {
                let room = self.room(room).await?;
                self.network
                    .let_in(who, &room, invited_by.as_deref())
                    .await?;
                self.inside.entry(room).or_default().insert(who.clone());
            }
            Line::Directive { word, rest } => self.directive(word, rest).await?,
            Line::Says {
                who,
                room,
                text,
                edited: true,
            } => {
                let room = self.room_or_alone(room.as_ref()).await?;
                let text = self.network.types(&self.words.typed(text));
                self.network.edit(who, room.as_ref(), &text).await?;
            }
            Line::Leaves { .. }
            | Line::Sends { .. }
            | Line::Moved { .. }
            | Line::Exposed { .. }
            | Line::Members { .. } => {
                return Err(Cannot("nobody does that here".to_owned()));
            }
        }
        Ok(Extent::All)
    }

    async fn say(&mut self, who: &str, room: Option<RoomId>, text: &str) -> Result<(), Cannot> {
        let text = self.network.types(&self.words.typed(text));
        self.network
            .say(who, room.as_ref(), &text, self.surface)
            .await?;
        self.spoke_in.insert(who.to_owned(), room);
        Ok(())
    }

    /// Answers the bot's questions one after the other, whatever their order.
    async fn answer_each(
        &mut self,
        who: &str,
        room: Option<RoomId>,
        mut values: BTreeMap<String, String>,
    ) -> Result<(), Cannot> {
        let room = room.or_else(|| self.spoke_in.get(who).cloned().flatten());
        let mut answered = 0;
        while !values.is_empty() {
            let heard = self.network.heard(who, Spot::Alone, answered).await;
            answered = heard.len() + 1;
            let pieces = compare::of_network(&heard, &self.words);
            let Some(Piece::Said(question)) = pieces.last() else {
                return Err(Cannot("nothing was asked".to_owned()));
            };
            let asked = values
                .keys()
                .find(|field| asks_for(question, field))
                .cloned();
            let asked = asked.ok_or_else(|| Cannot(format!("asked {question:?}")))?;
            let value = values.remove(&asked).unwrap_or_default();
            self.say(who, room.clone(), &value).await?;
            self.rest().await;
        }
        self.network.heard(who, Spot::Alone, answered).await;
        Ok(())
    }

    async fn directive(&mut self, word: &str, rest: &str) -> Result<(), Cannot> {
        let span = |text: &str| parse_span(text).unwrap();
        let name = self.network.name().to_owned();
        match (word, rest.split_at_checked(1)) {
            // It is in the configuration that the bot was started with.
            ("config", _) => {}
            ("surface", _) => {
                self.surface = match rest {
                    "modal" => Surface::Modal,
                    _ => Surface::Stepwise,
                }
            }
            ("restart", _) => self.restart(TimeDelta::zero()).await,
            ("down", Some(("+", rest))) => self.restart(span(rest)).await,
            ("clock", Some((sign @ ("+" | "-"), rest))) => {
                let by = if sign == "-" { -span(rest) } else { span(rest) };
                self.bot.jump(by).await;
                // Real networks say the time of themselves, now and then.
                self.bot.witness(&name).await;
            }
            ("network", _) => self.bot.set_down(&name, rest.ends_with(" down")).await,
            ("lost", _) => {
                let (_, reason) = rest.split_once(' ').unwrap();
                self.bot.lose(&name, reason).await;
            }
            ("reject" | "accept", Some(("#", room))) => {
                let room = self.room(room).await?;
                self.network.set_refusing(&room, word == "reject").await;
            }
            ("retry", _) => self.bot.lose_answers(rest.parse().unwrap()).await,
            _ => return Err(Cannot(format!("`{word}` is the console's own"))),
        }
        Ok(())
    }

    async fn restart(&mut self, down: TimeDelta) {
        self.bot.restart(down).await;
        self.network.reconnect(&mut self.bot).await;
    }

    async fn advance(&mut self, span: &str) {
        let end = (self.bot.now())() + parse_span(span).unwrap();
        while self.bot.advance_towards(end).await < end {
            self.rest().await;
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

    async fn compare(&mut self, place: &str, step: &Step, extent: Extent) {
        let rooms = self.rooms().await;
        self.words.set_spellings(
            self.network
                .spellings()
                .into_iter()
                .chain(rooms.iter().flat_map(|(name, room)| {
                    let network = &room.network;
                    [
                        (format!("{network}/{}", room.id), format!("console/{name}")),
                        (room.id.clone(), name.clone()),
                    ]
                }))
                .collect(),
        );
        for who in self.people.clone() {
            let mut wanted = Vec::new();
            for expected in &step.expected {
                if let Expected::Alone { who: whom, lines } = expected
                    && *whom == who
                {
                    compare::add(&mut wanted, Piece::Said(self.words.of_script(lines)));
                }
            }
            self.compare_one(place, &who, Spot::Alone, &wanted, extent)
                .await;
        }
        for (name, room) in &rooms {
            self.follow(place, name, room, step).await;
            let opened =
                |one: &Expected| matches!(one, Expected::Opened { room, .. } if room == name);
            let opened = step.expected.iter().any(opened);
            for who in self.members[room].clone() {
                let wanted = self.wanted(name, &who, room, &step.expected);
                let key = (who.clone(), Some(room.clone()));
                // Whoever comes in later may see what was said before, as the network has it.
                let extent = if opened || self.read.contains_key(&key) {
                    Extent::All
                } else {
                    Extent::Last
                };
                self.compare_one(place, &who, Spot::Room(room), &wanted, extent)
                    .await;
            }
        }
    }

    /// What this person must have read in a room in this step: somebody who came in reads what
    /// followed.
    fn wanted(&self, name: &str, who: &str, room: &RoomId, all: &[Expected]) -> Vec<Piece> {
        let mut wanted = Vec::new();
        let late = !self
            .read
            .contains_key(&(who.to_owned(), Some(room.clone())));
        for expected in all.iter().filter(|one| one.room() == Some(name)) {
            match expected {
                Expected::InRoom { lines, .. } => {
                    compare::add(&mut wanted, Piece::Said(self.words.of_script(lines)));
                }
                Expected::Edited { line, .. } => {
                    let lines = self.words.of_script(std::slice::from_ref(line));
                    let partial = false;
                    compare::add(&mut wanted, Piece::Edited { lines, partial });
                }
                Expected::Opened { .. } => wanted.clear(),
                Expected::Added { who: added, .. } if late && added == who => wanted.clear(),
                Expected::Added { .. }
                | Expected::Removed { .. }
                | Expected::Topic { .. }
                | Expected::Archived { .. }
                | Expected::Alone { .. }
                | Expected::Impossible => {}
            }
        }
        wanted
    }

    /// Who is in a room, and what it is, must be as the script says.
    async fn follow(&mut self, place: &str, name: &str, room: &RoomId, step: &Step) {
        let concerned = step.expected.iter().any(|one| one.room() == Some(name));
        let moves = matches!(step.line, Line::Joins { .. } | Line::Advance(_));
        if self.members.contains_key(room) && !concerned && !moves {
            return;
        }
        for expected in step.expected.iter().filter(|one| one.room() == Some(name)) {
            let inside = self.inside.entry(room.clone()).or_default();
            match expected {
                Expected::Opened { who, topic, .. } => {
                    inside.clone_from(who);
                    assert_eq!(&self.network.topic(room).await, topic, "{place}");
                }
                Expected::Added { who, .. } => drop(inside.insert(who.clone())),
                Expected::Removed { who, .. } => drop(inside.remove(who)),
                Expected::Topic { topic, .. } => {
                    assert_eq!(&self.network.topic(room).await, topic, "{place}");
                }
                Expected::Archived { .. } => {
                    assert!(self.network.is_archived(room).await, "{place}\n  #{name}");
                }
                Expected::InRoom { .. }
                | Expected::Edited { .. }
                | Expected::Alone { .. }
                | Expected::Impossible => {}
            }
        }
        let members = self.network.members(room).await;
        self.members.insert(room.clone(), members.clone());
        if let Some(inside) = self.inside.get(room).filter(|inside| !inside.is_empty()) {
            assert_eq!(&members, inside, "{place}\n  who is in #{name}");
        }
        // Whoever comes back reads on from then.
        self.read
            .retain(|(who, at), _| at.as_ref() != Some(room) || members.contains(who));
    }

    async fn compare_one(
        &mut self,
        place: &str,
        who: &str,
        spot: Spot<'_>,
        wanted: &[Piece],
        extent: Extent,
    ) {
        let room = match spot {
            Spot::Room(room) => Some(room.clone()),
            Spot::Alone => None,
        };
        let at = room
            .as_ref()
            .map_or("alone".to_owned(), |room| room.id.clone());
        let key = (who.to_owned(), room);
        let from = self.read.get(&key).copied().unwrap_or(0);
        let mut least = from + wanted.len();
        loop {
            let heard = self.network.heard(who, spot, least).await;
            let pieces = compare::of_network(heard.get(from..).unwrap_or_default(), &self.words);
            let before = match extent {
                Extent::All => 0,
                Extent::Last => pieces.len().saturating_sub(wanted.len()),
            };
            let last = pieces.get(before..).unwrap_or_default();
            let same = match spot {
                Spot::Room(_) => compare::are_same(wanted, last, &mut self.words),
                Spot::Alone => compare::are_same_in_any_order(wanted, last, &mut self.words),
            };
            if same {
                self.read.insert(key, heard.len());
                return;
            }
            assert!(
                heard.len() >= least && last.len() <= wanted.len(),
                "{place}\n  {who}, {at}, should read\n{}  and reads\n{}",
                compare::shown(wanted),
                compare::shown(last)
            );
            // The rest may be on its way.
            least = heard.len() + 1;
        }
    }
}

/// Whether this question asks for that field: a metric is named as `(AV)`, a report counts.
fn asks_for(question: &[String], field: &str) -> bool {
    let metric = format!("({field})");
    let counted = REPORT.iter().position(|known| *known == field);
    let counted = counted.map(|index| format!("{}/{} ", index + 1, REPORT.len()));
    question.iter().any(|line| {
        line.contains(&metric)
            || counted
                .as_ref()
                .is_some_and(|counted| line.starts_with(counted))
    })
}
