//! The contract suite over the sim network.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::sync::{Arc, Mutex};

use underrose_chat::sim::{Fault, Sim, World};
use underrose_chat::suite::{Peer, Source, arrivals, deliveries};
use underrose_chat::{Adapter, Happening, Inbound, Network, Place, RoomId, Surface, UserId};

struct SimPeer(Arc<Sim>);

impl SimPeer {
    fn new() -> Self {
        let network = Network("sim".into());
        let mut world = World::default();
        for (id, public) in [("room", false), ("hall", true)] {
            let id = id.into();
            let network = network.clone();
            world.add_room(RoomId { network, id }, public, []);
        }
        let time = Arc::new(|| "2026-12-01T16:00:00Z".parse().unwrap());
        Self(Arc::new(Sim::new(
            network,
            Arc::new(Mutex::new(world)),
            time,
            true,
        )))
    }
}

impl Peer for SimPeer {
    fn adapter(&self) -> Arc<dyn Adapter> {
        self.0.clone()
    }

    fn reached(&self) -> Vec<String> {
        self.0
            .world()
            .log
            .iter()
            .map(|effect| serde_json::to_string(effect).unwrap())
            .collect()
    }

    fn fail_next(&self, fault: Fault) {
        self.0.world().fail_next(&Network("sim".into()), fault);
    }

    fn room(&self) -> RoomId {
        RoomId {
            network: Network("sim".into()),
            id: "room".into(),
        }
    }

    fn hall(&self) -> RoomId {
        RoomId {
            network: Network("sim".into()),
            id: "hall".into(),
        }
    }

    fn log(&self) -> String {
        String::new()
    }
}

impl Source for SimPeer {
    fn happen(&self, events: Vec<Inbound>) {
        events.into_iter().for_each(|event| self.0.send(event));
    }

    fn event(&self, text: &str) -> Inbound {
        self.0.event(Happening::Text {
            by: UserId {
                network: Network("sim".into()),
                id: "alice".into(),
            },
            place: Place::Direct,
            text: text.into(),
            addressed: true,
            edited: false,
            surface: Surface::Modal,
            thread: None,
        })
    }
}

#[tokio::test]
async fn the_sim_network_keeps_the_contract() {
    deliveries(&SimPeer::new()).await;
}

#[tokio::test]
async fn what_happens_on_the_sim_network_arrives() {
    arrivals(&SimPeer::new()).await;
}
