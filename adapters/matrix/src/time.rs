//! What time it is by the homeserver: the `Date` header of its answers. A witness against a wall
//! clock of ours that lies.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use underrose_chat::{EventId, Happening, Inbound, Inbox};

use crate::adapter::Account;

/// Between two looks. Publication holds when clocks differ by a minute: no use in asking oftener.
const EVERY: Duration = Duration::from_secs(30);

/// Longer than this an answer took, and its header says nothing exact.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// The homeserver's time when it was last heard, and when that was by a clock that only runs on.
#[derive(Clone, Copy)]
pub struct Heard {
    pub date: DateTime<Utc>,
    pub at: Instant,
}

impl Heard {
    pub fn now(&self) -> DateTime<Utc> {
        self.date + self.at.elapsed()
    }
}

/// Asks once.
pub async fn ask(account: &Account) -> Option<Heard> {
    let url = account
        .client
        .homeserver()
        .join("_matrix/client/versions")
        .ok()?;
    let asked = Instant::now();
    let request = account.client.http_client().get(url).timeout(ANSWER_MAX);
    let answer = request.send().await.ok()?;
    let date = answer.headers().get("date")?.to_str().ok()?;
    let date = DateTime::parse_from_rfc2822(date).ok()?.to_utc();
    let heard = Heard { date, at: asked };
    account.known().heard = Some(heard);
    Some(heard)
}

/// Tells the core again and again, until `stop`.
pub async fn witness(account: Arc<Account>, inbox: Inbox, stop: CancellationToken) {
    let mut look = tokio::time::interval(EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = look.tick() => {}
        }
        let Some(heard) = ask(&account).await else {
            continue;
        };
        let inbound = Inbound {
            network: account.settings.network.clone(),
            id: EventId(format!("time/{}", heard.date.timestamp())),
            at: Some(heard.now()),
            cursor: None,
            what: Happening::Time,
        };
        if inbox.accept(inbound).await.is_err() {
            // The bot is stopping: everything else must stop too.
            stop.cancel();
            return;
        }
    }
}
