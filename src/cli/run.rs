//! `underrose run`: engine, outbox and adapters, until a signal.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use underrose::clock::{Clock, System};
use underrose::config::{Config, LogLevel};
use underrose::domain::policy::Policy;
use underrose::engine::{Engine, EngineError, Handle, Input, start};
use underrose::outbox;
use underrose::store::Store;
use underrose_chat::{Adapter, Inbox, Network};

use super::footing;

/// How long what is under way may take after a signal; the process is gone within 10 s.
const DRAIN: Duration = Duration::from_secs(7);

pub fn run(path: &Path) -> anyhow::Result<ExitCode> {
    let config = super::load(path)?;
    log(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime did not start")?;
    let code = runtime.block_on(bot(path, config));
    // A thread that reads the terminal never ends by itself.
    runtime.shutdown_background();
    code
}

fn log(config: &Config) {
    let level = match config.log {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    // The chat libraries log bodies at `trace`: they stay at `warn`, whatever ours is. What a
    // homeserver refuses is said by ours, with its reason and without its address.
    let filter = tracing_subscriber::EnvFilter::new(format!(
        "warn,matrix_sdk::http_client=off,underrose={level}"
    ));
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_writer(std::io::stderr)
        .try_init();
}

async fn bot(path: &Path, config: Config) -> anyhow::Result<ExitCode> {
    let store = Store::open(&config.data, &config.key)?;
    let (restored, epoch) = (store.restored(), store.epoch());
    if restored {
        tracing::warn!("this store was restored: each delivery is looked up before it is sent");
    }
    let clock: Arc<dyn Clock> = Arc::new(System::default());
    let adapters = super::networks::adapters(&config, &clock, Some(&store)).await?;
    let policy = Arc::new(config.policy.clone());
    let (engine, rows) =
        Engine::open(store, policy, clock.read()).context("the bot cannot start")?;
    let entries = engine.store().head().seq;
    let (promises, waiting) = mpsc::unbounded_channel();
    let earlier = rows.iter().map(|row| row.id).max();
    for row in rows {
        let _ = promises.send(row);
    }
    let (handle, thread) = start(engine, clock.clone(), promises);
    let mut ended = watch(thread);
    let stop = CancellationToken::new();
    let stopping = outbox::Stopping {
        stop: stop.clone(),
        restored,
        earlier,
    };
    let driver = tokio::spawn(outbox::run(
        waiting,
        adapters.clone(),
        handle.clone(),
        clock.clone(),
        stopping,
    ));
    let inbox = Inbox::new(Arc::new(handle.clone()));
    let listening = listen(&adapters, &handle, &inbox, &stop);
    let look = |policy: &Policy| footing::ask(&adapters, policy, &inbox, &clock, &stop);
    look(&config.policy);
    let control = super::control::serve(&config, &handle, &clock, &stop)?;
    tracing::info!(entries, epoch, networks = adapters.len(), "underrose is up");
    let engine = until_the_end(path, &handle, &mut ended, &stop, look).await?;
    tracing::info!("draining");
    stop.cancel();
    drop(control);
    let drained = async {
        // What a network began to take in is whole before the process ends.
        let (_, ()) = tokio::join!(driver, ends(listening));
        handle.stop().await;
        match engine {
            Some(outcome) => outcome,
            None => ended.await.unwrap_or(Ok(())),
        }
    };
    match tokio::time::timeout(DRAIN, drained).await {
        Ok(Ok(())) => Ok(ExitCode::SUCCESS),
        Ok(Err(error)) => Err(error).context("the bot stopped; what was acknowledged is kept"),
        Err(_) => {
            tracing::warn!("not everything landed in time; it is tried again at the next start");
            Ok(ExitCode::SUCCESS)
        }
    }
}

type Ended = oneshot::Receiver<Result<(), EngineError>>;

/// Lets the runtime wait for the engine's thread.
fn watch(thread: std::thread::JoinHandle<Result<(), EngineError>>) -> Ended {
    let (tell, ended) = oneshot::channel();
    tokio::task::spawn_blocking(move || {
        if let Ok(outcome) = thread.join() {
            let _ = tell.send(outcome);
        }
    });
    ended
}

fn listen(
    adapters: &BTreeMap<Network, Arc<dyn Adapter>>,
    handle: &Handle,
    inbox: &Inbox,
    stop: &CancellationToken,
) -> JoinSet<()> {
    let mut listening = JoinSet::new();
    for adapter in adapters.values() {
        let (adapter, inbox, stop) = (adapter.clone(), inbox.clone(), stop.clone());
        let handle = handle.clone();
        listening.spawn(async move {
            let network = adapter.network().clone();
            match adapter.listen(inbox, stop.clone()).await {
                Ok(()) if !stop.is_cancelled() => stop.cancel(),
                Ok(()) => {}
                Err(error) => {
                    tracing::error!(%network, %error, "no longer listening");
                    let reason = error.reason;
                    handle.send(Input::Lost { network, reason }).await;
                }
            }
        });
    }
    listening
}

async fn ends(mut listening: JoinSet<()>) {
    while listening.join_next().await.is_some() {}
}

/// Waits for SIGTERM or SIGINT, for whoever quits at the console, or for the end of the engine;
/// SIGHUP loads the configuration anew.
async fn until_the_end(
    path: &Path,
    handle: &Handle,
    ended: &mut Ended,
    stop: &CancellationToken,
    look: impl Fn(&Policy),
) -> anyhow::Result<Option<Result<(), EngineError>>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(None),
            _ = interrupt.recv() => return Ok(None),
            () = stop.cancelled() => return Ok(None),
            outcome = &mut *ended => return Ok(Some(outcome.unwrap_or(Ok(())))),
            _ = hangup.recv() => match super::load(path) {
                Ok(config) => {
                    tracing::info!("the configuration was loaded anew");
                    let policy = Arc::new(config.policy);
                    handle.send(Input::PolicyLoaded(policy.clone())).await;
                    look(&policy);
                }
                Err(error) => tracing::error!("the old configuration stays: {error:#}"),
            },
        }
    }
}
