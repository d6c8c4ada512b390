//! The people of a configuration: who is a member, who they are on each network, and when they
//! work. Guests are not here; they join while the program runs.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Weekday;
use underrose_chat::Network;

use super::places::Networks;
use super::read::{Section, clip};
use super::schema::{self, meant};
use super::time::{self, WORKDAYS};
use crate::domain::calendar::Hours;
use crate::domain::ids::PersonId;
use crate::domain::policy::Person;

const ID_MAX: usize = 64;
const HANDLE_MAX: usize = 255;
const ROLES: &[&str] = &["member", "lead"];

/// Whom a configuration names.
#[derive(Default)]
pub struct People {
    pub all: BTreeMap<PersonId, Person>,
    pub members: BTreeSet<PersonId>,
    /// Every id that was written, also of people with a mistake elsewhere.
    named: BTreeSet<String>,
    named_members: BTreeSet<String>,
}

impl People {
    /// The person of this id, or what to say when there is none.
    pub fn find(&self, id: &str) -> Result<PersonId, String> {
        if self.named.contains(id) {
            return Ok(PersonId(id.to_owned()));
        }
        let meant = meant(id, self.named.iter().map(String::as_str));
        Err(format!("no person has the id \"{}\"{meant}", clip(id)))
    }

    pub fn find_member(&self, id: &str) -> Result<PersonId, String> {
        let person = self.find(id)?;
        if !self.named_members.contains(id) {
            return Err(format!("{id} is no member; give {id} the role \"member\""));
        }
        Ok(person)
    }
}

/// One `[[people]]` section as written.
struct Written {
    person: Option<Person>,
    id: Option<String>,
    is_member: bool,
    works: bool,
}

/// `zone` is the committee's, for those who name none.
pub fn people(top: &Section<'_>, networks: &Networks, zone: chrono_tz::Tz) -> People {
    let mut people = People::default();
    let mut handles: BTreeMap<(Network, String), String> = BTreeMap::new();
    let (mut members, mut working, mut count) = (0_usize, 0_usize, 0_usize);
    for section in top.sections("people", schema::PERSON) {
        let one = person(&section, networks, zone, &mut handles);
        count += 1;
        members += usize::from(one.is_member);
        working += usize::from(one.is_member && one.works);
        let Some(id) = one.id else { continue };
        if !people.named.insert(id.clone()) {
            section.wrong("id", format!("two people have the id \"{id}\""));
        }
        if one.is_member {
            people.named_members.insert(id.clone());
            people.members.insert(PersonId(id.clone()));
        }
        if let Some(person) = one.person {
            people.all.insert(PersonId(id), person);
        }
    }
    let written = top.value("people");
    if written.is_none_or(|list| list.as_array().is_some_and(Vec::is_empty)) {
        top.wrong(
            "people",
            "nobody is named; write a section [[people]] for each person",
        );
    } else if count > 0 && members < 2 {
        let why = "two members must approve what is published";
        top.wrong("people", format!("{members} of {count} are members; {why}"));
    }
    if members > 0 && working == 0 {
        top.wrong(
            "people",
            "no member has working hours, so nobody can be paged",
        );
    }
    people
}

fn person(
    section: &Section<'_>,
    networks: &Networks,
    zone: chrono_tz::Tz,
    taken: &mut BTreeMap<(Network, String), String>,
) -> Written {
    let id = section.need_text("id", "\"alice\"").filter(|id| {
        let checked = person_id(id);
        checked.map_err(|what| section.wrong("id", what)).is_ok()
    });
    let (is_member, lead) = roles(section);
    let zone = section.parsed("zone", zone.name(), time::zone);
    let spans = section.parsed("hours", "09:00-17:00", time::hours);
    let days: Vec<Weekday> = time::days(section).unwrap_or_else(|| WORKDAYS.to_vec());
    let holidays = time::holidays(section);
    let works = !days.is_empty();
    let handles = handles(section, networks, taken);
    if is_member && handles.is_empty() && section.value("handles").is_none() {
        let why = "a member needs an account on a network";
        section.wrong(
            "handles",
            format!("missing; {why}, as in {{ console = \"alice\" }}"),
        );
    }
    let hours = zone.zip(spans).and_then(|(zone, (from, to))| {
        let hours = Hours::new(zone, days, from, to, holidays);
        hours
            .map_err(|error| section.wrong("hours", error.to_string()))
            .ok()
    });
    let name = match section.value("name") {
        Some(_) => section.need_text("name", "\"Alice\""),
        None => id,
    };
    let person = id.zip(name).zip(hours).map(|((id, name), hours)| Person {
        id: PersonId(id.to_owned()),
        name: name.to_owned(),
        lead,
        handles,
        hours,
    });
    Written {
        person,
        id: id.map(str::to_owned),
        is_member,
        works,
    }
}

/// Ids are typed in commands and stored for ever, so they are plain and short.
fn person_id(id: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    if id.len() > ID_MAX || !id.chars().all(fits) {
        let allowed = format!("an id is at most {ID_MAX} of a-z, 0-9, -, _ and .");
        return Err(format!("\"{}\" is no id; {allowed}", clip(id)));
    }
    if id.starts_with("guest-") {
        return Err("ids that begin with guest- are for people who join a case".to_owned());
    }
    Ok(())
}

/// Whether the person is a member, and whether a lead.
fn roles(section: &Section<'_>) -> (bool, bool) {
    let (mut is_member, mut lead) = (false, false);
    for told in section.texts("roles").unwrap_or_default() {
        match told.text {
            "member" if !is_member => is_member = true,
            "lead" if !lead => lead = true,
            "member" | "lead" => section.mistakes().add(told.key, "named twice"),
            other => {
                let instead = match meant(other, ROLES.iter().copied()) {
                    none if none.is_empty() => format!("; there is {}", ROLES.join(", ")),
                    meant => meant,
                };
                let what = format!("unknown role \"{}\"{instead}", clip(other));
                section.mistakes().add(told.key, what);
            }
        }
    }
    if lead && !is_member {
        section.wrong(
            "roles",
            "a lead is a member too; write roles = [\"member\", \"lead\"]",
        );
    }
    (is_member, lead)
}

fn handles(
    section: &Section<'_>,
    networks: &Networks,
    taken: &mut BTreeMap<(Network, String), String>,
) -> BTreeMap<Network, String> {
    let mut handles = BTreeMap::new();
    for (name, value) in section.table_of("handles").into_iter().flatten() {
        let key = format!("handles.{}", clip(name));
        let network = match networks.find(name) {
            Ok(network) => network,
            Err(what) => {
                section.wrong(&key, what);
                continue;
            }
        };
        let unfit = |c: char| c.is_whitespace() || c.is_control();
        let Some(handle) = value.as_str() else {
            section.wrong(&key, "expected a text in quotes");
            continue;
        };
        if handle.is_empty() || handle.len() > HANDLE_MAX || handle.contains(unfit) {
            section.wrong(&key, format!("\"{}\" is no account", clip(handle)));
            continue;
        }
        if let Err(what) = networks.account(&network, handle) {
            section.wrong(&key, what);
            continue;
        }
        let account = (network.clone(), handle.to_owned());
        if let Some(other) = taken.get(&account) {
            let what = format!("{name}/{} is also {other}'s account", clip(handle));
            section.wrong(&key, what);
            continue;
        }
        taken.insert(account, section.path(""));
        handles.insert(network, handle.to_owned());
    }
    handles
}
