//! Payloads as Slack documents them, read.

use serde_json::{Value, json};
use underrose_chat::{Happening, MessageId, Network, Place, RoomId, Surface, UserId};
use underrose_slack::Secret;
use underrose_slack::inbound::{Heard, Kind, Reader, Way, instant, plain};

fn reader() -> Reader {
    Reader {
        network: Network("slack".into()),
        me: "UBOT".into(),
        secret: Secret::new("xoxb-emulated-bot"),
    }
}

fn user(id: &str) -> UserId {
    UserId {
        network: Network("slack".into()),
        id: id.into(),
    }
}

fn room(id: &str) -> RoomId {
    RoomId {
        network: Network("slack".into()),
        id: id.into(),
    }
}

fn read(kind: Kind, payload: Value) -> Option<Heard> {
    reader().read(kind, &payload)
}

fn event(event: Value) -> Option<Heard> {
    read(
        Kind::Event,
        json!({"type": "event_callback", "event_id": "Ev1", "event_time": 1700000000, "event": event}),
    )
}

fn words(heard: &Heard) -> (&str, bool, &Place) {
    match &heard.what {
        Happening::Text {
            text,
            addressed,
            place,
            ..
        } => (text, *addressed, place),
        other => panic!("no text: {other:?}"),
    }
}

#[test]
fn a_slash_command_is_its_words() {
    let check = |command: &str, typed: &str, said: &str| {
        let heard = read(Kind::Command, json!({
            "command": command, "text": typed, "user_id": "U1", "channel_id": "C1", "trigger_id": "1.2.x",
        }))
        .unwrap();
        let in_c1 = Place::Room { room: room("C1") };
        assert_eq!(words(&heard), (said, true, &in_c1), "{typed}");
        assert_eq!((heard.id.0.as_str(), heard.at), ("command/1.2.x", None));
    };
    check("/vuln", "status", "vuln status");
    check("/vuln", "", "vuln");
    check("/oncall", "handoff <@U2|bob>", "oncall handoff @U2");
    check(
        "/vuln",
        "credit A &amp; B &lt;a@b&gt;",
        "vuln credit A & B <a@b>",
    );
}

#[test]
fn slack_s_markup_is_undone() {
    let check = |slack: &str, meant: &str| assert_eq!(plain(slack), meant);
    check(
        "<https://a.example/?a=1&amp;b=2|here>",
        "https://a.example/?a=1&b=2",
    );
    check("<mailto:a@b.example|a@b.example>", "a@b.example");
    check(
        "<#C1|general> <!here> <!subteam^S1|@team>",
        "#C1 @here @team",
    );
    check("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2");
    check("a < b", "a < b");
    check("&amp;lt;", "&lt;");
}

#[test]
fn a_mention_and_the_message_that_it_is_are_one_thing() {
    let of = |kind: &str| {
        event(json!({
        "type": kind, "channel": "C1", "user": "U1", "ts": "1700000001.000200", "text": "<@UBOT> vuln <@U2>",
    }))
    .unwrap()
    };
    let (message, mention) = (of("message"), of("app_mention"));
    assert_eq!(message, mention);
    assert_eq!(words(&message).0, "vuln @U2");
    assert!(words(&message).1, "addressed");
    assert_eq!(message.id.0, "message/C1/1700000001.000200");
    assert_eq!(message.at, instant("1700000001.000200"));
    assert_eq!(
        message.at.unwrap().timestamp_micros(),
        1_700_000_001_000_200
    );
}

#[test]
fn a_direct_message_is_addressed_and_chatter_is_not() {
    let said = |channel: &str| {
        event(json!({
        "type": "message", "channel": channel, "user": "U1", "ts": "1.000001", "thread_ts": "0.5", "text": "hello",
    }))
    .unwrap()
    };
    assert_eq!(words(&said("D1")), ("hello", true, &Place::Direct));
    assert!(!words(&said("G1")).1);
    let Happening::Text {
        thread, surface, ..
    } = said("G1").what
    else {
        panic!()
    };
    assert_eq!(
        (thread, surface),
        (Some(MessageId("0.5".into())), Surface::Stepwise)
    );
}

#[test]
fn an_edit_is_an_edit_and_an_unfurled_link_is_nothing() {
    let changed = |message: Value| {
        event(json!({
            "type": "message", "subtype": "message_changed", "channel": "D1", "ts": "9.000000", "message": message,
        }))
    };
    let edit = json!({"user": "U1", "ts": "1.000001", "text": "vuln close", "edited": {"user": "U1", "ts": "2.000000"}});
    let heard = changed(edit).unwrap();
    assert!(matches!(heard.what, Happening::Text { edited: true, .. }));
    assert_eq!(heard.id.0, "edit/D1/1.000001/2.000000");
    assert_eq!(
        changed(json!({"user": "U1", "ts": "1.000001", "text": "https://a"})),
        None
    );
}

