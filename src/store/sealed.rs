//! Writing in two steps: [`Store::seal`] encrypts a batch and chains it to the journal, in memory;
//! [`Committer::commit`] puts it on the disk, from another thread if one likes. Batches reach the
//! disk in the order in which they were sealed, and none after one that failed.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use redb::{Database, Durability, ReadOnlyTable, ReadableDatabase};

use super::tables::{self, CURSOR, INBOX, JOURNAL, KEYS, META, OUTBOX};
use super::{Batch, CommitError, Head, Store};
use crate::domain::ids::CaseId;

/// A batch as it will stand on the disk.
pub struct Sealed {
    /// Counts the batches of this opening.
    number: u64,
    head: Head,
    /// All that follows by range.
    bytes: Vec<u8>,
    keys: Vec<(CaseId, Vec<u8>)>,
    journal: Vec<(u64, Range<usize>)>,
    inbox: Vec<(Range<usize>, Range<usize>)>,
    outbox: Vec<(u64, Range<usize>)>,
    outbox_remove: Vec<u64>,
    cursors: Vec<(String, String)>,
    forget_inbox_before: Option<DateTime<Utc>>,
}

/// Puts sealed batches on the disk. Cheap to clone.
#[derive(Clone)]
pub struct Committer {
    db: Arc<Database>,
    committed: Arc<AtomicU64>,
}

impl Committer {
    pub(super) fn new(db: Arc<Database>) -> Self {
        Self {
            db,
            committed: Arc::default(),
        }
    }

    /// The number of the batch that was committed last.
    pub(super) fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    /// Writes the batch whole, on the disk when this returns.
    ///
    /// # Errors
    /// Nothing of it was written, and nothing more may be: end the process. Also if the batch
    /// sealed before it was not committed.
    pub fn commit(&self, sealed: Sealed) -> Result<(), CommitError> {
        if sealed.number != self.committed() + 1 {
            return Err(CommitError::Failed);
        }
        self.write(&sealed)?;
        self.committed.store(sealed.number, Ordering::Release);
        Ok(())
    }

    /// A table that is opened is written as well, so only those are that get something.
    fn write(&self, sealed: &Sealed) -> Result<(), CommitError> {
        let bytes = |range: &Range<usize>| sealed.bytes.get(range.clone()).unwrap_or_default();
        let mut write = self.db.begin_write()?;
        write.set_durability(Durability::Immediate)?;
        {
            if !sealed.keys.is_empty() {
                let mut keys = write.open_table(KEYS)?;
                for (case, wrapped) in &sealed.keys {
                    keys.insert(case.to_bytes(), wrapped.as_slice())?;
                }
            }
            if !sealed.journal.is_empty() {
                let mut journal = write.open_table(JOURNAL)?;
                for (seq, value) in &sealed.journal {
                    journal.insert(seq, bytes(value))?;
                }
                let mut meta = write.open_table(META)?;
                meta.insert("head", tables::head_bytes(&sealed.head).as_slice())?;
            }
            if !sealed.inbox.is_empty() || sealed.forget_inbox_before.is_some() {
                let mut inbox = write.open_table(INBOX)?;
                for (key, value) in &sealed.inbox {
                    inbox.insert(bytes(key), bytes(value))?;
                }
                if let Some(before) = sealed.forget_inbox_before {
                    tables::forget_inbox(&mut inbox, before)?;
                }
            }
            if !sealed.outbox.is_empty() || !sealed.outbox_remove.is_empty() {
                let mut outbox = write.open_table(OUTBOX)?;
                for (id, value) in &sealed.outbox {
                    outbox.insert(id, bytes(value))?;
                }
                for id in &sealed.outbox_remove {
                    outbox.remove(id)?;
                }
            }
            if !sealed.cursors.is_empty() {
                let mut cursor = write.open_table(CURSOR)?;
                for (room, position) in &sealed.cursors {
                    cursor.insert(room.as_str(), position.as_str())?;
                }
            }
        }
        write.commit()?;
        Ok(())
    }
}

impl Store {
    /// How many sealed batches are not on the disk yet.
    pub fn under_way(&self) -> u64 {
        self.sealed - self.committer.committed()
    }

    pub fn committer(&self) -> Committer {
        self.committer.clone()
    }

    /// Writes the batch whole, on the disk when this returns.
    ///
    /// # Errors
    /// Nothing of it was written, and nothing more may be: end the process.
    pub fn commit(&mut self, batch: &Batch) -> Result<(), CommitError> {
        let sealed = self.seal(batch)?;
        self.committer.commit(sealed)
    }

