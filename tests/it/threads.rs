//! Conversations on a network that has threads for them: each in its own, shown in one place, and to
//! those alone who may read along.

use underrose_chat::{DeliveryKey, Happening, Immediate, MessageId, Readers, Surface};

use super::bad_input::Bot;

/// One who scores, in a thread of the case's room.
struct Scorer {
    who: &'static str,
    thread: &'static str,
}

const ALICE: Scorer = Scorer {
    who: "alice",
    thread: "$1",
};
const BOB: Scorer = Scorer {
    who: "bob",
    thread: "$2",
};

/// A case that is at triage; scores are hidden or not.
fn at_triage(blind: bool) -> Bot {
    let mut bot = Bot::new();
    bot.load(|policy| policy.scoring.blind = blind);
    bot.open_case();
    let ack = bot.in_case("alice", "vuln ack");
    bot.give(ack);
    bot
}

fn says(bot: &mut Bot, scorer: &Scorer, text: &str) -> Immediate {
    let mut inbound = bot.in_case(scorer.who, text);
    if let Happening::Text {
        addressed,
        surface,
        thread,
        ..
    } = &mut inbound.what
    {
        *addressed = false;
        *surface = Surface::Threaded;
        *thread = Some(MessageId(scorer.thread.to_owned()));
    }
    bot.answer(inbound)
}

fn step(answer: Immediate) -> (DeliveryKey, String, Readers) {
    match answer {
        Immediate::Step {
            talk,
            message,
            readers,
        } => (talk, serde_json::to_string(&message).unwrap(), readers),
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_score_side_by_side() {
    let mut bot = at_triage(false);
    let (hers, shown, readers) = step(says(&mut bot, &ALICE, "vuln score"));
    assert!(
        shown.contains("AV:?") && readers == Readers::Room,
        "{shown}"
    );
    let (his, ..) = step(says(&mut bot, &BOB, "vuln score"));
    assert_ne!(hers, his);
    let (talk, shown, _) = step(says(&mut bot, &BOB, "4.0"));
    assert!(talk == his && shown.contains("CVSS:4.0/AV:?"), "{shown}");
    for (answer, expected) in [
        ("2", "AV:A/AC:?"),
        ("9", "Attack Complexity is one of"),
        ("high", "AC:H/PR:?"),
        ("back", "AV:A/AC:?"),
        ("3.1", "CVSS:3.1/AV:?"),
        ("CVSS:3.1/AV:N", "is between"),
    ] {
        let (talk, shown, _) = step(says(&mut bot, &ALICE, answer));
        assert!(
            talk == hers && shown.contains(expected),
            "{answer}: {shown}"
        );
    }
    // Elsewhere in the room, and in another's thread, it is chatter.
    for thread in [BOB.thread, "$3"] {
        let elsewhere = Scorer {
            who: "alice",
            thread,
        };
        assert_eq!(says(&mut bot, &elsewhere, "N"), Immediate::Nothing);
    }
    let vector = "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N";
    let (talk, shown, _) = step(says(&mut bot, &ALICE, vector));
    assert!(talk == hers && shown.contains(vector), "{shown}");
    assert_eq!(says(&mut bot, &ALICE, "N"), Immediate::Nothing);
    let (talk, shown, _) = step(says(&mut bot, &BOB, "cancel"));
    assert!(talk == his && shown.contains("Cancelled"), "{shown}");
    // Begun again in the same thread it is another conversation.
    bot.passes();
    assert_ne!(step(says(&mut bot, &ALICE, "vuln score")).0, hers);
}

#[test]
fn a_hidden_score_is_shown_to_its_scorer_alone() {
    let mut bot = at_triage(true);
    let vector = "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N";
    for text in ["vuln score", "N", "back", "sideways", vector] {
        let (_, _, readers) = step(says(&mut bot, &ALICE, text));
        assert_eq!(readers, Readers::Caller, "{text}");
    }
}
