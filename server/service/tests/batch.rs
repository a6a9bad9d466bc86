//! The queue as a table and acts on many filings (R15, R61, R62): bundles in one row, dry runs that say what then happens,
//! results one by one, and batches that race single decisions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::too_many_lines)]

#[path = "common/acts.rs"]
mod acts;
mod common;

use std::collections::BTreeSet;

use common::{World, claims, rounds};
use domain::answer::Answers;
use domain::business::Business;
use domain::view::*;
use service::{Actor, BatchOrder, Error, sealed_answers};
use time::Duration;

claims![
    a_new_subject_and_its_businesses_are_one_row,
    a_filter_that_leaves_one_of_a_bundle_shows_that_one,
    the_table_goes_through_pages_without_losing_or_repeating_a_filing,
    how_long_something_waits_is_counted_in_working_days,
    what_an_officer_likes_is_theirs_and_stays,
    a_peek_tells_the_essentials_and_no_personal_value,
    a_dry_run_says_of_each_what_then_happens,
    a_bundle_is_claimed_given_back_and_sent_on_whole,
    only_what_is_clean_and_was_looked_at_is_approved_together,
    an_order_that_lacks_something_does_nothing_and_is_kept,
    what_became_of_a_batch_is_its_officers_for_a_day,
    batches_race_single_decisions_and_each_filing_has_one,
];

const HERE: &str = "110101";
const THERE: &str = "310101";

async fn bundle(world: &World, n: u32) -> (Actor, String, String) {
    let actor = world.applicant(n).await;
    let subject = world.subject_answers_person(&actor).await;
    let subject = world.file(&actor, "subject_new", None, &subject).await;
    let website = world.website_answers(&actor, &format!("example{n}.cn")).await;
    let website = world.file(&actor, "website_new", None, &website).await;
    (actor, subject, website)
}

async fn table(world: &World, officer: &Actor, request: QueueRequest) -> Paged<QueueLine> {
    world.service.queues.table(officer, &request).await.unwrap()
}

fn ids(page: &Paged<QueueLine>) -> Vec<&str> {
    page.rows.iter().map(|line| line.row.id.as_str()).collect()
}

fn order(act: BatchAct, filings: &[(&str, i64)]) -> BatchOrder {
    BatchOrder {
        act,
        filings: filings.iter().map(|(id, version)| ((*id).to_owned(), Some(*version))).collect(),
        confirmed: true,
        region: THERE.to_owned(),
        reason: "办公地址在那里".to_owned(),
    }
}

/// The dry run of these, and whatever it says would be done ordered.
async fn plan(world: &World, officer: &Actor, act: BatchAct, ids: &[&str]) -> BatchPlan {
    let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    world.service.batches.plan(officer, act.code(), &ids, false).await.unwrap()
}

fn of_plan(plan: &BatchPlan) -> BatchOrder {
    let filings: Vec<(&str, i64)> =
        plan.entries.iter().map(|entry| (entry.row.id.as_str(), entry.version)).collect();
    order(plan.act, &filings)
}

fn why(plan: &BatchPlan) -> Vec<Option<&str>> {
    plan.entries.iter().map(|entry| entry.refused.as_ref().map(|why| why.sentence.as_str())).collect()
}

async fn run(world: &World, officer: &Actor, order: &BatchOrder) -> BatchReport {
    let id = world.service.batches.run(officer, order).await.unwrap();
    world.service.batches.report(officer, &id).await.unwrap()
}

fn outcomes(report: &BatchReport) -> Vec<BatchOutcome> {
    report.lines.iter().map(|line| line.outcome).collect()
}

/// Opens every picture of a filing, as its page does.
async fn look(world: &World, officer: &Actor, filing: &str) {
    let review = world.service.reviews.review(officer, filing, None).await.unwrap();
    for file in review.files.values().filter(|file| file.is_picture) {
        world.service.files.open_file(officer, &file.id).await.unwrap();
    }
}

