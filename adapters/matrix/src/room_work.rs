//! One room's events in their order: what was missed first, then what comes. An event that cannot
//! be read waits for its key beside the others, and the cursor waits with it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, Utc};
use matrix_sdk::deserialized_responses::{TimelineEvent, TimelineEventKind};
use matrix_sdk::ruma::OwnedRoomId;
use matrix_sdk::{Room, RoomState};
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use underrose_chat::{Cursor, EventId, Inbound, Inbox, InboxClosed};

use crate::adapter::Account;
use crate::answer;
use crate::doubt::Doubts;
use crate::handled::Step;
use crate::seen::Seen;
use crate::trust;
use crate::verify::{self, Asking};
use crate::{missed, surroundings, understand};

/// How long a key may take. A client that is slow sends it with its next sync.
const KEY_MAX: Duration = Duration::from_secs(30);

/// Between two looks for a key that may have come by another way (the backup).
const KEY_LOOK: Duration = Duration::from_secs(2);

/// Between two attempts of something that the homeserver must do first.
const AGAIN: Duration = Duration::from_secs(1);

/// What all rooms share.
#[derive(Clone)]
pub struct Shared {
    pub account: Arc<Account>,
    pub inbox: Inbox,
    /// Cancelled when the listening ends, and when the inbox closes.
    pub ended: CancellationToken,
    /// Counts arrivals of keys.
    pub keys: watch::Sender<u64>,
    pub catching_up: Arc<Semaphore>,
    /// When the listening began, by the homeserver's clock.
    pub since: Option<DateTime<Utc>>,
}

pub enum Work {
    /// The room's life in this process begins.
    Begin { catch_up: bool, step: Arc<Step> },
    Events {
        events: Vec<TimelineEvent>,
        limited: bool,
        step: Arc<Step>,
    },
}

/// An event whose key has not come.
struct Locked {
    event: TimelineEvent,
    until: Instant,
    /// Keeps the place from being called handled.
    step: Arc<Step>,
}

struct Lane {
    shared: Shared,
    room: Room,
    seen: Seen,
    locked: Vec<Locked>,
    doubts: Doubts,
    /// Every happening that an event does not name by itself gets a number of this process.
    count: u64,
}

pub async fn run(shared: Shared, id: OwnedRoomId, mut work: mpsc::Receiver<Work>) {
    let Some(room) = shared.account.client.get_room(&id) else {
        return;
    };
    let mut keys = shared.keys.subscribe();
    let ended = shared.ended.clone();
    let mut lane = Lane {
        shared,
        room,
        seen: Seen::default(),
        locked: Vec::new(),
        doubts: Doubts::default(),
        count: 0,
    };
    let mut look = tokio::time::interval(KEY_LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let waits = !lane.locked.is_empty();
        let done = tokio::select! {
            () = ended.cancelled() => return,
            next = work.recv() => match next {
                Some(work) => lane.work(work).await,
                None => return,
            },
            _ = keys.changed(), if waits => lane.unlock().await,
            _ = look.tick(), if waits => lane.unlock().await,
        };
        if done.is_err() {
            // The bot is stopping: the network must deliver it all again.
            ended.cancel();
            return;
        }
    }
}

impl Lane {
    async fn work(&mut self, work: Work) -> Result<(), InboxClosed> {
        match work {
            Work::Begin { catch_up, step } => {
                if catch_up {
                    self.catch_up(&step).await?;
                }
                self.look_around().await
            }
            Work::Events {
                events,
                limited,
                step,
            } => {
                if limited {
                    self.catch_up(&step).await?;
                }
                for event in events {
                    self.event(event, &step).await?;
                }
                if limited {
                    self.look_around().await?;
                }
                Ok(())
            }
        }
    }

    /// Reads back to what was handed on last, and goes on from there.
    async fn catch_up(&mut self, step: &Arc<Step>) -> Result<(), InboxClosed> {
        let missed = loop {
            // Whoever has to try again does so at the end of the queue.
            let found = {
                let Ok(_turn) = self.shared.catching_up.acquire().await else {
                    return Ok(());
                };
                missed::missed(&self.shared, &self.room, &self.seen).await
            };
            match found {
                Ok(missed) => break missed,
                Err(error) if self.room.state() == RoomState::Joined => {
                    tracing::debug!(kind = ?crate::failure::of(&error), "a room cannot be caught up yet");
                }
                Err(_) => return Ok(()),
            }
            tokio::select! {
                () = self.shared.ended.cancelled() => return Err(InboxClosed),
                () = tokio::time::sleep(AGAIN) => {}
            }
        };
        for event in missed {
            self.event(event, step).await?;
        }
        Ok(())
    }

