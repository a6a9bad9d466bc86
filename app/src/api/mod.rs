//! Every server function: what the browser can ask over the wire. Each knows its caller first and
//! then calls one use case. Arguments travel as JSON and addresses are fixed, so that pages of an
//! older version keep working (R82). What changes something by a plain form lives in the server's
//! `routes`.

#[cfg(feature = "ssr")]
pub mod caller;
mod error;
mod wire;

use domain::business::Business;
use domain::view;
use leptos::prelude::*;

pub use error::ApiError;
use wire::Json;

#[cfg(feature = "ssr")]
use caller::{refuse, service, signed_in};

pub type Answer<T> = Result<T, ApiError>;

/// The signed-in person, or none.
#[server(input = Json, output = Json, endpoint = "me")]
pub async fn me() -> Answer<Option<view::Me>> {
    match caller::maybe_actor() {
        None => Ok(None),
        Some(actor) => service()?.accounts.me(&actor).await.map(Some).map_err(refuse),
    }
}

#[server(input = Json, output = Json, endpoint = "home")]
pub async fn home() -> Answer<view::Home> {
    let (service, actor) = signed_in()?;
    service.home_page.home(&actor).await.map_err(refuse)
}

/// 我的备案进度 of the case that a filing belongs to, or of the current subject.
#[server(input = Json, output = Json, endpoint = "progress")]
pub async fn progress(filing: Option<String>) -> Answer<domain::progress::Progress> {
    let (service, actor) = signed_in()?;
    match filing {
        Some(filing) => service.cases.progress_of_filing(&actor, &filing).await.map_err(refuse),
        None => service.cases.progress(&actor).await.map_err(refuse),
    }
}

#[server(input = Json, output = Json, endpoint = "offers")]
pub async fn offers() -> Answer<Vec<view::OfferGroup>> {
    let (service, actor) = signed_in()?;
    service.offers.offers(&actor).await.map_err(refuse)
}

/// Children of a region; the provinces for an empty code.
#[server(input = Json, output = Json, endpoint = "regions")]
pub async fn regions(parent: String) -> Answer<Vec<view::RegionOption>> {
    Ok(service::region::options(&parent))
}

#[server(input = Json, output = Json, endpoint = "form_view")]
pub async fn form_view(request: view::FormRequest) -> Answer<view::FormView> {
    let (service, actor) = signed_in()?;
    service.drafts.form_view(&actor, &request).await.map_err(refuse)
}

/// Regions and providers by a part of their name (R31), for `frontend/js/forms.js`.
#[server(input = Json, output = Json, endpoint = "find")]
pub async fn find(question: view::FindQuestion) -> Answer<Vec<view::Hit>> {
    let (service, actor) = signed_in()?;
    match question {
        view::FindQuestion::Regions { text, every_level } => {
            Ok(service::region::find_by_name(&text, every_level))
        }
        view::FindQuestion::Providers { directory, text } => {
            service.drafts.suggest_providers(&actor, &directory, &text).await.map_err(refuse)
        }
    }
}

/// What a submit would refuse of one step, for a page that is about to leave it.
#[server(input = Json, output = Json, endpoint = "step_faults")]
pub async fn step_faults(
    procedure: String,
    step: String,
    draft: String,
) -> Answer<Vec<domain::schema::Fault>> {
    let (service, actor) = signed_in()?;
    service.drafts.step_faults(&actor, &procedure, &step, &draft).await.map_err(refuse)
}

/// A value of one's own in full (R65, R70), for `frontend/js/forms.js`.
#[server(input = Json, output = Json, endpoint = "reveal")]
pub async fn reveal(request: view::RevealRequest) -> Answer<String> {
    let (service, actor) = signed_in()?;
    service.drafts.reveal(&actor, &request).await.map_err(refuse)
}

#[server(input = Json, output = Json, endpoint = "save_draft")]
pub async fn save_draft(draft: view::SaveDraft) -> Answer<view::Saved> {
    let (service, actor) = signed_in()?;
    service.drafts.save_draft(&actor, &draft).await.map_err(refuse)
}

#[server(input = Json, output = Json, endpoint = "submit")]
pub async fn submit(
    draft: String,
    version: i64,
    subject: Option<String>,
    key: String,
) -> Answer<view::Submitted> {
    let (service, actor) = signed_in()?;
    service.submissions.submit(&actor, &draft, version, subject.as_deref(), &key).await.map_err(refuse)
}

