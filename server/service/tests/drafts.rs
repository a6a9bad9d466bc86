//! Drafts and the forms they are shown in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "common/acts.rs"]
mod acts;
mod common;

use acts::{filed, save_of, saved};
use common::{World, claims, claims_of};
use domain::answer::Answers;
use domain::view::*;
use service::Error;
use time::Duration;

claims![
    a_deleted_draft_is_gone_at_once_and_can_be_had_back_for_a_while,
    a_deleted_draft_warns_nobody,
    a_draft_takes_whatever_is_typed_and_gives_it_back,
    a_draft_holds_ten_thousand_characters_but_not_any_number,
    a_question_the_form_does_not_have_is_refused,
    saving_a_step_leaves_the_other_steps_alone,
    the_later_of_two_tabs_is_told_and_may_choose,
    a_form_offers_the_only_draft_and_begins_empty_without_it,
    an_explicit_fresh_form_replaces_the_only_draft,
    a_tab_that_knew_of_no_draft_is_told_and_may_choose,
    a_draft_is_declined_as_it_was_then,
    another_persons_draft_does_not_exist,
    another_persons_file_cannot_stand_in_a_draft,
    stars_are_never_stored,
    without_a_subject_only_a_subject_can_be_drafted,
    the_subjects_responsible_person_fills_a_block_masked,
    a_draft_is_kept_thirty_days_from_its_last_save,
    a_person_is_told_once_that_a_draft_ends,
    a_deleted_draft_is_gone,
    an_unknown_procedure_or_step_does_not_exist,
    the_lists_of_a_cascade_come_with_the_form,
];

async fn form(world: &World, actor: &service::Actor, request: FormRequest) -> FormView {
    world.service.drafts.form_view(actor, &request).await.unwrap()
}

fn of(procedure: &str) -> FormRequest {
    FormRequest { procedure: procedure.to_owned(), ..FormRequest::default() }
}

fn with(procedure: &str, draft: &DraftHead) -> FormRequest {
    FormRequest { draft: Some(draft.id.clone()), ..of(procedure) }
}

/// R12
async fn a_draft_takes_whatever_is_typed_and_gives_it_back(world: World) {
    let actor = world.applicant(1).await;
    let typed = Answers::from([
        ("subject.nature", "person"),
        ("principal.name", "<script>alert(1)</script>"),
        ("principal.mobile", "not a number"),
        ("principal.id_no", "11010519491231002X"),
        ("principal.email", "a@b"),
    ]);
    let head = saved(
        world
            .service
            .drafts
            .save_draft(&actor, &save_of("subject_new", "form", None, typed.clone()))
            .await
            .unwrap(),
    );
    assert_eq!(head.saved_at, "10:00");
    let view = form(&world, &actor, with("subject_new", &head)).await;
    assert_eq!(view.answers, typed, "what a person types is shown as typed, not masked");
    assert!(view.sealed.is_empty());
    assert_eq!(view.draft.unwrap().version, 1);
    let rows = world.service.drafts.drafts(&actor, "", "").await.unwrap().rows;
    assert_eq!(rows[0].href, format!("/subject/new/form?draft={}", head.id));
    assert_eq!(rows[0].days_left, 30);
    assert!(!rows[0].title.contains("script"), "the name of a person is masked in lists");
}

async fn a_draft_holds_ten_thousand_characters_but_not_any_number(world: World) {
    let actor = world.applicant(1).await;
    let long = "网".repeat(10_000);
    let answers = Answers::from([("principal.address", long.as_str())]);
    let head = saved(
        world
            .service
            .drafts
            .save_draft(&actor, &save_of("subject_new", "form", None, answers))
            .await
            .unwrap(),
    );
    let view = form(&world, &actor, with("subject_new", &head)).await;
    assert_eq!(view.answers.text("principal.address"), long);
    let longer = "网".repeat(20_001);
    let answers = Answers::from([("principal.address", longer.as_str())]);
    let outcome = world
        .service
        .drafts
        .save_draft(&actor, &save_of("subject_new", "form", Some(&head), answers))
        .await
        .unwrap();
    let Saved::Faults(faults) = outcome else { panic!("{outcome:?}") };
    assert_eq!(faults[0].at, "principal.address");
}

