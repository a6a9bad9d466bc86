//! 抽查复核: a second officer judges a decision without knowing it; on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::too_many_lines)]

#[path = "common/acts.rs"]
mod acts;
mod common;

use common::*;
use domain::filing::FilingState;
use domain::route;
use domain::schema::{Fault, fault};
use domain::second_look::{Agreement, Judgement, TypedJudgement};
use domain::sign_off::sign_off;
use domain::view::{Decision, FormRequest, HistoryRequest, Period, QueueRequest, SecondLookView, Submitted};
use sea_orm::{ConnectionTrait, Statement};
use service::{Actor, DecisionRequest, Error, Service, Together};
use time::Duration;

claims![
    everything_is_chosen_at_a_hundred_and_nothing_at_nought,
    what_is_decided_together_is_chosen_each,
    what_is_taken_back_is_looked_at_by_nobody,
    the_second_officer_has_what_the_first_had_and_learns_nothing_else,
    who_may_not_judge_it_does_not_find_it,
    of_those_who_take_it_at_once_one_has_it,
    it_goes_back_by_hand_and_by_rest,
    what_one_has_in_hand_is_closed_everywhere_else,
    a_judgement_changes_nothing_and_shows_both,
    a_judgement_says_what_is_wrong_and_keeps_what_was_typed,
    results_count_by_region_decision_and_reason,
];

const HERE: &str = "110101";

/// Everything is looked at a second time.
async fn every(world: &World) -> Service {
    world.with_settings(|settings| settings.second_look_percent = 100).await
}

async fn decide(
    service: &Service,
    officer: &Actor,
    id: &str,
    decision: Decision,
    note: &str,
    remarks: &[Fault],
) {
    service.filing_claims.claim(officer, id).await.unwrap();
    let version = service.reviews.review(officer, id, None).await.unwrap().version;
    service.decisions.decide(officer, id, version, decision, note, remarks).await.unwrap();
}

/// A subject with a website, both waiting.
async fn bundle(world: &World, actor: &Actor, domain: &str) -> (String, String) {
    let subject = world.subject_answers_unit(actor).await;
    let subject = world.file(actor, "subject_new", None, &subject).await;
    let website = world.website_answers(actor, domain).await;
    (subject, world.file(actor, "website_new", None, &website).await)
}

async fn waiting(service: &Service, officer: &Actor) -> Vec<String> {
    let list = service.second_look_desk.second_looks(officer, "").await.unwrap();
    list.rows.into_iter().map(|row| row.id).collect()
}

async fn seen(service: &Service, officer: &Actor, id: &str) -> SecondLookView {
    service.second_look_desk.second_look(officer, id, false).await.unwrap()
}

fn typed(judgement: &str, fields: &[&str], note: &str) -> TypedJudgement {
    TypedJudgement {
        judgement: judgement.to_owned(),
        fields: fields.iter().map(|at| (*at).to_owned()).collect(),
        note: note.to_owned(),
    }
}

async fn judge(service: &Service, officer: &Actor, id: &str, typed: &TypedJudgement) {
    service.second_look_desk.take(officer, id).await.unwrap();
    service.second_look_desk.judge(officer, id, typed).await.unwrap();
}

async fn everything_is_chosen_at_a_hundred_and_nothing_at_nought(world: World) {
    let (actor, first) = (world.applicant(1).await, world.officer(HERE).await);
    let second = world.officer("110000").await;
    let (subject, website) = bundle(&world, &actor, "example.cn").await;
    // As it is where the operator says nothing.
    decide(&world.service, &first, &subject, Decision::Approve, "", &[]).await;
    assert!(waiting(&world.service, &second).await.is_empty());
    assert_eq!(world.number("SELECT COUNT(*) FROM second_look").await, 0);
    assert!(!world.service.accounts.me(&second).await.unwrap().has_second_looks);

    let service = every(&world).await;
    decide(&service, &first, &website, Decision::Return, "", &[fault("site.name", "请改名")]).await;
    let list = service.second_look_desk.second_looks(&second, "").await.unwrap();
    assert_eq!((list.rows.len(), list.percent, list.next), (1, 100, None));
    assert_eq!((list.rows[0].title.as_str(), list.rows[0].is_mine), ("某某企业官网", false));
    // The line of the decision tells auditors; officers and applicants nothing does.
    let lines =
        "SELECT COUNT(*) FROM audit WHERE action = 'filing.return' AND detail LIKE '%\"second_look\":true%'";
    assert_eq!(world.number(lines).await, 1);
    for person in [&first, &second] {
        assert!(service.accounts.me(person).await.unwrap().has_second_looks);
    }
    assert!(!service.accounts.me(&actor).await.unwrap().has_second_looks);
    // Turned off again, what was chosen still waits.
    assert_eq!(waiting(&world.service, &second).await.len(), 1);
    assert!(world.service.accounts.me(&second).await.unwrap().has_second_looks);
}

