//! The universe itself: what is, and what one action does to it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    Action, DeliverError, DeliveryKey, Expected, Finding, Level, Message, MessageId, MessageRef,
    Network, Openness, Receipt, RoomId, Target, UserId,
};

/// All that is on all its networks.
#[derive(Debug, Default)]
pub struct World {
    pub rooms: BTreeMap<RoomId, Room>,
    /// Every message, oldest first.
    pub said: Vec<Said>,
    /// Whom each network's mention groups name.
    pub groups: BTreeMap<(Network, String), Vec<UserId>>,
    /// Every effect that took place, once each.
    pub log: Vec<Effect>,
    receipts: BTreeMap<(Network, DeliveryKey), Receipt>,
    faults: BTreeMap<Network, VecDeque<Fault>>,
    refusing: BTreeSet<RoomId>,
    down: BTreeSet<Network>,
    /// Rooms that nobody opened exist all the same: a console has no memory.
    lenient: bool,
    messages: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    pub name: String,
    pub topic: String,
    pub public: bool,
    pub archived: bool,
    pub members: BTreeSet<UserId>,
    pub pinned: Vec<MessageId>,
}

/// A message of the bot's as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub at: MessageRef,
    pub network: Network,
    pub message: Message,
    pub edits: u32,
}

/// Something that a network did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    pub at: DateTime<Utc>,
    pub network: Network,
    pub key: DeliveryKey,
    pub action: Action,
    pub receipt: Receipt,
}

/// How the next delivery on a network goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing happens; later it may.
    Retry { after: Option<Duration> },
    /// Nothing happens, and never will.
    Reject,
    /// It happens, and the answer is lost.
    Ambiguous,
}

impl World {
    /// A universe in which rooms exist as soon as they are named.
    pub fn lenient() -> Self {
        Self {
            lenient: true,
            ..Self::default()
        }
    }

    /// A room that nobody opened through the bot.
    pub fn add_room(
        &mut self,
        id: RoomId,
        public: bool,
        members: impl IntoIterator<Item = UserId>,
    ) {
        let room = Room {
            name: id.id.clone(),
            public,
            members: members.into_iter().collect(),
            ..Room::default()
        };
        self.rooms.insert(id, room);
    }

    pub fn fail_next(&mut self, network: &Network, fault: Fault) {
        self.faults
            .entry(network.clone())
            .or_default()
            .push_back(fault);
    }

    /// Every post into a room is rejected, or again accepted.
    pub fn refuse(&mut self, room: RoomId, refuses: bool) {
        if refuses {
            self.refusing.insert(room);
        } else {
            self.refusing.remove(&room);
        }
    }

    pub fn set_down(&mut self, network: &Network, down: bool) {
        if down {
            self.down.insert(network.clone());
        } else {
            self.down.remove(network);
        }
    }

    pub fn mend(&mut self) {
        self.faults.clear();
        self.refusing.clear();
        self.down.clear();
    }

    /// What an earlier delivery under this key left behind.
    pub fn find(&self, network: &Network, key: &DeliveryKey) -> Option<Receipt> {
        self.receipts.get(&(network.clone(), key.clone())).cloned()
    }

    /// Whether the rooms are there, and what they are said to be.
    pub fn check(&self, network: &Network, expected: &Expected) -> Vec<Finding> {
        let look = |(id, openness): &(String, Openness)| {
            let room = RoomId {
                network: network.clone(),
                id: id.clone(),
            };
            let public = *openness == Openness::Public;
            let wrong = match self.rooms.get(&room) {
                Some(room) if room.archived => Some("is archived"),
                Some(room) if room.public && !public => Some("is public, and must be private"),
                Some(room) if !room.public && public => Some("is private, and must be public"),
                None if !self.lenient => Some("does not exist"),
                Some(_) | None => None,
            };
            Finding {
                level: wrong.map_or(Level::Good, |_| Level::Wrong),
                text: format!("room {id} {}", wrong.unwrap_or("is there")),
            }
        };
        expected.rooms.iter().map(look).collect()
    }

