//! What an operator and a clock do.

pub mod audit_chain;
pub mod backup;
pub mod comparison_keys;
pub mod file_copy;
pub mod job_leases;
pub mod jobs;
pub mod keys;
pub mod network_use;
pub mod patrol;
pub mod platform;
pub mod pulse;
pub mod relation_keys;
pub mod sample;
pub mod scale;
pub mod sign_of_life;
pub mod staffing;
