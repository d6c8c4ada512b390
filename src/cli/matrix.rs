//! Matrix's accounts: their settings for the adapter, and `underrose setup matrix`.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use underrose::config::{Config, Federate, Matrix as Account, Trust};
use underrose::store::Store;
use underrose_chat::{Adapter, Network};
use underrose_matrix::{Credentials, Federation, Key, Matrix, Settings};

/// Holds the password, or a token, for a `setup` that nobody types at.
const PASSWORD: &str = "UNDERROSE_MATRIX_PASSWORD";
const TOKEN: &str = "UNDERROSE_MATRIX_TOKEN";
const RECOVERY_KEY: &str = "UNDERROSE_MATRIX_RECOVERY_KEY";

/// What each account needs. While this store is open nobody else can be using theirs.
pub fn settings(config: &Config, store: &Store) -> Vec<Settings> {
    config
        .matrix
        .iter()
        .map(|account| of(config, account, store))
        .collect()
}

pub fn of(config: &Config, account: &Account, store: &Store) -> Settings {
    let rooms = config
        .policy
        .committee_rooms
        .iter()
        .cloned()
        .chain(config.policy.targets())
        .filter(|room| room.network == account.name)
        .map(|room| room.id)
        .collect();
    Settings {
        network: account.name.clone(),
        homeserver: account.homeserver.clone(),
        user: account.user.clone(),
        folder: config.data.join(&account.name.0),
        key: Key(*store.network_key(&account.name.0)),
        display_name: account.display_name.clone(),
        trust: match account.trust {
            Trust::Signed => underrose_matrix::Trust::Signed,
            Trust::AnyDevice => underrose_matrix::Trust::AnyDevice,
        },
        federation: match account.federate {
            Federate::Yes => Federation::Open,
            Federate::No => Federation::Closed,
        },
        rooms,
    }
}

/// Takes up every account.
///
/// # Errors
/// If one was not set up: an unverified device must not come into being by itself.
pub async fn open(all: Vec<Settings>) -> anyhow::Result<Vec<(Network, Arc<dyn Adapter>)>> {
    let mut opened: Vec<(Network, Arc<dyn Adapter>)> = Vec::new();
    for settings in all {
        let matrix = Matrix::open(settings).await?;
        opened.push((matrix.network().clone(), Arc::new(matrix)));
    }
    Ok(opened)
}

/// The account that is meant: the only one, or that of this name.
pub fn account<'a>(config: &'a Config, name: Option<&str>) -> anyhow::Result<&'a Account> {
    let mut accounts = config.matrix.iter();
    let account = match name {
        Some(name) => accounts.find(|account| account.name.0 == name),
        None => accounts.next(),
    };
    let Some(account) = account else {
        bail!("the configuration has no such [[matrix]]; write one, as config.example.toml shows");
    };
    if name.is_none() && config.matrix.len() > 1 {
        bail!("there are several [[matrix]]: name one with --network");
    }
    Ok(account)
}

pub fn setup(config: &Config, name: Option<&str>, recover: bool) -> anyhow::Result<ExitCode> {
    let store = Store::open(&config.data, &config.key)?;
    let account = account(config, name)?;
    let settings = of(config, account, &store);
    let credentials = match (std::env::var(PASSWORD), std::env::var(TOKEN)) {
        (_, Ok(token)) => Credentials::Token(token),
        (Ok(password), Err(_)) => Credentials::Password(password),
        (Err(_), Err(_)) => Credentials::Password(ask(&format!("Password of {}", account.user))?),
    };
    let runtime = tokio::runtime::Runtime::new().context("the runtime did not start")?;
    let done = if recover {
        let key = match std::env::var(RECOVERY_KEY) {
            Ok(key) => key,
            Err(_) => ask("Recovery key")?,
        };
        runtime.block_on(underrose_matrix::recover(&settings, credentials, &key))?
    } else {
        runtime.block_on(underrose_matrix::setup(&settings, credentials))?
    };
    println!(
        "{} is set up on {}, as device {}.",
        done.user, settings.homeserver, done.device
    );
    println!(
        "Its store is in {}; it opens with this bot's own key only.",
        settings.folder.display()
    );
    if let Some(key) = done.recovery_key {
        println!("\nThe recovery key, shown this once and kept nowhere:\n\n    {key}\n");
        println!(
            "Put it where the master key's copy is. With both, `underrose setup matrix --recover`"
        );
        println!("brings the bot back on a new machine; without it the bot needs a new identity.");
    }
    Ok(ExitCode::SUCCESS)
}

/// A secret, typed without showing it.
fn ask(what: &str) -> anyhow::Result<String> {
    use std::io::IsTerminal;
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        return Ok(line.trim().to_owned());
    }
    rpassword::prompt_password(format!("{what}: ")).context("nothing was typed")
}
