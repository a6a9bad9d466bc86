//! What applicants do.

pub mod badge;
pub mod cancel;
pub mod draft;
pub mod handover;
pub mod home;
pub mod identity_check;
pub mod offers;
pub mod progress;
pub mod redraft;
pub mod reminder;
pub mod submit;
pub mod talk;
