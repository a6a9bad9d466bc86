//! One file for each business, and the blocks they share. A block is a constant, used as often as
//! it is asked.

pub mod blocks;
pub mod identity;
pub mod subject;
pub mod website;

use crate::procedure::{Action, Business, Procedure};
use crate::schema::Form;

/// The form of a business. What has none yet cannot be filed.
pub fn of(business: Business) -> Option<&'static Form> {
    match business {
        Business::Subject => Some(&subject::FORM),
        Business::Website => Some(&website::FORM),
        Business::App
        | Business::MiniProgram
        | Business::Provider
        | Business::Market
        | Business::Assessment => None,
    }
}

/// The form whose answers a filing of this procedure holds: a cancellation asks the same of every
/// business (R22, R36).
pub fn of_procedure(procedure: Procedure) -> Option<&'static Form> {
    let form = of(procedure.business)?;
    match procedure.action {
        Action::New | Action::Change => Some(form),
        Action::Cancel => Some(&identity::CANCEL),
    }
}

/// The forms of all businesses, and the one of cancellations.
pub fn all() -> impl Iterator<Item = &'static Form> {
    Business::ALL.iter().filter_map(|business| of(*business)).chain([&identity::CANCEL])
}
