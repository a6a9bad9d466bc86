//! 运行状况: how the platform fares, for whoever keeps it running; what is well, and what to do about what is not.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A part of the platform that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Database,
    Files,
    Servers,
    Tasks,
    Sms,
    Mail,
    Backup,
    SignIns,
    Shape,
}

impl Part {
    pub fn label(self) -> &'static str {
        match self {
            Part::Database => "数据库",
            Part::Files => "文件存储",
            Part::Servers => "服务器",
            Part::Tasks => "后台任务",
            Part::Sms => "短信发送",
            Part::Mail => "邮件发送",
            Part::Backup => "备份",
            Part::SignIns => "登录失败",
            Part::Shape => "数据库结构",
        }
    }

    /// What to do where it is not well.
    pub fn advice(self) -> &'static str {
        match self {
            Part::Database => {
                "请检查数据库服务、磁盘空间和连接数；原因在服务器日志中“no row can be written”一行。"
            }
            Part::Files => {
                "请检查存放文件的目录或对象存储、其空间和权限；原因在服务器日志中“no file can be written”一行。"
            }
            Part::Servers => {
                "无响应的服务器，请查看其服务状态和日志；程序版本不一致的，请把所有服务器升级到同一版本。"
            }
            Part::Tasks => {
                "请在服务器日志中查找“a background task failed”，按其中的原因处理；任务会自动重试，不必重启。"
            }
            Part::Sms => "请检查短信网关的地址、密钥和余额；到期未发的会自动重试，多次失败的不再发送。",
            Part::Mail => "请检查邮件服务器的地址和账户；到期未发的会自动重试，多次失败的不再发送。",
            Part::Backup => "请用 beian backup 做一次备份，并检查每日备份的定时任务。",
            Part::SignIns => {
                "请在服务器日志中查找“sign-in failed”：多为身份认证平台故障，也可能有人在尝试冒用。"
            }
            Part::Shape => "升级尚未完成：请把所有服务器升级到同一版本。",
        }
    }
}

/// What was found of one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartState {
    pub part: Part,
    pub is_well: bool,
    /// In figures.
    pub said: String,
}

/// A server that works on the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerRow {
    /// The end of its id, by which it is told from the others.
    pub id: String,
    pub version: String,
    pub started: String,
    pub is_alive: bool,
    /// The one that answers.
    pub is_this: bool,
    /// The names of the jobs that it has.
    pub jobs: Vec<String>,
}

/// What one of all servers does, as it was written down for all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRow {
    /// The end of the id of the server that has it; none where it waits to be taken over.
    pub holder: Option<String>,
    /// An operator asked for a run that has not ended yet.
    pub is_wanted: bool,
    /// When it last failed.
    pub last_failure: Option<String>,
    /// Why, where it has not gone well since.
    pub failure: String,
}

/// How often a background task ran on the server that answers, since that began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs {
    pub succeeded: u64,
    pub failed: u64,
    /// How long the last one took.
    pub last_milliseconds: u64,
}

/// A background task: of the server that answers, or a job of whichever server has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRow {
    /// Its name in the log.
    pub name: String,
    pub period_seconds: u64,
    /// None where it never ended well; of what each server does for itself, since this one began.
    pub last_success: Option<String>,
    /// The last time is longer ago than it should be.
    pub is_late: bool,
    pub failures_in_a_row: u32,
    /// None where another server does it.
    pub runs: Option<Runs>,
    /// None where each server does it for itself.
    pub job: Option<JobRow>,
}

/// After so many failures in a row a background task counts as failing.
pub const FAILURES: u32 = 3;

impl TaskRow {
    pub fn is_well(&self) -> bool {
        !self.is_late && self.failures_in_a_row < FAILURES
    }

    pub fn label(&self) -> &str {
        task_label(&self.name)
    }

    /// 每 10 秒, 每 5 分钟
    pub fn every(&self) -> String {
        match self.period_seconds {
            hours if hours >= 3_600 && hours.is_multiple_of(3_600) => format!("每 {} 小时", hours / 3_600),
            minutes if minutes >= 60 && minutes.is_multiple_of(60) => format!("每 {} 分钟", minutes / 60),
            seconds => format!("每 {seconds} 秒"),
        }
    }
}

