//! Networks, and the rooms on them that the committee named. What a network can do is told here
//! once, for the rules; how it is spoken to is the adapter's.

use std::collections::{BTreeMap, BTreeSet};

use underrose_chat::{Network, RoomId};

use super::matrix::{self, Matrix};
use super::read::{Flag, Section, Told, clip};
use super::schema::{self, meant};
use super::{CONSOLE, Console, Sim, Slack, slack};
use crate::domain::policy::NetworkRules;

/// Every network of the configuration.
pub struct Networks {
    pub rules: BTreeMap<Network, NetworkRules>,
    pub console: Option<Console>,
    pub matrix: Vec<Matrix>,
    pub slacks: Vec<Slack>,
    pub sims: Vec<Sim>,
}

impl Networks {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.rules.keys().map(|network| network.0.as_str())
    }

    /// The network of this name, or what to say when there is none.
    pub fn find(&self, name: &str) -> Result<Network, String> {
        let network = Network(name.to_owned());
        if self.rules.contains_key(&network) {
            return Ok(network);
        }
        let there: Vec<&str> = self.names().collect();
        let instead = match meant(name, there.iter().copied()) {
            none if none.is_empty() && there.is_empty() => "; no network is configured".to_owned(),
            none if none.is_empty() => format!("; there is {}", there.join(", ")),
            meant => meant,
        };
        Err(format!("no network \"{}\"{instead}", clip(name)))
    }

    /// Whether this can be an account of the network; which of them exist only the network knows.
    pub fn account(&self, network: &Network, handle: &str) -> Result<(), String> {
        if self.matrix.iter().any(|matrix| matrix.name == *network) {
            matrix::account(handle)?;
        }
        Ok(())
    }

    /// `network/what it calls the thing`.
    fn place(&self, text: &str, example: &str) -> Result<(Network, String), String> {
        let Some((network, id)) = text.split_once('/') else {
            return Err(format!(
                "\"{}\" names no network; write {example}",
                clip(text)
            ));
        };
        let network = self.find(network)?;
        if id.is_empty() || id.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(format!(
                "\"{}\" names nothing there; write {example}",
                clip(text)
            ));
        }
        Ok((network, id.to_owned()))
    }

    fn room(&self, text: &str) -> Result<RoomId, String> {
        let (network, id) = self.place(text, "console/security")?;
        if self.matrix.iter().any(|matrix| matrix.name == network) {
            matrix::room(&id)?;
        }
        if network.0 == CONSOLE && id.starts_with('#') {
            let bare = id.trim_start_matches('#');
            return Err(format!(
                "rooms are written without #; write {CONSOLE}/{bare}"
            ));
        }
        Ok(RoomId { network, id })
    }
}

/// The networks that the configuration asks for, of those that this program was built with.
pub fn networks(top: &Section<'_>, built: &[&str]) -> Networks {
    let mut rules = BTreeMap::new();
    let is_built = |section: &Section<'_>, network: &str| {
        if !built.contains(&network) {
            section.wrong(
                "",
                format!("this program was built without the network \"{network}\""),
            );
        }
    };
    let mut matrix = Vec::new();
    for section in top.sections("matrix", schema::MATRIX) {
        is_built(&section, "matrix");
        if let Some(one) = matrix::matrix(&section) {
            if rules.insert(one.name.clone(), matrix::rules()).is_some() {
                section.wrong("name", format!("two networks are called \"{}\"", one.name));
            }
            matrix.push(one);
        }
    }
    let mut sims = Vec::new();
    for section in top.sections("sim", schema::SIM) {
        is_built(&section, "sim");
        let address = section.need_text("address", "\"127.0.0.1:7000\"");
        let encrypted = section.flag("encrypted", Flag::No).unwrap_or(false);
        let tells_time = section.flag("tells_time", Flag::No).unwrap_or(false);
        let shows_history = section.flag("shows_history", Flag::No).unwrap_or(false);
        let Some(name) = section.need_text("name", "\"sim\"") else {
            continue;
        };
        if let Err(what) = network_name(name) {
            section.wrong("name", what);
            continue;
        }
        let network = Network(name.to_owned());
        let rule = NetworkRules {
            encrypted,
            binding: true,
            tells_time,
            shows_history,
        };
        if rules.insert(network.clone(), rule).is_some() {
            section.wrong("name", format!("two networks are called \"{name}\""));
        }
        sims.push(Sim {
            name: network,
            address: address.unwrap_or_default().to_owned(),
        });
    }

    let mut slacks = Vec::new();
    for section in top.sections(slack::SLACK, schema::SLACK) {
        is_built(&section, slack::SLACK);
        let Some(workspace) = slack::workspace(&section) else {
            continue;
        };
        // Slack reads all that is said there; its buttons are signed by it.
        let rule = NetworkRules {
            encrypted: false,
            binding: true,
            tells_time: true,
            shows_history: true,
        };
        if rules.insert(workspace.name.clone(), rule).is_some() {
            let name = &workspace.name;
            section.wrong("name", format!("two networks are called \"{name}\""));
        }
        slacks.push(workspace);
    }

    let section = top.section(CONSOLE, schema::CONSOLE);
    let console = section.is_present().then(|| {
        is_built(&section, CONSOLE);
        let alone = rules.is_empty();
        if !alone && section.value("operator").is_none() {
            let why = "beside another network the console speaks for one named person";
            section.wrong(
                "operator",
                format!("missing; {why}, as in operator = \"alice\""),
            );
        }
        let rule = NetworkRules {
            encrypted: false,
            binding: alone,
            tells_time: false,
            shows_history: false,
        };
        rules.insert(Network(CONSOLE.to_owned()), rule);
        Console {
            operator: section
                .text("operator")
                .map(|id| super::PersonId(id.to_owned())),
        }
    });
    if rules.is_empty() {
        top.wrong("", "no network is configured; write the section [console]");
    }
    Networks {
        rules,
        console,
        matrix,
        slacks,
        sims,
    }
}

