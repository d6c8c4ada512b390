//! All that the emulated workspace is: people, channels, views, groups, what is pending. Values
//! only; who may do what is said by the methods in `api`, what a person does by `act`.

mod channel;
mod happen;
mod people;
mod view;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::fault::Fault;
use crate::rate::Buckets;
use crate::record::Record;
use crate::settings::{Kept, Settings};

pub use channel::{Channel, Kind, Message};
pub use people::{Guest, Person, merge};
pub use view::{ResponseUrl, Trigger, View, ViewKind, Whence};

/// A mention group.
#[derive(Clone, Debug)]
pub struct Group {
    pub id: String,
    pub handle: String,
    pub name: String,
    pub people: Vec<String>,
    pub disabled: bool,
    pub updated: i64,
}

/// Whether the app's tokens work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Good,
    /// `token_revoked`
    Revoked,
    /// `account_inactive`: the app was removed from the workspace.
    Inactive,
}

/// Something to tell the app, not yet sent.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The subscription under which it is sent (`message.groups`, …).
    pub subscription: String,
    pub event: Value,
    pub shared: bool,
}

pub struct World {
    pub settings: Kept,
    /// Set before every look at the world.
    pub now: DateTime<Utc>,
    pub bot_user: String,
    pub bot_id: String,
    pub app_id: String,
    pub standing: Standing,
    pub people: BTreeMap<String, Person>,
    pub channels: BTreeMap<String, Channel>,
    pub groups: BTreeMap<String, Group>,
    pub views: BTreeMap<String, View>,
    /// Open modals, for each person the lowest first.
    pub stacks: BTreeMap<String, Vec<String>>,
    /// Home tabs, by person.
    pub homes: BTreeMap<String, String>,
    pub triggers: BTreeMap<String, Trigger>,
    pub response_urls: BTreeMap<String, ResponseUrl>,
    /// Unused tickets of `apps.connections.open`.
    pub tickets: BTreeMap<String, DateTime<Utc>>,
    pub outgoing: VecDeque<Outgoing>,
    pub faults: Vec<Fault>,
    pub buckets: Buckets,
    pub record: Record,
    /// Where this emulator listens; response URLs lead there.
    pub origin: String,
    last_ts_micros: i64,
    counter: u64,
}

/// Most messages kept of one channel; the oldest go first.
pub const MESSAGES_MAX: usize = 20_000;
/// Most events waiting to be sent.
pub const OUTGOING_MAX: usize = 100_000;

impl World {
    pub fn new(settings: Settings, origin: String, now: DateTime<Utc>) -> Self {
        let mut world = Self {
            record: Record::new(&settings),
            settings: settings.into(),
            now,
            bot_user: String::new(),
            bot_id: String::new(),
            app_id: String::new(),
            standing: Standing::Good,
            people: BTreeMap::new(),
            channels: BTreeMap::new(),
            groups: BTreeMap::new(),
            views: BTreeMap::new(),
            stacks: BTreeMap::new(),
            homes: BTreeMap::new(),
            triggers: BTreeMap::new(),
            response_urls: BTreeMap::new(),
            tickets: BTreeMap::new(),
            outgoing: VecDeque::new(),
            faults: Vec::new(),
            buckets: Buckets::default(),
            origin,
            last_ts_micros: 0,
            counter: 0,
        };
        world.app_id = world.id("A");
        world.bot_id = world.id("B");
        let bot = world.add_person("underrose");
        world.bot_user.clone_from(&bot);
        if let Some(bot) = world.people.get_mut(&bot) {
            bot.is_bot = true;
            bot.email = String::new();
        }
        world
    }

    /// A fresh id: upper case, eleven characters, like Slack's.
    pub fn id(&mut self, prefix: &str) -> String {
        self.counter += 1;
        let width = 11 - prefix.len();
        format!("{prefix}0{}", base36(self.counter, width - 1))
    }

    /// Something unguessable is not needed on loopback; something unique is.
    pub fn token(&mut self) -> String {
        self.counter += 1;
        format!(
            "{:08x}-{:04x}-4000-8000-{:012x}",
            self.now.timestamp() as u32,
            self.counter >> 32 & 0xffff,
            self.counter & 0xffff_ffff_ffff
        )
    }

    /// A message's timestamp: never twice the same, always growing.
    pub fn ts(&mut self) -> String {
        self.last_ts_micros = self.now.timestamp_micros().max(self.last_ts_micros + 1);
        let micros = self.last_ts_micros;
        format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
    }

    pub fn emit(&mut self, subscription: &str, event: Value, shared: bool) {
        if !self.settings.events.contains(subscription) {
            return;
        }
        if let Some(scope) = scope_of(subscription)
            && !self.settings.scopes.contains(scope)
        {
            return;
        }
        if self.outgoing.len() < OUTGOING_MAX {
            self.outgoing.push_back(Outgoing {
                subscription: subscription.to_owned(),
                event,
                shared,
            });
        } else {
            self.record
                .complain("too many events wait to be sent".into());
        }
    }

    pub fn tell_time(&self) -> i64 {
        self.now.timestamp()
    }

    /// Channels in which this person is, in order of their ids.
    pub fn channels_of(&self, person: &str) -> BTreeSet<String> {
        self.channels
            .values()
            .filter(|channel| channel.members.contains(person))
            .map(|channel| channel.id.clone())
            .collect()
    }
}

/// The scope without which an event is never sent.
/// <https://docs.slack.dev/reference/events>
fn scope_of(subscription: &str) -> Option<&'static str> {
    Some(match subscription {
        "app_mention" => "app_mentions:read",
        "message.channels" => "channels:history",
        "message.groups" => "groups:history",
        "message.im" => "im:history",
        "message.mpim" => "mpim:history",
        "channel_archive" | "channel_unarchive" | "channel_rename" | "channel_left"
        | "channel_created" | "channel_deleted" => "channels:read",
        "group_archive" | "group_unarchive" | "group_rename" | "group_left" => "groups:read",
        "user_change" | "team_join" => "users:read",
        "team_rename" => "team:read",
        "reaction_added" | "reaction_removed" => "reactions:read",
        "pin_added" | "pin_removed" => "pins:read",
        "subteam_members_changed" | "subteam_updated" => "usergroups:read",
        _ => return None,
    })
}

fn base36(mut number: u64, width: usize) -> String {
    const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut digits = vec!['0'; width];
    for digit in digits.iter_mut().rev() {
        *digit = char::from(DIGITS[(number % 36) as usize]);
        number /= 36;
    }
    digits.into_iter().collect()
}
