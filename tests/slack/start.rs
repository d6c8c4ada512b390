//! What happened while the bot was down: Slack repeats no event for so long.

use serde_json::Value;

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_was_archived_while_the_bot_was_down_is_told_when_it_starts() {
    let mut scene = Scene::new().await;
    scene.kill();
    let dev = scene.halls[2].clone();
    // Nobody is there to hear of it.
    scene.emulator.with(|world| {
        let channel = world.channels.get_mut(&dev).unwrap();
        channel.is_archived = true;
    });
    scene.start();
    let alice = scene.actor("alice");
    let told = |message: &Value| {
        let text = message.to_string();
        text.contains("unarchive it") && text.contains(&dev)
    };
    alice
        .sees_that(&alice.direct(), "what befell the channel", told)
        .await;
    assert_eq!(scene.emulator.complaints(), Vec::<String>::new());
}
