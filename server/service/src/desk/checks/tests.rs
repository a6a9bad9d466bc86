#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
use time::macros::date;

use super::*;

const TODAY: Date = date!(2026 - 11 - 23);

#[test]
fn a_paper_that_ends_within_ninety_days_is_named() {
    for (ends, passed) in [
        ("2026-11-22", false),
        ("2026-11-23", false),
        ("2026-11-24", false),
        ("2027-02-20", false),
        ("2027-02-21", true),
    ] {
        assert_eq!(paper_ends(String::new(), ends, TODAY).unwrap().passed, passed, "{ends}");
    }
}

#[test]
fn the_ministrys_sign_is_compared_with_the_ministrys_sign() {
    let form = Business::Website.form();
    for (number, region, passed) in [
        ("京ICP备12345678号-1", "110101", true),
        ("京ICP备12345678号-1", "310101", false),
        ("蜀ICP备12345678号-1", "510107", true),
        ("陇ICP备12345678号-1", "620102", true),
    ] {
        let answers = Answers::from([("site.has_icp", "yes"), ("site.icp_number", number)]);
        let checks = icp_region(form, &answers, region);
        assert_eq!(
            checks.iter().map(|check| check.passed).collect::<Vec<_>>(),
            [passed],
            "{number} {region}"
        );
    }
}

#[test]
fn a_check_digit_that_does_not_fit_is_seen_and_not_repeated() {
    for (number, passed) in [("11010519491231002X", true), ("110105194912310021", false)] {
        let check = person_id("负责人".to_owned(), "resident_id", number, TODAY);
        assert_eq!(check.passed, passed);
        assert!(!check.evidence.contains("1949"), "{}", check.evidence);
    }
    assert!(!unit_certificate(String::new(), "uscc_cert", "91350100M000100Y44").passed);
    assert!(unit_certificate(String::new(), "uscc_cert", "91350100M000100Y43").passed);
}

/// Case P1: the sentence says what was done, not more.
#[test]
fn what_is_said_of_files_is_what_was_done_with_them() {
    let file = |is_picture, warnings: &[&str]| FileView {
        id: String::new(),
        name: "照片.jpg".to_owned(),
        size: 1,
        is_picture,
        warnings: warnings.iter().map(|text| (*text).to_owned()).collect(),
    };
    let of = |files: Vec<FileView>| {
        let numbered = files.into_iter().enumerate().map(|(n, file)| (n.to_string(), file)).collect();
        pictures(&numbered).map(|check| (check.passed, check.evidence))
    };
    assert_eq!(of(Vec::new()), None);
    let both = of(vec![file(true, &[]), file(true, &[]), file(false, &[])]).unwrap();
    assert!(
        both.0 && both.1.starts_with("2 张图片上传时已完整解码") && both.1.contains("1 份PDF"),
        "{both:?}"
    );
    let document = of(vec![file(false, &[])]).unwrap();
    assert!(!document.1.contains("图片"), "{document:?}");
    assert_eq!(
        of(vec![file(true, &["图片可能不够清晰"])]),
        Some((false, "照片.jpg：图片可能不够清晰".to_owned()))
    );
}

/// Case V1.
#[test]
fn an_odd_licence_is_put_to_the_officer() {
    let check = unit_certificate(String::new(), "business_license", "91350203M0009ABC59");
    assert!(!check.passed && check.evidence.contains("厦门"), "{}", check.evidence);
}

/// Case V11.
#[test]
fn a_domain_in_letters_of_another_script_is_seen() {
    for (domain, part) in [
        ("xn--80ak6aa92e.com", "аррӏе.com（xn--80ak6aa92e.com） 形似 apple.com"),
        ("www.xn--80ak6aa92e.com", "形似 www.apple.com"),
        // Cyrillic а among Latin letters.
        ("xn--pple-43d.com", "形似 apple.com"),
        ("xn--80ak6aa92e.xn--fiqs8s", "形似 apple.中国"),
    ] {
        let check = look_alikes(&[domain.to_owned(), "example.cn".to_owned()]);
        assert!(!check.passed && check.evidence.contains(part), "{domain}: {}", check.evidence);
    }
    for domain in [
        "example.cn",
        "xn--fiq228c.cn",
        "xn--fsq092h.xn--fiqs8s",
        "xn--e1afmkfd.com",
        "paypa1.com",
        "xn--strae-oqa.cn",
        "xn--h2bhs4b8d8a.cn",
    ] {
        let check = look_alikes(&[domain.to_owned()]);
        assert!(check.passed, "{domain}: {}", check.evidence);
    }
}

#[test]
fn a_name_beyond_its_subject_is_seen() {
    let subject = |is_unit, owner_kind, name: &str| facts::SubjectFacts {
        is_unit,
        name: name.to_owned(),
        owner_kind,
        region: String::new(),
        certificate: String::new(),
        principal_name: String::new(),
        principal_mobile: String::new(),
        principal_id: String::new(),
    };
    for (name, subject, passed) in [
        ("某某企业官网", subject(true, "企业", "某某公司"), true),
        ("中国某某网", subject(true, "企业", "某某公司"), false),
        ("中国某某网", subject(true, "企业", "中国某某公司"), true),
        ("国家某某局", subject(true, "政府机关", "某某局"), true),
        ("某某公司官网", subject(false, "个人", "孙丙丁"), false),
        ("我的日记", subject(false, "个人", "孙丙丁"), true),
    ] {
        assert_eq!(name_is_modest(name, &subject).passed, passed, "{name}");
    }
}