async fn a_question_the_form_does_not_have_is_refused(world: World) {
    let actor = world.applicant(1).await;
    for at in ["principal.shoe_size", "nowhere", "site.name", "principal", "unit.0.name"] {
        let answers = Answers::from([(at, "值")]);
        let outcome = world
            .service
            .drafts
            .save_draft(&actor, &save_of("subject_new", "form", None, answers))
            .await
            .unwrap();
        let Saved::Faults(faults) = outcome else { panic!("{at}: {outcome:?}") };
        assert_eq!((faults[0].at.as_str(), faults[0].message.as_str()), (at, "表单中没有这一项"));
    }
    assert_eq!(world.service.drafts.drafts(&actor, "", "").await.unwrap().total, 0);
}

async fn saving_a_step_leaves_the_other_steps_alone(world: World) {
    let actor = world.applicant(1).await;
    let subject = world.subject_answers_person(&actor).await;
    world.file(&actor, "subject_new", None, &subject).await;
    let answers = world.website_answers(&actor, "example.cn").await;
    let head = world.draft(&actor, "website_new", None, &answers).await;
    // A page of the second step sends what it shows; even what it says of another step is not taken.
    let mut second = Answers::from([("security_officer.name", "李某"), ("site.name", "别的名字")]);
    second.set_text("security_officer.mobile", "13900001111");
    let head = saved(
        world
            .service
            .drafts
            .save_draft(&actor, &save_of("website_new", "people", Some(&head), second))
            .await
            .unwrap(),
    );
    let view = form(&world, &actor, FormRequest { step: "site".into(), ..with("website_new", &head) }).await;
    assert_eq!(view.answers.text("site.name"), "某某企业官网");
    assert_eq!(view.answers.text("site.main_domain"), "example.cn");
    assert_eq!(view.answers.text("security_officer.mobile"), "13900001111");
    assert_eq!(view.answers.text("emergency_contact.name"), "", "what the step does not mention is emptied");
}

/// R77
async fn the_later_of_two_tabs_is_told_and_may_choose(world: World) {
    let actor = world.applicant(1).await;
    let answer = |name: &str| Answers::from([("principal.name", name)]);
    let first = saved(
        world
            .service
            .drafts
            .save_draft(&actor, &save_of("subject_new", "form", None, answer("甲")))
            .await
            .unwrap(),
    );
    world.later(Duration::minutes(3));
    let of_one_tab = save_of("subject_new", "form", Some(&first), answer("乙"));
    saved(world.service.drafts.save_draft(&actor, &of_one_tab).await.unwrap());
    let mut of_other_tab = save_of("subject_new", "form", Some(&first), answer("丙"));
    let outcome = world.service.drafts.save_draft(&actor, &of_other_tab).await.unwrap();
    let told = Saved::Conflict { saved_at: "10:03".to_owned(), draft: Some(first.id.clone()) };
    assert_eq!(outcome, told);
    let view = form(&world, &actor, with("subject_new", &first)).await;
    assert_eq!(view.answers.text("principal.name"), "乙", "nothing is overwritten silently");
    of_other_tab.overwrite = true;
    let head = saved(world.service.drafts.save_draft(&actor, &of_other_tab).await.unwrap());
    assert_eq!(head.version, 3);
    let view = form(&world, &actor, with("subject_new", &head)).await;
    assert_eq!(view.answers.text("principal.name"), "丙");
    let unaware = SaveDraft { version: None, ..save_of("subject_new", "form", Some(&head), answer("丁")) };
    let outcome = world.service.drafts.save_draft(&actor, &unaware).await.unwrap();
    assert!(matches!(outcome, Saved::Conflict { .. }), "{outcome:?}");

    // Both at once: one of them is told.
    let saves = ["戊", "己"].map(|name| {
        let (service, actor) = (world.service.clone(), actor.clone());
        let save = save_of("subject_new", "form", Some(&head), answer(name));
        tokio::spawn(async move { service.drafts.save_draft(&actor, &save).await.unwrap() })
    });
    let mut told = 0;
    for save in saves {
        told += usize::from(matches!(save.await.unwrap(), Saved::Conflict { .. }));
    }
    assert_eq!(told, 1);
}

