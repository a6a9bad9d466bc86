//! What officers do.

pub mod access;
pub mod batch;
pub mod canned_reason;
pub mod checks;
pub mod claim;
pub mod dashboard;
pub mod decide;
mod elsewhere;
pub mod export;
pub mod held;
pub mod history;
pub mod load;
pub mod misuse;
pub mod patrol;
pub mod presence;
pub mod queue;
pub mod reassign;
pub mod relatives;
pub mod return_reasons;
pub mod review;
pub mod saved_view;
pub mod second_look;
pub mod setting;
pub mod talk;
pub mod undo;
