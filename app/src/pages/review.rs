//! The officers' pages: dashboard and queue (R61), and one filing with its decision (R62, R63).

mod address;
mod batch;
mod chart;
mod claims;
mod dashboard;
mod decide;
mod display;
mod documents;
mod filing;
mod held;
mod history;
mod live;
mod live_rows;
mod load;
mod misuse;
mod patrol;
mod peek;
mod period;
mod queue;
mod relatives;
mod return_reasons;
mod rows;
mod second_look;
mod shortcuts;
mod transfer;
mod undo;

pub use batch::{BatchPlanPage, BatchReportPage};
pub use claims::ReviewClaims;
pub use dashboard::ReviewDashboard;
pub use filing::ReviewFiling;
pub use held::HeldFilingPage;
pub use history::ReviewHistory;
pub use load::OfficerLoads;
pub use misuse::MisuseReports;
pub use patrol::PatrolFindings;
pub use peek::PeekPage;
pub use queue::ReviewQueue;
#[cfg(feature = "ssr")]
pub use queue::queue_news_html;
pub use return_reasons::ReturnReasonsPage;
pub use second_look::{SecondLook, SecondLookReport, SecondLooks};
