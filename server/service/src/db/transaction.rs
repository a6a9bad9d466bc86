use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr, ExecResult,
    QueryResult, Statement, TransactionOptions, TransactionTrait,
};

/// A transaction that commits only if each of its statements succeeded. PostgreSQL answers `COMMIT`
/// with success where an error that somebody swallowed has ended the transaction; SQLite may have
/// rolled back by itself.
pub struct Transaction {
    inner: DatabaseTransaction,
    failed: Arc<AtomicBool>,
}

impl Transaction {
    /// Begins to the end, whether or not somebody still waits for it: a beginning that is broken off
    /// would leave the connection inside a transaction that the driver does not know of.
    pub(super) async fn begin(on: &DatabaseConnection, options: TransactionOptions) -> Result<Self, DbErr> {
        let failed = Arc::new(AtomicBool::new(false));
        let mut on = on.clone();
        let told = Arc::clone(&failed);
        on.set_metric_callback(move |statement| {
            if statement.failed {
                told.store(true, Ordering::SeqCst);
            }
        });
        let begun = tokio::spawn(async move { on.begin_with_options(options).await });
        let inner = begun.await.map_err(|error| DbErr::Custom(format!("the beginning broke: {error}")))??;
        Ok(Transaction { inner, failed })
    }

    /// # Errors
    /// When a statement failed, or the database did not confirm. In the latter case the changes may be
    /// there or not; whoever asks again has to find out.
    pub async fn commit(self) -> Result<(), DbErr> {
        if self.failed.load(Ordering::SeqCst) {
            self.inner.rollback().await?;
            return Err(DbErr::Custom("a statement failed, so nothing is committed".to_owned()));
        }
        self.inner.commit().await
    }

    pub async fn rollback(self) -> Result<(), DbErr> {
        self.inner.rollback().await
    }
}

impl Deref for Transaction {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.inner
    }
}

#[sea_orm_migration::async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DatabaseBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.inner.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let outcome = self.inner.execute_unprepared(sql).await;
        // The driver does not report these.
        self.failed.fetch_or(outcome.is_err(), Ordering::SeqCst);
        outcome
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.inner.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.inner.query_all_raw(statement).await
    }
}
