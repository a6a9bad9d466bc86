//! 网站: the wizard of four steps (R30).

use time::Date;

use super::blocks::*;
use super::{Definition, called};
use crate::action::Action;
use crate::answer::Answers;
use crate::dictionary::{GUIDE_CONTENT, SERVICE_CLASS, SERVICE_TYPE, guide_class};
use crate::schema::*;
use crate::value::{date, domain_name, url};

pub static BUSINESS: Definition = Definition {
    code: "website",
    noun: "网站",
    menu: "网站业务",
    shortcuts: "网站业务",
    mine: "我的网站",
    at_home: Some((1, "我的网站")),
    name_label: "网站名称",
    number_kind: Some(2),
    actions: &[
        called(Action::New, "新办网站申请"),
        called(Action::Change, "变更网站"),
        called(Action::Cancel, "注销网站"),
    ],
    form: &FORM,
    name_at: "site.name",
    domains_at: &["site.main_domain", "site.other_domains"],
    badge: ("备案号与网站标识", "请在网站开通后 30 日内，把图标和备案号放在首页底部，并链接到公示地址。"),
    sign_off: &[OPENED, PERSON, PHONE, CHECKS],
};

const OPENED: &str = "已打开网站核对名称、内容与填报一致";

pub static FORM: Form = Form {
    key: "website",
    steps: &[
        Step { key: "subject", title: "开办主体", body: Body::Subject },
        Step { key: "site", title: "网站基本信息", body: Body::Sections(SITE) },
        Step { key: "people", title: "网站负责人", body: Body::Sections(PEOPLE) },
        Step { key: "notice", title: "提示说明", body: Body::Notice(&DUTY_NOTICE) },
    ],
    rules: &[pages_lie_under_the_domains, main_domain_is_not_repeated],
    advice: &[opened_long_ago, one_person_for_both, logs_are_kept_too_briefly],
};

const HAS_DOMAIN: When = When::Is(".has_own_domain", "yes");

const SITE: &[Section] = &[
    section(
        "site",
        "网站信息",
        fields![
            field("name", "网站名称", Kind::Text { min: 2, max: 60 })
                .required()
                .hint("与工信部ICP备案的“服务名称”逐字一致"),
            field("opened_on", "网站开通日期", Kind::Date(DateRule::NotAfterToday))
                .required()
                .hint("网站首次可公开访问的日期"),
            field("has_icp", "是否有工信部备案号", Kind::YesNo).required(),
            field("icp_number", "工信部备案号", Kind::IcpNumber { suffix: "" })
                .required()
                .when(When::Is(".has_icp", "yes"))
                .placeholder("如 京ICP备12345678号-1")
                .hint("填网站备案号（带 -1 这样的后缀），不是主体备案号"),
            field("has_own_domain", "是否有独立一级域名", Kind::YesNo).required().starts_as(&["yes"]),
            field("main_domain", "主域名", Kind::MainDomain)
                .required()
                .when(HAS_DOMAIN)
                .placeholder("example.cn")
                .leads_to("home_urls")
                .hint("只填根域名，如 example.cn；不带 http:// 和 www."),
            field("other_domains", "从域名", Kind::Lines { of: Line::Domain, max: 50 })
                .full()
                .when(HAS_DOMAIN)
                .hint("指向同一网站的其他域名，每行一个，最多 50 个"),
            field("home_urls", "网站访问地址", Kind::Lines { of: Line::Url, max: 50 })
                .required()
                .full()
                .placeholder("https://www.example.cn/")
                .hint("网站首页网址，每行一个，须在所填域名之下"),
            field("ips", "网站IP", Kind::Lines { of: Line::Ip { mainland: "isp.jurisdiction" }, max: 100 })
                .required()
                .full()
                .resolved_from(&["main_domain", "home_urls"])
                .hint("域名当前解析到的 IP，每行一个；地址段写作 起始-结束；使用 CDN 时请先咨询接入商"),
            field("domain_cert", "域名证书", PICTURE)
                .full()
                .hint("由域名注册商提供的域名注册证书，不是 HTTPS/SSL 证书；强烈建议上传。支持png/jpeg/jpg格式，文件大小不超过5MB"),
        ],
    ),
    section("isp", "网络接入服务商", ACCESS_PROVIDER).directory(Directory::Access),
    section("registrar", "域名注册服务商", REGISTRAR).directory(Directory::Registrar),
    section(
        "guide",
        "选择助手（可不填）",
        fields![
            field("content", "网站以什么内容为主", Kind::Select(GUIDE_CONTENT)),
            field("presents", "是否只介绍本单位或本人，没有在线服务", Kind::YesNo),
            field("publishes", "访问者能否注册、登录、评论、留言或发布内容", Kind::YesNo),
        ],
    )
    .intro("不确定怎么选时，回答三个问题，建议会显示在相应栏目旁；这里的回答不会提交。")
    .guide("service.class", &[class_by_the_guide, interaction_by_the_guide]),
    section(
        "service",
        "服务内容",
        fields![
            field("class", "网站类型", Kind::Select(SERVICE_CLASS))
                .required()
                .hint("企业官网、个人主页一般选 Z；资讯选 E；在线工具选 G；选错会被退回"),
            field("types", "服务类型", Kind::Ticks(SERVICE_TYPE))
                .required()
                .full()
                .starts_as(&["00"])
                .hint("多数网站只需选“www服务”"),
            language("网站语种"),
        ],
    ),
    INTERACTIVE_SECTION,
    CONTROLLED_SECTION,
    PERMIT_SECTION,
    PERMITS_SECTION,
    REMARK_SECTION,
];

