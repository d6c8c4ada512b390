//! The adapter under test, set up as `underrose setup matrix` does it, and an inbox that takes
//! down what it hears.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use underrose_chat::{
    Accept, Action, Adapter, DeliverError, DeliveryKey, EventId, Happening, Immediate, Inbound,
    Inbox, InboxClosed, ListenError, Message, MessageRef, Network, Openness, Receipt, RoomId,
    Target, UserId,
};
use underrose_matrix::{Credentials, Done, Federation, Key, Matrix, Settings, Trust, setup};

use super::person::{PASSWORD, PATIENCE};

pub const NETWORK: &str = "matrix";

pub fn network() -> Network {
    Network(NETWORK.to_owned())
}

pub fn user(id: impl AsRef<str>) -> UserId {
    UserId {
        network: network(),
        id: id.as_ref().to_owned(),
    }
}

pub fn room(id: impl AsRef<str>) -> RoomId {
    RoomId {
        network: network(),
        id: id.as_ref().to_owned(),
    }
}

pub fn key(name: &str) -> DeliveryKey {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hash = DefaultHasher::new();
    name.hash(&mut hash);
    DeliveryKey(format!("{:032x}", hash.finish()))
}

pub fn settings(url: &str, name: &str, folder: &Path) -> Settings {
    Settings {
        network: network(),
        homeserver: url.to_owned(),
        user: name.to_owned(),
        folder: folder.to_owned(),
        key: Key([7; 32]),
        display_name: None,
        trust: Trust::Signed,
        federation: Federation::Open,
        rooms: Vec::new(),
    }
}

/// What stands behind the adapter's inbox: remembers as the engine does, and answers as told.
#[derive(Default)]
pub struct Desk {
    pub taken: Mutex<Vec<Inbound>>,
    seen: Mutex<BTreeMap<EventId, Immediate>>,
    cursors: Mutex<BTreeMap<String, String>>,
    answers: Mutex<Vec<(String, Immediate)>>,
    changed: Notify,
}

#[async_trait]
impl Accept for Desk {
    async fn accept(&self, inbound: Inbound) -> Result<Immediate, InboxClosed> {
        if let Some(before) = self.seen.lock().unwrap().get(&inbound.id) {
            return Ok(before.clone());
        }
        let immediate = self.answer_to(&inbound.what);
        if let Some(cursor) = &inbound.cursor {
            let name = format!("{}/{}", inbound.network, cursor.room);
            self.cursors
                .lock()
                .unwrap()
                .insert(name, cursor.position.clone());
        }
        if !matches!(inbound.what, Happening::Time) {
            self.seen
                .lock()
                .unwrap()
                .insert(inbound.id.clone(), immediate.clone());
        }
        self.taken.lock().unwrap().push(inbound);
        self.changed.notify_waiters();
        Ok(immediate)
    }

    async fn cursor(&self, room: &str) -> Option<String> {
        self.cursors.lock().unwrap().get(room).cloned()
    }
}

impl Desk {
    /// Whoever writes something with these words in it gets this answer.
    pub fn answers(&self, to: &str, message: Message) {
        self.gives(to, Immediate::Say { message });
    }

    /// The same, with another answer than words.
    pub fn gives(&self, to: &str, immediate: Immediate) {
        self.answers
            .lock()
            .unwrap()
            .push((to.to_owned(), immediate));
    }

    fn answer_to(&self, what: &Happening) -> Immediate {
        let words = match what {
            Happening::Text { text, .. } => text.clone(),
            Happening::Pressed { command, .. } => command.clone(),
            Happening::Distrusted { why, .. } => format!("{why:?}"),
            _ => return Immediate::Nothing,
        };
        let answers = self.answers.lock().unwrap();
        let found = answers.iter().rev().find(|(to, _)| words.contains(to));
        found.map_or(Immediate::Nothing, |(_, immediate)| immediate.clone())
    }

    pub fn all(&self) -> Vec<Happening> {
        let taken = self.taken.lock().unwrap();
        taken.iter().map(|inbound| inbound.what.clone()).collect()
    }

    /// Texts that were handed over, in order.
    pub fn texts(&self) -> Vec<String> {
        self.all()
            .into_iter()
            .filter_map(|what| match what {
                Happening::Text { text, .. } => Some(text),
                _ => None,
            })
            .collect()
    }

    /// Waits for the first happening of which something is found.
    pub async fn until<T>(&self, what: &str, mut found: impl FnMut(&Happening) -> Option<T>) -> T {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let changed = self.changed.notified();
            if let Some(found) = self.all().iter().find_map(&mut found) {
                return found;
            }
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(deadline) => {
                    panic!("the bot never heard: {what}; it heard {:#?}", self.all())
                }
            }
        }
    }

    pub async fn hears(&self, text: &str) -> Happening {
        self.until(text, |what| match what {
            Happening::Text { text: said, .. } if said == text => Some(what.clone()),
            _ => None,
        })
        .await
    }
}

