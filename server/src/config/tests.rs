#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
use std::os::unix::fs::PermissionsExt as _;

use secrecy::ExposeSecret as _;
use service::mail::Mailer;
use service::sms::gateway::Gateway;
use service::{PatrolSettings, PersonLimits};

use super::keys::{DEVELOPMENT_KEYS, of_development};
use super::*;

const KEYS: &str = "key 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\
    hash hmac-sha-256 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

fn load(file: &str, environment: &[(&str, &str)]) -> (tempfile::TempDir, Result<Config, StartupError>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("beian.toml");
    std::fs::write(&path, file).unwrap();
    let data = directory.path().join("data").display().to_string();
    let config = Config::load(Some(&path), &|name| {
        environment
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_string())
            .or_else(|| (name == "DATA_DIR").then(|| data.clone()))
    });
    (directory, config)
}

fn production() -> String {
    format!(
        r#"
        mode = "production"
        public_url = "https://beian.example.cn"
        keys = """{KEYS}"""
        [oidc]
        issuer = "https://id.example.cn/oidc"
        client_id = "beian"
        client_secret = "oidc-secret-value"
        [sms]
        url = "https://sms.example.cn/send"
        template = "code"
        secret = "sms-secret-value"
        [smtp]
        host = "smtp.example.cn"
        from = "noreply@beian.example.cn"
        user = "robot"
        password = "smtp-password-value"
        "#
    )
}

#[test]
fn nothing_configured_is_development_with_a_key_only_its_owner_reads() {
    let (directory, config) = load("", &[]);
    let config = config.unwrap();
    assert_eq!(config.mode, Mode::Development);
    assert_eq!(config.public_origin(), "http://127.0.0.1:3000");
    assert_eq!(config.registration_sign, "测");
    assert!(
        !config.tls
            && !config.no_samples
            && !config.sample_filings
            && config.oidc.is_none()
            && config.migrate_on_start
    );
    assert!(matches!(config.gateway, Gateway::Outbox) && matches!(config.mailer, Mailer::Outbox));
    let keys = directory.path().join("data").join(DEVELOPMENT_KEYS);
    assert_eq!(std::fs::metadata(&keys).unwrap().permissions().mode() & 0o777, 0o600);
    let data = keys.parent().unwrap();
    assert_eq!(std::fs::metadata(data).unwrap().permissions().mode() & 0o777, 0o700);

    let sealed = config.keyring.seal_text("test", "value").unwrap();
    let again = of_development(&directory.path().join("data")).unwrap();
    assert_eq!(again.open_text("test", &sealed).unwrap(), "value");
}

/// B2.
#[test]
fn a_server_that_others_can_reach_is_in_development_only_when_that_is_said() {
    let elsewhere = [
        ("", [("ADDR", "0.0.0.0:3000")]),
        ("", [("ADDR", "192.0.2.1:3000")]),
        ("", [("ADDR", "[::]:3000")]),
        ("", [("BEIAN_PUBLIC_URL", "https://beian.example.cn")]),
        ("public_url = 'http://localhost.example.cn'", [("X", "")]),
        ("addr = '0.0.0.0:3000'\npublic_url = 'https://beian.example.cn'", [("X", "")]),
    ];
    for (file, environment) in elsewhere {
        let (directory, config) = load(file, &environment);
        let refused = config.expect_err(file);
        assert!(refused.0.len() == 1 && refused.0[0].contains("BEIAN_MODE"), "{refused}");
        assert!(!directory.path().join("data").exists(), "a refused start leaves nothing behind");
        let said = [environment[0], ("BEIAN_MODE", "development")];
        assert_eq!(load(file, &said).1.unwrap().mode, Mode::Development, "{file}");
    }
    for (file, environment) in [
        ("", [("ADDR", "127.0.0.1:8080")]),
        ("", [("ADDR", "[::1]:8080")]),
        ("", [("BEIAN_PUBLIC_URL", "http://localhost:3000")]),
        ("public_url = 'http://[::1]:3000'", [("X", "")]),
    ] {
        assert_eq!(load(file, &environment).1.unwrap().mode, Mode::Development, "{file}");
    }
}