#[server(input = Json, output = Json, endpoint = "drafts")]
pub async fn drafts(procedure: String, after: String) -> Answer<view::Paged<view::DraftRow>> {
    let (service, actor) = signed_in()?;
    service.drafts.drafts(&actor, &procedure, &after).await.map_err(refuse)
}

#[server(input = Json, output = Json, endpoint = "filings")]
pub async fn filings(
    procedure: String,
    state: String,
    after: String,
) -> Answer<view::Paged<view::FilingRow>> {
    let (service, actor) = signed_in()?;
    service.filings.filings(&actor, &procedure, &state, &after).await.map_err(refuse)
}

#[server(input = Json, output = Json, endpoint = "filing")]
pub async fn filing(id: String) -> Answer<view::FilingView> {
    let (service, actor) = signed_in()?;
    service.filings.filing(&actor, &id).await.map_err(refuse)
}

#[server(input = Json, output = Json, endpoint = "records")]
pub async fn records(
    business: Business,
    #[server(default)] in_force: bool,
    after: String,
) -> Answer<view::Paged<view::RecordRow>> {
    let (service, actor) = signed_in()?;
    let page = match in_force {
        true => service.records.records_in_force(&actor, business, &after).await,
        false => service.records.records(&actor, business, &after).await,
    };
    page.map_err(refuse)
}

#[server(input = Json, output = Json, endpoint = "record")]
pub async fn record(business: Business, id: String) -> Answer<view::RecordView> {
    let (service, actor) = signed_in()?;
    service.records.record(&actor, business, &id).await.map_err(refuse)
}

#[server(input = Json, output = Json, endpoint = "my_subject")]
pub async fn my_subject() -> Answer<Option<view::RecordView>> {
    let (service, actor) = signed_in()?;
    service.records.my_subject(&actor).await.map_err(refuse)
}

#[server(input = Json, output = Json, endpoint = "notices")]
pub async fn notices(unread_only: bool, after: String) -> Answer<view::Paged<view::NoticeRow>> {
    let (service, actor) = signed_in()?;
    service.notices.notices(&actor, unread_only, &after).await.map_err(refuse)
}

/// Drafts that the person deleted and can still have back.
#[server(input = Json, output = Json, endpoint = "deleted_drafts")]
pub async fn deleted_drafts() -> Answer<Vec<view::DeletedDraft>> {
    let (service, actor) = signed_in()?;
    service.drafts.deleted_drafts(&actor).await.map_err(refuse)
}

/// An appointment as it was typed and did not pass, where `check` asks for it.
#[server(input = Json, output = Json, endpoint = "appointment")]
pub async fn appointment(check: bool) -> Answer<view::Appointment> {
    let (service, actor) = signed_in()?;
    service.staff.appointment(&actor, check).await.map_err(refuse)
}

/// An appointment that holds, with what the person was before; `check` names a form that did not pass.
#[server(input = Json, output = Json, endpoint = "appointed")]
pub async fn appointed(id: String, check: String) -> Answer<view::Appointed> {
    let (service, actor) = signed_in()?;
    service.appointments.appointed(&actor, &id, &check).await.map_err(refuse)
}

/// What the list of holidays that was offered last would do, for whoever keeps them.
#[server(input = Json, output = Json, endpoint = "holiday_import")]
pub async fn holiday_import() -> Answer<view::HolidayImport> {
    let (service, actor) = signed_in()?;
    service.holiday_lists.offered(&actor).await.map_err(refuse)
}

/// 通知设置, with what was typed and did not pass where `check` asks for it.
#[server(input = Json, output = Json, endpoint = "notice_settings")]
pub async fn notice_settings(check: bool) -> Answer<view::NoticeSettings> {
    let (service, actor) = signed_in()?;
    service.notice_settings.notice_settings(&actor, check).await.map_err(refuse)
}

#[server(input = Json, output = Json, endpoint = "sessions")]
pub async fn sessions() -> Answer<Vec<view::SessionRow>> {
    let (service, actor) = signed_in()?;
    service.accounts.sessions(&actor).await.map_err(refuse)
}

/// 公安备案查询: open to everybody, limited in rate by the server.
#[server(input = Json, output = Json, endpoint = "lookup")]
pub async fn lookup(text: String) -> Answer<Vec<view::PublicRecord>> {
    service()?.lookup.lookup(&text).await.map_err(refuse)
}

#[server(input = Json, output = Json, endpoint = "public_record")]
pub async fn public_record(digits: String, code: Option<String>) -> Answer<view::PublicRecord> {
    service()?.lookup.public_record(&digits, code.as_deref()).await.map_err(refuse)
}