/// The words for the name of a background task; the name itself where a newer server has one that this program does not
/// know.
pub fn task_label(name: &str) -> &str {
    match name {
        "sweep" => "清理到期数据",
        "baseline" => "审计基线",
        "head of the audit log" => "留存审计末行",
        "first administrator" => "检查首位管理人员",
        "counts" => "看板计数",
        "network" => "核查网站解析",
        "patrol" => "巡查",
        "patrol findings" => "处理巡查结果",
        "messages" => "发送短信",
        "e-mails" => "发送邮件",
        "acts that stand" => "生效不可撤回的办理",
        "idle claims" => "释放闲置的领取",
        "flood limits" => "清理限流计数",
        "floods elsewhere" => "与其他服务器汇总访问频率",
        "servers" => "与其他服务器互报状态",
        "replica" => "检查只读副本",
        _ => name,
    }
}

/// Whether a run is overdue: three are missing, and some minutes have passed besides.
pub fn is_late(since_success: i64, period_seconds: u64) -> bool {
    const PATIENCE: i64 = 5 * 60;
    since_success
        > i64::try_from(period_seconds).unwrap_or(i64::MAX).saturating_mul(3).saturating_add(PATIENCE)
}

/// How the platform fares at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformState {
    /// When it was read.
    pub at: String,
    pub parts: Vec<PartState>,
    /// The one that answers first; the only one on SQLite.
    pub servers: Vec<ServerRow>,
    pub tasks: Vec<TaskRow>,
    /// What runs: (what, which).
    pub versions: Vec<(String, String)>,
}

impl PlatformState {
    /// The parts that are not well.
    pub fn ailing(&self) -> impl Iterator<Item = &PartState> {
        self.parts.iter().filter(|part| !part.is_well)
    }
}

/// Which versions the servers are of, each once; more than one during an upgrade.
pub fn versions(servers: &[ServerRow]) -> Vec<&str> {
    let versions: BTreeSet<&str> = servers.iter().map(|server| server.version.as_str()).collect();
    versions.into_iter().collect()
}

/// 1,234 B → 1.2 KB, in steps of a thousand.
pub fn size(bytes: u64) -> String {
    let mut rest = bytes as f64;
    let mut units = ["KB", "MB", "GB", "TB"].into_iter();
    if rest < 1_000.0 {
        return format!("{bytes} B");
    }
    let mut unit = "B";
    while rest >= 1_000.0
        && let Some(next) = units.next()
    {
        (rest, unit) = (rest / 1_000.0, next);
    }
    format!("{rest:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(name: &str, period_seconds: u64) -> TaskRow {
        TaskRow {
            name: name.to_owned(),
            period_seconds,
            last_success: None,
            is_late: false,
            failures_in_a_row: 0,
            runs: None,
            job: None,
        }
    }

    #[test]
    fn a_task_is_not_well_after_three_failures_or_when_three_runs_are_missing() {
        assert!(task("sweep", 60).is_well());
        assert!(TaskRow { failures_in_a_row: 2, ..task("sweep", 60) }.is_well());
        assert!(!TaskRow { failures_in_a_row: 3, ..task("sweep", 60) }.is_well());
        assert!(!TaskRow { is_late: true, ..task("sweep", 60) }.is_well());
        assert!(!is_late(3 * 3_600 + 300, 3_600) && is_late(3 * 3_600 + 301, 3_600));
        assert!(!is_late(300, 2), "a restart of the database is no news");
    }

    #[test]
    fn times_and_sizes_are_written_in_units_one_reads() {
        let every = |seconds| task("sweep", seconds).every();
        assert_eq!(
            [every(2), every(60), every(300), every(3_600)],
            ["每 2 秒", "每 1 分钟", "每 5 分钟", "每 1 小时"]
        );
        assert_eq!(
            [size(0), size(999), size(1_000), size(56_700_000)],
            ["0 B", "999 B", "1.0 KB", "56.7 MB"]
        );
        assert_eq!(task("of a newer server", 1).label(), "of a newer server");
    }
}
