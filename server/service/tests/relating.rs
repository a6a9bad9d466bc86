//! The same person, the same site elsewhere, and a filing through time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::too_many_lines)]

#[path = "common/acts.rs"]
mod acts;
mod common;

use common::{World, claims, id_number};
use domain::answer::Answers;
use domain::relation::RelationKind;
use domain::schema::fault;
use domain::view::*;
use service::{Actor, Error};
use time::Duration;

claims![
    what_is_the_same_is_found_and_of_other_regions_little_is_told,
    who_looked_at_a_pair_says_why_and_later_officers_see_it,
    keys_follow_the_answers_and_say_nothing,
    older_databases_get_their_keys_once,
    each_round_is_shown_as_it_was_and_any_two_are_compared,
];

const HERE: &str = "110101";
const THERE: &str = "310101";

/// A unit with a website, filed by somebody, with changes; the ids of both filings.
async fn filed(
    world: &World,
    n: u32,
    domain: &str,
    change: impl Fn(&mut Answers),
) -> (Actor, String, String) {
    let actor = world.applicant(n).await;
    let mut subject = world.subject_answers_unit(&actor).await;
    subject.set_text("unit.name", format!("某某{n}有限公司"));
    subject.set_text("principal.id_no", id_number("110101", 5_000 + n));
    subject.set_text("principal.mobile", format!("1381111{n:04}"));
    subject.set_text("principal.phone", format!("010-8765{n:04}"));
    change(&mut subject);
    let mut website = world.website_answers(&actor, domain).await;
    for (number, section) in ["security_officer", "emergency_contact"].into_iter().enumerate() {
        let number = u32::try_from(number).unwrap();
        website.set_text(format!("{section}.id_kind"), "resident_id");
        website.set_text(format!("{section}.id_long_term"), "yes");
        website.set_text(format!("{section}.id_no"), id_number("110101", 6_000 + n * 10 + number));
        website.set_text(format!("{section}.mobile"), format!("138222{number}{n:04}"));
        website.set_text(format!("{section}.id_emblem"), world.picture(&actor, 90 + number).await);
    }
    let subject = world.file(&actor, "subject_new", None, &subject).await;
    let website = world.file(&actor, "website_new", None, &website).await;
    (actor, subject, website)
}

async fn relatives(world: &World, officer: &Actor, filing: &str) -> Vec<Relative> {
    world.service.relatives.relatives(officer, filing).await.unwrap().relatives
}

async fn what_is_the_same_is_found_and_of_other_regions_little_is_told(world: World) {
    let same = |answers: &mut Answers| answers.set_text("unit.office_address", "某某街道九号院");
    let (_, one, site) = filed(&world, 1, "one.cn", same).await;
    let (officer, there) = (world.officer(HERE).await, world.officer(THERE).await);
    assert_eq!(relatives(&world, &officer, &one).await, []);
    assert_eq!(relatives(&world, &officer, &site).await, []);
    // Another unit with the same certificate and telephone, here; a third one elsewhere.
    let phone = |answers: &mut Answers| answers.set_text("principal.phone", "010-87650001");
    let (_, two, _) = filed(&world, 2, "two.cn", phone).await;
    let elsewhere = |answers: &mut Answers| {
        answers.set_text("unit.office_region", THERE);
        answers.set_text("principal.id_no", id_number("110101", 5_001));
    };
    let (_, three, _) = filed(&world, 3, "three.cn", elsewhere).await;
    let found = relatives(&world, &officer, &one).await;
    assert_eq!(found.len(), 2);
    let of = |filing: &str| {
        found.iter().find(|one| one.known.as_ref().is_some_and(|known| known.filing == filing)).cloned()
    };
    let second = of(&two).unwrap();
    assert_eq!(second.shared, [RelationKind::Certificate, RelationKind::Phone]);
    assert!(second.is_exact() && second.checked.is_none());
    let known = second.known.unwrap();
    assert_eq!(known.subject_name, "某某2有限公司");
    let differs: Vec<String> = known.differs.unwrap().into_iter().map(|change| change.label).collect();
    assert!(differs.contains(&"单位名称".to_owned()) || !differs.is_empty(), "{differs:?}");
    assert!(!differs.iter().any(|label| label.contains("照片") || label.contains("人像")), "{differs:?}");
    // Of the third one no more than that it is there.
    assert!(of(&three).is_none());
    let third = found.iter().find(|one| one.known.is_none()).unwrap();
    assert_eq!(third.shared, [RelationKind::Certificate, RelationKind::Person]);
    assert!(third.region.contains("黄浦"), "{}", third.region);
    let told = serde_json::to_string(third).unwrap();
    assert!(!told.contains("某某3有限公司") && !told.contains(&three), "{told}");
    assert_eq!(relatives(&world, &there, &three).await.len(), 2);
    for outcome in [
        world.service.relatives.relatives(&there, &one).await.map(drop),
        world.service.relatives.check_pair(&there, &one, &third.record, "是另一家单位").await,
    ] {
        assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
    }
    // The same domain, after the one who has it gave it up.
    let (_, _, again) =
        filed(&world, 4, "four.cn", |answers| answers.set_text("unit.cert_no", "91350100M000100Y43")).await;
    let sites = relatives(&world, &officer, &again).await;
    assert!(sites.iter().all(|one| !one.shared.contains(&RelationKind::Domain)));
}

