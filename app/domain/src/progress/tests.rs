//! Every case there is, and what its page says.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::schema::fault;

fn website(action: Action) -> Procedure {
    Procedure::new(Business::Website, action)
}

fn draft(procedure: Procedure) -> StartedDraft {
    StartedDraft {
        procedure,
        title: "晨光书店".to_owned(),
        href: "/draft".to_owned(),
        effort: Effort { items: 3, minutes: 2 },
        days_left: 12,
    }
}

fn returned(procedure: Procedure, along: usize) -> Returned {
    Returned { filing: "r".to_owned(), procedure, title: "晨光书店".to_owned(), points: 2, along }
}

fn asked() -> AskedFiling {
    AskedFiling { filing: "q".to_owned(), procedure: website(Action::New), title: "晨光书店".to_owned() }
}

fn empty() -> Case {
    Case {
        subject: SubjectStage::None,
        returned: None,
        asked: None,
        draft: None,
        waiting: None,
        approved: 0,
        unbadged: None,
        handover: None,
        document_ends: None,
        review_days: 7,
    }
}

fn stages() -> Vec<SubjectStage> {
    let new = Procedure::new(Business::Subject, Action::New);
    vec![
        SubjectStage::None,
        SubjectStage::Draft(draft(new)),
        SubjectStage::Returned(returned(new, 0)),
        SubjectStage::Returned(returned(new, 2)),
        SubjectStage::Rejected("f".to_owned()),
        SubjectStage::Submitted("f".to_owned()),
        SubjectStage::InForce,
        SubjectStage::Cancelling(Some("f".to_owned())),
        SubjectStage::Cancelling(None),
        SubjectStage::Transferring,
    ]
}

/// Every combination there is, and more that never come about.
fn cases() -> Vec<Case> {
    let waiting = WaitingFiling {
        filing: "w".to_owned(),
        procedure: website(Action::New),
        title: "晨光书店".to_owned(),
        is_claimed: false,
        submitted_at: "2026-03-02 10:00".to_owned(),
    };
    let unbadged = Unbadged {
        business: Business::Website,
        record: "b".to_owned(),
        name: "晨光书店".to_owned(),
        count: 1,
    };
    let handover = OfferedSubject { id: "h".to_owned(), name: "某公司".to_owned(), days_left: 9 };
    let mut cases = Vec::new();
    for subject in stages() {
        for bits in 0_u32..256 {
            let is = |bit: u32| bits & (1 << bit) != 0;
            cases.push(Case {
                subject: subject.clone(),
                returned: is(0).then(|| returned(website(Action::New), 0)),
                asked: is(7).then(asked),
                draft: is(1).then(|| draft(website(Action::New))),
                waiting: is(2).then(|| WaitingFiling { is_claimed: is(1), ..waiting.clone() }),
                approved: u64::from(is(3)),
                unbadged: is(4).then(|| unbadged.clone()),
                handover: is(5).then(|| handover.clone()),
                document_ends: is(6).then(|| "2026-03-20".to_owned()),
                review_days: 7,
            });
        }
    }
    cases
}

#[test]
fn every_case_has_its_five_steps_one_present_and_one_next_act_that_leads_somewhere() {
    for case in cases() {
        let told = progress(&case);
        assert_eq!(told.milestones.iter().map(|(step, _)| *step).collect::<Vec<_>>(), Milestone::ALL);
        assert_eq!(told.milestones[0].1, MilestoneState::Done);
        let present = told.milestones.iter().find(|(step, _)| *step == told.present).unwrap().1;
        assert!(!told.title.is_empty() && !told.sentence.is_empty() && !told.next.label.is_empty());
        assert!(told.facts.iter().all(|fact| !fact.is_empty()), "{case:?}");
        match &told.next.act {
            Act::Open(href) => assert!(href.starts_with('/'), "{case:?}"),
            Act::Redraft { filing, along } => {
                assert_eq!(filing, "r");
                assert_eq!(present, MilestoneState::Attention, "{case:?}");
                let of_bundle = matches!(&case.subject, SubjectStage::Returned(it) if it.along > 0);
                assert_eq!(*along, of_bundle, "{case:?}");
            }
        }
        assert!(told.also.iter().all(|other| other.act != told.next.act), "said twice: {case:?}");
    }
}

/// What came back goes before everything else, the subject before its businesses; nobody whose business came
/// back is invited to file a second one.
#[test]
fn what_came_back_is_the_next_act_and_nothing_invites_to_file_it_a_second_time() {
    for case in cases() {
        let told = progress(&case);
        let subject_came_back = matches!(case.subject, SubjectStage::Returned(_));
        if subject_came_back || case.returned.is_some() {
            assert!(matches!(told.next.act, Act::Redraft { .. }) && told.is_urgent, "{case:?}");
            let expected = if subject_came_back { Milestone::Subject } else { Milestone::Business };
            assert_eq!(told.present, expected, "{case:?}");
            let begins = |act: &NextAct| matches!(&act.act, Act::Open(href) if href.ends_with("/new"));
            assert!(!told.also.iter().any(begins), "{case:?}");
        } else {
            assert!(matches!(told.next.act, Act::Open(_)), "{case:?}");
        }
    }
}

