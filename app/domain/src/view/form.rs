//! A form and its draft: what is asked, saved and answered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::directory::{Finder, ProviderSearch};
use super::file::FileView;
use super::filing::FilingRow;
use super::offer::Refused;
use super::region::RegionOption;
use super::session::SubjectChoice;
use crate::answer::Answers;
use crate::business::Business;
use crate::procedure::Procedure;
use crate::record::RecordState;
use crate::schema::Fault;
use crate::sheet::{Change, Sheet};

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
    /// Show all answers once more before they are filed (R78).
    #[serde(default)]
    pub review: bool,
    /// Look for a provider for one of the step's blocks (R31).
    #[serde(default)]
    pub find: Option<ProviderSearch>,
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
    /// A returned 新增主体 to go on with instead of an empty form (R53).
    pub offered_return: Option<OfferedReturn>,
    pub refused: Option<Refused>,
    /// Whether there is anything to fill in: not where nothing typed could be filed.
    pub is_open: bool,
    /// What is submitted again along with this form, as it was (R15).
    pub along: Vec<FilingRow>,
    /// How far each step of the form is.
    pub steps: Vec<StepState>,
    /// The read-only subject on the step that shows it (R30).
    pub subject_sheet: Option<Sheet>,
    /// All answers by step, on the last step (R78) and where they are to be looked at; not while something is wrong.
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
    /// Who is signed in, masked, at the keys of the fields: what 负责人是我本人 fills in.
    #[serde(default)]
    pub me: Answers,
    /// Whether the operator lets the server ask where domains lead.
    #[serde(default)]
    pub can_resolve: bool,
    /// The subject's own records that the step's questions can refer to.
    pub own_records: Vec<OwnRecord>,
    /// The directory that was opened to fill a block (R31).
    pub finder: Option<Finder>,
}

/// How far a step is, by its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepState {
    Todo,
    /// So many answers are missing or wrong.
    Missing(usize),
    Done,
}

/// A returned 新增主体, offered as a draft is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedReturn {
    pub filing: String,
    /// Remarks at fields.
    pub points: usize,
    /// Businesses came back along with it and need no repair.
    pub along: bool,
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
    #[serde(default)]
    pub me: Answers,
    #[serde(default)]
    pub can_resolve: bool,
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
            me: view.me,
            can_resolve: view.can_resolve,
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
    /// Whose page it is. Another may have signed in at this browser since: nothing is saved for them.
    #[serde(default)]
    pub owner: Option<String>,
    /// All answers of the step; what is not mentioned is emptied.
    pub answers: Answers,
}

/// A personal value of one's own that is to be shown in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevealRequest {
    pub procedure: String,
    pub draft: Option<String>,
    pub record: Option<String>,
    pub subject: Option<String>,
    pub at: String,
    /// What the page shows for it.
    pub mask: String,
}

/// What is to be found by a part of its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FindQuestion {
    /// Regions: of every level, or of those where an address can be.
    Regions { text: String, every_level: bool },
    /// Providers (R31).
    Providers { directory: String, text: String },
}

/// A region or a provider that was found by a part of its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hit {
    /// A region's with those above it: 北京市东城区.
    pub name: String,
    /// What is told beside it: what a provider is called otherwise, and where it sits.
    pub about: String,
    /// The region itself, or where a provider sits: one of the two, where it is known.
    pub region: String,
    pub country: String,
    pub phone: String,
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

/// A draft that its person deleted and can still have back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeletedDraft {
    pub id: String,
    pub procedure: Procedure,
    pub title: String,
    pub minutes_left: u64,
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
