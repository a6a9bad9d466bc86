//! One file for each business, and the blocks they share. A block is a constant, used as often as
//! it is asked.

pub mod blocks;
pub mod subject;
pub mod website;

use crate::procedure::Business;
use crate::schema::Form;

/// The form of a business. What has none yet cannot be filed.
pub fn of(business: Business) -> Option<&'static Form> {
    match business {
        Business::Subject => Some(&subject::FORM),
        Business::Website => Some(&website::FORM),
        Business::App | Business::MiniProgram | Business::Provider | Business::Market | Business::Assessment => None,
    }
}

pub fn all() -> impl Iterator<Item = &'static Form> {
    Business::ALL.iter().filter_map(|business| of(*business))
}
