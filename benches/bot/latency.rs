//! How long `accept` takes at 100 commands a second, beside redb alone committing the same rows at
//! the same pace. People do not type in step: the pauses are random, from a fixed seed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use underrose::engine::start;
use underrose_chat::Accept;

use crate::bare::{Bare, commits};
use crate::ground::{Commands, Ground};
use crate::table;

const OPEN: u32 = 200;
const A_SECOND: f64 = 100.0;

/// Blocks of the bot and of redb alone take turns, so that both meet the same disk.
const BLOCKS: u64 = 4;
const COMMANDS_PER_BLOCK: usize = 800;

pub fn run() -> anyhow::Result<()> {
    let (mut bot, mut redb) = (Vec::new(), Vec::new());
    for block in 0..BLOCKS {
        let (times, rows) = accepts(block)?;
        bot.extend(times);
        redb.extend(bare_commits(block, &rows)?);
    }
    let mut table = Vec::new();
    for (name, part) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)] {
        let (bot, redb) = (at(&mut bot, part), at(&mut redb, part));
        table.push(vec![
            name.to_owned(),
            format!("{:.2} ms", bot * 1e3),
            format!("{:.2} ms", redb * 1e3),
            format!("{:.2}", bot / redb),
        ]);
    }
    let head = ["", "accept", "a bare commit", "ratio"];
    table::print("Latency at 100 commands a second", &head, &table);
    Ok(())
}

fn at(times: &mut [f64], part: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    let place = (times.len() as f64 * part) as usize;
    times
        .get(place.min(times.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}

fn accepts(seed: u64) -> anyhow::Result<(Vec<f64>, Vec<crate::bare::Commit>)> {
    let (ground, store) = Ground::with_cases(OPEN, 0)?;
    let engine = ground.engine(store)?;
    let (promises, _kept) = mpsc::unbounded_channel();
    let (handle, thread) = start(engine, ground.clock.clone(), promises);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()?;
    let commands = Commands::new(OPEN, ground.now()).take(COMMANDS_PER_BLOCK);
    let times = runtime.block_on(async {
        let accept: Arc<dyn Accept> = Arc::new(handle.clone());
        let mut under_way = Vec::new();
        for (inbound, pause) in commands.zip(Pauses(seed)) {
            tokio::time::sleep(pause).await;
            let accept = accept.clone();
            under_way.push(tokio::spawn(async move {
                let begun = Instant::now();
                accept.accept(inbound).await?;
                Ok::<f64, underrose_chat::InboxClosed>(begun.elapsed().as_secs_f64())
            }));
        }
        let mut times = Vec::new();
        for accepted in under_way {
            times.push(accepted.await??);
        }
        handle.stop().await;
        anyhow::Ok(times)
    })?;
    thread
        .join()
        .map_err(|_| anyhow::anyhow!("the engine panicked"))??;
    let mut rows = commits(&ground.file())?;
    rows.retain(|commit| commit.commands() > 0);
    Ok((times, rows))
}

fn bare_commits(seed: u64, rows: &[crate::bare::Commit]) -> anyhow::Result<Vec<f64>> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let bare = Bare::create(&folder.path().join("bare.redb"))?;
    let mut times = Vec::new();
    for (commit, pause) in rows.iter().zip(Pauses(seed)) {
        std::thread::park_timeout(pause);
        let begun = Instant::now();
        bare.commit(commit)?;
        times.push(begun.elapsed().as_secs_f64());
    }
    Ok(times)
}

/// Exponential pauses around the pace, from a linear congruence (Knuth's MMIX constants).
struct Pauses(u64);

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let part = ((self.0 >> 11) as f64 + 1.0) / (1_u64 << 53) as f64;
        Some(Duration::from_secs_f64(-part.min(1.0).ln() / A_SECOND))
    }
}
