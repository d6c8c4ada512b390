//! `underrose check`, and `underrose cvss`.

use std::io::{BufRead, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use underrose::clock::{Clock, System};
use underrose::config::{self, Config};
use underrose_chat::{Finding, Level};

use super::footing;

pub fn check(path: &Path, connect: bool) -> anyhow::Result<ExitCode> {
    let config = super::load(path)?;
    for line in config::check_report(&config, System::default().read().wall) {
        println!("{line}");
    }
    if !connect {
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Runtime::new().context("the runtime did not start")?;
    let worst = runtime.block_on(ask(&config))?;
    runtime.shutdown_background();
    Ok(match worst {
        Some(Level::Wrong) => ExitCode::FAILURE,
        Some(Level::Good | Level::Doubt) | None => ExitCode::SUCCESS,
    })
}

/// Asks every network, prints what it finds, and returns the worst of it.
async fn ask(config: &Config) -> anyhow::Result<Option<Level>> {
    let clock: Arc<dyn Clock> = Arc::new(System::default());
    let mut worst = None;
    for (network, adapter) in super::networks::adapters(config, &clock, None).await? {
        for Finding { level, text } in adapter
            .check(&footing::expected(&config.policy, &network))
            .await
        {
            let mark = match level {
                Level::Good => "ok",
                Level::Doubt => "warning",
                Level::Wrong => "WRONG",
            };
            println!("{network}: {mark}: {text}");
            worst = worst.max(Some(level));
        }
    }
    Ok(worst)
}

pub fn cvss(vectors: Vec<String>) -> anyhow::Result<ExitCode> {
    let stdout = std::io::stdout();
    let mut out = std::io::BufWriter::new(stdout.lock());
    let good = if vectors.is_empty() {
        let lines = Lines(std::io::stdin().lock());
        underrose::cvss_lines::run(lines, &mut out)?
    } else {
        underrose::cvss_lines::run(
            vectors.into_iter().map(|vector| Ok(vector.into_bytes())),
            &mut out,
        )?
    };
    out.flush()?;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Lines as bytes, since what is typed need not be UTF-8; of a very long one only the beginning.
struct Lines<R>(R);

impl<R: BufRead> Iterator for Lines<R> {
    type Item = std::io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Vec::new();
        let mut any = false;
        loop {
            let chunk = match self.0.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) => return Some(Err(error)),
            };
            if chunk.is_empty() {
                return any.then_some(Ok(line));
            }
            any = true;
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
            let room = (underrose::cvss_lines::LINE_BYTES_MAX + 1).saturating_sub(line.len());
            line.extend_from_slice(part.get(..room.min(part.len())).unwrap_or_default());
            let used = end.map_or(chunk.len(), |end| end + 1);
            self.0.consume(used);
            if end.is_some() {
                return Some(Ok(line));
            }
        }
    }
}
