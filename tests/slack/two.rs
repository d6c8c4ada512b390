//! Two workspaces in one process, each a network of its own: a case has a room in both, a command in
//! either counts in both, and when one is lost the other is where that is said.

use std::path::Path;

use serde_json::Value;
use underrose_slack_emulator::{Emulator, Settings, Standing, World};

use crate::looking::case_rooms;
use crate::scene::{DEADLINE, Scene};
use crate::workspace::app;

/// The second workspace: Bob is in both, Erin's namesake only here.
struct Thorn {
    emulator: Emulator,
    bob: String,
    erin: String,
    hall: String,
}

impl Thorn {
    async fn new() -> Self {
        let emulator = Emulator::start(Settings {
            team_id: "T000THORN01".into(),
            team_name: "Thorn".into(),
            bot_token: "xoxb-emulated-thorn".into(),
            app_token: "xapp-emulated-thorn".into(),
            ..app()
        })
        .await
        .unwrap();
        let (bob, erin) = (emulator.person("robert"), emulator.person("erin"));
        let hall = emulator.public("news", &[&bob, &erin]);
        Self {
            emulator,
            bob,
            erin,
            hall,
        }
    }

    /// Adds itself to the configuration of the other one.
    fn join(&self, config: &Path) {
        let mut table: toml::Table = std::fs::read_to_string(config).unwrap().parse().unwrap();
        let secret = |name: &str, text: String| {
            let path = config.with_file_name(name);
            std::fs::write(&path, text).unwrap();
            toml::Value::from(format!("file:{}", path.display()))
        };
        let (bot, app) = self.emulator.look(|world| {
            let settings = &world.settings;
            (settings.bot_token.clone(), settings.app_token.clone())
        });
        let section = toml::Table::from_iter([
            ("name".to_owned(), "thorn".into()),
            ("bot_token".to_owned(), secret("thorn-bot", bot)),
            ("app_token".to_owned(), secret("thorn-app", app)),
            ("api_url".to_owned(), self.emulator.api_url().into()),
        ]);
        table["slack"].as_array_mut().unwrap().push(section.into());
        let committee = table["committee"].as_table_mut().unwrap();
        committee.insert("case_networks".into(), vec!["slack", "thorn"].into());
        let announce = committee["announce"].as_array_mut().unwrap();
        let hall = toml::Value::from(format!("thorn/{}", self.hall));
        announce[0].as_array_mut().unwrap().push(hall);
        for person in table["people"].as_array_mut().unwrap() {
            if person["id"].as_str() == Some("bob") {
                let handles = person["handles"].as_table_mut().unwrap();
                handles.insert("thorn".into(), self.bob.as_str().into());
            }
        }
        std::fs::write(config, table.to_string()).unwrap();
    }

    async fn until<R>(&self, what: &str, find: impl FnMut(&World) -> Option<R>) -> R {
        self.emulator.until_in(DEADLINE, what, find).await
    }

    async fn case_room(&self) -> String {
        let found = |world: &World| {
            let case = case_rooms(world).next()?;
            (!case.pins.is_empty()).then(|| case.id.clone())
        };
        self.until("the case's room", found).await
    }

    async fn card_that(&self, case: &str, words: &str) {
        self.until(words, |world| {
            let room = &world.channels[case];
            let card = room.message(room.pins.first()?)?;
            Value::from(card.blocks.clone())
                .to_string()
                .contains(words)
                .then_some(())
        })
        .await;
    }
}

