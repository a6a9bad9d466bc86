//! The addresses of the pages, and of what pages fetch, send and stream. Which page answers an address stands in
//! `app/src/lib.rs`. (What a button posts to, `/act/…`, stands on the button and in the server's routes.)

use crate::action::Action;
use crate::business::Business;
use crate::procedure::Procedure;

// ---- for everybody -----------------------------------------------------------------------------

pub const HOME: &str = "/";
/// 业务办理
pub const SERVICES: &str = "/services";
/// 备案查询
pub const LOOKUP: &str = "/lookup";
/// What [`public_record`]s begin with.
pub const PUBLIC_RECORDS: &str = "/r/";
/// What all addresses of the public interface for programs begin with; those of a later version will have another.
pub const OPEN_API: &str = "/api/v1/";
/// What is filed under a domain, for programs; followed by a number, what is filed under that.
pub const OPEN_RECORDS: &str = "/api/v1/records";
/// 开放接口: what programs may ask and are answered, as OpenAPI.
pub const OPEN_API_DOCUMENT: &str = "/api/v1/openapi.json";
/// Where one signs in; `?next=` says where to afterwards.
pub const LOGIN: &str = "/auth/login";
pub const LOGOUT: &str = "/auth/logout";
/// Where a person proves themselves anew.
pub const LOGIN_ANEW: &str = "/auth/login?fresh=1";
/// Where the identity platform sends people back to.
pub const LOGIN_CALLBACK: &str = "/auth/callback";

/// Where staff prove themselves by the level their work needs, on the way to `next` (percent-encoded).
pub fn staff_login(next: &str) -> String {
    format!("/auth/login?staff=1&next={next}")
}

/// 办事指南
pub const GUIDE: &str = "/guide";

/// What it says of a question that is answered wrong often (`crate::help`).
pub fn help(topic: &str) -> String {
    format!("{GUIDE}#help-{topic}")
}

/// 【举报冒用】 of what is filed under a number.
pub fn report_misuse(digits: &str) -> String {
    format!("/r/{digits}/report")
}

/// The same after it was reported, which it says.
pub fn misuse_reported(digits: &str) -> String {
    format!("/r/{digits}/report?sent=1")
}

/// Where the window ends that somebody signed in with beside a page that kept what they had typed.
pub const SIGNED_IN: &str = "/signed-in";

/// What a page is for, in the words that search engines show.
pub fn description(path: &str) -> &'static str {
    match path {
        LOOKUP => "备案查询：按备案号、域名或主体名称查询联网备案信息，只显示依法公开的内容。",
        GUIDE => "办事指南：谁需要办理联网备案，办理流程、准备什么、多久办完、怎样挂标，以及常见问题。",
        _ if is_at(path, "/r") && path.ends_with("/report") => {
            "举报冒用：发现冒用备案号或备案图标的，可以在这里举报。"
        }
        _ if is_at(path, "/r") => {
            "备案信息：联网备案的公示地址，可以核对备案号是否有效、属于哪个网站或 APP。"
        }
        _ => {
            "网站、APP、小程序等的开办者，在这里向所在地网安部门办理联网备案：在线填报，随时保存，进度可查。"
        }
    }
}

/// Whether only who is signed in has anything there: everybody else is asked to sign in, and nothing of the page is
/// drawn around it.
pub fn is_for_the_signed_in(path: &str) -> bool {
    let own = [NOTICES, SESSIONS, "/receipt", STAFF, REVIEW, AUDIT, UPKEEP];
    is_of_filing(path) || own.into_iter().any(|page| is_at(path, page))
}

/// Whether a page is where people file and see what is theirs, which staff do as well.
pub fn is_of_filing(path: &str) -> bool {
    is_at(path, "/mine")
        || is_at(path, SERVICES)
        || Business::ALL.into_iter().any(|business| is_in_business(path, business))
}

/// Whether a page is a form or a list of what may be done with this business.
pub fn is_in_business(path: &str, business: Business) -> bool {
    is_at(path, &format!("/{}", business.code()))
}

/// Whether a path is that of `page`, or of one below it.
pub fn is_at(path: &str, page: &str) -> bool {
    path.strip_prefix(page).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What is public about a record; it stands in the footers of websites for good.
pub fn public_record(digits: &str) -> String {
    format!("/r/{digits}")
}

/// The words of a link from a refusal to the page that helps: they say where it leads.
pub fn see(address: &str) -> &'static str {
    let path = address.split('?').next().unwrap_or_default();
    match path {
        NEW_SUBJECT => "查看新增主体页面",
        TRANSFER => "查看移交",
        FILINGS => "查看我的申请",
        DRAFTS => "查看我的草稿",
        SUBJECT => "查看我的主体",
        _ if path.starts_with("/mine/filings/") || path.starts_with("/review/filings/") => "查看申请单",
        _ if is_at(path, SECOND_LOOKS) => "前往复核",
        _ if address.contains("draft=") => "查看草稿",
        _ => "查看",
    }
}

// ---- one's own ---------------------------------------------------------------------------------

