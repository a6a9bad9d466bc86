//! The HTTP client that openidconnect is given.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use url::Url;

const MAX_ANSWER: usize = 1024 * 1024;

/// openidconnect's requests through our own client: no redirects, time and size bounded.
pub(super) struct HttpClient {
    client: reqwest::Client,
    /// Addresses that begin with the issuer go to this socket instead.
    embedded: Option<(Url, SocketAddr)>,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum HttpFailure {
    #[error(transparent)]
    Request(#[from] reqwest::Error),
    #[error(transparent)]
    Message(#[from] http::Error),
    #[error("the address is not valid")]
    Address,
    #[error("the answer is too long")]
    TooLong,
}

impl HttpClient {
    pub fn new(embedded: Option<(Url, SocketAddr)>) -> Result<Self, reqwest::Error> {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(std::time::Duration::from_secs(5))
            .timeout(std::time::Duration::from_secs(10));
        if embedded.is_some() {
            builder = builder.no_proxy();
        }
        Ok(Self { client: builder.build()?, embedded })
    }

    fn address(&self, asked: &http::Uri) -> Result<Url, HttpFailure> {
        let mut url = Url::parse(&asked.to_string()).map_err(|_| HttpFailure::Address)?;
        if let Some((issuer, addr)) = &self.embedded
            && url.origin() == issuer.origin()
            && url.path().starts_with(issuer.path())
        {
            url.set_scheme("http").map_err(|()| HttpFailure::Address)?;
            url.set_ip_host(addr.ip()).map_err(|()| HttpFailure::Address)?;
            url.set_port(Some(addr.port())).map_err(|()| HttpFailure::Address)?;
        }
        Ok(url)
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
        let (parts, body) = request.into_parts();
        let url = self.address(&parts.uri)?;
        let mut answer =
            self.client.request(parts.method, url).headers(parts.headers).body(body).send().await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if bytes.len() + chunk.len() > MAX_ANSWER {
                return Err(HttpFailure::TooLong);
            }
            bytes.extend_from_slice(&chunk);
        }
        let mut response = http::Response::builder().status(answer.status()).body(bytes)?;
        *response.headers_mut() = answer.headers().clone();
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for HttpClient {
    type Error = HttpFailure;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpFailure>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn only_the_issuers_own_addresses_go_to_the_embedded_provider() {
        let issuer = Url::parse("https://beian.example.cn/idp").unwrap();
        let http = HttpClient { client: client(), embedded: Some((issuer, ([127, 0, 0, 1], 3000).into())) };
        let address = |asked: &str| http.address(&asked.parse().unwrap()).unwrap().to_string();
        assert_eq!(address("https://beian.example.cn/idp/jwks"), "http://127.0.0.1:3000/idp/jwks");
        assert_eq!(address("https://beian.example.cn/other"), "https://beian.example.cn/other");
        assert_eq!(address("https://id.example.cn/idp/jwks"), "https://id.example.cn/idp/jwks");
    }

    fn client() -> reqwest::Client {
        crate::tls::install_crypto();
        reqwest::Client::new()
    }
}
