//! Looks from time to time at what the bot is still allowed, and at its own rooms: who is in them,
//! and whether they are still private. Events tell of most at once; this finds what was missed while
//! nobody listened, and asks when an event says that the bot is not let in any more.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use underrose_chat::{About, Happening, RoomId, UserId, limits};

use super::ear::Ear;
use super::hopeless;
use crate::api::Failure;
use crate::check::SCOPES;
use crate::words;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(600);

/// Rooms that are looked at together, and the pause after them: so more than half of what Slack
/// allows a minute is left to what the bot has to say.
pub const TOGETHER: usize = 10;
pub const TOGETHER_PAUSE: Duration = Duration::from_secs(30);

/// Until Slack is asked again whether the token works, where it did not say.
const FAILED_PAUSE: Duration = Duration::from_secs(30);

/// Pages of members that are read; a page is two hundred.
const PAGES_MAX: usize = limits::MEMBERS_MAX / 200;

pub async fn rooms(ear: Arc<Ear>) {
    let mut lacking = String::new();
    loop {
        let mut pause = LOOK_EVERY;
        if let Err(failure) = footing(&ear, &mut lacking).await {
            if let Err(lost) = hopeless(&failure) {
                return ear.lose(lost);
            }
            tell(&failure);
            pause = match failure {
                Failure::Limited { after } => FAILED_PAUSE.max(after),
                Failure::Refused { .. } | Failure::Unsure { .. } => FAILED_PAUSE,
            };
        }
        if let Err(failure) = look(&ear).await {
            if let Err(lost) = hopeless(&failure) {
                return ear.lose(lost);
            }
            tell(&failure);
        }
        tokio::select! {
            () = ear.over.cancelled() => return,
            () = ear.doubt.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Tells of people whom a delivery could not let into their room.
pub async fn left_out(ear: Arc<Ear>) {
    loop {
        for (who, reason) in ear.workspace.take_left_out() {
            let now = (ear.workspace.settings.now)();
            let id = id("left-out", &who.id, now);
            let about = About::Person { who };
            ear.tell(id, now, Happening::Trouble { about, reason })
                .await;
        }
        tokio::select! {
            () = ear.over.cancelled() => return,
            () = ear.workspace.somebody_left_out.notified() => {}
        }
    }
}

fn tell(failure: &Failure) {
    let reason = crate::deliver::error(failure);
    tracing::info!(%reason, "slack was not looked at; it is tried again");
}

/// Whether the token works, and all that is needed is allowed; what is lacking is told once.
async fn footing(ear: &Ear, lacking: &mut String) -> Result<(), Failure> {
    let workspace = &ear.workspace;
    let headers = workspace.api.headers().await?;
    if let Some(at) = headers.date {
        ear.tell_time(at).await;
    }
    let needed = SCOPES.iter().map(|(scope, _)| *scope);
    let missing: Vec<&str> = needed
        .filter(|needed| !headers.scopes.iter().any(|scope| scope == needed))
        .collect();
    // Where Slack says nothing of scopes, nothing is known of them.
    let missing = if headers.scopes.is_empty() {
        String::new()
    } else {
        missing.join(", ")
    };
    if missing != *lacking && !missing.is_empty() {
        let now = (workspace.settings.now)();
        let what = Happening::Trouble {
            about: About::Network,
            reason: words::lacking(&missing),
        };
        ear.tell(id("scopes", "", now), now, what).await;
    }
    *lacking = missing;
    Ok(())
}

async fn look(ear: &Ear) -> Result<(), Failure> {
    for (number, channel) in ear.workspace.own_rooms().await?.iter().enumerate() {
        let pause = if number > 0 && number % TOGETHER == 0 {
            TOGETHER_PAUSE
        } else {
            Duration::ZERO
        };
        tokio::select! {
            () = ear.over.cancelled() => return Ok(()),
            // Whether the bot is let in at all is looked at first.
            () = ear.doubt.notified() => {
                ear.doubt.notify_one();
                return Ok(());
            }
            () = tokio::time::sleep(pause) => {}
        }
        // One that cannot be looked at hides none of those after it.
        if let Err(failure) = look_at(ear, channel).await {
            tell(&failure);
            // Perhaps the bot is not let in at all any more.
            if hopeless(&failure).is_err() {
                ear.workspace.api.headers().await?;
            }
        }
    }
    Ok(())
}

async fn look_at(ear: &Ear, channel: &str) -> Result<(), Failure> {
    let workspace = &ear.workspace;
    let room = RoomId {
        network: workspace.settings.network.clone(),
        id: channel.to_owned(),
    };
    let now = (workspace.settings.now)();
    workspace.room_changed(&room);
    if let Some(why) = workspace.kind_of(channel).await?.open_to_others {
        let what = Happening::Exposed {
            room: room.clone(),
            why: format!("it {why}"),
        };
        ear.tell(id("exposed", channel, now), now, what).await;
    }
    let who = members(ear, channel).await?;
    let what = Happening::Members { room, who };
    ear.tell(id("members", channel, now), now, what).await;
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
