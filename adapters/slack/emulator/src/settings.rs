//! What an emulator is started with: the app as its manifest describes it, how harsh the network
//! is, and the limits of its rates.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

/// The one app that is installed, and its workspace.
#[derive(Clone, Debug)]
pub struct Settings {
    pub team_id: String,
    pub team_name: String,
    /// The bot's scopes. A method that needs another answers `missing_scope`.
    pub scopes: BTreeSet<String>,
    pub bot_token: String,
    pub app_token: String,
    pub signing_secret: String,
    pub commands: BTreeMap<String, SlashCommand>,
    /// Callback ids of message shortcuts.
    pub shortcuts: BTreeSet<String>,
    /// Event types that the app subscribed to (`app_mention`, `message.im`, …).
    pub events: BTreeSet<String>,
    pub transport: Transport,
    pub rates: Rates,
    /// Messages a minute in all channels together, which may be used at once. Slack says "several
    /// hundred" and names no number, so this is ours.
    pub posts_per_minute: u32,
    pub redeliver: Redeliver,
    /// How long Slack waits for an acknowledgement.
    pub acknowledge_within: Duration,
    /// A folder in which all that is sent and received is kept as JSON lines, for validators.
    /// Without one, the environment names it ([`crate::RECORD_VARIABLE`]), or nothing is kept.
    pub record: Option<std::path::PathBuf>,
    /// Most calls and events kept in memory.
    pub kept_max: usize,
    /// Pauses before the repetitions of an event: nearly at once, a minute, five minutes.
    /// <https://docs.slack.dev/apis/events-api/#retries>
    pub retry_after: Vec<Duration>,
}

#[derive(Clone, Debug, Default)]
pub struct SlashCommand {
    /// `<@U…|name>` instead of `@name` in the command's text.
    pub should_escape: bool,
}

/// How events come to the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    SocketMode,
    /// Signed requests to these addresses.
    Http {
        events: String,
        interactivity: String,
        commands: String,
    },
}

/// What is sent again when nobody acknowledged it in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redeliver {
    /// Events only, which is what Slack documents; a person sees that the app did not respond.
    Events,
    /// Interactions and commands too, up to three times over sockets, when one died with them or
    /// nobody acknowledged them in time: the harsher half of what is seen of Socket Mode. The
    /// default, since the bot has to live with it.
    Everything,
}

/// Requests that are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rates {
    /// None is refused.
    Relaxed,
    /// One message a second a channel, the tiers of the methods.
    Strict,
}

/// Settings that are cheap to clone: a delivery keeps to those that it began with.
#[derive(Clone, Debug)]
pub struct Kept(Arc<Settings>);

impl From<Settings> for Kept {
    fn from(settings: Settings) -> Self {
        Self(Arc::new(settings))
    }
}

impl Deref for Kept {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        &self.0
    }
}

impl DerefMut for Kept {
    fn deref_mut(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.0)
    }
}

impl Default for Settings {
    fn default() -> Self {
        let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            team_id: "T0000ROSE1".into(),
            team_name: "Rose".into(),
            scopes: set(&[
                "app_mentions:read",
                "channels:history",
                "channels:join",
                "channels:manage",
                "channels:read",
                "chat:write",
                "chat:write.public",
                "commands",
                "groups:history",
                "groups:read",
                "groups:write",
                "im:history",
                "im:read",
                "im:write",
                "pins:read",
                "pins:write",
                "reactions:write",
                "team:read",
                "usergroups:read",
                "usergroups:write",
                "users:read",
                "users:read.email",
            ]),
            // Not shaped like Slack's real tokens, so that no scanner for leaked secrets barks.
            bot_token: "xoxb-emulated-bot".into(),
            app_token: "xapp-emulated-app".into(),
            signing_secret: "emulated-signing-secret".into(),
            commands: ["/vuln", "/oncall"]
                .into_iter()
                .map(|name| (name.to_owned(), SlashCommand::default()))
                .collect(),
            shortcuts: set(&["report"]),
            events: set(&[
                "app_home_opened",
                "app_mention",
                "app_uninstalled",
                "channel_archive",
                "channel_left",
                "channel_rename",
                "channel_shared",
                "channel_unarchive",
                "channel_unshared",
                "group_archive",
                "group_left",
                "group_rename",
                "group_unarchive",
                "member_joined_channel",
                "member_left_channel",
                "message.channels",
                "message.groups",
                "message.im",
                "team_rename",
                "tokens_revoked",
                "user_change",
            ]),
            transport: Transport::SocketMode,
            rates: Rates::Relaxed,
            posts_per_minute: 300,
            redeliver: Redeliver::Everything,
            acknowledge_within: Duration::from_secs(3),
            record: None,
            // A soak makes some ten thousand of each.
            kept_max: 200_000,
            retry_after: [0, 60, 300].map(Duration::from_secs).to_vec(),
        }
    }
}

impl Settings {
    /// Over signed HTTP, everything to one address, as Bolt listens.
    pub fn over_http(mut self, address: &str) -> Self {
        self.transport = Transport::Http {
            events: address.to_owned(),
            interactivity: address.to_owned(),
            commands: address.to_owned(),
        };
        self
    }
}
