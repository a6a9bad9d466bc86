//! Keys, and all that is done with them: sealing columns and files, keyed hashes for look-ups by
//! equality, random tokens and codes (R70, R72). No other module touches a key or a cipher.
//!
//! A sealed value is `version(1) ‖ key id(2, big endian) ‖ nonce(12) ‖ ciphertext and tag`. The
//! version names the cipher, so values sealed under another cipher stay readable after the
//! configuration changed. Each *context* – a text such as `draft/answers/<uuid>` that says where
//! the value lives – gets a subkey of its own by HKDF and is authenticated together with the
//! header: a value copied to another row or column does not open there, and no key ever comes near
//! the number of random nonces that would be unsafe.

use std::path::Path;
use std::{fmt, fs, io};

use aes_gcm::aead::consts::{U12, U64};
use aes_gcm::aead::{Aead, Nonce, Payload};
use aes_gcm::{Aes256Gcm, AesGcm, KeyInit};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use rand::TryRng;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};
use sm3::Sm3;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::base::digest::Algorithm;
use crate::base::private;

type Sm4Gcm = AesGcm<sm4::Sm4, U12>;

const HEADER: usize = 3;

const NONCE: usize = 12;

const TAG: usize = 16;

/// A key of 256 bits that is wiped when it is dropped.
pub type SecretKey = Zeroizing<[u8; 32]>;

/// How values are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// AES-256-GCM with HKDF-SHA-256; the default.
    Aes256Gcm,
    /// SM4-GCM (RFC 8998) with HKDF-SM3, for where the national algorithms are asked for.
    Sm4Gcm,
}

impl Suite {
    /// The first byte of what this suite seals. Never reuse a number.
    fn version(self) -> u8 {
        match self {
            Suite::Aes256Gcm => 1,
            Suite::Sm4Gcm => 2,
        }
    }

    fn of_version(version: u8) -> Option<Self> {
        [Suite::Aes256Gcm, Suite::Sm4Gcm].into_iter().find(|suite| suite.version() == version)
    }

    fn name(self) -> &'static str {
        match self {
            Suite::Aes256Gcm => "aes-256-gcm",
            Suite::Sm4Gcm => "sm4-gcm",
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        [Suite::Aes256Gcm, Suite::Sm4Gcm].into_iter().find(|suite| suite.name() == name)
    }

    /// The subkey for one context, into all of `subkey`.
    fn derive(self, key: &SecretKey, context: &[u8], subkey: &mut [u8]) -> Result<(), Failure> {
        let info = [self.name().as_bytes(), b"\0", context];
        match self {
            Suite::Aes256Gcm => Hkdf::<Sha256>::new(None, key.as_slice()).expand_multi_info(&info, subkey),
            Suite::Sm4Gcm => Hkdf::<Sm3>::new(None, key.as_slice()).expand_multi_info(&info, subkey),
        }
        .map_err(|_| Failure)
    }

    fn seal(self, key: &SecretKey, nonce: &[u8], message: Payload<'_, '_>) -> Result<Vec<u8>, Failure> {
        match self {
            Suite::Aes256Gcm => {
                let mut subkey = Zeroizing::new([0; 32]);
                self.derive(key, message.aad, subkey.as_mut_slice())?;
                seal_with::<Aes256Gcm>(subkey.as_slice(), nonce, message)
            }
            Suite::Sm4Gcm => {
                let mut subkey = Zeroizing::new([0; 16]);
                self.derive(key, message.aad, subkey.as_mut_slice())?;
                seal_with::<Sm4Gcm>(subkey.as_slice(), nonce, message)
            }
        }
    }

    fn open(self, key: &SecretKey, nonce: &[u8], sealed: Payload<'_, '_>) -> Result<Vec<u8>, Failure> {
        match self {
            Suite::Aes256Gcm => {
                let mut subkey = Zeroizing::new([0; 32]);
                self.derive(key, sealed.aad, subkey.as_mut_slice())?;
                open_with::<Aes256Gcm>(subkey.as_slice(), nonce, sealed)
            }
            Suite::Sm4Gcm => {
                let mut subkey = Zeroizing::new([0; 16]);
                self.derive(key, sealed.aad, subkey.as_mut_slice())?;
                open_with::<Sm4Gcm>(subkey.as_slice(), nonce, sealed)
            }
        }
    }
}

