//! The configuration that the packages bring: it refuses in sentences, and knows every setting.
#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;

const DELIVERED: &str = include_str!("../../../packaging/beian.toml");
const KEYS: &str = "key 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\
    hash hmac-sha-256 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

/// A line that sets something as soon as its `#` is taken away.
fn setting(line: &str) -> Option<&str> {
    let line = line.strip_prefix('#')?;
    let begins = |c: char| c.is_ascii_lowercase() || c == '[';
    let is_one = line.starts_with(begins) && (line.starts_with('[') || line.contains(" = "));
    is_one.then_some(line)
}

fn load(text: &str, keys: &str) -> Result<Config, StartupError> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("beian.toml");
    let keys_file = directory.path().join("keys");
    std::fs::write(&keys_file, keys).unwrap();
    std::fs::write(&file, text.replace("/etc/beian/keys", keys_file.to_str().unwrap())).unwrap();
    Config::load(Some(&file), &|_| None)
}

#[test]
fn untouched_it_says_in_sentences_what_is_to_be_filled_in() {
    let refused = load(DELIVERED, "").expect_err("nothing is filled in");
    let said: Vec<&str> = refused.0.iter().map(String::as_str).collect();
    for word in ["public_url", "[oidc]", "[sms]", "keys"] {
        assert!(
            said.iter().any(|sentence| sentence.contains(word) && sentence.ends_with('.')),
            "{word}: {said:?}"
        );
    }
    assert_eq!(said.len(), 4, "{said:?}");
}

#[test]
fn with_every_line_set_it_is_complete() {
    let everything: Vec<&str> = DELIVERED
        .lines()
        .map(|line| setting(line).unwrap_or(line))
        // What stands for something only the operator knows.
        .filter(|line| {
            let known_to_none_else = ["first_administrator", "scratch_database_url", "replica_database_url"];
            !known_to_none_else.iter().any(|name| line.starts_with(name))
        })
        .map(|line| if line.starts_with("secret = ") { "secret = \"sixteen or more bytes\"" } else { line })
        .collect();
    let config = load(&everything.join("\n"), KEYS).unwrap();
    assert!(config.is_production() && config.tls && config.patrol.is_none());
    assert_eq!(config.limits, service::PersonLimits::default());
    assert_eq!(config.rate_limits, RateLimits::default());
    assert_eq!(config.requests, Capacity::default());
    assert_eq!((config.overdue_days, config.claim_minutes, config.undo_seconds), (7, 30, 10));
    assert_eq!(config.trusted_proxies.len(), 2);
}

/// The names of all settings, read from the sources that parse them.
#[test]
fn every_setting_stands_in_it() {
    let sources = [
        include_str!("file.rs"),
        include_str!("oidc.rs"),
        include_str!("storage_section.rs"),
        include_str!("limits.rs"),
        include_str!("../../service/src/base/limits.rs"),
    ];
    let mut names = Vec::new();
    for line in sources.iter().flat_map(|source| source.lines()) {
        let Some((name, kind)) = line.strip_prefix("    pub ").and_then(|rest| rest.split_once(": ")) else {
            continue;
        };
        let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if is_name && !kind.contains('(') {
            names.push(if name == "rate_limits" { "floods" } else { name });
        }
    }
    assert!(names.len() > 60, "{}: {names:?}", names.len());
    // The keys themselves belong into a file of their own; the others are for development.
    let left_out = ["access_key", "secret_key", "keys", "no_samples", "sample_filings", "forward_clock"];
    for name in names.iter().filter(|name| !left_out.contains(name)) {
        let is_set = DELIVERED.lines().any(|line| {
            let line = line.trim_start_matches('#');
            line.starts_with(&format!("{name} = "))
                || line.starts_with(&format!("[{name}]"))
                || line.starts_with(&format!("[[{name}]]"))
                || line.contains(&format!(" {name} = "))
        });
        assert!(is_set, "packaging/beian.toml does not know {name}");
    }
}
