//! 长辈版 of a browser, so that it holds before somebody signs in and after.

use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use http::HeaderMap;
use time::Duration;

const NAME: &str = "elder";

/// Whether the browser wants large letters.
pub fn is_elder(headers: &HeaderMap) -> bool {
    CookieJar::from_headers(headers).get(NAME).is_some_and(|cookie| cookie.value() == "yes")
}

/// What tells the browser to want them, or not any more.
pub fn cookie(is_on: bool, tls: bool) -> Cookie<'static> {
    let (value, lasting) = if is_on { ("yes", Duration::days(365)) } else { ("", Duration::ZERO) };
    Cookie::build((NAME, value))
        .path("/")
        .http_only(true)
        .secure(tls)
        .same_site(SameSite::Lax)
        .max_age(lasting)
        .build()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn a_browser_is_told_and_tells_it_again() {
        let sent = |cookie: &Cookie<'_>| {
            let mut headers = HeaderMap::new();
            let told = format!("other=1; {}={}", cookie.name(), cookie.value());
            headers.insert(http::header::COOKIE, told.parse().unwrap());
            is_elder(&headers)
        };
        assert!(sent(&cookie(true, true)) && !sent(&cookie(false, true)) && !is_elder(&HeaderMap::new()));
        assert!(cookie(true, true).to_string().contains("Secure"));
        assert!(cookie(false, false).to_string().contains("Max-Age=0"));
    }
}
