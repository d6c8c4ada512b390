//! The whole bot in this process: the real engine, store, queue and adapters, on a clock that
//! stands still until the script moves it. What is due is delivered when it is asked to come to
//! rest, so that "settled" is a fact and nothing is waited for.

mod deliver;
mod desk;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use underrose::clock::{Clock, Virtual};
use underrose::config::Config;
use underrose::domain::state::State;
use underrose::engine::Input;
use underrose::outbox::Queue;
use underrose::store::MasterKey;
use underrose::store::disk::Disk;
use underrose_chat::{
    Accept, Adapter, EventId, Happening, Inbound, Inbox, ListenError, Network, RoomId,
};

use desk::{Desk, Inner};

/// Where the console's transcripts begin: a Monday morning in Europe.
const BEGINS: &str = "2026-11-23T09:00:00Z";

/// A real network that asks to be tried again is, within this time of the machine's; the script's
/// clock stands still meanwhile.
const PATIENCE: Duration = Duration::from_secs(90);

/// By network.
pub type Adapters = BTreeMap<Network, Arc<dyn Adapter>>;

pub struct Bot {
    desk: Arc<Desk>,
    adapters: Adapters,
    stop: CancellationToken,
    listening: JoinSet<Result<(), ListenError>>,
}

impl Bot {
    /// A bot that has nothing to say yet; it speaks when its adapters are there.
    pub fn new(config: Config) -> Self {
        let clock = Arc::new(Virtual::at(BEGINS.parse().unwrap()));
        let mut inner = Inner {
            config,
            disk: Disk::default(),
            key: MasterKey::generate(),
            engine: None,
            queue: Queue::default(),
            earlier: None,
            lie: TimeDelta::zero(),
            dates: BTreeMap::new(),
            taken: Vec::new(),
            rooms: Vec::new(),
            down: Vec::new(),
            invited: Vec::new(),
            answers_lost: 0,
        };
        inner.begin(&clock);
        Self {
            desk: Arc::new(Desk {
                clock,
                inner: Mutex::new(inner),
                heard: watch::Sender::new(0),
            }),
            adapters: Adapters::new(),
            stop: CancellationToken::new(),
            listening: JoinSet::new(),
        }
    }

    /// What time it is, for adapters.
    pub fn now(&self) -> Arc<dyn Fn() -> DateTime<Utc> + Send + Sync> {
        let clock = self.desk.clock.clone();
        Arc::new(move || clock.read().wall)
    }

    /// Delivers to these, and does not listen: what happens there comes by [`Bot::inbox`].
    pub fn tell(&mut self, adapters: Adapters) {
        self.adapters.extend(adapters);
    }

    /// Listens on these.
    pub fn listen(&mut self, adapters: Adapters) {
        for adapter in adapters.values() {
            let (adapter, stop) = (adapter.clone(), self.stop.clone());
            let inbox = self.inbox();
            self.listening
                .spawn(async move { adapter.listen(inbox, stop).await });
        }
        self.adapters.extend(adapters);
    }

    /// The way in, for whoever listens beside an adapter.
    pub fn inbox(&self) -> Inbox {
        Inbox::new(self.desk.clone())
    }

    /// The next instant at which something is due, `end` at the latest; time passes until then.
    pub async fn advance_towards(&self, end: DateTime<Utc>) -> DateTime<Utc> {
        let mut inner = self.desk.inner.lock().await;
        let now = self.desk.clock.read().wall;
        let engine = inner.engine.as_ref().unwrap();
        let due = [engine.next_wakeup(), inner.queue.next_wakeup()];
        let next = due.into_iter().flatten().min();
        let next = next.map_or(end, |next| next.max(now)).min(end);
        self.desk.clock.advance(next - now);
        inner.step(&self.desk.clock, &[Input::Tick]);
        next
    }

    /// The process ends, adapters and all, and what the disk did not sync is lost; it is down for
    /// so long. It listens again when it is told to.
    pub async fn restart(&mut self, down: TimeDelta) {
        self.stop.cancel();
        while self.listening.join_next().await.is_some() {}
        self.stop = CancellationToken::new();
        self.adapters.clear();
        let mut inner = self.desk.inner.lock().await;
        inner.engine = None;
        inner.disk.crash(|| false);
        self.desk.clock.advance(down);
        inner.begin(&self.desk.clock);
        inner.step(&self.desk.clock, &[Input::Tick]);
    }

