//! A small world to test in: the service on a fresh database with a clock that stands still, invented
//! people, and answers that pass every check. Compiled into the integration tests and, for what only
//! the crate itself can call, into its unit tests.
//!
//! A claim is written once, as `async fn claim(world: World)`, and the macro `claims!` runs it on
//! SQLite and, where `TEST_POSTGRES_URL` names a server on which databases can be made, on PostgreSQL.
#![allow(dead_code, unused_macros, unused_imports)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

pub mod bucket;

use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::answer::{Answer, Answers};
pub use domain::sample::id_number;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use sea_orm::{ConnectionTrait, Database, DatabaseBackend, DatabaseConnection, Statement};
use service::clock::{Clock, FixedClock};
use service::db::{Db, lasting};
use service::keyring::Keyring;
use service::sms::gateway::Gateway;
use service::upload::child::FileCheck;
use service::upload::store::FileStore;
use service::{Actor, Claims, Service, Settings};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use tokio::sync::OnceCell;

/// Monday morning in Shanghai: when every world begins.
pub const MORNING: OffsetDateTime = datetime!(2026-03-02 10:00 +8);

/// Runs each claim on both databases: `the_claim::on_sqlite`, `the_claim::on_postgres`.
macro_rules! claims {
    ($($claim:ident),* $(,)?) => { $(
        mod $claim {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                let world = super::World::on_sqlite().await;
                let same = world.clone();
                super::$claim(world).await;
                same.is_as_the_audit_log_says().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                // Without a server there is nothing to test on; `cargo xtask test` brings one.
                if let Some(world) = super::World::on_postgres().await {
                    let same = world.clone();
                    super::$claim(world).await;
                    same.is_as_the_audit_log_says().await;
                }
            }
        }
    )* };
}
pub(crate) use claims;

/// How often something random or raced is tried: some in each run, many with `THOROUGH=1`.
pub fn rounds(some: usize, many: usize) -> usize {
    if std::env::var_os("THOROUGH").is_some() { many } else { some }
}

/// In memory where there is such a place: what the disk does is not what is tested.
pub fn directory() -> tempfile::TempDir {
    let shared_memory = std::path::Path::new("/dev/shm");
    match shared_memory.is_dir() {
        true => tempfile::tempdir_in(shared_memory),
        false => tempfile::tempdir(),
    }
    .unwrap()
}

#[derive(Clone)]
pub struct World {
    pub service: Service,
    pub clock: Arc<FixedClock>,
    pub keys: Arc<Keyring>,
    pub files: FileStore,
    pub settings: Settings,
    /// What the service is on; its connections can be held here.
    pub db: Db,
    /// Of this world's own database.
    pub url: String,
    /// Somebody wrote past the service.
    is_spoiled: Arc<AtomicBool>,
    /// Goes with the world.
    _directory: Option<Arc<tempfile::TempDir>>,
}

impl World {
    pub async fn on_sqlite() -> Self {
        let directory = directory();
        let url = format!("sqlite://{}", directory.path().join("world.sqlite").display());
        Self::over(url, Some(directory)).await
    }

    /// Nothing where no server is named.
    pub async fn on_postgres() -> Option<Self> {
        let server = std::env::var("TEST_POSTGRES_URL").ok()?;
        let name = format!("t_{}", service::db::new_id(MORNING).replace('-', ""));
        let (prefix, _) = server.rsplit_once('/').unwrap();
        let connection = Database::connect(lasting(&server)).await.unwrap();
        let template = postgres_template(&connection, prefix).await;
        // With fsync off copying files is quicker than writing a log of them.
        let make = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY");
        connection.execute_unprepared(&make).await.unwrap();
        connection.close().await.unwrap();
        Some(Self::over(format!("{prefix}/{name}"), None).await)
    }

    async fn over(url: String, directory: Option<tempfile::TempDir>) -> Self {
        let keys = Arc::new(Keyring::generate().unwrap());
        let clock = Arc::new(FixedClock::at(MORNING));
        let objects = Arc::new(object_store::memory::InMemory::new());
        let files = FileStore::over(objects, Arc::clone(&keys));
        let settings = Settings {
            first_administrator: Some(id_number("110101", 9_999)),
            // Acts are told of at once; what waits for 撤回 is tested by itself.
            undo_seconds: 0,
            ..Settings::default()
        };
        let db = Db::open(&url).await.unwrap();
        let service = build(db.clone(), &keys, &clock, &files, &settings);
        let is_spoiled = Arc::default();
        let directory = directory.map(Arc::new);
        World { service, clock, keys, files, settings, db, url, is_spoiled, _directory: directory }
    }

