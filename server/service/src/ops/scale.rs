//! A database as large as a real one, of invented people and sites, and how quick the desk is over it.
//! The rows are made by the database itself, since a million of them are; so the sealed columns hold a
//! sealed text of the usual length that opens for nobody: lists, searches and counts read as they
//! would, the sheet of such a filing cannot be opened. Never for production.

use std::time::Instant;

use domain::role::StaffRole;
use domain::view::QueueRequest;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseBackend, DatabaseConnection, EntityTrait,
    QueryFilter, Statement,
};
use time::Duration;

use crate::account::person::Claims;
use crate::account::{Accounts, roles};
use crate::base::actor::Actor;
use crate::base::clock::shanghai_date;
use crate::base::context::handle;
use crate::base::db::{millis, new_id, next_serial};
use crate::base::entity::person;
use crate::base::error::{Error, Result};
use crate::base::region;
use crate::desk::dashboard::Dashboards;
use crate::desk::export::Exports;
use crate::desk::queue::Queues;
use crate::filing::Filings;
use crate::filing::name_suffix::LONGEST;
use crate::public::lookup::Lookup;
use crate::state::counters::{Counters, day_number};

handle! {
    /// Many filings, and measurements over them.
    Scale {
        accounts: Accounts,
        counters: Counters,
        dashboards: Dashboards,
        exports: Exports,
        filings: Filings,
        lookup: Lookup,
        queues: Queues,
    }
}

/// So far back the filings reach, and so long some still wait.
const REACH: Duration = Duration::days(3 * 365);

const BACKLOG_DAYS: i64 = 20;

/// Filings made by one statement.
const AT_ONCE: u64 = 100_000;

const PEOPLE: u32 = 1_000;

const SLOTS: u64 = 10_000;

const REFERENCE_ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// In thousandths, about as people live; the rest is shared evenly.
const PROVINCES: [(&str, u64); 12] = [
    ("44", 130),
    ("37", 70),
    ("41", 65),
    ("32", 90),
    ("33", 85),
    ("11", 80),
    ("31", 75),
    ("51", 55),
    ("42", 40),
    ("43", 40),
    ("35", 40),
    ("13", 40),
];

const WORDS: [&str; 24] = [
    "启明", "云帆", "海纳", "星河", "天成", "博远", "恒信", "华章", "金桥", "锦程", "青禾", "瑞丰", "盛景",
    "泰和", "万象", "新源", "远景", "中联", "众合", "卓越", "立德", "鼎盛", "汇通", "嘉禾",
];

const TRADES: [&str; 8] =
    ["网络科技", "信息技术", "电子商务", "文化传媒", "教育咨询", "生物医药", "机械设备", "物流运输"];

/// What one kind of question took, in milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    pub what: String,
    pub p50: f64,
    pub p95: f64,
    pub most: f64,
}

struct Writer<'a> {
    on: &'a DatabaseConnection,
    is_sqlite: bool,
    begin: i64,
    step: i64,
    now: i64,
}