/// R11, R18
async fn a_form_offers_the_only_draft_and_begins_empty_without_it(world: World) {
    let actor = world.applicant(1).await;
    assert_eq!(form(&world, &actor, of("subject_new")).await.offered_draft, None);
    let answers = Answers::from([("principal.name", "孙丙丁"), ("subject.nature", "person")]);
    let head = saved(
        world
            .service
            .drafts
            .save_draft(&actor, &save_of("subject_new", "form", None, answers))
            .await
            .unwrap(),
    );
    let asked = form(&world, &actor, of("subject_new")).await;
    assert_eq!(asked.offered_draft.as_deref(), Some(head.id.as_str()));
    let no = form(&world, &actor, FormRequest { fresh: true, ..of("subject_new") }).await;
    assert_eq!(no.offered_draft, None);
    assert_eq!(no.answers, domain::business::Business::Subject.form().defaults());
    let yes = form(&world, &actor, with("subject_new", &head)).await;
    assert_eq!(yes.answers.text("principal.name"), "孙丙丁");
    assert_eq!(yes.offered_draft, None);
}

/// R12
async fn an_explicit_fresh_form_replaces_the_only_draft(world: World) {
    let actor = world.applicant(1).await;
    let answers = Answers::from([("principal.name", "甲某"), ("principal.email", "a@example.cn")]);
    let first = saved(
        world
            .service
            .drafts
            .save_draft(&actor, &save_of("subject_new", "form", None, answers))
            .await
            .unwrap(),
    );
    let answers = Answers::from([("principal.name", "乙某")]);
    let fresh = FormRequest { fresh: true, ..of("subject_new") };
    let declined = form(&world, &actor, fresh).await.declined;
    assert_eq!(declined, Some(first.version));
    let no = SaveDraft { declined, ..save_of("subject_new", "form", None, answers) };
    let second = saved(world.service.drafts.save_draft(&actor, &no).await.unwrap());
    assert_eq!(world.service.drafts.drafts(&actor, "", "").await.unwrap().total, 1);
    let view = form(&world, &actor, with("subject_new", &second)).await;
    assert_eq!(view.answers.text("principal.name"), "乙某");
    assert_eq!(view.answers.text("principal.email"), "", "nothing of the old draft is left");
    // A tab that still knows the old draft is told.
    let stale = save_of("subject_new", "form", Some(&first), Answers::new());
    assert!(matches!(world.service.drafts.save_draft(&actor, &stale).await.unwrap(), Saved::Conflict { .. }));

    world.service.drafts.delete_draft(&actor, &second.id).await.unwrap();
    let subject = world.subject_answers_person(&actor).await;
    world.file(&actor, "subject_new", None, &subject).await;
    for _ in 0..2 {
        let site = Answers::from([("site.name", "某网站")]);
        saved(
            world
                .service
                .drafts
                .save_draft(&actor, &save_of("website_new", "site", None, site))
                .await
                .unwrap(),
        );
    }
    assert_eq!(
        world.service.drafts.drafts(&actor, "website_new", "").await.unwrap().total,
        2,
        "any number of new websites"
    );
    assert_eq!(world.service.drafts.drafts(&actor, "subject_new", "").await.unwrap().total, 0);
}