async fn who_looked_at_a_pair_says_why_and_later_officers_see_it(world: World) {
    let (_, one, _) = filed(&world, 1, "one.cn", |_| {}).await;
    let (_, two, site) = filed(&world, 2, "two.cn", |_| {}).await;
    let officer = world.officer(HERE).await;
    let other = relatives(&world, &officer, &one).await[0].record.clone();
    let service = &world.service.relatives;
    for bad in ["", "好", &"字".repeat(201)] {
        let outcome = service.check_pair(&officer, &one, &other, bad).await;
        assert!(matches!(outcome, Err(Error::Faults(_))), "{bad}: {outcome:?}");
    }
    let held = service.relatives(&officer, &one).await.unwrap();
    assert_eq!((held.typed.text("record"), held.faults.len()), (other.as_str(), 1));
    let unrelated = world.put_subject(&officer, "某某", "active", HERE).await;
    let outcome = service.check_pair(&officer, &one, &unrelated, "没有关系的主体").await;
    assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
    service.check_pair(&officer, &one, &other, "总公司与分公司，证照一致").await.unwrap();
    assert!(service.relatives(&officer, &one).await.unwrap().faults.is_empty());
    // From the other side, and to a colleague, who may look again.
    let colleague = world.nth_officer(9_950, HERE).await;
    let back = relatives(&world, &colleague, &two).await;
    let checked = back[0].checked.clone().unwrap();
    assert_eq!((checked.reason.as_str(), checked.by.as_str()), ("总公司与分公司，证照一致", "审核员"));
    service.check_pair(&colleague, &two, &back[0].record, "再次核对，情况没有变化").await.unwrap();
    let seen = relatives(&world, &officer, &one).await[0].checked.clone().unwrap();
    assert_eq!(seen.reason, "再次核对，情况没有变化");
    assert!(!world.is_stored_in_the_open("总公司与分公司").await);
    // Nobody says so of their own.
    let owner = world.applicant(1).await;
    let administrator = world.administrator().await;
    let claims = common::claims_of(1);
    world.service.staff.appoint(&administrator, &claims.name, &claims.id_no, "reviewer", HERE).await.unwrap();
    let owner_as_officer = world.sign_in(&claims).await;
    let outcome = service.check_pair(&owner_as_officer, &one, &other, "这是我自己的单位").await;
    assert!(matches!(outcome, Err(Error::Refused(_))), "{outcome:?}");
    drop((owner, site));
}

