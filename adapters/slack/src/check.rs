//! `underrose check --connect`: the account, its rights in both directions, rooms and groups.
//! Changes nothing.

use underrose_chat::{About, DeliverError, Expected, Finding, Level, Openness, RoomId};

use crate::api::Failure;
use crate::deliver::reason;
use crate::listen::{TOGETHER, TOGETHER_PAUSE, hopeless};
use crate::settings::WayIn;
use crate::workspace::{Kind, Workspace};

/// Every scope that the bot uses, and what for; slack-app-manifest.yaml has the same, by test.
pub const SCOPES: &[(&str, &str)] = &[
    ("app_mentions:read", "to hear when it is mentioned"),
    (
        "channels:history",
        "to look whether an announcement is out already",
    ),
    ("channels:read", "to tell public channels from private ones"),
    ("chat:write", "to say anything"),
    ("commands", "for /vuln, /oncall and the message shortcut"),
    (
        "groups:history",
        "to hear what is said in its private rooms",
    ),
    ("groups:read", "to see who is in its private rooms"),
    (
        "groups:write",
        "to open private rooms, invite, remove and archive",
    ),
    ("im:history", "to hear direct messages"),
    ("im:write", "to write direct messages and pages"),
    (
        "metadata.message:read",
        "to find its own messages again by their key",
    ),
    ("pins:write", "to pin cards"),
    ("team:read", "to hear that the workspace has another name"),
    (
        "usergroups:read",
        "to find the user group of the person on call",
    ),
    (
        "usergroups:write",
        "to keep that user group in step with the rotation",
    ),
    ("users:read", "to hear that somebody's account was closed"),
];

/// Clocks that differ by more than this hold publication.
const CLOCKS_MAX_SECONDS: i64 = 60;

impl Workspace {
    pub(crate) async fn look(&self, expected: &Expected) -> Vec<Finding> {
        let mut found = Vec::new();
        match self.identity().await {
            Ok(identity) => {
                let text = format!("is @{} in the workspace {}", identity.name, identity.team);
                found.push(good(text));
            }
            Err(failure) => {
                found.push(wrong(format!(
                    "the bot token does not work: {}",
                    said(&failure)
                )));
                return found;
            }
        }
        found.extend(self.headers_found().await);
        found.extend(self.way_found().await);
        for (room, openness) in &expected.rooms {
            found.push(self.room_found(room, *openness).await);
        }
        for group in &expected.groups {
            found.push(match self.group(group).await {
                Ok(Some(_)) => good(format!("user group {group} is there")),
                Ok(None) => wrong(format!("there is no user group {group}: create it")),
                Err(failure) => wrong(format!("user group {group}: {}", said(&failure))),
            });
        }
        found
    }

    async fn headers_found(&self) -> Vec<Finding> {
        let headers = match self.api.headers().await {
            Ok(headers) => headers,
            Err(failure) => return vec![wrong(said(&failure))],
        };
        let mut found = scopes(&headers.scopes);
        let apart = headers
            .date
            .map(|date| (date - (self.settings.now)()).num_seconds().abs());
        found.push(match apart {
            Some(seconds) if seconds > CLOCKS_MAX_SECONDS => wrong(format!(
                "this machine's clock and slack's are {seconds} s apart: set the clock, or nothing is published"
            )),
            Some(_) => good("this machine's clock and slack's agree".to_owned()),
            None => doubt("slack did not say what time it is".to_owned()),
        });
        found
    }

    async fn way_found(&self) -> Option<Finding> {
        match &self.settings.way {
            WayIn::Socket { app_token } => {
                let opened = self.api.post_as(app_token, "apps.connections.open").await;
                Some(match opened {
                    Ok(_) => good("the app token opens Socket Mode".to_owned()),
                    Err(failure) => wrong(format!(
                        "the app token does not open Socket Mode (it needs the scope connections:write): {}",
                        said(&failure)
                    )),
                })
            }
            WayIn::Http { .. } => None,
        }
    }

