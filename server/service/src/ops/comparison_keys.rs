//! The keys by which names are compared and individuals found, for rows that were written before there were any.

use domain::action::Action;
use domain::value::text::comparison_key;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::base::context::handle;
use crate::base::entity::{filing, provider, record};
use crate::base::error::{Error, Result, chain};
use crate::base::retry::retry;
use crate::base::sealed_answers::load;
use crate::filing::name_suffix::{INDIVIDUAL, keep_name_suffixes};
use crate::filing::person_keys::PersonKeys;
use crate::filing::providers::aliases_key;
use crate::state::row::procedure_of;

handle! {
    /// Fills the keys of rows from before.
    ComparisonKeys {}
}

/// Rows that one transaction fills.
const AT_ONCE: u64 = 500;

/// Rows whose answers are opened in one transaction.
const PEOPLE_AT_ONCE: u64 = 100;

impl ComparisonKeys {
    /// Fills the keys that are missing; the number of rows that were. A server that starts calls it before
    /// it answers anybody, since a row without its key is found by no name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fill_comparison_keys(&self) -> Result<u64> {
        let mut filled = 0;
        loop {
            let some = retry!(self.fill_some_keys())? + retry!(self.fill_some_people())?;
            if some == 0 {
                return Ok(filled);
            }
            filled += some;
        }
    }

    async fn fill_some_keys(&self) -> Result<u64> {
        let tx = self.context.db.begin().await?;
        let mut records = record::Entity::find()
            .filter(record::Column::TitleKey.eq(""))
            .filter(record::Column::Title.ne(""))
            .limit(AT_ONCE)
            .all(&tx)
            .await?;
        for record in &mut records {
            record.title_key = key(&record.title);
            record::Entity::update_many()
                .col_expr(record::Column::TitleKey, Expr::value(record.title_key.as_str()))
                .filter(record::Column::Id.eq(&record.id))
                .exec(&tx)
                .await?;
            keep_name_suffixes(&tx, record).await?;
        }
        let filings: Vec<(String, String, String)> = filing::Entity::find()
            .select_only()
            .columns([filing::Column::Id, filing::Column::Title, filing::Column::SubjectName])
            // As the index says it.
            .filter(Expr::cust("title_key = ''"))
            .filter(filing::Column::Title.ne(""))
            .limit(AT_ONCE)
            .into_tuple()
            .all(&tx)
            .await?;
        for (id, title, subject) in &filings {
            filing::Entity::update_many()
                .col_expr(filing::Column::TitleKey, Expr::value(key(title)))
                .col_expr(filing::Column::SubjectKey, Expr::value(key(subject)))
                .filter(filing::Column::Id.eq(id))
                .exec(&tx)
                .await?;
        }
        let providers: Vec<(String, String, String)> = provider::Entity::find()
            .select_only()
            .columns([provider::Column::Id, provider::Column::Name, provider::Column::Aliases])
            .filter(provider::Column::NameKey.eq(""))
            .filter(provider::Column::Name.ne(""))
            .limit(AT_ONCE)
            .into_tuple()
            .all(&tx)
            .await?;
        for (id, name, aliases) in &providers {
            provider::Entity::update_many()
                .col_expr(provider::Column::NameKey, Expr::value(key(name)))
                .col_expr(provider::Column::AliasesKey, Expr::value(aliases_key(aliases)))
                .filter(provider::Column::Id.eq(id))
                .exec(&tx)
                .await?;
        }
        tx.commit().await?;
        Ok((records.len() + filings.len() + providers.len()) as u64)
    }

    /// The filings that say of nobody yet by what they are found (R70).
    async fn fill_some_people(&self) -> Result<u64> {
        let tx = self.context.db.begin().await?;
        let rows = filing::Entity::find()
            // As the index says it.
            .filter(Expr::cust("person_name_hash = ''"))
            .limit(PEOPLE_AT_ONCE)
            .all(&tx)
            .await?;
        for row in &rows {
            let person = match self.person_of(&tx, row).await {
                Ok(person) => person,
                // Its other columns still find it.
                Err(Error::Keyring(error)) => {
                    tracing::error!(
                        filing = row.id,
                        error = chain(&error),
                        "answers do not open; nobody finds them by a person"
                    );
                    PersonKeys::default()
                }
                Err(error) => return Err(error),
            };
            filing::Entity::update_many()
                .col_expr(filing::Column::PersonNameHash, Expr::value(person.name))
                .col_expr(filing::Column::PersonIdNoHash, Expr::value(person.id_no))
                .filter(filing::Column::Id.eq(&row.id))
                .exec(&tx)
                .await?;
        }
        tx.commit().await?;
        Ok(rows.len() as u64)
    }

    async fn person_of(&self, on: &impl ConnectionTrait, row: &filing::Model) -> Result<PersonKeys> {
        let subject = record::Entity::find_by_id(&row.subject_id).one(on).await?;
        let keys = &self.context.keys;
        let procedure = procedure_of(row)?;
        let Some(subject) = subject.filter(|subject| subject.owner_kind == INDIVIDUAL) else {
            return Ok(PersonKeys::default());
        };
        let answers = match procedure.business.is_subject() && procedure.action != Action::Cancel {
            true => load(keys, &format!("filing/{}", row.id), &row.answers, &row.answers_sealed)?,
            false => {
                load(keys, &format!("record/{}", subject.id), &subject.answers, &subject.answers_sealed)?
            }
        };
        Ok(PersonKeys::of(keys, &answers))
    }
}

/// Never empty, since that would mean that it is missing.
fn key(name: &str) -> String {
    Some(comparison_key(name)).filter(|key| !key.is_empty()).unwrap_or_else(|| "-".to_owned())
}
