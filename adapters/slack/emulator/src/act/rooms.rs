//! Talking and moving about.

use serde_json::json;

use super::{Actor, Cannot, cannot};
use crate::text;
use crate::world::{Kind, Message, World};

/// `@name` and `#name`, as the composer turns them into links.
fn known(world: &World, word: &str) -> Option<String> {
    if let Some(name) = word.strip_prefix('@') {
        let person = world.people.values().find(|person| person.name == name);
        let group = world.groups.values().find(|group| group.handle == name);
        return person
            .map(|person| format!("<@{}>", person.id))
            .or_else(|| group.map(|group| format!("<!subteam^{}>", group.id)));
    }
    let name = word.strip_prefix('#')?;
    let channel = world
        .channels
        .values()
        .find(|c| c.kind == Kind::Public && c.name == name)?;
    Some(format!("<#{}|>", channel.id))
}

impl Actor {
    /// Says something in a channel, as typed: `@name` becomes a mention, `<` is escaped. Returns
    /// the message's timestamp.
    ///
    /// # Errors
    /// When this person cannot write there.
    pub fn say(&self, channel: &str, typed: &str) -> Result<String, Cannot> {
        self.say_in(channel, typed, None)
    }

    /// # Errors
    /// When this person cannot write there.
    pub fn reply(&self, channel: &str, thread: &str, typed: &str) -> Result<String, Cannot> {
        self.say_in(channel, typed, Some(thread))
    }

    fn say_in(&self, channel: &str, typed: &str, thread: Option<&str>) -> Result<String, Cannot> {
        self.emulator.with(|world| {
            self.inside(world, channel)?;
            let text = text::typed(typed, |word| known(world, word));
            let message = Message {
                thread_ts: thread.map(str::to_owned),
                ..Message::new(world.ts(), &self.id, &text)
            };
            let ts = message.ts.clone();
            world.say(channel, message);
            Ok(ts)
        })
    }

    fn inside(&self, world: &World, channel: &str) -> Result<(), Cannot> {
        match world.channels.get(channel) {
            None => cannot("there is no such channel"),
            Some(channel) if channel.is_archived => cannot("the channel is archived"),
            Some(channel) if !channel.members.contains(&self.id) => cannot("not in that channel"),
            Some(_) => Ok(()),
        }
    }

    /// Writes to the bot. Returns the message's timestamp.
    ///
    /// # Errors
    /// Never while the bot has an account.
    pub fn dm(&self, typed: &str) -> Result<String, Cannot> {
        let channel = self.direct();
        self.say(&channel, typed)
    }

    /// The direct message with the bot.
    pub fn direct(&self) -> String {
        self.emulator.with(|world| world.direct(&self.id))
    }

    /// # Errors
    /// When the message is not this person's.
    pub fn edit(&self, channel: &str, ts: &str, typed: &str) -> Result<(), Cannot> {
        self.emulator.with(|world| {
            self.inside(world, channel)?;
            let text = text::typed(typed, |word| known(world, word));
            let edited = world.ts();
            let found = world
                .channels
                .get(channel)
                .and_then(|c| c.message(ts))
                .cloned();
            let Some(mut message) = found.filter(|message| message.user == self.id) else {
                return cannot("only one's own messages can be edited");
            };
            let previous = world.message_json(&message, false);
            message.text = text;
            message.edited_ts = Some(edited);
            if let Some(stored) = world
                .channels
                .get_mut(channel)
                .and_then(|c| c.message_mut(ts))
            {
                *stored = message.clone();
            }
            world.tell_change(channel, &message, previous);
            Ok(())
        })
    }

    /// # Errors
    /// When the message is not this person's.
    pub fn delete(&self, channel: &str, ts: &str) -> Result<(), Cannot> {
        self.emulator.with(|world| {
            let found = world.channels.get(channel).and_then(|c| c.message(ts));
            if found.is_none_or(|message| message.user != self.id) {
                return cannot("only one's own messages can be deleted");
            }
            world.unsay(channel, ts);
            Ok(())
        })
    }

    /// # Errors
    /// When the channel is private or archived.
    pub fn join(&self, channel: &str) -> Result<(), Cannot> {
        self.emulator
            .with(|world| match world.channels.get(channel) {
                Some(found) if found.kind == Kind::Public && !found.is_archived => {
                    world.enter(channel, &self.id, None);
                    Ok(())
                }
                Some(_) | None => cannot("only an open public channel can be joined"),
            })
    }

    /// # Errors
    /// When this person is not in there.
    pub fn leave(&self, channel: &str) -> Result<(), Cannot> {
        self.emulator.with(|world| {
            self.inside(world, channel)?;
            world.leave(channel, &self.id, None);
            Ok(())
        })
    }

    /// Brings another in, people or the bot.
    ///
    /// # Errors
    /// When this person is not in there.
    pub fn invite(&self, channel: &str, other: &str) -> Result<(), Cannot> {
        self.emulator.with(|world| {
            self.inside(world, channel)?;
            world.enter(channel, other, Some(&self.id));
            Ok(())
        })
    }

    /// Puts another out, people or the bot.
    ///
    /// # Errors
    /// When this person is not in there.
    pub fn remove(&self, channel: &str, other: &str) -> Result<(), Cannot> {
        self.emulator.with(|world| {
            self.inside(world, channel)?;
            world.leave(channel, other, Some(&self.id));
            Ok(())
        })
    }

    /// # Errors
    /// When this person is not in there.
    pub fn archive(&self, channel: &str) -> Result<(), Cannot> {
        self.emulator.with(|world| {
            self.inside(world, channel)?;
            world.archive(channel, &self.id);
            Ok(())
        })
    }

    /// # Errors
    /// When it is not archived.
    pub fn unarchive(&self, channel: &str) -> Result<(), Cannot> {
        self.emulator.with(|world| {
            let found = world.channels.get_mut(channel).filter(|c| c.is_archived);
            let Some(found) = found else {
                return cannot("the channel is not archived");
            };
            found.is_archived = false;
            let by = match world.channels.get(channel).map(|c| c.kind == Kind::Private) {
                Some(true) => json!({"actor_id": self.id}),
                Some(false) | None => json!({"user": self.id}),
            };
            world.tell_channel("unarchive", channel, by);
            Ok(())
        })
    }

    /// # Errors
    /// When this person is not in there.
    pub fn rename(&self, channel: &str, name: &str) -> Result<(), Cannot> {
        self.emulator.with(|world| {
            self.inside(world, channel)?;
            if let Some(found) = world.channels.get_mut(channel) {
                found.name = name.to_owned();
            }
            let created = world.channels.get(channel).map(|c| c.created);
            let more = json!({"channel": {"id": channel, "name": name, "name_normalized": name, "created": created, "is_channel": true, "is_mpim": false}});
            world.tell_channel("rename", channel, more);
            Ok(())
        })
    }
}
