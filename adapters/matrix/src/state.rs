//! What the homeserver itself says of a room: the client's copy may be a moment old, or of a room
//! that is still being made. Changes nothing.

use matrix_sdk::Room;
use matrix_sdk::ruma::api::client::state::get_state_event_for_key;
use matrix_sdk::ruma::api::error::ErrorKind;
use matrix_sdk::ruma::events::StateEventType;
use serde_json::Value;
use underrose_chat::DeliverError;

use crate::failure::of_http;

/// The content of one event of the room's state; `None` if there is none.
pub async fn asked(
    room: &Room,
    kind: impl Into<StateEventType>,
    key: &str,
) -> Result<Option<Value>, DeliverError> {
    let id = room.room_id().to_owned();
    let request = get_state_event_for_key::v3::Request::new(id, kind.into(), key.to_owned());
    match room.client().send(request).await {
        Ok(answer) => {
            let content = answer.event_or_content.get();
            Ok(Some(serde_json::from_str(content).unwrap_or_default()))
        }
        Err(error) if error.client_api_error_kind() == Some(&ErrorKind::NotFound) => Ok(None),
        Err(error) => Err(of_http(&error)),
    }
}
