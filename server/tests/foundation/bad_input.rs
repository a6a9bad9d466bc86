//! Bad input (R73, R76): each kind of it, posted as a plain form and sent to the server functions. Either
//! way there is a sentence at its field, and what was typed is still there.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::identity::World;
use crate::stage::{Browser, Page};

/// What is posted beside the field in question, per form; answers that decide which questions are asked.
const UNIT: &[(&str, &str)] = &[
    ("subject.nature", "unit"),
    ("unit.cert_kind", "business_license"),
    ("principal.id_kind", "resident_id"),
];
const SITE: &[(&str, &str)] = &[
    ("site.has_icp", "yes"),
    ("site.has_own_domain", "yes"),
    ("site.main_domain", "example.cn"),
    ("isp.jurisdiction", "mainland"),
    ("interactive.is_interactive", "yes"),
];

struct Case {
    /// Business and step.
    form: (&'static str, &'static str),
    beside: &'static [(&'static str, &'static str)],
    at: &'static str,
    typed: String,
    /// A part of the sentence.
    told: &'static str,
}

fn cases() -> Vec<Case> {
    let unit = |at: &'static str, typed: &str, told: &'static str| Case {
        form: ("subject", "form"),
        beside: UNIT,
        at,
        typed: typed.to_owned(),
        told,
    };
    let site = |at: &'static str, typed: &str, told: &'static str| Case {
        form: ("website", "site"),
        beside: SITE,
        at,
        typed: typed.to_owned(),
        told,
    };
    let people = |at: &'static str, typed: &str, told: &'static str| Case {
        form: ("website", "people"),
        beside: &[("security_officer.id_kind", "resident_id")],
        at,
        typed: typed.to_owned(),
        told,
    };
    vec![
        unit("principal.id_no", "110105194912310021", "校验码"),
        unit("principal.id_no", "110105194902300028", "出生日期"),
        unit("principal.id_no", "11010519491231002", "18 位"),
        unit("unit.cert_no", "91350100M000100Y44", "校验码"),
        unit("unit.cert_no", "9135010OM000100Y43", "不使用字母"),
        unit("principal.mobile", "12345", "11 位"),
        unit("principal.mobile", "12800001234", "13 至 19"),
        unit("principal.phone", "12345678", "区号"),
        unit("principal.phone", "010-123", "7 或 8 位"),
        unit("principal.id_valid_to", "2020-01-31", "过期"),
        unit("principal.id_valid_to", "2026-02-31", "正确的日期"),
        unit("principal.region", "110000", "最末一级"),
        unit("principal.region", "999999", "地区"),
        unit("unit.name", "", "请填写主办单位名称"),
        unit("unit.office_address", "", "请填写单位办公详细地址"),
        unit("principal.id_portrait", "", "请上传身份证人像面"),
        unit("unit.name", &"长".repeat(10_000), "10000 个字"),
        unit("unit.name", &"长".repeat(20_001), "个字"),
        unit("unit.name", "某某\u{e000}公司", "自造字"),
        unit("unit.name", "某某\u{fffd}公司", "自造字"),
        unit("unit.office_address", "一\u{e000}二三四", "自造字"),
        unit("principal.name", "孙\u{e000}", "自造字"),
        unit("principal.name", "</textarea><script>alert(1)</script>", "姓名"),
        unit("principal.name", "张*", "*"),
        unit("principal.mobile", "138****5678", "* 号"),
        unit("subject.unit_kind", "no_such_kind", "列表"),
        unit("principal.id_portrait", "no-such-file", "文件"),
        site("site.main_domain", "blog.example.cn", "可以注册的一级域名"),
        site("site.main_domain", "me@example.cn", "不要填电子邮件地址"),
        site("site.main_domain", "https://blog.example.cn", "http://"),
        site("site.main_domain", "blog.example.cn/index.html", "路径"),
        site("site.main_domain", "示_例.cn", "下划线"),
        site("site.main_domain", "☃雪人.cn", "不允许的字符"),
        site("site.main_domain", "-示例.cn", "短横线"),
        site("site.main_domain", "example.zz9", "没有这个域名后缀"),
        site("site.main_domain", "example.eu.org", "选“否”"),
        site("site.ips", "10.1.2.3", "内网"),
        site("site.ips", "1.2.4.8\n192.168.0.1", "第 2 行"),
        site("site.ips", "1.2.4.0/24", "/"),
        site("site.home_urls", "https://www.example.com/", "不在所填的域名之下"),
        site("site.home_urls", "ftp://example.cn/", "http"),
        site("site.icp_number", "12345678", "省份简称"),
        site("site.icp_number", "京ICP备12号-1", "6 至 12 位"),
        site("site.opened_on", "2099-01-01", "不能晚于今天"),
        site("site.name", "</textarea><script>alert(1)</script>".repeat(4).as_str(), "2 至 60"),
        site("interactive.filter", &"长".repeat(10_000), "10000 个字"),
        site("interactive.moderators", "很多", "整数"),
        people("security_officer.id_no", "110105194912310021", "校验码"),
        people("emergency_contact.mobile", "1390000", "11 位"),
    ]
}

