//! Slack's refusals in words that say what a person must do.

use underrose_chat::DeliverError;

use crate::api::Failure;

/// What the core is told of a failure.
pub(crate) fn error(failure: &Failure) -> DeliverError {
    match failure {
        Failure::Limited { after } => DeliverError::Retry {
            after: Some(*after),
            reason: "slack asks for a pause".to_owned(),
        },
        Failure::Unsure { what } => DeliverError::Retry {
            after: None,
            reason: (*what).to_owned(),
        },
        Failure::Refused { code } => DeliverError::Reject {
            reason: reason(code),
        },
    }
}

/// What was wanted is so already: these refusals are success.
pub(crate) fn unless<T>(outcome: Result<T, Failure>, fine: &[&str]) -> Result<(), Failure> {
    match outcome {
        Err(Failure::Refused { code }) if fine.contains(&code.as_str()) => Ok(()),
        Err(failure) => Err(failure),
        Ok(_) => Ok(()),
    }
}

/// A refusal, and the way out of it.
pub(crate) fn reason(code: &str) -> String {
    let instead = match code {
        "token_revoked" | "token_expired" | "invalid_auth" | "not_authed" => {
            "install the app in the workspace again and put its new bot token into the configuration"
        }
        "account_inactive" => "the bot's account was deactivated: install the app again",
        "missing_scope" | "no_permission" => {
            "give the app the scopes of slack-app-manifest.yaml and install it again; \
             `underrose check --connect` names what is missing"
        }
        "is_archived" | "is_inactive" => {
            "the channel is archived: unarchive it, or take it out of the configuration"
        }
        "not_in_channel" => "invite the bot to the channel (`/invite @underrose`)",
        "channel_not_found" => {
            "there is no such channel, or it is private and the bot is not in it: check its id and \
             invite the bot"
        }
        "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel" => {
            "the workspace's or the channel's settings forbid it: a workspace admin must allow the app"
        }
        "user_not_found" | "users_not_found" => "there is no such person: check the handle",
        "user_disabled" | "user_not_visible" => {
            "the person's account is deactivated or out of reach"
        }
        "cannot_dm_bot" => "that account is a bot, which cannot be written to: check the handle",
        "cant_invite" | "user_is_restricted" | "user_is_ultra_restricted" | "ura_max_channels" => {
            "this person is a guest of the workspace: an admin must let them into the channel"
        }
        "external_team" | "user_team_not_in_channel" => {
            "this person belongs to another organization"
        }
        "message_not_found" | "cant_update_message" | "edit_window_closed" => {
            "the message was deleted or cannot be edited any more"
        }
        "msg_too_long" | "msg_blocks_too_long" | "invalid_blocks" | "invalid_blocks_format" => {
            "slack does not take the message as it is: please report this"
        }
        "too_many_pins" => "the channel has as many pins as slack allows: remove some",
        "no_such_subteam" | "subteam_not_found" => {
            "there is no such user group, or it was disabled: create or enable it, or check its name"
        }
        "permission_denied" | "paid_teams_only" => {
            "the workspace does not let the app do this: a workspace admin must allow it"
        }
        "not_private" => {
            return "the channel is public or shared with another organization, and this message is \
                    private: make the channel private, or configure another"
                .to_owned();
        }
        _ => "look the word up in slack's documentation of the method",
    };
    format!("slack refused with `{code}`: {instead}")
}
