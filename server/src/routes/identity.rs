//! The posts of the identity check (R22, R24, R36): cancelling, handing over, sending a code. What was
//! typed is held on the server with what is wrong with it, and the page shows both (R76).

use app::api::caller::Caller;
use axum::extract::{Multipart, OriginalUri, State};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use domain::answer::Answers;
use domain::business::Business;
use domain::business::identity;
use domain::dictionary::CANCEL_REASON;
use domain::posted::answers_of_step;
use domain::route;
use domain::schema::{Fault, Form, fault};
use domain::view::{CancelRequest, IdentityPurpose, Submitted, TransferRequest};
use http::{HeaderMap, StatusCode};
use service::{Actor, Error};

use super::posted::{Posted, read, unreadable};
use super::resubmit::{self, Choice, Resubmission};
use super::state::{AppState, actor_of, asks_for_proof, see};
use crate::auth::return_path::login_path;

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/act/cancel", post(|post: PostedCheck| post.answer(Act::Do(IdentityPurpose::Cancel))))
        .route("/act/transfer", post(|post: PostedCheck| post.answer(Act::Do(IdentityPurpose::Transfer))))
        .route("/act/send-code", post(|post: PostedCheck| post.answer(Act::SendCode)))
}

#[derive(Clone, Copy)]
enum Act {
    Do(IdentityPurpose),
    /// For the purpose the form names.
    SendCode,
}

/// A request with everything it is answered from.
#[derive(axum::extract::FromRequest)]
#[from_request(state(AppState))]
struct PostedCheck {
    state: State<AppState>,
    caller: Extension<Caller>,
    uri: OriginalUri,
    headers: HeaderMap,
    form: Multipart,
}

impl PostedCheck {
    async fn answer(self, act: Act) -> Response {
        let PostedCheck { state: State(state), caller: Extension(caller), uri, headers, form } = self;
        let actor = actor_of(&caller);
        let mut posted = match read(form, actor.is_err()).await {
            Ok(posted) => posted,
            Err(unread) => return unreadable(&state, unread),
        };
        let Ok(actor) = actor else { return resubmit_after_sign_in(&state, uri.path(), &posted) };
        let Some(check) = Check::of(&state, actor, act, &posted) else {
            return state.template.message(StatusCode::NOT_FOUND, "没有找到", "没有这样的表单。", &[]);
        };
        match check.run(act, &mut posted).await {
            Ok(response) => response,
            Err(error) => state.refused(actor, &headers, error).await,
        }
    }
}

fn resubmit_after_sign_in(state: &AppState, action: &str, posted: &Posted) -> Response {
    resubmit::page(
        state,
        &Resubmission {
            status: StatusCode::UNAUTHORIZED,
            title: "登录已过期",
            sentence: "您填写的内容保留在本页。请先在新窗口登录，再回到本页点击“继续”。",
            action,
            encoding: resubmit::MULTIPART,
            controls: &posted.controls,
            choices: &[Choice { label: "继续", name: "held", value: "yes" }],
            links: &[("重新登录", login_path(route::SIGNED_IN))],
        },
    )
}

struct Check<'a> {
    state: &'a AppState,
    actor: &'a Actor,
    purpose: IdentityPurpose,
    business: Business,
    record: String,
    key: String,
}

impl<'a> Check<'a> {
    fn of(state: &'a AppState, actor: &'a Actor, act: Act, posted: &Posted) -> Option<Self> {
        let purpose = match act {
            Act::Do(purpose) => purpose,
            Act::SendCode => match posted.text("purpose")?.as_str() {
                "cancel" => IdentityPurpose::Cancel,
                "transfer" => IdentityPurpose::Transfer,
                _ => return None,
            },
        };
        let business = match purpose {
            IdentityPurpose::Cancel => Business::from_code(&posted.text("business")?)?,
            IdentityPurpose::Transfer => Business::Subject,
        };
        let (record, key) = (posted.text("record")?, posted.text("key").unwrap_or_default());
        Some(Check { state, actor, purpose, business, record, key })
    }

