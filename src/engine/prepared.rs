//! What is decided and not yet durable: the batch that is being decided, the one that is on its
//! way to the disk. The store's readers see neither, so the engine looks here first.

use std::collections::BTreeMap;

use underrose_chat::Immediate;

use super::{EngineError, Row};
use crate::domain::ids::CaseId;
use crate::store::{Batch, Committer, Inbox, InboxKey, NewEntry, Sealed, StoredEntry};

/// The batch that is being decided.
#[derive(Default)]
pub struct Pending {
    pub batch: Batch,
    pub rows: Vec<Row>,
    /// Ids seen within this very batch, with their answers.
    pub seen: BTreeMap<InboxKey, Immediate>,
    /// The ids seen before it, from the first question on.
    pub inbox: Option<Inbox>,
}

/// A batch that was decided and applied to memory. Nothing of it may be answered or said before
/// [`Prepared::commit`] has returned.
#[derive(Default)]
pub struct Prepared {
    pub(super) sealed: Option<Sealed>,
    pub(super) answers: Vec<Immediate>,
    pub(super) rows: Vec<Row>,
}

impl Prepared {
    /// Puts it on the disk, and only then gives the answers and the promises away.
    ///
    /// # Errors
    /// Nothing of the batch happened, nor will anything of a later one: end and reopen.
    pub fn commit(self, committer: &Committer) -> Result<(Vec<Immediate>, Vec<Row>), EngineError> {
        if let Some(sealed) = self.sealed {
            committer.commit(sealed)?;
        }
        Ok((self.answers, self.rows))
    }
}

/// The batch that was prepared last: it may be on its way to the disk still.
#[derive(Default)]
pub struct UnderWay {
    seen: BTreeMap<InboxKey, Immediate>,
    /// The sequence number of the first entry.
    first: u64,
    entries: Vec<NewEntry>,
}

impl UnderWay {
    pub fn new(seen: BTreeMap<InboxKey, Immediate>, first: u64, entries: Vec<NewEntry>) -> Self {
        Self {
            seen,
            first,
            entries,
        }
    }

    pub fn answer(&self, key: &InboxKey) -> Option<&Immediate> {
        self.seen.get(key)
    }

    /// The case's entries, as the store will have them.
    pub fn entries_of(&self, case: CaseId) -> impl Iterator<Item = StoredEntry> {
        entries_of(self.first, &self.entries, case)
    }
}

/// Of entries that begin at a sequence number, the case's.
pub fn entries_of(
    first: u64,
    entries: &[NewEntry],
    case: CaseId,
) -> impl Iterator<Item = StoredEntry> {
    (first..)
        .zip(entries)
        .filter(move |(_, entry)| entry.case == Some(case))
        .map(|(seq, entry)| StoredEntry {
            seq,
            at: entry.at,
            case: entry.case,
            body: entry.body.clone(),
        })
}