async fn a_new_subject_and_its_businesses_are_one_row(world: World) {
    let officer = world.officer(HERE).await;
    let (_, subject, website) = bundle(&world, 1).await;
    world.later(Duration::minutes(5));
    let (_, other, _) = bundle(&world, 2).await;
    for sort in ["", "newest"] {
        let page =
            table(&world, &officer, QueueRequest { sort: sort.to_owned(), ..QueueRequest::default() }).await;
        let mut found = ids(&page);
        if sort == "newest" {
            found.reverse();
        }
        assert_eq!(found, [subject.as_str(), other.as_str()], "{sort}");
        assert_eq!(page.total, 4, "filings are counted, not rows");
        let line = page.rows.iter().find(|line| line.row.id == subject).unwrap();
        assert_eq!(line.with.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), [website.as_str()]);
    }
    // Once the subject is decided the website stands by itself.
    world.service.filing_claims.claim(&officer, &subject).await.unwrap();
    let version = world.service.reviews.review(&officer, &subject, None).await.unwrap().version;
    world.service.decisions.decide(&officer, &subject, version, Decision::Approve, "", &[]).await.unwrap();
    let page = table(&world, &officer, QueueRequest::default()).await;
    assert_eq!(
        ids(&page).into_iter().collect::<BTreeSet<_>>(),
        BTreeSet::from([website.as_str(), other.as_str()])
    );
    let stranger = world.nth_officer(27, THERE).await;
    assert!(table(&world, &stranger, QueueRequest::default()).await.rows.is_empty());
}

async fn a_filter_that_leaves_one_of_a_bundle_shows_that_one(world: World) {
    let officer = world.officer(HERE).await;
    let (_, subject, website) = bundle(&world, 1).await;
    let asked = |change: &dyn Fn(&mut QueueRequest)| {
        let mut request = QueueRequest::default();
        change(&mut request);
        request
    };
    let alone = [
        (asked(&|request| request.procedure = "website_new".to_owned()), &website),
        (asked(&|request| request.procedure = "website".to_owned()), &website),
        (asked(&|request| request.procedure = "subject_new".to_owned()), &subject),
        (asked(&|request| request.search = "example1.cn".to_owned()), &website),
    ];
    for (request, id) in alone {
        let page = table(&world, &officer, request.clone()).await;
        assert_eq!(ids(&page), [id.as_str()], "{request:?}");
        assert!(page.rows[0].with.is_empty(), "{request:?}");
    }
    // Both are found by what they have in common.
    let name = world.service.queues.queue(&officer, &QueueRequest::default()).await.unwrap().rows[0]
        .subject_name
        .clone();
    let page = table(&world, &officer, asked(&|request| request.search = name.clone())).await;
    assert_eq!((ids(&page), page.rows[0].with.len()), (vec![subject.as_str()], 1));
    world.service.filing_claims.claim(&officer, &subject).await.unwrap();
    for request in [
        asked(&|request| request.state = "mine".to_owned()),
        asked(&|request| request.claimed_by = "me".to_owned()),
    ] {
        let page = table(&world, &officer, request).await;
        assert_eq!((ids(&page), page.rows[0].with.len()), (vec![subject.as_str()], 1));
    }
}

async fn the_table_goes_through_pages_without_losing_or_repeating_a_filing(world: World) {
    let officer = world.officer(HERE).await;
    put_claimed(&world, &officer, 118).await;
    bundle(&world, 1).await;
    for state in ["open", "all"] {
        let mut request = QueueRequest { state: state.to_owned(), ..QueueRequest::default() };
        let (mut seen, mut pages) = (Vec::new(), 0);
        loop {
            let page = table(&world, &officer, request.clone()).await;
            assert!(page.rows.len() <= 50);
            seen.extend(
                page.rows
                    .iter()
                    .flat_map(|line| [&line.row].into_iter().chain(&line.with))
                    .map(|row| row.id.clone()),
            );
            pages += 1;
            assert_eq!(page.is_later, pages > 1);
            let Some(next) = page.next else {
                break;
            };
            request.after = next;
        }
        let once: BTreeSet<&String> = seen.iter().collect();
        assert_eq!((once.len(), seen.len(), pages), (120, 120, 3), "{state}");
    }
}