    async fn event(&mut self, event: TimelineEvent, step: &Arc<Step>) -> Result<(), InboxClosed> {
        let Some(id) = event.event_id() else {
            return Ok(());
        };
        if !self.seen.is_new(id.as_str()) {
            return Ok(());
        }
        if let TimelineEventKind::UnableToDecrypt { utd_info, .. } = &event.kind
            && trust::verdict(&utd_info.reason).is_none()
        {
            // Its key may come by the next sync.
            step.takes_long();
            self.locked.push(Locked {
                event,
                until: Instant::now() + KEY_MAX,
                step: step.clone(),
            });
            return Ok(());
        }
        // What came before it and is of the same session can be read now as well.
        let session = event.kind.session_id();
        let is_of_it = |locked: &Locked| locked.event.kind.session_id() == session;
        if session.is_some() && self.locked.iter().any(is_of_it) {
            self.unlock().await?;
        }
        self.readable(event, step).await
    }

    /// Looks at what waits for a key once more.
    async fn unlock(&mut self) -> Result<(), InboxClosed> {
        let mut tried = std::mem::take(&mut self.locked);
        // The newest first: a key that comes meanwhile opens none before its elders.
        for locked in tried.iter_mut().rev() {
            let raw = locked.event.raw().cast_ref_unchecked();
            if let Ok(event) = self.room.decrypt_event(raw, None).await {
                locked.event = event;
            }
        }
        for locked in tried {
            let hopeless = match &locked.event.kind {
                TimelineEventKind::UnableToDecrypt { utd_info, .. } => {
                    trust::verdict(&utd_info.reason).is_some() || locked.until <= Instant::now()
                }
                TimelineEventKind::Decrypted(_) | TimelineEventKind::PlainText { .. } => true,
            };
            if hopeless {
                self.readable(locked.event, &locked.step).await?;
            } else {
                self.locked.push(locked);
            }
        }
        Ok(())
    }

    /// What will not become more readable than it is.
    async fn readable(
        &mut self,
        event: TimelineEvent,
        step: &Arc<Step>,
    ) -> Result<(), InboxClosed> {
        let event = self.doubts.settle(&self.room, event).await;
        let account = self.shared.account.clone();
        account.history.saw(&self.room, &event);
        let Ok(value) = event.raw().deserialize_as_unchecked::<Value>() else {
            return Ok(());
        };
        if value["sender"] == account.me.as_str() {
            return Ok(());
        }
        if event.encryption_info().is_some() || understand::asks_to_verify(&value["content"]) {
            let since = self.shared.since;
            let now = since.is_some_and(|since| since <= understand::instant(&value));
            let asking = if now { Asking::Now } else { Asking::Before };
            verify::decline_in_room(&account, &self.room, &value, asking);
        }
        let understood = loop {
            match understand::happening(&account, &self.room, &event, &value).await {
                Ok(understood) => break understood,
                Err(error) => {
                    tracing::debug!(%error, "an event cannot be understood yet");
                    if self.room.state() != RoomState::Joined {
                        return Ok(());
                    }
                }
            }
            tokio::select! {
                () = self.shared.ended.cancelled() => {
                    step.failed.store(true, Ordering::SeqCst);
                    return Err(InboxClosed);
                }
                () = tokio::time::sleep(AGAIN) => {}
            }
        };
        let Some(understood) = understood else {
            return Ok(());
        };
        let id = value["event_id"].as_str().unwrap_or_default().to_owned();
        let inbound = Inbound {
            network: account.settings.network.clone(),
            id: EventId(id.clone()),
            at: Some(understand::instant(&value)),
            // While an older event waits for its key, the place before it is kept.
            cursor: self.locked.is_empty().then(|| Cursor {
                room: self.room.room_id().to_string(),
                position: id,
            }),
            what: understood.what.clone(),
        };
        let accepted = self.shared.inbox.accept(inbound).await;
        let immediate = accepted.inspect_err(|_| step.failed.store(true, Ordering::SeqCst))?;
        answer::answer(
            &self.shared,
            &self.room,
            &value,
            &understood,
            immediate,
            step,
        )
        .await;
        Ok(())
    }

    /// Who is here now, and whether the room keeps its secrets: told at the beginning, and after a
    /// gap in which both may have changed.
    async fn look_around(&mut self) -> Result<(), InboxClosed> {
        let account = self.shared.account.clone();
        let found = surroundings::seen(&account, &self.room).await;
        for what in found.unwrap_or_default() {
            self.count += 1;
            let now = account.known().heard.map(|heard| heard.now());
            let at = now.unwrap_or_default();
            let inbound = Inbound {
                network: account.settings.network.clone(),
                id: EventId(format!(
                    "here/{}/{}/{}",
                    self.room.room_id(),
                    at.timestamp_micros(),
                    self.count
                )),
                at: Some(at),
                cursor: None,
                what,
            };
            self.shared.inbox.accept(inbound).await?;
        }
        Ok(())
    }
}
