//! 通知设置: of which notices a person is also told by text message and by e-mail, and where their e-mails go. Nothing
//! is sent to an address until whoever named it has typed the code that was sent there.

use domain::answer::Answers;
use domain::mask::{Mask, mask};
use domain::notice::{Channel, NoticeKind};
use domain::schema::{Fault, fault};
use domain::value::email::check_email;
use domain::view;
use domain::view::{MailSetting, NoticeChoice};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::json;

use crate::account::Accounts;
use crate::account::notice::{choice_of, mail_context};
use crate::account::rejected_form::{RejectedForm, RejectedForms};
use crate::account::sms::TextMessages;
use crate::account::usage::Usage;
use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::db::Transaction;
use crate::base::entity::{mail_address, notice_choice};
use crate::base::error::{Error, Result};
use crate::base::limits::Use;
use crate::base::retry::retry;

handle! {
    /// 通知设置.
    NoticeSettings {
        accounts: Accounts,
        rejected_forms: RejectedForms,
        text_messages: TextMessages,
        usage: Usage,
    }
}

/// What a code by e-mail allows.
const PURPOSE: &str = "mail_address";

/// Where the address is typed, and where the code.
const ADDRESS: &str = "address";
const CODE: &str = "code";

impl NoticeSettings {
    /// With what was typed and did not pass, where `check` asks for it.
    pub async fn notice_settings(&self, actor: &Actor, check: bool) -> Result<view::NoticeSettings> {
        let on = self.context.db.read();
        let claims = self.accounts.claims(&self.accounts.own_row(actor).await?)?;
        let chosen = notice_choice::Entity::find()
            .filter(notice_choice::Column::PersonId.eq(&actor.person_id))
            .all(on)
            .await?;
        let choices = kinds_for(actor)
            .map(|kind| choice_of(kind, chosen.iter().find(|row| row.kind == kind.code())))
            .collect();
        let mail = match self.text_messages.offers_mail() {
            true => Some(self.mail_setting(on, actor, check).await?),
            false => None,
        };
        Ok(view::NoticeSettings { choices, mobile: mask(Mask::Mobile, &claims.mobile), mail })
    }

    async fn mail_setting(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        check: bool,
    ) -> Result<MailSetting> {
        let row = mail_address::Entity::find_by_id(&actor.person_id).one(on).await?;
        let rejected = match check {
            true => self.rejected_forms.find(on, &slot(actor)).await?.unwrap_or_default(),
            false => RejectedForm::default(),
        };
        let shown = |field, sealed: Option<&String>| -> Result<Option<String>> {
            let address = sealed.map(|sealed| self.open(&actor.person_id, field, sealed)).transpose()?;
            Ok(address.map(|address| mask(Mask::Email, &address)))
        };
        let row = row.as_ref();
        Ok(MailSetting {
            confirmed: shown("confirmed", row.and_then(|row| row.confirmed_sealed.as_ref()))?,
            named: shown("named", row.and_then(|row| row.named_sealed.as_ref()))?,
            typed: rejected.answers.text(ADDRESS).to_owned(),
            faults: rejected.faults,
        })
    }

    /// 【保存】: all switches as the page showed them.
    pub async fn choose_notices(&self, actor: &Actor, choices: &[NoticeChoice]) -> Result<()> {
        retry!(self.try_choose(actor, choices))
    }

