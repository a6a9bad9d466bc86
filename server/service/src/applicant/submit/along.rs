//! A bundle that came back as a whole is submitted again as a whole (R15, R53): the businesses about which nobody has a
//! remark follow their subject, as they were.

use domain::notice::NoticeKind;
use domain::route;
use sea_orm::EntityTrait;

use crate::applicant::draft::Opening;
use crate::applicant::submit::Submissions;
use crate::base::actor::Actor;
use crate::base::db::Transaction;
use crate::base::entity::{filing, record};
use crate::base::error::{Error, Result};
use crate::state::row::procedure_of;

impl Submissions {
    /// Submits what came back only because its subject did. What cannot be (its domain is somebody else's by now, the
    /// person is changing it) stays returned, and the person is told.
    pub(crate) async fn resubmit_along(
        &self,
        tx: &Transaction,
        actor: &Actor,
        subject_id: &str,
        key: &str,
    ) -> Result<Vec<filing::Model>> {
        let mut filed = Vec::new();
        for row in self.filings.returned_along(tx, subject_id).await? {
            let reference = row.reference.clone();
            let id = row.id.clone();
            match self.resubmit_unchanged(tx, actor, row, key).await? {
                Some(row) => filed.push(row),
                None => {
                    let text = format!("申请单 {reference} 未能随主体一并重新提交，请打开核对后重新提交");
                    let link = Some(route::filing(&id));
                    self.notices.notify(tx, &actor.person_id, NoticeKind::Returned, text, link).await?;
                }
            }
        }
        Ok(filed)
    }

    async fn resubmit_unchanged(
        &self,
        tx: &Transaction,
        actor: &Actor,
        row: filing::Model,
        key: &str,
    ) -> Result<Option<filing::Model>> {
        if self.drafts.is_being_repaired(tx, &row.id).await? {
            return Ok(None);
        }
        let find = async |id: &str| -> Result<record::Model> {
            let found = record::Entity::find_by_id(id).one(tx).await?;
            found.ok_or_else(|| Error::Corrupt(format!("record {id} is missing")))
        };
        let procedure = procedure_of(&row)?;
        let opening = Opening {
            procedure,
            form: procedure.business.form(),
            draft: None,
            subject: Some(find(&row.subject_id).await?),
            record: Some(find(&row.record_id).await?),
            filing: Some(row.clone()),
            me: None,
        };
        if self.drafts.refusal_of(tx, actor, &opening).await?.is_some() {
            return Ok(None);
        }
        let answers = self.filings.filing_answers(&row)?;
        let Ok(checked) = self.drafts.check_opening(tx, actor, &opening, &answers).await? else {
            return Ok(None);
        };
        let key = format!("{key}/along/{}", row.id);
        self.file(tx, actor, opening, checked.into_answers(), &key).await.map(Some)
    }
}
