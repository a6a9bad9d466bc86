//! What waits for a second officer, one of them with what the first had before them, and the judgement. Who may not
//! judge a decision does not learn that it was chosen.

use std::collections::BTreeSet;

use domain::action::Action;
use domain::business::Business;
use domain::filing::FilingState;
use domain::second_look::{
    CheckedJudgement, Judgement, LONGEST_NOTE, MOST_FIELDS, TypedJudgement, check_judgement,
};
use domain::sheet::{Disclosure, diff, sheet};
use domain::view::{
    JudgedAs, SecondLookList, SecondLookOutcome, SecondLookPapers, SecondLookRow, SecondLookView,
};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use serde_json::json;
use time::Duration;

use crate::account::rejected_form::{RejectedForm, RejectedForms};
use crate::base::actor::Actor;
use crate::base::clock::written;
use crate::base::context::handle;
use crate::base::db::{instant, millis, plausible_id};
use crate::base::entity::{filing, filing_event, record, second_look, undoable_act};
use crate::base::error::{Error, Result};
use crate::base::paging::{PAGE, split_page};
use crate::base::region::{KnownRegions, region_name};
use crate::base::retry::retry;
use crate::desk::second_look::{Papers, forms_of, label_of};
use crate::files::Files;
use crate::filing::second_look::{lies_in, place};
use crate::filing::view::filing_sheet;
use crate::state::row::procedure_of;

handle! {
    /// What waits for a second officer, and their judgement.
    SecondLookDesk {
        files: Files,
        rejected_forms: RejectedForms,
    }
}

/// A sign of life is written down at most so often.
const TOUCH: Duration = Duration::minutes(1);

/// What is said to who finds it in other hands.
const TAKEN: &str = "已由其他民警开始复核，请选择另一件";

/// What is asked of the list, understood.
#[derive(Debug, Clone, Copy)]
struct Asked<'a> {
    officer: &'a str,
    region: &'a str,
    now: i64,
    /// Who has done nothing since then has it no longer.
    lapsed: i64,
}

impl Asked<'_> {
    /// What this officer may judge, whoever has it in hand. Nobody judges a decision of their own, nor of a filing that
    /// they decided, have in hand or are a party of; and none that can still be taken back.
    fn may_judge(&self) -> Select<second_look::Entity> {
        second_look::Entity::find()
            .filter(lies_in(self.region))
            .filter(second_look::Column::JudgedAt.is_null())
            .filter(second_look::Column::DeciderId.ne(self.officer))
            .filter(self.has_decided().not())
            .filter(self.is_party().not())
            .filter(self.can_be_taken_back().not())
    }

    /// Of those, what nobody else has in hand.
    fn open(&self) -> Select<second_look::Entity> {
        let free = Condition::any()
            .add(second_look::Column::JudgeId.is_null())
            .add(second_look::Column::JudgeId.eq(self.officer))
            .add(second_look::Column::JudgeSeenAt.lte(self.lapsed));
        self.may_judge().filter(free)
    }

    fn page(&self, after: Option<&str>) -> Select<second_look::Entity> {
        let open = self.open().order_by_asc(second_look::Column::Id).limit(PAGE + 1);
        after.iter().fold(open, |open, after| open.filter(second_look::Column::Id.gt(*after)))
    }

    fn has_decided(&self) -> SimpleExpr {
        let decisions = Judgement::ALL.map(Judgement::code);
        Expr::exists(
            Query::select()
                .expr(Expr::val(1))
                .from(filing_event::Entity)
                .and_where(same_filing((filing_event::Entity, filing_event::Column::FilingId)))
                .and_where(Expr::col((filing_event::Entity, filing_event::Column::ActorId)).eq(self.officer))
                .and_where(Expr::col((filing_event::Entity, filing_event::Column::Event)).is_in(decisions))
                .to_owned(),
        )
    }

    fn is_party(&self) -> SimpleExpr {
        let own = Query::select()
            .column(record::Column::Id)
            .from(record::Entity)
            .and_where(Expr::col((record::Entity, record::Column::OwnerId)).eq(self.officer))
            .to_owned();
        let column = |column: filing::Column| Expr::col((filing::Entity, column));
        let party = Condition::any()
            .add(column(filing::Column::ApplicantId).eq(self.officer))
            .add(column(filing::Column::SubjectId).in_subquery(own))
            .add(
                Condition::all()
                    .add(column(filing::Column::State).eq(FilingState::InReview.code()))
                    .add(column(filing::Column::ClaimedBy).eq(self.officer)),
            );
        Expr::exists(
            Query::select()
                .expr(Expr::val(1))
                .from(filing::Entity)
                .and_where(same_filing((filing::Entity, filing::Column::Id)))
                .cond_where(party)
                .to_owned(),
        )
    }

    fn can_be_taken_back(&self) -> SimpleExpr {
        Expr::exists(
            Query::select()
                .expr(Expr::val(1))
                .from(undoable_act::Entity)
                .and_where(same_filing((undoable_act::Entity, undoable_act::Column::FilingId)))
                .and_where(Expr::col((undoable_act::Entity, undoable_act::Column::Until)).gt(self.now))
                .to_owned(),
        )
    }
}

