//! The contract suite over Slack: what reached the emulator is what reached the network.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;
use underrose_chat::sim::Fault;
use underrose_chat::suite::{Peer, Source, arrivals, deliveries};
use underrose_chat::{Adapter, EventId, Happening, Inbound, Place, RoomId, Surface};
use underrose_slack::inbound::instant;
use underrose_slack_emulator::{Call, Emulator, Kind, Rates, Settings, Trouble};

use crate::stage::{Stage, app, network, room, user};

/// The suite's people, under the ids by which it names them.
const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];

struct SlackPeer {
    stage: Stage,
    room: String,
    hall: String,
    log: Log,
}

impl SlackPeer {
    async fn new(log: Log) -> Self {
        // The suite has no outbox that would try again.
        let stage = Stage::with(Settings {
            rates: Rates::Relaxed,
            ..app()
        })
        .await;
        stage.emulator.with(|world| {
            for name in PEOPLE {
                let id = world.add_person(name);
                let mut person = world.people.remove(&id).unwrap();
                person.id = name.into();
                world.people.insert(name.into(), person);
            }
        });
        stage.emulator.group("oncall", &["alice"]);
        let room =
            stage
                .emulator
                .channel("security", Kind::Private, &["alice", &stage.emulator.bot()]);
        let hall = stage.emulator.public("announce", &["alice"]);
        Self {
            stage,
            room,
            hall,
            log,
        }
    }
}

/// Calls that had an effect, one line for each thing that a person sees happen. What belongs to
/// the opening of a room is part of it, until something is said there.
fn effects(emulator: &Emulator) -> Vec<String> {
    let mut effects: Vec<String> = Vec::new();
    let mut opened = BTreeSet::new();
    for call in emulator.all_calls() {
        let channel = call
            .arguments
            .get("channel")
            .and_then(|id| id.as_str())
            .unwrap_or_default();
        match call.method.as_str() {
            _ if !happened(&call) => {}
            "conversations.create" => {}
            "conversations.setPurpose" => {
                opened.insert(channel.to_owned());
                let name = emulator.look(|world| world.channels[channel].name.clone());
                effects.push(format!("opened {name}"));
            }
            "conversations.setTopic" | "conversations.invite" if opened.contains(channel) => {}
            "chat.postMessage"
            | "chat.update"
            | "conversations.setTopic"
            | "conversations.invite"
            | "conversations.kick"
            | "conversations.archive"
            | "usergroups.users.update" => {
                opened.remove(channel);
                effects.push(format!(
                    "{} {}",
                    call.method,
                    serde_json::json!(call.arguments)
                ));
            }
            _ => {}
        }
    }
    effects
}

/// It was done, whether or not the answer came through.
fn happened(call: &Call) -> bool {
    call.outcome == "ok" || call.outcome.contains("lost")
}

impl Peer for SlackPeer {
    fn adapter(&self) -> Arc<dyn Adapter> {
        self.stage.slack.clone()
    }

    fn reached(&self) -> Vec<String> {
        effects(&self.stage.emulator)
    }

    fn fail_next(&self, fault: Fault) {
        let trouble = match fault {
            Fault::Retry { .. } => Trouble::Status(503),
            Fault::Reject => Trouble::Error("restricted_action".into()),
            Fault::Ambiguous => Trouble::DropAnswer,
        };
        self.stage.emulator.fail("chat.postMessage", trouble, 1);
    }

    fn room(&self) -> RoomId {
        room(&self.room)
    }

    fn hall(&self) -> RoomId {
        room(&self.hall)
    }

    fn log(&self) -> String {
        self.log.text()
    }
}

impl Source for SlackPeer {
    fn happen(&self, _events: Vec<Inbound>) {
        // They were said when they were made: only Slack knows their time.
    }

    fn event(&self, text: &str) -> Inbound {
        let actor = self.stage.emulator.actor("alice");
        let stamp = actor.dm(text).unwrap();
        Inbound {
            network: network(),
            id: EventId(format!("message/{}/{stamp}", actor.direct())),
            at: instant(&stamp),
            cursor: None,
            what: Happening::Text {
                by: user("alice"),
                place: Place::Direct,
                text: text.into(),
                addressed: true,
                edited: false,
                surface: Surface::Stepwise,
                thread: None,
            },
        }
    }
}

/// What was logged, at the levels that `run` allows.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    /// Collects what this thread logs, for as long as the guard lives.
    pub fn collect(&self) -> tracing::subscriber::DefaultGuard {
        let filter = tracing_subscriber::EnvFilter::new("warn,underrose=trace");
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(false)
            .with_writer(self.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn slack_keeps_the_contract() {
    let log = Log::default();
    let _guard = log.collect();
    let peer = SlackPeer::new(log).await;
    deliveries(&peer).await;
    assert_eq!(peer.stage.emulator.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn what_happens_on_slack_arrives() {
    let log = Log::default();
    let _guard = log.collect();
    let peer = SlackPeer::new(log).await;
    arrivals(&peer).await;
}
