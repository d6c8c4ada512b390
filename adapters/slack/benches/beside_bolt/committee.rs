//! A workspace with a committee of fifty, and what an app needs before its people act: four cases
//! and, in one room, a message whose button is out of date.

use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use underrose_slack_emulator::{Emulator, Message, Settings, World};

use crate::app::{App, Kind};

pub const MEMBERS: usize = 50;

/// Few, since Slack's tiers let a bot open only so many rooms a minute.
pub const CASES: usize = 4;

/// An app that has said nothing for so long is done with what it had to do.
const QUIET: Duration = Duration::from_secs(3);

/// Until its rooms are there, at Slack's pace.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Ground {
    pub emulator: Emulator,
    pub people: Vec<String>,
    pub dir: TempDir,
    reporter: String,
    hall: String,
    security: String,
}

/// What the people press.
#[derive(Clone)]
pub struct Stage {
    pub room: String,
    pub message: String,
    pub button: String,
    /// Whether the app answers a button at all.
    pub answers: bool,
}

pub fn title(case: usize) -> String {
    format!("The kubelet writes bearer tokens into its log, variant {case}")
}

impl Ground {
    pub async fn new() -> Self {
        let mut settings = Settings {
            // Nobody looks at them here, and keeping them would take time from who is measured.
            kept_max: 0,
            ..Settings::default()
        };
        settings.shortcuts.insert("report_disclosure".to_owned());
        // As the manifest asks for: what is missing would be told, and no benchmark is about that.
        settings.scopes.insert("metadata.message:read".to_owned());
        let emulator = Emulator::start(settings).await;
        let emulator = emulator.expect("loopback has a free port");
        let people: Vec<String> = (1..=MEMBERS)
            .map(|n| emulator.person(&format!("p{n}")))
            .collect();
        let names: Vec<&str> = people.iter().map(String::as_str).collect();
        let reporter = emulator.person("erin");
        let hall = emulator.public("announce", &names);
        let security = emulator.private("security", &names);
        // The build's own folder is on a real disk, which `/tmp` often is not.
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"));
        Self {
            emulator,
            people,
            dir: dir.expect("the build's folder can be written"),
            reporter,
            hall,
            security,
        }
    }

    /// The bot's configuration, as a committee of so many would write it.
    pub fn configuration(&self, members: usize) -> String {
        let dir = self.dir.path().display();
        let (hall, security, api) = (&self.hall, &self.security, self.emulator.api_url());
        let people: String = self.people.iter().take(members).enumerate().map(|(index, id)| {
            let n = index + 1;
            format!("[[people]]\nid = \"p{n}\"\nroles = [\"member\"]\nhandles = {{ slack = \"{id}\" }}\n")
        }).collect();
        format!(
            "project = \"Example\"\ndata = \"{dir}/data\"\n\
             [key]\nfile = \"{dir}/master.key\"\n\
             [committee]\nrooms = [\"slack/{security}\"]\nannounce = [[\"slack/{hall}\"]]\n\
             [terms]\ntext = \"Keep it to yourself.\"\n\
             [oncall]\nrotation = [\"p1\"]\n\
             [[slack]]\nbot_token = \"env:SLACK_BOT_TOKEN\"\napp_token = \"env:SLACK_APP_TOKEN\"\napi_url = \"{api}\"\n\
             {people}"
        )
    }

    /// Calls of response URLs so far.
    pub fn answers(&self) -> usize {
        self.emulator.look(|world| world.record.responses_ever)
    }

    /// What was acknowledged first is answered a little later.
    pub async fn until_answered(&self, wanted: usize) {
        while self.answers() < wanted {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn until_quiet(&self) {
        let calls = || self.emulator.look(|world| world.record.calls_ever);
        let mut before = u64::MAX;
        while before != calls() {
            before = calls();
            tokio::time::sleep(QUIET).await;
        }
    }

    /// The card as it was before the case was acknowledged, as a client still shows it that lost
    /// its connection.
    fn old_card(&self, room: &str, command: &str) -> String {
        let bot = self.emulator.bot();
        self.emulator.with(|world| {
            let stamp = world.ts();
            let mut card = Message::new(stamp.clone(), &bot, "Something new for you.");
            card.by_app = true;
            card.blocks = vec![json!({
                "type": "actions",
                "block_id": "choices-0",
                "elements": [{
                    "type": "button",
                    "action_id": "choice-0",
                    "text": {"type": "plain_text", "text": "Acknowledge"},
                    "value": command,
                }],
            })];
            if let Some(channel) = world.channels.get_mut(room) {
                channel.push(card);
            }
            stamp
        })
    }
}

pub async fn set_the_stage(app: &App, ground: &Ground) -> anyhow::Result<Stage> {
    let command = match app.kind() {
        Kind::Underrose => {
            let case = report_and_acknowledge(ground).await?;
            ground.until_quiet().await;
            // Only now are there fifty: Slack would let the bot invite them to four rooms in as
            // many minutes.
            app.reload(ground)?;
            let last = ground.people.last().map_or("", String::as_str);
            let last = ground.emulator.actor(last);
            loop {
                let delivery = last.slash(&last.direct(), "/vuln", "list").await?;
                if format!("{:?}", delivery.answer).contains("0001") {
                    break;
                }
            }
            format!("vuln {case} ack")
        }
        Kind::Empty | Kind::Plain | Kind::Batched => "vuln 2026-0001 ack".to_owned(),
    };
    ground.until_quiet().await;
    let room = ground.security.clone();
    Ok(Stage {
        message: ground.old_card(&room, &command),
        room,
        button: "choice-0".to_owned(),
        answers: app.kind() != Kind::Empty,
    })
}

/// Four cases, the first of them acknowledged: its number.
async fn report_and_acknowledge(ground: &Ground) -> anyhow::Result<String> {
    let reporter = ground.emulator.actor(&ground.reporter);
    let direct = reporter.direct();
    for case in 1..=CASES {
        let report = format!("report {}", title(case));
        reporter.slash(&direct, "/vuln", &report).await?;
    }
    let rooms = |world: &World| {
        let channels = world.channels.values();
        let mut pinned: Vec<(String, String)> = channels
            .filter(|channel| channel.name.starts_with("case-") && !channel.pins.is_empty())
            .map(|channel| (channel.name.clone(), channel.id.clone()))
            .collect();
        pinned.sort();
        (pinned.len() == CASES).then_some(pinned)
    };
    let what = "a room with a pinned card for each case";
    let rooms = ground.emulator.until_in(PATIENCE, what, rooms).await;
    let (name, room) = rooms.into_iter().next().unwrap_or_default();
    let first = ground.people.first().map_or("", String::as_str);
    let member = ground.emulator.actor(first);
    member.slash(&room, "/vuln", "ack").await?;
    Ok(name.trim_start_matches("case-").to_owned())
}
