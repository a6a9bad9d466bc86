//! 开办主体: a unit with its responsible person, or a person alone (R10).

use time::Date;

use super::blocks::{ADDRESS_PLACEHOLDER, BADGE, CHECKS, PERSON, PHONE, PICTURE, PICTURE_HINT};
use super::{Definition, called};
use crate::action::Action;
use crate::answer::Answers;
use crate::dictionary::{PERSON_ID, SUBJECT_NATURE, UNIT_CERTIFICATE, UNIT_KIND};
use crate::mask::Mask;
use crate::schema::*;
use crate::value::{credit_code, date, id_number, text};

const IS_UNIT: When = When::Is("subject.nature", "unit");
const NOT_RESIDENT_ID: When = When::All(&[
    When::Given(".id_kind"),
    When::Not(".id_kind", "resident_id"),
    When::Not(".id_kind", "temp_resident_id"),
]);

pub static BUSINESS: Definition = Definition {
    code: "subject",
    noun: "主体",
    menu: "开办主体管理",
    shortcuts: "开办主体",
    mine: "我的主体",
    at_home: None,
    name_label: "主体名称",
    number_kind: None,
    actions: &[
        called(Action::New, "新增主体"),
        called(Action::Change, "变更主体"),
        called(Action::Cancel, "注销主体"),
    ],
    form: &FORM,
    name_at: "",
    domains_at: &[],
    badge: BADGE,
    sign_off: &[PERSON, UNIT, PHONE, CHECKS],
};

const UNIT: &str = "主办单位证件与填报的名称、证件号一致";

pub static FORM: Form = Form {
    key: "subject",
    steps: &[Step { key: "form", title: "开办主体信息", body: Body::Sections(SECTIONS) }],
    rules: &[principal_is_of_age],
    advice: &[certificate_ends_soon],
};

const SECTIONS: &[Section] = &[
    section(
        "subject",
        "开办主体信息",
        fields![
            field("nature", "开办主体性质", Kind::Select(SUBJECT_NATURE))
                .required()
                .hint("个体工商户请选择“单位”；个人指以自然人身份开办"),
            field("unit_kind", "单位性质", Kind::Select(UNIT_KIND))
                .required()
                .when(When::Is(".nature", "unit")),
        ],
    ),
    section(
        "unit",
        "主办单位信息",
        fields![
            field("name", "主办单位名称", Kind::Text { min: 2, max: 100 })
                .required()
                .full()
                .placeholder("主办单位名称")
                .hint("与证件上的名称逐字一致，括号请用全角（）"),
            field("cert_kind", "主办单位证件类型", Kind::Select(UNIT_CERTIFICATE))
                .required()
                .hint("企业的营业执照即统一社会信用代码证件，两者均可选择"),
            field("cert_no", "主办单位证件号", Kind::UnitCertificate { kind: "cert_kind" })
                .required()
                .placeholder("主办单位证件号"),
            field("cert_other_name", "证件名称", Kind::Text { min: 2, max: 50 })
                .required()
                .when(When::Is(".cert_kind", "other")),
            field("cert_image", "主办单位有效证件", PICTURE).required().full().hint(PICTURE_HINT),
            field("office_region", "单位办公地址", Kind::Region).required().hint("管辖地按单位办公地址判定"),
            field("office_address", "单位办公详细地址", Kind::Text { min: 4, max: 200 })
                .required()
                .placeholder(ADDRESS_PLACEHOLDER)
                .hint("填写到门牌号，不必重复省、市、区县"),
            field("registered_region", "单位注册地址", Kind::Region),
            field("registered_address", "单位注册详细地址", Kind::Text { min: 4, max: 200 })
                .required_when(When::Given(".registered_region"))
                .placeholder(ADDRESS_PLACEHOLDER),
            field("legal_rep_name", "法定代表人姓名", Kind::PersonName)
                .required()
                .personal(Mask::Name)
                .placeholder("法定代表人姓名"),
        ],
    )
    .when(IS_UNIT)
    .suggests(&[certificate_by_code, unit_kind_by_code])
    .same_as(&[SameAs {
        key: "registered_as_office",
        label: SAME_ADDRESS,
        when: When::Always,
        fields: &[("registered_region", "unit.office_region"), ("registered_address", "unit.office_address")],
    }]),
    section(
        "principal",
        "负责人信息",
        fields![
            field("name", "负责人姓名", Kind::PersonName)
                .required()
                .personal(Mask::Name)
                .placeholder("负责人姓名"),
            field("id_kind", "负责人证件类型", Kind::Select(PERSON_ID))
                .required()
                .starts_as(&["resident_id"]),
            field("id_no", "负责人证件号码", Kind::PersonId { kind: "id_kind" })
                .required()
                .personal(Mask::IdNumber)
                .placeholder("负责人证件号码"),
            field("id_valid_to", "负责人证件有效期", Kind::Date(DateRule::AfterToday))
                .required_when(When::Not(".id_long_term", "yes"))
                .when(When::Not(".id_long_term", "yes"))
                .hint("证件上的有效期截止日"),
            field("id_long_term", "长期有效", Kind::Tick).full(),
            field("id_portrait", "身份证人像面", PICTURE)
                .required()
                .relabel(NOT_RESIDENT_ID, "证件照片（资料页）")
                .hint(PICTURE_HINT),
            field("id_emblem", "身份证国徽面", PICTURE)
                .required_when(When::Not(".id_kind", "passport"))
                .relabel(NOT_RESIDENT_ID, "证件照片（背面）")
                .hint(PICTURE_HINT),
            field("id_handheld", "身份证手持", PICTURE)
                .required()
                .relabel(NOT_RESIDENT_ID, "手持证件")
                .hint("支持png/jpeg/jpg格式，文件大小不超过5MB；背景简洁，面部与证件号码清晰可辨"),
            field("region", "负责人常住地址", Kind::Region)
                .required()
                .hint("个人类主体的管辖地按负责人常住地址判定"),
            field("address", "负责人常住详细地址", Kind::Text { min: 4, max: 200 })
                .required()
                .personal(Mask::Address)
                .placeholder(ADDRESS_PLACEHOLDER),
            field("mobile", "负责人手机号码", Kind::Mobile)
                .required()
                .personal(Mask::Mobile)
                .placeholder("手机号码格式:186xxxxxxxx"),
            field("phone", "办公室电话", Kind::Landline)
                .personal(Mask::Phone)
                .placeholder("区号-固定电话号码,如: 010-xxxxxxxx,021-xxxxxxxx"),
            field("email", "电子邮件地址", Kind::Email)
                .personal(Mask::Email)
                .placeholder("请输入电子邮件地址"),
        ],
    )
    .may_be_me()
    .same_as(&[SameAs {
        key: "lives_at_office",
        label: SAME_ADDRESS,
        when: IS_UNIT,
        fields: &[("region", "unit.office_region"), ("address", "unit.office_address")],
    }]),
];

