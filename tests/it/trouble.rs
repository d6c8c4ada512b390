//! What a network says is wrong with it: who hears of it, and of what nobody need hear.

use underrose::domain::ids::PersonId;
use underrose::domain::policy::Policy;
use underrose_chat::{About, Action, Happening, Network, RoomId, UserId};

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

#[test]
fn a_second_cause_within_the_hour_is_told_and_the_first_is_not_told_again() {
    let mut bot = Bot::new();
    bot.open_case();
    assert_eq!(bot.fails("the room is archived"), ["alice"]);
    assert!(bot.fails("the room is archived").is_empty());
    assert_eq!(bot.fails("the bot was removed"), ["alice"]);
}

/// Zoe becomes a member.
fn joins(policy: &mut Policy) {
    let newcomer = PersonId("zoe".into());
    let mut like = policy.people[&PersonId("bob".into())].clone();
    like.handles = [(network(), "zoe".to_owned())].into();
    policy.people.insert(newcomer.clone(), like);
    policy.members.insert(newcomer);
}

#[test]
fn whoever_joins_the_committee_is_invited_into_the_rooms_of_running_cases() {
    let mut bot = Bot::new();
    bot.open_case();
    let invited: Vec<String> = bot
        .load(joins)
        .into_iter()
        .filter_map(|action| match action {
            Action::Invite { who, .. } => Some(who.id),
            _ => None,
        })
        .collect();
    assert_eq!(invited, ["zoe"], "and nobody who was there before");
}

#[test]
fn whoever_joins_while_a_room_is_made_is_invited_into_it() {
    let mut bot = Bot::new();
    let invited = bot.open_case_after(|bot| {
        bot.load(joins);
    });
    assert_eq!(invited, ["zoe"]);
}

#[test]
fn a_room_that_was_refused_is_asked_for_again_under_its_key() {
    let mut bot = Bot::new();
    let key = bot.refuse_room();
    assert!(bot.rooms_due().is_empty(), "not at once");
    for _ in 0..10 {
        bot.passes();
    }
    assert_eq!(bot.rooms_due(), [key]);
    assert!(bot.rooms_due().is_empty(), "it is under way");
}

#[test]
fn a_guest_whose_account_is_closed_is_the_duty_s_business() {
    let mut bot = Bot::new();
    bot.open_case();
    for text in [
        "vuln ack",
        "vuln triage valid because it is",
        "vuln add zoe as fix because she wrote it",
    ] {
        let event = bot.in_case("alice", text);
        bot.give(event);
    }
    assert_eq!(told(&mut bot, account("zoe")), ["alice"]);
}

#[test]
fn a_group_that_the_configuration_names_later_follows_the_duty_at_once() {
    let mut bot = Bot::new();
    bot.rooms_due();
    let group = "security-oncall".to_owned();
    let done = bot.load(|policy| policy.oncall.groups.push((network(), group.clone())));
    let set: Vec<_> = done
        .into_iter()
        .filter_map(|action| match action {
            Action::SetOnCall { group, who } => Some((group, who[0].id.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(set, [(group, "alice".to_owned())]);
}
