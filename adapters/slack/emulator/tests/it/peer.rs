//! Starts a third-party client: Bolt for JavaScript or for Python, with the app in `tests/peers`.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use underrose_slack_emulator::{Emulator, Settings, free_port};

/// A peer's process; it ends with the test.
pub struct Peer(#[expect(dead_code, reason = "held so that it is killed with the test")] Child);

pub fn peers() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../../../target"),
        PathBuf::from,
    );
    let peers = target.join("slack-peers");
    assert!(
        peers.join("ready").exists(),
        "Bolt is not installed: run tests/slack-peers.sh (it needs node 20 and python3 with venv)"
    );
    peers.canonicalize().unwrap()
}

#[derive(Clone, Copy, Debug)]
pub enum Language {
    JavaScript,
    Python,
}

#[derive(Clone, Copy, Debug)]
pub enum Way {
    Socket,
    Http,
}

/// An emulator, and a peer that is ready; what they say to each other is kept in `record`.
pub async fn start(language: Language, way: Way, record: &Path) -> (Emulator, Peer) {
    let peers = peers();
    let port = free_port();
    let plain = Settings {
        record: Some(record.to_owned()),
        ..Settings::default()
    };
    let settings = match way {
        Way::Socket => plain,
        Way::Http => plain.over_http(&format!("http://127.0.0.1:{port}/slack/events")),
    };
    let emulator = Emulator::start(settings.clone()).await.unwrap();
    let here = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("tests/peers");
    let mut command = match language {
        Language::JavaScript => {
            let mut command = Command::new("node");
            command.arg(here.join("bolt.js"));
            command.env("NODE_PATH", peers.join("node_modules"));
            command
        }
        Language::Python => {
            let mut command = Command::new(peers.join("venv/bin/python"));
            command.arg(here.join("bolt.py"));
            command
        }
    };
    let mut child = command
        .env("SLACK_API_URL", format!("{}/", emulator.api_url()))
        .env("SLACK_BOT_TOKEN", &settings.bot_token)
        .env("SLACK_APP_TOKEN", &settings.app_token)
        .env("SLACK_SIGNING_SECRET", &settings.signing_secret)
        .env(
            "MODE",
            match way {
                Way::Socket => "socket",
                Way::Http => "http",
            },
        )
        .env("PORT", port.to_string())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.contains("ready") {
            break;
        }
    }
    if matches!(way, Way::Socket) {
        emulator.connected(1).await;
    }
    (emulator, Peer(child))
}

/// A folder for what is recorded, empty at first.
pub fn record(name: &str) -> PathBuf {
    let folder = peers().join("record").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}