    async fn try_choose(&self, actor: &Actor, choices: &[NoticeChoice]) -> Result<()> {
        let tx = self.context.db.begin().await?;
        for kind in kinds_for(actor) {
            let Some(choice) = choices.iter().find(|choice| choice.kind == kind) else { continue };
            let row = notice_choice::ActiveModel {
                person_id: Set(actor.person_id.clone()),
                kind: Set(kind.code().to_owned()),
                sms: Set(choice.sms),
                mail: Set(choice.mail),
            };
            notice_choice::Entity::insert(row)
                .on_conflict(
                    OnConflict::columns([notice_choice::Column::PersonId, notice_choice::Column::Kind])
                        .update_columns([notice_choice::Column::Sms, notice_choice::Column::Mail])
                        .to_owned(),
                )
                .exec_without_returning(&tx)
                .await?;
        }
        let told = |by: fn(&NoticeChoice) -> bool| -> Vec<&str> {
            choices.iter().filter(|choice| by(choice)).map(|choice| choice.kind.code()).collect()
        };
        let detail = json!({ "sms": told(|choice| choice.sms), "mail": told(|choice| choice.mail) });
        self.context.audit(&tx, Some(actor), "choose_notices", "person", &actor.person_id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// 【发送验证码】: names an address, to which a code goes. The one before stays in force until the code is typed.
    ///
    /// # Errors
    /// `Faults` for what is no address or gets a code too often; the page shows both again. `TooMany` for who names
    /// too many addresses.
    pub async fn name_mail_address(&self, actor: &Actor, typed: &str) -> Result<()> {
        if !self.text_messages.offers_mail() {
            return Err(Error::refused("本平台没有开通电子邮件通知"));
        }
        let address = match check_email(typed) {
            Ok(address) => address,
            Err(sentence) => return Err(self.hold(actor, typed, fault(ADDRESS, sentence)).await?),
        };
        retry!(self.try_name(actor, &address))?;
        match self.text_messages.send_code_by_mail(actor, PURPOSE, &address).await {
            Ok(()) => Ok(()),
            Err(Error::TooMany(seconds)) => {
                let sentence = format!("验证码发送过于频繁，请 {seconds} 秒后再试");
                Err(self.hold(actor, typed, fault(ADDRESS, sentence)).await?)
            }
            Err(error) => Err(error),
        }
    }

    async fn try_name(&self, actor: &Actor, address: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        self.usage.count_use(&tx, actor, Use::MailCode).await?;
        let row = mail_address::ActiveModel {
            person_id: Set(actor.person_id.clone()),
            confirmed_sealed: Set(None),
            named_sealed: Set(Some(self.seal(&actor.person_id, "named", address)?)),
        };
        mail_address::Entity::insert(row)
            .on_conflict(
                OnConflict::column(mail_address::Column::PersonId)
                    .update_column(mail_address::Column::NamedSealed)
                    .to_owned(),
            )
            .exec_with_returning(&tx)
            .await?;
        self.rejected_forms.discard(&tx, &slot(actor)).await?;
        self.audit(&tx, actor, "name_mail_address").await?;
        tx.commit().await?;
        Ok(())
    }

    /// 【确认】: the code that was sent to the address that was named last.
    ///
    /// # Errors
    /// `Faults` for a wrong code; the page shows it. `Refused` where nothing was named.
    pub async fn confirm_mail_address(&self, actor: &Actor, code: &str) -> Result<()> {
        let row = mail_address::Entity::find_by_id(&actor.person_id).one(self.context.db.read()).await?;
        let Some(named) = row.and_then(|row| row.named_sealed) else {
            return Err(Error::refused("请先填写电子邮件地址并获取验证码"));
        };
        let address = self.open(&actor.person_id, "named", &named)?;
        let verdict = self.text_messages.prove_code_by_mail(actor, PURPOSE, &address, code).await?;
        let proven = match verdict.proof() {
            Ok(proven) => proven,
            Err(sentence) => return Err(self.hold(actor, "", fault(CODE, sentence)).await?),
        };
        retry!(self.try_confirm(actor, &named, &address, &proven))
    }

    async fn try_confirm(
        &self,
        actor: &Actor,
        named: &str,
        address: &str,
        proven: &crate::account::sms::ProvenCode,
    ) -> Result<()> {
        let tx = self.context.db.begin().await?;
        self.text_messages.spend_code(&tx, proven).await?;
        let before = mail_address::Entity::find_by_id(&actor.person_id).one(&tx).await?;
        let confirmed = self.seal(&actor.person_id, "confirmed", address)?;
        let taken = mail_address::Entity::update_many()
            .col_expr(mail_address::Column::ConfirmedSealed, Expr::value(Some(confirmed)))
            .col_expr(mail_address::Column::NamedSealed, Expr::value(None::<String>))
            .filter(mail_address::Column::PersonId.eq(&actor.person_id))
            // Another tab has named another one meanwhile.
            .filter(mail_address::Column::NamedSealed.eq(named))
            .exec_with_returning(&tx)
            .await?;
        if taken.is_empty() {
            return Err(Error::refused("电子邮件地址已改动，请重新获取验证码"));
        }
        if let Some(old) = before.and_then(|row| row.confirmed_sealed) {
            self.tell_old_address(&tx, actor, &old, address).await?;
        }
        self.rejected_forms.discard(&tx, &slot(actor)).await?;
        self.audit(&tx, actor, "confirm_mail_address").await?;
        tx.commit().await?;
        Ok(())
    }

    /// Who took over a session shall not lead somebody's e-mails away unnoticed.
    async fn tell_old_address(&self, tx: &Transaction, actor: &Actor, old: &str, new: &str) -> Result<()> {
        let old = self.open(&actor.person_id, "confirmed", old)?;
        if old == new {
            return Ok(());
        }
        let platform = &self.context.settings.platform_name;
        let text = format!(
            "【{platform}】通知邮箱已更换\n您在{platform}接收通知的电子邮件地址已经更换，此邮箱不再收到通知。如非本人操作，请登录平台查看：{}",
            self.context.settings.public_url
        );
        self.text_messages.post(tx, Channel::Mail, &old, &text).await
    }

    /// 【删除】: no e-mail goes anywhere, and all switches for e-mails are off.
    pub async fn forget_mail_address(&self, actor: &Actor) -> Result<()> {
        retry!(self.try_forget(actor))
    }

    async fn try_forget(&self, actor: &Actor) -> Result<()> {
        let tx = self.context.db.begin().await?;
        mail_address::Entity::delete_many()
            .filter(mail_address::Column::PersonId.eq(&actor.person_id))
            .exec_with_returning(&tx)
            .await?;
        notice_choice::Entity::update_many()
            .col_expr(notice_choice::Column::Mail, Expr::value(false))
            .filter(notice_choice::Column::PersonId.eq(&actor.person_id))
            .exec(&tx)
            .await?;
        self.rejected_forms.discard(&tx, &slot(actor)).await?;
        self.audit(&tx, actor, "forget_mail_address").await?;
        tx.commit().await?;
        Ok(())
    }

    async fn audit(&self, tx: &Transaction, actor: &Actor, what: &str) -> Result<()> {
        self.context.audit(tx, Some(actor), what, "person", &actor.person_id, json!({})).await?;
        Ok(())
    }

    /// Keeps what was typed and what is wrong with it for the next page.
    async fn hold(&self, actor: &Actor, typed: &str, wrong: Fault) -> Result<Error> {
        retry!(self.try_hold(actor, typed, &wrong))?;
        Ok(Error::Faults(vec![wrong]))
    }

    async fn try_hold(&self, actor: &Actor, typed: &str, wrong: &Fault) -> Result<()> {
        let mut answers = Answers::new();
        answers.set_text(ADDRESS.to_owned(), typed.chars().take(254).collect::<String>());
        let tx = self.context.db.begin().await?;
        let form = RejectedForm { answers, faults: vec![wrong.clone()] };
        self.rejected_forms.stash(&tx, slot(actor), &form).await?;
        tx.commit().await?;
        Ok(())
    }

    fn seal(&self, person: &str, field: &str, address: &str) -> Result<String> {
        Ok(self.context.keys.seal_text(&mail_context(person, field), address)?)
    }

    fn open(&self, person: &str, field: &str, sealed: &str) -> Result<String> {
        Ok(self.context.keys.open_text(&mail_context(person, field), sealed)?)
    }
}

/// What a person can get.
fn kinds_for(actor: &Actor) -> impl Iterator<Item = NoticeKind> {
    let is_staff = actor.reviewer_region().is_some()
        || actor.is_administrator()
        || actor.is_auditor()
        || actor.is_keeper();
    NoticeKind::ALL.into_iter().filter(move |kind| kind.has_switch() && (is_staff || !kind.is_for_staff()))
}

fn slot(actor: &Actor) -> String {
    format!("{}/notice_settings", actor.person_id)
}

#[cfg(test)]
mod tests;
