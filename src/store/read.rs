//! Reading the store: the fold of the journal, what is pending, what was answered.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use redb::{Database, ReadOnlyTable, ReadableDatabase, ReadableTable};

use super::tables::{self, CURSOR, INBOX, JOURNAL, KEYS, OUTBOX};
use super::{Folded, Head, InboxKey, Pending, ReadError, Store, StoredEntry};
use crate::domain::ids::CaseId;

/// The journal's last entry.
pub fn head(db: &Database) -> Result<Head, ReadError> {
    let read = db.begin_read()?;
    let journal = read.open_table(JOURNAL)?;
    Ok(match journal.last()? {
        Some((seq, value)) => {
            let seq = seq.value();
            Head {
                seq,
                hash: tables::entry_hash(seq, value.value()),
            }
        }
        None => Head {
            seq: 0,
            hash: [0; 32],
        },
    })
}

/// The inbound events that were taken in by the time of [`Store::inbox`].
pub struct Inbox {
    seen: ReadOnlyTable<&'static [u8], &'static [u8]>,
    keys: ReadOnlyTable<[u8; 6], &'static [u8]>,
    /// By network, the key that was the last one; asked for once, since most events are newer.
    newest: BTreeMap<String, Vec<u8>>,
}

impl Inbox {
    /// What was answered to an inbound event, if it was taken in. The answer of an event whose
    /// case was shredded is empty.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn answer(&mut self, store: &Store, key: &InboxKey) -> Result<Option<Vec<u8>>, ReadError> {
        let bytes = tables::inbox_key(key);
        if !self.newest.contains_key(&key.network) {
            let newest = self.newest_of(&key.network)?;
            self.newest.insert(key.network.clone(), newest);
        }
        if self
            .newest
            .get(&key.network)
            .is_some_and(|newest| *newest < bytes)
        {
            return Ok(None);
        }
        let Some(value) = self.seen.get(bytes.as_slice())? else {
            return Ok(None);
        };
        let opened = tables::read_case(value.value()).and_then(|(case, rest)| {
            let (seq, sealed) = rest.split_first_chunk::<8>()?;
            let wrapped =
                |case: CaseId| Some(self.keys.get(case.to_bytes()).ok()??.value().to_vec());
            let place = (b"inbox".as_slice(), u64::from_be_bytes(*seq));
            let ready = &mut HashMap::new();
            store.keys.open(ready, case, place, sealed, wrapped)
        });
        Ok(Some(opened.unwrap_or_default()))
    }

    /// The last key of a network; empty if there is none.
    fn newest_of(&self, network: &str) -> Result<Vec<u8>, ReadError> {
        let (first, end) = tables::inbox_range(network);
        let mut newest = self.seen.range(first.as_slice()..end.as_slice())?;
        Ok(match newest.next_back().transpose()? {
            Some((key, _)) => key.value().to_vec(),
            None => Vec::new(),
        })
    }
}

impl Store {
    /// Goes through the journal in order.
    ///
    /// # Errors
    /// [`ReadError::Torn`] names the entry that is missing or cannot be read although no
    /// tombstone stands for its case.
    pub fn fold<E: From<ReadError>>(
        &self,
        each: impl FnMut(Folded) -> Result<(), E>,
    ) -> Result<(), E> {
        self.fold_from(1, each)
    }

    /// The same, from an entry on.
    ///
    /// # Errors
    /// As [`Store::fold`]; tombstones before that entry are taken on trust.
    pub fn fold_from<E: From<ReadError>>(
        &self,
        first: u64,
        mut each: impl FnMut(Folded) -> Result<(), E>,
    ) -> Result<(), E> {
        let shredded = self.shredded()?;
        let mut buried = BTreeSet::new();
        let mut ready = HashMap::new();
        let read = self.db.begin_read().map_err(ReadError::from)?;
        let journal = read.open_table(JOURNAL).map_err(ReadError::from)?;
        let keys = read.open_table(KEYS).map_err(ReadError::from)?;
        let mut expected = first;
        for row in journal.range(first..).map_err(ReadError::from)? {
            let (seq, value) = row.map_err(ReadError::from)?;
            let seq = seq.value();
            let torn = |why| ReadError::Torn { seq, why };
            if seq != expected {
                return Err(ReadError::Torn {
                    seq: expected,
                    why: "it is missing",
                }
                .into());
            }
            expected += 1;
            let (header, sealed) =
                tables::Header::read(value.value()).ok_or_else(|| torn("its header is damaged"))?;
            let folded = match header.case {
                Some(case) if header.tombstone => {
                    buried.insert(case);
                    Folded::Tombstone { seq, case }
                }
                Some(case) if shredded.contains(&case) => Folded::Shredded { seq, case },
                case => {
                    let wrapped = |case: CaseId| {
                        let key = keys.get(case.to_bytes()).ok()??;
                        Some(key.value().to_vec())
                    };
                    let body = self
                        .keys
                        .open(&mut ready, case, (b"journal", seq), sealed, wrapped)
                        .ok_or_else(|| torn("its body cannot be read"))?;
                    Folded::Entry(StoredEntry {
                        seq,
                        at: header.at(),
                        case,
                        body,
                    })
                }
            };
            each(folded)?;
        }
        match shredded.difference(&buried).next() {
            Some(_) if first == 1 => Err(ReadError::Torn {
                seq: expected,
                why: "a key is gone and no tombstone stands",
            }
            .into()),

            Some(_) | None => Ok(()),
        }
    }

