//! The receiver's side of 移交: finding what is offered, taking it, refusing it.

use std::collections::BTreeMap;

use domain::answer::Answers;
use domain::business::Business;
use domain::mask::{Mask, mask};
use domain::notice::NoticeKind;
use domain::record::RecordEvent;
use domain::route;
use domain::sheet::{Disclosure, Sheet, Shown, sheet};
use domain::value::text::comparison_key;
use domain::view::{HandoverList, HandoverRow, HandoverSearch, HandoverView};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use time::OffsetDateTime;

use crate::account::person::Claims;
use crate::account::rejected_form::RejectedForm;
use crate::applicant::handover::{Handovers, OPEN_FOR, words_of_offer};
use crate::base::actor::Actor;
use crate::base::clock::{days_left, written};
use crate::base::db::{Transaction, instant, plausible_id};
use crate::base::entity::{handover, person, record};
use crate::base::error::{Error, Result};
use crate::base::region::KnownRegions;
use crate::base::retry::retry;
use crate::base::text::one_line;
use crate::state::transition;
use crate::state::transition::{HANDOVER_OPEN, HandoverEnd};

/// Subjects that wait for one person; nobody is handed more at once.
const MOST_WAITING: u64 = 100;

/// Longest of what is searched by.
const LONGEST_SEARCH: usize = 40;

impl Handovers {
    /// Holds what the person searches waiting subjects by, for `Handovers::found_handovers`.
    pub async fn search_handovers(&self, actor: &Actor, search: &HandoverSearch) -> Result<()> {
        retry!(self.try_search_handovers(actor, search))
    }

