//! What approved filings made, as its owner sees it: 我的主体, 我的网站 … (R52), with what may be
//! begun for it (R79).

pub mod domains;
pub mod own;

use domain::action::Action;
use domain::answer::Answers;
use domain::business::Business;
use domain::procedure::Procedure;
use domain::record::RecordState;
use domain::route;
use domain::sheet::{Disclosure, sheet};
use domain::value::domain_name;
use domain::view::{Offer, Paged, RecordRow, RecordView};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use crate::account::Accounts;
use crate::account::subject::OwnNames;
use crate::base::actor::Actor;
use crate::base::clock::written_date;
use crate::base::context::handle;
use crate::base::db::{instant, plausible_id, united};
use crate::base::entity::{filing, record};
use crate::base::error::{Error, Result};
use crate::base::numbering::registration_view;
use crate::base::paging::{PAGE, split_page};
use crate::base::region::KnownRegions;
use crate::base::sealed_answers::load;
use crate::files::Files;
use crate::files::faults::file_ids;
use crate::filing::badge::badge_state;
use crate::filing::eligibility::Eligibility;
use crate::filing::patrol::patrol_notice;
use crate::filing::rows::own_filing_row;
use crate::filing::{badge, eligibility, verification};
use crate::state::row::{business_of, record_state};
use crate::state::transition;

handle! {
    /// What approved filings made.
    Records {
        accounts: Accounts,
        files: Files,
    } own { asks_network: bool }
}

