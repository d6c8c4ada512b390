//! The Web API: one table of methods, and what every call goes through before its method runs.

mod channels;
mod chat;
mod history;
mod members;
mod people;
mod reach;
mod things;
mod views;

pub use chat::content;
pub use views::{fit, place, replace};

use serde_json::{Value, json};

use crate::args::Args;
use crate::rate::Tier;
use crate::refusal::{Answer, Refusal, refuse};
use crate::world::World;

/// A method as its page of the documentation describes it.
/// <https://docs.slack.dev/reference/methods>
pub struct Method {
    pub name: &'static str,
    pub tier: Tier,
    /// One of these is needed; none if empty. The method itself tells public from private.
    pub scopes: &'static [&'static str],
    /// Whether `application/json` is taken. Where it is not, Slack ignores such a body.
    pub json: bool,
    pub arguments: &'static [&'static str],
    pub run: fn(&mut World, &Args) -> Answer,
}

const MANAGE: &[&str] = &["channels:manage", "groups:write", "im:write", "mpim:write"];
const READ: &[&str] = &["channels:read", "groups:read", "im:read", "mpim:read"];
const HISTORY: &[&str] = &[
    "channels:history",
    "groups:history",
    "im:history",
    "mpim:history",
];
const WRITE: &[&str] = &["chat:write"];

macro_rules! methods {
    ($($name:literal $tier:ident $scopes:expr, $json:literal, [$($argument:literal)*], $run:path;)*) => {
        /// Every method that is emulated; another is `unknown_method`.
        pub const METHODS: &[Method] = &[$(Method {
            name: $name,
            tier: Tier::$tier,
            scopes: $scopes,
            json: $json,
            arguments: &[$($argument),*],
            run: $run,
        }),*];
    };
}

methods! {
    "api.test" Four &[], true, ["error" "foo"], things::api_test;
    "auth.test" Special &[], true, [], things::auth_test;
    "apps.connections.open" One &[], true, [], things::connections_open;
    "chat.postMessage" Posting WRITE, true, ["channel" "text" "blocks" "attachments" "thread_ts" "reply_broadcast" "unfurl_links" "unfurl_media" "metadata" "mrkdwn" "parse" "link_names" "username" "icon_emoji" "icon_url"], chat::post;
    "chat.postEphemeral" Four WRITE, true, ["channel" "user" "text" "blocks" "attachments" "thread_ts" "parse" "link_names" "username" "icon_emoji" "icon_url"], chat::post_ephemeral;
    "chat.update" Three WRITE, true, ["channel" "ts" "text" "blocks" "attachments" "metadata" "parse" "link_names" "reply_broadcast" "file_ids"], chat::update;
    "chat.delete" Three WRITE, true, ["channel" "ts"], chat::delete;
    "chat.getPermalink" Special &[], false, ["channel" "message_ts"], chat::permalink;
    "conversations.create" Two MANAGE, true, ["name" "is_private" "team_id"], channels::create;
    "conversations.archive" Two MANAGE, true, ["channel"], channels::archive;
    "conversations.setTopic" Two MANAGE, true, ["channel" "topic"], channels::set_topic;
    "conversations.setPurpose" Two MANAGE, true, ["channel" "purpose"], channels::set_purpose;
    "conversations.info" Three READ, false, ["channel" "include_locale" "include_num_members"], channels::info;
    "conversations.list" Two READ, false, ["types" "exclude_archived" "limit" "cursor" "team_id"], channels::list;
    "conversations.open" Three &["im:write", "mpim:write"], true, ["users" "channel" "return_im" "prevent_creation"], channels::open;
    "conversations.join" Three &["channels:join"], true, ["channel"], members::join;
    "conversations.invite" Three MANAGE, true, ["channel" "users" "force"], members::invite;
    "conversations.kick" Three MANAGE, true, ["channel" "user"], members::kick;
    "conversations.leave" Three MANAGE, true, ["channel"], members::leave;
    "conversations.members" Four READ, false, ["channel" "limit" "cursor"], members::members;
    "conversations.history" Three HISTORY, false, ["channel" "latest" "oldest" "inclusive" "limit" "cursor" "include_all_metadata"], history::history;
    "conversations.replies" Three HISTORY, false, ["channel" "ts" "latest" "oldest" "inclusive" "limit" "cursor" "include_all_metadata"], history::replies;
    "users.info" Four &["users:read"], false, ["user" "include_locale"], people::info;
    "users.list" Two &["users:read"], false, ["limit" "cursor" "include_locale" "team_id"], people::list;
    "users.conversations" Three READ, false, ["user" "types" "exclude_archived" "limit" "cursor" "team_id"], channels::of_person;
    "users.lookupByEmail" Three &["users:read.email"], false, ["email"], people::by_email;
    "views.open" Four &[], true, ["trigger_id" "interactivity_pointer" "view"], views::open;
    "views.push" Four &[], true, ["trigger_id" "interactivity_pointer" "view"], views::push;
    "views.update" Four &[], true, ["view" "view_id" "external_id" "hash"], views::update;
    "views.publish" Four &[], true, ["user_id" "view" "hash"], views::publish;
    "pins.add" Two &["pins:write"], true, ["channel" "timestamp"], things::pin;
    "pins.list" Two &["pins:read"], false, ["channel"], things::pins;
    "reactions.add" Three &["reactions:write"], true, ["channel" "timestamp" "name"], things::react;
    "usergroups.list" Two &["usergroups:read"], false, ["include_count" "include_disabled" "include_users" "team_id"], things::groups;
    "usergroups.users.list" Two &["usergroups:read"], false, ["usergroup" "include_disabled" "team_id"], things::group_people;
    "usergroups.users.update" Two &["usergroups:write"], true, ["usergroup" "users" "include_count" "team_id"], things::set_group_people;
}

