//! What may be filed: business × action.

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::business::{ActionWords, Business, identity};
use crate::schema::Form;

/// A business and what is done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Procedure {
    pub business: Business,
    pub action: Action,
}

impl Procedure {
    pub const fn new(business: Business, action: Action) -> Self {
        Procedure { business, action }
    }

    pub fn all() -> impl Iterator<Item = Procedure> {
        Business::ALL
            .into_iter()
            .flat_map(|business| business.actions().map(move |action| Procedure { business, action }))
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
        business.actions().any(|has| has == action).then_some(Procedure { business, action })
    }

    /// The form whose answers a filing of this procedure holds: a cancellation asks the same of every
    /// business (R22, R36).
    pub fn form(self) -> &'static Form {
        match self.action {
            Action::New | Action::Change => self.business.form(),
            Action::Cancel => &identity::CANCEL,
        }
    }

    /// The word on the button beside a record.
    pub fn verb(self) -> &'static str {
        self.words().and_then(|words| words.verb).unwrap_or_else(|| self.action.verb())
    }

    /// 业务类型: 新增主体, 变更网站 …
    pub fn label(self) -> &'static str {
        self.words().map_or("", |words| words.label)
    }

    fn words(self) -> Option<&'static ActionWords> {
        self.business.definition().actions.iter().find(|words| words.action == self.action)
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
