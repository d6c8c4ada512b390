//! Records what the bot journals while a script in the transcripts' language is played, and writes
//! many copies of such a recording into a store: data sets are made, never kept.

use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use underrose::clock::{Clock, Virtual};
use underrose::domain::calendar::parse_span;
use underrose::domain::ids::CaseId;
use underrose::domain::policy::Policy;
use underrose::engine::{Engine, Input, Row};
use underrose::outbox::Queue;
use underrose::store::disk::Disk;
use underrose::store::{Batch, Folded, MasterKey, NewEntry, ReadError, Store};
use underrose_console::{Line, Stage, parse};

/// The demo's whole disclosure.
pub const DEMO: &str = include_str!("../../tests/transcripts/demo.txt");

/// A case in the middle of its life.
pub const OPEN: &str = "\
erin: vuln report The kubelet writes bearer tokens into its log\\nSeen with 1.29.2: every request at -v=8 is logged with its Authorization header.
alice in #case-2026-0001: vuln ack Thank you Erin, we are looking at it.
alice in #case-2026-0001: vuln triage valid because reproduced on 1.29.2 with -v=8
alice in #case-2026-0001: vuln score CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N
alice in #case-2026-0001: vuln component kubelet
alice in #case-2026-0001: vuln summary The kubelet writes bearer tokens into its log at high verbosity
alice in #case-2026-0001: vuln affects kubelet from 1.20.0 before 1.29.3
alice in #case-2026-0001: vuln credit Erin Example as reporter
";

/// A case that came to nothing, as most do.
pub const CLOSED: &str = "\
erin: vuln report Clickjacking on the website
alice in #case-2026-0001: vuln ack
alice in #case-2026-0001: vuln triage no-repro because the page has no actions
";

/// Entries of one transaction when many are written: few enough for little memory.
const ENTRIES_PER_COMMIT: usize = 4_096;

/// Between two copies' beginnings.
pub const BETWEEN_COPIES: TimeDelta = TimeDelta::minutes(40);

/// What was journaled while one script was played. Its one case is named `2026-0001` in scripts.
pub struct Recording {
    /// What the case was called, in the year in which it was played.
    name: String,
    entries: Vec<Recorded>,
}

struct Recorded {
    of_case: bool,
    after: TimeDelta,
    body: String,
}

