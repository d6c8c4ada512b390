//! Confidentiality as a type: what a case holds can be read only with a [`Pass`] for that case,
//! and what goes to the public only as [`Cleared`]. Default deny.

#[cfg(doctest)]
mod does_not_get_out;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::case::{Case, Facts};
use super::ids::{CaseId, PersonId};

/// A value that belongs to a case. It has no `Display`, `Debug`, `Deref` or `Serialize` of its
/// own; only an event's sealed body writes it down ([`sealed`]).
#[derive(Clone, PartialEq)]
pub struct Confidential<T>(T);

/// The right to read one case's confidential values, made by [`pass`] alone. It holds the case:
/// there is no other that it could read.
pub struct Pass<'a>(&'a Case);

/// Who is about to see a text.
pub enum Audience<'a> {
    /// The room of that case, whose list is the need-to-know list.
    Case(CaseId),
    /// One person, by direct message.
    Person(&'a PersonId),
    /// A committee room: people recused from some cases sit there too.
    Committee,
    Public,
}

/// The one place that says who may read a case's texts.
pub fn pass<'a>(
    case: &'a Case,
    audience: &Audience<'_>,
    members: &BTreeSet<PersonId>,
) -> Option<Pass<'a>> {
    let may = match audience {
        Audience::Case(id) => *id == case.id,
        Audience::Person(person) => case.admits(person, members),
        Audience::Committee | Audience::Public => false,
    };
    may.then_some(Pass(case))
}

impl<'a> Pass<'a> {
    pub fn facts(&self) -> &'a Facts {
        &self.0.facts.0
    }

    /// The announcement's draft.
    pub fn draft(&self) -> Option<&'a String> {
        self.0
            .announcement
            .draft
            .as_ref()
            .map(|draft| &draft.text.0)
    }
}

impl<T> Confidential<T> {
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// For rules that must look at a value without showing it: a hash, a length, "is it empty".
    pub(super) fn measure<R: Opaque>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.0)
    }

    /// Only events change what a case holds.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut T)) {
        change(&mut self.0);
    }
}

impl Confidential<std::collections::BTreeMap<String, String>> {
    /// A half-filled form, given back to the very person who is filling it in.
    pub(super) fn to_owner(&self) -> std::collections::BTreeMap<String, String> {
        self.0.clone()
    }
}

/// What may be learned about a confidential value without a pass.
pub(super) trait Opaque {}
impl Opaque for bool {}
impl Opaque for usize {}
impl Opaque for super::announcement::TextHash {}

/// Text for the public that two people approved by its hash. Made in `announcement.rs` alone.
pub struct Cleared<T>(T);

impl<T> Cleared<T> {
    /// `pub(super)` and used once: [`super::announcement::Announcement::cleared`].
    pub(super) fn by_approval(value: T) -> Self {
        Self(value)
    }

    pub(super) fn into_inner(self) -> T {
        self.0
    }
}

/// How an event's body, which is sealed as a whole, writes a confidential value down:
/// `#[serde(with = "sealed")]`.
pub mod sealed {
    use super::{Confidential, Deserialize, Serialize};
    use serde::{Deserializer, Serializer};

    pub fn serialize<T: Serialize, S: Serializer>(
        value: &Confidential<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.0.serialize(serializer)
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Confidential<T>, D::Error> {
        T::deserialize(deserializer).map(Confidential)
    }
}
