//! People looked up.

use serde_json::{Value, json};

use super::page;
use crate::args::Args;
use crate::refusal::{Answer, refuse};
use crate::world::World;

pub fn info(world: &mut World, args: &Args) -> Answer {
    let Some(person) = world.people.get(&args.need("user")?) else {
        return refuse("user_not_found");
    };
    Ok(json!({"ok": true, "user": world.person_json(person)}))
}

pub fn list(world: &mut World, args: &Args) -> Answer {
    let items: Vec<Value> = world
        .people
        .values()
        .map(|person| world.person_json(person))
        .collect();
    let everybody = items.len();
    let (members, next) = page(items, args, everybody.max(1), 1000)?;
    Ok(
        json!({"ok": true, "members": members, "cache_ts": world.tell_time(), "response_metadata": {"next_cursor": next}}),
    )
}

pub fn by_email(world: &mut World, args: &Args) -> Answer {
    let email = args.need("email")?.to_lowercase();
    let found = world
        .people
        .values()
        .find(|person| !person.is_bot && !person.deleted && person.email.to_lowercase() == email);
    match found {
        Some(person) => Ok(json!({"ok": true, "user": world.person_json(person)})),
        None => refuse("users_not_found"),
    }
}
