//! Scoring over Matrix: one message in a thread, replaced with every step.

use matrix_sdk::ruma::OwnedRoomId;
use serde_json::json;

use crate::support::life::Life;
use crate::support::person::Shown;

/// Begins a calculator in the room: its thread's root, and the message.
async fn begins(life: &Life, who: &str, room: &OwnedRoomId) -> (String, Shown) {
    let person = &life.people[who];
    let root = person.says(room, "!vuln score").await.to_string();
    let message = person.sees_thread(&life.me, &root).await;
    assert!(message.encrypted, "{message:?}");
    (root, message)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_score_side_by_side_each_in_one_message() {
    let mut life = Life::with(|text| text.replace("\nblind = true\n", "\nblind = false\n")).await;
    life.starts();
    let case = life.opens_a_case().await;
    let (alices, hers) = begins(&life, "alice", &case).await;
    let (bobs, his) = begins(&life, "bob", &case).await;
    assert!(hers.body().contains("CVSS:3.1/AV:?"), "{}", hers.body());
    assert!(hers.body().contains("is between 0.0 and 10.0"));
    let (alice, bob) = (&life.people["alice"], &life.people["bob"]);
    // A letter, a name, a number: each in the thread, and without a prefix.
    alice.says_in_thread(&case, &alices, "N").await;
    alice.sees_replaced(&hers, "AV:N/AC:?").await;
    bob.says_in_thread(&case, &bobs, "4.0").await;
    bob.sees_replaced(&his, "CVSS:4.0/AV:?").await;
    alice.says_in_thread(&case, &alices, "low").await;
    bob.says_in_thread(&case, &bobs, "1").await;
    alice.sees_replaced(&hers, "AV:N/AC:L/PR:?").await;
    bob.sees_replaced(&his, "CVSS:4.0/AV:N/AC:?").await;
    // What is wrong is said there, and taken back there.
    alice.says_in_thread(&case, &alices, "sideways").await;
    alice
        .sees_replaced(&hers, "Privileges Required is one of")
        .await;
    alice.says_in_thread(&case, &alices, "back").await;
    alice.sees_replaced(&hers, "AV:N/AC:?").await;
    // Neither chatter in the room nor another's words in the thread are answers.
    alice.says(&case, "H").await;
    bob.says_in_thread(&case, &alices, "H").await;
    alice.says_in_thread(&case, &alices, "L").await;
    let shown = alice.sees_replaced(&hers, "AV:N/AC:L/PR:?").await;
    assert!(shown.contains("is between"), "{shown}");

    life.dies();

    let (alice, bob) = (&life.people["alice"], &life.people["bob"]);
    for (value, shown) in [
        ("N", "PR:N/UI:?"),
        ("N", "UI:N/S:?"),
        ("U", "S:U/C:?"),
        ("H", "C:H/I:?"),
        ("N", "I:N/A:?"),
    ] {
        alice.says_in_thread(&case, &alices, value).await;
        alice.sees_replaced(&hers, shown).await;
    }
    let grown = alice.now_shows(&hers);
    assert!(grown.contains("is between 7.5 and 9.1"), "{grown}");
    alice.says_in_thread(&case, &alices, "N").await;
    alice.sees_replaced(&hers, "is 7.5 (High)").await;
    life.sees(
        "carol",
        "alice scored CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N: 7.5",
    )
    .await;
    // Bob goes on where he was, and types the whole vector.
    let vector = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N";
    bob.says_in_thread(&case, &bobs, "L").await;
    bob.sees_replaced(&his, "CVSS:4.0/AV:N/AC:L/AT:?").await;
    bob.says_in_thread(&case, &bobs, vector).await;
    let done = bob.sees_replaced(&his, "(High)").await;
    assert!(done.contains(vector), "{done}");
    life.sees("carol", "bob scored CVSS:4.0").await;
    // A third one thinks better of it.
    let (carols, its) = begins(&life, "carol", &case).await;
    let carol = &life.people["carol"];
    carol.says_in_thread(&case, &carols, "cancel").await;
    carol.sees_replaced(&its, "Cancelled").await;
    for (who, root) in [("alice", &alices), ("bob", &bobs), ("carol", &carols)] {
        assert_eq!(life.people[who].thread(&life.me, root).len(), 1, "{who}");
    }
    // Where edits are not shown, each step still reads as one.
    let steps = life.people["carol"].shown();
    let fallback = steps
        .iter()
        .find(|one| one.body().contains("AV:N/AC:L/PR:?") && one.body().starts_with("* "));
    assert!(fallback.is_some_and(|one| one.body().contains("Privileges Required (PR)")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_score_stays_between_the_bot_and_its_scorer() {
    let mut life = Life::new().await;
    life.starts();
    let case = life.opens_a_case().await;
    let alice = &life.people["alice"];
    // Begun in the room, it goes on where nobody else reads.
    alice.says(&case, "!vuln score").await;
    let hers = life.sees("alice", "CVSS:3.1/AV:?").await;
    assert_ne!(hers.room, case);
    // Typed plainly, for a client without threads; in a reply; and in a thread of the message.
    alice.says(&hers.room, "N").await;
    alice.sees_replaced(&hers, "AV:N/AC:?").await;
    let reply = json!({"msgtype": "m.text", "body": "L",
        "m.relates_to": {"m.in_reply_to": {"event_id": hers.id()}}});
    alice.sends(&hers.room, reply).await;
    alice.sees_replaced(&hers, "AV:N/AC:L/PR:?").await;
    let id = hers.id();
    alice.says_in_thread(&hers.room, id.as_str(), "N").await;
    alice.sees_replaced(&hers, "PR:N/UI:?").await;
    let vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H";
    alice.says(&hers.room, vector).await;
    let done = alice.sees_replaced(&hers, "is 7.5 (High)").await;
    assert!(done.contains("Your score of case 2026-0001"), "{done}");
    let told = life.sees("bob", "alice scored (1 in)").await;
    assert_eq!(told.room, case);
    // Asked for in a direct room, it is a thread there.
    let room = hers.room.clone();
    let root = alice.says(&room, "!vuln 2026-0001 score").await.to_string();
    let again = alice.sees_thread(&life.me, &root).await;
    life.dies();
    let alice = &life.people["alice"];
    alice.says_in_thread(&room, &root, "P").await;
    alice.sees_replaced(&again, "AV:P/AC:?").await;
    alice.says_in_thread(&room, &root, "2").await;
    alice.sees_replaced(&again, "AV:P/AC:H/PR:?").await;
    alice.says_in_thread(&room, &root, "back").await;
    alice.sees_replaced(&again, "AV:P/AC:?").await;
    alice.says_in_thread(&room, &root, "cancel").await;
    alice.sees_replaced(&again, "Cancelled").await;
    assert_eq!(alice.thread(&life.me, &root).len(), 1);
    // Nobody else has seen a metric of it.
    for who in ["bob", "carol"] {
        let shown = life.people[who].shown();
        assert!(
            shown
                .iter()
                .all(|one| !one.event.to_string().contains("AV:")),
            "{who}"
        );
    }
}
