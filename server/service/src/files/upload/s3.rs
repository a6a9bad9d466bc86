//! A bucket of a store that speaks S3, as the place of files. Nothing is ever presigned and nothing made public: files
//! come and go through this program alone, sealed.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, Checksum};
use object_store::path::Path as Name;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use url::Url;

use super::failure::StoreError;
use super::place::Place;

/// A first try that failed is followed by others within the patience, but by no more than so many.
const TRIES_AGAIN: usize = 6;

/// How the bucket is reached.
#[derive(Debug, Clone, Copy)]
pub struct S3Server<'a> {
    /// Scheme, host and port, without the bucket.
    pub endpoint: &'a Url,
    pub bucket: &'a str,
    pub region: &'a str,
    /// In front of all names, where the bucket holds other things as well.
    pub prefix: Option<&'a str>,
    pub access_key: &'a str,
    pub secret_key: &'a str,
    /// The bucket is a part of the host's name and not of the path.
    pub is_virtual_hosted: bool,
    pub connect_timeout: Duration,
    /// For one try.
    pub request_timeout: Duration,
    /// For all of them together: whoever waits for a page is told before it would give up.
    pub patience: Duration,
}

/// # Errors
/// When no client can be made; the store is not asked.
pub(super) fn place(server: &S3Server<'_>) -> Result<Place, StoreError> {
    let is_open = server.endpoint.scheme() == "http";
    let options = ClientOptions::new()
        .with_allow_http(is_open)
        .with_connect_timeout(server.connect_timeout)
        .with_timeout(server.request_timeout)
        .with_pool_idle_timeout(Duration::from_secs(30));
    let retry = RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(2),
            base: 2.0,
        },
        max_retries: TRIES_AGAIN,
        retry_timeout: server.patience,
    };
    let store = AmazonS3Builder::new()
        .with_endpoint(endpoint(server))
        .with_bucket_name(server.bucket)
        .with_region(server.region)
        .with_access_key_id(server.access_key)
        .with_secret_access_key(server.secret_key)
        .with_virtual_hosted_style_request(server.is_virtual_hosted)
        // The store refuses what did not come whole, beside the hash that is signed.
        .with_checksum_algorithm(Checksum::SHA256)
        // Not every store that speaks S3 knows it.
        .with_disable_bulk_delete(true)
        .with_client_options(options)
        .with_retry(retry)
        .build()?;
    let objects: Arc<dyn ObjectStore> = match server.prefix {
        Some(prefix) => Arc::new(PrefixStore::new(store, Name::from(prefix))),
        None => Arc::new(store),
    };
    Ok(Place::over(objects, Some(server.patience)))
}

fn endpoint(server: &S3Server<'_>) -> String {
    let address = server.endpoint.as_str().trim_end_matches('/');
    match address.split_once("://") {
        Some((scheme, rest)) if server.is_virtual_hosted => format!("{scheme}://{}.{rest}", server.bucket),
        Some(_) | None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests;
