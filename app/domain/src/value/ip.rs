//! Addresses of servers, IPv4 and IPv6, alone or as a range. Which blocks are not of the public
//! internet follows the special-purpose registries of IANA (RFC 6890 and its updates).

use super::text::compact_code;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// More addresses than that in one range are a slip of the keyboard.
const MAX_RANGE: u128 = 65_536;

/// One address (`1.2.4.8`) or a range of one family (`1.2.4.8-1.2.4.20`), in canonical form. With
/// `mainland`, the address must be of the public internet; abroad only what can never be a
/// server's address is refused.
pub fn check_ip_or_range(text: &str, mainland: bool) -> Result<String, &'static str> {
    let text = compact_code(text).replace(['~', '至'], "-");
    if text.is_empty() {
        return Err("请填写 IP 地址，例如 1.2.4.8");
    }
    if text.contains('/') {
        return Err("请不要用“/”表示网段，写成起始地址-结束地址，例如 1.2.4.0-1.2.4.255");
    }
    if text.contains([',', ';', '，', '；', '、']) {
        return Err("这里每次只填一个 IP 地址或一个范围");
    }
    let (first, last) = match text.split_once('-') {
        None => {
            let address = parse_address(&text).ok_or(wrong_address(&text))?;
            (address, address)
        }
        Some((first, last)) => (
            parse_address(first).ok_or("范围的起始地址不是正确的 IP 地址")?,
            parse_address(last).ok_or("范围的结束地址不是正确的 IP 地址，请写完整，例如 1.2.4.8-1.2.4.20")?,
        ),
    };
    let (low, high) = match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => (u128::from(first.to_bits()), u128::from(last.to_bits())),
        (IpAddr::V6(first), IpAddr::V6(last)) => (first.to_bits(), last.to_bits()),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => {
            return Err("范围的两端必须都是 IPv4 地址或都是 IPv6 地址");
        }
    };
    if low > high {
        return Err("范围的起始地址不能大于结束地址");
    }
    if high - low >= MAX_RANGE {
        return Err("一个范围最多包含 65536 个地址，请拆成几个范围填写");
    }
    let blocks = if first.is_ipv4() { BLOCKS_V4 } else { BLOCKS_V6 };
    let hit = blocks.iter().find(|block| {
        (mainland || block.kind.is_refused_abroad()) && low <= block.last && block.first <= high
    });
    if let Some(block) = hit {
        return Err(block.kind.sentence());
    }
    if mainland && first.is_ipv6() && !(low >= GLOBAL_V6.0 && high <= GLOBAL_V6.1) {
        return Err(Block::Reserved.sentence());
    }
    Ok(if low == high { first.to_string() } else { format!("{first}-{last}") })
}

/// One public address, in canonical form.
pub fn check_address(text: &str) -> Result<String, &'static str> {
    match check_ip_or_range(text, true)? {
        range if range.contains('-') => Err("请只填一个 IP 地址"),
        address => Ok(address),
    }
}

/// An address as a number among those of its family; true for IPv6.
pub fn number_of(text: &str) -> Option<(bool, u128)> {
    match parse_address(text)? {
        IpAddr::V4(address) => Some((false, u128::from(address.to_bits()))),
        IpAddr::V6(address) => Some((true, address.to_bits())),
    }
}

/// One address. An IPv4 address written into IPv6 (`::ffff:1.2.4.8`) is the IPv4 address.
/// Web addresses have IPv6 in brackets.
pub(super) fn parse_address(text: &str) -> Option<IpAddr> {
    let bare =
        text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).filter(|bare| bare.contains(':'));
    match bare.unwrap_or(text).parse::<IpAddr>().ok()? {
        IpAddr::V6(address) => Some(address.to_canonical()),
        address @ IpAddr::V4(_) => Some(address),
    }
}

