//! Domain names. Everybody, browser and server, checks the syntax (RFC 1035, RFC 1123) and turns
//! Chinese labels into their `xn--` form (RFC 3492). The tables behind the last word are too big
//! for the browser (measured: 56 KB and more of brotli), so cargo feature `full`, which the service
//! enables, adds them:
//!
//! | | browser | `full` |
//! |---|---|---|
//! | mapping of a Chinese label | lower case, full-width | UTS 46 with Unicode normalisation |
//! | characters of a label | refuses signs and pictures | IDNA 2008 (RFC 5892, bidi, joiners) |
//! | registrable domain | `.cn` with its second levels, big generic domains | Public Suffix List |
//! | top-level domain | any | one that the root zone has |
//!
//! Both lists are those of the crate `psl`, 2.1.247 at present, which is made anew every week;
//! `cargo update -p psl` brings the newest.
//!
//! The browser may accept what the server then refuses, with the same sentences; never the other
//! way round, and a test holds that.

use super::text::{compact, half_width, is_dash, tidy};

/// Characters of a domain name in its ASCII form, by RFC 1035 less the final dot.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// A host name under which a site may live, in its ASCII form: lower case, `xn--` where it is not
/// ASCII, no dot at the end.
pub fn check_domain(text: &str) -> Result<String, &'static str> {
    let host = only_a_host(text)?;
    let ascii = to_ascii(&host)?;
    check_syntax(&ascii)?;
    #[cfg(feature = "full")]
    if !listed::has_known_top(&ascii) {
        return Err("没有这个域名后缀，请检查是否输错，例如 example.cn 的后缀是 cn");
    }
    Ok(ascii)
}

/// A registrable domain: what one registers and pays for, `example.cn` but neither
/// `blog.example.cn` nor `com.cn`.
pub fn check_main_domain(text: &str) -> Result<String, &'static str> {
    let domain = check_domain(text)?;
    match registrable_domain(&domain) {
        // Positions 3 and 4 are reserved for encodings (RFC 5891 4.2.3.1): hosts have what they like there,
        // no registry gives out such a name.
        Some(registrable) if registrable == domain => match domain.get(2..4) {
            Some("--") if !domain.starts_with("xn--") => {
                Err("可以注册的域名，第 3、4 个字符不能都是短横线，请检查是否输错")
            }
            Some(_) | None => Ok(domain),
        },
        Some(_) if domain.starts_with("www.") => Err("主域名请不要带 www."),
        Some(_) => Err("主域名请填写可以注册的一级域名，例如 blog.example.cn 的主域名是 example.cn；\
             没有自己的一级域名（例如用 eu.org 下的域名），请在“是否有独立一级域名”选“否”"),
        None => Err("这是公共的域名后缀，请填写您注册的完整域名，例如 example.cn"),
    }
}

/// What a person will have meant by what was typed or pasted for a domain: a web address, `www.` before it, a
/// dot after it, capitals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meant {
    /// The registrable domain, in the letters that were typed.
    pub text: String,
    /// The address of its pages as far as it was typed.
    pub page: String,
}

/// The registrable domain in a text, as [`check_main_domain`] takes it. Nothing where the text names none for
/// sure; of another name below a domain nobody knows whether its domain is the person's.
pub fn meant(text: &str) -> Option<Meant> {
    let host = host_in(text)?;
    let main = [Some(host.as_str()), host.strip_prefix("www.")].into_iter().flatten();
    let main = main.into_iter().find(|name| check_main_domain(name).is_ok())?.to_owned();
    let is_http =
        tidy(&half_width(text)).trim().get(..7).is_some_and(|head| head.eq_ignore_ascii_case("http://"));
    let page = format!("{}://{host}/", if is_http { "http" } else { "https" });
    Some(Meant { text: main, page })
}

/// The host of a web address that stands where a host is asked for; nothing where the text is no web address.
pub fn host_meant(text: &str) -> Option<String> {
    let is_address = text.contains(['/', '：', ':']);
    host_in(text).filter(|host| is_address && check_domain(host).is_ok())
}

/// The host of a text with or without scheme, port and path, in the letters that were typed.
fn host_in(text: &str) -> Option<String> {
    let text = tidy(&half_width(text));
    let text = text.trim();
    let rest = match text.split_once("://") {
        Some((scheme, rest)) if ["http", "https"].iter().any(|one| scheme.eq_ignore_ascii_case(one)) => rest,
        Some(_) => return None,
        None => text,
    };
    let host = rest.split(['/', '?', '#', '\\']).next()?;
    let host = match host.split_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) => return None,
        None => host,
    };
    only_a_host(host).ok()
}