async fn how_long_something_waits_is_counted_in_working_days(world: World) {
    let officer = world.officer(HERE).await;
    bundle(&world, 1).await;
    let line = async || table(&world, &officer, QueueRequest::default()).await.rows.remove(0);
    assert_eq!((line().await.working_days, line().await.allowed_days), (0, 7));
    for _ in 0..30 {
        world.later(Duration::days(1));
        let line = line().await;
        assert_eq!(line.row.is_overdue, line.working_days > line.allowed_days, "{line:?}");
        assert!(line.working_days <= line.row.age_days);
    }
    assert!(line().await.row.is_overdue);
}

async fn what_an_officer_likes_is_theirs_and_stays(world: World) {
    let (one, other) = (world.officer(HERE).await, world.nth_officer(22, "110000").await);
    let shown = async |actor: &Actor| {
        world.service.reviews.queue_desk(actor, &QueueRequest::default()).await.unwrap().settings
    };
    assert!(!shown(&one).await.shows(QueueColumn::Region) && shown(&other).await.shows(QueueColumn::Region));
    let chosen = DeskSettings {
        columns: vec![QueueColumn::Age, QueueColumn::Submitted],
        density: Density::Compact,
        single_keys: true,
    };
    world.service.display_settings.choose(&one, &chosen).await.unwrap();
    world.service.display_settings.choose(&one, &chosen).await.unwrap();
    let kept = shown(&one).await;
    assert_eq!(
        kept,
        DeskSettings { columns: vec![QueueColumn::Submitted, QueueColumn::Age], ..chosen.clone() }
    );
    assert_eq!(shown(&other).await, DeskSettings::usual(false));
    world.service.display_settings.choose(&one, &DeskSettings::default()).await.unwrap();
    assert_eq!(shown(&one).await.columns, []);
    assert_eq!(world.number("SELECT COUNT(*) FROM audit WHERE action = 'choose_desk'").await, 3);
    let applicant = world.applicant(1).await;
    assert!(matches!(
        world.service.display_settings.choose(&applicant, &chosen).await,
        Err(Error::Forbidden)
    ));
}

async fn a_peek_tells_the_essentials_and_no_personal_value(world: World) {
    let officer = world.officer(HERE).await;
    let (actor, subject, website) = bundle(&world, 1).await;
    let peek = world.service.reviews.peek(&officer, &subject).await.unwrap();
    assert_eq!(peek.line.with[0].id, website);
    assert!(!peek.facts.is_empty() && !peek.pictures.is_empty());
    let told = format!("{peek:?}");
    let claims = common::claims_of(1);
    assert!(!told.contains(&claims.id_no) && !told.contains(&claims.mobile), "{told}");
    // Its pictures were shown small, which is one line; nothing else is.
    assert_eq!(world.number("SELECT COUNT(*) FROM audit WHERE action = 'look_at_thumbnails'").await, 1);
    let peek = world.service.reviews.peek(&officer, &website).await.unwrap();
    assert!(peek.facts.iter().any(|(_, value)| value.contains("example1.cn")), "{peek:?}");
    for stranger in [world.nth_officer(27, THERE).await, actor] {
        let refused = world.service.reviews.peek(&stranger, &subject).await;
        assert!(matches!(refused, Err(Error::NotFound | Error::Forbidden)));
    }
}

