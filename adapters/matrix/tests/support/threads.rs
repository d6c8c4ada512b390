//! Threads, and messages that are replaced, as a person's client shows them.

use matrix_sdk::ruma::{OwnedEventId, RoomId, UserId};
use serde_json::json;

use super::person::{Person, Shown};

impl Person {
    pub async fn says_in_thread(&self, room: &RoomId, root: &str, text: &str) -> OwnedEventId {
        let content = json!({"msgtype": "m.text", "body": text, "m.relates_to": {
            "rel_type": "m.thread", "event_id": root, "is_falling_back": true,
            "m.in_reply_to": {"event_id": root}}});
        self.sends(room, content).await
    }

    /// The messages of this sender in the thread, each counted once however often it was replaced.
    pub fn thread(&self, sender: &UserId, root: &str) -> Vec<Shown> {
        self.shown()
            .into_iter()
            .filter(|one| {
                let relates = &one.event["content"]["m.relates_to"];
                one.sender() == sender
                    && relates["rel_type"] == "m.thread"
                    && relates["event_id"] == root
            })
            .collect()
    }

    pub async fn sees_thread(&self, sender: &UserId, root: &str) -> Shown {
        self.until("an answer in the thread", |me| {
            me.thread(sender, root).into_iter().next()
        })
        .await
    }

    /// What a message shows after its last replacement. Only its own sender can replace it.
    pub fn now_shows(&self, message: &Shown) -> String {
        let mut edits = self.shown().into_iter().filter(|one| {
            let relates = &one.event["content"]["m.relates_to"];
            one.sender() == message.sender()
                && relates["rel_type"] == "m.replace"
                && relates["event_id"] == message.id().as_str()
        });
        let last = edits.next_back();
        last.map_or_else(
            || message.body().to_owned(),
            |edit| {
                let shown = edit.event["content"]["m.new_content"]["body"].as_str();
                shown.unwrap_or_default().to_owned()
            },
        )
    }

    /// Waits until a message shows this, and says all that it shows.
    pub async fn sees_replaced(&self, message: &Shown, text: &str) -> String {
        self.until(text, |me| {
            Some(me.now_shows(message)).filter(|shown| shown.contains(text))
        })
        .await
    }
}