#[test]
fn a_complete_production_configuration_is_accepted() {
    let (_directory, config) = load(&production(), &[]);
    let config = config.unwrap();
    assert!(config.tls && config.is_production() && config.no_samples && !config.migrate_on_start);
    assert!(matches!(config.gateway, Gateway::Http(_)) && matches!(config.mailer, Mailer::Smtp(_)));
    assert_eq!(config.settings().first_administrator, None, "nobody is let in by default");
    assert_eq!(config.rate_limits, RateLimits::default());
    assert_eq!(config.limits, PersonLimits::default());
    assert_eq!(config.requests, Capacity::default());
}

#[test]
fn only_development_puts_its_clock_forward_and_only_when_asked_to() {
    let ask = [("BEIAN_FORWARD_CLOCK", "true")];
    assert!(load("", &[]).1.unwrap().forward_clock.is_none());
    assert!(load("", &ask).1.unwrap().forward_clock.is_some());
    let (_directory, refused) = load(&production(), &ask);
    assert!(refused.unwrap_err().to_string().contains("forward_clock is for development"));
}

#[test]
fn production_says_everything_that_is_missing_at_once() {
    let (directory, config) = load("mode = 'production'", &[]);
    let refused = config.unwrap_err();
    for word in ["https public_url", "identity platform", "keys_file", "[sms]"] {
        assert!(refused.0.iter().any(|sentence| sentence.contains(word)), "{word}: {refused}");
    }
    assert!(!directory.path().join("data").exists(), "a refused start leaves nothing behind");
}

#[test]
fn production_refuses_the_keys_of_development() {
    let (directory, config) = load("", &[]);
    config.unwrap();
    let made = directory.path().join("data").join(DEVELOPMENT_KEYS).display().to_string();
    let (_directory, config) = load(&production(), &[("BEIAN_KEYS_FILE", &made)]);
    let refused = config.unwrap_err();
    assert!(refused.to_string().contains("must not be used in production"), "{refused}");
}

#[test]
fn the_environment_overrides_the_file() {
    let (_directory, config) = load(
        &production(),
        &[
            ("ADDR", "0.0.0.0:8080"),
            ("DATABASE_URL", "postgres://beian:pw@db/beian?sslmode=verify-full"),
            ("BEIAN_OIDC_CLIENT_SECRET", "other"),
            ("BEIAN_TRUSTED_PROXIES", "10.0.0.1, fd00::/8"),
            ("BEIAN_KEYS", &KEYS.replace("key 1", "key 7")),
        ],
    );
    let config = config.unwrap();
    assert_eq!(config.addr.port(), 8080);
    assert_eq!(config.database_url.expose_secret(), "postgres://beian:pw@db/beian?sslmode=verify-full");
    assert_eq!(config.oidc.unwrap().client_secret.expose_secret(), "other");
    assert_eq!(config.trusted_proxies.len(), 2);
    assert!(format!("{:?}", config.keyring).contains('7'));
}

#[test]
fn secrets_do_not_show_in_debug_output_or_in_refusals() {
    let (_directory, config) =
        load(&production(), &[("DATABASE_URL", "postgres://beian:db-password@127.0.0.1/beian")]);
    let shown = format!("{:?}", config.unwrap());
    for secret in [
        "oidc-secret-value",
        "sms-secret-value",
        "smtp-password-value",
        "db-password",
        "AAECAwQF",
        "[0, 1, 2",
    ] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    let (_directory, config) = load("[oidc]\nclient_secret = 'oidc-secret-value'\nissuer = 3", &[]);
    assert!(!config.unwrap_err().to_string().contains("oidc-secret-value"));
    let wrong = [("DATABASE_URL", "postgres://beian:db-password@db:port/beian")];
    let (_directory, config) = load(&production(), &wrong);
    assert!(!config.unwrap_err().to_string().contains("db-password"));
}