async fn what_is_decided_together_is_chosen_each(world: World) {
    let (actor, first) = (world.applicant(1).await, world.officer(HERE).await);
    let second = world.officer("110000").await;
    let service = every(&world).await;
    let (subject, website) = bundle(&world, &actor, "example.cn").await;
    service.filing_claims.claim(&first, &subject).await.unwrap();
    let mut versions = Vec::new();
    for id in [&subject, &website] {
        versions.push(service.reviews.review(&first, id, None).await.unwrap().version);
    }
    let procedure = domain::procedure::Procedure::from_code("subject_new").unwrap();
    let points = domain::procedure::Procedure::from_code("website_new").unwrap();
    let request = DecisionRequest {
        decision: Decision::Approve,
        note: String::new(),
        ground: String::new(),
        remarks: Vec::new(),
        signed: (0..sign_off(procedure).len()).collect(),
    };
    let together = Together {
        filing: (subject.clone(), versions[0]),
        along: vec![(website.clone(), versions[1])],
        request: &request,
        also: sign_off(points).iter().map(|point| (*point).to_owned()).collect(),
    };
    assert_eq!(service.decisions.approve_together(&first, together).await.unwrap().0, 2);
    let list = service.second_look_desk.second_looks(&second, "").await.unwrap();
    let kinds: Vec<String> = list.rows.iter().map(|row| row.procedure.code()).collect();
    assert_eq!(kinds, ["subject_new", "website_new"]);
}

async fn what_is_taken_back_is_looked_at_by_nobody(world: World) {
    let (actor, first) = (world.applicant(1).await, world.officer(HERE).await);
    let second = world.officer("110000").await;
    let service = world
        .with_settings(|settings| (settings.second_look_percent, settings.undo_seconds) = (100, 10))
        .await;
    let (subject, _) = bundle(&world, &actor, "example.cn").await;
    for decision in [Decision::Approve, Decision::Return, Decision::Reject] {
        decide(&service, &first, &subject, decision, "理由", &[]).await;
        assert_eq!(world.number("SELECT COUNT(*) FROM second_look").await, 1);
        // As long as it can be taken back, nobody is offered it, nor finds it by its address.
        assert!(waiting(&service, &second).await.is_empty());
        let offer = service.undos.undoable(&first).await.unwrap().unwrap();
        service.undos.undo(&first, &offer.act).await.unwrap();
        assert_eq!(world.number("SELECT COUNT(*) FROM second_look").await, 0, "{decision:?}");
    }
    decide(&service, &first, &subject, Decision::Approve, "", &[]).await;
    world.later(Duration::seconds(9));
    assert!(waiting(&service, &second).await.is_empty());
    world.later(Duration::seconds(1));
    // Whether the server has told of it yet, or not.
    let [id] = <[String; 1]>::try_from(waiting(&service, &second).await).unwrap();
    service.undos.settle_due().await.unwrap();
    service.second_look_desk.take(&second, &id).await.unwrap();
    assert!(seen(&service, &second, &id).await.papers.is_some());
}

