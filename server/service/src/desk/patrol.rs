//! 需核查: what a patrol found of filings in an officer's region. Officers tell the applicant, ask for another look, or
//! say why nothing has to be done; nothing happens by itself.

use std::collections::BTreeMap;

use domain::notice::NoticeKind;
use domain::patrol::{DAYS_TO_ACT, Known, PatrolFault, PatrolState, check_reason};
use domain::route;
use domain::view::{PatrolChosen, PatrolDone, PatrolPage, PatrolRequest, PatrolRow};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};
use serde_json::json;
use time::Duration;

use crate::account::Accounts;
use crate::account::notice::Notices;
use crate::account::rejected_form::{RejectedForm, RejectedForms};
use crate::base::actor::Actor;
use crate::base::calendar::begin_of;
use crate::base::clock::{shanghai_date, written};
use crate::base::context::handle;
use crate::base::db::{Transaction, instant, millis, plausible_id, rows_of};
use crate::base::entity::{filing, live_domain, patrol_finding, patrol_look, record};
use crate::base::error::{Error, Result};
use crate::base::paging::PAGE;
use crate::base::region::region_name;
use crate::base::registration;
use crate::base::retry::retry;
use crate::base::text::{containing, host_in};
use crate::filing::patrol::{faults, filings_since, last_day, lies_in, named, patrol_filing, place, state};
use crate::state::row::{business_of, record_state};

handle! {
    /// What a patrol found, in an officer's region.
    PatrolDesk {
        accounts: Accounts,
        notices: Notices,
        rejected_forms: RejectedForms,
    } own { is_on: bool }
}

/// Which findings are asked for.
#[derive(Debug)]
struct Asked {
    region: String,
    states: Vec<PatrolState>,
    fault: Option<PatrolFault>,
    /// Of this record alone.
    record: Option<String>,
}

impl PatrolDesk {
    /// The findings of the officer's region, overdue ones first.
    pub async fn patrol_page(&self, actor: &Actor, request: &PatrolRequest) -> Result<PatrolPage> {
        let on = self.context.db.read();
        let asked = asked(on, actor, request).await?;
        let total = asked.find(&asked.states).count(on).await?;
        let cursor = cursor(&request.after);
        let (rows, next) = asked.page(on, cursor).await?;
        let chosen = match request.finding.as_str() {
            "" => None,
            id => Some(self.chosen(actor, id, request.check).await?),
        };
        Ok(PatrolPage {
            is_on: self.is_on,
            days: self.context.settings.patrol.days,
            rows: self.rows(actor, rows).await?,
            total,
            next,
            is_later: cursor.is_some(),
            chosen,
        })
    }

    async fn chosen(&self, actor: &Actor, id: &str, check: bool) -> Result<PatrolChosen> {
        let on = self.context.db.read();
        let (finding, _) = own(on, actor, id).await?;
        let held = match check {
            true => self.rejected_forms.find(on, &slot(actor, &finding.id)).await?.unwrap_or_default(),
            false => RejectedForm::default(),
        };
        let mut rows = self.rows(actor, vec![finding]).await?;
        let row = rows.pop().ok_or(Error::NotFound)?;
        Ok(PatrolChosen {
            row,
            reason: held.answers.text("reason").to_owned(),
            fault: held.faults.into_iter().next(),
        })
    }

    async fn rows(&self, actor: &Actor, rows: Vec<patrol_finding::Model>) -> Result<Vec<PatrolRow>> {
        let on = self.context.db.read();
        let ids: Vec<&str> = rows.iter().map(|row| row.record_id.as_str()).collect();
        let Some(since) = rows.iter().map(|row| row.found_at).min() else { return Ok(Vec::new()) };
        let filed = filings_since(on, &ids, since).await?;
        let looks =
            patrol_look::Entity::find().filter(patrol_look::Column::RecordId.is_in(ids.iter().copied()));
        let looks: BTreeMap<String, i64> =
            looks.all(on).await?.into_iter().map(|look| (look.record_id, look.looked_at)).collect();
        let records = record::Entity::find().filter(record::Column::Id.is_in(ids)).all(on).await?;
        let subjects = records.iter().map(|record| record.subject_id.as_str());
        let subjects = record::Entity::find()
            .filter(record::Column::Id.is_in(subjects))
            .filter(record::Column::OwnerId.eq(&actor.person_id))
            .all(on)
            .await?;
        let people = rows.iter().flat_map(|row| [&row.notifier_id, &row.closer_id]).flatten().cloned();
        let people: Vec<String> = people.collect();
        let names = self.accounts.staff_names(on, &people).await?;
        let records: BTreeMap<&str, &record::Model> =
            records.iter().map(|record| (record.id.as_str(), record)).collect();
        let mut shown = Vec::new();
        for row in &rows {
            // What has gone to another region since it was found is that region's.
            let record =
                records.get(row.record_id.as_str()).filter(|record| actor.covers(&record.jurisdiction));
            let Some(record) = record else { continue };
            let is_own = subjects.iter().any(|subject| subject.id == record.subject_id);
            let filed = filed.iter().filter(|filing| filing.record_id == record.id);
            let filed: Vec<&filing::Model> =
                filed.filter(|filing| filing.submitted_at >= row.found_at).collect();
            let looked_at = looks.get(&row.record_id).copied().unwrap_or(row.found_at);
            shown.push(self.row(row, record, looked_at, &names, &filed, is_own)?);
        }
        Ok(shown)
    }

