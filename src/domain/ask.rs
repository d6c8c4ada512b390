//! A request, placed: who asks, where, and what has been decided of it so far.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use underrose_chat::{Network, RoomId, Surface, UserId};

use super::case::Case;
use super::confidential::{Audience, Pass, pass};
use super::decision::Effects;
use super::event::Event;
use super::grammar::{Mistake, Spec, Who};
use super::ids::{CaseId, PersonId};
use super::policy::Policy;
use super::say;
use super::state::State;
use super::tell::{Text, ToCase, ToPerson};
use super::words::GuestKind;

/// Everything that deciding on a request may look at.
pub struct Ask<'a> {
    pub state: &'a State,
    pub policy: &'a Policy,
    pub now: DateTime<Utc>,
    pub who: PersonId,
    pub user: UserId,
    pub spot: Spot,
    /// Names the place for a conversation: `network/room`.
    pub place: String,
    /// The same of the thread, where the network has threads for conversations.
    pub thread: Option<String>,
    pub surface: Surface,
    pub fx: Effects<'a>,
}

/// Where somebody asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Spot {
    /// The room of this case, open or closed.
    Case(CaseId, RoomId),
    Committee,
    /// A public room, or one that the configuration does not know: it is treated as public.
    Outside,
    Direct,
}

impl<'a> Ask<'a> {
    pub fn network(&self) -> &Network {
        &self.user.network
    }

    pub fn zone(&self) -> Option<Tz> {
        self.policy.zone_of(&self.who)
    }

    /// The case in whose room it was asked.
    pub fn case_here(&self) -> Option<CaseId> {
        match self.spot {
            Spot::Case(id, _) => Some(id),
            Spot::Committee | Spot::Outside | Spot::Direct => None,
        }
    }

    pub fn is_member(&self) -> bool {
        self.policy.is_member(&self.who)
    }

    /// The right to show this case to the person who asks, in private.
    pub fn pass<'c>(&self, case: &'c Case) -> Option<Pass<'c>> {
        pass(case, &Audience::Person(&self.who), &self.policy.members)
    }

    /// The right to show this case in its own rooms.
    pub fn room_pass<'c>(&self, case: &'c Case) -> Option<Pass<'c>> {
        pass(case, &Audience::Case(case.id), &self.policy.members)
    }

    /// Something happened to the case.
    pub fn happen(&mut self, case: &Case, event: Event) {
        self.fx.happen(case.id, event);
    }

    /// Says it in every room of the case, on all its networks; and to the caller, if elsewhere.
    pub fn tell_case(&mut self, case: &Case, text: impl Fn() -> Text<ToCase>) {
        tell_case(&mut self.fx, case, &text);
        if !matches!(self.spot, Spot::Case(id, _) if id == case.id) {
            self.fx.answer(say::done(case.id));
        }
    }

    /// Answers the caller alone.
    pub fn answer(&mut self, text: Text<ToPerson>) {
        self.fx.answer(text);
    }

    /// Answers where the question was asked: to all in the case's room, else to the caller alone.
    pub fn answer_here(&mut self, case: &Case, text: impl Fn() -> (Text<ToCase>, Text<ToPerson>)) {
        let (to_case, to_person) = text();
        match &self.spot {
            Spot::Case(id, room) if *id == case.id => {
                let room = room.clone();
                self.fx.to_case(case.id, &room, to_case);
            }
            Spot::Case(..) | Spot::Committee | Spot::Outside | Spot::Direct => {
                self.answer(to_person)
            }
        }
    }

    /// Journals the refusal (rule and person, no content) and says what was wrong.
    pub fn refuse(&mut self, case: Option<CaseId>, mistake: &Mistake) {
        let refused = Event::Refused {
            rule: mistake.rule.to_owned(),
            command: mistake.command.to_owned(),
        };
        match case.filter(|id| self.state.cases.contains_key(id)) {
            Some(id) => self.fx.happen(id, refused),
            None => self.fx.note(refused),
        }
        self.answer(say::mistake(mistake));
    }

    /// Whether the person may use the command on this case: one rule, default deny.
    pub fn may(&self, spec: &Spec, case: Option<&Case>) -> bool {
        may(spec.who, &self.who, case, self.state, self.policy, self.now)
    }
}

/// Says it in every room of the case.
pub fn tell_case(fx: &mut Effects<'_>, case: &Case, text: &dyn Fn() -> Text<ToCase>) {
    for room in case.rooms.values() {
        fx.to_case(case.id, &room.room, text());
    }
}

fn may(
    rule: Who,
    who: &PersonId,
    case: Option<&Case>,
    state: &State,
    policy: &Policy,
    now: DateTime<Utc>,
) -> bool {
    let member = policy.is_member(who);
    let duty = state.rota.duty(now) == Some(who);
    let Some(case) = case else {
        return match rule {
            // Without a case `status` is the list of what one may see.
            Who::Anyone | Who::Asked | Who::Concerned => true,
            Who::Member => member,
            Who::Duty => member,
            Who::Owner
            | Who::OwnerOrDuty
            | Who::OwnerOrLead
            | Who::Lead
            | Who::MemberOrFixGuest
            | Who::LeadOrReleaseGuest
            | Who::Participant => false,
        };
    };
    let member = member && !case.recused.contains(who);
    // A lead of the committee may act for an owner or a fix lead; the journal says who it was.
    let acting = member && policy.is_lead(who);
    let owner = case.owner.as_ref() == Some(who) && member;
    let lead = case.fix_lead() == Some(who) && member;
    match rule {
        Who::Anyone | Who::Asked => true,
        Who::Member => member,
        Who::Owner => owner || acting,
        Who::OwnerOrDuty => owner || acting || (duty && member),
        Who::OwnerOrLead => owner || lead || acting,
        Who::Lead => lead || acting,
        Who::MemberOrFixGuest => member || case.is_guest(who, GuestKind::Fix),
        Who::LeadOrReleaseGuest => lead || acting || case.is_guest(who, GuestKind::Release),
        Who::Participant => case.admits(who, &policy.members),
        Who::Concerned => case.admits(who, &policy.members) || case.reporter == *who,
        Who::Duty => {
            member && (duty || case.page.as_ref().is_some_and(|page| page.to.contains(who)))
        }
    }
}
