//! What the clock does in this crate's part of people and files: ending what has run out. The server
//! calls it from time to time; calling it more often, or from several servers, does no harm.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use time::Duration;

use crate::db::millis;
use crate::entity::session;
use crate::error::Result;
use crate::person::ABSOLUTE;
use crate::{Service, again};

/// Sessions that ended are kept so long, for questions about who was signed in.
const ENDED_SESSIONS: Duration = Duration::days(30);

impl Service {
    /// Deletes the rows of sessions that ended a month ago. Says how many went.
    pub async fn sweep_sessions(&self) -> Result<u64> {
        again!(self.try_sweep_sessions())
    }

    async fn try_sweep_sessions(&self) -> Result<u64> {
        let before = millis(self.clock.now() - ABSOLUTE - ENDED_SESSIONS);
        let tx = self.db.begin().await?;
        let gone =
            session::Entity::delete_many().filter(session::Column::CreatedAt.lt(before)).exec(&tx).await?;
        if gone.rows_affected > 0 {
            let detail = json!({ "rows": gone.rows_affected });
            self.write(&tx, None, "sweep", "session", "", detail).await?;
        }
        tx.commit().await?;
        Ok(gone.rows_affected)
    }
}
