//! What may be filed: business × action. One table says of each procedure how it opens, which
//! state its record needs and gets meanwhile, and what approval does; pages, server and tests read
//! it from here.

use serde::{Deserialize, Serialize};

use crate::record::RecordState;

/// What a subject files (and the subject itself).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Business {
    Subject,
    Website,
    App,
    Provider,
    Market,
    MiniProgram,
    Assessment,
}

impl Business {
    /// In the order of the manual's menu.
    pub const ALL: [Business; 7] = [
        Business::Subject,
        Business::Website,
        Business::App,
        Business::Provider,
        Business::Market,
        Business::MiniProgram,
        Business::Assessment,
    ];

    /// The name in the database and in addresses.
    pub fn code(self) -> &'static str {
        match self {
            Business::Subject => "subject",
            Business::Website => "website",
            Business::App => "app",
            Business::Provider => "provider",
            Business::Market => "market",
            Business::MiniProgram => "mini",
            Business::Assessment => "assessment",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|business| business.code() == code)
    }

    /// 主体, 网站, APP …
    pub fn noun(self) -> &'static str {
        match self {
            Business::Subject => "主体",
            Business::Website => "网站",
            Business::App => "APP",
            Business::Provider => "服务商",
            Business::Market => "应用市场",
            Business::MiniProgram => "小程序",
            Business::Assessment => "安全评估",
        }
    }

    /// The group in the side menu (R7).
    pub fn menu(self) -> &'static str {
        match self {
            Business::Subject => "开办主体管理",
            Business::Website => "网站业务",
            Business::App => "APP业务",
            Business::Provider => "服务商业务",
            Business::Market => "应用市场业务",
            Business::MiniProgram => "小程序",
            Business::Assessment => "安全评估",
        }
    }

    /// The group on 业务办理 (R4).
    pub fn shortcut_group(self) -> &'static str {
        match self {
            Business::Subject => "开办主体",
            Business::Website
            | Business::App
            | Business::Provider
            | Business::Market
            | Business::MiniProgram
            | Business::Assessment => self.menu(),
        }
    }

    /// 我的网站 … (R7, R52)
    pub fn mine(self) -> &'static str {
        match self {
            Business::Subject => "我的主体",
            Business::Website => "我的网站",
            Business::App => "我的APP",
            Business::Provider => "我的服务商",
            Business::Market => "我的应用市场",
            Business::MiniProgram => "我的小程序",
            Business::Assessment => "我的安全评估",
        }
    }

    /// What is done with records of this business. An assessment is not taken back: what it says is
    /// brought up to date, and it ends with its subject.
    pub fn actions(self) -> &'static [Action] {
        match self {
            Business::Subject
            | Business::Website
            | Business::App
            | Business::Provider
            | Business::Market
            | Business::MiniProgram => &[Action::New, Action::Change, Action::Cancel],
            Business::Assessment => &[Action::New, Action::Change],
        }
    }

    /// How the lists and the public page call a record's name: 网站名称, APP名称 …
    pub fn name_label(self) -> &'static str {
        match self {
            Business::Subject => "主体名称",
            Business::Website => "网站名称",
            Business::App => "APP名称",
            Business::Provider => "服务商名称",
            Business::Market => "应用市场名称",
            Business::MiniProgram => "小程序名称",
            Business::Assessment => "服务名称",
        }
    }

    /// Digits 7 and 8 of a registration number. Only 02 was seen in the wild; the rest is ours.
    pub fn number_kind(self) -> Option<u8> {
        match self {
            Business::Subject => None,
            Business::Website => Some(2),
            Business::App => Some(3),
            Business::MiniProgram => Some(4),
            Business::Provider => Some(5),
            Business::Market => Some(6),
            Business::Assessment => Some(7),
        }
    }
}

/// What is done with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    New,
    Change,
    Cancel,
}

impl Action {
    pub const ALL: [Action; 3] = [Action::New, Action::Change, Action::Cancel];

    pub fn code(self) -> &'static str {
        match self {
            Action::New => "new",
            Action::Change => "change",
            Action::Cancel => "cancel",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.code() == code)
    }

    /// The word on the button beside a record.
    pub fn verb(self) -> &'static str {
        match self {
            Action::New => "新办",
            Action::Change => "变更",
            Action::Cancel => "注销",
        }
    }
}

/// A business and what is done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Procedure {
    pub business: Business,
    pub action: Action,
}

