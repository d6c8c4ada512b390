//! What can go wrong with a store, and what to do about it.

use std::path::{Path, PathBuf};

use crate::domain::ids::CaseId;

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("there is no store at {}; run `underrose setup` first", path.display())]
    Missing { path: PathBuf },
    #[error("there is a store at {} already; nothing was changed", path.display())]
    Exists { path: PathBuf },
    #[error("another underrose is using {}; stop it first", path.display())]
    Locked { path: PathBuf },
    #[error(
        "the master key does not fit this store; use the key that it was made with, or its rotation"
    )]
    WrongKey,
    #[error(
        "the store has format {found} and this version knows {known}; use the version that wrote it"
    )]
    Format { found: u64, known: u64 },
    #[error("the master key {}: {why}", place)]
    Key { place: String, why: String },
    #[error("{}: {why}", path.display())]
    Io { path: PathBuf, why: std::io::Error },
    #[error("a batch is on its way to the disk, or failed to get there; try again")]
    UnderWay,
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the store cannot be opened: {0}")]
    Storage(Box<redb::Error>),
}

/// Why the store cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the journal is torn at entry {seq}: {why}; restore a backup")]
    Torn { seq: u64, why: &'static str },
    #[error("promise {id} in the outbox cannot be read; restore a backup")]
    Outbox { id: u64 },
    #[error("the store cannot be read: {0}")]
    Storage(Box<redb::Error>),
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    #[error("an earlier write failed; start again")]
    Failed,
    #[error("case {case} was shredded")]
    Shredded { case: CaseId },
    #[error("the key of case {case} cannot be unwrapped")]
    Key { case: CaseId },
    #[error(
        "the disk refused ({0}); nothing was lost that was acknowledged. Make room and start again"
    )]
    Storage(Box<redb::Error>),
}

/// The journal is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the journal is torn at entry {seq}: {why}")]
pub struct Torn {
    pub seq: u64,
    pub why: &'static str,
}

impl OpenError {
    pub(super) fn of(error: redb::DatabaseError, path: &Path) -> Self {
        match error {
            redb::DatabaseError::DatabaseAlreadyOpen => Self::Locked {
                path: path.to_owned(),
            },
            other => Self::Storage(Box::new(other.into())),
        }
    }
}

macro_rules! from_redb {
    ($($error:ty),*) => { $(
        impl From<$error> for OpenError {
            fn from(error: $error) -> Self { Self::Storage(Box::new(error.into())) }
        }
        impl From<$error> for ReadError {
            fn from(error: $error) -> Self { Self::Storage(Box::new(error.into())) }
        }
        impl From<$error> for CommitError {
            fn from(error: $error) -> Self { Self::Storage(Box::new(error.into())) }
        }
    )* };
}

from_redb!(
    redb::DatabaseError,
    redb::TransactionError,
    redb::TableError,
    redb::StorageError,
    redb::CommitError,
    redb::SetDurabilityError
);
