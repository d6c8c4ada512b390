//! `underrose check --connect`: the account, its device and identity, the configured rooms and the
//! bot's rights there. Changes nothing.

use std::time::Duration;

use matrix_sdk::config::SyncSettings;
use matrix_sdk::encryption::recovery::RecoveryState;
use matrix_sdk::ruma::events::{MessageLikeEventType, StateEventType};
use matrix_sdk::{Room, RoomState};
use underrose_chat::{Expected, Finding, Level, Openness};

use crate::adapter::Account;
use crate::private;
use crate::settings::Trust;

fn good(text: impl Into<String>) -> Finding {
    Finding {
        level: Level::Good,
        text: text.into(),
    }
}

fn doubt(text: impl Into<String>) -> Finding {
    Finding {
        level: Level::Doubt,
        text: text.into(),
    }
}

fn wrong(text: impl Into<String>) -> Finding {
    Finding {
        level: Level::Wrong,
        text: text.into(),
    }
}

pub async fn check(account: &Account, expected: &Expected) -> Vec<Finding> {
    let mut found = Vec::new();
    match account.client.whoami().await {
        Ok(answer) if answer.user_id == account.me => found.push(good(format!(
            "{} answers, and the bot is {}",
            account.settings.homeserver, account.me
        ))),
        Ok(answer) => found.push(wrong(format!(
            "the token belongs to {}, and the store to {}",
            answer.user_id, account.me
        ))),
        Err(error) => {
            let reason = match crate::failure::of_http(&error) {
                underrose_chat::DeliverError::Retry { reason, .. }
                | underrose_chat::DeliverError::Reject { reason } => reason,
            };
            found.push(wrong(format!("{}: {reason}", account.settings.homeserver)));
            return found;
        }
    }
    let now = SyncSettings::new().timeout(Duration::ZERO);
    if account.client.sync_once(now).await.is_err() {
        found.push(wrong("the homeserver gives no sync"));
        return found;
    }
    found.extend(identity(account).await);
    match account.settings.trust {
        Trust::Signed => found.push(good("only devices that their owners verified get keys and are obeyed")),
        Trust::AnyDevice => found.push(doubt(
            "any device gets keys and is obeyed: the homeserver could add one of its own; write trust = \"signed\"",
        )),
    }
    for (id, openness) in &expected.rooms {
        found.extend(room(account, id, *openness).await);
    }
    for group in &expected.groups {
        found.push(wrong(format!(
            "{group}: Matrix has no mention groups; take it out of oncall.groups"
        )));
    }
    found
}

async fn identity(account: &Account) -> Vec<Finding> {
    let encryption = account.client.encryption();
    encryption.wait_for_e2ee_initialization_tasks().await;
    let mut found = Vec::new();
    let device = encryption.get_own_device().await.ok().flatten();
    found.push(match device {
        Some(device) if device.is_cross_signed_by_owner() => {
            good("the bot's device is signed by its identity")
        }
        Some(_) | None => wrong(
            "the bot's device is not signed by its identity: run `underrose setup matrix --recover` on an empty folder",
        ),
    });
    let status = encryption.cross_signing_status().await;
    found.push(match status {
        Some(status) if status.is_complete() => good("the bot has its cross-signing keys"),
        Some(_) | None => wrong("the bot's cross-signing keys are not here"),
    });
    found.push(match encryption.recovery().state() {
        RecoveryState::Enabled => good("secret storage and key backup are on"),
        RecoveryState::Incomplete | RecoveryState::Disabled | RecoveryState::Unknown => doubt(
            "secret storage or key backup is off: without them a lost disk is a lost identity",
        ),
    });
    found
}

async fn room(account: &Account, id: &str, openness: Openness) -> Vec<Finding> {
    let known = matrix_sdk::ruma::RoomId::parse(id)
        .ok()
        .and_then(|id| account.client.get_room(&id));
    let room = match known {
        Some(room) if room.state() == RoomState::Joined => room,
        Some(room) if room.state() == RoomState::Invited => {
            return vec![doubt(format!(
                "room {id}: the bot is invited, and joins when it runs"
            ))];
        }
        Some(_) | None => {
            return vec![wrong(format!(
                "room {id}: the bot is not in it; invite {}",
                account.me
            ))];
        }
    };
    let Ok(rules) = private::rules(&room).await else {
        return vec![wrong(format!("room {id}: its rules cannot be read"))];
    };
    let mut found = Vec::new();
    match (openness, private::leak(&rules)) {
        (Openness::Private, None) => {
            found.push(good(format!("room {id} is encrypted and private")))
        }
        (Openness::Private, Some(leak)) => found.push(wrong(format!("room {id}: {leak}"))),
        (Openness::Public, _) if rules.encrypted => found.push(wrong(format!(
            "room {id} is encrypted, and announcements are for everybody"
        ))),
        (Openness::Public, _) if rules.join.as_deref() == Some("public") => {
            found.push(good(format!("room {id} is public")));
        }
        (Openness::Public, _) => found.push(doubt(format!(
            "room {id} is not public: only who is invited reads the announcement"
        ))),
    }
    if openness == Openness::Private && rules.history.as_deref() == Some("shared") {
        found.push(doubt(format!(
            "room {id}: whoever joins later reads what was said before"
        )));
    }
    found.extend(power(account, &room, id).await);
    found
}

/// Whether the bot may speak, and has no more power than it needs.
async fn power(account: &Account, room: &Room, id: &str) -> Option<Finding> {
    let levels = room.power_levels().await.ok()?;
    if !levels.user_can_send_message(&account.me, MessageLikeEventType::RoomMessage) {
        return Some(wrong(format!(
            "room {id}: the bot may not speak; give it the power that messages need"
        )));
    }
    let superfluous = levels.user_can_send_state(&account.me, StateEventType::RoomPowerLevels)
        || levels.user_can_kick(&account.me)
        || levels.user_can_ban(&account.me);
    superfluous.then(|| {
        doubt(format!(
            "room {id}: the bot has more power than it needs here; the preset is enough"
        ))
    })
}
