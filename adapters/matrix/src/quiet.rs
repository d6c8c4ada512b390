//! The account wants no notifications: nobody looks at it, and the homeserver need not work out and
//! keep one for each message in each of the bot's rooms. Said once in an account's life.

use std::sync::Arc;

use matrix_sdk::ruma::api::client::push::set_pushrule_enabled;
use matrix_sdk::ruma::push::{PredefinedOverrideRuleId, RuleKind};

use crate::adapter::Account;

/// Asks for it, unless that was done. Nothing depends on it: what fails is tried at the next start.
pub async fn be(account: Arc<Account>) {
    // By the specification, the rule that silences all others while it is enabled.
    let silence = PredefinedOverrideRuleId::Master;
    let Ok(rules) = account.client.account().push_rules().await else {
        return;
    };
    let mut rules = rules.override_.iter();
    if rules.any(|rule| rule.enabled && rule.rule_id == silence.as_str()) {
        return;
    }
    let name = silence.as_str().to_owned();
    let request = set_pushrule_enabled::v3::Request::enable(RuleKind::Override, name);
    if account.client.send(request).await.is_err() {
        tracing::debug!(network = %account.settings.network, "notifications stay as they are");
    }
}
