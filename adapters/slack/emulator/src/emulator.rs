//! The handle that tests hold: starts the emulator, makes people and channels, looks at the
//! world, and breaks things.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::act::Actor;
use crate::clock::Clock;
use crate::deliver;
use crate::fault::{Fault, Trouble};
use crate::record::{Call, Sent};
use crate::settings::Settings;
use crate::shared::Shared;
use crate::web;
use crate::world::{Group, Guest, Kind, Standing, World};

/// How long a test waits for something before it fails, by the machine's clock.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running emulator. Clones are handles of the same; it ends with the last of them.
#[derive(Clone)]
pub struct Emulator {
    pub(crate) shared: Arc<Shared>,
    address: SocketAddr,
    _ends: Arc<Ends>,
}

/// Stops listening when the last handle is gone.
struct Ends(tokio::task::AbortHandle);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Emulator {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn start(settings: Settings) -> std::io::Result<Self> {
        Self::start_on(settings, 0).await
    }

    /// # Errors
    /// If the port is taken.
    pub async fn start_on(settings: Settings, port: u16) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let shared = Shared::new(settings, format!("http://{address}"));
        let router = web::router(Arc::clone(&shared));
        let serving = tokio::spawn(async move {
            // Ends with the emulator; there is nobody to tell.
            let _ = axum::serve(listener, router).await;
        });
        let ends = Arc::new(Ends(serving.abort_handle()));
        Ok(Self {
            shared,
            address,
            _ends: ends,
        })
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What a client takes for `https://slack.com/api`, without a slash at the end.
    pub fn api_url(&self) -> String {
        format!("http://{}/api", self.address)
    }

    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Lets time pass: triggers and response URLs expire, due retries go out.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
        self.shared.touch();
    }

    /// Changes anything; what the app must hear of it is sent afterwards.
    pub fn with<R>(&self, work: impl FnOnce(&mut World) -> R) -> R {
        self.shared.with(work)
    }

    pub fn look<R>(&self, look: impl FnOnce(&World) -> R) -> R {
        self.shared.look(look)
    }

    /// Waits until the look finds something, at most ten seconds.
    ///
    /// # Panics
    /// When it does not come: says what was waited for, and the last calls of the app.
    pub async fn until<R>(&self, what: &str, find: impl FnMut(&World) -> Option<R>) -> R {
        self.until_in(PATIENCE, what, find).await
    }

    /// As [`Emulator::until`], with another patience.
    ///
    /// # Panics
    /// When it does not come within that time.
    pub async fn until_in<R>(
        &self,
        patience: Duration,
        what: &str,
        mut find: impl FnMut(&World) -> Option<R>,
    ) -> R {
        let mut changes = self.shared.changes();
        let waiting = async {
            loop {
                changes.mark_unchanged();
                if let Some(found) = self.look(&mut find) {
                    return found;
                }
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        match tokio::time::timeout(patience, waiting).await {
            Ok(found) => found,
            Err(_) => panic!(
                "waited in vain for {what}; the last calls:\n{}",
                self.last_calls()
            ),
        }
    }

    fn last_calls(&self) -> String {
        let line = |call: &Call| {
            format!(
                "{} {} {}: {}",
                call.at,
                call.method,
                call.outcome,
                json!(call.arguments)
            )
        };
        self.look(|world| {
            let calls = &world.record.calls;
            let lines: Vec<String> = calls.iter().rev().take(8).rev().map(line).collect();
            lines.join("\n")
        })
    }

    // People and places.

    /// Somebody of the workspace.
    pub fn person(&self, name: &str) -> String {
        self.with(|world| world.add_person(name))
    }

    /// A guest, or a stranger of another workspace.
    pub fn guest(&self, name: &str, guest: Guest) -> String {
        self.with(|world| {
            let id = world.add_person(name);
            let elsewhere = world.id("T");
            if let Some(person) = world.people.get_mut(&id) {
                person.guest = guest;
                if guest == Guest::Stranger {
                    person.team = elsewhere;
                }
            }
            id
        })
    }

    /// A channel with these people; the bot is not in it unless named.
    pub fn channel(&self, name: &str, kind: Kind, people: &[&str]) -> String {
        self.with(|world| {
            let creator = people.first().copied().unwrap_or_default();
            let id = world.add_channel(name, kind, creator);
            if let Some(channel) = world.channels.get_mut(&id) {
                channel.members = people.iter().map(|id| (*id).to_owned()).collect();
            }
            id
        })
    }

    /// A public channel with the bot in it.
    pub fn public(&self, name: &str, people: &[&str]) -> String {
        let bot = self.bot();
        let people: Vec<&str> = people.iter().copied().chain([bot.as_str()]).collect();
        self.channel(name, Kind::Public, &people)
    }

    /// A private channel with the bot in it.
    pub fn private(&self, name: &str, people: &[&str]) -> String {
        let bot = self.bot();
        let people: Vec<&str> = people.iter().copied().chain([bot.as_str()]).collect();
        self.channel(name, Kind::Private, &people)
    }

    pub fn group(&self, handle: &str, people: &[&str]) -> String {
        self.with(|world| {
            let id = world.id("S");
            let group = Group {
                id: id.clone(),
                handle: handle.to_owned(),
                name: handle.to_owned(),
                people: people.iter().map(|id| (*id).to_owned()).collect(),
                disabled: false,
                updated: world.tell_time(),
            };
            world.groups.insert(id.clone(), group);
            id
        })
    }

    /// The bot's user id.
    pub fn bot(&self) -> String {
        self.look(|world| world.bot_user.clone())
    }

    /// Somebody acting.
    pub fn actor(&self, person: &str) -> Actor {
        Actor::new(self.clone(), person)
    }

    // What the app did and was sent.

    pub fn calls(&self, method: &str) -> Vec<Call> {
        self.look(|world| {
            let calls = world.record.calls.iter();
            calls
                .filter(|call| call.method == method)
                .cloned()
                .collect()
        })
    }

    pub fn all_calls(&self) -> Vec<Call> {
        self.look(|world| world.record.calls.iter().cloned().collect())
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.look(|world| world.record.sent.iter().cloned().collect())
    }

    /// What Slack would have passed over in silence, and nobody meant.
    pub fn complaints(&self) -> Vec<String> {
        self.look(|world| world.record.complaints.clone())
    }

    // Trouble.

    /// The next `times` calls of this method (`*`: any) go wrong in this way.
    pub fn fail(&self, method: &str, trouble: Trouble, times: usize) {
        if times == 0 {
            return;
        }
        let method = method.to_owned();
        self.with(|world| {
            world.faults.push(Fault {
                method,
                trouble,
                times,
            })
        });
    }

    /// No fault is left.
    pub fn mend(&self) {
        self.with(|world| world.faults.clear());
    }

    /// Every connection stays open, and nothing comes through any more.
    pub fn silence_sockets(&self) {
        self.shared.sockets.silence();
    }

    /// Every connection is torn down.
    pub fn cut_sockets(&self) {
        self.shared.sockets.cut();
    }

    /// `disconnect` with `warning`: the connection will go away soon.
    pub fn warn_sockets(&self) {
        self.shared.sockets.warn();
    }

    /// `disconnect` with `refresh_requested`, then a close.
    pub fn refresh_sockets(&self) {
        self.shared.sockets.refresh();
    }

    /// The oldest connection alone is refreshed, as Slack does it in turn.
    pub fn refresh_a_socket(&self) {
        self.shared.sockets.refresh_one();
    }

    /// Connections that take envelopes now.
    pub fn sockets(&self) -> usize {
        self.shared.sockets.open()
    }

    /// Connections ever opened.
    pub fn sockets_ever(&self) -> u64 {
        self.shared.sockets.opened()
    }

    /// Waits until the app has so many connections.
    ///
    /// # Panics
    /// When they do not come within the patience of [`Emulator::until`].
    pub async fn connected(&self, least: usize) {
        let waiting = self.shared.sockets.until_open(least);
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            panic!(
                "waited in vain for {least} sockets; there are {}",
                self.sockets()
            );
        }
    }

    /// Waits until everything that was sent is acknowledged, or given up.
    ///
    /// # Panics
    /// When that takes longer than the patience of [`Emulator::until`].
    pub async fn settled(&self) {
        let waiting = self.shared.settled();
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            panic!(
                "not everything was acknowledged; the last calls:\n{}",
                self.last_calls()
            );
        }
    }

    /// The tokens stop working, and the app is told.
    pub fn revoke(&self, standing: Standing) {
        self.with(|world| {
            let bot = world.bot_user.clone();
            let event = match standing {
                Standing::Good => None,
                Standing::Revoked => {
                    Some(json!({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [bot]}}))
                }
                Standing::Inactive => Some(json!({"type": "app_uninstalled"})),
            };
            if let Some(event) = event {
                let kind = event["type"].as_str().unwrap_or_default().to_owned();
                world.emit(&kind, event, false);
            }
            world.standing = standing;
        });
    }

    /// Sends again what was sent before, as Slack does minutes or hours later. Newest first.
    pub async fn replay(&self, pick: impl Fn(&Sent) -> bool) -> Option<deliver::Delivery> {
        let sent = self.look(|world| world.record.sent.iter().rev().find(|s| pick(s)).cloned())?;
        let parcel = sent.parcel()?;
        Some(deliver::deliver(&self.shared, &parcel).await)
    }

    /// A channel is shared with another organisation by Slack Connect, or no longer.
    pub fn share(&self, channel: &str, shared: bool) {
        self.with(|world| {
            let Some(found) = world.channels.get_mut(channel) else {
                return;
            };
            found.is_ext_shared = shared;
            let other = "T0000OTHER1";
            let event = if shared {
                json!({"type": "channel_shared", "connected_team_id": other, "channel": channel, "event_ts": world.ts()})
            } else {
                json!({"type": "channel_unshared", "previously_connected_team_id": other, "channel": channel, "is_ext_shared": false, "event_ts": world.ts()})
            };
            let kind = event["type"].as_str().unwrap_or_default().to_owned();
            world.emit(&kind, event, shared);
        });
    }

    /// Somebody's account is closed.
    pub fn deactivate(&self, person: &str) {
        self.with(|world| {
            let now = world.tell_time();
            let Some(found) = world.people.get_mut(person) else {
                return;
            };
            found.deleted = true;
            found.updated = now;
            let found = found.clone();
            let event = json!({"type": "user_change", "user": world.whole_person_json(&found), "cache_ts": now, "event_ts": world.ts()});
            world.emit("user_change", event, false);
        });
    }

    pub fn rename_workspace(&self, name: &str) {
        self.with(|world| {
            world.settings.team_name = name.to_owned();
            world.emit(
                "team_rename",
                json!({"type": "team_rename", "name": name}),
                false,
            );
        });
    }

    /// Has the app's address answer the challenge that Slack sends when it is entered.
    ///
    /// # Errors
    /// What was answered instead.
    pub async fn verify_address(&self) -> Result<(), String> {
        deliver::verify(&self.shared).await
    }

    /// Sends an event as it is: for types and fields that the emulator does not know.
    pub fn emit(&self, event: Value) {
        self.with(|world| {
            let subscription = event["type"].as_str().unwrap_or_default().to_owned();
            world.settings.events.insert(subscription.clone());
            world.emit(&subscription, event, false);
        });
    }
}
