//! The contract suite over Matrix: what reaches people's own clients, decrypted, is what reaches the
//! network.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use matrix_sdk::ruma::{OwnedRoomId, RoomId as MatrixRoom};
use underrose_chat::sim::Fault;
use underrose_chat::suite::{Peer, Source, arrivals, deliveries};
use underrose_chat::{
    Adapter, Cursor, EventId, Happening, Inbound, MessageId, Place, RoomId, Surface, UserId,
};

use crate::support::bot::{Bot, network, room, user};
use crate::support::person::{Person, Signed};
use crate::support::proxy::{Effect, Proxy};
use crate::{log, name, shared};

struct MatrixPeer {
    bot: Bot,
    proxy: Proxy,
    people: BTreeMap<&'static str, Person>,
    private: OwnedRoomId,
    hall: OwnedRoomId,
    sent: Mutex<Vec<Inbound>>,
}

impl MatrixPeer {
    async fn new() -> Self {
        let url = shared().await;
        let proxy = Proxy::before(&url).await;
        let mut people = BTreeMap::new();
        for who in ["alice", "bob", "carol"] {
            people.insert(who, Person::new(&url, &name(who), Signed::Yes).await);
        }
        let alice = &people["alice"];
        let hall = alice.opens(&[], false).await;
        let hall_id = hall.room_id().to_owned();
        let behind = proxy.url.clone();
        let bot = Bot::with(&url, &name("bot"), |settings| {
            settings.homeserver = behind;
            settings.rooms.push(hall_id.to_string());
        })
        .await;
        hall.invite_user_by_id(&bot.id()).await.unwrap();
        alice.sees_joining(&bot.id(), &hall_id).await;
        let private = bot.opens("private", &[alice.id()]).await;
        let private = MatrixRoom::parse(&private.id).unwrap();
        alice.joins(&private).await;
        Self {
            bot,
            proxy,
            people,
            private,
            hall: hall_id,
            sent: Mutex::default(),
        }
    }

    /// What an effect shows to whoever may see it.
    async fn text(&self, effect: &Effect) -> String {
        let path = urlencoded(&effect.path);
        let Some(event) = &effect.event else {
            return format!("{path} {}", effect.body);
        };
        if path.contains("/state/") {
            return format!("{path} {}", effect.body);
        }
        let reader = self.people.values().find(|person| {
            let rooms = person.client.rooms();
            rooms
                .iter()
                .any(|room| path.contains(room.room_id().as_str()))
        });
        let reader = reader.unwrap_or(&self.people["alice"]);
        let invited = reader.client.invited_rooms();
        for room in invited
            .iter()
            .filter(|room| path.contains(room.room_id().as_str()))
        {
            room.join().await.unwrap();
        }
        let seen = reader
            .until(event, |me| {
                me.shown()
                    .into_iter()
                    .find(|one| one.event["event_id"] == *event)
            })
            .await;
        assert!(!seen.locked, "{} cannot read {event}", reader.id());
        seen.event["content"].to_string()
    }
}

fn urlencoded(path: &str) -> String {
    path.replace("%21", "!")
        .replace("%3A", ":")
        .replace("%24", "$")
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(future))
}

impl Peer for MatrixPeer {
    fn adapter(&self) -> Arc<dyn Adapter> {
        Arc::new(self.bot.matrix.clone())
    }

    fn reached(&self) -> Vec<String> {
        let effects = self.proxy.seen.lock().unwrap().effects.clone();
        wait(async {
            let mut texts = Vec::new();
            for effect in &effects {
                texts.push(self.text(effect).await);
            }
            texts
        })
    }

    fn fail_next(&self, fault: Fault) {
        self.proxy.seen.lock().unwrap().fault = Some(fault);
    }

    fn room(&self) -> RoomId {
        room(&self.private)
    }

    fn hall(&self) -> RoomId {
        room(&self.hall)
    }

    fn log(&self) -> String {
        log()
    }

    fn person(&self, name: &str) -> UserId {
        user(self.people[name].id())
    }

    fn group(&self) -> Option<String> {
        None
    }
}

impl Source for MatrixPeer {
    fn happen(&self, events: Vec<Inbound>) {
        assert_eq!(
            events,
            *self.sent.lock().unwrap(),
            "they happened when they were made"
        );
    }

    fn event(&self, text: &str) -> Inbound {
        let alice = &self.people["alice"];
        let event = wait(async {
            let event = alice.says(&self.private, text).await;
            let own = alice
                .until("her own message", |me| {
                    me.shown()
                        .into_iter()
                        .find(|one| one.event["event_id"] == event.as_str())
                })
                .await;
            own.event
        });
        let id = event["event_id"].as_str().unwrap().to_owned();
        let at = event["origin_server_ts"].as_i64().unwrap();
        let inbound = Inbound {
            network: network(),
            id: EventId(id.clone()),
            at: chrono::DateTime::from_timestamp_millis(at),
            cursor: Some(Cursor {
                room: self.private.to_string(),
                position: id.clone(),
            }),
            what: Happening::Text {
                by: user(alice.id()),
                place: Place::Room {
                    room: room(&self.private),
                },
                text: text.to_owned(),
                addressed: false,
                edited: false,
                surface: Surface::Threaded,
                thread: Some(MessageId(id)),
            },
        };
        self.sent.lock().unwrap().push(inbound.clone());
        inbound
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn matrix_keeps_the_contract_in_what_it_delivers() {
    deliveries(&MatrixPeer::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn matrix_keeps_the_contract_in_what_arrives() {
    let mut peer = MatrixPeer::new().await;
    peer.bot.ends().await;
    peer.bot.reopens().await;
    arrivals(&peer).await;
}
