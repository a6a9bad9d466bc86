//! The identity check before something is cancelled or given away (R22, R24, R36): who answers for
//! the subject, the telephone at hand, and for a cancellation why. The same for every business.

use time::Date;

use super::blocks::{DOCUMENT, DOCUMENT_HINT};
use crate::answer::Answers;
use crate::dictionary::CANCEL_REASON;
use crate::mask::Mask;
use crate::schema::*;
use crate::value::{id_number, text};

pub const NAME: &str = "identity.name";
pub const MIDDLE_FOUR: &str = "identity.middle_four";
pub const SMS_CODE: &str = "identity.sms_code";
pub const REASON: &str = "identity.reason";
pub const ATTACHMENT: &str = "identity.attachment";
pub const RECEIVER_MOBILE: &str = "identity.receiver_mobile";
pub const RECEIVER_ID_NO: &str = "identity.receiver_id_no";

/// What only proves who is there: looked at and never filed.
pub const PROOFS: &[&str] = &[MIDDLE_FOUR, SMS_CODE];

const LEAST_REASON: usize = 5;
const SMS_LABEL: &str = "短信验证码";
const SMS_HINT: &str = "验证码发送至负责人手机号码，5 分钟内有效";

/// 注销主体, 注销网站 …
pub static CANCEL: Form = Form {
    key: "cancel",
    steps: &[Step { key: "identity", title: "身份验证", body: Body::Sections(CANCEL_SECTIONS) }],
    rules: &[reason_says_enough],
    advice: &[],
};

/// 移交主体
pub static TRANSFER: Form = Form {
    key: "transfer",
    steps: &[Step { key: "identity", title: "身份验证", body: Body::Sections(TRANSFER_SECTIONS) }],
    rules: &[],
    advice: &[],
};

const CANCEL_SECTIONS: &[Section] = &[section(
    "identity",
    "身份验证",
    fields![
        field("name", "负责人姓名", Kind::PersonName)
            .required()
            .personal(Mask::Name)
            .placeholder("负责人姓名")
            .hint("与已备案的负责人姓名一致"),
        field("middle_four", "负责人手机号码", Kind::Code(check_middle_four))
            .required()
            .placeholder("输入中间四位"),
        field("sms_code", SMS_LABEL, Kind::Code(check_sms_code))
            .required()
            .placeholder(SMS_LABEL)
            .hint(SMS_HINT),
        field("reason", "注销原因", Kind::LongText { min: 2, max: 500 })
            .required()
            .full()
            .hint("可选用常用原因，也可自行填写，5 至 500 个字"),
        field("attachment", "附件说明", DOCUMENT).full().hint(DOCUMENT_HINT),
    ],
)];

const TRANSFER_SECTIONS: &[Section] = &[section(
    "identity",
    "身份验证",
    fields![
        field("middle_four", "负责人手机号", Kind::Code(check_middle_four))
            .required()
            .placeholder("输入中间四位"),
        field("receiver_mobile", "接收人手机号", Kind::Mobile)
            .required()
            .personal(Mask::Mobile)
            .placeholder("手机号码格式:186xxxxxxxx")
            .hint("接收人登录本平台时实名认证的手机号"),
        field("receiver_id_no", "接收人身份证号", Kind::Code(check_receiver_id))
            .required()
            .personal(Mask::IdNumber)
            .placeholder("接收人身份证号"),
        field("sms_code", SMS_LABEL, Kind::Code(check_sms_code))
            .required()
            .placeholder(SMS_LABEL)
            .hint(SMS_HINT),
    ],
)];

/// 特别声明 under a cancellation (R22), verbatim from the manual.
pub const CANCEL_STATEMENT: &[&str] = &[
    "如果负责人手机号码发生变动，请通过开办主体变更流程，修改手机号，待审核通过后再提交注销申请。",
    "如果网站域名已不属于您控制，或您无法关停相关服务，请填写说明文件，并由负责人手写签名或单位盖章，上传扫描文件。",
];

/// The filed part of a cancellation's answers: what proves who was there stays out.
pub fn filed(mut answers: Answers) -> Answers {
    answers.retain(|at| !PROOFS.contains(&at));
    answers
}

fn has_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn check_middle_four(typed: &str) -> Result<String, &'static str> {
    let typed = text::compact(typed);
    if has_digits(&typed, 4) { Ok(typed) } else { Err("请填写手机号码的中间四位数字") }
}