pub(super) fn network_name(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name == CONSOLE {
        return Err(format!("\"{CONSOLE}\" is the console's own name"));
    }
    if name.len() > 32 || !name.chars().all(fits) {
        return Err(format!("\"{}\" may hold only a-z, 0-9 and -", clip(name)));
    }
    Ok(())
}

/// Whether secrets may be sent to this address: it is encrypted, or this very machine.
pub(super) fn is_safe_address(url: &str) -> bool {
    let here = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    let ends =
        |rest: &str| (rest.is_empty() || rest.starts_with([':', '/'])) && !rest.contains('@');
    let mut rests = here.iter().filter_map(|start| url.strip_prefix(start));
    url.starts_with("https://") || rests.any(ends)
}

/// Where the committee works and publishes.
pub struct Places {
    pub committee_rooms: Vec<RoomId>,
    pub case_networks: Vec<Network>,
    pub announce: Vec<Vec<RoomId>>,
}

pub fn places(committee: &Section<'_>, networks: &Networks) -> Places {
    let mut seen: BTreeMap<RoomId, String> = BTreeMap::new();
    let mut room = |told: Told<'_>| {
        let room = networks
            .room(told.text)
            .map_err(|what| (told.key.clone(), what));
        let room = room.and_then(|room| match seen.get(&room) {
            None => {
                seen.insert(room.clone(), told.key.clone());
                Ok(room)
            }
            Some(other) if other.contains(".rooms") && told.key.contains(".announce") => {
                let why = "what is announced is public, and the committee's room is not";
                Err((told.key, format!("is also {other}; {why}")))
            }
            Some(other) => Err((told.key, format!("the same room as {other}"))),
        });
        room.map_err(|(key, what)| committee.mistakes().add(key, what))
            .ok()
    };

    let told = committee.texts("rooms");
    let is_missing = told
        .as_ref()
        .map_or(committee.value("rooms").is_none(), Vec::is_empty);
    if is_missing {
        let example = "rooms = [\"console/security\"]";
        committee.wrong(
            "rooms",
            format!("the committee needs a room; write {example}"),
        );
    }
    let committee_rooms = told.into_iter().flatten().filter_map(&mut room).collect();

    let told = committee.groups("announce");
    if told
        .as_ref()
        .map_or(committee.value("announce").is_none(), |told| {
            told.iter().all(Vec::is_empty)
        })
    {
        let example = "announce = [[\"console/announce\"]]";
        committee.wrong(
            "announce",
            format!("advisories need a target; write {example}"),
        );
    }
    let announce = told.into_iter().flatten();
    let announce = announce.map(|group| group.into_iter().filter_map(&mut room).collect());
    let announce: Vec<Vec<RoomId>> = announce.collect();

    Places {
        committee_rooms,
        case_networks: case_networks(committee, networks),
        announce: announce
            .into_iter()
            .filter(|group| !group.is_empty())
            .collect(),
    }
}

fn case_networks(committee: &Section<'_>, networks: &Networks) -> Vec<Network> {
    if committee.value("case_networks").is_none() {
        // One network is no question; of several, the committee says which may hold its secrets.
        if networks.rules.len() > 1 {
            let example = networks.names().next().unwrap_or(CONSOLE);
            let what = format!("missing; write case_networks = [\"{example}\"]");
            committee.wrong("case_networks", what);
        }
        return networks.rules.keys().take(1).cloned().collect();
    }
    let told = committee.texts("case_networks").unwrap_or_default();
    if told.is_empty() {
        committee.wrong("case_networks", "a case needs a network for its room");
    }
    let mut named = BTreeSet::new();
    let mut found = Vec::new();
    for told in told {
        match networks.find(told.text) {
            Ok(network) if named.insert(network.clone()) => found.push(network),
            Ok(_) => committee.mistakes().add(told.key, "named twice"),
            Err(what) => committee.mistakes().add(told.key, what),
        }
    }
    found
}

/// Mention groups to keep in step with the schedule: `slack/S0123`.
pub fn groups(oncall: &Section<'_>, networks: &Networks) -> Vec<(Network, String)> {
    let read = |told: Told<'_>| {
        let place = networks.place(told.text, "network/group");
        place
            .map_err(|what| oncall.mistakes().add(told.key, what))
            .ok()
    };
    oncall
        .texts("groups")
        .unwrap_or_default()
        .into_iter()
        .filter_map(read)
        .collect()
}
