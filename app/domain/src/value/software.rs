//! How shops and platforms name software: package names, signing fingerprints, mini program ids.

use super::text::compact;

/// The package name of an Android app or the bundle id of an iOS app: `cn.example.app`.
pub fn check_package_name(text: &str) -> Result<String, &'static str> {
    const HOW: &str =
        "包名应像 cn.example.app：至少两段，用点分开，以字母开头，只用字母、数字、下划线和短横线";
    let name = compact(text);
    let mut parts = name.split('.');
    let first = parts.next().unwrap_or_default();
    let is_word = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
    };
    let starts_right = first.starts_with(|c: char| c.is_ascii_alphabetic()) && !first.contains('-');
    if name.is_empty() {
        Err("请填写包名或 Bundle ID，例如 cn.example.app")
    } else if name.len() > 255 {
        Err("包名不能超过 255 个字符")
    } else if starts_right && is_word(first) && name.contains('.') && parts.all(is_word) {
        Ok(name)
    } else {
        Err(HOW)
    }
}

/// The fingerprint of a signing certificate, MD5 or SHA-1, as lower-case hex without colons.
pub fn check_fingerprint(text: &str) -> Result<String, &'static str> {
    let hex = compact(text).replace([':', '-'], "").to_ascii_lowercase();
    if hex.is_empty() {
        return Err("请填写证书指纹");
    }
    if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("证书指纹只由数字和字母 A 至 F 组成，可带冒号");
    }
    match hex.len() {
        32 | 40 => Ok(hex),
        64 => Err("这是 SHA-256 指纹，请填写 MD5（32 位）或 SHA-1（40 位）指纹"),
        _ => Err("证书指纹应为 32 位（MD5，安卓）或 40 位（SHA-1，iOS）"),
    }
}

/// The public key an app is signed with: the modulus as hex or the key in base64, without the lines
/// that begin and end a PEM file.
pub fn check_public_key(text: &str) -> Result<String, &'static str> {
    let body: String = text.lines().filter(|line| !line.contains("-----")).collect();
    let key = compact(&body).replace(':', "");
    let is_base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_');
    match key.len() {
        0 => Err("请填写公钥"),
        64..=4096 if key.bytes().all(is_base64) => Ok(key),
        64..=4096 => Err("公钥只由数字、字母和 + / = 组成，请填写十六进制模数或 Base64"),
        _ => Err("公钥应为 64 至 4096 个字符，请填写完整"),
    }
}

/// The id of a mini program on a platform that is answered elsewhere.
pub fn check_any_mini_program_id(text: &str) -> Result<String, &'static str> {
    match compact(text) {
        id if id.is_empty() => Err("请填写小程序的 AppID"),
        id => Ok(id),
    }
}

/// The id of a mini program on its platform; platforms without a known shape take 6 to 64 letters
/// and digits. `platform` is `wechat`, `douyin`, `alipay` or any other code.
pub fn check_mini_program_id(platform: &str, text: &str) -> Result<String, &'static str> {
    let id = compact(text);
    if id.is_empty() {
        return Err("请填写小程序的 AppID");
    }
    let hex = |rest: &str| rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
    let (is_right, sentence) = match platform {
        "wechat" => (
            id.strip_prefix("wx").is_some_and(|rest| rest.len() == 16 && hex(rest)),
            "微信小程序的 AppID 应为 wx 加 16 位数字和小写字母 a 至 f",
        ),
        "douyin" => (
            id.strip_prefix("tt").is_some_and(|rest| (16..=18).contains(&rest.len()) && hex(rest)),
            "抖音小程序的 AppID 应为 tt 加 16 至 18 位数字和小写字母 a 至 f",
        ),
        "alipay" => (
            id.len() == 16 && id.starts_with("20") && id.bytes().all(|b| b.is_ascii_digit()),
            "支付宝小程序的 AppID 应为 20 开头的 16 位数字",
        ),
        _ => (
            (6..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric()),
            "小程序的 AppID 应为 6 至 64 位字母和数字",
        ),
    };
    if is_right { Ok(id) } else { Err(sentence) }
}

/// The original id of a WeChat mini program.
pub fn check_original_id(text: &str) -> Result<String, &'static str> {
    let id = compact(text);
    let is_right = id.strip_prefix("gh_").is_some_and(|rest| {
        rest.len() == 12 && rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
    });
    if is_right { Ok(id) } else { Err("原始 ID 应为 gh_ 加 12 位数字和小写字母 a 至 f") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn package_names_have_at_least_two_parts() {
        for name in ["cn.example.app", "com.Example.my-app_2", "a.1"] {
            assert_eq!(check_package_name(name).as_deref(), Ok(name));
        }
        for name in [
            "",
            "example",
            "1cn.example",
            "cn..example",
            "cn.example.",
            ".cn.example",
            "cn.示例",
            "a-b.c",
            "cn.a b!",
        ] {
            assert!(check_package_name(name).is_err(), "{name}");
        }
        assert!(check_package_name(&format!("a.{}", "b".repeat(254))).is_err());
    }

    #[test]
    fn fingerprints_are_stored_as_plain_hex() {
        assert_eq!(
            check_fingerprint("00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF").as_deref(),
            Ok("00112233445566778899aabbccddeeff")
        );
        assert!(check_fingerprint(&"a".repeat(40)).is_ok());
        for text in ["", "zz", &"a".repeat(31), &"g".repeat(32), &"a".repeat(64)] {
            assert!(check_fingerprint(text).is_err(), "{text}");
        }
    }

    #[test]
    fn each_platform_has_its_own_ids() {
        for (platform, id) in [
            ("wechat", "wx0123456789abcdef"),
            ("douyin", "tt0123456789abcdef"),
            ("douyin", "tt0123456789abcdef01"),
            ("alipay", "2021001234567890"),
            ("baidu", "Ab1234"),
        ] {
            assert_eq!(check_mini_program_id(platform, id).as_deref(), Ok(id));
        }
        for (platform, id) in [
            ("wechat", ""),
            ("wechat", "wx0123456789ABCDEF"),
            ("wechat", "wx0123456789abcde"),
            ("douyin", "wx0123456789abcdef"),
            ("alipay", "1921001234567890"),
            ("baidu", "a1234"),
            ("baidu", "abc-1234"),
        ] {
            assert!(check_mini_program_id(platform, id).is_err(), "{platform} {id}");
        }
        assert!(check_original_id("gh_0123456789ab").is_ok());
        assert!(check_original_id("gh_0123456789AB").is_err());
        assert!(check_original_id("").is_err());
    }
}
