//! What the app sent and was sent, kept for tests and for the validators that nobody here wrote.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::deliver::Delivery;
use crate::payload::{Door, Parcel};
use crate::settings::Settings;

/// A folder named by this variable gets a file of JSON lines from every emulator.
pub const RECORD_VARIABLE: &str = "SLACK_EMULATOR_RECORD";

const COMPLAINTS_MAX: usize = 10_000;

/// A call of the app's: of a method, of a response URL (`response_url`), or what came with an
/// acknowledgement (`ack:view_submission`, …).
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    pub at: DateTime<Utc>,
    pub method: String,
    /// `GET form`, `POST json`, …
    pub how: String,
    pub arguments: BTreeMap<String, Value>,
    pub status: u16,
    /// `ok`, or the error's name.
    pub outcome: String,
    /// What Slack would let pass, and nobody meant.
    pub complaints: Vec<String>,
}

/// Something that the app was sent.
#[derive(Clone, Debug, Serialize)]
pub struct Sent {
    pub at: DateTime<Utc>,
    /// `events_api`, `slash_commands` or `interactive`.
    pub kind: String,
    /// Socket Mode's envelope or the HTTP body, decoded.
    pub payload: Value,
    pub attempt: u32,
}

pub struct Record {
    pub calls: VecDeque<Call>,
    pub sent: VecDeque<Sent>,
    /// How people's messages were delivered, for which nobody waits.
    pub said: VecDeque<Delivery>,
    /// Misuse that Slack would answer with silence.
    pub complaints: Vec<String>,
    /// Calls ever made, also those no longer kept.
    pub calls_ever: u64,
    /// Of these, answers by a response URL that were taken.
    pub responses_ever: usize,
    kept_max: usize,
    file: Option<File>,
}

static FILES: AtomicU64 = AtomicU64::new(0);

impl Record {
    pub fn new(settings: &Settings) -> Self {
        let folder = settings.record.clone();
        let folder = folder.or_else(|| std::env::var_os(RECORD_VARIABLE).map(PathBuf::from));
        let file = folder.map(|folder| {
            let number = FILES.fetch_add(1, Ordering::Relaxed);
            let name = format!("{}-{number}.jsonl", std::process::id());
            std::fs::create_dir_all(&folder)
                .and_then(|()| File::create(folder.join(name)))
                .expect("the folder of SLACK_EMULATOR_RECORD can be written")
        });
        Self {
            calls: VecDeque::new(),
            sent: VecDeque::new(),
            said: VecDeque::new(),
            complaints: Vec::new(),
            calls_ever: 0,
            responses_ever: 0,
            kept_max: settings.kept_max,
            file,
        }
    }

    /// Keeps a call; what was answered goes to the file alone.
    pub fn call(&mut self, call: Call, answer: &Value) {
        self.line(|| serde_json::json!({"call": call, "answer": answer}));
        self.calls_ever += 1;
        if call.method == "response_url" && call.outcome == "ok" {
            self.responses_ever += 1;
        }
        for complaint in &call.complaints {
            self.complaints
                .push(format!("{}: {complaint}", call.method));
        }
        keep(&mut self.calls, call, self.kept_max);
    }

    pub fn sent(&mut self, sent: Sent) {
        self.line(|| serde_json::json!({ "sent": sent }));
        keep(&mut self.sent, sent, self.kept_max);
    }

    pub fn said(&mut self, delivery: Delivery) {
        keep(&mut self.said, delivery, self.kept_max);
    }

    pub fn complain(&mut self, complaint: String) {
        if self.complaints.len() < COMPLAINTS_MAX {
            self.complaints.push(complaint);
        }
    }

    fn line(&mut self, line: impl FnOnce() -> Value) {
        if let Some(file) = &mut self.file {
            writeln!(file, "{}", line()).expect("the record can be written");
        }
    }
}

fn keep<T>(all: &mut VecDeque<T>, one: T, max: usize) {
    all.push_back(one);
    if all.len() > max {
        all.pop_front();
    }
}

impl Sent {
    /// As it was to be delivered, without its envelope.
    pub fn parcel(&self) -> Option<Parcel> {
        let door = match self.kind.as_str() {
            "events_api" => Door::Events,
            "slash_commands" => Door::Commands,
            "interactive" => Door::Interactivity,
            _ => return None,
        };
        let payload = match self.payload.get("envelope_id") {
            Some(_) => self.payload["payload"].clone(),
            None => self.payload.clone(),
        };
        let answerable = door == Door::Commands || payload["type"] == "view_submission";
        Some(Parcel {
            door,
            payload,
            answerable,
        })
    }
}
