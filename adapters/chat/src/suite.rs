//! The contract suite: what every adapter must do, whatever its network. A test implements
//! [`Peer`], the look at the other side, and calls [`deliveries`] and [`arrivals`].

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use async_trait::async_trait;
use chrono::DateTime;
use tokio_util::sync::CancellationToken;

use crate::inbox::Accept;
use crate::sim::Fault;
use crate::{
    Action, Adapter, Block, Choice, DeliverError, DeliveryKey, Happening, Immediate, Inbound,
    Inbox, InboxClosed, Inline, Message, MessageRef, Openness, Receipt, RoomId, Target, UserId,
    Weight,
};

/// Planted in every field of every message; it may reach the room that it was sent to, only.
pub const MARKER: &str = "MARKER-5f3a";

/// The other side of an adapter, as the suite sees it.
pub trait Peer: Send + Sync {
    fn adapter(&self) -> Arc<dyn Adapter>;
    /// Everything that has reached the network so far, one text for each effect, in order.
    fn reached(&self) -> Vec<String>;
    /// The next delivery goes wrong like this.
    fn fail_next(&self, fault: Fault);
    /// A private room in which the bot may post.
    fn room(&self) -> RoomId;
    /// A public room in which the bot may post.
    fn hall(&self) -> RoomId;
    /// What was logged so far, at the most talkative level.
    fn log(&self) -> String;
    /// The account of this person.
    fn person(&self, name: &str) -> UserId {
        UserId {
            network: self.adapter().network().clone(),
            id: name.to_owned(),
        }
    }
    /// A mention group, where the network has any.
    fn group(&self) -> Option<String> {
        Some("oncall".to_owned())
    }
}

/// A peer that can also make things happen.
pub trait Source: Peer {
    /// Lets these events come in, in this order; an event that is not acknowledged comes again.
    fn happen(&self, events: Vec<Inbound>);
    fn event(&self, text: &str) -> Inbound;
}

fn message(text: &str) -> Message {
    let text = format!("{text} {MARKER}");
    Message {
        blocks: vec![
            Block::Heading { text: text.clone() },
            Block::Paragraph {
                parts: vec![Inline::Strong { text: text.clone() }],
            },
            Block::List {
                items: vec![vec![Inline::Code { text: text.clone() }]],
            },
            Block::Fields {
                fields: vec![(text.clone(), text.clone())],
            },
            Block::Code { text: text.clone() },
            Block::Choices {
                choices: vec![Choice {
                    label: "Go".to_owned(),
                    command: "vuln go".to_owned(),
                    weight: Weight::Binding,
                    confirm: None,
                }],
            },
        ],
    }
}

fn key(name: &str) -> DeliveryKey {
    DeliveryKey(format!("{name:0>32}").replace(|c: char| !c.is_ascii_hexdigit(), "0"))
}

fn post(room: &RoomId, text: &str) -> Action {
    let to = Target::Room {
        room: room.clone(),
        thread: None,
    };
    Action::post(to, message(text))
}

fn one_more(peer: &dyn Peer, before: usize, what: &str) {
    assert_eq!(
        peer.reached().len(),
        before + 1,
        "{what}: exactly one effect"
    );
}

/// Every kind of action, once per key, however often it is asked and however it fails.
pub async fn deliveries(peer: &dyn Peer) {
    let adapter = peer.adapter();
    let room = opening(peer, adapter.as_ref()).await;
    let posted = posting(peer, adapter.as_ref(), &room).await;
    others(peer, adapter.as_ref(), &room, &posted).await;
    openness(peer, adapter.as_ref()).await;
    failures(peer, adapter.as_ref()).await;
    order(peer, adapter.as_ref(), &room).await;
    assert!(!peer.log().contains(MARKER), "content is in the log");
}