/// B3. Two tabs were opened before there was a draft; the second one to save is told (R77). A page that is
/// older than the field is as one that was not asked (R82).
async fn a_tab_that_knew_of_no_draft_is_told_and_may_choose(world: World) {
    let actor = world.applicant(1).await;
    world.in_force(&actor, "example.cn").await;
    let website =
        world.service.records.records(&actor, domain::business::Business::Website, "").await.unwrap();
    let record = Some(website.rows[0].id.clone());
    let of_tab = |procedure: &str, step: &str, answers: &Answers| {
        let record = record.clone().filter(|_| procedure == "website_change");
        SaveDraft { record, ..save_of(procedure, step, None, answers.clone()) }
    };
    for (procedure, first, second, at) in [
        ("website_change", "site", "people", "security_officer.name"),
        ("subject_change", "form", "form", "principal.name"),
        ("subject_new", "form", "form", "principal.name"),
    ] {
        let changed = record.as_deref().filter(|_| procedure == "website_change");
        let view = world.change_form(&actor, procedure, changed).await;
        let mut typed = if procedure == "subject_new" { Answers::new() } else { view.answers };
        typed.set_text("site.name", "甲窗口的名字");
        typed.retain(|at| procedure == "website_change" || at != "site.name");
        let of_one = of_tab(procedure, first, &typed);
        let head = saved(world.service.drafts.save_draft(&actor, &of_one).await.unwrap());
        typed.set_text(at, "乙窗口");
        let of_other = of_tab(procedure, second, &typed);
        let old = serde_json::to_value(&of_other).unwrap();
        let mut old = old.as_object().unwrap().clone();
        assert!(old.remove("declined").is_some());
        let old: SaveDraft = serde_json::from_value(old.into()).unwrap();
        for save in [&of_other, &old] {
            let outcome = world.service.drafts.save_draft(&actor, save).await.unwrap();
            let told = Saved::Conflict { saved_at: head.saved_at.clone(), draft: Some(head.id.clone()) };
            assert_eq!(outcome, told, "{procedure}");
        }
        let rest = world.draft_form(&actor, procedure, first, &head).await;
        assert_ne!(rest.answers.text(at), "乙窗口", "{procedure}: nothing is overwritten silently");
        // 用本页内容覆盖: this step, and what the other tab did on other steps stays.
        let all_the_same = SaveDraft { overwrite: true, ..of_other };
        let head = saved(world.service.drafts.save_draft(&actor, &all_the_same).await.unwrap());
        assert_eq!(head.version, 2);
        let view = world.draft_form(&actor, procedure, second, &head).await;
        assert_eq!(view.answers.text(at), "乙窗口", "{procedure}");
        if procedure == "website_change" {
            assert_eq!(view.answers.text("site.name"), "甲窗口的名字");
        }
    }
    // Both at once: one of them is told.
    let other = world.applicant(2).await;
    let saves = ["戊", "己"].map(|name| {
        let (service, actor) = (world.service.clone(), other.clone());
        let save = save_of("subject_new", "form", None, Answers::from([("principal.name", name)]));
        tokio::spawn(async move { service.drafts.save_draft(&actor, &save).await.unwrap() })
    });
    let mut told = 0;
    for save in saves {
        told += usize::from(matches!(save.await.unwrap(), Saved::Conflict { .. }));
    }
    assert_eq!(told, 1);
}

/// B3. Who said 否 said it of what the draft was then (R11): what is saved afterwards is not replaced.
async fn a_draft_is_declined_as_it_was_then(world: World) {
    let actor = world.applicant(1).await;
    let answer = |name: &str| Answers::from([("principal.name", name)]);
    let save = async |save: SaveDraft| world.service.drafts.save_draft(&actor, &save).await.unwrap();
    let head = saved(save(save_of("subject_new", "form", None, answer("甲"))).await);
    let fresh = FormRequest { fresh: true, ..of("subject_new") };
    let view = form(&world, &actor, fresh).await;
    assert_eq!((view.offered_draft, view.declined), (None, Some(1)));
    let head = saved(save(save_of("subject_new", "form", Some(&head), answer("乙"))).await);
    let no = SaveDraft { declined: view.declined, ..save_of("subject_new", "form", None, answer("丙")) };
    assert!(matches!(save(no.clone()).await, Saved::Conflict { .. }));
    let view = form(&world, &actor, with("subject_new", &head)).await;
    assert_eq!(view.answers.text("principal.name"), "乙");
    let no = SaveDraft { declined: Some(head.version), ..no };
    saved(save(no).await);
    let asked = form(&world, &actor, of("subject_new")).await;
    assert!(asked.offered_draft.is_some() && asked.declined.is_none());
}

