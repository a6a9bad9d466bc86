//! The command line on a server's own directory: looking after staff, exchanging the key, and finding out what is wrong.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use server::config::Config;
use server::program;
use service::keyring::Keyring;

/// A directory with data and keys of its own.
struct Home {
    directory: tempfile::TempDir,
}

impl Home {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data").display().to_string();
        let config = Config::load(None, &|name| (name == "DATA_DIR").then(|| data.clone())).unwrap();
        server::tls::install_crypto();
        let (service, db) = program::open(&config).await.unwrap();
        service.key_checks.check_and_mark_keys().await.unwrap();
        drop((service, db));
        Home { directory }
    }

    fn data(&self) -> std::path::PathBuf {
        self.directory.path().join("data")
    }

    fn keys(&self) -> std::path::PathBuf {
        self.data().join("development.keys")
    }

    /// Runs the program, gives it these lines, and gives how it ended and what it said.
    fn run(&self, arguments: &[&str], input: &str, more: &[(&str, &str)]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
        command.args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("RUST_LOG", "error").env("DATA_DIR", self.data()).envs(more.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // It may have ended without reading.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }
}

const NAME_AND_NUMBER: &str = "李某某\n11010519491231002X\n";

#[tokio::test]
async fn staff_is_looked_after_where_no_administrator_can_sign_in() {
    let home = Home::new().await;
    let appoint = |role: &'static str| ["staff", "appoint", "--role", role];
    let cases: [(&[&str], &str, i32, &str); 9] = [
        (&appoint("administrator"), NAME_AND_NUMBER, 0, "stands in the audit log"),
        (&appoint("auditor"), NAME_AND_NUMBER, 1, "须由不同人员担任"),
        (&appoint("administrator"), "李某某\n110105194912310021\n", 1, "id_no: "),
        (&appoint("administrator"), "李某某\n", 2, "Id number is to stand on a line"),
        (&["staff", "appoint", "--role", "reviewer", "--region", "110101"], NAME_AND_NUMBER, 0, "Done."),
        (&["staff", "list"], "", 0, "\treviewer\t北京市东城区\t李某某\t"),
        (&["staff", "dismiss", "nobody"], "", 1, "no such appointment"),
        (&["staff", "suspend", "--reason", "冒用"], "11010519491231002X\n", 1, "没有人以这个证件号码登录过"),
        (&["verify-audit"], "", 0, "is whole"),
    ];
    for (arguments, input, code, sentence) in cases {
        let (ended, said) = home.run(arguments, input, &[]);
        assert!(ended == Some(code) && said.contains(sentence), "{arguments:?}: {ended:?} {said}");
        assert!(!said.contains("19491231"), "{arguments:?}: {said}");
    }
    let (_, list) = home.run(&["staff", "list"], "", &[]);
    let id = |role: &str| {
        let line = list.lines().find(|line| line.contains(role)).unwrap();
        line.split('\t').next().unwrap().to_owned()
    };
    let (ended, said) = home.run(&["staff", "dismiss", &id("administrator")], "", &[]);
    assert!(ended == Some(1) && said.contains("至少需要一名管理员"), "{said}");
    let (ended, _) = home.run(&["staff", "dismiss", &id("reviewer")], "", &[]);
    assert_eq!(ended, Some(0));
    assert_eq!(home.run(&["staff", "list"], "", &[]).1.lines().count(), 1);
}

#[tokio::test]
async fn the_key_is_exchanged_step_by_step() {
    let home = Home::new().await;
    assert_eq!(home.run(&["staff", "appoint", "--role", "administrator"], NAME_AND_NUMBER, &[]).0, Some(0));
    let keys = home.keys();
    let file = keys.to_str().unwrap();
    let (ended, said) = home.run(&["keys", "rotate", file], "", &[]);
    assert!(ended == Some(0) && said.contains("Key 2 stands first"), "{said}");
    assert_eq!(Keyring::load(&keys).unwrap().key_ids(), [2, 1]);
    let (ended, said) = home.run(&["doctor"], "", &[]);
    assert!(ended == Some(0) && said.contains("an exchange is under way"), "{said}");
    let (ended, said) = home.run(&["keys", "reseal"], "", &[]);
    assert!(ended == Some(0) && said.contains("1 rows are to be sealed anew"), "{said}");
    assert!(said.contains("The first key alone is needed now."), "{said}");
    let (ended, said) = home.run(&["keys", "rotate", home.data().to_str().unwrap()], "", &[]);
    assert!(ended == Some(2) && said.contains("It is as it was."), "{said}");
}

#[tokio::test]
async fn the_doctor_says_what_is_wrong_and_ends_so() {
    let home = Home::new().await;
    let (ended, said) = home.run(&["doctor"], "", &[]);
    assert_eq!(ended, Some(0), "{said}");
    for line in ["ok     database           SQLite 3.", "ok     files", "ok     keys", "look   backup"] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(said.contains("Nothing is wrong; "), "{said}");
    let left: Vec<_> =
        std::fs::read_dir(home.data()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name == ".doctor"), "{left:?}");

    // Nobody listens at the port of discovery.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = home.directory.path().join("beian.toml");
    let text = format!(
        "[oidc]\nissuer = \"http://{free}\"\nclient_id = \"x\"\nclient_secret = \"y\"\n\
         [sms]\nurl = \"http://{free}/sms\"\ntemplate = \"t\"\nsecret = \"0123456789abcdef\"\n\
         [smtp]\nhost = \"127.0.0.1\"\nport = {}\nencryption = \"none\"\nfrom = \"a@example.cn\"\n",
        free.port()
    );
    std::fs::write(&config, text).unwrap();
    let (ended, said) = home.run(&["--config", config.to_str().unwrap(), "doctor"], "", &[]);
    assert_eq!(ended, Some(1), "{said}");
    for line in ["WRONG  identity platform", "WRONG  SMS gateway", "WRONG  mail server", "3 wrong"] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(!said.contains("0123456789abcdef") && !said.contains("/sms"), "{said}");

    // Other keys, and a file that its row knows nothing of.
    let other = "key 1 /wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\
                 hash hmac-sha-256 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    let (ended, said) = home.run(&["doctor"], "", &[("BEIAN_KEYS", other)]);
    assert!(ended == Some(1) && said.contains("WRONG  keys"), "{said}");

    // A database that is not there, and one of no shape at all.
    std::fs::create_dir(home.directory.path().join("empty")).unwrap();
    let empty = home.directory.path().join("empty/beian.sqlite");
    let url = format!("sqlite://{}", empty.display());
    let (ended, said) = home.run(&["doctor"], "", &[("DATABASE_URL", &url)]);
    assert!(ended == Some(1) && said.contains("WRONG  database"), "{said}");
    assert!(said.contains("identity platform"), "what does not rest on it is asked: {said}");
    assert!(!Path::new(&empty).exists(), "and nothing was made");
}