fn wrong_address(text: &str) -> &'static str {
    if text.contains("://") || text.chars().any(|c| c.is_ascii_alphabetic() && !c.is_ascii_hexdigit()) {
        "这里请填 IP 地址，不要填域名或网址"
    } else if text.matches(':').count() == 1 || text.contains("]:") {
        "请只填 IP 地址，不要带端口号"
    } else {
        "IP 地址不正确，请填写 IPv4（例如 1.2.4.8）或 IPv6 地址"
    }
}

/// Why a block of addresses is not on the public internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    ThisHost,
    Private,
    Shared,
    LinkLocal,
    Multicast,
    Documentation,
    Reserved,
}

impl Block {
    fn is_refused_abroad(self) -> bool {
        match self {
            Block::ThisHost | Block::LinkLocal | Block::Multicast => true,
            Block::Private | Block::Shared | Block::Documentation | Block::Reserved => false,
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Block::ThisHost => "这是本机地址，请填写域名解析到的公网 IP",
            Block::Private => "这是内网地址，请填写域名解析到的公网 IP",
            Block::Shared => "这是运营商内部共享的地址（100.64.0.0/10），请填写域名解析到的公网 IP",
            Block::LinkLocal => "这是链路本地地址，请填写域名解析到的公网 IP",
            Block::Multicast => "这是组播地址，不能作为网站 IP",
            Block::Documentation => "这是文档示例用的地址，请填写域名解析到的公网 IP",
            Block::Reserved => "这是保留地址，请填写域名解析到的公网 IP",
        }
    }
}

struct Range {
    first: u128,
    last: u128,
    kind: Block,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u32, kind: Block) -> Range {
    let first = Ipv4Addr::new(a, b, c, d).to_bits() as u128;
    Range { first, last: first + (1 << (32 - bits)) - 1, kind }
}

const fn v6(a: u16, b: u16, bits: u32, kind: Block) -> Range {
    let first = Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0).to_bits();
    Range { first, last: first + ((1 << (128 - bits)) - 1), kind }
}

const BLOCKS_V4: &[Range] = &[
    v4(0, 0, 0, 0, 8, Block::ThisHost),
    v4(127, 0, 0, 0, 8, Block::ThisHost),
    v4(10, 0, 0, 0, 8, Block::Private),
    v4(172, 16, 0, 0, 12, Block::Private),
    v4(192, 168, 0, 0, 16, Block::Private),
    v4(100, 64, 0, 0, 10, Block::Shared),
    v4(169, 254, 0, 0, 16, Block::LinkLocal),
    v4(224, 0, 0, 0, 4, Block::Multicast),
    v4(192, 0, 2, 0, 24, Block::Documentation),
    v4(198, 51, 100, 0, 24, Block::Documentation),
    v4(203, 0, 113, 0, 24, Block::Documentation),
    v4(192, 0, 0, 0, 24, Block::Reserved),
    v4(198, 18, 0, 0, 15, Block::Reserved),
    v4(240, 0, 0, 0, 4, Block::Reserved),
];

const BLOCKS_V6: &[Range] = &[
    Range { first: 0, last: 1, kind: Block::ThisHost },
    v6(0xfc00, 0, 7, Block::Private),
    v6(0xfe80, 0, 10, Block::LinkLocal),
    v6(0xff00, 0, 8, Block::Multicast),
    v6(0x2001, 0xdb8, 32, Block::Documentation),
    v6(0x3fff, 0, 20, Block::Documentation),
    // Teredo and its neighbours, and 6to4: no server has such an address.
    v6(0x2001, 0, 23, Block::Reserved),
    v6(0x2002, 0, 16, Block::Reserved),
];