/// 系统通知
pub const NOTICES: &str = "/notices";
/// 通知设置
pub const NOTICE_SETTINGS: &str = "/notices/settings";
/// 登录会话
pub const SESSIONS: &str = "/sessions";
/// 信息查阅记录
pub const LOOKS: &str = "/mine/looks";
/// 我的草稿
pub const DRAFTS: &str = "/mine/drafts";
/// 我的申请
pub const FILINGS: &str = "/mine/filings";
/// 我的主体
pub const SUBJECT: &str = "/mine/subject";
/// 我的 安全评估
pub const ASSESSMENTS: &str = "/mine/assessment";

/// 我的申请, one of them.
pub fn filing(id: &str) -> String {
    format!("/mine/filings/{id}")
}

/// What officers asked about a filing, on its page.
pub fn talk(filing: &str) -> String {
    format!("/mine/filings/{filing}#talk")
}

/// 我的申请 after a filing was submitted, which it says.
pub fn submitted(filing: &str) -> String {
    format!("/mine/filings?receipt={filing}")
}

/// 申请回执, to print.
pub fn receipt(filing: &str) -> String {
    format!("/receipt/{filing}")
}

/// 我的网站, 我的APP …
pub fn records(business: Business) -> String {
    format!("/mine/{}", business.code())
}

/// A record of theirs. One has but one subject at a time, so its page needs no number.
pub fn record(business: Business, id: &str) -> String {
    match business.is_subject() {
        true => SUBJECT.to_owned(),
        false => format!("/mine/{}/{id}", business.code()),
    }
}

/// What the verification of a record came to.
pub fn verification_result(business: Business, record: &str) -> String {
    format!("/mine/{}/{record}/result", business.code())
}

/// 备案凭证 of a record, to print.
pub fn certificate(business: Business, record: &str) -> String {
    format!("/mine/{}/{record}/certificate", business.code())
}

// ---- filing ------------------------------------------------------------------------------------

/// 新增主体
pub const NEW_SUBJECT: &str = "/subject/new";
/// 移交主体
pub const TRANSFER: &str = "/subject/transfer";
/// 接收主体
pub const RECEIVE: &str = "/subject/receive";
/// What [`form_post`]s begin with.
pub const FORM_POSTS: &str = "/form/";
/// Where files are sent to.
pub const FILES: &str = "/files";

/// Where a procedure begins: its form, or the records it can be done with.
pub fn begin(procedure: Procedure) -> String {
    format!("/{}/{}", procedure.business.code(), procedure.action.code())
}

/// Where a procedure begins with this record.
pub fn begin_with(procedure: Procedure, record: &str) -> String {
    format!("{}?record={record}", begin(procedure))
}

/// Where this record is changed.
pub fn change(business: Business, record: &str) -> String {
    begin_with(Procedure::new(business, Action::Change), record)
}

/// Where this record is cancelled.
pub fn cancel(business: Business, record: &str) -> String {
    begin_with(Procedure::new(business, Action::Cancel), record)
}

/// Where this subject is handed over.
pub fn transfer(record: &str) -> String {
    format!("/subject/transfer?record={record}")
}

/// A subject that is offered to one.
pub fn handover(id: &str) -> String {
    format!("/subject/receive/{id}")
}

/// A step of a form.
pub fn form_step(procedure: Procedure, step: &str) -> String {
    format!("{}/{step}", begin(procedure))
}

/// A step of a draft's form.
pub fn draft_step(procedure: Procedure, step: &str, draft: &str) -> String {
    format!("{}?draft={draft}", form_step(procedure, step))
}

/// Where a step of a form is posted to.
pub fn form_post(procedure: Procedure, step: &str) -> String {
    format!("/form{}", form_step(procedure, step))
}

/// A file that was attached.
pub fn file(id: &str) -> String {
    format!("/files/{id}")
}

// ---- the desk ----------------------------------------------------------------------------------

/// 审核工作台
pub const REVIEW: &str = "/review";
/// 审核队列
pub const QUEUE: &str = "/review/queue";
/// 在办申请单
pub const CLAIMS: &str = "/review/claims";
/// One of them, for an administrator who may take it over.
pub fn claim(filing: &str) -> String {
    format!("{CLAIMS}/{filing}")
}

/// 民警工作量
pub const LOAD: &str = "/review/load";
/// 退回原因
pub const RETURN_REASONS: &str = "/review/return-reasons";
/// 举报线索
pub const REPORTS: &str = "/review/reports";
/// 需核查
pub const PATROL: &str = "/review/patrol";
/// 抽查复核
pub const SECOND_LOOKS: &str = "/review/second-looks";
/// How far second officers agree with the first.
pub const SECOND_LOOK_RESULTS: &str = "/review/second-looks/results";
/// One of them.
pub fn second_look(id: &str) -> String {
    format!("{SECOND_LOOKS}/{id}")
}
/// The queue as a table to download.
pub const QUEUE_EXPORT: &str = "/review/export";
/// What happens on the desk, as it happens.
pub const DESK_EVENTS: &str = "/review/events";

/// What became of single rows of a queue, for a page that shows it.
pub const QUEUE_ROWS: &str = "/review/rows";
/// Where an officer's browser says that they are at work.
pub const AT_WORK: &str = "/review/at-work";