    /// The service as it is after a restart, or a second one beside the first.
    pub async fn restarted(&self) -> Service {
        let db = Db::open(&self.url).await.unwrap();
        build(db, &self.keys, &self.clock, &self.files, &self.settings)
    }

    /// Holds every connection that may write except one, for as long as what comes back is kept: whoever
    /// has a transaction and asks for a connection beside it waits for itself. SQLite has only one anyway.
    pub async fn leave_one_connection(&self) -> Vec<service::db::Transaction> {
        let mut held = Vec::new();
        if self.is_sqlite() {
            return held;
        }
        let soon = std::time::Duration::from_millis(500);
        while let Ok(one) = tokio::time::timeout(soon, self.db.begin()).await {
            held.push(one.unwrap());
        }
        held.pop().unwrap().rollback().await.unwrap();
        held
    }

    /// The same world as an operator with other settings has it.
    pub async fn with_settings(&self, change: impl FnOnce(&mut Settings)) -> Service {
        let mut settings = self.settings.clone();
        change(&mut settings);
        build(self.db.clone(), &self.keys, &self.clock, &self.files, &settings)
    }

    /// A connection past the service, to see and to spoil what lies in the tables.
    pub async fn raw(&self) -> DatabaseConnection {
        Database::connect(lasting(&self.url)).await.unwrap()
    }

    /// After every claim in which nobody wrote past the service: whatever use cases did, each row is
    /// as the last line about it says (finding 13).
    pub async fn is_as_the_audit_log_says(&self) {
        if !self.is_spoiled.load(Ordering::Relaxed) {
            let verdict = self.service.audit_chain.verify_audit().await.unwrap();
            assert!(verdict.is_whole(), "{verdict:?}");
        }
        self.is_said_in_words().await;
    }

