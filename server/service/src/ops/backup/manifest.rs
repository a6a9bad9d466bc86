//! What a backup says of itself: which parts it has, what they hash to, and what is needed to read them.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::base::digest::{Algorithm, Digest};
use crate::base::keyring::{Keyring, same_in_constant_time};
use crate::base::private;

/// Raised when a backup is laid out in another way: the first has SHA-256 alone, the second SM3 instead.
const FORMATS: [(Algorithm, u32); 2] = [(Algorithm::Sha256, 1), (Algorithm::Sm3, 2)];

const NAME: &str = "manifest.json";

const PURPOSE: &str = "backup manifest";

const KEY_PURPOSE: &str = "backup key";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    pub fn of(url: &str) -> Self {
        if url.starts_with("sqlite:") { Kind::Sqlite } else { Kind::Postgres }
    }

    /// What the copy of the database is called.
    pub fn file(self) -> &'static str {
        match self {
            Kind::Sqlite => "database.sqlite",
            Kind::Postgres => "database.pgdump",
        }
    }
}

/// How large a part is, in bytes, and what it hashes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "WrittenPart", try_from = "WrittenPart")]
pub struct Part {
    pub size: u64,
    pub digest: Digest,
}

/// A part as it stands in the manifest: its digest bears the name of what made it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPart {
    size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sm3: Option<String>,
}

impl From<Part> for WrittenPart {
    fn from(Part { size, digest: Digest { algorithm, hex } }: Part) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self { size, sha256: Some(hex), sm3: None },
            Algorithm::Sm3 => Self { size, sha256: None, sm3: Some(hex) },
        }
    }
}

impl TryFrom<WrittenPart> for Part {
    type Error = &'static str;

    fn try_from(written: WrittenPart) -> Result<Self, Self::Error> {
        let (algorithm, hex) = match (written.sha256, written.sm3) {
            (Some(hex), None) => (Algorithm::Sha256, hex),
            (None, Some(hex)) => (Algorithm::Sm3, hex),
            _ => return Err("a part has one digest"),
        };
        Ok(Self { size: written.size, digest: Digest { algorithm, hex } })
    }
}

impl Part {
    pub fn of(path: &Path, algorithm: Algorithm) -> std::io::Result<Self> {
        let mut file = fs::File::open(path)?;
        let mut hash = algorithm.hasher();
        let mut size = 0;
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = file.read(&mut buffer)?;
            let Some(some) = buffer.get(..read).filter(|some| !some.is_empty()) else { break };
            hash.update(some);
            size += some.len() as u64;
        }
        Ok(Part { size, digest: hash.finish() })
    }

    pub fn of_bytes(bytes: &[u8], algorithm: Algorithm) -> Self {
        Part { size: bytes.len() as u64, digest: algorithm.digest(bytes) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    pub number: i64,
    pub hash: String,
}

/// What the copied database holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// The last step of the database's history, and how many there were.
    pub schema: String,
    pub schema_steps: u64,
    /// The last line of the audit log.
    pub audit_head: Option<Head>,
    pub people: u64,
    pub records: u64,
    pub filings: u64,
    pub uploads: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: u32,
    /// The version of the program that made it.
    pub program: String,
    pub made_at: String,
    pub kind: Kind,
    pub database: Part,
    /// The list of files with what each hashes to; its name is that of `list_name`.
    pub list: Part,
    pub files: u64,
    pub bytes: u64,
    pub contents: Contents,
    /// The keys that are needed to read it; they are never in it.
    pub key_ids: Vec<u16>,
    /// Tells whether the `hash` line of the keys is the right one.
    pub hash_check: String,
}

/// The manifest as it lies in the backup, with a hash that nobody makes without the keys.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    manifest: Manifest,
    mac: String,
}

/// The number of the layout in which digests are made so.
pub fn format_of(algorithm: Algorithm) -> u32 {
    FORMATS.iter().find(|(of, _)| *of == algorithm).map_or(0, |(_, format)| *format)
}

/// What the list of files is called. `sha256sum -c files.sha256` reads it, or `cksum -a sm3 -c files.sm3`.
pub fn list_name(algorithm: Algorithm) -> String {
    format!("files.{}", algorithm.name())
}

pub fn hash_check(keys: &Keyring) -> String {
    keys.fingerprint(KEY_PURPOSE, "")
}

fn mac(keys: &Keyring, manifest: &Manifest) -> Result<String, serde_json::Error> {
    Ok(keys.fingerprint(PURPOSE, &serde_json::to_string(manifest)?))
}

/// Why a manifest is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unbelievable {
    #[error("{NAME} is not there or cannot be read ({0}): this is no whole backup")]
    Missing(String),
    #[error("{NAME} is damaged")]
    Damaged,
    #[error("The backup was made by a newer version of the program; use that one")]
    Newer,
    #[error(
        "The backup was made with another “hash …” line than these keys have: use the file of keys that \
         belongs to it"
    )]
    OtherHash,
    #[error(
        "The backup needs key {0}, which is not among these keys: use the file of keys that belongs to it"
    )]
    MissingKey(u16),
}

impl Manifest {
    /// What made the digests of this backup.
    pub fn algorithm(&self) -> Algorithm {
        self.list.digest.algorithm
    }

    pub fn write(&self, directory: &Path, keys: &Keyring) -> std::io::Result<()> {
        let written = Written { mac: mac(keys, self)?, manifest: self.clone() };
        let mut text = serde_json::to_vec_pretty(&written)?;
        text.push(b'\n');
        private::write(&directory.join(NAME), &text)
    }

    pub fn read(directory: &Path, keys: &Keyring) -> Result<Self, Unbelievable> {
        let text = fs::read(directory.join(NAME))
            .map_err(|error| Unbelievable::Missing(error.kind().to_string()))?;
        #[derive(Deserialize)]
        struct OfFormat {
            manifest: Format,
        }
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let of: OfFormat = serde_json::from_slice(&text).map_err(|_| Unbelievable::Damaged)?;
        if FORMATS.iter().all(|(_, known)| of.manifest.format != *known) {
            return Err(Unbelievable::Newer);
        }
        let written: Written = serde_json::from_slice(&text).map_err(|_| Unbelievable::Damaged)?;
        let manifest = written.manifest;
        if manifest.hash_check != hash_check(keys) {
            return Err(Unbelievable::OtherHash);
        }
        let mac = mac(keys, &manifest).map_err(|_| Unbelievable::Damaged)?;
        if !same_in_constant_time(mac.as_bytes(), written.mac.as_bytes()) {
            return Err(Unbelievable::Damaged);
        }
        let known = keys.key_ids();
        match manifest.key_ids.iter().find(|id| !known.contains(id)) {
            Some(id) => Err(Unbelievable::MissingKey(*id)),
            None => Ok(manifest),
        }
    }
}
