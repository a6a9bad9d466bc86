//! The officers' pages: dashboard and queue (R61), and one filing with its decision (R62, R63).

mod chart;
mod claims;
mod dashboard;
mod decide;
mod filing;
mod held;
mod live;
mod misuse;
mod queue;
mod shortcuts;
mod transfer;
mod zoom;

pub use claims::ReviewClaims;
pub use dashboard::ReviewDashboard;
pub use filing::ReviewFiling;
pub use held::HeldFilingPage;
pub use misuse::MisuseReports;
pub use queue::ReviewQueue;
