//! What people see of a disclosure on Slack: each surface as the adapter sent it. With
//! SLACK_SCREENS=folder they are written there, and `tests/slack-screens.sh` draws them for the
//! README.

use serde_json::{Value, json};

use crate::scene::Scene;

/// Keeps one surface, if anybody wants it.
fn shot(scene: &Scene, name: &str, kind: &str, shown: &Value) {
    let Some(folder) = std::env::var_os("SLACK_SCREENS") else {
        return;
    };
    let folder = std::path::PathBuf::from(folder);
    std::fs::create_dir_all(&folder).unwrap();
    // What Slack itself knows, and shows in their place.
    let channels: Vec<Value> = scene.emulator.look(|world| {
        let all = world.channels.values();
        all.map(|one| json!({"id": one.id, "name": one.name}))
            .collect()
    });
    let surface = json!({"kind": kind, "shown": shown, "channels": channels});
    std::fs::write(folder.join(format!("{name}.json")), surface.to_string()).unwrap();
}

fn shows(value: &Value, words: &str) -> bool {
    value.to_string().contains(words)
}

/// What a menu of a view holds behind the option that reads like this.
fn option(view: &Value, field: &str, begins: &str) -> String {
    let blocks = view["blocks"].as_array().into_iter().flatten();
    let elements = blocks.map(|block| &block["element"]);
    let menu = elements.filter(|element| element["action_id"] == field);
    let mut options = menu.flat_map(|menu| menu["options"].as_array().into_iter().flatten());
    let reads = |option: &&Value| {
        let label = option["text"]["text"].as_str();
        label.is_some_and(|label| label.starts_with(begins))
    };
    let found = options.find(reads).and_then(|one| one["value"].as_str());
    found.map(str::to_owned).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_surface_shows_what_its_reader_needs() {
    let mut scene = Scene::new().await;
    let (alice, bob, erin) = (
        scene.actor("alice"),
        scene.actor("bob"),
        scene.actor("erin"),
    );
    let general = scene.halls[1].clone();

    // Whoever is nobody to the committee sees how to report, and nothing else.
    erin.open_home();
    let home = scene.home("erin", "Report a vulnerability").await;
    assert!(!shows(&home, "on call"), "{home}");
    shot(&scene, "home-outside", "home", &home);

    scene.types("erin", &general, "vuln report").await;
    erin.fill("title", "The kubelet writes bearer tokens into its log")
        .await
        .unwrap();
    erin.fill(
        "text",
        "With -v=8 every request is logged with its Authorization header (1.29.2).\nRun any pod and read the node's journal.",
    )
    .await
    .unwrap();
    erin.fill("credit", "Erin Example").await.unwrap();
    let form = erin.modal_that("the report form", |_| true).await;
    shot(&scene, "report-form", "modal", &form);
    erin.submit().await.unwrap();

    let case = scene.case_room().await;
    let direct = alice.direct();
    let page = alice
        .sees_that(&direct, "the page", |message| shows(message, "I have it"))
        .await;
    shot(&scene, "page", "message", &page);
    shot(&scene, "card-new", "message", &scene.card(&case));

    alice.open_home();
    let home = scene.home("alice", "on call until").await;
    assert!(shows(&home, "the page is with you"), "{home}");
    shot(&scene, "home-duty", "home", &home);

    scene.presses("alice", &direct, "I have it").await;
    scene.presses("alice", &case, "Acknowledge").await;
    scene.card_that(&case, "triaging").await;

    scene.types("alice", &case, "vuln score").await;
    for (metric, value) in [
        ("AV", "N"),
        ("AC", "L"),
        ("PR", "L"),
        ("UI", "N"),
        ("S", "U"),
        ("C", "H"),
        ("I", "N"),
    ] {
        alice.fill(metric, value).await.unwrap();
    }
    let half = alice
        .modal_that("what it may still be", |view| {
            shows(view, "between 6.5 Medium and 8.1 High")
        })
        .await;
    shot(&scene, "score-3.1", "modal", &half);
    alice.fill("A", "N").await.unwrap();
    alice
        .modal_that("the score", |view| shows(view, "6.5 Medium"))
        .await;
    alice.submit().await.unwrap();

    scene.types("bob", &case, "vuln score").await;
    bob.fill("version", "4.0").await.unwrap();
    bob.modal_that("the other version", |view| shows(view, "(VC)"))
        .await;
    for (metric, value) in [
        ("AV", "N"),
        ("AC", "L"),
        ("AT", "N"),
        ("PR", "L"),
        ("UI", "N"),
        ("VC", "H"),
        ("VI", "N"),
        ("VA", "N"),
        ("SC", "N"),
        ("SI", "N"),
        ("SA", "N"),
    ] {
        bob.fill(metric, value).await.unwrap();
    }
    let whole = bob
        .modal_that("the score", |view| shows(view, "7.1 High"))
        .await;
    shot(&scene, "score-4.0", "modal", &whole);
    // A typed vector counts instead, and is scored while it is typed.
    bob.fill("vector", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N")
        .await
        .unwrap();
    bob.modal_that("the vector's score", |view| shows(view, "7.5 High"))
        .await;
    bob.submit().await.unwrap();

    let because = "vuln triage valid because reproduced on 1.29.2";
    scene.types("alice", &case, because).await;
    scene.card_that(&case, "Settle").await;

    // What an owner decides has a form too, with its errors beside the fields.
    scene.presses("alice", &case, "Settle").await;
    let settle = alice
        .modal_that("both vectors", |view| shows(view, "bob: 7.5 High"))
        .await;
    shot(&scene, "settle", "modal", &settle);
    alice.submit().await.unwrap();
    let errors = Value::from(alice.errors());
    assert!(shows(&errors, "Choose one above"), "{errors}");
    let whose = option(&settle, "whose", "alice");
    alice.fill("whose", &whose).await.unwrap();
    alice.submit().await.unwrap();
    scene.types("alice", &case, "vuln severity").await;
    alice.fill("band", "High").await.unwrap();
    alice
        .fill(
            "why",
            "Every node's journal is shipped to a third party by default.",
        )
        .await
        .unwrap();
    shot(&scene, "severity", "modal", &alice.modal().unwrap());
    alice.submit().await.unwrap();
    scene.card_that(&case, "High, decided by hand").await;

    for text in [
        "vuln component kubelet",
        "vuln cwe CWE-532",
        "vuln summary The kubelet writes bearer tokens into its log at high verbosity",
        "vuln affects kubelet from 1.20.0 before 1.29.3",
        "vuln fixed 1.29.3, 1.30.1",
        "vuln cve CVE-2026-12345",
        "vuln mitigation Run the kubelet with -v=7 or less, and rotate what was logged.",
        "vuln link https://example.org/security/2026-0001 as advisory",
        "vuln ready",
        "vuln release verified",
        "vuln announce draft",
    ] {
        scene.types("alice", &case, text).await;
    }
    scene.card_that(&case, "\"Edit\"").await;
    scene.presses("alice", &case, "Edit").await;
    let text = alice.modal().unwrap();
    let text = text.pointer("/state/values").unwrap().to_string();
    assert!(text.contains("[Security Advisory]"), "{text}");
    alice
        .fill("text", "ANNOUNCEMENT: CVE-2026-12345\n\nThe kubelet writes bearer tokens into its log at high verbosity. Rated High.\n\nAffected: kubelet from 1.20.0 before 1.29.3\n\nFixed in 1.29.3 and 1.30.1; please upgrade, or run it with -v=7 or less.\n\nMore: https://example.org/security/2026-0001\n\nWe thank Erin Example.")
        .await
        .unwrap();
    let editor = alice
        .modal_that("the preview", |view| {
            view["blocks"][1].to_string().contains("ANNOUNCEMENT")
        })
        .await;
    shot(&scene, "announcement-editor", "modal", &editor);
    alice.submit().await.unwrap();

    scene.arm(&case).await;
    let armed = scene.card_that(&case, "armed for").await;
    shot(&scene, "card-armed", "message", &armed);
    let preview = alice
        .sees_that(&case, "the preview", |message| {
            shows(message, "\"Approve\"")
        })
        .await;
    shot(&scene, "preview", "message", &preview);
    for hall in &scene.halls {
        assert!(
            shows(&preview, &format!("\"channel_id\":\"{hall}\"")),
            "{preview}"
        );
    }

    let halls = scene.halls.clone();
    scene
        .until("the announcements", |world| {
            (Scene::announced(world, &halls).len() == 3).then_some(())
        })
        .await;
    let announced = erin
        .sees_that(&general, "the announcement", |message| {
            shows(message, "ANNOUNCEMENT")
        })
        .await;
    shot(&scene, "announcement", "message", &announced);
    assert_eq!(scene.emulator.complaints(), Vec::<String>::new());
}
