//! The review desk: one filing with everything it belongs to, and what stands around the queue
//! (R60–R63). What lies outside of the officer's region, or is not put to officers yet (R15), does not
//! exist here (R74).

use std::collections::BTreeMap;

use domain::action::Action;
use domain::business::Business;
use domain::filing::FilingState;
use domain::jurisdiction;
use domain::procedure::Procedure;
use domain::purpose::check_purpose;
use domain::record::RecordState;
use domain::sheet::{Sight, diff, sheet};
use domain::sign_off::sign_off;
use domain::value::text::tidy;
use domain::value::{domain_name, url};
use domain::view::{QueueDesk, QueueRequest, QueueRow, Refused, RegionOption, ReviewView, SubjectRecord};
use sea_orm::sea_query::{LikeExpr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde_json::json;

use crate::audit::UNMASK;
use crate::clock::{shanghai_date, written, written_date};
use crate::db::{instant, millis, plausible_id};
use crate::entity::{audit, desk_visit, filing, record};
use crate::error::{Error, Result};
use crate::filing::{filing_files, filing_sheet, open_states, procedure_of};
use crate::limit::Use;
use crate::number::registration_view;
use crate::queue::lies_in;
use crate::record::file_ids;
use crate::region::{self, KnownRegions};
use crate::transition::{self, Who, filing_state, record_state};
use crate::{Actor, Service, again};

const DAY: i64 = 86_400_000;
/// How long a purpose that was written down opens personal values.
const LOOK: time::Duration = time::Duration::minutes(15);
/// What the count of arrivals stops at.
const MOST_ARRIVED: u64 = 100;
/// So many of the subject's other records and filings stand on a review page.
const MOST_BESIDE: u64 = 20;

pub(crate) fn codes(states: &[FilingState]) -> impl Iterator<Item = &'static str> {
    states.iter().map(|state| state.code())
}

/// Moments that a queue is measured by, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moments {
    pub now: i64,
    /// What was submitted before is overdue.
    pub late: i64,
    /// The first moment of today in Shanghai.
    pub midnight: i64,
    /// What came in since is new to the officer.
    pub seen: i64,
}

