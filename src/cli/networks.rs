//! The adapters that the configuration asks for: here, and nowhere else, the core and the networks
//! meet.

use std::collections::BTreeMap;
use std::sync::Arc;

#[cfg(feature = "slack")]
use anyhow::Context as _;
use underrose::clock::Clock;
use underrose::config::Config;
use underrose::store::Store;
use underrose_chat::{Adapter, Network};

/// Takes up every network. Matrix needs a key of the store's: where nobody has the store open,
/// it is opened for that, so that a running bot is said so.
///
/// # Errors
/// If a secret cannot be read, or a network was not set up on this machine.
pub async fn adapters(
    config: &Config,
    clock: &Arc<dyn Clock>,
    store: Option<&Store>,
) -> anyhow::Result<BTreeMap<Network, Arc<dyn Adapter>>> {
    let mut adapters: BTreeMap<Network, Arc<dyn Adapter>> = BTreeMap::new();
    #[cfg(feature = "console")]
    if let Some(console) = &config.console {
        let clock = clock.clone();
        let now: Arc<dyn Fn() -> _ + Send + Sync> = Arc::new(move || clock.read().wall);
        // Events of this process must not look like those of an earlier one on the same store.
        let prefix = format!("{}-", now().timestamp_micros());
        let stage = Arc::new(underrose_console::Stage::new(&prefix));
        let operator = console.operator.as_ref().map(|operator| operator.0.clone());
        let console = underrose_console::Console::new(stage, now, operator);
        adapters.insert(console.network().clone(), Arc::new(console));
    }
    #[cfg(feature = "sim")]
    for sim in &config.sims {
        let remote = underrose_chat::sim::remote::Remote::new(
            sim.name.clone(),
            &sim.address,
            config
                .policy
                .networks
                .get(&sim.name)
                .is_some_and(|network| network.tells_time),
        );
        adapters.insert(sim.name.clone(), Arc::new(remote));
    }
    #[cfg(feature = "slack")]
    for slack in &config.slacks {
        let workspace = workspace(slack, clock)
            .with_context(|| format!("the network {} cannot be set up", slack.name))?;
        adapters.insert(slack.name.clone(), Arc::new(workspace));
    }
    #[cfg(feature = "matrix")]
    if !config.matrix.is_empty() {
        let opened = match store {
            Some(_) => None,
            None => Some(Store::open(&config.data, &config.key)?),
        };
        let settings = store
            .or(opened.as_ref())
            .map(|store| super::matrix::settings(config, store))
            .unwrap_or_default();
        adapters.extend(super::matrix::open(settings).await?);
    }
    #[cfg(not(feature = "matrix"))]
    let _ = store;
    Ok(adapters)
}

#[cfg(feature = "slack")]
fn workspace(
    slack: &underrose::config::Slack,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<underrose_slack::Slack> {
    use underrose::config::SlackWay;
    use underrose_slack::{Secret, Settings, WayIn};
    let clock = clock.clone();
    let secret = |source| super::secret(source).map(Secret::new);
    let way = match &slack.way {
        SlackWay::Socket { app_token } => WayIn::Socket {
            app_token: secret(app_token)?,
        },
        SlackWay::Http {
            listen,
            signing_secret,
        } => WayIn::Http {
            listen: *listen,
            signing_secret: secret(signing_secret)?,
        },
    };
    let settings = Settings {
        network: slack.name.clone(),
        bot_token: secret(&slack.bot_token)?,
        way,
        api_url: slack
            .api_url
            .clone()
            .unwrap_or_else(|| underrose_slack::SLACK_API.to_owned()),
        now: Arc::new(move || clock.read().wall),
    };
    underrose_slack::Slack::new(settings).map_err(anyhow::Error::msg)
}