pub struct Bot {
    pub matrix: Matrix,
    pub desk: Arc<Desk>,
    pub settings: Settings,
    stop: CancellationToken,
    listening: Option<tokio::task::JoinHandle<Result<(), ListenError>>>,
    _dir: Arc<tempfile::TempDir>,
}

impl Bot {
    /// A bot with an account of its own, listening.
    pub async fn new(url: &str, name: &str) -> Self {
        Self::with(url, name, |_| {}).await
    }

    pub async fn with(url: &str, name: &str, change: impl FnOnce(&mut Settings)) -> Self {
        super::person::register(url, name).await;
        let dir = tempfile::tempdir().unwrap();
        let mut settings = settings(url, name, &dir.path().join("matrix"));
        change(&mut settings);
        made(&settings).await;
        let matrix = Matrix::open(settings.clone()).await.unwrap();
        let mut bot = Self {
            matrix,
            desk: Arc::new(Desk::default()),
            settings,
            stop: CancellationToken::new(),
            listening: None,
            _dir: Arc::new(dir),
        };
        bot.listens();
        bot
    }

    pub fn id(&self) -> matrix_sdk::ruma::OwnedUserId {
        self.matrix.user().try_into().unwrap()
    }

    pub fn listens(&mut self) {
        let (matrix, stop) = (self.matrix.clone(), self.stop.clone());
        let inbox = Inbox::new(self.desk.clone());
        self.listening = Some(tokio::spawn(
            async move { matrix.listen(inbox, stop).await },
        ));
    }

    /// Waits until it listens no longer by itself.
    pub async fn listening_ends(&mut self) -> Result<(), ListenError> {
        let listening = self.listening.take().unwrap();
        tokio::time::timeout(PATIENCE, listening)
            .await
            .unwrap()
            .unwrap()
    }

    pub fn is_listening(&self) -> bool {
        let listening = self.listening.as_ref();
        listening.is_some_and(|listening| !listening.is_finished())
    }

    /// Ends the process, as far as the network can tell; the disk stays.
    pub async fn ends(&mut self) {
        self.stop.cancel();
        if let Some(listening) = self.listening.take() {
            let _ = listening.await;
        }
    }

    /// Begins again from the disk.
    pub async fn begins(&mut self) {
        self.reopens().await;
        self.listens();
    }

    /// From the disk, and does not listen.
    pub async fn reopens(&mut self) {
        self.stop = CancellationToken::new();
        self.matrix = Matrix::open(self.settings.clone()).await.unwrap();
    }

    pub async fn deliver(&self, name: &str, action: &Action) -> Result<Receipt, DeliverError> {
        // Bots of one homeserver must not ask for each other's rooms.
        let name = format!("{} {name}", self.settings.user);
        self.matrix.deliver(&key(&name), action).await
    }

    /// Delivers as the outbox does: again while it may succeed.
    pub async fn delivers(&self, name: &str, action: &Action) -> Receipt {
        let mut pause = tokio::time::interval(Duration::from_millis(500));
        for _ in 0..60 {
            pause.tick().await;
            match self.deliver(name, action).await {
                Ok(receipt) => return receipt,
                Err(DeliverError::Retry { .. }) => {}
                Err(DeliverError::Reject { reason }) => panic!("{action:?}: {reason}"),
            }
        }
        panic!("never delivered: {action:?}")
    }

    /// Delivers as the outbox does, and is refused for good: why.
    pub async fn is_refused(&self, name: &str, action: &Action) -> String {
        let mut pause = tokio::time::interval(Duration::from_millis(500));
        for _ in 0..60 {
            pause.tick().await;
            match self.deliver(name, action).await {
                Ok(receipt) => panic!("{action:?} was delivered: {receipt:?}"),
                Err(DeliverError::Retry { .. }) => {}
                Err(DeliverError::Reject { reason }) => return reason,
            }
        }
        panic!("never refused: {action:?}")
    }

    pub async fn opens(&self, name: &str, invite: &[&matrix_sdk::ruma::UserId]) -> RoomId {
        let action = Action::OpenRoom {
            name: name.to_owned(),
            topic: format!("topic of {name}"),
            invite: invite.iter().map(user).collect(),
        };
        match self.delivers(&format!("open {name}"), &action).await {
            Receipt::Room { room } => room,
            other => panic!("{other:?}"),
        }
    }

    pub async fn posts(&self, name: &str, to: Target, message: Message) -> MessageRef {
        match self.delivers(name, &Action::post(to, message)).await {
            Receipt::Posted { at } => at,
            other => panic!("{other:?}"),
        }
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub async fn made(settings: &Settings) -> Done {
    setup(settings, Credentials::Password(PASSWORD.to_owned()))
        .await
        .unwrap()
}

pub fn to(room: &RoomId) -> Target {
    Target::Room {
        room: room.clone(),
        thread: None,
    }
}

pub fn public(to: Target, message: Message) -> Action {
    Action::Post {
        to,
        message,
        openness: Openness::Public,
        notice: None,
    }
}
