//! Random names that nobody can guess.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng as _;

/// So many random bytes, in letters that are safe in addresses, headers and cookies.
pub fn random_letters<const BYTES: usize>() -> String {
    let mut bytes = [0u8; BYTES];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// 256 random bits in 43 letters.
#[cfg(feature = "dev")]
pub fn random_token() -> String {
    random_letters::<32>()
}