    async fn room_found(&self, room: &str, openness: Openness) -> Finding {
        self.rooms().forget(room);
        let kind = match self.kind_of(room).await {
            Ok(kind) => kind,
            Err(failure) => return wrong(format!("room {room}: {}", said(&failure))),
        };
        let name = format!("room {room} (#{})", kind.name);
        match (amiss(&kind, openness), openness) {
            (Some(why), _) => wrong(format!("{name} {why}")),
            (None, Openness::Public) => good(format!("{name} is public and the bot is in it")),
            (None, Openness::Private) => good(format!("{name} is private and the bot is in it")),
        }
    }

    /// What is wrong with the configured rooms and groups, for the duty; a few rooms at a time, so that
    /// many of them take nothing from what is to be said. Where Slack does not say, it is asked again
    /// later.
    pub(crate) async fn amiss(
        &self,
        expected: &Expected,
    ) -> Result<Vec<(About, String)>, DeliverError> {
        let mut found = Vec::new();
        for (number, (id, openness)) in expected.rooms.iter().enumerate() {
            if number > 0 && number % TOGETHER == 0 {
                tokio::time::sleep(TOGETHER_PAUSE).await;
            }
            let kind = loop {
                match self.kind_of(id).await {
                    Err(Failure::Limited { after }) => tokio::time::sleep(after).await,
                    said => break said,
                }
            };
            let why = match kind {
                Ok(kind) => amiss(&kind, *openness).map(|why| format!("it {why}")),
                // Not the room's trouble: the listening tells of it, once.
                Err(failure @ Failure::Refused { .. }) if hopeless(&failure).is_err() => {
                    return Ok(Vec::new());
                }
                Err(Failure::Refused { code }) => Some(reason(&code)),
                Err(failure) => return Err(crate::deliver::error(&failure)),
            };
            let network = self.settings.network.clone();
            let id = id.clone();
            let room = RoomId { network, id };
            found.extend(why.map(|why| (About::Room { room }, why)));
        }
        for group in &expected.groups {
            let why = match self.group(group).await {
                Ok(Some(_)) => None,
                Ok(None) => Some(reason("no_such_subteam")),
                Err(Failure::Refused { code }) => Some(reason(&code)),
                Err(failure) => return Err(crate::deliver::error(&failure)),
            };
            found.extend(why.map(|why| (About::Network, format!("the user group {group}: {why}"))));
        }
        Ok(found)
    }
}

/// Why a room is not what the configuration takes it for.
fn amiss(kind: &Kind, openness: Openness) -> Option<String> {
    match (kind.open_to_others, openness) {
        _ if kind.archived => Some("is archived: unarchive it or name another".to_owned()),
        (Some(why), Openness::Private) => Some(format!("{why}, and must be private")),
        _ if kind.private && openness == Openness::Public => {
            Some("is private, and must be public".to_owned())
        }
        _ if !kind.member => {
            Some("does not have the bot in it: type `/invite @underrose` there".to_owned())
        }
        _ => None,
    }
}

/// Scopes that are missing, and scopes that nothing uses.
fn scopes(granted: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (scope, why) in SCOPES {
        if !granted.iter().any(|granted| granted == scope) {
            found.push(wrong(format!(
                "the scope {scope} is missing ({why}): paste slack-app-manifest.yaml into the app's \
                 settings and install it again"
            )));
        }
    }
    for scope in granted {
        if !SCOPES.iter().any(|(needed, _)| needed == scope) {
            found.push(doubt(format!(
                "the scope {scope} is granted and nothing uses it: take it away"
            )));
        }
    }
    if found.is_empty() {
        found.push(good(format!(
            "the {} scopes that it needs, and no other",
            SCOPES.len()
        )));
    }
    found
}

fn said(failure: &Failure) -> String {
    crate::deliver::error(failure).to_string()
}

fn good(text: String) -> Finding {
    Finding {
        level: Level::Good,
        text,
    }
}

fn doubt(text: String) -> Finding {
    Finding {
        level: Level::Doubt,
        text,
    }
}

fn wrong(text: String) -> Finding {
    Finding {
        level: Level::Wrong,
        text,
    }
}
