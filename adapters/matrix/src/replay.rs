//! Against a homeserver that sends an old message again under a new name: the same ciphertext is
//! the same message, whatever event carries it. What was decrypted twice in one session with the
//! same words is compared as it was encrypted; that costs a request only where words repeat.

use matrix_sdk::Room;
use matrix_sdk::deserialized_responses::{AlgorithmInfo, EncryptionInfo};
use serde_json::Value;

use crate::seal;
use crate::settings::Key;

const PREFIX: &str = "dev.underrose.heard.";

/// Whether this event says again what another said before, letter by letter of its ciphertext.
///
/// # Errors
/// If it cannot be told now.
pub async fn is_replay(
    room: &Room,
    event: &Value,
    info: &EncryptionInfo,
    key: &Key,
) -> Result<bool, matrix_sdk::Error> {
    let Some(id) = event["event_id"].as_str() else {
        return Ok(true);
    };
    let AlgorithmInfo::MegolmV1AesSha2 { session_id, .. } = &info.algorithm_info else {
        return Ok(false);
    };
    let name = name(room, key, session_id.as_deref().unwrap_or_default(), event);
    let client = room.client();
    let store = client.state_store();
    let before = store.get_custom_value(name.as_bytes()).await?;
    let first = before.and_then(|bytes| String::from_utf8(bytes).ok());
    match first {
        None => {
            store
                .set_custom_value_no_read(name.as_bytes(), id.as_bytes().to_vec())
                .await?;
            Ok(false)
        }
        Some(first) if first == id => Ok(false),
        Some(first) => Ok(ciphertext(room, &first).await? == ciphertext(room, id).await?),
    }
}

/// Where it is written which event said these words first in this session.
fn name(room: &Room, key: &Key, session: &str, event: &Value) -> String {
    let (kind, content) = (event["type"].to_string(), event["content"].to_string());
    let parts = [
        room.room_id().as_bytes(),
        session.as_bytes(),
        kind.as_bytes(),
        content.as_bytes(),
    ];
    let hex: String = seal::keyed(key, &parts)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{PREFIX}{hex}")
}

/// The event as the homeserver has it.
async fn ciphertext(room: &Room, id: &str) -> Result<Option<String>, matrix_sdk::Error> {
    use matrix_sdk::ruma::api::client::room::get_room_event;
    let Ok(id) = matrix_sdk::ruma::EventId::parse(id) else {
        return Ok(None);
    };
    let request = get_room_event::v3::Request::new(room.room_id().to_owned(), id);
    let answer = room.client().send(request).await?;
    let event: Value = serde_json::from_str(answer.event.json().get())?;
    Ok(event["content"]["ciphertext"].as_str().map(str::to_owned))
}
