//! People in front of Slack, and what each of them gets to see: the same by Socket Mode and over signed
//! HTTP.

use std::collections::BTreeMap;

use serde_json::Value;
use underrose_chat::{
    Action, Adapter, Block, Choice, Field, FieldKind, Form, Happening, Immediate, Message, Opt,
    Place, Surface, Weight,
};

use underrose_slack_emulator::Trouble;

use crate::bounds::texts;
use crate::stage::{Stage, key, post, room, user};

/// Each conversation once by each way in.
macro_rules! both_ways {
    ($($conversation:ident)*) => {
        mod by_socket {
            $(#[tokio::test]
            async fn $conversation() {
                super::$conversation(super::Stage::up().await).await;
            })*
        }

        mod over_http {
            $(#[tokio::test]
            async fn $conversation() {
                super::$conversation(super::Stage::up_over_http().await).await;
            })*
        }
    };
}

both_ways! {
    a_slash_command_is_answered_to_its_caller_alone
    a_mention_is_answered_where_it_stands_and_a_direct_message_in_it
    in_a_private_room_a_mention_comes_twice_and_counts_once
    a_button_gives_its_command_and_its_answer_is_the_presser_s
    a_modal_lives_scores_and_shows_errors_beside_the_field
    a_closed_modal_is_a_cancelled_form
    the_shortcut_opens_the_report_with_the_message_linked
    app_home_is_published_and_its_buttons_are_answered_directly
    who_joins_a_private_room_is_told_with_who_let_them_in
    of_many_changes_the_last_is_shown_and_others_have_their_share
}

fn said(message: &Value) -> String {
    texts(message["blocks"].as_array().unwrap())
}

fn form(values: &BTreeMap<String, String>) -> Form {
    let score = if values.get("AV").is_some_and(|av| av == "N") {
        "9.8"
    } else {
        "none yet"
    };
    let option = |value: &str| Opt {
        value: value.into(),
        label: value.into(),
    };
    let field = |name: &str, kind, live| Field {
        name: name.into(),
        label: name.into(),
        hint: String::new(),
        kind,
        value: values.get(name).cloned(),
        required: false,
        live,
    };
    Form {
        id: "score/2026-0001".into(),
        title: "Score".into(),
        body: Message::text(format!("score: {score}")),
        fields: vec![
            field(
                "AV",
                FieldKind::Select {
                    options: vec![option("N"), option("L")],
                },
                true,
            ),
            field("vector", FieldKind::Line { bytes_max: 512 }, false),
        ],
        submit: "Score".into(),
        errors: BTreeMap::new(),
    }
}

async fn a_slash_command_is_answered_to_its_caller_alone(stage: Stage) {
    let (ann, bob) = (stage.emulator.person("ann"), stage.emulator.person("bob"));
    let general = stage.emulator.public("general", &[&ann, &bob]);
    stage.desk.says("Case 2026-0001 is new.");
    let delivery = stage
        .emulator
        .actor(&ann)
        .slash(&general, "/vuln", "status")
        .await
        .unwrap();
    assert!(delivery.is_acknowledged());
    let seen = stage.emulator.actor(&ann).ephemerals(&general);
    assert_eq!(said(&seen[0]), "Case 2026-0001 is new.");
    assert!(
        stage.emulator.actor(&bob).sees(&general).is_empty(),
        "nobody else sees it"
    );
    let heard = &stage.taken(1).await[0].what;
    let here = Place::Room {
        room: room(&general),
    };
    assert!(
        matches!(heard, Happening::Text { by, place, text, surface: Surface::Modal, .. }
        if *by == user(&ann) && *place == here && text == "vuln status")
    );
    assert_eq!(stage.emulator.complaints(), Vec::<String>::new());
}

async fn a_mention_is_answered_where_it_stands_and_a_direct_message_in_it(stage: Stage) {
    let (ann, bob) = (stage.emulator.person("ann"), stage.emulator.person("bob"));
    let general = stage.emulator.public("general", &[&ann, &bob]);
    stage.desk.says("Nothing waits.");
    let actor = stage.emulator.actor(&ann);
    actor.say(&general, "@underrose next").unwrap();
    let seen = actor
        .sees_that(&general, "the answer", |message| {
            message["ephemeral"] == true
        })
        .await;
    assert_eq!(said(&seen), "Nothing waits.");
    assert_eq!(
        stage.emulator.actor(&bob).sees(&general).len(),
        1,
        "bob sees the question alone"
    );
    actor.dm("next").unwrap();
    let direct = actor.direct();
    actor
        .sees_that(&direct, "the answer", |message| {
            message["bot_id"].is_string()
        })
        .await;
    assert_eq!(stage.desk.texts(), ["next", "next"]);
    assert_eq!(stage.emulator.complaints(), Vec::<String>::new());
}

