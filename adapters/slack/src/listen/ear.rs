//! What both ways in share: payloads in, acknowledgements out. Slack keeps no order between two
//! sockets, so neither does this.

use std::any::Any;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{FutureExt as _, poll};
use serde_json::Value;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use underrose_chat::{About, EventId, Happening, Inbound, Inbox, ListenError};

use super::answer;
use super::lanes::{Lane, Lanes};
use crate::inbound::{Heard, Kind, Reader, Way};
use crate::words;
use crate::workspace::{Workspace, lock};

/// An event that came so long ago is acknowledged without its answer, which goes on: Slack gives
/// three seconds in all, and a person's events wait for each other.
const ANSWER_WITHIN: Duration = Duration::from_millis(1_500);

/// Messages and presses whose answer this process has given.
const ANSWERED_MAX: usize = 10_000;

/// Longest word of Slack's that is said on.
const CODE_MAX: usize = 50;

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

/// How Slack is told.
pub enum Tell {
    /// In answer to a request.
    Answer(oneshot::Sender<Ack>),
    /// On the socket that the envelope came by.
    Socket(super::socket::Envelope),
}

impl Tell {
    async fn told(self, ack: Ack) {
        match self {
            Self::Answer(answer) => {
                let _ = answer.send(ack);
            }
            Self::Socket(envelope) => envelope.acknowledge(ack).await,
        }
    }
}

struct Job {
    came: Instant,
    heard: Heard,
    tell: Tell,
}

pub struct Ear {
    pub workspace: Arc<Workspace>,
    pub over: CancellationToken,
    pub inbox: Inbox,
    reader: Reader,
    lanes: Arc<Lanes<Job>>,
    /// Answered by a post, and in which order: a mention comes as a message too, and whatever is
    /// acknowledged late comes again, but nobody is told the same thing twice.
    answered: Mutex<(BTreeSet<EventId>, VecDeque<EventId>)>,
    time_told: Mutex<Option<DateTime<Utc>>>,
    /// Why Slack last opened no socket, until one stood again: told once.
    socket_refused: Mutex<String>,
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
        Arc::new(Self {
            workspace,
            over,
            inbox,
            reader,
            lanes: Lanes::new(),
            answered: Mutex::default(),
            time_told: Mutex::default(),
            socket_refused: Mutex::default(),
            doubt: Notify::new(),
            lost: Mutex::default(),
        })
    }

    /// Takes one payload in; `tell` gets what Slack is to be told, when it may be told.
    pub async fn take(self: &Arc<Self>, kind: Kind, payload: &Value, tell: Tell) {
        let came = Instant::now();
        if self.reader.doubts_access(kind, payload) {
            self.doubt.notify_one();
        }
        let Some(mut heard) = self.reader.read(kind, payload) else {
            // Nothing that the core need hear of.
            return tell.told(Ack::With(Value::Null)).await;
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
            self.workspace.views().note(view, stamp);
        }
        if let Way::Submission { view } = &heard.way {
            let view = view.get("id").and_then(Value::as_str);
            let refused = self.workspace.views().refused(view.unwrap_or_default());
            heard.id.0.push_str(&format!("/{refused}"));
        }
        let number = lane_of(&heard.what);
        let job = Job { came, heard, tell };
        if let Some(lane) = self.lanes.put(number, job).await {
            tokio::spawn(self.clone().work(lane));
        }
    }

    async fn work(self: Arc<Self>, mut lane: Lane<Job>) {
        while let Some(Job { came, heard, tell }) = lane.next() {
            tell.told(self.hear(heard, came).await).await;
            if self.over.is_cancelled() {
                return;
            }
        }
    }

    async fn hear(&self, heard: Heard, came: Instant) -> Ack {
        let inbound = Inbound {
            network: self.reader.network.clone(),
            id: heard.id,
            at: heard.at,
            cursor: None,
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
        if self.is_answered(&heard.way, id) {
            return Ack::With(Value::Null);
        }
        let (workspace, way) = (self.workspace.clone(), heard.way);
        // What comes too late for the acknowledgement of a command goes there.
        let late = match &way {
            Way::Command { response_url, .. } => response_url.clone(),
            Way::Nobody
            | Way::Message { .. }
            | Way::Press { .. }
            | Way::Change { .. }
            | Way::Submission { .. }
            | Way::Home { .. } => None,
        };
        let answering = async move { answer::give(&workspace, &way, immediate, place).await };
        let mut answering = AssertUnwindSafe(answering).catch_unwind().boxed();
        // What goes with the acknowledgement is ready at once.
        let answered = match poll!(&mut answering) {
            Poll::Ready(answered) => Some(answered),
            // It goes on after its time, and the event is acknowledged without it.
            Poll::Pending => {
                let mut answering = tokio::spawn(answering);
                match timeout_at(came + ANSWER_WITHIN, &mut answering).await {
                    Ok(answered) => answered.ok(),
                    Err(_) => {
                        if let Some(url) = late {
                            tokio::spawn(respond_late(self.workspace.clone(), url, answering));
                        }
                        None
                    }
                }
            }
        };
        Ack::With(answered.and_then(Result::ok).unwrap_or_default())
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

    /// Slack opens no socket, and says why in one of its words.
    pub async fn tell_socket_refused(&self, code: &str) {
        let code: String = code.chars().take(CODE_MAX).collect();
        if std::mem::replace(&mut *lock(&self.socket_refused), code.clone()) == code {
            return;
        }
        tracing::warn!(code, "slack opens no socket");
        let now = (self.workspace.settings.now)();
        let what = Happening::Trouble {
            about: About::Network,
            reason: words::socket_refused(&code),
        };
        let id = format!("socket-refused/{}", now.timestamp_micros());
        self.tell(id, now, what).await;
    }

    /// A socket stands.
    pub fn socket_stands(&self) {
        lock(&self.socket_refused).clear();
    }

    /// Something that this side found out by itself.
    pub async fn tell(&self, id: String, at: DateTime<Utc>, what: Happening) {
        let inbound = Inbound {
            network: self.reader.network.clone(),
            id: EventId(id),
            at: Some(at),
            cursor: None,
            what,
        };
        if self.inbox.accept(inbound).await.is_err() {
            self.over.cancel();
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
}

type Answering = JoinHandle<Result<Value, Box<dyn Any + Send>>>;

/// Shows a command's answer that was not ready when the command had to be acknowledged.
async fn respond_late(workspace: Arc<Workspace>, url: String, answering: Answering) {
    let answer = answering.await.ok().and_then(Result::ok);
    let Some(answer) = answer.filter(|answer| !answer.is_null()) else {
        return;
    };
    if let Err(failure) = workspace.api.respond(&url, &answer).await {
        let reason = crate::deliver::error(&failure);
        tracing::warn!(%reason, "an answer was not shown");
    }
}

/// One person, one lane; what nobody did goes by its room.
fn lane_of(what: &Happening) -> u64 {
    let mut hasher = DefaultHasher::new();
    match (what.by(), what) {
        (Some(by), _) => by.id.hash(&mut hasher),
        (None, Happening::Joined { room, .. } | Happening::Left { room, .. }) => {
            room.id.hash(&mut hasher);
        }
        (None, _) => {}
    }
    hasher.finish()
}
