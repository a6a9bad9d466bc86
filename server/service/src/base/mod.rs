//! What all use cases stand on: database, keys, clock, words of the audit log.

pub mod actor;
pub mod audit;
pub mod calendar;
pub mod clock;
pub mod context;
pub mod db;
pub mod entity;
pub mod error;
pub mod events;
pub mod keyring;
pub(crate) mod known;
pub mod limits;
pub mod numbering;
pub(crate) mod own_desk;
pub mod paging;
pub mod private;
pub mod qr;
pub mod reference;
pub mod region;
pub mod registration;
pub mod retry;
pub mod row_digest;
pub mod sealed_answers;
pub mod text;
pub mod watch;