#[test]
fn without_a_mail_server_production_sends_and_offers_no_e_mail() {
    let (before, after) = (production(), "[smtp]");
    let (without, _) = before.split_once(after).unwrap();
    assert!(matches!(load(without, &[]).1.unwrap().mailer, Mailer::None));
    let smtp = "[smtp]\nhost = 'localhost'\nencryption = 'none'\nfrom = 'a@example.cn'\nuser = 'robot'";
    let password = [("BEIAN_SMTP_PASSWORD", "secret")];
    assert!(matches!(load(smtp, &password).1.unwrap().mailer, Mailer::Smtp(_)));
}

#[test]
fn wrong_values_are_refused_with_their_name() {
    for (file, environment, word) in [
        ("mode = 'test'", [("X", "")], "not valid"),
        ("colour = 'blue'", [("X", "")], "not valid"),
        ("public_url = 'https://beian.example.cn/path'", [("X", "")], "public_url"),
        ("public_url = 'ftp://beian.example.cn'", [("X", "")], "public_url"),
        ("keys = 'key 1 c2hvcnQ='", [("X", "")], "32 bytes"),
        ("keys_file = '/nowhere/keys'", [("X", "")], "keys cannot be used"),
        (
            "[sms]\nurl = 'http://sms.example.cn'\ntemplate = 'a'\nsecret = 'sixteen or more bytes'",
            [("X", "")],
            "[sms]",
        ),
        (
            "[smtp]\nhost = 'smtp.example.cn'\nencryption = 'none'\nfrom = 'a@example.cn'",
            [("X", "")],
            "[smtp]",
        ),
        ("[smtp]\nhost = 'smtp.example.cn'\nfrom = 'nobody'", [("X", "")], "[smtp]"),
        ("[smtp]\nhost = 'smtp.example.cn'\nfrom = 'a@example.cn'\nuser = 'robot'", [("X", "")], "[smtp]"),
        ("", [("BEIAN_SMTP_PASSWORD", "secret")], "BEIAN_SMTP_PASSWORD"),
        ("[floods]\nsign_in = 0", [("X", "")], "[floods]"),
        ("[floods]\nform = 0", [("X", "")], "[floods]"),
        ("[limits]\nevent_streams = 0", [("X", "")], "[limits]"),
        ("[requests]\nper_address = 0", [("X", "")], "[requests]"),
        ("[requests]\nbodies_megabytes_each = 8", [("X", "")], "[requests]"),
        ("[requests]\nbodies_megabytes = 40", [("X", "")], "[requests]"),
        ("[patrol]\ndays = 1", [("X", "")], "[patrol]"),
        ("[patrol]\nat_once = 0", [("X", "")], "[patrol]"),
        ("[patrol]\nhourly = true", [("X", "")], "not valid"),
        ("", [("BEIAN_PATROL", "often")], "BEIAN_PATROL"),
        ("second_look_percent = 101", [("X", "")], "second_look_percent"),
        ("second_look_percent = -1", [("X", "")], "second_look_percent"),
        ("second_look_percent = 0.5", [("X", "")], "not valid"),
        ("", [("BEIAN_SECOND_LOOK_PERCENT", "101")], "second_look_percent"),
        ("", [("BEIAN_SECOND_LOOK_PERCENT", "half")], "BEIAN_SECOND_LOOK_PERCENT"),
        ("drain_seconds = 61", [("X", "")], "drain_seconds"),
        ("", [("BEIAN_DRAIN_SECONDS", "long")], "BEIAN_DRAIN_SECONDS"),
        ("[metrics]\naddr = 'here'", [("X", "")], "not valid"),
        ("[metrics]\nport = 9464", [("X", "")], "not valid"),
        ("[metrics]\naddr = '127.0.0.1:3000'", [("X", "")], "[metrics]"),
        ("[metrics]\naddr = '0.0.0.0:3000'", [("X", "")], "[metrics]"),
        ("", [("BEIAN_METRICS_ADDR", "9464")], "BEIAN_METRICS_ADDR"),
        ("[otlp]", [("X", "")], "not valid"),
        ("[otlp]\nendpoint = 'localhost:4318'", [("X", "")], "[otlp]"),
        ("", [("BEIAN_OTLP_ENDPOINT", "udp://127.0.0.1")], "[otlp]"),
        ("[otlp]\nendpoint = 'http://127.0.0.1:4318'", [("BEIAN_OTLP_LOGS", "some")], "BEIAN_OTLP_LOGS"),
        ("registration_sign = 'provinces'", [("X", "")], "registration_sign"),
        ("database_url = 'mysql://db/beian'", [("X", "")], "database_url"),
        ("", [("ADDR", "3000")], "ADDR"),
        ("", [("BEIAN_MODE", "prod")], "BEIAN_MODE"),
        ("", [("BEIAN_OIDC_ISSUER", "https://id.example.cn")], "BEIAN_OIDC_CLIENT_ID"),
        ("", [("BEIAN_TRUSTED_PROXIES", "proxy")], "BEIAN_TRUSTED_PROXIES"),
    ] {
        let (_directory, config) = load(file, &environment);
        let refused = config.expect_err(file);
        assert!(refused.to_string().contains(word), "{word}: {refused}");
    }
}

