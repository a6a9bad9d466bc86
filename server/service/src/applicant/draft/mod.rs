//! Drafts: what a person has typed so far, kept on the server after every step (R12, R50, R76, R77),
//! and the forms they are shown in, with stored personal values sealed (R70).

pub mod expire;
pub mod finder;
pub mod open;
pub mod reveal;
pub mod save;
pub mod view;

use domain::action::Action;
use domain::answer::{Answer, Answers};
use domain::business::Business;
use domain::facts;
use domain::filing::FilingState;
use domain::mask::{Mask, mask};
use domain::procedure::Procedure;
use domain::route;
use domain::schema::{Fault, Form, Step, fault};
use domain::view::{DeletedDraft, DraftHead, DraftRow, Paged};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::account::Accounts;
use crate::account::notice::Notices;
use crate::account::rejected_form::RejectedForms;
use crate::account::usage::Usage;
use crate::base::actor::Actor;
use crate::base::clock::{days_left, written};
use crate::base::context::handle;
use crate::base::db::{Transaction, instant, millis, plausible_id};
use crate::base::entity::{draft, filing, record};
use crate::base::error::{Error, Result};
use crate::base::paging::{PAGE, split_page};
use crate::base::retry::retry;
use crate::base::sealed_answers::load;
use crate::files::Files;
use crate::filing::Filings;
use crate::filing::network::NetworkChecks;
use crate::filing::record::Records;

handle! {
    /// 草稿: opened, saved, shown and ended.
    Drafts {
        accounts: Accounts,
        files: Files,
        filings: Filings,
        network_checks: NetworkChecks,
        notices: Notices,
        records: Records,
        rejected_forms: RejectedForms,
        usage: Usage,
    }
}

/// For how long a draft is kept after it was last saved (R50).
pub(crate) const KEPT: Duration = Duration::days(30);

/// For how long a person can take a deletion back.
pub(crate) const UNDONE_WITHIN: Duration = Duration::minutes(10);

/// A form about to be shown, saved or submitted, with everything it stands on.
pub(crate) struct Opening {
    pub procedure: Procedure,
    pub form: &'static Form,
    pub draft: Option<draft::Model>,
    /// Whom the form is filed for; none for 新增主体.
    pub subject: Option<record::Model>,
    /// What is changed, or what a returned first filing was about.
    pub record: Option<record::Model>,
    /// The withdrawn or returned filing that the draft was made of.
    pub filing: Option<filing::Model>,
    /// What the identity platform says of the person, where the form can be filled with it.
    pub me: Option<Answers>,
}

impl Opening {
    /// The returned filing that a submit puts to the reviewers again (R53). One that was withdrawn or
    /// ended is only where the answers came from.
    pub fn resubmitted(&self) -> Option<&filing::Model> {
        self.filing.as_ref().filter(|row| row.state == FilingState::Returned.code())
    }

    /// The record that a change changes.
    fn changed(&self) -> Option<&str> {
        let changed = self.record.as_ref().filter(|_| self.procedure.action == Action::Change);
        changed.map(|row| row.id.as_str())
    }
}

impl Drafts {
    pub(crate) fn draft_answers(&self, row: &draft::Model) -> Result<Answers> {
        load(&self.context.keys, &format!("draft/{}", row.id), &row.answers, &row.answers_sealed)
    }

    /// The person's draft of this procedure; anybody else's does not exist (R74), nor one that is due
    /// for deletion (R50).
    pub(crate) async fn owned_draft(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        id: &str,
        lock: bool,
    ) -> Result<draft::Model> {
        let query = draft::Entity::find_by_id(plausible_id(id)?)
            .filter(draft::Column::PersonId.eq(&actor.person_id))
            .filter(draft::Column::SavedAt.gt(millis(self.context.clock.now() - KEPT)))
            .filter(draft::Column::DeletedAt.is_null());
        let query = if lock { query.lock_exclusive() } else { query };
        query.one(on).await?.ok_or(Error::NotFound)
    }

    /// Whether somebody has made a form of a returned filing.
    pub(crate) async fn is_being_repaired(&self, on: &impl ConnectionTrait, filing: &str) -> Result<bool> {
        let drafts = draft::Entity::find()
            .filter(draft::Column::FilingId.eq(filing))
            .filter(draft::Column::SavedAt.gt(millis(self.context.clock.now() - KEPT)))
            .filter(draft::Column::DeletedAt.is_null());
        Ok(drafts.count(on).await? > 0)
    }

