//! Names under which personal columns are sealed, and keyed hashes by which people are found again without their numbers being readable.

use crate::base::keyring::Keyring;

/// The hash by which people and staff are found by id number, however it is typed.
pub(crate) fn id_no_hash(keys: &Keyring, id_no: &str) -> String {
    keys.fingerprint("id_no", &compact(id_no))
}

/// The hash by which a mobile number is compared.
pub(crate) fn mobile_hash(keys: &Keyring, mobile: &str) -> String {
    keys.fingerprint("mobile", &compact(mobile))
}

/// Half-width, in capitals, without blanks: how codes are compared.
pub(crate) fn compact(text: &str) -> String {
    domain::value::text::compact_code(text)
}

pub(crate) fn context(person_id: &str, field: &str) -> String {
    format!("person/{person_id}/{field}")
}