    fn row(
        &self,
        row: &patrol_finding::Model,
        record: &record::Model,
        looked_at: i64,
        names: &BTreeMap<String, String>,
        filed: &[&filing::Model],
        is_own: bool,
    ) -> Result<PatrolRow> {
        let keys = &self.context.keys;
        let reason = row.reason_sealed.as_deref();
        let reason = reason.map(|reason| keys.open_text(&place(&row.id), reason)).transpose()?;
        let state = state(row)?;
        let done = |by: &Option<String>, at: Option<i64>, reason: String| {
            at.map(|at| PatrolDone {
                by: by.as_ref().and_then(|id| names.get(id)).cloned().unwrap_or_default(),
                at: written(instant(at)),
                reason,
            })
        };
        Ok(PatrolRow {
            id: row.id.clone(),
            state,
            business: business_of(record)?,
            name: record.title.clone(),
            record_state: record_state(record)?,
            number: record.registration_number.clone().unwrap_or_default(),
            digits: record.registration_digits.clone().unwrap_or_default(),
            jurisdiction: region_name(&record.jurisdiction),
            seen: faults(row)?,
            since: written(instant(row.found_at)),
            looked_at: written(instant(looked_at)),
            is_look_asked: self.is_on
                && !state.is_finished()
                && record.patrol_at <= millis(self.context.clock.now()),
            notified: done(&row.notifier_id, row.notified_at, String::new()),
            due_on: row.due_at.map(last_day),
            closed: done(&row.closer_id, row.closed_at, reason.unwrap_or_default()),
            filings: filed.iter().take(3).map(|row| patrol_filing(row)).collect::<Result<_>>()?,
            is_own,
        })
    }

    /// 【通知申请人】: the owner has thirty days to change or cancel. Once.
    ///
    /// # Errors
    /// `NotFound` for findings of other regions, `Refused` where it was done before or is the officer's own.
    pub async fn notify_applicant(&self, actor: &Actor, id: &str) -> Result<()> {
        retry!(self.try_notify_applicant(actor, id))
    }

    async fn try_notify_applicant(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let (finding, record) = self.to_be_done(&tx, actor, id).await?;
        if state(&finding)? != PatrolState::Open {
            return Err(Error::refused("已经通知过申请人，期限届满前无需重复通知"));
        }
        let subject = record::Entity::find_by_id(&record.subject_id).one(&tx).await?;
        let owner = subject.and_then(|subject| subject.owner_id);
        let Some(owner) = owner else {
            return Err(Error::refused("该备案没有可以通知的申请人"));
        };
        let now = self.context.clock.now();
        let due_at = begin_of(shanghai_date(now) + Duration::days(DAYS_TO_ACT + 1));
        let notified = patrol_finding::ActiveModel {
            id: Set(finding.id.clone()),
            state: Set(PatrolState::Notified.code().to_owned()),
            notified_at: Set(Some(millis(now))),
            notifier_id: Set(Some(actor.person_id.clone())),
            due_at: Set(Some(due_at)),
            ..Default::default()
        };
        notified.update(&tx).await?;
        let business = business_of(&record)?;
        let what = match business.is_subject() {
            true => "您的主体备案".to_owned(),
            false => format!("您的{}“{}”", business.noun(), record.title),
        };
        let text = format!(
            "网安部门核查{what}，发现：{}。请在 {} 前核实并提交变更或注销；恢复正常的，平台再次核查后自动撤销。",
            named(&faults(&finding)?),
            last_day(due_at)
        );
        let link = Some(route::record(business, &record.id));
        self.notices.notify(&tx, &owner, NoticeKind::Reminder, text, link).await?;
        let detail = json!({ "record": record.id, "days": DAYS_TO_ACT });
        self.context.audit(&tx, Some(actor), "patrol.notify", "patrol_finding", &finding.id, detail).await?;
        Ok(tx.commit().await?)
    }

