//! Messages. The key travels in the message's metadata; after an attempt whose outcome is unknown
//! it is looked for in the history before anything is sent again.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use underrose_chat::{
    DeliverError, DeliveryKey, Message, MessageId, MessageRef, Openness, Receipt, Target,
};

use super::{error, reject};
use crate::api::Failure;
use crate::render::{self, Fallback};
use crate::workspace::Workspace;

/// What our metadata is called.
pub(super) const EVENT_TYPE: &str = "underrose_delivery";

impl Workspace {
    pub(super) async fn say(
        &self,
        key: &DeliveryKey,
        to: &Target,
        (message, openness): (&Message, Openness),
        fallback: Fallback<'_>,
    ) -> Result<Receipt, DeliverError> {
        self.fits(to, openness).await?;
        let channel = self.channel_of(to).await?;
        let thread = match to {
            Target::Room { thread, .. } => thread.as_ref(),
            Target::Direct { .. } => None,
        };
        let before = self.ledger().unsure.get(key).copied();
        if let Some(tried) = before
            && let Some(stamp) = self.look_up(key, &channel, thread, tried).await?
        {
            return Ok(posted(to, &stamp));
        }
        let mut body = content(key, &self.settings.network, message, fallback);
        body["channel"] = json!(channel);
        if let Some(MessageId(thread)) = thread {
            body["thread_ts"] = json!(thread);
        }
        // A preview would fetch what was linked, and show it in a room for ever.
        body["unfurl_links"] = json!(false);
        body["unfurl_media"] = json!(false);
        // Before the call: whoever drops this future does not know its outcome either.
        let now = (self.settings.now)();
        self.ledger().unsure.entry(key.clone()).or_insert(now);
        match self.api.post("chat.postMessage", &body).await {
            Ok(answer) => match answer.get("ts").and_then(Value::as_str) {
                Some(stamp) => Ok(posted(to, stamp)),
                None => Err(error(&Failure::Unsure {
                    what: "slack did not name the message",
                })),
            },
            Err(failure) => {
                self.certain(key, before, &failure);
                Err(error(&failure))
            }
        }
    }

    /// A call that surely had no effect leaves the key as it was before it.
    fn certain(&self, key: &DeliveryKey, before: Option<DateTime<Utc>>, failure: &Failure) {
        match failure {
            Failure::Limited { .. } | Failure::Refused { .. } if before.is_none() => {
                self.ledger().unsure.remove(key);
            }
            Failure::Limited { .. } | Failure::Refused { .. } | Failure::Unsure { .. } => {}
        }
    }

    pub(super) async fn edit(
        &self,
        key: &DeliveryKey,
        at: &MessageRef,
        message: &Message,
        openness: Openness,
    ) -> Result<Receipt, DeliverError> {
        self.fits(&at.to, openness).await?;
        let channel = self.channel_of(&at.to).await?;
        let fallback = match openness {
            Openness::Private => Fallback::Neutral,
            Openness::Public => Fallback::Whole,
        };
        let mut body = content(key, &self.settings.network, message, fallback);
        body["channel"] = json!(channel);
        body["ts"] = json!(at.message.0);
        // The message keeps the key that it was posted under: by that one it is looked for.
        if let Some(map) = body.as_object_mut() {
            map.remove("metadata");
        }
        match self.api.post("chat.update", &body).await {
            Ok(_) => Ok(Receipt::Done),
            Err(failure) => Err(error(&failure)),
        }
    }

    /// What is private stays in private rooms.
    async fn fits(&self, to: &Target, openness: Openness) -> Result<(), DeliverError> {
        let (Target::Room { room, .. }, Openness::Private) = (to, openness) else {
            return Ok(());
        };
        let kind = self
            .kind_of(&room.id)
            .await
            .map_err(|failure| error(&failure))?;
        if kind.open_to_others.is_none() {
            return Ok(());
        }
        let reason = reject::reason("not_private");
        Err(DeliverError::Reject { reason })
    }
}

fn content(
    key: &DeliveryKey,
    network: &underrose_chat::Network,
    message: &Message,
    fallback: Fallback<'_>,
) -> Value {
    let rendered = render::message(message, network, fallback);
    json!({
        "text": rendered.text,
        "blocks": rendered.blocks,
        "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": key.0}},
    })
}

pub(super) fn posted(to: &Target, stamp: &str) -> Receipt {
    Receipt::Posted {
        at: MessageRef {
            to: to.clone(),
            message: MessageId(stamp.to_owned()),
        },
    }
}
