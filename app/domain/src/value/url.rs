//! Web addresses. Only http and https are taken, so that a stored address is always safe to link.

use super::text::{clean_line, half_width_char, tidy};
use super::{domain_name, ip};

const MAX: usize = 2048;

/// An http or https address. The scheme and the host are stored in lower case, the host in its
/// ASCII form, the rest as typed, with what does not stand in an address percent-encoded as browsers do
/// (WHATWG URL), and `|` and `{}` in questions too (RFC 3986).
pub fn check_http_url(text: &str) -> Result<String, &'static str> {
    let url = with_half_width_head(&clean_line(text)?);
    if url.is_empty() {
        return Err("请填写网址，例如 https://www.example.cn");
    }
    let parts = parts(&url)?;
    let host = check_host(parts.host)?;
    let port = check_port(parts.port)?;
    let rest = encoded(parts.rest)?;
    let url = format!("{}://{host}{port}{rest}", parts.scheme);
    if url.len() > MAX { Err("网址过长，不能超过 2048 个字符") } else { Ok(url) }
}

/// A web address of a text that only lacks its scheme: nearly every site has https. Nothing where it is one
/// already, or would be none all the same.
pub fn meant(text: &str) -> Option<String> {
    let text = with_half_width_head(tidy(text).trim());
    let rest = text.strip_prefix("//").unwrap_or(&text);
    let whole = format!("https://{rest}");
    (!rest.contains("://") && check_http_url(&whole).is_ok()).then_some(whole)
}

/// Up to the path, full-width signs are a keyboard left in Chinese; after that they may be meant.
pub(super) fn with_half_width_head(url: &str) -> String {
    let mut head = String::with_capacity(url.len());
    let mut chars = url.chars();
    for c in chars.by_ref().map(half_width_char) {
        head.push(c);
        if matches!(c, '/' | '?' | '#') && head.contains("://") && !head.ends_with("://") {
            break;
        }
    }
    head + chars.as_str()
}

pub(super) struct Parts<'a> {
    scheme: &'static str,
    pub(super) host: &'a str,
    port: Option<&'a str>,
    rest: &'a str,
}

/// Cuts an address apart without judging host, port and rest.
pub(super) fn parts(url: &str) -> Result<Parts<'_>, &'static str> {
    let Some((scheme, after)) = url.split_once("://") else {
        return Err("网址请以 http:// 或 https:// 开头，例如 https://www.example.cn");
    };
    let scheme = if scheme.eq_ignore_ascii_case("https") {
        "https"
    } else if scheme.eq_ignore_ascii_case("http") {
        "http"
    } else {
        return Err("网址只能以 http:// 或 https:// 开头");
    };
    let (authority, rest) = after.split_at(after.find(['/', '?', '#', '\\']).unwrap_or(after.len()));
    if authority.contains('@') {
        return Err("网址中不要带用户名和密码");
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(_) => {
            let (host, port) = authority.split_at(authority.find(']').map_or(authority.len(), |at| at + 1));
            (host, if port.is_empty() { None } else { Some(port.strip_prefix(':').unwrap_or(port)) })
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    Ok(Parts { scheme, host, port, rest })
}

/// The host of an http or https address in ASCII form; `None` for an IP address.
pub fn host_of_url(url: &str) -> Option<String> {
    let url = with_half_width_head(tidy(url).trim());
    parts(&url).ok().and_then(|parts| domain_name::check_domain(parts.host).ok())
}

fn check_host(host: &str) -> Result<String, &'static str> {
    if host.is_empty() {
        return Err("网址中缺少域名，例如 https://www.example.cn");
    }
    let is_bracketed = host.starts_with('[');
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if ip::parse_address(bare).is_some() {
        let address = ip::check_ip_or_range(bare, true)?;
        return Ok(if address.contains(':') { format!("[{address}]") } else { address });
    }
    if is_bracketed {
        return Err("网址方括号中的 IPv6 地址不正确");
    }
    if host.contains(' ') {
        return Err("网址中不能有空格");
    }
    domain_name::check_domain(host)
}

/// The port with its colon, or nothing.
fn check_port(port: Option<&str>) -> Result<String, &'static str> {
    let Some(port) = port else { return Ok(String::new()) };
    match port.parse::<u16>() {
        Ok(number) if number > 0 && !port.starts_with('+') => Ok(format!(":{number}")),
        Ok(_) | Err(_) => Err("网址中的端口号应为 1 至 65535 的数字"),
    }
}

