//! The keys over a whole database: whether they fit it, and sealing it anew under new ones.

pub mod check;
#[cfg(test)]
mod national;
pub mod reseal;
