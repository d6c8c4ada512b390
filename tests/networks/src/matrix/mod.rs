//! Matrix: a real Synapse, and people with clients of their own, their devices signed, who type,
//! react and answer with numbers.

mod people;
#[path = "../../../../adapters/matrix/tests/support/person.rs"]
#[allow(dead_code, reason = "the attackers' part of it is not needed here")]
pub mod person;
mod read;
#[path = "../../../../adapters/matrix/tests/support/synapse.rs"]
#[allow(dead_code, reason = "nothing is killed here")]
pub mod synapse;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use matrix_sdk::ruma::{OwnedRoomId, OwnedUserId, RoomId as MatrixRoomId};
use matrix_sdk::{Room, RoomState};
use serde_json::Value;
use underrose_chat::RoomId;
use underrose_matrix::{Credentials, Federation, Key, Settings, Trust, setup};

use crate::bot::{Adapters, Bot};
use crate::config::Place;
use crate::network::Cannot;
use person::{PASSWORD, Person, Signed, register};
use read::View;
use synapse::{Limits, Synapse};

pub const NAME: &str = "matrix";

/// Public rooms, in the order of the configuration's groups.
const HALLS: [&str; 3] = ["announce", "general", "dev"];

/// Who is in the public rooms: some of each kind.
const PUBLIC: [&str; 4] = ["alice", "bob", "erin", "mallory"];

/// A homeserver and its people, who live through many transcripts.
pub struct Town {
    synapse: Synapse,
    people: BTreeMap<String, Person>,
}

impl Town {
    pub async fn new(names: &[&str]) -> Self {
        let synapse = Synapse::start(Limits::Relaxed).await;
        let mut people = BTreeMap::new();
        for name in names {
            let person = Person::new(&synapse.url(), name, Signed::Yes).await;
            person.accepts_all();
            people.insert((*name).to_owned(), person);
        }
        Self { synapse, people }
    }

    pub fn url(&self) -> String {
        self.synapse.url()
    }
}

/// One bot on the homeserver, and its rooms.
pub struct Matrix {
    town: Arc<Town>,
    me: OwnedUserId,
    settings: Settings,
    dir: Arc<tempfile::TempDir>,
    pub halls: BTreeMap<String, RoomId>,
    /// Rooms that are no conversation with one person.
    shared: BTreeSet<String>,
    views: BTreeMap<String, View>,
    /// What people did that the bot has not taken in yet.
    pending: Vec<String>,
    /// By person and room, what they said last.
    said: BTreeMap<(String, String), String>,
}

pub fn room(id: &MatrixRoomId) -> RoomId {
    RoomId {
        network: underrose_chat::Network(NAME.to_owned()),
        id: id.to_string(),
    }
}

impl Matrix {
    /// Makes an account for the bot, as `underrose setup matrix` does, and the committee's rooms.
    pub async fn new(town: Arc<Town>, name: &str, committee: &[&str]) -> Self {
        let url = town.synapse.url();
        let me = register(&url, name).await;
        let dir = tempfile::tempdir().unwrap();
        let mut halls = BTreeMap::new();
        let alice = &town.people["alice"];
        for (hall, people) in HALLS
            .iter()
            .map(|hall| (*hall, &PUBLIC[..]))
            .chain([("security", committee)])
        {
            let others = people.iter().filter(|name| **name != "alice");
            let mut invited: Vec<_> = others.clone().map(|name| town.people[*name].id()).collect();
            invited.push(&me);
            let made = alice.opens(&invited, hall == "security").await;
            for name in others {
                town.people[*name].joined(made.room_id()).await;
            }
            halls.insert(hall.to_owned(), room(made.room_id()));
        }
        let settings = Settings {
            network: underrose_chat::Network(NAME.to_owned()),
            homeserver: url,
            user: me.to_string(),
            folder: dir.path().join(NAME),
            key: Key([7; 32]),
            display_name: None,
            trust: Trust::Signed,
            federation: Federation::Open,
            rooms: halls.values().map(|room| room.id.clone()).collect(),
        };
        setup(&settings, Credentials::Password(PASSWORD.to_owned()))
            .await
            .unwrap();
        Self {
            town,
            me,
            settings,
            dir: Arc::new(dir),
            shared: halls.values().map(|room| room.id.clone()).collect(),
            halls,
            views: BTreeMap::new(),
            pending: Vec::new(),
            said: BTreeMap::new(),
        }
    }

