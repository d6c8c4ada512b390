//! What people on Matrix do and read.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use underrose_chat::{RoomId, Surface};

use super::read::Way;
use super::{Matrix, NAME};
use crate::bot::Bot;
use crate::network::{Cannot, Heard, Network, Spot};

/// How long somebody waits for what is still on its way; a little less than a person's client does.
const PATIENCE: Duration = Duration::from_secs(35);

/// What a homeserver's refusal of a post reads like.
const REFUSAL: &str = "the homeserver refuses: M_FORBIDDEN";

fn words(text: &str) -> Value {
    json!({"msgtype": "m.text", "body": text})
}

#[async_trait]
impl Network for Matrix {
    fn name(&self) -> &str {
        NAME
    }

    fn spellings(&self) -> Vec<(String, String)> {
        let people = self.town.people.iter().flat_map(|(name, person)| {
            [
                (format!("{NAME}/{}", person.id()), format!("console/{name}")),
                (person.id().to_string(), name.clone()),
            ]
        });
        let me = [
            ("on matrix:", "on console:"),
            ("on matrix any", "on console any"),
        ];
        let me = me.map(|(there, here)| (there.to_owned(), here.to_owned()));
        let refusal = (REFUSAL.to_owned(), "the room takes no posts".to_owned());
        people.chain([refusal]).chain(me).collect()
    }

    /// Whom the configuration does not know is written with their server.
    fn types(&self, text: &str) -> String {
        let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        let known = ["alice", "bob", "carol", "dave", "erin"];
        if let Some(verb) = words
            .iter()
            .position(|word| word == "add" || word == "remove")
            && let Some(who) = words.get_mut(verb + 1)
            && !known.contains(&who.as_str())
            && let Some(person) = self.town.people.get(who)
        {
            *who = person.id().to_string();
        }
        let text = words.join(" ");
        match text.split(' ').next() {
            Some("vuln" | "oncall") => format!("!{text}"),
            Some(_) | None => text,
        }
    }

    async fn say(
        &mut self,
        who: &str,
        room: Option<&RoomId>,
        text: &str,
        _surface: Surface,
    ) -> Result<(), Cannot> {
        let room = match room {
            Some(room) => room.id.clone(),
            None => self.direct(who).await.to_string(),
        };
        self.sends(who, &room, "m.room.message", words(text)).await
    }

    async fn edit(&mut self, who: &str, room: Option<&RoomId>, text: &str) -> Result<(), Cannot> {
        let room = match room {
            Some(room) => room.id.clone(),
            None => self.direct(who).await.to_string(),
        };
        let last = self.said.get(&(who.to_owned(), room.clone())).cloned();
        let last = last.ok_or_else(|| Cannot(format!("{who} has said nothing there")))?;
        let content = json!({
            "msgtype": "m.text",
            "body": format!("* {text}"),
            "m.new_content": words(text),
            "m.relates_to": {"rel_type": "m.replace", "event_id": last},
        });
        self.sends(who, &room, "m.room.message", content).await
    }

    async fn press(&mut self, who: &str, room: Option<&RoomId>, label: &str) -> Result<(), Cannot> {
        let offer = self
            .view(who)
            .offer(room.map(|room| room.id.as_str()), label);
        let Some((room, event, way)) = offer else {
            return Err(Cannot(format!("{who} is offered no [{label}]")));
        };
        let (kind, content) = match way {
            Way::React(key) => (
                "m.reaction",
                json!({"m.relates_to":
                    {"rel_type": "m.annotation", "event_id": event, "key": key}}),
            ),
            Way::Number(number) => {
                let mut content = words(&number);
                content["m.relates_to"] = json!({"m.in_reply_to": {"event_id": event}});
                ("m.room.message", content)
            }
            Way::Type(typed) => ("m.room.message", words(&typed)),
        };
        self.sends(who, &room, kind, content).await
    }

    async fn let_in(&mut self, who: &str, room: &RoomId, by: Option<&str>) -> Result<(), Cannot> {
        let by = by.ok_or_else(|| Cannot("nobody comes in uninvited".to_owned()))?;
        let room = self.room_of(by, &room.id)?;
        let invited = room.invite_user_by_id(self.person(who).id()).await;
        invited.map_err(|error| Cannot(error.to_string()))
    }

    async fn set_refusing(&mut self, room: &RoomId, refusing: bool) {
        // Only who made the room may still say something.
        let levels = json!({"events_default": if refusing { 50 } else { 0 }});
        let room = self.room_of("alice", &room.id).unwrap();
        let set = room.send_state_event_raw("m.room.power_levels", "", levels);
        set.await.unwrap();
    }

    async fn reconnect(&self, bot: &mut Bot) {
        self.connect(bot).await;
    }

    fn look(&mut self) {}

    async fn quiet(&mut self, bot: &Bot) {
        let rooms = bot.rooms(NAME).await;
        self.shared.extend(rooms.into_values().map(|room| room.id));
        for id in std::mem::take(&mut self.pending) {
            bot.takes(0, &id, |inbound| inbound.id.0 == id).await;
        }
        bot.all_came_in(NAME).await;
    }

    async fn heard(&mut self, who: &str, spot: Spot<'_>, at_least: usize) -> Vec<Heard> {
        let town = self.town.clone();
        let shared = self.shared.clone();
        let mut read = || {
            let all = self.view(who).heard.iter();
            let here = all.filter(|(room, _)| match spot {
                Spot::Room(wanted) => *room == wanted.id,
                Spot::Alone => !shared.contains(room),
            });
            here.map(|(_, heard)| heard.clone()).collect::<Vec<_>>()
        };
        let waiting = town.people[who].until("more", |_| {
            let heard = read();
            (heard.len() >= at_least).then_some(heard)
        });
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(heard) => heard,
            Err(_) => read(),
        }
    }

    async fn members(&self, room: &RoomId) -> BTreeSet<String> {
        let answer = self.asks(&room.id, "joined_members").await;
        let joined = answer["joined"].as_object().cloned().unwrap_or_default();
        let people = self.town.people.iter();
        people
            .filter(|(_, person)| joined.contains_key(person.id().as_str()))
            .map(|(name, _)| name.clone())
            .collect()
    }

    async fn topic(&self, room: &RoomId) -> String {
        let topic = self.asks(&room.id, "state/m.room.topic").await;
        topic["topic"].as_str().unwrap_or_default().to_owned()
    }

    async fn is_archived(&self, room: &RoomId) -> bool {
        let levels = self.asks(&room.id, "state/m.room.power_levels").await;
        let needed = levels["events_default"].as_i64().unwrap_or_default();
        needed > levels["users_default"].as_i64().unwrap_or_default()
    }
}