impl Writer<'_> {
    async fn run(&self, sql: &str) -> Result<()> {
        self.on.execute_unprepared(sql).await?;
        Ok(())
    }

    /// An id that sorts by its moment (UUIDv7), for row `i`; `role` keeps kinds of rows apart.
    fn id(&self, at: &str, number: &str, role: u32) -> String {
        match self.is_sqlite {
            true => format!(
                "printf('%08x-%04x-7{role:03x}-8000-%012x', ({at}) / 65536, ({at}) % 65536, {number})"
            ),
            false => format!(
                "lpad(to_hex(({at}) / 65536), 8, '0') || '-' || lpad(to_hex(({at}) % 65536), 4, '0') || \
                 '-7{role:03x}-8000-' || lpad(to_hex(({number})::bigint), 12, '0')"
            ),
        }
    }

    fn at(&self, number: &str) -> String {
        format!("({} + ({number}) * {})", self.begin, self.step)
    }

    /// What every row is made of: its number, the number of its subject and its place in it.
    fn rows(&self, from: u64, to: u64) -> String {
        let subject_at = self.at("i - i % 5");
        format!(
            "WITH RECURSIVE numbers (i) AS (SELECT CAST({from} AS BIGINT) UNION ALL SELECT i + 1 FROM numbers \
             WHERE i < {to}), \
             rolled AS (SELECT i, i % 5 AS k, {at} AS at, {subject_at} AS subject_at, {dice_state} AS roll, \
             {dice_wait} AS wait FROM numbers), \
             stated AS (SELECT rolled.*, CASE \
               WHEN k = 3 OR k = 0 AND roll < 900 THEN 'approved' \
               WHEN at > {fresh} AND roll < 650 THEN 'pending' WHEN at > {fresh} AND roll < 800 THEN 'in_review' \
               WHEN roll < 860 THEN 'approved' WHEN roll < 920 THEN 'returned' WHEN roll < 960 THEN 'rejected' \
               WHEN roll < 990 THEN 'withdrawn' ELSE 'terminated' END AS state FROM rolled)",
            at = self.at("i"),
            dice_state = dice(1, 1_000),
            dice_wait = dice(2, 864_000),
            fresh = self.now - BACKLOG_DAYS * 86_400_000,
        )
    }

    fn subject_name() -> String {
        "place.name || first.word || second.word || trade.word || '有限公司'".to_owned()
    }

    /// The tables that give a row its place, names and applicant.
    fn joins() -> String {
        format!(
            "JOIN seed_place place ON place.slot = (i / 5) * 7919 % {SLOTS} \
             JOIN seed_word first ON first.slot = (i / 5) % {words} \
             JOIN seed_word second ON second.slot = (i / 5) / {words} % {words} \
             JOIN seed_trade trade ON trade.slot = (i / 5) % {trades} \
             JOIN seed_person applicant ON applicant.slot = (i / 5) % {PEOPLE}",
            words = WORDS.len(),
            trades = TRADES.len(),
        )
    }
}

impl Scale {
    /// Fills the database with so many filings, and what they belong to.
    ///
    /// # Errors
    /// When the database fails, or has filings already.
    pub async fn seed(&self, filings: u64, say: impl Fn(&str)) -> Result<()> {
        use crate::base::entity::filing;
        if filing::Entity::find().one(self.context.db.read()).await?.is_some() {
            return Err(Error::refused("There are filings already; seed an empty database."));
        }
        let on = &self.context.db.loader().await?;
        let is_sqlite = on.get_database_backend() == DatabaseBackend::Sqlite;
        let now = self.context.clock.now();
        let step = i64::try_from(REACH.whole_milliseconds() / i128::from(filings.max(1))).unwrap_or(1);
        let begin = millis(now) - step * i64::try_from(filings).unwrap_or(0) - 1_000;
        let writer = Writer { on, is_sqlite, begin, step, now: millis(now) };
        self.seed_names(&writer).await?;
        say("Indexes are put aside");
        let indexes = put_indexes_aside(&writer).await?;
        if is_sqlite {
            writer.run("PRAGMA synchronous = OFF").await?;
        }
        let sealed = self.context.keys.seal_text("seed", &"某".repeat(200))?;
        let mut from = 0;
        while from < filings {
            let end = filings.min(from + AT_ONCE);
            seed_rows(&writer, from, end - 1, &sealed).await?;
            say(&format!("{end} of {filings} filings"));
            from = end;
        }
        for index in indexes {
            writer.run(&index).await?;
        }
        writer.run(&name_suffixes()).await?;
        for table in ["seed_place", "seed_word", "seed_trade", "seed_person", "seed_day"] {
            writer.run(&format!("DROP TABLE {table}")).await?;
        }
        say("Indexes are back");
        writer.run("ANALYZE").await?;
        if is_sqlite {
            writer.run("PRAGMA synchronous = FULL").await?;
        }
        self.counters.recount().await?;
        say("Counted");
        Ok(())
    }