    async fn try_search_handovers(&self, actor: &Actor, search: &HandoverSearch) -> Result<()> {
        let mut answers = Answers::new();
        for (at, text) in [("name", &search.name), ("mobile", &search.mobile), ("id_no", &search.id_no)] {
            answers.set_text(at, one_line(text, LONGEST_SEARCH));
        }
        let tx = self.context.db.begin().await?;
        self.rejected_forms
            .stash(&tx, search_slot(actor), &RejectedForm { answers, faults: Vec::new() })
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Tells who signs in of subjects that were handed to them while the platform did not know them, each once.
    pub async fn tell_newcomer(&self, actor: &Actor) -> Result<()> {
        let waiting = self.handovers(actor, "", "", "").await?;
        if waiting.is_empty() {
            return Ok(());
        }
        retry!(self.try_tell_newcomer(actor, &waiting))
    }

    async fn try_tell_newcomer(&self, actor: &Actor, waiting: &[HandoverRow]) -> Result<()> {
        let tx = self.context.db.begin().await?;
        // One sign-in at a time, so that none is told twice.
        person::Entity::find_by_id(&actor.person_id).lock_exclusive().one(&tx).await?;
        for row in waiting {
            let told = words_of_offer(&row.subject_name);
            if !self.notices.has_told(&tx, &actor.person_id, &told).await? {
                let link = Some(route::RECEIVE.to_owned());
                self.notices.note(&tx, &actor.person_id, NoticeKind::Handover, told, link).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// 接收主体 (R25): what waits for this person, all of it or what the held search finds.
    pub async fn found_handovers(&self, actor: &Actor, is_searched: bool) -> Result<HandoverList> {
        let held = match is_searched {
            true => {
                self.rejected_forms
                    .find(self.context.db.read(), &search_slot(actor))
                    .await?
                    .unwrap_or_default()
                    .answers
            }
            false => Answers::new(),
        };
        let of = |at: &str| held.text(at).to_owned();
        let search = HandoverSearch { name: of("name"), mobile: of("mobile"), id_no: of("id_no") };
        let rows = self.handovers(actor, &search.name, &search.mobile, &search.id_no).await?;
        Ok(HandoverList { search, rows })
    }

    /// 接收主体 (R25): what waits for this person, the newest first. Searched by the giver's 姓名, 手机号,
    /// 身份证号; empty means any.
    pub async fn handovers(
        &self,
        actor: &Actor,
        name: &str,
        mobile: &str,
        id_no: &str,
    ) -> Result<Vec<HandoverRow>> {
        let on = self.context.db.read();
        let person = self.accounts.own_row(actor).await?;
        let now = self.context.clock.now();
        let waiting = handover::Entity::find()
            .filter(addressed_to(&person))
            .filter(handover::Column::State.eq(HANDOVER_OPEN))
            .order_by_desc(handover::Column::CreatedAt)
            .order_by_desc(handover::Column::Id)
            .limit(MOST_WAITING)
            .all(on)
            .await?;
        let waiting: Vec<handover::Model> = waiting.into_iter().filter(|row| !has_lapsed(row, now)).collect();
        if waiting.is_empty() {
            return Ok(Vec::new());
        }
        let (titles, givers) = self.subjects_and_givers(on, &waiting).await?;
        let rows = waiting.iter().filter_map(|row| {
            let (title, giver) = (titles.get(&row.subject_id)?, givers.get(&row.giver_id)?);
            let is_wanted = finds(name, Mask::Name, &giver.name)
                && finds(mobile, Mask::Mobile, &giver.mobile)
                && finds(id_no, Mask::IdNumber, &giver.id_no);
            is_wanted.then(|| handover_row(row, title, giver, now))
        });
        Ok(rows.collect())
    }

    async fn subjects_and_givers(
        &self,
        on: &impl ConnectionTrait,
        rows: &[handover::Model],
    ) -> Result<(BTreeMap<String, String>, BTreeMap<String, Claims>)> {
        let titles: Vec<(String, String)> = record::Entity::find()
            .select_only()
            .columns([record::Column::Id, record::Column::Title])
            .filter(record::Column::Id.is_in(rows.iter().map(|row| row.subject_id.as_str())))
            .into_tuple()
            .all(on)
            .await?;
        let givers = person::Entity::find()
            .filter(person::Column::Id.is_in(rows.iter().map(|row| row.giver_id.as_str())))
            .all(on)
            .await?;
        let givers = givers.iter().map(|person| Ok((person.id.clone(), self.accounts.claims(person)?)));
        Ok((titles.into_iter().collect(), givers.collect::<Result<_>>()?))
    }

    /// 【详情】: the subject as its recipient may see it before receiving it, masked and without pictures.
    ///
    /// # Errors
    /// `NotFound` for what is not addressed to the actor, `Refused` with what became of it.
    pub async fn handover_view(&self, actor: &Actor, id: &str) -> Result<HandoverView> {
        let on = self.context.db.read();
        let row = self.addressed_handover(on, actor, id).await?;
        let now = self.context.clock.now();
        still_open(&row, now)?;
        let subject = record::Entity::find_by_id(&row.subject_id).one(on).await?.ok_or(Error::NotFound)?;
        let (_, givers) = self.subjects_and_givers(on, std::slice::from_ref(&row)).await?;
        let giver = givers.get(&row.giver_id).ok_or(Error::NotFound)?;
        let answers = self.records.record_answers(&subject)?;
        let whole = sheet(Business::Subject.form(), &answers, &KnownRegions, Disclosure::Masked);
        Ok(HandoverView {
            row: handover_row(&row, &subject.title, giver, now),
            sheet: without_files(whole),
            attached: self.identity_checks.attached(&subject.id).await?,
        })
    }

    async fn addressed_handover(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        id: &str,
    ) -> Result<handover::Model> {
        let person = person::Entity::find_by_id(&actor.person_id).one(on).await?.ok_or(Error::NotFound)?;
        handover::Entity::find_by_id(plausible_id(id)?)
            .filter(addressed_to(&person))
            .one(on)
            .await?
            .ok_or(Error::NotFound)
    }

    /// A handover addressed to the actor with its subject, both locked; still open at the time that
    /// comes along.
    async fn locked_handover(
        &self,
        tx: &Transaction,
        actor: &Actor,
        id: &str,
    ) -> Result<(handover::Model, record::Model, OffsetDateTime)> {
        let row = self.addressed_handover(tx, actor, id).await?;
        let subject = transition::lock_subject(tx, &row.subject_id).await?;
        // Only now that the subject is locked does it stand still.
        let row = self.addressed_handover(tx, actor, &row.id).await?;
        let now = self.context.clock.now();
        still_open(&row, now)?;
        Ok((row, subject, now))
    }

    /// 【接收】: the subject with everything attached is the actor's from this moment, and nobody else's.
    ///
    /// # Errors
    /// `NotFound` for what is not addressed to the actor, `Refused` with what became of it.
    pub async fn receive(&self, actor: &Actor, id: &str) -> Result<()> {
        retry!(self.try_receive(actor, id))
    }

    async fn try_receive(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let (row, subject, now) = self.locked_handover(&tx, actor, id).await?;
        transition::end_handover(&tx, &row, HandoverEnd::Received, now).await?;
        transition::receive(&tx, &subject, &actor.person_id, now).await?;
        person::Entity::update_many()
            .col_expr(person::Column::CurrentSubjectId, Expr::value(None::<String>))
            .filter(person::Column::Id.eq(&row.giver_id))
            .filter(person::Column::CurrentSubjectId.eq(&subject.id))
            .exec_with_returning(&tx)
            .await?;
        let title = &subject.title;
        self.notices
            .notify(
                &tx,
                &row.giver_id,
                NoticeKind::Handover,
                format!("您移交的主体“{title}”已由接收人接收"),
                None,
            )
            .await?;
        let todo = format!("您已接收主体“{title}”及其全部业务。待办：请尽快办理变更主体，更新负责人信息");
        let change = route::change(Business::Subject, &subject.id);
        self.notices.note(&tx, &actor.person_id, NoticeKind::Handover, todo, Some(change)).await?;
        // One line for either side.
        let detail = json!({ "handover": row.id, "to": actor.person_id });
        self.context.audit(&tx, Some(actor), "handover.give", "person", &row.giver_id, detail).await?;
        let detail = json!({ "handover": row.id, "from": row.giver_id });
        self.context.audit(&tx, Some(actor), "handover.receive", "record", &subject.id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// 拒收: the subject stays with its owner.
    pub async fn refuse(&self, actor: &Actor, id: &str) -> Result<()> {
        retry!(self.try_refuse(actor, id))
    }

    async fn try_refuse(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let (row, subject, now) = self.locked_handover(&tx, actor, id).await?;
        transition::end_handover(&tx, &row, HandoverEnd::Refused, now).await?;
        transition::record(&tx, &subject, RecordEvent::EndTransfer, now).await?;
        let title = &subject.title;
        let told = format!("接收人拒绝接收主体“{title}”，主体仍在您名下");
        self.notices
            .notify(&tx, &row.giver_id, NoticeKind::Handover, told, Some(route::TRANSFER.to_owned()))
            .await?;
        self.notices
            .note(&tx, &actor.person_id, NoticeKind::Handover, format!("您已拒绝接收主体“{title}”"), None)
            .await?;
        let detail = json!({ "handover": row.id });
        self.context.audit(&tx, Some(actor), "handover.refuse", "record", &subject.id, detail).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Where a person's search is held: names and numbers stand in no address.
fn search_slot(actor: &Actor) -> String {
    format!("{}/receive", actor.person_id)
}

fn has_lapsed(row: &handover::Model, now: OffsetDateTime) -> bool {
    now - instant(row.created_at) >= OPEN_FOR
}

/// Addressed to this person, by verified number and paper (R25).
fn addressed_to(person: &person::Model) -> Condition {
    Condition::all()
        .add(handover::Column::ReceiverMobileHash.eq(&person.mobile_hash))
        .add(handover::Column::ReceiverIdNoHash.eq(&person.id_no_hash))
        .add(handover::Column::GiverId.ne(&person.id))
}

/// Finds what one sees, or knows in full. A search never shows more than the stars do.
fn finds(wanted: &str, shape: Mask, value: &str) -> bool {
    let wanted = comparison_key(wanted);
    let is_seen = || comparison_key(&mask(shape, value)).split('*').any(|part| part.contains(&wanted));
    wanted.is_empty() || comparison_key(value) == wanted || (!wanted.contains('*') && is_seen())
}

/// Refused with what became of it. What should have lapsed has, whether it was swept or not.
fn still_open(row: &handover::Model, now: OffsetDateTime) -> Result<()> {
    match transition::handover_over(row)? {
        Some(error) => Err(error),
        None if has_lapsed(row, now) => Err(Error::refused(HandoverEnd::Lapsed.sentence())),
        None => Ok(()),
    }
}

fn handover_row(row: &handover::Model, title: &str, giver: &Claims, now: OffsetDateTime) -> HandoverRow {
    HandoverRow {
        id: row.id.clone(),
        subject_name: title.to_owned(),
        sender_name: mask(Mask::Name, &giver.name),
        sender_mobile: mask(Mask::Mobile, &giver.mobile),
        sender_id: mask(Mask::IdNumber, &giver.id_no),
        created_at: written(instant(row.created_at)),
        days_left: days_left(instant(row.created_at), OPEN_FOR, now),
    }
}

/// Files are their owner's until the subject is received.
fn without_files(mut whole: Sheet) -> Sheet {
    for row in whole.sections.iter_mut().flat_map(|section| &mut section.rows) {
        if matches!(row.value, Shown::Pictures(_) | Shown::Documents(_)) {
            row.value = Shown::Text("接收后可以查看".to_owned());
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R70: a search is no way around the stars.
    #[test]
    fn a_search_finds_what_is_seen_or_known_in_full() {
        let number = "110101190001010015";
        for (wanted, found) in [
            ("", true),
            ("110", true),
            ("0015", true),
            (number, true),
            ("11010119000101001 5", true),
            ("1101", false),
            ("1900", false),
            ("10015", false),
            ("*", false),
        ] {
            assert_eq!(finds(wanted, Mask::IdNumber, number), found, "{wanted}");
        }
        assert!(finds("\u{2067}赵 某某\0", Mask::Name, "赵某某") && finds("⾼某", Mask::Name, "高某"));
        assert!(finds("赵", Mask::Name, "赵某某") && finds("赵某某", Mask::Name, "赵某某"));
        assert!(!finds("某", Mask::Name, "赵某某"));
    }
}
