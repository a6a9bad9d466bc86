//! A returned filing becomes a form again.

use domain::action::Action;
use domain::answer::Answers;
use domain::business::Business;
use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::route;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use crate::account::usage::Usage;
use crate::applicant::cancel::Cancellations;
use crate::applicant::draft::{Drafts, KEPT, active, draft_title, slot};
use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::db::{Transaction, millis, new_id};
use crate::base::entity::{draft, filing};
use crate::base::error::{Error, Result};
use crate::base::retry::retry;
use crate::base::sealed_answers::store;
use crate::files::Files;
use crate::files::faults::file_ids;
use crate::filing::Filings;
use crate::state::row::{filing_state, procedure_of};

handle! {
    /// A returned filing becomes a form again.
    Redrafts {
        cancellations: Cancellations,
        drafts: Drafts,
        files: Files,
        filings: Filings,
        usage: Usage,
    }
}

/// A draft to be made of a filing.
pub(crate) struct FromFiling<'a> {
    pub procedure: Procedure,
    pub filing: &'a filing::Model,
    /// The filing was returned: the same one will be submitted again.
    pub resubmits: bool,
    /// What came back along with it is submitted again, too.
    pub along: bool,
    pub step: String,
}

impl Redrafts {
    /// Makes a draft of a filing, or finds the one made before; its path. Audited by itself.
    pub(crate) async fn draft_from_filing(
        &self,
        tx: &Transaction,
        actor: &Actor,
        from: FromFiling<'_>,
        answers: Answers,
    ) -> Result<String> {
        let procedure = from.procedure;
        let form = procedure.business.form();
        let made = draft::Entity::find()
            .filter(draft::Column::FilingId.eq(&from.filing.id))
            .filter(draft::Column::PersonId.eq(&actor.person_id))
            .filter(draft::Column::SavedAt.gt(millis(self.context.clock.now() - KEPT)))
            .filter(draft::Column::DeletedAt.is_null())
            .one(tx)
            .await?;
        if let Some(row) = made {
            if row.resubmits_along != from.along {
                let chosen = draft::ActiveModel {
                    id: Set(row.id.clone()),
                    resubmits_along: Set(from.along),
                    ..Default::default()
                };
                chosen.update(tx).await?;
            }
            return Ok(route::draft_step(procedure, &row.step, &row.id));
        }
        let now = self.context.clock.now();
        let id = new_id(now);
        let record = (procedure.action == Action::Change).then_some(from.filing.record_id.as_str());
        // A new filing made of an old one takes the place any new draft of its kind would.
        let slot = match from.resubmits || procedure.has_many_drafts() {
            true => slot_of_filing(&from.filing.id),
            false => slot(actor, procedure, record, &id),
        };
        if let Some(row) = draft::Entity::find().filter(draft::Column::Slot.eq(&slot)).one(tx).await? {
            if row.saved_at > millis(now - KEPT) && row.person_id == actor.person_id {
                let link = route::draft_step(procedure, &row.step, &row.id);
                return Err(Error::refused_see("您已有一条草稿，请先提交或删除该草稿", link));
            }
            // Due for deletion, or left behind by the subject's former owner.
            self.drafts.remove_draft(tx, &row.id).await?;
        }
        let files = file_ids(form, &answers);
        let title = draft_title(procedure.business, &answers);
        let stored = store(&self.context.keys, form, &format!("draft/{id}"), answers)?;
        let is_new_subject = procedure == Procedure::new(Business::Subject, Action::New);
        let row = draft::Model {
            slot,
            person_id: actor.person_id.clone(),
            procedure: procedure.code(),
            record_id: record.map(str::to_owned),
            subject_id: (!is_new_subject).then(|| from.filing.subject_id.clone()),
            filing_id: Some(from.filing.id.clone()),
            resubmits_along: from.along,
            title,
            step: from.step,
            answers: stored.answers,
            answers_sealed: stored.answers_sealed,
            version: 1,
            created_at: millis(now),
            saved_at: millis(now),
            warned_at: None,
            audited_at: None,
            audited_session: None,
            deleted_at: None,
            id,
        };
        self.usage.bound_drafts(tx, actor).await?;
        active(&row).insert(tx).await?;
        self.files.set_file_references(tx, "draft", &row.id, &files).await?;
        let detail = json!({ "procedure": row.procedure, "filing": from.filing.id });
        self.context.audit(tx, Some(actor), "draft.redraft", "draft", &row.id, detail).await?;
        Ok(route::draft_step(procedure, &row.step, &row.id))
    }

    /// Makes a filing that was withdrawn (R17) or returned (R53) a draft, or finds the draft that was
    /// made of it before; its path.
    ///
    /// # Errors
    /// `Refused` in other states, and where another draft is in the way.
    pub async fn redraft(&self, actor: &Actor, filing: &str) -> Result<String> {
        retry!(self.try_redraft(actor, filing, false))
    }

    /// As above; what came back only because this one did is submitted again along with it (R15).
    pub async fn redraft_bundle(&self, actor: &Actor, filing: &str) -> Result<String> {
        retry!(self.try_redraft(actor, filing, true))
    }

    async fn try_redraft(&self, actor: &Actor, id: &str, along: bool) -> Result<String> {
        let tx = self.context.db.begin().await?;
        let (row, _) = self.filings.owned_filing(&tx, actor, id, true).await?;
        let procedure = procedure_of(&row)?;
        let is_returned = match filing_state(&row)? {
            FilingState::Returned => true,
            FilingState::Withdrawn | FilingState::Terminated => false,
            FilingState::Pending | FilingState::InReview | FilingState::Approved | FilingState::Rejected => {
                return Err(Error::refused_see(
                    "只有已撤销或已退回的申请单可以修改后重新提交",
                    route::filing(&row.id),
                ));
            }
        };
        if procedure.action == Action::Cancel {
            tx.rollback().await?;
            return self.cancellations.cancel_again(actor, &row).await;
        }
        let form = procedure.business.form();
        let (_, remarks) = self.filings.return_remarks(&tx, &row.id).await?;
        let step = remarks.iter().find_map(|remark| form.step_of(&remark.at)).or_else(|| form.steps.first());
        let draft = FromFiling {
            procedure,
            filing: &row,
            resubmits: is_returned,
            along: along && is_returned,
            step: step.map(|step| step.key.to_owned()).unwrap_or_default(),
        };
        let href = self.draft_from_filing(&tx, actor, draft, self.filings.filing_answers(&row)?).await?;
        tx.commit().await?;
        Ok(href)
    }
}

fn slot_of_filing(filing: &str) -> String {
    format!("filing/{filing}")
}
