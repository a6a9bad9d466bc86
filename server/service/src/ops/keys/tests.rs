//! 国密: a platform with the national algorithms, looked at where its values lie.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::sync::Arc;

use domain::business::Business;
use futures::TryStreamExt as _;
use object_store::memory::InMemory;
use object_store::{ObjectStore as _, ObjectStoreExt as _};
use sea_orm::{ConnectionTrait as _, DatabaseBackend, EntityTrait as _, Statement};

use crate::Service;
use crate::actor::Actor;
use crate::base::clock::Clock;
use crate::base::db::Db;
use crate::base::digest::{Algorithm, Digest};
use crate::base::entity::upload;
use crate::base::keyring::{Algorithms, Keyring};
use crate::common::{World, claims, claims_of, id_number};
use crate::files::upload::store::{FileStore, Rendition};
use crate::ops::backup::{FilesTarget, Programs, Target, check, make, restore};

claims![
    with_the_national_algorithms_nothing_lies_sealed_or_hashed_by_others,
    a_backup_with_the_national_algorithms_is_whole_and_comes_back,
    a_filled_platform_goes_over_to_sm4_under_a_new_key,
    a_filled_platform_goes_over_to_sm4_under_the_same_key,
];

const HASH: &str = "hash hmac-sha-256 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
const ONE: &str = "key 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const TWO: &str = "key 2 gAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const SM4: &str = "suite sm4-gcm";

/// How texts begin that key 1 sealed with AES: version 1, key 1.
const BY_AES: &str = "AQAB";
/// Version 2, keys 1 and 2.
const BY_SM4: [&str; 2] = ["AgAB", "AgAC"];

/// A server with these keys on the world's database and these objects.
async fn started(world: &mut World, objects: &Arc<InMemory>, keys: Keyring) {
    world.has_other_keys();
    world.keys = Arc::new(keys);
    world.files = FileStore::over(objects.clone(), Arc::clone(&world.keys));
    world.service = world.restarted().await;
    world.service.key_checks.check_and_mark_keys().await.unwrap();
}

fn keys_of(lines: &[&str]) -> Keyring {
    Keyring::parse(&lines.join("\n")).unwrap()
}

/// Keys as `keys init --algorithms national` makes them, and the text of their file.
fn national() -> (Keyring, String) {
    let home = crate::common::directory();
    let file = home.path().join("keys");
    let keys = Keyring::generate_into(&file, Algorithms::National).unwrap();
    (keys, std::fs::read_to_string(file).unwrap())
}

/// What an applicant left behind.
struct Filled {
    actor: Actor,
    draft: domain::view::DraftHead,
    document: String,
}

/// A subject and a website in force, a change begun, files, an officer.
async fn filled(world: &World) -> Filled {
    let actor = world.applicant(1).await;
    let (_, website) = world.in_force(&actor, "example.cn").await;
    let change = world.website_answers(&actor, "example.cn").await;
    let draft = world.draft(&actor, "website_change", Some(&website), &change).await;
    let document = world.document(&actor).await;
    Filled { actor, draft, document }
}

/// Whether everything can be read and found again.
async fn everything_opens(service: &Service, world: &World, filled: &Filled) {
    let token = service.accounts.sign_in(&claims_of(1), "").await.unwrap();
    let actor = service.accounts.actor(&token).await.unwrap().unwrap();
    assert_eq!(actor.person_id, filled.actor.person_id, "found by the hash of the id number");
    service.files.open_file(&actor, &filled.document).await.unwrap();
    assert!(service.records.my_subject(&actor).await.unwrap().is_some());
    assert_eq!(service.records.records(&actor, Business::Website, "").await.unwrap().rows.len(), 1);
    let request = domain::view::FormRequest {
        procedure: "website_change".to_owned(),
        draft: Some(filled.draft.id.clone()),
        ..Default::default()
    };
    service.drafts.form_view(&actor, &request).await.unwrap();
    let administrator = world.administrator().await;
    let number = id_number("110101", 1);
    let found = service.people.find_person(&administrator, &number).await.unwrap();
    assert!(found.contains(&actor.person_id), "{found}");
    assert!(service.audit_chain.verify_audit().await.unwrap().is_whole());
}

