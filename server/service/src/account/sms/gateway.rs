//! Hands a text message to whoever delivers it: nobody but the page /dev/outbox (development), or an
//! HTTP gateway. // R72
//!
//! The contract of the HTTP gateway: `POST` of JSON `{"idempotency_key", "mobile", "template", "text"}` with
//! the headers `X-Timestamp` (Unix seconds) and `X-Signature: sha256=<hex>`, the HMAC-SHA-256 of
//! `<timestamp>.<body>` under the shared secret. It answers 2xx with JSON `{"accepted": true}`;
//! anything else counts as not sent. A message whose fate is not known is handed over again with the same
//! key: the gateway sends one per key. It should refuse timestamps older than a few minutes, so that a
//! recorded request is of no use.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, StatusCode, Url, header, redirect};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// More than any answer of the contract; the rest is not read.
const MAX_ANSWER: usize = 16 * 1024;

const SHORTEST_SECRET: usize = 16;

/// Where messages go. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Gateway {
    /// Nowhere: the stored message, which /dev/outbox shows, is the delivery.
    Outbox,
    Http(HttpGateway),
}

/// Made by [`Gateway::http`].
#[derive(Clone)]
pub struct HttpGateway {
    client: Client,
    url: Url,
    template: String,
    secret: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for HttpGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the secret nor the path, in which some gateways want a token.
        f.debug_struct("HttpGateway").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

/// Why a gateway cannot be set up; found at start.
#[derive(Debug, thiserror::Error)]
pub enum GatewaySetup {
    #[error("the address of the SMS gateway is not a URL")]
    Address,
    #[error("the SMS gateway must be reached by https, or be on this machine")]
    Unencrypted,
    #[error("the secret of the SMS gateway is shorter than 16 bytes")]
    Secret,
    #[error("the HTTP client of the SMS gateway cannot be made")]
    Client(#[source] reqwest::Error),
}

/// Why a message was not handed over. Never contains the number, the text or the address.
#[derive(Debug, thiserror::Error)]
pub enum GatewayFailure {
    #[error("the SMS gateway cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// It may have been sent all the same.
    #[error("the SMS gateway did not answer in time")]
    TimedOut,
    #[error("the SMS gateway answered {0}")]
    Status(StatusCode),
    #[error("the SMS gateway did not accept the message")]
    NotAccepted,
    #[error("the SMS gateway's answer is not understood")]
    Garbled,
}

#[derive(Serialize)]
struct Message<'a> {
    idempotency_key: &'a str,
    mobile: &'a str,
    template: &'a str,
    text: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    accepted: bool,
}

impl Gateway {
    /// A gateway at `url`. `template` is the name under which it has the text approved; `timeout` is
    /// for the whole exchange.
    pub fn http(url: &str, template: &str, secret: &[u8], timeout: Duration) -> Result<Self, GatewaySetup> {
        let url = Url::parse(url).map_err(|_| GatewaySetup::Address)?;
        if url.scheme() != "https" && !(url.scheme() == "http" && is_on_this_machine(&url)) {
            return Err(GatewaySetup::Unencrypted);
        }
        if secret.len() < SHORTEST_SECRET {
            return Err(GatewaySetup::Secret);
        }
        // The client wants a process-wide provider; if the server has set one, that one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .timeout(timeout)
            .connect_timeout(timeout)
            // A redirect would carry number and code to someone else.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|failure| GatewaySetup::Client(failure.without_url()))?;
        let secret = Zeroizing::new(secret.to_vec());
        Ok(Gateway::Http(HttpGateway { client, url, template: template.to_owned(), secret }))
    }

    /// Whether somebody answers at the address, whatever it is: nothing is sent, so nothing else can be known.
    ///
    /// # Errors
    /// When nobody answers, or not in time.
    pub async fn try_out(&self) -> Result<(), GatewayFailure> {
        match self {
            Gateway::Outbox => Ok(()),
            Gateway::Http(gateway) => {
                gateway.client.head(gateway.url.clone()).send().await.map(drop).map_err(failure)
            }
        }
    }