    /// 【再次核查】: the next round looks at it, as soon as its host may be asked again.
    ///
    /// # Errors
    /// `NotFound` for findings of other regions, `Refused` where nobody looks.
    pub async fn look_again(&self, actor: &Actor, id: &str) -> Result<()> {
        if !self.is_on {
            return Err(Error::refused("平台没有开启自动核查，请人工核对"));
        }
        retry!(self.try_look_again(actor, id))
    }

    async fn try_look_again(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let (finding, record) = self.to_be_done(&tx, actor, id).await?;
        record::Entity::update_many()
            .col_expr(record::Column::PatrolAt, Expr::value(millis(self.context.clock.now())))
            .filter(record::Column::Id.eq(&record.id))
            .exec(&tx)
            .await?;
        let detail = json!({ "record": record.id });
        self.context
            .audit(&tx, Some(actor), "patrol.look_again", "patrol_finding", &finding.id, detail)
            .await?;
        Ok(tx.commit().await?)
    }

    /// 【无需处理】 with a reason. What was found is not found again until it was right once.
    ///
    /// # Errors
    /// `NotFound` for findings of other regions, `Faults` without a reason, which is kept for the page with what was
    /// typed, `Refused` where somebody was quicker or it is the officer's own.
    pub async fn dismiss(&self, actor: &Actor, id: &str, reason: &str) -> Result<()> {
        actor.must_review()?;
        match check_reason(reason) {
            Ok(reason) => retry!(self.try_dismiss(actor, id, &reason)),
            Err(fault) => {
                let mut form = RejectedForm { faults: vec![fault.clone()], ..RejectedForm::default() };
                form.answers.set_text("reason", reason.chars().take(1_000).collect::<String>());
                retry!(self.try_hold(actor, id, &form))?;
                Err(Error::Faults(vec![fault]))
            }
        }
    }

    async fn try_hold(&self, actor: &Actor, id: &str, form: &RejectedForm) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let (finding, _) = own(&tx, actor, id).await?;
        self.rejected_forms.stash(&tx, slot(actor, &finding.id), form).await?;
        Ok(tx.commit().await?)
    }

    async fn try_dismiss(&self, actor: &Actor, id: &str, reason: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let (finding, record) = self.to_be_done(&tx, actor, id).await?;
        let was_told = finding.notified_at.is_some();
        let dismissed = patrol_finding::ActiveModel {
            id: Set(finding.id.clone()),
            state: Set(PatrolState::Dismissed.code().to_owned()),
            closed_at: Set(Some(millis(self.context.clock.now()))),
            closer_id: Set(Some(actor.person_id.clone())),
            reason_sealed: Set(Some(self.context.keys.seal_text(&place(&finding.id), reason)?)),
            ..Default::default()
        };
        dismissed.update(&tx).await?;
        let found = faults(&finding)?;
        if let Some(look) = patrol_look::Entity::find_by_id(&record.id).one(&tx).await? {
            let mut known: Vec<Known> = serde_json::from_str(&look.known)?;
            for known in &mut known {
                known.is_dismissed |= found.iter().any(|seen| seen.fault == known.fault);
            }
            patrol_look::Entity::update_many()
                .col_expr(patrol_look::Column::Known, Expr::value(serde_json::to_string(&known)?))
                .filter(patrol_look::Column::RecordId.eq(&record.id))
                .exec(&tx)
                .await?;
        }
        if was_told {
            self.tell_that_it_is_done(&tx, &record, &named(&found)).await?;
        }
        self.rejected_forms.discard(&tx, &slot(actor, &finding.id)).await?;
        let detail = json!({ "record": record.id });
        self.context.audit(&tx, Some(actor), "patrol.dismiss", "patrol_finding", &finding.id, detail).await?;
        Ok(tx.commit().await?)
    }

    async fn tell_that_it_is_done(&self, tx: &Transaction, record: &record::Model, what: &str) -> Result<()> {
        let subject = record::Entity::find_by_id(&record.subject_id).one(tx).await?;
        let Some(owner) = subject.and_then(|subject| subject.owner_id) else { return Ok(()) };
        let business = business_of(record)?;
        let name = if business.is_subject() { String::new() } else { format!("“{}”", record.title) };
        let text =
            format!("此前通知的{}{name}核查事项（{what}）经网安部门核实，无需再处理。", business.noun());
        let link = Some(route::record(business, &record.id));
        self.notices.notify(tx, &owner, NoticeKind::Reminder, text, link).await
    }

    /// A finding of the officer's region that somebody can still do something about, under its lock.
    async fn to_be_done(
        &self,
        tx: &Transaction,
        actor: &Actor,
        id: &str,
    ) -> Result<(patrol_finding::Model, record::Model)> {
        let (finding, record) = own(tx, actor, id).await?;
        let finding = patrol_finding::Entity::find_by_id(&finding.id).lock_exclusive().one(tx).await?;
        let finding = finding.ok_or(Error::NotFound)?;
        if finding.closed_at.is_some() {
            return Err(Error::refused(format!(
                "这一条已经结束（{}），请刷新本页",
                state(&finding)?.label()
            )));
        }
        let subject = record::Entity::find_by_id(&record.subject_id).one(tx).await?;
        if subject.is_some_and(|subject| subject.owner_id.as_ref() == Some(&actor.person_id)) {
            return Err(Error::refused("不能处理涉及本人备案的核查事项，请由其他民警办理"));
        }
        Ok((finding, record))
    }
}

