//! One disclosure from the report to the archive, by forms, buttons and commands, as people on
//! Slack go through it.

use serde_json::Value;
use underrose_slack_emulator::Guest;

use crate::scene::Scene;

fn shows(value: &Value, words: &str) -> bool {
    value.to_string().contains(words)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disclosure_lives_on_slack_from_the_report_to_the_archive() {
    lives(Scene::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disclosure_lives_on_slack_over_signed_http_as_well() {
    lives(Scene::over_http().await).await;
}

async fn lives(mut scene: Scene) {
    let (ok, said) = scene.run(&["check", "--connect"]);
    assert!(ok, "{said}");
    assert!(
        said.contains("the 16 scopes that it needs, and no other"),
        "{said}"
    );

    // A stranger to the committee reports by the form, and reads the answer in it.
    let erin = scene.actor("erin");
    let general = scene.halls[1].clone();
    scene.types("erin", &general, "vuln report").await;
    erin.modal_that("the report form", |view| {
        shows(view, "Report a vulnerability")
    })
    .await;
    erin.fill("title", "The kubelet logs tokens").await.unwrap();
    erin.fill("text", "SECRETDETAIL run it with -v=9")
        .await
        .unwrap();
    erin.submit().await.unwrap();
    let case = scene.case_room().await;

    // The duty is paged with buttons; nobody else reads of it in public.
    let alice = scene.actor("alice");
    let direct = alice.direct();
    alice
        .sees_that(&direct, "the page", |message| shows(message, "I have it"))
        .await;
    scene.presses("alice", &direct, "I have it").await;
    scene.presses("alice", &case, "Acknowledge").await;
    alice
        .sees_that(&case, "the card in triage", |message| {
            shows(message, "triaging")
        })
        .await;

    // A guest of the workspace whom somebody lets in is not on the list, and is out again …
    let gus = scene.emulator.guest("gus", Guest::Restricted);
    scene.actor("carol").invite(&case, &gus).unwrap();
    scene
        .until("the guest to be out", |world| {
            (!world.channels[&case].members.contains(&gus)).then_some(())
        })
        .await;
    alice
        .sees_that(&case, "that somebody was removed", |message| {
            shows(message, "is not on this case's list")
        })
        .await;
    // … until the list names them, who accepted the terms.
    let because = "vuln add @gus as fix with history because he wrote it";
    scene.types("alice", &case, because).await;
    let guest = scene.actor("gus");
    guest
        .sees_that(&guest.direct(), "the terms", |message| {
            shows(message, "vuln terms accept")
        })
        .await;
    guest.dm("vuln terms accept 2026-0001").unwrap();
    scene
        .until("the guest to be in", |world| {
            world.channels[&case].members.contains(&gus).then_some(())
        })
        .await;

    // The calculator in a modal.
    scene.types("alice", &case, "vuln score").await;
    alice
        .modal_that("the calculator", |view| shows(view, "Score case"))
        .await;
    for (metric, value) in [
        ("AV", "N"),
        ("AC", "L"),
        ("PR", "L"),
        ("UI", "N"),
        ("S", "U"),
        ("C", "H"),
        ("I", "N"),
        ("A", "N"),
    ] {
        alice.fill(metric, value).await.unwrap();
    }
    alice
        .modal_that("the score", |view| shows(view, "6.5"))
        .await;
    alice.submit().await.unwrap();
    let vector = "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N";
    for text in [
        "vuln triage valid because reproduced",
        &format!("vuln score settle {vector}"),
        "vuln summary The kubelet logs tokens",
        "vuln ready",
        "vuln release verified",
        "vuln announce draft ANNOUNCEMENT upgrade to 1.29.3, see https://example.org/advisory",
    ] {
        scene.types("alice", &case, text).await;
    }
    let instant = scene.arm(&case).await;
    let halls = scene.halls.clone();
    scene
        .until("the announcements", |world| {
            (Scene::announced(world, &halls).len() == 3).then_some(())
        })
        .await;
    let early = scene.emulator.look(|world| {
        Scene::announced(world, &halls)
            .into_iter()
            .any(|(_, at)| at < instant.timestamp() as f64)
    });
    assert!(!early);
    alice
        .sees_that(&case, "the card that says so", |message| {
            shows(message, "disclosed")
        })
        .await;
    scene.closes(&case).await;

    // What was secret is in the case's room, in direct messages to those on its list, and nowhere else.
    scene.emulator.look(|world| {
        for channel in world.channels.values() {
            let said = channel
                .messages
                .iter()
                .map(|message| format!("{}{}", message.text, Value::from(message.blocks.clone())));
            let told = said.into_iter().any(|text| text.contains("SECRETDETAIL"));
            assert_eq!(told, channel.id == case, "#{}", channel.name);
        }
        let group = world.groups.values().next().unwrap();
        assert_eq!(
            group.people,
            std::slice::from_ref(&alice.id),
            "the group follows the rotation"
        );
    });
    assert!(!scene.log().contains("SECRETDETAIL"));
    assert_eq!(scene.emulator.complaints(), Vec::<String>::new());
}
