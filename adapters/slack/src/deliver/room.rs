//! Rooms. A room of ours is marked in its purpose with the key that it was opened under, so that
//! no room is ever taken over because of its name, and so that one that was half made by a process
//! that is gone is found again.
//!
//! Slack lets two creations of one name both succeed when they race (node-slack-sdk#1589), and a
//! process that died may have raced with this one: after each creation all rooms under the key are
//! looked at, one stays and the others are archived.

use serde_json::{Value, json};
use underrose_chat::{DeliverError, DeliveryKey, Receipt, RoomId, UserId};

use super::{error, reason, unless};
use crate::api::Failure;
use crate::limits::ROOM_NAME_MAX;
use crate::render::text::clip;
use crate::words;
use crate::workspace::Workspace;

/// Before the key in a purpose.
const MARK: &str = "underrose ";

/// Names that are tried: `name`, `name-2`, …
const NAMES_MAX: usize = 20;

/// Pages of channels that are looked through, and how many are on one: Slack takes fewer than a
/// thousand (<https://docs.slack.dev/reference/methods/users.conversations/>).
const PAGES_MAX: usize = 10;
const PAGE: &str = "999";

const PRIVATE: &str = "private_channel";
const ALL: &str = "private_channel,public_channel";

/// A private channel that the bot is in.
struct Channel {
    id: String,
    name: String,
    creator: String,
    purpose: String,
    topic: String,
    created: i64,
    archived: bool,
}

impl Workspace {
    pub(super) async fn open_room(
        &self,
        key: &DeliveryKey,
        name: &str,
        topic: &str,
        invite: &[UserId],
    ) -> Result<Receipt, DeliverError> {
        // One at a time: two openings under one key must see each other.
        let _one = self.opening.lock().await;
        if let Some(receipt) = self.ledger().done.get(key) {
            return Ok(receipt.clone());
        }
        let opened = self.opened(key, name).await;
        let id = opened.map_err(|failure| error(&failure))?;
        self.invite_all(&id, invite).await?;
        // Last: a room with a topic is whole.
        self.set_topic(&id, topic).await?;
        let network = self.settings.network.clone();
        let receipt = Receipt::Room {
            room: RoomId { network, id },
        };
        self.ledger().done(key, &receipt);
        Ok(receipt)
    }

    /// The room under this key: found, or made.
    async fn opened(&self, key: &DeliveryKey, name: &str) -> Result<String, Failure> {
        let unsure = self.ledger().unsure.contains_key(key);
        if unsure && let Some(id) = self.settle(key, &base(name)).await? {
            return Ok(id);
        }
        let now = (self.settings.now)();
        for number in 1..=NAMES_MAX {
            let name = numbered(&base(name), number);
            self.ledger().unsure.insert(key.clone(), now);
            let body = json!({"name": name, "is_private": true});
            match self.api.post("conversations.create", &body).await {
                Ok(answer) => {
                    let id = answer.pointer("/channel/id").and_then(Value::as_str);
                    let Some(id) = id.map(str::to_owned) else {
                        return Err(Failure::Unsure {
                            what: "slack did not name the channel",
                        });
                    };
                    // Another process may have settled on its own room meanwhile.
                    unless(self.mark(&id, key).await, &["is_archived"])?;
                    return Ok(self.settle(key, &name).await?.unwrap_or(id));
                }
                Err(Failure::Refused { code }) if code == "name_taken" => {
                    // Perhaps by ourselves, in a process that is gone.
                    if let Some(id) = self.settle(key, &name).await? {
                        return Ok(id);
                    }
                }
                Err(failure) => return Err(failure),
            }
        }
        Err(Failure::Refused {
            code: "name_taken".to_owned(),
        })
    }

    async fn mark(&self, id: &str, key: &DeliveryKey) -> Result<(), Failure> {
        let body = json!({"channel": id, "purpose": format!("{MARK}{key}")});
        self.api
            .post("conversations.setPurpose", &body)
            .await
            .map(drop)
    }

