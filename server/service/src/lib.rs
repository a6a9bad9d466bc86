//! The use cases: every function here is one thing a person, an officer or the clock does, whole,
//! in one transaction, authorised, and recorded. Database rows never leave this crate; personal
//! values leave it masked.
//!
//! A folder names only what stands below it: `ops`, then `applicant`, `desk`, `admin` and `public`, then
//! `filing`, `state`, `account` and `files`, and `base` under all of them.

#[cfg(test)]
extern crate self as service;

mod account;
mod admin;
mod applicant;
mod base;
mod desk;
mod files;
mod filing;
mod ops;
mod public;
mod state;

#[cfg(test)]
#[path = "../tests/common/acts.rs"]
mod acts;
#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod common;

use std::ops::Deref;
use std::sync::{Arc, Mutex};

use time::OffsetDateTime;
use tokio::sync::{OnceCell, Semaphore, watch as channel};

pub use account::assurance::Proof;
pub use account::person::{Claims, SESSION_LIFETIME};
pub use account::roles::FirstAdministrator;
pub use account::{mail, sms, suspension};
pub use admin::directory::ProviderEntry;
pub use applicant::talk::TypedAnswer;
pub use base::actor::{Actor, Role};
pub use base::change::{Change, What};
pub use base::context::{Assurance, PatrolSettings, Settings};
pub use base::error::{Error, Result};
pub use base::events::{Missed, Subscription, Told};
pub use base::limits::PersonLimits;
pub use base::{
    actor, calendar, clock, db, error, keyring, patience, private, reference, region, registration,
    sealed_answers, servers, watch,
};
pub use desk::batch::BatchOrder;
pub use desk::decide::request::{DecisionRequest, Remark, Together};
pub use desk::presence::OpenPage;
pub use desk::reassign::Reassignment;
pub use files::mark::{MarkError, WrongPlace};
pub use files::upload;
pub use filing::network;
pub use ops::audit_chain::{AuditVerdict, BadRow, RowFault, audited_columns};
pub use ops::pulse::{FilesPulse, OutboxPulse, Pulse, QueuePulse};
pub use ops::scale::Measured;
pub use ops::{backup, file_copy, job_leases, jobs, keys, sample};
pub use public::lookup::Lookup;
pub use public::misuse::MisuseTold;

