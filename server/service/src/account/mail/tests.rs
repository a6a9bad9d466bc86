#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::macros::datetime;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const NOW: OffsetDateTime = datetime!(2026-03-01 04:00 UTC);
const TEXT: &str =
    "【平台】您的申请有新的进展\n请登录平台查看系统通知：https://beian.example.cn\n\n请勿回复。";

/// How a mail server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Takes,
    /// At `MAIL FROM`.
    Answers(u16),
    /// At `RCPT TO`.
    KnowsNoMailbox,
    /// Takes the connection and says nothing.
    IsSilent,
    /// In the middle of the message.
    HangsUp,
    Stammers,
}

/// What it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Got {
    pub from: String,
    pub to: String,
    pub auth: String,
    pub head: String,
    pub body: String,
}

/// A mail server on this machine, in the clear.
pub(crate) struct PostOffice {
    got: Arc<Mutex<Vec<Got>>>,
    mood: Arc<Mutex<Mood>>,
    pub port: u16,
}

impl PostOffice {
    pub async fn new(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (got, mood) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(mood)));
        let (kept, says) = (Arc::clone(&got), Arc::clone(&mood));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (kept, mood) = (Arc::clone(&kept), *says.lock().unwrap());
                tokio::spawn(async move {
                    if let Some(got) = converse(stream, mood).await {
                        kept.lock().unwrap().push(got);
                    }
                });
            }
        });
        PostOffice { got, mood, port }
    }

    pub fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    pub fn mailer(&self) -> Mailer {
        Mailer::smtp(&SmtpServer { timeout: Duration::from_millis(800), ..plain(self.port) }).unwrap()
    }
}

fn plain<'a>(port: u16) -> SmtpServer<'a> {
    SmtpServer {
        host: "127.0.0.1",
        encryption: Encryption::None,
        port: Some(port),
        credentials: None,
        from: "备案平台 <noreply@beian.example.cn>",
        timeout: Duration::from_secs(5),
    }
}

