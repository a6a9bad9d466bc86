//! The audit log against a hand in the database (R65): whatever it changes, removes or puts in is found
//! and named, and a log cut off or emptied is found by a head that was kept elsewhere.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::too_many_lines)]

#[path = "common/acts.rs"]
mod acts;
mod common;
#[path = "common/identity.rs"]
mod identity_check;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use common::{World, claims, claims_of};
use domain::audit_word::{action_word, object_word};
use domain::business::Business;
use domain::role::StaffRole;
use domain::second_look::TypedJudgement;
use domain::view::*;
use futures::future::BoxFuture;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use service::Actor;
use service::network::{Outbound, Page};
use service::sample::SampleOfficer;
use service::{AuditVerdict, MisuseTold, RowFault, audited_columns};
use time::Duration;

claims![
    every_table_is_told_about_or_said_why_not,
    whatever_a_hand_changes_in_the_database_is_found_and_named,
    a_row_put_in_by_hand_is_found,
    a_log_that_was_cut_off_or_emptied_is_found_by_a_head_kept_elsewhere,
    rows_of_before_are_taken_as_they_are_once,
    the_rows_of_before_are_taken_while_others_write,
    the_first_administrators_appointment_is_a_line,
    who_audits_does_not_become_the_first_administrator,
    the_saves_of_a_sitting_are_one_line,
    a_page_of_small_pictures_is_one_line,
    of_autosaves_and_pages_so_many_a_second,
];

/// Tables whose rows change without a line.
const UNAUDITED: [(&str, &str); 30] = [
    ("audit", "is the log"),
    ("counter", "numbers that are used twice run into unique indexes; that of the log is checked with it"),
    ("desk_batch", "what was ordered for many filings, for a day; the order has its line"),
    ("desk_batch_filing", "what became of each, for a day; each act has its own line"),
    ("desk_event", "what desks were told, for an hour; each is written with the line it tells about"),
    ("desk_setting", "how an officer likes the desk; each choice has its line"),
    ("desk_visit", "when an officer last saw what arrived"),
    ("draft", "is typed every other second, and shows nobody else anything"),
    ("held_form", "what was typed and came back with faults, for half an hour"),
    ("identity_check", "wrong tries, for an hour"),
    ("job", "when a background task last ran, and where; that it is to run now has its line"),
    ("key_check", "is opened with the keys at every start"),
    ("network_check", "is asked anew in every round, and decides nothing"),
    ("network_use", "how often a network asked what is dear, for a minute"),
    ("notice", "tells of what other rows say"),
    ("notice_choice", "what a person wants to be told of otherwise; each choice has its line"),
    ("open_page", "who has which page open at this moment"),
    ("outbox", "tells of what other rows say; gone after sending"),
    ("name_suffix", "can be made again from the records"),
    ("relation_key", "can be made again from the filings"),
    ("patrol_host", "when a host was asked last, for a day"),
    ("patrol_look", "what a look saw; what counts becomes a finding"),
    ("saved_view", "an officer's own bookmarks"),
    ("server_node", "which servers are at work at this moment"),
    ("sms_code", "gone after five minutes"),
    ("tally", "can be counted again from the filings"),
    ("tally_change", "can be counted again from the filings"),
    ("upload_use", "follows from the answers of filings and records"),
    (
        "undoable_act",
        "gone after some seconds; what is done and taken back has its lines, and what it holds is sealed",
    ),
    ("usage", "how often somebody did what is limited, for a day"),
];

async fn texts(on: &DatabaseConnection, sql: &str) -> Vec<String> {
    let statement = Statement::from_string(on.get_database_backend(), sql);
    let rows = on.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index::<Option<String>>(0).unwrap().unwrap_or_default()).collect()
}

