//! What the server tells the pages: plain data, already masked (R70), times already written in
//! Asia/Shanghai (R81). Ids are texts; a page never computes with them. One file for each part of the platform.

mod admin;
mod dashboard;
mod directory;
mod file;
mod filing;
mod form;
mod guide;
mod handover;
mod home;
mod identity;
mod kept_form;
mod misuse;
mod notice;
mod offer;
mod page;
mod queue;
mod record;
mod region;
mod registration;
mod review;
mod session;

pub use admin::*;
pub use dashboard::*;
pub use directory::*;
pub use file::*;
pub use filing::*;
pub use form::*;
pub use guide::*;
pub use handover::*;
pub use home::*;
pub use identity::*;
pub use kept_form::*;
pub use misuse::*;
pub use notice::*;
pub use offer::*;
pub use page::*;
pub use queue::*;
pub use record::*;
pub use region::*;
pub use registration::*;
pub use review::*;
pub use session::*;