async fn keys_follow_the_answers_and_say_nothing(world: World) {
    let (actor, subject, site) = filed(&world, 1, "one.cn", |_| {}).await;
    let keys = async |filing: &str| {
        world.number(&format!("SELECT COUNT(*) FROM relation_key WHERE filing_id = '{filing}'")).await
    };
    // Certificate, person, mobile and landline; two people with their mobiles, and a domain.
    assert_eq!((keys(&subject).await, keys(&site).await), (4, 5));
    let hash = "SELECT COUNT(*) FROM relation_key WHERE value_hash LIKE '%one.cn%' OR value_hash LIKE '%13811110001%'";
    assert_eq!(world.number(hash).await, 0);
    // A second round says something else.
    world.decide(&site, Decision::Return, "请更换联系人", &[]).await;
    let href = world.service.redrafts.redraft(&actor, &site).await.unwrap();
    let draft = href.rsplit_once("draft=").unwrap().1.to_owned();
    let request =
        FormRequest { procedure: "website_new".to_owned(), draft: Some(draft), ..FormRequest::default() };
    let mut head = world.service.drafts.form_view(&actor, &request).await.unwrap().draft.unwrap();
    let mut answers = world.website_answers(&actor, "one.cn").await;
    answers.set_text("emergency_contact.mobile", "13800006789");
    for step in ["site", "people"] {
        let save = acts::save_of("website_new", step, Some(&head), answers.clone());
        head = acts::saved(world.service.drafts.save_draft(&actor, &save).await.unwrap());
    }
    acts::filed(world.submit(&actor, &head, "again").await);
    assert_eq!(keys(&site).await, 4, "both have one telephone now");
}

async fn older_databases_get_their_keys_once(world: World) {
    let (_, one, _) = filed(&world, 1, "one.cn", |_| {}).await;
    let (_, _, _) = filed(&world, 2, "two.cn", |_| {}).await;
    let officer = world.officer(HERE).await;
    let before = relatives(&world, &officer, &one).await;
    world.execute("DELETE FROM relation_key").await;
    assert_eq!(relatives(&world, &officer, &one).await, []);
    assert_eq!(world.service.relation_keys.fill_relation_keys_once().await.unwrap(), 4);
    assert_eq!(relatives(&world, &officer, &one).await, before);
    assert_eq!(world.service.relation_keys.fill_relation_keys_once().await.unwrap(), 0);
}

async fn history(
    world: &World,
    officer: &Actor,
    filing: &str,
    at: &str,
    from: &str,
    to: &str,
) -> HistoryView {
    let [filing, at, from, to] = [filing, at, from, to].map(str::to_owned);
    let request = HistoryRequest { filing, at, from, to };
    world.service.histories.filing_history(officer, &request).await.unwrap()
}