#[test]
fn nobodys_filings_are_looked_at_unless_that_is_said() {
    assert_eq!(load("", &[]).1.unwrap().patrol, None);
    assert_eq!(load("[patrol]\ndays = 30", &[]).1.unwrap().patrol, None);
    let on = [("BEIAN_PATROL", "true")];
    assert_eq!(load("", &on).1.unwrap().patrol, Some(PatrolSettings { days: 14, at_once: 4 }));
    let said = load("[patrol]\nenabled = true\ndays = 30\nat_once = 2", &[]).1.unwrap();
    assert_eq!(said.settings().patrol, PatrolSettings { days: 30, at_once: 2 });
}

#[test]
fn figures_are_told_nowhere_unless_that_is_said_and_then_on_loopback() {
    let of = |file: &str, environment: &[(&str, &str)]| load(file, environment).1.unwrap().metrics;
    assert_eq!(of("", &[]), None);
    assert_eq!(of("[metrics]", &[]), Some("127.0.0.1:9464".parse().unwrap()));
    let elsewhere = [("BEIAN_METRICS_ADDR", "10.0.0.5:9000")];
    assert_eq!(of("[metrics]", &elsewhere), Some("10.0.0.5:9000".parse().unwrap()));
    assert_eq!(of("", &elsewhere), Some("10.0.0.5:9000".parse().unwrap()));
    let everywhere = [("BEIAN_METRICS_ADDR", "0.0.0.0:9464")];
    assert!(load(&production(), &elsewhere).1.is_ok());
    let refused = load(&production(), &everywhere).1.unwrap_err();
    assert!(refused.to_string().contains("[metrics]"), "{refused}");
}

#[test]
fn traces_and_logs_go_nowhere_unless_that_is_said_and_in_production_never_in_the_open() {
    let of = |file: &str, environment: &[(&str, &str)]| load(file, environment).1.unwrap().otlp;
    assert_eq!(of("", &[]), None);
    let here = "[otlp]\nendpoint = 'http://127.0.0.1:4318'";
    let told = of(here, &[]).unwrap();
    assert_eq!((told.endpoint.as_str(), told.logs), ("http://127.0.0.1:4318/", true));
    let elsewhere = |url| [("BEIAN_OTLP_ENDPOINT", url)];
    let traces_alone = format!("{here}\nlogs = false");
    let told = of(&traces_alone, &elsewhere("http://otel:4318")).unwrap();
    assert_eq!((told.endpoint.host_str(), told.logs), (Some("otel"), false));
    assert!(of(&traces_alone, &[("BEIAN_OTLP_LOGS", "true")]).unwrap().logs);
    assert!(!of(here, &[("BEIAN_OTLP_LOGS", "false")]).unwrap().logs);
    assert!(load(&production(), &elsewhere("http://127.0.0.1:4318")).1.is_ok());
    assert!(load(&production(), &elsewhere("https://otel.example.cn")).1.is_ok());
    assert!(load(&production(), &elsewhere("http://otel.example.cn")).1.is_err());
}

