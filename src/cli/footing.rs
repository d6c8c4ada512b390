//! What befell the configured rooms while nobody listened: asked of each network when the bot starts, and
//! when its configuration was loaded anew. What happens later the networks tell by themselves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use underrose::clock::Clock;
use underrose::domain::policy::Policy;
use underrose_chat::{
    Adapter, EventId, Expected, Happening, Inbound, Inbox, Network, Openness, RoomId,
};

/// Until a network that did not say is asked again.
const AGAIN: Duration = Duration::from_secs(60);

/// Asks all networks, each by itself, until they said or the bot stops.
pub fn ask(
    adapters: &BTreeMap<Network, Arc<dyn Adapter>>,
    policy: &Policy,
    inbox: &Inbox,
    clock: &Arc<dyn Clock>,
    stop: &CancellationToken,
) {
    for (network, adapter) in adapters {
        let expected = expected(policy, network);
        let (adapter, inbox, clock) = (adapter.clone(), inbox.clone(), clock.clone());
        let stop = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tell(&*adapter, &expected, &inbox, &*clock) => {}
            }
        });
    }
}

async fn tell(adapter: &dyn Adapter, expected: &Expected, inbox: &Inbox, clock: &dyn Clock) {
    let found = loop {
        match adapter.amiss(expected).await {
            Ok(found) => break found,
            Err(_) => tokio::time::sleep(AGAIN).await,
        }
    };
    for (number, (about, reason)) in found.into_iter().enumerate() {
        let at = clock.read().wall;
        let inbound = Inbound {
            network: adapter.network().clone(),
            id: EventId(format!("amiss/{number}/{}", at.timestamp_micros())),
            at: Some(at),
            cursor: None,
            what: Happening::Trouble { about, reason },
        };
        if inbox.accept(inbound).await.is_err() {
            return;
        }
    }
}

/// What the configuration says there is on this network.
pub fn expected(policy: &Policy, network: &Network) -> Expected {
    let of = |rooms: Vec<RoomId>, openness: Openness| {
        rooms
            .into_iter()
            .filter(|room| room.network == *network)
            .map(move |room| (room.id, openness))
    };
    let groups = policy.oncall.groups.iter();
    Expected {
        rooms: of(policy.committee_rooms.clone(), Openness::Private)
            .chain(of(policy.targets(), Openness::Public))
            .collect(),
        groups: groups
            .filter(|(on, _)| on == network)
            .map(|(_, group)| group.clone())
            .collect(),
    }
}
