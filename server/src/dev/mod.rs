//! What only development has, and release images are built without (feature `dev`): an identity provider of our own with
//! sample people and filings, the page of text messages, a clock that can be put forward.

pub mod clock;
pub mod idp;
pub mod outbox;
pub mod samples;
pub mod world;
