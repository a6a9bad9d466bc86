//! What every store of files has to do, over a directory, memory and a bucket; and what a bucket does on a bad day.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::TryStreamExt as _;
use object_store::memory::InMemory;
use object_store::path::Path as Name;
use time::macros::datetime;
use time::{Date, OffsetDateTime};
use url::Url;
use uuid::Uuid;

use super::S3Server;
use crate::base::keyring::{Keyring, KeyringError};
use crate::common::World;
use crate::common::bucket::{Bucket, Fault, Wire};
use crate::files::upload::store::{FileStore, Rendition, StoreError};
use crate::ops::backup;

const ONE: &str = "key 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const TWO: &str = "key 2 gAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const HASH: &str = "hash hmac-sha-256 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

fn keys(lines: &[&str]) -> Arc<Keyring> {
    Arc::new(Keyring::parse(&lines.join("\n")).unwrap())
}

fn in_bucket(endpoint: &str, bucket: &str, prefix: Option<&str>, patience: Duration) -> FileStore {
    in_bucket_with(endpoint, bucket, prefix, patience, &[ONE, HASH])
}

fn in_bucket_with(
    endpoint: &str,
    bucket: &str,
    prefix: Option<&str>,
    patience: Duration,
    lines: &[&str],
) -> FileStore {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = S3Server {
        endpoint: &Url::parse(endpoint).unwrap(),
        bucket,
        region: "us-east-1",
        prefix,
        access_key: "test-access",
        secret_key: "test-secret-value",
        is_virtual_hosted: false,
        connect_timeout: Duration::from_millis(300),
        request_timeout: Duration::from_millis(600),
        patience,
    };
    FileStore::s3(&server, keys(lines)).unwrap()
}

const PATIENCE: Duration = Duration::from_secs(10);

async fn all(store: &FileStore, day: Option<Date>) -> Vec<(Uuid, Rendition)> {
    let mut all: Vec<_> = store.listed(day).try_collect().await.unwrap();
    all.sort_by_key(|(id, rendition)| (*id, *rendition == Rendition::Thumbnail));
    all
}

/// An id of that moment.
fn id_of(at: OffsetDateTime) -> Uuid {
    let seconds = u64::try_from(at.unix_timestamp()).unwrap();
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, 0))
}

/// What is asked of every store, with one key and with two.
async fn keeps_the_contract(store: &FileStore, with_new_key: &FileStore) {
    store.try_out().await.unwrap();
    store.give_sign_of_life().await.unwrap();
    assert_eq!(all(store, None).await, [], "nothing is left of trying");

    let days = [datetime!(2026-03-01 23:59:59 UTC), datetime!(2026-03-02 0:00 UTC)];
    let [before, id] = days.map(id_of);
    assert_eq!(store.get(id, Rendition::Full).await.unwrap(), None);
    assert_eq!(store.sealed_by(id, Rendition::Full).await.unwrap(), None);
    store.delete(id).await.unwrap();
    let large: Vec<u8> = (0..5 * 1024 * 1024_u32).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
    for _ in 0..2 {
        store.put(id, Rendition::Full, large.clone()).await.unwrap();
    }
    store.put(id, Rendition::Thumbnail, b"small".to_vec()).await.unwrap();
    store.put(before, Rendition::Full, Vec::new()).await.unwrap();
    assert!(store.get(id, Rendition::Full).await.unwrap().unwrap() == large);
    assert_eq!(store.get(id, Rendition::Thumbnail).await.unwrap().unwrap(), b"small");
    assert_eq!(store.get(before, Rendition::Full).await.unwrap().unwrap(), b"");

    let both = [(id, Rendition::Full), (id, Rendition::Thumbnail)];
    assert_eq!(all(store, Some(days[1].date())).await, both);
    assert_eq!(all(store, Some(days[0].date())).await, [(before, Rendition::Full)]);
    assert_eq!(all(store, Some(datetime!(2026-03-03 0:00 UTC).date())).await, []);
    assert_eq!(all(store, None).await.len(), 3);

    // A file put in the place of another does not open, and none is readable as it lies there.
    let sealed = store.sealed(id, Rendition::Full).await.unwrap().unwrap();
    assert!(!sealed[..200].windows(16).any(|piece| large.starts_with(piece)));
    store.place().put(&Name::from(FileStore::file_name(before, Rendition::Full)), sealed).await.unwrap();
    let failure = store.get(before, Rendition::Full).await.unwrap_err();
    assert!(matches!(failure, StoreError::Keyring(KeyringError::DoesNotOpen)), "{failure}");

    assert_eq!(with_new_key.sealed_by(id, Rendition::Thumbnail).await.unwrap(), Some(1));
    assert!(with_new_key.reseal(id, Rendition::Thumbnail).await.unwrap());
    assert!(!with_new_key.reseal(id, Rendition::Thumbnail).await.unwrap());
    assert_eq!(with_new_key.sealed_by(id, Rendition::Thumbnail).await.unwrap(), Some(2));
    assert_eq!(with_new_key.get(id, Rendition::Thumbnail).await.unwrap().unwrap(), b"small");

    for id in [id, before] {
        store.delete(id).await.unwrap();
    }
    assert_eq!(store.get(id, Rendition::Full).await.unwrap(), None);
    assert_eq!(all(store, None).await, []);
}

