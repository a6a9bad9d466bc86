//! What the server tells the pages: plain data, already masked (R70), times already written in
//! Asia/Shanghai (R81). Ids are texts; a page never computes with them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::answer::Answers;
use crate::filing::FilingState;
use crate::procedure::{Business, Procedure};
use crate::record::RecordState;
use crate::schema::{Directory, Fault};
use crate::sheet::{Change, Sheet};
use crate::value::text::tidy;

/// One page of a list, paged by key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paged<T> {
    pub rows: Vec<T>,
    pub total: u64,
    /// Cursor of the following page.
    pub next: Option<String>,
    /// Whether this is not the first page.
    pub is_later: bool,
}

impl<T> Default for Paged<T> {
    fn default() -> Self {
        Paged { rows: Vec::new(), total: 0, next: None, is_later: false }
    }
}

/// The signed-in person, as the shell shows them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Me {
    pub name: String,
    /// Masked.
    pub mobile: String,
    pub subjects: Vec<SubjectChoice>,
    pub current: Option<SubjectChoice>,
    pub unread: u64,
    pub is_reviewer: bool,
    pub is_administrator: bool,
    pub is_auditor: bool,
    pub is_keeper: bool,
    /// There are roles, for whose work the person must prove themselves by a higher level first.
    pub must_step_up: bool,
    /// The officer's region in words.
    pub region: Option<String>,
    /// 长辈版 is on.
    pub elder: bool,
    /// A sentence left by the last post, shown once.
    pub flash: Option<String>,
}

impl Me {
    pub fn is_staff(&self) -> bool {
        self.desk().is_some()
    }

    /// Where somebody with a role works: (what it is called, its address).
    pub fn desk(&self) -> Option<(&'static str, &'static str)> {
        [
            (self.is_reviewer, "审核工作台", "/review"),
            (self.is_administrator, "人员管理", "/staff"),
            (self.is_keeper, "服务商名录", "/upkeep/providers"),
            (self.is_auditor, "审计日志", "/audit"),
        ]
        .into_iter()
        .find_map(|(has_it, label, href)| has_it.then_some((label, href)))
    }
}

/// A subject one can switch to (R6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectChoice {
    pub id: String,
    pub name: String,
    pub state: RecordState,
}

/// Something the person could begin; refused ones say why (R79).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub label: String,
    pub href: String,
    pub refused: Option<Refused>,
}

/// Why not, and where to look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    pub sentence: String,
    /// Path of the page that helps, such as the filing under review.
    pub link: Option<String>,
}

/// 业务办理 (R4)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OfferGroup {
    pub title: String,
    pub offers: Vec<Offer>,
}

/// Where a form is to be opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormRequest {
    /// `website_new`
    pub procedure: String,
    pub step: String,
    pub draft: Option<String>,
    pub record: Option<String>,
    /// The person said 否 to the draft (R11, R18).
    pub fresh: bool,
    /// Say what is wrong with what is saved, everything the submit would say.
    pub check: bool,
    /// Look for a provider for one of the step's blocks (R31).
    #[serde(default)]
    pub find: Option<ProviderSearch>,
}

/// A search in the directory that fills a block (R31).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderSearch {
    /// The block to be filled: `isp`.
    pub section: String,
    /// A part of the name, or of what the provider is called otherwise.
    pub name: String,
    /// Code of a province or of a foreign country.
    pub area: String,
    pub after: String,
    /// Whether the person asked; a dialog just opened shows no results yet.
    pub is_asked: bool,
}

/// The dialog of a directory: what was asked and what was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finder {
    pub directory: Directory,
    pub search: ProviderSearch,
    pub provinces: Vec<RegionOption>,
    pub fault: Option<String>,
    pub page: Paged<ProviderRow>,
    /// Nothing was found in the area; the page shows what there is elsewhere.
    pub is_elsewhere: bool,
}

/// A provider in a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderRow {
    pub id: String,
    pub directory: Directory,
    pub name: String,
    /// What it is called otherwise, separated by blanks.
    pub aliases: String,
    /// Its region or country in words.
    pub place: String,
    /// Code of its region or country.
    pub place_code: String,
    pub phone: String,
    pub source: ProviderSource,
}

