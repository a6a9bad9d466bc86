//! 小程序: what it is called on its host platform, what stands behind it, who answers for it.

use time::Date;

use super::blocks::*;
use super::{Definition, called};
use crate::action::Action;
use crate::answer::Answers;
use crate::dictionary::*;
use crate::schema::*;
use crate::value::software::{check_any_mini_program_id, check_mini_program_id, check_original_id};

pub static BUSINESS: Definition = Definition {
    code: "mini",
    noun: "小程序",
    menu: "小程序",
    shortcuts: "小程序",
    mine: "我的小程序",
    at_home: Some((5, "我的小程序")),
    name_label: "小程序名称",
    number_kind: Some(4),
    actions: &[
        called(Action::New, "新办小程序申请"),
        called(Action::Change, "变更小程序"),
        called(Action::Cancel, "注销小程序"),
    ],
    form: &FORM,
    name_at: "basics.name",
    domains_at: &[],
    badge: BADGE,
    sign_off: &[CONTENT, PERSON, PHONE, CHECKS],
};

pub static FORM: Form = Form {
    key: "mini",
    steps: &[
        Step { key: "subject", title: "开办主体", body: Body::Subject },
        Step { key: "mini", title: "小程序基本信息", body: Body::Sections(MINI) },
        Step { key: "people", title: "小程序负责人", body: Body::Sections(PEOPLE) },
        Step { key: "notice", title: "提示说明", body: Body::Notice(&DUTY_NOTICE) },
    ],
    rules: &[id_fits_the_platform, can_be_opened],
    advice: &[on_line_long_ago, one_person_for_both, logs_are_kept_too_briefly],
};

const MINI: &[Section] = &[
    section(
        "basics",
        "小程序信息",
        fields![
            field("name", "小程序名称", Kind::Text { min: 2, max: 30 })
                .required()
                .hint("与平台上的名称、工信部小程序备案的名称逐字一致"),
            field("platform", "所属平台", Kind::Select(HOST_PLATFORM)).required(),
            field("app_id", "AppID", Kind::Code(check_any_mini_program_id)).required().hint(
                "在平台的管理后台查看；微信的以 wx 开头，抖音的以 tt 开头，支付宝的为 20 开头的 16 位数字"
            ),
            field("original_id", "原始ID", Kind::Code(check_original_id))
                .when(When::Is(".platform", "wechat"))
                .placeholder("gh_"),
            field("contents", "服务内容类型", Kind::Ticks(SERVICE_CLASS)).required().full(),
            INTRO,
            field("qr_image", "小程序码", PICTURE)
                .full()
                .hint("小程序码和访问链接至少填一项。支持png/jpeg/jpg格式，文件大小不超过5MB"),
            field("access_url", "访问链接", Kind::Url).full().placeholder("https://"),
            SCREENSHOTS,
            USERS,
            OPERATION,
            LAUNCHED,
            OPERATION_NOTE,
            field("icp_number", "小程序备案号（工信部）", Kind::IcpNumber { suffix: "XK" })
                .placeholder("如 京ICP备12345678号-3X"),
        ],
    ),
    NETWORK_SECTION,
    ISP_SECTION,
    INTERACTIVE_SECTION,
    CONTROLLED_SECTION,
    PERMIT_SECTION,
    PERMITS_SECTION,
    section("language", "小程序语种", fields![language("小程序语种")]),
    REMARK_SECTION,
];

fn id_fits_the_platform(answers: &Answers, _today: Date) -> Option<Fault> {
    let (platform, id) = (answers.text("basics.platform"), answers.text("basics.app_id"));
    if platform.is_empty() || id.is_empty() {
        return None;
    }
    check_mini_program_id(platform, id).err().map(|sentence| fault("basics.app_id", sentence))
}

fn can_be_opened(answers: &Answers, _today: Date) -> Option<Fault> {
    let has = |at: &str| answers.get(at).is_some();
    (!has("basics.qr_image") && !has("basics.access_url"))
        .then(|| fault("basics.access_url", "小程序码和访问链接至少填写一项"))
}
