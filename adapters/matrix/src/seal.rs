//! Sealing what is kept beside the client's own data: the sdk encrypts the names of such values and
//! not the values.

use chacha20poly1305::aead::{Aead, AeadCore, KeyInit, OsRng};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};

use crate::settings::Key;

const NONCE_BYTES: usize = 24;

/// Keys for different uses never meet.
fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&keyed(key, &[b"session"]).into())
}

/// `None` cannot happen with texts of this size.
pub fn seal(key: &Key, open: &[u8]) -> Option<Vec<u8>> {
    let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
    let mut sealed = nonce.to_vec();
    sealed.extend(cipher(key).encrypt(&nonce, open).ok()?);
    Some(sealed)
}

/// `None` if it was sealed with another key, or changed.
pub fn open(key: &Key, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, body) = sealed.split_at_checked(NONCE_BYTES)?;
    cipher(key).decrypt(XNonce::from_slice(nonce), body).ok()
}

/// A name for these parts that tells nothing to who has not the key.
pub fn keyed(key: &Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(key.0);
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    // Twice, so that nothing can be appended to what was hashed.
    Sha256::digest(hash.finalize()).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_key_only() {
        let sealed = seal(&Key([1; 32]), b"token").unwrap();
        assert!(!sealed.windows(5).any(|part| part == b"token"));
        assert_eq!(open(&Key([1; 32]), &sealed).unwrap(), b"token");
        assert_eq!(open(&Key([2; 32]), &sealed), None);
        assert_eq!(open(&Key([1; 32]), &sealed[..10]), None);
    }
}