async fn opening(peer: &dyn Peer, adapter: &dyn Adapter) -> RoomId {
    let who = peer.person("alice");
    let open = Action::OpenRoom {
        name: "case-2026-0001".to_owned(),
        topic: "case 2026-0001".to_owned(),
        invite: vec![who],
    };
    let before = peer.reached().len();
    let name = key("a1");
    assert_eq!(
        adapter.find(&name, &open, DateTime::UNIX_EPOCH).await,
        Ok(None),
        "nothing is there yet"
    );
    // Two at once leave one room.
    let (first, second) =
        tokio::join!(adapter.deliver(&name, &open), adapter.deliver(&name, &open));
    let Ok(Receipt::Room { room }) = first.clone() else {
        panic!("no room: {first:?}")
    };
    assert_eq!(first, second, "two openings under one key leave one room");
    one_more(peer, before, "opening");
    assert_eq!(
        adapter.find(&name, &open, DateTime::UNIX_EPOCH).await,
        Ok(Some(Receipt::Room { room: room.clone() }))
    );
    let opened = peer.reached().pop().unwrap_or_default();
    assert!(
        opened.contains("case-2026-0001"),
        "the name is as it was given"
    );
    // Another key under the same name is another room, never the same one joined again.
    let again = adapter.deliver(&key("a2"), &open).await;
    assert_ne!(again, first, "a room is never taken over by its name");
    room
}

async fn posting(peer: &dyn Peer, adapter: &dyn Adapter, room: &RoomId) -> MessageRef {
    let before = peer.reached().len();
    let action = post(room, "hello");
    let first = adapter.deliver(&key("b1"), &action).await;
    let Ok(Receipt::Posted { at }) = first.clone() else {
        panic!("not posted: {first:?}")
    };
    assert_eq!(
        adapter.deliver(&key("b1"), &action).await,
        first,
        "the same key, the same receipt"
    );
    one_more(peer, before, "posting twice under one key");
    assert_eq!(
        adapter
            .find(&key("b1"), &action, DateTime::UNIX_EPOCH)
            .await
            .ok()
            .flatten(),
        first.ok()
    );
    let reached = peer.reached().pop().unwrap_or_default();
    assert!(
        reached.matches(MARKER).count() >= 6,
        "every block is shown: {reached}"
    );
    let bob = Target::Direct {
        user: peer.person("bob"),
    };
    let direct = Action::post(bob, message("page"));
    let before = peer.reached().len();
    let paged = adapter.deliver(&key("b2"), &direct).await;
    assert!(matches!(paged, Ok(Receipt::Posted { .. })), "{paged:?}");
    one_more(peer, before, "a direct message");
    at
}

async fn others(peer: &dyn Peer, adapter: &dyn Adapter, room: &RoomId, at: &MessageRef) {
    let who = peer.person("carol");
    let actions = [
        Action::edit(at.clone(), message("edited")),
        Action::Invite {
            room: room.clone(),
            who: who.clone(),
        },
        Action::Remove {
            room: room.clone(),
            who: who.clone(),
        },
        Action::SetTopic {
            room: room.clone(),
            topic: "case 2026-0001, triaging".to_owned(),
        },
    ];
    let group = peer.group().map(|group| Action::SetOnCall {
        group,
        who: vec![who],
    });
    for (index, action) in actions.iter().chain(&group).enumerate() {
        let before = peer.reached().len();
        let name = key(&format!("c{index}"));
        let first = adapter.deliver(&name, action).await;
        assert!(first.is_ok(), "{action:?}: {first:?}");
        assert_eq!(adapter.deliver(&name, action).await, first);
        one_more(peer, before, "twice under one key");
    }
    assert!(
        adapter
            .deliver(&key("c9"), &Action::Pin { at: at.clone() })
            .await
            .is_ok()
    );
}

/// What is private never reaches a public room; what is public does.
async fn openness(peer: &dyn Peer, adapter: &dyn Adapter) {
    let (hall, before) = (peer.hall(), peer.reached().len());
    let private = adapter.deliver(&key("f1"), &post(&hall, "private")).await;
    let Err(DeliverError::Reject { reason }) = private else {
        panic!("private in a public room: {private:?}")
    };
    assert!(!reason.contains(MARKER), "a reason holds no content");
    assert_eq!(peer.reached().len(), before, "nothing reached the room");
    let announcement = Action::Post {
        to: Target::Room {
            room: hall,
            thread: None,
        },
        message: message("public"),
        openness: Openness::Public,
        notice: None,
    };
    let posted = adapter.deliver(&key("f2"), &announcement).await;
    assert!(posted.is_ok(), "an announcement: {posted:?}");
    one_more(peer, before, "an announcement");
}