/// How the form of a procedure begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Empty.
    Blank,
    /// With today's data of the record (R18, R35).
    FromRecord,
    /// With the identity check alone (R22, R36).
    IdentityCheck,
}

/// How a submission is confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    Plain,
    /// With the comparison (R19).
    Comparison,
}

/// What approval does to the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The record comes into force, with a registration number where its business has one.
    Create,
    /// The new data replace the old.
    Replace,
    /// The record ends; a subject takes everything attached with it (R23).
    Cancel,
}

impl Procedure {
    pub const fn new(business: Business, action: Action) -> Self {
        Procedure { business, action }
    }

    pub fn all() -> impl Iterator<Item = Procedure> {
        Business::ALL.into_iter().flat_map(|business| {
            business.actions().iter().map(move |action| Procedure { business, action: *action })
        })
    }

    /// The name in the database: `website_new`.
    pub fn code(self) -> String {
        format!("{}_{}", self.business.code(), self.action.code())
    }

    pub fn from_code(code: &str) -> Option<Self> {
        let (business, action) = code.rsplit_once('_')?;
        Self::known(Business::from_code(business)?, Action::from_code(action)?)
    }

    /// The procedure, if there is such a one.
    pub fn known(business: Business, action: Action) -> Option<Self> {
        business.actions().contains(&action).then_some(Procedure { business, action })
    }

    /// The word on the button beside a record.
    pub fn verb(self) -> &'static str {
        match (self.business, self.action) {
            (Business::Assessment, Action::Change) => "补充材料",
            (_, action) => action.verb(),
        }
    }

    /// 业务类型: 新增主体, 变更网站 …
    pub fn label(self) -> &'static str {
        match (self.business, self.action) {
            (Business::Subject, Action::New) => "新增主体",
            (Business::Subject, Action::Change) => "变更主体",
            (Business::Subject, Action::Cancel) => "注销主体",
            (Business::Website, Action::New) => "新办网站申请",
            (Business::Website, Action::Change) => "变更网站",
            (Business::Website, Action::Cancel) => "注销网站",
            (Business::App, Action::New) => "新办APP申请",
            (Business::App, Action::Change) => "变更APP",
            (Business::App, Action::Cancel) => "注销APP",
            (Business::Provider, Action::New) => "新办服务商申请",
            (Business::Provider, Action::Change) => "变更服务商",
            (Business::Provider, Action::Cancel) => "注销服务商",
            (Business::Market, Action::New) => "新办应用市场申请",
            (Business::Market, Action::Change) => "变更应用市场",
            (Business::Market, Action::Cancel) => "注销应用市场",
            (Business::MiniProgram, Action::New) => "新办小程序申请",
            (Business::MiniProgram, Action::Change) => "变更小程序",
            (Business::MiniProgram, Action::Cancel) => "注销小程序",
            (Business::Assessment, Action::New) => "安全评估申请",
            (Business::Assessment, Action::Change) => "补充评估材料",
            (Business::Assessment, Action::Cancel) => "注销安全评估",
        }
    }

    pub fn opening(self) -> Opening {
        match self.action {
            Action::New => Opening::Blank,
            Action::Change => Opening::FromRecord,
            Action::Cancel => Opening::IdentityCheck,
        }
    }

    pub fn confirmation(self) -> Confirmation {
        match self.action {
            Action::New | Action::Cancel => Confirmation::Plain,
            Action::Change => Confirmation::Comparison,
        }
    }

    pub fn effect(self) -> Effect {
        match self.action {
            Action::New => Effect::Create,
            Action::Change => Effect::Replace,
            Action::Cancel => Effect::Cancel,
        }
    }

    /// The record's state while the filing is open.
    pub fn meanwhile(self) -> RecordState {
        match self.action {
            Action::New => RecordState::Pending,
            Action::Change => RecordState::Changing,
            Action::Cancel => RecordState::Cancelling,
        }
    }

    /// What a page asks where there is a draft already (R11, R18).
    pub fn draft_question(self) -> String {
        match self.action {
            Action::New => "您有一条草稿，是否使用".to_owned(),
            Action::Change | Action::Cancel => format!("您有一条{}的草稿，是否使用", self.label()),
        }
    }

    /// Whether a person can have several drafts of it at once (R12).
    pub fn has_many_drafts(self) -> bool {
        self.action == Action::New && self.business != Business::Subject
    }
}
