//! The built site on disk: hashed bundles that never change, assets that may, both with their
//! compressed twins. What is there is listed once at the start; nothing else on disk can be fetched.

use std::path::Path;

use app::Bundle;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use tower_http::services::{ServeDir, ServeFile};

/// In bytes, on all usual file systems.
const LONGEST_NAME: usize = 255;
const MANIFEST: &str = "manifest.json";
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// Routes for everything in the built site. A directory that is not there gives no routes.
///
/// # Errors
/// When the directory exists and cannot be listed.
pub fn router(site_dir: &Path) -> std::io::Result<Router> {
    let mut router = Router::new();
    let entries = match std::fs::read_dir(site_dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            tracing::warn!(directory = %site_dir.display(), "the site is not built");
            return Ok(router);
        }
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        let is_twin = name.ends_with(".br") || name.ends_with(".gz");
        if !plain || is_twin || name.starts_with('.') || name == MANIFEST {
            continue;
        }
        let path = format!("/{name}");
        router = if entry.file_type()?.is_dir() {
            let files = ServeDir::new(entry.path())
                .append_index_html_on_directories(false)
                .precompressed_br()
                .precompressed_gzip();
            router.nest_service(&path, files)
        } else {
            let file = ServeFile::new(entry.path()).precompressed_br().precompressed_gzip();
            router.route_service(&path, file)
        };
    }
    Ok(router.layer(middleware::from_fn(keep_in_caches)))
}

/// The names of the hashed files, as the build wrote them into `manifest.json`.
///
/// # Errors
/// When the site is not built.
pub fn bundle(site_dir: &Path) -> std::io::Result<Bundle> {
    let text = std::fs::read_to_string(site_dir.join(MANIFEST))?;
    serde_json::from_str(&text).map_err(std::io::Error::other)
}

async fn keep_in_caches(request: Request, next: Next) -> Response {
    // The file system would call it a fault of its own.
    if request.uri().path().split('/').any(|part| part.len() > LONGEST_NAME) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let hashed = request.uri().path().rsplit('/').next().is_some_and(is_hashed);
    let mut response = next.run(request).await;
    let found = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    if found {
        let value = if hashed { FOREVER } else { ASK_AGAIN };
        response.headers_mut().insert(header::CACHE_CONTROL, value);
    }
    response
}

/// Whether the name holds a hash of the content, as in `beian.3f2a9c0b1d.wasm` or `main-3f2a9c0b1d.css`.
fn is_hashed(name: &str) -> bool {
    let Some((stem, _extension)) = name.rsplit_once('.') else { return false };
    let Some((_, hash)) = stem.rsplit_once(['.', '-']) else { return false };
    hash.len() >= 8
        && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && hash.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use axum::body::Body;
    use tower::ServiceExt as _;

    fn built() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        let pkg = directory.path().join("pkg");
        std::fs::create_dir(&pkg).unwrap();
        std::fs::create_dir(directory.path().join(".secret")).unwrap();
        for (path, content) in [
            ("pkg/beian.3f2a9c0b1d.js", "plain script"),
            ("pkg/beian.3f2a9c0b1d.js.br", "brotli"),
            ("pkg/beian.3f2a9c0b1d.js.gz", "gzip"),
            ("pkg/beian.css", "css"),
            ("favicon.svg", "<svg/>"),
            ("manifest.json", r#"{"css":"pkg/main-3c.css","kept":"pkg/kept-4d.js","parts":[]}"#),
            (".env", "secret"),
        ] {
            std::fs::write(directory.path().join(path), content).unwrap();
        }
        directory
    }

    async fn fetch(router: &Router, path: &str, encoding: &str) -> (StatusCode, http::HeaderMap, String) {
        let request =
            Request::get(path).header(header::ACCEPT_ENCODING, encoding).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned())
    }

    #[tokio::test]
    async fn hashed_bundles_stay_in_caches_and_come_in_their_compressed_twin() {
        let directory = built();
        let router = router(directory.path()).unwrap();
        for (encoding, body) in [("br, gzip", "brotli"), ("gzip", "gzip"), ("identity", "plain script")] {
            let (status, headers, got) = fetch(&router, "/pkg/beian.3f2a9c0b1d.js", encoding).await;
            assert_eq!((status, got.as_str()), (StatusCode::OK, body));
            assert_eq!(headers[header::CACHE_CONTROL], FOREVER);
            assert!(headers[header::CONTENT_TYPE].to_str().unwrap().contains("javascript"));
        }
        // Finding 17.
        let (status, _, _) = fetch(&router, &format!("/pkg/{}", "a".repeat(8000)), "identity").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let (_, headers, _) = fetch(&router, "/pkg/beian.css", "identity").await;
        assert_eq!(headers[header::CACHE_CONTROL], ASK_AGAIN);
        let (status, headers, _) = fetch(&router, "/favicon.svg", "identity").await;
        assert_eq!((status, &headers[header::CACHE_CONTROL]), (StatusCode::OK, &ASK_AGAIN));
    }

    #[tokio::test]
    async fn nothing_else_on_disk_can_be_fetched() {
        let directory = built();
        std::fs::write(directory.path().join("outside.txt"), "outside").unwrap();
        let router = router(&directory.path().join("pkg")).unwrap().merge(router(directory.path()).unwrap());
        for path in [
            "/manifest.json",
            "/.env",
            "/pkg/../.env",
            "/pkg/%2e%2e/.env",
            "/pkg/..%2f.env",
            "/pkg",
            "/pkg/",
            "/pkg/none.3f2a9c0b1d.js",
        ] {
            let (status, headers, body) = fetch(&router, path, "identity").await;
            assert!(status.is_client_error() || status.is_redirection(), "{path}: {status}");
            assert_ne!(headers.get(header::CACHE_CONTROL), Some(&FOREVER), "{path}");
            assert!(!body.contains("secret"), "{path}");
        }
    }

    #[test]
    fn a_site_that_is_not_built_has_no_routes_and_no_bundle() {
        let directory = tempfile::tempdir().unwrap();
        assert!(router(&directory.path().join("none")).is_ok());
        assert!(bundle(&directory.path().join("none")).is_err());
        assert_eq!(bundle(built().path()).unwrap().css, "pkg/main-3c.css");
    }

    #[test]
    fn only_names_with_a_hash_count_as_hashed() {
        for name in ["beian.3f2a9c0b1d.js", "main-AbCd1234.css", "beian_bg.0Az_9xYw.wasm"] {
            assert!(is_hashed(name), "{name}");
        }
        for name in ["beian.js", "beian.min.js", "favicon.svg", "noto-sans-regular.woff2", "LICENSE"] {
            assert!(!is_hashed(name), "{name}");
        }
    }
}
