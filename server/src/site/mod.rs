//! What is shown: the pages of `app`, drawn here, and the built files they load.

pub mod app_pages;
pub mod assets;
pub mod embedded;
mod executor;
