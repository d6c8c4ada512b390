//! Slack, emulated: people in front of it who type slash commands, mentions and direct messages,
//! press buttons and fill modals, and may do nothing that Slack's own client would not let them.

mod people;
mod read;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use underrose_chat::RoomId;
use underrose_slack::{Secret, Settings, WayIn};
use underrose_slack_emulator::{self as emulator, Actor, Emulator, Kind};

use crate::bot::{Adapters, Bot};
use crate::config::Place;
use crate::network::Cannot;

pub const NAME: &str = "slack";

const MANIFEST: &str = include_str!("../../../../slack-app-manifest.yaml");

/// Public channels, in the order of the configuration's groups.
const HALLS: [&str; 3] = ["announce", "general", "dev"];

/// A workspace with its people.
pub struct Slack {
    pub emulator: Emulator,
    /// By name.
    ids: BTreeMap<String, String>,
    pub halls: BTreeMap<String, RoomId>,
    seen: read::Seen,
    /// By person and channel the stamp of what they said last.
    said: BTreeMap<(String, String), String>,
}

/// The app as the manifest describes it.
fn app() -> emulator::Settings {
    emulator::Settings {
        acknowledge_within: Duration::from_secs(30),
        ..emulator::Settings::of_manifest(MANIFEST)
    }
}

impl Slack {
    /// A workspace in which the committee has its room and everybody is in the public ones.
    pub async fn new(people: &[&str], committee: &[&str]) -> Self {
        let emulator = Emulator::start(app()).await.unwrap();
        let ids: BTreeMap<String, String> = people
            .iter()
            .map(|name| ((*name).to_owned(), emulator.person(name)))
            .collect();
        let all: Vec<&str> = ids.values().map(String::as_str).collect();
        let mut halls: BTreeMap<String, RoomId> = HALLS
            .iter()
            .map(|name| ((*name).to_owned(), room(&emulator.public(name, &all))))
            .collect();
        let members: Vec<&str> = committee.iter().map(|name| ids[*name].as_str()).collect();
        let security = emulator.private("security", &members);
        halls.insert("security".to_owned(), room(&security));
        Self {
            emulator,
            ids,
            halls,
            seen: read::Seen::default(),
            said: BTreeMap::new(),
        }
    }

    /// What the configuration says of it.
    pub fn place(&self) -> Place {
        let rooms = ["security", "announce", "general", "dev"];
        let section = toml::Table::from_iter([
            ("bot_token".to_owned(), "env:UNUSED_BOT".into()),
            ("app_token".to_owned(), "env:UNUSED_APP".into()),
        ]);
        Place {
            network: NAME.to_owned(),
            section: Some((NAME, section)),
            rooms: rooms
                .map(|name| (name, self.halls[name].id.clone()))
                .to_vec(),
            handles: ["alice", "bob", "carol", "dave", "erin"]
                .map(|name| (name, self.ids[name].clone()))
                .to_vec(),
        }
    }

    /// The real adapter, connected.
    pub async fn connect(&self, bot: &mut Bot) {
        let (bot_token, app_token) = self.emulator.look(|world| {
            let settings = &world.settings;
            (settings.bot_token.clone(), settings.app_token.clone())
        });
        let settings = Settings {
            network: underrose_chat::Network(NAME.to_owned()),
            bot_token: Secret::new(bot_token),
            way: WayIn::Socket {
                app_token: Secret::new(app_token),
            },
            api_url: self.emulator.api_url(),
            now: bot.now(),
        };
        let adapter = underrose_slack::Slack::new(settings).unwrap();
        let network = underrose_chat::Network(NAME.to_owned());
        bot.listen(Adapters::from([(network, Arc::new(adapter) as _)]));
        self.emulator.connected(2).await;
    }

    pub fn actor(&self, who: &str) -> Actor {
        self.emulator.actor(&self.ids[who])
    }

    /// Plain words, not a command.
    fn writes(&mut self, who: &str, channel: &str, text: &str) -> Result<(), Cannot> {
        let stamp = self.actor(who).say(channel, text);
        let stamp = stamp.map_err(|why| people::cannot(&why))?;
        self.said
            .insert((who.to_owned(), channel.to_owned()), stamp);
        Ok(())
    }

    fn name_of(&self, id: &str) -> Option<String> {
        let mut all = self.ids.iter();
        all.find(|(_, known)| *known == id)
            .map(|(name, _)| name.clone())
    }
}

pub fn room(id: &str) -> RoomId {
    RoomId {
        network: underrose_chat::Network(NAME.to_owned()),
        id: id.to_owned(),
    }
}

/// Whether a channel is between the bot and somebody.
fn is_direct(kind: &Kind) -> bool {
    matches!(kind, Kind::Direct(_))
}

/// The text at a path.
fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value
        .pointer(path)
        .and_then(Value::as_str)
        .unwrap_or_default()
}