    /// Of all rooms that are this key's one stays, and the others are archived: one that is marked
    /// before one that is not, since people may be in it already; then the oldest. A room that the
    /// bot made under this very name and nobody marked is this key's too, if nobody else is in it:
    /// it was being made when its maker died.
    async fn settle(&self, key: &DeliveryKey, name: &str) -> Result<Option<String>, Failure> {
        let me = self.identity().await?.user.clone();
        let mut ours = Vec::new();
        for channel in self
            .channels(PRIVATE)
            .await?
            .into_iter()
            .filter(|one| !one.archived)
        {
            let marked = channel.purpose == format!("{MARK}{key}");
            let half_made =
                channel.purpose.is_empty() && channel.creator == me && channel.name == name;
            if marked || (half_made && self.alone_in(&channel.id, &me).await?) {
                ours.push((channel, marked));
            }
        }
        ours.sort_by(|(a, marked), (b, other)| {
            (!marked, a.created, &a.id).cmp(&(!other, b.created, &b.id))
        });
        let mut ours = ours.into_iter();
        let Some((first, marked)) = ours.next() else {
            return Ok(None);
        };
        if !marked {
            self.mark(&first.id, key).await?;
        }
        for (double, _) in ours {
            tracing::warn!(
                channel = double.id,
                "a second room under one key is archived"
            );
            let body = json!({"channel": double.id});
            unless(
                self.api.post("conversations.archive", &body).await,
                &["already_archived"],
            )?;
        }
        Ok(Some(first.id))
    }

    /// The room that carries this key's mark and is whole, archived or not. One that was being made
    /// when its maker died is not found: opening it again finishes it.
    pub(super) async fn marked(&self, key: &DeliveryKey) -> Result<Option<String>, Failure> {
        let mark = format!("{MARK}{key}");
        let mut found: Vec<Channel> = self.channels(PRIVATE).await?;
        found.retain(|channel| channel.purpose == mark && !channel.topic.is_empty());
        found.sort_by_key(|channel| (channel.archived, channel.created));
        Ok(found.into_iter().next().map(|channel| channel.id))
    }

    /// Rooms of ours that are open: what the bot watches.
    pub(crate) async fn own_rooms(&self) -> Result<Vec<String>, Failure> {
        // Public ones too: a room that was made public is still ours.
        let mut channels = self.channels(ALL).await?;
        let me = &self.identity().await?.user;
        // Anybody in a room may edit its purpose.
        let ours = |channel: &Channel| channel.purpose.starts_with(MARK) || channel.creator == *me;
        channels.retain(|channel| !channel.archived && ours(channel));
        Ok(channels.into_iter().map(|channel| channel.id).collect())
    }

    /// All channels that the bot is in. A list that is not whole would let a second room be made,
    /// and leave rooms unwatched.
    async fn channels(&self, types: &str) -> Result<Vec<Channel>, Failure> {
        let query = [("types", types), ("limit", PAGE)];
        let (listed, more) = self
            .api
            .pages("users.conversations", &query, ("channels", PAGES_MAX))
            .await?;
        if more {
            return Err(Failure::Unsure {
                what: "the bot is in more channels than can be looked through: take it out of some",
            });
        }
        Ok(listed.iter().map(channel).collect())
    }

    async fn alone_in(&self, id: &str, me: &str) -> Result<bool, Failure> {
        let query = [("channel", id), ("limit", "2")];
        let answer = self.api.get("conversations.members", &query).await?;
        let members = answer.get("members").and_then(Value::as_array);
        Ok(members.is_some_and(|members| members.iter().all(|member| member == me)))
    }

    /// The room stands, whoever cannot be let in: of each such person the duty is told, and the
    /// others are in.
    async fn invite_all(&self, id: &str, people: &[UserId]) -> Result<(), DeliverError> {
        for who in people {
            let body = json!({"channel": id, "users": who.id});
            let invited = self.api.post("conversations.invite", &body).await;
            match unless(invited, &["already_in_channel", "cant_invite_self"]) {
                Ok(()) => {}
                Err(Failure::Refused { code }) => {
                    tracing::warn!(
                        channel = id,
                        user = who.id,
                        code,
                        "a person cannot be invited"
                    );
                    self.leave_out(who.clone(), words::left_out(&reason(&code)));
                }
                Err(failure) => return Err(error(&failure)),
            }
        }
        Ok(())
    }
}

fn channel(value: &Value) -> Channel {
    let text = |path| {
        value
            .pointer(path)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    Channel {
        id: text("/id"),
        name: text("/name"),
        creator: text("/creator"),
        purpose: text("/purpose/value"),
        topic: text("/topic/value"),
        created: value
            .get("created")
            .and_then(Value::as_i64)
            .unwrap_or_default(),
        archived: value
            .get("is_archived")
            .and_then(Value::as_bool)
            .unwrap_or_default(),
    }
}

/// A name as Slack takes it: lower case, digits, `-` and `_`.
fn base(name: &str) -> String {
    let fit: String = name
        .to_lowercase()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .collect();
    clip(&fit, ROOM_NAME_MAX - 3).replace('…', "")
}

fn numbered(name: &str, number: usize) -> String {
    if number == 1 {
        name.to_owned()
    } else {
        format!("{name}-{number}")
    }
}