/// What is chosen once, when a platform gets its first keys: the suite that seals and the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithms {
    /// AES-256-GCM with HKDF-SHA-256, HMAC-SHA-256 and SHA-256.
    International,
    /// 国密: SM4-GCM with HKDF-SM3, HMAC-SM3 and SM3.
    National,
}

impl Algorithms {
    fn suite(self) -> Suite {
        match self {
            Algorithms::International => Suite::Aes256Gcm,
            Algorithms::National => Suite::Sm4Gcm,
        }
    }

    fn hash_suite(self) -> HashSuite {
        match self {
            Algorithms::International => HashSuite::HmacSha256,
            Algorithms::National => HashSuite::HmacSm3,
        }
    }
}

/// How fingerprints are made. It stays when the suite changes: stored fingerprints must still match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashSuite {
    HmacSha256,
    HmacSm3,
}

impl HashSuite {
    fn name(self) -> &'static str {
        match self {
            HashSuite::HmacSha256 => "hmac-sha-256",
            HashSuite::HmacSm3 => "hmac-sm3",
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        [HashSuite::HmacSha256, HashSuite::HmacSm3].into_iter().find(|suite| suite.name() == name)
    }
}

/// Why a key, a sealed value or a random number could not be had. Never names a secret or a text.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    #[error("the sealed value is damaged, or belongs to another place")]
    DoesNotOpen,
    #[error("the sealed value names key {0}, which the keyring does not have")]
    UnknownKey(u16),
    #[error("the sealed value has a format this version does not know")]
    UnknownFormat,
    #[error("the keyring is not usable: {0}")]
    Keys(&'static str),
    #[error("line {line} of the keys is not usable: {problem}")]
    Line { line: usize, problem: &'static str },
    #[error("the file of keys cannot be used")]
    File(#[source] io::Error),
    #[error("the operating system gives no random numbers")]
    NoRandomness,
}

/// The platform's keys. The first key seals, all of them open (rotation: put the new key first and
/// keep the old ones); the key for fingerprints is apart and does not rotate with them.
pub struct Keyring {
    suite: Suite,
    /// Never empty; [`Keyring::from_keys`] sees to it.
    keys: Vec<(u16, SecretKey)>,
    hash_suite: HashSuite,
    hash_key: SecretKey,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("suite", &self.suite)
            .field("key_ids", &self.key_ids())
            .field("hash_suite", &self.hash_suite)
            .finish_non_exhaustive()
    }
}

impl Keyring {
    /// A keyring of these keys, each with its id; the first seals.
    pub fn from_keys(
        suite: Suite,
        keys: Vec<(u16, SecretKey)>,
        hash_suite: HashSuite,
        hash_key: SecretKey,
    ) -> Result<Self, KeyringError> {
        if keys.is_empty() {
            return Err(KeyringError::Keys("there is no key to seal with"));
        }
        for (at, (id, key)) in keys.iter().enumerate() {
            if keys.iter().skip(at + 1).any(|(other, _)| other == id) {
                return Err(KeyringError::Keys("two keys have the same id"));
            }
            if same_in_constant_time(key.as_slice(), hash_key.as_slice()) {
                return Err(KeyringError::Keys("the key for hashes must not be one of the keys that seal"));
            }
        }
        let plainly_not_random = |key: &SecretKey| key.iter().all(|byte| key.first() == Some(byte));
        if keys.iter().any(|(_, key)| plainly_not_random(key)) || plainly_not_random(&hash_key) {
            return Err(KeyringError::Keys("a key is one byte repeated"));
        }
        Ok(Self { suite, keys, hash_suite, hash_key })
    }

    /// A keyring with fresh keys that exists in memory only; for tests and throw-away servers.
    pub fn generate() -> Result<Self, KeyringError> {
        Self::from_keys(Suite::Aes256Gcm, vec![(1, random_key()?)], HashSuite::HmacSha256, random_key()?)
    }

    /// Reads keys from text: lines `suite <name>`, `key <id> <base64>` (the first seals) and
    /// `hash <name> <base64>`; empty lines and `#` comments are skipped.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let mut suite = Suite::Aes256Gcm;
        let mut keys = Vec::new();
        let mut hash = None;
        for (at, line) in text.lines().enumerate() {
            let fault = |problem| KeyringError::Line { line: at + 1, problem };
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [] => {}
                [first, ..] if first.starts_with('#') => {}
                ["suite", name] => suite = Suite::of_name(name).ok_or_else(|| fault("unknown suite"))?,
                ["key", id, key] => {
                    let id = id.parse().map_err(|_| fault("a key id is a number up to 65535"))?;
                    keys.push((id, decode_key(key).ok_or_else(|| fault("a key is 32 bytes in base64"))?));
                }
                ["hash", name, key] => {
                    if hash.is_some() {
                        return Err(fault("there is one key for hashes"));
                    }
                    let name = HashSuite::of_name(name).ok_or_else(|| fault("unknown hash"))?;
                    hash = Some((name, decode_key(key).ok_or_else(|| fault("a key is 32 bytes in base64"))?));
                }
                [_, ..] => return Err(fault("expected suite, key or hash")),
            }
        }
        let (hash_suite, hash_key) = hash.ok_or(KeyringError::Keys("there is no key for hashes"))?;
        Self::from_keys(suite, keys, hash_suite, hash_key)
    }

    /// Reads the file of keys (see [`Keyring::parse`]).
    pub fn load(path: &Path) -> Result<Self, KeyringError> {
        warn_if_others_can_read(path);
        let text = Zeroizing::new(fs::read_to_string(path).map_err(KeyringError::File)?);
        Self::parse(&text)
    }

    /// Makes a file of fresh keys for these algorithms, readable by its owner alone, and the keyring in it. Refuses to
    /// touch a file that is already there: overwriting keys loses everything they sealed.
    pub fn generate_into(path: &Path, algorithms: Algorithms) -> Result<Self, KeyringError> {
        let encoded = |key: SecretKey| Zeroizing::new(STANDARD.encode(key.as_slice()));
        let text = Zeroizing::new(format!(
            "# Whoever has this file reads all personal data; without it they are lost. Keep a copy apart\n\
             # from the database. Rotation: add a line `key <new id> <base64 of 32 random bytes>` above\n\
             # the others. Never change the `hash` line.\n\
             suite {}\nkey 1 {}\nhash {} {}\n",
            algorithms.suite().name(),
            *encoded(random_key()?),
            algorithms.hash_suite().name(),
            *encoded(random_key()?),
        ));
        // On the disk with its name: data sealed with a lost key would be lost too.
        private::write(path, text.as_bytes()).map_err(KeyringError::File)?;
        Self::parse(&text)
    }

    /// Puts a fresh key above the others in a file of keys, and gives its id. Nothing else in the file changes, and it is
    /// never there by half.
    ///
    /// # Errors
    /// When the file is not one of keys, or cannot be written.
    pub fn add_key_to(path: &Path) -> Result<u16, KeyringError> {
        let text = Zeroizing::new(fs::read_to_string(path).map_err(KeyringError::File)?);
        let before = Self::parse(&text)?;
        let line = before.new_line()?;
        let mut lines: Vec<&str> = text.lines().collect();
        let is_key = |line: &&str| line.split_whitespace().next() == Some("key");
        let first = lines.iter().position(is_key).unwrap_or(lines.len());
        lines.insert(first, line.as_str());
        let changed = Zeroizing::new(lines.join("\n") + "\n");
        let ids = Self::parse(&changed)?.key_ids();
        private::replace(path, changed.as_bytes()).map_err(KeyringError::File)?;
        ids.first().copied().ok_or(KeyringError::Keys("there is no key to seal with"))
    }

    /// Seals `plain` for the place that `context` names.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, KeyringError> {
        let Some((id, key)) = self.keys.first() else {
            return Err(KeyringError::Keys("there is no key to seal with"));
        };
        self.seal_under(*id, key, context, plain)
    }

    fn seal_under(
        &self,
        id: u16,
        key: &SecretKey,
        context: &str,
        plain: &[u8],
    ) -> Result<Vec<u8>, KeyringError> {
        let nonce: [u8; NONCE] = random_bytes()?;
        let header = header(self.suite, id);
        let aad = associated(&header, context);
        let ciphertext = self
            .suite
            .seal(key, &nonce, Payload { msg: plain, aad: &aad })
            .map_err(|Failure| KeyringError::Keys("the value is too long to seal"))?;
        let mut sealed = Vec::with_capacity(HEADER + NONCE + ciphertext.len());
        sealed.extend_from_slice(&header);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(sealed)
    }

    /// Opens what [`Keyring::seal`] made for the same `context`.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, KeyringError> {
        let (header, rest) = sealed.split_first_chunk::<HEADER>().ok_or(KeyringError::UnknownFormat)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(KeyringError::UnknownFormat)?;
        if ciphertext.len() < TAG {
            return Err(KeyringError::UnknownFormat);
        }
        let [version, high, low] = *header;
        let suite = Suite::of_version(version).ok_or(KeyringError::UnknownFormat)?;
        let id = u16::from_be_bytes([high, low]);
        let (_, key) =
            self.keys.iter().find(|(known, _)| *known == id).ok_or(KeyringError::UnknownKey(id))?;
        let aad = associated(header, context);
        suite
            .open(key, nonce, Payload { msg: ciphertext, aad: &aad })
            .map_err(|Failure| KeyringError::DoesNotOpen)
    }

    /// [`Keyring::seal`] for text that must travel as text, such as a sealed value in a form (R32).
    pub fn seal_text(&self, context: &str, plain: &str) -> Result<String, KeyringError> {
        Ok(URL_SAFE_NO_PAD.encode(self.seal(context, plain.as_bytes())?))
    }

    /// Opens what [`Keyring::seal_text`] made. Anything else is refused, never taken as plain text.
    pub fn open_text(&self, context: &str, sealed: &str) -> Result<String, KeyringError> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| KeyringError::UnknownFormat)?;
        String::from_utf8(self.open(context, &sealed)?).map_err(|_| KeyringError::DoesNotOpen)
    }

    /// Whether the value was sealed with an older key or another suite than are used today, so that
    /// it is worth sealing anew when it is next written.
    pub fn is_outdated(&self, sealed: &[u8]) -> bool {
        let today = self.keys.first().map(|(id, _)| header(self.suite, *id));
        sealed.first_chunk::<HEADER>().copied() != today
    }

    /// A text sealed with one of the keys, be it the first or not.
    pub(crate) fn seal_text_under(
        &self,
        id: u16,
        context: &str,
        plain: &str,
    ) -> Result<String, KeyringError> {
        let (_, key) =
            self.keys.iter().find(|(known, _)| *known == id).ok_or(KeyringError::UnknownKey(id))?;
        Ok(URL_SAFE_NO_PAD.encode(self.seal_under(id, key, context, plain.as_bytes())?))
    }

    /// The ids of the keys, that of the one which seals first.
    pub fn key_ids(&self) -> Vec<u16> {
        self.keys.iter().map(|(id, _)| *id).collect()
    }

    /// How texts begin that are sealed today.
    pub(crate) fn header_text(&self) -> String {
        let today = self.keys.first().map(|(id, _)| header(self.suite, *id));
        // Three bytes are four characters.
        today.map(|header| URL_SAFE_NO_PAD.encode(header)).unwrap_or_default()
    }

    /// A line for the file of keys with a fresh key, whose id none of these has. It goes above the others.
    pub fn new_line(&self) -> Result<Zeroizing<String>, KeyringError> {
        let highest = self.keys.iter().map(|(id, _)| *id).max().unwrap_or_default();
        let id = highest.checked_add(1).ok_or(KeyringError::Keys("there is no free key id"))?;
        let key = Zeroizing::new(STANDARD.encode(random_key()?.as_slice()));
        Ok(Zeroizing::new(format!("key {id} {}", *key)))
    }

    /// What new digests are made with: the hash of the fingerprints. A digest says itself what made it.
    pub fn digests(&self) -> Algorithm {
        match self.hash_suite {
            HashSuite::HmacSha256 => Algorithm::Sha256,
            HashSuite::HmacSm3 => Algorithm::Sm3,
        }
    }

    /// What is stored of a [`random_token`]: 43 characters of base64url. A plain hash is enough for a
    /// text of 256 random bits, and only for such; a code of six digits needs [`Keyring::fingerprint`].
    pub fn token_hash(&self, token: &str) -> String {
        let token = token.as_bytes();
        match self.digests() {
            Algorithm::Sha256 => URL_SAFE_NO_PAD.encode(Sha256::digest(token)),
            Algorithm::Sm3 => URL_SAFE_NO_PAD.encode(Sm3::digest(token)),
        }
    }

    /// A keyed hash for look-ups by equality: the same for the same purpose and text, and of no use
    /// without the key. 43 characters of base64url. The caller brings `text` into one form first
    /// (upper case `X` of an id number, no blanks in a phone number).
    pub fn fingerprint(&self, purpose: &str, text: &str) -> String {
        // The length in front keeps ("ab", "c") and ("a", "bc") apart.
        let purpose_length = (purpose.len() as u64).to_be_bytes();
        let parts = [purpose_length.as_slice(), purpose.as_bytes(), text.as_bytes()];
        URL_SAFE_NO_PAD.encode(match self.hash_suite {
            HashSuite::HmacSha256 => authenticate::<Hmac<Sha256>>(&self.hash_key, &parts),
            HashSuite::HmacSm3 => authenticate::<Hmac<Sm3>>(&self.hash_key, &parts),
        })
    }
}

