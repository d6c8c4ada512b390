//! Reads a room back to what was handed on last.

use matrix_sdk::Room;
use matrix_sdk::deserialized_responses::TimelineEvent;
use matrix_sdk::room::MessagesOptions;
use matrix_sdk::ruma::uint;

use crate::room_work::Shared;
use crate::seen::Seen;
use crate::understand;

/// How far back, in pages of 100 events.
const PAGES_MAX: usize = 50;

/// Events after the last that was handed on, the oldest first.
pub async fn missed(
    shared: &Shared,
    room: &Room,
    seen: &Seen,
) -> Result<Vec<TimelineEvent>, matrix_sdk::Error> {
    let network = &shared.account.settings.network;
    let name = format!("{network}/{}", room.room_id());
    let cursor = shared.inbox.cursor(&name).await;
    let mut missed = Vec::new();
    let mut from: Option<String> = None;
    'pages: for _ in 0..PAGES_MAX {
        let mut options = MessagesOptions::backward().from(from.as_deref());
        options.limit = uint!(100);
        let page = room.messages(options).await?;
        for event in page.chunk {
            let Some(id) = event.event_id() else { continue };
            if cursor.as_deref() == Some(id.as_str()) || seen.contains(id.as_str()) {
                break 'pages;
            }
            let own = understand::is_own_join(&event, &shared.account.me);
            missed.push(event);
            if own && cursor.is_none() {
                // What was said before the bot came was not said to it.
                break 'pages;
            }
        }
        match page.end {
            Some(end) => from = Some(end),
            None => break,
        }
    }
    missed.reverse();
    Ok(missed)
}
