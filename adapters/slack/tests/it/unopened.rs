//! A form that was not opened: its caller is told why, and only what is so.

use std::collections::BTreeMap;
use std::time::Duration;

use underrose_chat::{Field, FieldKind, Form, Immediate, Message};
use underrose_slack_emulator::Trouble;

use crate::bounds::texts;
use crate::stage::Stage;

fn form() -> Form {
    let field = Field {
        name: "title".into(),
        label: "Title".into(),
        hint: String::new(),
        kind: FieldKind::Line { bytes_max: 100 },
        value: None,
        required: false,
        live: false,
    };
    Form {
        id: "report".into(),
        title: "Report".into(),
        body: Message::text("What is it?"),
        fields: vec![field],
        submit: "Report".into(),
        errors: BTreeMap::new(),
    }
}

#[tokio::test]
async fn whoever_sees_no_form_is_told_why() {
    let stage = Stage::up().await;
    let ann = stage.emulator.person("ann");
    let general = stage.emulator.public("general", &[&ann]);
    stage.desk.answers(|_| Immediate::Form { form: form() });
    let refused = |code: &str| Trouble::Error(code.into());
    for (trouble, says) in [
        (refused("expired_trigger_id"), "before it could be opened"),
        // It came again, and is open.
        (refused("exchanged_trigger_id"), ""),
        (refused("view_too_large"), "does not fit"),
        (refused("invalid_arguments"), "does not open this form"),
        (Trouble::DropAnswer, "did not say whether this form is open"),
        (Trouble::RateLimited { seconds: 60 }, "asks for a pause"),
    ] {
        stage.emulator.fail("views.open", trouble.clone(), 1);
        let actor = stage.emulator.actor(&ann);
        let delivery = actor.slash(&general, "/vuln", "report").await.unwrap();
        let answer = delivery.answer.unwrap().unwrap_or_default();
        let blocks = answer["blocks"].as_array().cloned().unwrap_or_default();
        let said = texts(&blocks);
        assert_eq!(said.is_empty(), says.is_empty(), "{trouble:?}: {said}");
        assert!(said.contains(says), "{trouble:?}: {said}");
    }
}

/// The command had to be acknowledged before Slack had answered: what is to be said comes by the
/// command's own address.
#[tokio::test]
async fn whoever_waits_long_for_a_form_that_does_not_come_is_told_why() {
    let stage = Stage::up().await;
    let ann = stage.emulator.person("ann");
    let general = stage.emulator.public("general", &[&ann]);
    stage.desk.answers(|_| Immediate::Form { form: form() });
    let late = Trouble::Latency(Duration::from_secs(2));
    stage.emulator.fail("views.open", late, 1);
    let refused = Trouble::Error("expired_trigger_id".into());
    stage.emulator.fail("views.open", refused, 1);
    let actor = stage.emulator.actor(&ann);
    let delivery = actor.slash(&general, "/vuln", "report").await.unwrap();
    assert_eq!(delivery.answer, Ok(None), "acknowledged in time");
    let told = |message: &serde_json::Value| message.to_string().contains("could be opened");
    actor
        .sees_that(&general, "why no form is there", told)
        .await;
    assert_eq!(stage.emulator.complaints(), Vec::<String>::new());
}
