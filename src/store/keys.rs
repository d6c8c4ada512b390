//! The master key: 32 bytes in a file that only its owner reads, or in the environment.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::error::OpenError;
use super::seal;

/// Wraps every other key. Leaves no copy behind.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// Where the master key is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    File(PathBuf),
    /// The name of an environment variable.
    Env(String),
}

impl MasterKey {
    pub fn generate() -> Self {
        Self(seal::fresh_key())
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Tells keys apart and says nothing of them.
    pub fn fingerprint(&self) -> [u8; 8] {
        let mut hash = Sha256::new();
        hash.update(b"underrose master key");
        hash.update(self.0.as_slice());
        let digest: [u8; 32] = hash.finalize().into();
        let mut fingerprint = [0; 8];
        fingerprint.copy_from_slice(&digest[..8]);
        fingerprint
    }

    pub fn fits(&self, fingerprint: &[u8]) -> bool {
        self.fingerprint().as_slice().ct_eq(fingerprint).into()
    }

    pub fn from_hex(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut key = Zeroizing::new([0; 32]);
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(key))
    }

    pub fn to_hex(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(64));
        for byte in self.0.iter() {
            text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        text
    }
}

impl KeySource {
    /// # Errors
    /// If there is none, others may read it, or it is no key.
    pub fn load(&self) -> Result<MasterKey, OpenError> {
        let wrong = |why: &str| OpenError::Key {
            place: self.place(),
            why: why.to_owned(),
        };
        let mut text = match self {
            Self::File(path) => {
                let metadata = std::fs::metadata(path)
                    .map_err(|error| wrong(&format!("{error}; run `underrose setup` first")))?;
                if metadata.permissions().mode() & 0o077 != 0 {
                    return Err(wrong("others can read it; run `chmod 600` on it"));
                }
                std::fs::read_to_string(path).map_err(|error| wrong(&error.to_string()))?
            }
            Self::Env(name) => {
                std::env::var(name).map_err(|_| wrong("the environment variable is not set"))?
            }
        };
        let key =
            MasterKey::from_hex(&text).ok_or_else(|| wrong("it is not 64 hexadecimal digits"));
        text.zeroize();
        key
    }

    pub fn place(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Env(name) => format!("in ${name}"),
        }
    }
}

/// Writes a key to a fresh file (0600) and syncs it.
pub fn write_key(path: &Path, key: &MasterKey) -> Result<(), OpenError> {
    let mut file = private_file(path)?;
    let io = |why| OpenError::Io {
        path: path.to_owned(),
        why,
    };
    file.write_all(key.to_hex().as_bytes()).map_err(io)?;
    file.write_all(b"\n").map_err(io)?;
    file.sync_all().map_err(io)
}

/// A fresh file that only its owner reads.
pub fn private_file(path: &Path) -> Result<File, OpenError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|why| OpenError::Io {
            path: path.to_owned(),
            why,
        })
}

/// A folder that only its owner enters.
pub fn private_dir(dir: &Path) -> Result<(), OpenError> {
    if dir.is_dir() {
        return Ok(());
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|why| OpenError::Io {
            path: dir.to_owned(),
            why,
        })
}

/// Makes what was renamed or created in a folder durable.
pub fn sync_dir(dir: &Path) -> Result<(), OpenError> {
    let io = |why| OpenError::Io {
        path: dir.to_owned(),
        why,
    };
    File::open(dir).map_err(io)?.sync_all().map_err(io)
}
