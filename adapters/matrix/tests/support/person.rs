//! A person with a matrix-sdk client of their own, signed or not, that remembers what it was shown.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use matrix_sdk::config::SyncSettings;
use matrix_sdk::encryption::EncryptionSettings;
use matrix_sdk::ruma::api::client::account::register;
use matrix_sdk::ruma::api::client::room::create_room;
use matrix_sdk::ruma::api::client::uiaa;
use matrix_sdk::ruma::events::InitialStateEvent;
use matrix_sdk::ruma::events::room::encryption::RoomEncryptionEventContent;
use matrix_sdk::ruma::{OwnedEventId, OwnedRoomId, OwnedUserId, RoomId, UserId};
use matrix_sdk::{Client, Room, RoomState};
use serde_json::{Value, json};
use tokio::sync::Notify;

pub const PASSWORD: &str = "correct horse battery";

/// Longer than any of this takes; a test that waits so long has failed.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// An event as this person's client shows it.
#[derive(Clone, Debug)]
pub struct Shown {
    pub room: OwnedRoomId,
    pub event: Value,
    pub encrypted: bool,
    /// The client could not read it.
    pub locked: bool,
}

impl Shown {
    pub fn id(&self) -> OwnedEventId {
        self.event["event_id"].as_str().unwrap().try_into().unwrap()
    }

    pub fn sender(&self) -> &str {
        self.event["sender"].as_str().unwrap_or_default()
    }

    pub fn kind(&self) -> &str {
        self.event["type"].as_str().unwrap_or_default()
    }

    pub fn body(&self) -> &str {
        self.event["content"]["body"].as_str().unwrap_or_default()
    }
}

pub struct Person {
    pub client: Client,
    shown: Arc<Mutex<Vec<Shown>>>,
    changed: Arc<Notify>,
    accepts: Arc<AtomicBool>,
    syncing: tokio::task::JoinHandle<()>,
}

/// Whether a person's device is signed by its owner.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    Yes,
    No,
}

/// Makes an account.
pub async fn register(url: &str, name: &str) -> OwnedUserId {
    let client = Client::builder().homeserver_url(url).build().await.unwrap();
    let mut request = register::v3::Request::new();
    request.username = Some(name.to_owned());
    request.password = Some(PASSWORD.to_owned());
    request.inhibit_login = true;
    request.auth = Some(uiaa::AuthData::Dummy(uiaa::Dummy::new()));
    client
        .matrix_auth()
        .register(request)
        .await
        .unwrap()
        .user_id
}

impl Person {
    /// Makes the account, logs in, and stays in sync.
    pub async fn new(url: &str, name: &str, signed: Signed) -> Self {
        register(url, name).await;
        Self::log_in(url, name, signed).await
    }

    pub async fn log_in(url: &str, name: &str, signed: Signed) -> Self {
        let client = Client::builder()
            .homeserver_url(url)
            .with_encryption_settings(EncryptionSettings {
                auto_enable_cross_signing: signed == Signed::Yes,
                ..EncryptionSettings::default()
            })
            .build()
            .await
            .unwrap();
        client
            .matrix_auth()
            .login_username(name, PASSWORD)
            .await
            .unwrap();
        client
            .encryption()
            .wait_for_e2ee_initialization_tasks()
            .await;
        let settings = SyncSettings::new().timeout(Duration::ZERO);
        client.sync_once(settings).await.unwrap();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let changed = Arc::new(Notify::new());
        let accepts = Arc::new(AtomicBool::new(false));
        let syncing = sync(
            client.clone(),
            shown.clone(),
            changed.clone(),
            accepts.clone(),
        );
        let syncing = tokio::spawn(syncing);
        Self {
            client,
            shown,
            changed,
            accepts,
            syncing,
        }
    }

    /// From now on every invitation is accepted.
    pub fn accepts_all(&self) {
        self.accepts.store(true, Ordering::SeqCst);
    }

    pub fn id(&self) -> &UserId {
        self.client.user_id().unwrap()
    }

    pub fn shown(&self) -> Vec<Shown> {
        self.shown.lock().unwrap().clone()
    }

