//! What the command line does beside serving. Each gives the code the process ends with, or sentences for the operator
//! where it could not begin.

pub mod audit;
pub mod backup;
pub mod database;
pub mod doctor;
mod exit_code;
pub mod files;
pub mod keys;
pub mod manual;
#[cfg(feature = "dev")]
pub mod scale;
pub mod staff;
