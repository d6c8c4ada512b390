//! Which promise is delivered next. Pure: rows and instants in, decisions out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use underrose_chat::{Action, Network};

use super::pace::Pace;
use crate::domain::decision::{Lane, Promise, Purpose};
use crate::engine::Row;

/// First pause after a failed attempt; it doubles from there.
const BACKOFF_FIRST: TimeDelta = TimeDelta::seconds(1);

/// Longest pause: a network that comes back is found within this time.
const BACKOFF_MAX: TimeDelta = TimeDelta::minutes(5);

const PAGE_BACKOFF_MAX: TimeDelta = TimeDelta::seconds(30);

/// A page that cannot be said within this time goes to the next person.
const PAGE_GIVE_UP: TimeDelta = TimeDelta::minutes(10);

/// An announcement is worth trying for a day.
const FAN_OUT_GIVE_UP: TimeDelta = TimeDelta::hours(24);

/// Everything else: a network that was down over night is back in the morning.
const GIVE_UP: TimeDelta = TimeDelta::hours(24);

/// What becomes of a failed attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retry {
    Again {
        not_before: DateTime<Utc>,
        attempts: u32,
    },
    GaveUp,
}

/// One room or person on one network: what is said there keeps its order.
type Line = (Network, String);

#[derive(Debug)]
struct Waiting {
    row: Row,
    line: Line,
    in_flight: bool,
    first_tried: Option<DateTime<Utc>>,
    /// Attempts that failed, those that were only too early left out.
    failures: u32,
}

/// All promises that are not kept yet.
#[derive(Debug, Default)]
pub struct Queue {
    rows: BTreeMap<u64, Waiting>,
    /// By line, what waits there, in order; pages apart, since they wait for nothing.
    lines: BTreeMap<Line, BTreeSet<u64>>,
    pages: BTreeSet<u64>,
    /// The head of each line that may go, by when it may.
    ready: BTreeSet<(DateTime<Utc>, Lane, u64)>,
    ready_at: BTreeMap<u64, DateTime<Utc>>,
    busy: BTreeSet<Line>,
    pace: Pace,
    last_in_room: BTreeMap<Line, DateTime<Utc>>,
    room_pauses: BTreeMap<Network, TimeDelta>,
    seen: Option<DateTime<Utc>>,
}

