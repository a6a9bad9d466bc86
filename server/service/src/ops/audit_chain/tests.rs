#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use serde_json::json;

use super::*;
use crate::Service;
use crate::base::keyring::Keyring;
use crate::base::retry::retry;
use crate::common::{World, claims};

claims![
    an_untouched_log_is_whole,
    every_kind_of_tampering_is_found_and_names_the_first_bad_line,
    what_is_rolled_back_leaves_no_gap,
    fifty_writers_at_once_keep_the_chain_whole,
    a_log_longer_than_a_page_is_verified,
    the_log_is_verified_with_its_key_alone,
];

impl Service {
    /// Makes the log one of before there were digests.
    pub(crate) async fn forget_digests(&self) {
        use sea_orm::sea_query::Expr;
        let tx = self.parts.context.db.begin().await.unwrap();
        let mut previous = String::new();
        for mut row in audit::Entity::find().order_by_asc(audit::Column::Seq).all(&tx).await.unwrap() {
            (row.row_digests, row.previous_hash) = (None, previous);
            row.hash = hash(&self.parts.context.keys, &row);
            audit::Entity::update_many()
                .col_expr(audit::Column::RowDigests, Expr::value(None::<String>))
                .col_expr(audit::Column::PreviousHash, Expr::value(row.previous_hash))
                .col_expr(audit::Column::Hash, Expr::value(row.hash.clone()))
                .filter(audit::Column::Seq.eq(row.seq))
                .exec(&tx)
                .await
                .unwrap();
            previous = row.hash;
        }
        tx.commit().await.unwrap();
    }
}

async fn add(service: &Service, count: usize) {
    for line in 0..count {
        let tx = service.parts.context.db.begin().await.unwrap();
        let detail = json!({ "line": line });
        service.parts.context.audit(&tx, None, "test", "nothing", "none", detail).await.unwrap();
        tx.commit().await.unwrap();
    }
}

async fn an_untouched_log_is_whole(world: World) {
    assert_eq!(world.service.audit_chain.verify_audit().await.unwrap(), AuditVerdict::default());
    let actor = world.applicant(1).await;
    world.officer("110000").await;
    world.service.accounts.sign_out(&actor).await.unwrap();
    let verdict = world.restarted().await.audit_chain.verify_audit().await.unwrap();
    assert!(verdict.is_whole() && verdict.rows >= 5, "{verdict:?}");
    assert_eq!(verdict.head.unwrap().0 as u64, verdict.rows);
}

async fn every_kind_of_tampering_is_found_and_names_the_first_bad_line(world: World) {
    add(&world.service, 9).await;
    let whole = world.service.audit_chain.verify_audit().await.unwrap();
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
        (
            "DELETE FROM audit WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = 6; \
          UPDATE audit SET seq = 6 WHERE seq = 7; UPDATE audit SET seq = 7 WHERE seq = 8; \
          UPDATE audit SET seq = 8 WHERE seq = 9; UPDATE counter SET value = 8 WHERE name = 'audit'"
                .to_owned(),
            5,
        ),
        // One line too many, copied from another.
        (
            "INSERT INTO audit SELECT 0, at, actor_id, actor_role, action, object_kind, object_id, detail, \
          previous_hash, hash, row_digests FROM audit WHERE seq = 1"
                .to_owned(),
            0,
        ),
        (
            "INSERT INTO audit SELECT 10, at, actor_id, actor_role, action, object_kind, object_id, detail, \
          previous_hash, hash, row_digests FROM audit WHERE seq = 9"
                .to_owned(),
            10,
        ),
    ] {
        world.execute(&spoil).await;
        let verdict = world.service.audit_chain.verify_audit().await.unwrap();
        assert_eq!(verdict.first_bad, Some(bad), "{spoil}");
        world.execute(&restore).await;
        world.execute("UPDATE counter SET value = 9 WHERE name = 'audit'").await;
        assert!(world.service.audit_chain.verify_audit().await.unwrap().is_whole());
    }
}

async fn what_is_rolled_back_leaves_no_gap(world: World) {
    add(&world.service, 2).await;
    let tx = world.service.parts.context.db.begin().await.unwrap();
    world.service.parts.context.audit(&tx, None, "test", "nothing", "none", json!({})).await.unwrap();
    tx.rollback().await.unwrap();
    add(&world.service, 2).await;
    let verdict = world.service.audit_chain.verify_audit().await.unwrap();
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
                    let tx = service.parts.context.db.begin().await?;
                    service
                        .parts
                        .context
                        .audit(&tx, None, "test", "nothing", "none", json!({ "writer": writer }))
                        .await?;
                    tx.commit().await?;
                    Ok::<(), crate::base::error::Error>(())
                };
                retry!(attempt()).unwrap();
            }
        });
    }
    while !writers.is_empty() {
        assert!(world.service.audit_chain.verify_audit().await.unwrap().is_whole());
        writers.join_next().await.unwrap().unwrap();
    }
    let verdict = world.service.audit_chain.verify_audit().await.unwrap();
    assert_eq!((verdict.rows, verdict.first_bad), (200, None));
}

async fn a_log_longer_than_a_page_is_verified(world: World) {
    let tx = world.service.parts.context.db.begin().await.unwrap();
    for _ in 0..PAGE + 3 {
        world.service.parts.context.audit(&tx, None, "test", "nothing", "none", json!({})).await.unwrap();
    }
    tx.commit().await.unwrap();
    let verdict = world.service.audit_chain.verify_audit().await.unwrap();
    assert_eq!((verdict.rows, verdict.first_bad), (PAGE + 3, None));
    world.execute(&format!("DELETE FROM audit WHERE seq = {PAGE}")).await;
    assert_eq!(world.service.audit_chain.verify_audit().await.unwrap().first_bad, Some(PAGE as i64));
}

async fn the_log_is_verified_with_its_key_alone(world: World) {
    add(&world.service, 3).await;
    let stranger = world.service.with_keys(Keyring::generate().unwrap());
    assert_eq!(stranger.audit_chain.verify_audit().await.unwrap().first_bad, Some(1));
}
