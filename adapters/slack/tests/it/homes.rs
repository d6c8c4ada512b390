//! App Home follows what waits for a person, and lock screens show no more than they may.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use underrose_chat::{
    Action, Adapter, Choice, Happening, Immediate, Message, Openness, Target, Weight,
};
use underrose_slack_emulator::Trouble;

use crate::stage::{Stage, key, post, user};

/// How often a page was published, and what stands there now.
fn published(stage: &Stage, person: &str) -> (usize, String) {
    let home = stage.emulator.actor(person).home().unwrap_or_default();
    (
        stage.emulator.calls("views.publish").len(),
        home["blocks"].to_string(),
    )
}

#[tokio::test]
async fn app_home_follows_what_waits_for_whoever_looks_at_it() {
    let stage = Stage::up().await;
    let (ann, bob) = (stage.emulator.person("ann"), stage.emulator.person("bob"));
    let hall = stage.emulator.private("security", &[&ann, &bob]);
    let waiting = Arc::new(AtomicUsize::new(2));
    let count = waiting.clone();
    stage.desk.answers(move |inbound| match &inbound.what {
        Happening::Home { .. } => {
            let choice = Choice {
                label: "I have it".into(),
                command: "oncall ack".into(),
                weight: Weight::Casual,
                confirm: None,
            };
            let mut page = Message::text(format!("waiting: {}", count.load(Ordering::SeqCst)));
            page.blocks.push(underrose_chat::Block::Choices {
                choices: vec![choice],
            });
            Immediate::Say { message: page }
        }
        Happening::Pressed { .. } => {
            count.fetch_sub(1, Ordering::SeqCst);
            Immediate::Say {
                message: Message::text("You have it."),
            }
        }
        _ => Immediate::Nothing,
    });
    let actor = stage.emulator.actor(&ann);
    actor.open_home();
    let shows = |words: &'static str| {
        let stage = &stage;
        let person = ann.clone();
        async move {
            stage
                .emulator
                .until(words, |world| {
                    let view = world.views.get(world.homes.get(&person)?)?;
                    view.body.to_string().contains(words).then_some(())
                })
                .await;
        }
    };
    shows("waiting: 2").await;

    // A press in it.
    actor.press_home("choice-0", "oncall ack").await.unwrap();
    shows("waiting: 1").await;

    // What somebody else did, and the bot said of it.
    waiting.store(7, Ordering::SeqCst);
    let said = stage.slack.deliver(&key("k1"), &post(&hall, "news")).await;
    said.unwrap();
    shows("waiting: 7").await;

    // Another's command that changes nothing there is no reason to send it again …
    let heard = || {
        let taken = stage.desk.taken.lock().unwrap();
        let homes = taken.iter();
        homes
            .filter(|inbound| matches!(inbound.what, Happening::Home { .. }))
            .count()
    };
    let (calls, _) = published(&stage, &ann);
    let asked = heard();
    let other = stage.emulator.actor(&bob);
    other.slash(&hall, "/vuln", "help").await.unwrap();
    while heard() == asked {
        let so_far = stage.desk.taken.lock().unwrap().len();
        stage.taken(so_far + 1).await;
    }
    // … and the next change shows that nothing was sent in between.
    waiting.store(9, Ordering::SeqCst);
    other.slash(&hall, "/vuln", "help").await.unwrap();
    shows("waiting: 9").await;
    assert_eq!(published(&stage, &ann).0, calls + 1);

    // Who never looked at theirs has none.
    assert!(stage.emulator.actor(&bob).home().is_none());
    assert_eq!(stage.emulator.complaints(), Vec::<String>::new());
}

/// Two pages that are followed and show a number, and that number.
async fn followed() -> (Stage, [String; 2], Arc<AtomicUsize>) {
    let stage = Stage::up().await;
    let people = ["ann", "bob"].map(|name| stage.emulator.person(name));
    let number = Arc::new(AtomicUsize::new(1));
    let shown = number.clone();
    stage.desk.answers(move |inbound| match &inbound.what {
        Happening::Home { .. } => Immediate::Say {
            message: Message::text(format!("number {}.", shown.load(Ordering::SeqCst))),
        },
        _ => Immediate::Nothing,
    });
    for person in &people {
        stage.emulator.actor(person).open_home();
        page(&stage, person, "number 1.").await;
    }
    (stage, people, number)
}

