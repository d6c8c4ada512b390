//! What a network says is wrong with it: who hears of it, and of what nobody need hear.

use underrose_chat::{About, Happening, Network, RoomId, UserId};

use super::bad_input::Bot;

fn told(bot: &mut Bot, about: About) -> Vec<String> {
    let mut inbound = bot.event("alice", "");
    inbound.what = Happening::Trouble {
        about,
        reason: "it broke: mend it".into(),
    };
    bot.writes_to(inbound)
}

fn network() -> Network {
    Network("console".into())
}

fn room(id: &str) -> About {
    let room = RoomId {
        network: network(),
        id: id.into(),
    };
    About::Room { room }
}

fn account(id: &str) -> About {
    let who = UserId {
        network: network(),
        id: id.into(),
    };
    About::Person { who }
}

#[test]
fn the_duty_hears_what_is_wrong_and_of_their_own_account_somebody_else() {
    let mut bot = Bot::new();
    bot.open_case();
    for about in [
        About::Network,
        room("case-2026-0001"),
        room("announce"),
        account("bob"),
    ] {
        assert_eq!(told(&mut bot, about.clone()), ["alice"], "{about:?}");
    }
    // Alice is on duty.
    assert_eq!(told(&mut bot, account("alice")), ["bob", "carol", "dave"]);
}

#[test]
fn what_is_not_ours_is_nobody_s_business() {
    let mut bot = Bot::new();
    for about in [room("kitchen"), account("mallory")] {
        assert!(told(&mut bot, about.clone()).is_empty(), "{about:?}");
    }
}
