//! What administrators, keepers and auditors do.

pub mod appointment;
pub mod audit_line;
pub mod audit_log;
pub mod by;
pub mod directory;
pub mod holiday_list;
pub mod holidays;
pub mod people;
pub mod staff;
