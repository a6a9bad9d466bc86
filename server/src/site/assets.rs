//! The built site, on disk or in the program itself: hashed bundles that never change, assets that may, both with
//! their compressed twins. What is there is listed once at the start; nothing else on disk can be fetched.

use std::fmt;
use std::path::{Path, PathBuf};

use app::Bundle;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use tower_http::services::{ServeDir, ServeFile};

use super::embedded::Embedded;

/// In bytes, on all usual file systems.
const LONGEST_NAME: usize = 255;
const MANIFEST: &str = "manifest.json";
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// Where a site is that is neither named nor in the program.
#[cfg(not(feature = "embedded-site"))]
const BUILT_BY_XTASK: &str = "target/site";

/// Where the built site is.
#[derive(Debug, Clone)]
pub enum Site {
    Directory(PathBuf),
    Embedded(Embedded),
}

impl fmt::Display for Site {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Site::Directory(directory) => write!(formatter, "{}", directory.display()),
            Site::Embedded(_) => formatter.write_str("this program"),
        }
    }
}

impl Site {
    /// The directory that the operator named, or else what the program was built with.
    pub fn of(site_dir: Option<&Path>) -> Self {
        match site_dir {
            Some(directory) => Site::Directory(directory.to_owned()),
            #[cfg(feature = "embedded-site")]
            None => Site::Embedded(Embedded::built()),
            #[cfg(not(feature = "embedded-site"))]
            None => Site::Directory(BUILT_BY_XTASK.into()),
        }
    }

    /// The names of the hashed files, as the build wrote them into `manifest.json`.
    ///
    /// # Errors
    /// When the site is not built.
    pub fn bundle(&self) -> std::io::Result<Bundle> {
        match self {
            Site::Directory(directory) => {
                let text = std::fs::read(directory.join(MANIFEST))?;
                serde_json::from_slice(&text).map_err(std::io::Error::other)
            }
            Site::Embedded(files) => {
                let text = files.get(MANIFEST).ok_or(std::io::ErrorKind::NotFound)?;
                serde_json::from_slice(text).map_err(std::io::Error::other)
            }
        }
    }

    /// Routes for everything in the built site. A directory that is not there gives no routes.
    ///
    /// # Errors
    /// When the directory exists and cannot be listed.
    pub fn router(&self) -> std::io::Result<Router> {
        let router = match self {
            Site::Directory(directory) => of_directory(directory)?,
            Site::Embedded(files) => of_program(files),
        };
        Ok(router.layer(middleware::from_fn(keep_in_caches)))
    }
}

fn of_directory(site_dir: &Path) -> std::io::Result<Router> {
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
        let Some(name) = name.to_str().filter(|name| is_for_everybody(name)) else { continue };
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
    Ok(router)
}

fn of_program(site: &Embedded) -> Router {
    let below = |directory: &str| {
        ServeDir::with_backend(directory, site.clone())
            .append_index_html_on_directories(false)
            .precompressed_br()
            .precompressed_gzip()
    };
    let served = site.top().into_iter().filter(|(name, _)| is_for_everybody(name));
    served.fold(Router::new(), |router, (name, is_directory)| {
        let path = format!("/{name}");
        match is_directory {
            true => router.nest_service(&path, below(name)),
            false => router.route_service(&path, below("")),
        }
    })
}