/// Where a row of a directory comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderSource {
    /// Came with the software, to be verified by the operator.
    Seed,
    /// Entered or confirmed by an administrator.
    Kept,
    /// An approved filing of 服务商; changes with it.
    Filing,
    /// Typed by an applicant; not offered until an administrator decides.
    Typed,
    /// Decided against; not offered and not asked about again.
    Dropped,
}

impl ProviderSource {
    pub const ALL: [ProviderSource; 5] = [
        ProviderSource::Typed,
        ProviderSource::Seed,
        ProviderSource::Kept,
        ProviderSource::Filing,
        ProviderSource::Dropped,
    ];

    pub fn code(self) -> &'static str {
        match self {
            ProviderSource::Seed => "seed",
            ProviderSource::Kept => "kept",
            ProviderSource::Filing => "filing",
            ProviderSource::Typed => "typed",
            ProviderSource::Dropped => "dropped",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.code() == code)
    }

    pub fn label(self) -> &'static str {
        match self {
            ProviderSource::Seed => "随软件提供",
            ProviderSource::Kept => "人工收录",
            ProviderSource::Filing => "来自备案",
            ProviderSource::Typed => "待整理",
            ProviderSource::Dropped => "不收录",
        }
    }
}

/// A list of the directories, for whoever keeps them; empty parts mean any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DirectoryRequest {
    /// Code of a [`ProviderSource`]; those to be decided about where empty.
    pub source: String,
    pub name: String,
    pub after: String,
}

/// A reason that comes up again and again, as officers pick it (`domain.md` 2.8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonRow {
    pub id: String,
    pub title: String,
    /// What the applicant reads.
    pub text: String,
}

/// A day that is not as its weekday says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolidayRow {
    pub day: String,
    pub is_working: bool,
    pub name: String,
    /// It stands in the configuration and cannot be taken away on the page.
    pub is_configured: bool,
}

/// Everything a page of a form needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FormView {
    pub procedure: Procedure,
    pub step: String,
    pub draft: Option<DraftHead>,
    pub record: Option<String>,
    /// The state shown in the title: 变更主体 (有效).
    pub record_state: Option<RecordState>,
    /// The subject this form is filed for; a submit for another one is refused (R6).
    pub subject: Option<SubjectChoice>,
    pub answers: Answers,
    /// Masks that stand for stored values, by address (R70).
    pub sealed: BTreeMap<String, String>,
    /// Children of the region codes the answers need; "" for the provinces.
    pub regions: BTreeMap<String, Vec<RegionOption>>,
    /// The files the answers name.
    pub files: BTreeMap<String, FileView>,
    /// What the reviewer said about fields of a returned filing (R53).
    pub remarks: Vec<Fault>,
    pub general_remark: Option<String>,
    /// Id of the draft the page asks about: “您有一条草稿，是否使用” (R11, R18). The question's words are the page's.
    pub offered_draft: Option<String>,
    /// The version of the only draft, where the person does not want to use it.
    #[serde(default)]
    pub declined: Option<i64>,
    pub refused: Option<Refused>,
    /// The read-only subject on the step that shows it (R30).
    pub subject_sheet: Option<Sheet>,
    /// All answers by step, on the last step (R78).
    pub summary: Option<Sheet>,
    /// The comparison, for procedures that are confirmed with it (R19).
    pub changes: Option<Vec<Change>>,
    /// Today in Shanghai, for the checks in the browser.
    pub today: String,
    /// Makes a repeated submit harmless (R75).
    pub key: String,
    /// Whose form it is, by an id that says nothing: what a browser keeps for one person is not another's.
    pub owner: String,
    /// Seals there what could not be saved.
    pub kept_key: String,
    /// What a submit would refuse, when the request asked to check.
    pub faults: Vec<Fault>,
    /// The subject's responsible person, masked, at the addresses of the subject's form: what the
    /// sections with “同主体负责人信息” can be filled with (R32).
    pub principal: Answers,
    /// The subject's own records that the step's questions can refer to.
    pub own_records: Vec<OwnRecord>,
    /// The directory that was opened to fill a block (R31).
    pub finder: Option<Finder>,
}

