//! What an operator and a clock do.

pub mod audit_chain;
pub mod backup;
pub mod comparison_keys;
pub mod file_copy;
pub mod jobs;
pub mod keys;
pub mod patrol;
pub mod relation_keys;
pub mod sample;
pub mod scale;