async fn a_dry_run_says_of_each_what_then_happens(world: World) {
    let (one, other) = (world.officer(HERE).await, world.nth_officer(22, HERE).await);
    let (_, first, _) = bundle(&world, 1).await;
    let (_, second, _) = bundle(&world, 2).await;
    let (_, third, _) = bundle(&world, 3).await;
    world.service.filing_claims.claim(&other, &second).await.unwrap();
    world.service.filing_claims.claim(&one, &third).await.unwrap();
    let unknown = service::db::new_id(world.now());
    let all = [first.as_str(), &second, &third, &unknown, "nonsense"];
    let claiming = plan(&world, &one, BatchAct::Claim, &all).await;
    assert_eq!((claiming.entries.len(), claiming.missing), (3, 2));
    let said = why(&claiming);
    assert_eq!((said[0], said[2]), (None, Some("已由您领取")));
    assert!(said[1].unwrap().contains("其他民警"), "{said:?}");
    let releasing = plan(&world, &one, BatchAct::Release, &all).await;
    assert_eq!((why(&releasing)[0], why(&releasing)[2]), (Some("尚未领取，无需释放"), None));
    let moving = plan(&world, &one, BatchAct::Transfer, &all).await;
    assert_eq!(why(&moving).iter().map(Option::is_none).collect::<Vec<_>>(), [true, false, true]);
    // Whatever is ordered, each comes out as the dry run said.
    for plan in [claiming, moving] {
        let report = run(&world, &one, &of_plan(&plan)).await;
        let of = |id: &str| {
            let place = plan.entries.iter().position(|entry| entry.row.id == id).unwrap();
            // Each line of a bundle has its own result.
            report.lines[place * 2].outcome
        };
        for entry in &plan.entries {
            let expected = if entry.refused.is_none() { BatchOutcome::Done } else { BatchOutcome::Refused };
            assert_eq!(of(&entry.row.id), expected, "{plan:?} {report:?}");
        }
    }
    assert!(plan(&world, &one, BatchAct::Claim, &[&first]).await.entries.is_empty(), "it was sent on");
    let many: Vec<String> = (0..51).map(|_| service::db::new_id(world.now())).collect();
    assert!(matches!(world.service.batches.plan(&one, "claim", &many, false).await, Err(Error::Refused(_))));
    assert!(matches!(world.service.batches.plan(&one, "reject", &[], false).await, Err(Error::NotFound)));
    let applicant = world.applicant(1).await;
    assert!(matches!(
        world.service.batches.plan(&applicant, "claim", &[], false).await,
        Err(Error::Forbidden)
    ));
}

async fn a_bundle_is_claimed_given_back_and_sent_on_whole(world: World) {
    let officer = world.officer(HERE).await;
    let (_, subject, website) = bundle(&world, 1).await;
    let done = [BatchOutcome::Done, BatchOutcome::Done];
    // Both ticked are one act; one ticked takes the other along.
    for (act, ticked) in [
        (BatchAct::Claim, vec![subject.as_str(), website.as_str()]),
        (BatchAct::Release, vec![website.as_str()]),
        (BatchAct::Claim, vec![website.as_str()]),
        (BatchAct::Transfer, vec![subject.as_str()]),
    ] {
        let plan = plan(&world, &officer, act, &ticked).await;
        assert_eq!((plan.entries.len(), plan.entries[0].with.len(), plan.missing), (1, 1, 0), "{plan:?}");
        let report = run(&world, &officer, &of_plan(&plan)).await;
        assert_eq!(outcomes(&report), done, "{report:?}");
    }
    let there = world.nth_officer(27, THERE).await;
    assert_eq!(ids(&table(&world, &there, QueueRequest::default()).await), [subject.as_str()]);
    let lines =
        "SELECT COUNT(*) FROM audit WHERE action IN ('filing.claim', 'filing.release', 'filing.transfer')";
    assert_eq!(world.number(lines).await, 4);
    assert_eq!(world.number("SELECT COUNT(*) FROM audit WHERE action = 'batch.begin'").await, 4);
}