/// A finding with its record, where the record lies in the officer's region now.
async fn own(
    on: &impl ConnectionTrait,
    actor: &Actor,
    id: &str,
) -> Result<(patrol_finding::Model, record::Model)> {
    actor.must_review()?;
    let found = patrol_finding::Entity::find_by_id(plausible_id(id)?)
        .find_also_related(record::Entity)
        .one(on)
        .await?;
    let (finding, record) = found.ok_or(Error::NotFound)?;
    let record = record.filter(|record| actor.covers(&record.jurisdiction)).ok_or(Error::NotFound)?;
    Ok((finding, record))
}

/// Where a reason that was refused waits for the page.
fn slot(actor: &Actor, finding: &str) -> String {
    format!("{}/patrol/{finding}", actor.person_id)
}

async fn asked(on: &impl ConnectionTrait, actor: &Actor, request: &PatrolRequest) -> Result<Asked> {
    let region = actor.must_review()?.to_owned();
    let states = match request.state.as_str() {
        "done" => PatrolState::ALL.into_iter().filter(|state| state.is_finished()).collect(),
        code => match PatrolState::from_code(code) {
            Some(state) => vec![state],
            None => PatrolState::UNFINISHED.to_vec(),
        },
    };
    let record = match request.search.trim() {
        "" => None,
        text => Some(sought(on, text).await?.unwrap_or_default()),
    };
    Ok(Asked { region, states, fault: PatrolFault::from_code(&request.fault), record })
}

/// The record of a number or a domain.
async fn sought(on: &impl ConnectionTrait, text: &str) -> Result<Option<String>> {
    if let Some(digits) = registration::scan(text) {
        let of_number = record::Column::RegistrationDigits.eq(digits);
        let row = record::Entity::find().filter(of_number).one(on).await?;
        return Ok(row.map(|row| row.id));
    }
    let Some(host) = host_in(text) else { return Ok(None) };
    Ok(live_domain::Entity::find_by_id(host).one(on).await?.map(|row| row.record_id))
}

/// Where a page begins: in this state, after this id.
fn cursor(after: &str) -> Option<(PatrolState, &str)> {
    let (state, id) = after.split_once('_')?;
    Some((PatrolState::from_code(state)?, plausible_id(id).ok()?))
}

impl Asked {
    fn find(&self, states: &[PatrolState]) -> Select<patrol_finding::Entity> {
        let codes = states.iter().map(|state| state.code());
        let mut found = patrol_finding::Entity::find()
            .filter(lies_in(&self.region))
            .filter(patrol_finding::Column::State.is_in(codes));
        if let Some(fault) = self.fault {
            let named = format!("\"{}\"", fault.code());
            found = found.filter(patrol_finding::Column::Faults.like(containing(&named)));
        }
        if let Some(record) = &self.record {
            found = found.filter(patrol_finding::Column::RecordId.eq(record));
        }
        found
    }

    /// One state after the other, each by its index: what waits longest first, what has ended last first.
    fn of_state(&self, state: PatrolState, after: Option<&str>, most: u64) -> Select<patrol_finding::Entity> {
        let found = self.find(&[state]).limit(most);
        let id = patrol_finding::Column::Id;
        match state.is_finished() {
            true => after.iter().fold(found, |found, after| found.filter(id.lt(*after))).order_by_desc(id),
            false => after.iter().fold(found, |found, after| found.filter(id.gt(*after))).order_by_asc(id),
        }
    }