/// A new table has to be decided about; a new column is covered unless its entity says otherwise.
async fn every_table_is_told_about_or_said_why_not(world: World) {
    let on = world.raw().await;
    let tables = match world.is_sqlite() {
        true => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        false => "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'",
    };
    let stored: BTreeSet<String> =
        texts(&on, tables).await.into_iter().filter(|name| !name.starts_with("seaql")).collect();
    let audited = audited_columns();
    let decided: BTreeSet<String> = audited
        .iter()
        .map(|(table, ..)| *table)
        .chain(UNAUDITED.iter().map(|(table, _)| *table))
        .map(str::to_owned)
        .collect();
    assert_eq!(stored, decided, "decide in row_digest.rs whether the log tells about the rows");
    // The digests see every column that there is.
    let not_covered = [
        ("filing", "claim_seen_at"),
        ("filing", "person_id_no_hash"),
        ("filing", "person_name_hash"),
        ("filing", "reminded_days"),
        ("filing", "subject_key"),
        ("filing", "title_key"),
        ("person", "seen_at"),
        ("provider", "aliases_key"),
        ("provider", "name_key"),
        ("record", "patrol_at"),
        ("record", "title_key"),
        ("second_look", "judge_seen_at"),
        ("session", "flash"),
        ("session", "seen_at"),
    ];
    for (table, key, columns) in audited {
        let of_table = match world.is_sqlite() {
            true => format!("SELECT name FROM pragma_table_info('{table}')"),
            false => format!(
                "SELECT column_name::text FROM information_schema.columns WHERE table_name = '{table}'"
            ),
        };
        let stored: BTreeSet<String> = texts(&on, &of_table).await.into_iter().collect();
        let known: BTreeSet<String> = columns
            .iter()
            .copied()
            .chain(not_covered.iter().filter(|(of, _)| *of == table).map(|(_, column)| *column))
            .map(str::to_owned)
            .collect();
        assert_eq!(stored, known, "{table}");
        assert!(key.iter().all(|key| columns.contains(key)), "{table}");
    }
    on.close().await.unwrap();
}

/// A world in which each audited table has rows.
async fn full(world: &World) {
    let service = &world.service;
    service.audit_chain.take_baseline().await.unwrap();
    service.canned_reasons.fill_reasons().await.unwrap();
    service.directories.fill_directories().await.unwrap();
    let administrator = world.administrator().await;
    let keeper = claims_of(9_998);
    world.sign_in(&keeper).await;
    service.staff.appoint(&administrator, &keeper.name, &keeper.id_no, "keeper", "").await.unwrap();
    let keeper = world.sign_in(&keeper).await;
    service.holidays.keep_holiday(&keeper, "2026-10-01", false, "国庆节").await.unwrap();
    let actor = world.applicant(1).await;
    let (subject, _) = world.in_force(&actor, "example.cn").await;
    // Sent back and submitted again: the round before is kept.
    let website = world.website_answers(&actor, "example.org").await;
    let filing = world.file(&actor, "website_new", None, &website).await;
    world.decide(&filing, Decision::Return, "请改名", &[]).await;
    let href = service.redrafts.redraft(&actor, &filing).await.unwrap();
    let draft = href.rsplit_once("draft=").unwrap().1.to_owned();
    let request =
        FormRequest { procedure: "website_new".to_owned(), draft: Some(draft), ..FormRequest::default() };
    let head = service.drafts.form_view(&actor, &request).await.unwrap().draft.unwrap();
    assert!(matches!(world.submit(&actor, &head, "again").await, Submitted::Filing(_)));
    let officer = world.officer("110101").await;
    service.filing_claims.claim(&officer, &filing).await.unwrap();
    service.talk_desk.ask(&officer, &filing, "", "请说明网站的用途").await.unwrap();
    world.decide(&filing, Decision::Approve, "", &[]).await;
    // One more decision, which a second officer judges.
    let again = world.website_answers(&actor, "example.com").await;
    let again = world.file(&actor, "website_new", None, &again).await;
    let looked_at = world.with_settings(|settings| settings.second_look_percent = 100).await;
    looked_at.filing_claims.claim(&officer, &again).await.unwrap();
    let version = looked_at.reviews.review(&officer, &again, None).await.unwrap().version;
    looked_at.decisions.decide(&officer, &again, version, Decision::Reject, "理由", &[]).await.unwrap();
    let second = world.officer("110000").await;
    let look = looked_at.second_look_desk.second_looks(&second, "").await.unwrap().rows.remove(0).id;
    looked_at.second_look_desk.take(&second, &look).await.unwrap();
    let judged =
        TypedJudgement { judgement: "reject".to_owned(), note: "同意".to_owned(), ..Default::default() };
    looked_at.second_look_desk.judge(&second, &look, &judged).await.unwrap();
    // The same person files another subject.
    let other = world.applicant(3).await;
    let person = world.subject_answers_person(&other).await;
    let person = world.file(&other, "subject_new", None, &person).await;
    let second = world.website_answers(&other, "example.net").await;
    world.file(&other, "website_new", None, &second).await;
    let pair = service.relatives.relatives(&officer, &person).await.unwrap().relatives.remove(0);
    service.relatives.check_pair(&officer, &person, &pair.record, "同一个人的两个主体").await.unwrap();
    let website = service.records.records(&actor, Business::Website, "").await.unwrap().rows.remove(0);
    service.badge_checks.declare_badge(&actor, &website.id).await.unwrap();
    let told = MisuseTold { kind: "other", site: "", text: "不是同一家", contact: "" };
    service.misuse_reports.report("11010102000001", "a", told).await.unwrap();
    world.offer(&actor, &subject, &claims_of(2)).await;
    service.notice_settings.name_mail_address(&actor, "someone@example.org").await.unwrap();
    let patrolled = service.clone().with_patrol(Arc::new(Nowhere));
    for _ in 0..2 {
        for _ in 0..3 {
            patrolled.patrols.look_around().await.unwrap();
        }
        world.later(Duration::days(2));
    }
}