const PEOPLE: &[Section] = &[
    section("security_officer", "网站安全负责人信息", SECURITY_OFFICER).same_as_principal().intro(SAME_AS_NOTE),
    section("emergency_contact", "网站应急联络人", EMERGENCY_CONTACT)
        .same_as_principal()
        .intro("网站应急联络人需承担7×24小时联络责任，建议不与网站负责人相同。为保障您的信息安全，平台未完整存储您的个人信息，请您逐项核实。"),
];

/// The three questions of the guide suggest a class; officers send a wrong one back (`domain.md` 2.4, 2.8).
fn class_by_the_guide(answers: &Answers) -> Option<Suggestion> {
    let code = match (answers.text("guide.presents"), answers.text("guide.content")) {
        ("yes", "" | "own") => "Z",
        (_, content) => guide_class(content)?,
    };
    let label = label_of(SERVICE_CLASS, code);
    Some(Suggestion {
        at: "service.class", code, sentence: format!("按选择助手中的回答，建议选择“{label}”")
    })
}

fn interaction_by_the_guide(answers: &Answers) -> Option<Suggestion> {
    let (code, word) = match answers.text("guide.publishes") {
        "yes" => ("yes", "是"),
        "no" => ("no", "否"),
        _ => return None,
    };
    let sentence = format!("按选择助手中的回答，建议选择“{word}”");
    Some(Suggestion { at: "interactive.is_interactive", code, sentence })
}

fn pages_lie_under_the_domains(answers: &Answers, _today: Date) -> Option<Fault> {
    let main = answers.text("site.main_domain");
    if main.is_empty() {
        return None;
    }
    let domains = std::iter::once(main).chain(answers.items("site.other_domains").iter().map(String::as_str));
    let domains: Vec<&str> = domains.collect();
    let stray = answers.items("site.home_urls").iter().find(|page| {
        url::host_of_url(page)
            .is_none_or(|host| !domains.iter().any(|domain| domain_name::is_under(&host, domain)))
    })?;
    Some(fault("site.home_urls", format!("{stray} 不在所填的域名之下，请核对域名或网址")))
}

fn main_domain_is_not_repeated(answers: &Answers, _today: Date) -> Option<Fault> {
    let main = answers.text("site.main_domain");
    let repeated = !main.is_empty() && answers.has("site.other_domains", main);
    repeated.then(|| fault("site.other_domains", format!("{main} 已填为主域名，从域名中不必重复")))
}

/// The law asks for a filing within thirty days of going on line.
fn opened_long_ago(answers: &Answers, today: Date) -> Option<Fault> {
    let opened = date::parse_date(answers.text("site.opened_on"))?;
    let days = (today - opened).whole_days();
    (days > 30).then(|| {
        fault("site.opened_on", format!("网站开通已 {days} 天。法规要求开通后 30 日内备案，请尽快提交"))
    })
}