async fn the_second_officer_has_what_the_first_had_and_learns_nothing_else(world: World) {
    let (actor, first) = (world.applicant(1).await, world.officer(HERE).await);
    let second = world.officer("110000").await;
    let service = every(&world).await;
    let (subject, website) = bundle(&world, &actor, "example.cn").await;
    decide(&service, &first, &subject, Decision::Approve, "", &[]).await;
    service.filing_claims.claim(&first, &website).await.unwrap();
    service.talk_desk.ask(&first, &website, "site.name", "请说明网站名称的来历").await.unwrap();
    let had = service.reviews.review(&first, &website, None).await.unwrap();
    let remarks = [fault("site.name", "名称不规范，请修改")];
    service
        .decisions
        .decide(&first, &website, had.version, Decision::Return, "整体上还缺材料", &remarks)
        .await
        .unwrap();
    // Meanwhile it was submitted again with another name, and approved.
    let href = service.redrafts.redraft(&actor, &website).await.unwrap();
    let draft = href.rsplit_once("draft=").unwrap().1.to_owned();
    let request =
        FormRequest { procedure: "website_new".to_owned(), draft: Some(draft), ..FormRequest::default() };
    let head = service.drafts.form_view(&actor, &request).await.unwrap().draft.unwrap();
    let mut answers = world.website_answers(&actor, "example.cn").await;
    answers.set_text("site.name", "换了的名称");
    let mut save = acts::save_of("website_new", "site", Some(&head), answers);
    save.owner = None;
    let head = acts::saved(service.drafts.save_draft(&actor, &save).await.unwrap());
    assert!(matches!(world.submit(&actor, &head, "again").await, Submitted::Filing(_)));

    let looks = waiting(&service, &second).await;
    assert_eq!(looks.len(), 2);
    let id = &looks[1];
    // Before it is in hand, there is nothing to see but what it is.
    assert!(seen(&service, &second, id).await.papers.is_none());
    service.second_look_desk.take(&second, id).await.unwrap();
    let view = seen(&service, &second, id).await;
    let papers = view.papers.clone().unwrap();
    assert_eq!(papers.sheet, had.sheet);
    assert_eq!(papers.checks, had.checks);
    assert_eq!(papers.subject_sheet, had.subject_sheet);
    assert_eq!(papers.files, had.files);
    assert_eq!(papers.questions[0].text, "请说明网站名称的来历");
    // Masked as everywhere, and nothing of the first officer or of what was decided.
    let papers = serde_json::to_string(&papers).unwrap();
    for secret in ["440524188001010014", "名称不规范", "还缺材料", "审核员", "退回", "换了的名称"]
    {
        assert!(!papers.contains(secret), "{secret}");
    }
    assert!(view.outcome.is_none());
    // The pictures can be opened, which is noted.
    let picture = view.papers.unwrap().files.into_values().find(|file| file.is_picture).unwrap();
    service.files.open_file(&second, &picture.id).await.unwrap();
    for text in ["网站名称的来历", "440524188001010014"] {
        assert!(!world.is_stored_in_the_open(text).await, "{text}");
    }
}

async fn who_may_not_judge_it_does_not_find_it(world: World) {
    let (actor, first) = (world.applicant(1).await, world.officer(HERE).await);
    let (second, elsewhere) = (world.officer("110000").await, world.officer("310000").await);
    let service = every(&world).await;
    let (subject, website) = bundle(&world, &actor, "example.cn").await;
    decide(&service, &first, &subject, Decision::Approve, "", &[]).await;
    decide(&service, &first, &website, Decision::Return, "理由", &[]).await;
    let id = &waiting(&service, &second).await[1];
    let desk = &service.second_look_desk;
    for other in [&first, &elsewhere] {
        assert!(waiting(&service, other).await.is_empty());
        assert!(matches!(desk.second_look(other, id, false).await, Err(Error::NotFound)));
        assert!(matches!(desk.take(other, id).await, Err(Error::NotFound)));
        assert!(matches!(desk.give_back(other, id).await, Err(Error::NotFound)));
        assert!(matches!(desk.judge(other, id, &typed("approve", &[], "")).await, Err(Error::NotFound)));
    }
    // Also while somebody else has it.
    desk.take(&second, id).await.unwrap();
    assert!(matches!(desk.take(&first, id).await, Err(Error::NotFound)));
    desk.give_back(&second, id).await.unwrap();
    for nobody in [&actor, &world.administrator().await] {
        assert!(matches!(desk.second_looks(nobody, "").await, Err(Error::Forbidden)));
        assert!(matches!(desk.second_look(nobody, id, false).await, Err(Error::Forbidden)));
        assert!(matches!(desk.take(nobody, id).await, Err(Error::Forbidden)));
    }
    // An officer who is the applicant.
    let own = claims_of(1);
    let administrator = world.administrator().await;
    world.service.staff.appoint(&administrator, &own.name, &own.id_no, "reviewer", HERE).await.unwrap();
    let own = world.sign_in(&own).await;
    assert!(waiting(&service, &own).await.is_empty());
    assert!(matches!(desk.take(&own, id).await, Err(Error::NotFound)));

    // Who decided an earlier round, or has the next one in hand.
    let href = service.redrafts.redraft(&actor, &website).await.unwrap();
    let draft = href.rsplit_once("draft=").unwrap().1.to_owned();
    let request =
        FormRequest { procedure: "website_new".to_owned(), draft: Some(draft), ..FormRequest::default() };
    let head = service.drafts.form_view(&actor, &request).await.unwrap().draft.unwrap();
    assert!(matches!(world.submit(&actor, &head, "again").await, Submitted::Filing(_)));
    service.filing_claims.claim(&second, &website).await.unwrap();
    assert!(matches!(desk.take(&second, id).await, Err(Error::NotFound)));
    let version = service.reviews.review(&second, &website, None).await.unwrap().version;
    service.decisions.decide(&second, &website, version, Decision::Approve, "", &[]).await.unwrap();
    assert_eq!(world.number("SELECT COUNT(*) FROM second_look").await, 3);
    // Each of the two has decided a round of it; the first decision of the subject is open to the second alone.
    assert!(waiting(&service, &first).await.is_empty());
    assert_eq!(waiting(&service, &second).await.len(), 1);
    let third = world.nth_officer(9_950, "110100").await;
    assert_eq!(waiting(&service, &third).await.len(), 3);
}

