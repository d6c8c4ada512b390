//! Taking in what happens: one sync after the other, each room's events to a task of its own, so
//! that rooms do not wait for each other and one room's events stay in order.
//!
//! The client keeps its place in the stream of syncs before anything is handed on. So the core's
//! own cursor of each room counts, and a place is called handled only when all before it was.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use matrix_sdk::Client;
use matrix_sdk::config::SyncSettings;
use matrix_sdk::deserialized_responses::TimelineEvent;
use matrix_sdk::ruma::OwnedRoomId;
use matrix_sdk::ruma::api::client::filter::{FilterDefinition, LazyLoadOptions};
use matrix_sdk::ruma::api::client::sync::sync_events::v3::Filter;
use matrix_sdk::sync::SyncResponse;
use matrix_sdk_base::{StateStoreDataKey, StateStoreDataValue};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;
use underrose_chat::{Inbox, ListenError};

use crate::adapter::Account;
use crate::failure::is_over;
use crate::room_work::{self, Shared, Work};
use crate::{client, invitations, time, verify};

/// How long the homeserver may hold a sync open when nothing happens.
const SYNC_MAX: Duration = Duration::from_secs(30);

/// Between two attempts to reach a homeserver that is down, at first and at most.
const AGAIN_MIN: Duration = Duration::from_millis(250);
const AGAIN_MAX: Duration = Duration::from_secs(15);

/// Work that may wait in one room before the sync itself waits.
const ROOM_QUEUE_MAX: usize = 256;

/// Rooms that catch up at once: a homeserver answers some tens of requests a second.
const CATCHING_UP_MAX: usize = 8;

/// Up to which place of the stream everything was handed on.
const HANDLED: &[u8] = b"dev.underrose.handled";

pub async fn stored_token(client: &Client) -> Option<String> {
    let value = client
        .state_store()
        .get_kv_data(StateStoreDataKey::SyncToken)
        .await;
    match value.ok().flatten() {
        Some(StateStoreDataValue::SyncToken(token)) => Some(token),
        Some(_) | None => None,
    }
}

pub async fn listen(
    account: &Arc<Account>,
    inbox: Inbox,
    stop: CancellationToken,
) -> Result<(), ListenError> {
    // Ends with this call, or when the inbox closes.
    let ended = stop.child_token();
    let _ends = ended.clone().drop_guard();
    let keeping = tokio::spawn(client::keep_session(account.clone(), ended.clone()));
    let heard = hear(account, inbox, &ended).await;
    ended.cancel();
    // Tokens that changed just now are kept before the process ends.
    let _ = keeping.await;
    heard
}