#[test]
fn a_server_ends_at_once_unless_it_is_said_how_long_it_stays() {
    let of = |file: &str, environment: &[(&str, &str)]| load(file, environment).1.unwrap().drain.as_secs();
    assert_eq!(of("", &[]), 0);
    assert_eq!(of("drain_seconds = 5", &[]), 5);
    assert_eq!(of("drain_seconds = 5", &[("BEIAN_DRAIN_SECONDS", "7")]), 7);
}

#[test]
fn nobody_looks_again_unless_that_is_said() {
    let percent = |file: &str, environment: &[(&str, &str)]| {
        load(file, environment).1.unwrap().settings().second_look_percent
    };
    assert_eq!(percent("", &[]), 0);
    assert_eq!(percent("second_look_percent = 5", &[]), 5);
    assert_eq!(percent("second_look_percent = 5", &[("BEIAN_SECOND_LOOK_PERCENT", "100")]), 100);
}

/// Finding 19, V12.3.1.
#[test]
fn production_reaches_a_database_elsewhere_over_verified_tls_unless_told_otherwise() {
    let elsewhere = "postgres://beian:pw@db.example.cn/beian";
    let tls = |mode: &str| format!("{elsewhere}?sslmode={mode}");
    for (url, is_accepted) in [
        (elsewhere.to_owned(), false),
        (tls("disable"), false),
        (tls("prefer"), false),
        (tls("require"), false),
        (tls("verify-ca"), false),
        (tls("verify-full"), true),
        ("postgres://beian:pw@127.0.0.1/beian".to_owned(), true),
        ("postgres://beian@%2Frun%2Fpostgresql/beian".to_owned(), true),
        ("sqlite:///var/lib/beian/beian.db".to_owned(), true),
    ] {
        let (_directory, config) = load(&production(), &[("DATABASE_URL", &url)]);
        match config {
            Ok(_) => assert!(is_accepted, "{url}"),
            Err(refused) => {
                assert!(!is_accepted && refused.to_string().contains("verify-full"), "{refused}")
            }
        }
        let allowed = [("DATABASE_URL", url.as_str()), ("BEIAN_ALLOW_UNVERIFIED_DATABASE", "true")];
        assert!(load(&production(), &allowed).1.is_ok(), "{url}");
        assert!(load("", &[("DATABASE_URL", &url)]).1.is_ok(), "development: {url}");
    }
}

/// B2.
#[test]
fn development_is_taken_for_granted_on_this_machine_only() {
    for (addr, public_url, is_accepted) in [
        ("127.0.0.1:3000", "", true),
        ("[::1]:3000", "", true),
        ("127.0.0.1:3000", "http://localhost:3000", true),
        ("0.0.0.0:3000", "", false),
        ("[::]:3000", "", false),
        ("192.168.1.5:3000", "http://127.0.0.1:3000", false),
        ("127.0.0.1:3000", "https://beian.example.cn", false),
        ("127.0.0.1:3000", "http://192.168.1.5:3000", false),
    ] {
        let given = [("ADDR", addr), ("BEIAN_PUBLIC_URL", public_url)];
        match load("", &given).1 {
            Ok(_) => assert!(is_accepted, "{addr} {public_url}"),
            Err(refused) => {
                assert!(!is_accepted && refused.to_string().contains("BEIAN_MODE"), "{refused}")
            }
        }
        let said = [given.as_slice(), &[("BEIAN_MODE", "development")]].concat();
        assert!(load("", &said).1.is_ok(), "{addr} {public_url}");
        assert!(load("mode = 'development'", &given).1.is_ok(), "{addr} {public_url}");
    }
}

