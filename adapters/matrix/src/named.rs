//! Names that follow from what they are for, so that the same cause has the same name in every
//! process. They say nothing of it. Pure.

use sha2::{Digest, Sha256};

/// Half of the hash: more than enough that no two causes ever share a name.
const BYTES: usize = 16;

pub fn after(cause: impl AsRef<[u8]>) -> String {
    let hash = Sha256::digest(cause);
    let bytes = hash.iter().take(BYTES);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    /// Addresses of direct rooms are made of it: another spelling would find none of them again.
    #[test]
    fn a_name_stays_what_it_was() {
        assert_eq!(
            super::after("answer/$event"),
            "05bad98519498e6cf6238c27bb8ee28c"
        );
    }
}
