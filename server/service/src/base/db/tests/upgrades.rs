//! The shape: how an older one is brought up to date, by several servers at once, and what it insists on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::action::Action;
use domain::badge::BadgeFinding;
use domain::business::Business;
use domain::filing::{FilingEvent, FilingState};
use domain::misuse::MisuseKind;
use domain::notice::NoticeKind;
use domain::patrol::PatrolState;
use domain::record::RecordState;
use domain::relation::RelationKind;
use domain::schema::Directory;
use domain::second_look::Judgement;
use domain::talk::QuestionEnd;
use domain::view::{BatchAct, BatchOutcome, Density, ProviderSource};
use migration::Shape;
use sea_orm::{ConnectionTrait, Database, DatabaseBackend, DatabaseConnection, Statement};

use crate::Service;
use crate::base::clock::Clock;
use crate::base::db::Db;
use crate::base::error::Error;
use crate::common::{World, claims};
use crate::state::history::SUBMITTED;
use crate::state::transition::{HANDOVER_OPEN, HandoverEnd};

/// The 75 steps of the first installations, each after a line with its name.
const FIRST: &str = include_str!("../../../../../../migration/tests/first_installations.sql");

fn first_installation(backend: DatabaseBackend) -> String {
    let binary = match backend {
        DatabaseBackend::Postgres => "COLLATE \"C\"",
        _ => "COLLATE BINARY",
    };
    let marks: Vec<String> = FIRST
        .lines()
        .filter_map(|line| line.strip_prefix("-- m"))
        .map(|name| format!("('m{name}', 0)"))
        .collect();
    assert_eq!(marks.len(), 75);
    format!(
        "{}; CREATE TABLE seaql_migrations (version VARCHAR NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL); \
         INSERT INTO seaql_migrations VALUES {}",
        FIRST.replace("{binary}", binary).trim_end().trim_end_matches(';'),
        marks.join(", ")
    )
}

/// In the order in which they were made.
fn first_tables() -> impl Iterator<Item = &'static str> {
    FIRST.lines().filter_map(|line| line.strip_prefix("CREATE TABLE ")?.split_whitespace().next())
}

