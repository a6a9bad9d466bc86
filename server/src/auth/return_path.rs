//! Addresses within this site to which somebody comes back after signing in.

use domain::route;
use url::Url;

/// The address that begins a sign-in and comes back to `next`.
pub fn login_path(next: &str) -> String {
    match local_path(next) {
        path if path == "/" => route::LOGIN.into(),
        path => {
            let query: String =
                url::form_urlencoded::Serializer::new(String::new()).append_pair("next", &path).finish();
            format!("{}?{query}", route::LOGIN)
        }
    }
}

/// The address within this site that `next` means, `/` for anything else: whoever signs in must not be
/// sent to a foreign site, nor straight back into signing in.
pub fn local_path(next: &str) -> String {
    let home = || "/".to_owned();
    let plain = next.len() <= 2048
        && next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.chars().any(char::is_control);
    if !plain {
        return home();
    }
    let Ok(here) = Url::parse("http://here.invalid") else { return home() };
    match here.join(next) {
        Ok(url) if url.origin() == here.origin() => {
            let path = url.path();
            // `/./…//evil` becomes a path with two slashes in front only now.
            if path.starts_with("//") || path.starts_with("/auth/") || path.starts_with("/idp/") {
                return home();
            }
            let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
            let fragment = url.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
            format!("{path}{query}{fragment}")
        }
        _ => home(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn nobody_is_sent_to_a_foreign_site_after_signing_in() {
        for hostile in [
            "",
            "evil.example",
            "https://evil.example/",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/path\r\nSet-Cookie: a=b",
            "/.//evil.example",
            "/./..//evil.example",
            "javascript:alert(1)",
            "/auth/login?next=/auth/login",
            "/auth/logout",
            "/idp/authorize",
            " /evil",
        ] {
            assert_eq!(local_path(hostile), "/", "{hostile:?}");
        }
        assert_eq!(local_path(&format!("/{}", "a".repeat(3000))), "/");
    }

    #[test]
    fn an_address_of_our_own_is_kept_whole() {
        for (next, path) in [
            ("/", "/"),
            ("/website/new/step/2?draft=1#f-name", "/website/new/step/2?draft=1#f-name"),
            ("/查询?q=示例", "/%E6%9F%A5%E8%AF%A2?q=%E7%A4%BA%E4%BE%8B"),
            ("/filings?next=https://example.cn", "/filings?next=https://example.cn"),
        ] {
            assert_eq!(local_path(next), path);
        }
        assert_eq!(login_path("/a?b=c&d"), "/auth/login?next=%2Fa%3Fb%3Dc%26d");
        assert_eq!(login_path("//evil"), "/auth/login");
    }
}
