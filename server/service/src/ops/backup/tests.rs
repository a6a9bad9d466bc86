#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use object_store::memory::InMemory;
use time::Duration;

use super::*;
use crate::Service;
use crate::base::clock::Clock;
use crate::base::db::Db;
use crate::base::keyring::Keyring;
use crate::common::{World, claims, picture};
use crate::files::upload::store::FileStore;

claims![
    a_backup_under_load_has_everything_that_was_acknowledged_before_it,
    whatever_is_wrong_with_a_backup_is_found,
    what_was_wrong_before_the_backup_is_told_by_it,
    a_file_that_is_swept_while_it_is_backed_up_does_no_harm,
    nothing_is_written_over,
    a_place_that_is_filled_from_a_backup_bears_the_mark,
    a_backup_is_its_owners_alone_and_holds_no_key,
    without_the_programs_of_postgresql_a_sentence_says_so,
];

const HASH: &str = "hash hmac-sha-256 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

const OTHER_HASH: &str = "hash hmac-sha-256 PyEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

const ONE: &str = "key 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const OTHER_ONE: &str = "key 1 /wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const TWO: &str = "key 2 gAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn keys(lines: &[&str]) -> Arc<Keyring> {
    Arc::new(Keyring::parse(&lines.join("\n")).unwrap())
}

/// The world with keys that are known, and a server that has started on it.
async fn started(mut world: World) -> World {
    world.has_other_keys();
    world.keys = keys(&[ONE, HASH]);
    world.files = FileStore::over(Arc::new(InMemory::new()), Arc::clone(&world.keys));
    world.service = world.restarted().await;
    world.service.key_checks.check_and_mark_keys().await.unwrap();
    world
}

async fn backed_up(world: &World, target: &Path) -> Made {
    make(&world.service.files, &world.url, &Programs::default(), target).await.unwrap()
}

fn clock(world: &World) -> Arc<dyn Clock> {
    Arc::clone(&world.clock) as Arc<dyn Clock>
}

async fn checked(world: &World, directory: &Path, keys: &Arc<Keyring>) -> Checked {
    check(directory, Arc::clone(keys), clock(world), &Programs::default(), Some(&world.url)).await.unwrap()
}

/// An empty place: the address of a database and a directory for files.
struct Elsewhere {
    url: String,
    files: PathBuf,
    _directory: tempfile::TempDir,
}

async fn elsewhere(world: &World) -> Elsewhere {
    let directory = crate::common::directory();
    let url = match world.url.rsplit_once('/') {
        Some((server, _)) if world.url.starts_with("postgres") => {
            let name = format!("t_{}", crate::base::db::new_id(world.now()).replace('-', ""));
            world.execute(&format!("CREATE DATABASE {name}")).await;
            format!("{server}/{name}")
        }
        _ => format!("sqlite://{}", directory.path().join("elsewhere.sqlite").display()),
    };
    Elsewhere { url, files: directory.path().join("files"), _directory: directory }
}

impl Elsewhere {
    async fn restore(&self, world: &World, from: &Path) -> Result<Restored, BackupError> {
        let target = Target { database_url: &self.url, files: FilesTarget::Directory(&self.files) };
        restore(from, Arc::clone(&world.keys), clock(world), &Programs::default(), &target).await
    }

    async fn service(&self, world: &World) -> Service {
        let files = FileStore::local(&self.files, Arc::clone(&world.keys)).unwrap();
        let db = Db::open(&self.url).await.unwrap();
        Service::new(db, Arc::clone(&world.keys), clock(world), files, world.settings.clone())
    }
}

async fn a_place_that_is_filled_from_a_backup_bears_the_mark(world: World) {
    let world = started(world).await;
    world.service.files.check_and_mark().await.unwrap();
    let actor = world.applicant(1).await;
    world.picture(&actor, 1).await;
    let home = crate::common::directory();
    let directory = home.path().join("backup");
    backed_up(&world, &directory).await;
    assert!(!directory.join("files/platform-mark").exists());
    let elsewhere = elsewhere(&world).await;
    assert!(elsewhere.restore(&world, &directory).await.unwrap().is_written);
    assert!(elsewhere.files.join("platform-mark").is_file());
    elsewhere.service(&world).await.files.check_mark().await.unwrap();
}

