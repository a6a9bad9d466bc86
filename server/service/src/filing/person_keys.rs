//! Keyed hashes by which an officer finds the filings of an individual (R61, R70): the whole name and the whole number
//! of the id document, each for itself, compared for equality and never by parts. They are made with the line “hash”
//! of the file of keys, which does not rotate (see `ops::keys::check`), so that sealing anew leaves them as they are.

use domain::answer::Answers;
use domain::facts;
use domain::value::text::comparison_key;

use crate::account::fingerprints::compact;
use crate::base::keyring::Keyring;

/// By what the individual behind a filing is found; nothing for a unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PersonKeys {
    pub name: Option<String>,
    pub id_no: Option<String>,
}

impl PersonKeys {
    pub fn of(keys: &Keyring, subject: &Answers) -> Self {
        let facts = facts::of_subject(subject);
        if facts.is_unit {
            return Self::default();
        }
        let said = |text: String| Some(text).filter(|text| !text.trim().is_empty());
        Self {
            name: said(facts.name).map(|name| name_hash(keys, &name)),
            id_no: said(facts.principal_id).map(|number| id_no_hash(keys, &number)),
        }
    }
}

/// As names are compared, so that it does not matter how blanks and dots were typed.
pub(crate) fn name_hash(keys: &Keyring, name: &str) -> String {
    keys.fingerprint("filing/person_name", &comparison_key(name))
}

/// Another hash than that of the person's account: what is found of one tells nothing of the other.
pub(crate) fn id_no_hash(keys: &Keyring, id_no: &str) -> String {
    keys.fingerprint("filing/person_id_no", &compact(id_no))
}
