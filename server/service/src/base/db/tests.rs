#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod upgrades;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use domain::answer::{Answer, Answers};
use domain::view::{DraftHead, Saved};
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, EntityTrait, Statement};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::acts::{filed, save_of};
use crate::base::actor::Actor;
use crate::base::db::{Db, next_serial};
use crate::base::entity::counter;
use crate::base::error::Error;
use crate::common::World;

const STEP: &str = "site";

/// Somebody with a subject and so many websites that are ready to be filed.
struct Ready {
    world: World,
    actor: Actor,
    answers: Answers,
    drafts: Vec<DraftHead>,
}

async fn ready(world: World, websites: usize) -> Ready {
    let actor = world.applicant(1).await;
    let subject = world.subject_answers_person(&actor).await;
    world.file(&actor, "subject_new", None, &subject).await;
    let mut answers = world.website_answers(&actor, "example0.cn").await;
    let mut drafts = Vec::new();
    for website in 0..websites {
        let domain = format!("example{website}.cn");
        answers.set("site.home_urls", Answer::Many(vec![format!("https://www.{domain}/")]));
        answers.set_text("site.main_domain", domain);
        drafts.push(world.draft(&actor, "website_new", None, &answers).await);
    }
    Ready { world, actor, answers, drafts }
}

impl Ready {
    async fn submit(&self, draft: &DraftHead) -> Result<String, Error> {
        let key = format!("key-of-{}", draft.id);
        self.world
            .service
            .submissions
            .submit(&self.actor, &draft.id, draft.version, None, &key)
            .await
            .map(filed)
    }

    /// What people do all the time: a save that knows an older version is rolled back.
    async fn conflict(&self, draft: &DraftHead) {
        let mut save = save_of("website_new", STEP, Some(draft), self.answers.clone());
        save.version = Some(draft.version - 1);
        match self.world.service.drafts.save_draft(&self.actor, &save).await {
            Ok(Saved::Conflict { .. }) | Err(Error::Database(_)) => {}
            other => panic!("{other:?}"),
        }
    }

    /// After a restart there is what was acknowledged, all of it and nothing else.
    async fn is_there(&self, acknowledged: &[String]) {
        let restarted = self.world.restarted().await;
        for id in acknowledged {
            let kept = restarted.filings.filing(&self.actor, id).await;
            assert!(kept.is_ok(), "acknowledged and lost: {id}, {kept:?}");
        }
        let filings = self.world.number("SELECT COUNT(*) FROM filing WHERE business = 'website'").await;
        assert_eq!(filings, acknowledged.len() as i64);
        assert_eq!(self.world.number("SELECT COUNT(*) FROM live_domain").await, filings);
        assert!(restarted.audit_chain.verify_audit().await.unwrap().is_whole());
    }

    /// The steps of finding 1: submits until one fails, ordinary rollbacks, submits after the repair.
    async fn survives(self, spoil: impl AsyncFn(&Db), repair: impl AsyncFn(&Db)) {
        let mut left = self.drafts.iter();
        let mut acknowledged = Vec::new();
        acknowledged.push(self.submit(left.next().unwrap()).await.unwrap());
        spoil(&self.world.service.parts.context.db).await;
        let mut refused = Vec::new();
        for draft in left.by_ref().take(4) {
            match self.submit(draft).await {
                Ok(id) => acknowledged.push(id),
                Err(error) => {
                    assert!(matches!(error, Error::Database(_)), "{error}");
                    refused.push(draft);
                    break;
                }
            }
        }
        assert!(!refused.is_empty(), "nothing was in the way");
        for draft in left.clone() {
            self.conflict(draft).await;
        }
        repair(&self.world.service.parts.context.db).await;
        for draft in left.chain(refused) {
            acknowledged.push(self.submit(draft).await.unwrap());
        }
        self.is_there(&acknowledged).await;
    }
}

async fn pragma(db: &Db, sql: &str) {
    db.writer.execute_unprepared(sql).await.unwrap();
}

async fn pages(db: &Db) -> i64 {
    let asked = Statement::from_string(sea_orm::DatabaseBackend::Sqlite, "PRAGMA page_count");
    db.writer.query_one_raw(asked).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// Finding 1: a full disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_after_a_full_disk() {
    let full = async |db: &Db| {
        let pages = pages(db).await;
        pragma(db, &format!("PRAGMA max_page_count = {pages}")).await;
    };
    let free = async |db: &Db| pragma(db, "PRAGMA max_page_count = 1073741823").await;
    ready(World::on_sqlite().await, 12).await.survives(full, free).await;
}

/// Makes the connection that writes interrupt itself once this number, counted down after so many steps of
/// SQLite's machine, has come to 0.
async fn interrupting(db: &Db, steps: i32) -> Arc<AtomicI64> {
    let left = Arc::new(AtomicI64::new(i64::MAX));
    let mut connection = db.writer.get_sqlite_connection_pool().acquire().await.unwrap();
    let counted = Arc::clone(&left);
    let mut handle = connection.lock_handle().await.unwrap();
    handle.set_progress_handler(steps, move || counted.fetch_sub(1, Ordering::SeqCst) > 0);
    left
}