/// Waits, but not for ever: an applicant may have failed.
async fn until(is_so: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("nobody files any more");
}

/// Finding 9.
async fn a_backup_under_load_has_everything_that_was_acknowledged_before_it(world: World) {
    let world = Arc::new(started(world).await);
    let home = crate::common::directory();
    let (acknowledged, is_over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let mut applicants = tokio::task::JoinSet::new();
    for applicant in 1..=3 {
        let (world, acknowledged, is_over) = (Arc::clone(&world), acknowledged.clone(), is_over.clone());
        applicants.spawn(async move {
            let actor = world.applicant(applicant).await;
            let subject = world.subject_answers_person(&actor).await;
            let subject = world.file(&actor, "subject_new", None, &subject).await;
            acknowledged.lock().unwrap().push((applicant, subject));
            let mut number = 0;
            while !is_over.load(Ordering::Relaxed) {
                number += 1;
                let domain = format!("load{applicant}x{number}.cn");
                let website = world.website_answers(&actor, &domain).await;
                let website = world.file(&actor, "website_new", None, &website).await;
                acknowledged.lock().unwrap().push((applicant, website));
            }
        });
    }
    let count = || acknowledged.lock().unwrap().len();
    until(|| count() >= 7).await;
    let before = acknowledged.lock().unwrap().clone();
    let directory = home.path().join("backup");
    let made = backed_up(&world, &directory).await;
    assert_eq!(made.lost, Vec::<String>::new());
    let so_far = count();
    until(|| count() >= so_far + 2).await;
    is_over.store(true, Ordering::Relaxed);
    while let Some(ended) = applicants.join_next().await {
        ended.unwrap();
    }

    let whole = checked(&world, &directory, &world.keys).await;
    assert_eq!(whole.findings.sentences(), Vec::<String>::new());
    let elsewhere = elsewhere(&world).await;
    let restored = elsewhere.restore(&world, &directory).await.unwrap();
    assert!(restored.is_written && restored.findings.is_empty(), "{:?}", restored.findings);

    let service = elsewhere.service(&world).await;
    let verdict = service.audit_chain.verify_audit().await.unwrap();
    let head = made.manifest.contents.audit_head.unwrap();
    assert!(verdict.is_whole());
    assert_eq!(verdict.head.unwrap(), (head.number, head.hash));
    for (applicant, filing) in &before {
        // Who filed it signs in elsewhere, and finds it there with what was sealed in it.
        let token = service.accounts.sign_in(&crate::common::claims_of(*applicant), "").await.unwrap();
        let actor = service.accounts.actor(&token).await.unwrap().unwrap();
        service.filings.filing(&actor, filing).await.unwrap();
    }
    assert!(before.len() >= 7 && count() > before.len(), "there was load all the while");
    let last = world.number("SELECT COUNT(*) FROM filing").await;
    assert!((made.manifest.contents.filings as i64) < last, "and others filed after it");
}

/// A copy of a backup to spoil.
fn copy_of(directory: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_of(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

fn all_files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(all_files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn cut(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() - 7]).unwrap();
}

fn reword(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// Finding 9: what `check-backup` is for.
async fn whatever_is_wrong_with_a_backup_is_found(world: World) {
    let world = started(world).await;
    let actor = world.applicant(1).await;
    world.service.files.accept_upload(&actor, "a.png", picture(1)).await.unwrap();
    world.service.files.accept_upload(&actor, "b.png", picture(2)).await.unwrap();
    let home = crate::common::directory();
    let good = home.path().join("good");
    let made = backed_up(&world, &good).await;
    assert_eq!(made.manifest.files, 4, "two pictures, each with a small one");
    let database = made.manifest.kind.file();
    let a_file = |at: &Path| all_files(&at.join(FILES)).remove(0);
    type Damage<'a> = &'a dyn Fn(&Path);
    let damages: [(&str, Damage<'_>, &str); 14] = [
        ("nothing", &|_| {}, ""),
        ("a byte of the database", &|at| flip(&at.join(database)), "is damaged: it was changed"),
        ("the database cut off", &|at| cut(&at.join(database)), "is damaged: it has"),
        ("no database", &|at| fs::remove_file(at.join(database)).unwrap(), "is missing"),
        ("a byte of a file", &|at| flip(&a_file(at)), "is damaged: it was changed"),
        ("a file cut off", &|at| cut(&a_file(at)), "is damaged: it was changed"),
        ("a file gone", &|at| fs::remove_file(a_file(at)).unwrap(), "is missing"),
        ("all files gone", &|at| fs::remove_dir_all(at.join(FILES)).unwrap(), "is missing"),
        (
            "a byte of the list",
            &|at| flip(&at.join("files.sha256")),
            "files.sha256 is damaged: it was changed",
        ),
        ("the list cut off", &|at| cut(&at.join("files.sha256")), "files.sha256 is damaged: it has"),
        ("the manifest cut off", &|at| cut(&at.join("manifest.json")), "manifest.json is damaged"),
        (
            "a count in the manifest",
            &|at| reword(&at.join("manifest.json"), "\"people\": 1", "\"people\": 2"),
            "manifest.json is damaged",
        ),
        ("no manifest", &|at| fs::remove_file(at.join("manifest.json")).unwrap(), "is not there"),
        (
            "another layout",
            &|at| reword(&at.join("manifest.json"), "\"format\": 1", "\"format\": 3"),
            "by a newer version",
        ),
    ];
    for (what, damage, expected) in damages {
        let spoilt = home.path().join(what);
        copy_of(&good, &spoilt);
        damage(&spoilt);
        let said = checked(&world, &spoilt, &world.keys).await.findings.sentences();
        let elsewhere = elsewhere(&world).await;
        let restored = elsewhere.restore(&world, &spoilt).await.unwrap();
        if expected.is_empty() {
            assert!(said.is_empty() && restored.is_written, "{what}: {said:?}");
        } else {
            assert!(said.iter().any(|sentence| sentence.contains(expected)), "{what}: {said:?}");
            assert!(!restored.is_written && !restored.findings.is_empty(), "{what}");
            assert!(!elsewhere.files.exists(), "{what}: nothing was put there");
        }
    }
    for (lines, expected) in [
        ([ONE, OTHER_HASH], "another “hash …” line"),
        ([TWO, HASH], "needs key 1"),
        ([OTHER_ONE, HASH], "Key 1 is not the key 1"),
    ] {
        let said = checked(&world, &good, &keys(&lines)).await.findings.sentences();
        assert!(said.len() == 1 && said[0].contains(expected), "{expected}: {said:?}");
    }
    assert!(
        checked(&world, &good, &keys(&[TWO, ONE, HASH])).await.findings.is_empty(),
        "more keys do no harm"
    );
}

async fn what_was_wrong_before_the_backup_is_told_by_it(world: World) {
    let world = started(world).await;
    let actor = world.applicant(1).await;
    let kept = world.service.files.accept_upload(&actor, "a.png", picture(1)).await.unwrap();
    let home = crate::common::directory();
    world.execute("UPDATE audit SET detail = '{\"a\":1}' WHERE seq = 1").await;
    world.files.delete(kept.id.parse().unwrap()).await.unwrap();
    let directory = home.path().join("backup");
    let made = backed_up(&world, &directory).await;
    assert_eq!(made.lost.len(), 2, "{:?}", made.lost);
    let said = checked(&world, &directory, &world.keys).await.findings.sentences();
    assert!(said.iter().any(|sentence| sentence.contains("audit log is broken at line 1")), "{said:?}");
    assert!(said.iter().any(|sentence| sentence.contains("a row names it")), "{said:?}");
    // It is all there is, so it is put back, with the same words.
    let restored = elsewhere(&world).await.restore(&world, &directory).await.unwrap();
    assert!(restored.is_written);
    assert_eq!(restored.findings.sentences(), said);
}

async fn a_file_that_is_swept_while_it_is_backed_up_does_no_harm(world: World) {
    let world = started(world).await;
    let actor = world.applicant(1).await;
    for number in 0..3 {
        world.service.files.accept_upload(&actor, "a.png", picture(number)).await.unwrap();
    }
    let home = crate::common::directory();
    let directory = home.path().join("backup");
    crate::base::private::directory(&directory).unwrap();
    world.later(Duration::days(3));
    let meanwhile = async |tries| {
        if tries == 1 {
            assert!(world.service.files.sweep_uploads().await.unwrap() >= 3);
        }
    };
    let made = make::into(&world.service.files, &world.url, &Programs::default(), &directory, meanwhile)
        .await
        .unwrap();
    assert!(made.lost.is_empty(), "{:?}", made.lost);
    assert_eq!((made.manifest.files, made.manifest.contents.uploads), (0, 0), "the rows are gone as well");
    assert!(checked(&world, &directory, &world.keys).await.findings.is_empty());
}

async fn nothing_is_written_over(world: World) {
    let world = started(world).await;
    world.applicant(1).await;
    let home = crate::common::directory();
    let directory = home.path().join("backup");
    backed_up(&world, &directory).await;
    let before = fs::read(directory.join("manifest.json")).unwrap();
    let sentence = |outcome: Result<Made, BackupError>| outcome.unwrap_err().to_string();
    let again = |target: &str| {
        let target = home.path().join(target);
        let world = &world;
        async move { sentence(make(&world.service.files, &world.url, &Programs::default(), &target).await) }
    };
    assert!(again("backup").await.contains("is there already"));
    assert!(again("nowhere/backup").await.contains("is no directory"));
    fs::create_dir(home.path().join("broken.partial")).unwrap();
    assert!(again("broken").await.contains("was broken off"));
    assert_eq!(fs::read(directory.join("manifest.json")).unwrap(), before);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);

    let elsewhere = elsewhere(&world).await;
    let refusal = async || elsewhere.restore(&world, &directory).await.unwrap_err().to_string();
    fs::create_dir(&elsewhere.files).unwrap();
    fs::write(elsewhere.files.join("other"), "other").unwrap();
    assert!(refusal().await.contains("into an empty directory only"));
    fs::remove_file(elsewhere.files.join("other")).unwrap();
    assert!(elsewhere.restore(&world, &directory).await.unwrap().is_written, "an empty directory will do");
    fs::remove_dir_all(&elsewhere.files).unwrap();
    let said = refusal().await;
    assert!(said.contains("where no database is") || said.contains("into an empty one only"), "{said}");
    assert!(!elsewhere.files.exists(), "a refusal writes nothing");
}

/// Finding 18.
async fn a_backup_is_its_owners_alone_and_holds_no_key(world: World) {
    let world = started(world).await;
    let actor = world.applicant(1).await;
    world.service.files.accept_upload(&actor, "a.png", picture(1)).await.unwrap();
    let home = crate::common::directory();
    let directory = home.path().join("backup");
    backed_up(&world, &directory).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let files = all_files(&directory);
    assert!(files.len() >= 5, "{files:?}");
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
        for directory in file.ancestors().skip(1).take_while(|path| path.starts_with(&directory)) {
            assert_eq!(mode(directory), 0o700, "{}", directory.display());
        }
        let bytes = fs::read(file).unwrap();
        let has = |needle: &[u8]| bytes.windows(needle.len()).any(|some| some == needle);
        let raw: Vec<u8> = (0..32).collect();
        assert!(!has(&raw) && !has(b"AAECAwQFBgcICQoL") && !has(b"ICEiIyQlJicoKSor"), "{}", file.display());
    }
}

async fn without_the_programs_of_postgresql_a_sentence_says_so(world: World) {
    let world = started(world).await;
    let home = crate::common::directory();
    let programs = Programs { directory: Some("/nowhere".into()) };
    let directory = home.path().join("backup");
    let made = make(&world.service.files, &world.url, &programs, &directory).await;
    if Kind::of(&world.url) == Kind::Sqlite {
        assert!(made.is_ok(), "SQLite needs none");
        return;
    }
    assert!(made.unwrap_err().to_string().contains("pg_dump is not installed"));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "nothing is left behind");
    backed_up(&world, &directory).await;
    let unpacked =
        check(&directory, Arc::clone(&world.keys), clock(&world), &programs, Some(&world.url)).await;
    assert!(unpacked.unwrap_err().to_string().contains("pg_restore is not installed"));
    let nowhere = check(&directory, Arc::clone(&world.keys), clock(&world), &programs, None).await;
    assert!(nowhere.unwrap_err().to_string().contains("scratch_database_url"));
}