async fn only_what_is_clean_and_was_looked_at_is_approved_together(world: World) {
    let officer = world.officer(HERE).await;
    // Filed by somebody else than the person named in it, which a person has to look at.
    let (_, doubtful, _) = bundle(&world, 1).await;
    let actor = world.applicant(2).await;
    let mut answers = world.subject_answers_person(&actor).await;
    answers.set_text("principal.id_no", common::claims_of(2).id_no);
    let subject = world.file(&actor, "subject_new", None, &answers).await;
    let mut website = world.website_answers(&actor, "example2.cn").await;
    website.set_text("site.name", "另一个官网");
    let website = world.file(&actor, "website_new", None, &website).await;
    let approving = async || plan(&world, &officer, BatchAct::Approve, &[&subject]).await;
    assert_eq!(why(&approving().await), [Some("请先领取该申请单"), Some("请先领取该申请单")]);
    for filing in [&doubtful, &subject] {
        world.service.filing_claims.claim(&officer, filing).await.unwrap();
    }
    let unseen = "有 3 张图片您还没有打开查看";
    assert_eq!(why(&approving().await), [Some(unseen), Some("主体尚未审核通过，请先审核主体的申请单")]);
    // Small pictures are not what was meant by looking, and a colleague's eyes are not one's own.
    let files = world.service.reviews.review(&officer, &subject, None).await.unwrap().files;
    for file in files.values().filter(|file| file.is_picture) {
        world.service.files.open_thumbnail(&officer, &file.id).await.unwrap();
    }
    let other = world.nth_officer(22, HERE).await;
    look(&world, &other, &subject).await;
    assert_eq!(why(&approving().await)[0], Some(unseen));
    assert!(
        why(&plan(&world, &other, BatchAct::Approve, &[&subject]).await)[0].unwrap().contains("其他民警")
    );
    for filing in [&doubtful, &subject] {
        look(&world, &officer, filing).await;
    }
    // The website's own pictures are still to be seen; then it goes along with its subject.
    assert_eq!(why(&approving().await), [None, Some("有 4 张图片您还没有打开查看")]);
    look(&world, &officer, &website).await;
    let planned = plan(&world, &officer, BatchAct::Approve, &[&website, &subject, &doubtful]).await;
    let ids: Vec<&str> = planned.entries.iter().map(|entry| entry.row.id.as_str()).collect();
    assert_eq!(
        (ids[0], &ids[2..]),
        (doubtful.as_str(), &[subject.as_str(), &website][..]),
        "each subject first"
    );
    assert!(planned.entries.iter().all(|entry| !entry.sign_off.is_empty()));
    let said = why(&planned);
    assert_eq!(said[0], Some("机器核查有 1 项请核实：负责人与实名登录的提交人"));
    assert_eq!((said[1].is_some(), said[2], said[3]), (true, None, None));
    let report = run(&world, &officer, &of_plan(&planned)).await;
    let (done, refused) = (BatchOutcome::Done, BatchOutcome::Refused);
    assert_eq!(outcomes(&report), [refused, refused, done, done], "{report:?}");
    assert!(report.lines[2..].iter().all(|line| line.row.as_ref().unwrap().state.code() == "approved"));
    assert!(report.lines[0].sentence.contains("负责人与实名登录的提交人"));
    for action in ["filing.approve", "batch.begin"] {
        let lines = world.number(&format!("SELECT COUNT(*) FROM audit WHERE action = '{action}'")).await;
        assert_eq!(lines, if action == "batch.begin" { 1 } else { 2 });
    }
    // What another version of the page showed is not decided.
    let stale =
        world.service.decisions.decide(&officer, &doubtful, 99, Decision::Return, "请修改", &[]).await;
    assert!(stale.is_err());
    let mut old = of_plan(&planned);
    old.filings = vec![(doubtful.clone(), None)];
    assert_eq!(outcomes(&run(&world, &officer, &old).await), [refused]);
}