/// A network in which nothing is there.
struct Nowhere;

impl Outbound for Nowhere {
    fn addresses<'a>(&'a self, _host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, String>> {
        Box::pin(async { Err("域名没有解析结果".to_owned()) })
    }

    fn page<'a>(&'a self, _url: &'a reqwest::Url) -> BoxFuture<'a, Result<Page, String>> {
        Box::pin(async { Err("无法访问".to_owned()) })
    }
}

/// Lets a connection spoil what the database itself would guard.
async fn unguarded(world: &World) -> DatabaseConnection {
    let mut options = service::db::lasting(&world.url);
    options.max_connections(1);
    let on = sea_orm::Database::connect(options).await.unwrap();
    let guards: &[&str] = match world.is_sqlite() {
        true => &["PRAGMA foreign_keys = OFF", "PRAGMA ignore_check_constraints = ON"],
        false => &[
            "SET session_replication_role = replica",
            "DO $$ DECLARE one record; BEGIN FOR one IN SELECT conrelid::regclass AS of, conname FROM pg_constraint \
             WHERE contype = 'c' AND connamespace = current_schema()::regnamespace LOOP \
             EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.of, one.conname); END LOOP; END $$",
        ],
    };
    for guard in guards {
        on.execute_unprepared(guard).await.unwrap();
    }
    on
}

/// Values of which a column whose codes are listed takes at least one other.
const OTHERS: [&str; 17] = [
    "'approved'",
    "'rejected'",
    "'active'",
    "'void'",
    "'received'",
    "'revoked'",
    "'reviewer'",
    "'administrator'",
    "'auditor'",
    "'typed'",
    "'kept'",
    "'access'",
    "'registrar'",
    "'app'",
    "'market'",
    "'change'",
    "'new'",
];

async fn verified(world: &World) -> AuditVerdict {
    world.service.audit_chain.verify_audit().await.unwrap()
}

fn found(verdict: &AuditVerdict, table: &str) -> Vec<(String, RowFault)> {
    assert_eq!(verdict.first_bad, None);
    assert!(verdict.named.iter().all(|bad| bad.table == table), "{verdict:?}");
    verdict.named.iter().map(|bad| (bad.key.clone(), bad.what)).collect()
}

