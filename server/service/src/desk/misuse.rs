//! 举报线索: what anybody reported of records in an officer's region, and what became of it.

use std::collections::BTreeMap;

use domain::misuse::{MisuseKind, check_note};
use domain::purpose::check_purpose;
use domain::record::RecordState;
use domain::value::text::tidy;
use domain::view::{MisuseHandled, MisuseRequest, MisuseRow, Paged};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::json;

use crate::account::Accounts;
use crate::account::usage::Usage;
use crate::base::actor::Actor;
use crate::base::clock::written;
use crate::base::context::handle;
use crate::base::db::{instant, millis, plausible_id};
use crate::base::entity::{audit, misuse_report, record};
use crate::base::error::{Error, Result};
use crate::base::limits::Use;
use crate::base::paging::{PAGE, split_page};
use crate::base::region::region_name;
use crate::base::retry::retry;
use crate::filing::misuse::{concerns, open, place};
use crate::state::row::record_state;

handle! {
    /// Reports of misuse in an officer's region.
    MisuseDesk {
        accounts: Accounts,
        usage: Usage,
    }
}

/// A look at how to reach whoever reported.
const CONTACT: &str = "misuse.contact";

/// How long a purpose that was written down opens it.
const LOOK: time::Duration = time::Duration::minutes(15);

impl MisuseDesk {
    /// The reports of the officer's region, the newest first.
    pub async fn misuse_reports(&self, actor: &Actor, request: &MisuseRequest) -> Result<Paged<MisuseRow>> {
        let region = actor.must_review()?;
        let on = self.context.db.read();
        let handled = misuse_report::Column::HandledAt;
        let query = misuse_report::Entity::find().filter(concerns(region)).filter(if request.handled {
            handled.is_not_null()
        } else {
            handled.is_null()
        });
        let total = query.clone().count(on).await?;
        let mut query = query.order_by_desc(misuse_report::Column::Id).limit(PAGE + 1);
        if !request.after.is_empty() {
            query = query.filter(misuse_report::Column::Id.lt(&request.after));
        }
        let mut rows = query.all(on).await?;
        let next = split_page(&mut rows, |row| &row.id);
        let looked_at = self.looked_at(actor, request.look).await?;
        let rows = self.rows(rows, looked_at.as_deref()).await?;
        Ok(Paged { rows, total, next, is_later: !request.after.is_empty() })
    }

    async fn rows(&self, rows: Vec<misuse_report::Model>, looked_at: Option<&str>) -> Result<Vec<MisuseRow>> {
        let on = self.context.db.read();
        let about = rows.iter().map(|row| row.record_id.as_str());
        let records = record::Entity::find().filter(record::Column::Id.is_in(about)).all(on).await?;
        let records: BTreeMap<&str, &record::Model> =
            records.iter().map(|record| (record.id.as_str(), record)).collect();
        let handlers: Vec<String> = rows.iter().filter_map(|row| row.handler_id.clone()).collect();
        let names = self.accounts.staff_names(on, &handlers).await?;
        rows.iter()
            .filter_map(|row| records.get(row.record_id.as_str()).map(|record| (row, *record)))
            .map(|(row, record)| self.row(row, record, &names, looked_at == Some(row.id.as_str())))
            .collect()
    }

    fn row(
        &self,
        row: &misuse_report::Model,
        record: &record::Model,
        names: &BTreeMap<String, String>,
        is_looked_at: bool,
    ) -> Result<MisuseRow> {
        let keys = &self.context.keys;
        let told = open(keys, row)?;
        let kind = MisuseKind::from_code(&row.kind)
            .ok_or_else(|| Error::Corrupt(format!("kind {} of report {}", row.kind, row.id)))?;
        let contact = row.contact_sealed.as_deref().filter(|_| is_looked_at);
        let note = row.note_sealed.as_deref();
        let note = note.map(|note| keys.open_text(&place(&row.id, "note"), note)).transpose()?;
        Ok(MisuseRow {
            id: row.id.clone(),
            kind,
            name: record.title.clone(),
            number: record.registration_number.clone().unwrap_or_default(),
            digits: record.registration_digits.clone().unwrap_or_default(),
            is_cancelled: record_state(record)? == RecordState::Cancelled,
            jurisdiction: region_name(&record.jurisdiction),
            site: told.site,
            text: told.text,
            at: written(instant(row.created_at)),
            has_contact: row.contact_sealed.is_some(),
            contact: contact.map(|sealed| keys.open_text(&place(&row.id, "contact"), sealed)).transpose()?,
            handled: row.handled_at.map(|at| MisuseHandled {
                by: row.handler_id.as_ref().and_then(|id| names.get(id)).cloned().unwrap_or_default(),
                at: written(instant(at)),
                note: note.unwrap_or_default(),
            }),
        })
    }

