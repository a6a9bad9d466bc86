//! The audit log (R65): one line for every write and every look at unmasked personal data, chained
//! by keyed hashes. Lines are only ever added; whoever changes, removes or exchanges one without the
//! key is found by [`Service::verify_audit`].
//!
//! What is not a line: that a session is still alive, a flash and a read mark.

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::Service;
use crate::actor::{Actor, Role};
use crate::db::{millis, next_serial};
use crate::entity::{audit, counter};
use crate::error::Result;
use crate::keyring::{Keyring, same_in_constant_time};

/// The counter that numbers the lines; its row's lock makes writers queue.
const CHAIN: &str = "audit";
const PAGE: u64 = 500;

/// What a look through the whole log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditVerdict {
    /// Lines looked at.
    pub rows: u64,
    /// The first line that is missing, changed or out of its place.
    pub first_bad: Option<i64>,
    /// Number and hash of the last line. Kept outside of the database, they show later that nobody
    /// has cut the log off and set its counter back.
    pub head: Option<(i64, String)>,
}

impl AuditVerdict {
    pub fn is_whole(&self) -> bool {
        self.first_bad.is_none()
    }
}

impl Service {
    /// Adds one line in the transaction of what it tells about. Call it last: it takes the chain's
    /// lock, and nobody else can write a line until the transaction ends. `detail` holds codes and
    /// ids, never personal data.
    pub(crate) async fn write(
        &self,
        on: &DatabaseTransaction,
        actor: Option<&Actor>,
        action: &str,
        object_kind: &str,
        object_id: &str,
        detail: serde_json::Value,
    ) -> Result<()> {
        let seq = next_serial(on, CHAIN).await?;
        let previous = audit::Entity::find_by_id(seq - 1).one(on).await?;
        let mut row = audit::Model {
            seq,
            at: millis(self.clock.now()),
            actor_id: actor.map(|actor| actor.person_id.clone()),
            actor_role: role_words(actor),
            action: action.to_owned(),
            object_kind: object_kind.to_owned(),
            object_id: object_id.to_owned(),
            detail: detail.to_string(),
            // A missing line is for `verify_audit` to find, not a reason to stop all work.
            previous_hash: previous.map(|line| line.hash).unwrap_or_default(),
            hash: String::new(),
        };
        row.hash = hash(&self.keys, &row);
        let row = audit::ActiveModel {
            seq: Set(row.seq),
            at: Set(row.at),
            actor_id: Set(row.actor_id),
            actor_role: Set(row.actor_role),
            action: Set(row.action),
            object_kind: Set(row.object_kind),
            object_id: Set(row.object_id),
            detail: Set(row.detail),
            previous_hash: Set(row.previous_hash),
            hash: Set(row.hash),
        };
        row.insert(on).await?;
        Ok(())
    }

    /// Looks through the whole log. Lines added meanwhile do no harm.
    pub async fn verify_audit(&self) -> Result<AuditVerdict> {
        // Asked first: every line up to here must be found.
        let counted =
            counter::Entity::find_by_id(CHAIN).one(self.db.read()).await?.map_or(0, |counter| counter.value);
        let mut verdict = AuditVerdict { rows: 0, first_bad: None, head: None };
        let mut expected = 1;
        let mut previous_hash = String::new();
        let mut after = i64::MIN;
        loop {
            let page = audit::Entity::find()
                .filter(audit::Column::Seq.gt(after))
                .order_by_asc(audit::Column::Seq)
                .limit(PAGE)
                .all(self.db.read())
                .await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for row in page {
                verdict.rows += 1;
                let is_good = row.seq == expected
                    && row.previous_hash == previous_hash
                    && same_in_constant_time(hash(&self.keys, &row).as_bytes(), row.hash.as_bytes());
                if !is_good {
                    // A line too many before the expected one is bad itself; one after shows a gap.
                    verdict.first_bad = verdict.first_bad.or(Some(row.seq.min(expected)));
                }
                expected = row.seq + 1;
                verdict.head = Some((row.seq, row.hash.clone()));
                previous_hash = row.hash;
            }
        }
        if verdict.first_bad.is_none() && expected <= counted {
            verdict.first_bad = Some(expected);
        }
        Ok(verdict)
    }
}