fn same_filing(column: impl sea_orm::sea_query::IntoColumnRef) -> SimpleExpr {
    Expr::col(column).equals((second_look::Entity, second_look::Column::FilingId))
}

fn is_in_hand_of(row: &second_look::Model, actor: &Actor) -> bool {
    row.judge_id.as_ref() == Some(&actor.person_id) && row.judged_at.is_none()
}

/// Where a judgement that was refused waits for the page.
fn slot(actor: &Actor, id: &str) -> String {
    format!("{}/second-look/{id}", actor.person_id)
}

impl SecondLookDesk {
    fn asked<'a>(&self, actor: &'a Actor) -> Result<Asked<'a>> {
        let now = self.context.clock.now();
        let lease = Duration::minutes(self.context.settings.claim_minutes);
        Ok(Asked {
            officer: &actor.person_id,
            region: actor.must_review()?,
            now: millis(now),
            lapsed: millis(now - lease),
        })
    }

    /// What waits for this officer, the oldest first.
    ///
    /// # Errors
    /// `Forbidden` for who does not review.
    pub async fn second_looks(&self, actor: &Actor, after: &str) -> Result<SecondLookList> {
        let asked = self.asked(actor)?;
        let on = self.context.db.read();
        let after = plausible_id(after).ok();
        let mut looks = asked.page(after).all(on).await?;
        let next = split_page(&mut looks, |look| &look.id);
        let filings = looks.iter().map(|look| look.filing_id.as_str());
        let filings = filing::Entity::find().filter(filing::Column::Id.is_in(filings)).all(on).await?;
        let mut rows = Vec::new();
        for look in &looks {
            let filing = filings.iter().find(|filing| filing.id == look.filing_id).ok_or(Error::NotFound)?;
            rows.push(row(actor, look, filing)?);
        }
        let percent = self.context.settings.second_look_percent;
        Ok(SecondLookList { rows, next, is_later: after.is_some(), percent })
    }

    /// One of them: what the first officer had before them, for who has it in hand; afterwards both decisions. With
    /// `check`, what was posted and did not pass.
    ///
    /// # Errors
    /// `NotFound` for who may not judge it, and while somebody else has it in hand.
    pub async fn second_look(&self, actor: &Actor, id: &str, check: bool) -> Result<SecondLookView> {
        let on = self.context.db.read();
        let (look, filing) = self.visible(on, actor, id).await?;
        let mut view = SecondLookView {
            row: row(actor, &look, &filing)?,
            papers: None,
            chosen: String::new(),
            ticked: BTreeSet::new(),
            note: String::new(),
            faults: Vec::new(),
            minutes: self.context.settings.claim_minutes,
            outcome: None,
        };
        if look.judged_at.is_some() {
            view.outcome = Some(self.outcome(on, &look, &filing).await?);
        } else if is_in_hand_of(&look, actor) {
            view.papers = Some(self.papers(actor, &look, &filing).await?);
            if check && let Some(held) = self.rejected_forms.find(on, &slot(actor, &look.id)).await? {
                view.chosen = held.answers.text("judgement").to_owned();
                view.note = held.answers.text("note").to_owned();
                let ticked = held.answers.iter().filter_map(|(at, _)| at.strip_prefix("at."));
                view.ticked = ticked.map(str::to_owned).collect();
                view.faults = held.faults;
            }
            self.touch(actor, &look).await?;
        }
        Ok(view)
    }

    /// What this officer has in hand, has judged, or may take.
    async fn visible(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        id: &str,
    ) -> Result<(second_look::Model, filing::Model)> {
        let asked = self.asked(actor)?;
        let of_id = second_look::Column::Id.eq(plausible_id(id)?);
        let own = second_look::Entity::find()
            .filter(of_id.clone())
            .filter(lies_in(asked.region))
            .filter(second_look::Column::JudgeId.eq(asked.officer));
        let look = match own.one(on).await? {
            Some(look) => look,
            None => asked.open().filter(of_id).one(on).await?.ok_or(Error::NotFound)?,
        };
        let filing = filing::Entity::find_by_id(&look.filing_id).one(on).await?.ok_or(Error::NotFound)?;
        Ok((look, filing))
    }

    /// As it was when the first officer decided, masked; that its pictures are seen small is noted (R65).
    async fn papers(
        &self,
        actor: &Actor,
        look: &second_look::Model,
        filing: &filing::Model,
    ) -> Result<SecondLookPapers> {
        let papers = self.context.keys.open_text(&place(&look.id, "papers"), &look.papers_sealed)?;
        let papers: Papers = serde_json::from_str(&papers)?;
        let procedure = procedure_of(filing)?;
        let files = self.files.file_views(&papers.files(procedure)?).await?;
        let pictures: Vec<String> =
            files.values().filter(|file| file.is_picture).map(|file| file.id.clone()).collect();
        self.files.note_thumbnails(actor, ("filing", &filing.id), &pictures).await?;
        let masked = Disclosure::Masked;
        let Papers { answers, before, subject, checks, questions } = papers;
        let cancelled = before.as_ref().filter(|_| procedure.business != Business::Subject);
        let changes = match (procedure.action, &before) {
            (Action::Change, Some(before)) => {
                diff(procedure.business.form(), (before, masked), (&answers, masked), &KnownRegions)
            }
            (Action::New | Action::Change | Action::Cancel, _) => Vec::new(),
        };
        let form = Business::Subject.form();
        Ok(SecondLookPapers {
            sheet: filing_sheet(procedure, &answers, cancelled, masked)?,
            changes,
            subject_sheet: subject.map(|subject| sheet(form, &subject, &KnownRegions, masked)),
            checks,
            questions,
            files,
        })
    }

    async fn outcome(
        &self,
        on: &impl ConnectionTrait,
        look: &second_look::Model,
        filing: &filing::Model,
    ) -> Result<SecondLookOutcome> {
        let told = filing_event::Entity::find()
            .filter(filing_event::Column::FilingId.eq(&look.filing_id))
            .filter(filing_event::Column::Event.eq(&look.decision))
            .filter(filing_event::Column::At.eq(look.decided_at))
            .one(on)
            .await?;
        let note = look.note_sealed.as_deref();
        let note =
            note.map(|note| self.context.keys.open_text(&place(&look.id, "note"), note)).transpose()?;
        let forms = forms_of(procedure_of(filing)?);
        let judged = |code: &str, fields: &str, note: String| -> Result<JudgedAs> {
            let judgement = Judgement::from_code(code)
                .ok_or_else(|| Error::Corrupt(format!("judgement of second look {}", look.id)))?;
            let fields: Vec<String> = serde_json::from_str(fields)?;
            let fields = fields.into_iter().map(|at| (at.clone(), label_of(&forms, &at))).collect();
            Ok(JudgedAs { judgement, fields, note })
        };
        let first = judged(&look.decision, &look.fields, told.map(|told| told.note).unwrap_or_default())?;
        let second = judged(
            look.judgement.as_deref().unwrap_or_default(),
            look.judged_fields.as_deref().unwrap_or("[]"),
            note.unwrap_or_default(),
        )?;
        let judged_at = look.judged_at.map(instant).map(written).unwrap_or_default();
        Ok(SecondLookOutcome { first, second, judged_at, filing: look.filing_id.clone() })
    }

    /// 【开始复核】: the first who takes it has it. Taking again what one has is no error.
    ///
    /// # Errors
    /// `NotFound` for who may not judge it, `Refused` where a colleague was quicker.
    pub async fn take(&self, actor: &Actor, id: &str) -> Result<()> {
        retry!(self.try_take(actor, id))
    }

    async fn try_take(&self, actor: &Actor, id: &str) -> Result<()> {
        let asked = self.asked(actor)?;
        let tx = self.context.db.begin().await?;
        let of_id = second_look::Column::Id.eq(plausible_id(id)?);
        let look = asked.open().filter(of_id.clone()).lock_exclusive().one(&tx).await?;
        let Some(look) = look else {
            let taken = asked.may_judge().filter(of_id).one(&tx).await?;
            return Err(taken.map_or(Error::NotFound, |_| Error::refused(TAKEN)));
        };
        if is_in_hand_of(&look, actor) {
            return Ok(());
        }
        let taken = second_look::ActiveModel {
            id: Set(look.id.clone()),
            judge_id: Set(Some(actor.person_id.clone())),
            judge_seen_at: Set(Some(asked.now)),
            ..Default::default()
        };
        taken.update(&tx).await?;
        let detail = json!({ "filing": look.filing_id });
        self.context.audit(&tx, Some(actor), "second_look.take", "second_look", &look.id, detail).await?;
        Ok(tx.commit().await?)
    }

    /// What this officer has in hand, under its lock.
    async fn in_hand(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        id: &str,
    ) -> Result<second_look::Model> {
        let region = actor.must_review()?;
        let look = second_look::Entity::find_by_id(plausible_id(id)?)
            .filter(lies_in(region))
            .lock_exclusive()
            .one(on)
            .await?
            .ok_or(Error::NotFound)?;
        match look.judge_id.as_ref() == Some(&actor.person_id) {
            true if look.judged_at.is_some() => Err(Error::refused("已经提交过复核结论")),
            true => Ok(look),
            false => Err(Error::NotFound),
        }
    }

    /// 【放回】: somebody else may take it.
    ///
    /// # Errors
    /// `NotFound` where the officer does not have it.
    pub async fn give_back(&self, actor: &Actor, id: &str) -> Result<()> {
        retry!(self.try_give_back(actor, id))
    }

    async fn try_give_back(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let look = self.in_hand(&tx, actor, id).await?;
        let free = second_look::ActiveModel {
            id: Set(look.id.clone()),
            judge_id: Set(None),
            judge_seen_at: Set(None),
            ..Default::default()
        };
        free.update(&tx).await?;
        self.rejected_forms.discard(&tx, &slot(actor, &look.id)).await?;
        let detail = json!({ "filing": look.filing_id });
        self.context
            .audit(&tx, Some(actor), "second_look.give_back", "second_look", &look.id, detail)
            .await?;
        Ok(tx.commit().await?)
    }

    /// The officer is at work on it; written down now and then.
    async fn touch(&self, actor: &Actor, look: &second_look::Model) -> Result<()> {
        let now = self.context.clock.now();
        match look.judge_seen_at.map(instant).is_some_and(|seen| now - seen < TOUCH) {
            true => Ok(()),
            false => retry!(self.try_touch(actor, look)),
        }
    }

    async fn try_touch(&self, actor: &Actor, look: &second_look::Model) -> Result<()> {
        let tx = self.context.db.begin().await?;
        second_look::Entity::update_many()
            .col_expr(second_look::Column::JudgeSeenAt, Expr::value(millis(self.context.clock.now())))
            .filter(second_look::Column::Id.eq(&look.id))
            .filter(second_look::Column::JudgeId.eq(&actor.person_id))
            .filter(second_look::Column::JudgedAt.is_null())
            .exec(&tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// What the officer holds to be right. It changes nothing about the filing, and tells nobody.
    ///
    /// # Errors
    /// `NotFound` where the officer does not have it, `Faults` when words are missing, which are kept for the page with
    /// what was typed.
    pub async fn judge(&self, actor: &Actor, id: &str, typed: &TypedJudgement) -> Result<()> {
        let (look, filing) = self.visible(self.context.db.read(), actor, id).await?;
        if look.judge_id.is_none() {
            return Err(Error::NotFound);
        }
        match check_judgement(typed, &forms_of(procedure_of(&filing)?)) {
            Ok(judged) => retry!(self.try_judge(actor, id, &judged)),
            Err(faults) => {
                let mut held = RejectedForm { faults: faults.clone(), ..RejectedForm::default() };
                held.answers.set_text("judgement", typed.judgement.chars().take(20).collect::<String>());
                held.answers.set_text("note", typed.note.chars().take(2 * LONGEST_NOTE).collect::<String>());
                for at in typed.fields.iter().take(MOST_FIELDS) {
                    held.answers.set_text(format!("at.{at}"), "yes");
                }
                retry!(self.try_hold(actor, id, &held))?;
                Err(Error::Faults(faults))
            }
        }
    }

    async fn try_hold(&self, actor: &Actor, id: &str, held: &RejectedForm) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let look = self.in_hand(&tx, actor, id).await?;
        self.rejected_forms.stash(&tx, slot(actor, &look.id), held).await?;
        Ok(tx.commit().await?)
    }

    async fn try_judge(&self, actor: &Actor, id: &str, judged: &CheckedJudgement) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let look = self.in_hand(&tx, actor, id).await?;
        let note = match judged.note.as_str() {
            "" => None,
            note => Some(self.context.keys.seal_text(&place(&look.id, "note"), note)?),
        };
        let done = second_look::ActiveModel {
            id: Set(look.id.clone()),
            judgement: Set(Some(judged.judgement.code().to_owned())),
            judged_fields: Set(Some(serde_json::to_string(&judged.fields)?)),
            note_sealed: Set(note),
            judged_at: Set(Some(millis(self.context.clock.now()))),
            ..Default::default()
        };
        done.update(&tx).await?;
        self.rejected_forms.discard(&tx, &slot(actor, &look.id)).await?;
        let detail = json!({ "filing": look.filing_id });
        self.context.audit(&tx, Some(actor), "second_look.judge", "second_look", &look.id, detail).await?;
        Ok(tx.commit().await?)
    }
}

