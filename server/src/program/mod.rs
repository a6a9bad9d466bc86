//! The program's parts put together: from the configuration to the router that answers everything, and what runs
//! beside the requests.

#[cfg(feature = "dev")]
mod development;
#[cfg(not(feature = "dev"))]
#[path = "no_development.rs"]
mod development;
mod health_probe;
mod open;
mod router;
mod run;

pub use open::{file_store, migrate, open, open_as_it_is, open_database, use_cases};
pub use router::{Shared, router};
pub use run::{about, run, seed_samples};
