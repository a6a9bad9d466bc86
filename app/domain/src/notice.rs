//! What a notice is about (R66), and the ways it also reaches people who are not looking at the platform.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A filing came in, went to another region, or ended with its subject.
    Progress,
    Approved,
    Returned,
    Rejected,
    /// A subject is handed over: offered, taken back, received, refused, lapsed.
    Handover,
    /// A draft is about to be deleted.
    Draft,
    /// Something is left to do that nobody but the person can do, such as filing a business.
    Reminder,
    /// For staff: what became of their work.
    Desk,
    /// The account and its sessions.
    Account,
    /// From before notices had kinds.
    Other,
}

crate::codes! {
    NoticeKind {
        Progress = "progress",
        Approved = "approved",
        Returned = "returned",
        Rejected = "rejected",
        Handover = "handover",
        Draft = "draft",
        Reminder = "reminder",
        Desk = "desk",
        Account = "account",
        Other = "other",
    }
}

/// How a person is told beside the page 系统通知, which has every notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Sms,
    Mail,
}

crate::codes! {
    Channel {
        Sms = "sms",
        Mail = "mail",
    }
}

impl NoticeKind {
    /// The word in 通知设置.
    pub fn label(self) -> &'static str {
        match self {
            NoticeKind::Progress => "受理与移送",
            NoticeKind::Approved => "审核通过",
            NoticeKind::Returned => "退回修改",
            NoticeKind::Rejected => "不予通过",
            NoticeKind::Handover => "主体移交与接收",
            NoticeKind::Draft => "草稿即将到期",
            NoticeKind::Reminder => "待办提醒",
            NoticeKind::Desk => "审核与管理工作",
            NoticeKind::Account => "账户与登录",
            NoticeKind::Other => "其他",
        }
    }

    /// Whether a person can choose to be told of it otherwise; what has no kind is only on the page.
    pub fn has_switch(self) -> bool {
        self != NoticeKind::Other
    }

    /// Whether only staff get such notices.
    pub fn is_for_staff(self) -> bool {
        self == NoticeKind::Desk
    }

    /// How it stands for a person who chose nothing: quiet, but for a return, which stops a filing until its
    /// applicant does something. (Who is offered a subject gets a text message of its own in any case.)
    pub fn is_told_by_default(self, by: Channel) -> bool {
        self == NoticeKind::Returned && by == Channel::Sms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_who_chose_nothing_is_told_but_of_a_return_and_by_text_message() {
        for kind in NoticeKind::ALL {
            for by in Channel::ALL {
                let expected = kind == NoticeKind::Returned && by == Channel::Sms;
                assert_eq!(kind.is_told_by_default(by), expected, "{kind:?} {by:?}");
                assert!(kind.has_switch() || !kind.is_told_by_default(by), "{kind:?} cannot be switched off");
            }
            assert_eq!(NoticeKind::from_code(kind.code()), Some(kind));
        }
    }
}
