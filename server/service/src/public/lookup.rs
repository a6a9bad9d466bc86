//! The public look-up (R38): by registration number, domain or name, for everybody. Exactly the
//! fields of `PublicRecord` leave through here; nothing that is encrypted is ever opened.

use std::collections::BTreeMap;

use domain::answer::Answers;
use domain::business::Business;
use domain::record::RecordState;
use domain::value::domain_name;
use domain::value::text::{comparison_key, tidy};
use domain::view::PublicRecord;
use domain::{facts, jurisdiction};
use sea_orm::sea_query::{Query, UnionType};
use sea_orm::{
    ColumnTrait, DatabaseBackend, DatabaseConnection, EntityTrait, Order, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};

use crate::base::clock::{written, written_date};
use crate::base::context::handle;
use crate::base::db::{ask_replica, instant};
use crate::base::entity::{live_domain, record};
use crate::base::error::{Error, Result};
use crate::base::region::region_name;
use crate::base::registration;
use crate::base::text::{begins_with, by_bytes, containing, host_in};
use crate::filing::name_suffix::{INDIVIDUAL, LONGEST, SHORTEST, records_named};
use crate::filing::verification;
use crate::state::row::{business_of, record_state};

handle! {
    /// What the public may see.
    Lookup {}
}

/// Most answers to one question.
const MOST: u64 = 20;

const LONGEST_NAME: usize = 100;

impl Lookup {
    /// What is filed under a number, a domain or web address, or a name of at least two characters.
    pub async fn lookup(&self, text: &str) -> Result<Vec<PublicRecord>> {
        ask_replica!(self.context.db, self.try_lookup(text))
    }

    async fn try_lookup(&self, text: &str) -> Result<Vec<PublicRecord>> {
        let text = tidy(text);
        let text = text.trim();
        let on = self.context.db.public();
        if let Some(digits) = registration::scan(text) {
            let rows = public().filter(record::Column::RegistrationDigits.eq(digits)).all(on).await?;
            return self.public_records(rows).await;
        }
        if let Some(found) = self.try_of_domain(text).await? {
            return Ok(found);
        }
        let key = comparison_key(text);
        if !(SHORTEST..=LONGEST_NAME).contains(&key.chars().count()) {
            return Ok(Vec::new());
        }
        let backend = on.get_database_backend();
        let mut rows = beginning_with(&key, backend).all(on).await?;
        let found = u64::try_from(rows.len()).unwrap_or(MOST);
        if found < MOST {
            let known: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
            let further =
                with_part(&key, backend).filter(record::Column::Id.is_not_in(known)).limit(MOST - found);
            rows.extend(further.all(on).await?);
        }
        self.public_records(rows).await
    }

    /// What is filed under a domain or web address; nothing if the text is neither.
    pub async fn of_domain(&self, text: &str) -> Result<Option<Vec<PublicRecord>>> {
        ask_replica!(self.context.db, self.try_of_domain(text))
    }

    async fn try_of_domain(&self, text: &str) -> Result<Option<Vec<PublicRecord>>> {
        let Some(host) = host_in(text) else { return Ok(None) };
        let domains = domains_above(&host);
        let rows = of_domains(&domains).all(self.context.db.public()).await?;
        let mut found = self.public_records(rows).await?;
        // A domain that a change under review would add is not public yet.
        let asked: Vec<String> = domains.iter().map(|domain| domain_name::shown_form(domain)).collect();
        found.retain(|one| one.main_domain.iter().chain(&one.other_domains).any(|own| asked.contains(own)));
        Ok(Some(found))
    }

    /// The digits of a registration number, however it is written; none if the text is no number at all.
    pub fn digits(text: &str) -> Option<String> {
        registration::scan(text)
    }

    /// What is filed under a number's digits; the public page of a record.
    /// `code` is that of a printed result (安全评估), to be verified.
    pub async fn public_record(&self, digits: &str, code: Option<&str>) -> Result<PublicRecord> {
        ask_replica!(self.context.db, self.try_public_record(digits, code))
    }

