//! 我的备案进度: how far a person's case is, and the one next thing to do. A view of states that exist; it decides
//! nothing. The server reads a [`Case`], pages show the [`Progress`] that [`progress`] makes of it.

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::business::Business;
use crate::guide;
use crate::procedure::Procedure;
use crate::route;
use crate::schema::{Fault, Form};

/// The document of a responsible person is told to run out so many days before.
pub const EXPIRY_WARNING_DAYS: i64 = 30;

/// What is known of a case: one subject, what is filed for it, and what waits for the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub subject: SubjectStage,
    pub returned: Option<Returned>,
    /// A filing about which an officer asked something that nobody has answered (待补充说明).
    pub asked: Option<AskedFiling>,
    pub draft: Option<StartedDraft>,
    /// The latest business filing, or other filing of the subject in force, that officers have.
    pub waiting: Option<WaitingFiling>,
    /// Businesses in force.
    pub approved: u64,
    /// A business in force whose number nobody has seen on its pages yet.
    pub unbadged: Option<Unbadged>,
    /// A subject that somebody hands over to this person.
    pub handover: Option<OfferedSubject>,
    /// The last day of the responsible person's document, where it is near or over.
    pub document_ends: Option<String>,
    /// Working days within which officers usually decide.
    pub review_days: i64,
}

/// How far the subject is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectStage {
    /// There is none, and nothing that would become one.
    None,
    /// 新增主体 was begun.
    Draft(StartedDraft),
    /// 新增主体 came back.
    Returned(Returned),
    /// The last 新增主体 was refused; the id of its filing.
    Rejected(String),
    /// 新增主体 was submitted; the id of its filing.
    Submitted(String),
    /// 有效 or 变更中
    InForce,
    /// 注销中; the id of the filing.
    Cancelling(Option<String>),
    /// 移交中
    Transferring,
}

/// A draft to go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartedDraft {
    pub procedure: Procedure,
    pub title: String,
    pub href: String,
    pub effort: Effort,
    pub days_left: i64,
}

/// A filing that came back with remarks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    pub filing: String,
    pub procedure: Procedure,
    pub title: String,
    /// Remarks at fields.
    pub points: usize,
    /// Business filings that came back with it and have no remarks of their own (R15).
    pub along: usize,
}

/// A filing that officers have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingFiling {
    pub filing: String,
    pub procedure: Procedure,
    pub title: String,
    /// An officer has begun.
    pub is_claimed: bool,
    pub submitted_at: String,
}

/// A filing about which officers asked something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedFiling {
    pub filing: String,
    pub procedure: Procedure,
    pub title: String,
}

/// A record in force whose number is not known to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unbadged {
    pub business: Business,
    pub record: String,
    pub name: String,
    pub count: u64,
}

/// A subject on its way to this person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedSubject {
    pub id: String,
    pub name: String,
    pub days_left: i64,
}

/// What is still to be typed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effort {
    pub items: usize,
    pub minutes: usize,
}

/// The five steps of every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Milestone {
    SignIn,
    Subject,
    Business,
    Review,
    Badge,
}

/// How far one of them is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MilestoneState {
    Done,
    /// Something was begun or sent, and is not over.
    UnderWay,
    /// Came back, or runs out.
    Attention,
    Todo,
}

/// Where a button of the progress leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// To a page.
    Open(String),
    /// A returned filing becomes a form again (R53); `along` sends what came back with it again, too.
    Redraft { filing: String, along: bool },
}

/// A button: its words, what it is about, and where it leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextAct {
    pub label: String,
    pub about: String,
    pub act: Act,
}

/// 我的备案进度, to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub milestones: Vec<(Milestone, MilestoneState)>,
    /// The one that the next act belongs to.
    pub present: Milestone,
    pub title: String,
    pub sentence: String,
    /// What is missing, how long it takes, by when: “还差 3 项”, “约 8 分钟”, “草稿保留 12 天”.
    pub facts: Vec<String>,
    pub next: NextAct,
    /// What else could be done now.
    pub also: Vec<NextAct>,
    /// Something is wrong unless the person acts.
    pub is_urgent: bool,
}

/// What a person without a subject is asked on the home page (R5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubjectQuestion {
    /// “您当前尚无有效主体，请先申请主体”
    Apply,
    /// The one that was applied for came back.
    Repair { points: usize, next: NextAct },
}

impl Milestone {
    pub const ALL: [Milestone; 5] =
        [Milestone::SignIn, Milestone::Subject, Milestone::Business, Milestone::Review, Milestone::Badge];

    pub fn label(self) -> &'static str {
        match self {
            Milestone::SignIn => "实名登录",
            Milestone::Subject => "主体",
            Milestone::Business => "业务",
            Milestone::Review => "审核",
            Milestone::Badge => "挂标",
        }
    }
}

