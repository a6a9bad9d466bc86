//! From draft to filing (R13, R19–R21, R35, R75): everything is checked again on rows that stand
//! still, and record, filing, history, files, notice and audit are written in one transaction.

pub mod along;
pub mod file;

use domain::action::Action;
use domain::business::Business;
use domain::eligibility::Refusal;
use domain::procedure::Procedure;
use domain::route;
use domain::schema::fault;
use domain::view::{Refused, Submitted};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::account::Accounts;
use crate::account::notice::Notices;
use crate::account::usage::Usage;
use crate::applicant::draft::{Drafts, procedure_with_form};
use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::db::Transaction;
use crate::base::entity::{filing, person};
use crate::base::error::{Error, Result};
use crate::base::retry::retry;
use crate::files::Files;
use crate::filing::Filings;
use crate::filing::network::NetworkChecks;
use crate::filing::record::Records;
use crate::state::row::{filing_state, procedure_of};

handle! {
    /// A form becomes a filing.
    Submissions {
        accounts: Accounts,
        drafts: Drafts,
        files: Files,
        filings: Filings,
        network_checks: NetworkChecks,
        notices: Notices,
        records: Records,
        usage: Usage,
    }
}

/// The audit line by which a submitted draft is found again.
pub(crate) const DRAFT_SUBMITTED: &str = "draft.submit";

/// Longest key a page may send (R75).
const LONGEST_KEY: usize = 100;

pub(crate) const STALE_PAGE: &str = "页面已过期，请刷新后重新提交";

impl Submissions {
    /// Puts a draft to the reviewers. `version` and `subject` are what the page knows of the draft and
    /// whom it speaks of; `key` makes a repeated submit harmless: it answers with the same filing.
    ///
    /// # Errors
    /// `NotFound` for a draft or subject that is not the actor's. What the person can do something
    /// about is not an error but `Faults` or `Refused`.
    pub async fn submit(
        &self,
        actor: &Actor,
        draft: &str,
        version: i64,
        subject: Option<&str>,
        key: &str,
    ) -> Result<Submitted> {
        if !is_usable_key(key) {
            return Ok(Submitted::Faults(vec![fault("", STALE_PAGE)]));
        }
        let mut tries = 0;
        loop {
            match retry!(self.try_submit(actor, draft, version, subject, key)) {
                // Another submit has just taken the key, the record or the domain; the next look
                // finds it.
                Err(error) if error.is_unique_violation() && tries < 3 => tries += 1,
                Err(Error::Refused(refused)) => return Ok(Submitted::Refused(refused)),
                Err(Error::Faults(faults)) => return Ok(Submitted::Faults(faults)),
                outcome => return outcome,
            }
        }
    }

    async fn try_submit(
        &self,
        actor: &Actor,
        draft: &str,
        version: i64,
        subject: Option<&str>,
        key: &str,
    ) -> Result<Submitted> {
        let key = format!("{}/{key}", actor.person_id);
        if let Some(id) = filed_under(self.context.db.read(), &key).await? {
            return Ok(Submitted::Filing(id));
        }
        let tx = self.context.db.begin().await?;
        match self.submit_in(&tx, actor, draft, version, subject, &key).await? {
            Ok(id) => {
                tx.commit().await?;
                Ok(Submitted::Filing(id))
            }
            Err(answer) => {
                tx.rollback().await?;
                Ok(answer)
            }
        }
    }

    /// The filing that came of it, or the answer that ends the attempt.
    async fn submit_in(
        &self,
        tx: &Transaction,
        actor: &Actor,
        draft: &str,
        version: i64,
        subject: Option<&str>,
        key: &str,
    ) -> Result<Result<String, Submitted>> {
        let row = match self.drafts.owned_draft(tx, actor, draft, true).await {
            Ok(row) => row,
            Err(Error::NotFound) => return self.submitted_before(tx, actor, draft, key).await.map(Err),
            Err(error) => return Err(error),
        };
        let (procedure, form) = procedure_with_form(&row.procedure)?;
        if row.version != version {
            let link = route::draft_step(procedure, &row.step, &row.id);
            return Ok(Err(refused("草稿已在其他页面保存过，请核对后再提交", link)));
        }
        let is_new_subject = procedure == Procedure::new(Business::Subject, Action::New);
        if is_new_subject {
            // There is no subject yet whose lock would put two submits in order.
            person::Entity::find_by_id(&actor.person_id).lock_exclusive().one(tx).await?;
        }
        let answers = self.drafts.draft_answers(&row)?;
        let opening =
            self.drafts.open_form(tx, actor, (procedure, form), Some(row), (None, None), true).await?;
        if let Some(wanted) = subject.filter(|_| !is_new_subject) {
            let wanted = self.accounts.owned_subject_on(tx, actor, wanted).await?;
            // R6: nothing is filed for another subject than the page speaks of.
            if opening.subject.as_ref().map(|subject| &subject.id) != Some(&wanted.id) {
                return Ok(Err(Submitted::Refused(Refused {
                    sentence: "当前主体与页面上的主体不一致，请刷新页面核对后再提交".to_owned(),
                    link: None,
                })));
            }
        }
        if let Some(not_now) = self.drafts.refusal_of(tx, actor, &opening).await? {
            return Ok(Err(Submitted::Refused(not_now.refused)));
        }
        let checked = match self.drafts.check_opening(tx, actor, &opening, &answers).await? {
            Ok(checked) => checked.into_answers(),
            Err(faults) => return Ok(Err(Submitted::Faults(faults))),
        };
        let along = opening.draft.as_ref().is_some_and(|draft| draft.resubmits_along);
        let row = self.file(tx, actor, opening, checked, key).await?;
        if along {
            self.resubmit_along(tx, actor, &row.subject_id, key).await?;
        }
        Ok(Ok(row.id))
    }

    /// What became of a draft that is not there any more: a repeated submit finds its filing (R75); a
    /// second tab that submits a change is told that it is under review (R20).
    async fn submitted_before(
        &self,
        tx: &Transaction,
        actor: &Actor,
        draft: &str,
        key: &str,
    ) -> Result<Submitted> {
        if let Some(id) = filed_under(tx, key).await? {
            return Ok(Submitted::Filing(id));
        }
        let row = self.drafts.filing_of_draft(tx, actor, draft).await?.ok_or(Error::NotFound)?;
        let is_change = procedure_of(&row)?.action == Action::Change;
        match is_change && filing_state(&row)?.is_open() {
            true => Ok(refused(Refusal::UnderReview.sentence(), route::filing(&row.id))),
            false => Ok(Submitted::Filing(row.id)),
        }
    }
}

/// Whether a key can tell a repeated submit from another one.
pub(crate) fn is_usable_key(key: &str) -> bool {
    !key.is_empty() && key.len() <= LONGEST_KEY && !key.chars().any(char::is_control)
}

fn refused(sentence: &str, link: String) -> Submitted {
    Submitted::Refused(Refused { sentence: sentence.to_owned(), link: Some(link) })
}

/// The filing that a submit with this key made (R75).
pub(crate) async fn filed_under(on: &impl ConnectionTrait, key: &str) -> Result<Option<String>> {
    let row = filing::Entity::find().filter(filing::Column::IdempotencyKey.eq(key)).one(on).await?;
    Ok(row.map(|row| row.id))
}
