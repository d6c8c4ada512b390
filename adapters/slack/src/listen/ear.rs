//! What both ways in share: payloads in, acknowledgements out. A person's events are taken in one
//! after the other, as they came; different people's at once, so that one commit serves many. Slack
//! keeps no order between two sockets, so neither does this.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use underrose_chat::{About, EventId, Happening, Inbound, Inbox, ListenError};

use super::answer;
use super::dates::Dates;
use crate::inbound::{Heard, Kind, Reader, Way};
use crate::workspace::{Workspace, lock};

/// Lanes: people whose lanes meet wait for each other, so there are more than people at once.
const LANES: usize = 256;

/// What waits in one lane; then the socket is read no further, and Slack waits.
const WAITING_MAX: usize = 64;

/// An answer gets this long before its event is acknowledged; Slack gives three seconds in all.
const ANSWER_MAX: Duration = Duration::from_millis(1_500);

/// Open modals whose newest change is remembered.
const VIEWS_MAX: usize = 1_000;

/// Messages and presses whose answer this process has given.
const ANSWERED_MAX: usize = 10_000;

/// The network's time is passed on this often at most.
const TIME_EVERY: chrono::TimeDelta = chrono::TimeDelta::seconds(30);

/// What Slack is told.
#[derive(Debug, PartialEq)]
pub enum Ack {
    /// Durable; this goes with the acknowledgement ([`Value::Null`]: nothing).
    With(Value),
    /// Not durable: Slack must send it again.
    Refuse,
}

struct Job {
    heard: Heard,
    tell: oneshot::Sender<Ack>,
}

pub struct Ear {
    pub workspace: Arc<Workspace>,
    pub over: CancellationToken,
    pub inbox: Inbox,
    reader: Reader,
    dates: Dates,
    lanes: Vec<mpsc::Sender<Job>>,
    /// By modal, the stamp of the newest change that was taken in.
    newest: Mutex<BTreeMap<String, String>>,
    /// Answered by a post, and in which order: a mention comes as a message too, and whatever is
    /// acknowledged late comes again, but nobody is told the same thing twice.
    answered: Mutex<(BTreeSet<EventId>, VecDeque<EventId>)>,
    time_told: Mutex<Option<DateTime<Utc>>>,
    /// Slack says that the bot may not be let in any more: it is asked at once.
    pub doubt: Notify,
    /// Why nothing is heard any more, once that is sure.
    lost: Mutex<Option<ListenError>>,
}

impl Ear {
    pub fn new(
        workspace: Arc<Workspace>,
        reader: Reader,
        inbox: Inbox,
        over: CancellationToken,
    ) -> Arc<Self> {
        let (lanes, receivers): (Vec<_>, Vec<_>) =
            (0..LANES).map(|_| mpsc::channel(WAITING_MAX)).unzip();
        let started = (workspace.settings.now)();
        let ear = Arc::new(Self {
            workspace,
            over,
            inbox,
            reader,
            dates: Dates::new(started),
            lanes,
            newest: Mutex::default(),
            answered: Mutex::default(),
            time_told: Mutex::default(),
            doubt: Notify::new(),
            lost: Mutex::default(),
        });
        for receiver in receivers {
            tokio::spawn(lane(Arc::downgrade(&ear), ear.over.clone(), receiver));
        }
        ear
    }

    /// Takes one payload in. Resolves to what Slack is to be told, when it may be told.
    pub async fn take(&self, kind: Kind, payload: &Value) -> oneshot::Receiver<Ack> {
        let (tell, told) = oneshot::channel();
        if self.reader.doubts_access(kind, payload) {
            self.doubt.notify_one();
        }
        let Some(heard) = self.reader.read(kind, payload) else {
            // Nothing that the core need hear of.
            let _ = tell.send(Ack::With(Value::Null));
            return told;
        };
        if let Happening::Exposed { room, .. }
        | Happening::Trouble {
            about: About::Room { room },
            ..
        } = &heard.what
        {
            self.workspace.room_changed(room);
        }
        if let Way::Change { view, stamp } = &heard.way {
            self.note_change(view, stamp);
        }
        if let Some(lane) = self.lanes.get(lane_of(&heard.what)) {
            let _ = lane.send(Job { heard, tell }).await;
        }
        told
    }