#[tokio::test]
async fn a_directory_keeps_the_contract_of_stores() {
    let home = tempfile::tempdir().unwrap();
    let local = |lines: &[&str]| FileStore::local(&home.path().join("files"), keys(lines)).unwrap();
    keeps_the_contract(&local(&[ONE, HASH]), &local(&[TWO, ONE, HASH])).await;
}

#[tokio::test]
async fn memory_keeps_the_contract_of_stores() {
    let objects = Arc::new(InMemory::new());
    let memory = |lines: &[&str]| FileStore::over(objects.clone(), keys(lines));
    keeps_the_contract(&memory(&[ONE, HASH]), &memory(&[TWO, ONE, HASH])).await;
}

#[tokio::test]
async fn a_bucket_keeps_the_contract_of_stores() {
    let Some(bucket) = Bucket::new() else { return };
    for prefix in [None, Some("a/b")] {
        let stored =
            |lines: &[&str]| in_bucket_with(&bucket.endpoint(), &bucket.name, prefix, PATIENCE, lines);
        keeps_the_contract(&stored(&[ONE, HASH]), &stored(&[TWO, ONE, HASH])).await;
    }
    let below = in_bucket(&bucket.endpoint(), &bucket.name, Some("a/b"), PATIENCE);
    let id = Uuid::now_v7();
    below.put(id, Rendition::Full, vec![1]).await.unwrap();
    assert!(
        bucket.listing().contains(&format!("<Key>a/b/{}</Key>", FileStore::file_name(id, Rendition::Full)))
    );
    let other = in_bucket(&bucket.endpoint(), &bucket.name, Some("a/other"), PATIENCE);
    assert_eq!(all(&other, None).await, [], "what lies below another prefix is not ours");
}

/// While files are moved.
#[tokio::test]
async fn what_is_not_there_yet_is_read_where_it_lay_and_deleted_in_both_places() {
    let memory = || FileStore::over(Arc::new(InMemory::new()), keys(&[ONE, HASH]));
    let (old, new) = (memory(), memory());
    let store = new.clone().moving_from(old.clone());
    let [lay, lies] = [Uuid::now_v7(), Uuid::now_v7()];
    old.put(lay, Rendition::Full, b"lay".to_vec()).await.unwrap();
    store.put(lies, Rendition::Full, b"lies".to_vec()).await.unwrap();
    assert_eq!(old.get(lies, Rendition::Full).await.unwrap(), None, "nothing new goes to the old place");
    assert_eq!(store.get(lay, Rendition::Full).await.unwrap().unwrap(), b"lay");
    assert_eq!(store.sealed_by(lay, Rendition::Full).await.unwrap(), Some(1));
    assert_eq!(all(&store, None).await.len(), 2);
    for id in [lay, lies] {
        store.delete(id).await.unwrap();
    }
    assert_eq!((all(&old, None).await, all(&new, None).await), (vec![], vec![]));
}

