//! Blocks that several forms share: a person in charge, a provider, interactive services,
//! controlled goods, prior permits.

use time::Date;

use crate::answer::Answers;
use crate::dictionary::*;
use crate::mask::Mask;
use crate::schema::*;
use crate::value::date;

pub const PICTURE: Kind = Kind::Pictures { min: 1, max: 1 };
pub const DOCUMENT: Kind = Kind::Documents { min: 1, max: 1 };
pub const PICTURE_HINT: &str = "支持png/jpeg/jpg格式，文件大小不超过5MB";
pub const DOCUMENT_HINT: &str = "支持pdf格式，文件大小不超过5MB";
pub const ADDRESS_PLACEHOLDER: &str = "请填写街道、镇信息, 如 xx街道xx路xx号, xx...";
pub const SAME_AS_NOTE: &str = "为保障您的信息安全，平台未完整存储您的个人信息，请您逐项核实。";
/// What a person block says of the reuse of the subject's pictures (R32).
pub const REUSE_CONSENT: &str = "同意复用主体负责人的证件照片";

const NOT_RESIDENT_ID: When = When::All(&[
    When::Given(".id_kind"),
    When::Not(".id_kind", "resident_id"),
    When::Not(".id_kind", "temp_resident_id"),
]);

/// How the fields of a person in charge are called.
pub struct PersonLabels {
    pub name: &'static str,
    pub id_kind: &'static str,
    pub id_no: &'static str,
}

/// 负责人 or 联络人 of a business; no handheld picture here.
pub const fn person(labels: PersonLabels) -> [Field; 9] {
    [
        field("name", labels.name, Kind::PersonName).required().personal(Mask::Name),
        field("id_kind", labels.id_kind, Kind::Select(PERSON_ID)).required().starts_as(&["resident_id"]),
        field("id_no", labels.id_no, Kind::PersonId { kind: "id_kind" }).required().personal(Mask::IdNumber),
        field("id_valid_to", "证件有效期", Kind::Date(DateRule::AfterToday))
            .required_when(When::Not(".id_long_term", "yes"))
            .when(When::Not(".id_long_term", "yes")),
        field("id_long_term", "长期有效", Kind::Tick).full(),
        field("id_portrait", "身份证人像面", PICTURE)
            .required()
            .relabel(NOT_RESIDENT_ID, "证件照片（资料页）")
            .hint(PICTURE_HINT),
        field("id_emblem", "身份证国徽面", PICTURE)
            .required_when(When::Not(".id_kind", "passport"))
            .relabel(NOT_RESIDENT_ID, "证件照片（背面）")
            .hint(PICTURE_HINT),
        field("mobile", "手机号码", Kind::Mobile)
            .required()
            .personal(Mask::Mobile)
            .placeholder("手机号码格式:186xxxxxxxx"),
        field("email", "电子邮件地址", Kind::Email).personal(Mask::Email).placeholder("请输入电子邮件地址"),
    ]
}

pub const SECURITY_OFFICER: &[Field] =
    &person(PersonLabels {
        name: "负责人姓名", id_kind: "负责人证件类型", id_no: "负责人证件号码"
    });
pub const EMERGENCY_CONTACT: &[Field] =
    &person(PersonLabels {
        name: "联络人姓名", id_kind: "联络人证件类型", id_no: "联络人证件号码"
    });

/// 网络接入服务商 of a website
pub const ACCESS_PROVIDER: &[Field] = &access_provider("网站接入方式");
/// 网络接入服务商 of anything else
pub const ISP: &[Field] = &access_provider("接入方式");

