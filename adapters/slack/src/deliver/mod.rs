//! Carries out what the core promised, once per key. What has no effect when it is repeated is
//! repeated; a message and a room carry their key, and are looked for before a second attempt.

mod find;
mod group;
mod post;
mod reject;
mod room;

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use serde_json::json;
use underrose_chat::{
    Action, DeliverError, DeliveryKey, MessageRef, Openness, Receipt, RoomId, Target,
};

use crate::api::Failure;
use crate::render::Fallback;
use crate::workspace::Workspace;

pub(crate) use reject::{error, reason, unless};

/// Keys that are remembered, so that a repetition costs nothing; the outbox repeats within a day.
const KEYS_MAX: usize = 10_000;

/// What became of keys in this process.
#[derive(Default)]
pub struct Ledger {
    done: BTreeMap<DeliveryKey, Receipt>,
    order: VecDeque<DeliveryKey>,
    /// Attempts whose outcome nobody knows, with when they were made.
    unsure: BTreeMap<DeliveryKey, DateTime<Utc>>,
}

impl Ledger {
    fn done(&mut self, key: &DeliveryKey, receipt: &Receipt) {
        self.unsure.remove(key);
        if self.done.insert(key.clone(), receipt.clone()).is_none() {
            self.order.push_back(key.clone());
        }
        if self.order.len() > KEYS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.done.remove(&oldest);
        }
    }
}

impl Workspace {
    pub(crate) async fn carry_out(
        &self,
        key: &DeliveryKey,
        action: &Action,
    ) -> Result<Receipt, DeliverError> {
        if let Some(receipt) = self.ledger().done.get(key) {
            return Ok(receipt.clone());
        }
        let receipt = self.act(key, action).await?;
        self.ledger().done(key, &receipt);
        self.changed.notify_one();
        Ok(receipt)
    }

    async fn act(&self, key: &DeliveryKey, action: &Action) -> Result<Receipt, DeliverError> {
        match action {
            Action::OpenRoom {
                name,
                topic,
                invite,
            } => self.open_room(key, name, topic, invite).await,
            Action::Invite { room, who } => {
                let body = json!({"channel": room.id, "users": who.id});
                let invited = self.api.post("conversations.invite", &body).await;
                done(unless(invited, &["already_in_channel"]))
            }
            Action::Remove { room, who } => {
                let body = json!({"channel": room.id, "user": who.id});
                let removed = self.api.post("conversations.kick", &body).await;
                done(unless(removed, &["not_in_channel"]))
            }
            Action::Post {
                to,
                message,
                openness,
                notice,
            } => {
                let fallback = match (openness, notice) {
                    (Openness::Public, _) => Fallback::Whole,
                    (Openness::Private, Some(notice)) => Fallback::Notice(notice),
                    (Openness::Private, None) => Fallback::Neutral,
                };
                self.say(key, to, (message, *openness), fallback).await
            }
            Action::Edit {
                at,
                message,
                openness,
            } => self.edit(key, at, message, *openness).await,
            Action::Pin { at } => self.pin(at).await,
            Action::SetTopic { room, topic } => self.set_topic(&room.id, topic).await,
            Action::Archive { room } => {
                let body = json!({"channel": room.id});
                let archived = self.api.post("conversations.archive", &body).await;
                self.rooms().forget(&room.id);
                done(unless(archived, &["already_archived"]))
            }
            Action::SetOnCall { group, who } => self.set_group(group, who).await,
        }
    }

    async fn pin(&self, at: &MessageRef) -> Result<Receipt, DeliverError> {
        let channel = self.channel_of(&at.to).await?;
        let body = json!({"channel": channel, "timestamp": at.message.0});
        let pinned = self.api.post("pins.add", &body).await;
        done(unless(pinned, &["already_pinned"]))
    }

    async fn set_topic(&self, channel: &str, topic: &str) -> Result<Receipt, DeliverError> {
        let topic = crate::render::text::clip(topic, crate::limits::TOPIC_MAX);
        let topic = crate::render::text::escaped(&topic);
        let body = json!({"channel": channel, "topic": topic});
        done(
            self.api
                .post("conversations.setTopic", &body)
                .await
                .map(drop),
        )
    }

    /// The channel of a room, or of a direct conversation, which is opened if there is none.
    pub(crate) async fn channel_of(&self, to: &Target) -> Result<String, DeliverError> {
        match to {
            Target::Room { room, .. } => Ok(room.id.clone()),
            Target::Direct { user } => self
                .direct(&user.id)
                .await
                .map_err(|failure| error(&failure)),
        }
    }

    /// Forgets what a room was: it changed.
    pub(crate) fn room_changed(&self, room: &RoomId) {
        self.rooms().forget(&room.id);
    }
}

fn done(outcome: Result<(), Failure>) -> Result<Receipt, DeliverError> {
    match outcome {
        Ok(()) => Ok(Receipt::Done),
        Err(failure) => Err(error(&failure)),
    }
}
