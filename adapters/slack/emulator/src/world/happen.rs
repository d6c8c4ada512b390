//! What happens in channels, and which events tell the app of it. The app is told of a channel
//! only while its bot is in there.

use serde_json::{Map, Value, json};

use super::{Channel, Kind, Message, World, people::merge};

impl World {
    fn hears(&self, channel: &Channel) -> bool {
        channel.members.contains(&self.bot_user)
    }

    /// A message stands in a channel, and the app hears of it.
    pub fn say(&mut self, id: &str, message: Message) {
        self.say_with(id, message, Value::Object(Map::new()));
    }

    fn say_with(&mut self, id: &str, message: Message, more: Value) {
        let Some(channel) = self.channels.get(id) else {
            return;
        };
        let (subscription, kind, _) = channel.words();
        let shared = channel.is_ext_shared;
        let heard = self.hears(channel);
        let is_direct = matches!(channel.kind, Kind::Direct(_));
        let mut event = self.message_json(&message, false);
        merge(
            &mut event,
            json!({"channel": id, "channel_type": kind, "event_ts": message.ts}),
        );
        merge(&mut event, more);
        if let (Some("channel_topic" | "channel_purpose"), Value::Object(keys)) =
            (message.subtype.as_deref(), &mut event)
        {
            keys.remove("team");
        }
        // Text is in a rich_text block too when a person wrote it.
        if !message.by_app && message.subtype.is_none() {
            event["client_msg_id"] = json!(self.token());
            if message.blocks.is_empty() {
                event["blocks"] = rich_text(&message.text);
            }
        }
        let mentions = message.text.contains(&format!("<@{}>", self.bot_user));
        if heard {
            if mentions && !message.by_app && message.subtype.is_none() && !is_direct {
                let mut mention = event.clone();
                mention["type"] = json!("app_mention");
                if let Value::Object(keys) = &mut mention {
                    keys.remove("channel_type");
                }
                self.emit("app_mention", mention, shared);
            }
            self.emit(subscription, event, shared);
        }
        if let Some(channel) = self.channels.get_mut(id) {
            channel.push(message);
        }
    }

    /// Slack's own line in a channel ("… has joined the channel").
    pub fn note(&mut self, id: &str, person: &str, subtype: &str, text: &str, more: Value) {
        let message = Message {
            subtype: Some(subtype.to_owned()),
            ..Message::new(self.ts(), person, text)
        };
        self.say_with(id, message, more);
    }

    pub fn tell_change(&mut self, id: &str, message: &Message, previous: Value) {
        let Some(channel) = self.channels.get(id) else {
            return;
        };
        if !self.hears(channel) {
            return;
        }
        let (subscription, kind, _) = channel.words();
        let shared = channel.is_ext_shared;
        let mut shown = self.message_json(message, false);
        if !message.by_app && message.blocks.is_empty() {
            shown["blocks"] = rich_text(&message.text);
        }
        let ts = self.ts();
        let event = json!({
            "type": "message",
            "subtype": "message_changed",
            "channel": id,
            "channel_type": kind,
            "hidden": true,
            "ts": ts,
            "event_ts": ts,
            "message": shown,
            "previous_message": previous,
        });
        self.emit(subscription, event, shared);
    }

    /// Takes a message away, and tells so.
    pub fn unsay(&mut self, id: &str, ts: &str) {
        let Some(channel) = self.channels.get(id) else {
            return;
        };
        let Some(message) = channel.message(ts) else {
            return;
        };
        let previous = self.message_json(message, false);
        let told = message.ephemeral_to.is_none() && self.hears(channel);
        let (subscription, kind, _) = channel.words();
        let shared = channel.is_ext_shared;
        if told {
            let now = self.ts();
            let event = json!({
                "type": "message",
                "subtype": "message_deleted",
                "channel": id,
                "channel_type": kind,
                "hidden": true,
                "ts": now,
                "event_ts": now,
                "deleted_ts": ts,
                "previous_message": previous,
            });
            self.emit(subscription, event, shared);
        }
        if let Some(channel) = self.channels.get_mut(id) {
            channel.messages.retain(|message| message.ts != ts);
            channel.pins.retain(|pin| pin != ts);
        }
    }

