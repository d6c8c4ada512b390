//! The configuration: a TOML text in, what the committee decided out, or *every* mistake in it at
//! once, each with its key. It opens no file, asks no clock and connects to nothing.

mod matrix;
mod people;
mod places;
mod read;
mod report;
mod rules;
mod schema;
mod slack;
mod time;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use sha2::{Digest, Sha256};
use toml::Table;
use toml::de::DeTable;
use underrose_chat::Network;

use crate::domain::calendar::{BusinessDays, SlotRules};
use crate::domain::ids::PersonId;
use crate::domain::policy::Policy;
use crate::store::KeySource;

pub use matrix::{Federate, Matrix, Trust};
pub use read::Mistake;
pub use report::check_report;
pub use schema::SECTIONS;
pub use slack::{SecretSource, Slack, SlackWay};

use read::{Flag, Mistakes, Section, clip};

/// The networks that this program was built with, for [`parse`].
pub const NETWORKS_BUILT: &[&str] = &[
    #[cfg(feature = "console")]
    CONSOLE,
    #[cfg(feature = "matrix")]
    "matrix",
    #[cfg(feature = "slack")]
    slack::SLACK,
    #[cfg(feature = "sim")]
    "sim",
];

const CONSOLE: &str = "console";
/// A larger text is no configuration.
const TEXT_MAX: usize = 1 << 20;
const LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace"];
const ACK_TEXT: &str = "Thank you for your report. We have received it, a member of the committee \
                        is looking at it, and you will hear from us here.";

/// What a configuration says.
#[derive(Clone, Debug)]
pub struct Config {
    pub policy: Policy,
    /// The store's directory.
    pub data: PathBuf,
    pub key: KeySource,
    pub log: LogLevel,
    /// `None` when the console is not among the networks.
    pub console: Option<Console>,
    pub matrix: Vec<Matrix>,
    pub slacks: Vec<Slack>,
    pub sims: Vec<Sim>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Console {
    /// For whom the console speaks; always named beside another network.
    pub operator: Option<PersonId>,
}

/// A loopback network of the tests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sim {
    pub name: Network,
    /// `host:port`.
    pub address: String,
}

/// Reads a configuration. `networks_built` are those that it may use, [`NETWORKS_BUILT`].
///
/// # Errors
/// Every mistake in the text, in the order of the sections; never an empty list.
pub fn parse(text: &str, networks_built: &[&str]) -> Result<Config, Vec<Mistake>> {
    let mistakes = Mistakes::default();
    let table = table(text, &mistakes);
    let config = table
        .as_ref()
        .and_then(|table| read(text, table, networks_built, &mistakes));
    let list = mistakes.into_vec();
    match config {
        Some(config) if list.is_empty() => Ok(config),
        Some(_) => Err(list),
        None if list.is_empty() => {
            let what = "a value is missing; compare with config.example.toml".to_owned();
            Err(vec![Mistake {
                key: "configuration".to_owned(),
                what,
            }])
        }
        None => Err(list),
    }
}

fn table(text: &str, mistakes: &Mistakes) -> Option<Table> {
    if text.len() > TEXT_MAX {
        mistakes.add(
            "configuration",
            format!("{} bytes; at most {TEXT_MAX}", text.len()),
        );
        return None;
    }
    if let Ok(table) = text.parse() {
        return Some(table);
    }
    // Where it is not TOML, all places are told; keys are looked at when it is.
    let (_, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let start = error.span().map_or(0, |span| span.start);
        let line = text
            .bytes()
            .take(start)
            .filter(|byte| *byte == b'\n')
            .count()
            + 1;
        mistakes.add(format!("line {line}"), error.message().replace('\n', ", "));
    }
    if errors.is_empty() {
        mistakes.add("configuration", "is not TOML");
    }
    None
}