/// R74
async fn another_persons_draft_does_not_exist(world: World) {
    let (owner, other) = (world.applicant(1).await, world.applicant(2).await);
    let answers = Answers::from([("principal.name", "甲某")]);
    let head = saved(
        world
            .service
            .drafts
            .save_draft(&owner, &save_of("subject_new", "form", None, answers))
            .await
            .unwrap(),
    );
    let service = &world.service;
    let view = service.drafts.form_view(&other, &with("subject_new", &head)).await;
    assert!(matches!(view, Err(Error::NotFound)), "{view:?}");
    let mut save = save_of("subject_new", "form", Some(&head), Answers::new());
    save.overwrite = true;
    assert!(matches!(service.drafts.save_draft(&other, &save).await, Err(Error::NotFound)));
    assert!(matches!(service.submissions.submit(&other, &head.id, 1, None, "k").await, Err(Error::NotFound)));
    assert!(matches!(service.drafts.delete_draft(&other, &head.id).await, Err(Error::NotFound)));
    assert_eq!(service.drafts.drafts(&other, "", "").await.unwrap().total, 0);
    assert_eq!(form(&world, &other, of("subject_new")).await.offered_draft, None);
    for id in ["", "1", "0193b1f0-0000-7000-8000-000000000000", "' OR 1=1 --"] {
        assert!(matches!(service.drafts.delete_draft(&owner, id).await, Err(Error::NotFound)), "{id}");
    }
    assert_eq!(form(&world, &owner, with("subject_new", &head)).await.answers.text("principal.name"), "甲某");
}

/// R71
async fn another_persons_file_cannot_stand_in_a_draft(world: World) {
    let (owner, other) = (world.applicant(1).await, world.applicant(2).await);
    let picture = world.picture(&owner, 1).await;
    for id in [picture.as_str(), "0193b1f0-0000-7000-8000-000000000000", "x"] {
        let answers = Answers::from([("principal.id_portrait", id)]);
        let outcome = world
            .service
            .drafts
            .save_draft(&other, &save_of("subject_new", "form", None, answers))
            .await
            .unwrap();
        let Saved::Faults(faults) = outcome else { panic!("{id}: {outcome:?}") };
        assert_eq!(faults[0].at, "principal.id_portrait");
    }
    let answers = Answers::from([("principal.id_portrait", picture.as_str())]);
    saved(
        world
            .service
            .drafts
            .save_draft(&owner, &save_of("subject_new", "form", None, answers))
            .await
            .unwrap(),
    );
    world.later(Duration::days(2));
    world.service.files.sweep_uploads().await.unwrap();
    assert!(world.service.files.open_file(&owner, &picture).await.is_ok(), "a draft holds its files");
}

/// R70
async fn stars_are_never_stored(world: World) {
    let actor = world.applicant(1).await;
    for (at, text) in [
        ("principal.mobile", "138****5678"),
        ("principal.name", "孙*"),
        ("principal.id_no", "110***********002X"),
        ("principal.email", "s***@example.com"),
        ("principal.address", "某某街道****"),
    ] {
        let answers = Answers::from([(at, text)]);
        let outcome = world
            .service
            .drafts
            .save_draft(&actor, &save_of("subject_new", "form", None, answers))
            .await
            .unwrap();
        let Saved::Faults(faults) = outcome else { panic!("{at}: {outcome:?}") };
        assert_eq!(faults[0].at, at);
    }
}

/// R4
async fn without_a_subject_only_a_subject_can_be_drafted(world: World) {
    let actor = world.applicant(1).await;
    let site = save_of("website_new", "site", None, Answers::from([("site.name", "某网站")]));
    let Err(Error::Refused(refused)) = world.service.drafts.save_draft(&actor, &site).await else { panic!() };
    assert_eq!(refused.sentence, "您当前尚无有效主体，请先申请主体");
    assert_eq!(refused.link.as_deref(), Some("/subject/new"));
    let view = form(&world, &actor, of("website_new")).await;
    assert_eq!(view.refused, Some(refused.clone()), "the page says what the server says (R79)");
    assert_eq!(form(&world, &actor, of("subject_change")).await.refused, Some(refused));
    assert_eq!(form(&world, &actor, of("subject_new")).await.refused, None);
}