/// A step as a browser without scripts posts it.
async fn post(browser: &mut Browser, case: &Case, go: &str) -> Page {
    let mut controls: BTreeMap<&str, &str> = case.beside.iter().copied().collect();
    controls.insert(case.at, &case.typed);
    controls.insert("go", go);
    let parts: Vec<_> = controls.iter().map(|(name, text)| (*name, None, text.as_bytes())).collect();
    let (business, step) = case.form;
    browser.post_parts(&format!("/form/{business}/new/{step}"), &parts).await
}

fn field(at: &str) -> String {
    format!("f-{}", at.replace('.', "-"))
}

/// The text of the element with this id.
fn text_of(html: &str, id: &str) -> Option<String> {
    let (_, rest) = html.split_once(&format!("id=\"{id}\""))?;
    let inner = rest.split_once('>')?.1.split("</p>").next()?;
    // What stands between its tags.
    Some(inner.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).collect())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

async fn drop_drafts(world: &World, actor: &service::Actor) {
    for row in world.service.drafts.drafts(actor, "", "").await.unwrap().rows {
        world.service.drafts.delete_draft(actor, &row.id).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_wrong_in_a_plain_post_is_said_at_its_field_and_stays_typed() {
    let world = World::new().await;
    for case in cases() {
        let (at, typed) = (case.at, &case.typed);
        // Each with a person of its own would be slow; each with a fresh form is as good.
        let (mut browser, actor) = world.signed_in("申请人甲").await;
        drop_drafts(&world, &actor).await;
        if case.form.0 == "website" && world.service.records.my_subject(&actor).await.unwrap().is_none() {
            world.subject(&actor, "13800005678").await;
        }
        let last = if case.form.0 == "subject" { "submit" } else { "next" };
        let answer = post(&mut browser, &case, last).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{at} {:.40}: {}", typed, answer.body);
        let page = browser.get(answer.location().as_str()).await;
        assert_eq!(page.status, StatusCode::OK, "{at}: {}", page.body);
        let html = &page.body;

        let id = field(at);
        let told = text_of(html, &format!("{id}-error")).unwrap_or_default();
        assert!(told.contains(&escaped(case.told)), "{at} {typed:.40}: said “{told}”, not “{}”", case.told);
        assert!(html.contains(&format!("{id}-error\"")), "{at}: the control is described by its fault");
        assert!(html.contains(&format!("href=\"#{id}\"")), "{at}: the summary leads to the field");
        assert!(!html.contains("<script>alert"), "{at}: nothing typed became markup");
        // A region, a date and a choice are shown as what is chosen; files by their name.
        let is_text = !matches!(at, "principal.region" | "subject.unit_kind" | "principal.id_portrait");
        if is_text && !typed.is_empty() {
            let kept = html.contains(&escaped(typed)) || html.contains(&escaped(typed.trim()));
            assert!(kept, "{at}: “{typed:.40}” is still there");
        }
    }
}

async fn call(browser: &Browser, world: &World, function: &str, input: &Value) -> (StatusCode, Value) {
    let cookies: Vec<String> =
        browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let response = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(world.home.join(&format!("/api/{function}")).unwrap())
        .header("sec-fetch-site", "same-origin")
        .header("cookie", cookies.join("; "))
        .json(input)
        .send()
        .await
        .unwrap();
    (response.status(), response.json().await.unwrap_or(Value::Null))
}

fn sentence_at<'a>(faults: &'a Value, at: &str) -> Option<&'a str> {
    faults["Faults"].as_array()?.iter().find(|fault| fault["at"] == at)?["message"].as_str()
}

