//! Backups and keys at the command line: what is done, what is said, and how it ends.

use std::path::Path;
use std::process::{Command, Output};

use server::config::Config;
use server::program;

use crate::stage::Program;

const OTHER_KEYS: &str = "key 1 /wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\
    hash hmac-sha-256 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

fn run_server(arguments: &[&str], environment: &[(&str, &Path)]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command.args(arguments).current_dir(directory.path()).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("RUST_LOG", "error");
    command.envs(environment.iter().copied()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

/// Findings 9 and 10.
#[tokio::test]
async fn a_backup_is_made_checked_and_put_back_elsewhere() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    let config = Config::load(None, &|name| (name == "DATA_DIR").then(|| at("data").display().to_string()));
    let config = config.unwrap();
    server::tls::install_crypto();
    let (service, db) = program::open(&config).await.unwrap();
    service.key_checks.check_and_mark_keys().await.unwrap();
    drop((service, db));
    let (backup, keys) = (at("backup"), at("data/development.keys"));
    let name = backup.to_str().unwrap();
    let run = |arguments: &[&str], data: &str, keys: &Path| {
        let key = if keys.starts_with(home.path()) { "BEIAN_KEYS_FILE" } else { "BEIAN_KEYS" };
        let data = at(data);
        let output = run_server(arguments, &[("DATA_DIR", data.as_path()), (key, keys)]);
        (output.status.code(), said(&output))
    };
    let other = Path::new(OTHER_KEYS);
    type Case<'a> = (&'a [&'a str], &'a str, &'a Path, i32, &'a str);
    let cases: &[Case<'_>] = &[
        (&["backup", name], "data", &keys, 0, "opens with the keys 1"),
        (&["backup", name], "data", &keys, 2, "is there already"),
        (&["backup"], "data", &keys, 2, "not provided:\n  <DIRECTORY>"),
        (&["check-backup", name], "nowhere", &keys, 0, "The backup is whole."),
        (&["check-backup", name], "nowhere", other, 1, "another “hash …” line"),
        (&["check-backup", "none"], "nowhere", &keys, 1, "is not there"),
        (&["restore", name], "data", &keys, 2, "is there already"),
        (&["restore", name], "elsewhere", other, 1, "nothing was written"),
        (&["restore", name], "elsewhere", &keys, 0, "The server can be started."),
        (&["verify-audit"], "elsewhere", &keys, 0, "is whole"),
        (&["verify-audit"], "elsewhere", other, 2, "Key 1 is not the key 1"),
        (&["recount"], "elsewhere", other, 2, "Key 1 is not the key 1"),
        (&[], "elsewhere", other, 2, "Key 1 is not the key 1"),
        (&["keys", "new"], "nowhere", &keys, 0, "key 2 "),
        (&["keys", "check"], "elsewhere", &keys, 0, "Key 1: "),
        (&["keys", "reseal"], "elsewhere", &keys, 0, "The first key alone is needed now."),
        (&["keys", "reseal"], "elsewhere", other, 2, "Key 1 is not the key 1"),
        (&["keys"], "elsewhere", &keys, 2, "reseal  Seals everything anew"),
    ];
    for (arguments, data, keys, code, sentence) in cases {
        let (ended, said) = run(arguments, data, keys);
        assert!(ended == Some(*code) && said.contains(sentence), "{arguments:?}: {ended:?} {said}");
    }
    let database = backup.join("database.sqlite");
    let mut bytes = std::fs::read(&database).unwrap();
    bytes[5000] ^= 1;
    std::fs::write(&database, bytes).unwrap();
    let (ended, said) = run(&["check-backup", name], "nowhere", &keys);
    assert!(ended == Some(1) && said.contains("The backup is not whole."), "{said}");
}

/// Issue 14: the national algorithms, from the keys to the backup.
#[tokio::test]
async fn keys_with_the_national_algorithms_are_made_and_used() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    let (keys, backup) = (at("keys"), at("backup"));
    let (file, directory) = (keys.to_str().unwrap(), backup.to_str().unwrap());
    let run = |arguments: &[&str], data: &str| {
        let data = at(data);
        let output = run_server(arguments, &[("DATA_DIR", &data), ("BEIAN_KEYS_FILE", &keys)]);
        (output.status.code(), said(&output))
    };
    let init = |algorithms: &str| run(&["keys", "init", "--algorithms", algorithms, file], "nowhere");
    assert_eq!(init("secret").0, Some(2));
    assert_eq!(init("national").0, Some(0));
    assert_eq!(init("international").0, Some(2), "they are never written over");
    let text = std::fs::read_to_string(&keys).unwrap();
    assert!(text.contains("\nsuite sm4-gcm\n") && text.contains("\nhash hmac-sm3 "), "{text}");
    let config = Config::load(None, &|name| match name {
        "DATA_DIR" => Some(at("data").display().to_string()),
        "BEIAN_KEYS_FILE" => Some(file.to_owned()),
        _ => None,
    });
    server::tls::install_crypto();
    let (service, db) = program::open(&config.unwrap()).await.unwrap();
    service.key_checks.check_and_mark_keys().await.unwrap();
    drop((service, db));
    for (arguments, data, sentence) in [
        (&["backup", directory][..], "data", "opens with the keys 1"),
        (&["check-backup", directory], "nowhere", "The backup is whole."),
        (&["restore", directory], "elsewhere", "The server can be started."),
        (&["verify-audit"], "elsewhere", "is whole"),
        (&["keys", "check"], "elsewhere", "Key 1: "),
    ] {
        let (ended, said) = run(arguments, data);
        assert!(ended == Some(0) && said.contains(sentence), "{arguments:?}: {ended:?} {said}");
    }
    assert!(backup.join("files.sm3").is_file() && !backup.join("files.sha256").exists());
}

/// Issue 14: a share that is not mounted.
#[test]
fn a_server_does_not_start_over_another_place_of_files() {
    let home = tempfile::tempdir().unwrap();
    let (data, aside) = (home.path().join("data"), home.path().join("aside"));
    let files = data.join("files");
    let start = || Program::start(&[("DATA_DIR", data.to_str().unwrap())]);
    let run = |arguments: &[&str]| {
        let output = run_server(arguments, &[("DATA_DIR", &data)]);
        (output.status.code(), said(&output))
    };
    start().terminate();
    assert!(files.join("platform-mark").is_file());
    std::fs::rename(&files, &aside).unwrap();
    let (ended, said) = run(&[]);
    assert!(ended == Some(2) && said.contains("does not bear the mark of this platform"), "{ended:?} {said}");
    std::fs::remove_dir_all(&files).unwrap();
    std::fs::rename(&aside, &files).unwrap();
    start().terminate();
    // Copied by other means, and without the mark.
    std::fs::remove_file(files.join("platform-mark")).unwrap();
    assert_eq!(run(&[]).0, Some(2));
    let (ended, said) = run(&["files", "mark"]);
    assert!(ended == Some(0) && said.contains("bears the mark of this platform"), "{ended:?} {said}");
    start().terminate();
}