    async fn page(
        &self,
        on: &impl ConnectionTrait,
        cursor: Option<(PatrolState, &str)>,
    ) -> Result<(Vec<patrol_finding::Model>, Option<String>)> {
        let begins_at = cursor.map_or(PatrolState::Overdue, |(state, _)| state);
        let states = self.states.iter().copied().filter(|state| *state >= begins_at);
        let of = |state: PatrolState| {
            let after = cursor.filter(|(at, _)| *at == state).map(|(_, id)| id);
            self.of_state(state, after, PAGE + 1).into_query()
        };
        let mut found = Vec::new();
        for row in rows_of::<patrol_finding::Model>(on, states.map(of).collect()).await? {
            found.push((state(&row)?, row));
        }
        found.sort_by(|(state, row), (other_state, other)| {
            let by_id = row.id.cmp(&other.id);
            state.cmp(other_state).then(if state.is_finished() { by_id.reverse() } else { by_id })
        });
        let mut rows: Vec<patrol_finding::Model> = found.into_iter().map(|(_, row)| row).collect();
        let has_more = rows.len() as u64 > PAGE;
        rows.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
        let last = rows.last().filter(|_| has_more);
        let next = last.map(|row| format!("{}_{}", row.state, row.id));
        Ok((rows, next))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use crate::common::*;

    claims![no_list_of_findings_is_read_whole];

    async fn no_list_of_findings_is_read_whole(world: World) {
        let officer = world.officer("110000").await;
        world.many_filings(&officer, 50, 60).await;
        let states = "CASE created_at % 6 WHEN 0 THEN 'overdue' WHEN 1 THEN 'open' WHEN 2 THEN 'notified' \
                      WHEN 3 THEN 'dismissed' WHEN 4 THEN 'resolved' ELSE 'ended' END";
        let faults = r#"'[{"fault":"no_badge","told":"x"}]'"#;
        world
            .execute(&format!(
                "INSERT INTO patrol_finding (id, record_id, jurisdiction, state, faults, found_at, closed_at) \
                 SELECT id, id, jurisdiction, {states}, {faults}, created_at, \
                 CASE WHEN created_at % 6 > 2 THEN 1 END FROM record WHERE id LIKE 'x-%'"
            ))
            .await;
        world.execute("ANALYZE").await;
        let after = crate::base::db::new_id(world.now());
        for region in ["110000", "110100", "110101"] {
            let mut all = 0;
            for state in PatrolState::ALL {
                for (fault, record) in
                    [(None, None), (Some(PatrolFault::Moved), None), (None, Some("x-110101-7".to_owned()))]
                {
                    let asked = Asked { region: region.to_owned(), states: vec![state], fault, record };
                    for after in [None, Some(after.as_str())] {
                        let plan = world.plan(&asked.of_state(state, after, PAGE).into_query()).await;
                        let whole = ["SCAN patrol_finding", "Seq Scan on patrol_finding", "TEMP B-TREE"];
                        assert!(whole.iter().all(|whole| !plan.contains(whole)), "{asked:?}\n{plan}");
                    }
                }
            }
            for states in
                [PatrolState::UNFINISHED, [PatrolState::Dismissed, PatrolState::Resolved, PatrolState::Ended]]
            {
                let asked =
                    Asked { region: region.to_owned(), states: states.to_vec(), fault: None, record: None };
                let plan = world.plan(&asked.find(&states).into_query()).await;
                assert!(
                    !plan.contains("SCAN patrol_finding") && !plan.contains("Seq Scan"),
                    "{asked:?}\n{plan}"
                );
                // Page by page everything is there, once.
                let on = world.service.parts.context.db.read();
                let (mut rows, mut next) = asked.page(on, None).await.unwrap();
                while let Some(after) = next {
                    let (more, then) = asked.page(on, cursor_of(&after)).await.unwrap();
                    rows.extend(more);
                    next = then;
                }
                let kinds: Vec<PatrolState> = rows.iter().map(|row| state(row).unwrap()).collect();
                assert!(kinds.is_sorted());
                let ids: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
                assert_eq!(ids.len(), rows.len());
                assert_eq!(rows.len() as u64, asked.find(&states).count(on).await.unwrap());
                all += rows.len();
            }
            assert_eq!(all, if region == "110101" { 60 } else { 300 }, "{region}");
        }
    }

    /// Without the look of a real id, which these rows have not.
    fn cursor_of(after: &str) -> Option<(PatrolState, &str)> {
        let (state, id) = after.split_once('_')?;
        Some((PatrolState::from_code(state)?, id))
    }
}
