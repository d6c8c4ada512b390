//! What one workspace needs.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use underrose_chat::Network;

/// One workspace.
#[derive(Clone)]
pub struct Settings {
    pub network: Network,
    /// `xoxb-…`
    pub bot_token: Secret,
    pub way: WayIn,
    /// Slack itself, unless a test says otherwise.
    pub api_url: String,
    /// What time it is: for what Slack does not date.
    pub now: Now,
}

pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// How events come in.
#[derive(Clone)]
pub enum WayIn {
    /// Two outgoing sockets; no public address is needed. `xapp-…`
    Socket { app_token: Secret },
    /// Signed requests to this address, behind whatever ends TLS.
    Http {
        listen: SocketAddr,
        signing_secret: Secret,
    },
}

/// Slack's own address.
pub const SLACK_API: &str = "https://slack.com/api";

/// A token or a secret: it can be used, and not shown.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret")
    }
}