    /// Whatever use cases wrote into the audit log has words on its page.
    async fn is_said_in_words(&self) {
        let connection = self.raw().await;
        let lines = "SELECT DISTINCT action, object_kind, detail FROM audit";
        for line in connection
            .query_all_raw(Statement::from_string(connection.get_database_backend(), lines))
            .await
            .unwrap()
        {
            let [action, kind, detail] = [0, 1, 2].map(|at| line.try_get_by_index::<String>(at).unwrap());
            let parts: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&detail).unwrap();
            // Lines that a test wrote past the use cases.
            if action == "test" || parts.contains_key("a") {
                continue;
            }
            // Not said, as another column says it or nobody reads it.
            let silent = ["handover", "bench", "thumbnail", "version"];
            for key in parts.keys().filter(|key| !silent.contains(&key.as_str())) {
                assert!(
                    domain::audit_word::detail_word(key).is_some(),
                    "no word for {key} of {action}: {detail}"
                );
            }
            assert!(domain::audit_word::object_word(&kind).is_some(), "no word for {kind} of {action}");
        }
        connection.close().await.unwrap();
    }

    /// What services with other keys write, this world's service cannot vouch for.
    pub fn has_other_keys(&self) {
        self.is_spoiled.store(true, Ordering::Relaxed);
    }

    /// Runs one statement past the service; how many rows it touched.
    pub async fn execute(&self, sql: &str) -> u64 {
        self.is_spoiled.store(true, Ordering::Relaxed);
        let connection = self.raw().await;
        let touched = connection.execute_unprepared(sql).await.unwrap().rows_affected();
        connection.close().await.unwrap();
        touched
    }

    /// Lets every change of a row fail, whatever is right about it; gives the statement that ends this.
    pub async fn stuck(&self, table: &str, id: &str) -> String {
        if self.is_sqlite() {
            self.execute(&format!(
                "CREATE TRIGGER stuck BEFORE UPDATE ON {table} WHEN OLD.id = '{id}' \
                 BEGIN SELECT RAISE(ABORT, 'stuck'); END"
            ))
            .await;
            return "DROP TRIGGER stuck".to_owned();
        }
        self.execute(&format!(
            "CREATE FUNCTION stuck() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'stuck'; END $$; \
             CREATE TRIGGER stuck BEFORE UPDATE ON {table} FOR EACH ROW WHEN (OLD.id = '{id}') \
             EXECUTE FUNCTION stuck()"
        ))
        .await;
        format!("DROP TRIGGER stuck ON {table}; DROP FUNCTION stuck()")
    }

    /// One number read past the service, such as `SELECT COUNT(*) FROM notice`.
    pub async fn number(&self, sql: &str) -> i64 {
        let connection = self.raw().await;
        let sql = format!("SELECT CAST(({sql}) AS BIGINT)");
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        let row = connection.query_one_raw(statement).await.unwrap().unwrap();
        let number = row.try_get_by_index(0).unwrap();
        connection.close().await.unwrap();
        number
    }

    /// Everything that lies in the database, to look for what must not lie there: the bytes of the
    /// files of SQLite, every column of every row of PostgreSQL.
    pub async fn everything_stored(&self) -> Vec<u8> {
        if let Some(file) = self.url.strip_prefix("sqlite://") {
            let parts = ["", "-wal"].map(|part| std::fs::read(format!("{file}{part}")).unwrap_or_default());
            return parts.concat();
        }
        let connection = self.raw().await;
        let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
        let mut everything = Vec::new();
        for table in connection.query_all_raw(sql(tables)).await.unwrap() {
            let table: String = table.try_get_by_index(0).unwrap();
            let rows = sql(&format!("SELECT CAST(t AS text) FROM \"{table}\" t"));
            for row in connection.query_all_raw(rows).await.unwrap() {
                everything.extend(row.try_get_by_index::<String>(0).unwrap().into_bytes());
                everything.push(b'\n');
            }
        }
        connection.close().await.unwrap();
        everything
    }

    pub async fn is_stored_in_the_open(&self, text: &str) -> bool {
        self.everything_stored().await.windows(text.len()).any(|some| some == text.as_bytes())
    }

    /// Puts a subject past all procedures into a state; gives its id.
    pub async fn put_subject(&self, owner: &Actor, title: &str, state: &str, jurisdiction: &str) -> String {
        let id = service::db::new_id(self.now());
        let now = service::db::millis(self.now());
        let owner = &owner.person_id;
        self.execute(&format!(
            "INSERT INTO record (id, business, subject_id, owner_id, state, title, title_key, owner_kind, \
             jurisdiction, answers, answers_sealed, version, created_at, updated_at) VALUES ('{id}', 'subject', \
             '{id}', '{owner}', '{state}', '{title}', '{title}', '企业', '{jurisdiction}', '{{}}', '', 1, {now}, {now})"
        ))
        .await;
        id
    }

    /// Puts filings of one website after the other past all procedures: so many counties (at most
    /// fifty), in ten provinces, with so many each, a third of them open; and lets the database look at what it has got.
    pub async fn many_filings(&self, officer: &Actor, counties: u32, each: u32) {
        let subject = self.put_subject(officer, "某某", "active", "110101").await;
        let numbers: Vec<String> = (0..each).map(|n| format!("SELECT {n} AS n")).collect();
        let numbers = numbers.join(" UNION ALL ");
        for county in 0..counties {
            let province = ["11", "12", "13", "31", "32", "33", "41", "42", "44", "51"][county as usize % 10];
            let county = format!("{province}01{:02}", [1, 2, 5, 6, 7][county as usize / 10]);
            self.execute(&format!(
                "INSERT INTO record (id, business, subject_id, state, title, title_key, owner_kind, jurisdiction, \
                 answers, answers_sealed, version, created_at, updated_at) SELECT 'x-{county}-' || n, 'website', \
                 '{subject}', 'pending', '某某', '某某', '企业', '{county}', '{{}}', '', 1, n, n FROM ({numbers}) AS many",
            ))
            .await;
            self.execute(&format!(
                "INSERT INTO filing (id, reference, idempotency_key, business, action, record_id, subject_id, \
                 applicant_id, state, jurisdiction, title, subject_name, title_key, subject_key, answers, \
                 answers_sealed, is_reviewable, claimed_by, round, submitted_at, version) \
                 SELECT id, id, id, 'website', 'new', id, subject_id, '{officer}', CASE WHEN created_at < 10 \
                 THEN 'pending' WHEN created_at < 20 THEN 'in_review' ELSE 'approved' END, jurisdiction, title, \
                 title, title, title, answers, '', TRUE, CASE WHEN created_at >= 10 AND created_at < 20 THEN '{officer}' END, 1, created_at, 1 FROM record WHERE id LIKE 'x-{county}-%'",
                officer = officer.person_id,
            ))
            .await;
        }
        self.execute("ANALYZE").await;
    }

    pub fn backend(&self) -> DatabaseBackend {
        if self.is_sqlite() { DatabaseBackend::Sqlite } else { DatabaseBackend::Postgres }
    }

    /// How the database would answer a question.
    pub async fn plan(&self, query: &impl sea_orm::StatementBuilder) -> String {
        self.explained(query, false).await
    }

    /// The same where a table is too small here for PostgreSQL to prefer an index, which it would of many rows.
    #[allow(dead_code)]
    pub async fn plan_of_many(&self, query: &impl sea_orm::StatementBuilder) -> String {
        self.explained(query, true).await
    }

    async fn explained(&self, query: &impl sea_orm::StatementBuilder, of_many: bool) -> String {
        use sea_orm::TransactionTrait as _;
        let raw = self.raw().await;
        let connection = raw.begin().await.unwrap();
        if of_many && !self.is_sqlite() {
            connection.execute_unprepared("SET LOCAL enable_seqscan = off").await.unwrap();
        }
        let mut statement = query.build(&self.backend());
        let (explain, column) = match self.is_sqlite() {
            true => ("EXPLAIN QUERY PLAN", 3),
            false => ("EXPLAIN", 0),
        };
        statement.sql = format!("{explain} {}", statement.sql);
        let rows = connection.query_all_raw(statement).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.try_get_by_index(column).unwrap()).collect();
        connection.rollback().await.unwrap();
        raw.close().await.unwrap();
        plan.join("\n")
    }

    pub fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    pub fn later(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub async fn sign_in(&self, claims: &Claims) -> Actor {
        let token = self.service.accounts.sign_in(claims, "测试浏览器").await.unwrap();
        self.service.accounts.actor(&token).await.unwrap().unwrap()
    }

    /// The `n`th applicant (below 9000), freshly signed in.
    pub async fn applicant(&self, n: u32) -> Actor {
        self.sign_in(&claims_of(n)).await
    }

    /// The administrator whom the configuration names.
    pub async fn administrator(&self) -> Actor {
        let claims = Claims { name: "管理员".to_owned(), ..claims_of(9_999) };
        self.sign_in(&claims).await
    }

    /// A reviewer of a region, appointed by the administrator; one person per region.
    pub async fn officer(&self, region: &str) -> Actor {
        let n = 9_000 + region.bytes().fold(0, |sum, byte| (sum * 31 + u32::from(byte)) % 900);
        self.nth_officer(n, region).await
    }

    /// Another reviewer; `n` from 9000 to 9998.
    pub async fn nth_officer(&self, n: u32, region: &str) -> Actor {
        let claims = Claims { name: "审核员".to_owned(), ..claims_of(n) };
        let officer = self.sign_in(&claims).await;
        if officer.reviewer_region() != Some(region) {
            let administrator = self.administrator().await;
            let service = &self.service;
            service
                .staff
                .appoint(&administrator, &claims.name, &claims.id_no, "reviewer", region)
                .await
                .unwrap();
        }
        self.sign_in(&claims).await
    }

    /// Sends a picture, a different one for each number, and gives its id.
    pub async fn picture(&self, actor: &Actor, number: u32) -> String {
        let name = format!("图片{number}.png");
        self.service.files.accept_upload(actor, &name, picture(number)).await.unwrap().id
    }

    /// Sends a document and gives its id.
    pub async fn document(&self, actor: &Actor) -> String {
        self.service.files.accept_upload(actor, "说明.pdf", pdf()).await.unwrap().id
    }

    /// A unit whose office lies in 北京市东城区 (110101).
    pub async fn subject_answers_unit(&self, actor: &Actor) -> Answers {
        let mut answers = self.principal_answers(actor).await;
        answers.merge(Answers::from([
            ("subject.nature", "unit"),
            ("subject.unit_kind", "enterprise"),
            ("unit.name", "北京某某网络科技有限公司"),
            ("unit.cert_kind", "business_license"),
            ("unit.cert_no", "91350100M000100Y43"),
            ("unit.office_region", "110101"),
            ("unit.office_address", "某某街道一号院二号楼"),
            ("unit.legal_rep_name", "钱甲乙"),
        ]));
        answers.set_text("unit.cert_image", self.picture(actor, 4).await);
        answers
    }

    /// A person who lives in 北京市东城区 (110101).
    pub async fn subject_answers_person(&self, actor: &Actor) -> Answers {
        let mut answers = self.principal_answers(actor).await;
        answers.set_text("subject.nature", "person");
        answers
    }

    async fn principal_answers(&self, actor: &Actor) -> Answers {
        let mut answers = Answers::from([
            ("principal.name", "孙丙丁"),
            ("principal.id_kind", "resident_id"),
            ("principal.id_no", "11010519491231002X"),
            ("principal.id_long_term", "yes"),
            ("principal.region", "110101"),
            ("principal.address", "某某街道三号院四号楼"),
            ("principal.mobile", "13800005678"),
            ("principal.phone", "010-12345678"),
            ("principal.email", "sunbingding@example.com"),
        ]);
        for (number, field) in ["id_portrait", "id_emblem", "id_handheld"].into_iter().enumerate() {
            let picture = self.picture(actor, number as u32 + 1).await;
            answers.set_text(format!("principal.{field}"), picture);
        }
        answers
    }

    /// A website at this registrable domain, such as `example.cn`.
    pub async fn website_answers(&self, actor: &Actor, domain: &str) -> Answers {
        let mut answers = Answers::from([
            ("site.name", "某某企业官网"),
            ("site.opened_on", "2026-02-20"),
            ("site.has_icp", "no"),
            ("site.has_own_domain", "yes"),
            ("site.main_domain", domain),
            ("isp.jurisdiction", "mainland"),
            ("isp.region", "110101"),
            ("isp.name", "某某云计算有限公司"),
            ("isp.access_mode", "virtual_space"),
            ("registrar.jurisdiction", "mainland"),
            ("registrar.region", "110101"),
            ("registrar.name", "某某域名注册有限公司"),
            ("service.class", "Z"),
            ("interactive.is_interactive", "no"),
            ("controlled.publishes", "no"),
            ("permit.has", "no"),
            ("permits.#", "1"),
            ("security_officer.name", "李戊己"),
            ("security_officer.id_kind", "resident_id"),
            ("security_officer.id_no", "440524188001010014"),
            ("security_officer.id_long_term", "yes"),
            ("security_officer.mobile", "13800006789"),
            ("emergency_contact.name", "周庚辛"),
            ("emergency_contact.id_kind", "passport"),
            ("emergency_contact.id_no", "E12345678"),
            ("emergency_contact.id_valid_to", "2030-12-31"),
            ("emergency_contact.mobile", "13800007890"),
        ]);
        let many = |items: &[&str]| Answer::Many(items.iter().map(|item| (*item).to_owned()).collect());
        answers.set("site.home_urls", many(&[&format!("https://www.{domain}/")]));
        answers.set("site.ips", many(&["114.114.114.114"]));
        answers.set("service.types", many(&["00"]));
        answers.set("service.languages", many(&["zh-Hans"]));
        for (number, address) in [
            "site.domain_cert",
            "security_officer.id_portrait",
            "security_officer.id_emblem",
            "emergency_contact.id_portrait",
        ]
        .into_iter()
        .enumerate()
        {
            let picture = self.picture(actor, number as u32 + 11).await;
            answers.set_text(address, picture);
        }
        answers
    }
}

