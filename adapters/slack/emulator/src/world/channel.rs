//! Channels and what stands in them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{MESSAGES_MAX, World, people::merge};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Public,
    Private,
    /// A direct message between the bot and this person.
    Direct(String),
}

#[derive(Clone, Debug)]
pub struct Channel {
    pub id: String,
    pub name: String,
    pub kind: Kind,
    pub creator: String,
    pub created: i64,
    pub is_archived: bool,
    pub is_general: bool,
    /// Slack Connect: shared with another organisation.
    pub is_ext_shared: bool,
    /// Shared between workspaces of one organisation.
    pub is_org_shared: bool,
    /// Invited to Slack Connect, not yet accepted.
    pub is_pending_ext_shared: bool,
    /// Only some may post (`restricted_action`).
    pub is_restricted: bool,
    pub topic: String,
    pub purpose: String,
    pub members: BTreeSet<String>,
    pub messages: Vec<Message>,
    /// Timestamps, the latest pin last.
    pub pins: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Message {
    pub ts: String,
    pub user: String,
    /// The bot posted it.
    pub by_app: bool,
    pub text: String,
    /// Empty if there are none.
    pub blocks: Vec<Value>,
    pub attachments: Vec<Value>,
    pub metadata: Option<Value>,
    pub thread_ts: Option<String>,
    pub edited_ts: Option<String>,
    pub subtype: Option<String>,
    /// Shown to this person alone, kept by no history.
    pub ephemeral_to: Option<String>,
    pub unfurl_links: Option<bool>,
    pub unfurl_media: Option<bool>,
    pub reactions: Vec<(String, String)>,
}

impl Channel {
    /// How the event's subscription, `channel_type` and scopes name this kind.
    pub fn words(&self) -> (&'static str, &'static str, &'static str) {
        match self.kind {
            Kind::Public => ("message.channels", "channel", "channels"),
            Kind::Private => ("message.groups", "group", "groups"),
            Kind::Direct(_) => ("message.im", "im", "im"),
        }
    }

    pub fn message(&self, ts: &str) -> Option<&Message> {
        self.messages.iter().find(|message| message.ts == ts)
    }

    pub fn message_mut(&mut self, ts: &str) -> Option<&mut Message> {
        self.messages.iter_mut().find(|message| message.ts == ts)
    }

    pub fn push(&mut self, message: Message) {
        if self.messages.len() >= MESSAGES_MAX {
            self.messages.remove(0);
        }
        self.messages.push(message);
    }
}

impl Message {
    pub fn new(ts: String, user: &str, text: &str) -> Self {
        Self {
            ts,
            user: user.to_owned(),
            by_app: false,
            text: text.to_owned(),
            blocks: Vec::new(),
            attachments: Vec::new(),
            metadata: None,
            thread_ts: None,
            edited_ts: None,
            subtype: None,
            ephemeral_to: None,
            unfurl_links: None,
            unfurl_media: None,
            reactions: Vec::new(),
        }
    }
}

impl World {
    pub fn add_channel(&mut self, name: &str, kind: Kind, creator: &str) -> String {
        let id = match kind {
            Kind::Public | Kind::Private => self.id("C"),
            Kind::Direct(_) => self.id("D"),
        };
        let channel = Channel {
            id: id.clone(),
            name: name.to_owned(),
            kind,
            creator: creator.to_owned(),
            created: self.tell_time(),
            is_archived: false,
            is_general: false,
            is_ext_shared: false,
            is_org_shared: false,
            is_pending_ext_shared: false,
            is_restricted: false,
            topic: String::new(),
            purpose: String::new(),
            members: BTreeSet::from([creator.to_owned()]),
            messages: Vec::new(),
            pins: Vec::new(),
        };
        self.channels.insert(id.clone(), channel);
        id
    }

    /// The direct message with this person, opened if need be.
    pub fn direct(&mut self, person: &str) -> String {
        let found = self
            .channels
            .values()
            .find(|channel| matches!(&channel.kind, Kind::Direct(with) if with == person));
        if let Some(found) = found {
            return found.id.clone();
        }
        let id = self.add_channel("", Kind::Direct(person.to_owned()), person);
        let bot = self.bot_user.clone();
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.members.insert(bot);
        }
        id
    }