async fn in_a_private_room_a_mention_comes_twice_and_counts_once(stage: Stage) {
    let ann = stage.emulator.person("ann");
    let case = stage.emulator.private("case", &[&ann]);
    stage.desk.says("You have it.");
    stage
        .emulator
        .actor(&ann)
        .say(&case, "@underrose vuln ack")
        .unwrap();
    stage.emulator.settled().await;
    let answers = stage.emulator.actor(&ann).ephemerals(&case);
    assert_eq!(answers.len(), 1, "and is answered once");
    stage.desk.answers(|_| Immediate::Nothing);
    stage
        .emulator
        .actor(&ann)
        .say(&case, "only chatter")
        .unwrap();
    stage.taken(2).await;
    let mut texts = stage.desk.texts();
    texts.sort();
    assert_eq!(texts, ["only chatter", "vuln ack"]);
}

async fn a_button_gives_its_command_and_its_answer_is_the_presser_s(stage: Stage) {
    let (ann, bob) = (stage.emulator.person("ann"), stage.emulator.person("bob"));
    let case = stage.emulator.private("case", &[&ann, &bob]);
    let choice = Choice {
        label: "I have it".into(),
        command: "oncall ack 2026-0001".into(),
        weight: Weight::Casual,
        confirm: Some("Really?".into()),
    };
    let Action::Post { to, .. } = post(&case, "") else {
        unreachable!()
    };
    let card = Message {
        blocks: vec![Block::Choices {
            choices: vec![choice],
        }],
    };
    stage
        .slack
        .deliver(&key("a1"), &Action::post(to, card))
        .await
        .unwrap();
    stage.desk.says("You have it.");
    let pressed = stage
        .emulator
        .actor(&ann)
        .press_labelled(&case, "I have it")
        .await
        .unwrap();
    assert!(pressed.is_acknowledged());
    let actor = stage.emulator.actor(&ann);
    let seen = actor
        .sees_that(&case, "the answer", |message| message["ephemeral"] == true)
        .await;
    assert_eq!(said(&seen), "You have it.");
    assert!(stage.emulator.actor(&bob).ephemerals(&case).is_empty());
    let heard = &stage.taken(1).await[0].what;
    assert!(
        matches!(heard, Happening::Pressed { command, .. } if command == "oncall ack 2026-0001")
    );
    assert_eq!(stage.emulator.complaints(), Vec::<String>::new());
}

async fn a_modal_lives_scores_and_shows_errors_beside_the_field(stage: Stage) {
    let ann = stage.emulator.person("ann");
    let case = stage.emulator.private("case", &[&ann]);
    stage.desk.answers(|inbound| match &inbound.what {
        Happening::Text { .. } => Immediate::Form {
            form: form(&BTreeMap::new()),
        },
        Happening::FormChanged { values, .. } => Immediate::Form { form: form(values) },
        Happening::FormSubmitted { values, .. } if values["vector"].is_empty() => Immediate::Say {
            message: Message::text("Scored 9.8."),
        },
        Happening::FormSubmitted { .. } => Immediate::Errors {
            errors: BTreeMap::from([("vector".into(), "That is no vector.".into())]),
        },
        _ => Immediate::Nothing,
    });
    let actor = stage.emulator.actor(&ann);
    actor.slash(&case, "/vuln", "score").await.unwrap();
    let opened = actor
        .modal_that("the calculator", |view| view["title"]["text"] == "Score")
        .await;
    assert!(texts(opened["blocks"].as_array().unwrap()).contains("none yet"));
    actor
        .fill("AV", "N")
        .await
        .unwrap()
        .expect("the change is told");
    actor
        .modal_that("the score", |view| {
            texts(view["blocks"].as_array().unwrap()).contains("9.8")
        })
        .await;
    actor.fill("vector", "nonsense").await.unwrap();
    actor.submit().await.unwrap();
    let errors = actor.errors();
    assert_eq!(errors.values().collect::<Vec<_>>(), ["That is no vector."]);
    actor.fill("vector", "").await.unwrap();
    actor.submit().await.unwrap();
    let answer = actor.modal().expect("the answer is shown");
    assert!(texts(answer["blocks"].as_array().unwrap()).contains("Scored 9.8."));
    let taken = stage.taken(4).await;
    let here = Place::Room { room: room(&case) };
    assert!(
        taken
            .iter()
            .all(|inbound| inbound.what.place() == Some(&here)),
        "all of it is about the room"
    );
    assert_eq!(stage.emulator.complaints(), Vec::<String>::new());
}