impl Records {
    pub(crate) fn record_answers(&self, row: &record::Model) -> Result<Answers> {
        load(&self.context.keys, &format!("record/{}", row.id), &row.answers, &row.answers_sealed)
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
        let remembered = actor.remembered.as_ref().filter(|_| !lock);
        let known = |id: &str| remembered.and_then(|remembered| remembered.subject(id));
        if let Some(subject) = known(id) {
            return Ok((subject.clone(), subject));
        }
        let row = record::Entity::find_by_id(plausible_id(id)?).one(on).await?.ok_or(Error::NotFound)?;
        // The subject first, for everybody, so that two transactions never wait for each other.
        let subject = match lock {
            true => transition::lock_subject(on, &row.subject_id).await?,
            false if row.id == row.subject_id => row.clone(),
            false => match known(&row.subject_id) {
                Some(subject) => subject,
                None => record::Entity::find_by_id(&row.subject_id).one(on).await?.ok_or(Error::NotFound)?,
            },
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
        self.records_in(|state| state != RecordState::Void, actor, business, after).await
    }

    /// The same of those that are in force, which can be changed or cancelled (R35, R36).
    pub async fn records_in_force(
        &self,
        actor: &Actor,
        business: Business,
        after: &str,
    ) -> Result<Paged<RecordRow>> {
        self.records_in(RecordState::is_in_force, actor, business, after).await
    }

    async fn records_in(
        &self,
        of: impl Fn(RecordState) -> bool,
        actor: &Actor,
        business: Business,
        after: &str,
    ) -> Result<Paged<RecordRow>> {
        let subject = self.accounts.current_subject(actor).await?;
        let whose = if business == Business::Subject {
            record::Column::OwnerId.eq(&actor.person_id)
        } else {
            match &subject {
                None => return Ok(Paged::default()),
                Some(subject) => record::Column::SubjectId.eq(&subject.id),
            }
        };
        let states = RecordState::ALL.into_iter().filter(|state| of(*state));
        let query = record::Entity::find()
            .filter(whose)
            .filter(record::Column::Business.eq(business.code()))
            .filter(record::Column::State.is_in(states.map(RecordState::code)));
        let on = self.context.db.read();
        let total = query.clone().count(on).await?;
        let mut query = query.order_by_desc(record::Column::Id).limit(PAGE + 1);
        if !after.is_empty() {
            query = query.filter(record::Column::Id.lt(after));
        }
        let mut rows = query.all(on).await?;
        let next = split_page(&mut rows, |row| &row.id);
        let rows = self.record_rows(actor, subject, rows).await?;
        Ok(Paged { rows, total, next, is_later: !after.is_empty() })
    }

    /// The newest few of each business, for the home page (R2): in the order of the businesses, the newest first.
    pub(crate) async fn newest_records(
        &self,
        subject: &record::Model,
        businesses: &[Business],
        most: u64,
    ) -> Result<Vec<Vec<record::Model>>> {
        let of = |business: &Business| {
            record::Entity::find()
                .select_only()
                .column(record::Column::Id)
                .filter(record::Column::SubjectId.eq(&subject.id))
                .filter(record::Column::Business.eq(business.code()))
                .filter(record::Column::State.ne(void()))
                .order_by_desc(record::Column::Id)
                .limit(most)
                .into_query()
        };
        let rows = record::Entity::find()
            .filter(record::Column::Id.in_subquery(united(businesses.iter().map(of).collect())))
            .order_by_desc(record::Column::Id)
            .all(self.context.db.read())
            .await?;
        let of = |business: &Business| {
            rows.iter().filter(|row| row.business == business.code()).cloned().collect()
        };
        Ok(businesses.iter().map(of).collect())
    }

    pub(crate) async fn record_rows(
        &self,
        actor: &Actor,
        subject: Option<record::Model>,
        rows: Vec<record::Model>,
    ) -> Result<Vec<RecordRow>> {
        let all: Vec<&record::Model> = rows.iter().collect();
        let mut eligibility =
            eligibility::eligibility_of(self.context.db.read(), actor, subject, &all).await?;
        let names = self.accounts.own_names(actor).await?;
        rows.iter()
            .map(|row| {
                if row.business == Business::Subject.code() {
                    eligibility.subject = Some(row.clone());
                }
                record_row(row, &eligibility, &names)
            })
            .collect()
    }

    /// One record with its filings.
    pub async fn record(&self, actor: &Actor, business: Business, id: &str) -> Result<RecordView> {
        let (row, subject) = self.owned_record(self.context.db.read(), actor, id, false).await?;
        if business_of(&row)? != business || row.state == void() {
            return Err(Error::NotFound);
        }
        self.record_view(actor, row, subject).await
    }

    /// 我的主体: the current one.
    pub async fn my_subject(&self, actor: &Actor) -> Result<Option<RecordView>> {
        match self.accounts.current_subject(actor).await? {
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
        let on = self.context.db.read();
        let form = business_of(&row)?.form();
        let answers = self.record_answers(&row)?;
        let filings = filing::Entity::find()
            .filter(filing::Column::RecordId.eq(&row.id))
            .order_by_desc(filing::Column::Id)
            .limit(20)
            .all(on)
            .await?;
        let holder = subject.title.clone();
        let eligibility = eligibility::eligibility_of(on, actor, Some(subject), &[&row]).await?;
        let badge = badge_state(on, &row.id).await?;
        let last = badge.as_ref().map(|badge| badge.finding);
        let names = self.accounts.own_names(actor).await?;
        Ok(RecordView {
            row: record_row(&row, &eligibility, &names)?,
            sheet: sheet(form, &answers, &KnownRegions, Disclosure::Masked),
            registration: registration_view(&self.context.settings, &row),
            holder,
            badge_offer: badge::offer(&row, &answers, self.asks_network, last)?,
            badge,
            filings: filings.iter().map(|row| own_filing_row(row, &names)).collect::<Result<_>>()?,
            files: self.files.file_views(&file_ids(form, &answers)).await?,
            verification: verification::code_of(&self.context.keys, &row)?,
            patrol: patrol_notice(on, &row.id).await?,
        })
    }
}

fn void() -> &'static str {
    RecordState::Void.code()
}

fn record_row(row: &record::Model, eligibility: &Eligibility, names: &OwnNames) -> Result<RecordRow> {
    let business = business_of(row)?;
    let state = record_state(row)?;
    let mut offers = Vec::new();
    if !matches!(state, RecordState::Cancelled | RecordState::Void) {
        for action in business.actions().filter(|action| *action != Action::New) {
            let procedure = Procedure::new(business, action);
            offers.push(Offer {
                label: procedure.verb().to_owned(),
                href: match business {
                    Business::Subject => route::begin(procedure),
                    _ => route::begin_with(procedure, &row.id),
                },
                refused: eligibility.refusal(procedure, Some(row))?,
            });
        }
    }
    Ok(RecordRow {
        id: row.id.clone(),
        business,
        name: names.of_subject(&row.id, &row.title),
        domain: row.main_domain.as_deref().map(domain_name::shown_form),
        registration_number: row.registration_number.clone(),
        is_interactive: row.is_interactive,
        jurisdiction: crate::base::region::full_name(&row.jurisdiction).unwrap_or_default(),
        registered_on: row.registered_at.map(|at| written_date(instant(at))),
        state,
        offers,
    })
}