const fn access_provider(mode: &'static str) -> [Field; 6] {
    [
        field("jurisdiction", "接入商所属地区管辖", Kind::Select(JURISDICTION))
            .required()
            .starts_as(&["mainland"]),
        field("region", "接入商所属地区", Kind::Region)
            .required()
            .when(When::Not(".jurisdiction", "abroad"))
            .hint("接入商的注册地，不是机房所在地"),
        field("country", "接入商所属地区", Kind::Select(COUNTRY))
            .required()
            .when(When::Is(".jurisdiction", "abroad")),
        field("name", "名称", Kind::Text { min: 2, max: 100 }).required().hint("接入商的公司全称"),
        field("phone", "服务商电话", Kind::AnyPhone).placeholder("如 4009100100"),
        field("access_mode", mode, Kind::Select(ACCESS_MODE))
            .required()
            .starts_as(&["virtual_space"])
            .hint("云服务器、虚拟主机、静态托管均选“租赁虚拟空间”"),
    ]
}

/// 域名注册服务商
pub const REGISTRAR: &[Field] = &[
    field("jurisdiction", "域名商所属地区管辖", Kind::Select(JURISDICTION))
        .required()
        .starts_as(&["mainland"]),
    field("region", "域名服务商所属地区", Kind::Region).required().when(When::Not(".jurisdiction", "abroad")),
    field("country", "域名服务商所属地区", Kind::Select(COUNTRY))
        .required()
        .when(When::Is(".jurisdiction", "abroad")),
    field("name", "名称", Kind::Text { min: 2, max: 100 })
        .required()
        .hint("以域名证书或 WHOIS 上的“注册商”为准，不一致会被退回"),
];

/// 是否提供互联网交互服务 and what follows when it is so.
pub const INTERACTIVE: &[Field] = &[
    field("is_interactive", "是否提供互联网交互服务", Kind::YesNo)
        .required()
        .full()
        .hint("有登录、注册、评论、留言、论坛等让用户发布信息的功能，请选“是”；如实填写，否则会被退回"),
    field("kinds", "交互服务种类", Kind::Ticks(INTERACTIVE_KIND)).required().full().when(IS_INTERACTIVE),
    field("registered_users", "注册用户规模", Kind::Select(USER_BAND)).required().when(IS_INTERACTIVE),
    field("moderation", "发布前审核方式", Kind::Select(MODERATION)).required().when(IS_INTERACTIVE),
    field("real_name", "用户真实身份核验方式", Kind::Ticks(REAL_NAME_METHOD))
        .required()
        .full()
        .when(IS_INTERACTIVE),
    field("moderators", "审核人员数量", Kind::Integer { min: 0, max: 1_000_000 })
        .required()
        .when(IS_INTERACTIVE),
    field("log_months", "日志留存期限（月）", Kind::Integer { min: 0, max: 1200 })
        .required()
        .when(IS_INTERACTIVE)
        .hint("法律要求网络日志留存不少于六个月"),
    field("filter", "违法信息过滤措施", Kind::LongText { min: 5, max: 1000 })
        .required()
        .full()
        .when(IS_INTERACTIVE),
    field("security_plan", "信息网络安全保护方案", DOCUMENT)
        .required()
        .full()
        .when(IS_INTERACTIVE)
        .hint(DOCUMENT_HINT),
];
const IS_INTERACTIVE: When = When::Is(".is_interactive", "yes");

/// 管制物品信息
pub const CONTROLLED: &[Field] = &[
    field("publishes", "是否提供涉及管制物品信息发布服务", Kind::YesNo).required().full(),
    field("goods", "涉及管制物品信息发布", Kind::Ticks(CONTROLLED_GOODS))
        .required()
        .full()
        .when(When::Is(".publishes", "yes")),
    field("permit", "管制物品许可文件", DOCUMENT)
        .required()
        .full()
        .when(When::Is(".publishes", "yes"))
        .hint(DOCUMENT_HINT),
];

/// 相关前置许可
pub const HAS_PERMIT: &[Field] = &[field("has", "相关前置许可", Kind::YesNo)
    .required()
    .full()
    .hint("从事新闻、出版、教育、医疗、文化等业务需取得的许可；没有请选“否”")];