/// B16.
#[test]
fn a_first_administrator_whom_nobody_can_be_is_refused() {
    for (named, is_accepted) in [
        ("110101190001060062", true),
        ("11010519491231002X", true),
        (" 11010519491231002x ", true),
        ("110101190001060063", false),
        ("a1b2c3d4-5e6f", false),
        ("440524880101001", false),
        ("E12345678", false),
    ] {
        let (_directory, config) = load(&production(), &[("BEIAN_FIRST_ADMINISTRATOR", named)]);
        match config {
            Ok(_) => assert!(is_accepted, "{named}"),
            Err(refused) => {
                let said = refused.to_string();
                assert!(!is_accepted && said.contains("first_administrator"), "{said}");
                assert!(!said.contains(named), "no number stands in a message");
            }
        }
    }
}

#[test]
fn holidays_are_read_as_days_and_stretches() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("beian.toml");
    let read = |holidays: &str| {
        std::fs::write(&file, holidays).unwrap();
        let data = directory.path().display().to_string();
        Config::load(Some(&file), &move |name| (name == "DATA_DIR").then(|| data.clone()))
    };
    let config =
        read("[[holidays]]\nname = \"国庆节\"\nrest = [\"2026-10-01/2026-10-07\"]\nwork = [\"2026-10-10\"]");
    let days = config.unwrap().special_days;
    assert_eq!(days.len(), 8);
    assert!(days.iter().take(7).all(|day| !day.is_working) && days[7].is_working);
    for wrong in ["2026-02-30", "2026-10-07/2026-10-01", "soon"] {
        let refused = read(&format!("[[holidays]]\nname = \"错\"\nrest = [\"{wrong}\"]")).unwrap_err();
        assert!(refused.0[0].contains(wrong), "{refused}");
    }
    let twice = read("[[holidays]]\nname = \"重\"\nrest = [\"2026-10-01\"]\nwork = [\"2026-10-01\"]");
    assert!(twice.unwrap_err().0[0].contains("twice"));
}

const BUCKET: &str = r#"
    [storage]
    kind = "s3"
    endpoint = "https://s3.example.cn"
    bucket = "filings"
    region = "cn-north-1"
"#;

fn bucket(file: &str, environment: &[(&str, &str)]) -> Result<S3Storage, StartupError> {
    match load(file, environment).1?.storage {
        Storage::S3(s3) => Ok(*s3),
        Storage::Local { .. } => panic!("no bucket"),
    }
}

#[test]
fn a_bucket_is_configured_with_its_keys_in_the_file_beside_it_or_in_the_environment() {
    let keys = "access_key = 'here'\nsecret_key = 'a-secret'\n";
    let s3 = bucket(&format!("{BUCKET}{keys}prefix = '/a/b/'\nstyle = 'virtual'"), &[]).unwrap();
    assert_eq!((s3.access_key.as_str(), s3.secret_key.expose_secret()), ("here", "a-secret"));
    assert_eq!((s3.prefix.as_deref(), s3.is_virtual_hosted), (Some("a/b"), true));
    assert_eq!(
        (s3.connect_timeout.as_secs(), s3.request_timeout.as_secs(), s3.patience.as_secs()),
        (3, 8, 20)
    );
    let named = Storage::S3(Box::new(s3));
    assert_eq!(named.to_string(), "bucket filings at https://s3.example.cn, below a/b");
    assert!(!format!("{named:?}").contains("a-secret"));

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("keys");
    std::fs::write(&file, "access_key = 'beside'\nsecret_key = 'a-secret'").unwrap();
    let beside = format!("credentials_file = '{}'", file.display());
    assert_eq!(bucket(&format!("{BUCKET}{beside}"), &[]).unwrap().access_key, "beside");
    let environment = [("BEIAN_S3_ACCESS_KEY", "around"), ("BEIAN_S3_SECRET_KEY", "b-secret")];
    for file in [BUCKET.to_owned(), format!("{BUCKET}{keys}"), format!("{BUCKET}{beside}")] {
        let s3 = bucket(&file, &environment).unwrap();
        assert_eq!((s3.access_key.as_str(), s3.secret_key.expose_secret()), ("around", "b-secret"));
    }
    let path = file.display().to_string();
    let s3 = bucket(&format!("{BUCKET}{keys}"), &[("BEIAN_S3_CREDENTIALS_FILE", &path)]).unwrap();
    assert_eq!(s3.access_key, "beside");

    let former = BUCKET.replace("[storage]", "[former_storage]").replace("filings", "earlier");
    let both = format!("{BUCKET}{keys}{former}");
    let environment = [("BEIAN_FORMER_S3_ACCESS_KEY", "old"), ("BEIAN_FORMER_S3_SECRET_KEY", "c-secret")];
    let config = load(&both, &environment).1.unwrap();
    let Some(Storage::S3(former)) = config.former_storage else { panic!("no former bucket") };
    assert_eq!((former.bucket.as_str(), former.access_key.as_str()), ("earlier", "old"));
}