    /// Looks at what was shown from the `next`th event on, without a copy.
    pub fn shown_from<T>(&self, next: usize, look: impl FnOnce(&[Shown]) -> T) -> T {
        let shown = self.shown.lock().unwrap();
        look(shown.get(next..).unwrap_or_default())
    }

    /// Waits until something is so.
    pub async fn until<T>(&self, what: &str, so: impl FnMut(&Self) -> Option<T>) -> T {
        self.until_within(PATIENCE, what, so).await
    }

    pub async fn until_within<T>(
        &self,
        patience: Duration,
        what: &str,
        mut so: impl FnMut(&Self) -> Option<T>,
    ) -> T {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let changed = self.changed.notified();
            if let Some(found) = so(self) {
                return found;
            }
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(deadline) => {
                    panic!("{} never saw: {what}; was shown {:#?}", self.id(), self.texts())
                }
            }
        }
    }

    fn texts(&self) -> Vec<String> {
        let shown = self.shown();
        let line = |one: &Shown| {
            format!(
                "{} {} {} {}",
                one.room,
                one.sender(),
                one.kind(),
                one.event["content"]
            )
        };
        shown.iter().map(line).collect()
    }

    /// The next message of that sender that holds this.
    pub async fn sees(&self, sender: &UserId, text: &str) -> Shown {
        self.until(text, |me| {
            me.shown()
                .into_iter()
                .find(|one| one.sender() == sender && one.body().contains(text))
        })
        .await
    }

    /// Waits until somebody is in the room.
    pub async fn sees_joining(&self, who: &UserId, room: &RoomId) {
        self.until("a join", |me| {
            me.shown().into_iter().find(|one| {
                one.room == room
                    && one.kind() == "m.room.member"
                    && one.event["state_key"] == who.as_str()
                    && one.event["content"]["membership"] == "join"
            })
        })
        .await;
    }

    /// Joins whatever it is invited to, and that room is then known.
    pub async fn joins_next(&self) -> Room {
        let room = self
            .until("an invitation", |me| me.client.invited_rooms().pop())
            .await;
        room.join().await.unwrap();
        let id = room.room_id().to_owned();
        self.joined(&id).await
    }

    pub async fn joins(&self, id: &RoomId) -> Room {
        self.until("an invitation", |me| {
            me.client
                .invited_rooms()
                .into_iter()
                .find(|room| room.room_id() == id)
        })
        .await
        .join()
        .await
        .unwrap();
        self.joined(id).await
    }

    pub async fn joined(&self, id: &RoomId) -> Room {
        self.until("the room", |me| {
            me.client
                .get_room(id)
                .filter(|room| room.state() == RoomState::Joined && room.is_state_fully_synced())
        })
        .await
    }

    /// An encrypted direct room with somebody, as Element makes it.
    pub async fn direct_with(&self, other: &UserId) -> Room {
        self.client.create_dm(other).await.unwrap()
    }

    /// A room in which this person has all power.
    pub async fn opens(&self, invite: &[&UserId], encrypted: bool) -> Room {
        let mut request = create_room::v3::Request::new();
        request.invite = invite.iter().map(|user| (*user).to_owned()).collect();
        if encrypted {
            request.preset = Some(create_room::v3::RoomPreset::PrivateChat);
            let content = RoomEncryptionEventContent::with_recommended_defaults();
            request.initial_state =
                vec![InitialStateEvent::with_empty_state_key(content).to_raw_any()];
        } else {
            request.preset = Some(create_room::v3::RoomPreset::PublicChat);
        }
        let room = self.client.create_room(request).await.unwrap();
        let id = room.room_id().to_owned();
        self.joined(&id).await
    }

    pub async fn says(&self, room: &RoomId, text: &str) -> OwnedEventId {
        self.sends(room, json!({"msgtype": "m.text", "body": text}))
            .await
    }

    pub async fn sends(&self, room: &RoomId, content: Value) -> OwnedEventId {
        let room = self.client.get_room(room).unwrap();
        room.send_raw("m.room.message", content)
            .await
            .unwrap()
            .response
            .event_id
    }

    pub async fn reacts(&self, room: &RoomId, to: &str, key: &str) -> OwnedEventId {
        let content = json!({"m.relates_to":
            {"rel_type": "m.annotation", "event_id": to, "key": key}});
        let room = self.client.get_room(room).unwrap();
        room.send_raw("m.reaction", content)
            .await
            .unwrap()
            .response
            .event_id
    }

    /// Straight to the homeserver, past the client's encryption: what an attacker can do.
    pub async fn puts(&self, room: &RoomId, kind: &str, content: Value) -> OwnedEventId {
        static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let url = format!(
            "{}_matrix/client/v3/rooms/{room}/send/{kind}/put-{count}",
            self.client.homeserver()
        );
        let answer = self
            .client
            .http_client()
            .put(url)
            .bearer_auth(self.client.access_token().unwrap())
            .body(content.to_string())
            .send()
            .await
            .unwrap();
        let text = answer.text().await.unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        value["event_id"].as_str().expect(&text).try_into().unwrap()
    }

    /// The event as the homeserver has it: encrypted, if it is.
    pub async fn raw(&self, room: &RoomId, event: &str) -> Value {
        let url = format!(
            "{}_matrix/client/v3/rooms/{room}/event/{event}",
            self.client.homeserver()
        );
        let answer = self
            .client
            .http_client()
            .get(url)
            .bearer_auth(self.client.access_token().unwrap())
            .send()
            .await
            .unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    /// Signs another of this person's devices out.
    pub async fn logs_out(&self, device: &str) {
        use matrix_sdk::ruma::api::client::uiaa::{
            AuthData, MatrixUserIdentifier, Password, UserIdentifier,
        };
        let devices = [device.into()];
        let asked = self.client.delete_devices(&devices, None).await;
        let error = asked.expect_err("the password is asked for");
        let me = MatrixUserIdentifier::new(self.id().to_string());
        let mut proof = Password::new(UserIdentifier::Matrix(me), PASSWORD.to_owned());
        proof.session = error
            .as_uiaa_response()
            .and_then(|asked| asked.session.clone());
        let proof = AuthData::Password(proof);
        self.client
            .delete_devices(&devices, Some(proof))
            .await
            .unwrap();
    }

    /// The room's state now, by type (and key, where there is one).
    pub async fn state(&self, room: &RoomId) -> BTreeMap<String, Value> {
        let url = format!(
            "{}_matrix/client/v3/rooms/{room}/state",
            self.client.homeserver()
        );
        let answer = self
            .client
            .http_client()
            .get(url)
            .bearer_auth(self.client.access_token().unwrap())
            .send()
            .await
            .unwrap();
        let events: Vec<Value> = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        events
            .into_iter()
            .map(|event| {
                let key = event["state_key"].as_str().unwrap_or_default();
                let kind = event["type"].as_str().unwrap_or_default();
                let name = if key.is_empty() {
                    kind.to_owned()
                } else {
                    format!("{kind}/{key}")
                };
                (name, event["content"].clone())
            })
            .collect()
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.syncing.abort();
    }
}

async fn sync(
    client: Client,
    shown: Arc<Mutex<Vec<Shown>>>,
    changed: Arc<Notify>,
    accepts: Arc<AtomicBool>,
) {
    let settings = SyncSettings::new().timeout(Duration::from_secs(20));
    let mut again = tokio::time::interval(Duration::from_millis(200));
    loop {
        let Ok(response) = client.sync_once(settings.clone()).await else {
            // The homeserver is being restarted.
            again.tick().await;
            continue;
        };
        for (room, update) in &response.rooms.joined {
            for event in &update.timeline.events {
                let Ok(value) = event.raw().deserialize_as_unchecked::<Value>() else {
                    continue;
                };
                shown.lock().unwrap().push(Shown {
                    room: room.clone(),
                    event: value,
                    encrypted: event.encryption_info().is_some(),
                    locked: event.kind.is_utd(),
                });
            }
        }
        if accepts.load(Ordering::SeqCst) {
            for room in client.invited_rooms() {
                let _ = room.join().await;
            }
        }
        changed.notify_waiters();
    }
}
