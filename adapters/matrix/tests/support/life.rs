//! The real binary over Matrix, with a committee of people and a homeserver, on a folder of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use matrix_sdk::ruma::{OwnedRoomId, OwnedUserId};

use super::person::{PASSWORD, Person, Shown, Signed, register};
use super::synapse::{Limits, Synapse};

pub const PUBLIC: [&str; 3] = ["announce", "general", "dev"];

pub struct Life {
    pub synapse: Synapse,
    pub dir: tempfile::TempDir,
    binary: PathBuf,
    pub people: BTreeMap<&'static str, Person>,
    pub rooms: BTreeMap<&'static str, OwnedRoomId>,
    pub me: OwnedUserId,
    pub bot: Option<Child>,
    pub kills: u32,
    chance: u64,
}

/// `tests/matrix.sh` builds it; so does `cargo build --features sim`.
fn binary() -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    let binary = exe.ancestors().nth(2).unwrap().join("underrose");
    assert!(
        binary.is_file(),
        "{} is not there: run tests/matrix.sh, or cargo build first",
        binary.display()
    );
    binary
}

impl Life {
    pub async fn new() -> Self {
        Self::with(|text| text).await
    }

    /// With another configuration than the example's.
    pub async fn with(change: impl FnOnce(String) -> String) -> Self {
        let synapse = Synapse::start(Limits::Relaxed).await;
        let url = synapse.url();
        let me = register(&url, "underrose").await;
        let mut people = BTreeMap::new();
        for name in ["alice", "bob", "carol", "dave", "erin"] {
            let person = Person::new(&url, name, Signed::Yes).await;
            person.accepts_all();
            people.insert(name, person);
        }
        let mut rooms = BTreeMap::new();
        for name in PUBLIC {
            rooms.insert(
                name,
                people["alice"]
                    .opens(&[&me], false)
                    .await
                    .room_id()
                    .to_owned(),
            );
        }
        let own = people["alice"].opens(&[&me], true).await;
        rooms.insert("security", own.room_id().to_owned());
        let life = Self {
            synapse,
            dir: tempfile::tempdir().unwrap(),
            binary: binary(),
            people,
            rooms,
            me,
            bot: None,
            kills: 0,
            chance: 0x5eed,
        };
        std::fs::write(life.config(), change(life.configuration())).unwrap();
        life.runs(&["setup"]);
        let told = life.runs(&["setup", "matrix"]);
        assert!(told.contains("recovery key"), "{told}");
        life
    }

    fn config(&self) -> PathBuf {
        self.dir.path().join("config.toml")
    }

    /// The example, moved from the console to Matrix.
    fn configuration(&self) -> String {
        let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap())
            .join("../../config.example.toml");
        let mut text = std::fs::read_to_string(root).unwrap();
        for name in self.people.keys() {
            text = text.replace(
                &format!("handles = {{ console = \"{name}\" }}"),
                &format!("handles = {{ matrix = \"@{name}:localhost\" }}"),
            );
        }
        for (name, id) in &self.rooms {
            text = text.replace(&format!("console/{name}"), &format!("matrix/{id}"));
        }
        let dir = self.dir.path().display();
        text.replace(
            "case_networks = [\"console\"]",
            "case_networks = [\"matrix\"]",
        )
        .replace("[console]\n", "")
        .replace("./data/master.key", &format!("{dir}/master.key"))
        .replace("./data", &format!("{dir}/data"))
            + format!(
                "\n[[matrix]]\nhomeserver = \"{}\"\nuser = \"{}\"\n",
                self.synapse.url(),
                self.me
            )
            .as_str()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(args)
            .env("UNDERROSE_CONFIG", self.config())
            .env("UNDERROSE_MATRIX_PASSWORD", PASSWORD)
            .stdin(Stdio::null());
        command
    }

    /// Another command of the binary, which must succeed.
    pub fn runs(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{args:?}: {text}");
        text
    }

    pub fn starts(&mut self) {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.path().join("log"))
            .unwrap();
        let bot = self
            .command(&["run"])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.bot = Some(bot);
    }

    /// SIGKILL, and from the disk again.
    pub fn dies(&mut self) {
        let mut bot = self.bot.take().unwrap();
        bot.kill().unwrap();
        bot.wait().unwrap();
        self.kills += 1;
        self.starts();
    }

    /// A reported case that a member has answered: its room, with three members in it.
    pub async fn opens_a_case(&mut self) -> OwnedRoomId {
        let security = self.rooms["security"].clone();
        self.people["alice"].sees_joining(&self.me, &security).await;
        let erin = &self.people["erin"];
        let direct = erin.direct_with(&self.me).await.room_id().to_owned();
        erin.sees_joining(&self.me, &direct).await;
        erin.says(&direct, "!vuln report The kubelet logs tokens")
            .await;
        let opened = self
            .sees("alice", "This is the room of case 2026-0001")
            .await;
        for who in ["alice", "bob", "carol"] {
            self.people[who].joined(&opened.room).await;
        }
        self.people["alice"].says(&opened.room, "!vuln ack").await;
        self.sees("carol", "alice answered the reporter").await;
        opened.room
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// The same sequence in every run.
    fn chance(&mut self, below: u64) -> u64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance % below
    }

    pub async fn sees(&self, who: &str, text: &str) -> Shown {
        self.people[who].sees(&self.me, text).await
    }

    /// Waits for what follows from something just said, and kills the bot `kills` times meanwhile.
    pub async fn through(&mut self, kills: u32, who: &'static str, text: &str) -> Shown {
        for _ in 0..kills {
            let patience = Duration::from_millis(100 + self.chance(1_900));
            let _ = tokio::time::timeout(patience, self.sees(who, text)).await;
            self.dies();
        }
        self.sees(who, text).await
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        if let Some(mut bot) = self.bot.take() {
            let _ = bot.kill();
            let _ = bot.wait();
        }
        if std::thread::panicking() {
            eprintln!("the bot's log:\n{}", self.log());
        }
    }
}
