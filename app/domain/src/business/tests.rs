//! What holds for the form of every business, and what the rules over several fields of each say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::answer::{Answer, Answers};
use crate::check::{Context, UnknownRegions, check_form};
use crate::posted::rearrange;
use crate::procedure::Procedure;
use crate::schema::{Body, Fault, Field, Kind, Privacy, Section, When};
use crate::sheet::{Change, Disclosure, RegionNames, Shown, diff};
use time::macros::date;

struct NoNames;

impl RegionNames for NoNames {
    fn full_name(&self, _code: &str) -> Option<String> {
        None
    }
}

fn faults(business: Business, answers: &Answers) -> Vec<Fault> {
    let sealed = BTreeMap::new();
    let context = Context { today: date!(2026 - 03 - 02), regions: &UnknownRegions, sealed: &sealed };
    check_form(business.form(), answers, &context).err().unwrap_or_default()
}

/// What is said at an address when these answers are checked.
fn said(business: Business, answers: &[(&str, &str)], at: &str) -> Option<String> {
    let answers: Answers =
        answers.iter().map(|(at, text)| ((*at).to_owned(), Answer::One((*text).to_owned()))).collect();
    faults(business, &answers).into_iter().find(|fault| fault.at == at).map(|fault| fault.message)
}

fn named(when: When, own: &str, names: &mut Vec<(String, &'static str)>) {
    let full = |at: &str| match at.strip_prefix('.') {
        Some(key) => format!("{own}.{key}"),
        None => at.to_owned(),
    };
    match when {
        When::Always | When::Never => {}
        When::Given(at) => names.push((full(at), "")),
        When::Is(at, code) | When::Not(at, code) => names.push((full(at), code)),
        When::AnyOf(at, codes) => names.extend(codes.iter().map(|code| (full(at), *code))),
        When::All(all) | When::Either(all) => all.iter().for_each(|when| named(*when, own, names)),
    }
}

fn field_at(form: &'static Form, at: &str) -> Option<&'static Field> {
    let (section, key) = at.split_once('.')?;
    form.section(section)?.fields.iter().find(|field| field.key == key)
}

#[test]
fn every_procedure_has_a_form_and_a_label_of_its_own() {
    let labels: BTreeSet<&str> = Procedure::all().map(Procedure::label).collect();
    assert_eq!(labels.len(), Procedure::all().count());
    assert_eq!(Procedure::all().count(), 7 * 3 - 1);
    for procedure in Procedure::all() {
        assert!(!procedure.label().is_empty() && !procedure.form().steps.is_empty());
        assert_eq!(Procedure::from_code(&procedure.code()), Some(procedure));
    }
    assert_eq!(Procedure::from_code("assessment_cancel"), None);
}

#[test]
fn sections_and_fields_of_every_form_have_keys_of_their_own() {
    for form in forms() {
        let keys: Vec<&str> = form.sections().map(|section| section.key).collect();
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "{}: {keys:?}", form.key);
        for section in form.sections() {
            let keys: Vec<&str> = section.fields.iter().map(|field| field.key).collect();
            let own: BTreeSet<_> = keys.iter().collect();
            assert_eq!(own.len(), keys.len(), "{} {}: {keys:?}", form.key, section.key);
        }
    }
}

#[test]
fn every_condition_names_a_question_and_an_option_that_exist() {
    for form in forms() {
        for section in form.sections() {
            let mut names = Vec::new();
            named(section.when, section.key, &mut names);
            for field in section.fields {
                named(field.when, section.key, &mut names);
                named(field.required, section.key, &mut names);
                field.relabel.iter().for_each(|(when, _)| named(*when, section.key, &mut names));
            }
            for (at, code) in names {
                let field = field_at(form, &at).unwrap_or_else(|| panic!("{}: {at}", form.key));
                let is_known = match field.kind {
                    Kind::Select(choices) | Kind::Ticks(choices) => {
                        code.is_empty() || choices.iter().any(|choice| choice.code == code)
                    }
                    _ => matches!(code, "" | "yes" | "no"),
                };
                assert!(is_known, "{}: {at} is never {code}", form.key);
            }
        }
    }
}

/// Sealed values are found again by their address (R70), and items change theirs.
#[test]
fn no_personal_value_stands_in_a_repeated_section() {
    for section in forms().flat_map(Form::sections).filter(|section| section.repeat.is_some()) {
        assert!(section.fields.iter().all(|field| field.privacy == Privacy::Plain), "{}", section.key);
    }
}

/// The frame of R30, and the facts every list needs.
#[test]
fn every_business_begins_with_its_subject_and_ends_with_the_notice() {
    for business in Business::ALL.into_iter().filter(|business| *business != Business::Subject) {
        let form = business.form();
        assert_eq!(form.key, business.code());
        assert_eq!(form.steps.len(), 4, "{}", form.key);
        assert!(matches!(form.steps[0].body, Body::Subject));
        assert!(matches!(form.steps[3].body, Body::Notice(_)));
        let name = business.definition().name_at;
        let answers = Answers::from([(name, "某某")]);
        assert!(form.place(name).is_some());
        assert_eq!(crate::facts::of_business(business, &answers).name, "某某");
    }
}

#[test]
fn an_empty_form_is_told_what_is_missing_and_nothing_else() {
    for business in Business::ALL {
        let found = faults(business, &business.form().defaults());
        assert!(!found.is_empty());
        for fault in found {
            let form = business.form();
            assert!(form.place(&fault.at).is_some(), "{}: {}", form.key, fault.at);
        }
    }
}

fn platforms(items: &[(&str, &str, &str)]) -> Vec<(String, String)> {
    let mut answers = vec![("platforms.#".to_owned(), items.len().to_string())];
    for (number, (system, package, fingerprint)) in items.iter().enumerate() {
        answers.push((format!("platforms.{number}.system"), (*system).to_owned()));
        answers.push((format!("platforms.{number}.package_name"), (*package).to_owned()));
        answers.push((format!("platforms.{number}.cert_fingerprint"), (*fingerprint).to_owned()));
    }
    answers
}

fn of_texts(texts: Vec<(String, String)>) -> Answers {
    texts.into_iter().map(|(at, text)| (at, Answer::One(text))).collect()
}

#[test]
fn an_app_gives_the_fingerprint_its_system_knows_and_no_package_twice() {
    let (md5, sha1) = ("a".repeat(32), "b".repeat(40));
    for (items, at) in [
        (vec![("android", "cn.example.a", md5.as_str())], None),
        (vec![("ios", "cn.example.a", sha1.as_str())], None),
        (vec![("android", "cn.example.a", sha1.as_str())], Some("platforms.0.cert_fingerprint")),
        (
            vec![("android", "cn.example.a", &md5), ("ios", "cn.example.a", md5.as_str())],
            Some("platforms.1.cert_fingerprint"),
        ),
        (
            vec![("android", "cn.example.a", &md5), ("android", "cn.example.a", md5.as_str())],
            Some("platforms.1.package_name"),
        ),
        (vec![("android", "cn.example.a", &md5), ("ios", "cn.example.a", sha1.as_str())], None),
    ] {
        let found = faults(Business::App, &of_texts(platforms(&items)));
        let asked = |key: &str| key.starts_with("platforms.") && !key.ends_with("public_key");
        let found: Vec<&str> = found.iter().map(|f| f.at.as_str()).filter(|at| asked(at)).collect();
        assert_eq!(found, at.into_iter().collect::<Vec<_>>(), "{items:?}");
    }
}

#[test]
fn an_app_on_line_says_since_when_and_where_it_is_fetched() {
    let at_launch = |state| said(Business::App, &[("basics.operation", state)], "basics.launched_on");
    assert!(at_launch("online").is_some() && at_launch("testing").is_some());
    assert_eq!(at_launch("not_yet"), None);
    let url = |state| said(Business::App, &[("basics.operation", state)], "platforms.0.download_urls");
    assert!(url("online").is_some());
    assert_eq!(url("testing"), None);
    let privacy = said(Business::App, &[("privacy.kinds", "phone")], "privacy.url");
    assert_eq!(privacy.as_deref(), Some("请填写隐私政策链接"));
}

#[test]
fn a_mini_program_has_the_id_of_its_platform_and_a_way_in() {
    let id = |platform, id| {
        let answers =
            [("basics.platform", platform), ("basics.app_id", id), ("basics.access_url", "https://e.cn/")];
        said(Business::MiniProgram, &answers, "basics.app_id")
    };
    assert_eq!(id("wechat", "wx0123456789abcdef"), None);
    assert!(id("alipay", "wx0123456789abcdef").is_some());
    assert_eq!(id("alipay", "2021001234567890"), None);
    let way_in = said(Business::MiniProgram, &[("basics.name", "某某")], "basics.access_url");
    assert_eq!(way_in.as_deref(), Some("小程序码和访问链接至少填写一项"));
    let original = |platform| {
        let answers = [("basics.platform", platform), ("basics.original_id", "x")];
        said(Business::MiniProgram, &answers, "basics.original_id")
    };
    assert!(original("wechat").is_some());
    assert_eq!(original("alipay"), None, "asked of the one platform that has it");
}

#[test]
fn a_provider_is_asked_for_what_it_provides() {
    let asked = |kind: &str, at: &str| said(Business::Provider, &[("basics.kinds", kind)], at).is_some();
    for (kind, at, is_asked) in [
        ("idc", "rooms.0.name", true),
        ("isp", "rooms.0.name", false),
        ("isp", "ip_ranges.0.start", true),
        ("cloud", "ip_ranges.0.start", false),
        ("cloud", "access.modes", true),
        ("dns", "access.modes", false),
        ("registrar", "registrar.approval_no", true),
        ("isp", "registrar.approval_no", false),
    ] {
        assert_eq!(asked(kind, at), is_asked, "{kind}: {at}");
    }
    let months = said(Business::Provider, &[("security.log_months", "5")], "security.log_months");
    assert!(months.is_some());
}

#[test]
fn a_providers_address_ranges_are_in_order_and_apart() {
    for (ranges, at) in [
        (vec![("114.114.114.0", "114.114.114.255")], None),
        (vec![("114.114.115.0", "114.114.114.0")], Some("ip_ranges.0.end")),
        (vec![("114.114.114.0", "2400:3200::1")], Some("ip_ranges.0.end")),
        (vec![("10.0.0.1", "10.0.0.2")], Some("ip_ranges.0.start")),
        (
            vec![("114.114.114.0", "114.114.114.255"), ("114.114.114.255", "114.114.115.9")],
            Some("ip_ranges.1.start"),
        ),
        (vec![("114.114.114.0", "114.114.114.255"), ("114.114.115.0", "114.114.115.9")], None),
        (
            vec![("2400:3200::1", "2400:3200::ff"), ("2400:3200::ff", "2400:3200::fff")],
            Some("ip_ranges.1.start"),
        ),
    ] {
        let mut texts = vec![
            ("basics.kinds".to_owned(), "isp".to_owned()),
            ("ip_ranges.#".to_owned(), ranges.len().to_string()),
        ];
        for (number, (start, end)) in ranges.iter().enumerate() {
            texts.push((format!("ip_ranges.{number}.start"), (*start).to_owned()));
            texts.push((format!("ip_ranges.{number}.end"), (*end).to_owned()));
            texts.push((format!("ip_ranges.{number}.use"), "static".to_owned()));
        }
        let found = faults(Business::Provider, &of_texts(texts));
        let first = found.iter().map(|f| f.at.as_str()).find(|at| at.starts_with("ip_ranges"));
        assert_eq!(first, at, "{ranges:?}");
    }
}

#[test]
fn a_market_can_be_reached_has_a_number_and_checks_filings() {
    let with = |answers: &[(&str, &str)], at: &str| said(Business::Market, answers, at);
    assert!(with(&[("basics.name", "某某")], "basics.domains").is_some());
    assert_eq!(with(&[("basics.package_names", "cn.example.store")], "basics.domains"), None);
    assert!(with(&[("basics.package_names", "store")], "basics.package_names").is_some());
    assert!(with(&[("basics.name", "某某")], "licence.icp_number").is_some());
    assert_eq!(with(&[("licence.number", "B2-20200001")], "licence.icp_number"), None);
    assert!(with(&[("licence.number", "B2-20200001")], "licence.file").is_some());
    assert_eq!(with(&[("basics.name", "某某")], "licence.file"), None);
    assert!(with(&[("vetting.checks_filing", "no")], "vetting.checks_filing").is_some());
    assert_eq!(with(&[("vetting.checks_filing", "yes")], "vetting.checks_filing"), None);
}

#[test]
fn an_assessment_by_others_names_them_and_describes_seven_measures() {
    let report = |method| {
        let answers = [("assessment.method", method)];
        said(Business::Assessment, &answers, "assessment.third_party_report").is_some()
    };
    assert!(report("third"));
    assert!(!report("self"));
    let long = "措施".repeat(25);
    for item in 1..=7 {
        let at = format!("item{item}.text");
        assert!(said(Business::Assessment, &[(&at, "已落实")], &at).is_some(), "{at} says too little");
        assert_eq!(said(Business::Assessment, &[(&at, &long)], &at), None);
    }
    let later =
        said(Business::Assessment, &[("assessment.assessed_on", "2026-03-03")], "assessment.assessed_on");
    assert!(later.is_some(), "nothing is assessed tomorrow");
}

// ---- repeated sections ----------------------------------------------------------------------

fn sdks(names: &[&str]) -> Answers {
    let mut texts = vec![("sdks.#".to_owned(), names.len().to_string())];
    for (number, name) in names.iter().enumerate() {
        texts.push((format!("sdks.{number}.name"), (*name).to_owned()));
        texts.push((format!("sdks.{number}.provider"), format!("{name}公司")));
    }
    of_texts(texts)
}

#[test]
fn items_come_go_and_move_with_all_they_say() {
    let form = Business::App.form();
    let after = |verb: &str, what: &str, names: &[&str]| {
        let mut answers = sdks(names);
        let item = rearrange(form, verb, what, &mut answers);
        (item, answers)
    };
    let at = |item: &str| Some(item.to_owned());
    assert_eq!(after("up", "sdks.1", &["一", "二", "三"]), (at("sdks.0"), sdks(&["二", "一", "三"])));
    assert_eq!(after("down", "sdks.1", &["一", "二", "三"]), (at("sdks.2"), sdks(&["一", "三", "二"])));
    assert_eq!(after("remove", "sdks.0", &["一", "二", "三"]), (at("sdks.0"), sdks(&["二", "三"])));
    assert_eq!(after("remove", "sdks.2", &["一", "二", "三"]), (at("sdks.1"), sdks(&["一", "二"])));
    assert_eq!(after("remove", "sdks.0", &["一"]), (at("sdks.0"), sdks(&[])));
    // What is not there or cannot be done changes nothing.
    for (verb, what) in [
        ("up", "sdks.0"),
        ("down", "sdks.2"),
        ("remove", "sdks.3"),
        ("up", "sdks.x"),
        ("up", "basics.1"),
        ("same", "sdks.1"),
    ] {
        assert_eq!(
            after(verb, what, &["一", "二", "三"]),
            (None, sdks(&["一", "二", "三"])),
            "{verb} {what}"
        );
    }
    let (item, grown) = after("add", "sdks", &["一"]);
    assert_eq!((item, grown.text("sdks.#")), (at("sdks.1"), "2"));
}

#[test]
fn the_only_item_of_a_section_that_needs_one_is_emptied_rather_than_removed() {
    let form = Business::App.form();
    let mut answers = of_texts(platforms(&[("ios", "cn.example.a", "")]));
    assert_eq!(rearrange(form, "remove", "platforms.0", &mut answers).as_deref(), Some("platforms.0"));
    let section: &'static Section = form.section("platforms").unwrap();
    assert_eq!((section.count(&answers), answers.text("platforms.0.package_name")), (1, ""));
}

fn compared(before: &[&str], after: &[&str]) -> Vec<Change> {
    let form = Business::App.form();
    diff(form, (&sdks(before), Disclosure::Full), (&sdks(after), Disclosure::Full), &NoNames)
}

fn texts(changes: &[Change]) -> Vec<(&str, &str, String, String)> {
    let read = |shown: &Shown| match shown {
        Shown::Text(text) => text.clone(),
        Shown::Nothing => String::new(),
        other => format!("{other:?}"),
    };
    changes.iter().map(|c| (c.section.as_str(), c.label.as_str(), read(&c.before), read(&c.after))).collect()
}

/// R19: an item is compared with what it was, not with what stood at its place.
#[test]
fn a_removed_item_does_not_make_those_after_it_look_changed() {
    let changes = compared(&["一", "二", "三"], &["二", "三"]);
    let gone = "使用的SDK · SDK 1（删除）";
    assert_eq!(
        texts(&changes),
        [
            (gone, "SDK名称", "一".to_owned(), String::new()),
            (gone, "SDK提供方", "一公司".to_owned(), String::new()),
        ]
    );
    assert!(changes.iter().all(|change| change.at == "sdks.#"), "its address is another item's now");
}

#[test]
fn an_added_item_is_shown_whole() {
    let changes = compared(&["一"], &["新", "一"]);
    assert!(changes.iter().all(|change| change.section == "使用的SDK · SDK 1（新增）"), "{changes:?}");
    assert_eq!(changes.len(), 2);
}

#[test]
fn another_order_is_one_line_of_the_comparison() {
    let changes = compared(&["一", "二", "三"], &["三", "一", "二"]);
    let row = ("使用的SDK", "SDK顺序", "SDK 1、SDK 2、SDK 3".to_owned(), "SDK 3、SDK 1、SDK 2".to_owned());
    assert_eq!(texts(&changes), [row]);
}

#[test]
fn a_changed_item_is_compared_with_itself_also_when_it_moved() {
    let (before, mut after) = (sdks(&["一", "二"]), sdks(&["二", "一"]));
    after.set_text("sdks.1.provider", "某某公司");
    let form = Business::App.form();
    let changes = diff(form, (&before, Disclosure::Full), (&after, Disclosure::Full), &NoNames);
    assert_eq!(
        texts(&changes),
        [
            ("使用的SDK", "SDK顺序", "SDK 1、SDK 2".to_owned(), "SDK 2、SDK 1".to_owned()),
            ("使用的SDK · SDK 2", "SDK提供方", "一公司".to_owned(), "某某公司".to_owned()),
        ]
    );
}

#[test]
fn a_section_without_items_still_offers_to_add_one() {
    let form = Business::App.form();
    assert!(form.section("sdks").unwrap().is_shown(&sdks(&[])));
    let rooms = Business::Provider.form().section("rooms").unwrap();
    assert!(!rooms.is_shown(&Answers::new()));
}

#[test]
fn the_sections_that_decide_what_is_asked_are_known() {
    let decides = |business: Business, key: &str| {
        let form = business.form();
        form.section(key).unwrap().decides(form)
    };
    assert!(decides(Business::App, "basics"), "the state of operation asks for addresses");
    assert!(decides(Business::App, "platforms"), "the system asks for a fingerprint");
    assert!(decides(Business::Provider, "basics"));
    assert!(decides(Business::Website, "permit"));
    assert!(!decides(Business::Website, "registrar") || decides(Business::Website, "isp"));
    assert!(!decides(Business::Provider, "scale"));
}

/// `domain.md` 2.4, 2.8: the wrong class and a wrong answer about interaction are sent back most.
#[test]
fn the_guide_of_a_website_suggests_and_is_not_filed() {
    let form = Business::Website.form();
    let told = |answers: &[(&str, &str)]| -> Vec<(String, String)> {
        let answers = answers.iter().map(|(at, text)| ((*at).to_owned(), (*text).to_owned())).collect();
        let found = crate::check::suggestions(form, &of_texts(answers));
        found.into_iter().map(|one| (one.at.to_owned(), one.sentence)).collect()
    };
    let class = |label: &str| ("service.class".to_owned(), format!("按选择助手中的回答，建议选择“{label}”"));
    assert!(told(&[]).is_empty());
    assert_eq!(told(&[("guide.content", "tool")]), [class("G 计算应用类")]);
    assert_eq!(told(&[("guide.presents", "yes")]), [class("Z 其他")]);
    assert_eq!(told(&[("guide.presents", "yes"), ("guide.content", "shop")]), [class("B 网络销售类")]);
    assert!(told(&[("guide.content", "tool"), ("service.class", "G")]).is_empty());
    assert!(told(&[("guide.content", "nonsense")]).is_empty());
    assert_eq!(told(&[("guide.publishes", "no")])[0].0, "interactive.is_interactive");
    assert!(told(&[("guide.publishes", "no"), ("interactive.is_interactive", "no")]).is_empty());

    let (before, after) =
        (Answers::from([("guide.content", "own")]), Answers::from([("guide.content", "shop")]));
    assert!(diff(form, (&before, Disclosure::Full), (&after, Disclosure::Full), &NoNames).is_empty());
    assert!(crate::sheet::sheet(form, &after, &NoNames, Disclosure::Full).sections.is_empty());
    // What is typed there is checked as any list is.
    assert!(
        faults(Business::Website, &Answers::from([("guide.content", "x")]))
            .iter()
            .any(|fault| fault.at == "guide.content")
    );
}

#[test]
fn lists_are_compared_item_by_item() {
    let form = Business::Website.form();
    let lines = |items: &[&str]| {
        let mut answers = Answers::from([("site.has_own_domain", "yes")]);
        answers
            .set("site.other_domains", Answer::Many(items.iter().map(|item| (*item).to_owned()).collect()));
        answers
    };
    let compared = |old: &[&str], new: &[&str]| -> Option<(Shown, Shown)> {
        let changes = diff(form, (&lines(old), Disclosure::Full), (&lines(new), Disclosure::Full), &NoNames);
        changes.into_iter().next().map(|change| (change.before, change.after))
    };
    let text = |text: &str| Shown::Text(text.to_owned());
    let all = |items: &[&str]| Shown::Lines(items.iter().map(|item| (*item).to_owned()).collect());
    let part = |items: &[&str], same| Shown::Part {
        items: items.iter().map(|item| (*item).to_owned()).collect(),
        same,
    };
    assert_eq!(compared(&["a.cn", "b.cn"], &["a.cn", "b.cn"]), None);
    assert_eq!(compared(&["a.cn"], &["b.cn"]), Some((text("a.cn"), text("b.cn"))));
    assert_eq!(
        compared(&["a.cn", "b.cn", "c.cn"], &["a.cn", "c.cn", "d.cn", "e.cn"]),
        Some((part(&["b.cn"], 2), part(&["d.cn", "e.cn"], 2)))
    );
    assert_eq!(compared(&["a.cn"], &["a.cn", "b.cn"]), Some((part(&[], 1), part(&["b.cn"], 1))));
    assert_eq!(
        compared(&["a.cn", "b.cn"], &["c.cn", "d.cn"]),
        Some((all(&["a.cn", "b.cn"]), all(&["c.cn", "d.cn"])))
    );
    let turned = compared(&["a.cn", "b.cn"], &["b.cn", "a.cn"]);
    assert_eq!(turned, Some((all(&["a.cn", "b.cn"]), all(&["b.cn", "a.cn"]))));
}

/// R31: of a provider often only the city is known; an address must still end in a county.
#[test]
fn a_provider_may_stand_at_any_level_and_an_address_may_not() {
    struct Known;
    impl crate::check::Regions for Known {
        fn is_leaf(&self, code: &str) -> Option<bool> {
            Some(code == "330106")
        }
        fn exists(&self, code: &str) -> Option<bool> {
            Some(matches!(code, "330000" | "330100" | "330106"))
        }
    }
    let sealed = BTreeMap::new();
    let context = Context { today: date!(2026 - 03 - 02), regions: &Known, sealed: &sealed };
    let told = |business: Business, at: &str, code: &str| {
        let answers = Answers::from([(at, code), ("subject.nature", "unit")]);
        let found = check_form(business.form(), &answers, &context).err().unwrap();
        found.into_iter().any(|fault| fault.at == at)
    };
    for code in ["330000", "330100", "330106"] {
        assert!(!told(Business::Website, "isp.region", code), "{code}");
    }
    for code in ["440000", "33", "x"] {
        assert!(told(Business::Website, "isp.region", code), "{code}");
    }
    assert!(told(Business::Subject, "unit.office_region", "330100"));
    assert!(!told(Business::Subject, "unit.office_region", "330106"));
}

/// docs/adding-a-business.md: the value is enough, whoever made it.
mod one_that_is_in_no_registry {
    use super::*;
    use crate::action::Action;
    use crate::business::blocks::{BADGE, CHECKS, CONTENT, DUTY_NOTICE, REMARK_SECTION};
    use crate::mask::Mask;
    use crate::schema::{Step, field, fields, section};
    use crate::sheet::sheet;

    static ROOM: Definition = Definition {
        code: "live_room",
        noun: "直播间",
        menu: "直播间",
        shortcuts: "直播间",
        mine: "我的直播间",
        at_home: None,
        name_label: "直播间名称",
        number_kind: Some(8),
        actions: &[called(Action::New, "新办直播间申请"), called(Action::Change, "变更直播间")],
        form: &FORM,
        name_at: "basics.name",
        domains_at: &[],
        badge: BADGE,
        sign_off: &[CONTENT, CHECKS],
    };
    static FORM: Form = Form {
        key: "live_room",
        steps: &[
            Step { key: "subject", title: "开办主体", body: Body::Subject },
            Step { key: "room", title: "基本信息", body: Body::Sections(SECTIONS) },
            Step { key: "notice", title: "提示说明", body: Body::Notice(&DUTY_NOTICE) },
        ],
        rules: &[host_and_room_have_different_names],
        advice: &[],
    };
    const SECTIONS: &[Section] = &[
        section(
            "basics",
            "直播间信息",
            fields![
                field("name", "直播间名称", Kind::Text { min: 2, max: 30 }).required(),
                field("host", "主播姓名", Kind::PersonName).required().personal(Mask::Name),
                field("sells", "是否直播带货", Kind::YesNo).required(),
                field("goods", "所售商品", Kind::LongText { min: 2, max: 500 })
                    .required()
                    .when(When::Is(".sells", "yes")),
            ],
        ),
        REMARK_SECTION,
    ];

    fn host_and_room_have_different_names(answers: &Answers, _today: time::Date) -> Option<Fault> {
        let (name, host) = (answers.text("basics.name"), answers.text("basics.host"));
        (!name.is_empty() && name == host)
            .then(|| crate::schema::fault("basics.name", "请填写直播间的名称，不是主播姓名"))
    }

    fn checked(answers: &Answers) -> Result<Answers, Vec<String>> {
        let sealed = BTreeMap::new();
        let context = Context { today: date!(2026 - 03 - 02), regions: &UnknownRegions, sealed: &sealed };
        check_form(ROOM.form, answers, &context)
            .map(crate::check::Checked::into_answers)
            .map_err(|faults| faults.into_iter().map(|fault| fault.at).collect())
    }

    #[test]
    fn a_definition_alone_is_checked_shown_masked_and_compared() {
        assert_eq!(
            checked(&ROOM.form.defaults()),
            Err(vec!["basics.name".into(), "basics.host".into(), "basics.sells".into()])
        );
        let mut answers =
            Answers::from([("basics.name", " 好物 "), ("basics.host", "周庚辛"), ("basics.sells", "yes")]);
        assert_eq!(checked(&answers), Err(vec!["basics.goods".into()]), "an answer asks for more");
        answers.set_text("basics.goods", "茶叶");
        answers.set_text("basics.colour", "red");
        assert_eq!(checked(&answers), Err(vec!["basics.colour".into()]), "nobody asked");
        answers.set("basics.colour", Answer::One(String::new()));
        let before = checked(&answers).unwrap();
        assert_eq!(before.text(ROOM.name_at), "好物");
        let mut same = before.clone();
        same.set_text("basics.name", "周庚辛");
        assert_eq!(checked(&same), Err(vec!["basics.name".into()]), "its own rule");

        let shown = sheet(ROOM.form, &before, &NoNames, Disclosure::Masked);
        let rows: Vec<_> = shown.sections.iter().flat_map(|section| &section.rows).collect();
        let labels: Vec<&str> = rows.iter().map(|row| row.label.as_str()).collect();
        assert_eq!(labels, ["直播间名称", "主播姓名", "是否直播带货", "所售商品"]);
        assert_eq!((rows[0].masked, rows[1].masked), (false, true));
        assert_eq!(rows[1].value, Shown::Text("周**".into()));

        let mut after = before.clone();
        after.set_text("basics.goods", "瓷器");
        let changes = diff(ROOM.form, (&before, Disclosure::Full), (&after, Disclosure::Full), &NoNames);
        let row = ("直播间信息", "所售商品", "茶叶".to_owned(), "瓷器".to_owned());
        assert_eq!(texts(&changes), [row]);
    }
}

/// What is suggested can be answered, at a question of the form, by an option of its list.
#[test]
fn what_is_suggested_is_an_answer() {
    for business in Business::ALL {
        let form = business.form();
        for section in form.sections() {
            if let Some(at) = section.guides {
                assert!(
                    section.is_guide
                        && form.step_of(at).map(|step| step.key)
                            == form.step_of(&section.own_address(section.fields[0].key)).map(|step| step.key)
                );
            }
            for at in section.all_no {
                let place = form.place(at);
                assert!(place.is_none_or(|place| matches!(place.field.kind, Kind::YesNo)), "{at}");
            }
            for field in section.fields {
                for key in field.leads_to.iter().chain(field.resolved_from) {
                    assert!(section.fields.iter().any(|other| other.key == *key), "{key}");
                }
            }
        }
    }
    for (code, kind, paper) in [
        ("91350100M000100Y43", "enterprise", "business_license"),
        ("91110000802100433B", "enterprise", "business_license"),
        ("91350100M000100Y44", "", ""),
        ("110108000000016", "", ""),
    ] {
        let mut answers = Answers::from([("subject.nature", "unit"), ("unit.cert_no", code)]);
        let step = Business::Subject.form().step("form").unwrap();
        let said = crate::posted::understand(step, &Answers::new(), &mut answers);
        assert_eq!(answers.text("subject.unit_kind"), kind, "{code}");
        assert_eq!(answers.text("unit.cert_kind"), paper, "{code}");
        assert_eq!(said.len(), if kind.is_empty() { 0 } else { 2 }, "{said:?}");
    }
    // What a person chose stays.
    let chosen = [
        ("unit.cert_no", "91350100M000100Y43"),
        ("unit.cert_kind", "uscc_cert"),
        ("subject.unit_kind", "other"),
    ];
    let mut answers = Answers::from(chosen);
    let step = Business::Subject.form().step("form").unwrap();
    assert!(crate::posted::understand(step, &Answers::new(), &mut answers).is_empty());
}

/// What a tick takes from elsewhere is asked there in the same way, on the same step and before it.
#[test]
fn what_is_the_same_as_elsewhere_is_asked_alike() {
    let mut ticks = 0;
    for business in Business::ALL {
        let form = business.form();
        for section in form.sections() {
            for same in section.same_as {
                ticks += 1;
                assert!(
                    section.repeat.is_none() && !section.fields.iter().any(|field| field.key == same.key)
                );
                for (own, from) in same.fields {
                    let at = section.own_address(own);
                    let (own, source) = (form.place(&at).unwrap(), form.place(from).unwrap());
                    assert_eq!(
                        std::mem::discriminant(&own.field.kind),
                        std::mem::discriminant(&source.field.kind),
                        "{at}"
                    );
                    assert_eq!(form.step_of(&at).unwrap().key, form.step_of(from).unwrap().key);
                    let order: Vec<String> =
                        form.places(&form.defaults()).map(|place| place.address()).collect();
                    let place_of = |at: &str| order.iter().position(|known| known == at);
                    assert!(place_of(from) < place_of(&at), "told of where it comes from first: {at}");
                }
            }
        }
    }
    assert_eq!(ticks, 2);
}
