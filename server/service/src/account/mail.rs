//! Hands an e-mail to whoever delivers it: nobody, the page /dev/outbox alone (development), or an SMTP server.
//!
//! Passwords and people's addresses travel encrypted: TLS from the first byte, or STARTTLS, without which nothing is
//! sent; in the clear only to a server on this machine. A message whose fate is not known is handed over again with
//! the same `Message-ID`.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use time::OffsetDateTime;

/// Where e-mails go. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Mailer {
    /// The operator has no mail server: no e-mail is offered to anybody.
    None,
    /// Nowhere: the stored message, which /dev/outbox shows, is the delivery.
    Outbox,
    Smtp(Arc<SmtpMailer>),
}

/// Made by [`Mailer::smtp`].
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    host: String,
    from: Mailbox,
    timeout: Duration,
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the transport, which has the password.
        f.debug_struct("SmtpMailer").field("host", &self.host).finish_non_exhaustive()
    }
}

/// How the wire to the mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// From the first byte, port 465.
    Tls,
    /// Begun in the clear, port 587; who does not offer it gets nothing.
    Starttls,
    /// Not at all, port 25: only on this machine.
    None,
}

/// What an operator says of the mail server.
#[derive(Clone, Copy)]
pub struct SmtpServer<'a> {
    pub host: &'a str,
    pub encryption: Encryption,
    /// The usual one of the encryption where there is none.
    pub port: Option<u16>,
    /// Name and password.
    pub credentials: Option<(&'a str, &'a str)>,
    /// The address that e-mails come from, with or without a name: `备案平台 <noreply@example.cn>`.
    pub from: &'a str,
    /// For the whole exchange.
    pub timeout: Duration,
}

/// Why a mail server cannot be set up; found at start.
#[derive(Debug, thiserror::Error)]
pub enum MailerSetup {
    #[error("the host of the mail server is missing")]
    Host,
    #[error("the mail server must be reached by TLS or STARTTLS, or be on this machine")]
    Unencrypted,
    #[error("the address that e-mails come from is not one")]
    From,
    #[error("a user of the mail server has a password, and a password a user")]
    Credentials,
    #[error("TLS to the mail server cannot be set up")]
    Tls(#[source] lettre::transport::smtp::Error),
}

/// Why an e-mail was not handed over. Never contains address, text or what the server answered, which may quote both.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailFailure {
    #[error("there is no mail server")]
    NoServer,
    #[error("the mail server cannot be reached")]
    Unreachable,
    #[error("the mail server's encryption cannot be trusted")]
    Tls,
    /// It may have been sent all the same.
    #[error("the mail server did not answer in time")]
    TimedOut,
    #[error("the mail server answered {0}")]
    Status(u16),
    /// There is no such mailbox: no later time will do better.
    #[error("the mail server knows no such mailbox and answered {0}")]
    NoMailbox(u16),
    /// STARTTLS, say, or a way to sign in.
    #[error("the mail server does not offer what the configuration asks for")]
    NotOffered,
    #[error("the mail server's answer is not understood")]
    Garbled,
    #[error("the e-mail cannot be written")]
    Unwritable,
}

impl Mailer {
    /// # Errors
    /// What keeps e-mails from ever being sent so.
    pub fn smtp(server: &SmtpServer<'_>) -> Result<Self, MailerSetup> {
        let SmtpServer { host, encryption, port, credentials, from, timeout } = *server;
        if host.is_empty() {
            return Err(MailerSetup::Host);
        }
        let from: Mailbox = from.parse().map_err(|_| MailerSetup::From)?;
        let parameters = || TlsParameters::new_rustls(host.to_owned()).map_err(MailerSetup::Tls);
        let (usual, tls) = match encryption {
            Encryption::Tls => (465, Tls::Wrapper(parameters()?)),
            Encryption::Starttls => (587, Tls::Required(parameters()?)),
            Encryption::None if is_on_this_machine(host) => (25, Tls::None),
            Encryption::None => return Err(MailerSetup::Unencrypted),
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port.unwrap_or(usual))
            .tls(tls)
            .timeout(Some(timeout))
            .hello_name(ClientId::Domain(from.email.domain().to_owned()));
        match credentials {
            None => {}
            Some((user, password)) if !user.is_empty() && !password.is_empty() => {
                transport = transport.credentials(Credentials::new(user.to_owned(), password.to_owned()));
            }
            Some(_) => return Err(MailerSetup::Credentials),
        }
        let mailer = SmtpMailer { transport: transport.build(), host: host.to_owned(), from, timeout };
        Ok(Mailer::Smtp(Arc::new(mailer)))
    }

    /// Whether e-mail can be offered to people.
    pub fn is_there(&self) -> bool {
        !matches!(self, Mailer::None)
    }

    /// Whether the mail server answers, is whom it says it is, and lets us in. Nothing is sent.
    ///
    /// # Errors
    /// What keeps it from taking e-mails.
    pub async fn try_out(&self) -> Result<(), MailFailure> {
        match self {
            Mailer::None | Mailer::Outbox => Ok(()),
            Mailer::Smtp(mailer) => {
                match tokio::time::timeout(mailer.timeout, mailer.transport.test_connection()).await {
                    Ok(Ok(true)) => Ok(()),
                    Ok(Ok(false)) => Err(MailFailure::Garbled),
                    Ok(Err(error)) => Err(failure(&error)),
                    Err(_) => Err(MailFailure::TimedOut),
                }
            }
        }
    }

    /// Hands one e-mail over, whose first line is the subject; `now` is its date. Tries once; `key` is the same each
    /// time the e-mail is tried.
    pub async fn send(
        &self,
        now: OffsetDateTime,
        key: &str,
        to: &str,
        text: &str,
    ) -> Result<(), MailFailure> {
        match self {
            Mailer::None => Err(MailFailure::NoServer),
            Mailer::Outbox => Ok(()),
            Mailer::Smtp(mailer) => mailer.send(now, key, to, text).await,
        }
    }
}

impl SmtpMailer {
    async fn send(&self, now: OffsetDateTime, key: &str, to: &str, text: &str) -> Result<(), MailFailure> {
        let message = self.message(now, key, to, text).ok_or(MailFailure::Unwritable)?;
        // The transport's own limit is for connecting alone.
        match tokio::time::timeout(self.timeout, self.transport.send(message)).await {
            Ok(outcome) => outcome.map(drop).map_err(|error| failure(&error)),
            Err(_) => Err(MailFailure::TimedOut),
        }
    }

    fn message(&self, now: OffsetDateTime, key: &str, to: &str, text: &str) -> Option<Message> {
        let (subject, body) = text.split_once('\n')?;
        let to: Address = to.parse().ok()?;
        // No machine answers to it.
        let is_automatic =
            HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        MessageBuilder::new()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject)
            .date(SystemTime::from(now))
            .message_id(Some(format!("<{key}@{}>", self.from.email.domain())))
            .raw_header(is_automatic)
            .singlepart(SinglePart::plain(body.trim_start().to_owned()))
            .ok()
    }
}

fn failure(error: &lettre::transport::smtp::Error) -> MailFailure {
    if error.is_timeout() {
        return MailFailure::TimedOut;
    }
    match error.status().map(u16::from) {
        Some(code @ (550 | 551 | 553)) => MailFailure::NoMailbox(code),
        Some(code) => MailFailure::Status(code),
        None if error.is_tls() => MailFailure::Tls,
        None if error.is_response() => MailFailure::Garbled,
        None if error.is_client() => MailFailure::NotOffered,
        None => MailFailure::Unreachable,
    }
}

fn is_on_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
pub(crate) mod tests;
