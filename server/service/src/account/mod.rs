//! People, their sessions, roles and subjects.

pub mod assurance;
pub mod fingerprints;
pub mod kept_form;
pub mod mail;
pub mod notice;
pub mod notice_settings;
pub mod person;
pub mod rejected_form;
pub mod reviewers;
pub mod roles;
pub mod session;
pub mod sign_in;
pub mod sms;
pub mod subject;
pub mod suspension;
pub mod usage;

use crate::base::context::handle;

handle! {
    /// People, their sessions, roles and subjects.
    Accounts {}
}
