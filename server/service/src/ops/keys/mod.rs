//! The keys over a whole database: whether they fit it, and sealing it anew under new ones.

pub mod check;
pub mod reseal;
#[cfg(test)]
mod tests;