pub const PERMIT: &[Field] = &[
    field("kind", "许可类别", Kind::Select(PRIOR_PERMIT)).required(),
    field("number", "许可证号", Kind::Text { min: 2, max: 60 }).required(),
    field("issuer", "发证机关", Kind::Text { min: 2, max: 60 }).required(),
    field("valid_to", "许可有效期至", Kind::Date(DateRule::AfterToday)).required(),
    field("file", "许可文件", DOCUMENT).required().full().hint(DOCUMENT_HINT),
];
pub const PERMITS: Repeat = Repeat { min: 1, max: 10, noun: "许可" };

/// 语种
pub const fn language(label: &'static str) -> Field {
    field("languages", label, Kind::Ticks(LANGUAGE)).required().full().starts_as(&["zh-Hans"])
}

/// 前置许可 and its list
pub const PERMIT_SECTION: Section = section("permit", "前置许可", HAS_PERMIT);
pub const PERMITS_SECTION: Section =
    section("permits", "前置许可明细", PERMIT).when(When::Is("permit.has", "yes")).repeat(PERMITS);
pub const REMARK_SECTION: Section =
    section("other", "其他", fields![field("remark", "备注", Kind::LongText { min: 0, max: 500 }).full()]);
pub const ISP_SECTION: Section = section("isp", "网络接入服务商", ISP).directory(Directory::Access);
pub const INTERACTIVE_SECTION: Section = section("interactive", "互联网交互服务", INTERACTIVE).all_no(&[
    "interactive.is_interactive",
    "controlled.publishes",
    "permit.has",
]);
/// What the press on 否 for all of them says.
pub const ALL_NO: &str = "没有互动功能、管制物品信息和前置许可，三项都选“否”";
pub const CONTROLLED_SECTION: Section = section("controlled", "管制物品信息", CONTROLLED);

/// The addresses a service is reached at; those of apps and mini programs, and of what stands behind.
pub const SERVICE_DOMAINS: Kind = Kind::Lines { of: Line::Domain, max: 100 };
pub const SERVICE_IPS: Kind = Kind::Lines { of: Line::Ip { mainland: "isp.jurisdiction" }, max: 100 };
pub const NETWORK_SECTION: Section = section(
    "network",
    "服务域名与 IP",
    fields![
        field("domains", "服务域名", SERVICE_DOMAINS)
            .required()
            .full()
            .hint("运行中访问的全部域名，包括三、四级域名，每行一个"),
        field("ips", "服务IP", SERVICE_IPS)
            .required()
            .full()
            .resolved_from(&["domains"])
            .hint("域名当前解析到的 IP，每行一个；地址段写作 起始-结束"),
    ],
);

/// 功能介绍 to 运营情况, of apps and mini programs.
pub const INTRO: Field = field("intro", "功能介绍", Kind::LongText { min: 20, max: 1000 })
    .required()
    .full()
    .hint("20 至 1000 个字");
pub const SCREENSHOTS: Field = field("screenshots", "运行截图", Kind::Pictures { min: 3, max: 5 })
    .required()
    .full()
    .hint("3 至 5 张，支持png/jpeg/jpg格式，每张不超过5MB");
pub const USERS: Field = field("users", "当前用户量", Kind::Select(USER_BAND)).required();
pub const OPERATION: Field = field("operation", "运营情况", Kind::Select(OPERATION_STATE)).required();
pub const OPERATION_NOTE: Field = field("operation_note", "运营情况说明", Kind::Text { min: 2, max: 200 });
pub const LAUNCHED: Field = field("launched_on", "上线日期", Kind::Date(DateRule::NotAfterToday))
    .required()
    .when(When::All(&[When::Given(".operation"), When::Not(".operation", "not_yet")]));

