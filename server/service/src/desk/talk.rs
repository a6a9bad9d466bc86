//! 补充说明: an officer asks about a filing without returning it. The filing is 待补充说明 until it is answered, and
//! its clock stands still.

use domain::answer::Answers;
use domain::filing::FilingState;
use domain::notice::NoticeKind;
use domain::route;
use domain::schema::fault;
use domain::sheet::Disclosure;
use domain::talk::{self, QuestionEnd};
use domain::view::{Refused, TalkView};
use serde_json::json;

use crate::account::notice::Notices;
use crate::account::rejected_form::{RejectedForm, RejectedForms};
use crate::account::usage::Usage;
use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::db::plausible_id;
use crate::base::entity::filing;
use crate::base::error::{Error, Result};
use crate::base::limits::Use;
use crate::base::retry::retry;
use crate::desk::access::{DeskAccess, is_claimed_by};
use crate::desk::claim::{FilingClaims, Locked};
use crate::filing::Filings;
use crate::filing::talk::{Message, keep, question};
use crate::filing::view::filing_sheet;
use crate::state::pause;
use crate::state::row::{filing_state, procedure_of};

handle! {
    /// What officers ask.
    TalkDesk {
        desk_access: DeskAccess,
        filing_claims: FilingClaims,
        filings: Filings,
        notices: Notices,
        rejected_forms: RejectedForms,
        usage: Usage,
    }
}

pub(crate) fn slot(actor: &Actor, filing: &str) -> String {
    format!("{}/ask/{filing}", actor.person_id)
}

impl TalkDesk {
    /// The thread of a filing of the officer's region, with what was typed and did not pass.
    ///
    /// # Errors
    /// `NotFound` outside of the region.
    pub async fn talk(&self, actor: &Actor, id: &str) -> Result<TalkView> {
        let on = self.context.db.read();
        let row = self.desk_access.reviewable(on, actor, id).await?;
        let held = self.rejected_forms.find_for(on, actor, &slot(actor, &row.id)).await?.unwrap_or_default();
        let refused = self.why_not(actor, &row)?;
        let fields = if refused.is_none() { self.fields(&row)? } else { Vec::new() };
        Ok(TalkView {
            questions: self.filings.questions_for(on, actor, &row, true).await?,
            refused,
            fields,
            typed: held.answers,
            faults: held.faults,
            files: Vec::new(),
        })
    }

    /// The answers of a filing that can be asked about.
    fn fields(&self, row: &filing::Model) -> Result<Vec<(String, String)>> {
        let (answers, before) = (self.filings.filing_answers(row)?, self.filings.filing_before(row)?);
        let sheet = filing_sheet(procedure_of(row)?, &answers, before.as_ref(), Disclosure::Masked)?;
        let of_section = |title: &str, at: String, label: &str| (at, format!("{title}：{label}"));
        let sections = sheet.sections.into_iter();
        let fields = sections.flat_map(|section| {
            let title = section.title;
            section.rows.into_iter().map(move |row| of_section(&title, row.at, &row.label))
        });
        Ok(fields.collect())
    }

    fn why_not(&self, actor: &Actor, row: &filing::Model) -> Result<Option<Refused>> {
        let sentence = match filing_state(row)? {
            FilingState::InReview if is_claimed_by(row, actor) => return Ok(None),
            FilingState::Pending => "领取后可以向申请人提问",
            FilingState::InReview => "由领取人向申请人提问",
            FilingState::Approved
            | FilingState::Returned
            | FilingState::Rejected
            | FilingState::Withdrawn
            | FilingState::Terminated => "申请单已办结，不能再提问",
        };
        Ok(Some(Refused { sentence: sentence.to_owned(), link: None }))
    }

