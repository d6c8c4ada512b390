//! Modals and the home tab, from the person's side.

use serde_json::{Map, Value, json};

use super::commands::{action, no_words, note_ack};
use super::{Actor, Cannot, cannot};
use crate::api;
use crate::args::Args;
use crate::check;
use crate::deliver::{self, Delivery};
use crate::payload;
use crate::values;
use crate::world::{View, ViewKind, World};

impl Actor {
    /// The modal before this person, as `view` objects read, with its live state.
    pub fn modal(&self) -> Option<Value> {
        self.emulator
            .look(|world| world.top_view(&self.id).map(|view| world.view_json(view)))
    }

    /// The errors beside the modal's fields: block id to sentence.
    pub fn errors(&self) -> Map<String, Value> {
        let errors = |world: &World| world.top_view(&self.id).map(|view| view.errors.clone());
        self.emulator.look(errors).unwrap_or_default()
    }

    /// Waits for a modal whose JSON the test accepts.
    pub async fn modal_that(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let find = |world: &World| {
            let view = world.top_view(&self.id).map(|view| world.view_json(view));
            view.filter(&fits)
        };
        self.emulator.until(what, find).await
    }

    /// Enters something into the element with this action or block id: text, an option's value,
    /// a person's or channel's id, a date. If the element tells the app of changes, it is told,
    /// with the state of the whole view.
    ///
    /// # Errors
    /// When there is no such element in the modal, or this cannot be entered.
    pub async fn fill(&self, field: &str, text: &str) -> Result<Option<Delivery>, Cannot> {
        let parcel = self.emulator.with(|world| {
            let view = top(world, &self.id)?.clone();
            let (block, element) = element(&view.body["blocks"], field)?;
            let held = values::entered(&element, text).map_err(Cannot)?;
            let action_id = element["action_id"].as_str().unwrap_or_default().to_owned();
            if let Some(stored) = world.views.get_mut(&view.id) {
                stored.values[&block][&action_id] = held;
                stored.errors.remove(&block);
            }
            if !tells(&view.body["blocks"], &block) {
                return Ok(None);
            }
            let action = action(world, &view.body["blocks"], &action_id, text)?;
            Ok(Some(payload::view_action(
                world, &self.id, &view.id, action,
            )))
        })?;
        let Some(parcel) = parcel else {
            return Ok(None);
        };
        let delivery = deliver::deliver(&self.emulator.shared, &parcel).await;
        no_words(&self.emulator, "ack:block_actions", &delivery);
        Ok(Some(delivery))
    }

    /// Presses a button of the modal.
    ///
    /// # Errors
    /// When the modal has no such button.
    pub async fn press_modal(&self, action_id: &str) -> Result<Delivery, Cannot> {
        let view = self
            .emulator
            .look(|world| top(world, &self.id).map(|view| view.id.clone()))?;
        self.press_view(&view, action_id, "").await
    }

    /// Presses a button of the home tab, or chooses an option there.
    ///
    /// # Errors
    /// When the home tab has no such element.
    pub async fn press_home(&self, action_id: &str, value: &str) -> Result<Delivery, Cannot> {
        let home = self
            .emulator
            .look(|world| world.homes.get(&self.id).cloned());
        match home {
            Some(view) => self.press_view(&view, action_id, value).await,
            None => cannot("nothing was published to the home tab"),
        }
    }

    async fn press_view(
        &self,
        view: &str,
        action_id: &str,
        value: &str,
    ) -> Result<Delivery, Cannot> {
        let parcel = self.emulator.with(|world| {
            let Some(found) = world.views.get(view) else {
                return cannot("the view is closed");
            };
            let blocks = found.body["blocks"].clone();
            let action = action(world, &blocks, action_id, value)?;
            Ok(payload::view_action(world, &self.id, view, action))
        })?;
        let delivery = deliver::deliver(&self.emulator.shared, &parcel).await;
        no_words(&self.emulator, "ack:block_actions", &delivery);
        Ok(delivery)
    }

    /// Submits the modal. Afterwards it is closed, replaced, or shows errors, as the app answered.
    ///
    /// # Errors
    /// When there is nothing to submit, or Slack's client would not let it go (a field that is
    /// needed is empty).
    pub async fn submit(&self) -> Result<Delivery, Cannot> {
        let (parcel, view) = self.emulator.with(|world| {
            let view = top(world, &self.id)?.clone();
            if !view.body["submit"].is_object() {
                return cannot("the modal has no submit button");
            }
            complete(&view)?;
            Ok((payload::submission(world, &self.id, &view.id), view.id))
        })?;
        let delivery = deliver::deliver(&self.emulator.shared, &parcel).await;
        if let Ok(answer) = &delivery.answer {
            let args = Args::from_ack(answer.as_ref());
            self.emulator.with(|world| {
                let error = follow(world, &self.id, &view, &args).err();
                note_ack(world, "ack:view_submission", args, error);
            });
        }
        Ok(delivery)
    }