    /// As the Web API shows it to the bot.
    pub fn channel_json(&self, channel: &Channel) -> Value {
        let (is_im, is_private) = match channel.kind {
            Kind::Public => (false, false),
            Kind::Private => (false, true),
            Kind::Direct(_) => (true, true),
        };
        let mut shown = json!({
            "id": channel.id,
            "created": channel.created,
            "is_archived": channel.is_archived,
            "is_im": is_im,
            "is_org_shared": channel.is_org_shared,
            "context_team_id": self.settings.team_id,
            "updated": channel.created * 1000,
        });
        if let Kind::Direct(with) = &channel.kind {
            merge(
                &mut shown,
                json!({"user": with, "is_user_deleted": self.people.get(with).is_some_and(|p| p.deleted), "priority": 0, "is_open": true}),
            );
            return shown;
        }
        let note = |value: &str| json!({"value": value, "creator": if value.is_empty() { "" } else { channel.creator.as_str() }, "last_set": if value.is_empty() { 0 } else { channel.created }});
        let shared = channel.is_ext_shared || channel.is_org_shared;
        merge(
            &mut shown,
            json!({
                "name": channel.name,
                "name_normalized": channel.name,
                "is_channel": !is_private,
                "is_group": is_private && !shared,
                "is_mpim": false,
                "is_private": is_private,
                "is_general": channel.is_general,
                "unlinked": 0,
                "is_shared": shared,
                "is_ext_shared": channel.is_ext_shared,
                "is_pending_ext_shared": channel.is_pending_ext_shared,
                "pending_shared": [],
                "pending_connected_team_ids": [],
                "parent_conversation": null,
                "creator": channel.creator,
                "shared_team_ids": [self.settings.team_id],
                "is_member": channel.members.contains(&self.bot_user),
                "topic": note(&channel.topic),
                "purpose": note(&channel.purpose),
                "previous_names": [],
            }),
        );
        shown
    }

    /// As history, events and interactions show it.
    pub fn message_json(&self, message: &Message, with_metadata: bool) -> Value {
        let mut shown = json!({
            "type": "message",
            "ts": message.ts,
            "user": message.user,
            "text": message.text,
            "team": self.settings.team_id,
        });
        if let Some(subtype) = &message.subtype {
            shown["subtype"] = json!(subtype);
        }
        if message.by_app {
            merge(
                &mut shown,
                json!({
                    "bot_id": self.bot_id,
                    "app_id": self.app_id,
                    "bot_profile": {
                        "id": self.bot_id,
                        "app_id": self.app_id,
                        "name": "underrose",
                        "icons": {},
                        "deleted": false,
                        "updated": 0,
                        "team_id": self.settings.team_id,
                    },
                }),
            );
        }
        if !message.blocks.is_empty() {
            shown["blocks"] = json!(message.blocks);
        }
        if !message.attachments.is_empty() {
            shown["attachments"] = json!(message.attachments);
        }
        if let Some(thread) = &message.thread_ts {
            shown["thread_ts"] = json!(thread);
        }
        if let Some(edited) = &message.edited_ts {
            shown["edited"] = json!({"user": message.user, "ts": edited});
        }
        if with_metadata && let Some(metadata) = &message.metadata {
            shown["metadata"] = metadata.clone();
        }
        if !message.reactions.is_empty() {
            let mut names: Vec<&String> = message.reactions.iter().map(|(name, _)| name).collect();
            names.dedup();
            shown["reactions"] = names
                .into_iter()
                .map(|name| {
                    let users: Vec<&String> = message
                        .reactions
                        .iter()
                        .filter(|(other, _)| other == name)
                        .map(|(_, user)| user)
                        .collect();
                    json!({"name": name, "users": users, "count": users.len()})
                })
                .collect();
        }
        shown
    }
}