/// A store over a wire on which things go wrong, with one file in it.
async fn on_a_wire(patience: Duration) -> Option<(Wire, FileStore, Uuid)> {
    let bucket = Bucket::new()?;
    let wire = Wire::to(&bucket);
    let store = in_bucket(&wire.endpoint(), &bucket.name, None, patience);
    let id = Uuid::now_v7();
    store.put(id, Rendition::Full, content()).await.unwrap();
    wire.requests();
    Some((wire, store, id))
}

fn content() -> Vec<u8> {
    b"a page of a document ".repeat(20_000)
}

#[tokio::test]
async fn what_passes_by_itself_is_tried_again_and_nobody_notices() {
    let Some((wire, store, id)) = on_a_wire(PATIENCE).await else { return };
    let slow_down = Fault::status("503 Slow Down", "SlowDown");
    let internal = Fault::status("500 Internal Server Error", "InternalError");
    for faults in [
        vec![slow_down.clone(), slow_down],
        vec![internal],
        vec![Fault::CutRequest(0)],
        vec![Fault::CutRequest(5_000)],
        vec![Fault::CutAnswer(0)],
        vec![Fault::CutAnswer(30)],
        vec![Fault::Silence],
        vec![Fault::Late(Duration::from_millis(900))],
    ] {
        let told = format!("{faults:?}");
        let other = Uuid::now_v7();
        wire.next(&faults);
        store.put(other, Rendition::Full, content()).await.unwrap_or_else(|error| panic!("{told}: {error}"));
        assert!(wire.requests() > faults.len() as u32, "{told}");
        wire.next(&faults);
        let read = store.get(other, Rendition::Full).await.unwrap_or_else(|error| panic!("{told}: {error}"));
        assert!(read.unwrap() == content(), "{told}");
    }
    // A file of which only a part comes, at first.
    for bytes in [200, 5_000, 300_000] {
        wire.next(&[Fault::CutAnswer(bytes)]);
        assert!(store.get(id, Rendition::Full).await.unwrap().unwrap() == content(), "{bytes}");
        assert!(wire.requests() >= 2);
    }
}

/// Half a file that says it is whole: only the seal can tell.
#[tokio::test]
async fn half_a_file_is_never_taken_for_the_whole() {
    let Some((wire, store, id)) = on_a_wire(PATIENCE).await else { return };
    let half = Fault::Answer(
        "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nLast-Modified: Mon, 02 Mar 2026 02:00:00 GMT\r\nContent-Length: 10\r\n\
         Connection: close\r\n\r\n0123456789"
            .to_owned(),
    );
    wire.next(std::slice::from_ref(&half));
    assert!(store.get(id, Rendition::Full).await.unwrap().unwrap() == content());
    assert_eq!(wire.requests(), 2);
    wire.always(half);
    let failure = store.get(id, Rendition::Full).await.unwrap_err();
    assert!(matches!(failure, StoreError::Keyring(_)), "{failure}");
}

#[tokio::test]
async fn what_does_not_pass_is_told_within_the_patience() {
    let patience = Duration::from_millis(1_500);
    let Some((wire, store, id)) = on_a_wire(patience).await else { return };
    for fault in [
        Fault::Silence,
        Fault::Late(Duration::from_secs(2)),
        Fault::CutAnswer(30),
        Fault::status("503 Slow Down", "SlowDown"),
    ] {
        wire.always(fault.clone());
        let begun = Instant::now();
        let (put, got, sign) = tokio::join!(
            store.put(Uuid::now_v7(), Rendition::Full, content()),
            store.get(id, Rendition::Full),
            store.give_sign_of_life()
        );
        // A file that does not come is no file that is not there.
        assert!(put.is_err() && got.is_err() && sign.is_err(), "{fault:?}");
        assert!(begun.elapsed() < patience + Duration::from_millis(500), "{fault:?}: {:?}", begun.elapsed());
    }
    // Nobody listens at all.
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let store = in_bucket(&format!("http://{nowhere}"), "bucket", None, patience);
    let failure = store.get(id, Rendition::Full).await.unwrap_err().to_string();
    assert!(failure.contains("within 1.5 s") || failure.contains("refused"), "{failure}");
}

