//! The configuration that ships, moved to other networks, with the script's own lines over it.

use toml::{Table, Value};
use underrose::config::Config;

/// The example that the transcripts run on.
const EXAMPLE: &str = include_str!("../../../config.example.toml");

/// What a configuration says of one network.
#[derive(Clone, Debug, Default)]
pub struct Place {
    pub network: String,
    /// The network's own section, if it is not the console.
    pub section: Option<(&'static str, Table)>,
    /// Ids by the names of the example's rooms: `security`, `announce`, `general`, `dev`.
    pub rooms: Vec<(&'static str, String)>,
    /// Accounts by the example's people.
    pub handles: Vec<(&'static str, String)>,
}

/// The example on these networks instead of the console. `operator` is whom the console speaks
/// for, if it stays.
///
/// # Panics
/// If that is no configuration.
pub fn on(places: &[Place], operator: Option<&str>, script: &str) -> Config {
    let text = table(places, operator, script).to_string();
    let mut config = underrose::config::parse(&text, underrose::config::NETWORKS_BUILT)
        .unwrap_or_else(|mistakes| panic!("{mistakes:?} in\n{text}"));
    // It is the hash of random nonces, and a transcript repeats to the letter.
    config.policy.show_head = false;
    config
}

/// The same as a table.
pub fn table(places: &[Place], operator: Option<&str>, script: &str) -> Table {
    let mut table: Table = EXAMPLE.parse().unwrap();
    for line in script.lines() {
        if let Some(patch) = line.strip_prefix("config ") {
            merge(&mut table, patch.parse().unwrap());
        }
    }
    match operator {
        Some(operator) => {
            let console = Table::from_iter([("operator".to_owned(), operator.into())]);
            table.insert("console".to_owned(), console.into());
        }
        None => drop(table.remove("console")),
    }
    let rooms = |name: &str| -> Vec<Value> {
        let all = places.iter().flat_map(|place| {
            let here = place.rooms.iter().filter(|(known, _)| *known == name);
            here.map(|(_, id)| format!("{}/{id}", place.network).into())
        });
        all.collect()
    };
    let networks: Vec<Value> = places
        .iter()
        .map(|place| place.network.clone().into())
        .collect();
    let rest: Vec<Value> = ["general", "dev"].into_iter().flat_map(rooms).collect();
    let committee = table["committee"].as_table_mut().unwrap();
    committee.insert("case_networks".to_owned(), networks.into());
    committee.insert("rooms".to_owned(), rooms("security").into());
    let groups: Vec<Value> = vec![rooms("announce").into(), rest.into()];
    committee.insert("announce".to_owned(), groups.into());
    for person in table["people"].as_array_mut().unwrap() {
        let person = person.as_table_mut().unwrap();
        let id = person["id"].as_str().unwrap().to_owned();
        let handles = places.iter().flat_map(|place| {
            let here = place.handles.iter().filter(|(known, _)| *known == id);
            here.map(|(_, handle)| (place.network.clone(), handle.clone().into()))
        });
        let handles = Table::from_iter(handles);
        person.insert("handles".to_owned(), handles.into());
    }
    for (name, section) in places.iter().filter_map(|place| place.section.clone()) {
        table.insert(name.to_owned(), Value::Array(vec![section.into()]));
    }
    table
}

fn merge(into: &mut Table, patch: Table) {
    for (key, value) in patch {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(known)), Value::Table(patch)) => merge(known, patch),
            (_, value) => drop(into.insert(key, value)),
        }
    }
}
