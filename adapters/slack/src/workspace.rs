//! One workspace: what is known of it, and for how long that is believed.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::{Notify, OnceCell, Semaphore};
use underrose_chat::UserId;

use crate::api::{Api, Failure};
use crate::deliver::Ledger;
use crate::listen::{Homes, Views};
use crate::settings::Settings;

/// What a room is may change under our feet: nothing older than this is believed, and an event
/// that tells of the change ends it at once.
const ROOM_KNOWN_FOR: Duration = Duration::from_secs(30);

/// Rooms and people that are remembered.
const KNOWN_MAX: usize = 10_000;

/// Answers that wait for Slack at once: somebody in a hurry is answered, a flood is not.
const WAITING_ANSWERS_MAX: usize = 200;

/// The bot in one workspace.
pub struct Workspace {
    pub(crate) settings: Settings,
    pub(crate) api: Api,
    pub refused: crate::listen::Refused,
    pub(crate) opening: tokio::sync::Mutex<()>,
    identity: OnceCell<Identity>,
    ledger: Mutex<Ledger>,
    rooms: Mutex<Rooms>,
    homes: Mutex<Homes>,
    views: Mutex<Views>,
    /// Held while a modal is updated.
    pub(crate) updating: tokio::sync::Mutex<()>,
    /// Held while a page is shown.
    pub(crate) showing: tokio::sync::Mutex<()>,
    /// Something was taken in or carried out: what people see of it elsewhere may be old.
    pub(crate) changed: Notify,
    /// Who could not be let into a room that was opened, and why: the duty is yet to be told.
    left_out: Mutex<Vec<(UserId, String)>>,
    pub(crate) somebody_left_out: Notify,
    /// For answers that Slack does not take yet.
    pub(crate) waiting_answers: Semaphore,
    /// By user, the channel of the direct conversation.
    directs: Mutex<BTreeMap<String, String>>,
    groups: Mutex<BTreeMap<String, String>>,
}

/// Who the bot is here.
#[derive(Clone, Debug)]
pub struct Identity {
    pub user: String,
    pub name: String,
    pub team: String,
}

/// What a channel is.
#[derive(Clone, Debug, Default)]
pub struct Kind {
    /// Who else may read it, in words; `None` if it is private.
    pub open_to_others: Option<&'static str>,
    /// Not everybody in the workspace may read it.
    pub private: bool,
    pub archived: bool,
    pub member: bool,
    pub name: String,
}

#[derive(Default)]
pub struct Rooms(BTreeMap<String, (Kind, Instant)>);

impl Rooms {
    pub fn forget(&mut self, channel: &str) {
        self.0.remove(channel);
    }
}

impl Workspace {
    /// # Errors
    /// If this machine has no certificates to trust.
    pub fn new(settings: Settings) -> Result<Self, String> {
        let api = Api::new(&settings.api_url, &settings.bot_token)?;
        Ok(Self {
            settings,
            api,
            refused: crate::listen::Refused::default(),
            opening: tokio::sync::Mutex::default(),
            identity: OnceCell::new(),
            ledger: Mutex::default(),
            rooms: Mutex::default(),
            homes: Mutex::default(),
            views: Mutex::default(),
            updating: tokio::sync::Mutex::default(),
            showing: tokio::sync::Mutex::default(),
            changed: Notify::new(),
            left_out: Mutex::default(),
            somebody_left_out: Notify::new(),
            waiting_answers: Semaphore::new(WAITING_ANSWERS_MAX),
            directs: Mutex::default(),
            groups: Mutex::default(),
        })
    }

    pub(crate) fn leave_out(&self, who: UserId, why: String) {
        let mut left_out = lock(&self.left_out);
        if left_out.len() < KNOWN_MAX {
            left_out.push((who, why));
        }
        drop(left_out);
        self.somebody_left_out.notify_one();
    }

    pub(crate) fn take_left_out(&self) -> Vec<(UserId, String)> {
        std::mem::take(&mut lock(&self.left_out))
    }

    pub(crate) async fn identity(&self) -> Result<&Identity, Failure> {
        let asked = async {
            let answer = self.api.post("auth.test", &json!({})).await?;
            let text = |name| {
                answer
                    .get(name)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            Ok(Identity {
                user: text("user_id"),
                name: text("user"),
                team: text("team"),
            })
        };
        self.identity.get_or_try_init(|| asked).await
    }

    /// The channel of the direct conversation with a person.
    pub(crate) async fn direct(&self, user: &str) -> Result<String, Failure> {
        if let Some(channel) = lock(&self.directs).get(user) {
            return Ok(channel.clone());
        }
        let answer = self
            .api
            .post("conversations.open", &json!({"users": user}))
            .await?;
        let channel = answer.pointer("/channel/id").and_then(Value::as_str);
        let Some(channel) = channel else {
            return Err(Failure::Unsure {
                what: "slack did not name the conversation",
            });
        };
        let mut directs = lock(&self.directs);
        if directs.len() >= KNOWN_MAX {
            directs.clear();
        }
        directs.insert(user.to_owned(), channel.to_owned());
        Ok(channel.to_owned())
    }

    /// What a channel is, as Slack said not long ago.
    pub(crate) async fn kind_of(&self, channel: &str) -> Result<Kind, Failure> {
        let known = self.rooms().0.get(channel).cloned();
        if let Some((kind, at)) = known
            && at.elapsed() < ROOM_KNOWN_FOR
        {
            return Ok(kind);
        }
        let answer = self
            .api
            .get("conversations.info", &[("channel", channel)])
            .await?;
        let kind = kind(answer.get("channel").unwrap_or(&Value::Null));
        let mut rooms = self.rooms();
        if rooms.0.len() >= KNOWN_MAX {
            rooms.0.clear();
        }
        rooms
            .0
            .insert(channel.to_owned(), (kind.clone(), Instant::now()));
        Ok(kind)
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }

    pub(crate) fn rooms(&self) -> MutexGuard<'_, Rooms> {
        lock(&self.rooms)
    }

    pub(crate) fn homes(&self) -> MutexGuard<'_, Homes> {
        lock(&self.homes)
    }

    pub(crate) fn views(&self) -> MutexGuard<'_, Views> {
        lock(&self.views)
    }

    pub(crate) fn groups(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        lock(&self.groups)
    }
}

/// Reads a channel object. What is not plainly private is not private.
fn kind(channel: &Value) -> Kind {
    let is = |name| {
        channel
            .get(name)
            .and_then(Value::as_bool)
            .unwrap_or_default()
    };
    let private = is("is_private") || is("is_im") || is("is_mpim") || is("is_group");
    let open_to_others = if is("is_ext_shared") {
        Some("is shared with another organization")
    } else if is("is_pending_ext_shared") {
        Some("is about to be shared with another organization")
    } else if private {
        None
    } else {
        Some("is public")
    };
    Kind {
        open_to_others,
        private,
        archived: is("is_archived"),
        member: is("is_member"),
        name: channel
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