async fn failures(peer: &dyn Peer, adapter: &dyn Adapter) {
    let room = peer.room();
    let before = peer.reached().len();
    peer.fail_next(Fault::Retry { after: None });
    let failed = adapter.deliver(&key("d1"), &post(&room, "later")).await;
    assert!(
        matches!(failed, Err(DeliverError::Retry { .. })),
        "may succeed later: {failed:?}"
    );
    assert_eq!(peer.reached().len(), before, "nothing happened");
    assert!(
        adapter
            .deliver(&key("d1"), &post(&room, "later"))
            .await
            .is_ok()
    );
    one_more(peer, before, "after a failure");
    peer.fail_next(Fault::Reject);
    let failed = adapter.deliver(&key("d2"), &post(&room, "never")).await;
    let Err(DeliverError::Reject { reason }) = failed else {
        panic!("never succeeds: {failed:?}")
    };
    assert!(!reason.contains(MARKER), "a reason holds no content");
    let before = peer.reached().len();
    peer.fail_next(Fault::Ambiguous);
    let _ = adapter.deliver(&key("d3"), &post(&room, "perhaps")).await;
    assert!(
        adapter
            .deliver(&key("d3"), &post(&room, "perhaps"))
            .await
            .is_ok()
    );
    assert_eq!(
        peer.reached().len() - before,
        1,
        "an ambiguous attempt has one effect"
    );
}

async fn order(peer: &dyn Peer, adapter: &dyn Adapter, room: &RoomId) {
    let before = peer.reached().len();
    for number in 0..5 {
        let sent = adapter
            .deliver(
                &key(&format!("e{number}")),
                &post(room, &format!("no{number}")),
            )
            .await;
        assert!(sent.is_ok());
    }
    for (number, text) in peer.reached().iter().skip(before).enumerate() {
        assert!(
            text.contains(&format!("no{number}")),
            "out of order: {text}"
        );
    }
    // What is archived takes nothing more.
    assert!(
        adapter
            .deliver(&key("ea"), &Action::Archive { room: room.clone() })
            .await
            .is_ok()
    );
    let late = adapter.deliver(&key("eb"), &post(room, "late")).await;
    assert!(
        matches!(late, Err(DeliverError::Reject { .. })),
        "an archived room: {late:?}"
    );
}

/// An inbox that fails as often as it is told, then takes everything down.
struct Flaky {
    fails: Mutex<u32>,
    taken: Mutex<Vec<Inbound>>,
}

#[async_trait]
impl Accept for Flaky {
    async fn accept(&self, inbound: Inbound) -> Result<Immediate, InboxClosed> {
        // What an adapter finds out by itself is no event that the peer made.
        if matches!(inbound.what, Happening::Time | Happening::Members { .. }) {
            return Ok(Immediate::Nothing);
        }
        let mut fails = self.fails.lock().unwrap_or_else(PoisonError::into_inner);
        if *fails > 0 {
            *fails -= 1;
            return Err(InboxClosed);
        }
        self.taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(inbound);
        Ok(Immediate::Nothing)
    }

    async fn cursor(&self, _room: &str) -> Option<String> {
        None
    }
}

/// What happens on the network arrives, in order, and again until it was taken.
pub async fn arrivals(source: &dyn Source) {
    let adapter = source.adapter();
    let events: Vec<Inbound> = (0..5)
        .map(|n| source.event(&format!("vuln help {n}")))
        .collect();
    source.happen(events.clone());
    let inbox = Arc::new(Flaky {
        fails: Mutex::new(1),
        taken: Mutex::new(Vec::new()),
    });
    let stop = CancellationToken::new();
    // The first listening ends at the inbox that is closed; nothing of it was acknowledged.
    let _ = adapter
        .listen(Inbox::new(inbox.clone()), stop.clone())
        .await;
    let listening = adapter.listen(Inbox::new(inbox.clone()), stop.clone());
    let all = async {
        loop {
            let count = inbox
                .taken
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .iter()
                .filter(|inbound| events.iter().any(|event| event.id == inbound.id))
                .count();
            if count >= events.len() {
                stop.cancel();
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let _ = tokio::join!(listening, all);
    let mut taken = inbox
        .taken
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    // A network tells other things too: who is there, what time it is.
    taken.retain(|inbound| events.iter().any(|event| event.id == inbound.id));
    taken.sort_by(|a, b| a.id.cmp(&b.id));
    let mut events = events;
    events.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(
        taken, events,
        "each event arrives, with the id and the time that it had"
    );
}
