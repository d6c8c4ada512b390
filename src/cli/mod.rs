//! Subcommands. Each is a file; what they share is here.

mod admin;
mod check;
mod control;
mod demo;
#[cfg(feature = "matrix")]
mod emoji;
mod footing;
#[cfg(feature = "matrix")]
mod matrix;
mod networks;
mod rehearsal;
mod replay;
mod run;
mod setup;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use underrose::config::{self, Config};

/// A chat-ops bot for the security response committee of an open-source project.
#[derive(Parser)]
#[command(name = "underrose", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the bot.
    Run(ConfigArg),
    /// Play one whole disclosure on a virtual clock, with explanations.
    Demo {
        /// Hand over the prompt afterwards.
        #[arg(long)]
        interactive: bool,
    },
    /// Talk to the bot here; with a script on standard input, replay it.
    Console {
        #[command(flatten)]
        config: OptionalConfigArg,
        /// Time passes only by lines such as `+26h`; nothing is kept.
        #[arg(long)]
        virtual_clock: bool,
        /// Print the script with what the bot says now, instead of comparing.
        #[arg(long, requires = "virtual_clock")]
        rewrite: bool,
        /// Print at the end what the journal then holds, without content, to standard error.
        #[arg(long, requires = "virtual_clock")]
        journal: bool,
    },
    /// Make the data folder and the master key; or a network's account: `setup matrix`.
    Setup {
        #[command(flatten)]
        config: ConfigArg,
        #[command(subcommand)]
        network: Option<SetupNetwork>,
    },
    /// Check the whole configuration, and show the next firings of every schedule.
    Check {
        #[command(flatten)]
        config: ConfigArg,
        /// Ask the networks too: the accounts, their rights, every configured room and group.
        #[arg(long)]
        connect: bool,
    },
    /// Verify, show or export the journal.
    Journal {
        #[command(subcommand)]
        command: admin::Journal,
    },
    /// Copy the store, also while the bot runs. The master key is not in it.
    Backup {
        #[command(flatten)]
        config: ConfigArg,
        /// The file to write; it must not exist.
        to: PathBuf,
    },
    /// Put a backup into an empty data folder.
    Restore {
        #[command(flatten)]
        config: ConfigArg,
        from: PathBuf,
    },
    /// Rotate the master key, also while the bot runs.
    Key {
        #[command(subcommand)]
        command: admin::Key,
    },
    /// Destroy a closed case's key: its texts can never be read again.
    Shred {
        #[command(flatten)]
        config: ConfigArg,
        /// For instance 2026-0007.
        case: underrose::domain::ids::CaseId,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Score CVSS vectors, from the arguments or one a line from standard input.
    Cvss { vectors: Vec<String> },
    /// Print the table of commands, as the README has it.
    #[command(hide = true)]
    Commands,
}

/// A network whose account is made once.
#[derive(Subcommand)]
enum SetupNetwork {
    /// Log in to a homeserver: a device, its store, a cross-signing identity and a recovery key.
    /// The password is asked for, or read from UNDERROSE_MATRIX_PASSWORD (a token:
    /// UNDERROSE_MATRIX_TOKEN).
    #[cfg(feature = "matrix")]
    Matrix {
        #[command(flatten)]
        config: ConfigArg,
        /// Which [[matrix]], where there are several.
        #[arg(long)]
        network: Option<String>,
        /// On a new machine, with the recovery key that the first setup showed.
        #[arg(long)]
        recover: bool,
        /// Let a person verify the bot by comparing emoji with you, here. The bot must not be
        /// running meanwhile; it catches up afterwards.
        #[arg(long, conflicts_with = "recover")]
        verify: bool,
        /// Only this person (an id of the configuration, or @name:server) may ask to verify it.
        #[arg(long, requires = "verify")]
        by: Option<String>,
    },
}

#[derive(clap::Args)]
struct ConfigArg {
    /// The configuration file.
    #[arg(long, env = "UNDERROSE_CONFIG", default_value = "config.toml")]
    config: PathBuf,
}

