//! The directory of providers as rows: what typing, approving and ending write into it (R31).

use domain::answer::Answers;
use domain::dictionary::COUNTRY;
use domain::facts::ProviderFacts;
use domain::schema::{Directory, Form, Section, label_of};
use domain::value::text::comparison_key;
use domain::view::{Paged, ProviderRow, ProviderSource};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Select,
};
use time::OffsetDateTime;

use crate::base::db::{Transaction, millis, new_id, plausible_id};
use crate::base::entity::{provider, record};
use crate::base::error::{Error, Result};
use crate::base::paging::split_page;
use crate::base::region;
use crate::base::region::region_name;
use crate::base::text::containing;

/// Where a provider sits: a region, or a country abroad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Region(String),
    Country(String),
}

impl Place {
    pub(crate) fn of(code: &str) -> Option<Self> {
        if region::exists(code) {
            Some(Place::Region(code.to_owned()))
        } else if COUNTRY.iter().any(|country| country.code == code) {
            Some(Place::Country(code.to_owned()))
        } else {
            None
        }
    }

    /// The columns `region` and `country`.
    pub(crate) fn columns(self) -> (String, String) {
        match self {
            Place::Region(code) => (code, String::new()),
            Place::Country(code) => (String::new(), code),
        }
    }

    pub(crate) fn holds(&self) -> Condition {
        let condition = Condition::all();
        match self {
            Place::Country(code) => condition.add(provider::Column::Country.eq(code.as_str())),
            Place::Region(code) => {
                let prefix = domain::jurisdiction::prefix(code);
                condition
                    .add(provider::Column::Region.gte(format!("{prefix:0<6}")))
                    .add(provider::Column::Region.lte(format!("{prefix:9<6}")))
            }
        }
    }
}

pub(crate) fn row_of(row: provider::Model) -> Result<ProviderRow> {
    let corrupt = || Error::Corrupt(format!("provider {}", row.id));
    let directory = Directory::from_code(&row.directory).ok_or_else(corrupt)?;
    let source = ProviderSource::from_code(&row.source).ok_or_else(corrupt)?;
    let (place, place_code) = match row.country.as_str() {
        "" if row.region.is_empty() => (String::new(), String::new()),
        "" => (region_name(&row.region), row.region),
        country => (format!("境外 {}", label_of(COUNTRY, country)), row.country),
    };
    Ok(ProviderRow {
        id: row.id,
        directory,
        name: row.name,
        aliases: row.aliases,
        place,
        place_code,
        phone: row.phone,
        source,
    })
}

pub(crate) fn named(name: &str) -> Condition {
    let key = comparison_key(name);
    if key.is_empty() {
        return Condition::all();
    }
    let pattern = containing(&key);
    Condition::any()
        .add(provider::Column::NameKey.like(pattern.clone()))
        .add(provider::Column::AliasesKey.like(pattern))
}

/// Other names, each as it is compared.
pub(crate) fn aliases_key(aliases: &str) -> String {
    aliases.split_whitespace().map(comparison_key).collect::<Vec<_>>().join(" ")
}

/// The section of a form that a directory fills.
pub(crate) fn filled_by(form: &'static Form, key: &str) -> Option<(&'static Section, Directory)> {
    let section = form.section(key)?;
    section.directory.map(|directory| (section, directory))
}

/// What a block of a form says of its provider; nothing where it names none.
pub(crate) fn provider_in(section: &Section, answers: &Answers) -> Option<(String, Place, String)> {
    let text = |key: &str| answers.text(&format!("{}.{key}", section.key)).to_owned();
    let name = text("name");
    let place = match text("jurisdiction").as_str() {
        "abroad" => Place::Country(text("country")),
        _ => Place::Region(text("region")),
    };
    (!name.is_empty()).then(|| (name, place, text("phone")))
}

