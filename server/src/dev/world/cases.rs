//! What is filed, by whom, how long ago, and what became of it.

use domain::business::Business::{self, *};
use time::Duration;

use Fate::*;
use What::*;

use super::people::HUANGPU;

/// So long ago the world begins.
pub const REACH: Duration = Duration::days(44);

/// One filing.
pub struct Case {
    /// An applicant's key.
    pub who: &'static str,
    pub what: What,
    pub business: Business,
    /// What the record is called; a subject's is the applicant's.
    pub name: &'static str,
    /// How long before now it was submitted.
    pub ago: Duration,
    pub fate: Fate,
}

pub enum What {
    /// With a word for domains, packages and the like, and answers of its own.
    New(&'static str, &'static [(&'static str, &'static str)]),
    /// With what is answered anew.
    Change(&'static [(&'static str, &'static str)]),
    /// With the reason.
    Cancel(&'static str),
}

/// What became of a filing. Days are so many before now.
pub enum Fate {
    /// Nobody has looked at it yet.
    Waits,
    /// An officer has just begun.
    Claimed,
    Approved(i64),
    /// With the reasons: in general, and at fields.
    Returned(i64, &'static str, &'static [(&'static str, &'static str)]),
    /// Sent back, put right, and submitted once more so many days ago.
    Again(i64, &'static str, i64),
    Rejected(i64, &'static str),
    /// By the applicant, a few minutes later.
    Withdrawn,
    /// To another region, with the reason.
    Moved(i64, &'static str, &'static str),
}

const fn case(
    who: &'static str,
    what: What,
    business: Business,
    name: &'static str,
    days: i64,
    fate: Fate,
) -> Case {
    Case { who, what, business, name, ago: Duration::days(days), fate }
}

const fn new(slug: &'static str) -> What {
    New(slug, &[])
}

const TALKS: &[(&str, &str)] = &[("interactive.is_interactive", "yes")];

/// In the order in which they are submitted where days are the same. The times of day follow from the place in the list.
pub const CASES: &[Case] = &[
    // --- 申请人甲, a unit with one of everything.
    case("jia", new(""), Subject, "", 42, Approved(41)),
    case("jia", new("chenguang"), Website, "晨光官网", 42, Approved(41)),
    case("jia", New("chenguang-bbs", TALKS), Website, "晨光论坛", 40, Approved(38)),
    case("jia", new("reader"), App, "晨光阅读", 30, Approved(28)),
    case("jia", new("idc"), Provider, "晨光数据中心", 29, Approved(27)),
    case("jia", new("store"), Market, "晨光应用市场", 27, Approved(24)),
    case("jia", new("mini"), MiniProgram, "晨光服务", 25, Approved(23)),
    case("jia", Change(&[("principal.phone", "010-87654321")]), Subject, "", 22, Approved(20)),
    case(
        "jia",
        Change(&[("site.name", "晨光科技官网"), ("emergency_contact.mobile", "13800008888")]),
        Website,
        "晨光官网",
        20,
        Approved(18),
    ),
    case("jia", new("assessment"), Assessment, "晨光论坛2026年度安全评估", 19, Approved(16)),
    case(
        "jia",
        new("punch"),
        MiniProgram,
        "晨光打卡",
        17,
        Rejected(15, "所报小程序与实际运营内容不符，且拒绝补充说明。"),
    ),
    case("jia", new("chenguang-news"), Website, "晨光资讯", 13, Waits),
    case("jia", new("chenguang-pics"), Website, "晨光图库", 10, Withdrawn),
    case(
        "jia",
        new("chenguang-shop"),
        Website,
        "晨光商城",
        6,
        Returned(
            3,
            "网站名称与工信部备案不一致，另请补一张清晰的证书照片。",
            &[
                ("site.name", "与工信部备案的服务名称不一致，请逐字核对"),
                ("site.domain_cert", "照片不清晰，看不出域名持有者，请重新上传"),
            ],
        ),
    ),
    case("jia", Cancel("论坛业务并入官网，不再单独运营"), Website, "晨光论坛", 2, Claimed),
    case("jia", Change(&[("basics.name", "晨光阅读少儿版")]), App, "晨光阅读", 1, Waits),
    Case {
        ago: Duration::minutes(6), ..case("jia", new("chenguang-class"), Website, "晨光课堂", 0, Waits)
    },
    // --- 申请人乙, a person; a subject waits to be received.
    case("yi", new(""), Subject, "", 41, Approved(40)),
    case("yi", new("yi-blog"), Website, "乙的个人博客", 41, Approved(40)),
    case("yi", new("yi-notes"), Website, "乙的读书笔记", 30, Approved(28)),
    case("yi", Cancel("内容已经合并到个人博客"), Website, "乙的读书笔记", 12, Approved(9)),
    case("yi", new("jot"), App, "随手记一记", 8, Again(6, "功能介绍过于笼统，请写明收集哪些信息。", 5)),
    case("yi", new("ledger"), MiniProgram, "乙的小账本", 3, Waits),
    case(
        "yi",
        new("yi-recipes"),
        Website,
        "乙的家常菜",
        5,
        Returned(
            2,
            "网站无法打开，请核对访问地址后重新提交。",
            &[("site.home_urls", "多次访问均无法打开，请填写可以打开的首页网址")],
        ),
    ),
    // --- 申请人丙, in Shanghai; received a second subject.
    case("bing", new(""), Subject, "", 41, Approved(39)),
    case("bing", new("haitang"), Website, "海棠官网", 41, Approved(39)),
    case("bing", new("haitang-cloud"), Provider, "海棠云", 28, Approved(26)),
    case(
        "bing",
        new("trip"),
        App,
        "海棠出行",
        18,
        Rejected(15, "提交的软件著作权与申请主体不一致，且限期内未说明。"),
    ),
    case("bing", new("haitang-store"), Market, "海棠应用商店", 14, Waits),
    case("bing", new("member"), MiniProgram, "海棠会员", 7, Approved(5)),
    case("bing", new("haitang-assessment"), Assessment, "海棠云年度安全评估", 5, Claimed),
    case("bing", Change(&[("site.name", "海棠信息官网")]), Website, "海棠官网", 4, Waits),
    // --- Others, so that the desks have work.
    case("zheng", new(""), Subject, "", 40, Approved(38)),
    case("zheng", new("jingui"), Website, "金桂餐饮", 40, Approved(38)),
    case("zhao", new(""), Subject, "", 38, Approved(36)),
    case("zhao", new("qingsong"), Website, "青松文化官网", 38, Approved(36)),
    case("sun", new(""), Subject, "", 37, Approved(35)),
    case("sun", new("pujiang"), Website, "浦江商贸官网", 37, Approved(35)),
    case("qian", new(""), Subject, "", 36, Approved(35)),
    case("qian", new("qian-diary"), Website, "钱的手记", 36, Approved(35)),
    case("zheng", new("jingui-docs"), Website, "金桂资料站", 35, Approved(33)),
    case("li", new(""), Subject, "", 34, Approved(33)),
    case("li", new("hongfeng"), Website, "红枫教育", 34, Approved(33)),
    case("zhou", new(""), Subject, "", 33, Approved(31)),
    case("zhou", new("yulan"), Website, "玉兰设计", 33, Approved(31)),
    case("wu", new(""), Subject, "", 30, Approved(28)),
    case("wu", new("wu-home"), Website, "吴的小站", 30, Approved(28)),
    case("zhou", new("quote"), MiniProgram, "玉兰报价", 26, Approved(24)),
    case("chen", new(""), Subject, "", 25, Approved(24)),
    case("chen", new("chen-photo"), Website, "陈的摄影", 25, Approved(24)),
    case("zheng", new("order"), App, "金桂点餐", 21, Waits),
    case("zheng", Cancel("公司停止经营，全部业务终止"), Subject, "", 20, Approved(17)),
    case("zhao", new("guide"), App, "青松导览", 20, Approved(17)),
    case("sun", new("delivery"), App, "浦江快送", 16, Approved(14)),
    case(
        "zhao",
        new("qingsong-tickets"),
        Website,
        "青松票务",
        15,
        Rejected(12, "未取得前置审批文件，不符合办理条件。"),
    ),
    case("sun", new("pujiang-shop"), Website, "浦江商城", 12, Waits),
    case("zhao", new("booking"), MiniProgram, "青松预约", 11, Approved(8)),
    case(
        "sun",
        new("pujiang-isp"),
        Provider,
        "浦江接入",
        10,
        Returned(7, "机房地址与许可证不符，请更正。", &[("licence.number", "许可证编号查无记录")]),
    ),
    case("zhao", new("qingsong-show"), Website, "青松展览", 9, Approved(6)),
    case("qian", new("memo"), App, "钱的备忘录", 7, Moved(6, HUANGPU, "常住地已变更到上海市黄浦区")),
    case(
        "qian",
        new("qian-pics"),
        Website,
        "钱的摄影集",
        6,
        Again(4, "网站类型选择有误，个人主页请选 Z。", 2),
    ),
    case("li", new("class"), MiniProgram, "红枫课堂", 16, Approved(13)),
    case("sun", Change(&[("basics.name", "浦江快送商家版")]), App, "浦江快送", 3, Claimed),
    case("wu", new("wu-craft"), Website, "吴的手工坊", 3, Waits),
    case("wang", new(""), Subject, "", 2, Waits),
    case("wang", new("baiyang"), Website, "白杨科技官网", 2, Waits),
    case("zhao", new("qingsong-assessment"), Assessment, "青松票务上线前安全评估", 2, Waits),
    case("wu", new("wu-fit"), App, "吴的健身打卡", 2, Waits),
    case("zhao", Change(&[("unit.office_address", "某某街道九号院三号楼")]), Subject, "", 1, Waits),
    case("feng", new(""), Subject, "", 1, Waits),
];

/// What is begun and not submitted: who, business, name, how many days ago.
pub const DRAFTS: &[(&str, Business, &str, i64)] = &[
    ("jia", App, "晨光听书", 4),
    ("jia", Website, "晨光地图", 1),
    ("yi", Website, "乙的旅行记", 8),
    ("bing", MiniProgram, "海棠抽奖", 26),
    ("feng", Website, "冯的书房", 1),
];