    /// The wall clock jumps, and time does not pass.
    pub async fn jump(&self, by: TimeDelta) {
        let mut inner = self.desk.inner.lock().await;
        inner.lie += by;
        self.desk.clock.jump(by);
        inner.step(&self.desk.clock, &[Input::Tick]);
    }

    /// A network says what time it is: the true one.
    pub async fn witness(&self, network: &str) {
        let inbound = Inbound {
            network: Network(network.to_owned()),
            id: EventId("time".to_owned()),
            at: Some(DateTime::UNIX_EPOCH),
            cursor: None,
            what: Happening::Time,
        };
        self.desk.accept(inbound).await.unwrap();
    }

    /// The adapter gave up, and says why.
    pub async fn lose(&self, network: &str, reason: &str) {
        let lost = Input::Lost {
            network: Network(network.to_owned()),
            reason: reason.to_owned(),
        };
        let mut inner = self.desk.inner.lock().await;
        inner.step(&self.desk.clock, &[lost]);
    }

    /// So many of the next deliveries happen, and nobody hears that they did.
    pub async fn lose_answers(&self, count: usize) {
        self.desk.inner.lock().await.answers_lost += count;
    }

    /// Nothing can be delivered there any more, or again.
    pub async fn set_down(&self, network: &str, down: bool) {
        let mut inner = self.desk.inner.lock().await;
        inner.down.retain(|known| known.0 != network);
        if down {
            inner.down.push(Network(network.to_owned()));
        }
    }

    /// The rooms that the bot opened there, by name; a second one of a name ends in `-2`.
    pub async fn rooms(&self, network: &str) -> BTreeMap<String, RoomId> {
        let inner = self.desk.inner.lock().await;
        let mut rooms = BTreeMap::new();
        for (name, room) in inner
            .rooms
            .iter()
            .filter(|(_, room)| room.network.0 == network)
        {
            let numbered = (2..).map(|number| format!("{name}-{number}"));
            let mut names = std::iter::once(name.clone()).chain(numbered);
            let free = names.find(|name| !rooms.contains_key(name)).unwrap();
            rooms.insert(free, room.clone());
        }
        rooms
    }

    /// How much was taken in so far: later things are found from there.
    pub async fn taken(&self) -> usize {
        self.desk.inner.lock().await.taken.len()
    }

    /// Waits until something that fits was taken in, from `since` on.
    pub async fn takes(&self, since: usize, what: &str, fits: impl Fn(&Inbound) -> bool) {
        let mut heard = self.desk.heard.subscribe();
        let found = async {
            loop {
                heard.mark_unchanged();
                let inner = self.desk.inner.lock().await;
                if inner.taken.iter().skip(since).any(&fits) {
                    return;
                }
                drop(inner);
                heard.changed().await.unwrap();
            }
        };
        if tokio::time::timeout(PATIENCE, found).await.is_err() {
            let inner = self.desk.inner.lock().await;
            let taken: Vec<&Inbound> = inner.taken.iter().skip(since).collect();
            panic!("the bot never heard: {what}; it heard {taken:#?}");
        }
    }

    /// Waits until everybody who was asked into a room of that network has come in.
    pub async fn all_came_in(&self, network: &str) {
        let asked: Vec<_> = {
            let mut inner = self.desk.inner.lock().await;
            let (asked, others) = std::mem::take(&mut inner.invited)
                .into_iter()
                .partition(|(room, ..)| room.network.0 == network);
            inner.invited = others;
            asked
        };
        for (room, who, since) in asked {
            let came = Happening::Joined {
                room,
                who,
                invited_by: None,
            };
            let what = format!("{came:?}");
            self.takes(since, &what, |inbound| inbound.what == came)
                .await;
        }
    }

    /// Looks at what the bot knows.
    pub async fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        let inner = self.desk.inner.lock().await;
        look(inner.engine.as_ref().unwrap().state())
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
