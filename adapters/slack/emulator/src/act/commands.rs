//! Commands, buttons of messages, shortcuts, and the home tab.

use serde_json::{Value, json};

use super::{Actor, Cannot, cannot};
use crate::args::Args;
use crate::check;
use crate::deliver::{self, Delivery};
use crate::payload;
use crate::record::Call;
use crate::respond;
use crate::text;
use crate::world::World;

impl Actor {
    /// Types a slash command (`/vuln`, then the rest). What the acknowledgement says is shown.
    ///
    /// # Errors
    /// When the app has no such command, or this person does not see the channel.
    pub async fn slash(
        &self,
        channel: &str,
        command: &str,
        text: &str,
    ) -> Result<Delivery, Cannot> {
        let parcel = self.emulator.with(|world| {
            let Some(known) = world.settings.commands.get(command) else {
                return cannot(format!("{command} is not a command of this app"));
            };
            let escapes = known.should_escape;
            let Some(place) = world.channels.get(channel) else {
                return cannot("there is no such channel");
            };
            if !place.members.contains(&self.id) {
                return cannot("not in that channel");
            }
            let text = if escapes {
                text::mentions(text, |word| escaped(world, word))
            } else {
                text.to_owned()
            };
            Ok(payload::command(world, &self.id, channel, command, &text))
        })?;
        let delivery = deliver::deliver(&self.emulator.shared, &parcel).await;
        if let Ok(Some(answer)) = &delivery.answer {
            self.shown(channel, answer);
        }
        Ok(delivery)
    }

    /// What came with a command's acknowledgement, as the person sees it.
    fn shown(&self, channel: &str, answer: &Value) {
        let args = Args::from_ack(Some(answer));
        if args.0.is_empty() {
            return;
        }
        self.emulator.with(|world| {
            let outcome = respond::answer(world, channel, &self.id, None, &args);
            let error = outcome.err().map(|refusal| refusal.body().to_string());
            note_ack(world, "ack:slash_commands", args, error);
        });
    }

    /// Presses a button of a message, or chooses an option's value in a menu of one.
    ///
    /// # Errors
    /// When this person does not see such an element there.
    pub async fn press(
        &self,
        channel: &str,
        ts: &str,
        action_id: &str,
    ) -> Result<Delivery, Cannot> {
        self.choose(channel, ts, action_id, "").await
    }

    /// # Errors
    /// When this person does not see such an element there.
    pub async fn choose(
        &self,
        channel: &str,
        ts: &str,
        action_id: &str,
        value: &str,
    ) -> Result<Delivery, Cannot> {
        let parcel = self.emulator.with(|world| {
            let found = world
                .channels
                .get(channel)
                .filter(|c| c.members.contains(&self.id));
            let message = found.and_then(|c| c.message(ts));
            let seen = |to: &Option<String>| to.as_ref().is_none_or(|to| *to == self.id);
            let Some(message) = message.filter(|message| seen(&message.ephemeral_to)) else {
                return cannot("this person does not see that message");
            };
            let blocks = json!(message.blocks);
            let action = action(world, &blocks, action_id, value)?;
            Ok(payload::message_action(
                world,
                &self.id,
                (channel, ts),
                action,
            ))
        })?;
        let delivery = deliver::deliver(&self.emulator.shared, &parcel).await;
        no_words(&self.emulator, "ack:block_actions", &delivery);
        Ok(delivery)
    }

    /// Presses the element whose visible text is `label`, of the newest message that has one.
    ///
    /// # Errors
    /// When this person sees no such button in the channel.
    pub async fn press_labelled(&self, channel: &str, label: &str) -> Result<Delivery, Cannot> {
        let found = self.sees(channel).into_iter().rev().find_map(|message| {
            let blocks = message["blocks"].clone();
            let (_, element) = check::elements(&blocks)
                .into_iter()
                .find(|(_, element)| element["text"]["text"] == label)?;
            let action = element["action_id"].as_str()?.to_owned();
            Some((message["ts"].as_str()?.to_owned(), action))
        });
        match found {
            Some((ts, action)) => self.press(channel, &ts, &action).await,
            None => cannot(format!("no button says {label:?} there")),
        }
    }

