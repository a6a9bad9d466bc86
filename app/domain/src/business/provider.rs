//! 服务商: what it provides and under which licence, its rooms, addresses and lines. Once approved it
//! stands in the directory of R31.

use time::Date;

use super::blocks::*;
use super::{Definition, called};
use crate::action::Action;
use crate::answer::Answers;
use crate::dictionary::*;
use crate::schema::*;
use crate::value::icp_number::check_telecom_licence;
use crate::value::ip::{check_address, number_of};

pub static BUSINESS: Definition = Definition {
    code: "provider",
    noun: "服务商",
    menu: "服务商业务",
    shortcuts: "服务商业务",
    mine: "我的服务商",
    at_home: None,
    name_label: "服务商名称",
    number_kind: Some(5),
    actions: &[
        called(Action::New, "新办服务商申请"),
        called(Action::Change, "变更服务商"),
        called(Action::Cancel, "注销服务商"),
    ],
    form: &FORM,
    name_at: "basics.name",
    domains_at: &[],
    badge: BADGE,
    sign_off: &[CONTENT, PERSON, PHONE, CHECKS],
};

pub static FORM: Form = Form {
    key: "provider",
    steps: &[
        Step { key: "subject", title: "开办主体", body: Body::Subject },
        Step { key: "provider", title: "服务商基本信息", body: Body::Sections(PROVIDER) },
        Step { key: "people", title: "服务商负责人", body: Body::Sections(PEOPLE) },
        Step { key: "notice", title: "提示说明", body: Body::Notice(&DUTY_NOTICE) },
    ],
    rules: &[ranges_are_in_order, ranges_do_not_overlap],
    advice: &[one_person_for_both],
};

const GIVES_ACCESS: When = When::AnyOf("basics.kinds", &["isp", "idc", "cloud"]);
const HAS_ADDRESSES: When = When::AnyOf("basics.kinds", &["isp", "idc"]);
const IS_REGISTRAR: When = When::Is("basics.kinds", "registrar");
const MOST: u64 = 1_000_000_000;

