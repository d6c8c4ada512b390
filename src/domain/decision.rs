//! What was decided: events to journal, promises to keep, and an answer to give at once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use underrose_chat::{
    Action, DeliveryKey, Immediate, Message, Network, Openness, RoomId, Target, UserId,
};

use super::announcement::hex;
use super::event::{Entry, Event};
use super::ids::{CaseId, PersonId};
use super::policy::Policy;
use super::tell::{Text, ToCase, ToCommittee, ToPerson, ToPublic};

/// What one request, or one tick, leads to.
#[derive(Default)]
pub struct Decision {
    pub entries: Vec<Entry>,
    pub promises: Vec<Promise>,
    pub immediate: Immediate,
}

/// Something that must reach a network; kept in the outbox until it has.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Promise {
    pub key: DeliveryKey,
    pub network: Network,
    pub action: Action,
    pub lane: Lane,
    pub purpose: Purpose,
    pub case: Option<CaseId>,
    /// When this was promised first: nothing was said under its key before.
    #[serde(default)]
    pub since: DateTime<Utc>,
}

/// Who goes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    Page,
    Reply,
    Card,
    FanOut,
}

/// What a delivery means to the core: asked when it has succeeded, and when it never will.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Purpose {
    /// An answer or a notice: nothing follows from its success.
    Reply,
    /// A call to this person.
    Page { to: PersonId },
    /// A room for the case.
    Room,
    /// The card, posted first; its place comes back.
    Card { version: u64 },
    /// The card, as it now reads: the newest replaces what still waits.
    CardEdit,
    /// The announcement to one public room.
    Announcement { target: RoomId },
    /// News of a failure: if it fails too, nothing more is said.
    Notice,
    /// Membership, topic, pin, archive, group.
    Keep,
}

/// Collects a decision. Everything that is said goes through here, typed by its audience.
pub struct Effects<'a> {
    pub policy: &'a Policy,
    pub now: DateTime<Utc>,
    /// What the wall clock itself says; earlier than `now` if it once ran ahead.
    pub wall: DateTime<Utc>,
    pub by: Option<PersonId>,
    /// Names what caused this decision: delivery keys are made from it and a count.
    pub cause: String,
    pub out: Decision,
    said: u32,
}

impl<'a> Effects<'a> {
    pub fn new(
        policy: &'a Policy,
        now: DateTime<Utc>,
        by: Option<PersonId>,
        cause: String,
    ) -> Self {
        Self {
            policy,
            now,
            wall: now,
            by,
            cause,
            out: Decision::default(),
            said: 0,
        }
    }

    /// Something happened to the bot itself.
    pub fn note(&mut self, event: Event) {
        self.push(None, self.by.clone(), event);
    }

    /// Something happened to a case.
    pub fn happen(&mut self, case: CaseId, event: Event) {
        self.push(Some(case), self.by.clone(), event);
    }

    /// Something that the bot did to a case by itself, whoever gave the cause.
    pub fn follows(&mut self, case: CaseId, event: Event) {
        self.push(Some(case), None, event);
    }

    fn push(&mut self, case: Option<CaseId>, by: Option<PersonId>, event: Event) {
        self.out.entries.push(Entry {
            at: self.now,
            case,
            by,
            event,
        });
    }

    /// To a room of a case.
    pub fn to_case(&mut self, case: CaseId, room: &RoomId, text: Text<ToCase>) {
        let message = text.into_message();
        self.post(Some(case), room, message, Lane::Reply);
    }

    /// To the committee's rooms: opaque.
    pub fn to_committee(&mut self, text: Text<ToCommittee>) {
        let message = text.into_message();
        for room in self.policy.committee_rooms.clone() {
            self.post(None, &room, message.clone(), Lane::Reply);
        }
    }

    /// To a person, by direct message, on every network where the person has an account.
    pub fn to_person(&mut self, case: Option<CaseId>, to: &PersonId, text: Text<ToPerson>) {
        let message = text.into_message();
        for user in self.policy.accounts_of(to) {
            let (network, target) = (user.network.clone(), Target::Direct { user });
            let action = Action::post(target, message.clone());
            self.promise(case, network, action, Lane::Reply, Purpose::Reply);
        }
    }