async fn names(on: &DatabaseConnection, sql: &str) -> Vec<String> {
    let rows = on.query_all_raw(Statement::from_string(on.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// Puts the rows of a world into a database of the first shape, on which the world stands from then on.
async fn as_it_was_first(world: &mut World) {
    let sql = first_installation(world.backend());
    let on = if world.is_sqlite() {
        let file = world.url.strip_prefix("sqlite://").unwrap().to_owned();
        world.url = format!("sqlite://{file}.first");
        let on =
            Database::connect(crate::base::db::lasting(format!("{}?mode=rwc", world.url))).await.unwrap();
        on.execute_unprepared(&format!("PRAGMA foreign_keys = OFF; ATTACH '{file}' AS newer")).await.unwrap();
        on
    } else {
        let on = world.raw().await;
        on.execute_unprepared("CREATE SCHEMA newer").await.unwrap();
        for table in names(&on, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'").await {
            on.execute_unprepared(&format!("ALTER TABLE {table} SET SCHEMA newer")).await.unwrap();
        }
        on
    };
    on.execute_unprepared(&sql).await.unwrap();
    for table in first_tables() {
        let columns = match world.is_sqlite() {
            true => format!("SELECT name FROM pragma_table_info('{table}')"),
            false => format!(
                "SELECT column_name::text FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name = '{table}'"
            ),
        };
        let columns = names(&on, &columns).await.join(", ");
        let copy = format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM newer.{table}");
        on.execute_unprepared(&copy).await.unwrap();
    }
    if !world.is_sqlite() {
        on.execute_unprepared("DROP SCHEMA newer CASCADE").await.unwrap();
    }
    on.close().await.unwrap();
}

async fn rows(world: &World) -> BTreeMap<&'static str, i64> {
    let mut rows = BTreeMap::new();
    for table in first_tables() {
        rows.insert(table, world.number(&format!("SELECT COUNT(*) FROM {table}")).await);
    }
    rows
}

claims![
    the_first_installations_are_brought_up_to_date_with_their_rows,
    a_database_that_is_not_known_is_left_alone,
    a_database_takes_only_known_codes_and_rows_that_refer_to_others,
];

/// Finding 2.
async fn the_first_installations_are_brought_up_to_date_with_their_rows(mut world: World) {
    let actor = world.applicant(1).await;
    world.in_force(&actor, "example.cn").await;
    let answers = world.website_answers(&actor, "example.org").await;
    let filing = world.file(&actor, "website_new", None, &answers).await;
    world.draft(&actor, "website_new", None, &world.website_answers(&actor, "example.net").await).await;
    world.service.directories.fill_directories().await.unwrap();
    world.service.canned_reasons.fill_reasons().await.unwrap();
    // What the first installations did not count.
    let later = "DELETE FROM tally_change WHERE kind IN ('returned', 'remarked', 'officer')";
    let on = world.raw().await;
    on.execute_unprepared(later).await.unwrap();
    on.close().await.unwrap();
    let before = rows(&world).await;
    assert!(before["filing"] == 3 && before["draft"] == 1 && before["provider"] > 3 && before["audit"] > 9);
    world.service.forget_digests().await;
    as_it_was_first(&mut world).await;
    assert_eq!(rows(&world).await, before);

    let service = world.restarted().await;
    assert_eq!(rows(&world).await, before);
    assert!(service.filings.filing(&actor, &filing).await.is_ok());
    assert!(service.audit_chain.verify_audit().await.unwrap().is_whole());
    assert_eq!(service.parts.context.db.shape().await.unwrap(), Shape::Known);
    assert_eq!(Db::migrate(&world.url).await.unwrap(), Vec::<String>::new());
    let left = match world.is_sqlite() {
        true => "SELECT COUNT(*) FROM sqlite_master WHERE name LIKE 'first_installation%'",
        false => "SELECT COUNT(*) FROM pg_namespace WHERE nspname = 'first_installation'",
    };
    assert_eq!(world.number(left).await, 0);
    world.service = service;
    world.decide(&filing, domain::view::Decision::Approve, "", &[]).await;
}

/// B13.
async fn a_database_that_is_not_known_is_left_alone(mut world: World) {
    world.execute("INSERT INTO seaql_migrations VALUES ('m20990101_0000_later', 0)").await;
    let later = vec!["m20990101_0000_later".to_owned()];
    assert_eq!(world.service.parts.context.db.shape().await.unwrap(), Shape::Newer(later));
    let refused = Db::migrate(&world.url).await.unwrap_err();
    assert!(
        matches!(&refused, Error::Database(_)) && refused.to_string().contains("newer program"),
        "{refused}"
    );
    world.execute("DELETE FROM seaql_migrations WHERE version = 'm20990101_0000_later'").await;

    // Interrupted among its first 75 steps, whose program alone can end them.
    as_it_was_first(&mut world).await;
    world.execute("DELETE FROM seaql_migrations WHERE version LIKE 'm009%'").await;
    let refused = Db::migrate(&world.url).await.unwrap_err();
    assert!(refused.to_string().contains("much older program"), "{refused}");
    let Shape::Older(missing) = Db::connect(&world.url).await.unwrap().shape().await.unwrap() else {
        panic!("not older");
    };
    assert_eq!(missing[0], "m20261128_0600_shape");
    assert_eq!(world.number("SELECT COUNT(*) FROM seaql_migrations WHERE version LIKE 'm2026%'").await, 0);
}

/// Review 2.7.
async fn a_database_takes_only_known_codes_and_rows_that_refer_to_others(world: World) {
    let actor = world.applicant(1).await;
    let subject = world.put_subject(&actor, "某某", "active", "110101").await;
    let on = world.raw().await;
    for refused in [
        format!("UPDATE record SET state = 'lost' WHERE id = '{subject}'"),
        format!("UPDATE record SET business = 'shop' WHERE id = '{subject}'"),
        format!("UPDATE record SET owner_id = 'nobody' WHERE id = '{subject}'"),
        format!("UPDATE record SET subject_id = 'none' WHERE id = '{subject}'"),
        "UPDATE person SET current_subject_id = 'none'".to_owned(),
        "INSERT INTO live_domain (domain, record_id) VALUES ('example.cn', 'none')".to_owned(),
        "INSERT INTO staff (id, id_no_hash, name_sealed, role, region, created_at) \
         VALUES ('s', '', '', 'king', '', 0)"
            .to_owned(),
    ] {
        assert!(on.execute_unprepared(&refused).await.is_err(), "{refused}");
    }
    on.execute_unprepared(&format!("UPDATE person SET current_subject_id = '{subject}'")).await.unwrap();
}

async fn fill(world: &World, url: &str) -> Result<Service, Error> {
    let db = Db::open(url).await?;
    let turn = db.turn().await?;
    let clock: Arc<dyn Clock> = Arc::clone(&world.clock) as Arc<dyn Clock>;
    let (keys, files) = (Arc::clone(&world.keys), world.files.clone());
    let service = Service::new(db, keys, clock, files, world.settings.clone());
    service.holidays.take_holidays(&[]).await?;
    service.directories.fill_directories().await?;
    service.canned_reasons.fill_reasons().await?;
    service.counters.count_once().await?;
    drop(turn);
    Ok(service)
}

/// Finding 6: three servers start at once, on an empty database and on one of the first shape.
async fn three_begin_at_once(mut world: World, an_empty_one: impl AsyncFn(u32) -> String) {
    let alone = fill(&world, &an_empty_one(0).await).await.unwrap();
    let expected = names(alone.parts.context.db.read(), "SELECT name FROM provider ORDER BY name").await;
    drop(alone);
    for round in 1..=12 {
        let url = an_empty_one(round).await;
        let (one, two, three) = tokio::join!(fill(&world, &url), fill(&world, &url), fill(&world, &url));
        let (one, _, _) = (one.unwrap(), two.unwrap(), three.unwrap());
        let filled = names(one.parts.context.db.read(), "SELECT name FROM provider ORDER BY name").await;
        assert_eq!(filled, expected, "round {round}");
    }
    as_it_was_first(&mut world).await;
    let url = world.url.clone();
    let (one, two, three) = tokio::join!(fill(&world, &url), fill(&world, &url), fill(&world, &url));
    for begun in [one, two, three] {
        begun.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_begin_at_once_on_sqlite() {
    let directory = crate::common::directory();
    let fresh = async |n: u32| format!("sqlite://{}", directory.path().join(format!("{n}.db")).display());
    three_begin_at_once(World::on_sqlite().await, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_begin_at_once_on_postgres() {
    let Some(world) = World::on_postgres().await else { return };
    let (server, name) = world.url.rsplit_once('/').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let on = world.raw().await;
    let fresh = async |n: u32| {
        on.execute_unprepared(&format!("CREATE DATABASE {name}_{n}")).await.unwrap();
        format!("{server}/{name}_{n}")
    };
    three_begin_at_once(world, fresh).await;
}

fn codes<T>(all: impl IntoIterator<Item = T>, code: impl Fn(T) -> &'static str) -> BTreeSet<String> {
    all.into_iter().map(|one| code(one).to_owned()).collect()
}

fn words(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Codes that a CHECK does not list, and why.
const OPEN_LISTS: [(&str, &str); 6] = [
    // As the identity platform says it.
    ("person", "id_kind"),
    // Words of the form.
    ("record", "owner_kind"),
    // The log takes what it is given; its hashes stand for it.
    ("audit", "actor_role"),
    ("audit", "action"),
    ("audit", "object_kind"),
    // With the record it is for.
    ("sms_code", "purpose"),
];

/// What refers to different tables, or has to outlive what it refers to.
const FREE: [(&str, &str); 8] = [
    ("audit", "actor_id"),
    ("audit", "object_id"),
    // Of the moment, and in no order with what they speak of.
    ("open_page", "filing_id"),
    ("open_page", "person_id"),
    ("open_page", "server_id"),
    ("key_check", "key_id"),
    // The acts that are taken back together, perhaps a batch.
    ("undoable_act", "act_id"),
    ("upload_use", "holder_id"),
];

/// Review 2.7: every column of codes lists them, as `domain` knows them, and every reference is one.
#[tokio::test]
async fn the_shape_knows_every_code_and_every_reference() {
    let world = World::on_sqlite().await;
    let on = world.raw().await;
    let businesses = codes(Business::ALL, Business::code);
    let states = codes(FilingState::ALL, FilingState::code);
    let mut events = codes(FilingEvent::ALL, FilingEvent::code);
    events.insert(SUBMITTED.to_owned());
    let mut handovers = codes(HandoverEnd::ALL, HandoverEnd::code);
    handovers.insert(HANDOVER_OPEN.to_owned());
    let procedures = Business::ALL.into_iter().flat_map(|business| {
        business.actions().map(move |action| format!("{}_{}", business.code(), action.code()))
    });
    let expected = BTreeMap::from([
        (("badge_check", "finding"), codes(BadgeFinding::ALL, BadgeFinding::code)),
        (("record", "business"), businesses.clone()),
        (("record", "state"), codes(RecordState::ALL, RecordState::code)),
        (("filing", "business"), businesses),
        (("filing", "action"), codes([Action::New, Action::Change, Action::Cancel], Action::code)),
        (("filing", "state"), states.clone()),
        (("filing_event", "event"), events),
        (("filing_event", "from_state"), states.clone()),
        (("filing_event", "to_state"), states),
        (("desk_batch", "act"), codes(BatchAct::ALL, BatchAct::code)),
        (("desk_batch_filing", "outcome"), codes(BatchOutcome::ALL, BatchOutcome::code)),
        (("desk_setting", "density"), codes(Density::ALL, Density::code)),
        (("draft", "procedure"), procedures.collect()),
        (("handover", "state"), handovers),
        (("filing_message", "ended_by"), codes(QuestionEnd::ALL, QuestionEnd::code)),
        (("misuse_report", "kind"), codes(MisuseKind::ALL, MisuseKind::code)),
        (("notice", "kind"), codes(NoticeKind::ALL, NoticeKind::code)),
        (("patrol_finding", "state"), codes(PatrolState::ALL, PatrolState::code)),
        (("provider", "directory"), codes([Directory::Access, Directory::Registrar], Directory::code)),
        (("provider", "source"), codes(ProviderSource::ALL, ProviderSource::code)),
        (("relation_key", "kind"), codes(RelationKind::ALL, RelationKind::code)),
        (("second_look", "decision"), codes(Judgement::ALL, Judgement::code)),
        (("second_look", "judgement"), codes(Judgement::ALL, Judgement::code)),
        (("staff", "role"), words(&["reviewer", "administrator", "keeper", "auditor"])),
    ]);
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    for table in names(&on, tables).await {
        let sql =
            names(&on, &format!("SELECT sql FROM sqlite_master WHERE name = '{table}'")).await.remove(0);
        let sql = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        let columns = names(&on, &format!("SELECT name FROM pragma_table_info('{table}')")).await;
        let refer = format!("SELECT \"from\" FROM pragma_foreign_key_list('{table}')");
        let refer: BTreeSet<String> = names(&on, &refer).await.into_iter().collect();
        for column in &columns {
            let place = (table.as_str(), column.as_str());
            let is_code =
                ["state", "kind", "role", "action", "event", "business", "procedure", "directory", "source"]
                    .iter()
                    .any(|word| column == word || column.ends_with(&format!("_{word}")))
                    || column == "purpose";
            let listed = sql.split_once(&format!("CHECK ({column} IN (")).map(|(_, rest)| {
                let (list, _) = rest.split_once(')').unwrap();
                list.split(',').map(|code| code.trim().trim_matches('\'').to_owned()).collect::<BTreeSet<_>>()
            });
            if let Some(expected) = expected.get(&place) {
                assert_eq!(listed.as_ref(), Some(expected), "{place:?}");
            }
            if is_code && !OPEN_LISTS.contains(&place) {
                assert!(listed.is_some(), "{place:?} lists no codes");
            }
            let is_reference = column.ends_with("_id") || column == "claimed_by";
            if is_reference && !FREE.contains(&place) {
                assert!(refer.contains(column), "{place:?} refers to nothing");
            }
        }
    }
}
