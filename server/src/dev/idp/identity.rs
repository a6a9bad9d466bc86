//! Who the embedded provider vouches for: the sample people, and those made by hand.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::dev::samples::Sample;

pub const ID_KIND: &str = "resident_id";

impl Sample {
    /// What the embedded provider calls the person.
    pub fn sub(&self) -> String {
        sub_of(self.id_number)
    }
}

/// The lasting name of whoever has this id number, the same after every restart.
pub fn sub_of(id_number: &str) -> String {
    let digest = Sha256::new().chain_update("embedded identity\0").chain_update(id_number).finalize();
    hex(digest.get(..16).unwrap_or_default())
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub name: String,
    pub mobile: String,
    pub id_number: String,
}

impl From<&Sample> for Identity {
    fn from(sample: &Sample) -> Self {
        Self { name: sample.name.into(), mobile: sample.mobile.into(), id_number: sample.id_number.into() }
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use domain::value::id_number::check_person_id;
    use domain::value::phone::check_mobile;

    use super::*;
    use crate::dev::samples::SAMPLES;

    const TODAY: time::Date = time::macros::date!(2026 - 11 - 02);

    #[test]
    fn every_sample_person_has_right_numbers_and_a_sub_of_its_own() {
        for sample in SAMPLES {
            let id_number = check_person_id(ID_KIND, sample.id_number, TODAY);
            assert_eq!(id_number.as_deref(), Ok(sample.id_number), "{}", sample.name);
            assert_eq!(check_mobile(sample.mobile).as_deref(), Ok(sample.mobile), "{}", sample.name);
        }
        let mut subs: Vec<_> = SAMPLES.iter().map(Sample::sub).collect();
        subs.sort();
        subs.dedup();
        assert_eq!(subs.len(), SAMPLES.len());
    }
}