/// Finding 13: attack.md section 7 and every other column, whichever it is.
async fn whatever_a_hand_changes_in_the_database_is_found_and_named(world: World) {
    full(&world).await;
    let whole = verified(&world).await;
    assert!(whole.is_whole() && whole.compared > 80, "{whole:?}");
    let on = unguarded(&world).await;
    let mut tampered = 0;
    for (table, key, columns) in audited_columns() {
        let key_text =
            key.iter().map(|part| format!("CAST({part} AS TEXT)")).collect::<Vec<_>>().join(" || '/' || ");
        let keys = texts(&on, &format!("SELECT {key_text} FROM {table} ORDER BY 1")).await;
        let victim = keys.first().unwrap_or_else(|| panic!("{table} is empty"));
        let here = format!("{key_text} = '{victim}'");
        on.execute_unprepared(&format!("CREATE TABLE kept AS SELECT * FROM {table}")).await.unwrap();
        let restore = async || {
            on.execute_unprepared(&format!("DELETE FROM {table}")).await.unwrap();
            on.execute_unprepared(&format!("INSERT INTO {table} SELECT * FROM kept")).await.unwrap();
        };
        for column in &columns {
            let was = texts(&on, &format!("SELECT CAST({column} AS TEXT) FROM {table} WHERE {here}"))
                .await
                .remove(0);
            let is_null = texts(
                &on,
                &format!(
                    "SELECT CASE WHEN {column} IS NULL THEN 'yes' ELSE '' END FROM {table} WHERE {here}"
                ),
            )
            .await
            .remove(0);
            // Whichever its kind takes.
            let mut values =
                vec![format!("NOT {column}"), format!("{column} + 1"), format!("{column} || 'x'")];
            if is_null == "yes" {
                values = ["FALSE", "1", "'x'"].map(str::to_owned).to_vec();
            } else if world.is_sqlite() {
                // SQLite takes anything anywhere; what the digests read must stay of its kind.
                let number = was.parse::<i64>().is_ok();
                let is_text = texts(&on, &format!("SELECT typeof({column}) FROM {table} WHERE {here}")).await
                    [0]
                    == "text";
                values = match (is_text, number) {
                    (true, _) => vec![format!("{column} || 'x'")],
                    (false, _) if ["0", "1"].contains(&was.as_str()) => vec![format!("1 - {column}")],
                    (false, _) => vec![format!("{column} + 1")],
                };
            }
            if is_null == "yes" && world.is_sqlite() {
                let declared =
                    format!("SELECT type FROM pragma_table_info('{table}') WHERE name = '{column}'");
                let is_text = texts(&on, &declared).await[0] == "TEXT";
                values = vec![if is_text { "'x'" } else { "1" }.to_owned()];
            }
            values.extend(OTHERS.map(str::to_owned));
            let mut done = false;
            for value in values {
                let update = format!("UPDATE {table} SET {column} = {value} WHERE {here}");
                if on.execute_unprepared(&update).await.is_ok_and(|done| done.rows_affected() == 1)
                    && (key.contains(column)
                        || is_null == "yes"
                        || texts(&on, &format!("SELECT CAST({column} AS TEXT) FROM {table} WHERE {here}"))
                            .await[0]
                            != was)
                {
                    done = true;
                    break;
                }
            }
            assert!(done, "{table}.{column} could not be changed");
            let verdict = verified(&world).await;
            assert!(!verdict.is_whole(), "{table}.{column}");
            let bad = found(&verdict, table);
            match key.contains(column) {
                false => assert_eq!(bad, [(victim.clone(), RowFault::Changed)], "{table}.{column}"),
                true => {
                    let faults: BTreeSet<RowFault> = bad.iter().map(|(_, what)| *what).collect();
                    assert_eq!(faults, BTreeSet::from([RowFault::Missing, RowFault::Foreign]));
                    assert!(bad.contains(&(victim.clone(), RowFault::Missing)), "{table}.{column}: {bad:?}");
                }
            }
            restore().await;
            tampered += 1;
        }
        on.execute_unprepared(&format!("DELETE FROM {table} WHERE {here}")).await.unwrap();
        assert_eq!(found(&verified(&world).await, table), [(victim.clone(), RowFault::Missing)]);
        restore().await;
        on.execute_unprepared("DROP TABLE kept").await.unwrap();
    }
    assert!(tampered > 100, "{tampered}");
    assert_eq!(verified(&world).await, whole);
    // The row that one person's sealed number is taken from is no excuse for the other.
    let sealed = "UPDATE person SET id_no_sealed = (SELECT MAX(id_no_sealed) FROM person)";
    on.execute_unprepared(sealed).await.unwrap();
    assert!(verified(&world).await.named.iter().all(|bad| bad.what == RowFault::Changed));
    assert!(verified(&world).await.bad_rows > 2);
    on.close().await.unwrap();
    world.execute("ANALYZE").await;
}

