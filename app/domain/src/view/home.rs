//! The home page (R2) and notices (R66).

use serde::{Deserialize, Serialize};

use super::filing::FilingRow;
use super::record::RecordRow;
use crate::business::Business;
use crate::progress::{Progress, SubjectQuestion};

/// The home page of a signed-in person (R2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Home {
    /// 我的备案进度
    pub progress: Progress,
    /// What somebody without a subject is asked (R5).
    pub question: Option<SubjectQuestion>,
    pub filings: Vec<FilingRow>,
    pub notices: Vec<NoticeRow>,
    pub subject: Option<RecordRow>,
    /// 我的网站, 我的APP, 安全评估, 我的应用市场, 我的小程序
    pub records: Vec<(Business, Vec<RecordRow>)>,
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