#[tokio::test]
async fn what_the_store_refuses_is_told_at_once_with_its_words_and_without_the_secret() {
    let Some((wire, store, id)) = on_a_wire(PATIENCE).await else { return };
    for (status, code) in [
        ("403 Forbidden", "AccessDenied"),
        ("403 Forbidden", "SignatureDoesNotMatch"),
        ("404 Not Found", "NoSuchBucket"),
    ] {
        wire.always(Fault::status(status, code));
        let failures = [
            store.put(id, Rendition::Full, vec![1]).await.unwrap_err().to_string(),
            store.get(id, Rendition::Full).await.unwrap_err().to_string(),
            store.delete(id).await.unwrap_err().to_string(),
            store.listed(None).try_next().await.unwrap_err().to_string(),
            store.give_sign_of_life().await.unwrap_err().to_string(),
        ];
        assert_eq!(wire.requests(), 5, "nothing is tried again");
        for failure in failures {
            assert!(failure.contains(code) && failure.contains(&status[..3]), "{failure}");
            assert!(!failure.contains("test-secret-value"), "{failure}");
        }
        let (tried, failure) = store.try_out().await.unwrap_err();
        assert!(tried == "written" && failure.to_string().contains(code), "{failure}");
        wire.requests();
    }
    assert!(!format!("{store:?}").contains("test-secret-value"));
    wire.always(Fault::status("404 Not Found", "NoSuchKey"));
    assert_eq!(store.get(id, Rendition::Full).await.unwrap(), None);
    store.delete(id).await.unwrap();
}

/// A probe may ask every second; each question to a bucket is paid for, and may leave a version.
#[tokio::test]
async fn a_bucket_that_took_a_file_is_not_asked_again_at_once() {
    let Some((wire, store, _)) = on_a_wire(PATIENCE).await else { return };
    for _ in 0..3 {
        store.give_sign_of_life().await.unwrap();
    }
    assert_eq!(wire.requests(), 2, "one put, one delete");
}

/// The use cases over a bucket: swept, sealed anew, backed up, put back into a directory and into a bucket.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_is_swept_sealed_anew_backed_up_and_put_back() {
    let Some(bucket) = Bucket::new() else { return };
    let below = |prefix, lines: &[&str]| {
        in_bucket_with(&bucket.endpoint(), &bucket.name, Some(prefix), PATIENCE, lines)
    };
    let mut world = World::on_sqlite().await;
    world.has_other_keys();
    world.keys = keys(&[ONE, HASH]);
    world.files = below("main", &[ONE, HASH]);
    world.service = world.restarted().await;
    world.service.key_checks.check_and_mark_keys().await.unwrap();
    let actor = world.applicant(1).await;
    let unused = world.picture(&actor, 1).await;
    assert_eq!(all(&world.files, None).await.len(), 2);
    world.later(::time::Duration::days(2));
    assert_eq!(world.service.files.sweep_uploads().await.unwrap(), 1, "{unused}");
    assert_eq!(all(&world.files, None).await, [], "the sweep deletes in the bucket");
    // What a crash left: a file without a row.
    world.files.put(id_of(world.now() - ::time::Duration::days(3)), Rendition::Full, vec![1]).await.unwrap();
    assert_eq!(world.service.files.sweep_uploads().await.unwrap(), 1);
    assert_eq!(all(&world.files, None).await, []);

    let actor = world.applicant(1).await;
    let kept = world.picture(&actor, 2).await;
    world.keys = keys(&[TWO, ONE, HASH]);
    world.files = below("main", &[TWO, ONE, HASH]);
    world.service = world.restarted().await;
    world.service.key_checks.check_and_mark_keys().await.unwrap();
    let done = world.service.reseals.reseal(|_| {}).await.unwrap();
    assert!(done.is_done && done.files == 2, "{done:?}");
    assert_eq!(world.files.sealed_by(kept.parse().unwrap(), Rendition::Full).await.unwrap(), Some(2));

    let home = crate::common::directory();
    let (copy, programs) = (home.path().join("backup"), backup::Programs::default());
    let made = backup::make(&world.service.files, &world.url, &programs, &copy).await.unwrap();
    assert_eq!((made.manifest.files, made.lost), (2, vec![]));
    let clock = || Arc::clone(&world.clock) as Arc<dyn crate::base::clock::Clock>;
    let checked = backup::check(&copy, world.keys.clone(), clock(), &programs, None).await.unwrap();
    assert!(checked.findings.is_empty(), "{:?}", checked.findings);
    let (elsewhere, again) = (home.path().join("files"), below("again", &[TWO, HASH]));
    let targets = [backup::FilesTarget::Directory(&elsewhere), backup::FilesTarget::Store(&again)];
    for (number, files) in targets.into_iter().enumerate() {
        let database = home.path().join(format!("{number}.sqlite"));
        let target = backup::Target { database_url: &format!("sqlite://{}", database.display()), files };
        let restored = backup::restore(&copy, world.keys.clone(), clock(), &programs, &target).await.unwrap();
        assert!(restored.is_written && restored.findings.is_empty(), "{:?}", restored.findings);
    }
    assert_eq!(all(&again, None).await.len(), 2);
    assert!(again.get(kept.parse().unwrap(), Rendition::Full).await.unwrap().is_some());
    // Nothing is written over, and what cannot be put back whole is taken back.
    let other = home.path().join("other.sqlite");
    let url = format!("sqlite://{}", other.display());
    let into = |store| backup::Target { database_url: &url, files: backup::FilesTarget::Store(store) };
    let refused = backup::restore(&copy, world.keys.clone(), clock(), &programs, &into(&again)).await;
    assert!(refused.unwrap_err().to_string().contains("There are files in [storage]"));
    let wire = Wire::to(&bucket);
    let third = in_bucket_with(&wire.endpoint(), &bucket.name, Some("third"), PATIENCE, &[TWO, HASH]);
    wire.next(&[Fault::Pass, Fault::Pass, Fault::status("403 Forbidden", "AccessDenied")]);
    let refused = backup::restore(&copy, world.keys.clone(), clock(), &programs, &into(&third)).await;
    assert!(refused.unwrap_err().to_string().contains("AccessDenied"));
    assert!(!other.exists() && all(&third, None).await.is_empty());
}

