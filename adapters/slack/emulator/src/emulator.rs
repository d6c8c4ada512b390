//! The handle that tests hold: starts the emulator, makes people and channels, looks at the
//! world, and breaks things.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use serde_json::json;
use tokio::sync::watch;

use crate::act::Actor;
use crate::clock::Clock;
use crate::record::{Call, Sent};
use crate::settings::Settings;
use crate::shared::Shared;
use crate::web;
use crate::world::{Group, Guest, Kind, World};

/// How long a test waits for something before it fails, by the machine's clock.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A running emulator. Clones are handles of the same; it ends with the last of them.
#[derive(Clone)]
pub struct Emulator {
    pub(crate) shared: Arc<Shared>,
    address: SocketAddr,
    _ends: Arc<Ends>,
}

/// What is small is sent at once too: otherwise an envelope waits up to 40 ms for the app's kernel.
fn at_once(connection: &mut tokio::net::TcpStream) {
    // Without it that is slower, and no worse.
    let _ = connection.set_nodelay(true);
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
            let _ = axum::serve(listener.tap_io(at_once), router).await;
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

    /// Tells of every change of its world.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes()
    }

    pub(crate) fn last_calls(&self) -> String {
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
}
