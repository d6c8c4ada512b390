//! How the tables are laid out, byte for byte. All numbers big-endian.

use chrono::{DateTime, TimeZone, Utc};
use redb::{ReadableTable, Table, TableDefinition};
use sha2::{Digest, Sha256};

use super::{Head, InboxKey};
use crate::domain::ids::CaseId;

/// Sequence number → header ‖ nonce ‖ sealed body.
pub const JOURNAL: TableDefinition<u64, &[u8]> = TableDefinition::new("journal");
/// Network, 0, time, id → case, sequence number, sealed answer.
pub const INBOX: TableDefinition<&[u8], &[u8]> = TableDefinition::new("inbox");
/// Row → case, attempts, not-before, sealed promise.
pub const OUTBOX: TableDefinition<u64, &[u8]> = TableDefinition::new("outbox");
/// Network and room → the network's id of the last event taken in.
pub const CURSOR: TableDefinition<&str, &str> = TableDefinition::new("cursor");
/// Case → its data key, wrapped by the master key; empty once it was shredded.
pub const KEYS: TableDefinition<[u8; 6], &[u8]> = TableDefinition::new("keys");
pub const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");

/// Longest network name and id in an inbox key; longer ones are hashed.
const ID_BYTES_MAX: usize = 255;

const NO_CASE: u8 = 0;
const CASE: u8 = 1;
const TOMBSTONE: u8 = 2;

/// Bytes of kind and case.
pub const CASE_BYTES: usize = 1 + 6;

/// The clear part of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    pub at_micros: i64,
    pub case: Option<CaseId>,
    pub tombstone: bool,
    pub before: [u8; 32],
}

impl Header {
    pub fn new(at: DateTime<Utc>, case: Option<CaseId>, before: [u8; 32]) -> Self {
        Self {
            at_micros: at.timestamp_micros(),
            case,
            tombstone: false,
            before,
        }
    }

    pub fn tombstone(at: DateTime<Utc>, case: CaseId, before: [u8; 32]) -> Self {
        Self {
            at_micros: at.timestamp_micros(),
            case: Some(case),
            tombstone: true,
            before,
        }
    }

    pub fn write(&self, value: &mut Vec<u8>) {
        value.extend_from_slice(&self.at_micros.to_be_bytes());
        let start = value.len();
        write_case(self.case, value);
        if self.tombstone
            && let Some(kind) = value.get_mut(start)
        {
            *kind = TOMBSTONE;
        }
        value.extend_from_slice(&self.before);
    }

    /// The header and what follows it.
    pub fn read(value: &[u8]) -> Option<(Self, &[u8])> {
        let (at, rest) = value.split_first_chunk::<8>()?;
        let tombstone = rest.first() == Some(&TOMBSTONE);
        let (case, rest) = read_case(rest)?;
        let (before, rest) = rest.split_first_chunk::<32>()?;
        Some((
            Self {
                at_micros: i64::from_be_bytes(*at),
                case,
                tombstone,
                before: *before,
            },
            rest,
        ))
    }

    pub fn at(&self) -> DateTime<Utc> {
        instant(self.at_micros)
    }
}

pub fn instant(micros: i64) -> DateTime<Utc> {
    Utc.timestamp_micros(micros).single().unwrap_or_default()
}

pub fn write_case(case: Option<CaseId>, value: &mut Vec<u8>) {
    match case {
        Some(case) => {
            value.push(CASE);
            value.extend_from_slice(&case.to_bytes());
        }
        None => value.extend_from_slice(&[NO_CASE; CASE_BYTES]),
    }
}

pub fn read_case(value: &[u8]) -> Option<(Option<CaseId>, &[u8])> {
    let (kind, rest) = value.split_first()?;
    let (id, rest) = rest.split_first_chunk::<6>()?;
    match *kind {
        NO_CASE => Some((None, rest)),
        CASE | TOMBSTONE => Some((Some(CaseId::from_bytes(*id)), rest)),
        _ => None,
    }
}

/// Covers header and ciphertext, so that the chain is verified without a key.
pub fn entry_hash(seq: u64, value: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(seq.to_be_bytes());
    hash.update(value);
    hash.finalize().into()
}

pub fn inbox_key(key: &InboxKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(key.network.len() + key.id.len() + 9);
    inbox_key_into(key, &mut bytes);
    bytes
}

pub fn inbox_key_into(key: &InboxKey, bytes: &mut Vec<u8>) {
    bounded(&key.network, bytes);
    bytes.push(0);
    bytes.extend_from_slice(&order(key.at).to_be_bytes());
    bounded(&key.id, bytes);
}

/// Between which keys all of a network's are.
pub fn inbox_range(network: &str) -> (Vec<u8>, Vec<u8>) {
    let mut first = Vec::with_capacity(network.len() + 1);
    bounded(network, &mut first);
    let mut end = first.clone();
    first.push(0);
    end.push(1);
    (first, end)
}

/// Signed time as an unsigned number in the same order.
fn order(at: DateTime<Utc>) -> u64 {
    at.timestamp_micros().cast_unsigned() ^ (1 << 63)
}

fn bounded(text: &str, bytes: &mut Vec<u8>) {
    if text.len() <= ID_BYTES_MAX && !text.contains('\0') {
        bytes.extend_from_slice(text.as_bytes());
    } else {
        bytes.extend_from_slice(&Sha256::digest(text.as_bytes()));
    }
}

/// Forgets, network by network, what is older.
pub fn forget_inbox(
    inbox: &mut Table<'_, &'static [u8], &'static [u8]>,
    before: DateTime<Utc>,
) -> Result<(), redb::StorageError> {
    let mut networks: Vec<Vec<u8>> = Vec::new();
    let mut from: Vec<u8> = Vec::new();
    loop {
        let next = inbox.range(from.as_slice()..)?.next().transpose()?;
        let Some((key, _)) = next else { break };
        let Some(end) = key.value().iter().position(|byte| *byte == 0) else {
            break;
        };
        let network = key.value().get(..end).unwrap_or_default().to_vec();
        from.clone_from(&network);
        from.push(1);
        networks.push(network);
    }
    for network in networks {
        let mut first = network;
        first.push(0);
        let mut last = first.clone();
        last.extend_from_slice(&order(before).to_be_bytes());
        inbox.retain_in(first.as_slice()..last.as_slice(), |_, _| false)?;
    }
    Ok(())
}

pub fn number(
    meta: &impl ReadableTable<&'static str, &'static [u8]>,
    name: &str,
) -> Result<Option<u64>, redb::StorageError> {
    let value = meta.get(name)?;
    Ok(value.and_then(|value| value.value().try_into().ok().map(u64::from_be_bytes)))
}

pub fn head_bytes(head: &Head) -> Vec<u8> {
    let mut bytes = head.seq.to_be_bytes().to_vec();
    bytes.extend_from_slice(&head.hash);
    bytes
}

pub fn head_of(bytes: &[u8]) -> Option<Head> {
    let (seq, hash) = bytes.split_first_chunk::<8>()?;
    Some(Head {
        seq: u64::from_be_bytes(*seq),
        hash: hash.try_into().ok()?,
    })
}