/// The id of the key that sealed a text, by how it begins.
pub(crate) fn sealed_by(text: &str) -> Option<u16> {
    key_of(&URL_SAFE_NO_PAD.decode(text.get(..4)?).ok()?)
}

/// The id of the key that sealed these bytes.
pub(crate) fn key_of(sealed: &[u8]) -> Option<u16> {
    let [_, high, low] = *sealed.first_chunk::<HEADER>()?;
    Some(u16::from_be_bytes([high, low]))
}

/// The AEAD says only “no”, and so do we.
struct Failure;

fn header(suite: Suite, id: u16) -> [u8; HEADER] {
    let [high, low] = id.to_be_bytes();
    [suite.version(), high, low]
}

fn associated(header: &[u8; HEADER], context: &str) -> Vec<u8> {
    [header.as_slice(), context.as_bytes()].concat()
}

fn seal_with<C: Aead + KeyInit>(
    key: &[u8],
    nonce: &[u8],
    message: Payload<'_, '_>,
) -> Result<Vec<u8>, Failure> {
    let nonce = Nonce::<C>::try_from(nonce).map_err(|_| Failure)?;
    C::new_from_slice(key).map_err(|_| Failure)?.encrypt(&nonce, message).map_err(|_| Failure)
}

fn open_with<C: Aead + KeyInit>(
    key: &[u8],
    nonce: &[u8],
    sealed: Payload<'_, '_>,
) -> Result<Vec<u8>, Failure> {
    let nonce = Nonce::<C>::try_from(nonce).map_err(|_| Failure)?;
    C::new_from_slice(key).map_err(|_| Failure)?.decrypt(&nonce, sealed).map_err(|_| Failure)
}

