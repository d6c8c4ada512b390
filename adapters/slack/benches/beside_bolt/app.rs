//! An app under test as a process: how it is started, what it needs, and how it ends.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::acker;
use crate::committee::Ground;

/// After what it had to do, until it is at rest.
const REST: Duration = Duration::from_secs(2);

/// Ticks a second of `/proc/…/stat`, which Linux shows to programs as 100 everywhere.
const TICKS: u64 = 100;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Acknowledges and does nothing: what emulator and people can give at most.
    Empty,
    Underrose,
    /// Bolt for JavaScript as its users write it: a commit for each event.
    Plain,
    /// The same, with one commit for all events that wait.
    Batched,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Empty, Self::Underrose, Self::Plain, Self::Batched];

    pub fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Underrose => "underrose",
            Self::Plain => "plain",
            Self::Batched => "batched",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "an empty acker",
            Self::Underrose => "**underrose**",
            Self::Plain => "Bolt, plain",
            Self::Batched => "Bolt, in batches",
        }
    }

    fn sockets(self) -> usize {
        match self {
            Self::Underrose => 2,
            Self::Empty | Self::Plain | Self::Batched => 1,
        }
    }
}

/// What a process holds of the machine's memory.
#[derive(Clone, Copy)]
pub struct Memory {
    pub resident_kib: u64,
    pub most_kib: u64,
}

pub struct App {
    kind: Kind,
    process: Child,
    config: std::path::PathBuf,
}

impl App {
    pub async fn start(kind: Kind, ground: &Ground) -> anyhow::Result<Self> {
        let config = ground.dir.path().join("config.toml");
        let mut command = match kind {
            Kind::Empty => {
                let mut command = Command::new(std::env::current_exe()?);
                command.env(acker::VARIABLE, ground.emulator.api_url());
                command
            }
            Kind::Underrose => {
                std::fs::write(&config, ground.configuration(2))?;
                let mut setup = Command::new(binary()?);
                setup
                    .arg("setup")
                    .env("UNDERROSE_CONFIG", &config)
                    .stdout(Stdio::null());
                ensure!(setup.status()?.success(), "setup failed");
                let mut command = Command::new(binary()?);
                command.arg("run").env("UNDERROSE_CONFIG", &config);
                command
            }
            Kind::Plain | Kind::Batched => {
                let folder = std::env::var("BOLT_FOLDER").context(SCRIPT)?;
                let mut command = Command::new(format!("{folder}/node_modules/.bin/node"));
                command
                    .arg(format!("{folder}/bolt.js"))
                    .env("NODE_ENV", "production")
                    .env("MODE", kind.word())
                    .env("DATABASE", ground.dir.path().join("bolt.sqlite"))
                    .env("MEMBERS", ground.people.join(","));
                command
            }
        };
        let (bot, app) = ground.emulator.look(|world| {
            let settings = &world.settings;
            (settings.bot_token.clone(), settings.app_token.clone())
        });
        let log = std::fs::File::create(ground.dir.path().join("log"))?;
        let process = command
            .env("SLACK_BOT_TOKEN", bot)
            .env("SLACK_APP_TOKEN", app)
            .env("SLACK_API_URL", format!("{}/", ground.emulator.api_url()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context(SCRIPT)?;
        let app = Self {
            kind,
            process,
            config,
        };
        ground.emulator.connected(kind.sockets()).await;
        Ok(app)
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Lets it load its configuration anew, now with the whole committee.
    pub fn reload(&self, ground: &Ground) -> anyhow::Result<()> {
        let whole = ground.configuration(crate::committee::MEMBERS);
        std::fs::write(&self.config, whole)?;
        let process = self.process.id().to_string();
        let told = Command::new("kill").args(["-HUP", &process]).status()?;
        ensure!(told.success(), "the bot could not be told");
        Ok(())
    }

    /// Of user and system together, so far.
    pub fn processor_time(&self) -> anyhow::Result<Duration> {
        processor_time(self.process.id())
    }

    pub async fn at_rest(&self) -> anyhow::Result<Memory> {
        tokio::time::sleep(REST).await;
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|line| line.split_whitespace().next());
            anyhow::Ok(kib.context("no such line in the status")?.parse()?)
        };
        Ok(Memory {
            resident_kib: of("VmRSS:")?,
            most_kib: of("VmHWM:")?,
        })
    }

    /// Ends it, and holds it to what it was given: a row for each event.
    pub async fn end(mut self, events: usize) -> anyhow::Result<()> {
        match self.kind {
            Kind::Empty => {}
            Kind::Underrose => {
                self.process.kill()?;
                self.process.wait()?;
                let mut show = Command::new(binary()?);
                show.args(["journal", "show"])
                    .env("UNDERROSE_CONFIG", &self.config);
                let journal = String::from_utf8(show.output()?.stdout)?;
                let refused = journal
                    .lines()
                    .filter(|line| line.split('\t').nth(4) == Some("refused"));
                let refused = refused.count();
                ensure!(
                    refused == events / 2,
                    "{refused} of {} presses were journaled",
                    events / 2
                );
            }
            Kind::Plain | Kind::Batched => {
                // It says how many rows it has when nobody writes to it any more.
                drop(self.process.stdin.take());
                let mut said = String::new();
                let out = self.process.stdout.as_mut();
                out.context("no output")?.read_to_string(&mut said)?;
                let rows: usize = said.trim().parse()?;
                ensure!(rows == events, "{rows} rows of {events} events");
            }
        }
        Ok(())
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const SCRIPT: &str =
    "start it by adapters/slack/benches/beside-bolt.sh, which builds what this needs";

fn binary() -> anyhow::Result<String> {
    std::env::var("UNDERROSE").context(SCRIPT)
}

pub fn processor_time(process: u32) -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in parentheses, may hold spaces.
    let (_, after) = stat.rsplit_once(") ").context("no name in the stat")?;
    let mut fields = after.split(' ').skip(11);
    let mut ticks = || anyhow::Ok(fields.next().context("a short stat")?.parse::<u64>()?);
    let ticks = ticks()? + ticks()?;
    Ok(Duration::from_millis(ticks * 1_000 / TICKS))
}
