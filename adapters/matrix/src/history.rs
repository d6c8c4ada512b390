//! What the bot itself said in each room, by delivery key: so that nothing is said twice even when
//! the homeserver has forgotten the transaction. The truth is the room; this is its index, read
//! from the room once in a process's life and kept up by what is said and seen.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use matrix_sdk::Room;
use matrix_sdk::deserialized_responses::{
    TimelineEvent, TimelineEventKind, UnsignedDecryptionResult, UnsignedEventLocation,
};
use matrix_sdk::room::MessagesOptions;
use matrix_sdk::ruma::{OwnedRoomId, RoomId, uint};
use serde_json::Value;

use crate::choices::Offer;
use crate::render::KEY;

/// Keys remembered in one room. A crash leaves open only what was said last; Synapse itself
/// remembers transactions for a day.
const KEYS_MAX: usize = 2_000;

/// Offers remembered in one room: older ones are read from the room when somebody takes one.
const OFFERS_MAX: usize = 50;

/// How far back [`History::find`] reads, in pages of 100 events.
const PAGES_MAX: usize = 50;

#[derive(Default)]
struct Said {
    /// Whether the room's end has been read.
    read: bool,
    keys: HashMap<String, String>,
    order: VecDeque<String>,
    offers: BTreeMap<String, Offer>,
    offer_order: VecDeque<String>,
    /// The bot's last words here.
    last: Option<String>,
}

#[derive(Default)]
pub struct History {
    rooms: Mutex<HashMap<OwnedRoomId, Said>>,
}

impl History {
    fn rooms(&self) -> MutexGuard<'_, HashMap<OwnedRoomId, Said>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A room that was just made: there is nothing to read.
    pub fn is_new(&self, room: &RoomId) {
        self.rooms().entry(room.to_owned()).or_default().read = true;
    }

    pub fn said(&self, room: &RoomId, key: &str, event: &str) {
        self.made(room, key, event);
        self.rooms().entry(room.to_owned()).or_default().last = Some(event.to_owned());
    }

    /// This key made this event; what was said last stays so.
    pub fn made(&self, room: &RoomId, key: &str, event: &str) {
        let mut rooms = self.rooms();
        let said = rooms.entry(room.to_owned()).or_default();
        if said.keys.insert(key.to_owned(), event.to_owned()).is_none() {
            said.order.push_back(key.to_owned());
            if said.order.len() > KEYS_MAX
                && let Some(oldest) = said.order.pop_front()
            {
                said.keys.remove(&oldest);
            }
        }
    }

    fn is_known(&self, room: &RoomId, key: &str) -> bool {
        self.rooms()
            .get(room)
            .is_some_and(|said| said.keys.contains_key(key))
    }

    pub fn offered(&self, room: &RoomId, event: &str, offer: Offer) {
        let mut rooms = self.rooms();
        let said = rooms.entry(room.to_owned()).or_default();
        if said.offers.insert(event.to_owned(), offer).is_none() {
            said.offer_order.push_back(event.to_owned());
            if said.offer_order.len() > OFFERS_MAX
                && let Some(oldest) = said.offer_order.pop_front()
            {
                said.offers.remove(&oldest);
            }
        }
    }

    pub fn offer(&self, room: &RoomId, event: &str) -> Option<Offer> {
        self.rooms().get(room)?.offers.get(event).cloned()
    }

    /// A message of ours offers nothing any more.
    pub fn settled(&self, room: &RoomId, event: &str) {
        if let Some(said) = self.rooms().get_mut(room) {
            said.offers.remove(event);
            said.offer_order.retain(|known| known != event);
        }
    }

    /// Whether a conversation is open in this thread.
    pub fn talks_in(&self, room: &RoomId, thread: &str) -> bool {
        self.rooms().get(room).is_some_and(|said| {
            let mut offers = said.offers.values();
            offers.any(|offer| offer.thread.as_deref() == Some(thread))
        })
    }

    /// The newest message that offered exactly these words.
    pub fn worded(&self, room: &RoomId, words: &str) -> Option<(String, Offer)> {
        let rooms = self.rooms();
        let said = rooms.get(room)?;
        let offered = |event: &&String| {
            let offer = said.offers.get(*event);
            offer.is_some_and(|offer| offer.worded(words).is_some())
        };
        let event = said.offer_order.iter().rev().find(offered)?;
        Some((event.clone(), said.offers.get(event)?.clone()))
    }

    /// What the bot said last in this room, if it offered something or was an answer to another
    /// room: with its event.
    pub fn last_offer(&self, room: &RoomId) -> Option<(String, Offer)> {
        let rooms = self.rooms();
        let said = rooms.get(room)?;
        let last = said.last.as_ref()?;
        Some((last.clone(), said.offers.get(last)?.clone()))
    }