/// A record as it is offered to be referred to: “网站：示例站（测公网安备11010502000001号）”.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRecord {
    pub business: Business,
    pub text: String,
}

/// The part of a [`FormView`] that the form's controls live on in the browser. What the server draws once
/// (sheets, comparison, remarks in general) is not sent a second time as data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepView {
    pub procedure: Procedure,
    pub step: String,
    pub draft: Option<DraftHead>,
    pub record: Option<String>,
    /// Id of the subject this form is filed for.
    pub subject: Option<String>,
    pub answers: Answers,
    pub sealed: BTreeMap<String, String>,
    pub regions: BTreeMap<String, Vec<RegionOption>>,
    pub files: Vec<FileView>,
    pub remarks: Vec<Fault>,
    pub refused: Option<Refused>,
    /// Whether an older draft is offered, whose answer decides what is shown here.
    pub has_offer: bool,
    /// The version of the draft that the person does not want to use.
    #[serde(default)]
    pub declined: Option<i64>,
    /// The person's own records that a question can refer to.
    pub own_records: Vec<OwnRecord>,
    /// Whose text may be kept in this browser, and what seals it there.
    pub owner: String,
    pub kept_key: String,
    pub today: String,
    pub key: String,
    pub faults: Vec<Fault>,
    pub principal: Answers,
}

impl From<FormView> for StepView {
    fn from(view: FormView) -> Self {
        StepView {
            procedure: view.procedure,
            step: view.step,
            draft: view.draft,
            record: view.record,
            subject: view.subject.map(|subject| subject.id),
            answers: view.answers,
            sealed: view.sealed,
            regions: view.regions,
            files: view.files.into_values().collect(),
            remarks: view.remarks,
            refused: view.refused,
            has_offer: view.offered_draft.is_some(),
            declined: view.declined,
            own_records: view.own_records,
            owner: view.owner,
            kept_key: view.kept_key,
            today: view.today,
            key: view.key,
            faults: view.faults,
            principal: view.principal,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftHead {
    pub id: String,
    pub version: i64,
    /// 12:03
    pub saved_at: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionOption {
    pub code: String,
    pub name: String,
    pub is_leaf: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileView {
    pub id: String,
    pub name: String,
    /// In bytes.
    pub size: u64,
    pub is_picture: bool,
    /// Advice such as “图片较模糊”.
    pub warnings: Vec<String>,
}

/// Answers to be kept as a draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SaveDraft {
    pub procedure: String,
    pub step: String,
    pub draft: Option<String>,
    pub record: Option<String>,
    /// The subject the page speaks of.
    pub subject: Option<String>,
    /// The version the page knows; a later one in the database is a conflict (R77).
    pub version: Option<i64>,
    /// Save all the same.
    pub overwrite: bool,
    /// 否 (R11, R18): the version of the only draft, which is not to be used and may be replaced. A page
    /// older than this field says nothing and is told that there is a draft.
    #[serde(default)]
    pub declined: Option<i64>,
    /// All answers of the step; what is not mentioned is emptied.
    pub answers: Answers,
}

/// What came of saving.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Saved {
    Ok(DraftHead),
    /// Somebody (another tab) saved after this page was loaded.
    Conflict {
        saved_at: String,
        /// The draft that was saved.
        #[serde(default)]
        draft: Option<String>,
    },
    /// The draft cannot hold this.
    Faults(Vec<Fault>),
}

/// What came of submitting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Submitted {
    /// The filing's id; the same for a repeated key.
    Filing(String),
    Faults(Vec<Fault>),
    Refused(Refused),
}

/// 我的草稿 (R50)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DraftRow {
    pub id: String,
    pub procedure: Procedure,
    pub title: String,
    pub saved_at: String,
    pub days_left: i64,
    /// Path back into the form where it was left.
    pub href: String,
}

/// 我的申请 (R51)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FilingRow {
    pub id: String,
    pub reference: String,
    pub procedure: Procedure,
    pub title: String,
    pub subject_name: String,
    pub state: FilingState,
    pub submitted_at: String,
}

