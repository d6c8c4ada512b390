//! What everybody must have read after a line, and who must be where.

use underrose_chat::RoomId;
use underrose_console::Line;

use super::Player;
use crate::compare::{self, Piece};
use crate::network::{Network, Spot};
use crate::script::{Expected, Step};

/// How much of what came must be in the script.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    All,
    /// The end of it: what was before is not written there.
    Last,
}

impl Extent {
    /// What this person reads alone of a line. One line that fills a form is several steps of who
    /// fills it, and of nobody else.
    fn alone(line: &Line, who: &str) -> Self {
        match line {
            Line::Fills { who: by, .. } | Line::Changes { who: by, .. } if by == who => Self::Last,
            Line::Blank
            | Line::Comment(_)
            | Line::Expected(_)
            | Line::Advance(_)
            | Line::Says { .. }
            | Line::Presses { .. }
            | Line::Fills { .. }
            | Line::Changes { .. }
            | Line::Cancels { .. }
            | Line::Opens { .. }
            | Line::Joins { .. }
            | Line::Directive { .. }
            | Line::Leaves { .. }
            | Line::Sends { .. }
            | Line::Moved { .. }
            | Line::Exposed { .. }
            | Line::Members { .. } => Self::All,
        }
    }
}

impl<N: Network> Player<N> {
    pub(super) async fn compare(&mut self, place: &str, step: &Step) {
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
            let extent = Extent::alone(&step.line, &who);
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
        let known = self.members.contains_key(room);
        if known && !concerned && !moves {
            return;
        }
        let opens = |one: &Expected| matches!(one, Expected::Opened { room, .. } if room == name);
        assert!(
            known || self.halls.contains_key(name) || step.expected.iter().any(opens),
            "{place}\n  #{name} was opened, and the script does not say so"
        );
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
        let mut least = from;
        for look in 0.. {
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
            // The first look may only have learned what a name stands for; then the rest may be on
            // its way.
            least = heard.len() + usize::from(look > 0);
        }
    }
}
