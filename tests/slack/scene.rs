//! A workspace, its people, and the bot as a process that can be killed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::net::TcpStream;
use underrose_slack_emulator::{Cannot, Delivery, Emulator, Settings, World, free_port};

use crate::looking::{approvals, case_rooms};
use crate::random::Random;
use crate::workspace::{app, app_over_http};

/// A scene that takes longer has hung.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// What a command is typed again for: nobody answered it.
const TYPED_MAX: usize = 20;

pub struct Scene {
    pub emulator: Emulator,
    pub dir: tempfile::TempDir,
    /// Where the bot listens, if it does over HTTP.
    pub listen: Option<SocketAddr>,
    bot: Option<Child>,
    pub kills: usize,
    random: Option<Random>,
    /// Channels by name.
    pub halls: Vec<String>,
    pub security: String,
}

impl Scene {
    /// By Socket Mode.
    pub async fn new() -> Self {
        Self::as_app(app(), 0).await
    }

    /// By Socket Mode, in a workspace with these settings; so many more members are called `p0`,
    /// `p1`, …
    pub async fn as_app(app: Settings, more: usize) -> Self {
        let mut scene = Self::prepared(app, None, more).await;
        scene.start();
        scene.emulator.connected(2).await;
        scene
    }

    /// Over signed HTTP.
    pub async fn over_http() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut scene = Self::prepared(app_over_http(listen), Some(listen), 0).await;
        scene.start();
        let up = async {
            while scene.emulator.verify_address().await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        let up = tokio::time::timeout(DEADLINE, up).await;
        assert!(up.is_ok(), "it never listens; {}", scene.log());
        scene
    }

    async fn prepared(app: Settings, listen: Option<SocketAddr>, more: usize) -> Self {
        let emulator = Emulator::start(app).await.unwrap();
        let mut people = ["alice", "bob", "carol", "dave", "erin"]
            .map(str::to_owned)
            .to_vec();
        people.extend((0..more).map(|number| format!("p{number}")));
        let ids: Vec<String> = people.iter().map(|name| emulator.person(name)).collect();
        let members: Vec<&str> = ids.iter().map(String::as_str).collect();
        let halls = ["announce", "general", "dev"];
        let halls = halls
            .iter()
            .map(|name| emulator.public(name, &members))
            .collect();
        let security = emulator.private("security", &members[..4]);
        emulator.group("security-oncall", &members[1..2]);
        let dir = tempfile::tempdir().unwrap();
        let scene = Self {
            emulator,
            dir,
            listen,
            bot: None,
            kills: 0,
            random: None,
            halls,
            security,
        };
        std::fs::write(scene.config(), scene.configuration(&people)).unwrap();
        assert!(scene.run(&["setup"]).0);
        scene
    }

    /// From now on the bot is killed so often, at moments that follow from the seed.
    pub fn kill_at_random(&mut self, seed: u64, kills: usize) {
        let mut random = Random {
            state: seed,
            at: 0,
            kills_left: kills,
        };
        random.at = self.calls() + random.next();
        self.random = Some(random);
    }

    pub fn config(&self) -> PathBuf {
        self.dir.path().join("config.toml")
    }

    fn command(&self) -> Command {
        let (bot, app, signing) = self.emulator.look(|world| {
            let settings = &world.settings;
            (
                settings.bot_token.clone(),
                settings.app_token.clone(),
                settings.signing_secret.clone(),
            )
        });
        let mut command = Command::new(env!("CARGO_BIN_EXE_underrose"));
        command
            .env("UNDERROSE_CONFIG", self.config())
            .env("TEST_SLACK_BOT", bot)
            .env("TEST_SLACK_APP", app)
            .env("TEST_SLACK_SIGNING", signing);
        command
    }

