//! The whole bot on a virtual clock and a disk in memory, one line at a time: the transcripts, the
//! demo, and whoever wants to try what would happen.

use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use chrono::{DateTime, TimeDelta, Utc};
use underrose::clock::{Clock, Virtual};
use underrose::config::Config;
use underrose::domain::calendar::{parse_span, show};
use underrose::engine::{Engine, Input, Row, decoded};
use underrose::outbox::Queue;
use underrose::store::disk::Disk;
use underrose::store::{Folded, MasterKey, ReadError, Store};
use underrose_chat::sim::Fault;
use underrose_chat::{EventId, Happening, Inbound, Network, RoomId, Surface};
use underrose_console::{Line, Stage};

/// A Monday morning in Europe: everybody's example week begins here.
const BEGINS: &str = "2026-11-23T09:00:00Z";

/// Deliveries within one line; more is a loop.
const DELIVERIES_MAX: usize = 10_000;

pub struct Rehearsal {
    config: Config,
    stage: Stage,
    clock: Arc<Virtual>,
    /// The wall clock's lie, so that networks can tell the true time.
    lie: TimeDelta,
    disk: Disk,
    key: MasterKey,
    engine: Option<Engine>,
    queue: Queue,
    last: Option<Inbound>,
    /// When what was said last was said.
    told_at: DateTime<Utc>,
}

impl Rehearsal {
    pub fn new(mut config: Config) -> anyhow::Result<Self> {
        // Its hash is of random nonces, and a rehearsal must repeat to the letter.
        config.policy.show_head = false;
        let begins = BEGINS.parse().context("the beginning is an instant")?;
        let mut rehearsal = Self {
            config,
            stage: Stage::new("e"),
            clock: Arc::new(Virtual::at(begins)),
            lie: TimeDelta::zero(),
            disk: Disk::default(),
            key: MasterKey::generate(),
            engine: None,
            queue: Queue::default(),
            last: None,
            told_at: begins,
        };
        rehearsal.begin()?;
        // Who is on call at the beginning is in every transcript the same.
        rehearsal.stage.take_output();
        Ok(rehearsal)
    }

    fn begin(&mut self) -> anyhow::Result<()> {
        let store = Store::with_backend(self.disk.clone(), &self.key)?;
        let policy = Arc::new(self.config.policy.clone());
        let (engine, rows) = Engine::open(store, policy, self.clock.read())?;
        self.engine = Some(engine);
        self.queue = Queue::default();
        for row in rows {
            self.queue.put(row);
        }
        self.settle()
    }

    fn engine(&mut self) -> anyhow::Result<&mut Engine> {
        self.engine
            .as_mut()
            .ok_or_else(|| anyhow!("the bot is not running"))
    }

    /// Plays one line; returns what the bot said, indented.
    pub fn play(&mut self, line: &Line) -> anyhow::Result<Vec<String>> {
        match line {
            Line::Advance(span) => {
                let span = parse_span(span).map_err(|error| anyhow!("{error}"))?;
                return self.advance(span);
            }
            Line::Directive { word, rest } => self.directive(word, rest)?,
            Line::Blank | Line::Comment(_) | Line::Expected(_) => {}
            _ => match self.stage.act(line, self.network_time()) {
                Ok(Some(inbound)) => self.happen(inbound)?,
                Ok(None) => {}
                Err(mistake) => return Ok(vec![format!("    ? {mistake}")]),
            },
        }
        Ok(self.stage.take_output())
    }

    /// What the journal holds: each entry's event, and what may be shown of it.
    pub fn journal(&self) -> anyhow::Result<Vec<String>> {
        let engine = self.engine.as_ref().context("the bot is not running")?;
        let mut lines = Vec::new();
        engine.store().fold(|folded| {
            if let Folded::Entry(stored) = folded
                && let Some(entry) = decoded(&stored)
            {
                lines.push(format!("{}\t{}", entry.event.name(), entry.event.detail()));
            }
            Ok::<(), ReadError>(())
        })?;
        Ok(lines)
    }

    fn network_time(&self) -> DateTime<Utc> {
        self.clock.read().wall - self.lie
    }

    fn happen(&mut self, inbound: Inbound) -> anyhow::Result<()> {
        self.last = Some(inbound.clone());
        let answers = self.step(&[Input::Inbound(inbound.clone())])?;
        if let Some(immediate) = answers.first() {
            self.stage.answered(&inbound, immediate);
        }
        self.settle()
    }

    fn step(&mut self, inputs: &[Input]) -> anyhow::Result<Vec<underrose_chat::Immediate>> {
        let reading = self.clock.read();
        let (answers, rows) = self.engine()?.step(inputs, reading)?;
        for row in rows {
            if let Some(id) = self.queue.put(row) {
                self.engine()?.step(&[Input::Superseded { id }], reading)?;
            }
        }
        Ok(answers)
    }

