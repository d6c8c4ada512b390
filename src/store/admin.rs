//! What its owner does to a store: verify, back up, restore, rotate the master key, shred a case.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use redb::{
    Database, Durability, ReadOnlyDatabase, ReadableDatabase, ReadableTable, TableDefinition,
    WriteTransaction,
};

use super::keys::{self, KeySource, MasterKey};
use super::tables::{self, CURSOR, INBOX, JOURNAL, KEYS, META, OUTBOX};
use super::{FILE, Head, OpenError, ReadError, Store, Torn, builder, seal};
use crate::domain::ids::CaseId;

/// A journal that is what was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verified {
    pub head: Head,
    pub tombstones: u64,
}

/// Checks the hash chain over headers and ciphertexts. Needs no key.
///
/// # Errors
/// The outer error if the file cannot be read, the inner one if the journal is torn.
pub fn verify(path: &Path) -> Result<Result<Verified, Torn>, OpenError> {
    if !path.exists() {
        return Err(OpenError::Missing {
            path: path.to_owned(),
        });
    }
    let db = ReadOnlyDatabase::open(path).map_err(|error| OpenError::of(error, path))?;
    let read = db.begin_read()?;
    let journal = read.open_table(JOURNAL)?;
    let mut head = Head {
        seq: 0,
        hash: [0; 32],
    };
    let mut tombstones = 0;
    for row in journal.iter()? {
        let (seq, value) = row?;
        let torn = |seq, why| Ok(Err(Torn { seq, why }));
        if seq.value() != head.seq + 1 {
            return torn(head.seq + 1, "it is missing");
        }
        let Some((header, _)) = tables::Header::read(value.value()) else {
            return torn(seq.value(), "its header is damaged");
        };
        if header.before != head.hash {
            return torn(seq.value(), "it does not follow from the entry before");
        }
        tombstones += u64::from(header.tombstone);
        head = Head {
            seq: seq.value(),
            hash: tables::entry_hash(seq.value(), value.value()),
        };
    }
    let meta = read.open_table(META)?;
    let written = meta
        .get("head")?
        .and_then(|bytes| tables::head_of(bytes.value()));
    let expected = written.unwrap_or(Head {
        seq: 0,
        hash: [0; 32],
    });
    if expected != head {
        let why = "the journal does not end where it was last written";
        return Ok(Err(Torn {
            seq: head.seq.min(expected.seq) + 1,
            why,
        }));
    }
    Ok(Ok(Verified { head, tombstones }))
}

/// The master key that fits the store; finishes a rotation that was cut short.
pub fn master_for(db: &Database, source: &KeySource) -> Result<MasterKey, OpenError> {
    let read = db.begin_read()?;
    let meta = read.open_table(META).map_err(|_| OpenError::WrongKey)?;
    let fingerprint = meta
        .get("fingerprint")?
        .map(|bytes| bytes.value().to_vec())
        .unwrap_or_default();
    let loaded = source.load();
    if let Ok(key) = &loaded
        && key.fits(&fingerprint)
    {
        return loaded;
    }
    if let KeySource::File(path) = source {
        let next = next_key(path);
        if let Ok(key) = KeySource::File(next.clone()).load()
            && key.fits(&fingerprint)
        {
            finish_rotation(&next, path)?;
            return Ok(key);
        }
    }
    loaded.and(Err(OpenError::WrongKey))
}