/// How long filings take here, for 办事指南: open to everybody.
#[server(input = Json, output = Json, endpoint = "guide")]
pub async fn guide() -> Answer<view::Guide> {
    service()?.guides.guide().await.map_err(refuse)
}

/// 需核查: what a patrol found of filings in the officer's region.
#[server(input = Json, output = Json, endpoint = "patrol_page")]
pub async fn patrol_page(request: view::PatrolRequest) -> Answer<view::PatrolPage> {
    let (service, actor) = signed_in()?;
    service.patrol_desk.patrol_page(&actor, &request).await.map_err(refuse)
}

/// 抽查复核: what waits for this officer.
#[server(input = Json, output = Json, endpoint = "second_looks")]
pub async fn second_looks(after: String) -> Answer<view::SecondLookList> {
    let (service, actor) = signed_in()?;
    service.second_look_desk.second_looks(&actor, &after).await.map_err(refuse)
}

/// One of them, with what was typed and did not pass where `check` asks for it.
#[server(input = Json, output = Json, endpoint = "second_look")]
pub async fn second_look(id: String, check: bool) -> Answer<view::SecondLookView> {
    let (service, actor) = signed_in()?;
    service.second_look_desk.second_look(&actor, &id, check).await.map_err(refuse)
}

/// How far second officers agreed with the first in a period.
#[server(input = Json, output = Json, endpoint = "second_look_results")]
pub async fn second_look_results(days: String) -> Answer<view::SecondLookResults> {
    let (service, actor) = signed_in()?;
    service.second_look_reports.results(&actor, view::Period::asked(&days)).await.map_err(refuse)
}

/// 举报线索 of the officer's region.
#[server(input = Json, output = Json, endpoint = "misuse_reports")]
pub async fn misuse_reports(request: view::MisuseRequest) -> Answer<view::Paged<view::MisuseRow>> {
    let (service, actor) = signed_in()?;
    service.misuse_desk.misuse_reports(&actor, &request).await.map_err(refuse)
}

#[server(input = Json, output = Json, endpoint = "dashboard")]
pub async fn dashboard(#[server(default)] days: String) -> Answer<view::Dashboard> {
    let (service, actor) = signed_in()?;
    service.dashboards.dashboard_over(&actor, view::Period::asked(&days)).await.map_err(refuse)
}

/// 民警工作量, for administrators: of a region by its name, or of all.
#[server(input = Json, output = Json, endpoint = "officer_loads")]
pub async fn officer_loads(region: String, days: String) -> Answer<view::LoadPage> {
    let (service, actor) = signed_in()?;
    service.loads.load_page(&actor, &region, view::Period::asked(&days)).await.map_err(refuse)
}

/// 退回原因 of the officer's region.
#[server(input = Json, output = Json, endpoint = "return_reasons")]
pub async fn return_reasons(days: String) -> Answer<view::ReturnReasons> {
    let (service, actor) = signed_in()?;
    service.return_tallies.return_reasons(&actor, view::Period::asked(&days)).await.map_err(refuse)
}

/// 运行状况, for who keeps the platform.
#[server(input = Json, output = Json, endpoint = "platform_state")]
pub async fn platform_state() -> Answer<view::PlatformState> {
    let (service, actor) = signed_in()?;
    service.platforms.platform_state(&actor).await.map_err(refuse)
}

/// The names of all regions, for who appoints people to them.
#[server(input = Json, output = Json, endpoint = "region_names")]
pub async fn region_names() -> Answer<Vec<String>> {
    let (service, actor) = signed_in()?;
    service.staff.region_names(&actor).map(<[String]>::to_vec).map_err(refuse)
}

#[server(input = Json, output = Json, endpoint = "queue")]
pub async fn queue(request: view::QueueRequest) -> Answer<view::Paged<view::QueueRow>> {
    let (service, actor) = signed_in()?;
    service.queues.queue(&actor, &request).await.map_err(refuse)
}

/// The queue as a table, a new subject and its businesses in one row (R15).
#[server(input = Json, output = Json, endpoint = "queue_table")]
pub async fn queue_table(request: view::QueueRequest) -> Answer<view::Paged<view::QueueLine>> {
    let (service, actor) = signed_in()?;
    service.queues.table(&actor, &request).await.map_err(refuse)
}

/// 速览 of a filing on the desk.
#[server(input = Json, output = Json, endpoint = "peek")]
pub async fn peek(id: String) -> Answer<view::Peek> {
    let (service, actor) = signed_in()?;
    service.reviews.peek(&actor, &id).await.map_err(refuse)
}