use crate::account::Accounts;
use crate::account::kept_form::KeptForms;
use crate::account::mail::Mailer;
use crate::account::notice::Notices;
use crate::account::notice_settings::NoticeSettings;
use crate::account::rejected_form::RejectedForms;
use crate::account::sms::TextMessages;
use crate::account::sms::gateway::Gateway;
use crate::account::usage::Usage;
use crate::admin::appointment::Appointments;
use crate::admin::audit_log::AuditLog;
use crate::admin::directory::Directories;
use crate::admin::holiday_list::HolidayLists;
use crate::admin::holidays::Holidays;
use crate::admin::people::People;
use crate::admin::staff::Staff;
use crate::applicant::badge::{BadgeChecks, MOST_AT_ONCE};
use crate::applicant::cancel::Cancellations;
use crate::applicant::draft::Drafts;
use crate::applicant::handover::Handovers;
use crate::applicant::home::HomePage;
use crate::applicant::identity_check::IdentityChecks;
use crate::applicant::offers::Offers;
use crate::applicant::progress::Cases;
use crate::applicant::redraft::Redrafts;
use crate::applicant::reminder::Reminders;
use crate::applicant::submit::Submissions;
use crate::applicant::talk::Talks;
use crate::base::clock::Clock;
use crate::base::context::Context;
use crate::base::db::Db;
use crate::base::events::Events;
use crate::base::keyring::Keyring;
use crate::base::servers::Servers;
use crate::base::watch::Watch;
use crate::desk::access::DeskAccess;
use crate::desk::batch::Batches;
use crate::desk::canned_reason::CannedReasons;
use crate::desk::checks::MachineChecks;
use crate::desk::claim::FilingClaims;
use crate::desk::dashboard::Dashboards;
use crate::desk::decide::Decisions;
use crate::desk::export::Exports;
use crate::desk::held::HeldFilings;
use crate::desk::history::Histories;
use crate::desk::load::Loads;
use crate::desk::misuse::MisuseDesk;
use crate::desk::patrol::PatrolDesk;
use crate::desk::presence::Presence;
use crate::desk::queue::Queues;
use crate::desk::reassign::Reassignments;
use crate::desk::relatives::Relatives;
use crate::desk::return_reasons::ReturnTallies;
use crate::desk::review::Reviews;
use crate::desk::saved_view::SavedViews;
use crate::desk::second_look::SecondLooks;
use crate::desk::second_look::judge::SecondLookDesk;
use crate::desk::second_look::results::SecondLookReports;
use crate::desk::setting::DisplaySettings;
use crate::desk::talk::TalkDesk;
use crate::desk::undo::Undos;
use crate::files::Files;
use crate::files::thumbnail_looks::Shown;
use crate::files::upload::child::FileCheck;
use crate::files::upload::store::FileStore;
use crate::filing::Filings;
use crate::filing::network::{NetworkChecks, Outbound};
use crate::filing::record::Records;
use crate::ops::audit_chain::AuditChain;
use crate::ops::comparison_keys::ComparisonKeys;
use crate::ops::job_leases::JobLeases;
use crate::ops::jobs::Jobs;
use crate::ops::keys::check::KeyChecks;
use crate::ops::keys::reseal::Reseals;
use crate::ops::network_use::NetworkUse;
use crate::ops::patrol::Patrols;
use crate::ops::platform::Platforms;
use crate::ops::pulse;
use crate::ops::pulse::Pulses;
use crate::ops::relation_keys::RelationKeys;
use crate::ops::sample::Samples;
use crate::ops::scale::Scale;
use crate::public::guide::Guides;
use crate::public::misuse::MisuseReports;
use crate::state::counters::Counters;

/// Everything the use cases stand on. Cheap to clone.
#[derive(Clone)]
struct Parts {
    context: Context,
    files: FileStore,
    file_check: FileCheck,
    gateway: Gateway,
    mailer: Mailer,
    /// The way to the internet; without one nothing is asked there.
    outbound: Option<Arc<dyn Outbound>>,
    /// The same for looks at filings in force.
    patrol: Option<Arc<dyn Outbound>>,
}

/// Gives out the use cases, in groups. Cheap to clone, which every request does several times.
#[derive(Clone)]
pub struct Service(Arc<UseCases>);

impl Deref for Service {
    type Target = UseCases;

    fn deref(&self) -> &UseCases {
        &self.0
    }
}

