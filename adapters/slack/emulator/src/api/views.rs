//! Modals and home tabs, from the app's side.

use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use crate::args::{Args, missing};
use crate::check::{self, limit};
use crate::refusal::{Answer, Refusal, refuse};
use crate::values;
use crate::world::{View, ViewKind, World};

/// A view as it was sent, checked, with ids filled in.
fn body(world: &mut World, args: &Args, kind: ViewKind) -> Answer {
    let mut view = args.structure("view")?.ok_or_else(|| missing("view"))?;
    fit(world, &mut view, kind)?;
    Ok(view)
}

/// Checks a view, and fills in the ids that Slack fills in.
pub fn fit(world: &mut World, view: &mut Value, kind: ViewKind) -> Result<(), Refusal> {
    if view.to_string().len() > limit::VIEW_BYTES {
        return refuse("view_too_large");
    }
    let errors = check::view(view, kind);
    if !errors.is_empty() {
        return Err(Refusal::new("invalid_arguments").because(&errors));
    }
    if let Some(blocks) = view["blocks"].as_array_mut() {
        check::fill_ids(blocks, || {
            let token = world.token();
            token[token.len() - 6..].to_owned()
        });
    }
    Ok(())
}

/// Takes a trigger: whose it is, and the view it was made in.
fn take_trigger(world: &mut World, args: &Args) -> Result<(String, Option<String>), Refusal> {
    let id = args
        .text("trigger_id")
        .ok_or_else(|| missing("trigger_id"))?;
    let now = world.now;
    let Some(trigger) = world.triggers.get_mut(&id) else {
        return refuse("invalid_trigger_id");
    };
    if now - trigger.made > TimeDelta::seconds(limit::TRIGGER_SECONDS) {
        return refuse("expired_trigger_id");
    }
    if trigger.used {
        return refuse("exchanged_trigger_id");
    }
    trigger.used = true;
    Ok((trigger.person.clone(), trigger.view.clone()))
}

fn unique(world: &World, body: &Value, but: Option<&str>) -> Result<(), Refusal> {
    let Some(external) = body["external_id"].as_str().filter(|id| !id.is_empty()) else {
        return Ok(());
    };
    let double = world
        .views
        .values()
        .any(|view| view.body["external_id"] == external && Some(view.id.as_str()) != but);
    if double {
        return refuse("duplicate_external_id");
    }
    Ok(())
}

pub fn open(world: &mut World, args: &Args) -> Answer {
    let body = body(world, args, ViewKind::Modal)?;
    unique(world, &body, None)?;
    let (person, _) = take_trigger(world, args)?;
    // A modal that is open already gives way.
    world.close_all(&person);
    let id = place(world, &person, body);
    Ok(answer(world, &id))
}

pub fn push(world: &mut World, args: &Args) -> Answer {
    let body = body(world, args, ViewKind::Modal)?;
    unique(world, &body, None)?;
    let (person, _) = take_trigger(world, args)?;
    let depth = world.stacks.get(&person).map_or(0, Vec::len);
    if depth == 0 {
        return refuse("not_found");
    }
    if depth >= limit::VIEWS_OF_STACK {
        return refuse("push_limit_reached");
    }
    let id = place(world, &person, body);
    Ok(answer(world, &id))
}

/// Puts a new view on top of a person's stack.
pub fn place(world: &mut World, person: &str, body: Value) -> String {
    let id = world.id("V");
    let stack = world.stacks.entry(person.to_owned()).or_default();
    let previous_id = stack.last().cloned();
    let root_id = stack.first().cloned().unwrap_or_else(|| id.clone());
    stack.push(id.clone());
    let hash = world.view_hash();
    let values = values::initial(&body["blocks"], &Map::new());
    let view = View {
        id: id.clone(),
        kind: ViewKind::Modal,
        person: person.to_owned(),
        hash,
        root_id,
        previous_id,
        body,
        values,
        errors: Map::new(),
        response_urls: Vec::new(),
    };
    world.views.insert(id.clone(), view);
    id
}

/// Shows another body in the same view. What was entered stays where block and action keep their
/// ids, and is lost elsewhere.
pub fn replace(world: &mut World, id: &str, body: Value) {
    let hash = world.view_hash();
    if let Some(view) = world.views.get_mut(id) {
        view.values = values::initial(&body["blocks"], &view.values);
        view.body = body;
        view.hash = hash;
        view.errors = Map::new();
    }
}

fn answer(world: &World, id: &str) -> Value {
    let view = world.views.get(id).map(|view| world.view_json(view));
    json!({"ok": true, "view": view})
}

pub fn update(world: &mut World, args: &Args) -> Answer {
    let id = match (args.text("view_id"), args.text("external_id")) {
        (Some(id), _) => id,
        (None, Some(external)) => world
            .views
            .values()
            .find(|view| view.body["external_id"] == external.as_str())
            .map(|view| view.id.clone())
            .ok_or_else(|| Refusal::new("not_found"))?,
        (None, None) => return Err(missing("view_id")),
    };
    let Some(view) = world.views.get(&id) else {
        return refuse("not_found");
    };
    let (kind, hash) = (view.kind, view.hash.clone());
    let body = body(world, args, kind)?;
    if args.text("hash").is_some_and(|given| given != hash) {
        return refuse("hash_conflict");
    }
    unique(world, &body, Some(&id))?;
    replace(world, &id, body);
    Ok(answer(world, &id))
}

pub fn publish(world: &mut World, args: &Args) -> Answer {
    let person = args.need("user_id")?;
    if !world.people.contains_key(&person) {
        let why = ["there is no such user: user_id".to_owned()];
        return Err(Refusal::new("invalid_arguments").because(&why));
    }
    let body = body(world, args, ViewKind::Home)?;
    let standing = world.homes.get(&person).cloned();
    if let (Some(given), Some(id)) = (args.text("hash"), &standing)
        && world.views.get(id).is_some_and(|view| view.hash != given)
    {
        return refuse("hash_conflict");
    }
    unique(world, &body, standing.as_deref())?;
    let id = match standing {
        Some(id) => {
            replace(world, &id, body);
            id
        }
        None => {
            let id = place(world, &person, body);
            // A home tab stands in no stack.
            if let Some(stack) = world.stacks.get_mut(&person) {
                stack.retain(|other| *other != id);
            }
            if let Some(view) = world.views.get_mut(&id) {
                view.kind = ViewKind::Home;
                view.root_id.clone_from(&id);
                view.previous_id = None;
            }
            world.homes.insert(person, id.clone());
            id
        }
    };
    Ok(answer(world, &id))
}