fn check_sms_code(typed: &str) -> Result<String, &'static str> {
    let typed = text::compact(typed);
    if has_digits(&typed, 6) { Ok(typed) } else { Err("请填写短信中的 6 位数字验证码") }
}

/// The number the recipient signs in with. Those who sign in with another paper than an identity card
/// have shorter ones; what is as long as an identity number must be a right one.
fn check_receiver_id(typed: &str) -> Result<String, &'static str> {
    let number = text::compact_code(typed);
    let is_right = match number.len() {
        5..=14 => number.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'(' | b')')),
        18 => id_number::check_digit_matches(&number) && id_number::birth_date(&number).is_some(),
        _ => false,
    };
    if is_right { Ok(number) } else { Err("接收人身份证号不正确，请对照证件核对") }
}

/// One of the offered reasons is enough, 其他 is not; words of one's own need a few more.
fn reason_says_enough(answers: &Answers, _today: Date) -> Option<Fault> {
    let reason = answers.text(REASON).trim();
    let is_offered = CANCEL_REASON.iter().any(|choice| choice.label == reason && choice.code != "other");
    let length = reason.chars().count();
    (!reason.is_empty() && !is_offered && length < LEAST_REASON)
        .then(|| fault(REASON, format!("请填写至少 {LEAST_REASON} 个字的注销原因，现在是 {length} 个字")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use std::collections::BTreeMap;

    use super::*;
    use crate::check::{Context, UnknownRegions, check_form};
    use time::macros::date;

    fn faults(form: &'static Form, answers: &Answers) -> Vec<Fault> {
        let sealed = BTreeMap::new();
        let context = Context { today: date!(2026 - 03 - 02), regions: &UnknownRegions, sealed: &sealed };
        check_form(form, answers, &context).err().unwrap_or_default()
    }

    fn cancel() -> Answers {
        Answers::from([
            (NAME, "孙丙丁"),
            (MIDDLE_FOUR, "0000"),
            (SMS_CODE, "123456"),
            (REASON, "网站已经停止运营"),
        ])
    }

    /// R22: the words of the manual.
    #[test]
    fn the_labels_are_those_of_the_manual() {
        let labels = |form: &'static Form| -> Vec<&str> {
            form.places(&Answers::new()).map(|place| place.field.label).collect::<Vec<_>>()
        };
        assert_eq!(labels(&CANCEL), ["负责人姓名", "负责人手机号码", "短信验证码", "注销原因", "附件说明"]);
        assert_eq!(labels(&TRANSFER), ["负责人手机号", "接收人手机号", "接收人身份证号", "短信验证码"]);
    }

    #[test]
    fn an_offered_reason_is_enough_and_own_words_need_five_characters() {
        for (reason, is_fine) in [
            ("业务转让", true),
            ("主体已注销", true),
            ("其他", false),
            ("不做了", false),
            ("不再做了啊", true),
            ("", false),
        ] {
            let mut answers = cancel();
            answers.set_text(REASON, reason);
            let found = faults(&CANCEL, &answers);
            assert_eq!(found.is_empty(), is_fine, "{reason}: {found:?}");
            assert!(found.iter().all(|fault| fault.at == REASON));
        }
        let mut answers = cancel();
        answers.set_text(REASON, "长".repeat(501));
        assert_eq!(faults(&CANCEL, &answers)[0].at, REASON);
    }

    #[test]
    fn codes_are_taken_as_phones_and_input_methods_give_them() {
        assert_eq!(check_middle_four(" １２３４ ").unwrap(), "1234");
        assert_eq!(check_sms_code("123 456").unwrap(), "123456");
        for wrong in ["", "123", "12345", "一二三四", "12.4"] {
            assert!(check_middle_four(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_mistyped_identity_number_of_the_recipient_is_noticed() {
        for (number, is_right) in [
            ("11010519491231002X", true),
            ("11010519491231002x", true),
            ("110105194912310021", false),
            ("11010519491231002", false),
            ("E12345678", true),
            ("", false),
            ("110105199913310021", false),
        ] {
            assert_eq!(check_receiver_id(number).is_ok(), is_right, "{number}");
        }
    }

    #[test]
    fn what_proves_who_was_there_is_not_filed() {
        let filed = filed(cancel());
        assert_eq!(filed.iter().map(|(at, _)| at).collect::<Vec<_>>(), [NAME, REASON]);
    }
}
