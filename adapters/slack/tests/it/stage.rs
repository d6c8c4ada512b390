//! An adapter beside an emulator whose app is what the manifest says, and an inbox that answers as
//! a test tells it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use underrose_chat::{
    Accept, Action, Adapter, DeliveryKey, Happening, Immediate, Inbound, Inbox, InboxClosed,
    ListenError, Message, Network, RoomId, Target, UserId,
};
use underrose_slack::{PATH, Secret, Settings, Slack, WayIn};
use underrose_slack_emulator as emulator;
use underrose_slack_emulator::{Emulator, free_port};

pub const MANIFEST: &str = include_str!("../../../../slack-app-manifest.yaml");

/// With which the emulator signs.
pub const SECRET: &str = "emulated-signing-secret";

/// The app as the manifest describes it.
pub fn app() -> emulator::Settings {
    emulator::Settings {
        // As often as Slack allows, and no more.
        rates: emulator::Rates::Strict,
        ..emulator::Settings::of_manifest(MANIFEST)
    }
}

pub fn network() -> Network {
    Network("slack".into())
}

pub fn user(id: &str) -> UserId {
    UserId {
        network: network(),
        id: id.into(),
    }
}

pub fn room(id: &str) -> RoomId {
    RoomId {
        network: network(),
        id: id.into(),
    }
}

pub fn key(name: &str) -> DeliveryKey {
    DeliveryKey(name.into())
}

pub fn post(channel: &str, text: &str) -> Action {
    let to = Target::Room {
        room: room(channel),
        thread: None,
    };
    Action::post(to, Message::text(text))
}

type Answer = Box<dyn Fn(&Inbound) -> Immediate + Send + Sync>;

/// When an event was, where Slack says so, and its id.
type Remembered = (Option<DateTime<Utc>>, String);

/// Takes everything, remembers answers by event as the engine does, and what came in order.
pub struct Desk {
    answer: Mutex<Answer>,
    pub taken: Mutex<Vec<Inbound>>,
    answered: Mutex<BTreeMap<Remembered, Immediate>>,
    pub deliveries: Mutex<u64>,
    pub times: Mutex<u64>,
    closed: AtomicBool,
    members: Mutex<Vec<(RoomId, Vec<UserId>)>>,
    changed: tokio::sync::Notify,
}

#[async_trait]
impl Accept for Desk {
    async fn accept(&self, inbound: Inbound) -> Result<Immediate, InboxClosed> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(InboxClosed);
        }
        if inbound.what == Happening::Time {
            *self.times.lock().unwrap() += 1;
            return Ok(Immediate::Nothing);
        }
        if let Happening::Members { room, who } = inbound.what {
            self.members.lock().unwrap().push((room, who));
            self.changed.notify_waiters();
            return Ok(Immediate::Nothing);
        }
        *self.deliveries.lock().unwrap() += 1;
        let remembered = (inbound.at, inbound.id.0.clone());
        if let Some(answer) = self.answered.lock().unwrap().get(&remembered) {
            return Ok(answer.clone());
        }
        let answer = (self.answer.lock().unwrap())(&inbound);
        self.answered
            .lock()
            .unwrap()
            .insert(remembered, answer.clone());
        self.taken.lock().unwrap().push(inbound);
        self.changed.notify_waiters();
        Ok(answer)
    }

    async fn cursor(&self, _: &str) -> Option<String> {
        // Slack repeats what was not acknowledged: nothing is caught up on.
        None
    }
}

impl Desk {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            answer: Mutex::new(Box::new(|_| Immediate::Nothing)),
            taken: Mutex::default(),
            answered: Mutex::default(),
            deliveries: Mutex::default(),
            times: Mutex::default(),
            closed: AtomicBool::new(false),
            members: Mutex::default(),
            changed: tokio::sync::Notify::new(),
        })
    }

    pub fn answers(&self, answer: impl Fn(&Inbound) -> Immediate + Send + Sync + 'static) {
        *self.answer.lock().unwrap() = Box::new(answer);
    }

    /// Takes nothing any more, as the engine when the process ends.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    pub fn open(&self) {
        self.closed.store(false, Ordering::SeqCst);
    }

    pub fn says(&self, text: &'static str) {
        self.answers(move |_| Immediate::Say {
            message: Message::text(text),
        });
    }

    pub fn texts(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap();
        taken
            .iter()
            .filter_map(|inbound| match &inbound.what {
                Happening::Text { text, .. } => Some(text.clone()),
                _ => None,
            })
            .collect()
    }
}

