//! Looks at the bot's own rooms from time to time: who is in them, and whether they are still
//! private. Events tell of both at once; this finds what was missed while nobody listened.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use underrose_chat::{Happening, RoomId, UserId, limits};

use super::ear::Ear;
use crate::api::Failure;

/// Between two looks; a hundred rooms then take a tenth of what Slack allows.
const LOOK_EVERY: Duration = Duration::from_secs(600);

/// Pages of members that are read; a page is two hundred.
const PAGES_MAX: usize = limits::MEMBERS_MAX / 200;

pub async fn rooms(ear: Arc<Ear>) {
    loop {
        if let Err(failure) = look(&ear).await {
            let reason = crate::deliver::error(&failure);
            tracing::info!(%reason, "the rooms were not looked at; it is tried again");
        }
        tokio::select! {
            () = ear.over.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn look(ear: &Ear) -> Result<(), Failure> {
    let workspace = &ear.workspace;
    if let Some(at) = workspace.api.headers().await?.date {
        ear.tell_time(at).await;
    }
    for channel in workspace.own_rooms().await? {
        if ear.over.is_cancelled() {
            return Ok(());
        }
        let room = RoomId {
            network: workspace.settings.network.clone(),
            id: channel.clone(),
        };
        let now = (workspace.settings.now)();
        workspace.room_changed(&room);
        if let Some(why) = workspace.kind_of(&channel).await?.open_to_others {
            let what = Happening::Exposed {
                room: room.clone(),
                why: format!("it {why}"),
            };
            ear.tell(id("exposed", &channel, now), now, what).await;
        }
        let who = members(ear, &channel).await?;
        ear.tell(
            id("members", &channel, now),
            now,
            Happening::Members { room, who },
        )
        .await;
    }
    Ok(())
}

fn id(what: &str, channel: &str, now: DateTime<Utc>) -> String {
    format!("{what}/{channel}/{}", now.timestamp_micros())
}

/// Who is in a room, the bot aside. Owners of the workspace too: they need to be on the list as
/// anybody does, and where Slack refuses to remove one, the duty is told.
async fn members(ear: &Ear, channel: &str) -> Result<Vec<UserId>, Failure> {
    let workspace = &ear.workspace;
    let me = workspace.identity().await?.user.clone();
    let query = [("channel", channel), ("limit", "200")];
    let pages = workspace
        .api
        .pages("conversations.members", &query, ("members", PAGES_MAX))
        .await?;
    let ids = pages.0.iter().filter_map(Value::as_str);
    Ok(ids
        .filter(|id| *id != me)
        .map(|id| UserId {
            network: workspace.settings.network.clone(),
            id: id.to_owned(),
        })
        .collect())
}
