//! What the committee decided once and wrote into its configuration, as the rules read it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use underrose_chat::{Network, RoomId, UserId};

use super::calendar::{BusinessDays, Hours, Schedule, SlotRules};
use super::cvss::Version;
use super::ids::PersonId;

#[derive(Clone, Debug)]
pub struct Policy {
    /// Of the configuration's text, hexadecimal; journaled when it changes.
    pub hash: String,
    pub project: String,
    pub people: BTreeMap<PersonId, Person>,
    /// Members of the committee, among [`Policy::people`].
    pub members: BTreeSet<PersonId>,
    pub networks: BTreeMap<Network, NetworkRules>,
    /// Where a case gets its rooms.
    pub case_networks: Vec<Network>,
    /// Private rooms where the committee takes in reports; news without content goes there.
    pub committee_rooms: Vec<RoomId>,
    /// Public targets in groups, sent in this order.
    pub announce: Vec<Vec<RoomId>>,
    pub business: BusinessDays,
    pub slots: SlotRules,
    pub oncall: OnCallRules,
    pub scoring: ScoringRules,
    pub terms: Terms,
    /// Reports that one person may make in 24 hours.
    pub reports_per_day_max: u32,
    /// The first answer to a reporter, where the member types none.
    pub ack_text: String,
    /// Whether the journal's head is shown to the committee every day.
    pub show_head: bool,
}

#[derive(Clone, Debug)]
pub struct Person {
    pub id: PersonId,
    pub name: String,
    /// May act for an owner or a fix lead, recorded as such.
    pub lead: bool,
    /// Account ids by network.
    pub handles: BTreeMap<Network, String>,
    pub hours: Hours,
}

#[derive(Clone, Debug, Default)]
pub struct NetworkRules {
    /// End-to-end encrypted.
    pub encrypted: bool,
    /// Whether a binding choice may be made here; `false` for the console beside real networks.
    pub binding: bool,
    /// Whether the network tells the time; publication then waits for such a witness.
    pub tells_time: bool,
    /// Whoever comes into a room late reads all that was said before (Slack).
    pub shows_history: bool,
}

#[derive(Clone, Debug)]
pub struct OnCallRules {
    pub schedule: Schedule,
    /// In turn.
    pub rotation: Vec<PersonId>,
    /// Until the same person is paged again, working time.
    pub page_again_after: TimeDelta,
    /// Until the next person is paged, working time of who holds the page.
    pub escalate_after: TimeDelta,
    /// Business days until the reporter must have heard from a person, and until that is a breach.
    pub ack_business_days: u32,
    pub ack_breach_business_days: u32,
    /// A mention group to keep in step with the schedule, by network.
    pub groups: Vec<(Network, String)>,
}

#[derive(Clone, Debug)]
pub struct ScoringRules {
    /// Others' vectors are shown only when one's own is in, or scoring is closed.
    pub blind: bool,
    /// The calculator's version.
    pub version: Version,
}

/// What a guest accepts before seeing anything.
#[derive(Clone, Debug)]
pub struct Terms {
    pub version: u32,
    pub text: String,
}

impl Policy {
    /// Who an account belongs to: a person of the configuration, or nobody that it knows, whose
    /// id is then the account's (`network/account`; ids of the configuration hold no slash).
    pub fn person_of(&self, user: &UserId) -> PersonId {
        self.people
            .values()
            .find(|person| person.handles.get(&user.network) == Some(&user.id))
            .map_or_else(
                || PersonId(format!("{}/{}", user.network, user.id)),
                |person| person.id.clone(),
            )
    }

    /// Every account of a person.
    pub fn accounts_of(&self, person: &PersonId) -> Vec<UserId> {
        if let Some(known) = self.people.get(person) {
            let user = |(network, id): (&Network, &String)| UserId {
                network: network.clone(),
                id: id.clone(),
            };
            return known.handles.iter().map(user).collect();
        }
        person
            .0
            .split_once('/')
            .map_or_else(Vec::new, |(network, id)| {
                vec![UserId {
                    network: Network(network.to_owned()),
                    id: id.to_owned(),
                }]
            })
    }

    pub fn is_member(&self, person: &PersonId) -> bool {
        self.members.contains(person)
    }

    pub fn is_lead(&self, person: &PersonId) -> bool {
        self.people.get(person).is_some_and(|person| person.lead)
    }

    /// The person's working hours; the committee's for somebody it does not know.
    pub fn hours_of(&self, person: &PersonId) -> Option<&Hours> {
        self.people.get(person).map(|person| &person.hours)
    }

    pub fn zone_of(&self, person: &PersonId) -> Option<chrono_tz::Tz> {
        self.hours_of(person).map(|hours| hours.zone)
    }

    pub fn targets(&self) -> Vec<RoomId> {
        self.announce.iter().flatten().cloned().collect()
    }

    /// Rooms of the configuration that the public reads.
    pub fn is_public(&self, room: &RoomId) -> bool {
        self.announce.iter().flatten().any(|target| target == room)
    }
}