#[tokio::test]
async fn what_is_wrong_is_said_by_the_server_functions_in_the_same_words() {
    let world = World::new().await;
    let (browser, actor) = world.signed_in("申请人甲").await;
    for case in cases() {
        drop_drafts(&world, &actor).await;
        if case.form.0 == "website" && world.service.records.my_subject(&actor).await.unwrap().is_none() {
            world.subject(&actor, "13800005678").await;
        }
        let (at, (business, step)) = (case.at, case.form);
        let mut answers: BTreeMap<&str, Value> =
            case.beside.iter().map(|(name, value)| (*name, json!(value))).collect();
        let is_list = matches!(at, "site.ips" | "site.home_urls");
        if !case.typed.is_empty() {
            answers.insert(
                at,
                if is_list { json!(case.typed.split('\n').collect::<Vec<_>>()) } else { json!(case.typed) },
            );
        }
        let draft = json!({
            "procedure": format!("{business}_new"), "step": step, "draft": null, "record": null,
            "subject": null, "version": null, "overwrite": false, "answers": answers,
        });
        let (status, saved) = call(&browser, &world, "save_draft", &json!({ "draft": draft })).await;
        assert_eq!(status, StatusCode::OK, "{at}: {saved}");
        // A draft takes what is not valid, but nothing without bound and no stars (R12, R70).
        let told = match sentence_at(&saved, at) {
            Some(told) => told.to_owned(),
            None => {
                let head = &saved["Ok"];
                let (draft, version) = (&head["id"], &head["version"]);
                let submit = json!({ "draft": draft, "version": version, "subject": null, "key": draft });
                let (status, answer) = call(&browser, &world, "submit", &submit).await;
                assert_eq!(status, StatusCode::OK, "{at}: {answer}");
                let request = json!({ "request": {
                    "procedure": format!("{business}_new"), "step": step, "draft": draft, "record": null,
                    "fresh": false, "check": true,
                }});
                let (_, view) = call(&browser, &world, "form_view", &request).await;
                let kept = &view["answers"][at];
                assert_eq!(*kept, answers.get(at).cloned().unwrap_or(Value::Null), "{at} is kept");
                sentence_at(&answer, at).unwrap_or_else(|| panic!("{at}: {answer}")).to_owned()
            }
        };
        assert!(told.contains(case.told), "{at} {:.40}: said “{told}”", case.typed);
    }
}

#[tokio::test]
async fn a_field_the_form_does_not_have_is_refused_and_never_stored() {
    let world = World::new().await;
    let (mut browser, actor) = world.signed_in("申请人甲").await;
    let request = |answers: Value| {
        json!({ "draft": {
            "procedure": "subject_new", "step": "form", "draft": null, "record": null, "subject": null,
            "version": null, "overwrite": false, "answers": answers,
        }})
    };
    let (status, saved) =
        call(&browser, &world, "save_draft", &request(json!({ "principal.shoe_size": "42" }))).await;
    assert_eq!(
        (status, sentence_at(&saved, "principal.shoe_size")),
        (StatusCode::OK, Some("表单中没有这一项"))
    );

    // Among the controls of a page it is passed over: the page of an older server may have it (R82).
    let parts: Vec<(&str, Option<&str>, &[u8])> = vec![
        ("subject.nature", None, b"person"),
        ("principal.shoe_size", None, b"42"),
        ("file:principal.shoe", Some("a.png"), b"no picture"),
        ("go", None, b"save"),
    ];
    let answer = browser.post_parts("/form/subject/new/form", &parts).await;
    assert_eq!(answer.location().path(), "/mine/drafts", "{}", answer.body);
    let drafts = world.service.drafts.drafts(&actor, "", "").await.unwrap();
    assert_eq!(drafts.rows.len(), 1);
}