async fn of_those_who_take_it_at_once_one_has_it(world: World) {
    let (actor, first) = (world.applicant(1).await, world.officer(HERE).await);
    let service = every(&world).await;
    let second = world.nth_officer(9_951, HERE).await;
    let third = world.nth_officer(9_952, HERE).await;
    let (subject, website) = bundle(&world, &actor, "example.cn").await;
    decide(&service, &first, &subject, Decision::Approve, "", &[]).await;
    decide(&service, &first, &website, Decision::Approve, "", &[]).await;
    for id in waiting(&service, &second).await {
        for _ in 0..rounds(5, 50) {
            let desk = &service.second_look_desk;
            let (one, other) = tokio::join!(desk.take(&second, &id), desk.take(&third, &id));
            let (winner, loser, told) = match (one, other) {
                (Ok(()), Err(told)) => (&second, &third, told),
                (Err(told), Ok(())) => (&third, &second, told),
                both => panic!("not exactly one: {both:?}"),
            };
            assert!(matches!(told, Error::Refused(_)), "{told:?}");
            // Taking again what one has is no error, and no line.
            desk.take(winner, &id).await.unwrap();
            assert!(seen(&service, winner, &id).await.papers.is_some());
            assert!(matches!(desk.second_look(loser, &id, false).await, Err(Error::NotFound)));
            assert!(matches!(desk.judge(loser, &id, &typed("approve", &[], "")).await, Err(Error::NotFound)));
            assert!(!waiting(&service, loser).await.contains(&id));
            desk.give_back(winner, &id).await.unwrap();
        }
    }
}

async fn it_goes_back_by_hand_and_by_rest(world: World) {
    let (actor, first) = (world.applicant(1).await, world.officer(HERE).await);
    let service = every(&world).await;
    let second = world.nth_officer(9_951, HERE).await;
    let (subject, _) = bundle(&world, &actor, "example.cn").await;
    decide(&service, &first, &subject, Decision::Approve, "", &[]).await;
    let id = &waiting(&service, &second).await[0];
    let desk = &service.second_look_desk;
    desk.take(&second, id).await.unwrap();
    world.later(Duration::minutes(29));
    // Who looks at it is at work.
    assert!(seen(&service, &second, id).await.papers.is_some());
    world.later(Duration::minutes(29));
    let third = world.nth_officer(9_952, HERE).await;
    assert!(waiting(&service, &third).await.is_empty());
    let list = desk.second_looks(&second, "").await.unwrap();
    assert!(list.rows[0].is_mine);
    world.later(Duration::minutes(1));
    assert_eq!(waiting(&service, &third).await, std::slice::from_ref(id));
    // As long as nobody else has taken it, one goes on, and the filing stays closed.
    assert!(matches!(service.reviews.review(&second, &subject, None).await, Err(Error::Refused(_))));
    desk.take(&third, id).await.unwrap();
    assert!(matches!(desk.second_look(&second, id, false).await, Err(Error::NotFound)));
    assert!(matches!(desk.judge(&second, id, &typed("approve", &[], "")).await, Err(Error::NotFound)));
    service.reviews.review(&second, &subject, None).await.unwrap();
    desk.give_back(&third, id).await.unwrap();
    assert!(seen(&service, &third, id).await.papers.is_none());
    assert_eq!(waiting(&service, &second).await, std::slice::from_ref(id));
}