#[test]
fn bots_joins_and_what_is_unknown_are_passed_over() {
    for passed in [
        json!({"type": "message", "channel": "D1", "user": "UBOT", "ts": "1.1", "text": "mine"}),
        json!({"type": "message", "channel": "D1", "user": "U9", "bot_id": "B1", "ts": "1.1", "text": "x"}),
        json!({"type": "message", "subtype": "bot_message", "channel": "C1", "ts": "1.1", "text": "x"}),
        json!({"type": "message", "subtype": "channel_join", "channel": "C1", "user": "U1", "ts": "1.1"}),
        json!({"type": "message", "subtype": "message_deleted", "channel": "C1", "ts": "1.1"}),
        json!({"type": "app_home_opened", "user": "U1", "tab": "messages"}),
        json!({"type": "member_joined_channel", "user": "UBOT", "channel": "C1"}),
        json!({"type": "something_of_next_year", "user": "U1"}),
        json!({}),
        json!(null),
        json!([1, 2]),
    ] {
        assert_eq!(event(passed.clone()), None, "{passed}");
    }
    for kind in [Kind::Event, Kind::Command, Kind::Interaction] {
        for payload in [
            json!(null),
            json!({}),
            json!("x"),
            json!({"user": {"id": "U1"}, "type": "block_actions"}),
        ] {
            assert_eq!(read(kind, payload), None);
        }
    }
}

#[test]
fn who_comes_and_goes_is_told() {
    let joined = event(json!({
        "type": "member_joined_channel", "user": "U1", "channel": "C1", "inviter": "U2", "event_ts": "3.000000",
    }))
    .unwrap();
    let what = Happening::Joined {
        room: room("C1"),
        who: user("U1"),
        invited_by: Some(user("U2")),
    };
    assert_eq!((joined.what, joined.id.0.as_str()), (what, "event/Ev1"));
    let left =
        event(json!({"type": "member_left_channel", "user": "U1", "channel": "C1"})).unwrap();
    assert_eq!(
        left.what,
        Happening::Left {
            room: room("C1"),
            who: user("U1")
        }
    );
    assert_eq!(
        left.at.unwrap().timestamp(),
        1_700_000_000,
        "the envelope's time, where the event has none"
    );
}

#[test]
fn a_room_that_opens_up_is_told() {
    for opened in [
        json!({"type": "channel_shared", "channel": "C1", "connected_team_id": "T2", "event_ts": "3.0"}),
        json!({"type": "channel_id_changed", "old_channel_id": "C1", "new_channel_id": "C2", "event_ts": "3.0"}),
        json!({"type": "message", "subtype": "channel_convert_to_public", "channel": "C1", "channel_type": "channel", "ts": "3.0"}),
    ] {
        let heard = event(opened.clone()).unwrap();
        assert!(
            matches!(&heard.what, Happening::Exposed { room: told, .. } if *told == room("C1")),
            "{opened}"
        );
    }
}

#[test]
fn what_is_said_in_public_is_not_listened_to() {
    for said in [
        json!({"type": "message", "user": "U1", "channel": "C1", "channel_type": "channel", "ts": "3.0", "text": "vuln help"}),
        json!({"type": "message", "subtype": "message_changed", "channel": "C1", "channel_type": "channel", "ts": "3.0", "message": {"user": "U1", "ts": "3.0", "text": "vuln help", "edited": {"user": "U1", "ts": "4.0"}}}),
    ] {
        assert_eq!(event(said.clone()), None, "{said}");
    }
    let mention = json!({"type": "app_mention", "user": "U1", "channel": "C1", "ts": "3.0", "text": "<@UBOT> help"});
    assert!(event(mention).is_some());
}

#[test]
fn home_is_told_once_for_each_opening() {
    let heard = event(
        json!({"type": "app_home_opened", "user": "U1", "tab": "home", "event_ts": "3.000000"}),
    )
    .unwrap();
    assert_eq!(heard.what, Happening::Home { by: user("U1") });
    assert_eq!(heard.way, Way::Home { user: "U1".into() });
}

fn press(action: Value, more: Value) -> Option<Heard> {
    let mut payload = json!({
        "type": "block_actions", "user": {"id": "U1"}, "trigger_id": "1.2.y", "actions": [action],
    });
    for (key, value) in more.as_object().unwrap() {
        payload[key] = value.clone();
    }
    read(Kind::Interaction, payload)
}