/// What an act would do to each of these filings. `check` gives back what was typed last, with its faults.
#[server(input = Json, output = Json, endpoint = "batch_plan")]
pub async fn batch_plan(act: String, filings: Vec<String>, check: bool) -> Answer<view::BatchPlan> {
    let (service, actor) = signed_in()?;
    service.batches.plan(&actor, &act, &filings, check).await.map_err(refuse)
}

/// What became of each filing of a batch.
#[server(input = Json, output = Json, endpoint = "batch_report")]
pub async fn batch_report(id: String) -> Answer<view::BatchReport> {
    let (service, actor) = signed_in()?;
    service.batches.report(&actor, &id).await.map_err(refuse)
}

/// What stands around the queue: what its filters offer, saved views, the bell.
#[server(input = Json, output = Json, endpoint = "queue_desk")]
pub async fn queue_desk(request: view::QueueRequest) -> Answer<view::QueueDesk> {
    let (service, actor) = signed_in()?;
    service.reviews.queue_desk(&actor, &request).await.map_err(refuse)
}

/// The filings before and after one in the queue it was opened from.
#[server(input = Json, output = Json, endpoint = "neighbours")]
pub async fn neighbours(id: String, request: view::QueueRequest) -> Answer<view::Neighbours> {
    let (service, actor) = signed_in()?;
    service.queues.neighbours(&actor, &id, &request).await.map_err(refuse)
}

/// What is in officers' hands, for administrators: in one officer's, or in all.
#[server(input = Json, output = Json, endpoint = "claims_held")]
pub async fn claims_held(
    after: String,
    #[server(default)] officer: String,
) -> Answer<view::Paged<view::ClaimRow>> {
    let (service, actor) = signed_in()?;
    service.filing_claims.claims_held_by(&actor, &officer, &after).await.map_err(refuse)
}

/// What a take-over would be about, for administrators; each look is a line of the audit log.
#[server(input = Json, output = Json, endpoint = "held_filing")]
pub async fn held_filing(id: String) -> Answer<view::HeldFiling> {
    let (service, actor) = signed_in()?;
    service.held_filings.held_filing(&actor, &id).await.map_err(refuse)
}

/// A small form of one's own that did not pass, as it was typed; an empty one where there is none.
#[server(input = Json, output = Json, endpoint = "kept_form")]
pub async fn kept_form(form: String) -> Answer<view::KeptForm> {
    let (service, actor) = signed_in()?;
    match form.is_empty() {
        true => Ok(view::KeptForm::default()),
        false => service.kept_forms.kept(&actor, &form).await.map_err(refuse),
    }
}

/// A filing on the review desk. Personal values are masked, unless the officer has just posted a purpose to
/// `/act/unmask` and names the look that was written down (R70).
#[server(input = Json, output = Json, endpoint = "review")]
pub async fn review(id: String, look: Option<i64>) -> Answer<view::ReviewView> {
    let (service, actor) = signed_in()?;
    service.reviews.review(&actor, &id, look).await.map_err(refuse)
}

/// What the officer has just done and can still take back (撤回).
#[server(input = Json, output = Json, endpoint = "undoable")]
pub async fn undoable() -> Answer<Option<view::UndoOffer>> {
    let (service, actor) = signed_in()?;
    service.undos.undoable(&actor).await.map_err(refuse)
}

/// 补充说明 of a filing on the desk.
#[server(input = Json, output = Json, endpoint = "talk")]
pub async fn talk(id: String) -> Answer<view::TalkView> {
    let (service, actor) = signed_in()?;
    service.talk_desk.talk(&actor, &id).await.map_err(refuse)
}

/// 补充说明 of a filing of one's own. `check` gives back what was typed last, with its faults.
#[server(input = Json, output = Json, endpoint = "my_talk")]
pub async fn my_talk(id: String, #[server(default)] check: bool) -> Answer<view::TalkView> {
    let (service, actor) = signed_in()?;
    service.talks.my_talk(&actor, &id, check).await.map_err(refuse)
}

/// Filings of other subjects that have something in common with one on the desk.
#[server(input = Json, output = Json, endpoint = "relatives")]
pub async fn relatives(id: String) -> Answer<view::RelativesView> {
    let (service, actor) = signed_in()?;
    service.relatives.relatives(&actor, &id).await.map_err(refuse)
}

