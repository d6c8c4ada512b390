//! Sealing: XChaCha20-Poly1305 with a data key for each case, wrapped by the master key.

use std::collections::HashMap;

use chacha20poly1305::aead::rand_core::RngCore;
use chacha20poly1305::aead::{AeadInPlace, KeyInit, OsRng};
use chacha20poly1305::{Key, Tag, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::error::CommitError;
use super::keys::MasterKey;
use crate::domain::ids::CaseId;

pub type DataKey = Zeroizing<[u8; 32]>;

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// Ciphers kept ready; a committee has tens of open cases.
const CIPHERS_MAX: usize = 4_096;

/// The keys at work. Wrapped ones are unwrapped on first use.
pub struct Keyring {
    master: MasterKey,
    system: XChaCha20Poly1305,
    /// From which the networks' own stores get their keys: it outlives a rotated master.
    networks: Zeroizing<[u8; 32]>,
    cases: HashMap<CaseId, Ready>,
    nonce: Nonce,
}

struct Ready {
    cipher: XChaCha20Poly1305,
    /// The number of the batch that brings a fresh key to the disk: until then it is only here.
    batch: u64,
}

/// Random for each opening, counted within it: no call of the system for each value.
struct Nonce {
    prefix: [u8; 16],
    count: u64,
}

impl Nonce {
    fn next(&mut self) -> [u8; NONCE_BYTES] {
        self.count += 1;
        let mut nonce = [0; NONCE_BYTES];
        nonce[..16].copy_from_slice(&self.prefix);
        nonce[16..].copy_from_slice(&self.count.to_be_bytes());
        nonce
    }
}

pub fn fresh_key() -> DataKey {
    let mut key = Zeroizing::new([0; 32]);
    OsRng.fill_bytes(key.as_mut_slice());
    key
}

pub fn wrap(master: &MasterKey, key: &DataKey) -> Vec<u8> {
    let mut nonce = [0; NONCE_BYTES];
    OsRng.fill_bytes(&mut nonce);
    let mut sealed = nonce.to_vec();
    append(
        &cipher(master.bytes()),
        &nonce,
        b"key",
        key.as_slice(),
        &mut sealed,
    );
    sealed
}

pub fn unwrap(master: &MasterKey, wrapped: &[u8]) -> Option<DataKey> {
    let opened = Zeroizing::new(open_with(&cipher(master.bytes()), b"key", wrapped)?);
    Some(Zeroizing::new(opened.as_slice().try_into().ok()?))
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(Key::from_slice(key))
}

fn append(
    cipher: &XChaCha20Poly1305,
    nonce: &[u8; NONCE_BYTES],
    bound: &[u8],
    body: &[u8],
    into: &mut Vec<u8>,
) {
    let start = into.len();
    into.extend_from_slice(body);
    let place = into.get_mut(start..).unwrap_or_default();
    let tag = cipher
        .encrypt_in_place_detached(XNonce::from_slice(nonce), bound, place)
        .expect("a body is far below the cipher's 256 GiB");
    into.extend_from_slice(&tag);
}

fn open_with(cipher: &XChaCha20Poly1305, bound: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let (body, tag) = rest.split_at_checked(rest.len().checked_sub(TAG_BYTES)?)?;
    let mut body = body.to_vec();
    cipher
        .decrypt_in_place_detached(
            XNonce::from_slice(nonce),
            bound,
            &mut body,
            Tag::from_slice(tag),
        )
        .ok()?;
    Some(body)
}

/// What a value is bound to: its table and its row.
fn bound(table: &'static [u8], row: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    let length = table.len().min(8);
    bytes[..length].copy_from_slice(&table[..length]);
    bytes[8..].copy_from_slice(&row.to_be_bytes());
    bytes
}

/// One way: who has the result has neither the secret nor another result.
fn derived(label: &[u8], secret: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut hash = Sha256::new();
    hash.update((label.len() as u64).to_be_bytes());
    hash.update(label);
    hash.update(secret);
    Zeroizing::new(hash.finalize().into())
}

impl Keyring {
    pub fn new(master: MasterKey, system: &DataKey) -> Self {
        let mut prefix = [0; 16];
        OsRng.fill_bytes(&mut prefix);
        Self {
            master,
            system: cipher(system),
            networks: derived(b"underrose/networks", system.as_slice()),
            cases: HashMap::new(),
            nonce: Nonce { prefix, count: 0 },
        }
    }

    /// The key of a network's own store: the same for ever, whatever master wraps the system's.
    pub fn network(&self, name: &str) -> Zeroizing<[u8; 32]> {
        derived(name.as_bytes(), self.networks.as_slice())
    }

    pub fn master(&self) -> &MasterKey {
        &self.master
    }

    pub fn set_master(&mut self, master: MasterKey) {
        self.master = master;
    }

    pub fn forget(&mut self, case: CaseId) {
        self.cases.remove(&case);
    }

    pub fn is_ready(&self, case: CaseId) -> bool {
        self.cases.contains_key(&case)
    }

    /// Has the case's cipher ready: from its wrapped key, if one is `known`; else from a fresh
    /// one, which is returned wrapped and must be written with batch `batches.0`. `batches.1` is
    /// the last one that was written.
    pub fn ready(
        &mut self,
        case: CaseId,
        known: Option<Vec<u8>>,
        batches: (u64, u64),
    ) -> Result<Option<Vec<u8>>, CommitError> {
        let (number, committed) = batches;
        let (key, batch, fresh) = match known {
            Some(wrapped) if wrapped.is_empty() => return Err(CommitError::Shredded { case }),
            Some(wrapped) => {
                let key = unwrap(&self.master, &wrapped).ok_or(CommitError::Key { case })?;
                (key, 0, None)
            }
            None => {
                let key = fresh_key();
                let wrapped = wrap(&self.master, &key);
                (key, number, Some(wrapped))
            }
        };
        if self.cases.len() >= CIPHERS_MAX {
            self.cases.retain(|_, ready| ready.batch > committed);
        }
        let cipher = cipher(&key);
        self.cases.insert(case, Ready { cipher, batch });
        Ok(fresh)
    }

    /// Appends a body as it stands sealed: nonce, ciphertext, tag.
    pub fn seal(
        &mut self,
        case: Option<CaseId>,
        place: (&'static [u8], u64),
        body: &[u8],
        into: &mut Vec<u8>,
    ) -> Result<(), CommitError> {
        let cipher = match case {
            None => &self.system,
            Some(case) => {
                let ready = self.cases.get(&case).ok_or(CommitError::Key { case })?;
                &ready.cipher
            }
        };
        let nonce = self.nonce.next();
        into.extend_from_slice(&nonce);
        append(cipher, &nonce, &bound(place.0, place.1), body, into);
        Ok(())
    }

    /// Opens a sealed value, `None` if it is not what was sealed there. A case's wrapped key is
    /// looked up with `wrapped` if its cipher is not ready.
    pub fn open(
        &self,
        ready: &mut HashMap<CaseId, Option<XChaCha20Poly1305>>,
        case: Option<CaseId>,
        place: (&'static [u8], u64),
        sealed: &[u8],
        wrapped: impl FnOnce(CaseId) -> Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        let bound = &bound(place.0, place.1);
        let Some(case) = case else {
            return open_with(&self.system, bound, sealed);
        };
        if let Some(own) = self.cases.get(&case) {
            return open_with(&own.cipher, bound, sealed);
        }
        if ready.len() >= CIPHERS_MAX {
            ready.clear();
        }
        let cipher = ready.entry(case).or_insert_with(|| {
            let key = unwrap(&self.master, &wrapped(case)?)?;
            Some(cipher(&key))
        });
        open_with(cipher.as_ref()?, bound, sealed)
    }
}
