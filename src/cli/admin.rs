//! `journal`, `backup`, `restore`, `key rotate`, `shred`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use underrose::clock::{Clock, System};
use underrose::config::Config;
use underrose::domain::event::Entry;
use underrose::domain::ids::CaseId;
use underrose::engine::shred_offline;
use underrose::store::{self, FILE, Folded, ReadError, Store};

#[derive(Subcommand)]
pub enum Journal {
    /// Check the hash chain; needs no key. Also of a backup, with --file.
    Verify {
        #[command(flatten)]
        config: super::ConfigArg,
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// What happened, without content.
    Show {
        #[command(flatten)]
        config: super::ConfigArg,
        /// One case only.
        #[arg(long)]
        case: Option<CaseId>,
    },
    /// Every entry with its content, one JSON object a line. Confidential.
    Export {
        #[command(flatten)]
        config: super::ConfigArg,
        #[arg(long)]
        case: Option<CaseId>,
    },
}

#[derive(Subcommand)]
pub enum Key {
    /// A fresh master key; every data key is wrapped anew.
    Rotate(super::ConfigArg),
}

pub fn journal(command: &Journal) -> anyhow::Result<ExitCode> {
    match command {
        Journal::Verify { config, file } => {
            let path = match file {
                Some(file) => file.clone(),
                None => super::load(&config.config)?.data.join(FILE),
            };
            verify(&path)
        }
        Journal::Show { config, case } => show(&super::load(&config.config)?, *case, Shown::Names),
        Journal::Export { config, case } => show(&super::load(&config.config)?, *case, Shown::All),
    }
}

fn verify(path: &Path) -> anyhow::Result<ExitCode> {
    match store::verify(path)? {
        Ok(verified) => {
            let hash: String = verified
                .head
                .hash
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            println!(
                "The journal is whole: {} entries, {} shredded cases.",
                verified.head.seq, verified.tombstones
            );
            println!("Head {} {hash}", verified.head.seq);
            Ok(ExitCode::SUCCESS)
        }
        Err(torn) => {
            println!("{torn}");
            Ok(ExitCode::FAILURE)
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Shown {
    Names,
    All,
}

fn show(config: &Config, only: Option<CaseId>, shown: Shown) -> anyhow::Result<ExitCode> {
    let store = Store::open(&config.data, &config.key)?;
    store.fold(|folded| {
        match folded {
            Folded::Entry(entry) if only.is_none_or(|only| entry.case == Some(only)) => {
                let body: serde_json::Value =
                    serde_json::from_slice(&entry.body).unwrap_or_default();
                let case = entry.case.map_or("-".to_owned(), |case| case.to_string());
                let at = entry.at.to_rfc3339();
                if shown == Shown::All {
                    println!(
                        "{}",
                        serde_json::json!({"seq": entry.seq, "at": at, "case": case, "entry": body})
                    );
                } else {
                    let by = body["by"].as_str().unwrap_or("-").to_owned();
                    let (name, detail) = named(&body);
                    println!("{}\t{at}\t{case}\t{by}\t{name}\t{detail}", entry.seq);
                }
            }
            Folded::Tombstone { seq, case } => println!("{seq}\t-\t{case}\t-\tshredded"),
            Folded::Entry(_) | Folded::Shredded { .. } => {}
        }
        Ok::<(), ReadError>(())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// An entry's event by name, with what may be shown of it.
fn named(body: &serde_json::Value) -> (String, String) {
    match serde_json::from_value::<Entry>(body.clone()) {
        Ok(entry) => (entry.event.name(), entry.event.detail()),
        Err(_) => ("unknown".to_owned(), String::new()),
    }
}

pub fn backup(config: &Config, to: &Path) -> anyhow::Result<ExitCode> {
    let to = std::path::absolute(to)?;
    let request = format!("backup {}", to.display());
    let told = match super::control::ask(&config.data, &request)? {
        Some(told) => told,
        None => {
            let store = Store::open(&config.data, &config.key)?;
            format!("{} entries", store.backup(&to)?.seq)
        }
    };
    println!(
        "{told} are in {}. The master key is not: keep it apart.",
        to.display()
    );
    Ok(ExitCode::SUCCESS)
}

pub fn restore(config: &Config, from: &Path) -> anyhow::Result<ExitCode> {
    let verified = store::restore(from, &config.data, &config.key)?;
    println!(
        "{} entries are back in {}.",
        verified.head.seq,
        config.data.display()
    );
    println!(
        "At the next start every pending delivery is looked up on its network before it is sent."
    );
    Ok(ExitCode::SUCCESS)
}

pub fn key(command: &Key) -> anyhow::Result<ExitCode> {
    let Key::Rotate(arg) = command;
    let config = super::load(&arg.config)?;
    let fresh = match super::control::ask(&config.data, "rotate")? {
        Some(fresh) => fresh,
        None => {
            let mut store = Store::open(&config.data, &config.key)?;
            store
                .rotate(&config.key)?
                .map_or(String::new(), |fresh| fresh.to_hex().to_string())
        }
    };
    told_key(&config, &fresh);
    Ok(ExitCode::SUCCESS)
}

fn told_key(config: &Config, fresh: &str) {
    if fresh.is_empty() {
        println!(
            "The new master key is in {}. Keep a copy; the old one opens nothing any more.",
            config.key.place()
        );
    } else {
        println!(
            "The new master key, to be put {} before the next start:\n{fresh}",
            config.key.place()
        );
    }
}

/// Asks for the case's id once more: what follows cannot be taken back.
pub fn means_it(case: CaseId) -> anyhow::Result<bool> {
    eprint!("This destroys the texts of case {case} for ever. Type {case} to go on: ");
    let mut typed = String::new();
    std::io::stdin()
        .read_line(&mut typed)
        .context("nobody answered; say --yes where nobody can")?;
    Ok(typed.trim() == case.to_string())
}

pub fn shred(config: &Config, case: CaseId) -> anyhow::Result<ExitCode> {
    let fresh = match super::control::ask(&config.data, &format!("shred {case}"))? {
        Some(fresh) => fresh,
        None => {
            let mut store = Store::open(&config.data, &config.key)?;
            let now = System::default().read().wall;
            shred_offline(&mut store, case, now, &config.key)
                .context("nothing was shredded")?
                .map_or(String::new(), |fresh| fresh.to_hex().to_string())
        }
    };
    println!(
        "Case {case} can never be read again here. The networks and old backups keep their own copies."
    );
    told_key(config, &fresh);
    Ok(ExitCode::SUCCESS)
}
