//! How a person is told of notices.

use serde::{Deserialize, Serialize};

use crate::notice::NoticeKind;
use crate::schema::Fault;

/// 通知设置
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeSettings {
    pub choices: Vec<NoticeChoice>,
    /// Masked.
    pub mobile: String,
    /// None where the operator has no mail server.
    pub mail: Option<MailSetting>,
}

/// Whether a kind of notice also comes by text message and by e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeChoice {
    pub kind: NoticeKind,
    pub sms: bool,
    pub mail: bool,
}

/// Where a person's e-mails go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailSetting {
    /// Masked.
    pub confirmed: Option<String>,
    /// Masked; waits for the code that was sent there.
    pub named: Option<String>,
    /// What was typed and did not pass.
    pub typed: String,
    /// At `address` or at `code`.
    pub faults: Vec<Fault>,
}

impl MailSetting {
    pub fn fault_at(&self, at: &str) -> Option<&str> {
        self.faults.iter().find(|fault| fault.at == at).map(|fault| fault.message.as_str())
    }
}