#[derive(clap::Args)]
struct OptionalConfigArg {
    /// The configuration file; the example's if none is given.
    #[arg(long, env = "UNDERROSE_CONFIG")]
    config: Option<PathBuf>,
}

/// The configuration that ships: the demo and the transcripts run on it.
const EXAMPLE: &str = include_str!("../../config.example.toml");

pub fn main() -> ExitCode {
    quiet_panics();
    match dispatch(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("underrose: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Run(arg) => run::run(&arg.config),
        Command::Demo { interactive } => demo::demo(interactive),
        Command::Console {
            config,
            virtual_clock: true,
            rewrite,
            journal,
        } => replay::replay(config.config.as_deref(), rewrite, journal),
        Command::Console { config, .. } => match config.config {
            Some(config) => run::run(&config),
            None => bail!("name the configuration with --config, or rehearse with --virtual-clock"),
        },
        Command::Setup { config, network } => match network {
            None => setup::setup(&load(&config.config)?),
            #[cfg(feature = "matrix")]
            Some(SetupNetwork::Matrix {
                config,
                network,
                recover,
                verify: false,
                by: _,
            }) => matrix::setup(&load(&config.config)?, network.as_deref(), recover),
            #[cfg(feature = "matrix")]
            Some(SetupNetwork::Matrix {
                config,
                network,
                by,
                ..
            }) => emoji::verify(&load(&config.config)?, network.as_deref(), by.as_deref()),
        },
        Command::Check { config, connect } => check::check(&config.config, connect),
        Command::Journal { command } => admin::journal(&command),
        Command::Backup { config, to } => admin::backup(&load(&config.config)?, &to),
        Command::Restore { config, from } => admin::restore(&load(&config.config)?, &from),
        Command::Key { command } => admin::key(&command),
        Command::Shred { config, case, yes } => {
            if !yes && !admin::means_it(case)? {
                println!("Nothing was shredded.");
                return Ok(ExitCode::FAILURE);
            }
            admin::shred(&load(&config.config)?, case)
        }
        Command::Cvss { vectors } => check::cvss(vectors),
        Command::Commands => {
            print!("{}", underrose::domain::grammar::markdown_table());
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Reads and checks a configuration; every mistake is named.
fn load(path: &Path) -> anyhow::Result<Config> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the configuration {} cannot be read", path.display()))?;
    parse(&text).with_context(|| format!("the configuration {} has mistakes", path.display()))
}

fn parse(text: &str) -> anyhow::Result<Config> {
    config::parse(text, config::NETWORKS_BUILT).map_err(|mistakes| {
        let lines: Vec<String> = mistakes
            .iter()
            .map(|mistake| format!("  {}: {}", mistake.key, mistake.what))
            .collect();
        anyhow::anyhow!("{} of them:\n{}", lines.len(), lines.join("\n"))
    })
}

/// Reads a secret from where the configuration says it is.
#[cfg(feature = "slack")]
fn secret(source: &config::SecretSource) -> anyhow::Result<String> {
    let (secret, name) = match source {
        config::SecretSource::Env(variable) => {
            let name = format!("the variable {variable} of the environment");
            let secret = std::env::var(variable);
            (secret.with_context(|| format!("{name} is not set"))?, name)
        }
        config::SecretSource::File(path) => {
            let name = format!("the secret {}", path.display());
            let secret = std::fs::read_to_string(path);
            (
                secret.with_context(|| format!("{name} cannot be read"))?,
                name,
            )
        }
    };
    let secret = secret.trim();
    if secret.is_empty() {
        bail!("{name} is empty");
    }
    Ok(secret.to_owned())
}

/// A panic's message may hold what somebody wrote: only its place is printed.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or("an unknown place".to_owned(), ToString::to_string);
        eprintln!("underrose: a defect at {place}; please report the place");
    }));
}