/// Finding 13: nobody makes themselves an administrator, nor signs in past the platform.
async fn a_row_put_in_by_hand_is_found(world: World) {
    full(&world).await;
    let applicant = world.applicant(3).await;
    for (table, insert) in [
        (
            "staff",
            format!(
                "INSERT INTO staff (id, id_no_hash, name_sealed, role, region, created_at) SELECT 'by-hand', \
                 person.id_no_hash, '', 'administrator', '', 1 FROM person WHERE person.id = '{}'",
                applicant.person_id
            ),
        ),
        (
            "session",
            "INSERT INTO session (token_hash, id, person_id, device, created_at, seen_at) SELECT 'by-hand', \
             'by-hand', person_id, device, created_at, seen_at FROM session WHERE token_hash = (SELECT \
             MAX(token_hash) FROM session)"
                .to_owned(),
        ),
    ] {
        world.execute(&insert).await;
        let verdict = verified(&world).await;
        assert_eq!(found(&verdict, table), [("by-hand".to_owned(), RowFault::Foreign)]);
        // From a head kept before, only what the lines since then tell about is compared.
        let (number, hash) = verdict.head.clone().unwrap();
        assert!(world.service.audit_chain.verify_audit_since(number, &hash).await.unwrap().is_whole());
        world
            .execute(&format!(
                "DELETE FROM {table} WHERE {} = 'by-hand'",
                match table {
                    "staff" => "id",
                    _ => "token_hash",
                }
            ))
            .await;
    }
    assert!(verified(&world).await.is_whole());
}