/// What the tick of an address says that is the office's.
const SAME_ADDRESS: &str = "同单位办公地址";

/// 特别声明 under the form (R14), verbatim from the manual.
pub const STATEMENT: &[&str] = &[
    "单位类主体，以单位办公地址判定管辖地；个人类主体，以负责人常住地址判定管辖地。",
    "所有业务的审核，均由管辖地网安民警负责审核。",
    "请您在填报完主体信息后，及时填报网站备案、APP及小程序注册登记、安全评估等业务信息，完成整个申请流程。如未填报任何业务申请，民警将无法进行审核流程。",
];

/// The note below it (R15), verbatim from the manual.
pub const STATEMENT_NOTE: &str = "注：公安机关不会单独进行主体审核，备案单位或个人必须提交至少一个网站、APP、服务商、小程序、应用市场等业务申请。";

/// The two characters of a unified social credit code that say who registered what (`domain.md` 5.3).
fn registered_as(answers: &Answers) -> Option<String> {
    let code = text::compact_code(answers.text("unit.cert_no"));
    credit_code::credit_code_is_sound(&code).then(|| code.chars().take(2).collect())
}

/// A code names its paper, where none is named yet.
fn certificate_by_code(answers: &Answers) -> Option<Suggestion> {
    let at = "unit.cert_kind";
    let kind = registered_as(answers).filter(|_| answers.get(at).is_none())?;
    let code = if kind.starts_with('9') { "business_license" } else { "uscc_cert" };
    Some(by_code(at, code, UNIT_CERTIFICATE))
}

/// And the nature of the unit, where the code leaves no doubt: a university is a 事业单位 too.
fn unit_kind_by_code(answers: &Answers) -> Option<Suggestion> {
    let at = "subject.unit_kind";
    let kind = registered_as(answers).filter(|_| answers.get(at).is_none())?;
    let code = match kind.as_str() {
        "91" => "enterprise",
        "92" => "sole_trader",
        "11" => "government",
        "51" => "social_org",
        "52" => "private_nonprofit",
        "53" => "foundation",
        "31" => "law_firm",
        _ => return None,
    };
    Some(by_code(at, code, UNIT_KIND))
}

fn by_code(at: &'static str, code: &'static str, choices: &'static [Choice]) -> Suggestion {
    let label = label_of(choices, code);
    Suggestion {
        at, code, sentence: format!("已按统一社会信用代码选择“{label}”，请核对")
    }
}

/// A responsible person must be able to answer for what is run.
fn principal_is_of_age(answers: &Answers, today: Date) -> Option<Fault> {
    let kind = answers.text("principal.id_kind");
    let number = answers.text("principal.id_no");
    let age = id_number::states_birth(kind).then(|| id_number::age_on(number, today)).flatten()?;
    (age < 18).then(|| fault("principal.id_no", "负责人须年满 18 周岁"))
}

fn certificate_ends_soon(answers: &Answers, today: Date) -> Option<Fault> {
    let ends = date::parse_date(answers.text("principal.id_valid_to"))?;
    let days = (ends - today).whole_days();
    (1..90).contains(&days).then(|| {
        fault("principal.id_valid_to", format!("证件将在 {days} 天后到期，审核时可能要求更换新证件"))
    })
}
