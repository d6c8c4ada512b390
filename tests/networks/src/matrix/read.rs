//! What somebody in front of a Matrix client reads: the HTML of a message as lines, with what it
//! offers as `[…]`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::person::Shown;
use crate::network::Heard;

/// Reactions that stand for a number.
const MARKS: [&str; 10] = ["1️⃣", "2️⃣", "3️⃣", "4️⃣", "5️⃣", "6️⃣", "7️⃣", "8️⃣", "9️⃣", "🔟"];

/// Something that a message offers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offered {
    pub label: String,
    pub way: Way,
}

/// How it is taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Way {
    React(&'static str),
    /// By this number.
    Number(String),
    /// By these words.
    Type(String),
}

/// What one person has read of one bot.
#[derive(Default)]
pub struct View {
    /// Events of the person's client that were looked at.
    pub next: usize,
    /// In order, with the room.
    pub heard: Vec<(String, Heard)>,
    /// Messages as they stand now.
    stands: BTreeMap<String, Standing>,
    order: Vec<String>,
}

struct Standing {
    room: String,
    lines: Vec<String>,
    offered: Vec<Offered>,
}

impl View {
    /// Takes down an event of the bot's.
    pub fn take(&mut self, shown: &Shown) {
        if shown.kind() != "m.room.message" && !shown.locked {
            return;
        }
        let room = shown.room.to_string();
        let content = &shown.event["content"];
        if shown.locked {
            let lines = vec!["(this person's client cannot read it)".to_owned()];
            self.heard.push((room, Heard::Said(lines)));
            return;
        }
        let relates = &content["m.relates_to"];
        let replaced = (relates["rel_type"] == "m.replace")
            .then(|| relates["event_id"].as_str().unwrap().to_owned());
        let content = replaced
            .as_ref()
            .map_or(content, |_| &content["m.new_content"]);
        let (lines, offered) = read(content);
        let id = replaced.clone().unwrap_or_else(|| shown.id().to_string());
        let now = Standing {
            room: room.clone(),
            lines: lines.clone(),
            offered,
        };
        let before = self.stands.insert(id.clone(), now);
        let heard = match (replaced, before) {
            (None, _) => Heard::Said(lines),
            (Some(_), None) => Heard::Edited {
                lines,
                partial: true,
            },
            (Some(_), Some(before)) => {
                let old: BTreeSet<&String> = before.lines.iter().collect();
                let new = lines.iter().filter(|line| !old.contains(line));
                Heard::Edited {
                    lines: new.cloned().collect(),
                    partial: false,
                }
            }
        };
        if !self.order.contains(&id) {
            self.order.push(id);
        }
        if !matches!(&heard, Heard::Edited { lines, .. } if lines.is_empty()) {
            self.heard.push((room, heard));
        }
    }

    /// The newest message that offers this: its room, its event, and how to take it.
    pub fn offer(&self, room: Option<&str>, label: &str) -> Option<(String, String, Way)> {
        self.order.iter().rev().find_map(|id| {
            let standing = &self.stands[id];
            if room.is_some_and(|room| room != standing.room) {
                return None;
            }
            let mut all = standing.offered.iter();
            let found = all.find(|one| one.label.eq_ignore_ascii_case(label))?;
            Some((standing.room.clone(), id.clone(), found.way.clone()))
        })
    }
}

/// A message's lines, and what it offers.
fn read(content: &Value) -> (Vec<String>, Vec<Offered>) {
    let html = content["formatted_body"].as_str().unwrap_or_default();
    let body = content["body"].as_str().unwrap_or_default();
    assert_eq!(letters(&text(html)), letters(body), "body and HTML differ");
    let choices = content["dev.underrose.choices"].as_array();
    let choices = choices.map_or(0, Vec::len);
    let (mut lines, mut offered) = (Vec::new(), Vec::new());
    for (tag, inner) in blocks(html) {
        match tag {
            "h4" => lines.push(text(inner)),
            "ul" => {
                for item in inner.split("<li>").skip(1) {
                    let item = item.trim_end_matches("</li>");
                    let item: Vec<String> = item.split("<br>").map(text).collect();
                    lines.push(format!("- {}", item.join(" / ")));
                }
            }
            // What is wider than a phone is quoted, its spaces kept.
            "blockquote" => {
                let quoted = inner.split("<br>").map(text);
                lines.extend(quoted.map(|line| format!("| {}", line.replace('\u{a0}', " "))));
            }
            "pre" => lines.extend(text(inner).split('\n').map(|line| format!("| {line}"))),
            "p" => {
                let mut parts: Vec<&str> = inner.split("<br>").collect();
                let answers: Vec<&str> = inner.split(" · ").collect();
                if choices > 1
                    && answers.len() == choices
                    && answers.iter().all(|one| offer(one).is_some())
                {
                    parts = answers;
                }
                let found: Vec<Offered> = parts.iter().filter_map(|part| offer(part)).collect();
                if choices > 0 && found.len() == choices && parts.len() == choices {
                    let labels: Vec<String> =
                        found.iter().map(|one| format!("[{}]", one.label)).collect();
                    lines.push(labels.join(" "));
                    offered = found;
                    continue;
                }
                let fields = inner.starts_with("<strong>") && inner.contains(":</strong> ");
                for part in parts {
                    match lines
                        .last_mut()
                        .filter(|_| fields && !part.starts_with("<strong>"))
                    {
                        Some(last) => last.push_str(&format!(" / {}", text(part))),
                        None => lines.push(text(part)),
                    }
                }
            }
            other => panic!("what is a {other}?"),
        }
    }
    assert_eq!(
        offered.len(),
        choices,
        "all that is offered is shown: {html}"
    );
    (lines, offered)
}

/// The outer elements of a message, in order.
fn blocks(html: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some((tag, after)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        let (inner, after) = after.split_once(&format!("</{tag}>")).unwrap();
        found.push((tag, inner));
        rest = after.trim_start_matches('\n');
    }
    assert!(rest.is_empty(), "text outside of any element: {rest}");
    found
}

/// `1️⃣ I have it: <code>!oncall ack</code>`
fn offer(part: &str) -> Option<Offered> {
    let (mark, rest) = part.split_once(' ')?;
    let (label, words) = match rest.split_once(": <code>") {
        Some((label, words)) => (label, Some(text(words))),
        None => (rest, None),
    };
    // What is asked before it acts stands in brackets.
    let label = text(label.split_once(" (").map_or(label, |(label, _)| label));
    let way = match (MARKS.iter().find(|known| **known == mark), words) {
        (Some(mark), _) => Way::React(mark),
        (None, Some(words)) if mark == "•" => Way::Type(words),
        (None, _) => Way::Number(mark.strip_suffix('.')?.parse::<u8>().ok()?.to_string()),
    };
    Some(Offered { label, way })
}

/// Without tags.
fn text(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some((words, after)) = rest.split_once('<') {
        out.push_str(words);
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}
