//! APP: where it runs and how it is signed, what it is built of, who answers for it.

use time::Date;

use super::blocks::*;
use super::{Definition, called};
use crate::action::Action;
use crate::answer::Answers;
use crate::dictionary::*;
use crate::schema::*;
use crate::value::software::{check_fingerprint, check_package_name, check_public_key};

pub static BUSINESS: Definition = Definition {
    code: "app",
    noun: "APP",
    menu: "APP业务",
    shortcuts: "APP业务",
    mine: "我的APP",
    at_home: Some((2, "我的APP")),
    name_label: "APP名称",
    number_kind: Some(3),
    actions: &[
        called(Action::New, "新办APP申请"),
        called(Action::Change, "变更APP"),
        called(Action::Cancel, "注销APP"),
    ],
    form: &FORM,
    name_at: "basics.name",
    domains_at: &[],
    badge: BADGE,
    sign_off: &[CONTENT, PERSON, PHONE, CHECKS],
};

pub static FORM: Form = Form {
    key: "app",
    steps: &[
        Step { key: "subject", title: "开办主体", body: Body::Subject },
        Step { key: "app", title: "APP基本信息", body: Body::Sections(APP) },
        Step { key: "people", title: "APP负责人", body: Body::Sections(PEOPLE) },
        Step { key: "notice", title: "提示说明", body: Body::Notice(&DUTY_NOTICE) },
    ],
    rules: &[fingerprints_fit_their_systems, platforms_are_not_repeated],
    advice: &[on_line_long_ago, one_person_for_both, logs_are_kept_too_briefly],
};

const IS_SIGNED: When = When::AnyOf(".system", &["android", "ios"]);

const APP: &[Section] = &[
    section(
        "basics",
        "APP信息",
        fields![
            field("name", "APP名称", Kind::Text { min: 2, max: 60 })
                .required()
                .hint("各平台上的名称应一致，与工信部APP备案的名称逐字一致"),
            field("class", "APP类型", Kind::Select(SERVICE_CLASS)).required(),
            field("icon", "APP图标", PICTURE).required().full().hint(PICTURE_HINT),
            INTRO,
            SCREENSHOTS,
            USERS,
            OPERATION,
            LAUNCHED,
            OPERATION_NOTE,
            field("icp_number", "APP备案号（工信部）", Kind::IcpNumber { suffix: "A" })
                .placeholder("如 京ICP备12345678号-2A")
                .hint("先在工信部备案，后上架；还没有可不填"),
        ],
    ),
    section(
        "platforms",
        "运行平台",
        fields![
            field("system", "运行平台", Kind::Select(APP_SYSTEM)).required(),
            field("package_name", "包名 / Bundle ID", Kind::Code(check_package_name))
                .required()
                .placeholder("cn.example.app"),
            field("cert_fingerprint", "证书指纹", Kind::Code(check_fingerprint))
                .required_when(IS_SIGNED)
                .when(IS_SIGNED)
                .relabel(When::Is(".system", "android"), "证书MD5")
                .hint("安卓填签名证书的 MD5（32 位），iOS 填 SHA-1（40 位），可带冒号"),
            field("version", "版本号", Kind::Text { min: 1, max: 30 }),
            field("public_key", "公钥", Kind::Code(check_public_key))
                .required_when(IS_SIGNED)
                .when(IS_SIGNED)
                .full()
                .hint("签名证书公钥的十六进制模数，或 Base64"),
            field("download_urls", "下载地址", Kind::Lines { of: Line::Url, max: 20 })
                .required_when(When::Is("basics.operation", "online"))
                .full()
                .hint("每行一个；已上线的必须填写"),
            field("markets", "上架应用市场", Kind::Lines { of: Line::Text, max: 30 })
                .full()
                .hint("每行一个应用市场的名称"),
        ],
    )
    .intro("每个平台填一项；同一平台有多个包名的分别填写。")
    .repeat(Repeat { min: 1, max: 20, noun: "平台" }),
    NETWORK_SECTION,
    ISP_SECTION,
    section(
        "sdks",
        "使用的SDK",
        fields![
            field("name", "SDK名称", Kind::Text { min: 1, max: 60 }).required(),
            field("provider", "SDK提供方", Kind::Text { min: 2, max: 100 }).required(),
            field("kind", "SDK类型", Kind::Select(SDK_KIND)).required(),
            field("version", "SDK版本", Kind::Text { min: 1, max: 30 }),
        ],
    )
    .intro("没有使用第三方 SDK 的可不填。")
    .repeat(Repeat { min: 0, max: 50, noun: "SDK" }),
    section(
        "privacy",
        "个人信息保护",
        fields![
            field("kinds", "收集的个人信息种类", Kind::Ticks(PERSONAL_INFORMATION)).full(),
            field("url", "隐私政策链接", Kind::Url)
                .required_when(When::Given(".kinds"))
                .full()
                .placeholder("https://"),
        ],
    ),
    INTERACTIVE_SECTION,
    CONTROLLED_SECTION,
    PERMIT_SECTION,
    PERMITS_SECTION,
    section("language", "APP语种", fields![language("APP语种")]),
    REMARK_SECTION,
];

fn platforms(answers: &Answers) -> impl Iterator<Item = (usize, &str, &str, &str)> {
    let count = APP.iter().find(|section| section.key == "platforms").map_or(0, |own| own.count(answers));
    (0..count).map(|item| {
        let text = |key: &str| answers.text(&format!("platforms.{item}.{key}"));
        (item, text("system"), text("package_name"), text("cert_fingerprint"))
    })
}

fn fingerprints_fit_their_systems(answers: &Answers, _today: Date) -> Option<Fault> {
    platforms(answers).find_map(|(item, system, _, fingerprint)| {
        let sentence = match (system, fingerprint.len()) {
            ("android", 40) => "安卓应填写签名证书的 MD5 指纹（32 位）",
            ("ios", 32) => "iOS 应填写签名证书的 SHA-1 指纹（40 位）",
            _ => return None,
        };
        Some(fault(format!("platforms.{item}.cert_fingerprint"), sentence))
    })
}

fn platforms_are_not_repeated(answers: &Answers, _today: Date) -> Option<Fault> {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    platforms(answers).find_map(|(item, system, package, _)| {
        let is_repeated = !package.is_empty() && seen.contains(&(system, package));
        seen.push((system, package));
        is_repeated.then(|| {
            fault(format!("platforms.{item}.package_name"), format!("同一平台的 {package} 已在前面填写"))
        })
    })
}