    /// What names and places are made of.
    async fn seed_names(&self, writer: &Writer<'_>) -> Result<()> {
        for table in [
            "seed_place (slot BIGINT PRIMARY KEY, code TEXT, name TEXT)",
            "seed_word (slot BIGINT PRIMARY KEY, word TEXT)",
            "seed_trade (slot BIGINT PRIMARY KEY, word TEXT)",
            "seed_person (slot BIGINT PRIMARY KEY, id TEXT)",
            "seed_day (day BIGINT PRIMARY KEY, digits BIGINT)",
        ] {
            writer.run(&format!("CREATE TABLE {table}")).await?;
        }
        let mut slot = 0;
        let mut places = Vec::new();
        for province in region::children(None) {
            let leaves = leaves(province.code);
            let share = weight(province.code.get(..2).unwrap_or_default()) * SLOTS / 1_000;
            for number in 0..share {
                // Some counties have far more than others.
                let at = usize::try_from(number * number / share.max(1)).unwrap_or(0) * leaves.len();
                let Some(code) = leaves.get(at / usize::try_from(share).unwrap_or(1).max(1)) else {
                    continue;
                };
                let name = region::region(code).map_or("", |region| region.name);
                places.push(format!("({slot}, '{code}', '{name}')"));
                slot += 1;
            }
        }
        // Rounding leaves some over.
        let first: Vec<String> = places.iter().take(usize::try_from(SLOTS).unwrap_or(0)).cloned().collect();
        for number in slot..SLOTS {
            let Some(row) = first.get(usize::try_from(number - slot).unwrap_or(0)) else { break };
            let rest = row.split_once(',').map_or("", |(_, rest)| rest);
            places.push(format!("({number},{rest}"));
        }
        for rows in places.chunks(1_000) {
            writer.run(&format!("INSERT INTO seed_place VALUES {}", rows.join(","))).await?;
        }
        for (table, words) in [("seed_word", WORDS.as_slice()), ("seed_trade", TRADES.as_slice())] {
            let rows: Vec<String> =
                words.iter().enumerate().map(|(slot, word)| format!("({slot}, '{word}')")).collect();
            writer.run(&format!("INSERT INTO {table} VALUES {}", rows.join(","))).await?;
        }
        let today = shanghai_date(self.context.clock.now());
        let days: Vec<String> = (0..=REACH.whole_days() + 1)
            .filter_map(|back| today.checked_sub(Duration::days(back)))
            .map(|day| {
                let number = day_number(crate::base::calendar::begin_of(day));
                format!("({number}, {:04}{:02}{:02})", day.year(), u8::from(day.month()), day.day())
            })
            .collect();
        writer.run(&format!("INSERT INTO seed_day VALUES {}", days.join(","))).await?;
        self.seed_people(writer).await
    }

    /// Applicants; their ids begin with the region of nobody, so nobody can have them.
    async fn seed_people(&self, writer: &Writer<'_>) -> Result<()> {
        let now = self.context.clock.now();
        let tx = self.context.db.begin().await?;
        let mut rows = Vec::new();
        for slot in 0..PEOPLE {
            let id = new_id(now);
            let seal =
                |field: &str, text: &str| self.context.keys.seal_text(&format!("person/{id}/{field}"), text);
            person::ActiveModel {
                sub: Set(format!("seed-{slot}")),
                name_sealed: Set(seal("name", "某某某")?),
                mobile_sealed: Set(seal("mobile", "13800000000")?),
                mobile_hash: Set(format!("seed-{slot}")),
                id_kind: Set("resident_id".to_owned()),
                id_no_sealed: Set(seal("id_no", "000000000000000000")?),
                id_no_hash: Set(format!("seed-{slot}")),
                current_subject_id: Set(None),
                elder: Set(false),
                suspended_at: Set(None),
                suspension_sealed: Set(None),
                created_at: Set(millis(now)),
                seen_at: Set(millis(now)),
                id: Set(id.clone()),
            }
            .insert(&tx)
            .await?;
            rows.push(format!("({slot}, '{id}')"));
        }
        self.context.audit(&tx, None, "seed", "person", "", serde_json::json!({ "rows": PEOPLE })).await?;
        tx.commit().await?;
        writer.run(&format!("INSERT INTO seed_person VALUES {}", rows.join(","))).await
    }

    /// An officer of a province to measure for.
    async fn bench_officer(&self, region: &str) -> Result<Actor> {
        let claims = Claims {
            sub: format!("bench-{region}"),
            name: "测试民警".to_owned(),
            mobile: "13800000001".to_owned(),
            id_kind: "resident_id".to_owned(),
            id_no: format!("{region}190001010010"),
        };
        let token = self.accounts.sign_in(&claims, "bench").await?;
        let actor = self.accounts.actor(&token).await?.ok_or(Error::NotFound)?;
        if actor.reviewer_region() == Some(region) {
            return Ok(actor);
        }
        let tx = self.context.db.begin().await?;
        next_serial(&tx, roles::LOCK).await?;
        let id = self
            .accounts
            .insert_staff(
                &tx,
                &claims.name,
                &claims.id_no,
                StaffRole::Reviewer,
                region,
                self.context.clock.now(),
            )
            .await?;
        self.context.audit(&tx, None, "appoint", "staff", &id, serde_json::json!({ "bench": true })).await?;
        tx.commit().await?;
        self.accounts.actor(&token).await?.ok_or(Error::NotFound)
    }