fn role_words(actor: Option<&Actor>) -> String {
    let Some(actor) = actor else { return "system".to_owned() };
    if actor.roles.is_empty() {
        return "applicant".to_owned();
    }
    let words = actor.roles.iter().map(|role| match role {
        Role::Reviewer { region } => format!("reviewer/{region}"),
        Role::Administrator => "administrator".to_owned(),
        Role::Keeper => "keeper".to_owned(),
        Role::Auditor => "auditor".to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Over every column but the hash itself, each with its length, so that no text can pass for two.
fn hash(keys: &Keyring, row: &audit::Model) -> String {
    let (seq, at) = (row.seq.to_string(), row.at.to_string());
    let mut text = String::new();
    for column in [
        Some(seq.as_str()),
        Some(at.as_str()),
        row.actor_id.as_deref(),
        Some(row.actor_role.as_str()),
        Some(row.action.as_str()),
        Some(row.object_kind.as_str()),
        Some(row.object_id.as_str()),
        Some(row.detail.as_str()),
        Some(row.previous_hash.as_str()),
    ] {
        match column {
            Some(column) => {
                text.push_str(&column.len().to_string());
                text.push(':');
                text.push_str(column);
            }
            None => text.push('-'),
        }
    }
    keys.fingerprint("audit", &text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use serde_json::json;

    use super::*;
    use crate::common::{World, claims};

    claims![
        an_untouched_log_is_whole,
        every_kind_of_tampering_is_found_and_names_the_first_bad_line,
        what_is_rolled_back_leaves_no_gap,
        fifty_writers_at_once_keep_the_chain_whole,
        a_log_longer_than_a_page_is_verified,
        the_log_is_verified_with_its_key_alone,
    ];

    async fn add(service: &Service, count: usize) {
        for line in 0..count {
            let tx = service.db.begin().await.unwrap();
            let detail = json!({ "line": line });
            service.write(&tx, None, "test", "nothing", "none", detail).await.unwrap();
            tx.commit().await.unwrap();
        }
    }

    async fn an_untouched_log_is_whole(world: World) {
        let empty = AuditVerdict { rows: 0, first_bad: None, head: None };
        assert_eq!(world.service.verify_audit().await.unwrap(), empty);
        let actor = world.applicant(1).await;
        world.officer("110000").await;
        world.service.sign_out(&actor).await.unwrap();
        let verdict = world.restarted().await.verify_audit().await.unwrap();
        assert!(verdict.is_whole() && verdict.rows >= 5, "{verdict:?}");
        assert_eq!(verdict.head.unwrap().0 as u64, verdict.rows);
    }

    async fn every_kind_of_tampering_is_found_and_names_the_first_bad_line(world: World) {
        add(&world.service, 9).await;
        let whole = world.service.verify_audit().await.unwrap();
        assert_eq!((whole.rows, whole.first_bad), (9, None));
        // What is done, what undoes it, and the line to be named.
        let exchange = "UPDATE audit SET seq = -1 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 7; \
                        UPDATE audit SET seq = 7 WHERE seq = -1";
        let keep = |kept: &str| format!("DELETE FROM audit WHERE seq IN ({kept})");
        let put_back = "INSERT INTO audit SELECT * FROM kept WHERE seq NOT IN (SELECT seq FROM audit)";
        world.execute("CREATE TABLE kept AS SELECT * FROM audit").await;
        let restore = format!("DELETE FROM audit; {put_back}");
        for (spoil, bad) in [
            ("UPDATE audit SET at = at + 1 WHERE seq = 5".to_owned(), 5),
            ("UPDATE audit SET actor_id = '' WHERE seq = 5".to_owned(), 5),
            ("UPDATE audit SET actor_role = 'applicant' WHERE seq = 1".to_owned(), 1),
            ("UPDATE audit SET action = 'tes', object_kind = 'tnothing' WHERE seq = 9".to_owned(), 9),
            ("UPDATE audit SET object_id = 'other' WHERE seq = 2".to_owned(), 2),
            ("UPDATE audit SET detail = '{}' WHERE seq = 4".to_owned(), 4),
            ("UPDATE audit SET previous_hash = '' WHERE seq = 6".to_owned(), 6),
            ("UPDATE audit SET hash = '' WHERE seq = 6".to_owned(), 6),
            ("UPDATE audit SET detail = '{}' WHERE seq IN (8, 4, 6)".to_owned(), 4),
            (exchange.to_owned(), 3),
            (keep("1"), 1),
            (keep("5"), 5),
            (keep("5, 6"), 5),
            // The tail: the counter knows that there were more.
            (keep("9"), 9),
            (keep("8, 9"), 8),
            (keep("1, 2, 3, 4, 5, 6, 7, 8, 9"), 1),
            // Removed, and those after it moved up.
            ("DELETE FROM audit WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = 6; \
              UPDATE audit SET seq = 6 WHERE seq = 7; UPDATE audit SET seq = 7 WHERE seq = 8; \
              UPDATE audit SET seq = 8 WHERE seq = 9; UPDATE counter SET value = 8 WHERE name = 'audit'"
                .to_owned(), 5),
            // One line too many, copied from another.
            ("INSERT INTO audit SELECT 0, at, actor_id, actor_role, action, object_kind, object_id, detail, \
              previous_hash, hash FROM audit WHERE seq = 1".to_owned(), 0),
            ("INSERT INTO audit SELECT 10, at, actor_id, actor_role, action, object_kind, object_id, detail, \
              previous_hash, hash FROM audit WHERE seq = 9".to_owned(), 10),
        ] {
            world.execute(&spoil).await;
            let verdict = world.service.verify_audit().await.unwrap();
            assert_eq!(verdict.first_bad, Some(bad), "{spoil}");
            world.execute(&restore).await;
            world.execute("UPDATE counter SET value = 9 WHERE name = 'audit'").await;
            assert!(world.service.verify_audit().await.unwrap().is_whole());
        }
    }

    async fn what_is_rolled_back_leaves_no_gap(world: World) {
        add(&world.service, 2).await;
        let tx = world.service.db.begin().await.unwrap();
        world.service.write(&tx, None, "test", "nothing", "none", json!({})).await.unwrap();
        tx.rollback().await.unwrap();
        add(&world.service, 2).await;
        let verdict = world.service.verify_audit().await.unwrap();
        assert_eq!((verdict.rows, verdict.first_bad), (4, None));
    }

    async fn fifty_writers_at_once_keep_the_chain_whole(world: World) {
        // Two servers on one database, and verifying goes on all the while.
        let services = [world.service.clone(), world.restarted().await];
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..50 {
            let service = services[writer % 2].clone();
            writers.spawn(async move {
                for _ in 0..4 {
                    let attempt = || async {
                        let tx = service.db.begin().await?;
                        service
                            .write(&tx, None, "test", "nothing", "none", json!({ "writer": writer }))
                            .await?;
                        tx.commit().await?;
                        Ok::<(), crate::Error>(())
                    };
                    crate::again!(attempt()).unwrap();
                }
            });
        }
        while !writers.is_empty() {
            assert!(world.service.verify_audit().await.unwrap().is_whole());
            writers.join_next().await.unwrap().unwrap();
        }
        let verdict = world.service.verify_audit().await.unwrap();
        assert_eq!((verdict.rows, verdict.first_bad), (200, None));
    }

    async fn a_log_longer_than_a_page_is_verified(world: World) {
        let tx = world.service.db.begin().await.unwrap();
        for _ in 0..PAGE + 3 {
            world.service.write(&tx, None, "test", "nothing", "none", json!({})).await.unwrap();
        }
        tx.commit().await.unwrap();
        let verdict = world.service.verify_audit().await.unwrap();
        assert_eq!((verdict.rows, verdict.first_bad), (PAGE + 3, None));
        world.execute(&format!("DELETE FROM audit WHERE seq = {PAGE}")).await;
        assert_eq!(world.service.verify_audit().await.unwrap().first_bad, Some(PAGE as i64));
    }

    async fn the_log_is_verified_with_its_key_alone(world: World) {
        add(&world.service, 3).await;
        let mut stranger = world.service.clone();
        stranger.keys = std::sync::Arc::new(Keyring::generate().unwrap());
        assert_eq!(stranger.verify_audit().await.unwrap().first_bad, Some(1));
    }
}