/// A filing on the desk through time.
#[server(input = Json, output = Json, endpoint = "filing_history")]
pub async fn filing_history(request: view::HistoryRequest) -> Answer<view::HistoryView> {
    let (service, actor) = signed_in()?;
    service.histories.filing_history(&actor, &request).await.map_err(refuse)
}

/// 审计日志, for auditors (R65).
#[server(input = Json, output = Json, endpoint = "audit_log")]
pub async fn audit_log(request: view::AuditRequest) -> Answer<view::Paged<view::AuditRow>> {
    let (service, actor) = signed_in()?;
    service.audit_log.audit_log(&actor, &request).await.map_err(refuse)
}

/// Who looked at the person's data unmasked (R65).
#[server(input = Json, output = Json, endpoint = "looks")]
pub async fn looks(after: String) -> Answer<view::Paged<view::LookRow>> {
    let (service, actor) = signed_in()?;
    service.audit_log.looks_at_mine(&actor, &after).await.map_err(refuse)
}

/// The rows of the directories, for whoever keeps them (R31).
#[server(input = Json, output = Json, endpoint = "directory")]
pub async fn directory(request: view::DirectoryRequest) -> Answer<view::Paged<view::ProviderRow>> {
    let (service, actor) = signed_in()?;
    service.directories.directory(&actor, &request).await.map_err(refuse)
}

/// 常用意见, for whoever keeps them.
#[server(input = Json, output = Json, endpoint = "reasons")]
pub async fn reasons() -> Answer<Vec<view::ReasonRow>> {
    let (service, actor) = signed_in()?;
    service.canned_reasons.reason_list(&actor).await.map_err(refuse)
}

/// Days that are not as their weekday says, for whoever keeps them.
#[server(input = Json, output = Json, endpoint = "holidays")]
pub async fn holidays() -> Answer<Vec<view::HolidayRow>> {
    let (service, actor) = signed_in()?;
    service.holidays.holiday_list(&actor).await.map_err(refuse)
}

#[server(input = Json, output = Json, endpoint = "staff")]
pub async fn staff() -> Answer<Vec<view::StaffRow>> {
    let (service, actor) = signed_in()?;
    service.staff.staff_list(&actor).await.map_err(refuse)
}

/// A person's account and its sessions, masked, for administrators.
#[server(input = Json, output = Json, endpoint = "account")]
pub async fn account(id: String) -> Answer<view::AccountView> {
    let (service, actor) = signed_in()?;
    service.people.account(&actor, &id).await.map_err(refuse)
}

#[server(input = Json, output = Json, endpoint = "suspended")]
pub async fn suspended() -> Answer<Vec<view::SuspendedRow>> {
    let (service, actor) = signed_in()?;
    service.people.suspended(&actor).await.map_err(refuse)
}

/// 注销主体, 注销网站 … (R22, R36). `check` gives back what was typed last, with its faults.
#[server(input = Json, output = Json, endpoint = "cancel_view")]
pub async fn cancel_view(
    business: Business,
    record: Option<String>,
    check: bool,
) -> Answer<view::CancelView> {
    let (service, actor) = signed_in()?;
    service.cancellations.cancel_view(&actor, business, record.as_deref(), check).await.map_err(refuse)
}

/// 移交主体 (R24). `check` gives back what was typed last, with its faults.
#[server(input = Json, output = Json, endpoint = "transfer_view")]
pub async fn transfer_view(subject: Option<String>, check: bool) -> Answer<view::TransferView> {
    let (service, actor) = signed_in()?;
    service.handovers.transfer_view(&actor, subject.as_deref(), check).await.map_err(refuse)
}

/// 获取验证码, to the stored number of the subject's responsible person (R72).
#[server(input = Json, output = Json, endpoint = "send_identity_code")]
pub async fn send_identity_code(purpose: view::IdentityPurpose, record: String) -> Answer<view::CodeSent> {
    let (service, actor) = signed_in()?;
    service.identity_checks.send_identity_code(&actor, purpose, &record).await.map_err(refuse)
}

/// 接收主体 (R25), as far as the search that was posted last finds it.
#[server(input = Json, output = Json, endpoint = "handovers")]
pub async fn handovers(is_searched: bool) -> Answer<view::HandoverList> {
    let (service, actor) = signed_in()?;
    service.handovers.found_handovers(&actor, is_searched).await.map_err(refuse)
}

#[server(input = Json, output = Json, endpoint = "handover_view")]
pub async fn handover_view(id: String) -> Answer<view::HandoverView> {
    let (service, actor) = signed_in()?;
    service.handovers.handover_view(&actor, &id).await.map_err(refuse)
}
