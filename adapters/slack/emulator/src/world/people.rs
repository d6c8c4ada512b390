//! People of the workspace, and strangers who come by a shared channel.

use serde_json::{Value, json};

use super::World;

/// What kind of member somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guest {
    /// A full member.
    No,
    /// A multi-channel guest (`is_restricted`).
    Restricted,
    /// A single-channel guest (`is_ultra_restricted`, and `is_restricted` with it).
    Ultra,
    /// Of another workspace, seen through Slack Connect (`is_stranger`).
    Stranger,
}

#[derive(Clone, Debug)]
pub struct Person {
    pub id: String,
    /// The workspace they belong to.
    pub team: String,
    pub name: String,
    pub real_name: String,
    pub email: String,
    pub tz: String,
    pub tz_offset_seconds: i64,
    pub guest: Guest,
    pub deleted: bool,
    pub is_bot: bool,
    pub is_owner: bool,
    pub updated: i64,
}

impl World {
    pub fn add_person(&mut self, name: &str) -> String {
        let id = self.id("U");
        let person = Person {
            id: id.clone(),
            team: self.settings.team_id.clone(),
            name: name.to_owned(),
            real_name: capital(name),
            email: format!("{name}@rose.example"),
            tz: "Etc/UTC".into(),
            tz_offset_seconds: 0,
            guest: Guest::No,
            deleted: false,
            is_bot: false,
            is_owner: false,
            updated: self.tell_time(),
        };
        self.people.insert(id.clone(), person);
        id
    }

    /// By id, as the Web API shows it.
    pub fn person_json(&self, person: &Person) -> Value {
        let mut profile = json!({
            "title": "",
            "real_name": person.real_name,
            "real_name_normalized": person.real_name,
            "display_name": person.name,
            "display_name_normalized": person.name,
            "status_text": "",
            "status_emoji": "",
            "team": person.team,
        });
        // Addresses are shown only to who asked for them, and never those of bots.
        if self.settings.scopes.contains("users:read.email") && !person.is_bot {
            profile["email"] = json!(person.email);
        }
        if person.is_bot {
            profile["bot_id"] = json!(self.bot_id);
            profile["api_app_id"] = json!(self.app_id);
        }
        let mut shown = json!({
            "id": person.id,
            "team_id": person.team,
            "name": person.name,
            "deleted": person.deleted,
            "profile": profile,
            "is_bot": person.is_bot,
            "updated": person.updated,
        });
        if person.deleted {
            return shown;
        }
        let more = json!({
            "color": "9f69e7",
            "real_name": person.real_name,
            "tz": person.tz,
            "tz_label": person.tz,
            "tz_offset": person.tz_offset_seconds,
            "is_admin": person.is_owner,
            "is_owner": person.is_owner,
            "is_primary_owner": false,
            "is_restricted": matches!(person.guest, Guest::Restricted | Guest::Ultra),
            "is_ultra_restricted": person.guest == Guest::Ultra,
            "is_app_user": false,
            "is_email_confirmed": !person.is_bot,
        });
        merge(&mut shown, more);
        if person.guest == Guest::Stranger {
            shown["is_stranger"] = json!(true);
        }
        shown
    }
}

impl World {
    /// With all that `user_change` shows of somebody.
    pub fn whole_person_json(&self, person: &Person) -> Value {
        let living = Person {
            deleted: false,
            ..person.clone()
        };
        let mut shown = self.person_json(&living);
        shown["deleted"] = json!(person.deleted);
        merge(
            &mut shown,
            json!({"locale": "en-GB", "who_can_share_contact_card": "EVERYONE"}),
        );
        let mut profile = json!({
            "phone": "",
            "skype": "",
            "status_text_canonical": "",
            "status_emoji_display_info": [],
            "status_expiration": 0,
            "avatar_hash": "g0123456789a",
            "first_name": person.real_name,
            "last_name": "",
            "fields": {},
        });
        for size in [24, 32, 48, 72, 192, 512] {
            profile[format!("image_{size}")] = json!(format!("https://avatars.example/{size}"));
        }
        merge(&mut shown["profile"], profile);
        shown
    }
}

/// Adds the keys of one object to another.
pub fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