async fn a_closed_modal_is_a_cancelled_form(stage: Stage) {
    let ann = stage.emulator.person("ann");
    let general = stage.emulator.public("general", &[&ann]);
    stage.desk.answers(|_| Immediate::Form {
        form: form(&BTreeMap::new()),
    });
    let actor = stage.emulator.actor(&ann);
    actor.slash(&general, "/vuln", "score").await.unwrap();
    actor.modal_that("the form", |_| true).await;
    actor.close().await.unwrap();
    let taken = stage.taken(2).await;
    assert!(
        matches!(&taken[1].what, Happening::FormCancelled { form, .. } if form == "score/2026-0001")
    );
}

async fn the_shortcut_opens_the_report_with_the_message_linked(stage: Stage) {
    let ann = stage.emulator.person("ann");
    let general = stage.emulator.public("general", &[&ann]);
    let actor = stage.emulator.actor(&ann);
    let stamp = actor.say(&general, "is this a hole?").unwrap();
    stage.desk.answers(|_| Immediate::Form {
        form: form(&BTreeMap::new()),
    });
    actor
        .shortcut(&general, &stamp, "report_disclosure")
        .await
        .unwrap();
    actor.modal_that("the report form", |_| true).await;
    let number = stamp.replace('.', "");
    let texts = stage.desk.texts();
    assert!(
        texts[0].starts_with("vuln report about https://"),
        "{texts:?}"
    );
    assert!(
        texts[0].ends_with(&format!("/archives/{general}/p{number}")),
        "{texts:?}"
    );
}

async fn app_home_is_published_and_its_buttons_are_answered_directly(stage: Stage) {
    let ann = stage.emulator.person("ann");
    let actor = stage.emulator.actor(&ann);
    stage.desk.answers(|inbound| match &inbound.what {
        Happening::Home { .. } => {
            let choice = Choice {
                label: "I have it".into(),
                command: "oncall ack".into(),
                weight: Weight::Casual,
                confirm: None,
            };
            let waits = Block::Heading {
                text: "What waits for you".into(),
            };
            Immediate::Say {
                message: Message {
                    blocks: vec![
                        waits,
                        Block::Choices {
                            choices: vec![choice],
                        },
                    ],
                },
            }
        }
        _ => Immediate::Say {
            message: Message::text("You have it."),
        },
    });
    actor.open_home();
    let home = stage
        .emulator
        .until("the home view", |world| {
            world.homes.get(&ann).map(|id| world.views[id].clone())
        })
        .await;
    drop(home);
    let shown = actor.home().unwrap();
    assert_eq!(shown["blocks"][0]["text"]["text"], "What waits for you");
    actor.press_home("choice-0", "oncall ack").await.unwrap();
    let direct = actor.direct();
    actor
        .sees_that(&direct, "the answer", |message| {
            message["bot_id"].is_string()
        })
        .await;
    assert_eq!(stage.emulator.complaints(), Vec::<String>::new());
}

async fn who_joins_a_private_room_is_told_with_who_let_them_in(stage: Stage) {
    let (ann, eve) = (stage.emulator.person("ann"), stage.emulator.person("eve"));
    let case = stage.emulator.private("case", &[&ann]);
    stage.emulator.actor(&ann).invite(&case, &eve).unwrap();
    let taken = stage.taken(1).await;
    let joined = Happening::Joined {
        room: room(&case),
        who: user(&eve),
        invited_by: Some(user(&ann)),
    };
    assert_eq!(taken[0].what, joined);
}

/// A metric is changed twenty times in a moment, and Slack takes no update at first.
async fn of_many_changes_the_last_is_shown_and_others_have_their_share(stage: Stage) {
    let ann = stage.emulator.person("ann");
    let case = stage.emulator.private("case", &[&ann]);
    stage.desk.answers(|inbound| match &inbound.what {
        Happening::FormChanged { values, .. } => Immediate::Form { form: form(values) },
        _ => Immediate::Form {
            form: form(&BTreeMap::new()),
        },
    });
    let actor = stage.emulator.actor(&ann);
    actor.slash(&case, "/vuln", "score").await.unwrap();
    actor.modal_that("the calculator", |_| true).await;
    let pause = Trouble::RateLimited { seconds: 1 };
    stage.emulator.fail("views.update", pause, 1);
    // As somebody types: nobody waits for an acknowledgement.
    let changes = (0..20).map(|change| {
        let metric = if change % 2 == 0 { "L" } else { "N" };
        actor.fill("AV", metric)
    });
    for told in futures_util::future::join_all(changes).await {
        let told = told.unwrap().expect("each change is told");
        assert!(told.is_acknowledged());
    }
    actor
        .modal_that("the score of the last", |view| {
            texts(view["blocks"].as_array().unwrap()).contains("9.8")
        })
        .await;
    let updates = stage.emulator.calls("views.update").len();
    assert!((2..=12).contains(&updates), "{updates} updates");
}
