//! Withdrawing a filing within thirty minutes (R19).

use domain::action::Action;
use domain::filing::{FilingEvent, FilingState, withdrawal_left};
use domain::route;
use serde_json::json;

use crate::base::actor::Actor;
use crate::base::db::instant;
use crate::base::error::{Error, Result};
use crate::base::retry::retry;
use crate::filing::Filings;
use crate::state::history::Who;
use crate::state::row::{filing_state, procedure_of};
use crate::state::transition;

impl Filings {
    /// 撤销申请 (R17)
    ///
    /// # Errors
    /// `NotFound` for a filing that is not the actor's, `Refused` when it is being reviewed, was
    /// decided, or thirty minutes are over.
    pub async fn withdraw(&self, actor: &Actor, filing: &str) -> Result<()> {
        retry!(self.try_withdraw(actor, filing))
    }

    async fn try_withdraw(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let (row, _) = self.owned_filing(&tx, actor, id, true).await?;
        let now = self.context.clock.now();
        let state = filing_state(&row)?;
        if withdrawal_left(state, instant(row.submitted_at), now).is_none() {
            return Err(not_withdrawable(state, route::filing(&row.id)));
        }
        let (record, subject) = self.records.owned_record(&tx, actor, &row.record_id, true).await?;
        let mut changed = vec![
            transition::filing(&tx, &row, FilingEvent::Withdraw, Who::applicant(actor), "", &[], now).await?,
        ];
        self.fail_record(&tx, &record, now).await?;
        let procedure = procedure_of(&row)?;
        if procedure.action == Action::New {
            if procedure.business.is_subject() {
                changed.extend(self.withdraw_dependents(&tx, actor, &row.subject_id).await?);
            } else {
                self.settle_bundle(&tx, &subject.id).await?;
            }
        }
        let detail = json!({ "procedure": procedure.code(), "dependents": changed.len() - 1 });
        changed.iter().for_each(|row| tx.tell_changed(row));
        self.context.audit(&tx, Some(actor), "filing.withdraw", "filing", &row.id, detail).await?;
        Ok(tx.commit().await?)
    }
}

fn not_withdrawable(state: FilingState, link: String) -> Error {
    let sentence = match state {
        FilingState::Pending => "提交已超过 30 分钟，不能再撤销".to_owned(),
        FilingState::InReview => "审核民警已领取该申请单，不能再撤销".to_owned(),
        FilingState::Approved
        | FilingState::Returned
        | FilingState::Rejected
        | FilingState::Withdrawn
        | FilingState::Terminated => format!("该申请单{}，不能再撤销", state.label()),
    };
    Error::refused_see(sentence, link)
}
