//! A committee on Matrix, Slack and the console, with one bot on all three.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use underrose_chat::{Inbox, Network as Name, RoomId, Surface};
use underrose_console::{Console, Stage, parse};
use underrose_on_networks::bot::{Adapters, Bot};
use underrose_on_networks::config::{self, Place};
use underrose_on_networks::matrix::{Matrix, Town};
use underrose_on_networks::slack::Slack;
use underrose_on_networks::{Heard, Network, Spot};

const PEOPLE: [&str; 7] = ["alice", "bob", "carol", "dave", "erin", "frank", "mallory"];

/// Everybody is on both networks; these have no account on one, as far as the committee knows.
const NOT_ON_SLACK: &str = "carol";
const NOT_ON_MATRIX: &str = "dave";

/// A case's room on each network.
pub struct Rooms {
    matrix: RoomId,
    slack: RoomId,
}

pub struct Scene {
    pub bot: Bot,
    matrix: Matrix,
    slack: Slack,
    stage: Arc<Stage>,
    inbox: Inbox,
    shown: Arc<Mutex<Vec<String>>>,
}

pub fn names(all: &str) -> BTreeSet<String> {
    all.split_whitespace().map(str::to_owned).collect()
}

impl Scene {
    pub async fn new() -> Self {
        let town = Arc::new(Town::new(&PEOPLE).await);
        let matrix = Matrix::new(town, "rose", &["alice", "bob", "carol"]).await;
        let slack = Slack::new(&PEOPLE, &["alice", "bob", "dave"]).await;
        let (mut on_matrix, mut on_slack) = (matrix.place(), slack.place());
        on_matrix.handles.retain(|(name, _)| *name != NOT_ON_MATRIX);
        on_slack.handles.retain(|(name, _)| *name != NOT_ON_SLACK);
        let console = Place {
            network: "console".to_owned(),
            section: None,
            rooms: vec![("security", "security".to_owned())],
            handles: vec![("alice", "alice".to_owned())],
        };
        let config = config::on(&[on_matrix, on_slack, console], Some("alice"), "");
        let mut bot = Bot::new(config);
        let (stage, shown) = (Arc::new(Stage::new("e")), Arc::default());
        let show: Arc<Mutex<Vec<String>>> = Arc::clone(&shown);
        let terminal = Console::new(stage.clone(), bot.now(), Some("alice".to_owned()))
            .showing(Arc::new(move |lines| show.lock().unwrap().extend(lines)));
        let console = Name("console".to_owned());
        bot.tell(Adapters::from([(console, Arc::new(terminal) as _)]));
        matrix.connect(&mut bot).await;
        slack.connect(&mut bot).await;
        let inbox = bot.inbox();
        let mut scene = Self {
            bot,
            matrix,
            slack,
            stage,
            inbox,
            shown,
        };
        scene.rest().await;
        scene
    }

    /// Until nothing moves on any network.
    pub async fn rest(&mut self) {
        loop {
            let taken = self.bot.taken().await;
            let slack = &mut self.slack;
            self.bot.settle(&mut || slack.look()).await;
            self.slack.quiet(&self.bot).await;
            self.matrix.quiet(&self.bot).await;
            if self.bot.taken().await == taken {
                self.slack.look();
                return;
            }
        }
    }

    pub async fn passes(&mut self, span: TimeDelta) {
        let end = (self.bot.now())() + span;
        while self.bot.advance_towards(end).await < end {
            self.rest().await;
        }
        self.rest().await;
    }

    /// The case's rooms: one on each network.
    pub async fn rooms(&self, name: &str) -> Rooms {
        let on =
            async |network: &str| -> BTreeMap<String, RoomId> { self.bot.rooms(network).await };
        assert!(
            on("console").await.contains_key(name),
            "a room at the console"
        );
        Rooms {
            matrix: on("matrix").await[name].clone(),
            slack: on("slack").await[name].clone(),
        }
    }

    /// Who is in the case's room on Matrix, and on Slack.
    pub async fn who_is_in(&self, case: &Rooms) -> (BTreeSet<String>, BTreeSet<String>) {
        let matrix = self.matrix.members(&case.matrix).await;
        (matrix, self.slack.members(&case.slack).await)
    }

    pub async fn slack_says(&mut self, who: &str, case: Option<&Rooms>, text: &str) {
        let room = case.map(|case| &case.slack);
        let said = self.slack.say(who, room, text, Surface::Modal).await;
        said.unwrap();
        self.slack.look();
        self.rest().await;
    }

    pub async fn matrix_says(&mut self, who: &str, case: Option<&Rooms>, text: &str) {
        let room = case.map(|case| &case.matrix);
        let said = self.matrix.say(who, room, text, Surface::Stepwise).await;
        said.unwrap();
        self.rest().await;
    }