/// 2000::/3, the only part of IPv6 that is handed out.
const GLOBAL_V6: (u128, u128) = {
    let block = v6(0x2000, 0, 3, Block::Reserved);
    (block.first, block.last)
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_stored_in_canonical_form() {
        for (text, expect) in [
            ("1.2.4.8", "1.2.4.8"),
            (" １.２.４.８ ", "1.2.4.8"),
            ("1.2.4.8-1.2.4.20", "1.2.4.8-1.2.4.20"),
            ("1.2.4.8 — 1.2.4.20", "1.2.4.8-1.2.4.20"),
            ("1.2.4.8~1.2.4.20", "1.2.4.8-1.2.4.20"),
            ("1.2.4.8-1.2.4.8", "1.2.4.8"),
            ("2400:3200:0:0::1", "2400:3200::1"),
            ("2400:3200::1-2400:3200::FF", "2400:3200::1-2400:3200::ff"),
            ("::ffff:1.2.4.8", "1.2.4.8"),
            ("1.2.0.0-1.2.255.255", "1.2.0.0-1.2.255.255"),
        ] {
            assert_eq!(check_ip_or_range(text, true).as_deref(), Ok(expect), "{text}");
        }
    }

    #[test]
    fn each_mistake_has_its_own_sentence() {
        for (text, part) in [
            ("", "请填写"),
            ("1.2.4", "不正确"),
            ("1.2.4.256", "不正确"),
            ("01.2.4.8", "不正确"),
            ("example.cn", "不要填域名"),
            ("http://1.2.4.8", "/"),
            ("1.2.4.8:80", "端口"),
            ("1.2.4.0/24", "/"),
            ("1.2.4.8,1.2.4.9", "一个"),
            ("1.2.4.8-20", "结束地址"),
            ("x-1.2.4.8", "起始地址"),
            ("1.2.4.20-1.2.4.8", "不能大于"),
            ("1.2.4.8-2400:3200::1", "都是"),
            ("1.2.0.0-1.3.0.0", "65536"),
            ("2400::-2401::", "65536"),
        ] {
            let sentence = check_ip_or_range(text, true).expect_err(text);
            assert!(sentence.contains(part), "{text}: {sentence}");
        }
    }

    #[test]
    fn in_the_mainland_only_public_addresses_are_taken() {
        for (text, part, abroad) in [
            ("127.0.0.1", "本机", false),
            ("0.0.0.0", "本机", false),
            ("::1", "本机", false),
            ("::", "本机", false),
            ("169.254.1.1", "链路", false),
            ("fe80::1", "链路", false),
            ("224.0.0.1", "组播", false),
            ("ff02::1", "组播", false),
            ("10.0.0.1", "内网", true),
            ("172.31.255.255", "内网", true),
            ("192.168.0.1", "内网", true),
            ("::ffff:192.168.0.1", "内网", true),
            ("fd00::1", "内网", true),
            ("100.64.0.1", "共享", true),
            ("203.0.113.7", "示例", true),
            ("198.51.100.1", "示例", true),
            ("192.0.2.1", "示例", true),
            ("2001:db8::1", "示例", true),
            ("198.18.0.1", "保留", true),
            ("255.255.255.255", "保留", true),
            ("2002:102:408::1", "保留", true),
            ("4000::1", "保留", true),
        ] {
            let sentence = check_ip_or_range(text, true).expect_err(text);
            assert!(sentence.contains(part), "{text}: {sentence}");
            assert_eq!(check_ip_or_range(text, false).is_ok(), abroad, "{text}");
        }
        for text in
            ["172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0", "11.0.0.0", "223.255.255.255"]
        {
            assert!(check_ip_or_range(text, true).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_range_that_reaches_into_a_private_block_is_refused() {
        assert!(check_ip_or_range("9.255.255.0-10.0.0.5", true).unwrap_err().contains("内网"));
        assert!(check_ip_or_range("192.167.255.0-192.169.0.0", true).is_err());
    }

    proptest! {
        #[test]
        fn what_is_accepted_stays_as_it_is(first in any::<u32>(), more in 0_u32..70_000, mainland in any::<bool>()) {
            let text = format!("{}-{}", Ipv4Addr::from(first), Ipv4Addr::from(first.saturating_add(more)));
            if let Ok(once) = check_ip_or_range(&text, mainland) {
                prop_assert_eq!(check_ip_or_range(&once, mainland), Ok(once.clone()));
            }
        }

        #[test]
        fn no_text_makes_the_check_panic(text in any::<String>()) {
            let _ = check_ip_or_range(&text, true);
        }
    }
}