    /// 我的草稿 (R50). An empty procedure means all.
    pub async fn drafts(&self, actor: &Actor, procedure: &str, after: &str) -> Result<Paged<DraftRow>> {
        let now = self.context.clock.now();
        let mut query = draft::Entity::find()
            .filter(draft::Column::PersonId.eq(&actor.person_id))
            .filter(draft::Column::SavedAt.gt(millis(now - KEPT)))
            .filter(draft::Column::DeletedAt.is_null());
        if !procedure.is_empty() {
            query = query.filter(draft::Column::Procedure.eq(procedure));
        }
        let on = self.context.db.read();
        let total = query.clone().count(on).await?;
        let mut query = query.order_by_desc(draft::Column::Id).limit(PAGE + 1);
        if !after.is_empty() {
            query = query.filter(draft::Column::Id.lt(after));
        }
        let mut rows = query.all(on).await?;
        let next = split_page(&mut rows, |row| &row.id);
        let rows = rows.iter().map(|row| draft_row(row, now)).collect::<Result<_>>()?;
        Ok(Paged { rows, total, next, is_later: !after.is_empty() })
    }

    /// Deletes a draft: it is gone from all lists at once, and for good after [`UNDONE_WITHIN`].
    pub async fn delete_draft(&self, actor: &Actor, id: &str) -> Result<()> {
        retry!(self.try_delete_draft(actor, id))
    }