/// The registrable domain above a host in ASCII form; `None` for a public suffix.
pub fn registrable_domain(host: &str) -> Option<&str> {
    #[cfg(feature = "full")]
    return listed::registrable_domain(host);
    #[cfg(not(feature = "full"))]
    return guessed::registrable_domain(host);
}

/// A stored domain as people read it: `xn--fiq228c.cn` is 中文.cn. Labels that do not decode to
/// what [`check_domain`] would take stay as they are, so nothing unseen reaches the page.
pub fn unicode_form(ascii: &str) -> String {
    ascii
        .split('.')
        .map(|label| decoded(label).unwrap_or_else(|| label.to_owned()))
        .collect::<Vec<_>>()
        .join(".")
}

/// [`unicode_form`] with the stored form beside it where they differ: letters of another script may look
/// like those of a name one knows.
pub fn shown_form(ascii: &str) -> String {
    let unicode = unicode_form(ascii);
    if unicode == ascii { unicode } else { format!("{unicode}（{ascii}）") }
}

/// Whether a host is the domain or lies under it; both in ASCII form.
pub fn is_under(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')) && !domain.is_empty()
}

/// Refuses, each with its own sentence, what people paste along with a domain.
fn only_a_host(text: &str) -> Result<String, &'static str> {
    let text = tidy(&half_width(text));
    let text = text.trim();
    if text.is_empty() {
        return Err("请填写域名，例如 example.cn");
    }
    if text.contains("://") {
        return Err("请只填域名，不要带 http:// 或 https://");
    }
    if text.contains(['/', '?', '#', '\\']) {
        return Err("请只填域名，不要带路径");
    }
    if text.contains('@') {
        return Err("这里请填域名，不要填电子邮件地址");
    }
    if text.contains(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '，' | '；' | '、')) {
        return Err("这里只填一个域名，不要带空格、逗号或顿号");
    }
    if super::ip::parse_address(text).is_some() {
        return Err("这里请填域名，不要填 IP 地址");
    }
    if text.contains(':') {
        return Err("请只填域名，不要带端口号");
    }
    if text.contains('*') {
        return Err("请不要使用 * 号，逐个填写实际使用的域名");
    }
    // UTS 46 takes these three for the dot, as Chinese keyboards do.
    let host: String = compact(text)
        .chars()
        .map(|c| match c {
            '。' | '｡' | '．' => '.',
            dash if is_dash(dash) => '-',
            other => other,
        })
        .collect();
    Ok(lower_case(host.strip_suffix('.').unwrap_or(&host)))
}

/// Without the tables only for ASCII: other scripts with two cases are rare, and the service looks again.
fn lower_case(text: &str) -> String {
    if cfg!(feature = "full") { text.to_lowercase() } else { text.to_ascii_lowercase() }
}

fn check_syntax(ascii: &str) -> Result<(), &'static str> {
    if ascii.len() > MAX_NAME {
        return Err("域名过长，总长度不能超过 253 个字符");
    }
    for label in ascii.split('.') {
        if label.is_empty() {
            return Err("域名不能以点开头，也不能有连续的点");
        }
        if label.len() > MAX_LABEL {
            return Err("域名中两个点之间的部分不能超过 63 个字符");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err("域名的每一段都不能以短横线“-”开头或结尾");
        }
        if label.contains('_') {
            return Err("域名中不能有下划线“_”");
        }
        if !label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(WRONG_CHARACTER);
        }
        if label.starts_with("xn--") && decoded(label).is_none() {
            return Err(WRONG_CODING);
        }
    }
    let Some((rest, top)) = ascii.rsplit_once('.') else {
        return Err("域名至少有两段，例如 example.cn");
    };
    let top_is_a_number = top.bytes().all(|b| b.is_ascii_digit()) || top.starts_with("0x");
    if top_is_a_number || top.len() < 2 || rest.is_empty() {
        return Err("域名的后缀不正确，例如 example.cn 的后缀是 cn");
    }
    // RFC 6761 and successors: names that never lead anywhere on the internet.
    if matches!(
        top,
        "test" | "example" | "invalid" | "localhost" | "local" | "internal" | "onion" | "alt" | "arpa"
    ) {
        return Err("这个后缀的域名不能在互联网上使用，请填写已注册的域名");
    }
    Ok(())
}

