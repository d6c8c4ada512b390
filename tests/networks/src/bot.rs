//! The whole bot in this process: the real engine, store, queue and adapters, on a clock that
//! stands still until the script moves it. What is due is delivered when it is asked to come to
//! rest, so that "settled" is a fact and nothing is waited for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use underrose::clock::{Clock, Virtual};
use underrose::config::Config;
use underrose::domain::state::State;
use underrose::engine::{Engine, Input, Row};
use underrose::outbox::{Queue, Retry};
use underrose::store::disk::Disk;
use underrose::store::{MasterKey, Store};
use underrose_chat::{
    Accept, Action, Adapter, DeliverError, EventId, Happening, Immediate, Inbound, Inbox,
    InboxClosed, ListenError, Network, Receipt, RoomId, UserId,
};

/// Where the console's transcripts begin: a Monday morning in Europe.
const BEGINS: &str = "2026-11-23T09:00:00Z";

/// Deliveries within one line; more is a loop.
const DELIVERIES_MAX: usize = 10_000;

/// A real network that asks to be tried again is, within this time of the machine's; the script's
/// clock stands still meanwhile.
const PATIENCE: Duration = Duration::from_secs(90);
const AGAIN: Duration = Duration::from_millis(200);

/// Takes up every adapter, as `run` does; asked again at every restart.
pub type Adapters = BTreeMap<Network, Arc<dyn Adapter>>;

pub struct Bot {
    desk: Arc<Desk>,
    adapters: Adapters,
    stop: CancellationToken,
    listening: JoinSet<Result<(), ListenError>>,
}

/// What stands behind every adapter's inbox.
struct Desk {
    clock: Arc<Virtual>,
    inner: Mutex<Inner>,
    /// Counts what was taken in.
    heard: watch::Sender<usize>,
}

struct Inner {
    config: Config,
    disk: Disk,
    key: MasterKey,
    engine: Option<Engine>,
    queue: Queue,
    /// How far the wall clock is ahead of the truth.
    lie: TimeDelta,
    /// When each event was first taken in: a redelivery has the same instant.
    dates: BTreeMap<EventId, DateTime<Utc>>,
    taken: Vec<Inbound>,
    /// Rooms that the bot opened, in order, with the name that it asked for.
    rooms: Vec<(String, RoomId)>,
    /// Networks to which nothing can be delivered.
    down: Vec<Network>,
    /// Who was asked into which room, and how much had been taken in before.
    invited: Vec<(RoomId, UserId, usize)>,
    /// Deliveries that are to happen without an answer.
    answers_lost: usize,
}

impl Inner {
    fn begin(&mut self, clock: &Virtual) {
        let store = Store::with_backend(self.disk.clone(), &self.key).unwrap();
        let policy = Arc::new(self.config.policy.clone());
        let (engine, rows) = Engine::open(store, policy, clock.read()).unwrap();
        self.engine = Some(engine);
        self.queue = Queue::default();
        rows.into_iter().for_each(|row| {
            self.queue.put(row);
        });
    }

    fn step(&mut self, clock: &Virtual, inputs: &[Input]) -> Option<Immediate> {
        let reading = clock.read();
        let engine = self.engine.as_mut()?;
        let (answers, rows) = engine.step(inputs, reading).unwrap();
        for row in rows {
            if let Some(id) = self.queue.put(row) {
                engine.step(&[Input::Superseded { id }], reading).unwrap();
            }
        }
        answers.into_iter().next()
    }
}

#[async_trait]
impl Accept for Desk {
    async fn accept(&self, mut inbound: Inbound) -> Result<Immediate, InboxClosed> {
        let mut inner = self.inner.lock().await;
        // The network's clock is the machine's; in the script's world it is the true time.
        let now = self.clock.read().wall - inner.lie;
        inbound.at = match inbound.what {
            Happening::Time => now,
            _ => *inner.dates.entry(inbound.id.clone()).or_insert(now),
        };
        let answer = inner.step(&self.clock, &[Input::Inbound(inbound.clone())]);
        inner.taken.push(inbound);
        let count = inner.taken.len();
        drop(inner);
        self.heard.send_replace(count);
        answer.ok_or(InboxClosed)
    }