    /// Uses a message shortcut.
    ///
    /// # Errors
    /// When the app has no such shortcut, or this person does not see the message.
    pub async fn shortcut(
        &self,
        channel: &str,
        ts: &str,
        callback_id: &str,
    ) -> Result<Delivery, Cannot> {
        let parcel = self.emulator.with(|world| {
            if !world.settings.shortcuts.contains(callback_id) {
                return cannot("the app has no such shortcut");
            }
            let visible = world.channels.get(channel).is_some_and(|found| {
                found.kind == crate::world::Kind::Public || found.members.contains(&self.id)
            });
            if !visible {
                return cannot("this person does not see that channel");
            }
            payload::shortcut(world, &self.id, (channel, ts), callback_id)
                .ok_or_else(|| Cannot("there is no such message".into()))
        })?;
        let delivery = deliver::deliver(&self.emulator.shared, &parcel).await;
        no_words(&self.emulator, "ack:message_action", &delivery);
        Ok(delivery)
    }

    /// Opens the app's home tab.
    pub fn open_home(&self) {
        self.emulator.with(|world| {
            let channel = world.direct(&self.id);
            let mut event = json!({
                "type": "app_home_opened",
                "user": self.id,
                "channel": channel,
                "tab": "home",
                "event_ts": world.ts(),
            });
            let standing = world.homes.get(&self.id).and_then(|id| world.views.get(id));
            if let Some(view) = standing {
                event["view"] = world.view_json(view);
            }
            world.emit("app_home_opened", event, false);
        });
    }
}

/// `<@U…|name>`, as commands with escaping get it.
fn escaped(world: &World, word: &str) -> Option<String> {
    let name = word.strip_prefix('@')?;
    let person = world.people.values().find(|person| person.name == name)?;
    Some(format!("<@{}|{}>", person.id, person.name))
}

/// The `actions` entry for using an element.
pub fn action(
    world: &mut World,
    blocks: &Value,
    action_id: &str,
    value: &str,
) -> Result<Value, Cannot> {
    let found = check::elements(blocks)
        .into_iter()
        .find(|(_, element)| element["action_id"] == action_id);
    let Some((block, element)) = found else {
        return cannot(format!("nothing called {action_id} is shown"));
    };
    let kind = element["type"].as_str().unwrap_or_default();
    let mut action = json!({
        "type": kind,
        "action_id": action_id,
        "block_id": block,
        "action_ts": world.ts(),
    });
    match kind {
        "button" => {
            for key in ["text", "value", "style", "url", "confirm"] {
                if let Some(value) = element.get(key) {
                    action[key] = value.clone();
                }
            }
        }
        "overflow" => {
            let chosen = crate::values::options(element)
                .into_iter()
                .find(|option| option["value"] == value);
            let Some(chosen) = chosen else {
                return cannot(format!("there is no option {value}"));
            };
            action["selected_option"] = chosen.clone();
        }
        _ => {
            let held = crate::values::entered(element, value).map_err(Cannot)?;
            crate::world::merge(&mut action, held);
        }
    }
    Ok(action)
}

/// Records what came with an acknowledgement.
pub fn note_ack(world: &mut World, method: &str, args: Args, error: Option<String>) {
    let at = world.now;
    let call = Call {
        at,
        method: method.to_owned(),
        how: "ack".into(),
        arguments: args.decoded(),
        status: 200,
        outcome: error.clone().unwrap_or_else(|| "ok".into()),
        complaints: error.into_iter().collect(),
    };
    world.record.call(call, &Value::Null);
}

/// Some acknowledgements must say nothing: Slack ignores what is in them.
pub fn no_words(emulator: &crate::emulator::Emulator, method: &str, delivery: &Delivery) {
    let said = delivery.answer.as_ref().ok().and_then(Option::as_ref);
    if let Some(said) = said.filter(|said| said.as_object().is_none_or(|keys| !keys.is_empty())) {
        let args = Args::from_ack(Some(said));
        let error = "this acknowledgement says something that Slack ignores".to_owned();
        emulator.with(|world| note_ack(world, method, args, Some(error)));
    }
}
