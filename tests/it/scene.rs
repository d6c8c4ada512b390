//! A disclosure against a network that remembers, played by the real binary, which can be killed at
//! any moment. `kills.rs` says when.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;
use underrose::clock::{Clock, System};
use underrose_chat::sim::remote::{Answer, Peer};
use underrose_chat::{
    Action, Block, Happening, Immediate, Network, Place, RoomId, Surface, Target, UserId,
};

/// A scene that takes longer has hung.
const DEADLINE: Duration = Duration::from_secs(120);

pub const TARGETS: [&str; 3] = ["announce", "general", "dev"];

pub struct Scene {
    pub dir: tempfile::TempDir,
    pub peer: Arc<Peer>,
    bot: Option<Child>,
    /// What the processes to come are killed at, in turn.
    plans: Vec<String>,
    pub kills: usize,
    told: mpsc::UnboundedReceiver<()>,
    tell: mpsc::UnboundedSender<()>,
    /// The embargo's end.
    instant: DateTime<Utc>,
    pub random: Option<Random>,
}

/// Kills after some number of things that happened on the network, from a seed.
pub struct Random {
    state: u64,
    left: u64,
    kills_left: u32,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut random = Self {
            state: seed,
            left: 0,
            kills_left: 12,
        };
        random.left = random.next();
        random
    }

    /// Between 1 and 8 things (Knuth's MMIX generator: its high bits are good enough).
    fn next(&mut self) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        1 + (self.state >> 61)
    }

    fn strikes(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        if self.left > 0 || self.kills_left == 0 {
            return false;
        }
        self.kills_left -= 1;
        self.left = self.next();
        true
    }
}

fn now() -> DateTime<Utc> {
    System::default().read().wall
}

fn config(dir: &Path, port: u16) -> String {
    let text = std::fs::read_to_string("config.example.toml").unwrap();
    let mut table: toml::Table = text.parse().unwrap();
    table.remove("console");
    let text = table.to_string().replace("console", "sim");
    let mut table: toml::Table = text.parse().unwrap();
    let data = dir.join("data");
    table.insert("data".into(), data.to_str().unwrap().into());
    let key = toml::Table::from_iter([(
        "file".to_owned(),
        dir.join("master.key").to_str().unwrap().into(),
    )]);
    table.insert("key".into(), toml::Value::Table(key));
    let mut sim = toml::Table::new();
    sim.insert("name".into(), "sim".into());
    sim.insert("address".into(), format!("127.0.0.1:{port}").into());
    sim.insert("tells_time".into(), true.into());
    table.insert(
        "sim".into(),
        toml::Value::Array(vec![toml::Value::Table(sim)]),
    );
    table.to_string()
}

impl Scene {
    pub async fn new(plans: Vec<String>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let peer = Peer::new(Network("sim".into()), Arc::new(now));
        for room in TARGETS.iter().chain(&["security"]) {
            let id = RoomId {
                network: Network("sim".into()),
                id: (*room).to_owned(),
            };
            peer.world
                .lock()
                .unwrap()
                .add_room(id, *room != "security", []);
        }
        tokio::spawn(peer.clone().serve(listener));
        std::fs::write(dir.path().join("config.toml"), config(dir.path(), port)).unwrap();
        let (tell, told) = mpsc::unbounded_channel();
        let mut scene = Self {
            dir,
            peer,
            bot: None,
            plans,
            kills: 0,
            told,
            tell,
            instant: now(),
            random: None,
        };
        assert!(scene.run(&["setup"]).0);
        scene.start();
        scene
    }

    fn config(&self) -> PathBuf {
        self.dir.path().join("config.toml")
    }