/// A database in today's shape, made once by each test program, to copy: that takes a fraction of the time that all
/// steps of the migration take.
async fn postgres_template(connection: &DatabaseConnection, prefix: &str) -> &'static str {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let make = async || {
        let name = format!("template_{}", service::db::new_id(MORNING).replace('-', ""));
        connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        Db::migrate(&format!("{prefix}/{name}")).await.unwrap();
        name
    };
    TEMPLATE.get_or_init(make).await
}

fn sql(text: &str) -> Statement {
    Statement::from_string(DatabaseBackend::Postgres, text)
}

fn build(
    db: Db,
    keys: &Arc<Keyring>,
    clock: &Arc<FixedClock>,
    files: &FileStore,
    settings: &Settings,
) -> Service {
    let clock: Arc<dyn Clock> = Arc::clone(clock) as Arc<dyn Clock>;
    Service::new(db, Arc::clone(keys), clock, files.clone(), settings.clone())
        .with_file_check(FileCheck::in_this_process())
        .with_gateway(Gateway::Outbox)
}

/// What the identity platform says of the `n`th person. Born in 1900, so that the number is nobody's.
pub fn claims_of(n: u32) -> Claims {
    Claims {
        sub: format!("sub-{n}"),
        name: "赵某某".to_owned(),
        mobile: format!("1380000{n:04}"),
        id_kind: "resident_id".to_owned(),
        id_no: id_number("110101", n),
    }
}

/// A picture with some detail, as PNG; a different one for each number.
pub fn picture(number: u32) -> Vec<u8> {
    let pixel = |x: u32, y: u32| {
        let shade = ((x / 8 + y / 8 + number) % 2 * 200) as u8;
        Rgb([shade, (x % 256) as u8, (number % 256) as u8])
    };
    let mut bytes = Vec::new();
    let picture = DynamicImage::ImageRgb8(RgbImage::from_fn(240, 240, pixel));
    picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    bytes
}

/// A document of one empty page.
pub fn pdf() -> Vec<u8> {
    use lopdf::{Document, Object, dictionary};
    let mut document = Document::with_version("1.5");
    let pages = document.new_object_id();
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => pages, "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
    });
    let kids = dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 };
    document.objects.insert(pages, Object::Dictionary(kids));
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}
