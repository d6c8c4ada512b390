//! The sealed store: an append-only, hash-chained journal, the ids of what came in, the promises
//! not yet kept. One transaction writes a whole decision or nothing. It deals in bytes and knows
//! no rule; it never asks the time.

mod admin;
pub mod disk;
mod error;
mod keys;
mod read;
mod seal;
mod sealed;
mod tables;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use redb::{Database, Durability, ReadableDatabase, ReadableTable};
use zeroize::Zeroizing;

use crate::domain::ids::CaseId;

pub use admin::{Verified, restore, setup, verify};
pub use error::{CommitError, OpenError, ReadError, Torn};
pub use keys::{KeySource, MasterKey};
pub use read::Inbox;
use seal::Keyring;
pub use sealed::{Committer, Sealed};
use tables::{CURSOR, INBOX, JOURNAL, KEYS, META, OUTBOX};

/// The file in the data folder.
pub const FILE: &str = "underrose.redb";

/// Of the tables and of every sealed value; a store with another is refused, not guessed at.
const FORMAT: u64 = 1;

/// redb's page cache, in bytes: the journal is read once, at start.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// An open store, locked against a second process.
pub struct Store {
    db: Arc<Database>,
    committer: Committer,
    keys: Keyring,
    /// The end of the journal with all that was sealed, whether it is on the disk yet or not.
    head: Head,
    /// Batches sealed since the opening.
    sealed: u64,
    epoch: u64,
    restored: bool,
    path: Option<PathBuf>,
}

/// The end of the journal. An empty journal has sequence number 0 and a zero hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    pub seq: u64,
    pub hash: [u8; 32],
}

/// An entry to append. Its body is sealed with the case's key, or the system's.
#[derive(Clone, Debug)]
pub struct NewEntry {
    pub at: DateTime<Utc>,
    pub case: Option<CaseId>,
    pub body: Vec<u8>,
}

/// An entry as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEntry {
    pub seq: u64,
    pub at: DateTime<Utc>,
    pub case: Option<CaseId>,
    pub body: Vec<u8>,
}

/// What a fold of the journal meets.
#[derive(Clone, Debug, PartialEq)]
pub enum Folded {
    Entry(StoredEntry),
    /// An entry of a shredded case: its time is known, its body is gone.
    Shredded {
        seq: u64,
        case: CaseId,
    },
    /// From here on the case never was.
    Tombstone {
        seq: u64,
        case: CaseId,
    },
}

/// Names an inbound event. Begins with the network's own time, so that inserts are in order;
/// where the network gives none, with the day on which it came.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct InboxKey {
    pub network: String,
    pub at: DateTime<Utc>,
    pub id: String,
}

/// An inbound event that was taken in, with what was answered.
#[derive(Clone, Debug)]
pub struct Seen {
    pub key: InboxKey,
    pub seq: u64,
    pub case: Option<CaseId>,
    /// Empty if nothing was.
    pub answer: Vec<u8>,
}

/// A promise not yet kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    pub id: u64,
    pub case: Option<CaseId>,
    pub body: Vec<u8>,
    pub attempts: u32,
    pub not_before: DateTime<Utc>,
}

/// Everything that one transaction writes.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub entries: Vec<NewEntry>,
    pub seen: Vec<Seen>,
    pub outbox_put: Vec<Pending>,
    pub outbox_remove: Vec<u64>,
    pub cursors: Vec<(String, String)>,
    pub forget_inbox_before: Option<DateTime<Utc>>,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
            && self.seen.is_empty()
            && self.outbox_put.is_empty()
            && self.outbox_remove.is_empty()
            && self.cursors.is_empty()
    }
}

