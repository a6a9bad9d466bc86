//! The server's foundation over real sockets and in process: sign-in, and what every request passes
//! through.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod backup;
mod bad_input;
#[path = "../../service/tests/common/bucket.rs"]
#[allow(dead_code)]
mod bucket;
mod collector;
mod command_line;
mod events;
mod files;
mod guards;
mod health;
mod identity;
mod open_api;
mod program;
mod sample_filings;
mod sign_in;
mod stage;
mod statements;
mod strangers;
mod supervisor;
mod upgrade;
mod watch;
