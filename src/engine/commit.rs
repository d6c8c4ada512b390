//! Between the domain's values and the store's bytes; and opening: the fold of the journal.

use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::prepared::UnderWay;
use super::{Engine, EngineError, Input, Row};
use crate::domain::clock::{Reading, Timekeeper};
use crate::domain::decision::Promise;
use crate::domain::event::{Entry, Event};
use crate::domain::ids::{CaseId, PersonId};
use crate::domain::policy::Policy;
use crate::domain::state::State;
use crate::store::{
    Batch, Folded, KeySource, MasterKey, NewEntry, OpenError as StoreError, Pending as StoredRow,
    ReadError, Store, StoredEntry,
};

/// An entry's sealed body.
#[derive(Serialize)]
struct BodyOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    by: &'a Option<PersonId>,
    event: &'a Event,
}

#[derive(Deserialize)]
struct BodyIn {
    #[serde(default)]
    by: Option<PersonId>,
    event: Event,
}

/// Why the bot cannot start on this store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(
        "entry {seq} of the journal is not one that this version knows; it was written by a newer underrose"
    )]
    Unknown { seq: u64 },
}

pub fn encoded(entry: &Entry) -> NewEntry {
    let body = BodyOut {
        by: &entry.by,
        event: &entry.event,
    };
    NewEntry {
        at: entry.at,
        case: entry.case,
        body: json(&body, ENTRY_BYTES),
    }
}

/// Bytes of most entries: nearly all fit without growing.
const ENTRY_BYTES: usize = 256;
/// Bytes of most promises: a card.
const PROMISE_BYTES: usize = 1024;

fn json(value: &impl Serialize, bytes_expected: usize) -> Vec<u8> {
    let mut body = Vec::with_capacity(bytes_expected);
    serde_json::to_writer(&mut body, value).expect("it is plain data with string keys");
    body
}

/// An entry as the domain knows it; `None` if this version does not.
pub fn decoded(stored: &StoredEntry) -> Option<Entry> {
    decoded_body(stored, &stored.body)
}

fn decoded_body(stored: &StoredEntry, body: &[u8]) -> Option<Entry> {
    let body: BodyIn = serde_json::from_slice(body).ok()?;
    Some(Entry {
        at: stored.at,
        case: stored.case,
        by: body.by,
        event: body.event,
    })
}

pub fn stored(row: &Row) -> StoredRow {
    StoredRow {
        id: row.id,
        case: row.promise.case,
        body: json(&row.promise, PROMISE_BYTES),
        attempts: row.attempts,
        not_before: row.not_before,
    }
}

/// Entries handed from the thread that decrypts to the one that folds, at once.
const CHUNK: usize = 512;

/// Chunks that may wait between the two: neither waits long, and memory stays small.
const CHUNKS_MAX: usize = 4;

/// Entries that were decrypted, their bodies one after the other.
#[derive(Default)]
struct Chunk {
    folded: Vec<(Folded, Range<usize>)>,
    bodies: Vec<u8>,
}

impl Chunk {
    fn push(&mut self, mut folded: Folded) {
        let start = self.bodies.len();
        if let Folded::Entry(stored) = &mut folded {
            // Freed by the thread that made it: that is what allocators are quick at.
            self.bodies
                .extend_from_slice(&std::mem::take(&mut stored.body));
        }
        self.folded.push((folded, start..self.bodies.len()));
    }
}

/// The state, as the fold of the journal. One thread decrypts while this one decodes and folds:
/// the cipher takes about two thirds of a start.
///
/// # Errors
/// If an entry cannot be read or understood; its sequence number is named.
pub fn fold(store: &Store) -> Result<State, OpenError> {
    let mut state = State::default();
    let mut unknown = None;
    let (full, chunks) = sync_channel(CHUNKS_MAX);
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || decrypt(store, &full));
        for chunk in chunks {
            let Chunk { folded, bodies } = chunk;
            for (folded, body) in folded {
                match folded {
                    Folded::Entry(stored) => {
                        let body = bodies.get(body).unwrap_or_default();
                        match decoded_body(&stored, body) {
                            Some(entry) => state.apply(&entry),
                            None => unknown = unknown.or(Some(stored.seq)),
                        }
                    }
                    Folded::Shredded { .. } => {}
                    Folded::Tombstone { case, .. } => state.forget(case),
                }
            }
        }
        reader.join().unwrap_or_else(|panic| resume_unwind(panic))
    })?;
    match unknown {
        Some(seq) => Err(OpenError::Unknown { seq }),
        None => Ok(state),
    }
}