impl MilestoneState {
    pub fn label(self) -> &'static str {
        match self {
            MilestoneState::Done => "已完成",
            MilestoneState::UnderWay => "进行中",
            MilestoneState::Attention => "需处理",
            MilestoneState::Todo => "未开始",
        }
    }
}

impl Effort {
    /// What `faults` of a form take to put right.
    pub fn of(form: &'static Form, faults: &[Fault]) -> Self {
        Effort { items: faults.len(), minutes: guide::minutes_for(form, faults) }
    }

    fn facts(self) -> Vec<String> {
        match self.items {
            0 => vec!["已填完，可以提交".to_owned()],
            items => vec![format!("还差 {items} 项"), format!("约 {} 分钟", self.minutes)],
        }
    }
}

impl Returned {
    /// The button that opens it with its remarks.
    pub fn repair(&self) -> NextAct {
        NextAct {
            label: "去修改".to_owned(),
            about: self.title.clone(),
            act: Act::Redraft { filing: self.filing.clone(), along: self.along > 0 },
        }
    }
}

impl StartedDraft {
    fn go_on(&self) -> NextAct {
        open("继续填写", &self.title, self.href.clone())
    }

    fn facts(&self) -> Vec<String> {
        let mut facts = self.effort.facts();
        facts.push(format!("草稿还可保留 {} 天", self.days_left));
        facts
    }
}

/// What the home page asks somebody who has no subject: nothing where one only has to be received (R5, R25).
pub fn question(case: &Case) -> Option<SubjectQuestion> {
    match &case.subject {
        SubjectStage::Returned(returned) => {
            Some(SubjectQuestion::Repair { points: returned.points, next: returned.repair() })
        }
        SubjectStage::None | SubjectStage::Draft(_) | SubjectStage::Rejected(_) => {
            case.handover.is_none().then_some(SubjectQuestion::Apply)
        }
        SubjectStage::Submitted(_)
        | SubjectStage::InForce
        | SubjectStage::Cancelling(_)
        | SubjectStage::Transferring => None,
    }
}

/// “您的新增主体申请已退回，有 2 处需要修改”
pub fn returned_sentence(points: usize) -> String {
    match points {
        0 => "您的新增主体申请已退回，请修改后重新提交".to_owned(),
        points => format!("您的新增主体申请已退回，有 {points} 处需要修改"),
    }
}

/// How far the case is and the one next act.
pub fn progress(case: &Case) -> Progress {
    let mut told = next(case);
    told.milestones = Milestone::ALL.into_iter().map(|step| (step, state(case, step))).collect();
    told.also.extend(also(case).into_iter().filter(|other| other.act != told.next.act));
    told
}

fn state(case: &Case, step: Milestone) -> MilestoneState {
    use MilestoneState::{Attention, Done, Todo, UnderWay};
    let is_in_force = matches!(
        case.subject,
        SubjectStage::InForce | SubjectStage::Cancelling(_) | SubjectStage::Transferring
    );
    match step {
        Milestone::SignIn => Done,
        Milestone::Subject => match &case.subject {
            SubjectStage::None | SubjectStage::Rejected(_) => Todo,
            SubjectStage::Draft(_) => UnderWay,
            SubjectStage::Returned(_) => Attention,
            SubjectStage::InForce if case.document_ends.is_some() => Attention,
            SubjectStage::Submitted(_)
            | SubjectStage::InForce
            | SubjectStage::Cancelling(_)
            | SubjectStage::Transferring => Done,
        },
        Milestone::Business if case.returned.is_some() => Attention,
        Milestone::Business if case.approved > 0 || case.waiting.is_some() => Done,
        // They came back with their subject, and nothing is wrong with them.
        Milestone::Business if matches!(&case.subject, SubjectStage::Returned(it) if it.along > 0) => Done,
        Milestone::Business if case.draft.is_some() => UnderWay,
        Milestone::Business => Todo,
        Milestone::Review if case.asked.is_some() => Attention,
        Milestone::Review if case.waiting.is_some() => UnderWay,
        Milestone::Review if is_in_force && case.approved > 0 => Done,
        Milestone::Review => Todo,
        Milestone::Badge if case.unbadged.is_none() && is_in_force && case.approved > 0 => Done,
        Milestone::Badge => Todo,
    }
}

