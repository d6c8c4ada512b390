//! A conversation as one message: posted in the thread that its first words begin, and replaced with
//! every step. Nothing of it is kept here: the room holds the message, under the conversation's name.

use matrix_sdk::Room;
use underrose_chat::{DeliverError, DeliveryKey, Message, Openness, Readers};

use crate::adapter::Account;
use crate::choices::Marks;
use crate::deliver::open_for_words;
use crate::failure::of;
use crate::posting;
use crate::render::Relation;
use crate::understood::Understood;

/// Conversations of which the latest step is remembered: only what is late by minutes needs it.
const STEPS_MAX: usize = 1_000;

pub struct Conversation {
    talk: DeliveryKey,
    /// The room where it was said, if what is answered may be read there.
    room: Option<Room>,
    /// The event that the thread begins with, in the room where it was said.
    root: Option<String>,
    said_in: Room,
    /// The thread's name for the core: an answer outside of it is put into it by this.
    thread: Option<String>,
    fresh: bool,
}

impl Conversation {
    pub fn new(talk: DeliveryKey, readers: Readers, room: &Room, said: &Understood) -> Self {
        Self {
            talk,
            room: match readers {
                Readers::Room => Some(room.clone()),
                Readers::Caller => None,
            },
            root: said.root.clone(),
            said_in: room.clone(),
            thread: said.what.thread().map(|thread| thread.0.clone()),
            fresh: said.fresh,
        }
    }

    /// This is its latest step.
    pub fn steps(&self, account: &Account, event: &str) {
        let mut known = account.known();
        if known.steps.len() >= STEPS_MAX {
            known.steps.clear();
        }
        known.steps.insert(self.talk.clone(), event.to_owned());
    }

    /// Whether a later step was shown, or is about to be: an older one must not replace it.
    pub fn is_past(&self, account: &Account, event: &str) -> bool {
        let known = account.known();
        let latest = known.steps.get(&self.talk);
        latest.is_some_and(|latest| latest != event)
    }

    /// The room that reads along.
    pub fn in_room(&self) -> Option<&Room> {
        self.room.as_ref()
    }

    /// What its message is marked with, as long as it asks something.
    pub fn thread(&self, message: &Message) -> Option<String> {
        let asks = message.choices().next().is_some();
        self.thread.clone().filter(|_| asks)
    }

    /// Shows where it stands now, in this room.
    pub async fn show(
        &self,
        account: &Account,
        room: &Room,
        (key, message, marks): (&str, &Message, &Marks),
    ) -> Result<(), DeliverError> {
        if self.room.is_some() {
            open_for_words(account, room, Openness::Private).await?;
        }
        let shown = if self.fresh {
            account.history.recent(room, &self.talk.0).await
        } else {
            account.history.find(room, &self.talk.0).await
        };
        match shown.map_err(|error| of(&error))? {
            // Its first words, heard again.
            Some(_) if self.fresh => Ok(()),
            Some(event) => posting::edit(account, room, key, message, (&event, marks)).await,
            None => {
                let relation = match &self.root {
                    Some(root) if room.room_id() == self.said_in.room_id() => {
                        Relation::Thread(root.clone(), None)
                    }
                    Some(_) | None => Relation::None,
                };
                let how = (&relation, marks);
                posting::post_marked(account, room, &self.talk.0, message, how)
                    .await
                    .map(|_| ())
            }
        }
    }
}
