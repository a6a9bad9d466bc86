//! Filings as their owners see them, and what goes along with them.

pub mod badge;
pub mod bundle;
pub mod eligibility;
pub mod facts;
pub mod misuse;
pub mod name_suffix;
pub mod network;
pub mod patrol;
pub mod person_keys;
pub mod providers;
pub mod record;
pub mod relation;
pub mod rows;
pub mod second_look;
pub mod talk;
pub mod verification;
pub mod view;
pub mod withdraw;

use crate::account::Accounts;
use crate::base::context::handle;
use crate::files::Files;
use crate::filing::record::Records;

handle! {
    /// Filings as their owners see them, and what goes along with them.
    Filings {
        accounts: Accounts,
        files: Files,
        records: Records,
    }
}
