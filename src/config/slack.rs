//! `[[slack]]`: one workspace each. Secrets are named here and read when the bot starts; a token in
//! the configuration itself is refused, since configurations are shown and copied.

use std::net::SocketAddr;
use std::path::PathBuf;

use underrose_chat::Network;

use super::places::{is_safe_address, network_name};
use super::read::{Section, clip};

pub const SLACK: &str = "slack";

/// One workspace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slack {
    pub name: Network,
    pub bot_token: SecretSource,
    pub way: SlackWay,
    /// Not Slack's own address.
    pub api_url: Option<String>,
}

/// How events come in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SlackWay {
    Socket {
        app_token: SecretSource,
    },
    Http {
        listen: SocketAddr,
        signing_secret: SecretSource,
    },
}

/// Where a secret is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SecretSource {
    Env(String),
    File(PathBuf),
}

/// Reads a section; `None` when a mistake was noted that leaves no workspace.
pub fn workspace(section: &Section<'_>) -> Option<Slack> {
    let name = section.text("name").unwrap_or(SLACK);
    if let Err(what) = network_name(name) {
        section.wrong("name", what);
        return None;
    }
    let bot_token = needed(section, "bot_token", "env:SLACK_BOT_TOKEN");
    let api_url = section.text("api_url").and_then(|url| {
        let safe = is_safe_address(url);
        if !safe {
            let what = "tokens are sent there; it must begin with https://";
            section.wrong("api_url", what);
        }
        safe.then(|| url.trim_end_matches('/').to_owned())
    });
    let way = way(section);
    Some(Slack {
        name: Network(name.to_owned()),
        bot_token: bot_token?,
        way: way?,
        api_url,
    })
}

fn way(section: &Section<'_>) -> Option<SlackWay> {
    let (listen, app) = (section.text("listen"), section.value("app_token"));
    match listen {
        None => {
            if section.value("signing_secret").is_some() {
                section.wrong("signing_secret", "belongs to listen, which is missing");
            }
            let app_token = needed(section, "app_token", "env:SLACK_APP_TOKEN")?;
            Some(SlackWay::Socket { app_token })
        }
        Some(listen) => {
            if app.is_some() {
                let what = "Socket Mode or listen; leave one of the two out";
                section.wrong("app_token", what);
            }
            let address = listen.parse();
            if address.is_err() {
                let what = format!(
                    "\"{}\" is no address; write \"127.0.0.1:8080\"",
                    clip(listen)
                );
                section.wrong("listen", what);
            }
            let secret = needed(section, "signing_secret", "env:SLACK_SIGNING_SECRET");
            Some(SlackWay::Http {
                listen: address.ok()?,
                signing_secret: secret?,
            })
        }
    }
}

fn needed(section: &Section<'_>, key: &str, example: &str) -> Option<SecretSource> {
    let text = section.need_text(key, &format!("\"{example}\""))?;
    match source(text) {
        Some(source) => Some(source),
        None => {
            // What stands there may be the secret itself: it is not said back.
            let what = format!(
                "names where the secret is, as in \"{example}\" or \"file:/run/secrets/name\""
            );
            section.wrong(key, what);
            None
        }
    }
}

fn source(text: &str) -> Option<SecretSource> {
    let (kind, place) = text.split_once(':')?;
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match kind {
        "env" if !place.is_empty() && place.chars().all(fits) => {
            Some(SecretSource::Env(place.to_owned()))
        }
        "file" if !place.trim().is_empty() && !place.contains('\0') => {
            Some(SecretSource::File(PathBuf::from(place)))
        }
        _ => None,
    }
}
