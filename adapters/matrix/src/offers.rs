//! What a number or an answer is meant for: the message of ours that it names, or, in a direct
//! room, the last one.

use matrix_sdk::Room;
use matrix_sdk::ruma::EventId;
use underrose_chat::{DeliverError, MessageId};

use crate::adapter::Account;
use crate::choices::Offer;
use crate::failure::of;

/// Of which message of ours this may be a number or an answer, with its event.
pub async fn meant(
    account: &Account,
    room: &Room,
    is_direct: bool,
    answers: Option<&str>,
) -> Result<Option<(String, Offer)>, DeliverError> {
    if let Some(to) = answers
        && let Some(offer) = at(account, room, to).await?
    {
        return Ok(Some((to.to_owned(), offer)));
    }
    if !is_direct {
        return Ok(None);
    }
    // What was said last, also in an earlier life.
    let read = account.history.recent(room, "").await;
    read.map_err(|error| of(&error))?;
    Ok(account.history.last_offer(room.room_id()))
}

/// Whether a conversation is open in this thread.
pub async fn talks_in(
    account: &Account,
    room: &Room,
    thread: &MessageId,
) -> Result<bool, DeliverError> {
    let read = account.history.recent(room, "").await;
    read.map_err(|error| of(&error))?;
    Ok(account.history.talks_in(room.room_id(), &thread.0))
}

/// The message of ours in this direct room that offered exactly these words: among those that are
/// answered by them, if any are.
pub async fn worded(
    account: &Account,
    room: &Room,
    answers: &[&str],
    words: &str,
) -> Result<Option<(String, Offer)>, DeliverError> {
    for to in answers {
        let offer = at(account, room, to).await?;
        if let Some(offer) = offer.filter(|offer| offer.worded(words).is_some()) {
            return Ok(Some(((*to).to_owned(), offer)));
        }
    }
    if !answers.is_empty() {
        return Ok(None);
    }
    let read = account.history.recent(room, "").await;
    read.map_err(|error| of(&error))?;
    Ok(account.history.worded(room.room_id(), words))
}

/// What this message of ours offers, if it is ours and offers something.
pub async fn at(
    account: &Account,
    room: &Room,
    event: &str,
) -> Result<Option<Offer>, DeliverError> {
    if let Some(offer) = account.history.offer(room.room_id(), event) {
        return Ok(Some(offer));
    }
    let Ok(id) = EventId::parse(event) else {
        return Ok(None);
    };
    match room.event(&id, None).await {
        Ok(found) => {
            account.history.saw(room, &found);
            Ok(account.history.offer(room.room_id(), event))
        }
        Err(error) => match of(&error) {
            DeliverError::Reject { .. } => Ok(None),
            later @ DeliverError::Retry { .. } => Err(later),
        },
    }
}
