//! Start-up: from a file with so many entries to a bot that takes commands, beside reading and
//! decrypting the same file alone. The entries are recorded from the demo's disclosure.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use chrono::TimeDelta;
use underrose::store::Store;

use crate::bare::decrypt;
use crate::ground::Ground;
use crate::script::{DEMO, Many, Recording};
use crate::table;

const ENTRIES: [usize; 2] = [100_000, 1_000_000];

/// Each is measured so often, one beside the other; the median counts.
const ROUNDS: usize = 3;

/// Long enough ago for a million entries to end before now.
const DAYS_AGO: i64 = 500;

pub fn run() -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for entries in ENTRIES {
        let (ground, mut store) = Ground::new()?;
        // The script names days: it is played when it says.
        let begins = "2026-11-23T09:00:00Z".parse().context("an instant")?;
        let demo = Recording::of(DEMO, &ground.policy, begins)?;
        let first_day = ground.now() - TimeDelta::days(DAYS_AGO);
        let cases = demo.write(&mut store, 1, Many::Entries(entries), first_day)?;
        drop(store);
        let (mut alone, mut whole) = (Vec::new(), Vec::new());
        let mut bytes = 0;
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            let (read, sealed) = decrypt(&ground.file(), &ground.key)?;
            alone.push(begun.elapsed());
            bytes = sealed / read;
            let begun = Instant::now();
            let store = Store::open(ground.dir.path(), &ground.source)?;
            let engine = ground.engine(store)?;
            whole.push(begun.elapsed());
            // Every copy but the last, which may be cut short, went all the way.
            let closed = engine.state().closed.len();
            ensure!(
                closed + 1 >= usize::try_from(cases)?,
                "only {closed} were closed"
            );
            drop(engine);
        }
        let (alone, whole) = (median(alone), median(whole));
        rows.push(vec![
            table::count(entries as f64),
            cases.to_string(),
            bytes.to_string(),
            format!("{:.2} s", whole.as_secs_f64()),
            format!("{:.2} s", alone.as_secs_f64()),
            format!("{:.2}", whole.as_secs_f64() / alone.as_secs_f64()),
            format!("{:.2} µs", whole.as_secs_f64() * 1e6 / entries as f64),
        ]);
    }
    let head = [
        "entries",
        "cases",
        "bytes each",
        "start-up",
        "decrypting alone",
        "ratio",
        "an entry",
    ];
    table::print("Start-up", &head, &rows);
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
