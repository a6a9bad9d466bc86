//! What approved filings made, as its owner sees it: 我的主体, 我的网站 … (R52), with what may be
//! begun for it (R79).

use domain::action::Action;
use domain::answer::Answers;
use domain::business::Business;
use domain::facts;
use domain::mask::{Mask, mask};
use domain::procedure::Procedure;
use domain::record::RecordState;
use domain::schema::{Form, Kind};
use domain::sheet::{Sight, sheet};
use domain::value::domain_name;
use domain::view::{Offer, Paged, RecordRow, RecordView};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::clock::written_date;
use crate::db::{instant, plausible_id};
use crate::entity::{filing, live_domain, record};
use crate::error::{Error, Result};
use crate::filing::{PAGE, cut, filing_row};
use crate::number::registration_view;
use crate::offer::Ground;
use crate::papers::load;
use crate::region::KnownRegions;
use crate::transition::{self, record_state};
use crate::{Actor, Service, verification};

/// What a record and its filings are called. The name of an individual is personal and stands in
/// plain columns, so it is masked there (R70).
pub(crate) fn title_of(business: Business, answers: &Answers) -> String {
    let name = facts::of_business(business, answers).name;
    let is_of_a_person = business.is_subject() && !facts::of_subject(answers).is_unit;
    if is_of_a_person { mask(Mask::Name, &name) } else { name }
}

pub(crate) fn business_of(row: &record::Model) -> Result<Business> {
    Business::from_code(&row.business).ok_or_else(|| Error::Corrupt(format!("business of record {}", row.id)))
}

/// Path of the record's page.
pub(crate) fn record_href(business: Business, id: &str) -> String {
    match business.is_subject() {
        true => "/mine/subject".to_owned(),
        false => format!("/mine/{}/{id}", business.code()),
    }
}

/// Ids of all files the answers name, shown or not.
pub(crate) fn file_ids(form: &'static Form, answers: &Answers) -> Vec<String> {
    let is_file = |at: &str| {
        let kind = form.place(at).map(|place| place.field.kind);
        matches!(kind, Some(Kind::Pictures { .. } | Kind::Documents { .. }))
    };
    let files = answers.iter().filter(|(at, _)| is_file(at));
    let mut ids: Vec<String> = files.flat_map(|(_, answer)| answer.items().iter().cloned()).collect();
    ids.retain(|id| !id.is_empty());
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Frees the domains of a record except these.
pub(crate) async fn keep_domains(on: &impl ConnectionTrait, record_id: &str, keep: &[String]) -> Result<()> {
    live_domain::Entity::delete_many()
        .filter(live_domain::Column::RecordId.eq(record_id))
        .filter(live_domain::Column::Domain.is_not_in(keep))
        .exec_with_returning(on)
        .await?;
    Ok(())
}

fn void() -> &'static str {
    RecordState::Void.code()
}

impl Service {
    pub(crate) fn record_answers(&self, row: &record::Model) -> Result<Answers> {
        load(&self.keys, &format!("record/{}", row.id), &row.answers, &row.answers_sealed)
    }

    /// A record with the subject it belongs to (itself, for a subject), if that is the actor's
    /// (R74). In a transaction `lock` keeps both rows as they are until its end.
    pub(crate) async fn owned_record(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        id: &str,
        lock: bool,
    ) -> Result<(record::Model, record::Model)> {
        let row = record::Entity::find_by_id(plausible_id(id)?).one(on).await?.ok_or(Error::NotFound)?;
        // The subject first, for everybody, so that two transactions never wait for each other.
        let subject = match lock {
            true => transition::lock_subject(on, &row.subject_id).await?,
            false if row.id == row.subject_id => row.clone(),
            false => record::Entity::find_by_id(&row.subject_id).one(on).await?.ok_or(Error::NotFound)?,
        };
        if subject.owner_id.as_deref() != Some(actor.person_id.as_str()) {
            return Err(Error::NotFound);
        }
        if row.id == subject.id {
            return Ok((subject.clone(), subject));
        }
        let row = match lock {
            false => row,
            true => {
                let row = record::Entity::find_by_id(&row.id).lock_exclusive().one(on).await?;
                row.ok_or(Error::NotFound)?
            }
        };
        Ok((row, subject))
    }