/// The groups of use cases.
pub struct UseCases {
    parts: Parts,
    /// What happens on the desk while it happens.
    pub events: Arc<Events>,
    pub servers: Arc<Servers>,
    /// What this program counts of itself.
    pub watch: Arc<Watch>,
    pub accounts: Arc<Accounts>,
    pub appointments: Arc<Appointments>,
    pub audit_chain: Arc<AuditChain>,
    pub audit_log: Arc<AuditLog>,
    pub badge_checks: Arc<BadgeChecks>,
    pub batches: Arc<Batches>,
    pub cancellations: Arc<Cancellations>,
    pub canned_reasons: Arc<CannedReasons>,
    pub cases: Arc<Cases>,
    pub comparison_keys: Arc<ComparisonKeys>,
    pub counters: Arc<Counters>,
    pub dashboards: Arc<Dashboards>,
    pub decisions: Arc<Decisions>,
    pub directories: Arc<Directories>,
    pub display_settings: Arc<DisplaySettings>,
    pub drafts: Arc<Drafts>,
    pub exports: Arc<Exports>,
    pub files: Arc<Files>,
    pub filing_claims: Arc<FilingClaims>,
    pub filings: Arc<Filings>,
    pub guides: Arc<Guides>,
    pub handovers: Arc<Handovers>,
    pub histories: Arc<Histories>,
    pub held_filings: Arc<HeldFilings>,
    pub holiday_lists: Arc<HolidayLists>,
    pub holidays: Arc<Holidays>,
    pub home_page: Arc<HomePage>,
    pub identity_checks: Arc<IdentityChecks>,
    pub job_leases: Arc<JobLeases>,
    pub jobs: Arc<Jobs>,
    pub kept_forms: Arc<KeptForms>,
    pub key_checks: Arc<KeyChecks>,
    pub loads: Arc<Loads>,
    pub lookup: Arc<Lookup>,
    pub machine_checks: Arc<MachineChecks>,
    pub misuse_desk: Arc<MisuseDesk>,
    pub misuse_reports: Arc<MisuseReports>,
    pub network_checks: Arc<NetworkChecks>,
    pub network_use: Arc<NetworkUse>,
    pub notice_settings: Arc<NoticeSettings>,
    pub notices: Arc<Notices>,
    pub offers: Arc<Offers>,
    pub patrol_desk: Arc<PatrolDesk>,
    pub patrols: Arc<Patrols>,
    pub people: Arc<People>,
    pub platforms: Arc<Platforms>,
    pub presence: Arc<Presence>,
    pub pulses: Arc<Pulses>,
    pub queues: Arc<Queues>,
    pub reassignments: Arc<Reassignments>,
    pub records: Arc<Records>,
    pub redrafts: Arc<Redrafts>,
    pub relation_keys: Arc<RelationKeys>,
    pub relatives: Arc<Relatives>,
    pub reminders: Arc<Reminders>,
    pub reseals: Arc<Reseals>,
    pub return_tallies: Arc<ReturnTallies>,
    pub reviews: Arc<Reviews>,
    pub samples: Arc<Samples>,
    pub saved_views: Arc<SavedViews>,
    pub scale: Arc<Scale>,
    pub second_look_desk: Arc<SecondLookDesk>,
    pub second_look_reports: Arc<SecondLookReports>,
    pub staff: Arc<Staff>,
    pub submissions: Arc<Submissions>,
    pub talk_desk: Arc<TalkDesk>,
    pub talks: Arc<Talks>,
    pub text_messages: Arc<TextMessages>,
    pub undos: Arc<Undos>,
    pub usage: Arc<Usage>,
}