/// Every column of the database that holds text: table and column.
async fn columns_of_text(world: &World) -> Vec<(String, String)> {
    let raw = world.raw().await;
    let ask = match raw.get_database_backend() {
        DatabaseBackend::Sqlite => {
            "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND c.type = 'TEXT' ORDER BY 1, 2"
        }
        _ => {
            "SELECT table_name::text, column_name::text FROM information_schema.columns \
             WHERE table_schema = 'public' AND data_type = 'text' ORDER BY 1, 2"
        }
    };
    let rows = raw.query_all_raw(Statement::from_string(raw.get_database_backend(), ask)).await.unwrap();
    raw.close().await.unwrap();
    rows.iter().map(|row| [0, 1].map(|at| row.try_get_by_index::<String>(at).unwrap()).into()).collect()
}

/// How many values of a column begin so, or hold a JSON text that does.
async fn that_begin(world: &World, (table, column): &(String, String), header: &str) -> i64 {
    world
        .number(&format!(
            "SELECT COUNT(*) FROM \"{table}\" WHERE substr(\"{column}\", 1, 4) = '{header}' \
             OR replace(\"{column}\", '\"{header}', '') <> \"{column}\""
        ))
        .await
}

/// Looks into every table and every object: whatever is sealed begins so, and nothing was sealed with AES.
async fn is_sealed_by(world: &World, objects: &InMemory, header: &str) {
    let columns = columns_of_text(world).await;
    assert!(columns.len() > 100, "{columns:?}");
    let mut sealed = 0;
    for column in &columns {
        assert_eq!(that_begin(world, column, BY_AES).await, 0, "{column:?}");
        let (table, name) = column;
        if name.ends_with("sealed") || (table == "upload" && name == "name") {
            let all = format!("SELECT COUNT(*) FROM \"{table}\" WHERE \"{name}\" <> ''");
            let all = world.number(&all).await;
            assert_eq!(that_begin(world, column, header).await, all, "{column:?}");
            sealed += all;
        }
    }
    assert!(sealed > 20, "{sealed}");
    let start = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, header).unwrap();
    let files: Vec<_> = objects.list(None).try_collect().await.unwrap();
    assert!(files.len() > 10, "{}", files.len());
    for file in files {
        let begins = objects.get_range(&file.location, 0..3).await.unwrap();
        assert_eq!(begins.as_ref(), start, "{}", file.location);
    }
}

