//! The page on which a sample person is chosen or another identity made up.

use std::fmt::Write as _;

use axum::response::{Html, IntoResponse as _, Response};
use domain::value::id_number::check_person_id;
use domain::value::phone::check_mobile;
use http::{HeaderValue, StatusCode, header};

use super::identity::{ID_KIND, Identity, sub_of};
use super::provider::IdentityProvider;
use super::request::AuthorizationRequest;
use crate::dev::samples::SAMPLES;
use crate::http::page_template::{attribute, text};

/// So many identities made by hand are offered again.
const SHOWN_AGAIN: usize = 8;

/// Field and sentence, in the order of the form.
pub type Faults = Vec<(&'static str, String)>;

impl IdentityProvider {
    /// The page: a button for each known person and the form for another.
    pub(super) fn page(&self, status: StatusCode, asked: &AuthorizationRequest, faults: &Faults) -> Response {
        let hidden = hidden_fields(asked);
        let samples: String = SAMPLES.iter().map(|sample| button(&sample.sub(), sample.name)).collect();
        let made = self.recent_identities(&hidden);
        let summary = error_summary(faults);
        let fields = [
            field("name", "真实姓名", &asked.name, r#"maxlength="50""#, faults),
            field(
                "phone_number",
                "手机号码",
                &asked.phone_number,
                r#"inputmode="tel" maxlength="20""#,
                faults,
            ),
            field("id_number", "身份证号码", &asked.id_number, r#"maxlength="24""#, faults),
        ]
        .concat();
        let main = format!(
            r#"<section class="sign-in stack"><h1>选择测试身份</h1>
<p class="page-lead">这是开发环境内置的身份认证，以下人物均为虚构。</p>
<form method="post" action="/idp/authorize">{hidden}<ul class="identities">{samples}</ul></form>
{made}
<form class="form" method="post" action="/idp/authorize" novalidate>{hidden}{summary}
<fieldset class="section"><legend>其他身份</legend><div class="fields">{fields}</div></fieldset>
<div class="actions"><button class="button button-primary" name="identity" value="other">登录</button><button class="button button-quiet" name="identity" value="none">取消</button></div></form></section>"#
        );
        let mut response = (status, Html(self.template.document("选择测试身份", &main))).into_response();
        if let Ok(policy) = HeaderValue::from_str(&self.content_policy()) {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }

    /// Those made by hand, the latest first.
    fn recent_identities(&self, hidden: &str) -> String {
        let buttons: String = self
            .store()
            .identities
            .iter()
            .rev()
            .take(SHOWN_AGAIN)
            .map(|known| {
                let tail: String = known.id_number.chars().skip(14).collect();
                button(&sub_of(&known.id_number), &format!("{}（尾号{tail}）", known.name))
            })
            .collect();
        if buttons.is_empty() {
            return String::new();
        }
        format!(
            r#"<details><summary>最近使用的其他身份</summary><form method="post" action="/idp/authorize">{hidden}<ul class="identities">{buttons}</ul></form></details>"#
        )
    }

    fn content_policy(&self) -> String {
        // Chromium holds form-action against the redirect that follows the post, too.
        let mut targets: Vec<String> =
            self.redirect_uris.iter().map(|uri| uri.origin().ascii_serialization()).collect();
        targets.sort();
        targets.dedup();
        format!(
            "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self' {}; base-uri 'none'; frame-ancestors 'none'",
            targets.join(" ")
        )
    }
}

/// The request itself, posted along with the choice.
fn hidden_fields(asked: &AuthorizationRequest) -> String {
    let mut hidden = String::new();
    for (name, value) in [
        ("client_id", &asked.client_id),
        ("redirect_uri", &asked.redirect_uri),
        ("response_type", &asked.response_type),
        ("scope", &asked.scope),
        ("state", &asked.state),
        ("nonce", &asked.nonce),
        ("code_challenge", &asked.code_challenge),
        ("code_challenge_method", &asked.code_challenge_method),
        ("acr_values", &asked.acr_values),
    ] {
        let _ = write!(hidden, r#"<input type="hidden" name="{name}" value="{}">"#, attribute(value));
    }
    hidden
}

fn button(sub: &str, label: &str) -> String {
    format!(
        r#"<li><button class="identity" name="identity" value="{sub}"><b>{}</b></button></li>"#,
        text(label)
    )
}

fn error_summary(faults: &Faults) -> String {
    if faults.is_empty() {
        return String::new();
    }
    let items: String = faults
        .iter()
        .map(|(field, sentence)| format!(r##"<li><a href="#f-{field}">{}</a></li>"##, text(sentence)))
        .collect();
    format!(
        r#"<div class="error-summary" role="alert" tabindex="-1" id="errors"><h2>有 {} 处需要修改</h2><ul>{items}</ul></div>"#,
        faults.len()
    )
}

fn field(name: &str, label: &str, value: &str, extra: &str, faults: &Faults) -> String {
    let fault = faults.iter().find(|(field, _)| *field == name);
    let (invalid, described, error) = match fault {
        Some((_, sentence)) => (
            " data-invalid",
            format!(r#" aria-invalid="true" aria-describedby="f-{name}-error""#),
            format!(r#"<p class="error" id="f-{name}-error">{}</p>"#, text(sentence)),
        ),
        None => ("", String::new(), String::new()),
    };
    format!(
        r#"<div class="field"{invalid}><div class="field-label"><span class="star" aria-hidden="true">*</span><label for="f-{name}">{label}</label><span class="visually-hidden">必填</span></div><div class="control"><input class="input" id="f-{name}" name="{name}" value="{}" aria-required="true" autocomplete="off" {extra}{described}></div>{error}</div>"#,
        attribute(value)
    )
}

/// The identity of the form, in plain form, or what is wrong with it.
pub fn typed_identity(asked: &AuthorizationRequest, today: time::Date) -> Result<Identity, Faults> {
    let mut faults = Faults::new();
    // Any name: what a real platform vouches for is not bound to the rules of our forms.
    let name = asked.name.trim();
    if name.is_empty() {
        faults.push(("name", "请填写真实姓名".into()));
    } else if name.chars().count() > 50 || name.chars().any(char::is_control) {
        faults.push(("name", "真实姓名不超过 50 个字".into()));
    }
    let mut checked = |field, outcome: Result<String, &'static str>| match outcome {
        Ok(value) => value,
        Err(sentence) => {
            faults.push((field, sentence.into()));
            String::new()
        }
    };
    let mobile = checked("phone_number", check_mobile(&asked.phone_number));
    let id_number = checked("id_number", check_person_id(ID_KIND, &asked.id_number, today));
    let taken = SAMPLES
        .iter()
        .any(|sample| sample.id_number == id_number && (sample.name != name || sample.mobile != mobile));
    if taken {
        faults.push(("id_number", "这个身份证号码属于上面的一个测试身份，请直接选择".into()));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Identity { name: name.into(), mobile, id_number })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    const TODAY: time::Date = time::macros::date!(2026 - 11 - 02);

    #[test]
    fn a_typed_identity_is_taken_in_one_plain_form_or_refused_by_field() {
        let typed = |name: &str, phone: &str, id: &str| {
            let asked = AuthorizationRequest {
                name: name.into(),
                phone_number: phone.into(),
                id_number: id.into(),
                ..AuthorizationRequest::default()
            };
            typed_identity(&asked, TODAY)
        };
        let taken = typed(" 张三 ", "138 0000-0009", "110101 19000107 806x").unwrap();
        let plain = Identity {
            name: "张三".into(),
            mobile: "13800000009".into(),
            id_number: "11010119000107806X".into(),
        };
        assert_eq!(taken, plain);

        let all: &[&str] = &["name", "phone_number", "id_number"];
        for (name, phone, id, faulty) in [
            ("", "", "", all),
            ("张\n三", "23800000009", "1101", all),
            ("张三", "13800000009", "110101190002308014", &["id_number"]),
            ("张三", "13800000009", "110101190001010015", &["id_number"]),
            // A sample person keeps the name.
            ("张三", "13800000009", SAMPLES[0].id_number, &["id_number"]),
        ] {
            let fields: Vec<_> =
                typed(name, phone, id).unwrap_err().into_iter().map(|(field, _)| field).collect();
            assert_eq!(fields, faulty, "{name} {phone} {id}");
        }
        assert!(typed("申请人甲", "13800000001", SAMPLES[0].id_number).is_ok());
    }
}
