//! A disk for rehearsals: it lives in memory, forgets what was not synced when it crashes, and can
//! be full. Deterministic.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use redb::StorageBackend;

/// A disk that several openings share, one after the other.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<Platter>>);

#[derive(Debug, Default)]
struct Platter {
    /// What survives a crash.
    synced: Vec<u8>,
    /// What is read before one.
    written: Vec<u8>,
    /// Writes since the last sync, in order.
    unsynced: Vec<(u64, Vec<u8>)>,
    syncs: u64,
    /// Bytes that may still be written; `None` is no limit.
    room: Option<u64>,
}

impl Disk {
    /// The power goes: of what was not synced some arbitrary part remains, as `chance` says.
    pub fn crash(&self, mut chance: impl FnMut() -> bool) {
        self.with(|platter| {
            let unsynced = std::mem::take(&mut platter.unsynced);
            let mut kept = std::mem::take(&mut platter.synced);
            for (offset, bytes) in unsynced {
                if chance() {
                    write_at(&mut kept, offset, &bytes);
                }
            }
            platter.synced.clone_from(&kept);
            platter.written = kept;
        });
    }

    /// How often the disk was synced: the points at which a crash differs.
    pub fn syncs(&self) -> u64 {
        self.with(|platter| platter.syncs)
    }

    /// From now on only so many bytes can be written.
    pub fn room(&self, bytes: Option<u64>) {
        self.with(|platter| platter.room = bytes);
    }

    /// Changes one byte behind everybody's back.
    pub fn flip(&self, offset: usize) {
        self.with(|platter| {
            for bytes in [&mut platter.synced, &mut platter.written] {
                if let Some(byte) = bytes.get_mut(offset) {
                    *byte ^= 0x40;
                }
            }
        });
    }

    /// Everything on the disk, as somebody who steals it reads it.
    pub fn bytes(&self) -> Vec<u8> {
        self.with(|platter| platter.written.clone())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Platter) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn write_at(bytes: &mut Vec<u8>, offset: u64, data: &[u8]) {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let end = start.saturating_add(data.len());
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    if let Some(place) = bytes.get_mut(start..end) {
        place.copy_from_slice(data);
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.with(|platter| platter.written.len() as u64))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        self.with(|platter| {
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            let found = platter.written.get(start..start.saturating_add(out.len()));
            let found = found.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
            out.copy_from_slice(found);
            Ok(())
        })
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.with(|platter| {
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            if let Some(room) = platter.room {
                let more = len.saturating_sub(platter.written.len()) as u64;
                if more > room {
                    return Err(io::Error::from(io::ErrorKind::StorageFull));
                }
            }
            platter.written.resize(len, 0);
            // A length is metadata that file systems keep with the data it is for.
            platter.synced.resize(len, 0);
            Ok(())
        })
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        self.with(|platter| {
            for (offset, bytes) in std::mem::take(&mut platter.unsynced) {
                write_at(&mut platter.synced, offset, &bytes);
            }
            platter.syncs += 1;
        });
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.with(|platter| {
            if let Some(room) = &mut platter.room {
                let more = data.len() as u64;
                if more > *room {
                    return Err(io::Error::from(io::ErrorKind::StorageFull));
                }
                *room -= more;
            }
            write_at(&mut platter.written, offset, data);
            platter.unsynced.push((offset, data.to_vec()));
            Ok(())
        })
    }
}
