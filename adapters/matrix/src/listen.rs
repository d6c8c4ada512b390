//! Taking in what happens: one sync after the other, each room's events to a task of its own, so
//! that rooms do not wait for each other and one room's events stay in order.
//!
//! The client keeps its place in the stream of syncs before anything is handed on. So the core's
//! own cursor of each room counts, and what was handed on is noted beside it: see `handled`.

use std::collections::HashMap;
use std::sync::Arc;
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
use crate::handled::Handled;
use crate::room_work::{self, Shared, Work};
use crate::{client, handled, invitations, quiet, time, verify};

/// How long the homeserver may hold a sync open when nothing happens.
const SYNC_MAX: Duration = Duration::from_secs(30);

/// Between two attempts to reach a homeserver that is down, at first and at most.
const AGAIN_MIN: Duration = Duration::from_millis(250);
const AGAIN_MAX: Duration = Duration::from_secs(15);

/// Work that may wait in one room before the sync itself waits.
const ROOM_QUEUE_MAX: usize = 256;

/// Rooms that catch up at once: a homeserver answers some tens of requests a second, and what was
/// missed in a room is held until its beginning was found.
const CATCHING_UP_MAX: usize = 3;

/// How long the next sync waits for the answers to the last one. Whoever asks meanwhile is heard so
/// much later at most; and the homeserver, which makes a sync of its own of each of the bot's
/// answers otherwise, answers twenty rooms sooner.
const ANSWERING_MAX: Duration = Duration::from_millis(250);

/// And how much longer: the homeserver brings the answers to those who asked, before it is asked for
/// a sync that shows the bot nothing but its own words.
const SETTLING: Duration = Duration::from_millis(25);

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
        let may_end = async {
            ended.cancelled().await;
            client::keys_are_whole(&account.client).await;
        };
        let synced = tokio::select! {
            () = may_end => return Ok(()),
            synced = account.client.sync_once(settings) => synced,
        };
        match synced {
            Ok(response) => {
                if first {
                    tokio::spawn(quiet::be(account.clone()));
                }
                (pause, first) = (AGAIN_MIN, false);
                account.ready.send_replace(true);
                verify::decline_to_device(account, &response);
                if let Some(answered) = rooms.take(response).await {
                    let settled = async {
                        let _ = tokio::time::timeout(ANSWERING_MAX, answered.cancelled()).await;
                        tokio::time::sleep(SETTLING).await;
                    };
                    tokio::select! {
                        () = ended.cancelled() => return Ok(()),
                        () = settled => {}
                    }
                }
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

fn text(event: &TimelineEvent, field: &str) -> Option<String> {
    event.raw().get_field(field).ok().flatten()
}

fn is_member(event: &TimelineEvent) -> bool {
    text(event, "type").as_deref() == Some("m.room.member")
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
        let handled = handled::stored(&client).await;
        let whole = token.is_some() && token == handled;
        let (step, _) = self.handled.step(token.unwrap_or_default(), &self.shared);
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
        let shared = &self.shared;
        let begun = |id: &OwnedRoomId| {
            let (lane, work) = mpsc::channel(ROOM_QUEUE_MAX);
            tokio::spawn(room_work::run(shared.clone(), id.clone(), work));
            if let Some(room) = shared.account.client.get_room(id) {
                tokio::spawn(invitations::go_on(shared.account.clone(), room));
            }
            lane
        };
        let lane = self.lanes.entry(id);
        lane.or_insert_with_key(begun).clone()
    }

    /// If somebody else did something in it: cancelled when everybody was answered, or who was not
    /// waits for something else.
    async fn take(&mut self, response: SyncResponse) -> Option<CancellationToken> {
        let (step, answered) = self.handled.step(response.next_batch, &self.shared);
        let mut asked = false;
        for (id, update) in response.rooms.joined {
            if update.timeline.limited || update.timeline.events.iter().any(is_member) {
                self.shared.account.known().alone.remove(&id);
            }
            if update.timeline.events.is_empty() && !update.timeline.limited {
                continue;
            }
            let me = self.shared.account.me.as_str();
            asked |= update.timeline.limited
                || (update.timeline.events.iter())
                    .any(|event| text(event, "sender").as_deref() != Some(me));
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
        asked.then_some(answered)
    }
}
