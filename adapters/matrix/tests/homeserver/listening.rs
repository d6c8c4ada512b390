//! What people do arrives: once, in order, after restarts, and as what it was.

use matrix_sdk::ruma::RoomId;
use tokio_util::sync::CancellationToken;
use underrose_chat::sim::Fault;
use underrose_chat::{Adapter, Happening, Inbox, Message, Place};

use crate::support::bot::{Bot, room, to, user};
use crate::support::person::{PATIENCE, Person, Shown, Signed};
use crate::support::proxy::Proxy;
use crate::{name, shared};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_writes_to_the_bot_and_is_answered_there() {
    let url = shared().await;
    let bot = Bot::new(&url, &name("bot")).await;
    bot.desk
        .answers("vuln help", Message::text("this is the help"));
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let direct = alice.direct_with(&bot.id()).await;
    let id = direct.room_id().to_owned();
    alice.sees_joining(&bot.id(), &id).await;
    let event = alice.says(&id, "!vuln help").await;
    let Happening::Text {
        by,
        place,
        addressed,
        ..
    } = bot.desk.hears("vuln help").await
    else {
        panic!()
    };
    assert_eq!(
        (by, place, addressed),
        (user(alice.id()), Place::Direct, true)
    );
    let seen = alice.sees(&bot.id(), "this is the help").await;
    assert!(seen.encrypted);
    assert_eq!(
        seen.event["content"]["m.relates_to"]["m.in_reply_to"]["event_id"],
        event.as_str()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_taken_up_although_the_join_fails_at_first() {
    let url = shared().await;
    let proxy = Proxy::before(&url).await;
    let behind = proxy.url.clone();
    let bot = Bot::with(&url, &name("bot"), |settings| settings.homeserver = behind).await;
    // Refused; or done, and the answer is lost.
    for fault in [Fault::Reject, Fault::Ambiguous] {
        let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
        proxy.seen.lock().unwrap().join_fault = Some(fault);
        let direct = alice.direct_with(&bot.id()).await.room_id().to_owned();
        alice.sees_joining(&bot.id(), &direct).await;
        // Whose conversation it is was written down before: these words may come before another attempt.
        let words = format!("vuln help {}", alice.id());
        alice.says(&direct, &words).await;
        let heard = bot.desk.hears(&words).await;
        assert_eq!(heard.place(), Some(&Place::Direct), "{words}");
        assert!(proxy.seen.lock().unwrap().join_fault.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_life_that_ended_at_the_join_leaves_nobody_in_a_room_that_keeps_no_secrets() {
    let url = shared().await;
    let name_of_bot = name("bot");
    let mut bot = Bot::new(&url, &name_of_bot).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    bot.ends().await;
    let open = alice.opens(&[&bot.id()], false).await;
    let open = open.room_id().to_owned();
    // As far as the last life came: it joined, and did not look yet.
    let last = Person::log_in(&url, &name_of_bot, Signed::No).await;
    let marked = last.client.account();
    marked
        .mark_as_dm(&open, &[alice.id().to_owned()])
        .await
        .unwrap();
    last.joins(&open).await;
    bot.begins().await;
    let direct = alice.joins_next().await;
    assert!(direct.encryption_state().is_encrypted());
    let left = |one: &Shown| {
        one.room == open
            && one.event["state_key"] == bot.id().as_str()
            && one.event["content"]["membership"] == "leave"
    };
    alice
        .until("the bot leaving", |me| {
            me.shown().iter().any(left).then_some(())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signed_their_device_a_moment_ago_is_heard() {
    let url = shared().await;
    let mut bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::No).await;
    let case = bot.opens("case-2026-0009", &[alice.id()]).await;
    let id = RoomId::parse(&case.id).unwrap();
    alice.joins(&id).await;
    alice.says(&id, "vuln unsigned").await;
    let distrusted = |what: &Happening| matches!(what, Happening::Distrusted { .. }).then_some(());
    bot.desk.until("the unsigned device", distrusted).await;
    bot.ends().await;
    // The news of it, the key and the words come by one sync.
    let encryption = alice.client.encryption();
    encryption.bootstrap_cross_signing(None).await.unwrap();
    alice.says(&id, "vuln signed").await;
    bot.begins().await;
    bot.desk.hears("vuln signed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_while_the_bot_is_away_arrives_once_and_in_order() {
    let url = shared().await;
    let mut bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let case = bot.opens("case-2026-0003", &[alice.id()]).await;
    let id = RoomId::parse(&case.id).unwrap();
    alice.joins(&id).await;
    alice.says(&id, "vuln one").await;
    bot.desk.hears("vuln one").await;
    bot.ends().await;
    // More than a sync shows at once.
    for number in 0..40 {
        alice.says(&id, &format!("vuln away {number}")).await;
    }
    bot.begins().await;
    alice.says(&id, "vuln last").await;
    bot.desk.hears("vuln last").await;
    let mut expected = vec!["vuln one".to_owned()];
    expected.extend((0..40).map(|number| format!("vuln away {number}")));
    expected.push("vuln last".to_owned());
    assert_eq!(bot.desk.texts(), expected);
    // And nothing of it again in the next life.
    bot.ends().await;
    bot.begins().await;
    alice.says(&id, "vuln again").await;
    bot.desk.hears("vuln again").await;
    expected.push("vuln again".to_owned());
    assert_eq!(bot.desk.texts(), expected);
}

/// Listens until these words are heard, or it was polled so often: it stops at another place of a
/// sync each time.
async fn listens(bot: &Bot, words: &str, polls: u32) {
    let stop = CancellationToken::new();
    let inbox = Inbox::new(bot.desk.clone());
    let mut listening = std::pin::pin!(bot.matrix.listen(inbox, stop.clone()));
    let mut left = polls;
    let cut = std::future::poll_fn(|context| {
        match left {
            0 => stop.cancel(),
            _ => left -= 1,
        }
        listening.as_mut().poll(context)
    });
    let heard = async {
        tokio::select! {
            _ = bot.desk.hears(words) => stop.cancel(),
            () = stop.cancelled() => {}
        }
    };
    tokio::join!(cut, heard).0.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listening_that_is_cut_off_anywhere_loses_no_key() {
    let url = shared().await;
    let mut bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let case = bot.opens("case-2026-0010", &[alice.id()]).await;
    let id = RoomId::parse(&case.id).unwrap();
    alice.joins(&id).await;
    bot.ends().await;
    bot.reopens().await;
    let room = alice.client.get_room(&id).unwrap();
    let mut polls = 0;
    loop {
        let words = format!("vuln after {polls}");
        room.discard_room_key().await.unwrap();
        alice.says(&id, &words).await;
        listens(&bot, &words, polls).await;
        if bot.desk.texts().contains(&words) {
            break;
        }
        listens(&bot, &words, u32::MAX).await;
        polls += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_arrive_keeps_nobody_else_from_being_heard() {
    let url = shared().await;
    let proxy = Proxy::before(&url).await;
    let behind = proxy.url.clone();
    let bot = Bot::with(&url, &name("bot"), |settings| settings.homeserver = behind).await;
    bot.desk.answers("vuln help", Message::text("the help"));
    let mut rooms = Vec::new();
    for who in ["alice", "bob"] {
        let person = Person::new(&url, &name(who), Signed::Yes).await;
        let id = person.direct_with(&bot.id()).await.room_id().to_owned();
        person.sees_joining(&bot.id(), &id).await;
        rooms.push((person, id));
    }
    let [(alice, hers), (bob, his)] = &rooms[..] else {
        panic!()
    };
    let swallowed = hers.as_str().trim_start_matches('!').to_owned();
    proxy.seen.lock().unwrap().swallowed = vec![swallowed];
    let mut silent = proxy.seen.lock().unwrap().silent.subscribe();
    alice.says(hers, "!vuln help").await;
    silent.wait_for(|count| *count >= 1).await.unwrap();
    bob.says(his, "!vuln help").await;
    // The bot waits 20 s for the homeserver's word on what it said to Alice.
    let me = bot.id();
    let answered = bob.sees(&me, "the help");
    tokio::time::timeout(std::time::Duration::from_secs(10), answered)
        .await
        .expect("Bob is answered while Alice's answer hangs");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_homeserver_works_out_no_notifications_for_the_bot() {
    use matrix_sdk::ruma::api::client::push::get_pushrule_enabled::v3::Request;
    use matrix_sdk::ruma::push::RuleKind;
    let url = shared().await;
    let account = name("bot");
    let _bot = Bot::new(&url, &account).await;
    let operator = Person::log_in(&url, &account, Signed::No).await;
    let silenced = async {
        let mut look = tokio::time::interval(std::time::Duration::from_millis(100));
        loop {
            look.tick().await;
            let asked = Request::new(RuleKind::Override, ".m.rule.master".to_owned());
            if operator.client.send(asked).await.unwrap().enabled {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, silenced)
        .await
        .expect("the account is silent");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_and_goes_is_told() {
    let url = shared().await;
    let mut bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let case = bot.opens("case-2026-0004", &[alice.id()]).await;
    let id = RoomId::parse(&case.id).unwrap();
    alice.joins(&id).await;
    let (here, who) = (room(&id), user(alice.id()));
    bot.desk
        .until("the join", |what| match what {
            Happening::Joined {
                room,
                who: joined,
                invited_by: None,
            } if *room == here && *joined == who => Some(()),
            _ => None,
        })
        .await;
    bot.ends().await;
    bot.begins().await;
    bot.desk
        .until("the members", |what| match what {
            Happening::Members { room, who: members }
                if *room == here && *members == [who.clone()] =>
            {
                Some(())
            }
            _ => None,
        })
        .await;
    bot.posts("x", to(&case), Message::text("x")).await;
    bot.delivers(
        "remove",
        &underrose_chat::Action::Remove {
            room: case.clone(),
            who: who.clone(),
        },
    )
    .await;
    bot.posts("after", to(&case), Message::text("after she left"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_in_the_open_is_invited_into_confidence() {
    let url = shared().await;
    let bot = Bot::new(&url, &name("bot")).await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let mut request = matrix_sdk::ruma::api::client::room::create_room::v3::Request::new();
    request.is_direct = true;
    request.invite = vec![bot.id()];
    let open = alice.client.create_room(request).await.unwrap();
    let private = alice.joins_next().await;
    assert_ne!(private.room_id(), open.room_id());
    assert!(
        private
            .latest_encryption_state()
            .await
            .unwrap()
            .is_encrypted()
    );
    alice.says(private.room_id(), "help").await;
    let Happening::Text { place, .. } = bot.desk.hears("help").await else {
        panic!()
    };
    assert_eq!(place, Place::Direct);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgraded_room_is_followed_once_the_bot_is_let_in() {
    let url = shared().await;
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let own = alice.opens(&[], true).await;
    let id = own.room_id().to_owned();
    let bot = Bot::with(&url, &name("bot"), |settings| {
        settings.rooms.push(id.to_string())
    })
    .await;
    own.invite_user_by_id(&bot.id()).await.unwrap();
    alice.sees_joining(&bot.id(), &id).await;
    let upgrade = matrix_sdk::ruma::api::client::room::upgrade_room::v3::Request::new(
        id.clone(),
        "11".try_into().unwrap(),
    );
    let next = alice.client.send(upgrade).await.unwrap().replacement_room;
    let (old, new) = (room(&id), room(&next));
    alice
        .joined(&next)
        .await
        .invite_user_by_id(&bot.id())
        .await
        .unwrap();
    bot.desk
        .until("the move", |what| match what {
            Happening::Moved { from, to } if *from == old && *to == new => Some(()),
            _ => None,
        })
        .await;
    alice.says(&next, "vuln help here").await;
    let Happening::Text { place, .. } = bot.desk.hears("vuln help here").await else {
        panic!()
    };
    assert_eq!(place, Place::Room { room: new });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_independent_client_is_understood_where_trust_allows() {
    let url = shared().await;
    let bot = Bot::with(&url, &name("bot"), |settings| {
        settings.trust = underrose_matrix::Trust::AnyDevice
    })
    .await;
    bot.desk
        .answers("vuln help", Message::text("this is the help"));
    let who = name("nio");
    crate::support::person::register(&url, &who).await;
    let asked = nio_asks(&url, &who, bot.matrix.user()).await;
    let told = String::from_utf8_lossy(&asked.stdout).into_owned();
    assert!(
        told.contains("this is the help"),
        "{told}{}",
        String::from_utf8_lossy(&asked.stderr)
    );
    let strict = Bot::new(&url, &name("bot")).await;
    let asked = nio_asks(&url, &who, strict.matrix.user()).await;
    let told = String::from_utf8_lossy(&asked.stdout).into_owned();
    assert!(told.contains("verify this session"), "{told}");
    assert_eq!(strict.desk.texts(), Vec::<String>::new());
}

/// Asks for help in an encrypted direct room of its own, and prints what it is answered.
async fn nio_asks(url: &str, who: &str, bot: &str) -> std::process::Output {
    let mut person = std::process::Command::new(crate::support::synapse::python());
    person
        .arg(std::env::var("CARGO_MANIFEST_DIR").unwrap() + "/tests/support/nio_person.py")
        .args([
            url,
            who,
            crate::support::person::PASSWORD,
            bot,
            "!vuln help",
        ]);
    tokio::task::spawn_blocking(move || person.output().unwrap())
        .await
        .unwrap()
}