/// Everything but the steps, which need no choice.
fn next(case: &Case) -> Progress {
    if let (Some(asked), None) = (&case.asked, &case.returned)
        && !matches!(case.subject, SubjectStage::Returned(_))
    {
        return to_answer(asked);
    }
    match (&case.subject, &case.returned) {
        (SubjectStage::Returned(returned), _) => to_repair(returned, Milestone::Subject),
        (_, Some(returned)) => to_repair(returned, Milestone::Business),
        (SubjectStage::None | SubjectStage::Rejected(_) | SubjectStage::Draft(_), None) => first_steps(case),
        (SubjectStage::Submitted(_), None) => match &case.waiting {
            Some(waiting) => to_wait(case, waiting),
            None => to_file(case),
        },
        (SubjectStage::InForce, None) if case.waiting.is_none() && case.approved == 0 => to_file(case),
        (SubjectStage::Cancelling(filing), None) => leaving(
            "主体正在注销",
            "审核通过后，主体及其下业务一并注销；审核开始前可以撤销申请。",
            open(
                "查看申请单",
                "注销主体",
                filing.as_deref().map_or(route::FILINGS.to_owned(), route::filing),
            ),
        ),
        (SubjectStage::Transferring, None) => leaving(
            "主体正在移交",
            "等待接收人接收；接收之前可以撤回。",
            open("查看移交", "移交主体", route::TRANSFER.to_owned()),
        ),
        (SubjectStage::InForce, None) => in_force(case),
    }
}

fn told(present: Milestone, title: &str, sentence: &str, facts: Vec<String>, next: NextAct) -> Progress {
    Progress {
        milestones: Vec::new(),
        present,
        title: title.to_owned(),
        sentence: sentence.to_owned(),
        facts,
        next,
        also: Vec::new(),
        is_urgent: false,
    }
}

fn to_repair(returned: &Returned, present: Milestone) -> Progress {
    let title = format!("{}已退回，请修改后重新提交", called(returned.procedure));
    let sentence = match returned.along {
        0 => "审核意见已写在需要修改的项目旁边，其余内容都在，不必重填。".to_owned(),
        along => format!(
            "审核意见已写在需要修改的项目旁边。一并退回的 {along} 项业务没有问题，会随主体自动重新提交，不必再填。"
        ),
    };
    let facts = match returned.points {
        0 => vec!["意见见申请单".to_owned()],
        points => vec![format!("有 {points} 处需要修改"), format!("约 {} 分钟", 1 + points)],
    };
    let look = open("查看申请单", &returned.title, route::filing(&returned.filing));
    let next = returned.repair();
    Progress { also: vec![look], is_urgent: true, ..told(present, &title, &sentence, facts, next) }
}

fn to_answer(asked: &AskedFiling) -> Progress {
    let title = format!("{}需要补充说明", called(asked.procedure));
    let sentence = "民警提了问题，没有退回申请。请在申请详情中回复，可以附文件；回复之前审核暂停。";
    let next = open("去回复", &asked.title, route::talk(&asked.filing));
    let facts = vec!["约 3 分钟".to_owned()];
    Progress { is_urgent: true, ..told(Milestone::Review, &title, sentence, facts, next) }
}

fn first_steps(case: &Case) -> Progress {
    if let Some(offered) = &case.handover {
        return to_receive(offered);
    }
    match &case.subject {
        SubjectStage::Draft(draft) => told(
            Milestone::Subject,
            "继续填写主体信息",
            "上次填写的内容都已保存。",
            draft.facts(),
            draft.go_on(),
        ),
        SubjectStage::Rejected(filing) => Progress {
            also: vec![open("查看不予通过的理由", "新增主体", route::filing(filing))],
            ..told(
                Milestone::Subject,
                "上次的主体申请不予通过",
                "请先看清理由，再重新填报开办主体。",
                Vec::new(),
                open("新增主体", "", route::NEW_SUBJECT.to_owned()),
            )
        },
        _ => told(
            Milestone::Subject,
            "先填报开办主体",
            "单位请备好营业执照等证件和负责人身份证，个人请备好身份证；可以随时保存，下次接着填。",
            vec![format!("约 {} 分钟", guide::minutes(Business::Subject))],
            open("新增主体", "", route::NEW_SUBJECT.to_owned()),
        ),
    }
}

fn to_receive(offered: &OfferedSubject) -> Progress {
    told(
        Milestone::Subject,
        &format!("“{}”正等待您接收", offered.name),
        "接收后，该主体及其下业务归您管理；不认识的请拒绝。",
        vec![format!("还剩 {} 天，逾期自动退回", offered.days_left)],
        open("查看并接收", &offered.name, route::handover(&offered.id)),
    )
}