/// What the server got of a message, once it has taken it.
async fn converse(stream: TcpStream, mood: Mood) -> Option<Got> {
    let mut stream = BufReader::new(stream);
    if mood == Mood::IsSilent {
        let mut said = String::new();
        while stream.read_line(&mut said).await.ok()? > 0 {}
        return None;
    }
    stream.write_all(b"220 post.test ESMTP\r\n").await.ok()?;
    let (mut from, mut to, mut auth, mut message) = (String::new(), String::new(), String::new(), None);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        let answer = match line.split_whitespace().next().unwrap_or_default() {
            "EHLO" => "250-post.test\r\n250-8BITMIME\r\n250 AUTH PLAIN".to_owned(),
            "AUTH" => {
                auth = String::from_utf8(STANDARD.decode(line.rsplit_once(' ')?.1).ok()?).ok()?;
                "235 ok".to_owned()
            }
            "MAIL" => {
                from = line.to_owned();
                match mood {
                    Mood::Answers(code) => format!("{code} not now for a.b@mailbox.example.cn"),
                    Mood::Stammers => "ABC".to_owned(),
                    _ => "250 ok".to_owned(),
                }
            }
            "RCPT" => {
                to = line.to_owned();
                match mood {
                    Mood::KnowsNoMailbox => "550 <a.b@mailbox.example.cn> is unknown here".to_owned(),
                    _ => "250 ok".to_owned(),
                }
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.ok()?;
                if mood == Mood::HangsUp {
                    return None;
                }
                message = Some(data(&mut stream).await?);
                "250 taken".to_owned()
            }
            "QUIT" => {
                let _ = stream.write_all(b"221 bye\r\n").await;
                return None;
            }
            _ => "250 ok".to_owned(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        if let Some((head, body)) = message {
            return Some(Got { from, to, auth, head, body });
        }
    }
}

/// The head of a message, and what its body says.
async fn data(stream: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let mut all = String::new();
    while !all.ends_with("\r\n.\r\n") {
        if stream.read_line(&mut all).await.ok()? == 0 {
            return None;
        }
    }
    let (head, body) = all.trim_end_matches("\r\n.\r\n").split_once("\r\n\r\n")?;
    let body = match head.contains("Content-Transfer-Encoding: base64") {
        true => String::from_utf8(STANDARD.decode(body.replace("\r\n", "")).ok()?).ok()?,
        false => body.to_owned(),
    };
    Some((head.to_owned(), body))
}

async fn send(mailer: &Mailer) -> Result<(), MailFailure> {
    mailer.send(NOW, "key-1", "a.b@mailbox.example.cn", TEXT).await
}

#[tokio::test]
async fn an_email_arrives_whole_and_says_that_nobody_wrote_it() {
    let office = PostOffice::new(Mood::Takes).await;
    send(&office.mailer()).await.unwrap();
    let got = office.got();
    let [Got { from, to, head, body, auth }] = got.as_slice() else { panic!("{got:?}") };
    assert!(from.starts_with("MAIL FROM:<noreply@beian.example.cn>"), "{from}");
    assert!(to.starts_with("RCPT TO:<a.b@mailbox.example.cn>") && auth.is_empty(), "{to}");
    for line in [
        "To: a.b@mailbox.example.cn",
        "Message-ID: <key-1@beian.example.cn>",
        "Date: Sun, 01 Mar 2026 04:00:00 +0000",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
    ] {
        assert!(head.lines().any(|given| given == line), "{line} is not in\n{head}");
    }
    assert!(!head.contains("您的申请") && head.contains("Subject: =?utf-8?b?"), "{head}");
    assert_eq!(
        body.replace("\r\n", "\n").trim_end(),
        "请登录平台查看系统通知：https://beian.example.cn\n\n请勿回复。"
    );
}

#[tokio::test]
async fn name_and_password_are_shown_to_the_server() {
    let office = PostOffice::new(Mood::Takes).await;
    let mailer =
        Mailer::smtp(&SmtpServer { credentials: Some(("robot", "the password")), ..plain(office.port) })
            .unwrap();
    send(&mailer).await.unwrap();
    assert_eq!(office.got()[0].auth, "\0robot\0the password");
    let shown = format!("{mailer:?}");
    assert_eq!(shown, r#"Smtp(SmtpMailer { host: "127.0.0.1", .. })"#);
}

#[tokio::test]
async fn what_was_not_taken_is_a_failure_that_names_nobody() {
    for (mood, expected) in [
        (Mood::Answers(451), MailFailure::Status(451)),
        (Mood::Answers(535), MailFailure::Status(535)),
        (Mood::KnowsNoMailbox, MailFailure::NoMailbox(550)),
        (Mood::IsSilent, MailFailure::TimedOut),
        (Mood::HangsUp, MailFailure::Unreachable),
        (Mood::Stammers, MailFailure::Garbled),
    ] {
        let office = PostOffice::new(mood).await;
        let failure = send(&office.mailer()).await.unwrap_err();
        assert_eq!(failure, expected, "{mood:?}");
        let shown = format!("{failure} {failure:?}");
        assert!(!shown.contains("a.b") && !shown.contains("进展"), "{shown}");
        assert_eq!(office.got(), []);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert_eq!(send(&Mailer::smtp(&plain(port)).unwrap()).await, Err(MailFailure::Unreachable));
}

#[tokio::test]
async fn nothing_is_said_in_the_clear_to_a_server_without_the_encryption_that_was_asked_for() {
    let office = PostOffice::new(Mood::Takes).await;
    let asked = |encryption| {
        let server =
            SmtpServer { encryption, credentials: Some(("robot", "the password")), ..plain(office.port) };
        Mailer::smtp(&SmtpServer { timeout: Duration::from_millis(800), ..server }).unwrap()
    };
    assert_eq!(send(&asked(Encryption::Starttls)).await, Err(MailFailure::NotOffered));
    // The server waits for words, and gets the first bytes of TLS.
    assert!(send(&asked(Encryption::Tls)).await.is_err());
    assert_eq!(office.got(), []);
}

#[tokio::test]
async fn without_a_server_nothing_is_sent_and_in_development_everything_is() {
    assert_eq!(send(&Mailer::None).await, Err(MailFailure::NoServer));
    assert_eq!(send(&Mailer::Outbox).await, Ok(()));
    assert!(!Mailer::None.is_there() && Mailer::Outbox.is_there());
}

#[tokio::test]
async fn an_address_cannot_bring_another_header_or_recipient() {
    let office = PostOffice::new(Mood::Takes).await;
    for address in ["a@b.test\r\nBcc: c@d.test", "a@b.test, c@d.test", "a@b.test>\r\nRCPT TO:<c@d.test", ""] {
        let sent = office.mailer().send(NOW, "key-1", address, TEXT).await;
        assert_eq!(sent, Err(MailFailure::Unwritable), "{address}");
    }
    assert_eq!(office.got(), []);
}

#[test]
fn addresses_and_passwords_never_travel_in_the_clear_to_another_machine() {
    let server = plain(25);
    let setup = |host, encryption| Mailer::smtp(&SmtpServer { host, encryption, ..server });
    for host in ["127.0.0.1", "localhost", "[::1]", "::1"] {
        assert!(setup(host, Encryption::None).is_ok(), "{host}");
    }
    for host in ["smtp.example.cn", "10.0.0.1", "localhost.example.cn", "0.0.0.0"] {
        assert!(matches!(setup(host, Encryption::None), Err(MailerSetup::Unencrypted)), "{host}");
        assert!(setup(host, Encryption::Tls).is_ok() && setup(host, Encryption::Starttls).is_ok(), "{host}");
    }
    assert!(matches!(setup("", Encryption::Tls), Err(MailerSetup::Host)));
    for from in ["", "noreply", "a@b.test, c@d.test", "noreply@"] {
        assert!(matches!(Mailer::smtp(&SmtpServer { from, ..server }), Err(MailerSetup::From)), "{from}");
    }
    let half = SmtpServer { credentials: Some(("robot", "")), ..server };
    assert!(matches!(Mailer::smtp(&half), Err(MailerSetup::Credentials)));
}
