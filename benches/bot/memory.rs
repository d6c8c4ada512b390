//! Resident memory of the real process: idle, for each open and for each closed case.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;

use crate::ground::{EXAMPLE, Ground};
use crate::table;

const OPEN: u32 = 1_000;
const CLOSED: u32 = 100_000;

/// After the start, until it is at rest.
const REST: Duration = Duration::from_secs(2);

pub fn run() -> anyhow::Result<()> {
    let idle = resident(0, 0)?;
    let open = resident(OPEN, 0)?;
    let closed = resident(0, CLOSED)?;
    let each = |with: u64, cases: u32| {
        format!("{:.1} KiB", (with as f64 - idle as f64) / f64::from(cases))
    };
    let whole = |kib: u64| format!("{:.1} MiB", kib as f64 / 1024.0);
    let rows = [
        vec!["idle, no case".to_owned(), whole(idle), String::new()],
        vec![format!("{OPEN} open cases"), whole(open), each(open, OPEN)],
        vec![
            format!("{CLOSED} closed cases"),
            whole(closed),
            each(closed, CLOSED),
        ],
    ];
    table::print(
        "Resident memory of `underrose run`",
        &["", "resident", "each"],
        &rows,
    );
    Ok(())
}

/// KiB.
fn resident(open: u32, closed: u32) -> anyhow::Result<u64> {
    let (ground, store) = Ground::with_cases(open, closed)?;
    drop(store);
    let folder = ground.dir.path().display().to_string();
    let config = ground.dir.path().join("config.toml");
    std::fs::write(&config, EXAMPLE.replace("\"./data", &format!("\"{folder}")))?;
    let mut bot = Command::new(env!("CARGO_BIN_EXE_underrose"))
        .args(["run", "--config"])
        .arg(&config)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(bot.stderr.take().context("no standard error")?).lines();
    let up = lines
        .by_ref()
        .map_while(Result::ok)
        .any(|line| line.contains("underrose is up"));
    std::thread::park_timeout(REST);
    let status = std::fs::read_to_string(format!("/proc/{}/status", bot.id()));
    bot.kill()?;
    bot.wait()?;
    anyhow::ensure!(up, "the bot did not start");
    let status = status?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    Ok(kib.context("no resident size")?.parse()?)
}
