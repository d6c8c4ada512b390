//! The committee of every life: the example's, on two networks that tell the time.

use underrose::config::parse;
use underrose::domain::policy::Policy;

use super::NETWORKS;

pub fn policy() -> Policy {
    let text = std::fs::read_to_string("config.example.toml").unwrap();
    let mut table: toml::Table = text.parse().unwrap();
    table.remove("console");
    let rooms = |ids: &[&str]| {
        toml::Value::Array(
            ids.iter()
                .map(|id| toml::Value::String((*id).into()))
                .collect(),
        )
    };
    let committee = table.get_mut("committee").unwrap().as_table_mut().unwrap();
    committee.insert("rooms".into(), rooms(&["alpha/security"]));
    committee.insert("case_networks".into(), rooms(&["alpha", "beta"]));
    let groups = [
        rooms(&["alpha/announce"]),
        rooms(&["alpha/general", "beta/news"]),
    ];
    committee.insert("announce".into(), toml::Value::Array(groups.to_vec()));
    committee.insert("reports_per_day".into(), toml::Value::Integer(3));
    for person in table.get_mut("people").unwrap().as_array_mut().unwrap() {
        let person = person.as_table_mut().unwrap();
        let id = person["id"].as_str().unwrap().to_owned();
        let handles = NETWORKS
            .iter()
            .map(|network| ((*network).to_owned(), toml::Value::String(id.clone())));
        person.insert("handles".into(), toml::Value::Table(handles.collect()));
    }
    let sims = NETWORKS.iter().map(|name| {
        let fields = [("name", *name), ("address", "127.0.0.1:1")];
        let mut sim: toml::Table = fields
            .iter()
            .map(|(k, v)| ((*k).to_owned(), toml::Value::String((*v).into())))
            .collect();
        sim.insert("tells_time".into(), toml::Value::Boolean(true));
        toml::Value::Table(sim)
    });
    table.insert("sim".into(), toml::Value::Array(sims.collect()));
    parse(&table.to_string(), &["sim"])
        .unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
        .policy
}
