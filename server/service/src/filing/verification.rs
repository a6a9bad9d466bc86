//! The code on the printed result of an assessment: it says that the page came from here. Whoever holds
//! the page asks the public look-up; nothing is stored, the code follows from the record.

use domain::business::Business;

use crate::base::entity::record;
use crate::base::error::Result;
use crate::base::keyring::{Keyring, same_in_constant_time};
use crate::state::row::record_state;

/// Letters and digits that nobody confuses on paper.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

const LENGTH: usize = 12;

/// `ABCD-EFGH-JKLM`; nothing for what has no result in force.
pub(crate) fn code_of(keys: &Keyring, row: &record::Model) -> Result<Option<String>> {
    let is_result = row.business == Business::Assessment.code() && record_state(row)?.is_in_force();
    let Some(digits) = row.registration_digits.as_ref().filter(|_| is_result) else { return Ok(None) };
    let hash = keys.fingerprint("assessment result", &format!("{}/{digits}", row.id));
    let letters = hash.bytes().take(LENGTH).filter_map(|byte| ALPHABET.get(usize::from(byte % 32)));
    let letters: Vec<char> = letters.map(|letter| char::from(*letter)).collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(Some(groups.join("-")))
}

/// Whether a typed code is the right one, however it is spaced.
pub(crate) fn is_right(keys: &Keyring, row: &record::Model, typed: &str) -> Result<bool> {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
    };
    let Some(code) = code_of(keys, row)? else { return Ok(false) };
    Ok(same_in_constant_time(plain(&code).as_bytes(), plain(typed).as_bytes()))
}