async fn what_one_has_in_hand_is_closed_everywhere_else(world: World) {
    let (actor, first) = (world.applicant(1).await, world.officer(HERE).await);
    let service = every(&world).await;
    let second = world.nth_officer(9_951, HERE).await;
    let (subject, website) = bundle(&world, &actor, "example.cn").await;
    decide(&service, &first, &subject, Decision::Approve, "", &[]).await;
    let id = &waiting(&service, &second).await[0];
    let all = QueueRequest { state: "all".to_owned(), ..QueueRequest::default() };
    let queued = async || service.queues.queue(&second, &all).await.unwrap();
    assert_eq!(queued().await.rows.len(), 2);
    service.second_look_desk.take(&second, id).await.unwrap();

    let history = HistoryRequest { filing: subject.clone(), ..HistoryRequest::default() };
    let closed: Vec<Option<Error>> = vec![
        service.reviews.review(&second, &subject, None).await.err(),
        service.reviews.peek(&second, &subject).await.err(),
        service.reviews.unmask(&second, &subject, "核对证件照片").await.err(),
        service.histories.filing_history(&second, &history).await.err(),
        service.queues.neighbours(&second, &subject, &all).await.err(),
        service.talk_desk.talk(&second, &subject).await.err(),
        service.relatives.relatives(&second, &subject).await.err(),
        service.filing_claims.claim(&second, &subject).await.err(),
    ];
    for error in closed {
        let Some(Error::Refused(refused)) = error else { panic!("{error:?}") };
        assert_eq!(refused.sentence, "请先完成抽查复核");
        assert_eq!(refused.link, Some(route::second_look(id)));
    }
    // Nor does it stand in the queue, its export or beside the others of its bundle.
    let page = queued().await;
    assert_eq!((page.rows.len(), page.total), (1, 1));
    let mut export = service.exports.export(&second, &all).await.unwrap();
    let mut file = String::new();
    while let Some(piece) = service.exports.export_piece(&mut export).await.unwrap() {
        file.push_str(&piece);
    }
    let reference = seen(&service, &second, id).await.row.reference;
    assert!(!file.contains(&reference) && file.contains("某某企业官网"), "{file}");
    let beside = service.reviews.review(&second, &website, None).await.unwrap();
    assert!(beside.bundle.iter().chain(&beside.subject_filings).all(|row| row.id != subject));
    // To everybody else nothing is closed.
    service.reviews.review(&first, &subject, None).await.unwrap();
    assert_eq!(service.filings.filing(&actor, &subject).await.unwrap().row.state, FilingState::Approved);

    service.second_look_desk.judge(&second, id, &typed("approve", &[], "")).await.unwrap();
    service.reviews.review(&second, &subject, None).await.unwrap();
    assert_eq!(queued().await.rows.len(), 2);
}

/// Everything that belongs to filings and those concerned.
async fn stored(world: &World) -> Vec<String> {
    let on = world.raw().await;
    let mut all = Vec::new();
    for table in ["filing", "filing_event", "record", "notice", "outbox", "tally"] {
        let columns = match world.is_sqlite() {
            true => format!("SELECT name FROM pragma_table_info('{table}')"),
            false => format!(
                "SELECT column_name::text FROM information_schema.columns WHERE table_name = '{table}'"
            ),
        };
        let backend = on.get_database_backend();
        let columns = on.query_all_raw(Statement::from_string(backend, columns)).await.unwrap();
        let columns: Vec<String> = columns.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
        let texts: Vec<String> =
            columns.iter().map(|column| format!("COALESCE(CAST({column} AS TEXT), '-')")).collect();
        let rows = format!("SELECT {} FROM {table}", texts.join(" || '|' || "));
        let rows = on.query_all_raw(Statement::from_string(backend, rows)).await.unwrap();
        let mut rows: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
        rows.sort_unstable();
        all.extend(rows);
    }
    on.close().await.unwrap();
    all
}

