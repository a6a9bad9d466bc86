//! The server program's parts; each module names only those below it. `main.rs` is the command line; use cases live in
//! `service`, pages in `app`.

pub mod commands;
pub mod program;

#[cfg(feature = "dev")]
pub mod dev;
pub mod routes;
pub mod site;

pub mod auth;
pub mod listener;

pub mod http;

pub mod command_line;
pub mod config;
pub mod notify;
pub(crate) mod random;
pub mod supervisor;
pub mod tls;
pub mod watch;
