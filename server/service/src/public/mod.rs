//! What everybody may see.

pub mod guide;
pub mod lookup;
pub mod misuse;
