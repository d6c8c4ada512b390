//! The adapter against a real Synapse, with people who have clients of their own.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "../support/mod.rs"]
mod support;

mod attacks;
mod delivering;
mod listening;
mod setting_up;

use std::sync::OnceLock;

use support::synapse::{Limits, Synapse};

/// The homeserver that most tests share: each makes accounts and rooms of its own.
async fn shared() -> String {
    let filter = tracing_subscriber::EnvFilter::from_env("UNDERROSE_TEST_LOG");
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_test_writer()
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