    fn form(&self) -> &'static Form {
        match self.purpose {
            IdentityPurpose::Cancel => &identity::CANCEL,
            IdentityPurpose::Transfer => &identity::TRANSFER,
        }
    }

    fn page(&self) -> String {
        match self.purpose {
            IdentityPurpose::Cancel => route::cancel(self.business, &self.record),
            IdentityPurpose::Transfer => route::transfer(&self.record),
        }
    }

    async fn run(&self, act: Act, posted: &mut Posted) -> Result<Response, Error> {
        let (answers, faults) = self.answers(posted).await?;
        let is_drop = posted.text("go").is_some_and(|go| go.starts_with("drop:"));
        if !faults.is_empty() || is_drop {
            return self.again(&answers, &faults).await;
        }
        let outcome = match act {
            Act::SendCode => self.send_code(&answers).await,
            Act::Do(IdentityPurpose::Cancel) => self.cancel(answers.clone()).await,
            Act::Do(IdentityPurpose::Transfer) => self.transfer(answers.clone()).await,
        };
        match outcome {
            Err(Error::Refused(refused)) if asks_for_proof(&refused) => {
                // What was typed is there again afterwards.
                self.resubmit(&answers, &[]).await?;
                Ok(self.state.prove_anew(&refused, &format!("{}&check=1", self.page())))
            }
            outcome => outcome,
        }
    }

    /// What was typed, chosen and sent along, and what is wrong with the file.
    async fn answers(&self, posted: &mut Posted) -> Result<(Answers, Vec<Fault>), Error> {
        let form = self.form();
        let mut answers = match form.steps.first() {
            Some(step) => answers_of_step(form, step, &Answers::new(), &posted.controls),
            None => Answers::new(),
        };
        if let Some(reason) = with_preset(posted.text("preset"), answers.text(identity::REASON)) {
            answers.set_text(identity::REASON, reason);
        }
        if posted.text("go").is_some_and(|go| go == format!("drop:{}", identity::ATTACHMENT)) {
            answers.remove(identity::ATTACHMENT);
        }
        let mut faults = Vec::new();
        for file in posted.files.iter_mut().filter(|file| file.at == identity::ATTACHMENT) {
            match self
                .state
                .service
                .files
                .accept_upload(self.actor, &file.name, std::mem::take(&mut file.bytes))
                .await
            {
                Ok(stored) => answers.set_text(identity::ATTACHMENT, stored.id),
                Err(Error::Faults(found)) => {
                    faults.extend(found.into_iter().map(|one| fault(identity::ATTACHMENT, one.message)));
                }
                Err(error) => return Err(error),
            }
        }
        Ok((answers, faults))
    }

    /// Back to the page, with what was typed and what is wrong with it.
    async fn again(&self, answers: &Answers, faults: &[Fault]) -> Result<Response, Error> {
        self.resubmit(answers, faults).await?;
        let page = format!("{}&check=1", self.page());
        Ok(match faults.iter().find(|fault| fault.at.is_empty()) {
            Some(fault) => self.state.back_saying(self.actor, &page, &fault.message).await,
            None => see(&page),
        })
    }

    async fn resubmit(&self, answers: &Answers, faults: &[Fault]) -> Result<(), Error> {
        let service = &self.state.service;
        service.identity_checks.stash_identity(self.actor, self.purpose, &self.record, answers, faults).await
    }

    /// Back to the page with what was typed and a sentence.
    async fn saying(&self, answers: &Answers, sentence: &str) -> Result<Response, Error> {
        self.resubmit(answers, &[]).await?;
        Ok(self.state.back_saying(self.actor, &format!("{}&check=1", self.page()), sentence).await)
    }

    async fn send_code(&self, answers: &Answers) -> Result<Response, Error> {
        match self
            .state
            .service
            .identity_checks
            .send_identity_code(self.actor, self.purpose, &self.record)
            .await
        {
            Ok(sent) => {
                let sentence = format!("验证码已发送至 {}，5 分钟内有效。", sent.mobile);
                self.saying(answers, &sentence).await
            }
            Err(Error::TooMany(seconds)) => {
                let sentence = match seconds {
                    0..=60 => format!("请 {seconds} 秒后再获取验证码"),
                    _ => format!("今日获取验证码的次数已达上限，请 {} 小时后再试", seconds.div_ceil(3600)),
                };
                self.again(answers, &[fault(identity::SMS_CODE, sentence)]).await
            }
            Err(Error::Refused(refused)) => self.saying(answers, &refused.sentence).await,
            Err(error) => Err(error),
        }
    }

    async fn cancel(&self, answers: Answers) -> Result<Response, Error> {
        let (business, record, key) = (self.business, self.record.clone(), self.key.clone());
        let request = CancelRequest { business, record, answers, key };
        match self.state.service.cancellations.submit_cancel(self.actor, &request).await? {
            Submitted::Filing(id) => Ok(see(&route::submitted(&id))),
            Submitted::Faults(faults) => self.again(&request.answers, &faults).await,
            Submitted::Refused(refused) => self.saying(&request.answers, &refused.sentence).await,
        }
    }

    async fn transfer(&self, answers: Answers) -> Result<Response, Error> {
        let request = TransferRequest { subject: self.record.clone(), answers, key: self.key.clone() };
        match self.state.service.handovers.offer_transfer(self.actor, &request).await {
            Ok(()) => {
                let sentence = "已发起移交，等待接收人接收。接收前可以撤回。";
                Ok(self.state.back_saying(self.actor, &self.page(), sentence).await)
            }
            Err(Error::Faults(faults)) => self.again(&request.answers, &faults).await,
            Err(Error::Refused(refused)) if !asks_for_proof(&refused) => {
                self.saying(&request.answers, &refused.sentence).await
            }
            Err(error) => Err(error),
        }
    }
}

/// The chosen reason before the typed one; 其他 says nothing by itself.
fn with_preset(preset: Option<String>, typed: &str) -> Option<String> {
    let preset = preset?;
    let choice = CANCEL_REASON.iter().find(|choice| choice.code == preset || choice.label == preset)?;
    match typed.trim() {
        _ if choice.code == "other" => None,
        "" => Some(choice.label.to_owned()),
        typed if typed.contains(choice.label) => None,
        typed => Some(format!("{}；{typed}", choice.label)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_reason_stands_before_the_typed_one() {
        for (preset, typed, reason) in [
            ("", "自己写的", None),
            ("stopped", "", Some("网站停止运营")),
            ("网站停止运营", "去年起", Some("网站停止运营；去年起")),
            ("stopped", "网站停止运营；去年起", None),
            ("other", "别的原因", None),
            ("strange", "别的原因", None),
        ] {
            assert_eq!(with_preset(Some(preset.to_owned()), typed).as_deref(), reason, "{preset} {typed}");
        }
    }
}