fn row(actor: &Actor, look: &second_look::Model, filing: &filing::Model) -> Result<SecondLookRow> {
    Ok(SecondLookRow {
        id: look.id.clone(),
        reference: filing.reference.clone(),
        procedure: procedure_of(filing)?,
        title: filing.title.clone(),
        subject_name: filing.subject_name.clone(),
        jurisdiction: region_name(&look.jurisdiction),
        since: written(instant(look.decided_at)),
        is_mine: is_in_hand_of(look, actor),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use sea_orm::QueryTrait as _;

    use super::*;
    use crate::common::*;

    claims![no_list_of_second_looks_is_read_whole];

    async fn no_list_of_second_looks_is_read_whole(world: World) {
        let officer = world.officer("110000").await;
        let other = world.nth_officer(9_950, "110000").await;
        world.many_filings(&other, 50, 60).await;
        world
            .execute(&format!(
                "INSERT INTO second_look (id, filing_id, round, jurisdiction, decider_id, decision, fields, \
                 decided_at, papers_sealed, judge_id, judgement, judged_fields, judged_at) \
                 SELECT id, id, 1, jurisdiction, '{0}', 'approve', '[]', submitted_at, '', \
                 CASE WHEN submitted_at % 3 > 0 THEN '{0}' END, CASE WHEN submitted_at % 3 > 0 THEN 'approve' END, \
                 '[]', CASE WHEN submitted_at % 3 > 0 THEN submitted_at END FROM filing WHERE id LIKE 'x-%'",
                other.person_id
            ))
            .await;
        world.execute("ANALYZE").await;
        let after = crate::base::db::new_id(world.now());
        for region in ["110000", "110100", "110101"] {
            let asked = Asked { officer: &officer.person_id, region, now: 1_000, lapsed: 0 };
            for after in [None, Some(after.as_str())] {
                let plan = world.plan_of_many(&asked.page(after).into_query()).await;
                let whole =
                    ["SCAN", "Seq Scan on second_look", "Seq Scan on filing", "USE TEMP B-TREE FOR ORDER"];
                assert!(whole.iter().all(|whole| !plan.contains(whole)), "{region}\n{plan}");
                assert!(plan.contains("second_look_"), "{region}\n{plan}");
            }
            // Page by page everything that waits is there, once, the oldest first.
            let on = world.service.parts.context.db.read();
            let mut ids: Vec<String> = Vec::new();
            loop {
                let mut rows = asked.page(ids.last().map(String::as_str)).all(on).await.unwrap();
                let next = split_page(&mut rows, |row| &row.id);
                ids.extend(rows.into_iter().map(|row| row.id));
                if next.is_none() {
                    break;
                }
            }
            assert!(ids.is_sorted());
            assert_eq!(ids.len(), if region == "110101" { 20 } else { 100 }, "{region}");
        }
    }
}
