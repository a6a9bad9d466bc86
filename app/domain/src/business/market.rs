//! 应用市场: what it offers, whom it lets in and how it watches over it.

use time::Date;

use super::blocks::*;
use super::{Definition, called};
use crate::action::Action;
use crate::answer::Answers;
use crate::dictionary::*;
use crate::schema::*;
use crate::value::icp_number::check_telecom_licence;
use crate::value::software::check_package_name;

pub static BUSINESS: Definition = Definition {
    code: "market",
    noun: "应用市场",
    menu: "应用市场业务",
    shortcuts: "应用市场业务",
    mine: "我的应用市场",
    at_home: Some((4, "我的应用市场")),
    name_label: "应用市场名称",
    number_kind: Some(6),
    actions: &[
        called(Action::New, "新办应用市场申请"),
        called(Action::Change, "变更应用市场"),
        called(Action::Cancel, "注销应用市场"),
    ],
    form: &FORM,
    name_at: "basics.name",
    domains_at: &[],
    badge: BADGE,
    sign_off: &[CONTENT, PERSON, PHONE, CHECKS],
};

pub static FORM: Form = Form {
    key: "market",
    steps: &[
        Step { key: "subject", title: "开办主体", body: Body::Subject },
        Step { key: "market", title: "应用市场基本信息", body: Body::Sections(MARKET) },
        Step { key: "people", title: "应用市场负责人", body: Body::Sections(PEOPLE) },
        Step { key: "notice", title: "提示说明", body: Body::Notice(&DUTY_NOTICE) },
    ],
    rules: &[can_be_reached, package_names_are_right, has_a_number, filings_are_checked],
    advice: &[on_line_long_ago, one_person_for_both],
};

const MOST: u64 = 10_000_000_000;

const MARKET: &[Section] = &[
    section(
        "basics",
        "应用市场信息",
        fields![
            field("name", "应用市场名称", Kind::Text { min: 2, max: 60 }).required(),
            field("launched_on", "上线日期", Kind::Date(DateRule::NotAfterToday)).required(),
            field("forms", "市场形态", Kind::Ticks(MARKET_FORM)).required().full(),
            field("domains", "域名", SERVICE_DOMAINS).full().hint("每行一个；域名和客户端包名至少填一项"),
            field("package_names", "客户端包名", Kind::Lines { of: Line::Text, max: 50 })
                .full()
                .placeholder("cn.example.store")
                .hint("每行一个"),
            field("ips", "服务IP", SERVICE_IPS).required().full().hint("每行一个；地址段写作 起始-结束"),
        ],
    ),
    ISP_SECTION,
    section(
        "licence",
        "备案与许可",
        fields![
            field("icp_number", "ICP备案号", Kind::IcpNumber { suffix: "-A" })
                .placeholder("如 京ICP备12345678号-1")
                .hint("ICP备案号和经营许可证号至少填一项"),
            field("number", "经营许可证号", Kind::Code(check_telecom_licence)).placeholder("如 B2-20200001"),
            field("file", "经营许可证扫描件", DOCUMENT)
                .required()
                .full()
                .when(When::Given(".number"))
                .hint(DOCUMENT_HINT),
        ],
    ),
    section(
        "scale",
        "上架规模",
        fields![
            field("categories", "上架应用类别", Kind::Ticks(MARKET_CATEGORY)).required().full(),
            field("platforms", "支持系统", Kind::Ticks(APP_SYSTEM)).required().full(),
            field("apps", "上架应用数量", Kind::Integer { min: 0, max: MOST }).required(),
            field("developers", "开发者数量", Kind::Integer { min: 0, max: MOST }).required(),
            field("mau", "月活用户", Kind::Integer { min: 0, max: MOST }).required(),
        ],
    ),
    section(
        "vetting",
        "审核与管理",
        fields![
            field("developer_checks", "开发者实名核验方式", Kind::Ticks(DEVELOPER_CHECK)).required().full(),
            field("mode", "上架审核机制", Kind::Select(VETTING)).required(),
            field("checks_filing", "核验备案号", Kind::YesNo)
                .required()
                .hint("上架前核验应用的备案号，是法定义务"),
            field("text", "上架审核说明", Kind::LongText { min: 10, max: 2000 }).required().full(),
            field("takedown", "恶意程序处置与下架机制", Kind::LongText { min: 10, max: 2000 })
                .required()
                .full(),
            field("rules_file", "平台管理规则", DOCUMENT).required().full().hint(DOCUMENT_HINT),
            field("agreement_file", "服务协议", DOCUMENT).required().full().hint(DOCUMENT_HINT),
            field("policies_file", "制度文件", DOCUMENT).required().full().hint(DOCUMENT_HINT),
            field("report_phone", "投诉举报电话", Kind::AnyPhone).required(),
            field("report_url", "投诉举报网址", Kind::Url).required().placeholder("https://"),
        ],
    ),
    REMARK_SECTION,
];

fn can_be_reached(answers: &Answers, _today: Date) -> Option<Fault> {
    let has = |at: &str| answers.get(at).is_some();
    (!has("basics.domains") && !has("basics.package_names"))
        .then(|| fault("basics.domains", "域名和客户端包名至少填写一项"))
}

fn package_names_are_right(answers: &Answers, _today: Date) -> Option<Fault> {
    let names = answers.items("basics.package_names").iter().enumerate();
    let (line, sentence) =
        names.filter_map(|(line, name)| Some((line, check_package_name(name).err()?))).next()?;
    Some(fault("basics.package_names", format!("第 {} 行：{sentence}", line + 1)))
}

fn has_a_number(answers: &Answers, _today: Date) -> Option<Fault> {
    let has = |at: &str| answers.get(at).is_some();
    (!has("licence.icp_number") && !has("licence.number"))
        .then(|| fault("licence.icp_number", "ICP备案号和经营许可证号至少填写一项"))
}

fn filings_are_checked(answers: &Answers, _today: Date) -> Option<Fault> {
    answers
        .has("vetting.checks_filing", "no")
        .then(|| fault("vetting.checks_filing", "应用市场须在上架前核验应用的备案号，落实后再提交"))
}
