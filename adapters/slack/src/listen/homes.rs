//! App Home follows: whoever has lately looked at it sees it change when what waits for them does.
//! What changes it is the core's to know, so this asks the core again, as if the page had been
//! opened, whenever something was taken in or carried out; what reads as before is not sent.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use underrose_chat::{EventId, Happening, Immediate, Inbound, Message, UserId};

use super::ear::Ear;
use crate::api::Failure;
use crate::modal;
use crate::workspace::Workspace;

/// Slack does not say when somebody stops looking at the page.
const LOOKED_AT_FOR: Duration = Duration::from_secs(3_600);

/// Changes that come together are shown together.
const SETTLE: Duration = Duration::from_secs(1);

/// After a failure of which nobody knows what it was, the pages wait this long.
const FAILED_PAUSE: Duration = Duration::from_secs(10);

/// Pages that are followed; the committee has ten people, and anybody may open theirs.
const PAGES_MAX: usize = 200;

/// By user, when their page was last looked at, and a hash of what it shows.
#[derive(Default)]
pub struct Homes(BTreeMap<String, (Instant, u64)>);

impl Homes {
    /// Somebody is looking at their page, whatever it shows. Of too many, the one that was looked
    /// at longest ago is followed no further.
    pub fn looked(&mut self, user: &str) {
        if self.0.len() >= PAGES_MAX && !self.0.contains_key(user) {
            let oldest = self.0.iter().min_by_key(|(_, (at, _))| *at);
            if let Some(oldest) = oldest.map(|(user, _)| user.clone()) {
                self.0.remove(&oldest);
            }
        }
        let page = self.0.entry(user.to_owned());
        page.or_insert((Instant::now(), 0)).0 = Instant::now();
    }

    /// Followed no further, until it is opened again.
    fn leave(&mut self, user: &str) {
        self.0.remove(user);
    }

    fn looked_at(&self) -> Vec<String> {
        let fresh = self.0.iter();
        let fresh = fresh.filter(|(_, (at, _))| at.elapsed() < LOOKED_AT_FOR);
        fresh.map(|(user, _)| user.clone()).collect()
    }

    /// Whether this is news there; it is then taken as shown.
    fn is_news(&mut self, user: &str, shown: u64) -> bool {
        match self.0.get_mut(user) {
            Some((_, known)) => std::mem::replace(known, shown) != shown,
            None => true,
        }
    }

    /// What it shows is not known any more.
    pub fn forget(&mut self, user: &str) {
        if let Some((_, known)) = self.0.get_mut(user) {
            *known = 0;
        }
    }
}

impl Workspace {
    /// Shows a person's page, unless it reads like that already. One after the other: what is taken
    /// as shown must be what was sent last.
    pub(crate) async fn show_home(&self, user: &str, message: &Message) -> Result<(), Failure> {
        let _one = self.showing.lock().await;
        let view = modal::home(message, &self.settings.network);
        let mut hasher = DefaultHasher::new();
        view.to_string().hash(&mut hasher);
        if !self.homes().is_news(user, hasher.finish()) {
            return Ok(());
        }
        let body = json!({"user_id": user, "view": view});
        let published = self.api.post("views.publish", &body).await;
        if published.is_err() {
            self.homes().forget(user);
        }
        published.map(drop)
    }
}

pub async fn follow(ear: Arc<Ear>) {
    loop {
        tokio::select! {
            () = ear.over.cancelled() => return,
            () = ear.workspace.changed.notified() => {}
        }
        let mut pause = SETTLE;
        loop {
            tokio::select! {
                () = ear.over.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            match show_all(&ear).await {
                Some(after) => pause = after,
                None => break,
            }
        }
    }
}

/// Shows all pages that are followed; how long to wait before that is tried again, if it must be.
async fn show_all(ear: &Ear) -> Option<Duration> {
    let people = ear.workspace.homes().looked_at();
    let mut again_after = None;
    for user in people {
        let Err(failure) = again(ear, &user).await else {
            continue;
        };
        let reason = crate::deliver::error(&failure);
        match failure {
            // Slack would refuse it again, and whoever opens the page asks anew.
            Failure::Refused { .. } => {
                tracing::warn!(%reason, "a page cannot be shown, and is followed no further");
                ear.workspace.homes().leave(&user);
            }
            Failure::Limited { after } => {
                tracing::info!(%reason, "a page was not shown anew; it is tried again");
                return Some(after.max(SETTLE));
            }
            Failure::Unsure { .. } => {
                tracing::info!(%reason, "a page was not shown anew; it is tried again");
                again_after = Some(FAILED_PAUSE);
            }
        }
    }
    again_after
}

/// Asks the core how the page reads now, and shows it.
async fn again(ear: &Ear, user: &str) -> Result<(), Failure> {
    let settings = &ear.workspace.settings;
    let at = (settings.now)();
    let by = UserId {
        network: settings.network.clone(),
        id: user.to_owned(),
    };
    let inbound = Inbound {
        network: settings.network.clone(),
        id: EventId(format!("home/{user}/{}", at.timestamp_micros())),
        at: Some(at),
        cursor: None,
        what: Happening::Home { by },
    };
    match ear.inbox.accept(inbound).await {
        Ok(Immediate::Say { message }) => ear.workspace.show_home(user, &message).await,
        Ok(
            Immediate::Nothing
            | Immediate::Step { .. }
            | Immediate::Form { .. }
            | Immediate::Errors { .. },
        ) => Ok(()),
        Err(_) => {
            ear.over.cancel();
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_pages_those_that_were_looked_at_last_are_followed() {
        let mut homes = Homes::default();
        for number in 0..PAGES_MAX {
            homes.looked(&format!("U{number:03}"));
        }
        homes.looked("U000");
        homes.looked("mallory");
        let followed = homes.looked_at();
        assert_eq!(followed.len(), PAGES_MAX);
        for (user, expected) in [("U000", true), ("U001", false), ("mallory", true)] {
            let found = followed.iter().any(|known| known == user);
            assert_eq!(found, expected, "{user}");
        }
    }
}