    /// 我的网站, 我的APP … of the current subject; for `Business::Subject` all of the person's.
    pub async fn records(&self, actor: &Actor, business: Business, after: &str) -> Result<Paged<RecordRow>> {
        let subject = self.current_subject(actor).await?;
        let whose = if business == Business::Subject {
            record::Column::OwnerId.eq(&actor.person_id)
        } else {
            match &subject {
                None => return Ok(Paged::default()),
                Some(subject) => record::Column::SubjectId.eq(&subject.id),
            }
        };
        let query = record::Entity::find()
            .filter(whose)
            .filter(record::Column::Business.eq(business.code()))
            .filter(record::Column::State.ne(void()));
        let on = self.db.read();
        let total = query.clone().count(on).await?;
        let mut query = query.order_by_desc(record::Column::Id).limit(PAGE + 1);
        if !after.is_empty() {
            query = query.filter(record::Column::Id.lt(after));
        }
        let mut rows = query.all(on).await?;
        let next = cut(&mut rows, |row| &row.id);
        let rows = self.record_rows(actor, subject, rows).await?;
        Ok(Paged { rows, total, next, is_later: !after.is_empty() })
    }

    /// The newest few, for the home page (R2).
    pub(crate) async fn newest_records(
        &self,
        subject: &record::Model,
        business: Business,
        most: u64,
    ) -> Result<Vec<record::Model>> {
        let rows = record::Entity::find()
            .filter(record::Column::SubjectId.eq(&subject.id))
            .filter(record::Column::Business.eq(business.code()))
            .filter(record::Column::State.ne(void()))
            .order_by_desc(record::Column::Id)
            .limit(most)
            .all(self.db.read())
            .await?;
        Ok(rows)
    }

    pub(crate) async fn record_rows(
        &self,
        actor: &Actor,
        subject: Option<record::Model>,
        rows: Vec<record::Model>,
    ) -> Result<Vec<RecordRow>> {
        let all: Vec<&record::Model> = rows.iter().collect();
        let mut ground = self.ground(self.db.read(), actor, subject, &all).await?;
        rows.iter()
            .map(|row| {
                if row.business == Business::Subject.code() {
                    ground.subject = Some(row.clone());
                }
                record_row(row, &ground)
            })
            .collect()
    }

    /// One record with its filings.
    pub async fn record(&self, actor: &Actor, business: Business, id: &str) -> Result<RecordView> {
        let (row, subject) = self.owned_record(self.db.read(), actor, id, false).await?;
        if business_of(&row)? != business || row.state == void() {
            return Err(Error::NotFound);
        }
        self.record_view(actor, row, subject).await
    }

    /// 我的主体: the current one.
    pub async fn my_subject(&self, actor: &Actor) -> Result<Option<RecordView>> {
        match self.current_subject(actor).await? {
            None => Ok(None),
            Some(row) => self.record_view(actor, row.clone(), row).await.map(Some),
        }
    }

    async fn record_view(
        &self,
        actor: &Actor,
        row: record::Model,
        subject: record::Model,
    ) -> Result<RecordView> {
        let on = self.db.read();
        let form = business_of(&row)?.form();
        let answers = self.record_answers(&row)?;
        let filings = filing::Entity::find()
            .filter(filing::Column::RecordId.eq(&row.id))
            .order_by_desc(filing::Column::Id)
            .limit(20)
            .all(on)
            .await?;
        let ground = self.ground(on, actor, Some(subject), &[&row]).await?;
        Ok(RecordView {
            row: record_row(&row, &ground)?,
            sheet: sheet(form, &answers, &KnownRegions, Sight::Masked),
            registration: registration_view(&self.settings, &row),
            filings: filings.iter().map(filing_row).collect::<Result<_>>()?,
            files: self.file_views(&file_ids(form, &answers)).await?,
            verification: verification::code_of(&self.keys, &row)?,
        })
    }
}

fn record_row(row: &record::Model, ground: &Ground) -> Result<RecordRow> {
    let business = business_of(row)?;
    let state = record_state(row)?;
    let mut offers = Vec::new();
    if !matches!(state, RecordState::Cancelled | RecordState::Void) {
        for action in business.actions().filter(|action| *action != Action::New) {
            let path = format!("/{}/{}", business.code(), action.code());
            offers.push(Offer {
                label: Procedure::new(business, action).verb().to_owned(),
                href: if business == Business::Subject { path } else { format!("{path}?record={}", row.id) },
                refused: ground.refusal(Procedure::new(business, action), Some(row))?,
            });
        }
    }
    Ok(RecordRow {
        id: row.id.clone(),
        business,
        name: row.title.clone(),
        domain: row.main_domain.as_deref().map(domain_name::shown_form),
        registration_number: row.registration_number.clone(),
        is_interactive: row.is_interactive,
        jurisdiction: crate::region::full_name(&row.jurisdiction).unwrap_or_default(),
        registered_on: row.registered_at.map(|at| written_date(instant(at))),
        state,
        offers,
    })
}