    /// Measures the lists of the desk for an officer of 广东省, the public look-up, and the list of somebody with a
    /// thousandth of all filings: what the server needs for each, the wire apart.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bench(&self, rounds: usize) -> Result<Vec<Measured>> {
        let officer = self.bench_officer("440000").await?;
        let some = self.queues.queue(&officer, &asking(&[("state", "done")])).await?;
        let row = some.rows.first().cloned();
        let reference = row.as_ref().map(|row| row.reference.clone()).unwrap_or_default();
        let name: String = row.map(|row| row.subject_name.chars().take(6).collect()).unwrap_or_default();
        let mut deep = asking(&[]);
        for _ in 0..10 {
            match self.queues.queue(&officer, &deep).await?.next {
                Some(after) => deep.after = after,
                None => break,
            }
        }
        let questions = [
            ("queue, first page", asking(&[])),
            ("queue, eleventh page", deep),
            ("queue, 全部", asking(&[("state", "all")])),
            ("queue, 已办结", asking(&[("state", "done")])),
            ("filter, 已超期", asking(&[("state", "overdue")])),
            ("filter, 退回后重新提交", asking(&[("state", "resubmitted")])),
            ("filter, 变更网站", asking(&[("procedure", "website_change")])),
            (
                "filter, 网站 of 深圳市, 已退回",
                asking(&[("procedure", "website"), ("state", "returned"), ("region", "440300")]),
            ),
            ("filter, 我的", asking(&[("state", "mine")])),
            ("filter, a week old", asking(&[("age", "7")])),
            ("search, reference", asking(&[("state", "all"), ("search", &reference)])),
            ("search, subject", asking(&[("state", "all"), ("search", &name)])),
            ("search, one character", asking(&[("state", "all"), ("search", name.get(..3).unwrap_or("某"))])),
            ("search, domain", asking(&[("state", "all"), ("search", "n1001.example.com")])),
        ];
        let mut measured = Vec::new();
        for (what, request) in &questions {
            measured.push(timed(rounds, what, async || self.queues.table(&officer, request).await).await?);
        }
        measured.push(timed(rounds, "dashboard", async || self.dashboards.dashboard(&officer).await).await?);
        let middle: String = name.chars().skip(3).collect();
        for (what, asked) in [
            ("look-up, domain", "n1001.example.com"),
            ("look-up, beginning of a name", &name),
            ("look-up, part of a name", &middle),
            ("look-up, part of most names", "公司"),
            ("look-up, nothing found", "没有这样的单位"),
        ] {
            measured.push(timed(rounds, what, async || self.lookup.lookup(asked).await).await?);
        }
        let someone = person::Entity::find()
            .filter(person::Column::Sub.eq("seed-0"))
            .one(self.context.db.read())
            .await?
            .ok_or(Error::NotFound)?;
        let applicant = Actor::of(someone.id, String::new(), Vec::new());
        let mine = async || self.filings.filings(&applicant, "", "", "").await;
        measured.push(timed(rounds, "我的申请", mine).await?);
        Ok(measured)
    }

    /// Exports every filing there is, province by province: rows and bytes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bench_export(&self) -> Result<(u64, u64)> {
        let (mut rows, mut bytes) = (0, 0);
        for province in region::children(None) {
            let officer = self.bench_officer(province.code).await?;
            let mut export = self.exports.export(&officer, &asking(&[("state", "all")])).await?;
            while let Some(piece) = self.exports.export_piece(&mut export).await? {
                rows += piece.lines().filter(|line| line.starts_with("BA")).count() as u64;
                bytes += piece.len() as u64;
            }
        }
        Ok((rows, bytes))
    }
}

/// How long a question takes, asked over and over.
async fn timed<T>(rounds: usize, what: &str, ask: impl AsyncFn() -> Result<T>) -> Result<Measured> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let begun = Instant::now();
        ask().await?;
        times.push(begun.elapsed());
    }
    Ok(sum_up(what, times))
}

fn weight(province: &str) -> u64 {
    let named: u64 = PROVINCES.iter().map(|(_, weight)| weight).sum();
    let others = region::children(None).len() - PROVINCES.len();
    let even = (1_000 - named) / others as u64;
    PROVINCES.iter().find(|(code, _)| *code == province).map_or(even, |(_, weight)| *weight)
}

