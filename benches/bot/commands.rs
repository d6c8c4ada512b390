//! Durable commands a second with 1, 16 and 256 commands under way, beside redb alone committing
//! the very rows that the bot wrote, in the very transactions in which it wrote them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use underrose::engine::start;
use underrose_chat::Accept;

use crate::bare::{Bare, Commit, commits};
use crate::ground::{Commands, Ground};
use crate::table;

/// Cases that the commands go round.
const OPEN: u32 = 200;

/// Commands under way at once.
const WAITING: [u64; 3] = [1, 16, 256];

/// Time and commands that were measured.
#[derive(Default, Clone, Copy)]
struct Tally {
    time: Duration,
    commands: u64,
    commits: u64,
    bytes: u64,
}

impl Tally {
    fn a_second(&self) -> f64 {
        self.commands as f64 / self.time.as_secs_f64()
    }
}

pub fn run(criterion: &mut Criterion) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()?;
    let mut rows = Vec::new();
    let mut alone = None;
    let mut group = criterion.benchmark_group("commands");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(1));
    for waiting in WAITING {
        let (mut bot, mut redb) = (Tally::default(), Tally::default());
        let mut recorded: Vec<Vec<Commit>> = Vec::new();
        group.bench_function(BenchmarkId::new("bot", waiting), |bencher| {
            bencher.iter_custom(|commands| {
                let (time, commits) = give(&runtime, waiting, commands).expect("the bot runs");
                // What was measured before the last samples was to warm up.
                bot = Tally { time: bot.time + time, commands: bot.commands + commands, ..bot };
                recorded.push(commits);
                time
            });
        });
        let mut next = 0;
        group.bench_function(BenchmarkId::new("redb", waiting), |bencher| {
            bencher.iter_custom(|commands| {
                let sample = recorded.get(next % recorded.len().max(1)).expect("recorded");
                next += 1;
                let again = again(sample).expect("redb runs");
                redb.time += again.time;
                redb.commands += again.commands;
                redb.commits += again.commits;
                redb.bytes += again.bytes;
                again.time.mul_f64(commands as f64 / again.commands.max(1) as f64)
            });
        });
        let alone = *alone.get_or_insert(bot.a_second());
        rows.push(vec![
            waiting.to_string(),
            table::count(bot.a_second()),
            table::count(redb.a_second()),
            format!("{:.2}", bot.a_second() / redb.a_second()),
            format!("{:.1}", bot.a_second() / alone),
            format!("{:.0}", redb.commands as f64 / redb.commits as f64),
            format!("{:.0}", redb.bytes as f64 / redb.commands as f64),
        ]);
    }
    group.finish();
    let head = [
        "under way",
        "commands/s",
        "redb alone",
        "ratio",
        "× its own with 1",
        "a transaction",
        "bytes each",
    ];
    table::print("Durable commands a second", &head, &rows);
    Ok(())
}

/// Gives so many commands, so many at once; returns the time, and what was written meanwhile.
fn give(runtime: &Runtime, waiting: u64, commands: u64) -> anyhow::Result<(Duration, Vec<Commit>)> {
    let (ground, store) = Ground::with_cases(OPEN, 0)?;
    let engine = ground.engine(store)?;
    let before = engine.store().head().seq;
    // Nothing is delivered: what a delivery costs is a network's business.
    let (promises, _kept) = mpsc::unbounded_channel();
    let (handle, thread) = start(engine, ground.clock.clone(), promises);
    let mut given = Commands::new(OPEN, ground.now());
    let shares: Vec<Vec<_>> = (0..waiting)
        .map(|one| given.by_ref().take(share(commands, waiting, one)).collect())
        .collect();
    let accept: Arc<dyn Accept> = Arc::new(handle.clone());
    let time = runtime.block_on(async {
        let clients: Vec<_> = shares
            .into_iter()
            .map(|share| {
                let accept = accept.clone();
                async move {
                    for inbound in share {
                        accept.accept(inbound).await?;
                    }
                    Ok::<(), underrose_chat::InboxClosed>(())
                }
            })
            .collect();
        let begun = Instant::now();
        let clients: Vec<_> = clients.into_iter().map(tokio::spawn).collect();
        for client in clients {
            client.await??;
        }
        let time = begun.elapsed();
        handle.stop().await;
        anyhow::Ok(time)
    })?;
    thread.join().map_err(|_| anyhow::anyhow!("the engine panicked"))??;
    let commits = commits(&ground.file())?;
    let of_commands = commits.into_iter().filter(|commit| commit.commands() > 0 && commit.after(before));
    Ok((time, of_commands.collect()))
}

fn share(commands: u64, waiting: u64, one: u64) -> usize {
    let more = u64::from(one < commands % waiting);
    usize::try_from(commands / waiting + more).unwrap_or(usize::MAX)
}

/// Commits the same rows in the same transactions, with redb alone.
fn again(commits: &[Commit]) -> anyhow::Result<Tally> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let bare = Bare::create(&folder.path().join("bare.redb"))?;
    let begun = Instant::now();
    for commit in commits {
        bare.commit(commit)?;
    }
    let mut tally = Tally { time: begun.elapsed(), commits: commits.len() as u64, ..Tally::default() };
    for commit in commits {
        tally.commands += commit.commands() as u64;
        tally.bytes += commit.bytes() as u64;
    }
    Ok(tally)
}
