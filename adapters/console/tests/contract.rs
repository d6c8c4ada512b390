//! The contract suite over the console: what reaches the terminal is what reaches the network.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::sync::{Arc, Mutex};

use underrose_chat::sim::Fault;
use underrose_chat::suite::{Peer, deliveries};
use underrose_chat::{Adapter, Network, RoomId};
use underrose_console::{Console, Stage};

struct ConsolePeer {
    stage: Arc<Stage>,
    console: Arc<Console>,
    printed: Arc<Mutex<Vec<String>>>,
}

impl Peer for ConsolePeer {
    fn adapter(&self) -> Arc<dyn Adapter> {
        self.console.clone()
    }

    fn reached(&self) -> Vec<String> {
        self.printed.lock().unwrap().clone()
    }

    fn fail_next(&self, fault: Fault) {
        self.stage
            .with_world(|world| world.fail_next(&Network("console".into()), fault));
    }

    fn room(&self) -> RoomId {
        RoomId {
            network: Network("console".into()),
            id: "security".into(),
        }
    }

    fn hall(&self) -> RoomId {
        let hall = RoomId {
            network: Network("console".into()),
            id: "announce".into(),
        };
        self.stage
            .with_world(|world| world.add_room(hall.clone(), true, []));
        hall
    }

    fn log(&self) -> String {
        String::new()
    }
}

#[tokio::test]
async fn the_console_keeps_the_contract() {
    let stage = Arc::new(Stage::new("e"));
    let printed = Arc::new(Mutex::new(Vec::new()));
    let now: Arc<dyn Fn() -> _ + Send + Sync> =
        Arc::new(|| "2026-12-01T16:00:00Z".parse().unwrap());
    let sink = printed.clone();
    let show = Arc::new(move |lines: Vec<String>| sink.lock().unwrap().push(lines.join("\n")));
    let console = Arc::new(Console::new(stage.clone(), now, None).showing(show));
    deliveries(&ConsolePeer {
        stage,
        console,
        printed,
    })
    .await;
}
