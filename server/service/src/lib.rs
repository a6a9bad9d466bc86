//! The use cases: every function here is one thing a person, an officer or the clock does, whole,
//! in one transaction, authorised, and recorded. Database rows never leave this crate; personal
//! values leave it masked.

pub mod actor;
pub mod clock;
pub mod db;
mod entity;
pub mod error;
pub mod keyring;
pub mod papers;
pub mod reference;
pub mod region;
pub mod registration;

use std::sync::Arc;

use tokio::sync::broadcast;

pub use actor::{Actor, Role};
pub use error::{Error, Result};

use crate::clock::Clock;
use crate::db::Db;
use crate::keyring::Keyring;

/// Everything the use cases stand on. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    pub(crate) db: Db,
    pub(crate) keys: Arc<Keyring>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Arc<Settings>,
    /// Tells open dashboards that something changed (R61).
    pub(crate) bell: broadcast::Sender<Change>,
}

/// What an operator decides.
#[derive(Debug, Clone)]
pub struct Settings {
    /// 联网备案服务平台
    pub platform_name: String,
    /// The sign of registration numbers: “测” for demonstrations, “province” for the real ones.
    pub registration_sign: String,
    /// `https://…`, without a slash at the end; stands in the snippets.
    pub public_url: String,
    /// Id number of the first administrator (R60).
    pub first_administrator: Option<String>,
    /// After so many whole days an open filing counts as overdue.
    pub overdue_days: i64,
    /// The ground and the remedy a refusal names.
    pub rejection_remedy: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            platform_name: "联网备案服务平台".to_owned(),
            registration_sign: "测".to_owned(),
            public_url: "http://127.0.0.1:3000".to_owned(),
            first_administrator: None,
            overdue_days: 7,
            rejection_remedy: "如不服本决定，可自收到之日起六十日内向上一级公安机关申请行政复议，或在六个月内向人民法院提起行政诉讼。".to_owned(),
        }
    }
}

/// A filing that changed, for those who watch its region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub filing_id: String,
    pub jurisdiction: String,
}
