//! What the bot costs, each figure beside a reference that was measured in the same run:
//! `cargo bench`, or one part of it with `cargo bench -- commands|closed|latency|start|memory`.
//! Nothing here asserts a time: figures differ between machines, their ratios hardly.

mod bare;
mod closed;
mod commands;
mod cpu;
mod ground;
mod latency;
mod memory;
mod script;
mod start;
mod table;

use criterion::Criterion;

/// The released binary's; redb alone has it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    // Criterion takes the same words as its filter.
    let mut criterion = Criterion::default().configure_from_args();
    let part = |name: &str| {
        wanted.is_empty()
            || wanted
                .iter()
                .any(|word| word.split('/').next() == Some(name))
    };
    if part("commands") {
        commands::run(&mut criterion)?;
    }
    if part("closed") {
        closed::run()?;
    }
    if part("latency") {
        latency::run()?;
    }
    if part("start") {
        start::run()?;
    }
    if part("memory") {
        memory::run()?;
    }
    criterion.final_summary();
    Ok(())
}
