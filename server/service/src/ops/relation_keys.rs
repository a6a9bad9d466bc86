//! What filings can have in common, for filings that came in before that was kept.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::base::context::handle;
use crate::base::db::next_serial;
use crate::base::entity::{counter, filing};
use crate::base::error::{Result, chain};
use crate::base::retry::retry;
use crate::filing::Filings;
use crate::filing::relation::{keep_keys, keys_of};
use crate::state::row::procedure_of;

handle! {
    /// Fills what filings from before have in common.
    RelationKeys {
        filings: Filings,
    }
}

/// Rows that one transaction fills.
const AT_ONCE: u64 = 200;

/// Says that it was done; its absence, that this database is older.
const MADE: &str = "relation_key/made";

impl RelationKeys {
    /// Fills what is missing in a database that is older than these keys; the number of filings that were looked at.
    /// Does nothing on any other. What does not open is logged and left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fill_relation_keys_once(&self) -> Result<u64> {
        let on = self.context.db.read();
        if counter::Entity::find_by_id(MADE).one(on).await?.is_some() {
            return Ok(0);
        }
        let (mut filled, mut after) = (0, String::new());
        loop {
            let rows = filing::Entity::find()
                .filter(filing::Column::Id.gt(&after))
                .order_by_asc(filing::Column::Id)
                .limit(AT_ONCE)
                .all(on)
                .await?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.id);
            retry!(self.fill(&rows))?;
            filled += rows.len() as u64;
        }
        retry!(self.mark())?;
        Ok(filled)
    }

    async fn fill(&self, rows: &[filing::Model]) -> Result<()> {
        let tx = self.context.db.begin().await?;
        for row in rows {
            match self.filings.filing_answers(row) {
                Ok(answers) => {
                    let keys = keys_of(&self.context.keys, procedure_of(row)?, &answers);
                    keep_keys(&tx, &row.id, &row.subject_id, keys).await?;
                }
                Err(error) => {
                    tracing::error!(
                        filing = row.id,
                        error = chain(&error),
                        "a filing cannot be compared with others"
                    )
                }
            }
        }
        Ok(tx.commit().await?)
    }

    async fn mark(&self) -> Result<()> {
        let tx = self.context.db.begin().await?;
        if counter::Entity::find_by_id(MADE).one(&tx).await?.is_none() {
            next_serial(&tx, MADE).await?;
        }
        Ok(tx.commit().await?)
    }
}
