//! The registry of businesses. What differs between them stands in each one's own file, as one value;
//! [`blocks`] has what they share. How to add one: docs/adding-a-business.md.

pub mod app;
pub mod assessment;
pub mod blocks;
pub mod identity;
pub mod market;
pub mod mini;
pub mod provider;
pub mod subject;
#[cfg(test)]
mod tests;
pub mod website;

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::schema::Form;

/// What differs between businesses.
pub struct Definition {
    /// The name in the database and in addresses. Never changed.
    pub code: &'static str,
    /// 主体, 网站, APP …
    pub noun: &'static str,
    /// The group in the side menu (R7).
    pub menu: &'static str,
    /// The group on 业务办理 (R4).
    pub shortcuts: &'static str,
    /// 我的网站 … (R7, R52)
    pub mine: &'static str,
    /// The box on the home page, and which one it is (R2); none where there is no box. The subject's stands by itself.
    pub at_home: Option<(u8, &'static str)>,
    /// How the lists and the public page call a record's name: 网站名称, APP名称 …
    pub name_label: &'static str,
    /// Digits 7 and 8 of a registration number; none where there is no number. Only 02 was seen in the wild, the
    /// rest is ours.
    pub number_kind: Option<u8>,
    /// What is done with its records, in the order of the menu.
    pub actions: &'static [ActionWords],
    pub form: &'static Form,
    /// The address of the answer that a record is called by. A subject's depends on its nature: `facts::of_subject`.
    pub name_at: &'static str,
    /// The addresses of the domains that no two live records share.
    pub domains_at: &'static [&'static str],
    /// Where the badge belongs (R38): a heading and a sentence.
    pub badge: (&'static str, &'static str),
    /// What an officer confirms before approving a new one (R63).
    pub sign_off: &'static [&'static str],
}

/// How an action is called for one business.
pub struct ActionWords {
    pub action: Action,
    /// 业务类型: 新增主体, 变更网站 …
    pub label: &'static str,
    /// The word on the button beside a record, where it is not the action's own.
    pub verb: Option<&'static str>,
}

const fn called(action: Action, label: &'static str) -> ActionWords {
    ActionWords { action, label, verb: None }
}

macro_rules! registry {
    ($($business:ident = $definition:path,)*) => {
        /// What a subject files (and the subject itself).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Business {
            $($business,)*
        }

        impl Business {
            /// In the order of the manual's menu.
            pub const ALL: [Business; [$(stringify!($business)),*].len()] = [$(Business::$business),*];

            pub fn definition(self) -> &'static Definition {
                match self {
                    $(Business::$business => &$definition,)*
                }
            }
        }
    };
}

registry! {
    Subject = subject::BUSINESS,
    Website = website::BUSINESS,
    App = app::BUSINESS,
    Provider = provider::BUSINESS,
    Market = market::BUSINESS,
    MiniProgram = mini::BUSINESS,
    Assessment = assessment::BUSINESS,
}

impl Business {
    pub fn code(self) -> &'static str {
        self.definition().code
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|business| business.code() == code)
    }

    pub fn is_subject(self) -> bool {
        self == Business::Subject
    }

    /// All but the subject.
    pub fn beside_subject() -> impl Iterator<Item = Business> {
        Self::ALL.into_iter().filter(|business| !business.is_subject())
    }

    /// Those with a box on the home page, in the order of the boxes.
    pub fn at_home() -> Vec<Business> {
        let mut shown: Vec<Business> =
            Self::ALL.into_iter().filter(|business| business.definition().at_home.is_some()).collect();
        shown.sort_by_key(|business| business.definition().at_home.map(|(place, _)| place));
        shown
    }

    /// 主体, 网站, APP …
    pub fn noun(self) -> &'static str {
        self.definition().noun
    }

    pub fn form(self) -> &'static Form {
        self.definition().form
    }

    pub fn actions(self) -> impl Iterator<Item = Action> {
        self.definition().actions.iter().map(|words| words.action)
    }
}

/// The forms of all businesses, and the one of cancellations.
pub fn forms() -> impl Iterator<Item = &'static Form> {
    Business::ALL.into_iter().map(Business::form).chain([&identity::CANCEL])
}