    /// Delivers all that can be delivered at this instant.
    fn settle(&mut self) -> anyhow::Result<()> {
        for _ in 0..DELIVERIES_MAX {
            let now = self.clock.read().wall;
            let Some(row) = self.queue.take(now) else {
                return Ok(());
            };
            let input = self.deliver(row, now);
            self.step(&[input])?;
        }
        bail!("the bot does not come to rest")
    }

    fn deliver(&mut self, row: Row, now: DateTime<Utc>) -> Input {
        let (promise, at) = (&row.promise, self.network_time());
        let outcome = self
            .stage
            .deliver(&promise.network, &promise.key, &promise.action, at);
        self.queue.outcome(row, outcome, now)
    }

    /// Time passes, stopping wherever something is due; what is said at a new time is preceded by
    /// that time.
    fn advance(&mut self, span: TimeDelta) -> anyhow::Result<Vec<String>> {
        let end = self.clock.read().wall + span;
        let mut said = Vec::new();
        loop {
            let now = self.clock.read().wall;
            let due = [self.engine()?.next_wakeup(), self.queue.next_wakeup()];
            let next = due
                .into_iter()
                .flatten()
                .min()
                .map_or(end, |next| next.max(now))
                .min(end);
            self.clock.advance(next - now);
            self.step(&[Input::Tick])?;
            self.settle()?;
            let output = self.stage.take_output();
            if !output.is_empty() && next != self.told_at {
                self.told_at = next;
                said.push(format!("    -- {}", show(next, None)));
            }
            said.extend(output);
            if next >= end {
                return Ok(said);
            }
        }
    }

    fn directive(&mut self, word: &str, rest: &str) -> anyhow::Result<()> {
        let room = || RoomId {
            network: Network("console".to_owned()),
            id: rest
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .trim_start_matches('#')
                .to_owned(),
        };
        match (word, rest) {
            ("surface", "modal") => self.stage.set_surface(Surface::Modal),
            ("surface", "stepwise") => self.stage.set_surface(Surface::Stepwise),
            ("again", _) => {
                let last = self.last.clone().context("nothing has happened yet")?;
                self.happen(last)?;
            }
            ("restart", _) => {
                self.engine = None;
                self.disk.crash(|| false);
                self.begin()?;
            }
            ("down", _) => {
                // The process is gone, time passes, and somebody starts it again.
                let span =
                    parse_span(rest.trim_start_matches('+')).map_err(|error| anyhow!("{error}"))?;
                self.engine = None;
                self.disk.crash(|| false);
                self.clock.advance(span);
                self.begin()?;
                self.step(&[Input::Tick])?;
                self.settle()?;
            }
            ("clock", _) => {
                let (sign, span) = rest
                    .split_at_checked(1)
                    .context("write clock +3h or clock -2h")?;
                let span = parse_span(span).map_err(|error| anyhow!("{error}"))?;
                let span = if sign == "-" { -span } else { span };
                self.lie += span;
                self.clock.jump(span);
                self.step(&[Input::Tick])?;
                self.settle()?;
            }
            ("witness", _) => {
                let span = parse_span(rest.trim_start_matches('+')).unwrap_or_default();
                let at = self.network_time() + span;
                let network = Network("console".to_owned());
                let id = EventId(format!("t{}", at.timestamp_micros()));
                let time = Inbound {
                    network,
                    id,
                    at: Some(at),
                    cursor: None,
                    what: Happening::Time,
                };
                self.step(&[Input::Inbound(time)])?;
                self.settle()?;
            }
            ("network", _) => {
                let (name, state) = rest.split_once(' ').context("write network console down")?;
                self.stage
                    .with_world(|world| world.set_down(&Network(name.to_owned()), state == "down"));
            }
            ("lost", _) => {
                let (name, reason) = rest.split_once(' ').context("write lost console why")?;
                let lost = Input::Lost {
                    network: Network(name.to_owned()),
                    reason: reason.to_owned(),
                };
                self.step(&[lost])?;
                self.settle()?;
            }
            ("reject", _) => self.stage.with_world(|world| world.refuse(room(), true)),
            ("accept", _) => self.stage.with_world(|world| world.refuse(room(), false)),
            ("retry", _) => {
                let times = rest
                    .split_whitespace()
                    .last()
                    .and_then(|n| n.parse().ok())
                    .unwrap_or(1);
                let network = Network("console".to_owned());
                for _ in 0..times {
                    self.stage
                        .with_world(|world| world.fail_next(&network, Fault::Ambiguous));
                }
            }
            ("config", _) => bail!("configuration lines stand at the head"),
            _ => bail!("I do not know `{word} {rest}`"),
        }
        Ok(())
    }
}