impl Recording {
    /// Plays a script that begins at an instant; of the bot's start nothing is recorded.
    pub fn of(script: &str, policy: &Policy, begins: DateTime<Utc>) -> anyhow::Result<Self> {
        let mut play = Play::new(policy, begins)?;
        let first = play.engine.store().head().seq + 1;
        let name = format!("{}-0001", begins.year());
        for text in script.replace("2026-0001", &name).lines() {
            let line = parse(text).map_err(|error| anyhow!("{text}: {}", error.0))?;
            play.line(&line).with_context(|| text.to_owned())?;
        }
        let mut entries = Vec::new();
        play.engine.store().fold_from(first, |folded| {
            if let Folded::Entry(entry) = folded {
                entries.push(Recorded {
                    of_case: entry.case.is_some(),
                    after: entry.at - begins,
                    body: String::from_utf8_lossy(&entry.body).into_owned(),
                });
            }
            Ok::<(), ReadError>(())
        })?;
        Ok(Self { name, entries })
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Only what stands in the case's own name.
    pub fn of_the_case(mut self) -> Self {
        self.entries.retain(|entry| entry.of_case);
        self
    }

    /// Appends copies of the recording to a store, a case each: `first`, `first + 1`, …, until
    /// there are so many copies or entries.
    pub fn write(
        &self,
        store: &mut Store,
        first: u32,
        many: Many,
        begins: DateTime<Utc>,
    ) -> anyhow::Result<u32> {
        let mut batch = Batch::default();
        let mut written = 0;
        for copy in 0_u32.. {
            let enough = match many {
                Many::AtOnce(copies) | Many::InTurn(copies) => copy == copies,
                Many::Entries(entries) => written >= entries,
            };
            if enough {
                store.commit(&batch)?;
                return Ok(copy);
            }
            let id = CaseId {
                year: 2026,
                number: first + copy,
            };
            let name = id.to_string();
            let start = begins + BETWEEN_COPIES * i32::try_from(copy)?;
            // One copy follows the other: time never runs backwards in a journal.
            let step = BETWEEN_COPIES / i32::try_from(self.len())?;
            for (index, entry) in self.entries.iter().enumerate() {
                let at = match many {
                    Many::AtOnce(_) => begins + entry.after,
                    Many::InTurn(_) | Many::Entries(_) => start + step * i32::try_from(index)?,
                };
                batch.entries.push(NewEntry {
                    at,
                    case: entry.of_case.then_some(id),
                    body: entry.body.replace(&self.name, &name).into_bytes(),
                });
                written += 1;
                if matches!(many, Many::Entries(entries) if written >= entries) {
                    break;
                }
            }
            if batch.entries.len() >= ENTRIES_PER_COMMIT {
                store.commit(&std::mem::take(&mut batch))?;
            }
        }
        bail!("there are no more case numbers")
    }
}

/// How many copies are wanted.
#[derive(Clone, Copy)]
pub enum Many {
    /// Cases that all live at the recording's own time.
    AtOnce(u32),
    /// Years of cases, one after the other.
    InTurn(u32),
    /// The same, until there are so many entries.
    Entries(usize),
}

/// The bot on a virtual clock and a disk in memory.
struct Play {
    engine: Engine,
    clock: Virtual,
    stage: Stage,
    queue: Queue,
}

impl Play {
    fn new(policy: &Policy, begins: DateTime<Utc>) -> anyhow::Result<Self> {
        let clock = Virtual::at(begins);
        let store = Store::with_backend(Disk::default(), &MasterKey::generate())?;
        let (engine, rows) = Engine::open(store, Arc::new(policy.clone()), clock.read())?;
        let stage = Stage::new("e");
        let mut play = Self {
            engine,
            clock,
            stage,
            queue: Queue::default(),
        };
        play.enqueue(rows)?;
        play.settle()?;
        Ok(play)
    }

    fn line(&mut self, line: &Line) -> anyhow::Result<()> {
        if let Line::Advance(span) = line {
            return self.advance(parse_span(span).map_err(|error| anyhow!("{error}"))?);
        }
        let happened = self.stage.act(line, self.clock.read().wall);
        if let Some(inbound) = happened.map_err(|mistake| anyhow!(mistake))? {
            let input = Input::Inbound(inbound.clone());
            let (answers, rows) = self.engine.step(&[input], self.clock.read())?;
            if let Some(answer) = answers.first() {
                self.stage.answered(&inbound, answer);
            }
            self.enqueue(rows)?;
        }
        self.settle()
    }

    fn enqueue(&mut self, rows: Vec<Row>) -> anyhow::Result<()> {
        for row in rows {
            if let Some(id) = self.queue.put(row) {
                self.engine
                    .step(&[Input::Superseded { id }], self.clock.read())?;
            }
        }
        Ok(())
    }

    fn settle(&mut self) -> anyhow::Result<()> {
        while let Some(row) = self.queue.take(self.clock.read().wall) {
            let Row { id, promise, .. } = row;
            let wall = self.clock.read().wall;
            let receipt = self
                .stage
                .deliver(&promise.network, &promise.key, &promise.action, wall)
                .map_err(|error| anyhow!("{error:?}"))?;
            self.queue.done(id);
            let delivered = Input::Delivered {
                id,
                promise,
                receipt,
            };
            let (_, rows) = self.engine.step(&[delivered], self.clock.read())?;
            self.enqueue(rows)?;
        }
        Ok(())
    }

    fn advance(&mut self, span: TimeDelta) -> anyhow::Result<()> {
        let end = self.clock.read().wall + span;
        loop {
            let now = self.clock.read().wall;
            let due = self
                .engine
                .next_wakeup()
                .map_or(end, |at| at.max(now))
                .min(end);
            self.clock.advance(due - now);
            let (_, rows) = self.engine.step(&[Input::Tick], self.clock.read())?;
            self.enqueue(rows)?;
            self.settle()?;
            if due >= end {
                return Ok(());
            }
        }
    }
}