async fn an_order_that_lacks_something_does_nothing_and_is_kept(world: World) {
    let officer = world.officer(HERE).await;
    let (_, subject, _) = bundle(&world, 1).await;
    let service = &world.service;
    let nothing = BatchOrder { filings: Vec::new(), ..order(BatchAct::Claim, &[]) };
    assert!(matches!(service.batches.run(&officer, &nothing).await, Err(Error::Refused(_))));
    let unconfirmed = BatchOrder { confirmed: false, ..order(BatchAct::Approve, &[(&subject, 1)]) };
    assert!(
        matches!(service.batches.run(&officer, &unconfirmed).await, Err(Error::Faults(faults)) if faults[0].at == "confirmed")
    );
    let nowhere = BatchOrder {
        region: "310000".to_owned(),
        reason: " ".to_owned(),
        ..order(BatchAct::Transfer, &[(&subject, 1)])
    };
    let Err(Error::Faults(faults)) = service.batches.run(&officer, &nowhere).await else { panic!() };
    assert_eq!(faults.iter().map(|fault| fault.at.as_str()).collect::<Vec<_>>(), ["region", "reason"]);
    let reasoned = BatchOrder { region: String::new(), ..order(BatchAct::Transfer, &[(&subject, 1)]) };
    service.batches.run(&officer, &reasoned).await.unwrap_err();
    let typed =
        service.batches.plan(&officer, "transfer", std::slice::from_ref(&subject), true).await.unwrap();
    assert_eq!((typed.reason.as_str(), typed.faults[0].at.as_str()), ("办公地址在那里", "region"));
    assert_eq!(world.number("SELECT COUNT(*) FROM desk_batch").await, 0);
    let unknown = service::db::new_id(world.now());
    assert!(matches!(
        service.batches.run(&officer, &order(BatchAct::Claim, &[(&unknown, 1)])).await,
        Err(Error::NotFound)
    ));
    let other = world.nth_officer(27, THERE).await;
    assert!(matches!(
        service.batches.run(&other, &order(BatchAct::Claim, &[(&subject, 1)])).await,
        Err(Error::NotFound)
    ));
}