async fn page(stage: &Stage, person: &str, words: &'static str) {
    let patience = std::time::Duration::from_secs(30);
    let shows = |world: &underrose_slack_emulator::World| {
        let view = world.views.get(world.homes.get(person)?)?;
        view.body.to_string().contains(words).then_some(())
    };
    stage.emulator.until_in(patience, words, shows).await;
}

/// What became of each time that a page was published to this person.
fn outcomes(stage: &Stage, person: &str) -> Vec<(chrono::DateTime<chrono::Utc>, String)> {
    let calls = stage.emulator.calls("views.publish").into_iter();
    calls
        .filter(|call| call.arguments["user_id"] == person)
        .map(|call| (call.at, call.outcome))
        .collect()
}

#[tokio::test]
async fn a_page_that_slack_refuses_is_left_until_it_is_opened_again() {
    let (stage, [ann, bob], number) = followed().await;
    let hall = stage.emulator.private("security", &[&ann, &bob]);
    let refuse = Trouble::Error("not_enabled".into());
    // Of the two the one with the lower id is shown first.
    stage.emulator.fail("views.publish", refuse, 1);
    let changed = async |to: usize, name: &str, words| {
        number.store(to, Ordering::SeqCst);
        let said = stage.slack.deliver(&key(name), &post(&hall, "news")).await;
        said.unwrap();
        page(&stage, &bob, words).await;
    };
    changed(2, "k1", "number 2.").await;
    changed(3, "k2", "number 3.").await;
    let refused = outcomes(&stage, &ann);
    let refused: Vec<&str> = refused
        .iter()
        .map(|(_, outcome)| outcome.as_str())
        .collect();
    assert_eq!(refused, ["ok", "not_enabled"]);
    stage.emulator.actor(&ann).open_home();
    page(&stage, &ann, "number 3.").await;
}

#[tokio::test]
async fn a_page_that_may_not_have_come_through_is_shown_again_after_a_pause() {
    let (stage, [ann, bob], number) = followed().await;
    let hall = stage.emulator.private("security", &[&ann, &bob]);
    stage
        .emulator
        .fail("views.publish", Trouble::Status(503), 2);
    number.store(2, Ordering::SeqCst);
    let said = stage.slack.deliver(&key("k1"), &post(&hall, "news")).await;
    said.unwrap();
    page(&stage, &ann, "number 2.").await;
    page(&stage, &bob, "number 2.").await;
    let shown = outcomes(&stage, &ann);
    let [.., (failed, _), (came, outcome)] = shown.as_slice() else {
        panic!("{shown:?}")
    };
    assert_eq!((shown.len(), outcome.as_str()), (3, "ok"), "{shown:?}");
    assert!((*came - *failed).num_seconds() >= 9, "{shown:?}");
}

#[tokio::test]
async fn a_lock_screen_shows_a_page_and_nothing_of_any_other_private_message() {
    let stage = Stage::new().await;
    let ann = stage.emulator.person("ann");
    let say = |notice: Option<&str>| Action::Post {
        to: Target::Direct { user: user(&ann) },
        message: Message::text("SECRETDETAIL of case 2026-0001"),
        openness: Openness::Private,
        notice: notice.map(str::to_owned),
    };
    for (name, notice, shown) in [
        ("k1", None, "Underrose has something for you here."),
        (
            "k2",
            Some("Page: case 2026-0001 <waits>"),
            "Page: case 2026-0001 &lt;waits&gt;",
        ),
    ] {
        stage.slack.deliver(&key(name), &say(notice)).await.unwrap();
        let calls = stage.emulator.calls("chat.postMessage");
        let call = calls.last().unwrap();
        assert_eq!(call.arguments["text"], shown);
        assert!(
            call.arguments["blocks"]
                .to_string()
                .contains("SECRETDETAIL")
        );
    }
}