    async fn cursor(&self, room: &str) -> Option<String> {
        let inner = self.inner.lock().await;
        inner.engine.as_ref()?.store().cursor(room).ok().flatten()
    }
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

    /// Delivers all that can be delivered at this instant, one after the other as the console
    /// does, so that a transcript repeats to the letter; calls `look` after each.
    pub async fn settle(&self, look: &mut (dyn FnMut() + Send)) {
        for _ in 0..DELIVERIES_MAX {
            let (row, adapter, taken) = {
                let mut inner = self.desk.inner.lock().await;
                let now = self.desk.clock.read().wall;
                let Some(row) = inner.queue.take(now) else {
                    return;
                };
                let network = &row.promise.network;
                let up = !inner.down.contains(network);
                let adapter = self.adapters.get(network).filter(|_| up).cloned();
                let taken = inner.taken.len();
                (row, adapter, taken)
            };
            let outcome = attempt(&row, adapter).await;
            let outcome = self.heard_of(outcome).await;
            self.land(row, outcome, taken).await;
            look();
        }
        panic!("the bot does not come to rest");
    }

    /// What the bot hears of a delivery.
    async fn heard_of(
        &self,
        outcome: Result<Receipt, DeliverError>,
    ) -> Result<Receipt, DeliverError> {
        let mut inner = self.desk.inner.lock().await;
        if inner.answers_lost == 0 || outcome.is_err() {
            return outcome;
        }
        inner.answers_lost -= 1;
        let reason = "the answer was lost".to_owned();
        Err(DeliverError::Retry {
            after: None,
            reason,
        })
    }

    async fn land(&self, row: Row, outcome: Result<Receipt, DeliverError>, taken: usize) {
        let Row { id, promise, .. } = row;
        let mut inner = self.desk.inner.lock().await;
        let now = self.desk.clock.read().wall;
        match (&promise.action, &outcome) {
            (Action::OpenRoom { name, invite, .. }, Ok(Receipt::Room { room })) => {
                inner.rooms.push((name.clone(), room.clone()));
                let all = invite.iter().map(|who| (room.clone(), who.clone(), taken));
                inner.invited.extend(all);
            }
            (Action::Invite { room, who }, Ok(_)) => {
                inner.invited.push((room.clone(), who.clone(), taken));
            }
            (_, _) => {}
        }
        let input = match outcome {
            Ok(receipt) => {
                inner.queue.done(id);
                Input::Delivered {
                    id,
                    promise,
                    receipt,
                }
            }
            Err(DeliverError::Reject { reason }) => {
                inner.queue.done(id);
                Input::Undeliverable {
                    id,
                    promise,
                    reason,
                }
            }
            Err(DeliverError::Retry { after, reason }) => match inner.queue.retry(id, now, after) {
                Retry::Again {
                    not_before,
                    attempts,
                } => Input::Attempted {
                    id,
                    promise,
                    attempts,
                    not_before,
                },
                Retry::GaveUp => Input::Undeliverable {
                    id,
                    promise,
                    reason,
                },
            },
        };
        inner.step(&self.desk.clock, &[input]);
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
            at: DateTime::UNIX_EPOCH,
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

/// As the outbox does it, but by the machine's clock where the network asks for time.
async fn attempt(row: &Row, adapter: Option<Arc<dyn Adapter>>) -> Result<Receipt, DeliverError> {
    let Some(adapter) = adapter else {
        let reason = "the network is down".to_owned();
        return Err(DeliverError::Retry {
            after: None,
            reason,
        });
    };
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut again = tokio::time::interval(AGAIN);
    loop {
        again.tick().await;
        let outcome = adapter.deliver(&row.promise.key, &row.promise.action).await;
        let retry = matches!(outcome, Err(DeliverError::Retry { .. }));
        if !retry || tokio::time::Instant::now() > deadline {
            return outcome;
        }
    }
}
