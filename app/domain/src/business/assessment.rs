//! 安全评估 of services that move public opinion: what is assessed, on which occasion, what is done, and
//! what came of it. The seven measures are those of article 5 of the rules of 2018.

use time::Date;

use super::blocks::*;
use super::{ActionWords, Definition, called};
use crate::action::Action;
use crate::answer::Answers;
use crate::dictionary::*;
use crate::mask::Mask;
use crate::schema::*;
use crate::value::date;

pub static BUSINESS: Definition = Definition {
    code: "assessment",
    noun: "安全评估",
    menu: "安全评估",
    shortcuts: "安全评估",
    mine: "我的安全评估",
    at_home: Some((3, "安全评估")),
    name_label: "服务名称",
    number_kind: Some(7),
    actions: &[
        called(Action::New, "安全评估申请"),
        // What an assessment says is brought up to date; it is not taken back and ends with its subject.
        ActionWords { action: Action::Change, label: "补充评估材料", verb: Some("补充材料") },
    ],
    form: &FORM,
    name_at: "basics.name",
    domains_at: &[],
    badge: BADGE,
    sign_off: &[CONTENT, PERSON, PHONE, CHECKS],
};

pub static FORM: Form = Form {
    key: "assessment",
    steps: &[
        Step { key: "subject", title: "开办主体", body: Body::Subject },
        Step { key: "service", title: "评估基本信息", body: Body::Sections(SERVICE) },
        Step { key: "measures", title: "安全措施与结论", body: Body::Sections(MEASURES) },
        Step { key: "notice", title: "提示说明", body: Body::Notice(&DUTY_NOTICE) },
    ],
    rules: &[],
    advice: &[assessed_long_ago, still_mending],
};

const BY_OTHERS: When = When::Is(".method", "third");

const SERVICE: &[Section] = &[
    section(
        "basics",
        "评估的服务",
        fields![
            field("record", "关联的备案", Kind::OwnRecord(&["website", "app", "mini"]))
                .full()
                .hint("从当前主体已备案的网站、APP、小程序中选择；尚未备案的可不选"),
            field("name", "服务名称", Kind::Text { min: 2, max: 60 }).required(),
            field("kind", "服务类型", Kind::Select(ASSESSED_KIND)).required(),
            field("access_url", "访问或下载地址", Kind::Url).required().full().placeholder("https://"),
            field("feature_name", "功能名称", Kind::Text { min: 2, max: 60 }),
            field("feature_desc", "功能描述", Kind::LongText { min: 10, max: 2000 }).required().full(),
        ],
    ),
    section(
        "assessment",
        "评估情况",
        fields![
            field("occasions", "开展评估情况", Kind::Ticks(OCCASION)).required().full(),
            field("method", "评估方法", Kind::Select(ASSESSMENT_METHOD)).required().starts_as(&["self"]),
            field("assessed_on", "评估时间", Kind::Date(DateRule::NotAfterToday)).required(),
            field("third_party_name", "第三方机构名称", Kind::Text { min: 2, max: 100 })
                .required()
                .when(BY_OTHERS),
            field("third_party_report", "第三方评估报告", DOCUMENT)
                .required()
                .full()
                .when(BY_OTHERS)
                .hint(DOCUMENT_HINT),
        ],
    ),
    section(
        "safety_head",
        "安全管理负责人",
        fields![
            field("name", "姓名", Kind::PersonName).required().personal(Mask::Name),
            field("title", "职务", Kind::Text { min: 2, max: 60 }).required(),
            field("phone", "电话", Kind::AnyPhone).required().personal(Mask::Phone),
            field("email", "邮箱", Kind::Email).required().personal(Mask::Email),
        ],
    ),
];

const MEASURE: Kind = Kind::LongText { min: 50, max: 5000 };
const PROOF: Field = field("files", "证明材料", Kind::Documents { min: 1, max: 5 })
    .full()
    .hint("最多 5 个pdf文件，每个不超过5MB");
const DESCRIPTION: Field = field("text", "落实情况", MEASURE).required().full().hint("50 至 5000 个字");

const MEASURES: &[Section] = &[
    section("item1", "一、安全管理负责人、信息审核人员及安全管理机构设立情况", fields![DESCRIPTION, PROOF]),
    section("item2", "二、用户真实身份核验及注册信息留存措施", fields![DESCRIPTION, PROOF]),
    section("item3", "三、日志信息及发布信息留存措施", fields![DESCRIPTION, PROOF])
        .intro("日志信息包括账号、操作时间、操作类型、网络源地址和目标地址、网络源端口、客户端硬件特征等。"),
    section(
        "item4",
        "四、账号、群组和公众号的名称、头像、简介及发布、转发、评论等的违法有害信息防范处置和记录保存措施",
        fields![DESCRIPTION, PROOF],
    ),
    section(
        "item5",
        "五、个人信息保护，以及防范违法有害信息传播扩散、社会动员功能失控的技术措施",
        fields![DESCRIPTION, PROOF],
    ),
    section(
        "item6",
        "六、投诉、举报制度",
        fields![field("has", "是否建立投诉、举报制度", Kind::YesNo).required().full(), DESCRIPTION, PROOF],
    ),
    section(
        "item7",
        "七、为监管、执法部门依法履职提供技术、数据支持和协助的工作机制",
        fields![DESCRIPTION, PROOF],
    ),
    section(
        "conclusion",
        "评估结论",
        fields![
            field("result", "评估结论", Kind::Select(CONCLUSION)).required(),
            field("text", "结论说明", Kind::LongText { min: 10, max: 2000 }).required().full(),
            field("attachments", "附件", Kind::Documents { min: 1, max: 10 })
                .full()
                .hint("最多 10 个pdf文件，每个不超过5MB"),
        ],
    ),
];

/// The report is due within thirty working days of its occasion.
fn assessed_long_ago(answers: &Answers, today: Date) -> Option<Fault> {
    let days = (today - date::parse_date(answers.text("assessment.assessed_on"))?).whole_days();
    (days > 42).then(|| {
        fault(
            "assessment.assessed_on",
            format!("评估完成已 {days} 天。规定要求在三十个工作日内提交，请尽快提交"),
        )
    })
}

fn still_mending(answers: &Answers, _today: Date) -> Option<Fault> {
    answers
        .has("conclusion.result", "mending")
        .then(|| fault("conclusion.result", "整改完成后，请用“补充评估材料”更新结论"))
}