async fn with_the_national_algorithms_nothing_lies_sealed_or_hashed_by_others(mut world: World) {
    let objects = Arc::new(InMemory::new());
    let (keys, text) = national();
    started(&mut world, &objects, keys).await;
    let filled = filled(&world).await;
    is_sealed_by(&world, &objects, BY_SM4[0]).await;
    everything_opens(&world.service, &world, &filled).await;

    // Files, by SM3.
    let on = world.db.read();
    for row in upload::Entity::find().all(on).await.unwrap() {
        let bytes = world.files.get(row.id.parse().unwrap(), Rendition::Full).await.unwrap().unwrap();
        let digest = Digest::read(&row.digest);
        assert_eq!(digest.algorithm, Algorithm::Sm3);
        assert!(digest.fits(&bytes));
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM audit WHERE detail LIKE '%\"sha256\"%'").await, 0);
    assert!(world.number("SELECT COUNT(*) FROM audit WHERE detail LIKE '%\"sm3\"%'").await > 10);

    // Sessions, by SM3; the audit log, its digests of rows, and how people are found, by HMAC-SM3: another hash over
    // the same key makes nothing of them.
    let token = world.service.accounts.sign_in(&claims_of(1), "").await.unwrap();
    let other = Keyring::parse(&text.replace("hash hmac-sm3", "hash hmac-sha-256")).unwrap();
    for (keys, found) in [(world.keys.as_ref(), 1), (&other, 0)] {
        let hash = keys.token_hash(&token);
        let sessions = format!("SELECT COUNT(*) FROM session WHERE token_hash = '{hash}'");
        assert_eq!(world.number(&sessions).await, found);
    }
    let stranger = world.service.with_keys(other);
    assert_eq!(stranger.audit_chain.verify_audit().await.unwrap().first_bad, Some(1));
    assert!(stranger.key_checks.check_keys().await.is_err(), "no server starts with another hash");
    assert!(world.service.audit_chain.verify_audit().await.unwrap().compared > 20);
}

async fn a_backup_with_the_national_algorithms_is_whole_and_comes_back(mut world: World) {
    let objects = Arc::new(InMemory::new());
    started(&mut world, &objects, national().0).await;
    let filled = filled(&world).await;
    let home = crate::common::directory();
    let directory = home.path().join("backup");
    let clock = || Arc::clone(&world.clock) as Arc<dyn Clock>;
    let programs = Programs::default();
    let made = make(&world.service.files, &world.url, &programs, &directory).await.unwrap();
    assert_eq!((made.manifest.format, made.manifest.algorithm()), (2, Algorithm::Sm3));
    let list = std::fs::read_to_string(directory.join("files.sm3")).unwrap();
    assert_eq!(list.lines().count() as u64, made.manifest.files);
    for line in list.lines() {
        let (hex, name) = line.split_once("  ").unwrap();
        assert_eq!(Algorithm::Sm3.digest(&std::fs::read(directory.join(name)).unwrap()).hex, hex);
    }
    assert!(!std::fs::read_to_string(directory.join("manifest.json")).unwrap().contains("sha256"));
    let scratch = Some(world.url.as_str());
    let checked = check(&directory, Arc::clone(&world.keys), clock(), &programs, scratch).await.unwrap();
    assert_eq!(checked.findings.sentences(), Vec::<String>::new());

    let files = home.path().join("files");
    let url = match world.url.rsplit_once('/') {
        Some((server, _)) if !world.is_sqlite() => {
            let name = format!("t_{}", crate::base::db::new_id(world.now()).replace('-', ""));
            world.execute(&format!("CREATE DATABASE {name}")).await;
            format!("{server}/{name}")
        }
        _ => format!("sqlite://{}", home.path().join("elsewhere.sqlite").display()),
    };
    let target = Target { database_url: &url, files: FilesTarget::Directory(&files) };
    let restored = restore(&directory, Arc::clone(&world.keys), clock(), &programs, &target).await.unwrap();
    assert!(restored.is_written && restored.findings.is_empty(), "{:?}", restored.findings);
    let store = FileStore::local(&files, Arc::clone(&world.keys)).unwrap();
    let db = Db::open(&url).await.unwrap();
    let elsewhere = Service::new(db, Arc::clone(&world.keys), clock(), store, world.settings.clone());
    elsewhere.key_checks.check_keys().await.unwrap();
    everything_opens(&elsewhere, &world, &filled).await;

    // One bit of one file.
    let (_, name) = list.lines().next().unwrap().split_once("  ").unwrap();
    let mut bytes = std::fs::read(directory.join(name)).unwrap();
    bytes[40] ^= 1;
    std::fs::write(directory.join(name), bytes).unwrap();
    let spoilt = check(&directory, Arc::clone(&world.keys), clock(), &programs, scratch).await.unwrap();
    assert!(spoilt.findings.sentences()[0].contains("is damaged: it was changed"), "{:?}", spoilt.findings);
}

async fn a_filled_platform_goes_over_to_sm4_under_a_new_key(mut world: World) {
    let (objects, filled) = goes_over(&mut world, &[SM4, TWO, ONE, HASH], BY_SM4[1]).await;
    // The old key is needed for nothing any more.
    started(&mut world, &objects, keys_of(&[SM4, TWO, HASH])).await;
    everything_opens(&world.service, &world, &filled).await;
}

/// Only the line `suite` is put in.
async fn a_filled_platform_goes_over_to_sm4_under_the_same_key(mut world: World) {
    goes_over(&mut world, &[SM4, ONE, HASH], BY_SM4[0]).await;
}

async fn goes_over(world: &mut World, after: &[&str], header: &str) -> (Arc<InMemory>, Filled) {
    let objects = Arc::new(InMemory::new());
    started(world, &objects, keys_of(&[ONE, HASH])).await;
    let filled = filled(world).await;
    assert!(that_begin(world, &("person".into(), "name_sealed".into()), BY_AES).await > 0);

    started(world, &objects, keys_of(after)).await;
    everything_opens(&world.service, world, &filled).await;
    assert!(world.service.reseals.key_use().await.unwrap().outdated > 20);
    let done = world.service.reseals.reseal(|_| {}).await.unwrap();
    assert!(done.is_done && done.unreadable == 0 && done.rows > 10 && done.files > 10, "{done:?}");
    assert_eq!(world.service.reseals.key_use().await.unwrap().outdated, 0);
    is_sealed_by(world, &objects, header).await;
    everything_opens(&world.service, world, &filled).await;
    // What was digested before is compared as it was digested; the hash did not change.
    let digests = "SELECT COUNT(*) FROM upload WHERE sha256 LIKE 'sm3:%'";
    assert_eq!(world.number(digests).await, 0);
    let looked = crate::file_copy::verify(&world.service.files, |_| {}).await.unwrap();
    assert!(looked.there > 10 && looked.wrong == 0, "{looked:?}");
    world.restarted().await.key_checks.check_keys().await.unwrap();
    (objects, filled)
}