    async fn try_public_record(&self, digits: &str, code: Option<&str>) -> Result<PublicRecord> {
        let row = self.public_row(self.context.db.public(), digits).await?;
        let code = code.map(str::trim).filter(|code| !code.is_empty());
        let verified = code.map(|code| verification::is_right(&self.context.keys, &row, code)).transpose()?;
        let result = match verified {
            Some(true) => facts::of_assessment(&serde_json::from_str(&row.answers)?),
            Some(false) | None => Vec::new(),
        };
        let mut found = self.public_records(vec![row]).await?.into_iter().next().ok_or(Error::NotFound)?;
        found.verified = verified;
        found.result = result.into_iter().map(|(label, text)| (label.to_owned(), text)).collect();
        Ok(found)
    }

    /// The record of a number, if it is public.
    pub(crate) async fn public_row(&self, on: &DatabaseConnection, digits: &str) -> Result<record::Model> {
        let digits = registration::scan(digits).ok_or(Error::NotFound)?;
        let row = public().filter(record::Column::RegistrationDigits.eq(digits)).one(on).await?;
        row.ok_or(Error::NotFound)
    }

    async fn public_records(&self, rows: Vec<record::Model>) -> Result<Vec<PublicRecord>> {
        let subjects: Vec<&str> = rows.iter().map(|row| row.subject_id.as_str()).collect();
        let owners: Vec<(String, String)> = record::Entity::find()
            .select_only()
            .column(record::Column::Id)
            .column(record::Column::Title)
            .filter(record::Column::Id.is_in(subjects))
            .filter(record::Column::OwnerKind.ne(INDIVIDUAL))
            .into_tuple()
            .all(self.context.db.public())
            .await?;
        let owners: BTreeMap<String, String> = owners.into_iter().collect();
        let checked_at = written(self.context.clock.now());
        rows.into_iter().map(|row| public_record(row, &owners, &checked_at)).collect()
    }
}

/// Registered records that are in force or were.
fn public() -> Select<record::Entity> {
    let known = RecordState::ALL
        .into_iter()
        .filter(|state| state.is_in_force() || *state == RecordState::Cancelled)
        .map(RecordState::code);
    record::Entity::find()
        .filter(record::Column::RegistrationDigits.is_not_null())
        .filter(record::Column::Business.ne(Business::Subject.code()))
        .filter(record::Column::State.is_in(known))
}

/// Whose names begin so, as names are compared.
fn beginning_with(key: &str, backend: DatabaseBackend) -> Select<record::Entity> {
    by_name(public().filter(begins_with(record::Column::TitleKey, key, backend)), backend).limit(MOST)
}

/// Whose own name has this part, or that of the unit they belong to.
fn with_part(key: &str, backend: DatabaseBackend) -> Select<record::Entity> {
    let is_whole = key.chars().count() <= LONGEST;
    let named = |is_owner| {
        let ids = record::Entity::find().select_only().column(record::Column::Id);
        let ids = ids.filter(record::Column::Id.in_subquery(records_named(key, is_owner, backend)));
        ids.apply_if((!is_whole).then(|| record::Column::TitleKey.like(containing(key))), QueryFilter::filter)
    };
    let owners = named(true).filter(record::Column::OwnerKind.ne(INDIVIDUAL)).into_query();
    let owned = Query::select()
        .column(record::Column::Id)
        .from(record::Entity)
        .and_where(record::Column::SubjectId.in_subquery(owners))
        .to_owned();
    // Two conditions with “or” between them would be asked of every record.
    let named = named(false).into_query().union(UnionType::All, owned).to_owned();
    by_name(public().filter(record::Column::Id.in_subquery(named)), backend)
}

fn by_name(rows: Select<record::Entity>, backend: DatabaseBackend) -> Select<record::Entity> {
    rows.order_by(by_bytes(record::Column::TitleKey, backend), Order::Asc).order_by_asc(record::Column::Id)
}

