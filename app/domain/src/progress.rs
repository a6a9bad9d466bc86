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
        Milestone::Review if case.waiting.is_some() => UnderWay,
        Milestone::Review if is_in_force && case.approved > 0 => Done,
        Milestone::Review => Todo,
        Milestone::Badge if case.unbadged.is_none() && is_in_force && case.approved > 0 => Done,
        Milestone::Badge => Todo,
    }
}

/// Everything but the steps, which need no choice.
fn next(case: &Case) -> Progress {
    match &case.subject {
        SubjectStage::Returned(returned) => to_repair(returned, Milestone::Subject),
        _ if case.returned.is_some() => match &case.returned {
            Some(returned) => to_repair(returned, Milestone::Business),
            None => all_done(case),
        },
        SubjectStage::None | SubjectStage::Rejected(_) | SubjectStage::Draft(_) => first_steps(case),
        SubjectStage::Submitted(_) | SubjectStage::InForce
            if case.waiting.is_none() && case.approved == 0 =>
        {
            to_file(case)
        }
        SubjectStage::Submitted(_) => match &case.waiting {
            Some(waiting) => to_wait(case, waiting),
            None => to_file(case),
        },
        SubjectStage::Cancelling(filing) => leaving(
            "主体正在注销",
            "审核通过后，主体及其下业务一并注销；审核开始前可以撤销申请。",
            open(
                "查看申请单",
                "注销主体",
                filing.as_deref().map_or(route::FILINGS.to_owned(), route::filing),
            ),
        ),
        SubjectStage::Transferring => leaving(
            "主体正在移交",
            "等待接收人接收；接收之前可以撤回。",
            open("查看移交", "移交主体", route::TRANSFER.to_owned()),
        ),
        SubjectStage::InForce => in_force(case),
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
        "请备好域名证书和负责人证件".to_owned(),
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
    if let Some(draft) = &case.draft {
        acts.push(open("继续填写草稿", &draft.title, draft.href.clone()));
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
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    fn website(action: Action) -> Procedure {
        Procedure::new(Business::Website, action)
    }

    fn draft(procedure: Procedure) -> StartedDraft {
        StartedDraft {
            procedure,
            title: "晨光书店".to_owned(),
            href: "/draft".to_owned(),
            effort: Effort { items: 3, minutes: 2 },
            days_left: 12,
        }
    }

    fn returned(procedure: Procedure, along: usize) -> Returned {
        Returned { filing: "r".to_owned(), procedure, title: "晨光书店".to_owned(), points: 2, along }
    }

    fn empty() -> Case {
        Case {
            subject: SubjectStage::None,
            returned: None,
            draft: None,
            waiting: None,
            approved: 0,
            unbadged: None,
            handover: None,
            document_ends: None,
            review_days: 7,
        }
    }

    fn stages() -> Vec<SubjectStage> {
        let new = Procedure::new(Business::Subject, Action::New);
        vec![
            SubjectStage::None,
            SubjectStage::Draft(draft(new)),
            SubjectStage::Returned(returned(new, 0)),
            SubjectStage::Returned(returned(new, 2)),
            SubjectStage::Rejected("f".to_owned()),
            SubjectStage::Submitted("f".to_owned()),
            SubjectStage::InForce,
            SubjectStage::Cancelling(Some("f".to_owned())),
            SubjectStage::Cancelling(None),
            SubjectStage::Transferring,
        ]
    }

    /// Every combination there is, and more that never come about.
    fn cases() -> Vec<Case> {
        let waiting = WaitingFiling {
            filing: "w".to_owned(),
            procedure: website(Action::New),
            title: "晨光书店".to_owned(),
            is_claimed: false,
            submitted_at: "2026-03-02 10:00".to_owned(),
        };
        let unbadged = Unbadged {
            business: Business::Website,
            record: "b".to_owned(),
            name: "晨光书店".to_owned(),
            count: 1,
        };
        let handover = OfferedSubject { id: "h".to_owned(), name: "某公司".to_owned(), days_left: 9 };
        let mut cases = Vec::new();
        for subject in stages() {
            for bits in 0_u32..128 {
                let is = |bit: u32| bits & (1 << bit) != 0;
                cases.push(Case {
                    subject: subject.clone(),
                    returned: is(0).then(|| returned(website(Action::New), 0)),
                    draft: is(1).then(|| draft(website(Action::New))),
                    waiting: is(2).then(|| WaitingFiling { is_claimed: is(1), ..waiting.clone() }),
                    approved: u64::from(is(3)),
                    unbadged: is(4).then(|| unbadged.clone()),
                    handover: is(5).then(|| handover.clone()),
                    document_ends: is(6).then(|| "2026-03-20".to_owned()),
                    review_days: 7,
                });
            }
        }
        cases
    }

    #[test]
    fn every_case_has_its_five_steps_one_present_and_one_next_act_that_leads_somewhere() {
        for case in cases() {
            let told = progress(&case);
            assert_eq!(told.milestones.iter().map(|(step, _)| *step).collect::<Vec<_>>(), Milestone::ALL);
            assert_eq!(told.milestones[0].1, MilestoneState::Done);
            let present = told.milestones.iter().find(|(step, _)| *step == told.present).unwrap().1;
            assert!(!told.title.is_empty() && !told.sentence.is_empty() && !told.next.label.is_empty());
            assert!(told.facts.iter().all(|fact| !fact.is_empty()), "{case:?}");
            match &told.next.act {
                Act::Open(href) => assert!(href.starts_with('/'), "{case:?}"),
                Act::Redraft { filing, along } => {
                    assert_eq!(filing, "r");
                    assert_eq!(present, MilestoneState::Attention, "{case:?}");
                    let of_bundle = matches!(&case.subject, SubjectStage::Returned(it) if it.along > 0);
                    assert_eq!(*along, of_bundle, "{case:?}");
                }
            }
            assert!(told.also.iter().all(|other| other.act != told.next.act), "said twice: {case:?}");
        }
    }

    /// What came back goes before everything else, the subject before its businesses; nobody whose business came
    /// back is invited to file a second one.
    #[test]
    fn what_came_back_is_the_next_act_and_nothing_invites_to_file_it_a_second_time() {
        for case in cases() {
            let told = progress(&case);
            let subject_came_back = matches!(case.subject, SubjectStage::Returned(_));
            if subject_came_back || case.returned.is_some() {
                assert!(matches!(told.next.act, Act::Redraft { .. }) && told.is_urgent, "{case:?}");
                let expected = if subject_came_back { Milestone::Subject } else { Milestone::Business };
                assert_eq!(told.present, expected, "{case:?}");
                let begins = |act: &NextAct| matches!(&act.act, Act::Open(href) if href.ends_with("/new"));
                assert!(!told.also.iter().any(begins), "{case:?}");
            } else {
                assert!(matches!(told.next.act, Act::Open(_)), "{case:?}");
            }
        }
    }

    fn leads(case: &Case) -> (Milestone, String, String) {
        let told = progress(case);
        let Act::Open(href) = told.next.act else { return (told.present, told.next.label, String::new()) };
        (told.present, told.next.label, href)
    }

    #[test]
    fn a_case_goes_its_way_from_signing_in_to_the_badge() {
        use Milestone::{Badge, Business as Filed, Review, Subject};
        let expect = |case: &Case, step: Milestone, label: &str, href: &str| {
            assert_eq!(leads(case), (step, label.to_owned(), href.to_owned()), "{case:?}");
        };
        let all = cases();
        let (waiting, unbadged, handover) = (&all[4].waiting, &all[16].unbadged, &all[32].handover);
        let mut case = empty();
        expect(&case, Subject, "新增主体", "/subject/new");
        case.subject = stages().remove(1);
        expect(&case, Subject, "继续填写", "/draft");
        assert_eq!(progress(&case).facts, ["还差 3 项", "约 2 分钟", "草稿还可保留 12 天"]);
        case.subject = SubjectStage::Submitted("f".to_owned());
        expect(&case, Filed, "填报网站", "/website/new");
        assert_eq!(progress(&case).title, "还差一步：请填报网站或其他业务");
        case.draft = Some(draft(website(Action::New)));
        expect(&case, Filed, "继续填写", "/draft");
        assert_eq!(progress(&case).title, "还差一步：请填报网站或其他业务");
        case.draft = None;
        case.waiting = waiting.clone();
        expect(&case, Review, "查看申请单", "/mine/filings/w");
        (case.subject, case.waiting, case.approved) = (SubjectStage::InForce, None, 1);
        case.unbadged = unbadged.clone();
        expect(&case, Badge, "去挂标", "/mine/website/b");
        case.unbadged = None;
        expect(&case, Badge, "办理其他业务", "/services");
        assert!(progress(&case).milestones.iter().all(|(_, state)| *state == MilestoneState::Done));
        // What can be done goes before what can only be waited for.
        case.waiting = waiting.clone();
        expect(&case, Review, "查看申请单", "/mine/filings/w");
        case.unbadged = unbadged.clone();
        expect(&case, Badge, "去挂标", "/mine/website/b");
        case.document_ends = Some("2026-03-20".to_owned());
        expect(&case, Subject, "变更主体", "/subject/change");
        // Somebody who has a subject is told of another one beside it; who has none, first of all.
        case.handover = handover.clone();
        expect(&case, Subject, "变更主体", "/subject/change");
        assert!(progress(&case).also.iter().any(|other| other.label == "接收主体"));
        for subject in [SubjectStage::None, stages().remove(1), stages().remove(4)] {
            let case = Case { subject, handover: handover.clone(), ..empty() };
            expect(&case, Subject, "查看并接收", "/subject/receive/h");
            assert_eq!(question(&case), None, "nobody is told to apply for what only has to be received");
        }
        let case = Case { subject: SubjectStage::Transferring, approved: 1, ..empty() };
        expect(&case, Review, "查看移交", "/subject/transfer");
        let case = Case { subject: SubjectStage::Cancelling(Some("f".to_owned())), approved: 1, ..empty() };
        expect(&case, Review, "查看申请单", "/mine/filings/f");
    }

    /// R5, R53
    #[test]
    fn who_has_no_subject_is_asked_and_who_got_one_back_is_led_to_the_remarks() {
        for stage in stages() {
            let case = Case { subject: stage.clone(), ..empty() };
            match (question(&case), &stage) {
                (
                    Some(SubjectQuestion::Apply),
                    SubjectStage::None | SubjectStage::Draft(_) | SubjectStage::Rejected(_),
                ) => {}
                (Some(SubjectQuestion::Repair { points, next }), SubjectStage::Returned(it)) => {
                    assert_eq!(points, 2);
                    assert_eq!(next.label, "去修改");
                    assert_eq!(next.act, Act::Redraft { filing: "r".to_owned(), along: it.along > 0 });
                    assert_eq!(returned_sentence(points), "您的新增主体申请已退回，有 2 处需要修改");
                }
                (
                    None,
                    SubjectStage::Submitted(_)
                    | SubjectStage::InForce
                    | SubjectStage::Cancelling(_)
                    | SubjectStage::Transferring,
                ) => {}
                (asked, stage) => panic!("{stage:?} asks {asked:?}"),
            }
        }
    }

    #[test]
    fn a_photo_takes_longer_than_a_word() {
        let form = Business::Subject.form();
        let fault = |at: &str| Fault { at: at.to_owned(), message: String::new() };
        let words = Effort::of(form, &[fault("principal.name"), fault("principal.mobile")]);
        let photos = ["principal.id_portrait", "principal.id_emblem"].map(fault);
        let photos = Effort::of(form, &photos);
        assert_eq!((words.items, words.minutes), (2, 1));
        assert_eq!((photos.items, photos.minutes), (2, 2));
        assert_eq!(Effort::of(form, &[]).facts(), ["已填完，可以提交"]);
    }
}