    /// Asks the applicant something, at a field or (with an empty `field`) in general.
    ///
    /// # Errors
    /// `NotFound` outside of the region, `Refused` for who has not claimed it or with too many open questions,
    /// `Faults` for a question that says nothing; what was typed is then held for the page.
    pub async fn ask(&self, actor: &Actor, id: &str, field: &str, text: &str) -> Result<()> {
        match retry!(self.try_ask(actor, id, field, text)) {
            Ok(()) => Ok(()),
            Err(error @ (Error::Faults(_) | Error::Refused(_))) => {
                retry!(self.hold(actor, id, field, text, &error))?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    async fn try_ask(&self, actor: &Actor, id: &str, field: &str, text: &str) -> Result<()> {
        let Locked { tx, subject, row, now, .. } = self.filing_claims.locked(actor, id).await?;
        if let Some(refused) = self.why_not(actor, &row)? {
            return Err(Error::Refused(refused));
        }
        let procedure = procedure_of(&row)?;
        let forms = [procedure.form(), procedure.business.form()];
        if !field.is_empty() && !forms.iter().any(|form| form.place(field).is_some()) {
            return Err(Error::Faults(vec![fault(talk::FIELD, "请从列表中选择所问的项目")]));
        }
        let text = talk::check_question(text).map_err(|fault| Error::Faults(vec![fault]))?;
        let thread = self.filings.questions(&tx, &row, false).await?;
        if thread.iter().filter(|question| question.end.is_none()).count() >= talk::MOST_OPEN {
            let most = talk::MOST_OPEN;
            return Err(Error::refused(format!("最多同时有 {most} 个问题等待回复，请先关闭不需要的")));
        }
        self.usage.count_use(&tx, actor, Use::Message).await?;
        let message = Message { filing: &row.id, question: None, field, text: &text, files: &[] };
        keep(&tx, &self.context.keys, actor, message, now).await?;
        let row = pause::begin(&tx, &row, now).await?;
        let person = subject.owner_id.as_ref().unwrap_or(&row.applicant_id);
        let told = format!("您的申请（编号 {}）需要补充说明，请在申请详情中回复", row.reference);
        self.notices.notify(&tx, person, NoticeKind::Reminder, told, Some(route::talk(&row.id))).await?;
        self.rejected_forms.discard(&tx, &slot(actor, &row.id)).await?;
        let detail = json!({ "reference": row.reference, "field": field });
        tx.tell_changed(&row);
        self.context.audit(&tx, Some(actor), "filing.ask", "filing", &row.id, detail).await?;
        Ok(tx.commit().await?)
    }

    /// 无需补充: the officer who holds the filing does without an answer. Gives the filing.
    ///
    /// # Errors
    /// `NotFound` outside of the region, `Refused` for who does not hold it, or when it was answered meanwhile.
    pub async fn close(&self, actor: &Actor, id: &str) -> Result<String> {
        retry!(self.try_close(actor, id))
    }

    async fn try_close(&self, actor: &Actor, id: &str) -> Result<String> {
        actor.must_review()?;
        let seen = question(self.context.db.read(), plausible_id(id)?).await?;
        let Locked { tx, subject, row, now, .. } = self.filing_claims.locked(actor, &seen.filing_id).await?;
        if let Some(refused) = self.why_not(actor, &row)? {
            return Err(Error::Refused(refused));
        }
        if question(&tx, &seen.id).await?.ended_at.is_some() {
            return Err(Error::refused("这个问题已经结束，请刷新本页"));
        }
        let row = pause::end_question(&tx, &row, &seen.id, QuestionEnd::Closed, now).await?;
        if row.waiting_since.is_none() {
            let person = subject.owner_id.as_ref().unwrap_or(&row.applicant_id);
            let told = format!("您的申请（编号 {}）无需再补充说明，审核继续", row.reference);
            self.notices
                .notify(&tx, person, NoticeKind::Progress, told, Some(route::filing(&row.id)))
                .await?;
        }
        let detail = json!({ "reference": row.reference, "field": seen.field });
        tx.tell_changed(&row);
        self.context.audit(&tx, Some(actor), "filing.close_question", "filing", &row.id, detail).await?;
        tx.commit().await?;
        Ok(row.id)
    }

    async fn hold(&self, actor: &Actor, id: &str, field: &str, text: &str, error: &Error) -> Result<()> {
        let mut answers = Answers::new();
        answers.set_text(talk::FIELD, field.chars().take(100).collect::<String>());
        answers.set_text(talk::TEXT, text.chars().take(talk::LONGEST_QUESTION * 2).collect::<String>());
        let faults = match error {
            Error::Faults(faults) => faults.clone(),
            _ => Vec::new(),
        };
        let tx = self.context.db.begin().await?;
        self.rejected_forms.stash(&tx, slot(actor, id), &RejectedForm { answers, faults }).await?;
        Ok(tx.commit().await?)
    }
}