/// 安全负责人 and 应急联络人 of anything but a website.
pub const PEOPLE: &[Section] = &[
    section("security_officer", "安全负责人信息", SECURITY_OFFICER).same_as_principal().intro(SAME_AS_NOTE),
    section("emergency_contact", "应急联络人", EMERGENCY_CONTACT)
        .same_as_principal()
        .intro("应急联络人需承担7×24小时联络责任，建议不与安全负责人相同。为保障您的信息安全，平台未完整存储您的个人信息，请您逐项核实。"),
];

/// The law asks for a filing within thirty days of going on line.
pub fn on_line_long_ago(answers: &Answers, today: Date) -> Option<Fault> {
    let days = (today - date::parse_date(answers.text("basics.launched_on"))?).whole_days();
    (days > 30).then(|| {
        fault("basics.launched_on", format!("上线已 {days} 天。法规要求开通后 30 日内备案，请尽快提交"))
    })
}

/// R33: said, not refused.
pub fn one_person_for_both(answers: &Answers, _today: Date) -> Option<Fault> {
    let same = |key: &str| {
        let officer = answers.text(&format!("security_officer.{key}"));
        !officer.is_empty() && officer == answers.text(&format!("emergency_contact.{key}"))
    };
    (same("id_no") || same("mobile")).then(|| {
        fault(
            "emergency_contact.name",
            "应急联络人与安全负责人似为同一人。应急联络人需承担7×24小时联络责任，建议另行指定；仍可提交",
        )
    })
}

pub fn logs_are_kept_too_briefly(answers: &Answers, _today: Date) -> Option<Fault> {
    let months = answers.text("interactive.log_months").parse::<u64>().ok()?;
    (months < 6).then(|| fault("interactive.log_months", "网络日志依法应留存不少于六个月"))
}

/// The notice on the last step, verbatim from the manual (R34).
pub static DUTY_NOTICE: Notice = Notice {
    version: "2024-01",
    title: "互联网信息服务单位网络安全责任告知书",
    opening: "为了保护网络信息安全，保障公民、法人和其他组织的合法权益，维护国家安全和社会公共利益，根据《中华人民共和国计算机信息系统安全保护条例》、《计算机信息网络国际联网安全保护管理办法》等相关法律法规规定，现就你单位应依法履行的网络安全责任告知书如下：",
    points: &[
        "一、具备法律法规所要求的相应资质；互联网信息服务提供者应为独立承担法律责任的主体，从事互联网信息服务依据法律、行政法规以及国务院有关规定，需经有关部门许可的应取得相应许可资质",
        "二、依法接受公安机关监督、检查、指导；",
        "三、协助公安机关依法查处涉网违法犯罪活动；",
        "四、根据《中华人民共和国计算机信息系统安全保护条例》、《计算机信息技术网络国际互联网安全保护管理办法》、《互联网安全保护技术措施规定》、《互联网交互式服务安全保护要求》、《互联网服务安全评估基本程序及要求》等相关法律法规以及安全管理标准规范，履行违法信息过滤、公共信息巡查、用户资质查验、日志信息留存和应急快速处置等安全保护义务，落实安全管理责任和相关专业安全技术措施；",
        "五、在网站首页显著位置张贴公安机关核发的备案图标；",
        "六、当联网备案信息发生变更时，请您于变更后30日内登录本平台提交变更信息，若未按规定要求、时限办理变更手续，公安机关将依法通知接入商暂停网站接入；",
        "七、当网站不再开办时，请您于5个工作日内登录本平台，向属地公安机关网安部门提出撤销申请。",
    ],
};

/// Where the badge of most businesses belongs.
pub const BADGE: (&str, &str) = ("备案号与标识", "请把图标和备案号放在服务的显著位置，并链接到公示地址。");

// Points that an officer signs off (R63).
pub const PERSON: &str = "证件照片清晰有效，与填报的姓名、号码一致";
pub const PHONE: &str = "已电话核实负责人及联系方式";
pub const CHECKS: &str = "已查看机器核查结果，对需核实的项目已逐一核实";
pub const CONTENT: &str = "已核对服务内容与填报一致";