/// A host and the registered domain above it.
fn domains_above(host: &str) -> Vec<&str> {
    let mut domains = vec![host];
    domains.extend(domain_name::registrable_domain(host).filter(|main| *main != host));
    domains
}

/// Records that have one of these domains, or had one when they were cancelled.
fn of_domains(domains: &[&str]) -> Select<record::Entity> {
    let live = Query::select()
        .column(live_domain::Column::RecordId)
        .from(live_domain::Entity)
        .and_where(live_domain::Column::Domain.is_in(domains.iter().copied()))
        .to_owned();
    let known = Query::select()
        .column(record::Column::Id)
        .from(record::Entity)
        .and_where(record::Column::MainDomain.is_in(domains.iter().copied()))
        .union(UnionType::All, live)
        .to_owned();
    public().filter(record::Column::Id.in_subquery(known)).order_by_desc(record::Column::Id).limit(MOST)
}

/// “北京市东城区网安大队”: the organ that keeps the filing, by the level of its region.
fn organ(code: &str) -> String {
    let unit = match jurisdiction::prefix(code).len() {
        0..=2 => "网安总队",
        3..=4 => "网安支队",
        _ => "网安大队",
    };
    format!("{}{unit}", region_name(code))
}

fn public_record(
    row: record::Model,
    owners: &BTreeMap<String, String>,
    checked_at: &str,
) -> Result<PublicRecord> {
    let is_cancelled = record_state(&row)? == RecordState::Cancelled;
    let date = |at: Option<i64>| at.map(|at| written_date(instant(at)));
    // The plain part of the answers alone: personal ones stand in the other column.
    let plain: Answers = serde_json::from_str(&row.answers)?;
    let other_domains =
        plain.items("site.other_domains").iter().map(|domain| domain_name::shown_form(domain));
    let category = row.is_interactive.map(|yes| if yes { "交互式" } else { "非交互式" }.to_owned());
    Ok(PublicRecord {
        business: business_of(&row)?,
        other_domains: other_domains.collect(),
        main_domain: row.main_domain.as_deref().map(domain_name::shown_form),
        category,
        owner_name: owners.get(&row.subject_id).cloned().unwrap_or_default(),
        owner_kind: row.owner_kind,
        organ: organ(&row.jurisdiction),
        registered_on: date(row.registered_at).unwrap_or_default(),
        is_cancelled,
        checked_at: checked_at.to_owned(),
        cancelled_on: is_cancelled.then(|| date(row.cancelled_at)).flatten(),
        digits: row.registration_digits.unwrap_or_default(),
        registration_number: row.registration_number.unwrap_or_default(),
        name: row.title,
        verified: None,
        result: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use crate::common::*;

    claims![nothing_is_looked_for_in_whole_tables];

    async fn nothing_is_looked_for_in_whole_tables(world: World) {
        let officer = world.officer("110101").await;
        world.many_filings(&officer, 20, 60).await;
        let backend = world.backend();
        let beginning = world.plan(&beginning_with("示例", backend).into_query()).await;
        let mut plans = vec![beginning];
        // Of these PostgreSQL would read the few rows there are here, or none at all, as a whole.
        for question in [
            with_part("示例", backend).limit(MOST),
            with_part(&"示例".repeat(20), backend).limit(MOST),
            of_domains(&["example.cn", "www.example.cn"]),
        ] {
            plans.push(world.plan_of_many(&question.into_query()).await);
        }
        for plan in plans {
            for table in ["record", "name_suffix", "live_domain"] {
                for whole in [format!("SCAN {table}"), format!("Seq Scan on {table}")] {
                    assert!(!plan.contains(&whole), "{plan}");
                }
            }
        }
    }

    #[test]
    fn an_organ_is_named_by_the_level_of_its_region() {
        for (code, name) in [
            ("110000", "北京市网安总队"),
            ("420100", "湖北省武汉市网安支队"),
            ("420106", "湖北省武汉市武昌区网安大队"),
        ] {
            assert_eq!(organ(code), name);
        }
    }
}