const WRONG_CODING: &str = "域名中以 xn-- 开头的部分不是有效的中文域名编码";
const WRONG_CHARACTER: &str = "域名中有不允许的字符，只能用汉字、字母、数字和短横线";

/// The label behind an `xn--` label, if encoding it again gives the same and nothing in it is out
/// of place in a domain.
fn decoded(label: &str) -> Option<String> {
    let unicode = idna::punycode::decode_to_string(label.strip_prefix("xn--")?)?;
    let again = idna::punycode::encode_str(&unicode)?;
    let is_canonical = label.get(4..) == Some(again.as_str()) && unicode == lower_case(&unicode);
    (is_canonical && !unicode.is_ascii() && unicode.chars().all(may_stand_in_label)).then_some(unicode)
}

/// What the browser lets stand in a label: everything but signs, blanks, private characters and
/// pictures. Wider than RFC 5892, for want of its tables.
fn may_stand_in_label(c: char) -> bool {
    match c {
        '-' => true,
        '\0'..='\u{7f}' => c.is_ascii_alphanumeric(),
        '\u{b7}' | '\u{200c}' | '\u{200d}' | '\u{3005}'..='\u{3007}' => true,
        '\u{80}'..='\u{bf}' | '\u{d7}' | '\u{f7}' => false,
        '\u{2000}'..='\u{2bff}' | '\u{3000}'..='\u{3020}' | '\u{e000}'..='\u{f8ff}' => false,
        '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}' => false,
        '\u{1f000}'..='\u{1faff}' | '\u{e0000}'.. => false,
        _ => !c.is_whitespace() && !c.is_control(),
    }
}

#[cfg(not(feature = "full"))]
fn to_ascii(host: &str) -> Result<String, &'static str> {
    guessed::to_ascii(host)
}

#[cfg(feature = "full")]
fn to_ascii(host: &str) -> Result<String, &'static str> {
    listed::to_ascii(host)
}

/// What the browser goes by.
#[cfg(any(test, not(feature = "full")))]
mod guessed {
    use super::{WRONG_CHARACTER, may_stand_in_label};

    pub fn to_ascii(host: &str) -> Result<String, &'static str> {
        let labels: Result<Vec<String>, &'static str> = host.split('.').map(label_to_ascii).collect();
        Ok(labels?.join("."))
    }

    fn label_to_ascii(label: &str) -> Result<String, &'static str> {
        if label.is_ascii() {
            return Ok(label.to_owned());
        }
        if !label.chars().all(may_stand_in_label) {
            return Err(WRONG_CHARACTER);
        }
        idna::punycode::encode_str(label).map(|code| format!("xn--{code}")).ok_or(WRONG_CHARACTER)
    }

    /// Knows the second levels of `.cn`, and top levels that have none. Elsewhere, where a second
    /// level such as `co` could be public, it takes the host itself for registrable.
    pub fn registrable_domain(host: &str) -> Option<&str> {
        let (above, top) = host.rsplit_once('.')?;
        let second = last_label(above);
        let labels = match top {
            "cn" if is_second_level_of_cn(second) => 3,
            "cn" => 2,
            "com" | "net" | "org" | "top" | "xyz" | "vip" | "xn--fiqs8s" | "xn--55qx5d" | "xn--io0a7i" => 2,
            _ => return Some(host),
        };
        let mut start = host.len() + 1;
        for _ in 0..labels {
            // Before the first label there is no dot: then the host is shorter than asked for.
            start = match host.get(..start.checked_sub(1)?)?.rfind('.') {
                Some(dot) => dot + 1,
                None => 0,
            };
        }
        host.get(start..).filter(|found| found.split('.').count() == labels)
    }

    fn last_label(name: &str) -> &str {
        name.rsplit_once('.').map_or(name, |(_, label)| label)
    }

    fn is_second_level_of_cn(label: &str) -> bool {
        const SECOND_LEVELS: &str = " ac com edu gov mil net org ah bj cq fj gd gs gx gz ha hb he hi hk hl hn jl \
            jx js ln mo nm nx qh sc sd sh sn sx tj tw xj xz yn zj xn--55qx5d xn--od0alg xn--io0a7i ";
        SECOND_LEVELS.split_whitespace().any(|known| known == label)
    }
}

/// What the server goes by.
#[cfg(feature = "full")]
mod listed {
    use super::{WRONG_CHARACTER, WRONG_CODING, decoded};
    use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
    use psl::Psl as _;
    use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

