//! What a person sees.

use serde_json::{Value, json};

use super::Actor;
use crate::world::World;

impl Actor {
    /// The messages of a channel in order, those meant for this person alone among them
    /// (`"ephemeral": true`); none where they are not a member.
    pub fn sees(&self, channel: &str) -> Vec<Value> {
        let mut all: Vec<Value> = self
            .emulator
            .look(|world| self.newest_first(world, channel).collect());
        all.reverse();
        all
    }

    fn newest_first<'a>(
        &'a self,
        world: &'a World,
        channel: &str,
    ) -> impl Iterator<Item = Value> + 'a {
        let found = world.channels.get(channel);
        let found = found.filter(|channel| channel.members.contains(&self.id));
        let all = found
            .into_iter()
            .flat_map(|channel| channel.messages.iter().rev());
        all.filter(|message| {
            message
                .ephemeral_to
                .as_ref()
                .is_none_or(|to| *to == self.id)
        })
        .map(|message| {
            let mut shown = world.message_json(message, true);
            if message.ephemeral_to.is_some() {
                shown["ephemeral"] = json!(true);
            }
            shown
        })
    }

    /// What only this person sees in a channel.
    pub fn ephemerals(&self, channel: &str) -> Vec<Value> {
        let all = self.sees(channel);
        all.into_iter()
            .filter(|message| message["ephemeral"] == true)
            .collect()
    }

    /// Waits for a message in a channel that the test accepts.
    pub async fn sees_that(
        &self,
        channel: &str,
        what: &str,
        fits: impl Fn(&Value) -> bool,
    ) -> Value {
        let find = |world: &World| self.newest_first(world, channel).find(&fits);
        self.emulator.until(what, find).await
    }

    /// The pinned messages of a channel, the latest pin last.
    pub fn pins(&self, channel: &str) -> Vec<Value> {
        self.emulator.look(|world| {
            let Some(found) = world.channels.get(channel) else {
                return Vec::new();
            };
            let messages = found.pins.iter().filter_map(|ts| found.message(ts));
            messages
                .map(|message| world.message_json(message, true))
                .collect()
        })
    }

    /// What the app published to this person's home tab.
    pub fn home(&self) -> Option<Value> {
        self.emulator.look(|world| {
            let view = world
                .homes
                .get(&self.id)
                .and_then(|id| world.views.get(id))?;
            Some(world.view_json(view))
        })
    }

    /// Everything readable in a channel, one text: for looking for what must not be there.
    pub fn transcript(&self, channel: &str) -> String {
        let lines: Vec<String> = self.sees(channel).iter().map(Value::to_string).collect();
        lines.join("\n")
    }
}