/// Until the inbox closes, or somebody stops it.
async fn hear(
    account: &Arc<Account>,
    inbox: Inbox,
    ended: &CancellationToken,
) -> Result<(), ListenError> {
    time::ask(account).await;
    tokio::spawn(time::witness(account.clone(), inbox.clone(), ended.clone()));
    let (keys, _) = watch::channel(0);
    let mut rooms = Rooms {
        shared: Shared {
            account: account.clone(),
            inbox,
            ended: ended.clone(),
            keys,
            catching_up: Arc::new(Semaphore::new(CATCHING_UP_MAX)),
            since: account.known().heard.map(|heard| heard.now()),
        },
        lanes: HashMap::new(),
        handled: Handled::default(),
    };
    rooms.begin().await;
    let settings = SyncSettings::new().timeout(SYNC_MAX).filter(filter());
    let mut pause = AGAIN_MIN;
    let mut first = true;
    loop {
        let settings = if first {
            settings.clone().timeout(Duration::ZERO)
        } else {
            settings.clone()
        };
        let synced = tokio::select! {
            () = ended.cancelled() => return Ok(()),
            synced = account.client.sync_once(settings) => synced,
        };
        match synced {
            Ok(response) => {
                (pause, first) = (AGAIN_MIN, false);
                account.ready.send_replace(true);
                verify::decline_to_device(account, &response);
                rooms.take(response).await;
            }
            Err(error) => {
                if let Some(reason) = is_over(&error) {
                    return Err(ListenError {
                        reason: reason.to_owned(),
                    });
                }
                tracing::debug!(network = %account.settings.network, "the homeserver does not answer");
                tokio::select! {
                    () = ended.cancelled() => return Ok(()),
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(AGAIN_MAX);
            }
        }
    }
}

pub fn filter() -> Filter {
    let mut filter = FilterDefinition::default();
    // Members are not loaded lazily. Synapse then repeats the bot's own membership whenever it
    // spoke in another room than before, counts the bot as newly joined, and so as changed: every
    // sync would ask for the bot's own devices again, and what is said meanwhile waits for them.
    filter.room.state.lazy_load_options = LazyLoadOptions::Disabled;
    filter.room.ephemeral = matrix_sdk::ruma::api::client::filter::RoomEventFilter::ignore_all();
    filter.presence = matrix_sdk::ruma::api::client::filter::Filter::ignore_all();
    Filter::FilterDefinition(filter)
}

fn is_member(event: &TimelineEvent) -> bool {
    event
        .raw()
        .get_field::<String>("type")
        .ok()
        .flatten()
        .as_deref()
        == Some("m.room.member")
}

struct Rooms {
    shared: Shared,
    lanes: HashMap<OwnedRoomId, mpsc::Sender<Work>>,
    handled: Handled,
}

impl Rooms {
    /// Every room has a task; it catches up if the last life ended before all was handed on.
    async fn begin(&mut self) {
        let client = self.shared.account.client.clone();
        let token = stored_token(&client).await;
        let handled = client.state_store().get_custom_value(HANDLED).await;
        let handled = handled
            .ok()
            .flatten()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let whole = token.is_some() && token == handled;
        let step = self.handled.step(token.unwrap_or_default(), &self.shared);
        for room in client.joined_rooms() {
            let work = Work::Begin {
                catch_up: !whole,
                step: step.clone(),
            };
            let lane = self.lane(room.room_id().to_owned());
            let _ = lane.send(work).await;
        }
        for room in client.invited_rooms() {
            tokio::spawn(invitations::answer(self.shared.account.clone(), room));
        }
    }

    fn lane(&mut self, id: OwnedRoomId) -> mpsc::Sender<Work> {
        self.lanes
            .entry(id.clone())
            .or_insert_with(|| {
                let (lane, work) = mpsc::channel(ROOM_QUEUE_MAX);
                tokio::spawn(room_work::run(self.shared.clone(), id, work));
                lane
            })
            .clone()
    }

    async fn take(&mut self, response: SyncResponse) {
        let step = self.handled.step(response.next_batch, &self.shared);
        for (id, update) in response.rooms.joined {
            if update.timeline.limited || update.timeline.events.iter().any(is_member) {
                self.shared.account.known().alone.remove(&id);
            }
            if update.timeline.events.is_empty() && !update.timeline.limited {
                continue;
            }
            let is_new = !self.lanes.contains_key(&id);
            let lane = self.lane(id);
            if is_new {
                // Whatever was said before the first sync of the room is in its history.
                let begin = Work::Begin {
                    catch_up: true,
                    step: step.clone(),
                };
                let _ = lane.send(begin).await;
            }
            let work = Work::Events {
                events: update.timeline.events,
                limited: update.timeline.limited,
                step: step.clone(),
            };
            let _ = lane.send(work).await;
        }
        for id in response.rooms.left.keys() {
            self.lanes.remove(id);
        }
        for id in response.rooms.invited.keys() {
            if let Some(room) = self.shared.account.client.get_room(id) {
                tokio::spawn(invitations::answer(self.shared.account.clone(), room));
            }
        }
        if !response.to_device.is_empty() {
            self.shared.keys.send_modify(|count| *count += 1);
        }
    }
}

/// One sync's share of work: when the last copy is gone, all of it was handed on.
pub struct Step {
    number: u64,
    open: Arc<Mutex<BTreeMap<u64, Option<String>>>>,
    account: Arc<Account>,
    /// The runtime is told, since a drop cannot wait.
    runtime: tokio::runtime::Handle,
    /// What is dropped once this is cancelled was perhaps never looked at.
    ended: CancellationToken,
    /// Set when something was not handed on: then this place is never called handled.
    pub failed: std::sync::atomic::AtomicBool,
    token: String,
}

#[derive(Default)]
struct Handled {
    next: u64,
    /// Steps in order, with their places once they are done.
    open: Arc<Mutex<BTreeMap<u64, Option<String>>>>,
}

impl Handled {
    fn step(&mut self, token: String, shared: &Shared) -> Arc<Step> {
        let number = self.next;
        self.next += 1;
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(number, None);
        Arc::new(Step {
            number,
            open: self.open.clone(),
            account: shared.account.clone(),
            runtime: tokio::runtime::Handle::current(),
            ended: shared.ended.clone(),
            failed: std::sync::atomic::AtomicBool::new(false),
            token,
        })
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if self.failed.load(std::sync::atomic::Ordering::SeqCst) || self.ended.is_cancelled() {
            // It stays open, and so does everything after it.
            return;
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(self.number, Some(self.token.clone()));
        let mut reached = None;
        while let Some(entry) = open.first_entry() {
            if entry.get().is_none() {
                break;
            }
            reached = entry.remove();
        }
        drop(open);
        let Some(token) = reached.filter(|token| !token.is_empty()) else {
            return;
        };
        let account = self.account.clone();
        self.runtime.spawn(async move {
            let store = account.client.state_store();
            let _ = store
                .set_custom_value_no_read(HANDLED, token.into_bytes())
                .await;
        });
    }
}