/// V16.4.2.
async fn a_log_that_was_cut_off_or_emptied_is_found_by_a_head_kept_elsewhere(world: World) {
    world.administrator().await;
    let (number, hash) = world.service.audit_chain.audit_head().await.unwrap().unwrap();
    let officer = world.officer("110101").await;
    let since = async || world.service.audit_chain.verify_audit_since(number, &hash).await.unwrap();
    let whole = since().await;
    assert!(whole.is_whole() && whole.rows > 3 && whole.compared >= 3, "{whole:?}");
    assert_eq!(whole.head, verified(&world).await.head);
    world.execute("CREATE TABLE kept AS SELECT * FROM audit").await;
    let last = whole.head.clone().unwrap().0;
    // A row that a line since then tells about.
    let becomes = async |role: &str, region: &str| {
        world
            .execute(&format!(
                "UPDATE staff SET role = '{role}', region = '{region}' WHERE id_no_hash = (SELECT id_no_hash \
                 FROM person WHERE id = '{}')",
                officer.person_id
            ))
            .await
    };
    assert_eq!(becomes("administrator", "").await, 1);
    assert_eq!(since().await.named[0].what, RowFault::Changed);
    becomes("reviewer", "110101").await;
    assert!(since().await.is_whole());
    for (what, cut) in [
        ("the end and its counter", format!("DELETE FROM audit WHERE seq >= {number}")),
        ("all of it", "DELETE FROM audit".to_owned()),
    ] {
        world.execute(&cut).await;
        world.execute("DELETE FROM counter WHERE name = 'audit'").await;
        if let Some(left) = Some(number - 1).filter(|left| *left > 0 && what.starts_with("the end")) {
            world.execute(&format!("INSERT INTO counter (name, value) VALUES ('audit', {left})")).await;
        }
        assert_eq!(verified(&world).await.first_bad, None, "{what}: the chain alone does not show it");
        assert_eq!(since().await.first_bad, Some(number), "{what}");
        world.execute("DELETE FROM audit").await;
        world.execute("DELETE FROM counter WHERE name = 'audit'").await;
        world.execute("INSERT INTO audit SELECT * FROM kept").await;
        world.execute(&format!("INSERT INTO counter (name, value) VALUES ('audit', {last})")).await;
        assert!(since().await.is_whole());
    }
    // Cut off and written anew from there on: whole by itself, and not the log that it was.
    world.execute(&format!("DELETE FROM audit WHERE seq >= {number}")).await;
    world.execute(&format!("UPDATE counter SET value = {} WHERE name = 'audit'", number - 1)).await;
    for n in 0..10 {
        world.applicant(20 + n).await;
    }
    assert_eq!(verified(&world).await.first_bad, None);
    assert_eq!(since().await.first_bad, Some(number));
    for (number, hash) in [(number + 1, hash.as_str()), (i64::MAX, ""), (i64::MIN, ""), (0, "")] {
        assert!(
            !world.service.audit_chain.verify_audit_since(number, hash).await.unwrap().is_whole(),
            "{number}"
        );
    }
}

async fn rows_of_before_are_taken_as_they_are_once(world: World) {
    world.applicant(1).await;
    // As an installation of before has them: rows that no line tells about, more than a page.
    let people: Vec<String> = (0..1_203)
        .map(|n| format!("('p-{n}', 's-{n}', '', '', 'm-{n}', '', '', 'n-{n}', NULL, FALSE, 1, 1)"))
        .collect();
    world
        .execute(&format!(
            "INSERT INTO person (id, sub, name_sealed, mobile_sealed, mobile_hash, id_kind, id_no_sealed, \
             id_no_hash, current_subject_id, elder, created_at, seen_at) VALUES {}",
            people.join(", ")
        ))
        .await;
    assert!(verified(&world).await.is_whole(), "nothing is said of them yet");
    let taken = world.service.audit_chain.take_baseline().await.unwrap();
    assert!(taken >= 1_204, "{taken}");
    assert_eq!(world.restarted().await.audit_chain.take_baseline().await.unwrap(), 0, "once");
    let verdict = verified(&world).await;
    assert!(verdict.is_whole() && verdict.compared >= 1_204, "{verdict:?}");
    world.execute("UPDATE person SET id_kind = 'passport' WHERE id = 'p-700'").await;
    assert_eq!(found(&verified(&world).await, "person"), [("p-700".to_owned(), RowFault::Changed)]);
}

async fn the_rows_of_before_are_taken_while_others_write(world: World) {
    for n in 0..40 {
        world.applicant(n).await;
    }
    let other = world.restarted().await;
    let baseline = tokio::spawn(async move { other.audit_chain.take_baseline().await });
    for n in 0..40 {
        let actor = world.applicant(n).await;
        world.service.accounts.set_elder(&actor, true).await.unwrap();
    }
    baseline.await.unwrap().unwrap();
    assert!(verified(&world).await.is_whole());
}

async fn lines(world: &World, action: &str) -> i64 {
    world.number(&format!("SELECT COUNT(*) FROM audit WHERE action = '{action}'")).await
}

async fn type_on(world: &World, actor: &Actor, head: Option<&DraftHead>, name: &str) -> DraftHead {
    let mut answers = domain::answer::Answers::new();
    answers.set_text("principal.name", name);
    let form = domain::business::Business::Subject.form();
    let step =
        form.steps.iter().find(|step| step.sections().iter().any(|section| section.key == "principal"));
    let save = acts::save_of("subject_new", step.unwrap().key, head, answers);
    acts::saved(world.service.drafts.save_draft(actor, &save).await.unwrap())
}