    /// Another command of the binary; whether it succeeded, and what it printed.
    pub fn run(&self, args: &[&str]) -> (bool, String) {
        let output = self.command().args(args).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text)
    }

    pub fn start(&mut self) {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.dir.path().join("log"))
            .unwrap();
        let bot = self
            .command()
            .arg("run")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.bot = Some(bot.unwrap());
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut bot) = self.bot.take() {
            bot.kill().unwrap();
            bot.wait().unwrap();
        }
    }

    fn calls(&self) -> u64 {
        self.emulator.look(|world| world.record.calls_ever)
    }

    /// When the next kill is due, in calls of the bot's.
    fn strike_at(&self) -> u64 {
        self.random
            .as_ref()
            .filter(|random| random.kills_left > 0)
            .map_or(u64::MAX, |random| random.at)
    }

    fn strike(&mut self) {
        self.kill();
        self.kills += 1;
        let calls = self.calls();
        if let Some(random) = &mut self.random {
            random.kills_left -= 1;
            random.at = calls + random.next();
        }
        self.start();
    }

    /// Nobody types again before the bot is back: over HTTP a command to one that is not is in vain
    /// at once.
    async fn listens_again(&mut self) {
        let Some(listen) = self.listen else { return };
        while TcpStream::connect(listen).await.is_err() {
            if self.calls() >= self.strike_at() {
                self.strike();
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits until something is so, with kills where they are due.
    pub async fn until<R>(&mut self, what: &str, so: impl Fn(&World) -> Option<R>) -> R {
        loop {
            let strike_at = self.strike_at();
            let found = self
                .emulator
                .until_in(DEADLINE, what, |world| match so(world) {
                    Some(found) => Some(Some(found)),
                    None if world.record.calls_ever >= strike_at => Some(None),
                    None => None,
                })
                .await;
            match found {
                Some(found) => return found,
                None => self.strike(),
            }
        }
    }

    pub fn id(&self, name: &str) -> String {
        self.emulator.look(|world| {
            let person = world.people.values().find(|person| person.name == name);
            person.unwrap().id.clone()
        })
    }

    pub fn actor(&self, name: &str) -> underrose_slack_emulator::Actor {
        self.emulator.actor(&self.id(name))
    }

    /// Somebody does something that Slack waits for; again if nobody answered, as a person would.
    pub async fn does<F>(&mut self, what: &str, act: impl Fn() -> F) -> Value
    where
        F: Future<Output = Result<Delivery, Cannot>> + Send + 'static,
    {
        for _ in 0..TYPED_MAX {
            let mut doing = tokio::spawn(act());
            let done = loop {
                let strike_at = self.strike_at();
                let emulator = self.emulator.clone();
                let due = emulator.until_in(DEADLINE, what, |world| {
                    (world.record.calls_ever >= strike_at).then_some(())
                });
                tokio::select! {
                    done = &mut doing => break done.unwrap(),
                    () = due => self.strike(),
                }
            };
            match done {
                Ok(delivery) if delivery.is_acknowledged() => {
                    return delivery.answer.ok().flatten().unwrap_or_default();
                }
                Ok(_) => self.listens_again().await,
                Err(cannot) => panic!("{what}: {cannot}"),
            }
        }
        panic!("{what}: nobody answers; {}", self.log());
    }

    pub async fn types(&mut self, who: &str, channel: &str, text: &str) -> Value {
        let (actor, channel, text) = (self.actor(who), channel.to_owned(), text.to_owned());
        let what = format!("{who}: {text}");
        self.does(&what, move || {
            let (actor, channel, text) = (actor.clone(), channel.clone(), text.clone());
            let (command, rest) = text
                .split_once(' ')
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
                .unwrap();
            async move { actor.slash(&channel, &format!("/{command}"), &rest).await }
        })
        .await
    }

    /// Presses the newest button with this label that the person sees there.
    pub async fn presses(&mut self, who: &str, channel: &str, label: &str) {
        let (actor, channel, label) = (self.actor(who), channel.to_owned(), label.to_owned());
        let what = format!("{who} presses {label}");
        self.does(&what, move || {
            let (actor, channel, label) = (actor.clone(), channel.clone(), label.clone());
            async move { actor.press_labelled(&channel, &label).await }
        })
        .await;
    }

    /// The case's room, when it is there and its card is pinned.
    pub async fn case_room(&mut self) -> String {
        self.until("the case's room and its card", |world| {
            let case = case_rooms(world).next()?;
            (!case.pins.is_empty()).then(|| case.id.clone())
        })
        .await
    }

    /// From the report to a draft that can be armed.
    pub async fn drafts(&mut self, case: &str) {
        let vector = "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N";
        let settle = format!("vuln score settle {vector} because it is so");
        for text in [
            "vuln ack",
            "vuln triage valid because reproduced",
            &settle,
            "vuln summary The kubelet logs tokens",
            "vuln ready",
            "vuln release verified",
            "vuln announce draft ANNOUNCEMENT upgrade to 1.29.3",
        ] {
            self.types("alice", case, text).await;
        }
    }

    /// Ends a case, and waits until its room is archived.
    pub async fn closes(&mut self, case: &str) {
        self.types("alice", case, "vuln retro All went well.").await;
        self.types("alice", case, "vuln close").await;
        self.until("the archive", |world| {
            world.channels[case].is_archived.then_some(())
        })
        .await;
    }

    /// Sets an instant that comes soon, has two approve, and arms.
    pub async fn arm(&mut self, case: &str) -> DateTime<Utc> {
        for _ in 0..20 {
            let instant = self.emulator.clock().now() + chrono::TimeDelta::seconds(18);
            let until = instant.format("%Y-%m-%d %H:%M:%S UTC").to_string();
            let instant = DateTime::from_timestamp(instant.timestamp(), 0).unwrap();
            self.types(
                "alice",
                case,
                &format!("vuln embargo until {until} because this is a rehearsal"),
            )
            .await;
            self.types("bob", case, "vuln embargo second").await;
            let before = approvals(&self.emulator.look(|world| world.channels[case].clone())).len();
            self.types("alice", case, "vuln announce preview").await;
            let room = case.to_owned();
            let command = self
                .until("the preview", |world| {
                    let found = approvals(&world.channels[&room]);
                    found.get(before..).and_then(|new| new.first().cloned())
                })
                .await;
            self.types("bob", case, &command).await;
            self.types("carol", case, &command).await;
            let armed = self
                .types("alice", case, "vuln announce arm")
                .await
                .to_string();
            if armed == "null"
                || armed == "{}"
                || armed.contains("armed already")
                || armed.contains("going out")
            {
                return instant;
            }
        }
        panic!("it was never armed; {}", self.log());
    }

    pub fn journal_counts(&self, event: &str) -> usize {
        let (ok, journal) = self.run(&["journal", "show"]);
        assert!(ok, "{journal}");
        journal
            .lines()
            .filter(|line| line.split('\t').nth(4) == Some(event))
            .count()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.kill();
    }
}
