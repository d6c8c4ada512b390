//! The cost of a command with 200 open and 99,800 closed cases, beside the same command on the
//! same case when it is the only one.

use std::time::{Duration, Instant};

use underrose::clock::Clock;
use underrose::engine::{BATCH_MAX, Engine, Input};

use crate::ground::{Commands, Ground};
use crate::table;

const OPEN: u32 = 200;
const CLOSED: u32 = 99_800;

/// Batches measured of each size: a case's own history grows meanwhile, in both stores alike.
const SIZES: [(usize, usize); 2] = [(1, 300), (BATCH_MAX, 48)];

struct Side {
    ground: Ground,
    engine: Engine,
    commands: Commands,
}

impl Side {
    fn new(open: u32, closed: u32) -> anyhow::Result<Self> {
        let (ground, store) = Ground::with_cases(open, closed)?;
        let engine = ground.engine(store)?;
        let commands = Commands::new(1, ground.now());
        Ok(Self {
            ground,
            engine,
            commands,
        })
    }

    fn step(&mut self, size: usize) -> anyhow::Result<Duration> {
        let batch: Vec<Input> = self
            .commands
            .by_ref()
            .take(size)
            .map(Input::Inbound)
            .collect();
        let begun = Instant::now();
        self.engine.step(&batch, self.ground.clock.read())?;
        Ok(begun.elapsed())
    }
}

pub fn run() -> anyhow::Result<()> {
    let (mut full, mut empty) = (Side::new(OPEN, CLOSED)?, Side::new(1, 0)?);
    let mut rows = Vec::new();
    for (size, batches) in SIZES {
        let mut times = (Vec::new(), Vec::new());
        for batch in 0..batches {
            // Whoever comes second finds the disk's queue empty.
            if batch % 2 == 0 {
                times.0.push(full.step(size)?);
                times.1.push(empty.step(size)?);
            } else {
                times.1.push(empty.step(size)?);
                times.0.push(full.step(size)?);
            }
        }
        let each = |mut times: Vec<Duration>| {
            times.sort();
            let median = times.get(times.len() / 2).copied().unwrap_or_default();
            median.as_secs_f64() * 1e6 / size as f64
        };
        let (full, empty) = (each(times.0), each(times.1));
        rows.push(vec![
            size.to_string(),
            format!("{full:.1} µs"),
            format!("{empty:.1} µs"),
            format!("{:.2}", full / empty),
        ]);
    }
    let head = [
        "in a transaction",
        "200 open, 99,800 closed",
        "its one case",
        "ratio",
    ];
    table::print("A command (medians)", &head, &rows);
    Ok(())
}