    async fn hear(&self, heard: Heard) -> Ack {
        let now = (self.workspace.settings.now)();
        let (at, cursor) = match heard.at {
            Some(at) => (at, None),
            None => {
                self.dates
                    .of(&heard.id, &self.inbox, &self.reader.network, now)
                    .await
            }
        };
        let inbound = Inbound {
            network: self.reader.network.clone(),
            id: heard.id,
            at,
            cursor,
            what: heard.what,
        };
        let (place, id) = (inbound.what.place().cloned(), inbound.id.clone());
        let Ok(immediate) = self.inbox.accept(inbound).await else {
            self.over.cancel();
            return Ack::Refuse;
        };
        match &heard.way {
            // The answer shows the page itself.
            Way::Home { user } => self.workspace.homes().looked(user),
            Way::Press {
                user,
                channel: None,
                response_url: None,
                ..
            } => {
                self.workspace.homes().looked(user);
                self.workspace.changed.notify_one();
            }
            Way::Nobody
            | Way::Message { .. }
            | Way::Command { .. }
            | Way::Press { .. }
            | Way::Change { .. }
            | Way::Submission { .. } => self.workspace.changed.notify_one(),
        }
        if self.is_old_change(&heard.way) || self.is_answered(&heard.way, id) {
            return Ack::With(Value::Null);
        }
        let (workspace, way) = (self.workspace.clone(), heard.way);
        let answering = async move { answer::give(&workspace, &way, immediate, place).await };
        // It goes on after its time, and the event is acknowledged without it.
        match tokio::time::timeout(ANSWER_MAX, tokio::spawn(answering)).await {
            Ok(Ok(payload)) => Ack::With(payload),
            Ok(Err(_)) | Err(_) => Ack::With(Value::Null),
        }
    }

    /// Ends the listening: no attempt could help.
    pub fn lose(&self, why: ListenError) {
        *lock(&self.lost) = Some(why);
        self.over.cancel();
    }

    /// Why it was ended, if it was.
    pub fn lost(&self) -> Option<ListenError> {
        lock(&self.lost).clone()
    }

    /// The network's clock, as it just said.
    pub async fn tell_time(&self, at: DateTime<Utc>) {
        {
            let mut told = lock(&self.time_told);
            let now = (self.workspace.settings.now)();
            if told.is_some_and(|told| (now - told).abs() < TIME_EVERY) {
                return;
            }
            *told = Some(now);
        }
        self.tell(
            format!("time/{}", at.timestamp_micros()),
            at,
            Happening::Time,
        )
        .await;
    }

    /// Something that this side found out by itself.
    pub async fn tell(&self, id: String, at: DateTime<Utc>, what: Happening) {
        let inbound = Inbound {
            network: self.reader.network.clone(),
            id: EventId(id),
            at,
            cursor: None,
            what,
        };
        if self.inbox.accept(inbound).await.is_err() {
            self.over.cancel();
        }
    }

    fn note_change(&self, view: &str, stamp: &str) {
        let mut newest = lock(&self.newest);
        if newest.len() >= VIEWS_MAX {
            newest.clear();
        }
        let known = newest.entry(view.to_owned()).or_default();
        if stamp > known.as_str() {
            stamp.clone_into(known);
        }
    }

    /// Whether a post of this process has answered this already; from now on it has. After a
    /// restart it is answered again, since the process before may have died before it was.
    fn is_answered(&self, way: &Way, id: EventId) -> bool {
        match way {
            Way::Message { .. } | Way::Press { .. } => {}
            // These are answered in the acknowledgement itself, or by what replaces itself.
            Way::Nobody
            | Way::Command { .. }
            | Way::Change { .. }
            | Way::Submission { .. }
            | Way::Home { .. } => return false,
        }
        let mut answered = lock(&self.answered);
        let (ids, order) = &mut *answered;
        if !ids.insert(id.clone()) {
            return true;
        }
        order.push_back(id);
        if order.len() > ANSWERED_MAX
            && let Some(oldest) = order.pop_front()
        {
            ids.remove(&oldest);
        }
        false
    }

    /// A newer change of the same modal came meanwhile: showing this one would undo it.
    fn is_old_change(&self, way: &Way) -> bool {
        let Way::Change { view, stamp } = way else {
            return false;
        };
        lock(&self.newest)
            .get(view)
            .is_some_and(|newest| newest > stamp)
    }
}

async fn lane(ear: std::sync::Weak<Ear>, over: CancellationToken, mut jobs: mpsc::Receiver<Job>) {
    loop {
        let job = tokio::select! {
            () = over.cancelled() => return,
            job = jobs.recv() => job,
        };
        let (Some(Job { heard, tell }), Some(ear)) = (job, ear.upgrade()) else {
            return;
        };
        let _ = tell.send(ear.hear(heard).await);
    }
}

/// One person, one lane; what nobody did goes by its room.
fn lane_of(what: &Happening) -> usize {
    let mut hasher = DefaultHasher::new();
    match (what.by(), what) {
        (Some(by), _) => by.id.hash(&mut hasher),
        (None, Happening::Joined { room, .. } | Happening::Left { room, .. }) => {
            room.id.hash(&mut hasher);
        }
        (None, _) => {}
    }
    usize::try_from(hasher.finish() % LANES as u64).unwrap_or_default()
}
