//! Saying something in a room, once per key: the key is the transaction's id, stands in the
//! content, and is looked for in the room before the first words of a process there.

use matrix_sdk::Room;
use matrix_sdk::ruma::{OwnedTransactionId, TransactionId};
use serde_json::{Value, json};
use underrose_chat::{DeliverError, Message};

use crate::adapter::Account;
use crate::choices::{Marks, Offer};
use crate::direct;
use crate::failure::{of, retry};
use crate::reactions;
use crate::render::{self, Relation};

/// Posts; the event is the last piece's, which holds the choices.
pub async fn post(
    account: &Account,
    room: &Room,
    key: &str,
    message: &Message,
    relation: &Relation,
) -> Result<String, DeliverError> {
    post_marked(account, room, key, message, (relation, &Marks::default())).await
}

/// The same, with what an answer to it has to be known by.
pub async fn post_marked(
    account: &Account,
    room: &Room,
    key: &str,
    message: &Message,
    (relation, marks): (&Relation, &Marks),
) -> Result<String, DeliverError> {
    let known = account.history.recent(room, key).await;
    if let Some(event) = known.map_err(|error| of(&error))? {
        return Ok(event);
    }
    let pieces = render::pieces(message);
    let Some((last, before)) = pieces.split_last() else {
        return Err(crate::failure::reject("there is nothing to say"));
    };
    for (index, piece) in before.iter().enumerate() {
        let key = format!("{key}-{index}");
        send(account, room, &key, render::content(piece, &key, relation)).await?;
    }
    let mut content = render::content(last, key, relation);
    marks.put(&mut content);
    marks.heard.put(&mut content);
    let event = send(account, room, key, content.clone()).await?;
    account.history.said(room.room_id(), key, &event);
    remember(account, room, &event, &content);
    reactions::put(room, &event, key, last);
    Ok(event)
}

/// Replaces a message of ours. What does not fit is said to be more than fits.
pub async fn edit(
    account: &Account,
    room: &Room,
    key: &str,
    message: &Message,
    (of_event, marks): (&str, &Marks),
) -> Result<(), DeliverError> {
    let known = account.history.recent(room, key).await;
    if known.map_err(|error| of(&error))?.is_some() {
        return Ok(());
    }
    let mut pieces = render::pieces(message);
    pieces.truncate(1);
    let Some(first) = pieces.pop() else {
        return Err(crate::failure::reject("there is nothing to say"));
    };
    let mut content = render::content(&first, key, &Relation::Replace(of_event.to_owned()));
    marks.put(&mut content);
    let event = send(account, room, key, content.clone()).await?;
    account.history.made(room.room_id(), key, &event);
    let before = account.history.offer(room.room_id(), of_event);
    reactions::renew(room, of_event, key, (before.as_ref(), &first));
    remember(account, room, of_event, &content);
    Ok(())
}

fn remember(account: &Account, room: &Room, event: &str, content: &Value) {
    match Offer::of(content) {
        Some(offer) => account.history.offered(room.room_id(), event, offer),
        None => account.history.settled(room.room_id(), event),
    }
}

/// The homeserver gives the same transaction the same event, for a day at least.
async fn send(
    account: &Account,
    room: &Room,
    key: &str,
    content: Value,
) -> Result<String, DeliverError> {
    let turns = match direct::meant_for(account, room) {
        Some(_) => &account.paging,
        None => &account.encrypting,
    };
    let _turn = if room.encryption_state().is_encrypted() {
        turns.acquire().await.ok()
    } else {
        None
    };
    let sent = room
        .send_raw("m.room.message", content)
        .with_transaction_id(<&TransactionId>::from(key))
        .await
        .map_err(|error| of(&error))?;
    Ok(sent.response.event_id.to_string())
}

/// A fixed sentence in plain text into an encrypted room: only for somebody whose device gets no
/// keys, about just that.
pub async fn plain(room: &Room, key: &str, sentence: &str) -> Result<(), DeliverError> {
    use matrix_sdk::ruma::api::client::message::send_message_event;
    let content = json!({"msgtype": "m.notice", "body": sentence, "m.mentions": {}});
    let raw = matrix_sdk::ruma::serde::Raw::new(&content)
        .map_err(|_| retry("a sentence could not be written"))?
        .cast_unchecked();
    let request = send_message_event::v3::Request::new_raw(
        room.room_id().to_owned(),
        OwnedTransactionId::from(key),
        "m.room.message".into(),
        raw,
    );
    room.client()
        .send(request)
        .await
        .map_err(|error| crate::failure::of_http(&error))?;
    Ok(())
}