/// R32
async fn the_subjects_responsible_person_fills_a_block_masked(world: World) {
    let actor = world.applicant(1).await;
    let subject = world.subject_answers_person(&actor).await;
    world.file(&actor, "subject_new", None, &subject).await;
    let mut answers = world.website_answers(&actor, "example.cn").await;

    let view = form(&world, &actor, FormRequest { step: "people".into(), ..of("website_new") }).await;
    assert_eq!(view.principal.text("principal.mobile"), "138****5678");
    assert_eq!(view.principal.text("principal.name"), "孙**");
    assert_eq!(view.principal.text("principal.id_portrait"), subject.text("principal.id_portrait"));
    assert_eq!(view.principal.text("principal.id_handheld"), "", "not asked of this person");

    // Ticked with scripts: the page sends the masks back. Only the name is typed over.
    answers.set_text("security_officer.same_as_principal", "yes");
    for key in ["id_no", "mobile", "email"] {
        answers.set_text(format!("security_officer.{key}"), view.principal.text(&format!("principal.{key}")));
    }
    let head = world.draft(&actor, "website_new", None, &answers).await;
    let view = world.draft_form(&actor, "website_new", "people", &head).await;
    assert_eq!(view.answers.text("security_officer.mobile"), "138****5678", "still sealed");
    assert_eq!(view.sealed.get("security_officer.mobile").unwrap(), "138****5678");
    assert_eq!(view.answers.text("security_officer.name"), "李戊己", "typed over, shown as typed");
    assert_eq!(view.faults, [], "the stored values pass the checks");

    // The tick is taken away: the masks left behind stand for nothing.
    let mut unticked = view.answers.clone();
    unticked.remove("security_officer.same_as_principal");
    let save = save_of("website_new", "people", Some(&head), unticked);
    let head = saved(world.service.drafts.save_draft(&actor, &save).await.unwrap());
    let view = world.draft_form(&actor, "website_new", "people", &head).await;
    assert_eq!(view.answers.text("security_officer.mobile"), "");
    assert_eq!(view.answers.text("security_officer.name"), "李戊己");
    assert!(view.faults.iter().any(|fault| fault.at == "security_officer.mobile"));

    // Ticked without scripts (R76): the empty block is filled on the server, without the photos.
    let ticked = Answers::from([("security_officer.same_as_principal", "yes")]);
    let save = save_of("website_new", "people", Some(&head), ticked);
    let head = saved(world.service.drafts.save_draft(&actor, &save).await.unwrap());
    let view = world.draft_form(&actor, "website_new", "people", &head).await;
    assert_eq!(view.answers.text("security_officer.name"), "孙**");
    assert_eq!(view.answers.text("security_officer.id_no"), "110***********002X");
    assert_eq!(view.answers.text("security_officer.id_long_term"), "yes");
    assert_eq!(view.answers.text("security_officer.id_portrait"), "", "photos take a consent of their own");
}