async fn each_round_is_shown_as_it_was_and_any_two_are_compared(world: World) {
    let actor = world.applicant(1).await;
    world.in_force(&actor, "first.cn").await;
    let website = world.website_answers(&actor, "example.org").await;
    let site = world.file(&actor, "website_new", None, &website).await;
    let officer = world.officer(HERE).await;
    let service = &world.service;
    world.later(Duration::hours(1));
    service.filing_claims.claim(&officer, &site).await.unwrap();
    service.reviews.unmask(&officer, &site, "电话核实负责人").await.unwrap();
    service.talk_desk.ask(&officer, &site, "site.name", "请说明网站名称的由来").await.unwrap();
    world.later(Duration::minutes(5));
    for at in ["site.domain_cert", "security_officer.id_portrait"] {
        service.files.open_file(&officer, website.text(at)).await.unwrap();
    }
    world.later(Duration::minutes(5));
    let question = service.talks.my_talk(&actor, &site, false).await.unwrap().questions[0].id.clone();
    let said = service::TypedAnswer { text: "取自店名".to_owned(), ..Default::default() };
    service.talks.answer(&actor, &question, &said).await.unwrap();
    world.decide(&site, Decision::Return, "请改名", &[fault("site.name", "与首页不一致")]).await;
    let change = async |round: u32, name: &str| {
        let href = service.redrafts.redraft(&actor, &site).await.unwrap();
        let draft = href.rsplit_once("draft=").unwrap().1.to_owned();
        let request =
            FormRequest { procedure: "website_new".to_owned(), draft: Some(draft), ..FormRequest::default() };
        let mut head = service.drafts.form_view(&actor, &request).await.unwrap().draft.unwrap();
        let mut answers = website.clone();
        answers.set_text("site.name", name);
        answers.set_text("site.domain_cert", world.picture(&actor, 200 + round).await);
        for step in ["site", "people"] {
            let save = acts::save_of("website_new", step, Some(&head), answers.clone());
            head = acts::saved(service.drafts.save_draft(&actor, &save).await.unwrap());
        }
        acts::filed(world.submit(&actor, &head, &format!("again{round}")).await);
    };
    change(2, "第二个名称").await;
    world.later(Duration::hours(1));
    world.decide(&site, Decision::Return, "请再改名", &[]).await;
    change(3, "第三个名称").await;
    world.later(Duration::days(2));
    service.jobs.sweep().await;
    let officer = world.officer(HERE).await;

    let whole = history(&world, &officer, &site, "", "", "").await;
    let told: Vec<(MomentKind, &str, i32)> =
        whole.moments.iter().map(|one| (one.kind, one.what.as_str(), one.round)).collect();
    use MomentKind::{Decided, Look, Step, Submitted, Talk};
    assert_eq!(
        told,
        [
            (Submitted, "提交审核", 1),
            (Step, "领取", 1),
            (Talk, "问题 1：请补充说明", 1),
            (Look, "查看完整个人信息", 1),
            (Look, "查看文件（2 个）", 1),
            (Talk, "问题 1 的回复", 1),
            (Decided, "退回", 1),
            (Submitted, "重新提交", 2),
            (Step, "领取", 2),
            (Decided, "退回", 2),
            (Submitted, "重新提交", 3),
        ]
    );
    assert_eq!(whole.shown, 10);
    assert!(whole.moments[1].who.contains("审核员") && whole.moments[3].note.contains("电话核实负责人"));
    assert!(whole.moments[0].who.contains("申请人") && !whole.moments[0].who.contains("赵"));
    let name = |view: &HistoryView| {
        let rows = view.sheet.as_ref().unwrap().sections.iter().flat_map(|section| section.rows.iter());
        let row = rows.into_iter().find(|row| row.at == "site.name").unwrap().value.clone();
        format!("{row:?}")
    };
    assert!(name(&whole).contains("第三个名称"));
    let key = |at: usize| whole.moments[at].key.clone();
    let returned = history(&world, &officer, &site, &key(6), "", "").await;
    assert!(name(&returned).contains("某某企业官网"));
    assert_eq!(returned.remarks, [fault("site.name", "与首页不一致")]);
    assert!(name(&history(&world, &officer, &site, &key(8), "", "").await).contains("第二个名称"));
    let compared = history(&world, &officer, &site, "", &key(0), &key(10)).await.compared.unwrap();
    assert_eq!((compared.from, compared.to), (0, 10));
    let changes: Vec<String> = compared.changes.unwrap().into_iter().map(|change| change.at).collect();
    assert!(
        changes.contains(&"site.name".to_owned()) && changes.contains(&"site.domain_cert".to_owned()),
        "{changes:?}"
    );
    let same = history(&world, &officer, &site, "", &key(7), &key(9)).await.compared.unwrap();
    assert_eq!(same.changes.unwrap(), []);
    assert!(history(&world, &officer, &site, "nonsense", "x", "y").await.compared.is_none());
    // What was put to officers in the first round is still there to be seen, and personal values are not.
    assert!(service.files.open_file(&officer, website.text("site.domain_cert")).await.is_ok());
    let told = serde_json::to_string(&whole).unwrap();
    assert!(!told.contains("440524188001010014") && !told.contains("13800006789"));
    let elsewhere = world.officer(THERE).await;
    let request = HistoryRequest { filing: site.clone(), ..HistoryRequest::default() };
    assert!(matches!(service.histories.filing_history(&elsewhere, &request).await, Err(Error::NotFound)));
    assert!(matches!(service.histories.filing_history(&actor, &request).await, Err(Error::Forbidden)));
    // A change begins with what was in force before it.
    let record = service.records.records(&actor, domain::business::Business::Website, "").await.unwrap();
    let record = record.rows.into_iter().find(|row| row.name == "某某企业官网").unwrap().id;
    let form = world.change_form(&actor, "website_change", Some(&record)).await;
    let mut answers = form.answers.clone();
    answers.set_text("site.name", "改后的名称");
    let changed = world.file(&actor, "website_change", Some(&record), &answers).await;
    let view = history(&world, &officer, &changed, "before", "", "").await;
    assert_eq!((view.moments[0].kind, view.shown), (MomentKind::Before, 0));
    let last = view.moments.last().unwrap().key.clone();
    let compared = history(&world, &officer, &changed, "", "before", &last).await.compared.unwrap();
    assert_eq!(compared.changes.unwrap().len(), 1);
}
