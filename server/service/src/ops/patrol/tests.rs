#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
use sea_orm::QueryTrait;

use super::*;
use crate::common::*;

claims![what_is_due_is_found_by_an_index];

async fn what_is_due_is_found_by_an_index(world: World) {
    let officer = world.officer("110000").await;
    world.many_filings(&officer, 50, 60).await;
    world.execute("UPDATE record SET patrol_at = created_at, state = 'active' WHERE id LIKE 'x-%9'").await;
    world.execute("ANALYZE").await;
    let plan = world.plan(&due(50, 4).into_query()).await;
    assert!(plan.contains("record_patrol"), "{plan}");
    let rows = due(50, 4).all(world.service.parts.context.db.read()).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.patrol_at).collect::<Vec<_>>(), [0, 9, 9, 9], "and the subject");
}

#[test]
fn what_was_approved_on_one_day_is_spread() {
    let spread: std::collections::BTreeSet<i64> =
        (0..100).map(|n| jitter(&format!("01900000-0000-7000-8000-0000000000{n:02}"), 1000)).collect();
    assert!(spread.len() > 50 && spread.iter().all(|part| (0..1000).contains(part)), "{spread:?}");
    assert_eq!(jitter("x", 0), 0);
}
