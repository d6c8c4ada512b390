//! What somebody in front of Slack reads: Block Kit as lines, and what is new since the last look.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use underrose_slack_emulator::{Actor, Emulator};

use super::{is_direct, text};
use crate::network::Heard;

/// What everybody has read so far.
#[derive(Default)]
pub struct Seen {
    /// By person and channel (or nothing: what is theirs alone).
    heard: BTreeMap<(String, String), Vec<Heard>>,
    /// By person, channel and stamp (or view and hash), as it stood at the last look.
    stood: BTreeMap<(String, String, String), Vec<String>>,
    /// Who has just opened their page. It changes by itself later too; a script reads it when it is
    /// opened.
    opened: BTreeSet<String>,
}

impl Seen {
    pub fn opens_home(&mut self, who: &str) {
        self.opened.insert(who.to_owned());
    }

    pub fn heard(&self, who: &str, channel: &str) -> Vec<Heard> {
        let key = (who.to_owned(), channel.to_owned());
        self.heard.get(&key).cloned().unwrap_or_default()
    }

    /// Takes down what is new before this person.
    pub fn look(&mut self, who: &str, emulator: &Emulator, id: &str) {
        let actor = emulator.actor(id);
        let channels: Vec<(String, bool)> = emulator.look(|world| {
            let all = world.channels.values();
            let mine = all.filter(|channel| channel.members.contains(id));
            mine.map(|channel| (channel.id.clone(), is_direct(&channel.kind)))
                .collect()
        });
        let mut alone = Vec::new();
        for (channel, direct) in channels {
            for message in actor.sees(&channel) {
                if !message["bot_id"].is_string() {
                    continue;
                }
                let stamp = text(&message, "/ts").to_owned();
                let now = lines(&message["blocks"]);
                let place = (who.to_owned(), channel.clone(), stamp.clone());
                let Some(heard) = self.news(place, now) else {
                    continue;
                };
                if direct || message["ephemeral"] == true {
                    alone.push((stamp, heard));
                } else {
                    let key = (who.to_owned(), channel.clone());
                    self.heard.entry(key).or_default().push(heard);
                }
            }
        }
        alone.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut alone: Vec<Heard> = alone.into_iter().map(|(_, heard)| heard).collect();
        alone.extend(self.views(who, &actor));
        let key = (who.to_owned(), String::new());
        self.heard.entry(key).or_default().extend(alone);
    }

    /// What a message says that stands there now, if it is news.
    fn news(&mut self, place: (String, String, String), now: Vec<String>) -> Option<Heard> {
        let before = self.stood.insert(place, now.clone());
        match before {
            None => Some(Heard::Said(now)),
            Some(before) if before == now => None,
            Some(before) => {
                let old: BTreeSet<&String> = before.iter().collect();
                let lines: Vec<String> = now
                    .iter()
                    .filter(|line| !old.contains(line))
                    .cloned()
                    .collect();
                let partial = false;
                (!lines.is_empty()).then_some(Heard::Edited { lines, partial })
            }
        }
    }

    /// The modal, as often as it was given anew, and the home page that was just opened.
    fn views(&mut self, who: &str, actor: &Actor) -> Vec<Heard> {
        let mut found = Vec::new();
        if let Some((version, lines)) = actor.modal().map(|shown| modal(&shown, actor)) {
            let place = (who.to_owned(), "view".to_owned(), version);
            if self.stood.insert(place, lines.clone()).is_none() {
                found.push(Heard::Said(lines));
            }
        }
        if self.opened.remove(who)
            && let Some(home) = actor.home()
        {
            found.push(Heard::Said(lines(&home["blocks"])));
        }
        found
    }
}

pub fn version(view: &Value) -> String {
    format!("{}/{}", text(view, "/id"), text(view, "/hash"))
}

