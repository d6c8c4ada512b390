//! Durable commands a second with 1, 16 and 256 commands under way, beside redb alone committing
//! the very rows that the bot wrote, in the very transactions in which it wrote them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use underrose::engine::start;
use underrose_chat::Accept;

use crate::bare::{Bare, Commit, commits};
use crate::ground::{Commands, Ground};
use crate::{cpu, table};

/// Cases that the commands go round.
const OPEN: u32 = 200;

/// Commands under way at once.
const WAITING: [u64; 3] = [1, 16, 256];

/// Commands of a sample, however many are under way: most are not the first of a process, whose
/// memory the system has yet to clear, and all that they write fits the store's page cache.
const COMMANDS: u64 = 8_000;

/// Samples whose rows are kept for redb alone: they are large.
const RECORDED: usize = 3;

/// The threads that a command goes through: the two of the engine, and the clients'.
const THREADS: [&str; 3] = ["engine", "commit", "tokio-rt-worker"];

/// One sample of the bot.
struct Sample {
    time: Duration,
    /// What each of [`THREADS`] had of the processor.
    cpu: [Duration; 3],
    /// What was written meanwhile.
    commits: Vec<Commit>,
}

pub fn run(criterion: &mut Criterion) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()?;
    let (mut rows, mut costs) = (Vec::new(), Vec::new());
    let mut with_one = None;
    let mut group = criterion.benchmark_group("commands");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(1));
    for waiting in WAITING {
        let mut bot = Vec::new();
        let (mut spent, mut alone) = ([Cost::default(); 3], Cost::default());
        let mut recorded: VecDeque<Sample> = VecDeque::new();
        group.bench_function(BenchmarkId::new("bot", waiting), |bencher| {
            bencher.iter_custom(|asked| {
                let sample = give(&runtime, waiting).expect("the bot runs");
                let time = sample.time;
                bot.push(time);
                for (cost, cpu) in spent.iter_mut().zip(sample.cpu) {
                    cost.add(cpu);
                }
                recorded.push_back(sample);
                if recorded.len() > RECORDED {
                    recorded.pop_front();
                }
                scaled(time, asked)
            });
        });
        let mut redb = Vec::new();
        group.bench_function(BenchmarkId::new("redb", waiting), |bencher| {
            bencher.iter_custom(|asked| {
                recorded.rotate_left(1);
                let sample = recorded.back().expect("the bot ran before");
                let (time, cpu) = again(&sample.commits).expect("redb runs");
                redb.push(time);
                alone.add(cpu);
                scaled(time, asked)
            });
        });
        let (bot, redb) = (a_second(&bot), a_second(&redb));
        let with_one = *with_one.get_or_insert(bot);
        let commits = recorded.iter().flat_map(|sample| &sample.commits);
        let bytes: usize = commits.clone().map(Commit::bytes).sum();
        let commands = COMMANDS * recorded.len() as u64;
        rows.push(vec![
            waiting.to_string(),
            table::count(bot),
            table::count(redb),
            format!("{:.2}", bot / redb),
            format!("{:.1}", bot / with_one),
            format!("{:.0}", commands as f64 / commits.count() as f64),
            format!("{:.0}", bytes as f64 / commands as f64),
        ]);
        let mut cost = vec![waiting.to_string()];
        cost.extend(spent.iter().chain([&alone]).map(Cost::each));
        costs.push(cost);
    }
    group.finish();
    let head = [
        "under way",
        "commands/s",
        "redb alone",
        "ratio",
        "× with 1",
        "a transaction",
        "bytes each",
    ];
    table::print("Durable commands a second (medians)", &head, &rows);
    let head = [
        "under way",
        "deciding",
        "committing",
        "clients",
        "redb alone",
    ];
    table::print("Processor time a command", &head, &costs);
    Ok(())
}

/// Processor time over all samples.
#[derive(Clone, Copy, Default)]
struct Cost {
    cpu: Duration,
    commands: u64,
}

impl Cost {
    fn add(&mut self, cpu: Duration) {
        self.cpu += cpu;
        self.commands += COMMANDS;
    }

    fn each(&self) -> String {
        format!(
            "{:.1} µs",
            self.cpu.as_secs_f64() * 1e6 / self.commands as f64
        )
    }
}

/// What criterion asks for is a time for so many commands.
fn scaled(time: Duration, asked: u64) -> Duration {
    time.mul_f64(asked as f64 / COMMANDS as f64)
}

/// The median.
fn a_second(samples: &[Duration]) -> f64 {
    let mut times = samples.to_vec();
    times.sort();
    let median = times.get(times.len() / 2);
    median.map_or(f64::NAN, |time| COMMANDS as f64 / time.as_secs_f64())
}

/// Gives [`COMMANDS`], so many at once.
fn give(runtime: &Runtime, waiting: u64) -> anyhow::Result<Sample> {
    let (ground, store) = Ground::with_cases(OPEN, 0)?;
    let engine = ground.engine(store)?;
    let before = engine.store().head().seq;
    // Nothing is delivered: what a delivery costs is a network's business.
    let (promises, mut said) = mpsc::unbounded_channel();
    let (handle, thread) = start(engine, ground.clock.clone(), promises);
    let mut given = Commands::new(OPEN, ground.now());
    let shares: Vec<Vec<_>> = (0..waiting)
        .map(|one| given.by_ref().take(share(waiting, one)).collect())
        .collect();
    let accept: Arc<dyn Accept> = Arc::new(handle.clone());
    // Let go as they come, as the outbox does in the end: kept, they would only fill the memory.
    runtime.spawn(async move { while said.recv().await.is_some() {} });
    let had = cpu::of_threads(THREADS);
    let (time, cpu) = runtime.block_on(async {
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
        let mut cpu = cpu::of_threads(THREADS);
        for (cpu, had) in cpu.iter_mut().zip(had) {
            *cpu = cpu.saturating_sub(had);
        }
        handle.stop().await;
        anyhow::Ok((time, cpu))
    })?;
    thread
        .join()
        .map_err(|_| anyhow::anyhow!("the engine panicked"))??;
    let commits = commits(&ground.file())?;
    let of_commands = commits
        .into_iter()
        .filter(|commit| commit.commands() > 0 && commit.after(before));
    Ok(Sample {
        time,
        cpu,
        commits: of_commands.collect(),
    })
}

fn share(waiting: u64, one: u64) -> usize {
    let more = u64::from(one < COMMANDS % waiting);
    usize::try_from(COMMANDS / waiting + more).unwrap_or(usize::MAX)
}

/// Commits the same rows in the same transactions, with redb alone. Returns how long it took, and
/// how much of that the processor.
fn again(commits: &[Commit]) -> anyhow::Result<(Duration, Duration)> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let bare = Bare::create(&folder.path().join("bare.redb"))?;
    let (begun, had) = (Instant::now(), cpu::own());
    for commit in commits {
        bare.commit(commit)?;
    }
    Ok((begun.elapsed(), cpu::own() - had))
}