    /// The event that this key made. Reads the room's end the first time.
    pub async fn recent(
        &self,
        room: &Room,
        key: &str,
    ) -> Result<Option<String>, matrix_sdk::Error> {
        let read = self
            .rooms()
            .get(room.room_id())
            .is_some_and(|said| said.read);
        if !read {
            self.page(room, None).await?;
            self.is_new(room.room_id());
        }
        Ok(self
            .rooms()
            .get(room.room_id())
            .and_then(|said| said.keys.get(key).cloned()))
    }

    /// The event that this key made, however long ago; as far back as [`PAGES_MAX`].
    pub async fn find(&self, room: &Room, key: &str) -> Result<Option<String>, matrix_sdk::Error> {
        if let Some(known) = self.recent(room, key).await? {
            return Ok(Some(known));
        }
        let mut from: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let (found, end) = self.look(room, from.as_deref(), key).await?;
            if let Some(event) = &found {
                self.made(room.room_id(), key, event);
            }
            if found.is_some() || end.is_none() {
                return Ok(found);
            }
            from = end;
        }
        Ok(None)
    }

    async fn look(
        &self,
        room: &Room,
        from: Option<&str>,
        key: &str,
    ) -> Result<(Option<String>, Option<String>), matrix_sdk::Error> {
        let mut options = MessagesOptions::backward().from(from);
        options.limit = uint!(100);
        let page = room.messages(options).await?;
        let found = page.chunk.iter().find_map(|event| {
            let (event, value) = own(event, room)?;
            (value["content"].get(KEY)?.as_str()? == key).then_some(event)
        });
        Ok((found, page.end))
    }

    async fn page(&self, room: &Room, from: Option<&str>) -> Result<(), matrix_sdk::Error> {
        let mut options = MessagesOptions::backward().from(from);
        options.limit = uint!(100);
        let page = room.messages(options).await?;
        for event in page.chunk.iter().rev() {
            self.saw(room, event);
        }
        Ok(())
    }

    /// Takes in an event of the room, if it is the bot's own.
    pub fn saw(&self, room: &Room, event: &TimelineEvent) {
        let Some((id, value)) = own(event, room) else {
            return;
        };
        let content = &value["content"];
        let edit = content["m.relates_to"]["rel_type"] == "m.replace";
        match content.get(KEY).and_then(Value::as_str) {
            // What was replaced is still the last that was said, if it was.
            Some(key) if edit => self.made(room.room_id(), key, &id),
            Some(key) if !self.is_known(room.room_id(), key) => {
                self.said(room.room_id(), key, &id);
            }
            Some(_) | None => {}
        }
        // An edit's choices are those of the message that it replaces.
        let at = if edit {
            content["m.relates_to"]["event_id"].as_str()
        } else {
            Some(id.as_str())
        };
        let Some(at) = at else { return };
        match standing(event, room, &value).and_then(Offer::of) {
            Some(offer) => self.offered(room.room_id(), at, offer),
            None => self.settled(room.room_id(), at),
        }
    }
}

/// The content that stands there now. The homeserver sends the newest edit along with what it
/// replaces; `None` if it sends one that is not to be believed.
fn standing<'a>(event: &TimelineEvent, room: &Room, value: &'a Value) -> Option<&'a Value> {
    let edit = &value["unsigned"]["m.relations"]["m.replace"];
    if edit.is_null() {
        return value.get("content");
    }
    let readable = match &event.kind {
        TimelineEventKind::Decrypted(event) => {
            let bundled = event.unsigned_encryption_info.as_ref();
            let edit = bundled.and_then(|all| all.get(&UnsignedEventLocation::RelationsReplace));
            matches!(edit, Some(UnsignedDecryptionResult::Decrypted(_)))
        }
        // Of an open room: see [`own`].
        TimelineEventKind::PlainText { .. } => true,
        TimelineEventKind::UnableToDecrypt { .. } => false,
    };
    let ours = edit["sender"] == room.own_user_id().as_str()
        && edit["content"]["m.relates_to"]["event_id"] == value["event_id"];
    edit.get("content").filter(|_| readable && ours)
}

/// An event of the bot's own, with its id. In an encrypted room only what is encrypted
/// counts: plain text could be anybody's who can write to the homeserver's database.
fn own(event: &TimelineEvent, room: &Room) -> Option<(String, Value)> {
    if event.encryption_info().is_none() && room.encryption_state().is_encrypted() {
        return None;
    }
    let value: Value = event.raw().deserialize_as_unchecked().ok()?;
    if value["sender"].as_str()? != room.own_user_id().as_str() {
        return None;
    }
    Some((value["event_id"].as_str()?.to_owned(), value))
}