    /// UTS 46 as of IDNA 2008, without the symbols that UTS 46 lets through. Lengths and hyphens
    /// are left to `check_syntax`, which has a sentence for each.
    pub fn to_ascii(host: &str) -> Result<String, &'static str> {
        if host.is_ascii() && !host.contains("xn--") {
            return Ok(host.to_owned());
        }
        let ascii = Uts46::new()
            .to_ascii(host.as_bytes(), AsciiDenyList::EMPTY, Hyphens::CheckFirstLast, DnsLength::Ignore)
            .map_err(|_| {
                let is_no_code = |label: &str| label.starts_with("xn--") && decoded(label).is_none();
                if host.split('.').any(is_no_code) { WRONG_CODING } else { WRONG_CHARACTER }
            })?;
        let (unicode, decoding) =
            Uts46::new().to_unicode(ascii.as_bytes(), AsciiDenyList::EMPTY, Hyphens::CheckFirstLast);
        if decoding.is_err() || !unicode.split('.').all(is_idna_2008) {
            return Err(WRONG_CHARACTER);
        }
        Ok(ascii.into_owned())
    }

    /// RFC 5892: letters, marks and digits, with its exceptions; joiners were checked by UTS 46.
    fn is_idna_2008(label: &str) -> bool {
        use GeneralCategory::*;
        let characters: Vec<char> = label.chars().collect();
        characters.iter().enumerate().all(|(at, &c)| match c {
            '\0'..='\u{7f}' => true,
            '\u{df}' | '\u{3c2}' | '\u{6fd}' | '\u{6fe}' | '\u{f0b}' | '\u{3007}' => true,
            '\u{200c}' | '\u{200d}' => true,
            // CONTEXTO: the Catalan dot stands between two l, the katakana dot beside Japanese.
            '\u{b7}' => {
                let beside = |at: Option<usize>| at.and_then(|at| characters.get(at)) == Some(&'l');
                beside(at.checked_sub(1)) && beside(at.checked_add(1))
            }
            '\u{30fb}' => characters.iter().any(
                |c| matches!(c, '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{4e00}'..='\u{9fff}'),
            ),
            '\u{375}' | '\u{5f3}' | '\u{5f4}' | '\u{640}' | '\u{7fa}' | '\u{302e}' | '\u{302f}' => false,
            '\u{3031}'..='\u{3035}' | '\u{303b}' => false,
            other => matches!(
                other.general_category(),
                LowercaseLetter | OtherLetter | ModifierLetter | NonspacingMark | SpacingMark | DecimalNumber
            ),
        })
    }

    pub fn has_known_top(host: &str) -> bool {
        psl::List.suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known())
    }

    /// Only the rules of the registries count: who has a name under a private suffix of the list
    /// (`user.github.io`) did not register that suffix.
    pub fn registrable_domain(host: &str) -> Option<&str> {
        let mut suffix = psl::List.suffix(host.as_bytes())?;
        let mut below = host;
        while suffix.typ() == Some(psl::Type::Private) {
            let private = below.get(below.len().checked_sub(suffix.as_bytes().len())?..)?;
            below = private.split_once('.')?.1;
            suffix = psl::List.suffix(below.as_bytes())?;
        }
        let above = host.get(..host.len().checked_sub(suffix.as_bytes().len())?)?.strip_suffix('.')?;
        host.get(above.rfind('.').map_or(0, |dot| dot + 1)..)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn domains_are_stored_in_their_ascii_form() {
        for (text, expect) in [
            ("example.cn", "example.cn"),
            (" Example.CN. ", "example.cn"),
            ("ｅｘａｍｐｌｅ．ｃｎ", "example.cn"),
            ("example。cn", "example.cn"),
            ("a-b.c.example.com.cn", "a-b.c.example.com.cn"),
            ("www.example.cn", "www.example.cn"),
            ("123.cn", "123.cn"),
            ("中文.cn", "xn--fiq228c.cn"),
            ("示例。中国", "xn--fsq092h.xn--fiqs8s"),
            ("xn--fiq228c.cn", "xn--fiq228c.cn"),
            ("XN--FIQ228C.cn", "xn--fiq228c.cn"),
            // Case V10.
            ("r3---sn-p5qlsnrl.example.cn", "r3---sn-p5qlsnrl.example.cn"),
            ("r3---sn-p5qlsnrl.中文.cn", "r3---sn-p5qlsnrl.xn--fiq228c.cn"),
            ("\u{202d}example.cn\u{202c}", "example.cn"),
        ] {
            assert_eq!(check_domain(text).as_deref(), Ok(expect), "{text}");
        }
    }

    #[test]
    fn each_mistake_has_its_own_sentence() {
        let long_label = format!("{}.cn", "a".repeat(64));
        let long_name = format!("{}cn", "abcdefghi.".repeat(26));
        for (text, part) in [
            ("", "请填写"),
            ("http://example.cn", "http://"),
            ("https://www.example.cn/a", "http://"),
            ("example.cn/", "路径"),
            ("example.cn?a=1", "路径"),
            ("example.cn:8080", "端口"),
            ("me@example.cn", "电子邮件"),
            ("a.cn b.cn", "一个域名"),
            ("a.cn，b.cn", "一个域名"),
            ("1.2.4.8", "IP"),
            ("2400:3200::1", "IP"),
            ("[2400:3200::1]", "IP"),
            ("*.example.cn", "* 号"),
            ("example", "两段"),
            ("中文", "两段"),
            (".example.cn", "点"),
            ("a..cn", "点"),
            ("-a.cn", "短横线"),
            ("a-.cn", "短横线"),
            ("a_b.cn", "下划线"),
            ("a!b.cn", "不允许的字符"),
            ("a<b>.cn", "不允许的字符"),
            ("☕.cn", "不允许的字符"),
            ("😀.cn", "不允许的字符"),
            ("xn--a.cn", "域名"),
            ("example.123", "后缀"),
            ("example.c", "后缀"),
            ("a.localhost", "互联网"),
            ("site.test", "互联网"),
            (&long_label, "63"),
            (&long_name, "253"),
        ] {
            let sentence = check_domain(text).expect_err(text);
            assert!(sentence.contains(part), "{text}: {sentence}");
        }
    }

    #[test]
    fn a_main_domain_is_what_one_registers() {
        for domain in [
            "example.cn",
            "example.com",
            "example.com.cn",
            "example.bj.cn",
            "中文.cn",
            "示例.中国",
            "example.net",
            "www.com",
            "example.co.uk",
            "example.top",
        ] {
            assert!(check_main_domain(domain).is_ok(), "{domain}: {:?}", check_main_domain(domain));
        }
        for (text, part) in [
            ("www.example.cn", "www."),
            ("www.example.com.cn", "www."),
            ("ab--cd.cn", "第 3、4 个字符"),
            ("r3---sn-p5qlsnrl.com.cn", "第 3、4 个字符"),
            ("example.eu.org", "“是否有独立一级域名”选“否”"),
            ("blog.example.cn", "example.cn"),
            ("a.b.example.com", "example.cn"),
            ("com.cn", "后缀"),
            ("gov.cn", "后缀"),
            ("zj.cn", "后缀"),
        ] {
            let sentence = check_main_domain(text).expect_err(text);
            assert!(sentence.contains(part), "{text}: {sentence}");
        }
    }

    #[test]
    fn a_stored_domain_is_shown_in_chinese() {
        assert_eq!(unicode_form("xn--fiq228c.cn"), "中文.cn");
        assert_eq!(unicode_form("a.xn--fsq092h.xn--fiqs8s"), "a.示例.中国");
        assert_eq!(unicode_form("example.cn"), "example.cn");
        assert_eq!(unicode_form("xn--a.cn"), "xn--a.cn");
        assert_eq!(unicode_form(""), "");
    }

    /// Case V11.
    #[test]
    fn a_name_in_other_letters_is_shown_with_its_stored_form() {
        assert_eq!(shown_form("xn--80ak6aa92e.com"), "аррӏе.com（xn--80ak6aa92e.com）");
        assert_eq!(shown_form("example.cn"), "example.cn");
        assert_eq!(
            check_domain("\u{430}\u{440}\u{440}\u{4cf}\u{435}.com").as_deref(),
            Ok("xn--80ak6aa92e.com")
        );
    }

    #[test]
    fn a_host_lies_under_its_own_domain_only() {
        assert!(is_under("example.cn", "example.cn"));
        assert!(is_under("a.b.example.cn", "example.cn"));
        assert!(!is_under("badexample.cn", "example.cn"));
        assert!(!is_under("example.cn", "a.example.cn"));
        assert!(!is_under("example.cn", ""));
    }

    #[test]
    fn the_browser_knows_the_second_levels_of_cn() {
        assert_eq!(guessed::registrable_domain("a.example.com.cn"), Some("example.com.cn"));
        assert_eq!(guessed::registrable_domain("a.example.cn"), Some("example.cn"));
        assert_eq!(guessed::registrable_domain("com.cn"), None);
        assert_eq!(guessed::registrable_domain("cn"), None);
        assert_eq!(guessed::registrable_domain("a.example.co.uk"), Some("a.example.co.uk"));
    }

    proptest! {
        #[test]
        fn what_is_accepted_stays_as_it_is(text in any::<String>()) {
            if let Ok(once) = check_domain(&text) {
                prop_assert_eq!(check_domain(&once), Ok(once.clone()));
            }
        }

        #[test]
        fn a_chinese_domain_survives_the_way_there_and_back(label in "[\u{4e00}-\u{9fa5}]{1,12}") {
            let shown = format!("{label}.cn");
            let stored = check_domain(&shown).unwrap();
            prop_assert!(stored.is_ascii());
            prop_assert_eq!(unicode_form(&stored), shown);
        }
    }

    #[cfg(feature = "full")]
    mod with_the_lists {
        use super::*;

        #[test]
        fn private_suffixes_are_nobodys_registration() {
            assert_eq!(registrable_domain("user.github.io"), Some("github.io"));
            assert_eq!(registrable_domain("a.user.github.io"), Some("github.io"));
            assert_eq!(registrable_domain("github.io"), Some("github.io"));
            assert!(check_main_domain("blog.example.co.uk").is_err());
            assert!(check_main_domain("co.uk").is_err());
        }

        /// Case V14.
        #[test]
        fn a_top_level_domain_is_one_that_there_is() {
            for domain in [
                "example.cn",
                "example.中国",
                "example.xn--fiqs8s",
                "example.公司",
                "example.网络",
                "example.top",
                "example.vip",
                "example.wang",
                "example.ren",
                "example.travel",
                "example.museum",
                "example.ck",
                "example.рф",
            ] {
                assert!(check_domain(domain).is_ok(), "{domain}: {:?}", check_domain(domain));
            }
            for domain in [
                "example.zz9",
                "example.con",
                "example.cmo",
                "www.example.示例",
                "example.lan",
                "example.home",
            ] {
                let sentence = check_domain(domain).expect_err(domain);
                assert!(sentence.contains("没有这个域名后缀"), "{domain}: {sentence}");
            }
        }

        #[test]
        fn what_idna_2008_disallows_is_refused() {
            for text in ["a‿b.cn", "Ⅷ♥.cn", "①☎.cn", "ـ.cn", "x·y.cn"] {
                assert!(check_domain(text).is_err(), "{text}");
            }
            assert_eq!(check_domain("Straße.cn").as_deref(), Ok("xn--strae-oqa.cn"));
            assert_eq!(check_domain("नमस्ते.cn").as_deref(), Ok("xn--h2bhs4b8d8a.cn"));
        }

        #[test]
        fn every_second_level_that_the_browser_knows_is_on_the_list() {
            for label in
                ["ac", "com", "gov", "ah", "hk", "tw", "zj", "xn--55qx5d", "xn--od0alg", "xn--io0a7i"]
            {
                assert_eq!(registrable_domain(&format!("{label}.cn")), None, "{label}");
            }
        }

        proptest! {
            #[test]
            fn the_browser_never_refuses_what_the_server_accepts(
                label in "[a-z0-9\u{4e00}-\u{9fa5}\u{c0}-\u{24f}\u{900}-\u{97f}\u{3040}-\u{30ff}-]{1,8}",
                above in proptest::option::of("[a-z]{1,3}"),
                top in proptest::sample::select(vec![
                    "cn", "com.cn", "bj.cn", "com", "net", "org", "io", "co.uk", "中国", "公司", "网络", "gov.cn",
                    "com.hk", "tokyo.jp", "top", "xyz", "vip", "app", "dev", "github.io",
                ]),
            ) {
                let host = match above {
                    Some(above) => format!("{above}.{label}.{top}"),
                    None => format!("{label}.{top}"),
                };
                if let Ok(ascii) = check_domain(&host) {
                    prop_assert!(guessed::to_ascii(&host.to_lowercase()).is_ok(), "{}", host);
                    if registrable_domain(&ascii) == Some(ascii.as_str()) {
                        prop_assert_eq!(guessed::registrable_domain(&ascii), Some(ascii.as_str()));
                    }
                }
            }
        }
    }
}