    /// Closes the modal on top (or all of them, with the cross of a cleared stack). The app hears
    /// of it only if it asked to.
    ///
    /// # Errors
    /// When there is none.
    pub async fn close(&self) -> Result<Option<Delivery>, Cannot> {
        let parcel = self.emulator.with(|world| {
            let view = top(world, &self.id)?.clone();
            let cleared = view.body["clear_on_close"] == true;
            let shown = world.view_json(&view);
            if cleared {
                world.close_all(&self.id);
            } else {
                world.close_one(&self.id, &view.id);
            }
            let told = view.body["notify_on_close"] == true;
            Ok(told.then(|| payload::closed(world, &self.id, &shown, cleared)))
        })?;
        match parcel {
            Some(parcel) => Ok(Some(deliver::deliver(&self.emulator.shared, &parcel).await)),
            None => Ok(None),
        }
    }
}

fn top<'a>(world: &'a World, person: &str) -> Result<&'a View, Cannot> {
    world
        .top_view(person)
        .ok_or_else(|| Cannot("no modal is open".into()))
}

/// An element by its action id, or by its block's.
fn element(blocks: &Value, field: &str) -> Result<(String, Value), Cannot> {
    check::elements(blocks)
        .into_iter()
        .find(|(block, element)| element["action_id"] == field || *block == field)
        .map(|(block, element)| (block.to_owned(), element.clone()))
        .ok_or_else(|| Cannot(format!("the modal has no field {field}")))
}

/// Whether a change in this block is told at once: always outside of input blocks, else on request.
fn tells(blocks: &Value, id: &str) -> bool {
    blocks
        .as_array()
        .into_iter()
        .flatten()
        .find(|block| block["block_id"] == id)
        .is_some_and(|block| block["type"] != "input" || block["dispatch_action"] == true)
}

fn complete(view: &View) -> Result<(), Cannot> {
    for block in view.body["blocks"].as_array().into_iter().flatten() {
        if block["type"] != "input" || block["optional"] == true {
            continue;
        }
        let id = block["block_id"].as_str().unwrap_or_default();
        let action = block["element"]["action_id"].as_str().unwrap_or_default();
        let held = &view
            .values
            .get(id)
            .map_or(Value::Null, |actions| actions[action].clone());
        if values::is_empty(held) {
            return cannot(format!("the field {id} is empty"));
        }
        let least = block["element"]["min_length"].as_u64().unwrap_or(0) as usize;
        if held["value"]
            .as_str()
            .is_some_and(|text| check::limit::length(text) < least)
        {
            return cannot(format!("the field {id} is too short"));
        }
    }
    Ok(())
}

/// What the answer to a submission does. An error is what the person sees as "we had some trouble".
fn follow(world: &mut World, person: &str, view: &str, args: &Args) -> Result<(), String> {
    let action = args.text("response_action");
    let new_body = |world: &mut World| {
        let mut body = args
            .0
            .get("view")
            .cloned()
            .ok_or("missing required field: view")?;
        api::fit(world, &mut body, ViewKind::Modal)
            .map_err(|refusal| refusal.body().to_string())?;
        Ok::<Value, String>(body)
    };
    match action.as_deref() {
        None if args.0.is_empty() => {
            world.close_one(person, view);
            Ok(())
        }
        None => Err("an answer without response_action".into()),
        Some("clear") => {
            world.close_all(person);
            Ok(())
        }
        Some("errors") => {
            let errors = args.0.get("errors").and_then(Value::as_object).cloned();
            let errors = errors
                .filter(|errors| !errors.is_empty())
                .ok_or("no errors are named")?;
            let Some(view) = world.views.get_mut(view) else {
                return Err("the view is closed".into());
            };
            let blocks = view.body["blocks"].as_array().into_iter().flatten();
            let inputs: Vec<&Value> = blocks
                .filter(|block| block["type"] == "input")
                .map(|block| &block["block_id"])
                .collect();
            for (block, sentence) in &errors {
                if !inputs.contains(&&json!(block)) {
                    return Err(format!("errors names {block}, which is no input block"));
                }
                if sentence.as_str().is_none_or(str::is_empty) {
                    return Err(format!("the error of {block} says nothing"));
                }
            }
            view.errors = errors;
            Ok(())
        }
        Some("update") => {
            let body = new_body(world)?;
            api::replace(world, view, body);
            Ok(())
        }
        Some("push") => {
            let body = new_body(world)?;
            if world.stacks.get(person).map_or(0, Vec::len) >= check::limit::VIEWS_OF_STACK {
                return Err("push_limit_reached".into());
            }
            api::place(world, person, body);
            Ok(())
        }
        Some(other) => Err(format!("unknown response_action: {other}")),
    }
}