/// B4.
async fn the_first_administrators_appointment_is_a_line(world: World) {
    let appointed = "SELECT COUNT(*) FROM audit WHERE action = 'appoint' AND detail LIKE '%\"first\":true%'";
    for _ in 0..2 {
        assert!(world.administrator().await.is_administrator());
        assert_eq!(world.number(appointed).await, 1);
    }
}

/// B4.
async fn who_audits_does_not_become_the_first_administrator(world: World) {
    let (named, other) = (claims_of(9_999), claims_of(9_997));
    let sample = |id_no, role| SampleOfficer { name: "某某", id_no, role, region: "" };
    let officers = [sample(&named.id_no, StaffRole::Auditor), sample(&other.id_no, StaffRole::Administrator)];
    world.service.samples.sample_world(&officers).await.unwrap();
    let auditor = world.administrator().await;
    assert!(auditor.is_auditor() && !auditor.is_administrator());
    let other = world.sign_in(&other).await;
    let staff = world.service.staff.staff_list(&other).await.unwrap();
    let role = staff.iter().find(|row| row.role == StaffRole::Auditor).unwrap();
    world.service.staff.dismiss(&other, &role.id).await.unwrap();
    let administrator = world.administrator().await;
    assert!(administrator.is_administrator() && !administrator.is_auditor());
}

/// Review 2.5.
async fn the_saves_of_a_sitting_are_one_line(world: World) {
    let actor = world.applicant(1).await;
    let mut head = type_on(&world, &actor, None, "孙").await;
    for n in 0..50 {
        world.later(Duration::seconds(2));
        head = type_on(&world, &actor, Some(&head), &format!("孙{n}")).await;
    }
    assert_eq!((lines(&world, "draft.save").await, head.version), (1, 51));
    // Another session, and later, are other sittings.
    let there = world.applicant(1).await;
    head = type_on(&world, &there, Some(&head), "孙丙").await;
    head = type_on(&world, &there, Some(&head), "孙丙丁").await;
    assert_eq!(lines(&world, "draft.save").await, 2);
    world.later(Duration::minutes(29));
    head = type_on(&world, &there, Some(&head), "孙丙").await;
    assert_eq!(lines(&world, "draft.save").await, 2);
    world.later(Duration::minutes(1));
    head = type_on(&world, &there, Some(&head), "孙丙丁").await;
    assert_eq!(lines(&world, "draft.save").await, 3);
    // Another draft is another one.
    world.service.drafts.delete_draft(&there, &head.id).await.unwrap();
    type_on(&world, &there, None, "孙").await;
    assert_eq!(lines(&world, "draft.save").await, 4);
}

/// Review 2.5.
async fn a_page_of_small_pictures_is_one_line(world: World) {
    let actor = world.applicant(1).await;
    let subject = world.subject_answers_person(&actor).await;
    world.file(&actor, "subject_new", None, &subject).await;
    let website = world.website_answers(&actor, "example.cn").await;
    let filing = world.file(&actor, "website_new", None, &website).await;
    let officer = world.officer("110101").await;
    let before = lines(&world, "look_at_thumbnails").await;
    for _ in 0..3 {
        let page = world.service.reviews.review(&officer, &filing, None).await.unwrap();
        let pictures: Vec<&String> =
            page.files.values().filter(|file| file.is_picture).map(|file| &file.id).collect();
        assert!(pictures.len() >= 7, "{}", pictures.len());
        for picture in pictures {
            world.service.files.open_thumbnail(&officer, picture).await.unwrap();
            let named = format!(
                "SELECT COUNT(*) FROM audit WHERE action = 'look_at_thumbnails' AND object_id = '{filing}' AND \
                 actor_id = '{}' AND detail LIKE '%{picture}%'",
                officer.person_id
            );
            assert_eq!(world.number(&named).await, 1);
        }
    }
    assert_eq!(lines(&world, "look_at_thumbnails").await - before, 1);
    // A colleague's look is another.
    let colleague = world.nth_officer(9_500, "110000").await;
    world.service.reviews.review(&colleague, &filing, None).await.unwrap();
    assert_eq!(lines(&world, "look_at_thumbnails").await - before, 2);
}