fn encoded(rest: &str) -> Result<String, &'static str> {
    let mut encoded = String::with_capacity(rest.len());
    for c in rest.chars() {
        match c {
            ' ' => return Err("网址中不能有空格，每行只填一个网址"),
            '\\' => return Err("网址中的“\\”请改为“/”"),
            '\0'..='\u{7f}' if !matches!(c, '"' | '<' | '>' | '^' | '`' | '{' | '|' | '}') => encoded.push(c),
            other => {
                let mut buffer = [0; 4];
                for byte in other.encode_utf8(&mut buffer).bytes() {
                    encoded.push_str(&format!("%{byte:02X}"));
                }
            }
        }
    }
    Ok(encoded)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_host_of_an_address_is_found() {
        assert_eq!(host_of_url("https://www.Example.cn:8443/a?b#c").as_deref(), Some("www.example.cn"));
        assert_eq!(host_of_url("http://中文.cn").as_deref(), Some("xn--fiq228c.cn"));
        assert_eq!(host_of_url("http://1.2.4.8/"), None);
        assert_eq!(host_of_url("example.cn"), None);
        assert_eq!(host_of_url("https://good.cn@evil.cn/"), None);
    }

    #[test]
    fn addresses_are_stored_in_one_form() {
        for (text, expect) in [
            ("https://www.example.cn", "https://www.example.cn"),
            (" HTTPS://WWW.Example.CN/Path?Q=1#top ", "https://www.example.cn/Path?Q=1#top"),
            ("http://example.cn:8080/", "http://example.cn:8080/"),
            ("https://中文.cn/路径", "https://xn--fiq228c.cn/%E8%B7%AF%E5%BE%84"),
            ("http://1.2.4.8/a", "http://1.2.4.8/a"),
            ("http://[2400:3200:0::1]:80/", "http://[2400:3200::1]:80/"),
            ("https://example.cn/a%20b", "https://example.cn/a%20b"),
            // Case V9.
            ("https://www.example.cn/?q={a}", "https://www.example.cn/?q=%7Ba%7D"),
            ("https://www.example.cn/?a=1|2", "https://www.example.cn/?a=1%7C2"),
            (
                "https://www.example.cn/a?b=<c>^`\"d\"#[e]",
                "https://www.example.cn/a?b=%3Cc%3E%5E%60%22d%22#[e]",
            ),
            ("https://www.example.cn／a", "https://www.example.cn/a"),
            ("https：／／www.example.cn？q=１", "https://www.example.cn?q=%EF%BC%91"),
            (
                "ｈｔｔｐｓ：／／ｗｗｗ．ｅｘａｍｐｌｅ．ｃｎ：８４４３／Ａ",
                "https://www.example.cn:8443/%EF%BC%A1",
            ),
            ("\u{2068}https://www.example.cn/\u{2069}", "https://www.example.cn/"),
        ] {
            assert_eq!(check_http_url(text).as_deref(), Ok(expect), "{text}");
        }
    }

    #[test]
    fn each_mistake_has_its_own_sentence() {
        let long = format!("https://example.cn/{}", "a".repeat(2048));
        for (text, part) in [
            ("", "请填写"),
            ("www.example.cn", "http://"),
            ("ftp://example.cn", "只能"),
            ("javascript://example.cn/%0aalert(1)", "只能"),
            ("javascript:alert(1)", "http://"),
            ("https://", "缺少域名"),
            ("https://me:secret@example.cn", "用户名"),
            ("https://example", "两段"),
            ("https://example.cn:0/", "端口"),
            ("https://example.cn:65536/", "端口"),
            ("https://example.cn:80:80/", "端口"),
            ("https://exam ple.cn/", "空格"),
            ("https://example.cn/a b", "空格"),
            ("https://example.cn\\@evil.cn", "\\"),
            ("https://example.cn/a\\b", "\\"),
            ("https://www.example.cn＠evil.cn/", "用户名"),
            ("http://127.0.0.1/", "本机"),
            ("http://192.168.1.1/", "内网"),
            ("http://[::1]/", "本机"),
            ("http://[zz]/", "IPv6"),
            ("http://2130706433/", "两段"),
            ("http://127.1/", "后缀"),
            ("http://0x7f.0x1/", "后缀"),
            (&long, "2048"),
        ] {
            let sentence = check_http_url(text).expect_err(text);
            assert!(sentence.contains(part), "{text}: {sentence}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_ascii_and_stays_as_it_is(rest in any::<String>(), host in "[a-z.:@\\[\\]]{0,12}") {
            if let Ok(once) = check_http_url(&format!("https://{host}{rest}")) {
                prop_assert!(once.is_ascii() && once.starts_with("https://"));
                prop_assert_eq!(check_http_url(&once), Ok(once.clone()));
            }
        }
    }
}