/// One filing as its applicant sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FilingView {
    pub row: FilingRow,
    pub jurisdiction: String,
    pub decided_at: Option<String>,
    pub sheet: Sheet,
    /// For changes.
    pub changes: Vec<Change>,
    pub history: Vec<EventView>,
    /// Seconds in which 撤销申请 is still possible.
    pub withdrawal_left: Option<i64>,
    /// What is withdrawn with it (R17).
    pub dependents: Vec<FilingRow>,
    /// A 新增主体 filing that no business filing accompanies yet (R15).
    pub waits_for_business: bool,
    /// Points of the last return (R53).
    pub remarks: Vec<Fault>,
    pub general_remark: Option<String>,
    pub registration: Option<RegistrationView>,
    pub files: BTreeMap<String, FileView>,
    /// Path of the record it made or changes.
    pub record_href: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventView {
    pub at: String,
    pub what: String,
    /// 申请人, 审核民警, 系统 — never a name of an officer.
    pub who: String,
    pub note: String,
}

/// The number and what goes into the site's footer (R38).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationView {
    /// 测公网安备11010102000001号
    pub number: String,
    pub digits: String,
    pub registered_on: String,
    /// The permanent public address, in full.
    pub address: String,
    pub html: String,
    pub markdown: String,
    pub plain: String,
}

/// A row of 我的网站, 我的APP … (R52)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordRow {
    pub id: String,
    pub business: Business,
    pub name: String,
    pub domain: Option<String>,
    pub registration_number: Option<String>,
    pub is_interactive: Option<bool>,
    pub jurisdiction: String,
    pub registered_on: Option<String>,
    pub state: RecordState,
    /// 变更, 注销, each with why not.
    pub offers: Vec<Offer>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordView {
    pub row: RecordRow,
    pub sheet: Sheet,
    pub registration: Option<RegistrationView>,
    pub filings: Vec<FilingRow>,
    pub files: BTreeMap<String, FileView>,
    /// The code on the printed result of an assessment.
    pub verification: Option<String>,
}

/// The home page of a signed-in person (R2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Home {
    pub filings: Vec<FilingRow>,
    pub notices: Vec<NoticeRow>,
    pub subject: Option<RecordRow>,
    /// 我的网站, 我的APP, 安全评估, 我的应用市场, 我的小程序
    pub records: Vec<(Business, Vec<RecordRow>)>,
    /// The latest draft, to go on with.
    pub draft: Option<DraftRow>,
}

/// 系统通知 (R66)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoticeRow {
    pub id: String,
    pub text: String,
    pub at: String,
    pub is_read: bool,
    pub link: Option<String>,
}

/// One answer of the public look-up: exactly what is public (R38).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicRecord {
    pub digits: String,
    pub business: Business,
    pub name: String,
    pub main_domain: Option<String>,
    pub other_domains: Vec<String>,
    /// 交互式 or 非交互式
    pub category: Option<String>,
    pub owner_kind: String,
    /// Empty for individuals.
    pub owner_name: String,
    pub registration_number: String,
    pub organ: String,
    pub registered_on: String,
    /// Set where the filing was cancelled.
    pub cancelled_on: Option<String>,
    /// Whether the code that was asked about is the one on the printed result; none asked, none here.
    pub verified: Option<bool>,
    /// What the printed result says, for whoever holds its code.
    pub result: Vec<(String, String)>,
}

/// The review queue (R61).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueueRow {
    pub id: String,
    pub reference: String,
    pub procedure: Procedure,
    pub title: String,
    pub subject_name: String,
    pub state: FilingState,
    pub submitted_at: String,
    /// Whole days since it was submitted.
    pub age_days: i64,
    pub jurisdiction: String,
    pub is_mine: bool,
    /// The officer filed it and cannot decide about it.
    pub is_own: bool,
    pub claimed_by: Option<String>,
    pub round: i32,
    /// It came in since the officer last said that they had seen everything.
    pub is_new: bool,
    pub is_overdue: bool,
    /// It came from another region.
    pub has_moved: bool,
}