async fn what_became_of_a_batch_is_its_officers_for_a_day(world: World) {
    let (one, other) = (world.officer(HERE).await, world.nth_officer(22, HERE).await);
    let (_, subject, _) = bundle(&world, 1).await;
    let id = world.service.batches.run(&one, &order(BatchAct::Claim, &[(&subject, 1)])).await.unwrap();
    let report = world.service.batches.report(&one, &id).await.unwrap();
    assert_eq!(
        (report.lines.len(), report.lines[0].row.as_ref().unwrap().id.as_str()),
        (2, subject.as_str())
    );
    assert!(matches!(world.service.batches.report(&other, &id).await, Err(Error::NotFound)));
    world.later(Duration::hours(23));
    assert_eq!(world.service.jobs.sweep().await.batches, 0);
    world.later(Duration::hours(2));
    assert_eq!(world.service.jobs.sweep().await.batches, 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM desk_batch_filing").await, 0);
    assert!(matches!(world.service.batches.report(&one, &id).await, Err(Error::NotFound)));
}

/// Filings of one website after the other, claimed by this officer.
async fn put_claimed(world: &World, officer: &Actor, many: usize) -> Vec<String> {
    let owner = world.applicant(90).await;
    let subject = world.put_subject(&owner, "某某公司", "active", HERE).await;
    let own = Business::Subject.form();
    let stored =
        sealed_answers::store(&world.keys, own, &format!("record/{subject}"), Answers::new()).unwrap();
    world
        .execute(&format!(
            "UPDATE record SET answers = '{}', answers_sealed = '{}' WHERE id = '{subject}'",
            stored.answers, stored.answers_sealed
        ))
        .await;
    let (mut ids, mut rows) = (Vec::new(), Vec::new());
    for number in 0..many {
        let (record, id) = (service::db::new_id(world.now()), service::db::new_id(world.now()));
        let form = Business::Website.form();
        let stored =
            sealed_answers::store(&world.keys, form, &format!("filing/{id}"), Answers::new()).unwrap();
        rows.push(format!(
            "INSERT INTO record (id, business, subject_id, state, title, title_key, owner_kind, jurisdiction, \
             answers, answers_sealed, version, created_at, updated_at) VALUES ('{record}', 'website', \
             '{subject}', 'pending', '站点{number}', '站点{number}', '企业', '{HERE}', '{{}}', '', 1, 1, 1); \
             INSERT INTO filing (id, reference, idempotency_key, business, action, record_id, subject_id, \
             applicant_id, state, jurisdiction, title, subject_name, title_key, subject_key, answers, \
             answers_sealed, is_reviewable, claimed_by, claimed_at, claim_seen_at, round, submitted_at, version) VALUES \
             ('{id}', '{id}', '{id}', 'website', 'new', '{record}', '{subject}', '{}', 'in_review', '{HERE}', \
             '站点{number}', '某某公司', '站点{number}', '某某公司', '{}', '{}', TRUE, '{}', {now}, {now}, 1, {now}, 1);",
            owner.person_id,
            stored.answers,
            stored.answers_sealed,
            officer.person_id,
            now = service::db::millis(world.now()),
        ));
        ids.push(id);
    }
    // Many in one statement: each opens a connection of its own.
    for some in rows.chunks(100) {
        world.execute(&some.concat()).await;
    }
    ids
}

/// A batch gives filings back, or sends them on, while the same officer decides them one by one: whatever comes first,
/// each has one decision at most, and what the batch reports done was done.
async fn batches_race_single_decisions_and_each_filing_has_one(world: World) {
    let officer = world.officer(HERE).await;
    let ids = put_claimed(&world, &officer, rounds(200, 1_000)).await;
    let (mut decided, mut acted) = (0, 0);
    for (turn, some) in ids.chunks(20).enumerate() {
        let act = [BatchAct::Release, BatchAct::Transfer, BatchAct::Approve][turn % 3];
        let batch = {
            let (service, officer) = (world.service.clone(), officer.clone());
            let of: Vec<(&str, i64)> = some.iter().map(|id| (id.as_str(), 1)).collect();
            let order = order(act, &of);
            tokio::spawn(async move {
                let id = service.batches.run(&officer, &order).await.unwrap();
                service.batches.report(&officer, &id).await.unwrap()
            })
        };
        let singles: Vec<_> = some
            .iter()
            .rev()
            .map(|id| {
                let (service, officer, id) = (world.service.clone(), officer.clone(), id.clone());
                tokio::spawn(async move {
                    let outcome =
                        service.decisions.decide(&officer, &id, 1, Decision::Return, "请修改", &[]).await;
                    (id, outcome)
                })
            })
            .collect();
        let report = batch.await.unwrap();
        let mut won = BTreeSet::new();
        for single in singles {
            let (id, outcome) = single.await.unwrap();
            match outcome {
                Ok(()) => assert!(won.insert(id)),
                Err(Error::Refused(_) | Error::NotFound) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        for (id, line) in some.iter().zip(&report.lines) {
            // Exactly one of the two came through.
            let by_batch = line.outcome == BatchOutcome::Done;
            assert_ne!(by_batch, won.contains(id), "{act:?} {line:?}");
            acted += usize::from(by_batch);
        }
        decided += won.len();
    }
    assert_eq!(decided + acted, ids.len());
    let lines = "SELECT COUNT(*) FROM filing_event WHERE event IN ('return', 'approve', 'reject')";
    let twice = "SELECT COUNT(*) FROM (SELECT filing_id FROM filing_event WHERE event IN ('return', 'approve', \
                 'reject') GROUP BY filing_id HAVING COUNT(*) > 1) AS twice";
    assert_eq!(world.number(twice).await, 0);
    assert!(world.number(lines).await >= i64::try_from(decided).unwrap());
}
