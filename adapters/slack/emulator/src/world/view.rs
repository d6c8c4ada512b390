//! Modals and home tabs, the triggers that open them, and response URLs.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::World;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewKind {
    Modal,
    Home,
}

/// A view as one person has it before them.
#[derive(Clone, Debug)]
pub struct View {
    pub id: String,
    pub kind: ViewKind,
    pub person: String,
    pub hash: String,
    pub root_id: String,
    pub previous_id: Option<String>,
    /// As the app sent it, with the block ids that Slack fills in.
    pub body: Value,
    /// `state.values`: block id to action id to what is entered now.
    pub values: Map<String, Value>,
    /// Errors beside fields, as the last submission left them: block id to sentence.
    pub errors: Map<String, Value>,
    pub response_urls: Vec<String>,
}

/// A person's gesture, exchangeable once for a view.
#[derive(Clone, Debug)]
pub struct Trigger {
    pub person: String,
    pub made: DateTime<Utc>,
    pub used: bool,
    /// The view it was made in, for `views.push`.
    pub view: Option<String>,
}

/// What a response URL is about.
#[derive(Clone, Debug)]
pub enum Whence {
    Command,
    Message { ts: String },
}

#[derive(Clone, Debug)]
pub struct ResponseUrl {
    pub channel: String,
    pub person: String,
    pub made: DateTime<Utc>,
    pub uses: u32,
    pub whence: Whence,
}

/// After how many more the old triggers and response URLs are thrown away.
const SWEEP_EVERY: usize = 1000;

impl World {
    pub fn trigger(&mut self, person: &str, view: Option<&str>) -> String {
        let token = self.token();
        let id = format!("{}.{}", self.now.timestamp_millis(), token.replace('-', ""));
        let made = self.now;
        // An old one can only be answered with "expired"; looked for seldom, since a soak makes
        // ten thousand.
        if self.triggers.len() % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.triggers
                .retain(|_, trigger| made - trigger.made < chrono::TimeDelta::hours(1));
        }
        self.triggers.insert(
            id.clone(),
            Trigger {
                person: person.to_owned(),
                made,
                used: false,
                view: view.map(str::to_owned),
            },
        );
        id
    }

    pub fn response_url(&mut self, channel: &str, person: &str, whence: Whence) -> String {
        let token = self.token();
        let made = self.now;
        if self.response_urls.len() % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.response_urls
                .retain(|_, url| made - url.made < chrono::TimeDelta::hours(2));
        }
        self.response_urls.insert(
            token.clone(),
            ResponseUrl {
                channel: channel.to_owned(),
                person: person.to_owned(),
                made,
                uses: 0,
                whence,
            },
        );
        format!("{}/actions/{}/{token}", self.origin, self.settings.team_id)
    }

    pub fn view_json(&self, view: &View) -> Value {
        let body = &view.body;
        let text = |key: &str| body.get(key).cloned().unwrap_or(Value::Null);
        let mut shown = json!({
            "id": view.id,
            "team_id": self.settings.team_id,
            "type": match view.kind { ViewKind::Modal => "modal", ViewKind::Home => "home" },
            "blocks": body["blocks"],
            "private_metadata": body["private_metadata"].as_str().unwrap_or(""),
            "callback_id": body["callback_id"].as_str().unwrap_or(""),
            "state": {"values": view.values},
            "hash": view.hash,
            "title": match view.kind {
                ViewKind::Modal => text("title"),
                ViewKind::Home => json!({"type": "plain_text", "text": "View Title", "emoji": true}),
            },
            "clear_on_close": body["clear_on_close"].as_bool().unwrap_or(false),
            "notify_on_close": body["notify_on_close"].as_bool().unwrap_or(false),
            "close": text("close"),
            "submit": text("submit"),
            "previous_view_id": view.previous_id,
            "root_view_id": view.root_id,
            "app_id": self.app_id,
            "external_id": body["external_id"].as_str().unwrap_or(""),
            "app_installed_team_id": self.settings.team_id,
            "bot_id": self.bot_id,
        });
        if body["submit_disabled"].as_bool() == Some(true) {
            shown["submit_disabled"] = json!(true);
        }
        shown
    }

    pub fn view_hash(&mut self) -> String {
        let token = self.token();
        format!("{}.{}", self.now.timestamp(), &token[token.len() - 8..])
    }

    /// The modal that this person sees.
    pub fn top_view(&self, person: &str) -> Option<&View> {
        let id = self.stacks.get(person)?.last()?;
        self.views.get(id)
    }
}