impl Queue {
    /// Between two messages in one room of this network.
    pub fn set_room_pause(&mut self, network: Network, pause: TimeDelta) {
        self.room_pauses.insert(network, pause);
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Takes a promise in. Of two edits of one card that wait, the newer replaces the older, whose
    /// number is returned.
    pub fn put(&mut self, row: Row) -> Option<u64> {
        let replaced = self.older_edit(&row.promise);
        if let Some(id) = replaced {
            self.forget(id);
        }
        let id = row.id;
        let line = (row.promise.network.clone(), row.promise.action.lane());
        if row.promise.lane == Lane::Page {
            self.pages.insert(id);
        } else {
            self.lines.entry(line.clone()).or_default().insert(id);
        }
        self.rows.insert(
            id,
            Waiting {
                row,
                line: line.clone(),
                in_flight: false,
                first_tried: None,
                failures: 0,
            },
        );
        self.refresh(id);
        self.refresh_line(&line);
        replaced
    }

    fn older_edit(&self, promise: &Promise) -> Option<u64> {
        let (Purpose::CardEdit, Action::Edit { at, .. }) = (&promise.purpose, &promise.action)
        else {
            return None;
        };
        let line = (promise.network.clone(), promise.action.lane());
        self.lines.get(&line)?.iter().copied().find(|id| {
            self.rows.get(id).is_some_and(|waiting| {
                !waiting.in_flight
                    && waiting.row.promise.purpose == Purpose::CardEdit
                    && matches!(&waiting.row.promise.action, Action::Edit { at: other, .. } if other == at)
            })
        })
    }

    /// The next promise that may be delivered now, if there is one; it is then in flight.
    pub fn take(&mut self, now: DateTime<Utc>) -> Option<Row> {
        self.look(now);
        let due = self.ready.iter().take_while(|(at, _, _)| *at <= now);
        let (_, id) = due
            .filter(|(_, lane, id)| self.has_room(*lane, *id))
            .map(|(_, lane, id)| (*lane, *id))
            .min()?;
        self.unready(id);
        let waiting = self.rows.get_mut(&id)?;
        waiting.in_flight = true;
        waiting.first_tried.get_or_insert(now);
        let (line, row) = (waiting.line.clone(), waiting.row.clone());
        self.pace.took_off(&line.0);
        if row.promise.lane != Lane::Page {
            self.busy.insert(line.clone());
            for other in self.heads(&line).into_iter().flatten() {
                self.unready(other);
            }
        }
        self.last_in_room.insert(line, now);
        Some(row)
    }

    /// The wall clock was set back: pauses that were counted from later instants are over.
    fn look(&mut self, now: DateTime<Utc>) {
        let back = self.seen.replace(now).is_some_and(|seen| now < seen);
        if !back {
            return;
        }
        self.last_in_room.clear();
        self.pace.release();
        let ids: Vec<u64> = self.rows.keys().copied().collect();
        for id in ids {
            if let Some(waiting) = self.rows.get_mut(&id) {
                waiting.row.not_before = waiting.row.not_before.min(now + BACKOFF_MAX);
                waiting.first_tried = waiting.first_tried.map(|first| first.min(now));
            }
            self.refresh(id);
        }
    }

    fn has_room(&self, lane: Lane, id: u64) -> bool {
        let waiting = self.rows.get(&id);
        waiting.is_some_and(|waiting| self.pace.has_room(&waiting.line.0, lane, self.seen))
    }

    /// It was delivered, or it never will be.
    pub fn done(&mut self, id: u64) {
        self.landed(id);
        if let Some(waiting) = self.rows.get(&id) {
            self.pace.taken(&waiting.line.0);
        }
        self.forget(id);
    }

    /// An attempt failed.
    pub fn retry(&mut self, id: u64, now: DateTime<Utc>, after: Option<Duration>) -> Retry {
        self.landed(id);
        let Some(waiting) = self.rows.get_mut(&id) else {
            return Retry::GaveUp;
        };
        waiting.row.attempts += 1;
        let since = waiting.first_tried.unwrap_or(now);
        let patience = match waiting.row.promise.lane {
            Lane::Page => PAGE_GIVE_UP,
            Lane::FanOut => FAN_OUT_GIVE_UP,
            Lane::Reply | Lane::Card => GIVE_UP,
        };
        if now - since >= patience {
            self.forget(id);
            return Retry::GaveUp;
        }
        let asked = after.and_then(|after| TimeDelta::from_std(after).ok());
        let pause = match asked {
            // A network that says when it takes the next one is not failing.
            Some(asked) => asked,
            None => {
                waiting.failures += 1;
                backoff(waiting)
            }
        } + jitter(&waiting.row.promise);
        waiting.row.not_before = now + pause;
        let again = Retry::Again {
            not_before: now + pause,
            attempts: waiting.row.attempts,
        };
        let (line, lane) = (waiting.line.clone(), waiting.row.promise.lane);
        if asked.is_some() {
            self.pace.too_much(&line.0, lane, now + pause);
        }
        self.refresh(id);
        self.refresh_line(&line);
        again
    }

    /// When [`Queue::take`] may have something.
    pub fn next_wakeup(&self) -> Option<DateTime<Utc>> {
        self.ready
            .iter()
            .find(|(_, lane, id)| self.has_room(*lane, *id))
            .map(|(at, _, _)| *at)
    }

    fn landed(&mut self, id: u64) {
        let Some(waiting) = self.rows.get_mut(&id) else {
            return;
        };
        if !waiting.in_flight {
            return;
        }
        waiting.in_flight = false;
        let (line, page) = (waiting.line.clone(), waiting.row.promise.lane == Lane::Page);
        self.pace.landed(&line.0);
        if !page {
            self.busy.remove(&line);
        }
    }

    fn forget(&mut self, id: u64) {
        self.unready(id);
        self.pages.remove(&id);
        let Some(waiting) = self.rows.remove(&id) else {
            return;
        };
        if let Some(line) = self.lines.get_mut(&waiting.line) {
            line.remove(&id);
            if line.is_empty() {
                self.lines.remove(&waiting.line);
            }
        }
        self.refresh_line(&waiting.line);
    }

    fn unready(&mut self, id: u64) {
        let lane = self.rows.get(&id).map(|waiting| waiting.row.promise.lane);
        if let (Some(at), Some(lane)) = (self.ready_at.remove(&id), lane) {
            self.ready.remove(&(at, lane, id));
        }
    }

    /// The first of a line may go once the line is free and the room has had its pause.
    fn refresh_line(&mut self, line: &Line) {
        if self.busy.contains(line) {
            return;
        }
        for id in self.heads(line).into_iter().flatten() {
            self.refresh(id);
        }
    }

    /// Who may go next in a line: the first; and what is said there, past an edit that waits to be tried
    /// again, since a card shows the newest state whenever it comes.
    fn heads(&self, line: &Line) -> [Option<u64>; 2] {
        let mut ids = self.lines.get(line).into_iter().flatten().copied();
        let first = ids.next();
        let of = |id: u64| self.rows.get(&id).map(|waiting| &waiting.row);
        let is_edit = |row: &Row| row.promise.purpose == Purpose::CardEdit;
        let waits = first
            .and_then(of)
            .is_some_and(|row| is_edit(row) && row.attempts > 0);
        let next = waits.then(|| ids.next()).flatten();
        let says =
            |id: &u64| of(*id).is_some_and(|row| matches!(row.promise.action, Action::Post { .. }));
        [first, next.filter(says)]
    }

    fn refresh(&mut self, id: u64) {
        self.unready(id);
        let Some(waiting) = self.rows.get(&id) else {
            return;
        };
        if waiting.in_flight {
            return;
        }
        let page = waiting.row.promise.lane == Lane::Page;
        let is_head = self.heads(&waiting.line).contains(&Some(id));
        if !page && (!is_head || self.busy.contains(&waiting.line)) {
            return;
        }
        let pause = self
            .room_pauses
            .get(&waiting.line.0)
            .copied()
            .unwrap_or_default();
        let room = self
            .last_in_room
            .get(&waiting.line)
            .map(|last| *last + pause);
        let at = match room {
            Some(room) if !page => waiting.row.not_before.max(room),
            Some(_) | None => waiting.row.not_before,
        };
        self.ready_at.insert(id, at);
        self.ready.insert((at, waiting.row.promise.lane, id));
    }
}

/// Doubles with each attempt.
fn backoff(waiting: &Waiting) -> TimeDelta {
    let doubled = BACKOFF_FIRST * 2_i32.saturating_pow((waiting.failures - 1).min(20));
    doubled.min(match waiting.row.promise.lane {
        // One that waits long is no page.
        Lane::Page => PAGE_BACKOFF_MAX,
        Lane::Reply | Lane::Card | Lane::FanOut => BACKOFF_MAX,
    })
}

/// Spreads the attempts of many; follows from the key, so that rehearsals repeat.
fn jitter(promise: &Promise) -> TimeDelta {
    let byte = promise.key.0.bytes().map(u64::from).sum::<u64>() % 250;
    TimeDelta::milliseconds(i64::try_from(byte).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::decision::delivery_key;
    use crate::outbox::pace::IN_FLIGHT_MAX;
    use proptest::prelude::*;
    use underrose_chat::{Message, MessageId, MessageRef, RoomId, Target};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn row(id: u64, room: &str, lane: Lane) -> Row {
        let network = Network("n".into());
        let room = RoomId {
            network: network.clone(),
            id: room.into(),
        };
        let to = Target::Room { room, thread: None };
        let action = Action::post(to, Message::text("x"));
        let key = delivery_key(&id.to_string());
        let promise = Promise {
            key,
            network,
            action,
            lane,
            purpose: Purpose::Reply,
            case: None,
            since: at(0),
        };
        Row {
            id,
            promise,
            attempts: 0,
            not_before: at(0),
        }
    }

    fn edit(id: u64, room: &str) -> Row {
        edit_of("card", id, room)
    }

    fn edit_of(card: &str, id: u64, room: &str) -> Row {
        let mut row = row(id, room, Lane::Card);
        let Action::Post { to, message, .. } = row.promise.action else {
            unreachable!()
        };
        let at = MessageRef {
            to,
            message: MessageId(card.into()),
        };
        row.promise.action = Action::edit(at, message);
        row.promise.purpose = Purpose::CardEdit;
        row
    }

    fn taken(queue: &mut Queue, now: i64) -> Vec<u64> {
        std::iter::from_fn(|| queue.take(at(now)))
            .map(|row| row.id)
            .collect()
    }

    #[test]
    fn a_page_goes_before_everything_and_waits_for_nothing() {
        let mut queue = Queue::default();
        for id in 0..200 {
            queue.put(row(id, &format!("r{id}"), Lane::FanOut));
        }
        assert_eq!(taken(&mut queue, 0).len(), IN_FLIGHT_MAX);
        queue.put(row(900, "r1", Lane::Page));
        assert_eq!(taken(&mut queue, 0), vec![900]);
    }

    #[test]
    fn a_network_that_has_too_much_gets_less_at_once_and_its_page_first() {
        let mut queue = Queue::default();
        for id in 0..200 {
            queue.put(row(id, &format!("r{id}"), Lane::FanOut));
        }
        let second = Some(Duration::from_secs(1));
        for id in taken(&mut queue, 0) {
            queue.retry(id, at(0), second);
        }
        let next = taken(&mut queue, 0);
        assert_eq!(next.len(), 1, "one that finds out when it may go on");
        queue.put(row(900, "r1", Lane::Page));
        assert_eq!(taken(&mut queue, 0), vec![900]);
        queue.retry(900, at(0), second);
        queue.done(next[0]);
        assert_eq!(taken(&mut queue, 0), Vec::<u64>::new(), "all is the page's");
        let mut landing = taken(&mut queue, 2);
        assert_eq!(landing[0], 900);
        // It takes them again, more and more of them.
        for _ in 0..5 {
            for id in landing {
                queue.done(id);
            }
            landing = taken(&mut queue, 2);
        }
        landing.into_iter().for_each(|id| queue.done(id));
        assert_eq!(taken(&mut queue, 2).len(), IN_FLIGHT_MAX);
    }

    #[test]
    fn a_room_keeps_its_order_and_one_stuck_room_blocks_no_other() {
        let mut queue = Queue::default();
        for (id, room) in [(1, "a"), (2, "a"), (3, "b")] {
            queue.put(row(id, room, Lane::Reply));
        }
        assert_eq!(taken(&mut queue, 0), vec![1, 3]);
        assert!(matches!(queue.retry(1, at(0), None), Retry::Again { .. }));
        queue.done(3);
        assert_eq!(taken(&mut queue, 0), Vec::<u64>::new(), "2 waits behind 1");
        assert_eq!(taken(&mut queue, 5), vec![1]);
        queue.done(1);
        assert_eq!(taken(&mut queue, 5), vec![2]);
    }

    #[test]
    fn a_network_that_says_when_is_asked_then_however_often_it_says_so() {
        let mut queue = Queue::default();
        queue.put(row(1, "a", Lane::FanOut));
        let mut now = at(0);
        for _ in 0..20 {
            assert_eq!(queue.take(now).map(|row| row.id), Some(1));
            let second = Some(Duration::from_secs(1));
            assert!(matches!(queue.retry(1, now, second), Retry::Again { .. }));
            let next = queue.next_wakeup().unwrap();
            let pause = next - now;
            assert!(pause >= TimeDelta::seconds(1) && pause < TimeDelta::milliseconds(1_250));
            now = next;
        }
    }

    #[test]
    fn edits_of_one_card_become_the_newest() {
        let mut queue = Queue::default();
        assert_eq!(queue.put(edit(1, "a")), None);
        assert_eq!(queue.put(edit(2, "a")), Some(1));
        assert_eq!(queue.put(edit(3, "b")), None);
        assert_eq!(taken(&mut queue, 0), vec![2, 3]);
        assert_eq!(
            queue.put(edit(4, "a")),
            None,
            "2 is on its way and cannot be replaced"
        );
    }

    #[test]
    fn what_is_said_passes_an_edit_that_the_network_puts_off() {
        let mut queue = Queue::default();
        queue.put(edit(1, "a"));
        queue.put(row(2, "a", Lane::Reply));
        queue.put(row(3, "a", Lane::Reply));
        assert_eq!(
            taken(&mut queue, 0),
            vec![1],
            "in order as long as all is well"
        );
        queue.retry(1, at(0), Some(Duration::from_secs(60)));
        assert_eq!(taken(&mut queue, 1), vec![2]);
        queue.done(2);
        assert_eq!(taken(&mut queue, 1), vec![3]);
        queue.done(3);
        assert_eq!(taken(&mut queue, 1), Vec::<u64>::new());
        assert_eq!(taken(&mut queue, 62), vec![1]);
        // A newer edit takes its place, and nothing but the card is passed.
        queue.retry(1, at(62), Some(Duration::from_secs(60)));
        assert_eq!(queue.put(edit(4, "a")), Some(1));
        assert_eq!(taken(&mut queue, 63), vec![4]);
    }

    #[test]
    fn a_room_gets_a_message_a_second() {
        let mut queue = Queue::default();
        queue.set_room_pause(Network("n".into()), TimeDelta::seconds(1));
        queue.put(row(1, "a", Lane::Reply));
        queue.put(row(2, "a", Lane::Reply));
        assert_eq!(taken(&mut queue, 0), vec![1]);
        queue.done(1);
        assert_eq!(taken(&mut queue, 0), Vec::<u64>::new());
        assert_eq!(queue.next_wakeup(), Some(at(1)));
        assert_eq!(taken(&mut queue, 1), vec![2]);
    }

    #[test]
    fn giving_up_takes_its_time_by_lane() {
        for (lane, minutes) in [(Lane::Page, 10), (Lane::Reply, 1440), (Lane::FanOut, 1440)] {
            let mut queue = Queue::default();
            queue.put(row(1, "a", lane));
            let mut now = at(0);
            let gave_up = loop {
                now = now.max(queue.next_wakeup().unwrap());
                assert!(queue.take(now).is_some());
                match queue.retry(1, now, None) {
                    Retry::Again { not_before, .. } => assert!(not_before > now),
                    Retry::GaveUp => break now,
                }
            };
            let after = (gave_up - at(0)).num_minutes();
            assert!((minutes..minutes + 6).contains(&after), "{lane:?}: {after}");
            assert!(queue.is_empty());
        }
    }

    proptest! {
        /// Whatever happens, every promise ends, each line keeps its order, and no line has two
        /// in flight.
        #[test]
        fn nothing_is_lost_or_overtakes(
            rows in proptest::collection::vec((0_u8..4, 0_u8..3), 1..60),
            luck in proptest::collection::vec(0_u8..4, 1..40),
        ) {
            let mut queue = Queue::default();
            for (id, (room, lane)) in rows.iter().enumerate() {
                let lane = [Lane::Reply, Lane::Card, Lane::FanOut][usize::from(*lane)];
                let (id, room) = (id as u64, format!("r{room}"));
                queue.put(match lane {
                    Lane::Card => edit_of(&id.to_string(), id, &room),
                    _ => row(id, &room, lane),
                });
            }
            let (mut now, mut ended, mut tries) = (at(0), Vec::new(), luck.iter().cycle());
            while let Some(wakeup) = queue.next_wakeup() {
                now = now.max(wakeup);
                let mut flying: Vec<Row> = std::iter::from_fn(|| queue.take(now)).collect();
                let mut lines: Vec<String> = flying.iter().map(|row| row.promise.action.lane()).collect();
                lines.sort();
                lines.dedup();
                prop_assert_eq!(lines.len(), flying.len());
                for row in flying.drain(..) {
                    if tries.next() == Some(&0) {
                        if queue.retry(row.id, now, None) == Retry::GaveUp { ended.push(row); }
                    } else {
                        queue.done(row.id);
                        ended.push(row);
                    }
                }
            }
            prop_assert_eq!(ended.len(), rows.len());
            for room in 0..4 {
                let line = format!("room/r{room}");
                // What is said may pass an edit that waits, and nothing else passes anything.
                let of_room = || ended.iter().filter(|row| row.promise.action.lane() == line);
                let is_edit = |row: &&Row| row.promise.purpose == Purpose::CardEdit;
                let said: Vec<u64> = of_room().filter(|row| !is_edit(row)).map(|row| row.id).collect();
                let edited: Vec<u64> = of_room().filter(is_edit).map(|row| row.id).collect();
                prop_assert!(said.is_sorted() && edited.is_sorted());
            }
        }
    }
}