/// Names of those in a case's room, the bot aside.
fn members(world: &World, case: &str) -> Vec<String> {
    let members = world.channels[case].members.iter();
    let names = members.map(|id| &world.people[id]);
    let mut names: Vec<String> = names
        .filter(|person| !person.is_bot)
        .map(|person| person.name.clone())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workspaces_are_two_networks_of_one_bot() {
    let mut scene = Scene::new().await;
    scene.kill();
    let thorn = Thorn::new().await;
    thorn.join(&scene.config());
    scene.start();
    thorn.emulator.connected(2).await;

    // Reported in one, it has a room in both, each with those who have an account there.
    let erin = thorn.emulator.actor(&thorn.erin);
    erin.dm("vuln report SECRETDETAIL the kubelet logs tokens")
        .unwrap();
    let (here, there) = (scene.case_room().await, thorn.case_room().await);
    let committee = scene.emulator.look(|world| members(world, &here));
    assert_eq!(committee, ["alice", "bob", "carol", "dave"]);
    let guest = thorn.emulator.look(|world| members(world, &there));
    assert_eq!(guest, ["robert"]);

    // What is decided in either is on both cards.
    let robert = thorn.emulator.actor(&thorn.bob);
    robert.slash(&there, "/vuln", "ack").await.unwrap();
    thorn.card_that(&there, "triaging").await;
    scene.card_that(&here, "triaging").await;
    let vector = "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N";
    for text in [
        "vuln triage valid because reproduced",
        &format!("vuln score settle {vector} because it is so"),
        "vuln summary The kubelet logs tokens",
        "vuln ready",
        "vuln release verified",
        "vuln announce draft ANNOUNCEMENT upgrade to 1.29.3",
    ] {
        scene.types("alice", &here, text).await;
    }
    thorn.card_that(&there, "The kubelet logs tokens").await;

    // Everybody reads it, once.
    scene.arm(&here).await;
    let (halls, hall) = (scene.halls.clone(), [thorn.hall.clone()]);
    thorn
        .until("the other workspace's announcement", |world| {
            (!Scene::announced(world, &hall).is_empty()).then_some(())
        })
        .await;
    scene
        .until("the announcements", |world| {
            (Scene::announced(world, &halls).len() >= 3).then_some(())
        })
        .await;
    scene.card_that(&here, "disclosed").await;
    let told = scene.emulator.look(|world| Scene::announced(world, &halls));
    let told_there = thorn.emulator.look(|world| Scene::announced(world, &hall));
    assert_eq!((told.len(), told_there.len()), (3, 1));

    // A channel that somebody archives, and a workspace that throws the bot out, are told to the
    // duty, who is on the other one.
    let alice = scene.actor("alice");
    let direct = alice.direct();
    let reads = async |words: &'static str, what: &str| {
        let found = |message: &Value| message.to_string().contains(words);
        alice.sees_that(&direct, what, found).await
    };
    let dev = scene.halls[2].clone();
    scene.actor("dave").archive(&dev).unwrap();
    let named = reads("unarchive it", "the archived channel").await["blocks"].to_string();
    assert!(
        named.contains(&format!("\"channel_id\":\"{dev}\"")),
        "{named}"
    );
    // Dave is known to the configuration, the stranger is not.
    let (dave, stranger) = (scene.id("dave"), scene.emulator.person("mallory"));
    scene.emulator.deactivate(&stranger);
    scene.emulator.deactivate(&dave);
    reads("dave's account on slack", "the closed account").await;
    scene.emulator.rename_workspace("Briar");
    reads("called Briar now", "the new name").await;
    let mentioned = scene.emulator.look(|world| {
        let messages = world.channels[&direct].messages.iter();
        let closed = messages.filter(|message| {
            let blocks = Value::from(message.blocks.clone());
            blocks.to_string().contains("was deactivated")
        });
        closed.count()
    });
    assert_eq!(mentioned, 1, "a stranger's account is nobody's business");
    thorn.emulator.revoke(Standing::Revoked);
    let lost = reads("I hear nothing on thorn", "the lost workspace").await;
    assert!(lost.to_string().contains("new bot token"), "{lost}");
    // … and the first goes on.
    scene.closes(&here).await;

    for emulator in [&scene.emulator, &thorn.emulator] {
        assert_eq!(emulator.complaints(), Vec::<String>::new());
    }
    assert!(!scene.log().contains("SECRETDETAIL"));
}