    /// Hands one message over; `now` goes into the signature. Tries once; `key` is the same each time the
    /// message is tried.
    pub async fn send(
        &self,
        now: OffsetDateTime,
        key: &str,
        mobile: &str,
        text: &str,
    ) -> Result<(), GatewayFailure> {
        match self {
            Gateway::Outbox => Ok(()),
            Gateway::Http(gateway) => gateway.send(now, key, mobile, text).await,
        }
    }
}

impl HttpGateway {
    async fn send(
        &self,
        now: OffsetDateTime,
        key: &str,
        mobile: &str,
        text: &str,
    ) -> Result<(), GatewayFailure> {
        let message = Message { idempotency_key: key, mobile, template: &self.template, text };
        let body = serde_json::to_vec(&message).map_err(|_| GatewayFailure::Garbled)?;
        let timestamp = now.unix_timestamp().to_string();
        let mut answer = self
            .client
            .post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-signature", signature(&self.secret, &timestamp, &body))
            .header("x-timestamp", timestamp)
            .body(body)
            .send()
            .await
            .map_err(failure)?;
        if !answer.status().is_success() {
            return Err(GatewayFailure::Status(answer.status()));
        }
        let mut said = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(failure)? {
            said.extend_from_slice(&piece);
            if said.len() > MAX_ANSWER {
                return Err(GatewayFailure::Garbled);
            }
        }
        match serde_json::from_slice(&said) {
            Ok(Answer { accepted: true }) => Ok(()),
            Ok(Answer { accepted: false }) => Err(GatewayFailure::NotAccepted),
            Err(_) => Err(GatewayFailure::Garbled),
        }
    }
}

fn failure(failure: reqwest::Error) -> GatewayFailure {
    if failure.is_timeout() {
        GatewayFailure::TimedOut
    } else {
        GatewayFailure::Unreachable(failure.without_url())
    }
}

/// `sha256=` and the HMAC of `<timestamp>.<body>` in hexadecimal.
fn signature(secret: &[u8], timestamp: &str, body: &[u8]) -> String {
    // HMAC takes a key of any length; were that to change, an empty signature is refused over there.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

fn is_on_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use time::macros::datetime;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::JoinHandle;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-03-01 04:00 UTC);
    const SECRET: &[u8] = b"a secret for the tests";

    /// Reads one request: its head in small letters, and its body.
    async fn request(stream: &mut TcpStream) -> (String, Vec<u8>) {
        let mut read = Vec::new();
        loop {
            let mut piece = [0; 4096];
            let length = stream.read(&mut piece).await.unwrap();
            assert_ne!(length, 0, "the request broke off");
            read.extend_from_slice(&piece[..length]);
            let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = String::from_utf8(read[..end].to_vec()).unwrap().to_lowercase();
            let (_, length) = head.split_once("content-length: ").unwrap();
            let length: usize = length.lines().next().unwrap().trim().parse().unwrap();
            if read.len() == end + 4 + length {
                return (head, read[end + 4..].to_vec());
            }
        }
    }

