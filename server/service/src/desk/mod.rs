//! What officers do.

pub mod access;
pub mod canned_reason;
pub mod checks;
pub mod claim;
pub mod dashboard;
pub mod decide;
pub mod export;
pub mod held;
pub mod misuse;
pub mod presence;
pub mod queue;
pub mod review;
pub mod saved_view;