    /// Every readable entry of one case, in order. A scan over the clear headers: it is asked when
    /// a closed case is opened again, which is rare.
    ///
    /// # Errors
    /// As [`Store::fold`].
    pub fn entries_of(&self, case: CaseId) -> Result<Vec<StoredEntry>, ReadError> {
        let read = self.db.begin_read()?;
        let journal = read.open_table(JOURNAL)?;
        let keys = read.open_table(KEYS)?;
        let mut ready = HashMap::new();
        let mut found = Vec::new();
        for row in journal.iter()? {
            let (seq, value) = row?;
            let seq = seq.value();
            let Some((header, sealed)) = tables::Header::read(value.value()) else {
                return Err(ReadError::Torn {
                    seq,
                    why: "its header is damaged",
                });
            };
            if header.case != Some(case) || header.tombstone {
                continue;
            }
            let wrapped = |case: CaseId| Some(keys.get(case.to_bytes()).ok()??.value().to_vec());
            let Some(body) =
                self.keys
                    .open(&mut ready, Some(case), (b"journal", seq), sealed, wrapped)
            else {
                continue;
            };
            found.push(StoredEntry {
                seq,
                at: header.at(),
                case: Some(case),
                body,
            });
        }
        Ok(found)
    }

    /// Asks for many ids at once: one look at the disk serves a whole batch.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn inbox(&self) -> Result<Inbox, ReadError> {
        let read = self.db.begin_read()?;
        Ok(Inbox {
            seen: read.open_table(INBOX)?,
            keys: read.open_table(KEYS)?,
            newest: BTreeMap::new(),
        })
    }

    /// What was answered to one inbound event.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn answer(&self, key: &InboxKey) -> Result<Option<Vec<u8>>, ReadError> {
        self.inbox()?.answer(self, key)
    }

    /// The promises not yet kept, in order.
    ///
    /// # Errors
    /// If one cannot be read although its case was not shredded.
    pub fn pending(&self) -> Result<Vec<Pending>, ReadError> {
        let read = self.db.begin_read()?;
        let outbox = read.open_table(OUTBOX)?;
        let keys = read.open_table(KEYS)?;
        let mut ready = HashMap::new();
        let mut pending = Vec::new();
        for row in outbox.iter()? {
            let (id, value) = row?;
            let id = id.value();
            let wrapped = |case: CaseId| Some(keys.get(case.to_bytes()).ok()??.value().to_vec());
            let opened = tables::read_case(value.value()).and_then(|(case, rest)| {
                let (attempts, rest) = rest.split_first_chunk::<4>()?;
                let (not_before, sealed) = rest.split_first_chunk::<8>()?;
                let body = self
                    .keys
                    .open(&mut ready, case, (b"outbox", id), sealed, wrapped)?;
                let not_before = tables::instant(i64::from_be_bytes(*not_before));
                Some(Pending {
                    id,
                    case,
                    body,
                    attempts: u32::from_be_bytes(*attempts),
                    not_before,
                })
            });
            pending.push(opened.ok_or(ReadError::Outbox { id })?);
        }
        Ok(pending)
    }

    /// Where to catch up from in a room, as its adapter named the place.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn cursor(&self, room: &str) -> Result<Option<String>, ReadError> {
        let read = self.db.begin_read()?;
        let cursor = read.open_table(CURSOR)?;
        Ok(cursor
            .get(room)?
            .map(|position| position.value().to_owned()))
    }
}
