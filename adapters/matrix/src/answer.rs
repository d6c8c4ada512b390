//! The answer that is given at once, to the caller alone: in the direct room where they asked, or
//! in theirs when they asked where others read.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use matrix_sdk::Room;
use matrix_sdk::ruma::UserId;
use serde_json::Value;
use underrose_chat::{Block, DeliverError, Immediate, Message};

use crate::adapter::Account;
use crate::choices::{Heard, Marks};
use crate::conversation::Conversation;
use crate::handled::Step;
use crate::render::Relation;
use crate::room_work::Shared;
use crate::understood::Understood;
use crate::{direct, named, posting};

/// Attempts to answer, with pauses that grow to a quarter of a minute: longer than a homeserver's
/// restart. After that the person has asked again.
const ATTEMPTS_MAX: u32 = 20;
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// To somebody whose device gets no keys, and so in plain text: it says nothing of any case.
const UNSIGNED: &str = "I do not listen to this device, and send it no keys: it is not verified by \
    you. Open Settings, Sessions in your client, verify this session with your recovery key or with \
    another of your devices, and write to me again.";

pub async fn answer(
    shared: &Shared,
    room: &Room,
    event: &Value,
    understood: &Understood,
    immediate: Immediate,
    step: &Arc<Step>,
) {
    let Some(by) = understood
        .what
        .by()
        .and_then(|by| UserId::parse(&by.id).ok())
    else {
        return;
    };
    let mut conversation = None;
    let message = match immediate {
        Immediate::Nothing => None,
        Immediate::Step {
            talk,
            message,
            readers,
        } => {
            conversation = Some(Conversation::new(talk, readers, room, understood));
            Some(message)
        }
        Immediate::Say { message } => Some(message),
        Immediate::Form { form } => Some(form.body),
        Immediate::Errors { errors } => Some(Message {
            blocks: vec![Block::Fields {
                fields: errors.into_iter().collect(),
            }],
        }),
    };
    let answered = answered(event).to_owned();
    let event = event["event_id"].as_str().unwrap_or_default().to_owned();
    let reply = Reply {
        account: shared.account.clone(),
        // Where they asked, if nobody else reads it.
        here: understood.direct.then(|| room.clone()),
        from: (!understood.direct).then(|| room.room_id().to_string()),
        place: understood.place.clone(),
        warn: understood.is_unsigned() && shared.account.known().warned.insert(by.clone()),
        by,
        event,
        answered,
        message,
        conversation,
    };
    if reply.message.is_none() && !reply.warn {
        return;
    }
    if let Some(conversation) = &reply.conversation {
        conversation.steps(&shared.account, &reply.event);
    }
    // The first attempt keeps the order; what fails must not hold the room up.
    if let Err(DeliverError::Retry { .. }) = reply.give().await {
        step.takes_long();
        let (step, ended) = (step.clone(), shared.ended.clone());
        tokio::spawn(async move {
            let mut pause = Duration::from_secs(1);
            for _ in 0..ATTEMPTS_MAX {
                tokio::select! {
                    () = ended.cancelled() => {
                        step.failed.store(true, Ordering::SeqCst);
                        return;
                    }
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(PAUSE_MAX);
                if reply.is_past() {
                    return;
                }
                match reply.give().await {
                    Err(DeliverError::Retry { .. }) => {}
                    Err(DeliverError::Reject { .. }) | Ok(()) => return,
                }
            }
            tracing::warn!("an answer could not be given");
        });
    }
}

/// To what the answer is shown as a reply: of a reaction, to what it is under, since clients cannot
/// show a reaction by itself.
fn answered(event: &Value) -> &str {
    let id = match event["type"].as_str() {
        Some("m.reaction") => &event["content"]["m.relates_to"]["event_id"],
        Some(_) | None => &event["event_id"],
    };
    id.as_str().unwrap_or_default()
}

struct Reply {
    account: Arc<Account>,
    by: matrix_sdk::ruma::OwnedUserId,
    here: Option<Room>,
    from: Option<String>,
    place: Option<String>,
    warn: bool,
    event: String,
    answered: String,
    message: Option<Message>,
    /// The message shows where this one stands, in the place of what it showed before.
    conversation: Option<Conversation>,
}

impl Reply {
    fn is_past(&self) -> bool {
        let conversation = self.conversation.as_ref();
        conversation.is_some_and(|conversation| conversation.is_past(&self.account, &self.event))
    }

    async fn give(&self) -> Result<(), DeliverError> {
        let in_room = self.conversation.as_ref().and_then(Conversation::in_room);
        let room = match self.here.as_ref().or(in_room) {
            Some(room) => room.clone(),
            None => direct::room(&self.account, &self.by).await?,
        };
        // It follows from the event, so that a redelivery answers nothing twice.
        let key = named::after(format!("answer/{}", self.event));
        if self.warn {
            posting::plain(&room, &format!("{key}-plain"), UNSIGNED).await?;
        }
        let Some(message) = &self.message else {
            return Ok(());
        };
        // A conversation that began in a room goes on here, and belongs there.
        let place = self.from.as_ref().or(self.place.as_ref());
        let place = place.filter(|place| *place != room.room_id().as_str());
        let mut marks = Marks {
            place: place.cloned(),
            thread: None,
            // Who asked where others read looks there, and not here.
            heard: match self.here.as_ref().or(in_room) {
                Some(_) => Heard::Quietly,
                None => Heard::AsSaid,
            },
        };
        if let Some(conversation) = &self.conversation {
            marks.thread = conversation.thread(message);
            let step = (key.as_str(), message, &marks);
            return conversation.show(&self.account, &room, step).await;
        }
        let relation = match &self.here {
            Some(_) => Relation::Reply(self.answered.clone()),
            None => Relation::None,
        };
        posting::post_marked(&self.account, &room, &key, message, (&relation, &marks)).await?;
        Ok(())
    }
}