/// What a queue's address asks for. Old addresses lack what came later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueRequest {
    /// `all`, `open`, `mine`, `resubmitted`, `overdue`, `arrived`, `done` or a state's code
    pub state: String,
    /// A procedure's code, or a business's
    pub procedure: String,
    /// A region within the officer's own
    pub region: String,
    /// `none`, `me` or an officer's id
    pub claimed_by: String,
    /// Submitted at least so many days ago; `today` for those of today
    pub age: String,
    /// Reference, registration number, subject, domain
    pub search: String,
    /// `oldest` or `newest`; otherwise as the state suggests
    pub sort: String,
    pub after: String,
}

impl QueueRequest {
    /// Names in the address, and what they mean.
    fn parts(&mut self) -> [(&'static str, &mut String); 8] {
        [
            ("procedure", &mut self.procedure),
            ("state", &mut self.state),
            ("region", &mut self.region),
            ("claimed_by", &mut self.claimed_by),
            ("age", &mut self.age),
            ("search", &mut self.search),
            ("sort", &mut self.sort),
            ("after", &mut self.after),
        ]
    }

    /// Reads each part of an address by its name.
    pub fn read(mut part: impl FnMut(&str) -> String) -> Self {
        let mut request = Self::default();
        for (name, kept) in request.parts() {
            *kept = part(name);
        }
        request.tidied()
    }

    /// Without what nobody sees and no database takes.
    pub fn tidied(mut self) -> Self {
        for (_, part) in self.parts() {
            *part = tidy(part);
        }
        self
    }

    /// What stands behind the `?` of a queue's address. Whatever it does not know is left out.
    pub fn from_query(query: &str) -> Self {
        let pairs: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        Self::read(|wanted| {
            let pair = pairs.iter().find(|(name, _)| *name == wanted);
            pair.map(|(_, value)| decoded(value)).unwrap_or_default()
        })
    }

    /// The parts that are set, in their order.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut copy = self.clone();
        let parts = copy.parts().map(|(name, value)| (name, value.clone()));
        parts.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }
}

/// A value of a query as it was meant.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next(), rest.next()].map(|digit| (digit? as char).to_digit(16));
                match digits {
                    [Some(high), Some(low)] => u8::try_from(high * 16 + low).unwrap_or(b'?'),
                    _ => b'?',
                }
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What the filters of the queue offer, and what stands beside them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct QueueDesk {
    /// The officer's region.
    pub region: RegionOption,
    /// The regions above the chosen one up to the officer's, and those directly below it.
    pub above: Vec<RegionOption>,
    pub below: Vec<RegionOption>,
    /// Officers who have claimed something here: id and name.
    pub officers: Vec<(String, String)>,
    pub views: Vec<SavedView>,
    /// What has arrived since the officer last said that they had seen everything; not beyond 100.
    pub arrived: u64,
}

/// A queue as an officer wants to find it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedView {
    pub id: String,
    pub name: String,
    /// The query of the queue's address.
    pub query: String,
}

/// The filings before and after one in a queue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbours {
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// A filing in an officer's hands, as administrators see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimRow {
    pub id: String,
    pub reference: String,
    pub procedure: Procedure,
    pub jurisdiction: String,
    pub officer: String,
    pub claimed_at: String,
    /// Since the officer last did something here.
    pub idle_minutes: i64,
}

/// What matches a search beyond this is neither listed nor counted: type more of it.
pub const MOST_FOUND: u64 = 1000;