fn leads(case: &Case) -> (Milestone, String, String) {
    let told = progress(case);
    let Act::Open(href) = told.next.act else { return (told.present, told.next.label, String::new()) };
    (told.present, told.next.label, href)
}

#[test]
fn a_case_goes_its_way_from_signing_in_to_the_badge() {
    use Milestone::{Badge, Business as Filed, Review, Subject};
    let expect = |case: &Case, step: Milestone, label: &str, href: &str| {
        assert_eq!(leads(case), (step, label.to_owned(), href.to_owned()), "{case:?}");
    };
    let all = cases();
    let (waiting, unbadged, handover) = (&all[4].waiting, &all[16].unbadged, &all[32].handover);
    let mut case = empty();
    expect(&case, Subject, "新增主体", "/subject/new");
    case.subject = stages().remove(1);
    expect(&case, Subject, "继续填写", "/draft");
    assert_eq!(progress(&case).facts, ["还差 3 项", "约 2 分钟", "草稿还可保留 12 天"]);
    case.subject = SubjectStage::Submitted("f".to_owned());
    expect(&case, Filed, "填报网站", "/website/new");
    assert_eq!(progress(&case).title, "还差一步：请填报网站或其他业务");
    case.draft = Some(draft(website(Action::New)));
    expect(&case, Filed, "继续填写", "/draft");
    assert_eq!(progress(&case).title, "还差一步：请填报网站或其他业务");
    case.draft = None;
    case.waiting = waiting.clone();
    expect(&case, Review, "查看申请单", "/mine/filings/w");
    (case.subject, case.waiting, case.approved) = (SubjectStage::InForce, None, 1);
    case.unbadged = unbadged.clone();
    expect(&case, Badge, "去挂标", "/mine/website/b");
    case.unbadged = None;
    expect(&case, Badge, "办理其他业务", "/services");
    assert!(progress(&case).milestones.iter().all(|(_, state)| *state == MilestoneState::Done));
    // What can be done goes before what can only be waited for.
    case.waiting = waiting.clone();
    expect(&case, Review, "查看申请单", "/mine/filings/w");
    case.unbadged = unbadged.clone();
    expect(&case, Badge, "去挂标", "/mine/website/b");
    // A question stops the review, so it goes before all but what came back.
    case.asked = Some(asked());
    expect(&case, Review, "去回复", "/mine/filings/q#talk");
    assert!(progress(&case).is_urgent);
    case.returned = Some(returned(website(Action::New), 0));
    assert!(progress(&case).also.iter().any(|other| other.label == "回复补充说明"));
    (case.asked, case.returned) = (None, None);
    case.document_ends = Some("2026-03-20".to_owned());
    expect(&case, Subject, "变更主体", "/subject/change");
    // Somebody who has a subject is told of another one beside it; who has none, first of all.
    case.handover = handover.clone();
    expect(&case, Subject, "变更主体", "/subject/change");
    assert!(progress(&case).also.iter().any(|other| other.label == "接收主体"));
    for subject in [SubjectStage::None, stages().remove(1), stages().remove(4)] {
        let case = Case { subject, handover: handover.clone(), ..empty() };
        expect(&case, Subject, "查看并接收", "/subject/receive/h");
        assert_eq!(question(&case), None, "nobody is told to apply for what only has to be received");
    }
    let case = Case { subject: SubjectStage::Transferring, approved: 1, ..empty() };
    expect(&case, Review, "查看移交", "/subject/transfer");
    let case = Case { subject: SubjectStage::Cancelling(Some("f".to_owned())), approved: 1, ..empty() };
    expect(&case, Review, "查看申请单", "/mine/filings/f");
}

/// R5, R53
#[test]
fn who_has_no_subject_is_asked_and_who_got_one_back_is_led_to_the_remarks() {
    for stage in stages() {
        let case = Case { subject: stage.clone(), ..empty() };
        match (question(&case), &stage) {
            (
                Some(SubjectQuestion::Apply),
                SubjectStage::None | SubjectStage::Draft(_) | SubjectStage::Rejected(_),
            ) => {}
            (Some(SubjectQuestion::Repair { points, next }), SubjectStage::Returned(it)) => {
                assert_eq!(points, 2);
                assert_eq!(next.label, "去修改");
                assert_eq!(next.act, Act::Redraft { filing: "r".to_owned(), along: it.along > 0 });
                assert_eq!(returned_sentence(points), "您的新增主体申请已退回，有 2 处需要修改");
            }
            (
                None,
                SubjectStage::Submitted(_)
                | SubjectStage::InForce
                | SubjectStage::Cancelling(_)
                | SubjectStage::Transferring,
            ) => {}
            (asked, stage) => panic!("{stage:?} asks {asked:?}"),
        }
    }
}

#[test]
fn a_photo_takes_longer_than_a_word() {
    let form = Business::Subject.form();
    let missing = |at: &str| fault(at, "");
    let words = Effort::of(form, &[missing("principal.name"), missing("principal.mobile")]);
    let photos = ["principal.id_portrait", "principal.id_emblem"].map(missing);
    let photos = Effort::of(form, &photos);
    assert_eq!((words.items, words.minutes), (2, 1));
    assert_eq!((photos.items, photos.minutes), (2, 2));
    assert_eq!(Effort::of(form, &[]).facts(), ["已填完，可以提交"]);
}