    /// A server that reads one request, answers with these bytes and hands the request over.
    async fn answering(answer: Vec<u8>) -> (String, JoinHandle<(String, Vec<u8>)>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/send?token=private", listener.local_addr().unwrap());
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = request(&mut stream).await;
            let _ = stream.write_all(&answer).await;
            let _ = stream.shutdown().await;
            request
        });
        (url, served)
    }

    fn http(status: &str, body: &str) -> Vec<u8> {
        format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nlocation: http://127.0.0.1:9/\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    fn gateway(url: &str) -> Gateway {
        Gateway::http(url, "code-1", SECRET, Duration::from_secs(5)).unwrap()
    }

    #[tokio::test]
    async fn an_accepted_message_was_sent_once_and_signed() {
        let (url, served) = answering(http("200 OK", r#"{"accepted":true,"id":"17"}"#)).await;
        gateway(&url).send(NOW, "key-1", "13800138000", "验证码 012345，5分钟内有效").await.unwrap();
        let (head, body) = served.await.unwrap();
        assert!(head.starts_with("post /send?token=private http/1.1"));
        let said: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            said,
            serde_json::json!({
                "idempotency_key": "key-1", "mobile": "13800138000", "template": "code-1", "text": "验证码 012345，5分钟内有效"
            })
        );
        let timestamp = NOW.unix_timestamp().to_string();
        assert!(head.contains(&format!("x-timestamp: {timestamp}")));
        assert!(head.contains(&format!("x-signature: {}", signature(SECRET, &timestamp, &body))));
    }

    #[test]
    fn the_signature_agrees_with_another_implementation() {
        // Python: hmac.new(b"a secret for the tests", b'1772337600.{"a":1}', "sha256").hexdigest()
        assert_eq!(
            signature(SECRET, "1772337600", br#"{"a":1}"#),
            "sha256=f5b22a69f91786f2496055f7c1506c669eaae70fbab4905e8d874f55de8d5a28"
        );
        assert_ne!(signature(SECRET, "1772337600", b"x"), signature(SECRET, "1772337601", b"x"));
    }

    #[tokio::test]
    async fn a_wrong_answer_is_a_failure_and_never_taken_for_sent() {
        for (answer, expected) in [
            (
                http("500 Internal Server Error", r#"{"accepted":true}"#),
                "the SMS gateway answered 500 Internal Server Error",
            ),
            (http("401 Unauthorized", ""), "the SMS gateway answered 401 Unauthorized"),
            (http("429 Too Many Requests", ""), "the SMS gateway answered 429 Too Many Requests"),
            (http("302 Found", ""), "the SMS gateway answered 302 Found"),
            (http("200 OK", r#"{"accepted":false}"#), "the SMS gateway did not accept the message"),
            (http("200 OK", "<html>please log in</html>"), "the SMS gateway's answer is not understood"),
            (http("200 OK", "{}"), "the SMS gateway's answer is not understood"),
            (http("204 No Content", ""), "the SMS gateway's answer is not understood"),
            (http("200 OK", &" ".repeat(MAX_ANSWER + 1)), "the SMS gateway's answer is not understood"),
            (b"SSH-2.0-OpenSSH_9\r\n".to_vec(), "the SMS gateway cannot be reached"),
            (
                b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"accepted\":true}".to_vec(),
                "the SMS gateway cannot be reached",
            ),
            (Vec::new(), "the SMS gateway cannot be reached"),
        ] {
            let (url, served) = answering(answer.clone()).await;
            let failure = gateway(&url).send(NOW, "key-1", "13800138000", "secret words").await.unwrap_err();
            assert_eq!(failure.to_string(), expected, "{}", String::from_utf8_lossy(&answer));
            let shown = format!("{failure:?}");
            assert!(
                !["13800138000", "secret words", "private"].iter().any(|private| shown.contains(private)),
                "{shown}"
            );
            served.await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_gateway_that_answers_too_late_times_out() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        for answers_in_part in [false, true] {
            let gateway = Gateway::http(&url, "t", SECRET, Duration::from_millis(200)).unwrap();
            let serve = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                request(&mut stream).await;
                if answers_in_part {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"acc").await.unwrap();
                }
                stream // kept open
            };
            let (sent, _stream) = tokio::join!(gateway.send(NOW, "key-1", "13800138000", "x"), serve);
            assert!(matches!(sent, Err(GatewayFailure::TimedOut)), "{sent:?}");
        }
    }

    #[tokio::test]
    async fn a_gateway_that_is_not_there_is_unreachable() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/?token=private", listener.local_addr().unwrap());
        drop(listener);
        let failure = gateway(&url).send(NOW, "key-1", "13800138000", "x").await.unwrap_err();
        assert!(matches!(failure, GatewayFailure::Unreachable(_)));
        assert!(!format!("{failure:?}").contains("private"));
        let failure = gateway(&url).try_out().await.unwrap_err();
        assert!(
            matches!(failure, GatewayFailure::Unreachable(_)) && !format!("{failure:?}").contains("private")
        );
    }

    #[tokio::test]
    async fn a_gateway_that_is_tried_out_gets_no_message() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut read = vec![0; 4096];
            let length = stream.read(&mut read).await.unwrap();
            stream.write_all(b"HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            String::from_utf8_lossy(&read[..length]).to_lowercase()
        });
        gateway(&url).try_out().await.unwrap();
        let said = served.await.unwrap();
        assert!(said.starts_with("head / ") && !said.contains("x-signature"), "{said}");
    }

    #[tokio::test]
    async fn the_outbox_takes_every_message() {
        Gateway::Outbox.send(NOW, "key-1", "13800138000", "x").await.unwrap();
    }

    #[test]
    fn codes_are_never_sent_in_the_clear_to_another_machine() {
        let setup = |url: &str| Gateway::http(url, "t", SECRET, Duration::from_secs(1));
        for url in
            ["https://sms.example.cn/send", "http://127.0.0.1:8080", "http://localhost/", "http://[::1]:80/"]
        {
            assert!(setup(url).is_ok(), "{url}");
        }
        for url in
            ["http://sms.example.cn/", "http://10.0.0.1/", "ftp://localhost/", "http://localhost.example.cn/"]
        {
            assert!(matches!(setup(url), Err(GatewaySetup::Unencrypted)), "{url}");
        }
        assert!(matches!(setup("sms"), Err(GatewaySetup::Address)));
        let short = Gateway::http("https://sms.example.cn/", "t", b"short", Duration::from_secs(1));
        assert!(matches!(short, Err(GatewaySetup::Secret)));
    }

    #[test]
    fn debug_output_shows_neither_secret_nor_token() {
        let shown = format!("{:?}", gateway("https://sms.example.cn/send?token=private"));
        assert_eq!(shown, r#"Http(HttpGateway { host: Some("sms.example.cn"), .. })"#);
    }
}
