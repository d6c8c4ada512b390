//! Requests for verification as they come by sync: to the device, or in a room.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use matrix_sdk::config::SyncSettings;
use matrix_sdk::encryption::verification::VerificationRequest;
use matrix_sdk::ruma::{OwnedRoomId, OwnedUserId, UserId};
use matrix_sdk::sync::SyncResponse;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::{Operator, VerifyError};
use crate::adapter::Account;
use crate::failure::is_over;
use crate::{invitations, listen};

/// How long the homeserver may hold a sync open: what a confirmation causes must go out soon.
const SYNC_MAX: Duration = Duration::from_secs(10);

/// Between two attempts to reach a homeserver that is down.
const AGAIN: Duration = Duration::from_secs(2);
/// Attempts in a row before the operator is told that it makes no sense.
const ATTEMPTS_MAX: u32 = 10;

/// A request: who asks, and the name of what follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    pub by: String,
    pub flow: String,
}

/// Hands on what these people ask. Returns only when it makes no sense to go on.
pub async fn listen(
    account: &Arc<Account>,
    whom: &[OwnedUserId],
    found: mpsc::Sender<VerificationRequest>,
    operator: &dyn Operator,
) -> VerifyError {
    if let Err(error) = known(account, whom, operator).await {
        return error;
    }
    let settings = SyncSettings::new().filter(listen::filter());
    let (mut first, mut failures) = (true, 0);
    let mut answering = Answering::default();
    loop {
        let wait = if first { Duration::ZERO } else { SYNC_MAX };
        match account
            .client
            .sync_once(settings.clone().timeout(wait))
            .await
        {
            Ok(response) => {
                if std::mem::take(&mut first) {
                    account.ready.send_replace(true);
                    operator.told("Waiting. In Element: open the bot's profile, press Verify.");
                }
                failures = 0;
                for asked in asked(&response, account.me.as_str()) {
                    let Some(by) = whom.iter().find(|who| **who == asked.by) else {
                        operator.told(&format!(
                            "{} asks and is not named: not answered.",
                            asked.by
                        ));
                        continue;
                    };
                    let encryption = account.client.encryption();
                    if let Some(request) =
                        encryption.get_verification_request(by, &asked.flow).await
                    {
                        // Never waited for: what is compared now goes on by the next sync.
                        if found.try_send(request).is_err() {
                            operator
                                .told(&format!("{by} asks while others do: they must ask again."));
                        }
                    }
                }
                answering.rooms(account, whom).await;
            }
            Err(error) => {
                failures += 1;
                if failures > ATTEMPTS_MAX || is_over(&error).is_some() {
                    return VerifyError::Homeserver(error.to_string());
                }
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// A request of a device that the client does not know is dropped by the sdk: so it learns them.
async fn known(
    account: &Account,
    whom: &[OwnedUserId],
    operator: &dyn Operator,
) -> Result<(), VerifyError> {
    for who in whom {
        let identity = account.client.encryption().request_user_identity(who).await;
        let identity = identity.map_err(|error| VerifyError::Homeserver(error.to_string()))?;
        if identity.is_none() {
            operator.told(&format!(
                "{who} has no identity to verify with yet: Settings, Encryption in Element makes one."
            ));
        }
    }
    Ok(())
}

/// Invitations that are being answered, beside the syncs: a homeserver that limits rates says no
/// for half a minute. They end with the listening.
#[derive(Default)]
struct Answering {
    rooms: HashSet<OwnedRoomId>,
    tasks: JoinSet<OwnedRoomId>,
}

impl Answering {
    /// Element verifies in a direct room, which it makes if there is none.
    async fn rooms(&mut self, account: &Arc<Account>, whom: &[OwnedUserId]) {
        while let Some(done) = self.tasks.try_join_next() {
            if let Ok(room) = done {
                self.rooms.remove(&room);
            }
        }
        for room in account.client.invited_rooms() {
            let id = room.room_id().to_owned();
            let by = room
                .invite_details()
                .await
                .ok()
                .map(|invite| invite.inviter_id);
            if by.is_some_and(|by| whom.contains(&by)) && self.rooms.insert(id.clone()) {
                let answered = invitations::answer(account.clone(), room);
                self.tasks.spawn(async move {
                    answered.await;
                    id
                });
            }
        }
    }
}

/// Sends what waits to be sent.
pub async fn flush(account: &Account) -> Result<(), VerifyError> {
    let at_once = SyncSettings::new()
        .filter(listen::filter())
        .timeout(Duration::ZERO);
    let synced = account.client.sync_once(at_once).await;
    synced
        .map(|_| ())
        .map_err(|error| VerifyError::Homeserver(error.to_string()))
}

/// Every request in a sync.
fn asked(response: &SyncResponse, me: &str) -> Vec<Asked> {
    let mut found = to_this_device(response);
    for update in response.rooms.joined.values() {
        found.extend(
            update
                .timeline
                .events
                .iter()
                .filter_map(|event| in_room(&event.raw().deserialize_as_unchecked().ok()?, me)),
        );
    }
    found
}

/// Those that were sent to this device, and to no room.
pub fn to_this_device(response: &SyncResponse) -> Vec<Asked> {
    let events = response.to_device.iter();
    events
        .filter_map(|event| to_device(&event.as_raw().deserialize_as_unchecked().ok()?))
        .collect()
}

fn to_device(event: &Value) -> Option<Asked> {
    (event["type"] == "m.key.verification.request").then_some(())?;
    Some(Asked {
        by: event["sender"].as_str()?.to_owned(),
        flow: event["content"]["transaction_id"].as_str()?.to_owned(),
    })
}

pub fn in_room(event: &Value, me: &str) -> Option<Asked> {
    let content = &event["content"];
    let is_request = event["type"] == "m.room.message"
        && content["msgtype"] == "m.key.verification.request"
        && content["to"] == me;
    is_request.then_some(())?;
    let by = UserId::parse(event["sender"].as_str()?).ok()?;
    Some(Asked {
        by: by.to_string(),
        flow: event["event_id"].as_str()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_is_one_only_if_it_is_meant_for_the_bot() {
        let said = |to: &str, kind: &str| {
            json!({"type": "m.room.message", "sender": "@a:b", "event_id": "$1",
                "content": {"msgtype": kind, "to": to, "body": "x"}})
        };
        let asked = Some(Asked {
            by: "@a:b".to_owned(),
            flow: "$1".to_owned(),
        });
        assert_eq!(
            in_room(&said("@bot:b", "m.key.verification.request"), "@bot:b"),
            asked
        );
        assert_eq!(
            in_room(&said("@c:b", "m.key.verification.request"), "@bot:b"),
            None
        );
        assert_eq!(in_room(&said("@bot:b", "m.text"), "@bot:b"), None);
        let event = json!({"type": "m.key.verification.request", "sender": "@a:b",
            "content": {"transaction_id": "$1"}});
        assert_eq!(to_device(&event), asked);
        assert_eq!(
            to_device(&json!({"type": "m.dummy", "sender": "@a:b"})),
            None
        );
    }
}