/// Finding 1: interrupted at one point after the other of a submit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_after_an_interrupt() {
    let ready = ready(World::on_sqlite().await, 4).await;
    let (mut acknowledged, mut interrupts) = (Vec::new(), 0);
    for (number, draft) in ready.drafts.iter().enumerate() {
        for after in (number as i64..).step_by(11) {
            let left = interrupting(&ready.world.service.parts.context.db, 20).await;
            left.store(after, Ordering::SeqCst);
            match ready.submit(draft).await {
                Ok(id) => {
                    acknowledged.push(id);
                    break;
                }
                Err(Error::Database(_)) => interrupts += 1,
                Err(other) => panic!("{other}"),
            }
            ready.conflict(draft).await;
        }
    }
    assert!(interrupts > 20, "{interrupts}");
    let left = interrupting(&ready.world.service.parts.context.db, 20).await;
    left.store(i64::MAX, Ordering::SeqCst);
    ready.is_there(&acknowledged).await;
}

/// Finding 1: writes that fail below SQLite. In a process of its own, whose files may not grow.
#[test]
fn nothing_acknowledged_is_lost_after_an_input_output_error() {
    // Ignored signals stay ignored in what is run.
    let child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["base::db::tests::with_files_that_cannot_grow", "--exact", "--ignored"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
}

fn let_files_grow_to(bytes: Option<u64>) {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, most) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, bytes.unwrap_or(most), most).unwrap();
}

#[ignore = "limits its whole process; another test runs it in one of its own"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_files_that_cannot_grow() {
    let ready = ready(World::on_sqlite().await, 12).await;
    ready.survives(async |_| let_files_grow_to(Some(512)), async |_| let_files_grow_to(None)).await;
}

async fn count(world: &World, name: &str) -> i64 {
    world.number(&format!("SELECT COUNT(*) FROM counter WHERE name = '{name}'")).await
}

/// Finding 1: what goes on after SQLite has rolled back by itself writes nothing, statement by
/// statement or as a whole.
#[tokio::test]
async fn a_swallowed_error_leaves_nothing_half_written() {
    let world = World::on_sqlite().await;
    let db = &world.service.parts.context.db;
    let left = interrupting(db, 1).await;
    let tx = db.begin().await.unwrap();
    next_serial(&tx, "before").await.unwrap();
    left.store(0, Ordering::SeqCst);
    next_serial(&tx, "interrupted").await.unwrap_err();
    left.store(i64::MAX, Ordering::SeqCst);
    // Its row may come back before the refusal does.
    let _ = next_serial(&tx, "after").await;
    tx.commit().await.unwrap_err();
    for name in ["before", "interrupted", "after"] {
        assert_eq!(count(&world, name).await, 0, "{name}");
    }
    let tx = db.begin().await.unwrap();
    next_serial(&tx, "later").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&world, "later").await, 1);
}

/// Finding 1, on PostgreSQL: `COMMIT` after an error that somebody swallowed is answered with success.
async fn a_transaction_with_a_failed_statement_is_not_committed(world: World) {
    let db = &world.service.parts.context.db;
    let row = |name: &str| counter::ActiveModel { name: Set(name.to_owned()), value: Set(1) };
    counter::Entity::insert(row("there")).exec_without_returning(&db.writer).await.unwrap();
    let tx = db.begin().await.unwrap();
    counter::Entity::insert(row("before")).exec_without_returning(&tx).await.unwrap();
    counter::Entity::insert(row("there")).exec_without_returning(&tx).await.unwrap_err();
    tx.commit().await.unwrap_err();
    assert_eq!(count(&world, "before").await, 0);
}

/// Whoever waits for the beginning may go away at any moment.
async fn a_beginning_broken_off_leaves_no_transaction_open(world: World) {
    let db = &world.service.parts.context.db;
    for wait in 0..200 {
        let begun = tokio::time::timeout(Duration::from_micros(wait * 5), db.begin()).await;
        drop(begun);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    for round in 0..20 {
        let row = counter::ActiveModel { name: Set(format!("round {round}")), value: Set(1) };
        counter::Entity::insert(row).exec_without_returning(&db.writer).await.unwrap();
        assert_eq!(count(&world, &format!("round {round}")).await, 1, "written outside of a transaction");
    }
    if !world.is_sqlite() {
        let open = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                    AND state LIKE 'idle in transaction%'";
        assert_eq!(world.number(open).await, 0);
    }
}

/// Nobody waits for ever; loading may take its time.
async fn the_database_has_limits_of_time(world: World) {
    let db = &world.service.parts.context.db;
    if world.is_sqlite() {
        return;
    }
    for (setting, value) in [
        ("lock_timeout", "10s"),
        ("statement_timeout", "30s"),
        ("idle_in_transaction_session_timeout", "1min"),
    ] {
        let asked = Statement::from_string(sea_orm::DatabaseBackend::Postgres, format!("SHOW {setting}"));
        let row = db.read().query_one_raw(asked.clone()).await.unwrap().unwrap();
        assert_eq!(row.try_get_by_index::<String>(0).unwrap(), value, "{setting}");
        let loader = db.loader().await.unwrap();
        let row = loader.query_one_raw(asked).await.unwrap().unwrap();
        assert_eq!(row.try_get_by_index::<String>(0).unwrap(), "0", "{setting}");
    }
}

crate::common::claims![
    a_transaction_with_a_failed_statement_is_not_committed,
    a_beginning_broken_off_leaves_no_transaction_open,
    the_database_has_limits_of_time,
];

/// Stands between the service and PostgreSQL; once told, it takes the answer to the next `COMMIT` away
/// and cuts the connection.
async fn cutting_proxy(server: String) -> (u16, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let cut = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&cut);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&server).await.unwrap();
            tokio::spawn(pass_on(client, server, Arc::clone(&told)));
        }
    });
    (port, cut)
}

