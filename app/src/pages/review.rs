//! The officers' pages: dashboard and queue (R61), and one filing with its decision (R62, R63).

mod chart;
mod dashboard;
mod decide;
mod filing;
mod live;
mod presets;
mod queue;
mod zoom;

pub use dashboard::ReviewDashboard;
pub use filing::ReviewFiling;
pub use queue::ReviewQueue;
