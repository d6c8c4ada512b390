//! `underrose setup`: the data folder and the master key.

use std::process::ExitCode;

use underrose::config::Config;
use underrose::store::{self, KeySource};

pub fn setup(config: &Config) -> anyhow::Result<ExitCode> {
    store::setup(&config.data, &config.key)?;
    println!("The store is in {}.", config.data.display());
    match &config.key {
        KeySource::File(path) => {
            println!(
                "The master key is in {}; only you can read it.",
                path.display()
            );
            println!("Keep a copy of it apart from the backups: without it nothing can be read.");
        }
        KeySource::Env(name) => println!("The master key is the one in ${name}."),
    }
    Ok(ExitCode::SUCCESS)
}