/// Nothing is reviewed before a business is filed (R15).
fn to_file(case: &Case) -> Progress {
    let (title, sentence) = match case.subject {
        SubjectStage::Submitted(_) => (
            "还差一步：请填报网站或其他业务",
            "公安机关不会单独审核主体：请继续填报至少一项业务，一并进入审核。",
        ),
        _ => ("主体有效，可以填报网站或其他业务", "填报业务并审核通过后，才会获得备案号。"),
    };
    let is_urgent = matches!(case.subject, SubjectStage::Submitted(_));
    if let Some(draft) = &case.draft {
        return Progress {
            is_urgent,
            ..told(Milestone::Business, title, sentence, draft.facts(), draft.go_on())
        };
    }
    let others = Business::beside_subject().filter(|business| *business != Business::Website).map(begin);
    let facts = vec![
        format!("网站约 {} 分钟", guide::minutes(Business::Website)),
        "请备好安全负责人和应急联络人的身份证，建议备好域名证书".to_owned(),
    ];
    let website = open("填报网站", "", route::begin(Procedure::new(Business::Website, Action::New)));
    Progress {
        also: others.collect(),
        is_urgent,
        ..told(Milestone::Business, title, sentence, facts, website)
    }
}

fn to_wait(case: &Case, waiting: &WaitingFiling) -> Progress {
    let title = match waiting.is_claimed {
        true => "民警正在审核",
        false => "已提交，等待审核",
    };
    told(
        Milestone::Review,
        title,
        "现在不需要您做什么；有结果会在“系统通知”中告知。",
        vec![format!("{} 提交", waiting.submitted_at), format!("一般 {} 个工作日内办结", case.review_days)],
        open("查看申请单", &waiting.title, route::filing(&waiting.filing)),
    )
}

fn leaving(title: &str, sentence: &str, next: NextAct) -> Progress {
    told(Milestone::Review, title, sentence, Vec::new(), next)
}

/// What can be done comes before what can only be waited for.
fn in_force(case: &Case) -> Progress {
    if let Some(day) = &case.document_ends {
        let change = Procedure::new(Business::Subject, Action::Change);
        return Progress {
            is_urgent: true,
            ..told(
                Milestone::Subject,
                "负责人证件即将到期或已经到期",
                "请换用新证件，并通过变更主体更新证件信息。",
                vec![format!("证件有效期至 {day}")],
                open("变更主体", "", route::begin(change)),
            )
        };
    }
    if let Some(unbadged) = &case.unbadged {
        let more =
            if unbadged.count > 1 { format!("共 {} 项待挂标", unbadged.count) } else { String::new() };
        let facts = vec![more, "约 5 分钟".to_owned()];
        return told(
            Milestone::Badge,
            &format!("“{}”已获得备案号，请挂标", unbadged.name),
            "请把备案号和备案图标放在首页底部，链接到公示页。",
            facts.into_iter().filter(|fact| !fact.is_empty()).collect(),
            open("去挂标", &unbadged.name, route::record(unbadged.business, &unbadged.record)),
        );
    }
    if let Some(draft) = &case.draft {
        let title = format!("继续填写“{}”", draft.procedure.label());
        return told(Milestone::Business, &title, "上次填写的内容都已保存。", draft.facts(), draft.go_on());
    }
    match &case.waiting {
        Some(waiting) => to_wait(case, waiting),
        None => all_done(case),
    }
}

fn all_done(case: &Case) -> Progress {
    told(
        Milestone::Badge,
        "备案已全部完成",
        "信息有变动时请及时办理变更，停止服务时请办理注销。",
        vec![format!("{} 项业务有效", case.approved)],
        open("办理其他业务", "", route::SERVICES.to_owned()),
    )
}

/// What waits beside the one next act.
fn also(case: &Case) -> Vec<NextAct> {
    let mut acts = Vec::new();
    if let Some(offered) = &case.handover {
        acts.push(open("接收主体", &offered.name, route::handover(&offered.id)));
    }
    if let Some(asked) = &case.asked {
        acts.push(open("回复补充说明", &asked.title, route::talk(&asked.filing)));
    }
    if let Some(draft) = &case.draft {
        acts.push(open(&format!("继续填写“{}”", draft.title), "", draft.href.clone()));
    }
    if let (Some(waiting), true) = (&case.waiting, case.draft.is_some() || case.unbadged.is_some()) {
        acts.push(open("查看审核中的申请单", &waiting.title, route::filing(&waiting.filing)));
    }
    acts
}

fn begin(business: Business) -> NextAct {
    open(business.noun(), "", route::begin(Procedure::new(business, Action::New)))
}

fn open(label: &str, about: &str, href: String) -> NextAct {
    NextAct { label: label.to_owned(), about: about.to_owned(), act: Act::Open(href) }
}

/// 新增主体申请, 新办网站申请, 变更网站申请 …
pub fn called(procedure: Procedure) -> String {
    let label = procedure.label();
    format!("{}申请", label.strip_suffix("申请").unwrap_or(label))
}

#[cfg(test)]
mod tests;