    /// The report whose contact the officer has just given a purpose for.
    async fn looked_at(&self, actor: &Actor, look: Option<i64>) -> Result<Option<String>> {
        let Some(look) = look else { return Ok(None) };
        let line = audit::Entity::find_by_id(look).one(self.context.db.read()).await?;
        let line = line.filter(|line| {
            line.action == CONTACT
                && line.actor_id.as_deref() == Some(&actor.person_id)
                && instant(line.at) + LOOK > self.context.clock.now()
        });
        Ok(line.map(|line| line.object_id))
    }

    /// A report of the officer's region, or `NotFound`.
    async fn own(&self, on: &impl ConnectionTrait, actor: &Actor, id: &str) -> Result<misuse_report::Model> {
        let region = actor.must_review()?;
        misuse_report::Entity::find_by_id(plausible_id(id)?)
            .filter(concerns(region))
            .one(on)
            .await?
            .ok_or(Error::NotFound)
    }

    /// Writes down that the officer looks at how to reach whoever reported, and why (R65, R70). The number it
    /// gives opens it to the same officer for a quarter of an hour.
    ///
    /// # Errors
    /// `NotFound` for reports of other regions, `Refused` without a real purpose, `TooMany` above the limit.
    pub async fn look_at_contact(&self, actor: &Actor, id: &str, purpose: &str) -> Result<i64> {
        let purpose = check_purpose(purpose).map_err(Error::refused)?;
        retry!(self.try_look_at_contact(actor, id, purpose))
    }

    async fn try_look_at_contact(&self, actor: &Actor, id: &str, purpose: &str) -> Result<i64> {
        let tx = self.context.db.begin().await?;
        let row = self.own(&tx, actor, id).await?;
        if row.contact_sealed.is_none() {
            return Err(Error::refused("举报人没有留联系方式"));
        }
        let used = self.usage.count_use(&tx, actor, Use::Unmasking).await?;
        if used == self.context.settings.limits.unmaskings_told {
            self.usage.tell_auditors_of_many_looks(&tx, actor, used).await?;
        }
        let detail = json!({ "purpose": tidy(purpose) });
        let look = self.context.audit(&tx, Some(actor), CONTACT, "misuse_report", &row.id, detail).await?;
        tx.commit().await?;
        Ok(look)
    }

    /// 【标为已处理】 with what was done.
    ///
    /// # Errors
    /// `NotFound` for reports of other regions, `Faults` without a note, `Refused` where somebody was quicker or the
    /// record is the officer's own.
    pub async fn handle_report(&self, actor: &Actor, id: &str, note: &str) -> Result<()> {
        actor.must_review()?;
        let note = check_note(note).map_err(|fault| Error::Faults(vec![fault]))?;
        retry!(self.try_handle_report(actor, id, &note))
    }

    async fn try_handle_report(&self, actor: &Actor, id: &str, note: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let row = self.own(&tx, actor, id).await?;
        // Taken anew under its lock: two officers at once.
        let row = misuse_report::Entity::find_by_id(&row.id).lock_exclusive().one(&tx).await?;
        let row = row.ok_or(Error::NotFound)?;
        if row.handled_at.is_some() {
            return Err(Error::refused("这条线索已经处理过了，请刷新本页"));
        }
        if self.is_own_record(&tx, actor, &row.record_id).await? {
            return Err(Error::refused("不能处理涉及本人备案的举报，请由其他民警办理"));
        }
        let handled = misuse_report::ActiveModel {
            id: Set(row.id.clone()),
            handled_at: Set(Some(millis(self.context.clock.now()))),
            handler_id: Set(Some(actor.person_id.clone())),
            note_sealed: Set(Some(self.context.keys.seal_text(&place(&row.id, "note"), note)?)),
            ..Default::default()
        };
        handled.update(&tx).await?;
        self.context.audit(&tx, Some(actor), "misuse.handle", "misuse_report", &row.id, json!({})).await?;
        Ok(tx.commit().await?)
    }

    /// Whether a record belongs to the officer, who then decides nothing about it.
    async fn is_own_record(&self, on: &impl ConnectionTrait, actor: &Actor, record: &str) -> Result<bool> {
        let Some(row) = record::Entity::find_by_id(record).one(on).await? else { return Ok(false) };
        let subject = record::Entity::find_by_id(&row.subject_id).one(on).await?;
        Ok(subject.is_some_and(|subject| subject.owner_id.as_ref() == Some(&actor.person_id)))
    }
}