/// A modal as lines: an answer is its text; a form has its fields, and errors beside them.
fn modal(view: &Value, actor: &Actor) -> (String, Vec<String>) {
    let errors = actor.errors();
    let version = format!("{} {}", version(view), Value::from(errors.clone()));
    if view["callback_id"] != "form" {
        return (version, lines(&view["blocks"]));
    }
    let inputs: Vec<&Value> = view["blocks"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|block| block["type"] == "input")
        .collect();
    if !errors.is_empty() {
        let beside = inputs.iter().filter_map(|block| {
            let error = errors.get(text(block, "/block_id"))?.as_str()?;
            Some(format!("! {}: {error}", text(block, "/element/action_id")))
        });
        return (version, beside.collect());
    }
    let mut shown = vec![format!("form: {}", text(view, "/title/text"))];
    shown.extend(lines(&view["blocks"]));
    for block in inputs {
        let name = text(block, "/element/action_id");
        // The second half of a long text is the first one's.
        if name.ends_with("#2") {
            continue;
        }
        let held = &view["state"]["values"][text(block, "/block_id")][name];
        let value = text(held, "/value");
        let value = if value.is_empty() {
            text(held, "/selected_option/value")
        } else {
            value
        };
        let options = block["element"]["options"].as_array();
        let options = options.map_or(String::new(), |options| {
            let values: Vec<&str> = options.iter().map(|one| text(one, "/value")).collect();
            format!(" ({})", values.join("|"))
        });
        shown.push(format!("{name} = {value}{options}").trim_end().to_owned());
    }
    (version, shown)
}

/// The action id of the button with this label.
pub fn button(blocks: &Value, label: &str) -> Option<String> {
    let elements = blocks
        .as_array()
        .into_iter()
        .flatten()
        .filter(|block| block["type"] == "actions")
        .flat_map(|block| block["elements"].as_array().into_iter().flatten());
    let mut fitting =
        elements.filter(|element| text(element, "/text/text").eq_ignore_ascii_case(label));
    fitting
        .next()
        .map(|element| text(element, "/action_id").to_owned())
}

/// Blocks as the lines that somebody reads.
pub fn lines(blocks: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for block in blocks.as_array().into_iter().flatten() {
        match text(block, "/type") {
            "header" => lines.push(text(block, "/text/text").to_owned()),
            "section" => {
                for field in block["fields"].as_array().into_iter().flatten() {
                    let (name, value) = text(field, "/text").split_once('\n').unwrap_or_default();
                    let value = value.replace('\n', " / ");
                    lines.push(unescaped(&format!("{}: {value}", name.trim_matches('*'))));
                }
            }
            "actions" => {
                let labels: Vec<String> = block["elements"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|element| format!("[{}]", text(element, "/text/text")))
                    .collect();
                lines.push(labels.join(" "));
            }
            "rich_text" => rich(block, &mut lines),
            "input" => {}
            other => panic!("what is a {other}?"),
        }
    }
    lines
}

fn rich(block: &Value, lines: &mut Vec<String>) {
    let mut prose = String::new();
    for element in block["elements"].as_array().into_iter().flatten() {
        match text(element, "/type") {
            "rich_text_section" => prose.push_str(&inline(element)),
            "rich_text_list" => {
                lines.extend(std::mem::take(&mut prose).split('\n').map(str::to_owned));
                for item in element["elements"].as_array().into_iter().flatten() {
                    lines.push(format!("- {}", inline(item).replace('\n', " / ")));
                }
            }
            "rich_text_preformatted" => {
                lines.extend(std::mem::take(&mut prose).split('\n').map(str::to_owned));
                lines.extend(inline(element).split('\n').map(|line| format!("| {line}")));
            }
            other => panic!("what is a {other}?"),
        }
    }
    lines.extend(prose.split('\n').map(str::to_owned));
}

fn inline(section: &Value) -> String {
    section["elements"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|element| match text(element, "/type") {
            "text" => text(element, "/text").to_owned(),
            "link" => text(element, "/url").to_owned(),
            "user" => format!("@{}", text(element, "/user_id")),
            "channel" => format!("slack/{}", text(element, "/channel_id")),
            other => panic!("what is a {other}?"),
        })
        .collect()
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
