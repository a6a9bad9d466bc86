//! E-mail addresses as people have them: RFC 5321 without quoted local parts, comments and address
//! literals, which no provider of mail boxes gives out.

use super::domain_name::check_domain;
use super::text::compact;

/// An e-mail address; the domain in lower case and in its ASCII form, the part before `@` as typed.
pub fn check_email(text: &str) -> Result<String, &'static str> {
    let address = compact(text);
    if address.is_empty() {
        return Err("请填写电子邮件地址");
    }
    let Some((local, domain)) = address.rsplit_once('@') else {
        return Err("电子邮件地址中缺少 @，例如 name@example.cn");
    };
    if local.contains('@') {
        return Err("这里只填一个电子邮件地址，其中只能有一个 @");
    }
    if local.is_empty() {
        return Err("@ 前面要有邮箱名，例如 name@example.cn");
    }
    if !local.is_ascii() {
        return Err("电子邮件地址的 @ 前面只能用字母、数字和常用符号，不能用汉字");
    }
    if local.len() > 64 {
        return Err("电子邮件地址的 @ 前面不能超过 64 个字符");
    }
    if !local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b)) {
        return Err("电子邮件地址的 @ 前面有不允许的字符，请检查");
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err("电子邮件地址的 @ 前面不能以点开头或结尾，也不能有连续的点");
    }
    let domain = check_domain(domain)
        .map_err(|_| "@ 后面不是正确的邮箱域名，例如 name@example.cn 的域名是 example.cn")?;
    let address = format!("{local}@{domain}");
    if address.len() > 254 {
        Err("电子邮件地址过长，不能超过 254 个字符")
    } else {
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_stored_in_one_form() {
        for (text, expect) in [
            ("name@example.cn", "name@example.cn"),
            (" Name.Last+tag@Example.COM.cn ", "Name.Last+tag@example.com.cn"),
            ("name＠example.cn", "name@example.cn"),
            ("name@中文.cn", "name@xn--fiq228c.cn"),
        ] {
            assert_eq!(check_email(text).as_deref(), Ok(expect), "{text}");
        }
    }

    #[test]
    fn each_mistake_has_its_own_sentence() {
        let long = format!("{}@example.cn", "a".repeat(65));
        for (text, part) in [
            ("", "请填写"),
            ("name.example.cn", "缺少 @"),
            ("a@b@example.cn", "一个"),
            ("@example.cn", "邮箱名"),
            ("姓名@example.cn", "汉字"),
            ("a..b@example.cn", "连续的点"),
            (".a@example.cn", "点开头"),
            ("a<b>@example.cn", "不允许"),
            ("name@", "域名"),
            ("name@example", "域名"),
            ("name@exam_ple.cn", "域名"),
            ("name@1.2.4.8", "域名"),
            (&long, "64"),
        ] {
            let sentence = check_email(text).expect_err(text);
            assert!(sentence.contains(part), "{text}: {sentence}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_stays_as_it_is(text in "[a-zA-Z0-9.+_@ -]{0,24}\\.cn") {
            if let Ok(once) = check_email(&text) {
                prop_assert_eq!(check_email(&once), Ok(once.clone()));
            }
        }
    }
}
