//! Slack, emulated: people in front of it who type slash commands, mentions and direct messages,
//! press buttons and fill modals, and may do nothing that Slack's own client would not let them.

mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use underrose_chat::{RoomId, Surface};
use underrose_slack::{Secret, Settings, WayIn};
use underrose_slack_emulator::{self as emulator, Actor, Delivery, Emulator, Kind, SlashCommand};

use crate::bot::{Adapters, Bot};
use crate::config::Place;
use crate::network::{Cannot, Heard, Network, Spot};

pub const NAME: &str = "slack";

const MANIFEST: &str = include_str!("../../../../slack-app-manifest.yaml");

/// Public channels, in the order of the configuration's groups.
const HALLS: [&str; 3] = ["announce", "general", "dev"];

/// What Slack's refusal of a post reads like.
const REFUSAL: &str = "slack refused with `restricted_action`: the workspace's or the channel's \
                       settings forbid it: a workspace admin must allow the app";

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
    let listed = |key: &str| {
        let mut lines = MANIFEST
            .lines()
            .skip_while(|line| line.trim() != format!("{key}:"));
        lines.next();
        lines
            .map_while(|line| line.trim().strip_prefix("- "))
            .map(str::to_owned)
            .collect()
    };
    let command = |name: &str| {
        let escapes = SlashCommand {
            should_escape: true,
        };
        (name.to_owned(), escapes)
    };
    emulator::Settings {
        scopes: listed("bot"),
        events: listed("bot_events"),
        commands: ["/vuln", "/oncall"].map(command).into(),
        acknowledge_within: Duration::from_secs(30),
        ..emulator::Settings::default()
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
        let stamp = stamp.map_err(|why| cannot(&why))?;
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

fn cannot(why: &emulator::Cannot) -> Cannot {
    Cannot(why.0.clone())
}

/// Slack's side has the acknowledgement.
fn acknowledged(delivery: Result<Delivery, emulator::Cannot>) -> Result<(), Cannot> {
    let delivery = delivery.map_err(|why| cannot(&why))?;
    match delivery.answer {
        Ok(_) => Ok(()),
        Err(why) => Err(Cannot(format!("nobody acknowledged it: {why}"))),
    }
}

#[async_trait]
impl Network for Slack {
    fn name(&self) -> &str {
        NAME
    }

    fn spellings(&self) -> Vec<(String, String)> {
        let people = self.ids.iter().flat_map(|(name, id)| {
            [
                (format!("{NAME}/{id}"), format!("console/{name}")),
                (id.clone(), name.clone()),
            ]
        });
        let refusal = (REFUSAL.to_owned(), "the room takes no posts".to_owned());
        let me = [
            ("on slack:", "on console:"),
            ("on slack any", "on console any"),
        ];
        let me = me.map(|(there, here)| (there.to_owned(), here.to_owned()));
        people.chain([refusal]).chain(me).collect()
    }

    /// Whom the configuration does not know is mentioned; and since whoever comes in reads the
    /// channel's past, the bot wants to hear that this is meant.
    fn types(&self, text: &str) -> String {
        let words: Vec<&str> = text.split(' ').collect();
        let Some(verb) = words
            .iter()
            .position(|word| *word == "add" || *word == "remove")
        else {
            return text.to_owned();
        };
        let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        let known = ["alice", "bob", "carol", "dave", "erin"];
        if let Some(who) = words.get_mut(verb + 1)
            && self.ids.contains_key(who)
            && !known.contains(&who.as_str())
        {
            *who = format!("@{who}");
        }
        let because = words.iter().position(|word| word == "because");
        if let Some(because) = because.filter(|_| words[verb] == "add") {
            words.insert(because, "with history".to_owned());
        }
        words.join(" ")
    }

    async fn say(
        &mut self,
        who: &str,
        room: Option<&RoomId>,
        text: &str,
        surface: Surface,
    ) -> Result<(), Cannot> {
        let actor = self.actor(who);
        let Some(room) = room else {
            // A form is opened by a slash command only, a conversation begun by plain words.
            let asked = match (surface, text.split_once(' ')) {
                (Surface::Modal, Some((word @ ("vuln" | "oncall"), rest))) => Some((word, rest)),
                _ => None,
            };
            return match asked {
                Some((word, rest)) => {
                    let direct = actor.direct();
                    acknowledged(actor.slash(&direct, &format!("/{word}"), rest).await)
                }
                None => self.writes(who, &actor.direct(), text),
            };
        };
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let begins = matches!(rest, "score" | "report") && surface == Surface::Stepwise;
        if !matches!(word, "vuln" | "oncall") {
            return actor
                .say(&room.id, text)
                .map(drop)
                .map_err(|why| cannot(&why));
        }
        if begins {
            let mentioned = format!("@underrose {text}");
            let said = actor.say(&room.id, &mentioned);
            return said.map(drop).map_err(|why| cannot(&why));
        }
        acknowledged(actor.slash(&room.id, &format!("/{word}"), rest).await)
    }

    async fn edit(&mut self, who: &str, room: Option<&RoomId>, text: &str) -> Result<(), Cannot> {
        let actor = self.actor(who);
        let channel = room.map_or_else(|| actor.direct(), |room| room.id.clone());
        let key = (who.to_owned(), channel.clone());
        if !self.said.contains_key(&key) {
            // A slash command is no message; this is, and chatter to the bot.
            self.writes(who, &channel, "hm")?;
        }
        let edited = actor.edit(&channel, &self.said[&key], text);
        edited.map_err(|why| cannot(&why))
    }

    async fn press(&mut self, who: &str, room: Option<&RoomId>, label: &str) -> Result<(), Cannot> {
        let actor = self.actor(who);
        let channels: Vec<String> = match room {
            Some(room) => vec![room.id.clone()],
            None => self
                .emulator
                .look(|world| world.channels.keys().cloned().collect()),
        };
        let newest = channels
            .iter()
            .flat_map(|channel| {
                let seen = actor.sees(channel).into_iter();
                seen.map(|message| (channel.clone(), message))
            })
            .filter_map(|(channel, message)| {
                let action = read::button(&message["blocks"], label)?;
                let stamp = message["ts"].as_str()?.to_owned();
                Some((stamp, channel, action))
            })
            .max();
        let Some((stamp, channel, action)) = newest else {
            return Err(Cannot(format!("{who} sees no button [{label}]")));
        };
        acknowledged(actor.press(&channel, &stamp, &action).await)
    }

    fn has_form(&self, who: &str) -> bool {
        let modal = self.actor(who).modal();
        modal.is_some_and(|view| view["submit"].is_object())
    }

    async fn fill(&mut self, who: &str, field: &str, value: &str) -> Result<(), Cannot> {
        let filled = self.actor(who).fill(field, value).await;
        match filled.map_err(|why| cannot(&why))? {
            Some(delivery) => acknowledged(Ok(delivery)),
            None => Ok(()),
        }
    }

    async fn submit(&mut self, who: &str) -> Result<(), Cannot> {
        acknowledged(self.actor(who).submit().await)
    }

    async fn cancel(&mut self, who: &str) -> Result<(), Cannot> {
        let closed = self.actor(who).close().await;
        match closed.map_err(|why| cannot(&why))? {
            Some(delivery) => acknowledged(Ok(delivery)),
            None => Ok(()),
        }
    }

    async fn open_home(&mut self, who: &str) -> Result<(), Cannot> {
        self.actor(who).open_home();
        Ok(())
    }

    async fn let_in(&mut self, who: &str, room: &RoomId, by: Option<&str>) -> Result<(), Cannot> {
        let id = self.ids[who].clone();
        match by {
            Some(by) => self
                .actor(by)
                .invite(&room.id, &id)
                .map_err(|why| cannot(&why)),
            // A workspace's owners can.
            None => {
                self.emulator.with(|world| world.enter(&room.id, &id, None));
                Ok(())
            }
        }
    }

    async fn set_refusing(&mut self, room: &RoomId, refusing: bool) {
        self.emulator.with(|world| {
            let channel = world.channels.get_mut(&room.id).unwrap();
            channel.is_restricted = refusing;
        });
    }

    async fn reconnect(&self, bot: &mut Bot) {
        self.connect(bot).await;
    }

    fn look(&mut self) {
        for (name, id) in &self.ids {
            self.seen.look(name, &self.emulator, id);
        }
    }

    async fn quiet(&mut self, _bot: &Bot) {
        self.emulator.settled().await;
    }

    async fn heard(&mut self, who: &str, spot: Spot<'_>, _at_least: usize) -> Vec<Heard> {
        match spot {
            Spot::Room(room) => self.seen.heard(who, &room.id),
            Spot::Alone => self.seen.heard(who, ""),
        }
    }

    async fn members(&self, room: &RoomId) -> BTreeSet<String> {
        let members = self.emulator.look(|world| {
            let found = world.channels.get(&room.id);
            found.map(|channel| channel.members.clone())
        });
        let all = members.unwrap_or_default();
        all.iter().filter_map(|id| self.name_of(id)).collect()
    }

    async fn topic(&self, room: &RoomId) -> String {
        self.emulator
            .look(|world| world.channels[&room.id].topic.clone())
    }

    async fn is_archived(&self, room: &RoomId) -> bool {
        self.emulator
            .look(|world| world.channels[&room.id].is_archived)
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
