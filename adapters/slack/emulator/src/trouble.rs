//! What tests do to the workspace and the connections: faults, sockets that die, tokens that are
//! revoked, and waiting until all is quiet.

use serde_json::{Value, json};

use crate::deliver;
use crate::emulator::{Emulator, PATIENCE};
use crate::fault::{Fault, Trouble};
use crate::post;
use crate::record::Sent;
use crate::world::Standing;

impl Emulator {
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

    /// No connection is let in: each is told why (`link_disabled`, `too_many_websockets`) and ends,
    /// and so do those that are open. With `None` they are let in again.
    pub fn refuse_sockets(&self, why: Option<&str>) {
        self.shared.sockets.refuse(why);
    }

    /// Connections that take envelopes now.
    pub fn sockets(&self) -> usize {
        self.shared.sockets.open()
    }

    /// Connections ever opened, those that were not let in among them.
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
        post::verify(&self.shared).await
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