#[tokio::test]
async fn a_file_sent_along_without_scripts_is_refused_at_its_field_and_the_rest_stays() {
    let world = World::new().await;
    let (mut browser, actor) = world.signed_in("申请人甲").await;
    let large = [&b"\x89PNG\r\n\x1a\n"[..], &vec![0; 5 * 1024 * 1024 - 7]].concat();
    assert_eq!(large.len(), 5 * 1024 * 1024 + 1);
    for (content, told) in [
        (&b"GIF89a\x01\0\x01\0\0\0\0;"[..], "png/jpeg/jpg"),
        (b"%PDF-1.4", "png/jpeg/jpg"),
        (b"<!doctype html><script>alert(1)</script>", "png/jpeg/jpg"),
        (&large, "5MB"),
        (&bomb(), "像素"),
    ] {
        let parts: Vec<(&str, Option<&str>, &[u8])> = vec![
            ("subject.nature", None, b"person"),
            ("principal.name", None, "孙丙丁".as_bytes()),
            ("file:principal.id_portrait", Some("照片.png"), content),
            ("go", None, b"submit"),
        ];
        drop_drafts(&world, &actor).await;
        let answer = browser.post_parts("/form/subject/new/form", &parts).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let page = browser.get(answer.location().as_str()).await;
        let said = text_of(&page.body, "f-principal-id_portrait-error").unwrap_or_default();
        assert!(said.contains(told), "“{said}”, not “{told}”");
        assert!(page.body.contains("value=\"孙丙丁\""), "what was typed beside it is there");
        // Saved with nothing wrong to say of the file, the old complaint is gone.
        let draft = answer.query("draft").unwrap();
        let version = page.body.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let parts: Vec<(&str, Option<&str>, &[u8])> = vec![
            ("subject.nature", None, b"person"),
            ("draft", None, draft.as_bytes()),
            ("version", None, version.as_bytes()),
            ("go", None, b"submit"),
        ];
        let answer = browser.post_parts("/form/subject/new/form", &parts).await;
        let page = browser.get(answer.location().as_str()).await;
        assert_eq!(
            text_of(&page.body, "f-principal-id_portrait-error"),
            Some("请上传身份证人像面".to_owned()),
            "{} {}: {} {}",
            answer.status,
            answer.location(),
            page.status,
            page.body
        );
    }
}

/// A small PNG that says it is 60000 by 60000 pixels.
fn bomb() -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    let header = [&60_000u32.to_be_bytes()[..], &60_000u32.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    png.extend(&header);
    png.extend(crc32(&[b"IHDR", &header[..]].concat()).to_be_bytes());
    png.extend(b"\0\0\0\0IEND\xaeB`\x82");
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 },
        )
    })
}