/// With `FIGURES=1` and `--nocapture` it prints figures worth comparing.
async fn of_autosaves_and_pages_so_many_a_second(world: World) {
    let (typists, saves) = match std::env::var("FIGURES") {
        Ok(_) => (20_u32, 25_u32),
        Err(_) => (4, 3),
    };
    let mut people = Vec::new();
    for n in 0..typists {
        let actor = world.applicant(n).await;
        let head = type_on(&world, &actor, None, "孙").await;
        people.push((actor, head));
    }
    let begun = std::time::Instant::now();
    let mut typing = tokio::task::JoinSet::new();
    for (actor, mut head) in people {
        let world = world.clone();
        typing.spawn(async move {
            for n in 0..saves {
                head = type_on(&world, &actor, Some(&head), &format!("孙{n}")).await;
            }
        });
    }
    while let Some(done) = typing.join_next().await {
        done.unwrap();
    }
    let rate = f64::from(typists * saves) / begun.elapsed().as_secs_f64();
    println!("{:?}: {typists} typists, {rate:.0} autosaves/s", world.backend());
    let begun = std::time::Instant::now();
    let rounds = if std::env::var("FIGURES").is_ok() { 30 } else { 1 };
    let (mut submit, mut decide) = (std::time::Duration::ZERO, std::time::Duration::ZERO);
    for n in 0..rounds {
        let actor = world.applicant(100 + n).await;
        let subject = world.subject_answers_person(&actor).await;
        let subject = world.file(&actor, "subject_new", None, &subject).await;
        let website = world.website_answers(&actor, &format!("example{n}.cn")).await;
        let draft = world.draft(&actor, "website_new", None, &website).await;
        let one = std::time::Instant::now();
        world.submit(&actor, &draft, &format!("key-of-{n}")).await;
        submit += one.elapsed();
        let officer = world.officer("110101").await;
        world.service.filing_claims.claim(&officer, &subject).await.unwrap();
        let version = world.service.reviews.review(&officer, &subject, None).await.unwrap().version;
        let one = std::time::Instant::now();
        world
            .service
            .decisions
            .decide(&officer, &subject, version, Decision::Approve, "", &[])
            .await
            .unwrap();
        decide += one.elapsed();
    }
    println!("submit {:?}, decide {:?}, all {:?}", submit / rounds, decide / rounds, begun.elapsed());
}

/// 审计日志 speaks in words: whatever the use cases write has one.
#[test]
fn every_action_and_object_of_the_log_has_a_word() {
    let mut sources = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut found = BTreeSet::new();
    while let Some(path) = sources.pop() {
        if path.is_dir() {
            sources.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let name = path.display().to_string();
        if !name.ends_with(".rs") || name.contains("tests") {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        let source = source.split("#[cfg(test)]").next().unwrap();
        for call in source.split(".audit(").skip(1) {
            // The arguments before the detail; those that are names of constants stand in the lists by other calls.
            let arguments: Vec<&str> = call.split(&[',', ')'][..]).take(5).map(str::trim).collect();
            let words = arguments.iter().filter_map(|word| word.strip_prefix('"')?.strip_suffix('"'));
            found.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
        }
    }
    assert!(found.len() > 50, "{found:?}");
    let unnamed: Vec<&String> =
        found.iter().filter(|code| action_word(code).is_none() && object_word(code).is_none()).collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
    for code in
        ["look_at_file", "look_at_thumbnails", "filing.unmask", "draft.submit", "baseline", "filing.approve"]
    {
        assert!(action_word(code).is_some(), "{code}");
    }
}
