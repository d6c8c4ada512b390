//! People of another homeserver than the bot's: they are in the case as everybody else, where the
//! configuration lets the case leave its homeserver.

use matrix_sdk::ruma::RoomId;
use underrose_chat::{Action, Distrust, Happening, Message, Target};
use underrose_matrix::Federation;

use crate::support::bot::{Bot, room, to, user};
use crate::support::person::{Person, Signed};
use crate::support::synapse::{Limits, Synapse};

#[tokio::test(flavor = "multi_thread")]
async fn who_lives_on_another_homeserver_is_in_the_case_as_everybody() {
    let (ours, theirs) = (
        Synapse::start(Limits::Federated).await,
        Synapse::start(Limits::Federated).await,
    );
    let bot = Bot::new(&ours.url(), "underrose").await;
    let alice = Person::new(&theirs.url(), "alice", Signed::Yes).await;
    let mallory = Person::new(&theirs.url(), "mallory", Signed::No).await;
    let case = bot
        .opens("case-2026-0001", &[alice.id(), mallory.id()])
        .await;
    let id = RoomId::parse(&case.id).unwrap();
    alice.joins(&id).await;
    mallory.joins(&id).await;

    // Heard, and answered where she alone reads.
    let direct = alice.direct_with(&bot.id()).await.room_id().to_owned();
    alice.sees_joining(&bot.id(), &direct).await;
    bot.desk.answers("vuln help", Message::text("the help"));
    alice.says(&id, "!vuln help").await;
    let seen = alice.sees(&bot.id(), "the help").await;
    assert!(seen.encrypted && seen.room == direct);

    // What is said in the case is for signed devices, whatever homeserver hands the keys out.
    bot.posts("news", to(&case), Message::text("the news"))
        .await;
    assert!(alice.sees(&bot.id(), "the news").await.encrypted);
    let own = mallory.says(&id, "vuln mine").await;
    bot.desk
        .until("the unsigned device", |what| {
            matches!(
                what,
                Happening::Distrusted {
                    why: Distrust::Device,
                    ..
                }
            )
            .then_some(())
        })
        .await;
    mallory
        .until("her own words, after the news", |me| {
            let shown = me.shown();
            let mut shown = shown.iter();
            shown
                .find(|one| one.event["event_id"] == own.as_str())
                .map(drop)
        })
        .await;
    let (me, shown) = (bot.id(), mallory.shown());
    assert!(shown.iter().any(|one| one.locked && one.sender() == me));
    assert!(!shown.iter().any(|one| one.body().contains("the news")));

    // A page reaches her at home.
    let page = Target::Direct {
        user: user(alice.id()),
    };
    bot.posts("page", page, Message::text("a page")).await;
    assert!(alice.sees(&bot.id(), "a page").await.encrypted);

    // Who is removed is out there too.
    let removed = Action::Remove {
        room: room(&id),
        who: user(alice.id()),
    };
    bot.delivers("remove", &removed).await;
    alice
        .until("that she is out", |me| {
            (me.client.get_room(&id)?.state() == matrix_sdk::RoomState::Left).then_some(())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_configuration_closes_them_cases_stay_on_their_homeserver() {
    let (ours, theirs) = (
        Synapse::start(Limits::Federated).await,
        Synapse::start(Limits::Federated).await,
    );
    let bot = Bot::with(&ours.url(), "underrose", |settings| {
        settings.federation = Federation::Closed;
    })
    .await;
    let alice = Person::new(&theirs.url(), "alice", Signed::Yes).await;
    let bob = Person::new(&ours.url(), "bob", Signed::Yes).await;
    let case = bot.opens("case-2026-0001", &[alice.id(), bob.id()]).await;
    let id = RoomId::parse(&case.id).unwrap();
    bob.joins(&id).await;
    let invited = Action::Invite {
        room: room(&id),
        who: user(alice.id()),
    };
    let why = bot.is_refused("invite", &invited).await;
    assert!(why.contains("closed to other homeservers"), "{why}");
    assert!(alice.client.invited_rooms().is_empty());
}