fn read(text: &str, table: &Table, built: &[&str], mistakes: &Mistakes) -> Option<Config> {
    let top = Section::new(String::new(), Some(table), schema::TOP, mistakes);
    let project = top.need_text("project", "\"Example\"");
    let data = top.parsed("data", "./data", path);
    let log = top.parsed("log", "info", level);
    let key = key(&top.section("key", schema::KEY));
    let networks = places::networks(&top, built);

    let committee = top.section("committee", schema::COMMITTEE);
    let zone = committee.parsed("zone", "UTC", time::zone);
    let days = time::days(&committee).unwrap_or_else(|| time::WORKDAYS.to_vec());
    if days.is_empty() {
        committee.wrong(
            "days",
            "no day is left; a business day must be some weekday",
        );
    }
    let holidays = time::holidays(&committee);
    let preset = committee.parsed("preset_hour", "16:00", time::time);
    let places = places::places(&committee, &networks);
    let reports_per_day_max = committee.number("reports_per_day", 10, 1..=1_000);
    let ack_text = match committee.value("ack_text") {
        Some(_) => committee.need_text("ack_text", "\"Thank you for your report.\""),
        None => Some(ACK_TEXT),
    };
    let show_head = committee.flag("show_head", Flag::Yes);

    let people = people::people(&top, &networks, zone.unwrap_or(chrono_tz::Tz::UTC));
    let section = top.section("oncall", schema::ONCALL);
    let groups = places::groups(&section, &networks);
    let oncall = rules::oncall(&section, &people, zone, groups);
    let scoring = rules::scoring(&top.section("scoring", schema::SCORING));
    let terms = rules::terms(&top.section("terms", schema::TERMS));
    if let Some(PersonId(id)) = networks
        .console
        .as_ref()
        .and_then(|one| one.operator.as_ref())
        && let Err(what) = people.find(id)
    {
        mistakes.add("console.operator", what);
    }

    let zone = zone?;
    let policy = Policy {
        hash: hex(&Sha256::digest(text)),
        project: project?.trim().to_owned(),
        people: people.all,
        members: people.members,
        networks: networks.rules,
        case_networks: places.case_networks,
        committee_rooms: places.committee_rooms,
        announce: places.announce,
        business: BusinessDays {
            zone,
            holidays: holidays.clone(),
            days,
        },
        slots: SlotRules {
            zone,
            holidays,
            preset: preset?,
        },
        oncall: oncall?,
        scoring: scoring?,
        terms: terms?,
        reports_per_day_max: reports_per_day_max?,
        ack_text: ack_text?.trim().to_owned(),
        show_head: show_head?,
    };
    let (console, matrix) = (networks.console, networks.matrix);
    let (slacks, sims) = (networks.slacks, networks.sims);
    Some(Config {
        policy,
        data: data?,
        key: key?,
        log: log?,
        console,
        matrix,
        slacks,
        sims,
    })
}

fn key(section: &Section<'_>) -> Option<KeySource> {
    match (section.value("file"), section.value("env")) {
        (Some(_), Some(_)) => {
            section.wrong(
                "env",
                "the key is in a file or in the environment; leave one out",
            );
            None
        }
        (_, None) => section
            .parsed("file", "./data/master.key", path)
            .map(KeySource::File),
        (None, Some(_)) => section.parsed("env", "", |name| {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(fits) {
                return Err(format!("\"{}\" is no name of a variable", clip(name)));
            }
            Ok(KeySource::Env(name.to_owned()))
        }),
    }
}

fn path(text: &str) -> Result<PathBuf, String> {
    if text.trim().is_empty() || text.contains('\0') {
        return Err("names no file".to_owned());
    }
    Ok(PathBuf::from(text))
}

fn level(text: &str) -> Result<LogLevel, String> {
    match text {
        "error" => Ok(LogLevel::Error),
        "warn" => Ok(LogLevel::Warn),
        "info" => Ok(LogLevel::Info),
        "debug" => Ok(LogLevel::Debug),
        "trace" => Ok(LogLevel::Trace),
        other => Err(format!(
            "unknown level \"{}\"; there is {}",
            clip(other),
            LEVELS.join(", ")
        )),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
