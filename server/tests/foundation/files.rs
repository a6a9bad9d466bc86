//! Files in a bucket of a real server that speaks S3, with the whole program over it: posts, faults, and the command
//! line.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use sea_orm::{ConnectionTrait as _, Statement};
use server::config::{Config, Storage};
use server::program;

use crate::bucket::{Bucket, Fault, Wire};
use crate::identity::World;
use crate::stage::Browser;

fn a_picture() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures/tests/files/grey.png");
    std::fs::read(path).unwrap()
}

fn section(name: &str, endpoint: &str, bucket: &str, prefix: &str, credentials: &Path) -> String {
    format!(
        "[{name}]\nkind = 's3'\nendpoint = '{endpoint}'\nbucket = '{bucket}'\nregion = 'us-east-1'\n\
         prefix = '{prefix}'\ncredentials_file = '{}'\nconnect_seconds = 1\nrequest_seconds = 1\n\
         patience_seconds = 2\n",
        credentials.display()
    )
}

/// A home with the credentials of the store in it.
fn home() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let credentials = home.path().join("s3.credentials");
    std::fs::write(&credentials, "access_key = 'test-access'\nsecret_key = 'test-secret-value'\n").unwrap();
    (home, credentials)
}

async fn uploads(world: &World) -> i64 {
    let on = world.db.read();
    let count = Statement::from_string(on.get_database_backend(), "SELECT count(*) FROM upload");
    on.query_one_raw(count).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

async fn post(browser: &mut Browser) -> String {
    let page = browser.post_file("/files?sort=picture", "a.png", a_picture()).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let file: serde_json::Value = serde_json::from_str(&page.body).unwrap();
    file["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_sends_lies_in_the_bucket_and_a_store_that_fails_is_told_to_them() {
    let Some(bucket) = Bucket::new() else { return };
    let (home, credentials) = home();
    let wire = Wire::to(&bucket);
    let file = home.path().join("beian.toml");
    std::fs::write(&file, section("storage", &wire.endpoint(), &bucket.name, "filings", &credentials))
        .unwrap();
    let world = World::configured(None, Some(&file)).await;
    let (mut browser, _) = world.signed_in("申请人甲").await;
    let id = post(&mut browser).await;
    assert_eq!(bucket.listing().matches("<Key>filings/").count(), 2, "the picture and its thumbnail");
    for address in [format!("/files/{id}"), format!("/files/{id}?small=1")] {
        assert_eq!(browser.get(&address).await.status, StatusCode::OK, "{address}");
    }
    assert_eq!(browser.get("/healthz").await.status, StatusCode::OK);

    // One answer is lost: nobody notices.
    wire.next(&[Fault::CutAnswer(10), Fault::status("503 Slow Down", "SlowDown")]);
    post(&mut browser).await;
    assert_eq!(uploads(&world).await, 2);
    for fault in [Fault::Silence, Fault::CutAnswer(10), Fault::status("403 Forbidden", "AccessDenied")] {
        wire.always(fault.clone());
        let begun = Instant::now();
        let page = browser.post_file("/files?sort=picture", "a.png", a_picture()).await;
        assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{fault:?}");
        assert_eq!(page.body, "上传失败，请稍后重新上传");
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
        assert_eq!(browser.get(&format!("/files/{id}")).await.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(uploads(&world).await, 2, "no row without its file");
    }
    wire.next(&[]);
    assert_eq!(browser.get(&format!("/files/{id}")).await.status, StatusCode::OK);
    post(&mut browser).await;
}

fn run_server(arguments: &[&str], file: &Path, world: &World) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command.arg("--config").arg(file).args(arguments).env_clear();
    command.env("RUST_LOG", "error").env("DATA_DIR", &world.config.data_dir);
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_move_from_a_directory_to_a_bucket_and_back_while_people_use_them() {
    let Some(bucket) = Bucket::new() else { return };
    let (home, credentials) = home();
    let world = World::new().await;
    let (mut browser, _) = world.signed_in("申请人甲").await;
    let id = post(&mut browser).await;
    let Storage::Local { directory } = world.config.storage.clone() else { panic!("no directory") };

    let s3 = |name: &str| section(name, &bucket.endpoint(), &bucket.name, "moved", &credentials);
    let local = |name: &str| format!("[{name}]\nkind = 'local'\ndirectory = '{}'\n", directory.display());
    let configured = |name: &str, text: String| {
        let file = home.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    let there = configured("there.toml", s3("storage") + &local("former_storage"));
    let back = configured("back.toml", local("storage") + &s3("former_storage"));
    let bucket_alone = configured("bucket.toml", s3("storage"));
    let directory_alone = configured("directory.toml", local("storage"));
    let nowhere = configured(
        "nowhere.toml",
        section("storage", &bucket.endpoint(), "no-such-bucket", "moved", &credentials),
    );

    let shown = |file: &Path| {
        let config = Config::load(Some(file), &|name| {
            (name == "DATA_DIR").then(|| world.config.data_dir.display().to_string())
        });
        let files = program::file_store(&config.unwrap()).unwrap();
        let id = id.parse().unwrap();
        async move { files.get(id, service::upload::store::Rendition::Full).await.unwrap().is_some() }
    };
    assert!(!shown(&bucket_alone).await && shown(&there).await, "read where it lay, before it is copied");

    type Case<'a> = (&'a [&'a str], &'a Path, i32, &'a str);
    let cases: &[Case<'_>] = &[
        (&["check-config"], &there, 0, "The configuration is complete."),
        (&["check-config"], &nowhere, 2, "NoSuchBucket"),
        (&["files"], &there, 2, "check"),
        (&["files", "copy"], &directory_alone, 2, "[former_storage]"),
        (&["files", "check"], &there, 1, "is missing, and a row names it."),
        (&["files", "copy"], &there, 0, "2 files of 0 MB were copied"),
        (&["files", "copy", "--verify"], &there, 0, "0 files of 0 MB were copied"),
        (&["files", "copy", "--verify"], &there, 0, "Every row has its file, and every file opens."),
        (&["files", "check"], &bucket_alone, 0, "2 files were read from bucket"),
        (&["keys", "check"], &bucket_alone, 0, "and 2 files; it seals"),
    ];
    let run = |cases: &[Case<'_>]| {
        for (arguments, file, code, sentence) in cases {
            let (ended, said) = run_server(arguments, file, &world);
            assert!(ended == Some(*code) && said.contains(sentence), "{arguments:?}: {ended:?} {said}");
            assert!(!said.contains("test-secret-value"), "{said}");
        }
    };
    run(cases);
    assert!(shown(&bucket_alone).await);

    std::fs::remove_dir_all(&directory).unwrap();
    let copy = home.path().join("copy");
    let copy = copy.to_str().unwrap();
    run(&[
        (&["files", "check"], &directory_alone, 1, "2 files are not as they should be."),
        (&["backup", copy], &bucket_alone, 0, "2 files of 0 MB"),
        (&["check-backup", copy], &bucket_alone, 0, "The backup is whole."),
        (&["restore", copy], &bucket_alone, 2, "There are files in [storage]"),
        (&["files", "copy", "--verify"], &back, 0, "2 files of 0 MB were copied"),
        (&["files", "check"], &directory_alone, 0, "Every row has its file"),
    ]);
    assert_eq!(browser.get(&format!("/files/{id}")).await.status, StatusCode::OK);
    assert!(shown(&directory_alone).await);
}
