//! What people in front of Slack do and read.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use underrose_chat::{RoomId, Surface};
use underrose_slack_emulator::{self as emulator, Delivery, World};

use super::{NAME, Slack, read};
use crate::bot::Bot;
use crate::network::{Cannot, Heard, Network, Spot};

/// Longer than any answer takes that is given after its event was acknowledged.
const PATIENCE: Duration = Duration::from_secs(10);

/// What Slack's refusal of a post reads like.
const REFUSAL: &str = "slack refused with `restricted_action`: the workspace's or the channel's \
                       settings forbid it: a workspace admin must allow the app";

pub fn cannot(why: &emulator::Cannot) -> Cannot {
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
        let id = self.ids[who].clone();
        let page = |world: &World| {
            let view = world.homes.get(&id).and_then(|id| world.views.get(id))?;
            Some(read::version(&world.view_json(view)))
        };
        let before = self.emulator.look(page);
        self.actor(who).open_home();
        let shown = |world: &World| page(world).filter(|now| Some(now) != before.as_ref());
        self.emulator.until("the page that was opened", shown).await;
        self.seen.opens_home(who);
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

    async fn heard(&mut self, who: &str, spot: Spot<'_>, at_least: usize) -> Vec<Heard> {
        let place = match spot {
            Spot::Room(room) => room.id.as_str(),
            Spot::Alone => "",
        };
        let mut changes = self.emulator.changes();
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            changes.mark_unchanged();
            let heard = self.seen.heard(who, place);
            if heard.len() >= at_least {
                return heard;
            }
            // An answer that takes long is given after its event was acknowledged.
            self.look();
            let heard = self.seen.heard(who, place);
            let changed = tokio::time::timeout_at(deadline, changes.changed());
            if heard.len() >= at_least || changed.await.is_err() {
                return heard;
            }
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
