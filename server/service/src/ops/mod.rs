//! What an operator and a clock do.

pub mod audit_chain;
pub mod backup;
pub mod comparison_keys;
pub mod jobs;
pub mod keys;
pub mod patrol;
pub mod platform;
pub mod pulse;
pub mod relation_keys;
pub mod sample;
pub mod scale;
