//! TODO

pub mod check;
pub mod reseal;