fn next_key(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

fn finish_rotation(next: &Path, path: &Path) -> Result<(), OpenError> {
    std::fs::rename(next, path).map_err(|why| OpenError::Io {
        path: path.to_owned(),
        why,
    })?;
    keys::sync_dir(path.parent().unwrap_or(Path::new(".")))
}

/// Puts a backup into a folder that has no store.
///
/// # Errors
/// If there is a store, the key does not fit, or the backup is torn.
pub fn restore(from: &Path, dir: &Path, source: &KeySource) -> Result<Verified, OpenError> {
    let path = dir.join(FILE);
    if path.exists() {
        return Err(OpenError::Exists { path });
    }
    let verified = verify(from)?.map_err(|torn| ReadError::Torn {
        seq: torn.seq,
        why: torn.why,
    })?;
    keys::private_dir(dir)?;
    let part = dir.join("restoring.redb");
    let _ = std::fs::remove_file(&part);
    let io = |why| OpenError::Io {
        path: part.clone(),
        why,
    };
    let mut target = keys::private_file(&part)?;
    let mut backup = std::fs::File::open(from).map_err(io)?;
    std::io::copy(&mut backup, &mut target).map_err(io)?;
    target.sync_all().map_err(io)?;
    drop(target);
    {
        let db = builder()
            .open(&part)
            .map_err(|error| OpenError::of(error, &part))?;
        if let Err(error) = master_for(&db, source) {
            drop(db);
            let _ = std::fs::remove_file(&part);
            return Err(error);
        }
        let write = db.begin_write()?;
        write
            .open_table(META)?
            .insert("restored", 1_u64.to_be_bytes().as_slice())?;
        write.commit()?;
    }
    std::fs::rename(&part, &path).map_err(|why| OpenError::Io {
        path: path.clone(),
        why,
    })?;
    keys::sync_dir(dir)?;
    Ok(verified)
}

impl Store {
    /// A consistent copy into a fresh file, while the store is in use.
    ///
    /// # Errors
    /// If the file exists, or the disk refuses.
    pub fn backup(&self, to: &Path) -> Result<Head, OpenError> {
        let file = keys::private_file(to)?;
        let copy = builder().create_with_backend(redb::backends::FileBackend::new(file)?)?;
        let read = self.db.begin_read()?;
        let mut write = copy.begin_write()?;
        write.set_durability(Durability::Immediate)?;
        copy_table(&read, &write, JOURNAL)?;
        copy_table(&read, &write, INBOX)?;
        copy_table(&read, &write, OUTBOX)?;
        copy_table(&read, &write, CURSOR)?;
        copy_table(&read, &write, KEYS)?;
        copy_table(&read, &write, META)?;
        write.commit()?;
        keys::sync_dir(
            to.parent()
                .filter(|dir| !dir.as_os_str().is_empty())
                .unwrap_or(Path::new(".")),
        )?;
        Ok(self.head)
    }

    /// A fresh master key; every data key is wrapped anew. Returns the key for the operator to
    /// keep where it does not come from a file.
    ///
    /// # Errors
    /// If the disk refuses: then the old key still fits.
    pub fn rotate(&mut self, source: &KeySource) -> Result<Option<MasterKey>, OpenError> {
        self.rewrap(source, |_| Ok(()))
    }

    /// Destroys a case's key. The journal keeps its entries, which nobody can read again, and a
    /// tombstone; every other key is wrapped under a fresh master, since the removed one may
    /// linger in the file.
    ///
    /// # Errors
    /// If the disk refuses: then nothing was shredded.
    pub fn shred(
        &mut self,
        case: CaseId,
        at: DateTime<Utc>,
        source: &KeySource,
    ) -> Result<Option<MasterKey>, OpenError> {
        let before = self.head;
        let mut head = before;
        let fresh = self.rewrap(source, |write| {
            let header = tables::Header::tombstone(at, case, before.hash);
            let mut value = Vec::new();
            header.write(&mut value);
            head.seq += 1;
            head.hash = tables::entry_hash(head.seq, &value);
            write
                .open_table(JOURNAL)?
                .insert(head.seq, value.as_slice())?;
            write
                .open_table(KEYS)?
                .insert(case.to_bytes(), [].as_slice())?;
            write
                .open_table(META)?
                .insert("head", tables::head_bytes(&head).as_slice())?;
            let of_case = |value: &[u8]| {
                tables::read_case(value).is_some_and(|(found, _)| found == Some(case))
            };
            write
                .open_table(OUTBOX)?
                .retain(|_, value| !of_case(value))?;
            Ok(())
        })?;
        self.head = head;
        self.keys.forget(case);
        Ok(fresh)
    }

    fn rewrap(
        &mut self,
        source: &KeySource,
        also: impl FnOnce(&WriteTransaction) -> Result<(), OpenError>,
    ) -> Result<Option<MasterKey>, OpenError> {
        if self.under_way() > 0 {
            return Err(OpenError::UnderWay);
        }
        let fresh = MasterKey::generate();
        if let KeySource::File(path) = source {
            let next = next_key(path);
            let _ = std::fs::remove_file(&next);
            keys::write_key(&next, &fresh)?;
        }
        let mut write = self.db.begin_write()?;
        write.set_durability(Durability::Immediate)?;
        also(&write)?;
        {
            let mut table = write.open_table(KEYS)?;
            let mut rewrapped = Vec::new();
            for row in table.iter()? {
                let (case, wrapped) = row?;
                if wrapped.value().is_empty() {
                    continue;
                }
                let key =
                    seal::unwrap(self.keys.master(), wrapped.value()).ok_or(OpenError::WrongKey)?;
                rewrapped.push((case.value(), seal::wrap(&fresh, &key)));
            }
            for (case, wrapped) in rewrapped {
                table.insert(case, wrapped.as_slice())?;
            }
            let mut meta = write.open_table(META)?;
            let wrapped = meta.get("system")?.map(|value| value.value().to_vec());
            let system = wrapped
                .and_then(|wrapped| seal::unwrap(self.keys.master(), &wrapped))
                .ok_or(OpenError::WrongKey)?;
            meta.insert("system", seal::wrap(&fresh, &system).as_slice())?;
            meta.insert("fingerprint", fresh.fingerprint().as_slice())?;
        }
        write.commit()?;
        self.keys.set_master(fresh.clone());
        match source {
            KeySource::File(path) => {
                finish_rotation(&next_key(path), path)?;
                Ok(None)
            }
            KeySource::Env(_) => Ok(Some(fresh)),
        }
    }

    /// The file, for messages to people.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

/// Makes a key file and an empty store.
///
/// # Errors
/// If either exists already.
pub fn setup(dir: &Path, source: &KeySource) -> Result<(), OpenError> {
    keys::private_dir(dir)?;
    let key = match source {
        KeySource::File(path) if !path.exists() => {
            if let Some(parent) = path.parent() {
                keys::private_dir(parent)?;
            }
            let key = MasterKey::generate();
            keys::write_key(path, &key)?;
            key
        }
        KeySource::File(_) | KeySource::Env(_) => source.load()?,
    };
    Store::create(dir, &key).map(drop)
}

fn copy_table<K: redb::Key + 'static, V: redb::Value + 'static>(
    read: &redb::ReadTransaction,
    write: &WriteTransaction,
    table: TableDefinition<'static, K, V>,
) -> Result<(), OpenError> {
    let from = read.open_table(table)?;
    let mut to = write.open_table(table)?;
    for row in from.iter()? {
        let (key, value) = row?;
        to.insert(key.value(), value.value())?;
    }
    Ok(())
}