/// A filing on the review desk with everything it belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewView {
    /// The filing this page is about.
    pub filing: QueueRow,
    /// The filings of the same bundle (R15): the subject's first, then its businesses.
    pub bundle: Vec<QueueRow>,
    pub jurisdiction: String,
    pub sheet: Sheet,
    pub changes: Vec<Change>,
    /// What is different from the round before, after a return (R53).
    pub since_last: Vec<Change>,
    /// The subject's sheet in force or under review, for business filings.
    pub subject_sheet: Option<Sheet>,
    pub checks: Vec<MachineCheck>,
    pub history: Vec<EventView>,
    pub files: BTreeMap<String, FileView>,
    pub may_claim: Option<Refused>,
    /// None: may decide. Some: why not.
    pub may_decide: Option<Refused>,
    /// None: may approve. Some: why not (the subject comes first, R15).
    pub may_approve: Option<Refused>,
    pub is_mine: bool,
    pub effects: Vec<String>,
    /// What the officer wrote before and could not send: `note`, `remark.<address>`, `suggest.<address>`.
    pub typed: Answers,
    /// 常用意见 to pick from.
    pub reasons: Vec<ReasonRow>,
    pub earlier_remarks: Vec<Fault>,
    /// The personal values are shown in full on this page, and that was written down (R65).
    pub unmasked: bool,
    pub version: i64,
    pub registration: Option<RegistrationView>,
    /// What else the subject has …
    pub subject_records: Vec<SubjectRecord>,
    /// … and filed, the newest first, as far as it lies in the officer's region.
    pub subject_filings: Vec<QueueRow>,
    /// Other officers who have this page open (R62).
    pub others: Vec<String>,
    /// What an officer confirms before approving.
    pub sign_off: Vec<String>,
    /// The legal grounds a refusal can name, and the remedy that it tells of.
    pub grounds: Vec<String>,
    pub remedy: String,
    /// Minutes without doing anything after which a claim lapses.
    pub claim_minutes: i64,
}

/// A record of the subject whose filing is reviewed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubjectRecord {
    pub business: Business,
    pub name: String,
    pub state: RecordState,
    pub registration_number: Option<String>,
    pub registered_on: Option<String>,
}

/// A check done by machine, with what it saw (R63).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineCheck {
    pub title: String,
    pub passed: bool,
    pub evidence: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Approve,
    Return,
    Reject,
}

/// The officer's dashboard (R61).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Dashboard {
    pub region: String,
    pub new: u64,
    pub mine: u64,
    pub overdue: u64,
    pub resubmitted: u64,
    /// Every procedure and state that occurs.
    pub by_kind: Vec<KindCount>,
    pub days: Vec<DayCount>,
    /// In working time; a working day has 24 hours.
    pub median_hours: Option<u64>,
    pub p90_hours: Option<u64>,
    /// Working days a filing may wait before it is overdue.
    pub overdue_days: i64,
    /// The regions directly below one's own; none below a county.
    pub below: Vec<RegionCount>,
}

/// What one region below the officer's own has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionCount {
    pub code: String,
    pub name: String,
    pub open: u64,
    pub overdue: u64,
    /// In the days of the chart.
    pub received: u64,
    pub decided: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KindCount {
    pub procedure: Procedure,
    pub state: FilingState,
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCount {
    /// 11-23
    pub day: String,
    pub received: u64,
    pub decided: u64,
}

/// A subject on its way to another person (R25).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverRow {
    pub id: String,
    pub subject_name: String,
    pub sender_name: String,
    pub sender_mobile: String,
    pub sender_id: String,
    pub created_at: String,
    pub days_left: i64,
}

/// What waiting subjects are searched by: the giver's 姓名, 手机号, 身份证号. Personal, so it never stands in an
/// address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverSearch {
    pub name: String,
    pub mobile: String,
    pub id_no: String,
}

/// What waits for a person, as far as the search finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverList {
    pub search: HandoverSearch,
    pub rows: Vec<HandoverRow>,
}

/// A person's session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    pub id: String,
    pub device: String,
    pub created_at: String,
    pub seen_at: String,
    pub is_this: bool,
}

/// A person with a role (R60).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffRow {
    pub id: String,
    pub name: String,
    pub role: String,
    pub region: String,
    pub since: String,
    /// The account, for whoever has signed in.
    pub person: Option<String>,
    pub is_suspended: bool,
}

/// A person's account as administrators see it: masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    pub id: String,
    pub name: String,
    pub mobile: String,
    pub id_no: String,
    /// (code of the role, region in words)
    pub roles: Vec<(String, String)>,
    pub created_at: String,
    pub seen_at: String,
    pub suspended: Option<Suspension>,
    /// The administrator's own.
    pub is_own: bool,
    pub sessions: Vec<SessionRow>,
}

