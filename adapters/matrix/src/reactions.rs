//! The reactions under a message of ours: put there, so that one press is enough, and taken off when
//! an edit gives their numbers other meanings. Nothing waits for them, and nothing is lost without
//! them: the numbers can be typed.

use std::collections::BTreeSet;
use std::time::Duration;

use matrix_sdk::Room;
use matrix_sdk::room::{IncludeRelations, RelationsOptions};
use matrix_sdk::ruma::events::TimelineEventType;
use matrix_sdk::ruma::events::relation::RelationType;
use matrix_sdk::ruma::{EventId, OwnedEventId, OwnedTransactionId};
use serde_json::{Value, json};
use underrose_chat::{DeliverError, Message};

use crate::choices::{Offer, number};
use crate::failure::{of, of_http};
use crate::render;

/// Most reactions offered under one message: each is an event of its own, and a homeserver as it
/// ships takes ten at once and then one in five seconds. Above this, numbers are typed.
const REACTIONS_MAX: usize = 4;

/// Attempts at one reaction, with a pause beyond what the homeserver asks for: words go first.
const ATTEMPTS_MAX: u32 = 5;
const PAUSE: Duration = Duration::from_secs(5);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Reactions to one message that are looked at when it changes.
const SEEN_MAX: u32 = 100;

enum Step {
    Put(&'static str),
    Take(OwnedEventId),
}

/// Under a new message.
pub fn put(room: &Room, event: &str, key: &str, message: &Message) {
    let steps: Vec<Step> = wanted(message).into_iter().map(Step::Put).collect();
    if steps.is_empty() {
        return;
    }
    let (room, event, key) = (room.clone(), event.to_owned(), key.to_owned());
    tokio::spawn(async move { take(&room, &event, &key, &steps).await });
}

/// Under an edited message. Who pressed a number that now means something else must be able to
/// press it again, and a press of before must not look like one of what stands there now.
pub fn renew(room: &Room, event: &str, key: &str, (before, now): (Option<&Offer>, &Message)) {
    let meant = before.map(Offer::reactions).unwrap_or_default();
    let means = render::meanings(now);
    if meant == means {
        return;
    }
    let wanted = wanted(now);
    let (room, event, key) = (room.clone(), event.to_owned(), key.to_owned());
    tokio::spawn(async move {
        if let Some(steps) = changes(&room, &event, &wanted).await {
            take(&room, &event, &key, &steps).await;
        }
    });
}

fn wanted(message: &Message) -> Vec<&'static str> {
    let reactions = render::reactions(message);
    if reactions.len() > REACTIONS_MAX {
        return Vec::new();
    }
    reactions
}

/// The bot's own that fit stay; everybody's other numbers go. What else people react with is theirs.
async fn changes(room: &Room, event: &str, wanted: &[&'static str]) -> Option<Vec<Step>> {
    let options = RelationsOptions {
        include_relations: IncludeRelations::RelationsOfTypeAndEventType(
            RelationType::Annotation,
            TimelineEventType::Reaction,
        ),
        limit: Some(SEEN_MAX.into()),
        ..RelationsOptions::default()
    };
    let found = room.relations(EventId::parse(event).ok()?, options).await;
    let mut there = BTreeSet::new();
    let mut steps = Vec::new();
    for reaction in found.ok()?.chunk {
        let Ok(value) = reaction.raw().deserialize_as_unchecked::<Value>() else {
            continue;
        };
        let key = value["content"]["m.relates_to"]["key"].as_str();
        let Some(key) = key.and_then(number) else {
            continue;
        };
        let own = value["sender"] == room.own_user_id().as_str();
        if own && wanted.contains(&key) {
            there.insert(key);
        } else if let Some(id) = reaction.event_id() {
            steps.push(Step::Take(id));
        }
    }
    let missing = wanted.iter().filter(|key| !there.contains(*key));
    steps.extend(missing.map(|key| Step::Put(key)));
    Some(steps)
}

/// In order. What is refused for good is left: in a room of somebody else's the bot may not take off
/// what others put there.
async fn take(room: &Room, event: &str, key: &str, steps: &[Step]) {
    for (index, step) in steps.iter().enumerate() {
        let transaction = OwnedTransactionId::from(format!("{key}-r{index}"));
        for _ in 0..ATTEMPTS_MAX {
            match once(room, event, step, transaction.clone()).await {
                Ok(()) | Err(DeliverError::Reject { .. }) => break,
                Err(DeliverError::Retry { after, .. }) => {
                    let pause = after.unwrap_or_default() + PAUSE;
                    tokio::time::sleep(pause.min(PAUSE_MAX)).await;
                }
            }
        }
    }
}

async fn once(
    room: &Room,
    event: &str,
    step: &Step,
    transaction: OwnedTransactionId,
) -> Result<(), DeliverError> {
    match step {
        Step::Put(reaction) => {
            let content = json!({"m.relates_to":
                {"rel_type": "m.annotation", "event_id": event, "key": reaction}});
            let sent = room.send_raw("m.reaction", content);
            let sent = sent.with_transaction_id(&transaction).await;
            sent.map(drop).map_err(|error| of(&error))
        }
        Step::Take(id) => {
            let taken = room.redact(id, None, Some(transaction)).await;
            taken.map(drop).map_err(|error| of_http(&error))
        }
    }
}