    /// Encrypts the batch and chains it to the journal. It is not on the disk yet, and until it is
    /// the store's readers do not see it.
    ///
    /// # Errors
    /// A case's key cannot be used. Nothing more may be written: end the process.
    pub fn seal(&mut self, batch: &Batch) -> Result<Sealed, CommitError> {
        // Counted first: after a failure here the numbers no longer meet, and no batch is taken.
        self.sealed += 1;
        let mut keys = Keys {
            keys: None,
            sealed: Sealed {
                number: self.sealed,
                head: self.head,
                bytes: Vec::with_capacity(size(batch)),
                keys: Vec::new(),
                journal: Vec::with_capacity(batch.entries.len()),
                inbox: Vec::with_capacity(batch.seen.len()),
                outbox: Vec::with_capacity(batch.outbox_put.len()),
                outbox_remove: batch.outbox_remove.clone(),
                cursors: batch.cursors.clone(),
                forget_inbox_before: batch.forget_inbox_before,
            },
        };
        for entry in &batch.entries {
            keys.ensure(self, entry.case)?;
            let sealed = &mut keys.sealed;
            sealed.head.seq += 1;
            let seq = sealed.head.seq;
            let start = sealed.bytes.len();
            let header = tables::Header::new(entry.at, entry.case, sealed.head.hash);
            header.write(&mut sealed.bytes);
            let place = (b"journal".as_slice(), seq);
            self.keys
                .seal(entry.case, place, &entry.body, &mut sealed.bytes)?;
            let value = sealed.bytes.get(start..).unwrap_or_default();
            sealed.head.hash = tables::entry_hash(seq, value);
            sealed.journal.push((seq, start..sealed.bytes.len()));
        }
        for seen in &batch.seen {
            keys.ensure(self, seen.case)?;
            let sealed = &mut keys.sealed;
            let key = sealed.bytes.len();
            tables::inbox_key_into(&seen.key, &mut sealed.bytes);
            let start = sealed.bytes.len();
            tables::write_case(seen.case, &mut sealed.bytes);
            sealed.bytes.extend_from_slice(&seen.seq.to_be_bytes());
            // Most commands are answered in a room, and nothing at once: there is nothing to hide.
            if !seen.answer.is_empty() {
                let place = (b"inbox".as_slice(), seen.seq);
                self.keys
                    .seal(seen.case, place, &seen.answer, &mut sealed.bytes)?;
            }
            sealed.inbox.push((key..start, start..sealed.bytes.len()));
        }
        for row in &batch.outbox_put {
            keys.ensure(self, row.case)?;
            let sealed = &mut keys.sealed;
            let start = sealed.bytes.len();
            tables::write_case(row.case, &mut sealed.bytes);
            sealed.bytes.extend_from_slice(&row.attempts.to_be_bytes());
            let not_before = row.not_before.timestamp_micros().to_be_bytes();
            sealed.bytes.extend_from_slice(&not_before);
            let place = (b"outbox".as_slice(), row.id);
            self.keys
                .seal(row.case, place, &row.body, &mut sealed.bytes)?;
            sealed.outbox.push((row.id, start..sealed.bytes.len()));
        }
        self.head = keys.sealed.head;
        Ok(keys.sealed)
    }
}

/// Bytes of a sealed value beside its body: header or prefix, nonce, tag.
const AROUND_BYTES: usize = 128;

fn size(batch: &Batch) -> usize {
    let entries = batch.entries.iter().map(|entry| entry.body.len());
    let seen = batch.seen.iter();
    let seen = seen.map(|seen| seen.answer.len() + seen.key.id.len() + seen.key.network.len());
    let rows = batch.outbox_put.iter().map(|row| row.body.len());
    entries
        .chain(seen)
        .chain(rows)
        .map(|bytes| bytes + AROUND_BYTES)
        .sum()
}

type KeyTable = ReadOnlyTable<[u8; 6], &'static [u8]>;

struct Keys {
    /// Opened when the first case's key is looked for, with the last batch that it surely shows.
    keys: Option<(KeyTable, u64)>,
    sealed: Sealed,
}

impl Keys {
    /// Has the case's cipher ready, with a fresh key if the case has none.
    fn ensure(&mut self, store: &mut Store, case: Option<CaseId>) -> Result<(), CommitError> {
        let Some(case) = case else { return Ok(()) };
        if store.keys.is_ready(case) {
            return Ok(());
        }
        let (keys, shown) = match &mut self.keys {
            Some(known) => known,
            none => {
                // Asked before the look: a key that is committed after it is not in it, and must
                // not be let go of as if it were, or the case would get a second one.
                let shown = store.committer.committed();
                none.insert((store.db.begin_read()?.open_table(KEYS)?, shown))
            }
        };
        let known = keys
            .get(case.to_bytes())?
            .map(|wrapped| wrapped.value().to_vec());
        let batches = (self.sealed.number, *shown);
        if let Some(wrapped) = store.keys.ready(case, known, batches)? {
            self.sealed.keys.push((case, wrapped));
        }
        Ok(())
    }
}
