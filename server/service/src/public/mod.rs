//! What everybody may see.

pub mod lookup;
