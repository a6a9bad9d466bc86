//! What every use case stands on, and what an operator decides.

use std::sync::Arc;

use crate::base::clock::Clock;
use crate::base::db::{Db, new_id};
use crate::base::entity::reason;
use crate::base::events::Events;
use crate::base::keyring::Keyring;
use crate::base::known::{Known, KnownCalendar, KnownNames};
use crate::base::limits::PersonLimits;
use crate::base::servers::Servers;
use crate::base::watch::Watch;

/// Cheap to clone.
#[derive(Clone)]
pub struct Context {
    pub(crate) db: Db,
    pub(crate) keys: Arc<Keyring>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Arc<Settings>,
    /// Tells open desks that something changed (R61).
    pub(crate) events: Arc<Events>,
    /// Those that work on the same database.
    pub(crate) servers: Arc<Servers>,
    /// What this program counts of itself.
    pub(crate) watch: Arc<Watch>,
    pub(crate) calendar: Arc<KnownCalendar>,
    pub(crate) names: Arc<KnownNames>,
    /// 常用意见
    pub(crate) reasons: Arc<Known<Vec<reason::Model>>>,
}

impl Context {
    pub(crate) fn new(db: Db, keys: Arc<Keyring>, clock: Arc<dyn Clock>, settings: Settings) -> Self {
        let events = Arc::new(Events::new(db.clone()));
        let watch = Arc::new(Watch::new(clock.clone()));
        let servers = Arc::new(Servers::new(db.clone(), new_id(clock.now()), watch.started()));
        Context {
            db,
            keys,
            clock,
            settings: Arc::new(settings),
            events,
            servers,
            watch,
            calendar: Arc::default(),
            names: Arc::default(),
            reasons: Arc::default(),
        }
    }
}

/// A group of use cases: what it is for, and the lower groups it calls. `own` is what it has for itself.
macro_rules! handle {
    (
        $(#[$doc:meta])*
        $name:ident { $($lower:ident: $type:ty),* $(,)? } $(own { $($own:ident: $kind:ty),* $(,)? })?
    ) => {
        $(#[$doc])*
        pub struct $name {
            pub(crate) context: $crate::base::context::Context,
            $($lower: std::sync::Arc<$type>,)*
            $($(pub(crate) $own: $kind,)*)?
        }

        impl $name {
            #[allow(clippy::too_many_arguments)]
            pub(crate) fn new(
                context: &$crate::base::context::Context
                $(, $lower: &std::sync::Arc<$type>)*
                $($(, $own: $kind)*)?
            ) -> std::sync::Arc<Self> {
                let context = context.clone();
                $(let $lower = std::sync::Arc::clone($lower);)*
                std::sync::Arc::new($name { context, $($lower,)* $($($own,)*)? })
            }
        }
    };
}
pub(crate) use handle;

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
    /// For so many seconds an officer can take back what they have just done, and nobody is told of it yet; 0 for not
    /// at all.
    pub undo_seconds: i64,
    /// So many of a hundred decisions a second officer judges blind; 0 for none.
    pub second_look_percent: u8,
    /// How much one person may do.
    pub limits: PersonLimits,
    pub assurance: Assurance,
    pub patrol: PatrolSettings,
}

/// How filings in force are looked at, where the operator lets them be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatrolSettings {
    /// Each at most once in so many days.
    pub days: i64,
    /// So many at the same time, and in one round of a minute.
    pub at_once: u64,
}

impl Default for PatrolSettings {
    fn default() -> Self {
        PatrolSettings { days: 14, at_once: 4 }
    }
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
            undo_seconds: 10,
            second_look_percent: 0,
            limits: PersonLimits::GENEROUS,
            assurance: Assurance::default(),
            patrol: PatrolSettings::default(),
        }
    }
}
