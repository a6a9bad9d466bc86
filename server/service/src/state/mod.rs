//! What state a row is in, and the only ways from one to the next.

pub mod counters;
pub mod domains;
pub mod elapsed;
pub mod history;
pub mod pause;
pub mod row;
pub mod rulings;
pub mod scene;
pub mod transition;
