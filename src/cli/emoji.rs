//! `underrose setup matrix --verify`: whoever sits here compares seven emoji with a person who
//! verifies the bot. What is not clearly a yes is a no.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use async_trait::async_trait;
use underrose::config::{Config, Matrix as Account};
use underrose::store::Store;
use underrose_matrix::{Comparison, Match, Matrix, Operator, VerifyError};

/// How long somebody may take to press the button: finding it takes a while, and a terminal that was
/// forgotten must not keep the bot from running.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

pub fn verify(config: &Config, name: Option<&str>, by: Option<&str>) -> anyhow::Result<ExitCode> {
    let store = Store::open(&config.data, &config.key)?;
    let account = super::matrix::account(config, name)?;
    let whom = whom(config, account, by)?;
    let settings = super::matrix::of(config, account, &store);
    let runtime = tokio::runtime::Runtime::new().context("the runtime did not start")?;
    let outcome = runtime.block_on(async {
        let matrix = Matrix::open(settings).await?;
        println!("{} waits for: {}", matrix.user(), whom.join(", "));
        anyhow::Ok(matrix.verify(&whom, PATIENCE, &Terminal).await)
    });
    // A thread that waits for a line never ends by itself.
    runtime.shutdown_background();
    match outcome? {
        Ok(verified) => {
            println!(
                "Verified: {} (session {}) and the bot now vouch for each other. Start the bot again.",
                verified.who, verified.device
            );
            Ok(ExitCode::SUCCESS)
        }
        Err(error @ VerifyError::Different(_)) => {
            println!("NOT verified: {error}.");
            Ok(ExitCode::FAILURE)
        }
        Err(error) => bail!("not verified: {error}"),
    }
}

/// The accounts that may ask: one person's, or everybody's of the configuration.
fn whom(config: &Config, account: &Account, by: Option<&str>) -> anyhow::Result<Vec<String>> {
    let people = config.policy.people.values();
    let handles = people
        .filter(|person| by.is_none_or(|by| person.id.0 == by))
        .filter_map(|person| person.handles.get(&account.name).cloned());
    let whom: Vec<String> = handles.collect();
    match by {
        Some(by) if whom.is_empty() && by.starts_with('@') => Ok(vec![by.to_owned()]),
        Some(by) if whom.is_empty() => bail!(
            "{by} is nobody of the configuration with a handle on {}: name a person, or write @name:server",
            account.name
        ),
        Some(_) | None => Ok(whom),
    }
}

/// Standard input and output.
struct Terminal;

#[async_trait]
impl Operator for Terminal {
    fn told(&self, sentence: &str) {
        println!("{sentence}");
    }

    async fn compares(&self, comparison: Comparison) -> Match {
        println!("\nCompare with what {} is shown:\n", comparison.who);
        for (symbol, name) in comparison.emoji {
            println!("    {symbol}  {name}");
        }
        print!(
            "\nIf all seven are the same, in the same order, type the name of the last one; else no: "
        );
        let _ = std::io::stdout().flush();
        let line = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map(|_| line)
        });
        match line.await {
            Ok(Ok(line)) if names_last(&line, &comparison) => Match::Same,
            Ok(_) | Err(_) => Match::Different,
        }
    }
}

/// A word that only these emoji tell: what was typed before they were shown, or comes from a pipe,
/// is no comparison.
fn names_last(line: &str, comparison: &Comparison) -> bool {
    let (_, last) = comparison.emoji[6];
    line.trim().eq_ignore_ascii_case(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_one_s_name_is_a_yes() {
        let mut emoji = [("🐶", "Dog"); 7];
        emoji[6] = ("💡", "Light Bulb");
        let comparison = Comparison {
            who: "@alice:a.example".to_owned(),
            device: "ABC".to_owned(),
            emoji,
        };
        for same in ["Light Bulb\n", " light bulb "] {
            assert!(names_last(same, &comparison), "{same}");
        }
        for other in ["", "\n", "no", "y", "yes", "Dog", "Light", "Light Bulb?"] {
            assert!(!names_last(other, &comparison), "{other}");
        }
    }
}