fn decrypt(store: &Store, full: &SyncSender<Chunk>) -> Result<(), ReadError> {
    let mut chunk = Chunk::default();
    store.fold(|folded| {
        chunk.push(folded);
        if chunk.folded.len() == CHUNK {
            // It fails only when the other side panicked, which then ends the process.
            let _ = full.send(std::mem::take(&mut chunk));
        }
        Ok::<(), ReadError>(())
    })?;
    let _ = full.send(chunk);
    Ok(())
}

impl Engine {
    /// Folds the journal, journals the start, and returns the promises still to be kept.
    ///
    /// # Errors
    /// See [`OpenError`]; the process must end and say so.
    pub fn open(
        store: Store,
        policy: Arc<Policy>,
        reading: Reading,
    ) -> Result<(Self, Vec<Row>), OpenError> {
        let state = fold(&store)?;
        let pending = store.pending()?;
        let next_row = pending.iter().map(|row| row.id + 1).max().unwrap_or(1);
        let mut rows: Vec<Row> = pending.into_iter().filter_map(row).collect();
        let mut engine = Self {
            state,
            policy: policy.clone(),
            store,
            under_way: UnderWay::default(),
            keeper: Timekeeper::default(),
            next_row,
            forgotten_until: DateTime::<Utc>::MIN_UTC,
            last_now: DateTime::<Utc>::MIN_UTC,
            wall: reading.wall,
            waits: false,
        };
        rows.extend(engine.started(policy, reading)?);
        Ok((engine, rows))
    }

    fn started(&mut self, policy: Arc<Policy>, reading: Reading) -> Result<Vec<Row>, EngineError> {
        let now = reading.wall.max(self.state.now);
        let tells_time = policy.networks.values().any(|network| network.tells_time);
        let epoch = self.store.epoch();
        let mut events = vec![Event::Started { epoch, tells_time }];
        if self.store.restored() {
            events.push(Event::Restored { epoch });
        }
        let mut batch = Batch::default();
        for event in events {
            let entry = Entry {
                at: now,
                case: None,
                by: None,
                event,
            };
            self.state.apply(&entry);
            batch.entries.push(encoded(&entry));
        }
        self.store.commit(&batch)?;
        let (_, rows) = self.step(&[Input::PolicyLoaded(policy)], reading)?;
        Ok(rows)
    }
}

fn row(stored: StoredRow) -> Option<Row> {
    let promise: Promise = serde_json::from_slice(&stored.body).ok()?;
    Some(Row {
        id: stored.id,
        promise,
        attempts: stored.attempts,
        not_before: stored.not_before,
    })
}

/// Why a case was not shredded.
#[derive(Debug, thiserror::Error)]
pub enum ShredError {
    #[error("there is no closed case {0}; an open one is closed first")]
    NotClosed(CaseId),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Shreds while no bot runs.
///
/// # Errors
/// See [`ShredError`].
pub fn shred_offline(
    store: &mut Store,
    case: CaseId,
    at: DateTime<Utc>,
    source: &KeySource,
) -> Result<Option<MasterKey>, ShredError> {
    let state = fold(store)?;
    shred(&state, store, case, at, source)
}

pub fn shred(
    state: &State,
    store: &mut Store,
    case: CaseId,
    at: DateTime<Utc>,
    source: &KeySource,
) -> Result<Option<MasterKey>, ShredError> {
    if !state.closed.contains_key(&case) {
        return Err(ShredError::NotClosed(case));
    }
    Ok(store.shred(case, at.max(state.now), source)?)
}