/// How long a store takes, for the operator's book: `BEIAN_S3_ENDPOINT=… BEIAN_S3_BUCKET=… cargo test … -- --ignored
/// how_long_a_store_takes --nocapture`.
#[tokio::test]
#[ignore = "measures a store that somebody started"]
async fn how_long_a_store_takes() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let said = |name: &str, usual: &str| std::env::var(name).unwrap_or_else(|_| usual.to_owned());
    let endpoint = Url::parse(&said("BEIAN_S3_ENDPOINT", "http://127.0.0.1:9000")).unwrap();
    let server = S3Server {
        endpoint: &endpoint,
        bucket: &said("BEIAN_S3_BUCKET", "filings"),
        region: "us-east-1",
        prefix: None,
        access_key: &said("BEIAN_S3_ACCESS_KEY", "test-access"),
        secret_key: &said("BEIAN_S3_SECRET_KEY", "test-secret-value"),
        is_virtual_hosted: false,
        connect_timeout: Duration::from_secs(3),
        request_timeout: Duration::from_secs(8),
        patience: Duration::from_secs(20),
    };
    let store = FileStore::s3(&server, keys(&[ONE, HASH])).unwrap();
    let other = FileStore::s3(&server, keys(&[TWO, ONE, HASH])).unwrap();
    keeps_the_contract(&store, &other).await;
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    for size in [64 * 1024, 1024 * 1024, 8 * 1024 * 1024] {
        let content: Vec<u8> = (0..size).map(|n: u32| n.to_le_bytes()[0]).collect();
        let (mut puts, mut gets) = (Vec::new(), Vec::new());
        for _ in 0..21 {
            let id = Uuid::now_v7();
            let begun = Instant::now();
            store.put(id, Rendition::Full, content.clone()).await.unwrap();
            puts.push(begun.elapsed().as_secs_f64() * 1e3);
            let begun = Instant::now();
            assert!(store.get(id, Rendition::Full).await.unwrap().unwrap() == content);
            gets.push(begun.elapsed().as_secs_f64() * 1e3);
            store.delete(id).await.unwrap();
        }
        println!("{:5} KB: put {:6.1} ms, get {:6.1} ms", size / 1024, median(puts), median(gets));
    }
}
