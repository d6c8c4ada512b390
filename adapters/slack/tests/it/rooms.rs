//! Rooms of the bot's own: which of several stays, and who is seen in them.

use chrono::DateTime;
use underrose_chat::{Action, Adapter, Receipt};
use underrose_slack_emulator::Kind;

use crate::stage::{Stage, key, user};

fn open(name: &str, invite: &[&str]) -> Action {
    Action::OpenRoom {
        name: name.into(),
        topic: "case 2026-0001".into(),
        invite: invite.iter().map(|id| user(id)).collect(),
    }
}

#[tokio::test]
async fn a_room_that_people_may_be_in_stays_and_an_older_half_made_one_goes() {
    let stage = Stage::new().await;
    let ann = stage.emulator.person("ann");
    let bot = stage.emulator.bot();
    // Two creations raced: the one that made the older died before it could mark it.
    let (half_made, marked) = stage.emulator.with(|world| {
        let older = world.add_channel("case-1", Kind::Private, &bot);
        let newer = world.add_channel("case-1", Kind::Private, &bot);
        let channel = world.channels.get_mut(&newer).unwrap();
        channel.purpose = "underrose a1".into();
        channel.members.insert(ann.clone());
        (older, newer)
    });
    let action = open("case-1", &[&ann]);
    let opened = stage.slack.deliver(&key("a1"), &action).await;
    let Ok(Receipt::Room { room }) = opened else {
        panic!("{opened:?}")
    };
    assert_eq!(room.id, marked);
    stage.emulator.look(|world| {
        assert!(world.channels[&half_made].is_archived);
        assert!(!world.channels[&marked].is_archived);
    });
}

#[tokio::test]
async fn an_owner_of_the_workspace_who_came_unseen_is_handed_on_as_anybody_is() {
    let stage = Stage::new().await;
    let (ann, olga) = (stage.emulator.person("ann"), stage.emulator.person("olga"));
    let opened = stage
        .slack
        .deliver(&key("a1"), &open("case-1", &[&ann]))
        .await;
    let Ok(Receipt::Room { room }) = opened else {
        panic!("{opened:?}")
    };
    // While nobody listened.
    stage.emulator.with(|world| {
        world.people.get_mut(&olga).unwrap().is_owner = true;
        let members = &mut world.channels.get_mut(&room.id).unwrap().members;
        members.insert(olga.clone());
    });
    stage.listen();
    let seen = stage.members(&room).await;
    assert_eq!(seen, [user(&ann), user(&olga)]);
    // Slack may refuse to let them be removed; whoever is told can see to it.
    let remove = Action::Remove {
        room,
        who: user(&olga),
    };
    let refused = stage.slack.deliver(&key("a2"), &remove).await.unwrap_err();
    assert!(
        refused.to_string().contains("a workspace admin"),
        "{refused}"
    );
}

#[tokio::test]
async fn rooms_are_found_on_whichever_page_they_stand_and_none_is_left_out_in_silence() {
    let stage = Stage::new().await;
    let action = open("case-1", &[]);
    let opened = stage.slack.deliver(&key("a1"), &action).await.unwrap();
    let more = |count: usize| {
        stage.emulator.with(|world| {
            let bot = world.bot_user.clone();
            for _ in 0..count {
                world.add_channel("busy", Kind::Private, &bot);
            }
        });
    };
    more(1_500);
    let next = || crate::stage::slack_at(&stage.emulator, crate::stage::socket(&stage.emulator));
    let found = next().find(&key("a1"), &action, DateTime::UNIX_EPOCH).await;
    assert_eq!(found, Ok(Some(opened)));
    more(9_000);
    let found = next()
        .find(&key("a1"), &action, DateTime::UNIX_EPOCH)
        .await
        .unwrap_err();
    assert!(found.to_string().contains("take it out of some"), "{found}");
}

#[tokio::test]
async fn a_room_whose_description_somebody_edited_is_watched_on() {
    let stage = Stage::new().await;
    let (ann, olga) = (stage.emulator.person("ann"), stage.emulator.person("olga"));
    let action = open("case-1", &[&ann]);
    let opened = stage.slack.deliver(&key("a1"), &action).await;
    let Ok(Receipt::Room { room }) = opened else {
        panic!("{opened:?}")
    };
    // While nobody listened.
    stage.emulator.with(|world| {
        let channel = world.channels.get_mut(&room.id).unwrap();
        channel.purpose = "all about the kubelet".into();
        channel.members.insert(olga.clone());
    });
    stage.listen();
    assert!(stage.members(&room).await.contains(&user(&olga)));
}
