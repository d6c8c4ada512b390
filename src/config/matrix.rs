//! `[[matrix]]`: an account on a homeserver, each section a network of its own.

use underrose_chat::Network;

use super::places::{is_safe_address, network_name};
use super::read::{Flag, Section, clip};
use crate::domain::policy::NetworkRules;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Matrix {
    pub name: Network,
    /// `https://matrix.example.org`.
    pub homeserver: String,
    /// `@underrose:example.org`.
    pub user: String,
    pub display_name: Option<String>,
    pub trust: Trust,
    pub federate: Federate,
}

/// Which devices get keys and are obeyed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trust {
    /// Those that their owners verified.
    Signed,
    AnyDevice,
}

/// Whether accounts of other homeservers can be brought into a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Federate {
    Yes,
    No,
}

/// What a homeserver can do for the rules.
pub fn rules() -> NetworkRules {
    NetworkRules {
        encrypted: true,
        binding: true,
        tells_time: true,
        shows_history: false,
    }
}

pub fn matrix(section: &Section<'_>) -> Option<Matrix> {
    let homeserver = section
        .need_text("homeserver", "\"https://matrix.example.org\"")
        .and_then(|text| {
            address(text)
                .map_err(|what| section.wrong("homeserver", what))
                .ok()
        });
    let user = section
        .need_text("user", "\"@underrose:example.org\"")
        .and_then(|text| {
            account(text)
                .map_err(|what| section.wrong("user", what))
                .ok()
        });
    let trust = section.parsed("trust", "signed", |word| match word {
        "signed" => Ok(Trust::Signed),
        "any-device" => Ok(Trust::AnyDevice),
        other => Err(format!(
            "unknown trust \"{}\"; there is signed and any-device",
            clip(other)
        )),
    });
    let federate = section.flag("federate", Flag::Yes);
    let name = section.parsed("name", "matrix", |name| {
        network_name(name).map(|()| Network(name.to_owned()))
    });
    let display_name = section.text("display_name").map(str::to_owned);
    Some(Matrix {
        name: name?,
        homeserver: homeserver?,
        user: user?,
        display_name,
        trust: trust?,
        federate: if federate? {
            Federate::Yes
        } else {
            Federate::No
        },
    })
}

fn address(text: &str) -> Result<String, String> {
    if is_safe_address(text) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "\"{}\" is no safe address; write https://matrix.example.org",
        clip(text)
    ))
}

/// An account, whole: it is compared with what the homeserver says.
pub fn account(text: &str) -> Result<String, String> {
    match text.strip_prefix('@').and_then(|rest| rest.split_once(':')) {
        Some((local, server)) if !local.is_empty() && !server.is_empty() => Ok(text.to_owned()),
        Some(_) | None => Err(format!(
            "\"{}\" is no account of Matrix; write @name:example.org",
            clip(text)
        )),
    }
}

/// A room's own id: an address such as `#room:server` can be pointed elsewhere by others.
pub fn room(id: &str) -> Result<(), String> {
    if id.starts_with('!') && id.len() > 1 {
        return Ok(());
    }
    Err(format!(
        "\"{}\" is no room of Matrix; write its id, !abc… (in Element: Settings, Advanced, Internal room ID)",
        clip(id)
    ))
}