/// Whether what bears this name at the top of the site can be fetched.
fn is_for_everybody(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    let is_twin = name.ends_with(".br") || name.ends_with(".gz");
    plain && !is_twin && !name.starts_with('.') && name != MANIFEST
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

    const FILES: [(&str, &str); 8] = [
        ("pkg/beian.3f2a9c0b1d.js", "plain script"),
        ("pkg/beian.3f2a9c0b1d.js.br", "brotli"),
        ("pkg/beian.3f2a9c0b1d.js.gz", "gzip"),
        ("pkg/beian.css", "css"),
        ("favicon.svg", "<svg/>"),
        ("favicon.svg.gz", "small svg"),
        ("manifest.json", r#"{"css":"pkg/main-3c.css","kept":"pkg/kept-4d.js","parts":[]}"#),
        (".env", "secret"),
    ];

    fn built() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        let pkg = directory.path().join("pkg");
        std::fs::create_dir(&pkg).unwrap();
        std::fs::create_dir(directory.path().join(".secret")).unwrap();
        for (path, content) in FILES {
            std::fs::write(directory.path().join(path), content).unwrap();
        }
        directory
    }

    fn embedded() -> Site {
        Site::Embedded(
            FILES.into_iter().map(|(path, content)| (path.to_owned(), content.as_bytes())).collect(),
        )
    }

    /// The same site on disk and in the program.
    fn both() -> (tempfile::TempDir, [Site; 2]) {
        let directory = built();
        let on_disk = Site::Directory(directory.path().to_owned());
        (directory, [on_disk, embedded()])
    }

    async fn fetch(router: &Router, path: &str, encoding: &str) -> (StatusCode, http::HeaderMap, String) {
        let request =
            Request::get(path).header(header::ACCEPT_ENCODING, encoding).body(Body::empty()).unwrap();
        answer(router.clone(), request).await
    }

    async fn answer(router: Router, request: Request) -> (StatusCode, http::HeaderMap, String) {
        let response = router.oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned())
    }

    #[tokio::test]
    async fn hashed_bundles_stay_in_caches_and_come_in_their_compressed_twin() {
        let (_directory, sites) = both();
        for site in sites {
            let router = site.router().unwrap();
            for (encoding, body) in [("br, gzip", "brotli"), ("gzip", "gzip"), ("identity", "plain script")] {
                let (status, headers, got) = fetch(&router, "/pkg/beian.3f2a9c0b1d.js", encoding).await;
                assert_eq!((status, got.as_str()), (StatusCode::OK, body), "{site}");
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
    }

    #[tokio::test]
    async fn what_lies_in_the_program_is_answered_as_from_the_disk() {
        let (_directory, [on_disk, in_program]) = both();
        let (on_disk, in_program) = (on_disk.router().unwrap(), in_program.router().unwrap());
        let paths = [
            "/pkg/beian.3f2a9c0b1d.js",
            "/pkg/beian.3f2a9c0b1d.js.br",
            "/pkg/beian.3f2a9c0b1d.js/",
            "/pkg/beian.css",
            "/pkg",
            "/pkg/",
            "/pkg/none.js",
            "/pkg/../favicon.svg",
            "/pkg/%2e%2e/manifest.json",
            "/favicon.svg",
            "/favicon.svg/",
            "/favicon.svg.gz",
            "/manifest.json",
            "/.env",
            "/",
        ];
        // When a file was changed is the disk's own, and so is the tag that is made of it.
        let without_time = |mut headers: http::HeaderMap| {
            headers.remove(header::LAST_MODIFIED);
            headers.remove(header::ETAG);
            headers
        };
        for path in paths {
            for method in [http::Method::GET, http::Method::HEAD, http::Method::POST] {
                for (name, value) in [
                    (header::ACCEPT_ENCODING, "br, gzip"),
                    (header::ACCEPT_ENCODING, "gzip;q=0.5, identity"),
                    (header::ACCEPT_ENCODING, "identity"),
                    (header::RANGE, "bytes=2-4"),
                    (header::RANGE, "bytes=90-"),
                ] {
                    let ask = |router: &Router| {
                        let request =
                            Request::builder().method(method.clone()).uri(path).header(&name, value);
                        answer(router.clone(), request.body(Body::empty()).unwrap())
                    };
                    let (one, other) = (ask(&on_disk).await, ask(&in_program).await);
                    assert_eq!(
                        (one.0, without_time(one.1), one.2),
                        (other.0, without_time(other.1), other.2),
                        "{method} {path} {name}: {value}"
                    );
                }
            }
        }
    }

    #[tokio::test]
    async fn nothing_else_can_be_fetched() {
        let (directory, [on_disk, in_program]) = both();
        std::fs::write(directory.path().join("outside.txt"), "outside").unwrap();
        let pkg = Site::Directory(directory.path().join("pkg"));
        let routers = [pkg.router().unwrap().merge(on_disk.router().unwrap()), in_program.router().unwrap()];
        for router in routers {
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
    }

    #[test]
    fn a_site_that_is_not_built_has_no_routes_and_no_bundle() {
        let directory = tempfile::tempdir().unwrap();
        let none = Site::of(Some(&directory.path().join("none")));
        assert!(none.router().is_ok() && none.bundle().is_err());
        assert!(Site::Embedded(Embedded::default()).bundle().is_err());
        let (_directory, sites) = both();
        for site in sites {
            assert_eq!(site.bundle().unwrap().css, "pkg/main-3c.css");
        }
    }

    /// `make release` sets the feature; what it embeds is what `make build` left.
    #[cfg(feature = "embedded-site")]
    #[tokio::test]
    async fn what_was_built_lies_in_the_program() {
        let site = Site::of(None);
        assert_eq!(site.to_string(), "this program");
        let (css, router) = (site.bundle().unwrap().css, site.router().unwrap());
        let (status, headers, _) = fetch(&router, &format!("/{css}"), "br").await;
        assert_eq!(
            (status, &headers[header::CONTENT_ENCODING]),
            (StatusCode::OK, &HeaderValue::from_static("br"))
        );
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