pub fn method(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

/// Runs a method for the holder of `token`.
pub fn call(world: &mut World, method: &Method, token: Option<&str>, args: &Args) -> Answer {
    authenticate(world, method, token)?;
    if !method.scopes.is_empty() {
        reach::need_any(world, method.scopes)?;
    }
    (method.run)(world, args)
}

fn authenticate(world: &World, method: &Method, token: Option<&str>) -> Result<(), Refusal> {
    if method.name == "api.test" {
        return Ok(());
    }
    let Some(token) = token else {
        return refuse("not_authed");
    };
    let is_app = token == world.settings.app_token;
    if !is_app && token != world.settings.bot_token {
        return refuse("invalid_auth");
    }
    match world.standing {
        crate::world::Standing::Good => {}
        crate::world::Standing::Revoked => return refuse("token_revoked"),
        crate::world::Standing::Inactive => return refuse("account_inactive"),
    }
    let for_app = method.name == "apps.connections.open";
    if is_app != for_app && method.name != "auth.test" {
        return refuse("not_allowed_token_type");
    }
    Ok(())
}

/// What nobody meant, and Slack ignores: arguments that the method does not have. `team_id` is
/// sent with everything by Bolt for JavaScript, for organisations with several workspaces.
pub fn surplus(method: &Method, args: &Args) -> Vec<String> {
    let common = ["token", "team_id"];
    args.0
        .keys()
        .map(String::as_str)
        .filter(|name| !common.contains(name) && !method.arguments.contains(name))
        .map(|name| format!("unknown argument: {name}"))
        .collect()
}

/// One page of a list, and the cursor of the next.
fn page(
    items: Vec<Value>,
    args: &Args,
    standard: usize,
    most: usize,
) -> Result<(Vec<Value>, String), Refusal> {
    let limit = args.number("limit")?.unwrap_or(standard);
    if limit == 0 || limit > most {
        return Err(Refusal::new("invalid_limit"));
    }
    let start = match args.text("cursor") {
        None => 0,
        Some(cursor) => cursor
            .strip_prefix("next:")
            .and_then(|rest| rest.strip_suffix('='))
            .and_then(|rest| rest.parse().ok())
            .filter(|start| *start <= items.len())
            .ok_or_else(|| Refusal::new("invalid_cursor"))?,
    };
    let end = (start + limit).min(items.len());
    let next = if end < items.len() {
        // Ends in "=", as Slack's do, so that whoever forgets to encode it is found out.
        format!("next:{end}=")
    } else {
        String::new()
    };
    Ok((items[start..end].to_vec(), next))
}

fn paged(key: &str, (items, next): (Vec<Value>, String)) -> Value {
    json!({"ok": true, key: items, "response_metadata": {"next_cursor": next}})
}
