//! The adapter against a real Synapse, with people who have clients of their own.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "../support/mod.rs"]
mod support;

mod attacks;
mod checking;
mod contract;
mod conversing;
mod delivering;
mod federating;
mod listening;
mod offering;
mod ringing;
mod setting_up;
mod trouble;
mod verifying;

use std::sync::{Mutex, OnceLock};

use support::synapse::{Limits, Synapse};

/// Everything that was logged, at our most talkative level and the libraries' as in `main`.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn log() -> String {
    String::from_utf8_lossy(&LOG.lock().unwrap()).into_owned()
}

struct Sink;

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        if std::env::var_os("UNDERROSE_TEST_LOG").is_some() {
            eprint!("{}", String::from_utf8_lossy(bytes));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The homeserver that most tests share: each makes accounts and rooms of its own.
async fn shared() -> String {
    let filter = std::env::var("UNDERROSE_TEST_LOG")
        .unwrap_or_else(|_| "warn,underrose_matrix=trace".to_owned());
    let _ = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_ansi(false)
        .with_writer(|| Sink)
        .try_init();
    static SHARED: OnceLock<tokio::sync::Mutex<Option<Synapse>>> = OnceLock::new();
    let mut shared = SHARED
        .get_or_init(|| tokio::sync::Mutex::new(None))
        .lock()
        .await;
    if shared.is_none() {
        *shared = Some(Synapse::start(Limits::Relaxed).await);
    }
    shared.as_ref().unwrap().url()
}

/// A name that no other test uses.
fn name(base: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{base}{}", COUNT.fetch_add(1, Ordering::Relaxed))
}
