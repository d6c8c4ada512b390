//! The simulation: from a seed, people, redeliveries, failing networks, crashing disks and clocks
//! that lie; after every step what must always hold is checked. `SEEDS=1000` for more, `SEED=7` for
//! one. A failure prints its seed and the last inputs.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod chance;
mod checks;
mod coverage;
mod life;
mod people;
#[path = "../shared/rules.rs"]
mod rules;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use coverage::Coverage;

/// Inputs of one life, at least.
const INPUTS: usize = 500;
/// Crashes of one life, at least.
const CRASHES: usize = 5;

#[test]
fn whatever_happens_the_promises_hold() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let (first, last) = match number("SEED") {
        Some(seed) => (seed, seed),
        None => (1, number("SEEDS").unwrap_or(300)),
    };
    let next = AtomicU64::new(first);
    let all = Mutex::new(Coverage::default());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed > last {
                        return;
                    }
                    let coverage = life::Life::new(seed).live(INPUTS, CRASHES);
                    all.lock().unwrap().add(coverage);
                }
            });
        }
    });
    let coverage = all.into_inner().unwrap();
    let missing = coverage.missing();
    println!("{}\nnever occurred: {missing:?}", coverage.summary());
    // A handful of lives cannot hold everything; three hundred must.
    assert!(
        last - first < 299 || missing.is_empty(),
        "never occurred: {missing:#?}"
    );
}