async fn a_judgement_changes_nothing_and_shows_both(world: World) {
    let (actor, first) = (world.applicant(1).await, world.officer(HERE).await);
    let service = every(&world).await;
    let second = world.nth_officer(9_951, HERE).await;
    let (subject, website) = bundle(&world, &actor, "example.cn").await;
    decide(&service, &first, &subject, Decision::Approve, "", &[]).await;
    let remarks = [fault("site.name", "名称不规范"), fault("site.opened_on", "日期不对")];
    decide(&service, &first, &website, Decision::Return, "请修改", &remarks).await;
    let looks = waiting(&service, &second).await;
    let before = stored(&world).await;
    judge(&service, &second, &looks[0], &typed("reject", &[], "单位证件已经过期")).await;
    judge(&service, &second, &looks[1], &typed("return", &["site.name", "isp.name", "no.such"], "")).await;
    assert_eq!(stored(&world).await, before);
    assert!(waiting(&service, &second).await.is_empty());
    assert!(!world.is_stored_in_the_open("单位证件已经过期").await);

    let outcome = seen(&service, &second, &looks[0]).await.outcome.unwrap();
    assert_eq!((outcome.first.judgement, outcome.second.judgement), (Judgement::Approve, Judgement::Reject));
    assert_eq!(outcome.second.note, "单位证件已经过期");
    assert!(!outcome.agrees() && outcome.both().is_empty());
    assert_eq!(outcome.filing, subject);
    let outcome = seen(&service, &second, &looks[1]).await.outcome.unwrap();
    assert!(outcome.agrees());
    assert_eq!(outcome.both(), ["网站信息 · 网站名称"]);
    assert_eq!((outcome.first.fields.len(), outcome.second.fields.len()), (2, 2));
    assert_eq!(outcome.first.note, "请修改");
    assert!(!serde_json::to_string(&outcome).unwrap().contains("审核员"));

    // Once is enough, and what is judged is nobody else's to see.
    let desk = &service.second_look_desk;
    let again = desk.judge(&second, &looks[0], &typed("approve", &[], "")).await;
    assert!(matches!(again, Err(Error::Refused(_))), "{again:?}");
    assert!(matches!(desk.give_back(&second, &looks[0]).await, Err(Error::Refused(_))));
    let third = world.nth_officer(9_952, HERE).await;
    for other in [&first, &third] {
        assert!(matches!(desk.second_look(other, &looks[0], false).await, Err(Error::NotFound)));
        assert!(matches!(desk.take(other, &looks[0]).await, Err(Error::NotFound)));
    }
    let lines = "SELECT COUNT(*) FROM audit WHERE action LIKE 'second_look.%'";
    assert_eq!(world.number(lines).await, 4);
}

