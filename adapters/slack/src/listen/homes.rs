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

/// Pages that are followed; the committee has ten people.
const PAGES_MAX: usize = 200;

/// By user, when their page was last looked at, and a hash of what it shows.
#[derive(Default)]
pub struct Homes(BTreeMap<String, (Instant, u64)>);

impl Homes {
    /// Somebody is looking at their page, whatever it shows.
    pub fn looked(&mut self, user: &str) {
        if self.0.len() >= PAGES_MAX {
            self.0.retain(|_, (at, _)| at.elapsed() < LOOKED_AT_FOR);
        }
        if self.0.len() < PAGES_MAX {
            let page = self.0.entry(user.to_owned());
            page.or_insert((Instant::now(), 0)).0 = Instant::now();
        }
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
    /// Shows a person's page, unless it reads like that already.
    pub(crate) async fn show_home(&self, user: &str, message: &Message) -> Result<(), Failure> {
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
        tokio::time::sleep(SETTLE).await;
        let people = ear.workspace.homes().looked_at();
        for user in people {
            if let Err(failure) = again(&ear, &user).await {
                let reason = crate::deliver::error(&failure);
                tracing::info!(%reason, "a page was not shown anew; it is tried again");
                if let Failure::Limited { after } = failure {
                    tokio::time::sleep(after).await;
                }
                ear.workspace.changed.notify_one();
            }
        }
    }
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
        at,
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