    async fn try_delete_draft(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let row = self.owned_draft(&tx, actor, id, true).await?;
        draft::Entity::update_many()
            .col_expr(draft::Column::DeletedAt, Expr::value(millis(self.context.clock.now())))
            // Its place is free for another one.
            .col_expr(draft::Column::Slot, Expr::value(format!("{DELETED}{}/{}", row.id, row.slot)))
            .filter(draft::Column::Id.eq(&row.id))
            .exec(&tx)
            .await?;
        let detail = json!({ "procedure": row.procedure });
        self.context.audit(&tx, Some(actor), "draft.delete", "draft", &row.id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What the person deleted and can still have back, the latest first.
    pub async fn deleted_drafts(&self, actor: &Actor) -> Result<Vec<DeletedDraft>> {
        let now = self.context.clock.now();
        let rows = deleted(actor, now)
            .order_by_desc(draft::Column::DeletedAt)
            .limit(5)
            .all(self.context.db.read())
            .await?;
        rows.into_iter()
            .map(|row| {
                let left = instant(row.deleted_at.unwrap_or_default()) + UNDONE_WITHIN - now;
                let minutes_left = u64::try_from(left.whole_minutes()).unwrap_or_default() + 1;
                Ok(DeletedDraft {
                    procedure: procedure_of(&row)?,
                    id: row.id,
                    title: row.title,
                    minutes_left,
                })
            })
            .collect()
    }

    /// 【撤销删除】
    ///
    /// # Errors
    /// `NotFound` for what is not the person's or went for good, `Refused` where another draft has taken its place.
    pub async fn restore_draft(&self, actor: &Actor, id: &str) -> Result<()> {
        retry!(self.try_restore_draft(actor, id))
    }

    async fn try_restore_draft(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let row = deleted(actor, self.context.clock.now())
            .filter(draft::Column::Id.eq(plausible_id(id)?))
            .lock_exclusive()
            .one(&tx)
            .await?
            .ok_or(Error::NotFound)?;
        let slot = row.slot.strip_prefix(&format!("{DELETED}{}/", row.id)).unwrap_or(&row.id);
        if let Some(other) = draft::Entity::find().filter(draft::Column::Slot.eq(slot)).one(&tx).await? {
            let link = route::draft_step(procedure_of(&other)?, &other.step, &other.id);
            let sentence = "同一业务已有一份新的草稿，不能撤销删除";
            return Err(match other.person_id == actor.person_id {
                true => Error::refused_see(sentence, link),
                false => Error::refused(sentence),
            });
        }
        self.usage.bound_drafts(&tx, actor).await?;
        draft::Entity::update_many()
            .col_expr(draft::Column::DeletedAt, Expr::value(None::<i64>))
            .col_expr(draft::Column::Slot, Expr::value(slot))
            .filter(draft::Column::Id.eq(&row.id))
            .exec(&tx)
            .await?;
        let detail = json!({ "procedure": row.procedure });
        self.context.audit(&tx, Some(actor), "draft.restore", "draft", &row.id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(crate) async fn remove_draft(&self, tx: &Transaction, id: &str) -> Result<()> {
        self.files.set_file_references(tx, "draft", id, &[]).await?;
        draft::Entity::delete_by_id(id).exec(tx).await?;
        Ok(())
    }
}

/// What the place of a deleted draft begins with.
const DELETED: &str = "deleted/";

/// What a person can still have back.
fn deleted(actor: &Actor, now: OffsetDateTime) -> Select<draft::Entity> {
    draft::Entity::find()
        .filter(draft::Column::PersonId.eq(&actor.person_id))
        .filter(draft::Column::SavedAt.gt(millis(now - KEPT)))
        .filter(draft::Column::DeletedAt.gt(millis(now - UNDONE_WITHIN)))
}

/// The procedures that have a form of questions; a cancellation has its own page (R22).
pub(crate) fn procedure_with_form(code: &str) -> Result<(Procedure, &'static Form)> {
    let procedure = Procedure::from_code(code).ok_or(Error::NotFound)?;
    match procedure.action {
        Action::New | Action::Change => Ok((procedure, procedure.business.form())),
        Action::Cancel => Err(Error::NotFound),
    }
}

pub(crate) fn is_on(step: &Step, at: &str) -> bool {
    let key = at.split_once('.').map_or(at, |(section, _)| section);
    step.sections().iter().any(|section| section.key == key)
}

/// A time of day as the page shows when it was saved: 12:03.
pub(crate) fn time_of_day(at: i64) -> String {
    written(instant(at)).split_once(' ').map(|(_, time)| time.to_owned()).unwrap_or_default()
}

pub(crate) fn head(row: &draft::Model) -> DraftHead {
    DraftHead { id: row.id.clone(), version: row.version, saved_at: time_of_day(row.saved_at) }
}

pub(crate) fn procedure_of(row: &draft::Model) -> Result<Procedure> {
    Procedure::from_code(&row.procedure)
        .ok_or_else(|| Error::Corrupt(format!("procedure of draft {}", row.id)))
}

/// What a draft is called; the name of an individual is masked, as the column is plain (R70).
pub(crate) fn draft_title(business: Business, answers: &Answers) -> String {
    let title = facts::draft_title(business, answers);
    let is_person = business == Business::Subject && !facts::of_subject(answers).is_unit;
    let is_named = is_person && !answers.text("principal.name").trim().is_empty();
    if is_named { mask(Mask::Name, &title) } else { title }
}

/// A draft's place: at most one for what can be under way only once (R12).
pub(crate) fn slot(actor: &Actor, procedure: Procedure, record: Option<&str>, id: &str) -> String {
    match procedure.has_many_drafts() {
        true => id.to_owned(),
        false => format!("{}/{}/{}", actor.person_id, procedure.code(), record.unwrap_or("-")),
    }
}

/// Where a posted step lies that could not be saved.
pub(crate) fn rejected_slot(actor: &Actor, procedure: Procedure, on: Option<&str>, step: &str) -> String {
    format!("{}/step/{}/{}/{step}", actor.person_id, procedure.code(), on.unwrap_or("-"))
}

/// Personal answers with stars that stand for nothing known: never stored (R70).
pub(crate) fn masked_inputs(form: &'static Form, answers: &Answers) -> Vec<Fault> {
    let starred = |at: &str, answer: &Answer| form.mask_at(at).is_some() && answer.text().contains('*');
    answers
        .iter()
        .filter(|(at, answer)| starred(at, answer))
        .map(|(at, _)| fault(at, "请填写完整内容，不能包含 * 号"))
        .collect()
}

pub(crate) fn active(row: &draft::Model) -> draft::ActiveModel {
    let row = row.clone();
    draft::ActiveModel {
        id: Set(row.id),
        slot: Set(row.slot),
        person_id: Set(row.person_id),
        procedure: Set(row.procedure),
        record_id: Set(row.record_id),
        subject_id: Set(row.subject_id),
        filing_id: Set(row.filing_id),
        resubmits_along: Set(row.resubmits_along),
        title: Set(row.title),
        step: Set(row.step),
        answers: Set(row.answers),
        answers_sealed: Set(row.answers_sealed),
        version: Set(row.version),
        created_at: Set(row.created_at),
        saved_at: Set(row.saved_at),
        warned_at: Set(row.warned_at),
        audited_at: Set(row.audited_at),
        audited_session: Set(row.audited_session),
        deleted_at: Set(row.deleted_at),
    }
}

fn draft_row(row: &draft::Model, now: OffsetDateTime) -> Result<DraftRow> {
    let procedure = procedure_of(row)?;
    Ok(DraftRow {
        id: row.id.clone(),
        procedure,
        title: row.title.clone(),
        saved_at: written(instant(row.saved_at)),
        days_left: days_left(instant(row.saved_at), KEPT, now),
        href: route::draft_step(procedure, &row.step, &row.id),
    })
}