async fn pass_on(client: TcpStream, server: TcpStream, cut: Arc<AtomicBool>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = from_client.read(&mut asked) => {
                let Ok(read @ 1..) = read else { return };
                let asked = &asked[..read];
                let commits = asked.windows(7).any(|word| word == b"COMMIT\0");
                if to_server.write_all(asked).await.is_err() {
                    return;
                }
                if commits && cut.swap(false, Ordering::SeqCst) {
                    // The end of an earlier answer may come first; nothing is cut before it is committed.
                    let mut heard = Vec::new();
                    while !heard.windows(7).any(|word| word == b"COMMIT\0") {
                        let Ok(read @ 1..) = from_server.read(&mut answered).await else { return };
                        heard.extend_from_slice(&answered[..read]);
                    }
                    return;
                }
            }
            read = from_server.read(&mut answered) => {
                let Ok(read @ 1..) = read else { return };
                if to_client.write_all(&answered[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Finding 1, on PostgreSQL: the connection breaks between `COMMIT` and its answer. The caller hears of
/// an error, and asking again with the same key finds the one filing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_found_by_asking_again() {
    let Some(mut world) = World::on_postgres().await else { return };
    let (before, rest) = world.url.split_once("://").unwrap();
    let (address, name) = rest.split_once('/').unwrap();
    let (user, host) = address.split_once('@').map_or(("", address), |(user, host)| (user, host));
    let (port, cut) = cutting_proxy(host.to_owned()).await;
    let at = if user.is_empty() { String::new() } else { format!("{user}@") };
    // What is encrypted cannot be cut at a word.
    world.url = format!("{before}://{at}127.0.0.1:{port}/{name}?sslmode=disable");
    world.service = world.restarted().await;
    let ready = ready(world, 5).await;
    let mut acknowledged = Vec::new();
    for draft in &ready.drafts {
        cut.store(true, Ordering::SeqCst);
        let lost = ready.submit(draft).await;
        assert!(matches!(lost, Err(Error::Database(_))), "{lost:?}");
        assert!(!cut.load(Ordering::SeqCst), "the answer came through");
        let found = ready.submit(draft).await.unwrap();
        assert_eq!(ready.submit(draft).await.unwrap(), found);
        acknowledged.push(found);
    }
    ready.is_there(&acknowledged).await;
}

/// Finding 1, on PostgreSQL: no room for rows, told at a statement or only at the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_after_a_full_disk_of_postgres() {
    for when in ["BEFORE INSERT ON filing", "AFTER INSERT ON filing DEFERRABLE INITIALLY DEFERRED"] {
        let Some(world) = World::on_postgres().await else { return };
        let constraint = if when.starts_with("AFTER") { "CONSTRAINT" } else { "" };
        let full = async |db: &Db| {
            let sql = format!(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                 RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; \
                 END $$; CREATE {constraint} TRIGGER full_disk {when} FOR EACH ROW EXECUTE FUNCTION full_disk()"
            );
            pragma(db, &sql).await;
        };
        let free =
            async |db: &Db| pragma(db, "DROP TRIGGER full_disk ON filing; DROP FUNCTION full_disk").await;
        ready(world, 8).await.survives(full, free).await;
    }
}

/// What a person is told when the database fails is that nothing *kept* is lost; whether the last wish
/// was fulfilled is open then, and asking again is safe.
#[tokio::test]
async fn a_filing_that_failed_leaves_its_draft() {
    let ready = ready(World::on_sqlite().await, 1).await;
    let left = interrupting(&ready.world.service.parts.context.db, 20).await;
    left.store(5, Ordering::SeqCst);
    ready.submit(&ready.drafts[0]).await.unwrap_err();
    left.store(i64::MAX, Ordering::SeqCst);
    assert_eq!(ready.world.number("SELECT COUNT(*) FROM draft").await, 1);
    ready.submit(&ready.drafts[0]).await.unwrap();
    assert_eq!(ready.world.number("SELECT COUNT(*) FROM draft").await, 0);
}