/// A workspace, the bot in it, and what it hears.
pub struct Stage {
    pub emulator: Emulator,
    pub slack: Arc<Slack>,
    pub desk: Arc<Desk>,
    pub stop: CancellationToken,
}

pub fn slack_at(emulator: &Emulator, way: WayIn) -> Arc<Slack> {
    let clock = emulator.clone();
    let (token, api_url) =
        emulator.look(|world| (world.settings.bot_token.clone(), emulator.api_url()));
    Arc::new(
        Slack::new(Settings {
            network: network(),
            bot_token: Secret::new(token),
            way,
            api_url,
            now: Arc::new(move || clock.clock().now()),
        })
        .unwrap(),
    )
}

pub fn slack_over_http(emulator: &Emulator, listen: SocketAddr) -> Arc<Slack> {
    let signing_secret = Secret::new(SECRET);
    slack_at(
        emulator,
        WayIn::Http {
            listen,
            signing_secret,
        },
    )
}

pub fn socket(emulator: &Emulator) -> WayIn {
    let app_token = emulator.look(|world| Secret::new(world.settings.app_token.clone()));
    WayIn::Socket { app_token }
}

impl Stage {
    pub async fn with(settings: emulator::Settings) -> Self {
        let emulator = Emulator::start(settings).await.unwrap();
        let slack = slack_at(&emulator, socket(&emulator));
        Self {
            emulator,
            slack,
            desk: Desk::new(),
            stop: CancellationToken::new(),
        }
    }

    pub async fn new() -> Self {
        Self::with(app()).await
    }

    pub fn listen(&self) -> JoinHandle<Result<(), ListenError>> {
        let (slack, desk, stop) = (self.slack.clone(), self.desk.clone(), self.stop.clone());
        tokio::spawn(async move { slack.listen(Inbox::new(desk), stop).await })
    }

    pub async fn listening_over_http() -> (Self, SocketAddr, JoinHandle<Result<(), ListenError>>) {
        Self::listening_over_http_as(app()).await
    }

    /// Listening over signed HTTP, on this address.
    pub async fn listening_over_http_as(
        settings: emulator::Settings,
    ) -> (Self, SocketAddr, JoinHandle<Result<(), ListenError>>) {
        let listen = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let settings = settings.over_http(&format!("http://{listen}{PATH}"));
        let emulator = Emulator::start(settings).await.unwrap();
        let slack = slack_over_http(&emulator, listen);
        let stage = Self {
            emulator,
            slack,
            desk: Desk::new(),
            stop: CancellationToken::new(),
        };
        let listening = stage.listen();
        // Listening, when a connection is taken.
        while TcpStream::connect(listen).await.is_err() {
            tokio::task::yield_now().await;
        }
        (stage, listen, listening)
    }

    pub async fn up_over_http() -> Self {
        Self::listening_over_http().await.0
    }

    /// Listening, with both sockets open.
    pub async fn up() -> Self {
        let stage = Self::new().await;
        stage.listen();
        stage.emulator.connected(2).await;
        stage
    }

    /// Waits until it was told who is in a room.
    pub async fn members(&self, room: &RoomId) -> Vec<UserId> {
        let told = async {
            loop {
                let changed = self.desk.changed.notified();
                let members = self.desk.members.lock().unwrap().clone();
                if let Some((_, who)) = members.into_iter().find(|(known, _)| known == room) {
                    return who;
                }
                changed.await;
            }
        };
        let patience = std::time::Duration::from_secs(40);
        let told = tokio::time::timeout(patience, told).await;
        told.expect("the room is looked at")
    }

    /// Waits until so much was taken in.
    pub async fn taken(&self, least: usize) -> Vec<Inbound> {
        let enough = async {
            loop {
                let changed = self.desk.changed.notified();
                let taken = self.desk.taken.lock().unwrap().clone();
                if taken.len() >= least {
                    return taken;
                }
                changed.await;
            }
        };
        let patience = std::time::Duration::from_secs(40);
        tokio::time::timeout(patience, enough)
            .await
            .expect("the bot hears of it")
    }
}