    /// Calls a person: opaque, since it lights up a lock screen, which then says what it is about.
    pub fn page(&mut self, case: Option<CaseId>, to: &PersonId, text: Text<ToCommittee>) {
        let notice = text.first_line();
        let message = text.into_message();
        for user in self.policy.accounts_of(to) {
            let (network, to_user) = (user.network.clone(), Target::Direct { user });
            let action = Action::Post {
                to: to_user,
                message: message.clone(),
                openness: Openness::Private,
                notice: Some(notice.clone()),
            };
            self.promise(
                case,
                network,
                action,
                Lane::Page,
                Purpose::Page { to: to.clone() },
            );
        }
    }

    /// News of a failure, on the person's other networks where there are any.
    pub fn notice(&mut self, to: &PersonId, failed: &Network, text: Text<ToPerson>) {
        let message = text.into_message();
        let accounts = self.policy.accounts_of(to);
        let elsewhere = accounts.iter().any(|user| user.network != *failed);
        for user in accounts
            .into_iter()
            .filter(|user| !elsewhere || user.network != *failed)
        {
            let (network, target) = (user.network.clone(), Target::Direct { user });
            let action = Action::post(target, message.clone());
            self.promise(None, network, action, Lane::Reply, Purpose::Notice);
        }
    }

    /// The card once more, in the case's own room.
    pub fn show_card(&mut self, case: CaseId, room: &RoomId, card: Message) {
        self.post(Some(case), room, card, Lane::Reply);
    }

    /// The card, to the caller alone, who may see the case.
    pub fn answer_card(&mut self, card: Message) {
        self.out.immediate = Immediate::Say { message: card };
    }

    /// To the public, under a key that names this announcement in this room for ever; `since` then
    /// it may have been said there.
    pub fn announce(
        &mut self,
        (case, since): (CaseId, DateTime<Utc>),
        target: &RoomId,
        key: &str,
        text: Text<ToPublic>,
    ) {
        let message = text.into_message();
        let to = Target::Room {
            room: target.clone(),
            thread: None,
        };
        self.out.promises.push(Promise {
            key: delivery_key(key),
            network: target.network.clone(),
            action: Action::Post {
                to,
                message,
                openness: Openness::Public,
                notice: None,
            },
            lane: Lane::FanOut,
            purpose: Purpose::Announcement {
                target: target.clone(),
            },
            case: Some(case),
            since,
        });
    }

    /// Answers the caller alone, at once.
    pub fn answer(&mut self, text: Text<ToPerson>) {
        self.out.immediate = Immediate::Say {
            message: text.into_message(),
        };
    }

    /// Anything else that a network must do.
    pub fn promise(
        &mut self,
        case: Option<CaseId>,
        network: Network,
        action: Action,
        lane: Lane,
        purpose: Purpose,
    ) {
        let key = delivery_key(&format!("{}#{}", self.cause, self.said));
        self.said += 1;
        self.out.promises.push(Promise {
            key,
            network,
            action,
            lane,
            purpose,
            case,
            since: self.now,
        });
    }

    /// The same, under a key of its own, which may have been promised before: since then.
    pub fn promise_as(
        &mut self,
        (key, since): (&str, DateTime<Utc>),
        promise: (Option<CaseId>, Network, Action, Lane, Purpose),
    ) {
        let (case, network, action, lane, purpose) = promise;
        let key = delivery_key(key);
        self.out.promises.push(Promise {
            key,
            network,
            action,
            lane,
            purpose,
            case,
            since,
        });
    }

    pub fn invite(&mut self, case: CaseId, room: &RoomId, who: UserId) {
        let action = Action::Invite {
            room: room.clone(),
            who,
        };
        self.promise(
            Some(case),
            room.network.clone(),
            action,
            Lane::Reply,
            Purpose::Keep,
        );
    }

    pub fn remove(&mut self, case: CaseId, room: &RoomId, who: UserId) {
        let action = Action::Remove {
            room: room.clone(),
            who,
        };
        // Whoever must not read on goes before anything else is said there.
        self.promise(
            Some(case),
            room.network.clone(),
            action,
            Lane::Page,
            Purpose::Keep,
        );
    }

    fn post(&mut self, case: Option<CaseId>, room: &RoomId, message: Message, lane: Lane) {
        let to = Target::Room {
            room: room.clone(),
            thread: None,
        };
        let action = Action::post(to, message);
        self.promise(case, room.network.clone(), action, lane, Purpose::Reply);
    }
}

/// A key that follows from what is named, and tells nothing of it.
pub fn delivery_key(named: &str) -> DeliveryKey {
    let digest = Sha256::digest(named.as_bytes());
    DeliveryKey(hex(digest.get(..16).unwrap_or(&digest)))
}