/// Since when and why nobody can sign in to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    pub since: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspendedRow {
    pub id: String,
    /// Masked.
    pub name: String,
    pub since: String,
    pub reason: String,
}

/// A search in the audit log (R65); empty parts mean any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditRequest {
    pub action: String,
    pub object: String,
    /// Who did it, by id
    pub person: String,
    /// Civil days, both of them included
    pub since: String,
    pub until: String,
    pub after: String,
}

/// A line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    pub seq: i64,
    pub at: String,
    /// Masked; none where the platform itself acted.
    pub who: Option<String>,
    pub who_id: String,
    pub role: String,
    pub action: String,
    pub object_kind: String,
    pub object_id: String,
    pub detail: String,
}

/// Somebody looked at the person's data unmasked (R65).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookRow {
    pub at: String,
    pub who: String,
    pub purpose: String,
    pub filing: String,
    pub reference: String,
}

/// What an identity check allows (R22, R24).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityPurpose {
    Cancel,
    Transfer,
}

/// The identity check as its page draws it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct IdentityView {
    /// The responsible person's number around the four digits to be typed: 181____1234.
    pub mobile_head: String,
    pub mobile_tail: String,
    /// Seconds until a code can be sent (again); 0: now.
    pub wait_seconds: u64,
    /// Too many wrong tries: until when nothing is taken, in a sentence.
    pub locked: Option<String>,
    /// What was typed last and what is wrong with it, where the request asked to check.
    pub answers: Answers,
    pub faults: Vec<Fault>,
    /// The attachment.
    pub files: BTreeMap<String, FileView>,
    /// Makes a repeated submit harmless (R75).
    pub key: String,
}

/// 注销主体, 注销网站 … (R22, R36)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CancelView {
    pub procedure: Procedure,
    /// What would be cancelled; none where there is no subject.
    pub record: Option<RecordRow>,
    pub refused: Option<Refused>,
    /// For a subject: what ends with it (R23), by business, …
    pub attached: Vec<(Business, u64)>,
    /// … and how many filings under way.
    pub open_filings: u64,
    pub identity: IdentityView,
}

/// A cancellation as posted; answers of `forms::identity::CANCEL`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CancelRequest {
    pub business: Business,
    /// What the page shows; for a subject the subject itself (R6).
    pub record: String,
    pub answers: Answers,
    pub key: String,
}

/// A code is on its way (R72).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeSent {
    /// Masked.
    pub mobile: String,
    /// Until another one can be sent.
    pub wait_seconds: u64,
}

/// 移交主体 (R24)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransferView {
    pub subject: Option<RecordRow>,
    pub sheet: Option<Sheet>,
    /// The pictures of the sheet.
    pub files: BTreeMap<String, FileView>,
    pub refused: Option<Refused>,
    /// The subject is being handed over; it can be revoked.
    pub offered: Option<OfferedHandover>,
    pub identity: IdentityView,
}

/// What the giver sees of a handover under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedHandover {
    /// Masked.
    pub receiver_mobile: String,
    pub created_at: String,
    /// When it lapses.
    pub ends_at: String,
    pub days_left: i64,
}

/// A handover as posted; answers of `forms::identity::TRANSFER`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransferRequest {
    pub subject: String,
    pub answers: Answers,
    pub key: String,
}

/// 【详情】 of a subject that waits to be received (R25), masked and without its pictures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandoverView {
    pub row: HandoverRow,
    pub sheet: Sheet,
    /// What comes with it, by business.
    pub attached: Vec<(Business, u64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_found_again_by_its_query() {
        let request = QueueRequest {
            state: "overdue".to_owned(),
            search: "某某 科技&=+100%".to_owned(),
            ..QueueRequest::default()
        };
        let query = "state=overdue&search=%E6%9F%90%E6%9F%90+%E7%A7%91%E6%8A%80%26%3D%2B100%25&other=1";
        assert_eq!(QueueRequest::from_query(query), request);
        assert_eq!(request.pairs(), [("state", request.state.clone()), ("search", request.search.clone())]);
        for broken in ["", "&&", "state", "%", "state=%", "search=%zz"] {
            QueueRequest::from_query(broken);
        }
    }
}