/// 批量办理: what would be done to the filings that are ticked.
pub const BATCH: &str = "/review/batch";

/// What became of a batch.
pub fn batch(id: &str) -> String {
    format!("{BATCH}/{id}")
}

/// 速览 of a filing on the desk.
pub fn peek(id: &str) -> String {
    format!("/review/peek/{id}")
}

/// A filing on the desk.
pub fn review_filing(id: &str) -> String {
    format!("/review/filings/{id}")
}

/// A filing on the desk through time.
pub fn filing_history(id: &str) -> String {
    format!("/review/filings/{id}/history")
}

/// What has something in common with a filing, on its page on the desk.
pub fn review_relatives(id: &str) -> String {
    format!("/review/filings/{id}#relatives")
}

/// What was asked about a filing and answered, on its page on the desk.
pub fn review_talk(id: &str) -> String {
    format!("/review/filings/{id}#talk")
}

/// What happens with a filing on the desk, as it happens.
pub fn filing_events(id: &str) -> String {
    format!("/review/events?filing={id}")
}

// ---- administration and upkeep -----------------------------------------------------------------

/// 人员管理
pub const STAFF: &str = "/staff";
/// 审计日志
pub const AUDIT: &str = "/audit";
/// What the pages of upkeep begin with.
pub const UPKEEP: &str = "/upkeep";
/// 运行状况
pub const PLATFORM: &str = "/upkeep/platform";
/// 服务商名录
pub const PROVIDERS: &str = "/upkeep/providers";
/// 常用意见
pub const REASONS: &str = "/upkeep/reasons";
/// 节假日
pub const HOLIDAYS: &str = "/upkeep/holidays";

/// An appointment, to change it or let it rest.
pub fn appointment(staff: &str) -> String {
    format!("{STAFF}/appointments/{staff}")
}

/// 人员账户
pub fn account(person: &str) -> String {
    format!("/staff/people/{person}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_below_a_page_is_at_it_and_what_only_begins_alike_is_not() {
        assert!(is_at("/review", REVIEW) && is_at("/review/queue", REVIEW) && is_at(&filing("1"), FILINGS));
        assert!(!is_at("/reviewers", REVIEW) && !is_at("/", REVIEW) && !is_at("/mine/review", REVIEW));
    }

    #[test]
    fn a_link_says_where_it_leads() {
        let site = Procedure::new(Business::Website, Action::New);
        assert_eq!(see(&filing("1")), "查看申请单");
        assert_eq!(see(&review_filing("1")), "查看申请单");
        assert_eq!(see(&second_look("1")), "前往复核");
        assert_eq!(see(&transfer("1")), "查看移交");
        assert_eq!(see(&draft_step(site, "site", "1")), "查看草稿");
        assert_eq!(see(NEW_SUBJECT), "查看新增主体页面");
        assert_eq!(see(HOME), "查看");
    }

    #[test]
    fn every_public_page_says_in_a_sentence_what_it_is_for() {
        let pages = [HOME, LOOKUP, GUIDE, &public_record("1"), &report_misuse("1")];
        let said: std::collections::BTreeSet<&str> = pages.into_iter().map(description).collect();
        assert_eq!(said.len(), pages.len());
        assert!(said.iter().all(|sentence| (20..=80).contains(&sentence.chars().count())), "{said:?}");
    }

    #[test]
    fn what_is_for_everybody_asks_nobody_to_sign_in() {
        for path in [HOME, LOOKUP, SIGNED_IN, "/nonsense", "/minework", &public_record("1")] {
            assert!(!is_for_the_signed_in(path), "{path}");
        }
        let step = form_step(Procedure::new(Business::App, Action::New), "app");
        for path in [
            SERVICES,
            NOTICE_SETTINGS,
            LOOKS,
            DRAFTS,
            SUBJECT,
            NEW_SUBJECT,
            TRANSFER,
            QUEUE,
            PROVIDERS,
            &step,
        ] {
            assert!(is_for_the_signed_in(path), "{path}");
        }
        assert!(is_for_the_signed_in(&receipt("1")) && is_for_the_signed_in(&account("1")));
    }

    #[test]
    fn addresses_name_business_action_step_and_draft_in_this_order() {
        let procedure = Procedure::new(Business::Website, Action::New);
        assert_eq!(draft_step(procedure, "site", "7"), "/website/new/site?draft=7");
        assert_eq!(form_post(procedure, "site"), "/form/website/new/site");
        assert_eq!(begin(Procedure::new(Business::Subject, Action::New)), NEW_SUBJECT);
        assert_eq!(records(Business::Assessment), ASSESSMENTS);
        assert_eq!(record(Business::Subject, "7"), records(Business::Subject));
    }

    #[test]
    fn what_is_posted_and_what_is_public_lies_where_the_limits_look_for_it() {
        let step = form_post(Procedure::new(Business::App, Action::Change), "form");
        assert!(step.starts_with(FORM_POSTS) && public_record("1").starts_with(PUBLIC_RECORDS));
    }
}
