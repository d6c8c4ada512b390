//! The adapters that the configuration asks for: here, and nowhere else, the core and the networks
//! meet.

use std::collections::BTreeMap;
use std::sync::Arc;

use underrose::clock::Clock;
use underrose::config::Config;
use underrose_chat::{Adapter, Network};

pub fn adapters(config: &Config, clock: &Arc<dyn Clock>) -> BTreeMap<Network, Arc<dyn Adapter>> {
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
    adapters
}