    pub async fn console_says(&mut self, line: &str) {
        let line = parse(line).unwrap();
        let inbound = self.stage.act(&line, (self.bot.now())()).unwrap().unwrap();
        let answer = self.inbox.accept(inbound.clone()).await.unwrap();
        self.stage.answered(&inbound, &answer);
        self.shown.lock().unwrap().extend(self.stage.take_output());
        self.rest().await;
    }

    pub async fn slack_presses(&mut self, who: &str, case: &Rooms, label: &str) {
        let pressed = self.slack.press(who, Some(&case.slack), label).await;
        pressed.unwrap();
        self.rest().await;
    }

    pub async fn matrix_presses(&mut self, who: &str, case: &Rooms, label: &str) {
        // It may still be on its way to them.
        self.matrix_room_reads_as(who, case, &format!("[{label}]"))
            .await;
        let pressed = self.matrix.press(who, Some(&case.matrix), label).await;
        pressed.unwrap();
        self.rest().await;
    }

    pub async fn matrix_presses_alone(&mut self, who: &str, label: &str) {
        self.matrix_reads(who, &format!("[{label}]")).await;
        self.matrix.press(who, None, label).await.unwrap();
        self.rest().await;
    }

    /// Everybody who is in the case's rooms reads this there, and the console shows it.
    pub async fn all_read(&mut self, case: &Rooms, text: &str) {
        self.slack_room_reads(case, text).await;
        self.matrix_room_reads(case, text).await;
        assert!(
            self.console_shows(text),
            "{text}: {:#?}",
            self.shown.lock().unwrap()
        );
    }

    pub async fn slack_room_reads(&mut self, case: &Rooms, text: &str) {
        for who in self.slack.members(&case.slack).await {
            let heard = self.slack.heard(&who, Spot::Room(&case.slack), 0).await;
            assert!(holds(&heard, text), "{who} on Slack: {text}: {heard:#?}");
        }
    }

    pub async fn matrix_room_reads(&mut self, case: &Rooms, text: &str) {
        for who in self.matrix.members(&case.matrix).await {
            self.matrix_room_reads_as(&who, case, text).await;
        }
    }

    async fn matrix_room_reads_as(&mut self, who: &str, case: &Rooms, text: &str) {
        reads(&mut self.matrix, who, Spot::Room(&case.matrix), text).await;
    }

    /// Alone.
    pub async fn matrix_reads(&mut self, who: &str, text: &str) {
        reads(&mut self.matrix, who, Spot::Alone, text).await;
    }

    /// Alone.
    pub async fn slack_reads(&mut self, who: &str, text: &str) {
        reads(&mut self.slack, who, Spot::Alone, text).await;
    }

    pub fn console_shows(&self, text: &str) -> bool {
        let shown = self.shown.lock().unwrap().join("\n");
        shown
            .replace(['*', '`'], "")
            .contains(&text.replace('`', ""))
    }

    pub fn matrix_account(&self, who: &str) -> String {
        self.matrix.person(who).id().to_string()
    }

    /// How often this was said in public, over both networks; erin reads all of it.
    pub async fn announced(&mut self, text: &str) -> usize {
        let mut count = 0;
        for hall in ["announce", "general", "dev"] {
            let (there, here) = (
                self.slack.halls[hall].clone(),
                self.matrix.halls[hall].clone(),
            );
            reads(&mut self.matrix, "erin", Spot::Room(&here), text).await;
            let mut heard = self.slack.heard("erin", Spot::Room(&there), 0).await;
            heard.extend(self.matrix.heard("erin", Spot::Room(&here), 0).await);
            count += heard
                .iter()
                .filter(|one| holds(std::slice::from_ref(*one), text))
                .count();
        }
        count
    }
}

fn holds(heard: &[Heard], text: &str) -> bool {
    let text = text.replace('`', "");
    let all = heard.iter().flat_map(|one| match one {
        Heard::Said(lines) | Heard::Edited { lines, .. } => lines,
    });
    let all: Vec<String> = all.map(|line| line.replace("!vuln", "vuln")).collect();
    all.join("\n").contains(&text)
}

/// Waits until somebody has read this.
async fn reads<N: Network>(network: &mut N, who: &str, spot: Spot<'_>, text: &str) {
    let mut known = 0;
    loop {
        let heard = network.heard(who, spot, known).await;
        if holds(&heard, text) {
            return;
        }
        assert!(
            heard.len() >= known,
            "{who} never read: {text}; they read {heard:#?}"
        );
        known = heard.len() + 1;
    }
}