const PROVIDER: &[Section] = &[
    section(
        "basics",
        "服务商信息",
        fields![
            field("kinds", "服务商类型", Kind::Ticks(PROVIDER_KIND)).required().full(),
            field("name", "服务商名称", Kind::Text { min: 2, max: 100 })
                .required()
                .hint("公司全称，一般与主办单位名称一致；审核通过后列入服务商查询"),
            field("brand", "简称/品牌", Kind::Text { min: 1, max: 60 }),
            field("jurisdiction", "所属地区管辖", Kind::Select(JURISDICTION))
                .required()
                .starts_as(&["mainland"]),
            field("region", "所属地区", Kind::Region).required().when(When::Not(".jurisdiction", "abroad")),
            field("country", "所属地区", Kind::Select(COUNTRY))
                .required()
                .when(When::Is(".jurisdiction", "abroad")),
            field("site_url", "官网", Kind::Url).required().placeholder("https://"),
            field("hotline", "客服电话", Kind::AnyPhone).required().placeholder("如 4009100100"),
            field("report_phone", "举报电话", Kind::AnyPhone).required(),
            field("report_email", "举报邮箱", Kind::Email).required(),
            field("duty_phone", "7×24 值班电话", Kind::AnyPhone).required(),
        ],
    ),
    section(
        "licence",
        "经营许可",
        fields![
            field("number", "经营许可证号", Kind::Code(check_telecom_licence))
                .required()
                .placeholder("如 B1-20200001"),
            field("valid_to", "许可证有效期至", Kind::Date(DateRule::AfterToday)).required(),
            field("classes", "许可证业务种类", Kind::Ticks(LICENCE_CLASS)).required().full(),
            field("scope", "许可证覆盖范围", Kind::Select(LICENCE_SCOPE)).required(),
            field("provinces", "覆盖省份", Kind::Ticks(PROVINCE))
                .required()
                .full()
                .when(When::Is(".scope", "provinces")),
            field("file", "许可证扫描件", DOCUMENT).required().full().hint(DOCUMENT_HINT),
        ],
    ),
    section(
        "registrar",
        "域名注册服务",
        fields![
            field("approval_no", "域名注册服务机构批文号", Kind::Text { min: 2, max: 60 }).required(),
            field("tlds", "可注册后缀", Kind::Lines { of: Line::Text, max: 200 })
                .required()
                .full()
                .placeholder(".cn")
                .hint("每行一个，如 .cn"),
        ],
    )
    .when(IS_REGISTRAR),
    section(
        "access",
        "接入服务",
        fields![field("modes", "提供的接入方式", Kind::Ticks(ACCESS_MODE)).required().full()],
    )
    .when(GIVES_ACCESS),
    section(
        "rooms",
        "机房",
        fields![
            field("name", "机房名称", Kind::Text { min: 2, max: 60 }).required(),
            field("nature", "机房性质", Kind::Select(ROOM_NATURE)).required(),
            field("region", "机房所在地区", Kind::Region).required(),
            field("address", "机房地址", Kind::Text { min: 4, max: 120 }).required(),
            field("postcode", "邮政编码", Kind::Code(check_postcode)).required(),
        ],
    )
    .when(When::Is("basics.kinds", "idc"))
    .repeat(Repeat { min: 1, max: 100, noun: "机房" }),
    section(
        "ip_ranges",
        "IP地址段",
        fields![
            field("start", "起始IP", Kind::Code(check_address)).required(),
            field("end", "结束IP", Kind::Code(check_address)).required().hint("只有一个地址时与起始IP相同"),
            field("use", "使用方式", Kind::Select(IP_USE)).required(),
        ],
    )
    .intro("IPv4、IPv6 地址均可，每段填一项，各段不能重叠。")
    .when(HAS_ADDRESSES)
    .repeat(Repeat { min: 1, max: 200, noun: "地址段" }),
    section(
        "links",
        "链路",
        fields![
            field("carrier", "运营商", Kind::Select(CARRIER)).required(),
            field("bandwidth", "带宽（Mbps）", Kind::Integer { min: 1, max: MOST }).required(),
        ],
    )
    .intro("没有自有链路的可不填。")
    .repeat(Repeat { min: 0, max: 100, noun: "链路" }),
    section(
        "scale",
        "业务规模",
        fields![
            field("sites", "接入网站数", Kind::Integer { min: 0, max: MOST }).required(),
            field("customers", "客户数", Kind::Integer { min: 0, max: MOST }).required(),
            field("servers", "服务器数", Kind::Integer { min: 0, max: MOST }).required(),
        ],
    ),
    section(
        "security",
        "安全管理",
        fields![
            field("log_months", "日志留存月数", Kind::Integer { min: 6, max: 1200 })
                .required()
                .hint("法律要求网络日志留存不少于六个月"),
            field("log_measures", "日志留存措施", Kind::LongText { min: 5, max: 1000 }).required().full(),
            field("kyc_policy", "实名登记与备案核验制度", DOCUMENT).required().full().hint(DOCUMENT_HINT),
        ],
    ),
    REMARK_SECTION,
];

fn check_postcode(typed: &str) -> Result<String, &'static str> {
    let typed = crate::value::text::compact(typed);
    let is_right = typed.len() == 6 && typed.bytes().all(|byte| byte.is_ascii_digit());
    if is_right { Ok(typed) } else { Err("邮政编码应为 6 位数字") }
}

type Number = (bool, u128);

/// The ranges whose two ends can be read.
fn ranges(answers: &Answers) -> Vec<(usize, Number, Number)> {
    let section = PROVIDER.iter().find(|section| section.key == "ip_ranges");
    let end = |item: usize, key: &str| number_of(answers.text(&format!("ip_ranges.{item}.{key}")));
    (0..section.map_or(0, |section| section.count(answers)))
        .filter_map(|item| Some((item, end(item, "start")?, end(item, "end")?)))
        .collect()
}

fn ranges_are_in_order(answers: &Answers, _today: Date) -> Option<Fault> {
    ranges(answers).into_iter().find_map(|(item, start, end)| {
        let sentence = match (start.0 == end.0, start.1 <= end.1) {
            (false, _) => "起始IP和结束IP必须都是 IPv4 地址或都是 IPv6 地址",
            (true, false) => "结束IP不能小于起始IP",
            (true, true) => return None,
        };
        Some(fault(format!("ip_ranges.{item}.end"), sentence))
    })
}

fn ranges_do_not_overlap(answers: &Answers, _today: Date) -> Option<Fault> {
    let mut seen: Vec<(usize, Number, Number)> = Vec::new();
    for (item, start, end) in ranges(answers) {
        let other = seen.iter().find(|(_, first, last)| {
            first.0 == start.0 && last.0 == end.0 && first.1 <= end.1 && start.1 <= last.1
        });
        if let Some((other, ..)) = other {
            let sentence = format!("与地址段 {} 重叠，请核对", other + 1);
            return Some(fault(format!("ip_ranges.{item}.start"), sentence));
        }
        seen.push((item, start, end));
    }
    None
}