    /// What the configuration says of it.
    pub fn place(&self) -> Place {
        let rooms = ["security", "announce", "general", "dev"];
        let section = toml::Table::from_iter([
            (
                "homeserver".to_owned(),
                self.settings.homeserver.as_str().into(),
            ),
            ("user".to_owned(), self.me.as_str().into()),
        ]);
        let people = ["alice", "bob", "carol", "dave", "erin"];
        Place {
            network: NAME.to_owned(),
            section: Some((NAME, section)),
            rooms: rooms
                .map(|name| (name, self.halls[name].id.clone()))
                .to_vec(),
            handles: people
                .map(|name| (name, self.person(name).id().to_string()))
                .to_vec(),
        }
    }

    /// The real adapter, taken up from its folder, and in its rooms.
    pub async fn connect(&self, bot: &mut Bot) {
        let adapter = underrose_matrix::Matrix::open(self.settings.clone())
            .await
            .unwrap();
        let network = underrose_chat::Network(NAME.to_owned());
        bot.listen(Adapters::from([(network, Arc::new(adapter) as _)]));
        for hall in self.halls.values() {
            let hall: OwnedRoomId = hall.id.as_str().try_into().unwrap();
            self.person("alice").sees_joining(&self.me, &hall).await;
        }
    }

    /// Where the bot's own store lies.
    pub fn folder(&self) -> Arc<tempfile::TempDir> {
        self.dir.clone()
    }

    pub fn person(&self, who: &str) -> &Person {
        &self.town.people[who]
    }

    fn view(&mut self, who: &str) -> &mut View {
        let view = self.views.entry(who.to_owned()).or_default();
        let me = self.me.as_str();
        self.town.people[who].shown_from(view.next, |shown| {
            view.next += shown.len();
            for one in shown.iter().filter(|one| one.sender() == me) {
                view.take(one);
            }
        });
        view
    }

    /// The person's conversation with the bot, begun if there is none.
    async fn direct(&mut self, who: &str) -> OwnedRoomId {
        let shared = self.shared.clone();
        let spoken = self.view(who).heard.iter().rev();
        let mut spoken = spoken
            .map(|(room, _)| room)
            .filter(|room| !shared.contains(*room));
        if let Some(room) = spoken.next() {
            return room.as_str().try_into().unwrap();
        }
        let person = &self.town.people[who];
        if let Some(room) = person.client.get_dm_room(&self.me) {
            return room.room_id().to_owned();
        }
        let room = person.direct_with(&self.me).await.room_id().to_owned();
        person.sees_joining(&self.me, &room).await;
        room
    }

    /// A room that this person is in.
    fn room_of(&self, who: &str, room: &str) -> Result<Room, Cannot> {
        let id: OwnedRoomId = room.try_into().unwrap();
        let room = self.person(who).client.get_room(&id);
        room.filter(|room| room.state() == RoomState::Joined)
            .ok_or_else(|| Cannot(format!("{who} is not in that room")))
    }

    async fn sends(
        &mut self,
        who: &str,
        room: &str,
        kind: &str,
        content: Value,
    ) -> Result<(), Cannot> {
        let at = self.room_of(who, room)?;
        let sent = at.send_raw(kind, content).await;
        let sent = sent.map_err(|error| Cannot(error.to_string()))?;
        let id = sent.response.event_id.to_string();
        if kind == "m.room.message" {
            self.said
                .insert((who.to_owned(), room.to_owned()), id.clone());
        }
        self.pending.push(id);
        Ok(())
    }

    /// The homeserver's answer about a room, as somebody who is in there gets it.
    async fn asks(&self, room: &str, what: &str) -> Value {
        let id: OwnedRoomId = room.try_into().unwrap();
        for person in self.town.people.values() {
            let joined = person.client.get_room(&id);
            if joined.is_none_or(|room| room.state() != RoomState::Joined) {
                continue;
            }
            let url = format!(
                "{}_matrix/client/v3/rooms/{id}/{what}",
                person.client.homeserver()
            );
            let request = person.client.http_client().get(url);
            let token = person.client.access_token().unwrap();
            let answer = request.bearer_auth(token).send().await.unwrap();
            if answer.status().is_success() {
                return serde_json::from_str(&answer.text().await.unwrap()).unwrap();
            }
        }
        Value::Null
    }
}