    /// Carries out an action at the network's own time, once per key.
    ///
    /// # Errors
    /// As the faults say, or as the network's rules do.
    pub fn deliver(
        &mut self,
        network: &Network,
        key: &DeliveryKey,
        action: &Action,
        at: DateTime<Utc>,
    ) -> Result<Receipt, DeliverError> {
        let retry = |after| DeliverError::Retry {
            after,
            reason: "the network did not answer".to_owned(),
        };
        if self.down.contains(network) {
            return Err(retry(None));
        }
        let fault = self.faults.get_mut(network).and_then(VecDeque::pop_front);
        match fault {
            Some(Fault::Retry { after }) => return Err(retry(after)),
            Some(Fault::Reject) => {
                return Err(DeliverError::Reject {
                    reason: "the network refused".to_owned(),
                });
            }
            Some(Fault::Ambiguous) | None => {}
        }
        let receipt = match self.find(network, key) {
            Some(receipt) => receipt,
            None => {
                let receipt = self.act(network, action)?;
                self.receipts
                    .insert((network.clone(), key.clone()), receipt.clone());
                let (network, key, action) = (network.clone(), key.clone(), action.clone());
                self.log.push(Effect {
                    at,
                    network,
                    key,
                    action,
                    receipt: receipt.clone(),
                });
                receipt
            }
        };
        if fault == Some(Fault::Ambiguous) {
            Err(retry(None))
        } else {
            Ok(receipt)
        }
    }

    fn act(&mut self, network: &Network, action: &Action) -> Result<Receipt, DeliverError> {
        match action {
            Action::OpenRoom {
                name,
                topic,
                invite,
            } => {
                let id = self.fresh_room(network, name);
                let room = Room {
                    name: name.clone(),
                    topic: topic.clone(),
                    members: invite.iter().cloned().collect(),
                    ..Room::default()
                };
                self.rooms.insert(id.clone(), room);
                Ok(Receipt::Room { room: id })
            }
            Action::Invite { room, who } => {
                self.open(room)?.members.insert(who.clone());
                Ok(Receipt::Done)
            }
            Action::Remove { room, who } => {
                self.room(room)?.members.remove(who);
                Ok(Receipt::Done)
            }
            Action::SetTopic { room, topic } => {
                self.open(room)?.topic.clone_from(topic);
                Ok(Receipt::Done)
            }
            Action::Archive { room } => {
                self.room(room)?.archived = true;
                Ok(Receipt::Done)
            }
            Action::Post {
                to,
                message,
                openness,
                notice: _,
            } => {
                if let Target::Room { room, .. } = to {
                    if self.refusing.contains(room) {
                        return Err(DeliverError::Reject {
                            reason: "the room takes no posts".to_owned(),
                        });
                    }
                    if self.open(room)?.public && *openness == Openness::Private {
                        return Err(DeliverError::Reject {
                            reason: "the room is public, and this is not".to_owned(),
                        });
                    }
                }
                self.messages += 1;
                let at = MessageRef {
                    to: to.clone(),
                    message: MessageId(format!("m{}", self.messages)),
                };
                let (network, message) = (network.clone(), message.clone());
                self.said.push(Said {
                    at: at.clone(),
                    network,
                    message,
                    edits: 0,
                });
                Ok(Receipt::Posted { at })
            }
            Action::Edit { at, message, .. } => {
                match self.said.iter_mut().find(|said| said.at == *at) {
                    Some(said) => {
                        said.message = message.clone();
                        said.edits += 1;
                    }
                    None if self.lenient => self.said.push(Said {
                        at: at.clone(),
                        network: network.clone(),
                        message: message.clone(),
                        edits: 1,
                    }),
                    None => {
                        return Err(DeliverError::Reject {
                            reason: "there is no such message".to_owned(),
                        });
                    }
                }
                Ok(Receipt::Done)
            }
            Action::Pin { at } => {
                if let Target::Room { room, .. } = &at.to {
                    self.room(room)?.pinned.push(at.message.clone());
                }
                Ok(Receipt::Done)
            }
            Action::SetOnCall { group, who } => {
                self.groups
                    .insert((network.clone(), group.clone()), who.clone());
                Ok(Receipt::Done)
            }
        }
    }

    /// The room's id: its name, or the name with a number if that is taken.
    fn fresh_room(&self, network: &Network, name: &str) -> RoomId {
        let id = |id: String| RoomId {
            network: network.clone(),
            id,
        };
        let taken = |room: &RoomId| self.rooms.contains_key(room);
        let first = id(name.to_owned());
        if !taken(&first) {
            return first;
        }
        (2..)
            .map(|number| id(format!("{name}-{number}")))
            .find(|room| !taken(room))
            .unwrap_or(first)
    }

    fn room(&mut self, id: &RoomId) -> Result<&mut Room, DeliverError> {
        if self.lenient && !self.rooms.contains_key(id) {
            self.add_room(id.clone(), false, []);
        }
        self.rooms.get_mut(id).ok_or_else(|| DeliverError::Reject {
            reason: "there is no such room".to_owned(),
        })
    }

    fn open(&mut self, id: &RoomId) -> Result<&mut Room, DeliverError> {
        let room = self.room(id)?;
        if room.archived {
            return Err(DeliverError::Reject {
                reason: "the room is archived".to_owned(),
            });
        }
        Ok(room)
    }
}