impl Store {
    /// Makes the folder (0700) and an empty store in it (0600).
    ///
    /// # Errors
    /// If there is one already, or the disk refuses.
    pub fn create(dir: &Path, key: &MasterKey) -> Result<Self, OpenError> {
        let path = dir.join(FILE);
        if path.exists() {
            return Err(OpenError::Exists { path });
        }
        keys::private_dir(dir)?;
        let file = keys::private_file(&path)?;
        let db = builder().create_with_backend(redb::backends::FileBackend::new(file)?)?;
        Self::on(db, key, Some(path))
    }

    /// Opens the store of a folder and raises its fencing epoch.
    ///
    /// # Errors
    /// See [`OpenError`]; each says what to do.
    pub fn open(dir: &Path, source: &KeySource) -> Result<Self, OpenError> {
        let path = dir.join(FILE);
        if !path.exists() {
            return Err(OpenError::Missing { path });
        }
        let db = builder()
            .open(&path)
            .map_err(|error| OpenError::of(error, &path))?;
        let key = admin::master_for(&db, source)?;
        Self::on(db, &key, Some(path))
    }

    /// On a storage of the caller's: created if it is empty.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn with_backend(
        backend: impl redb::StorageBackend,
        key: &MasterKey,
    ) -> Result<Self, OpenError> {
        Self::on(builder().create_with_backend(backend)?, key, None)
    }

    fn on(db: Database, key: &MasterKey, path: Option<PathBuf>) -> Result<Self, OpenError> {
        let mut write = db.begin_write()?;
        write.set_durability(Durability::Immediate)?;
        let (epoch, restored, system);
        {
            let mut meta = write.open_table(META)?;
            write.open_table(INBOX)?;
            write.open_table(OUTBOX)?;
            write.open_table(CURSOR)?;
            write.open_table(KEYS)?;
            write.open_table(JOURNAL)?;
            let format = tables::number(&meta, "format")?;
            match format {
                None => {
                    system = seal::fresh_key();
                    meta.insert("format", FORMAT.to_be_bytes().as_slice())?;
                    meta.insert("fingerprint", key.fingerprint().as_slice())?;
                    meta.insert("system", seal::wrap(key, &system).as_slice())?;
                }
                Some(FORMAT) => {
                    let wrapped = meta.get("system")?.map(|value| value.value().to_vec());
                    system = wrapped
                        .and_then(|wrapped| seal::unwrap(key, &wrapped))
                        .ok_or(OpenError::WrongKey)?;
                }
                Some(found) => {
                    return Err(OpenError::Format {
                        found,
                        known: FORMAT,
                    });
                }
            }
            epoch = tables::number(&meta, "epoch")?.unwrap_or(0) + 1;
            meta.insert("epoch", epoch.to_be_bytes().as_slice())?;
            restored = tables::number(&meta, "restored")?.is_some();
            meta.remove("restored")?;
        }
        write.commit()?;
        let head = read::head(&db)?;
        let keys = Keyring::new(key.clone(), &system);
        let db = Arc::new(db);
        Ok(Self {
            committer: Committer::new(db.clone()),
            db,
            keys,
            head,
            sealed: 0,
            epoch,
            restored,
            path,
        })
    }

    /// The key of a network's own store beside this one. It follows from this store's own, so that
    /// rotating the master key does not touch it.
    pub fn network_key(&self, network: &str) -> Zeroizing<[u8; 32]> {
        self.keys.network(network)
    }

    pub fn head(&self) -> Head {
        self.head
    }

    /// Raised at every opening: of two that believe they own the store, the higher is right.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Whether this is the first opening after a restore: look before anything is sent.
    pub fn restored(&self) -> bool {
        self.restored
    }

    /// Cases whose key was destroyed.
    pub fn shredded(&self) -> Result<BTreeSet<CaseId>, ReadError> {
        let read = self.db.begin_read()?;
        let keys = read.open_table(KEYS)?;
        let mut shredded = BTreeSet::new();
        for row in keys.iter()? {
            let (case, wrapped) = row?;
            if wrapped.value().is_empty() {
                shredded.insert(CaseId::from_bytes(case.value()));
            }
        }
        Ok(shredded)
    }
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}