/// R40: an approved provider can be found in the look-up of R31.
pub(crate) async fn list_provider(
    on: &impl ConnectionTrait,
    record: &record::Model,
    facts: &ProviderFacts,
    now: OffsetDateTime,
) -> Result<()> {
    unlist_providers(on, std::slice::from_ref(&record.id)).await?;
    for directory in &facts.directories {
        let row = provider::ActiveModel {
            id: Set(new_id(now)),
            directory: Set(directory.code().to_owned()),
            name: Set(facts.name.clone()),
            aliases: Set(facts.brand.clone()),
            name_key: Set(comparison_key(&facts.name)),
            aliases_key: Set(aliases_key(&facts.brand)),
            region: Set(facts.region.clone()),
            country: Set(facts.country.clone()),
            phone: Set(facts.phone.clone()),
            source: Set(ProviderSource::Filing.code().to_owned()),
            record_id: Set(Some(record.id.clone())),
            created_at: Set(millis(now)),
        };
        row.insert(on).await?;
    }
    Ok(())
}

pub(crate) async fn unlist_providers(on: &impl ConnectionTrait, record_ids: &[String]) -> Result<()> {
    provider::Entity::delete_many()
        .filter(provider::Column::RecordId.is_in(record_ids))
        .exec_with_returning(on)
        .await?;
    Ok(())
}

/// What an approved filing names that no directory knows is kept apart for an administrator (R31).
pub(crate) async fn keep_typed(
    on: &Transaction,
    form: &'static Form,
    answers: &Answers,
    now: OffsetDateTime,
) -> Result<()> {
    for section in form.sections() {
        let Some(directory) = section.directory else { continue };
        let Some((name, place, phone)) = provider_in(section, answers) else { continue };
        let known = provider::Entity::find()
            .filter(provider::Column::Directory.eq(directory.code()))
            .filter(provider::Column::NameKey.eq(comparison_key(&name)))
            .count(on)
            .await?;
        if known > 0 {
            continue;
        }
        let (region, country) = place.columns();
        let row = provider::ActiveModel {
            id: Set(new_id(now)),
            directory: Set(directory.code().to_owned()),
            name_key: Set(comparison_key(&name)),
            name: Set(name),
            aliases: Set(String::new()),
            aliases_key: Set(String::new()),
            region: Set(region),
            country: Set(country),
            phone: Set(phone),
            source: Set(ProviderSource::Typed.code().to_owned()),
            record_id: Set(None),
            created_at: Set(millis(now)),
        };
        // Two approvals at once may name the same one: nothing comes back then.
        provider::Entity::insert_many([row])
            .on_conflict(
                OnConflict::columns([provider::Column::Directory, provider::Column::Name])
                    // As the index says it: SQLite does not look into a parameter.
                    .target_and_where(Expr::cust("source = 'typed'"))
                    .do_nothing()
                    .to_owned(),
            )
            .exec_with_returning(on)
            .await?;
    }
    Ok(())
}

pub(crate) async fn paged(
    on: &impl ConnectionTrait,
    query: Select<provider::Entity>,
    after: &str,
) -> Result<Paged<ProviderRow>> {
    let total = query.clone().count(on).await?;
    let mut rows = page_of(on, query, after).await?;
    let next = split_page(&mut rows, |row| &row.id);
    let rows = rows.into_iter().map(row_of).collect::<Result<_>>()?;
    Ok(Paged { rows, total, next, is_later: !after.is_empty() })
}

/// What may be offered to applicants.
pub(crate) fn offered() -> impl Iterator<Item = &'static str> {
    [ProviderSource::Seed, ProviderSource::Kept, ProviderSource::Filing].into_iter().map(ProviderSource::code)
}

/// Rows from a cursor on, in the order of names; one more than a page.
pub(crate) async fn page_of(
    on: &impl ConnectionTrait,
    mut query: Select<provider::Entity>,
    after: &str,
) -> Result<Vec<provider::Model>> {
    if !after.is_empty() {
        let last =
            provider::Entity::find_by_id(plausible_id(after)?).one(on).await?.ok_or(Error::NotFound)?;
        let same_name = Condition::all()
            .add(provider::Column::Name.eq(&last.name))
            .add(provider::Column::Id.gt(&last.id));
        query = query.filter(Condition::any().add(provider::Column::Name.gt(&last.name)).add(same_name));
    }
    let query = query.order_by_asc(provider::Column::Name).order_by_asc(provider::Column::Id);
    Ok(query.limit(crate::base::paging::PAGE + 1).all(on).await?)
}
