//! Looks for what an earlier attempt left behind, changing nothing.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use underrose_chat::{Action, DeliverError, DeliveryKey, MessageId, Receipt, RoomId, Target};

use super::error;
use super::post::{EVENT_TYPE, posted};
use crate::workspace::Workspace;

/// Slack's clock and ours may differ by this much.
const CLOCKS: TimeDelta = TimeDelta::hours(1);

/// Messages that are looked through at most: ten pages, a day of a very busy channel.
const PAGE: &str = "200";
const PAGES_MAX: usize = 10;

impl Workspace {
    pub(crate) async fn find_earlier(
        &self,
        key: &DeliveryKey,
        action: &Action,
        since: DateTime<Utc>,
    ) -> Result<Option<Receipt>, DeliverError> {
        let known = self.ledger().done.get(key).cloned();
        if known.is_some() {
            return Ok(known);
        }
        match action {
            Action::Post { to, .. } => {
                let channel = self.channel_of(to).await?;
                let thread = match to {
                    Target::Room { thread, .. } => thread.as_ref(),
                    Target::Direct { .. } => None,
                };
                let found = self.look_up(key, &channel, thread, since).await?;
                Ok(found.map(|stamp| posted(to, &stamp)))
            }
            Action::OpenRoom { .. } => {
                let found = self.marked(key).await.map_err(|failure| error(&failure))?;
                let network = self.settings.network.clone();
                Ok(found.map(|id| Receipt::Room {
                    room: RoomId { network, id },
                }))
            }
            // Repeating these changes nothing.
            Action::Invite { .. }
            | Action::Remove { .. }
            | Action::Edit { .. }
            | Action::Pin { .. }
            | Action::SetTopic { .. }
            | Action::Archive { .. }
            | Action::SetOnCall { .. } => Ok(None),
        }
    }

    /// The stamp of the message that carries this key; it is not older than `since`.
    pub(super) async fn look_up(
        &self,
        key: &DeliveryKey,
        channel: &str,
        thread: Option<&MessageId>,
        since: DateTime<Utc>,
    ) -> Result<Option<String>, DeliverError> {
        let oldest = (since - CLOCKS).max(DateTime::UNIX_EPOCH).timestamp();
        let oldest = format!("{oldest}.000000");
        let mut query = vec![
            ("channel", channel),
            ("include_all_metadata", "true"),
            ("limit", PAGE),
            ("oldest", &oldest),
        ];
        let method = match thread {
            Some(MessageId(thread)) => {
                query.push(("ts", thread));
                "conversations.replies"
            }
            None => "conversations.history",
        };
        let found = self
            .api
            .pages(method, &query, ("messages", PAGES_MAX))
            .await;
        let (messages, more) = found.map_err(|failure| error(&failure))?;
        let mine = messages.iter().find(|message| carries(message, key));
        match mine
            .and_then(|message| message.get("ts"))
            .and_then(Value::as_str)
        {
            Some(stamp) => Ok(Some(stamp.to_owned())),
            None if more => Err(DeliverError::Reject {
                reason: "the channel has had too many messages since to be sure that this one is \
                         not among them: look there, and say it by hand if it is missing"
                    .to_owned(),
            }),
            None => Ok(None),
        }
    }
}

fn carries(message: &Value, key: &DeliveryKey) -> bool {
    let at = |path| message.pointer(path).and_then(Value::as_str);
    at("/metadata/event_type") == Some(EVENT_TYPE)
        && at("/metadata/event_payload/key") == Some(key.0.as_str())
}