impl Service {
    /// Files are read by this program started anew, and text messages and e-mails go to the outbox alone,
    /// unless [`with_file_check`](Service::with_file_check), [`with_gateway`](Service::with_gateway) and
    /// [`with_mailer`](Service::with_mailer) say otherwise.
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
        let context = Context::new(db, keys, clock, settings);
        let (gateway, mailer) = (Gateway::Outbox, Mailer::Outbox);
        Service::of(Parts { context, files, file_check, gateway, mailer, outbound: None, patrol: None })
    }

    #[allow(clippy::too_many_lines)] // a list of the groups, each with those it calls
    fn of(parts: Parts) -> Self {
        let context = parts.context.clone();
        let accounts = Accounts::new(&context);
        let audit_chain = AuditChain::new(&context);
        let audit_log = AuditLog::new(&context, &accounts);
        let files = Files::new(&context, parts.files.clone(), parts.file_check.clone(), Shown::default());
        let records = Records::new(&context, &accounts, &files, parts.outbound.is_some());
        let filings = Filings::new(&context, &accounts, &files, &records);
        let rejected_forms = RejectedForms::new(&context);
        let text_messages = TextMessages::new(&context, parts.gateway.clone(), parts.mailer.clone());
        let identity_checks =
            IdentityChecks::new(&context, &files, &records, &rejected_forms, &text_messages);
        let notices = Notices::new(&context, &accounts, &text_messages);
        let usage = Usage::new(&context, &notices);
        let notice_settings =
            NoticeSettings::new(&context, &accounts, &rejected_forms, &text_messages, &usage);
        let badge_checks = BadgeChecks::new(
            &context,
            &records,
            &usage,
            parts.outbound.clone(),
            Arc::new(Semaphore::new(MOST_AT_ONCE)),
        );
        let network_checks = NetworkChecks::new(&context, &filings, &usage, parts.outbound.clone());
        let drafts = Drafts::new(
            &context,
            &accounts,
            &files,
            &filings,
            &network_checks,
            &notices,
            &records,
            &rejected_forms,
            &usage,
        );
        let submissions = Submissions::new(
            &context,
            &accounts,
            &drafts,
            &files,
            &filings,
            &network_checks,
            &notices,
            &records,
            &usage,
        );
        let cancellations =
            Cancellations::new(&context, &accounts, &filings, &identity_checks, &records, &submissions);
        let canned_reasons = CannedReasons::new(&context);
        let comparison_keys = ComparisonKeys::new(&context);
        let counters = Counters::new(&context);
        let loads = Loads::new(&context, &accounts);
        let dashboards = Dashboards::new(&context, &loads);
        let desk_access = DeskAccess::new(&context, &accounts);
        let queues = Queues::new(&context, &desk_access, &rejected_forms);
        let undos = Undos::new(&context, &notices);
        let filing_claims =
            FilingClaims::new(&context, &accounts, &desk_access, &filings, &notices, &queues, &undos);
        let machine_checks = MachineChecks::new(&context, &accounts);
        let second_looks = SecondLooks::new(&context, &files, &filings, &machine_checks, &records);
        let second_look_desk = SecondLookDesk::new(&context, &files, &rejected_forms);
        let second_look_reports = SecondLookReports::new(&context);
        let decisions = Decisions::new(
            &context,
            &files,
            &filing_claims,
            &filings,
            &records,
            &rejected_forms,
            &second_looks,
            &undos,
        );
        let directories = Directories::new(&context);
        let display_settings = DisplaySettings::new(&context);
        let exports = Exports::new(&context, &queues);
        let guides = Guides::new(&context, Mutex::default());
        let handovers = Handovers::new(
            &context,
            &accounts,
            &files,
            &identity_checks,
            &notices,
            &records,
            &rejected_forms,
            &text_messages,
        );
        let reassignments =
            Reassignments::new(&context, &accounts, &filing_claims, &filings, &loads, &notices);
        let held_filings = HeldFilings::new(&context, &accounts, &reassignments);
        let holiday_lists = HolidayLists::new(&context, &rejected_forms);
        let appointments = Appointments::new(&context, &rejected_forms);
        let holidays = Holidays::new(&context);
        let cases = Cases::new(&context, &accounts, &drafts, &filings, &handovers, &records);
        let home_page = HomePage::new(&accounts, &cases, &filings, &notices, &records);
        let return_tallies = ReturnTallies::new(&context);
        let reminders = Reminders::new(&context, &notices);
        let kept_forms = KeptForms::new(&context, &rejected_forms);
        let key_checks = KeyChecks::new(&context, &accounts);
        let lookup = Lookup::new(&context);
        let misuse_desk = MisuseDesk::new(&context, &accounts, &usage);
        let misuse_reports = MisuseReports::new(&context, &lookup);
        let offers = Offers::new(&context, &accounts);
        let patrol_desk =
            PatrolDesk::new(&context, &accounts, &notices, &rejected_forms, parts.patrol.is_some());
        let patrols = Patrols::new(&context, &notices, &records, parts.patrol.clone());
        let people = People::new(&context, &accounts, &notices);
        let presence = Presence::new(&context, &accounts, &desk_access, Arc::default(), Arc::default());
        let pulses = Pulses::new(&context, pulse::Kept::default(), pulse::Kept::default());
        let platforms =
            Platforms::new(&context, &files, &pulses, pulse::Kept::default(), OnceCell::default());
        let redrafts = Redrafts::new(&context, &cancellations, &drafts, &files, &filings, &usage);
        let reseals = Reseals::new(&context, &files);
        let saved_views = SavedViews::new(&context);
        let reviews = Reviews::new(
            &context,
            &accounts,
            &canned_reasons,
            &decisions,
            &desk_access,
            &display_settings,
            &files,
            &filing_claims,
            &filings,
            &machine_checks,
            &presence,
            &queues,
            &records,
            &rejected_forms,
            &saved_views,
            &usage,
        );
        let batches = Batches::new(
            &context,
            &decisions,
            &desk_access,
            &files,
            &filing_claims,
            &filings,
            &machine_checks,
            &records,
            &rejected_forms,
            &reviews,
            &undos,
        );
        let network_use = NetworkUse::new(&context, Mutex::default());
        let jobs = Jobs::new(
            &context,
            &batches,
            &drafts,
            &files,
            &handovers,
            &identity_checks,
            &network_use,
            &reminders,
            &text_messages,
            &usage,
        );
        let job_leases = JobLeases::new(&context, channel::Sender::default());
        let samples = Samples::new(&context, &accounts);
        let scale =
            Scale::new(&context, &accounts, &counters, &dashboards, &exports, &filings, &lookup, &queues);
        let staff = Staff::new(&context, &accounts, &rejected_forms);
        let histories = Histories::new(&context, &accounts, &desk_access, &filings);
        let relatives = Relatives::new(&context, &accounts, &desk_access, &filings, &rejected_forms);
        let relation_keys = RelationKeys::new(&context, &filings);
        let talks = Talks::new(&context, &files, &filings, &notices, &rejected_forms, &usage);
        let talk_desk = TalkDesk::new(
            &context,
            &desk_access,
            &filing_claims,
            &filings,
            &notices,
            &rejected_forms,
            &usage,
        );
        Service(Arc::new(UseCases {
            events: Arc::clone(&context.events),
            servers: Arc::clone(&context.servers),
            watch: Arc::clone(&context.watch),
            parts,
            accounts,
            appointments,
            audit_chain,
            audit_log,
            badge_checks,
            batches,
            cancellations,
            canned_reasons,
            cases,
            comparison_keys,
            counters,
            dashboards,
            decisions,
            directories,
            display_settings,
            drafts,
            exports,
            files,
            filing_claims,
            filings,
            guides,
            handovers,
            histories,
            held_filings,
            holiday_lists,
            holidays,
            home_page,
            identity_checks,
            job_leases,
            jobs,
            kept_forms,
            key_checks,
            loads,
            lookup,
            machine_checks,
            misuse_desk,
            misuse_reports,
            network_checks,
            network_use,
            notice_settings,
            notices,
            offers,
            patrol_desk,
            patrols,
            people,
            platforms,
            presence,
            pulses,
            queues,
            reassignments,
            records,
            redrafts,
            relation_keys,
            relatives,
            reminders,
            reseals,
            return_tallies,
            reviews,
            samples,
            saved_views,
            scale,
            second_look_desk,
            second_look_reports,
            staff,
            submissions,
            talk_desk,
            talks,
            text_messages,
            undos,
            usage,
        }))
    }

    pub fn with_file_check(self, file_check: FileCheck) -> Self {
        Service::of(Parts { file_check, ..self.parts.clone() })
    }

    pub fn with_gateway(self, gateway: Gateway) -> Self {
        Service::of(Parts { gateway, ..self.parts.clone() })
    }

    pub fn with_mailer(self, mailer: Mailer) -> Self {
        Service::of(Parts { mailer, ..self.parts.clone() })
    }

    /// Lets the network be asked about websites.
    pub fn with_outbound(self, way: Arc<dyn Outbound>) -> Self {
        Service::of(Parts { outbound: Some(way), ..self.parts.clone() })
    }

    /// Lets filings in force be looked at.
    pub fn with_patrol(self, way: Arc<dyn Outbound>) -> Self {
        Service::of(Parts { patrol: Some(way), ..self.parts.clone() })
    }

    /// The same database, seen with other keys.
    #[cfg(test)]
    fn with_keys(&self, keys: Keyring) -> Self {
        let mut parts = self.parts.clone();
        parts.context.keys = Arc::new(keys);
        Service::of(parts)
    }

    /// Looks whether the replica of the database can be asked, where there is one.
    ///
    /// # Errors
    /// When the database itself fails.
    pub async fn look_at_replica(&self) -> Result<()> {
        self.parts.context.db.look_at_replica().await
    }

    /// What the operator calls the platform.
    pub fn platform_name(&self) -> &str {
        &self.parts.context.settings.platform_name
    }

    pub fn now(&self) -> OffsetDateTime {
        self.parts.context.clock.now()
    }

    pub fn file_store(&self) -> &FileStore {
        &self.parts.files
    }
}