fn authenticate<M: Mac + KeyInit<KeySize = U64>>(key: &SecretKey, parts: &[&[u8]]) -> Vec<u8> {
    // HMAC pads a short key with zeros to its block of 64 bytes; with the padded key nothing can fail.
    let mut block = Zeroizing::new([0; 64]);
    block.iter_mut().zip(key.iter()).for_each(|(slot, byte)| *slot = *byte);
    let mut mac = <M as KeyInit>::new((&*block).into());
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

fn random_bytes<const N: usize>() -> Result<[u8; N], KeyringError> {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| KeyringError::NoRandomness)?;
    Ok(bytes)
}

fn random_key() -> Result<SecretKey, KeyringError> {
    random_bytes().map(Zeroizing::new)
}

fn decode_key(text: &str) -> Option<SecretKey> {
    let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
    <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new)
}

/// A warning rather than a refusal: mounted secrets of container platforms are often group-readable.
fn warn_if_others_can_read(path: &Path) {
    #[cfg(unix)]
    if let Ok(metadata) = fs::metadata(path)
        && std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0
    {
        tracing::warn!(path = %path.display(), "the file of keys can be read by other users; chmod 600 it");
    }
}

/// A secret of 256 bits for a session or a link, in 43 characters of base64url. Only its
/// hash is stored ([`Keyring::token_hash`]).
pub fn random_token() -> Result<Zeroizing<String>, KeyringError> {
    let bytes = Zeroizing::new(random_bytes::<32>()?);
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())))
}

/// A number of which every one is equally likely.
pub fn random_number() -> Result<u64, KeyringError> {
    Ok(u64::from_le_bytes(random_bytes()?))
}

/// A code of six digits, every one of the million equally likely. // R72
pub fn six_digits() -> Result<String, KeyringError> {
    loop {
        if let Some(code) = code_of(u32::from_le_bytes(random_bytes()?)) {
            return Ok(code);
        }
    }
}

/// The code a random number stands for; none above the last whole million, so that no code is
/// likelier than another.
fn code_of(random: u32) -> Option<String> {
    const CODES: u32 = 1_000_000;
    (random < u32::MAX / CODES * CODES).then(|| format!("{:06}", random % CODES))
}

/// Equality that takes as long for nearly right as for quite wrong texts.
pub fn same_in_constant_time(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests;