/// The counties below a region, and cities that have none.
fn leaves(code: &str) -> Vec<&'static str> {
    let mut leaves = Vec::new();
    let mut open: Vec<&'static str> = region::region(code).map(|region| region.code).into_iter().collect();
    while let Some(code) = open.pop() {
        match region::children(Some(code)) {
            [] => leaves.push(code),
            below => open.extend(below.iter().map(|region| region.code)),
        }
    }
    leaves.sort_unstable();
    leaves
}

/// A number between 0 and `sides`, the same for the same row.
fn dice(seed: u64, sides: u64) -> String {
    format!("((i * {} + {seed}) % 1000003 * 7919 % {sides})", 48_271 + seed * 2)
}

fn asking(parts: &[(&str, &str)]) -> QueueRequest {
    QueueRequest::read(|wanted| {
        parts
            .iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| (*value).to_owned())
            .unwrap_or_default()
    })
}

fn sum_up(what: &str, mut times: Vec<std::time::Duration>) -> Measured {
    times.sort_unstable();
    let at = |percent: usize| {
        let rank = (times.len() * percent).div_ceil(100).max(1);
        times.get(rank - 1).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
    };
    Measured { what: what.to_owned(), p50: at(50), p95: at(95), most: at(100) }
}

/// As `filing/name_suffix.rs` keeps them, in the order of the index.
fn name_suffixes() -> String {
    format!(
        "WITH RECURSIVE place (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM place WHERE n < 99) \
         INSERT INTO name_suffix (is_owner, suffix, record_id) \
         SELECT DISTINCT record.business = 'subject', substr(record.title_key, place.n, {LONGEST}), record.id \
         FROM record JOIN place ON place.n < length(record.title_key) \
         WHERE record.registration_digits IS NOT NULL OR record.business = 'subject' AND record.registered_at IS NOT NULL \
         ORDER BY 1, 2, 3"
    )
}

/// Drops what slows down loading, and says how to make it again.
async fn put_indexes_aside(writer: &Writer<'_>) -> Result<Vec<String>> {
    let sql = match writer.is_sqlite {
        true => {
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL \
             AND tbl_name IN ('filing', 'filing_event', 'record', 'live_domain')"
        }
        false => {
            "SELECT indexname::text, indexdef FROM pg_indexes WHERE schemaname = current_schema() \
             AND tablename IN ('filing', 'filing_event', 'record', 'live_domain') \
             AND indexname NOT LIKE '%\\_pkey' AND indexname NOT LIKE '%\\_key'"
        }
    };
    let rows = writer.on.query_all_raw(Statement::from_string(writer.on.get_database_backend(), sql)).await?;
    let mut indexes = Vec::new();
    for row in rows {
        let name: String = row.try_get_by_index(0)?;
        indexes.push(row.try_get_by_index::<String>(1)?);
        writer.run(&format!("DROP INDEX {name}")).await?;
    }
    Ok(indexes)
}