#[test]
fn a_bucket_that_cannot_be_used_is_refused_in_a_sentence_without_its_secret() {
    let keys = "access_key = 'here'\nsecret_key = 'a-secret'\n";
    let whole = format!("{BUCKET}{keys}");
    let replaced = |from: &str, to: &str| whole.replace(from, to);
    for (file, word) in [
        (BUCKET.to_owned(), "BEIAN_S3_ACCESS_KEY"),
        (format!("{BUCKET}access_key = 'here'"), "access_key and secret_key are needed"),
        (replaced("'a-secret'", "''"), "access_key and secret_key are needed"),
        (format!("{whole}credentials_file = 'keys'"), "not both"),
        (format!("{BUCKET}credentials_file = 'nowhere'"), "nowhere cannot be read"),
        (replaced("https://s3.example.cn", "https://s3.example.cn/filings"), "without the bucket"),
        (replaced("https://s3.example.cn", "s3.example.cn"), "endpoint must be"),
        (replaced("\"filings\"", "\"Filings_1\""), "bucket must be"),
        (replaced("cn-north-1", ""), "region must be"),
        (format!("{whole}prefix = 'a/../b'"), "prefix must be"),
        (format!("{whole}connect_seconds = 0"), "connect_seconds"),
        (format!("{whole}request_seconds = 2"), "request_seconds"),
        (format!("{whole}patience_seconds = 26"), "at most 25"),
        (format!("{whole}patience_seconds = 5"), "patience_seconds"),
        (format!("{whole}colour = 'red'"), "is not valid"),
        (format!("{whole}{}", whole.replace("[storage]", "[former_storage]")), "the same place"),
        (
            format!("{whole}{}", BUCKET.replace("[storage]", "[former_storage]")),
            "[former_storage]: access_key",
        ),
    ] {
        let refused = load(&file, &[]).1.expect_err(word).to_string();
        assert!(refused.contains(word) && !refused.contains("a-secret"), "{word}: {refused}");
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    std::fs::write(&path, "access_key = 'x'\nsecret_kye = 'a-secret'").unwrap();
    let refused =
        load(&format!("{BUCKET}credentials_file = '{}'", path.display()), &[]).1.unwrap_err().to_string();
    assert!(refused.contains("the two lines") && !refused.contains("a-secret"), "{refused}");
}

#[test]
fn production_reaches_a_bucket_elsewhere_over_tls_unless_the_wire_is_trusted() {
    let storage = format!("{}{BUCKET}access_key = 'here'\nsecret_key = 'a-secret'\n", production());
    let at = |endpoint: &str| storage.replace("https://s3.example.cn", endpoint);
    assert!(bucket(&storage, &[]).is_ok());
    assert!(bucket(&at("http://127.0.0.1:9000"), &[]).is_ok());
    let refused = bucket(&at("http://10.0.0.7:9000"), &[]).unwrap_err().to_string();
    assert!(refused.contains("allow_unencrypted"), "{refused}");
    assert!(bucket(&format!("{}allow_unencrypted = true", at("http://10.0.0.7:9000")), &[]).is_ok());
    let development = storage.split_once("[storage]").unwrap().1;
    let development =
        format!("[storage]{development}").replace("https://s3.example.cn", "http://10.0.0.7:9000");
    assert!(bucket(&development, &[]).is_ok());
}