/// R50
async fn a_draft_is_kept_thirty_days_from_its_last_save(world: World) {
    let actor = world.applicant(1).await;
    let answers = Answers::from([("principal.name", "甲某")]);
    let save = save_of("subject_new", "form", None, answers.clone());
    let head = saved(world.service.drafts.save_draft(&actor, &save).await.unwrap());
    world.later(Duration::days(20));
    let save = save_of("subject_new", "form", Some(&head), answers);
    let head = saved(world.service.drafts.save_draft(&actor, &save).await.unwrap());
    world.later(Duration::days(29) + Duration::hours(23));
    assert_eq!(world.service.drafts.sweep_drafts().await.unwrap(), 0);
    assert_eq!(world.service.drafts.drafts(&actor, "", "").await.unwrap().rows[0].days_left, 1);
    world.later(Duration::hours(1));
    assert_eq!(
        world.service.drafts.drafts(&actor, "", "").await.unwrap().total,
        0,
        "even before it is swept"
    );
    assert!(matches!(
        world.service.drafts.form_view(&actor, &with("subject_new", &head)).await,
        Err(Error::NotFound)
    ));
    assert_eq!(form(&world, &actor, of("subject_new")).await.offered_draft, None);
    assert_eq!(world.service.drafts.sweep_drafts().await.unwrap(), 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM draft").await, 0);
}

/// R66
async fn a_person_is_told_once_that_a_draft_ends(world: World) {
    let actor = world.applicant(1).await;
    let save = save_of("subject_new", "form", None, Answers::from([("principal.name", "甲某")]));
    let head = saved(world.service.drafts.save_draft(&actor, &save).await.unwrap());
    let told = async || world.service.notices.notices(&actor, true, "").await.unwrap().total;
    world.later(Duration::days(26));
    world.service.drafts.sweep_drafts().await.unwrap();
    assert_eq!(told().await, 0);
    world.later(Duration::days(1));
    for _ in 0..3 {
        world.service.drafts.sweep_drafts().await.unwrap();
        world.later(Duration::hours(1));
    }
    assert_eq!(told().await, 1);
    // 2.9: the draft itself knows that its person was told.
    world.execute("DELETE FROM notice").await;
    world.service.drafts.sweep_drafts().await.unwrap();
    assert_eq!(told().await, 0);
    // Saved again and forgotten again: told again.
    let save = save_of("subject_new", "form", Some(&head), Answers::new());
    saved(world.service.drafts.save_draft(&actor, &save).await.unwrap());
    world.service.drafts.sweep_drafts().await.unwrap();
    assert_eq!(told().await, 0);
    world.later(Duration::days(28));
    world.service.drafts.sweep_drafts().await.unwrap();
    assert_eq!(told().await, 1);
}

async fn a_deleted_draft_is_gone(world: World) {
    let actor = world.applicant(1).await;
    let picture = world.picture(&actor, 1).await;
    let answers = Answers::from([("principal.id_portrait", picture.as_str())]);
    let head = saved(
        world
            .service
            .drafts
            .save_draft(&actor, &save_of("subject_new", "form", None, answers))
            .await
            .unwrap(),
    );
    world.service.drafts.delete_draft(&actor, &head.id).await.unwrap();
    assert!(matches!(world.service.drafts.delete_draft(&actor, &head.id).await, Err(Error::NotFound)));
    assert!(world.number("SELECT COUNT(*) FROM upload_use").await > 0, "its files wait for an undo");
    world.later(Duration::minutes(10));
    world.service.drafts.sweep_drafts().await.unwrap();
    assert_eq!(world.number("SELECT COUNT(*) FROM upload_use").await, 0);
    assert!(world.service.audit_chain.verify_audit().await.unwrap().is_whole());
}

/// Issue 11: a deletion can be taken back for ten minutes, and R50 holds: what was deleted is listed nowhere, and goes.
async fn a_deleted_draft_is_gone_at_once_and_can_be_had_back_for_a_while(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let drafts = &world.service.drafts;
    let answers = Answers::from([("principal.name", "孙某")]);
    let head = world.draft(&actor, "subject_new", None, &answers).await;
    let written = form(&world, &actor, with("subject_new", &head)).await.answers;
    drafts.delete_draft(&actor, &head.id).await.unwrap();
    assert_eq!(drafts.drafts(&actor, "", "").await.unwrap().total, 0);
    let view = drafts.form_view(&actor, &with("subject_new", &head)).await;
    assert!(matches!(view, Err(Error::NotFound)), "{view:?}");
    assert_eq!(form(&world, &actor, of("subject_new")).await.offered_draft, None);
    let home = world.service.home_page.home(&actor).await.unwrap();
    assert!(!format!("{:?}", home.progress).contains("draft="), "nobody is led to it");
    let stale = save_of("subject_new", "form", Some(&head), Answers::new());
    assert!(!matches!(drafts.save_draft(&actor, &stale).await, Ok(Saved::Ok(_))), "a tab that was left open");
    let deleted = drafts.deleted_drafts(&actor).await.unwrap();
    assert_eq!((deleted.len(), deleted[0].id.as_str(), deleted[0].minutes_left), (1, head.id.as_str(), 11));

    // Nobody else sees it or has it back, and no swept round takes it too early.
    assert_eq!(drafts.deleted_drafts(&other).await.unwrap(), []);
    assert!(matches!(drafts.restore_draft(&other, &head.id).await, Err(Error::NotFound)));
    world.later(Duration::minutes(9));
    assert_eq!(drafts.sweep_drafts().await.unwrap(), 0);
    drafts.restore_draft(&actor, &head.id).await.unwrap();
    assert_eq!(form(&world, &actor, with("subject_new", &head)).await.answers, written);
    assert!(matches!(drafts.restore_draft(&actor, &head.id).await, Err(Error::NotFound)), "once");

    // Its place may be taken meanwhile: there is but one draft of 新增主体 (R12).
    drafts.delete_draft(&actor, &head.id).await.unwrap();
    let newer = world.draft(&actor, "subject_new", None, &Answers::new()).await;
    let refused = drafts.restore_draft(&actor, &head.id).await;
    assert!(
        matches!(&refused, Err(Error::Refused(refused)) if refused.link.as_deref().unwrap().contains(&newer.id)),
        "{refused:?}"
    );
    drafts.delete_draft(&actor, &newer.id).await.unwrap();
    drafts.restore_draft(&actor, &head.id).await.unwrap();
    drafts.delete_draft(&actor, &head.id).await.unwrap();

    world.later(Duration::minutes(10));
    assert_eq!(drafts.deleted_drafts(&actor).await.unwrap(), []);
    assert!(matches!(drafts.restore_draft(&actor, &head.id).await, Err(Error::NotFound)));
    assert_eq!(drafts.sweep_drafts().await.unwrap(), 2);
    assert_eq!(world.number("SELECT COUNT(*) FROM draft").await, 0);
}

/// Nobody is warned of the end of what they deleted.
async fn a_deleted_draft_warns_nobody(world: World) {
    let actor = world.applicant(1).await;
    let head = world.draft(&actor, "subject_new", None, &Answers::new()).await;
    world.later(Duration::days(28));
    let actor = world.sign_in(&claims_of(1)).await;
    world.service.drafts.delete_draft(&actor, &head.id).await.unwrap();
    world.service.drafts.sweep_drafts().await.unwrap();
    assert_eq!(world.service.notices.notices(&actor, false, "").await.unwrap().total, 0);
}

async fn an_unknown_procedure_or_step_does_not_exist(world: World) {
    let actor = world.applicant(1).await;
    for (procedure, step) in
        [("", ""), ("subject", ""), ("subject_eat", ""), ("subject_new", "site"), ("subject_cancel", "")]
    {
        let request = FormRequest { step: step.to_owned(), ..of(procedure) };
        let view = world.service.drafts.form_view(&actor, &request).await;
        assert!(matches!(view, Err(Error::NotFound)), "{procedure}/{step}: {view:?}");
    }
    let head = world.draft(&actor, "subject_new", None, &Answers::new()).await;
    let view = world.service.drafts.form_view(&actor, &with("website_new", &head)).await;
    assert!(matches!(view, Err(Error::NotFound)), "a draft of another procedure: {view:?}");
    filed_never(&world, &actor, &head).await;
}

/// An empty draft is told everything at once and stays a draft.
async fn filed_never(world: &World, actor: &service::Actor, head: &DraftHead) {
    let outcome = world.submit(actor, head, "k").await;
    let Submitted::Faults(faults) = outcome else { panic!("{}", filed(outcome)) };
    assert!(faults.iter().any(|fault| fault.at == "subject.nature"));
    assert!(faults.iter().any(|fault| fault.at == "principal.name"));
    let view = world.draft_form(actor, "subject_new", "form", head).await;
    assert_eq!(view.faults, faults, "the page can ask for the same beforehand (R73)");
    assert_eq!(world.service.drafts.drafts(actor, "", "").await.unwrap().total, 1);
}

async fn the_lists_of_a_cascade_come_with_the_form(world: World) {
    let actor = world.applicant(1).await;
    let empty = form(&world, &actor, of("subject_new")).await;
    assert_eq!(empty.regions.keys().collect::<Vec<_>>(), [""]);
    assert_eq!(empty.regions[""].len(), 34);
    let answers = Answers::from([("principal.region", "440106"), ("unit.office_region", "110000")]);
    let head = world.draft(&actor, "subject_new", None, &answers).await;
    let view = form(&world, &actor, with("subject_new", &head)).await;
    assert_eq!(view.regions.keys().collect::<Vec<_>>(), ["", "110000", "440000", "440100"]);
    assert!(view.regions["440100"].iter().any(|region| region.code == "440106" && region.is_leaf));
    assert_eq!(view.today, "2026-03-02");
}