#[tokio::test]
async fn what_is_another_persons_does_not_exist_whichever_way_it_is_asked_for() {
    let world = World::new().await;
    let (mut owner, actor) = world.signed_in("申请人甲").await;
    let parts: Vec<(&str, Option<&str>, &[u8])> =
        vec![("subject.nature", None, b"person"), ("go", None, b"save")];
    owner.post_parts("/form/subject/new/form", &parts).await;
    let draft = world.service.drafts.drafts(&actor, "", "").await.unwrap().rows[0].id.clone();
    let file = world.service.files.accept_upload(&actor, "说明.png", small_picture()).await.unwrap().id;

    let (mut other, _) = world.signed_in("申请人乙").await;
    for path in [
        format!("/subject/new/form?draft={draft}"),
        format!("/files/{file}"),
        format!("/files/{file}?small=1"),
        format!("/mine/filings/{draft}"),
        format!("/receipt/{draft}"),
        format!("/mine/website/{draft}"),
    ] {
        assert_eq!(other.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(owner.get(&format!("/files/{file}")).await.status, StatusCode::OK, "the owner's own");
    let parts: Vec<(&str, Option<&str>, &[u8])> = vec![
        ("subject.nature", None, b"person"),
        ("draft", None, draft.as_bytes()),
        ("version", None, b"1"),
        ("go", None, b"save"),
    ];
    let answer = other.post_parts("/form/subject/new/form", &parts).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);

    // Somebody else's file in one's own form says no more than that it is none (and not its name).
    let parts: Vec<(&str, Option<&str>, &[u8])> = vec![
        ("subject.nature", None, b"person"),
        ("principal.name", None, "孙丙丁".as_bytes()),
        ("principal.id_portrait", None, file.as_bytes()),
        ("go", None, b"save"),
    ];
    let answer = other.post_parts("/form/subject/new/form", &parts).await;
    let page = other.get(answer.location().as_str()).await;
    let said = text_of(&page.body, "f-principal-id_portrait-error").unwrap_or_default();
    assert!(said.contains("文件不存在"), "{said}");
    assert!(!page.body.contains("说明.png") && page.body.contains("value=\"孙丙丁\""));
}

fn small_picture() -> Vec<u8> {
    // One black pixel.
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    let header = [&1u32.to_be_bytes()[..], &1u32.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    png.extend(&header);
    png.extend(crc32(&[b"IHDR", &header[..]].concat()).to_be_bytes());
    // A stored block of two zeros: filter and pixel.
    let pixels = [0x78, 0x01, 0x01, 0x02, 0x00, 0xfd, 0xff, 0x00, 0x00, 0x00, 0x02, 0x00, 0x01];
    png.extend((pixels.len() as u32).to_be_bytes());
    png.extend(b"IDAT");
    png.extend(pixels);
    png.extend(crc32(&[b"IDAT", &pixels[..]].concat()).to_be_bytes());
    png.extend(b"\0\0\0\0IEND\xaeB`\x82");
    png
}

#[tokio::test]
async fn a_stale_tab_and_a_signed_out_one_keep_what_was_typed() {
    let world = World::new().await;
    let (mut browser, _) = world.signed_in("申请人甲").await;
    let parts: Vec<(&str, Option<&str>, &[u8])> = vec![
        ("subject.nature", None, b"person"),
        ("principal.name", None, "旧的".as_bytes()),
        ("go", None, b"refresh"),
    ];
    let answer = browser.post_parts("/form/subject/new/form", &parts).await;
    let draft = answer.query("draft").unwrap();
    let typed = "</textarea><script>alert(1)</script>\"'&";
    let mut parts: Vec<(&str, Option<&str>, &[u8])> = vec![
        ("subject.nature", None, b"person"),
        ("principal.name", None, typed.as_bytes()),
        ("draft", None, draft.as_bytes()),
        ("version", None, b"0"),
        ("go", None, b"save"),
    ];
    let held = browser.post_parts("/form/subject/new/form", &parts).await;
    assert_eq!(held.status, StatusCode::CONFLICT);
    assert!(
        held.body.contains("用本页内容覆盖") && held.body.contains(&escaped_in_text(typed)),
        "{}",
        held.body
    );
    assert!(!held.body.contains("<script>alert"), "{}", held.body);

    let mut stranger = Browser::new(world.home.clone());
    let held = stranger.post_parts("/form/subject/new/form", &parts).await;
    assert_eq!(held.status, StatusCode::UNAUTHORIZED);
    assert!(held.body.contains("重新登录") && held.body.contains(&escaped_in_text(typed)), "{}", held.body);

    // Sent again with the choice made, it is the draft.
    parts.push(("overwrite", None, b"yes"));
    let saved = browser.post_parts("/form/subject/new/form", &parts).await;
    assert_eq!(saved.location().path(), "/mine/drafts");
    let page = browser.get(&format!("/subject/new/form?draft={draft}")).await;
    assert!(page.body.contains(&escaped(typed)), "{}", page.body);
}

/// B3, without scripts: two tabs were opened before there was a draft; the second one to post is told and
/// may choose, and 否 holds for what the draft was then.
#[tokio::test]
async fn a_tab_that_knew_of_no_draft_is_told_without_scripts() {
    let world = World::new().await;
    let (mut browser, actor) = world.signed_in("申请人甲").await;
    fn of<'a>(name: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, Option<&'a str>, &'a [u8])> {
        let typed = [("subject.nature", "person"), ("principal.name", name), ("go", "save")];
        typed.iter().chain(more).map(|(name, value)| (*name, None, value.as_bytes())).collect()
    }
    let form = "/form/subject/new/form";
    let stored = async || {
        let draft = world.service.drafts.drafts(&actor, "", "").await.unwrap().rows.remove(0);
        let request = domain::view::FormRequest {
            procedure: "subject_new".to_owned(),
            draft: Some(draft.id),
            ..Default::default()
        };
        world
            .service
            .drafts
            .form_view(&actor, &request)
            .await
            .unwrap()
            .answers
            .text("principal.name")
            .to_owned()
    };
    browser.post_parts(form, &of("甲窗口", &[])).await;
    let held = browser.post_parts(form, &of("乙窗口", &[])).await;
    assert_eq!(held.status, StatusCode::CONFLICT);
    let draft = world.service.drafts.drafts(&actor, "", "").await.unwrap().rows.remove(0);
    for part in ["用本页内容覆盖", "乙窗口", &format!("/subject/new/form?draft={}", draft.id)] {
        assert!(held.body.contains(part), "{part}: {}", held.body);
    }
    assert_eq!(stored().await, "甲窗口");
    // As the held page posts it when the person chooses.
    let chosen = of("乙窗口", &[("draft", &draft.id), ("overwrite", "yes")]);
    assert_eq!(browser.post_parts(form, &chosen).await.location().path(), "/mine/drafts");
    assert_eq!(stored().await, "乙窗口");
    // 否 to the draft as it is now, and to one that another tab has saved since.
    let page = browser.get("/subject/new/form?fresh=1").await;
    assert!(page.body.contains(r#"name="declined" value="2""#), "{}", page.body);
    let late = browser.post_parts(form, &of("丙窗口", &[("declined", "1")])).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let anew = browser.post_parts(form, &of("丁窗口", &[("declined", "2")])).await;
    assert_eq!(anew.location().path(), "/mine/drafts");
    assert_eq!(stored().await, "丁窗口");
}

fn escaped_in_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