    pub fn enter(&mut self, id: &str, person: &str, inviter: Option<&str>) {
        let Some(channel) = self.channels.get_mut(id) else {
            return;
        };
        if !channel.members.insert(person.to_owned()) {
            return;
        }
        let more = match inviter {
            Some(inviter) => json!({ "inviter": inviter }),
            None => json!({}),
        };
        let text = format!("<@{person}> has joined the channel");
        self.note(id, person, "channel_join", &text, more.clone());
        self.tell_member("member_joined_channel", id, person, more);
    }

    pub fn leave(&mut self, id: &str, person: &str, by: Option<&str>) {
        let is_member = self
            .channels
            .get(id)
            .is_some_and(|channel| channel.members.contains(person));
        if !is_member {
            return;
        }
        let text = format!("<@{person}> has left the channel");
        self.note(id, person, "channel_leave", &text, json!({}));
        // Told before they are gone, so that the bot hears of its own leaving.
        self.tell_member("member_left_channel", id, person, json!({}));
        if person == self.bot_user {
            self.tell_channel("left", id, json!({"actor_id": by.unwrap_or(person)}));
        }
        if let Some(channel) = self.channels.get_mut(id) {
            channel.members.remove(person);
        }
    }

    fn tell_member(&mut self, kind: &str, id: &str, person: &str, more: Value) {
        let Some(channel) = self.channels.get(id) else {
            return;
        };
        if !self.hears(channel) {
            return;
        }
        let (letter, scope) = match channel.kind {
            Kind::Public => ("C", "channels:read"),
            Kind::Private => ("G", "groups:read"),
            Kind::Direct(_) => return,
        };
        if !self.settings.scopes.contains(scope) {
            return;
        }
        let shared = channel.is_ext_shared;
        let team = self.people.get(person).map(|person| person.team.clone());
        let mut event = json!({
            "type": kind,
            "user": person,
            "channel": id,
            "channel_type": letter,
            "team": team,
            "event_ts": self.ts(),
        });
        merge(&mut event, more);
        self.emit(kind, event, shared);
    }

    /// `channel_archive` or `group_archive`, and the like.
    pub fn tell_channel(&mut self, what: &str, id: &str, more: Value) {
        let Some(channel) = self.channels.get(id) else {
            return;
        };
        if !self.hears(channel) {
            return;
        }
        let kind = match channel.kind {
            Kind::Public => format!("channel_{what}"),
            Kind::Private => format!("group_{what}"),
            Kind::Direct(_) => return,
        };
        let shared = channel.is_ext_shared;
        let mut event = json!({"type": kind, "channel": id, "event_ts": self.ts()});
        merge(&mut event, more);
        self.emit(&kind, event, shared);
    }

    pub fn archive(&mut self, id: &str, person: &str) {
        let text = format!("<@{person}> archived the channel");
        self.note(id, person, "channel_archive", &text, json!({}));
        self.tell_channel("archive", id, json!({"user": person, "is_moved": 0}));
        if let Some(channel) = self.channels.get_mut(id) {
            channel.is_archived = true;
        }
    }

    pub fn permalink(&self, channel: &str, ts: &str) -> String {
        let team = self.settings.team_name.to_lowercase();
        let digits = ts.replace('.', "");
        format!("https://{team}.slack.example/archives/{channel}/p{digits}")
    }

    /// Closes one view: the one below is seen again.
    pub fn close_one(&mut self, person: &str, view: &str) {
        if let Some(stack) = self.stacks.get_mut(person) {
            stack.retain(|id| id != view);
        }
        self.views.remove(view);
    }

    /// Closes all of a person's modals, without a word to the app.
    pub fn close_all(&mut self, person: &str) {
        for id in self.stacks.remove(person).into_iter().flatten() {
            self.views.remove(&id);
        }
    }
}

/// A person's text as the composer makes it.
pub fn rich_text(text: &str) -> Value {
    json!([{
        "type": "rich_text",
        "block_id": "typed",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
    }])
}