async fn a_judgement_says_what_is_wrong_and_keeps_what_was_typed(world: World) {
    let (actor, first) = (world.applicant(1).await, world.officer(HERE).await);
    let service = every(&world).await;
    let second = world.nth_officer(9_951, HERE).await;
    let (subject, _) = bundle(&world, &actor, "example.cn").await;
    decide(&service, &first, &subject, Decision::Approve, "", &[]).await;
    let id = &waiting(&service, &second).await[0];
    let desk = &service.second_look_desk;
    // Not before it is in hand.
    assert!(matches!(desk.judge(&second, id, &typed("approve", &[], "")).await, Err(Error::NotFound)));
    desk.take(&second, id).await.unwrap();
    for (wrong, at) in [
        (typed("", &["unit.name"], "名称"), "judgement"),
        (typed("return", &[], ""), "note"),
        (typed("reject", &["unit.name"], ""), "note"),
    ] {
        let Err(Error::Faults(faults)) = desk.judge(&second, id, &wrong).await else { panic!("{wrong:?}") };
        assert_eq!(faults[0].at, at);
        let view = desk.second_look(&second, id, true).await.unwrap();
        assert_eq!((view.chosen, view.ticked, view.note), (wrong.judgement, wrong.fields, wrong.note));
        assert_eq!(view.faults, faults);
        assert!(desk.second_look(&second, id, false).await.unwrap().faults.is_empty());
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM second_look WHERE judged_at IS NOT NULL").await, 0);
}

async fn results_count_by_region_decision_and_reason(world: World) {
    let (actor, first) = (world.applicant(1).await, world.officer(HERE).await);
    let service = every(&world).await;
    let second = world.officer("110000").await;
    let subject = world.subject_answers_person(&actor).await;
    let subject = world.file(&actor, "subject_new", None, &subject).await;
    let mut sites = Vec::new();
    for n in 0..5 {
        let answers = world.website_answers(&actor, &format!("example{n}.cn")).await;
        sites.push(world.file(&actor, "website_new", None, &answers).await);
    }
    decide(&service, &first, &subject, Decision::Approve, "", &[]).await;
    let remark = [fault("site.name", "名称不规范")];
    for (n, site) in sites.iter().enumerate() {
        let (decision, note) =
            if n < 4 { (Decision::Return, "请改") } else { (Decision::Reject, "不行") };
        decide(&service, &first, site, decision, note, if n < 3 { &remark } else { &[] }).await;
    }
    let looks = waiting(&service, &second).await;
    judge(&service, &second, &looks[0], &typed("approve", &[], "")).await;
    judge(&service, &second, &looks[1], &typed("return", &["site.name"], "")).await;
    judge(&service, &second, &looks[2], &typed("return", &["isp.name"], "")).await;
    judge(&service, &second, &looks[3], &typed("approve", &[], "")).await;
    judge(&service, &second, &looks[4], &typed("return", &[], "少材料")).await;
    world.later(Duration::days(8));
    let second = world.officer("110000").await;
    judge(&service, &second, &looks[5], &typed("return", &[], "应退回")).await;

    let results = service.second_look_reports.results(&second, Period::Month).await.unwrap();
    assert_eq!((results.period.days(), results.region.as_str(), results.reviews), (30, "北京市", true));
    assert_eq!(results.all, Agreement { judged: 6, agreed: 4 });
    assert_eq!(results.all.percent(), Some(67));
    let named = |rows: &[domain::view::AgreementRow]| -> Vec<(String, u64, u64)> {
        rows.iter().map(|row| (row.name.clone(), row.agreement.judged, row.agreement.agreed)).collect()
    };
    assert_eq!(results.regions.len(), 1);
    assert!(results.regions[0].name.ends_with("东城区"), "{:?}", results.regions);
    let rows = |rows: &[(&str, u64, u64)]| -> Vec<(String, u64, u64)> {
        rows.iter().map(|(name, judged, agreed)| ((*name).to_owned(), *judged, *agreed)).collect()
    };
    assert_eq!(named(&results.decisions), rows(&[("通过", 1, 1), ("退回", 4, 3), ("不予通过", 1, 0)]));
    assert_eq!(
        named(&results.reasons),
        rows(&[("网站 · 网站信息 · 网站名称", 3, 1), ("网站 · 整体意见", 2, 1)])
    );
    assert_eq!(results.reasons[0].agreement.percent(), None, "of so few no percentage");
    let week = service.second_look_reports.results(&second, Period::Week).await.unwrap();
    assert_eq!(week.all, Agreement { judged: 1, agreed: 0 });

    // An administrator sees all of it, who reviews elsewhere nothing, others not at all.
    let administrator = world.administrator().await;
    let all = service.second_look_reports.results(&administrator, Period::Quarter).await.unwrap();
    assert_eq!((all.region.as_str(), all.all.judged, all.reviews), ("全国", 6, false));
    let elsewhere = world.officer("310000").await;
    let none = service.second_look_reports.results(&elsewhere, Period::Quarter).await.unwrap();
    assert_eq!(none.all, Agreement::default());
    let actor = world.applicant(1).await;
    assert!(matches!(
        service.second_look_reports.results(&actor, Period::Quarter).await,
        Err(Error::Forbidden)
    ));
    let text = serde_json::to_string(&results).unwrap();
    assert!(!text.contains("审核员") && !text.contains(&first.person_id));
}