/// The pattern of texts that begin so; what the person typed is never a pattern itself.
pub(crate) fn containing(text: &str) -> LikeExpr {
    LikeExpr::new(format!("%{}%", escaped(text))).escape('\\')
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// The host name in a web address, or the text itself if it is one; in ASCII form.
pub(crate) fn host_in(text: &str) -> Option<String> {
    let text = text.trim();
    if text.contains("://") {
        return url::host_of_url(text);
    }
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('.') { domain_name::check_domain(host).ok() } else { None }
}

pub(crate) fn region_name(code: &str) -> String {
    region::full_name(code).unwrap_or_else(|| code.to_owned())
}

/// Nobody decides about what is their own.
pub(crate) fn own_filing(actor: &Actor, row: &filing::Model, subject: &record::Model) -> Option<Refused> {
    let own = row.applicant_id == actor.person_id || subject.owner_id.as_ref() == Some(&actor.person_id);
    own.then(|| Refused {
        sentence: "不能审核本人提交的申请单，请由其他民警办理".to_owned(), link: None
    })
}

pub(crate) fn is_claimed_by(row: &filing::Model, actor: &Actor) -> bool {
    row.state == FilingState::InReview.code() && row.claimed_by.as_ref() == Some(&actor.person_id)
}

impl Service {
    /// A filing that is put to this officer, or `NotFound`.
    pub(crate) async fn reviewable(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        id: &str,
    ) -> Result<filing::Model> {
        actor.must_review()?;
        let row = filing::Entity::find_by_id(plausible_id(id)?).one(on).await?;
        row.filter(|row| row.is_reviewable && actor.covers(&row.jurisdiction)).ok_or(Error::NotFound)
    }

    /// The moments this officer's queue is measured by, now.
    pub(crate) async fn moments(&self, actor: &Actor) -> Result<Moments> {
        let now = self.clock.now();
        let midnight = shanghai_date(now).midnight().assume_offset(time::macros::offset!(+8));
        let seen = desk_visit::Entity::find_by_id(&actor.person_id).one(self.db.read()).await?;
        Ok(Moments {
            now: millis(now),
            late: self.overdue_before(now).await?,
            midnight: millis(midnight),
            seen: seen.map_or(millis(midnight), |visit| visit.seen_at),
        })
    }

    /// What stands around the queue: what its filters offer, saved views, what has arrived.
    pub async fn queue_desk(&self, actor: &Actor, request: &QueueRequest) -> Result<QueueDesk> {
        let own = actor.must_review()?;
        let on = self.db.read();
        let chosen = Some(request.region.as_str()).filter(|inner| jurisdiction::covers(own, inner));
        let chosen = chosen.unwrap_or(own);
        let option = |code: &str| RegionOption {
            code: code.to_owned(),
            name: region_name(code),
            is_leaf: region::is_leaf(code),
        };
        let above = region::path(chosen).into_iter().map(|region| region.code);
        let above = above.filter(|code| jurisdiction::covers(own, code)).map(option).collect();
        let holders: Vec<String> = filing::Entity::find()
            .select_only()
            .column(filing::Column::ClaimedBy)
            .filter(filing::Column::IsReviewable.eq(true))
            .filter(lies_in(own))
            .filter(filing::Column::State.eq(FilingState::InReview.code()))
            .filter(filing::Column::ClaimedBy.is_not_null())
            .group_by(filing::Column::ClaimedBy)
            .limit(100)
            .into_tuple()
            .all(on)
            .await?;
        let officers = if holders.is_empty() {
            BTreeMap::new()
        } else {
            self.staff_names(self.db.read(), &holders).await?
        };
        let arrivals = QueueRequest { state: "arrived".to_owned(), ..QueueRequest::default() };
        let arrived = self.oldest(actor, &arrivals, None, MOST_ARRIVED).await?;
        Ok(QueueDesk {
            region: option(own),
            above,
            below: region::options(chosen),
            officers: officers.into_iter().filter(|(id, _)| *id != actor.person_id).collect(),
            views: self.saved_views(actor).await?,
            arrived: arrived.len() as u64,
        })
    }

    /// The officer has seen what arrived up to now.
    pub async fn saw_arrivals(&self, actor: &Actor) -> Result<()> {
        actor.must_review()?;
        again!(self.try_saw_arrivals(actor))
    }

    async fn try_saw_arrivals(&self, actor: &Actor) -> Result<()> {
        let tx = self.db.begin().await?;
        let seen_at = millis(self.clock.now());
        let visit =
            desk_visit::ActiveModel { person_id: Set(actor.person_id.clone()), seen_at: Set(seen_at) };
        desk_visit::Entity::insert(visit)
            .on_conflict(
                OnConflict::column(desk_visit::Column::PersonId)
                    .update_column(desk_visit::Column::SeenAt)
                    .to_owned(),
            )
            .exec_without_returning(&tx)
            .await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn queue_rows(&self, actor: &Actor, rows: &[filing::Model]) -> Result<Vec<QueueRow>> {
        let mut officers: Vec<String> = rows
            .iter()
            .filter(|row| row.state == FilingState::InReview.code())
            .filter_map(|row| row.claimed_by.clone())
            .collect();
        officers.sort_unstable();
        officers.dedup();
        let names = if officers.is_empty() {
            BTreeMap::new()
        } else {
            self.staff_names(self.db.read(), &officers).await?
        };
        let moments = self.moments(actor).await?;
        rows.iter().map(|row| queue_row(actor, row, &names, moments)).collect()
    }

    /// Writes down that the officer looks at a filing's personal values in full, and why (R65, R70). The
    /// number it gives opens them to the same officer in [`review`](Service::review) for a quarter of an hour.
    ///
    /// # Errors
    /// `NotFound` for a filing of others, `Refused` without a real purpose, `TooMany` above the limit.
    pub async fn unmask(&self, actor: &Actor, id: &str, purpose: &str) -> Result<i64> {
        let row = self.reviewable(self.db.read(), actor, id).await?;
        let purpose = check_purpose(purpose).map_err(Error::refused)?;
        again!(self.write_down_look(actor, &row, purpose))
    }

    /// One filing on the review desk (R63), with personal values in full for a look that was written down.
    pub async fn review(&self, actor: &Actor, id: &str, look: Option<i64>) -> Result<ReviewView> {
        let on = self.db.read();
        let row = self.reviewable(on, actor, id).await?;
        let sight = match look {
            Some(look) if self.is_looking(actor, &row, look).await? => Sight::Full,
            _ => Sight::Masked,
        };
        let procedure = procedure_of(&row)?;
        let record = self.record_row(on, &row.record_id).await?;
        let subject = match procedure.business.is_subject() {
            true => record.clone(),
            false => self.record_row(on, &row.subject_id).await?,
        };
        let answers = self.filing_answers(&row)?;
        // What a cancelled subject holds stands on its own sheet.
        let is_of_subject = procedure.business == Business::Subject;
        let before = self.filing_before(&row)?;
        let cancelled = before.as_ref().filter(|_| !is_of_subject);
        let history = transition::history_of(on, &row.id).await?;
        let (subject_form, subject_answers) = (Business::Subject.form(), self.record_answers(&subject)?);
        let mut files = filing_files(procedure, &answers, before.as_ref())?;
        let form = procedure.form();
        let since_last = match self.answers_of_last_round(on, &row).await? {
            None => Vec::new(),
            Some(last) => {
                files.extend(file_ids(form, &last));
                diff(form, (&last, sight), (&answers, sight), &KnownRegions)
            }
        };
        let shows_subject = !is_of_subject || procedure.action == Action::Cancel;
        let subject_sheet = shows_subject.then(|| {
            files.extend(file_ids(subject_form, &subject_answers));
            sheet(subject_form, &subject_answers, &KnownRegions, sight)
        });
        let files = self.file_views(&files).await?;
        let pictures: Vec<String> =
            files.values().filter(|file| file.is_picture).map(|file| file.id.clone()).collect();
        self.note_thumbnails(actor, ("filing", &row.id), &pictures).await?;
        let bundle = self.bundle_rows(actor, &row).await?;
        self.glance(actor, &row);
        if is_claimed_by(&row, actor) {
            self.keep_claim(actor, &row.id).await?;
        }
        let filing = self.queue_rows(actor, std::slice::from_ref(&row)).await?;
        let filing = filing.into_iter().next().ok_or(Error::NotFound)?;
        let may_decide = self.why_not_decide(actor, &row, &subject).await?;
        let may_approve = match &may_decide {
            Some(refused) => Some(refused.clone()),
            None => why_not_approve(procedure, &subject, &bundle)?,
        };
        Ok(ReviewView {
            may_claim: self.why_not_claim(actor, &row, &subject).await?,
            may_decide,
            may_approve,
            is_mine: is_claimed_by(&row, actor),
            jurisdiction: region_name(&row.jurisdiction),
            sheet: filing_sheet(procedure, &answers, cancelled, sight)?,
            changes: self.filing_changes(&row, &answers, sight)?,
            since_last,
            subject_sheet,
            checks: self
                .machine_checks(&row, procedure, &answers, &subject, &subject_answers, &files)
                .await?,
            earlier_remarks: self.return_remarks(on, &row.id).await?.1,
            history: history.iter().map(transition::event_view).collect(),
            files,
            effects: self.effects_of(&row, procedure, &record).await?,
            unmasked: sight == Sight::Full,
            version: row.version,
            registration: registration_view(&self.settings, &record),
            subject_records: self.subject_records(&subject, &row.record_id).await?,
            subject_filings: self.subject_filings(actor, &row, &bundle).await?,
            others: self.others_with(actor, &row.id).await?,
            sign_off: sign_off(procedure).iter().map(|point| (*point).to_owned()).collect(),
            typed: self.held_ruling(actor, &row.id).await?,
            reasons: self.reasons().await?,
            grounds: self.settings.rejection_grounds.clone(),
            remedy: self.settings.rejection_remedy.clone(),
            claim_minutes: self.settings.claim_minutes,
            filing,
            bundle,
        })
    }

    async fn is_looking(&self, actor: &Actor, row: &filing::Model, look: i64) -> Result<bool> {
        let line = audit::Entity::find_by_id(look).one(self.db.read()).await?;
        Ok(line.is_some_and(|line| {
            line.action == UNMASK
                && line.object_id == row.id
                && line.actor_id.as_deref() == Some(&actor.person_id)
                && instant(line.at) + LOOK > self.clock.now()
        }))
    }

    async fn write_down_look(&self, actor: &Actor, row: &filing::Model, purpose: &str) -> Result<i64> {
        let purpose = tidy(purpose);
        let tx = self.db.begin().await?;
        let used = self.count_use(&tx, actor, Use::Unmasking).await?;
        if used == self.settings.limits.unmaskings_told {
            self.tell_auditors_of_many_looks(&tx, actor, used).await?;
        }
        let detail = json!({ "reference": row.reference, "purpose": purpose });
        let look = self.write(&tx, Some(actor), UNMASK, "filing", &row.id, detail).await?;
        tx.commit().await?;
        Ok(look)
    }

    pub(crate) async fn record_row(&self, on: &impl ConnectionTrait, id: &str) -> Result<record::Model> {
        let row = record::Entity::find_by_id(id).one(on).await?;
        row.ok_or_else(|| Error::Corrupt(format!("record {id} is missing")))
    }

    /// The filings that came in with this one: the subject's first, then its businesses (R15).
    /// Empty where there is nothing beside it.
    async fn bundle_rows(&self, actor: &Actor, row: &filing::Model) -> Result<Vec<QueueRow>> {
        let bundled = Condition::any()
            .add(open_states())
            .add(filing::Column::Id.eq(&row.id))
            // The subject's own filing stays in sight while its businesses are worked off.
            .add(
                Condition::all()
                    .add(filing::Column::RecordId.eq(&row.subject_id))
                    .add(filing::Column::Action.eq(Action::New.code()))
                    .add(filing::Column::DecidedAt.gte(row.submitted_at)),
            );
        let mut rows = filing::Entity::find()
            .filter(filing::Column::SubjectId.eq(&row.subject_id))
            .filter(filing::Column::IsReviewable.eq(true))
            .filter(bundled)
            .order_by_asc(filing::Column::Id)
            .limit(100)
            .all(self.db.read())
            .await?;
        rows.retain(|one| actor.covers(&one.jurisdiction));
        rows.sort_by_key(|one| one.business != Business::Subject.code());
        match rows.len() {
            0 | 1 => Ok(Vec::new()),
            _ => self.queue_rows(actor, &rows).await,
        }
    }

    /// What else the subject has, the latest first (R63).
    async fn subject_records(&self, subject: &record::Model, except: &str) -> Result<Vec<SubjectRecord>> {
        let rows = record::Entity::find()
            .filter(record::Column::SubjectId.eq(&subject.id))
            .filter(record::Column::Id.is_not_in([subject.id.as_str(), except]))
            .filter(record::Column::State.ne(RecordState::Void.code()))
            .order_by_desc(record::Column::Id)
            .limit(MOST_BESIDE)
            .all(self.db.read())
            .await?;
        rows.into_iter()
            .map(|row| {
                Ok(SubjectRecord {
                    business: crate::record::business_of(&row)?,
                    state: record_state(&row)?,
                    registered_on: row.registered_at.map(instant).map(written_date),
                    name: row.title,
                    registration_number: row.registration_number,
                })
            })
            .collect()
    }

    /// What else was filed for the subject in the officer's region, the latest first (R63).
    async fn subject_filings(
        &self,
        actor: &Actor,
        row: &filing::Model,
        bundle: &[QueueRow],
    ) -> Result<Vec<QueueRow>> {
        let shown = bundle.iter().map(|one| one.id.as_str()).chain([row.id.as_str()]);
        let mut rows = filing::Entity::find()
            .filter(filing::Column::SubjectId.eq(&row.subject_id))
            .filter(filing::Column::IsReviewable.eq(true))
            .filter(filing::Column::Id.is_not_in(shown))
            .order_by_desc(filing::Column::Id)
            .limit(MOST_BESIDE)
            .all(self.db.read())
            .await?;
        rows.retain(|one| actor.covers(&one.jurisdiction));
        self.queue_rows(actor, &rows).await
    }

    async fn why_not_claim(
        &self,
        actor: &Actor,
        row: &filing::Model,
        subject: &record::Model,
    ) -> Result<Option<Refused>> {
        if let Some(refused) = own_filing(actor, row, subject) {
            return Ok(Some(refused));
        }
        match filing_state(row)? {
            FilingState::Pending => Ok(None),
            // A colleague who claims need not wait for the sweep (R79).
            FilingState::InReview if self.has_lapsed(row, self.clock.now()) && !is_claimed_by(row, actor) => {
                Ok(None)
            }
            FilingState::InReview
            | FilingState::Approved
            | FilingState::Returned
            | FilingState::Rejected
            | FilingState::Withdrawn
            | FilingState::Terminated => self.what_happened(actor, row).await.map(Some),
        }
    }

    async fn why_not_decide(
        &self,
        actor: &Actor,
        row: &filing::Model,
        subject: &record::Model,
    ) -> Result<Option<Refused>> {
        if let Some(refused) = own_filing(actor, row, subject) {
            return Ok(Some(refused));
        }
        if is_claimed_by(row, actor) {
            return Ok(None);
        }
        if filing_state(row)? == FilingState::Pending {
            return Ok(Some(Refused { sentence: "请先领取该申请单".to_owned(), link: None }));
        }
        self.what_happened(actor, row).await.map(Some)
    }

    async fn what_happened(&self, actor: &Actor, row: &filing::Model) -> Result<Refused> {
        match self.overtaken(self.db.read(), &row.id, &Who::reviewer(actor)).await? {
            Error::Refused(refused) => Ok(refused),
            error => Err(error),
        }
    }

    /// What approval would do, in sentences.
    async fn effects_of(
        &self,
        row: &filing::Model,
        procedure: Procedure,
        record: &record::Model,
    ) -> Result<Vec<String>> {
        let noun = procedure.business.noun();
        let is_of_subject = procedure.business == Business::Subject;
        let mut effects = Vec::new();
        match procedure.action {
            Action::New if is_of_subject => effects.push("主体生效，可以办理变更、注销和移交".to_owned()),
            Action::New => {
                effects.push(format!("{noun}生效，签发“{}”的备案号", region_name(&row.jurisdiction)));
            }
            Action::Change => {
                effects.push(format!("变更后的内容即时取代{noun}现有内容"));
                if is_of_subject {
                    let region = &row.jurisdiction;
                    if *region != record.jurisdiction {
                        effects.push(format!(
                            "管辖地由{}移至{}，该主体的全部业务和未办结的申请单一并移交",
                            region_name(&record.jurisdiction),
                            region_name(region),
                        ));
                    }
                }
            }
            Action::Cancel => {
                effects.push(format!("{noun}注销，不可恢复"));
                if is_of_subject {
                    effects.extend(self.what_ends_with(record).await?);
                }
            }
        }
        Ok(effects)
    }

    /// What ends when the subject does (R23), in sentences.
    async fn what_ends_with(&self, subject: &record::Model) -> Result<Vec<String>> {
        let on = self.db.read();
        let living = RecordState::ALL.into_iter().filter(|state| state.is_in_force()).map(RecordState::code);
        let records: Vec<(String, i64)> = record::Entity::find()
            .select_only()
            .column(record::Column::Business)
            .column_as(record::Column::Id.count(), "records")
            .filter(record::Column::SubjectId.eq(&subject.id))
            .filter(record::Column::Id.ne(&subject.id))
            .filter(record::Column::State.is_in(living))
            .group_by(record::Column::Business)
            .order_by_asc(record::Column::Business)
            .into_tuple()
            .all(on)
            .await?;
        let filings = filing::Entity::find()
            .filter(filing::Column::SubjectId.eq(&subject.id))
            .filter(filing::Column::RecordId.ne(&subject.id))
            .filter(open_states())
            .count(on)
            .await?;
        let mut sentences = Vec::new();
        for (business, count) in records {
            let business = Business::from_code(&business)
                .ok_or_else(|| Error::Corrupt(format!("business {business} of subject {}", subject.id)))?;
            sentences.push(format!("{} {count} 个将一并注销", business.noun()));
        }
        if filings > 0 {
            sentences.push(format!("未办结的申请单 {filings} 份将终止"));
        }
        Ok(sentences)
    }
}

fn queue_row(
    actor: &Actor,
    row: &filing::Model,
    names: &BTreeMap<String, String>,
    moments: Moments,
) -> Result<QueueRow> {
    let state = filing_state(row)?;
    let submitted = instant(row.submitted_at);
    let claimed_by = row.claimed_by.as_ref().filter(|_| state == FilingState::InReview);
    Ok(QueueRow {
        id: row.id.clone(),
        reference: row.reference.clone(),
        procedure: procedure_of(row)?,
        title: row.title.clone(),
        subject_name: row.subject_name.clone(),
        state,
        submitted_at: written(submitted),
        age_days: ((moments.now - row.submitted_at) / DAY).max(0),
        jurisdiction: region_name(&row.jurisdiction),
        is_mine: is_claimed_by(row, actor),
        is_own: row.applicant_id == actor.person_id,
        claimed_by: claimed_by.map(|id| names.get(id).cloned().unwrap_or_default()),
        round: row.round,
        is_new: state == FilingState::Pending
            && (row.submitted_at > moments.seen || row.moved_at.is_some_and(|at| at > moments.seen)),
        is_overdue: state.is_open() && row.submitted_at < moments.late,
        has_moved: row.moved_at.is_some(),
    })
}

/// A business comes into force only after its subject (R15).
pub(crate) fn why_not_approve(
    procedure: Procedure,
    subject: &record::Model,
    bundle: &[QueueRow],
) -> Result<Option<Refused>> {
    if procedure.business == Business::Subject || record_state(subject)?.is_in_force() {
        return Ok(None);
    }
    let of_subject = bundle.iter().find(|row| row.procedure.business == Business::Subject);
    Ok(Some(Refused {
        sentence: "主体尚未审核通过，请先审核主体的申请单".to_owned(),
        link: of_subject.map(|row| format!("/review/filings/{}", row.id)),
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    #[test]
    fn what_is_typed_is_no_pattern() {
        assert_eq!(escaped(r"100%_\"), r"100\%\_\\");
    }

    #[test]
    fn a_host_is_found_however_it_is_typed() {
        for (text, host) in [
            ("example.cn", Some("example.cn")),
            (" EXAMPLE.CN/page ", Some("example.cn")),
            ("https://www.example.cn/x?y", Some("www.example.cn")),
            ("中文.cn", Some("xn--fiq228c.cn")),
            ("example", None),
            ("某某企业官网", None),
            ("https://", None),
            ("", None),
        ] {
            assert_eq!(host_in(text).as_deref(), host, "{text}");
        }
    }
}
