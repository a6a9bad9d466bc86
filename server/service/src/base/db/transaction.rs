use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr, ExecResult,
    QueryResult, Statement, TransactionOptions, TransactionTrait,
};

use super::news::{News, NewsDesk, notify};
use crate::base::change::{Change, What};
use crate::base::db::meter::PoolMeter;
use crate::base::entity::filing;
use crate::base::row_digest::{Row, Table, written_by};

/// Rows by table and key, as the last statement left them; none for those that are gone.
pub(crate) type WrittenRows = BTreeMap<(&'static str, String), Option<Row>>;

/// A transaction that commits only if each of its statements succeeded. PostgreSQL answers `COMMIT`
/// with success where an error that somebody swallowed has ended the transaction; SQLite may have
/// rolled back by itself.
///
/// It notes what becomes of audited rows, for the line of the audit log that tells about it. Statements that
/// would leave it ignorant are refused: write such rows through `exec_with_returning`. So is a commit without
/// a line. What open desks are to hear of it is written with that line, too.
pub struct Transaction {
    inner: DatabaseTransaction,
    failed: Arc<AtomicBool>,
    written: Mutex<WrittenRows>,
    /// Whether it ends a session, or changes who has which role.
    moves_rights: AtomicBool,
    /// Counts up when such a transaction has been committed.
    rights: Arc<AtomicU64>,
    /// What open desks are to hear, until it is written.
    changes: Mutex<Vec<Change>>,
    /// Whether some of it was written.
    has_news: AtomicBool,
    news: NewsDesk,
}

/// Whether a statement can end a session, or change who has which role.
fn moves_rights(sql: &str) -> bool {
    let is_of = |table: &str| {
        ["UPDATE", "DELETE FROM", "INSERT INTO"]
            .iter()
            .any(|verb| sql.starts_with(&format!("{verb} \"{table}\"")))
    };
    is_of("staff")
        || (is_of("session") && (sql.contains("revoked_at") || sql.starts_with("DELETE")))
        || (is_of("person") && ["suspended_at", "id_no_hash"].iter().any(|column| sql.contains(column)))
}

impl Transaction {
    /// Begins to the end, whether or not somebody still waits for it: a beginning that is broken off
    /// would leave the connection inside a transaction that the driver does not know of.
    pub(super) async fn begin(
        on: &DatabaseConnection,
        options: TransactionOptions,
        rights: &Arc<AtomicU64>,
        news: &NewsDesk,
        meter: &PoolMeter,
    ) -> Result<Self, DbErr> {
        let failed = Arc::new(AtomicBool::new(false));
        let mut on = on.clone();
        let told = Arc::clone(&failed);
        let meter = meter.clone();
        on.set_metric_callback(move |statement| {
            meter.note(statement);
            if statement.failed {
                told.store(true, Ordering::SeqCst);
            }
        });
        let begun = tokio::spawn(async move { on.begin_with_options(options).await });
        let inner = begun.await.map_err(|error| DbErr::Custom(format!("the beginning broke: {error}")))??;
        Ok(Transaction {
            inner,
            failed,
            written: Mutex::default(),
            moves_rights: AtomicBool::new(false),
            rights: Arc::clone(rights),
            changes: Mutex::default(),
            has_news: AtomicBool::new(false),
            news: news.clone(),
        })
    }

    /// # Errors
    /// When a statement failed, where audited rows were written and no line tells about them, or when the
    /// database did not confirm. In the last case the changes may be there or not; whoever asks again has to
    /// find out.
    pub async fn commit(self) -> Result<(), DbErr> {
        if self.failed.load(Ordering::SeqCst) {
            self.inner.rollback().await?;
            return Err(DbErr::Custom("a statement failed, so nothing is committed".to_owned()));
        }
        if let Some((table, key)) = self.take_written().into_keys().next() {
            self.inner.rollback().await?;
            return Err(DbErr::Custom(format!("{table} {key} was written without a line in the audit log")));
        }
        if !self.take_changes().is_empty() {
            self.inner.rollback().await?;
            return Err(DbErr::Custom("desks were to hear of something without a line".to_owned()));
        }
        let moved = self.moves_rights.load(Ordering::SeqCst);
        let outcome = self.inner.commit().await;
        if moved {
            self.rights.fetch_add(1, Ordering::SeqCst);
        }
        if self.has_news.load(Ordering::SeqCst) {
            self.news.wake(News::Event);
        }
        outcome
    }

    /// Open desks are to hear that a filing came in, from another region perhaps, or changed; before the line of the
    /// audit log.
    pub(crate) fn tell(&self, what: What, row: &filing::Model, left: Option<String>) {
        // What waits for its business is put to nobody yet (R15).
        if row.is_reviewable {
            let (filing_id, jurisdiction) = (row.id.clone(), row.jurisdiction.clone());
            let change = Change { what, filing_id, jurisdiction, left };
            self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
        }
    }

    pub(crate) fn tell_changed(&self, row: &filing::Model) {
        self.tell(What::Changed, row, None);
    }

    pub(crate) fn tell_arrived(&self, row: &filing::Model) {
        self.tell(What::Arrived, row, None);
    }

    /// What is to be told and not yet written.
    pub(crate) fn take_changes(&self) -> Vec<Change> {
        std::mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Wakes those who read the table of events, here and on other servers, once this is committed.
    pub(crate) async fn wake_with_commit(&self) -> Result<(), DbErr> {
        self.has_news.store(true, Ordering::SeqCst);
        notify(self, &News::Event).await
    }

    pub async fn rollback(self) -> Result<(), DbErr> {
        self.inner.rollback().await
    }

    /// What was written since this was last asked.
    pub(crate) fn take_written(&self) -> WrittenRows {
        std::mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn look_at(&self, sql: &str) {
        if moves_rights(sql) {
            self.moves_rights.store(true, Ordering::SeqCst);
        }
    }

    fn note(&self, table: &'static Table, sql: &str, rows: &[QueryResult]) -> Result<(), DbErr> {
        let is_gone = sql.starts_with("DELETE");
        let rows = rows.iter().map(|row| table.read(row)).collect::<Result<Vec<_>, _>>()?;
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            written.insert((table.name, row.key.clone()), (!is_gone).then_some(row));
        }
        Ok(())
    }
}

#[sea_orm_migration::async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DatabaseBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.look_at(&statement.sql);
        if let Some(table) = written_by(&statement.sql) {
            return Err(DbErr::Custom(format!(
                "{} is audited: what becomes of its rows must come back, by exec_with_returning",
                table.name
            )));
        }
        self.inner.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let outcome = self.inner.execute_unprepared(sql).await;
        // The driver does not report these.
        self.failed.fetch_or(outcome.is_err(), Ordering::SeqCst);
        outcome
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.look_at(&statement.sql);
        if written_by(&statement.sql).is_none() {
            return self.inner.query_one_raw(statement).await;
        }
        // All of them: of more rows than one, the others would go unnoticed.
        let mut rows = self.query_all_raw(statement).await?;
        Ok(if rows.is_empty() { None } else { Some(rows.swap_remove(0)) })
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.look_at(&statement.sql);
        let Some(table) = written_by(&statement.sql) else {
            return self.inner.query_all_raw(statement).await;
        };
        let sql = statement.sql.clone();
        let rows = self.inner.query_all_raw(statement).await?;
        self.note(table, &sql, &rows)?;
        Ok(rows)
    }

    /// SQLite since 3.35; ours is compiled in.
    fn support_returning(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::moves_rights;

    #[test]
    fn what_ends_sessions_and_changes_roles_is_told_from_the_rest() {
        for (sql, moves) in [
            ("UPDATE \"session\" SET \"revoked_at\" = ? WHERE \"id\" = ?", true),
            ("UPDATE \"session\" SET \"seen_at\" = ? WHERE \"token_hash\" = ?", false),
            ("UPDATE \"session\" SET \"flash\" = ?", false),
            ("DELETE FROM \"session\" WHERE \"created_at\" < ?", true),
            ("UPDATE \"staff\" SET \"paused_until\" = ?", true),
            ("INSERT INTO \"staff\" (\"id\") VALUES (?)", true),
            ("UPDATE \"person\" SET \"suspended_at\" = ?", true),
            ("UPDATE \"person\" SET \"elder\" = ?", false),
            ("SELECT \"revoked_at\" FROM \"session\"", false),
            ("UPDATE \"filing\" SET \"state\" = ?", false),
        ] {
            assert_eq!(moves_rights(sql), moves, "{sql}");
        }
    }
}