#[test]
fn a_button_is_its_command() {
    let button = json!({"type": "button", "action_id": "choice-3", "value": "vuln 2026-0001 ack", "action_ts": "5.000007"});
    let in_room = json!({
        "container": {"type": "message", "channel_id": "C1", "message_ts": "4.000000"},
        "channel": {"id": "C1"}, "response_url": "https://hooks.example/x",
    });
    let heard = press(button.clone(), in_room).unwrap();
    let what = Happening::Pressed {
        by: user("U1"),
        place: Place::Room { room: room("C1") },
        message: MessageId("4.000000".into()),
        command: "vuln 2026-0001 ack".into(),
        surface: Surface::Modal,
    };
    assert_eq!((heard.what, heard.at), (what, instant("5.000007")));
    assert_eq!(heard.id.0, "press/1.2.y");
    let at_home = json!({"view": {"type": "home", "id": "V1"}, "container": {"type": "view", "view_id": "V1"}});
    let heard = press(button, at_home).unwrap();
    assert!(matches!(
        heard.what,
        Happening::Pressed {
            place: Place::Direct,
            ..
        }
    ));
    let alien = json!({"type": "button", "action_id": "of_another_version", "value": "x", "action_ts": "5.0"});
    assert_eq!(
        press(alien, json!({"container": {"type": "message"}})),
        None
    );
}

#[test]
fn a_change_in_a_modal_tells_all_of_it() {
    let select = json!({"type": "static_select", "action_id": "AV", "action_ts": "5.000001"});
    let view = json!({
        "type": "modal", "id": "V1", "private_metadata": "{\"form\":\"score/2026-0001\",\"room\":\"C1\"}",
        "state": {"values": {
            "field-0-": {"AV": {"type": "static_select", "selected_option": {"value": "N"}}},
            "field-1-": {"AC": {"type": "static_select", "selected_option": null}},
            "field-2-": {"vector": {"type": "plain_text_input", "value": "CVSS:3.1"}},
            "field-3-": {"who": {"type": "users_select", "selected_user": "U7"}},
        }},
    });
    let heard = press(select, json!({"view": view, "container": {"type": "view"}})).unwrap();
    let Happening::FormChanged {
        form,
        values,
        place,
        ..
    } = heard.what
    else {
        panic!()
    };
    assert_eq!(
        (form.as_str(), place),
        ("score/2026-0001", Place::Room { room: room("C1") })
    );
    let values: Vec<(&str, &str)> = values
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(values, [("AV", "N"), ("vector", "CVSS:3.1"), ("who", "U7")]);
    assert_eq!(
        heard.way,
        Way::Change {
            view: "V1".into(),
            stamp: "5.000001".into()
        }
    );
}

#[test]
fn a_modal_that_was_sent_or_closed_says_which() {
    let with = |kind: &str, metadata: &str, trigger: &str, title: &str| {
        read(
            Kind::Interaction,
            json!({
                "type": kind, "user": {"id": "U1"}, "trigger_id": trigger,
                "view": {"type": "modal", "id": "V1", "hash": "7.abc", "private_metadata": metadata,
                         "state": {"values": {"field-0-": {"title": {"type": "plain_text_input", "value": title}}}}},
            }),
        )
    };
    let of = |kind: &str, metadata: &str| with(kind, metadata, "1.2.z", "t");
    let ours = "{\"form\":\"report\",\"room\":null}";
    let sent = of("view_submission", ours).unwrap();
    assert!(
        matches!(&sent.what, Happening::FormSubmitted { form, values, .. } if form == "report" && values["title"] == "t")
    );
    assert!(matches!(sent.way, Way::Submission { .. }));
    assert_eq!(
        sent.id,
        of("view_submission", ours).unwrap().id,
        "stable over redeliveries"
    );
    let again = |title: &str| with("view_submission", ours, "1.9.z", title).unwrap().id;
    assert_eq!(sent.id, again("t"), "who saw no answer presses once more");
    assert_ne!(sent.id, again("another"));
    assert!(matches!(
        of("view_closed", ours).unwrap().what,
        Happening::FormCancelled { .. }
    ));
    assert_eq!(of("view_submission", "of another app"), None);
}

#[test]
fn the_shortcut_reports_with_the_message_linked() {
    let of = |message: Value| {
        read(Kind::Interaction, json!({
        "type": "message_action", "callback_id": "report_disclosure", "user": {"id": "U1"}, "trigger_id": "1.2.w",
        "action_ts": "8.000000", "team": {"id": "T1", "domain": "example"}, "channel": {"id": "C1"}, "message": message,
    }))
    .unwrap()
    };
    let heard = of(json!({"ts": "1700000001.000200", "text": "look"}));
    let link = "vuln report about https://example.slack.com/archives/C1/p1700000001000200";
    assert_eq!(words(&heard), (link, true, &Place::Direct));
    let heard = of(json!({"ts": "1700000001.000200", "thread_ts": "1700000000.000100"}));
    assert!(
        words(&heard)
            .0
            .ends_with("?thread_ts=1700000000.000100&cid=C1")
    );
}
