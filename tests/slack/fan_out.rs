//! An announcement to two hundred channels of a workspace that takes so many messages a minute, and a page
//! in the middle of it.

use underrose_slack_emulator::{Settings, World};

use crate::scene::{DEADLINE, Scene};
use crate::workspace::app;

const CHANNELS: usize = 200;

/// Slack names no number; with this one, a part of the fan-out goes at once and the rest does not.
const PER_MINUTE: u32 = 120;

/// How much longer than Slack's own limit it may take.
const LONGER_MAX: f64 = 1.1;

impl Scene {
    /// The configuration names these channels, and no others, for announcements.
    fn announces_in(&self, halls: &[String]) {
        let config = self.config();
        let mut table: toml::Table = std::fs::read_to_string(&config).unwrap().parse().unwrap();
        let rooms: Vec<toml::Value> = halls
            .iter()
            .map(|id| format!("slack/{id}").into())
            .collect();
        table["committee"]["announce"] = vec![toml::Value::from(rooms)].into();
        std::fs::write(config, table.to_string()).unwrap();
    }
}

/// Messages that were taken, by when and in which channel.
fn posts(world: &World) -> Vec<(f64, String)> {
    let of_bot = |channel: &underrose_slack_emulator::Channel| {
        let id = channel.id.clone();
        let messages = channel.messages.iter().filter(|message| message.by_app);
        let at: Vec<f64> = messages
            .map(|message| message.ts.parse().unwrap())
            .collect();
        at.into_iter()
            .map(move |at| (at, id.clone()))
            .collect::<Vec<_>>()
    };
    let mut posts: Vec<_> = world.channels.values().flat_map(of_bot).collect();
    posts.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    posts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fan_out_takes_what_slack_allows_and_a_page_does_not_wait_for_it() {
    let settings = Settings {
        posts_per_minute: PER_MINUTE,
        ..app()
    };
    let mut scene = Scene::as_app(settings, 0).await;
    scene.kill();
    let people: Vec<String> = ["alice", "bob"].map(|name| scene.id(name)).to_vec();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let halls: Vec<String> = (0..CHANNELS)
        .map(|number| scene.emulator.public(&format!("news-{number}"), &people))
        .collect();
    scene.announces_in(&halls);
    scene.start();
    scene.emulator.connected(2).await;

    let erin = scene.actor("erin");
    erin.dm("vuln report the kubelet logs tokens").unwrap();
    let case = scene.case_room().await;
    scene.drafts(&case).await;
    scene.arm(&case).await;
    let announced = |world: &World, least: usize| {
        let announced = Scene::announced(world, &halls);
        (announced.len() >= least).then_some(announced)
    };
    // When the limit is reached, somebody reports, and the duty is paged.
    let half = CHANNELS * 3 / 4;
    let emulator = scene.emulator.clone();
    emulator
        .until_in(DEADLINE, "the better half", |world| announced(world, half))
        .await;
    let reported = erin.dm("vuln report another hole").unwrap();
    let direct = scene.actor("alice").direct();
    let paged = emulator
        .until_in(DEADLINE, "the page", |world| {
            let messages = world.channels[&direct].messages.iter();
            let page = messages.filter(|message| {
                serde_json::json!(message.blocks)
                    .to_string()
                    .contains("2026-0002")
            });
            page.map(|message| message.ts.clone()).next()
        })
        .await;
    let all = emulator
        .until_in(DEADLINE, "all of it", |world| announced(world, CHANNELS))
        .await;
    assert_eq!(all.len(), CHANNELS, "each once");

    let seconds = |stamp: &str| stamp.parse::<f64>().unwrap();
    let posts = emulator.look(posts);
    let meanwhile = |from: f64, to: f64| {
        let posts = posts.iter().filter(|(at, _)| (from..=to).contains(at));
        posts.count() as f64
    };
    let at: Vec<f64> = all.iter().map(|(_, at)| *at).collect();
    let first = at.iter().copied().fold(f64::MAX, f64::min);
    let last = at.iter().copied().fold(f64::MIN, f64::max);
    let (took, per_second) = (last - first, f64::from(PER_MINUTE) / 60.0);
    let allowed = (meanwhile(first, last) - f64::from(PER_MINUTE)) / per_second;
    let before_page = meanwhile(seconds(&reported), seconds(&paged));
    println!(
        "{CHANNELS} channels in {took:.1} s, where Slack's limit is {allowed:.1} s; {before_page} posts \
         from a report to its page; {} refused",
        emulator
            .calls("chat.postMessage")
            .iter()
            .filter(|call| call.status == 429)
            .count()
    );
    assert!(
        took <= LONGER_MAX * allowed,
        "{took:.1} s of {allowed:.1} s"
    );
    // What was under way already, the receipt of the report, and the page.
    assert!(before_page <= 8.0, "{before_page} posts before the page");
}
