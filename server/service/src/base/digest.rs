//! Digests of what is stored: of a file as it was accepted, and of the parts of a backup. The keys say which algorithm
//! makes new ones ([`Keyring::digests`](crate::base::keyring::Keyring::digests)); a digest says itself which one made
//! it, so that those of before are still understood. Without a key: who can write a file can write its digest as well,
//! and what nobody may forge (the audit log, the manifest of a backup) has a keyed hash.

use std::fmt;

use sha2::{Digest as _, Sha256};
use sm3::Sm3;

/// What makes a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Sha256,
    /// GB/T 32905-2016.
    Sm3,
}

impl Algorithm {
    const ALL: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Sm3];

    /// As it stands in manifests, names of files and lines of the audit log.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sm3 => "sm3",
        }
    }

    pub fn digest(self, bytes: &[u8]) -> Digest {
        let mut hasher = self.hasher();
        hasher.update(bytes);
        hasher.finish()
    }

    /// For what does not come in one piece.
    pub fn hasher(self) -> Hasher {
        match self {
            Algorithm::Sha256 => Hasher::Sha256(Sha256::new()),
            Algorithm::Sm3 => Hasher::Sm3(Sm3::new()),
        }
    }
}

/// A digest in the making.
#[derive(Debug, Clone)]
pub enum Hasher {
    Sha256(Sha256),
    Sm3(Sm3),
}

impl Hasher {
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Hasher::Sha256(hasher) => hasher.update(bytes),
            Hasher::Sm3(hasher) => hasher.update(bytes),
        }
    }

    pub fn finish(self) -> Digest {
        match self {
            Hasher::Sha256(hasher) => Digest { algorithm: Algorithm::Sha256, hex: hex(&hasher.finalize()) },
            Hasher::Sm3(hasher) => Digest { algorithm: Algorithm::Sm3, hex: hex(&hasher.finalize()) },
        }
    }
}

/// A digest and what made it. As text, in a column, 64 digits are SHA-256, as they always were, and others bear
/// their name: `sm3:…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    pub algorithm: Algorithm,
    /// Lower-case hexadecimal digits.
    pub hex: String,
}

impl Digest {
    /// Reads what [`Display`](fmt::Display) wrote. Text that nobody wrote so is a digest that fits nothing.
    pub fn read(text: &str) -> Self {
        let named = Algorithm::ALL.into_iter().find_map(|algorithm| {
            let hex = text.strip_prefix(algorithm.name())?.strip_prefix(':')?;
            Some(Self { algorithm, hex: hex.to_owned() })
        });
        named.unwrap_or_else(|| Self { algorithm: Algorithm::Sha256, hex: text.to_owned() })
    }

    /// Whether it is the digest of these bytes.
    pub fn fits(&self, bytes: &[u8]) -> bool {
        self.algorithm.digest(bytes).hex == self.hex
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.algorithm {
            Algorithm::Sha256 => f.write_str(&self.hex),
            Algorithm::Sm3 => write!(f, "{}:{}", self.algorithm.name(), self.hex),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4 and GB/T 32905-2016, appendix A: the same two messages in both.
    #[test]
    fn both_algorithms_agree_with_their_standards() {
        let long = "abcd".repeat(16);
        for (algorithm, message, expected) in [
            (Algorithm::Sm3, "abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
            (
                Algorithm::Sm3,
                long.as_str(),
                "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
            ),
            (Algorithm::Sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ] {
            let digest = algorithm.digest(message.as_bytes());
            assert_eq!(digest.hex, expected, "{algorithm:?} {message}");
            let mut hasher = algorithm.hasher();
            message.as_bytes().chunks(7).for_each(|chunk| hasher.update(chunk));
            assert_eq!(hasher.finish(), digest);
        }
    }

    #[test]
    fn a_digest_is_read_as_it_was_written_and_fits_its_bytes_alone() {
        for algorithm in Algorithm::ALL {
            let digest = algorithm.digest(b"document");
            let read = Digest::read(&digest.to_string());
            assert_eq!(read, digest);
            assert!(read.fits(b"document") && !read.fits(b"documents"));
        }
        assert_eq!(Algorithm::Sha256.digest(b"").to_string().len(), 64, "as digests of before are written");
        assert!(Algorithm::Sm3.digest(b"").to_string().starts_with("sm3:"));
        for nonsense in ["", "sm3:", "sm4:66c7", "sm3"] {
            assert!(!Digest::read(nonsense).fits(b""), "{nonsense}");
        }
    }
}
