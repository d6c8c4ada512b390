//! The workspace's app as the manifest describes it, and the bot's configuration for it.

use std::net::SocketAddr;
use std::time::Duration;

use underrose_slack_emulator::{Rates, Settings};

use crate::scene::Scene;

const MANIFEST: &str = include_str!("../../slack-app-manifest.yaml");

/// The app as the manifest describes it.
pub fn app() -> Settings {
    Settings {
        // Whatever is not acknowledged comes again, as often as it takes.
        retry_after: vec![Duration::ZERO; 50],
        // As often as Slack allows, and no more.
        rates: Rates::Strict,
        ..Settings::of_manifest(MANIFEST)
    }
}

/// The same app with this address for its events, commands and buttons.
pub fn app_over_http(listen: SocketAddr) -> Settings {
    Settings {
        // A bot that was killed does not listen for a moment.
        retry_after: vec![Duration::from_millis(200); 100],
        ..app().over_http(&format!("http://{listen}/slack"))
    }
}

impl Scene {
    pub(crate) fn configuration(&self, people: &[String]) -> String {
        let mut table: toml::Table = std::fs::read_to_string("config.example.toml")
            .unwrap()
            .parse()
            .unwrap();
        table.remove("console");
        let set = |table: &mut toml::Table, section: &str, key: &str, value: toml::Value| {
            table[section]
                .as_table_mut()
                .unwrap()
                .insert(key.into(), value);
        };
        let room = |id: &String| toml::Value::from(format!("slack/{id}"));
        let path = |name: &str| toml::Value::from(self.dir.path().join(name).to_str().unwrap());
        table.insert("data".into(), path("data"));
        set(&mut table, "key", "file", path("master.key"));
        set(
            &mut table,
            "committee",
            "rooms",
            vec![room(&self.security)].into(),
        );
        set(
            &mut table,
            "committee",
            "case_networks",
            vec!["slack"].into(),
        );
        let announce: Vec<toml::Value> = vec![
            vec![room(&self.halls[0])].into(),
            vec![room(&self.halls[1]), room(&self.halls[2])].into(),
        ];
        set(&mut table, "committee", "announce", announce.into());
        set(
            &mut table,
            "oncall",
            "groups",
            vec!["slack/security-oncall"].into(),
        );
        let entries = table["people"].as_array_mut().unwrap();
        for name in people.iter().skip(entries.len()) {
            // A member like Dave.
            let mut more = entries[3].clone();
            let entry = more.as_table_mut().unwrap();
            entry.insert("id".into(), name.as_str().into());
            entry.insert("name".into(), name.as_str().into());
            entries.push(more);
        }
        for (entry, name) in entries.iter_mut().zip(people) {
            let handles = toml::Table::from_iter([("slack".to_owned(), self.id(name).into())]);
            // Pages wait for working hours, and tests do not.
            let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].map(toml::Value::from);
            let person = entry.as_table_mut().unwrap();
            person.insert("handles".into(), handles.into());
            person.insert("hours".into(), "00:00-23:59".into());
            person.insert("days".into(), days.to_vec().into());
        }
        let mut slack = toml::Table::new();
        slack.insert("bot_token".into(), "env:TEST_SLACK_BOT".into());
        match self.listen {
            None => {
                slack.insert("app_token".into(), "env:TEST_SLACK_APP".into());
            }
            Some(listen) => {
                slack.insert("listen".into(), listen.to_string().into());
                slack.insert("signing_secret".into(), "env:TEST_SLACK_SIGNING".into());
            }
        }
        slack.insert("api_url".into(), self.emulator.api_url().into());
        table.insert("slack".into(), toml::Value::Array(vec![slack.into()]));
        table.to_string()
    }
}
