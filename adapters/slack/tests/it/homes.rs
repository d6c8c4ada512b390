//! App Home follows what waits for a person, and lock screens show no more than they may.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use underrose_chat::{
    Action, Adapter, Choice, Happening, Immediate, Message, Openness, Target, Weight,
};

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