#[allow(clippy::too_many_lines)] // the columns of rows, one after the other
async fn seed_rows(writer: &Writer<'_>, from: u64, to: u64, sealed: &str) -> Result<()> {
    let (rows, joins, name) = (writer.rows(from, to), Writer::joins(), Writer::subject_name());
    let subject_id = writer.id("subject_at", "i - i % 5", 1);
    // A change is filed for the record of the row before it.
    let own_id = writer.id(&writer.at("i"), "i", 1);
    let before_id = writer.id(&writer.at("i - 1"), "i - 1", 1);
    let record_id = format!("CASE k WHEN 0 THEN {subject_id} WHEN 4 THEN {before_id} ELSE {own_id} END");
    let filing_id = writer.id("at", "i", 2);
    let title = format!("CASE k WHEN 0 THEN {name} ELSE second.word || first.word || '网站' || i END");
    let answers = "'{\"site.name\":\"某某网站\",\"site.opened_on\":\"2026-02-20\",\"service.class\":\"Z\"}'";
    writer
        .run(&format!(
            "INSERT INTO record (id, business, subject_id, owner_id, state, title, title_key, owner_kind, \
             main_domain, is_interactive, jurisdiction, registration_digits, registration_number, registered_at, answers, \
             answers_sealed, version, created_at, updated_at) {rows} \
             SELECT {record_id}, CASE k WHEN 0 THEN 'subject' ELSE 'website' END, {subject_id}, \
             CASE k WHEN 0 THEN applicant.id END, CASE WHEN k IN (0, 3) OR state = 'approved' THEN 'active' \
             WHEN state IN ('pending', 'in_review', 'returned') THEN 'pending' ELSE 'void' END, {title}, {title}, '企业', \
             CASE WHEN k > 0 THEN 'n' || i || '.example.com' END, CASE WHEN k > 0 THEN FALSE END, place.code, \
             CASE WHEN k > 0 AND (k = 3 OR state = 'approved') \
             THEN CAST(CAST(place.code AS BIGINT) * 100000000 + i AS TEXT) END, NULL, \
             CASE WHEN k = 3 OR state = 'approved' THEN at + wait * 1000 END, {answers}, '{sealed}', 1, at, at \
             FROM stated {joins} WHERE k < 4"
        ))
        .await?;
    let weights: Vec<String> = (0..14)
        .map(|place| {
            let weight = (0..place).fold(1_u64, |weight, _| weight * 3 % 31);
            format!("number / {} % 10 * {weight}", 10_u64.pow(place))
        })
        .collect();
    let check = format!("(31 - ({}) * 3 % 31) % 31", weights.join(" + "));
    writer
        .run(&format!(
            "INSERT INTO filing (id, reference, idempotency_key, business, action, record_id, subject_id, \
             applicant_id, state, jurisdiction, title, subject_name, title_key, subject_key, person_name_hash, main_domain, answers, answers_sealed, \
             is_reviewable, claimed_by, claimed_at, round, submitted_at, decided_at, version) {rows}, \
             numbered AS (SELECT stated.*, digits * 1000000 + i % 1000000 AS number FROM stated \
             JOIN seed_day ON seed_day.day = (at + 28800000) / 86400000) \
             SELECT {filing_id}, 'BA' || number || substr('{REFERENCE_ALPHABET}', CAST({check} AS INTEGER) + 1, 1), \
             'seed-' || i, CASE k WHEN 0 THEN 'subject' ELSE 'website' END, \
             CASE k WHEN 4 THEN 'change' ELSE 'new' END, {record_id}, {subject_id}, applicant.id, state, \
             place.code, {title}, {name}, {title}, {name}, NULL, CASE WHEN k > 0 THEN 'n' || i || '.example.com' END, {answers}, \
             '{sealed}', TRUE, CASE WHEN state IN ('pending', 'withdrawn', 'terminated') THEN NULL \
             ELSE (SELECT officer.id FROM seed_person officer WHERE officer.slot = CAST(substr(place.code, 1, 2) AS BIGINT) * 10 + i % 10) END, CASE WHEN state = 'in_review' THEN at + 3600000 END, \
             CASE WHEN roll % 12 = 0 THEN 2 ELSE 1 END, at, \
             CASE WHEN state IN ('approved', 'returned', 'rejected') THEN at + wait * 1000 END, 2 \
             FROM numbered {joins}"
        ))
        .await?;
    let event = |role: u32, at: &str| writer.id(at, "i", role);
    for (role, name, at, from_state, to_state, actor, states) in [
        (3, "'submit'", "at", "NULL", "'pending'", "'applicant'", "state <> ''"),
        (
            4,
            "'claim'",
            "at + 3600000",
            "'pending'",
            "'in_review'",
            "'reviewer'",
            "state IN ('in_review', 'approved', 'returned', 'rejected')",
        ),
        (
            5,
            "CASE state WHEN 'approved' THEN 'approve' WHEN 'returned' THEN 'return' ELSE 'reject' END",
            "at + wait * 1000",
            "'in_review'",
            "state",
            "'reviewer'",
            "state IN ('approved', 'returned', 'rejected')",
        ),
    ] {
        let id = event(role, at);
        writer
            .run(&format!(
                "INSERT INTO filing_event (id, filing_id, event, from_state, to_state, actor_id, actor_role, note, \
                 remarks, at) {rows} SELECT {id}, {filing_id}, {name}, {from_state}, {to_state}, NULL, {actor}, '', \
                 '[]', {at} FROM stated WHERE {states}"
            ))
            .await?;
    }
    writer
        .run(&format!(
            "INSERT INTO live_domain (domain, record_id) {rows} SELECT 'n' || i || '.example.com', {own_id} \
             FROM stated WHERE k IN (1, 2, 3) AND (k = 3 OR state = 'approved')"
        ))
        .await
}
