//! The use cases: every function here is one thing a person, an officer or the clock does, whole,
//! in one transaction, authorised, and recorded. Database rows never leave this crate; personal
//! values leave it masked.

#[cfg(test)]
extern crate self as service;

pub mod account;
pub mod actor;
mod assurance;
pub mod audit;
mod audit_search;
pub mod backup;
pub mod bell;
pub mod calendar;
mod cancel;
mod check;
mod claim;
pub mod clock;
mod comparison;
mod dashboard;
pub mod db;
mod decide;
mod directory;
mod draft;
mod entity;
pub mod error;
pub mod export;
pub mod file;
mod filing;
mod handover;
mod held;
mod home;
mod identity;
pub mod jobs;
pub mod key_check;
pub mod keyring;
pub mod limit;
mod look;
mod lookup;
pub mod network;
mod notice;
mod number;
mod offer;
mod own_record;
pub mod papers;
pub mod person;
pub mod private;
mod queue;
mod reason;
mod record;
pub mod reference;
pub mod region;
pub mod registration;
pub mod reseal;
mod review;
mod row_digest;
pub mod sample;
mod saved_view;
mod scale;
pub mod sms;
mod staff;
mod submit;
mod tally;
mod transition;
pub mod upload;
mod verification;

use std::sync::Arc;

pub use actor::{Actor, Role};
pub use assurance::{PROVE_ANEW, Proof};
pub use bell::{Change, Missed, OpenPage, What};
pub use decide::{Remark, Ruling};
pub use directory::ProviderEntry;
pub use error::{Error, Result};
pub use limit::PersonLimits;
pub use scale::Measured;
pub use staff::FirstAdministrator;

use crate::bell::Bell;
use crate::clock::Clock;
use crate::db::Db;
use crate::keyring::Keyring;
use crate::network::Outbound;
use crate::sms::gateway::Gateway;
use crate::upload::child::FileCheck;
use crate::upload::store::FileStore;

#[cfg(test)]
#[path = "../tests/common/acts.rs"]
mod acts;
#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod common;

/// Everything the use cases stand on. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    pub(crate) db: Db,
    pub(crate) keys: Arc<Keyring>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) files: FileStore,
    pub(crate) file_check: FileCheck,
    pub(crate) gateway: Gateway,
    pub(crate) settings: Arc<Settings>,
    /// Tells open desks that something changed (R61).
    pub(crate) bell: Arc<Bell>,
    /// Small pictures that the audit log tells about.
    pub(crate) shown: Arc<look::Shown>,
    /// The way to the internet; without one nothing is asked there.
    pub(crate) outbound: Option<Arc<dyn Outbound>>,
}

impl Service {
    /// Files are read by this program started anew, and text messages go to the outbox alone,
    /// unless [`with_file_check`](Service::with_file_check) and [`with_gateway`](Service::with_gateway)
    /// say otherwise.
    pub fn new(
        db: Db,
        keys: Arc<Keyring>,
        clock: Arc<dyn Clock>,
        files: FileStore,
        settings: Settings,
    ) -> Self {
        // Where this program cannot be found, no file is accepted, and the log says why.
        let file_check = FileCheck::by_this_program()
            .unwrap_or_else(|_| FileCheck::by_program("this-program-cannot-be-found".into(), Vec::new()));
        let bell = Arc::new(Bell::new(db::new_id(clock.now())));
        let settings = Arc::new(settings);
        let gateway = Gateway::Outbox;
        let shown = Arc::default();
        Service { db, keys, clock, files, file_check, gateway, settings, bell, shown, outbound: None }
    }

    pub fn with_file_check(mut self, file_check: FileCheck) -> Self {
        self.file_check = file_check;
        self
    }

    /// What the operator calls the platform.
    pub fn platform_name(&self) -> &str {
        &self.settings.platform_name
    }

    pub fn files(&self) -> &FileStore {
        &self.files
    }

    pub fn with_gateway(mut self, gateway: Gateway) -> Self {
        self.gateway = gateway;
        self
    }
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
    /// So many working days after the one it came in an open filing is not yet overdue.
    pub overdue_days: i64,
    /// The remedy a refusal names.
    pub rejection_remedy: String,
    /// The legal grounds a refusal can name; the first is named where the officer chose none.
    pub rejection_grounds: Vec<String>,
    /// So many minutes without the officer doing anything, and a claim lapses (R62).
    pub claim_minutes: i64,
    /// How much one person may do.
    pub limits: PersonLimits,
    pub assurance: Assurance,
}

/// How sure the identity platform must be of a person; nothing is demanded where the operator says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assurance {
    /// Levels (`acr`) of which a sign-in that gives roles has one; any where there is none.
    pub staff_acr: Vec<String>,
    /// A sign-in that gives roles follows so many minutes after the person proved themselves (`auth_time`).
    pub staff_max_age_minutes: Option<i64>,
    /// Cancelling, handing over and ending one's other sessions ask for a proof that is younger than this.
    pub fresh_minutes: Option<i64>,
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
            rejection_grounds: [
                "《计算机信息网络国际联网安全保护管理办法》第十二条",
                "《中华人民共和国网络安全法》第二十四条",
                "《互联网信息服务管理办法》第十五条",
            ]
            .map(str::to_owned)
            .to_vec(),
            claim_minutes: 30,
            limits: PersonLimits::GENEROUS,
            assurance: Assurance::default(),
        }
    }
}
