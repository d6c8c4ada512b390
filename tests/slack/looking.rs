//! What is seen of a scene: cards, pages, announcements, buttons.

use serde_json::Value;
use underrose_slack_emulator::{Channel, World};

use crate::scene::{DEADLINE, Scene};

impl Scene {
    /// A person's home tab, once it shows these words.
    pub async fn home(&self, name: &str, words: &str) -> Value {
        let id = self.id(name);
        let shown = |world: &World| {
            let view = world.views.get(world.homes.get(&id)?)?;
            Some(view.body.clone()).filter(|body| body.to_string().contains(words))
        };
        self.emulator.until_in(DEADLINE, words, shown).await
    }

    /// The case's card, as it reads now.
    pub fn card(&self, case: &str) -> Value {
        self.emulator.look(|world| card(world, case)).unwrap()
    }

    /// The case's card, once it shows these words.
    pub async fn card_that(&mut self, case: &str, words: &str) -> Value {
        self.until(words, |world| {
            card(world, case).filter(|card| card.to_string().contains(words))
        })
        .await
    }

    /// Announcements in the public channels, with when they were said.
    pub fn announced(world: &World, halls: &[String]) -> Vec<(String, f64)> {
        let mut found = Vec::new();
        for hall in halls {
            for message in &world.channels[hall].messages {
                if message.by_app
                    && Value::from(message.blocks.clone())
                        .to_string()
                        .contains("ANNOUNCEMENT")
                {
                    found.push((hall.clone(), message.ts.parse().unwrap()));
                }
            }
        }
        found
    }
}

pub fn case_rooms(world: &World) -> impl Iterator<Item = &Channel> {
    world
        .channels
        .values()
        .filter(|channel| channel.name.starts_with("case-"))
}

/// The pinned card, as Slack shows it.
fn card(world: &World, case: &str) -> Option<Value> {
    let room = world.channels.get(case)?;
    let message = room.message(room.pins.first()?)?;
    Some(world.message_json(message, true))
}

/// Every button to approve that was shown in the room, as the command that it gives, in order.
pub fn approvals(room: &Channel) -> Vec<String> {
    let mut found = Vec::new();
    for message in &room.messages {
        for block in &message.blocks {
            for element in block["elements"].as_array().into_iter().flatten() {
                let value = element["value"].as_str().unwrap_or_default();
                if value.contains("announce approve") {
                    found.push(value.to_owned());
                }
            }
        }
    }
    found
}