    /// Another command of the binary; whether it succeeded, and what it printed.
    pub fn run(&self, args: &[&str]) -> (bool, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_underrose"))
            .args(args)
            .env("UNDERROSE_CONFIG", self.config())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text)
    }

    pub fn start(&mut self) {
        let plan = if self.plans.is_empty() {
            String::new()
        } else {
            self.plans.remove(0)
        };
        let mut bot = Command::new(env!("CARGO_BIN_EXE_underrose"))
            .arg("run")
            .env("UNDERROSE_CONFIG", self.config())
            .env("UNDERROSE_KILL_AT", plan)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (stderr, tell) = (bot.stderr.take().unwrap(), self.tell.clone());
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if line.starts_with("kill-point") {
                    let _ = tell.send(());
                }
            }
        });
        self.bot = Some(bot);
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        let mut bot = self.bot.take().unwrap();
        bot.kill().unwrap();
        bot.wait().unwrap();
        self.kills += 1;
        while self.told.try_recv().is_ok() {}
    }

    /// Waits until something is so; whenever the process stands at its kill point, or a delivery is
    /// held, it is killed and started anew.
    pub async fn until(&mut self, what: &str, so: impl Fn(&Peer) -> bool) {
        let peer = self.peer.clone();
        let deadline = tokio::time::Instant::now() + DEADLINE;
        loop {
            let changed = peer.changed.notified();
            if peer.held.swap(0, Ordering::SeqCst) > 0 || self.told.try_recv().is_ok() {
                peer.decide(|_| Answer::Give);
                self.kill();
                self.start();
                continue;
            }
            if so(&peer) {
                return;
            }
            tokio::select! {
                () = changed => {
                    if self.random.as_mut().is_some_and(Random::strikes) {
                        self.kill();
                        self.start();
                    }
                }
                told = self.told.recv() => {
                    assert!(told.is_some());
                    self.kill();
                    self.start();
                }
                () = tokio::time::sleep_until(deadline) => panic!("never: {what}"),
            }
        }
    }

    /// Says something and waits for the answer.
    async fn says(&mut self, who: &str, room: Option<&str>, text: &str) -> Immediate {
        let network = Network("sim".into());
        let place = match room {
            Some(id) => Place::Room {
                room: RoomId {
                    network: network.clone(),
                    id: id.into(),
                },
            },
            None => Place::Direct,
        };
        let id = self.peer.happen(Happening::Text {
            by: UserId {
                network,
                id: who.into(),
            },
            place,
            text: text.into(),
            addressed: true,
            edited: false,
            surface: Surface::Modal,
            thread: None,
        });
        let wanted = id.clone();
        self.until(text, move |peer| peer.answer(&wanted).is_some())
            .await;
        self.peer.answer(&id).unwrap()
    }

    async fn in_case(&mut self, who: &str, text: &str) -> Immediate {
        self.says(who, Some("case-2026-0001"), text).await
    }

    pub async fn prepare(&mut self) {
        self.says("erin", None, "vuln report the kubelet logs tokens")
            .await;
        let case = |peer: &Peer| {
            peer.world
                .lock()
                .unwrap()
                .said
                .iter()
                .any(|said| format!("{:?}", said.message).contains("Stage"))
        };
        self.until("the card", case).await;
        self.in_case("alice", "vuln ack").await;
        self.in_case("alice", "vuln triage valid because reproduced")
            .await;
        let vector = "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N";
        self.in_case(
            "alice",
            &format!("vuln score settle {vector} because it is so"),
        )
        .await;
        self.in_case("alice", "vuln summary The kubelet logs tokens")
            .await;
        self.in_case("alice", "vuln ready").await;
        self.in_case("alice", "vuln release verified").await;
        self.in_case(
            "alice",
            "vuln announce draft ANNOUNCEMENT upgrade to 1.29.3",
        )
        .await;
    }

    /// Sets an instant that comes soon, has two approve, and arms; again if it came too soon.
    pub async fn arm(&mut self) {
        for _ in 0..20 {
            self.instant = now() + TimeDelta::seconds(4);
            self.instant = self.instant
                - TimeDelta::nanoseconds(i64::from(self.instant.timestamp_subsec_nanos()));
            let until = self.instant.format("%Y-%m-%d %H:%M:%S UTC").to_string();
            self.in_case(
                "alice",
                &format!("vuln embargo until {until} because this is a rehearsal"),
            )
            .await;
            self.in_case("bob", "vuln embargo second").await;
            self.in_case("alice", "vuln announce preview").await;
            let preview = |peer: &Peer| approve(peer).is_some();
            self.until("the preview", preview).await;
            let command = approve(&self.peer).unwrap();
            self.in_case("bob", &command).await;
            self.in_case("carol", &command).await;
            let armed = self.in_case("alice", "vuln announce arm").await;
            if armed == Immediate::Nothing {
                return;
            }
            // The instant has passed meanwhile, or it is armed from before.
            if format!("{armed:?}").contains("armed already")
                || format!("{armed:?}").contains("going out")
            {
                return;
            }
        }
        panic!("it was never armed");
    }

    pub fn announced(peer: &Peer) -> Vec<(String, DateTime<Utc>)> {
        let world = peer.world.lock().unwrap();
        let mut found = Vec::new();
        for effect in &world.log {
            if let Action::Post {
                to: Target::Room { room, .. },
                ..
            } = &effect.action
                && TARGETS.contains(&room.id.as_str())
            {
                found.push((room.id.clone(), effect.at));
            }
        }
        found
    }

    pub async fn finish(&mut self) {
        self.until("the announcement", |peer| {
            Self::announced(peer).len() >= TARGETS.len()
        })
        .await;
        // The card follows what the bot knows: the last receipt may come only after a back-off.
        self.until("the card that says so", |peer| {
            let world = peer.world.lock().unwrap();
            let stage = ("Stage".to_owned(), "disclosed".to_owned());
            world.said.iter().any(|said| {
                said.message.blocks.iter().any(
                    |block| matches!(block, Block::Fields { fields } if fields.contains(&stage)),
                )
            })
        })
        .await;
        self.in_case("alice", "vuln retro All went well.").await;
        self.in_case("alice", "vuln close").await;
        let archived = |peer: &Peer| {
            peer.world
                .lock()
                .unwrap()
                .rooms
                .values()
                .any(|room| room.archived)
        };
        self.until("the archive", archived).await;
    }

    /// Each room has the announcement once, none before the instant; one room for the case; and
    /// each command was obeyed once.
    pub fn check(&mut self) {
        if self.bot.is_some() {
            self.kill();
            self.kills -= 1;
        }
        let mut announced = Self::announced(&self.peer);
        assert!(
            announced.iter().all(|(_, at)| *at >= self.instant),
            "early: {announced:?} {}",
            self.instant
        );
        announced.sort();
        let rooms: Vec<&str> = announced.iter().map(|(room, _)| room.as_str()).collect();
        assert_eq!(rooms, ["announce", "dev", "general"]);
        let cases = self
            .peer
            .world
            .lock()
            .unwrap()
            .rooms
            .keys()
            .filter(|room| room.id.starts_with("case-"))
            .count();
        assert_eq!(cases, 1, "one room for the case");
        let (ok, journal) = self.run(&["journal", "show"]);
        assert!(ok, "{journal}");
        let count = |event: &str| {
            journal
                .lines()
                .filter(|line| line.split('\t').nth(4) == Some(event))
                .count()
        };
        for event in [
            "case_opened",
            "room_opened",
            "acked",
            "triaged",
            "settled",
            "text_set",
            "readied",
            "release_verified",
            "drafted",
            "published",
            "retro_filed",
            "closed",
        ] {
            assert_eq!(count(event), 1, "{event} after {} kills", self.kills);
        }
        assert!(self.run(&["journal", "verify"]).0);
    }
}

/// The newest button to approve, as the command that it gives.
fn approve(peer: &Peer) -> Option<String> {
    let world = peer.world.lock().unwrap();
    let mut commands = world.said.iter().rev().flat_map(|said| {
        said.message
            .choices()
            .map(|choice| choice.command.clone())
            .collect::<Vec<_>>()
    });
    commands.find(|command| command.contains("announce approve"))
}
