//! Signing in, sessions, roles, and what the shell shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod common;

use common::*;
use domain::role::StaffRole;
use domain::view::Appointment;
use service::Claims;
use service::jobs::Swept;
use service::sample::SampleOfficer;
use service::{Assurance, Error, FirstAdministrator, Proof, Role, Service};
use time::Duration;

claims![
    what_was_typed_of_an_appointment_is_shown_again_to_the_administrator_alone,
    a_session_ends_after_thirty_idle_minutes,
    a_session_ends_after_twelve_hours_however_busy,
    that_somebody_is_there_is_written_once_a_minute,
    every_sign_in_begins_a_fresh_session,
    an_ended_session_is_over_at_once,
    a_person_has_ten_sessions_and_the_oldest_makes_room,
    a_suspended_person_is_out_at_once_and_stays_out,
    another_account_of_a_suspended_number_is_suspended_as_well,
    only_administrators_suspend_and_nobody_themselves,
    administrators_who_suspend_each_other_leave_one,
    a_suspended_administrator_does_not_count,
    an_administrator_ends_somebodys_sessions,
    what_is_kept_in_the_browser_has_a_key_of_its_person,
    roles_need_the_level_that_is_demanded_of_staff,
    ending_another_session_needs_a_fresh_proof,
    a_token_is_worth_nothing_unless_it_was_issued,
    sessions_survive_a_restart,
    what_the_identity_platform_says_is_stored_sealed_and_shown_masked,
    what_the_identity_platform_says_now_replaces_what_it_said,
    a_person_half_known_cannot_sign_in,
    first_sign_ins_at_once_make_one_person,
    roles_hold_from_the_next_request_on,
    only_administrators_change_roles,
    appointing_says_what_is_wrong_beside_the_field,
    the_last_administrator_stays,
    administrators_who_dismiss_each_other_leave_one,
    the_first_administrator_is_appointed_once,
    a_platform_that_nobody_administers_says_why,
    one_role_is_not_given_twice,
    a_flash_is_shown_once,
    the_chosen_subject_outlives_the_session,
    a_subject_that_is_not_mine_cannot_be_chosen,
    a_subject_that_ended_is_not_offered,
    large_print_outlives_the_session,
    sample_officers_are_appointed_once,
    ended_sessions_are_swept_after_a_month,
    one_round_sweeps_everything_that_ran_out,
];

async fn session(service: &Service, n: u32) -> String {
    service.accounts.sign_in(&claims_of(n), "测试浏览器").await.unwrap()
}

async fn a_session_ends_after_thirty_idle_minutes(world: World) {
    let token = session(&world.service, 1).await;
    world.later(Duration::minutes(30) - Duration::SECOND);
    assert!(
        world.service.accounts.actor(&token).await.unwrap().is_some(),
        "asked in time, which counts anew"
    );
    world.later(Duration::minutes(30) - Duration::SECOND);
    assert!(world.service.accounts.actor(&token).await.unwrap().is_some());
    world.later(Duration::minutes(30));
    assert!(world.service.accounts.actor(&token).await.unwrap().is_none());
    assert!(world.service.accounts.actor(&token).await.unwrap().is_none(), "asking does not bring it back");
}

async fn a_session_ends_after_twelve_hours_however_busy(world: World) {
    let token = session(&world.service, 1).await;
    for _ in 0..35 {
        world.later(Duration::minutes(20));
        assert!(world.service.accounts.actor(&token).await.unwrap().is_some());
    }
    world.later(Duration::minutes(20));
    assert!(world.service.accounts.actor(&token).await.unwrap().is_none());
}

async fn that_somebody_is_there_is_written_once_a_minute(world: World) {
    let seen = || world.number("SELECT seen_at FROM session");
    let token = session(&world.service, 1).await;
    let first = seen().await;
    world.later(Duration::seconds(59));
    world.service.accounts.actor(&token).await.unwrap();
    assert_eq!(seen().await, first);
    world.later(Duration::seconds(1));
    world.service.accounts.actor(&token).await.unwrap();
    assert_eq!(seen().await, first + 60_000);
}

async fn every_sign_in_begins_a_fresh_session(world: World) {
    let service = &world.service;
    let (first, second) = (session(service, 1).await, session(service, 1).await);
    assert_ne!(first, second);
    let (one, other) = (
        service.accounts.actor(&first).await.unwrap().unwrap(),
        service.accounts.actor(&second).await.unwrap().unwrap(),
    );
    assert_eq!(one.person_id, other.person_id);
    assert_ne!(one.session_id, other.session_id);
    service.accounts.end_session(&first).await.unwrap();
    assert!(service.accounts.actor(&first).await.unwrap().is_none(), "the one before is rotated away");
    assert!(service.accounts.actor(&second).await.unwrap().is_some());
    for token in [first, second] {
        assert!(!world.is_stored_in_the_open(&token).await);
    }
}

async fn an_ended_session_is_over_at_once(world: World) {
    let service = &world.service;
    let (here, there) = (session(service, 1).await, session(service, 1).await);
    let actor = service.accounts.actor(&here).await.unwrap().unwrap();
    let far = service.accounts.actor(&there).await.unwrap().unwrap();
    let stranger = world.applicant(2).await;
    let listed = service.accounts.sessions(&actor).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(
        listed.iter().filter(|row| row.is_this).map(|row| &row.id).collect::<Vec<_>>(),
        [&actor.session_id]
    );
    assert_eq!(
        (listed[0].device.as_str(), listed[0].created_at.as_str()),
        ("测试浏览器", "2026-03-02 10:00")
    );
    assert!(matches!(
        service.accounts.revoke_session(&stranger, &far.session_id).await,
        Err(Error::NotFound)
    ));
    assert!(service.accounts.actor(&there).await.unwrap().is_some());
    service.accounts.revoke_session(&actor, &far.session_id).await.unwrap();
    assert!(service.accounts.actor(&there).await.unwrap().is_none());
    assert!(
        matches!(service.accounts.revoke_session(&actor, &far.session_id).await, Err(Error::NotFound)),
        "once"
    );
    assert_eq!(service.accounts.sessions(&actor).await.unwrap().len(), 1);
    service.accounts.sign_out(&actor).await.unwrap();
    service.accounts.sign_out(&actor).await.unwrap();
    assert!(service.accounts.actor(&here).await.unwrap().is_none());
    assert!(service.accounts.sessions(&actor).await.unwrap().is_empty());
}

/// ASVS V7.1.2.
async fn a_person_has_ten_sessions_and_the_oldest_makes_room(world: World) {
    let service = &world.service;
    let mut tokens = Vec::new();
    for _ in 0..12 {
        world.later(Duration::SECOND);
        tokens.push(session(service, 1).await);
    }
    let stranger = session(service, 2).await;
    for (at, token) in tokens.iter().enumerate() {
        assert_eq!(service.accounts.actor(token).await.unwrap().is_some(), at >= 2, "{at}");
    }
    assert!(service.accounts.actor(&stranger).await.unwrap().is_some());
    let ended = "SELECT COUNT(*) FROM audit WHERE action = 'end_session'";
    assert_eq!(world.number(ended).await, 2);
    // What has run out takes no place.
    world.later(Duration::minutes(31));
    let fresh = session(service, 1).await;
    let actor = service.accounts.actor(&fresh).await.unwrap().unwrap();
    assert_eq!(service.accounts.sessions(&actor).await.unwrap().len(), 1);
    assert_eq!(world.number(ended).await, 2);
}

fn sentence_of<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Refused(refused)) => refused.sentence,
        other => panic!("{other:?}"),
    }
}

/// ASVS V7.4.2.
async fn a_suspended_person_is_out_at_once_and_stays_out(world: World) {
    let service = &world.service;
    let administrator = world.administrator().await;
    let (here, there) = (session(service, 1).await, session(service, 1).await);
    let person =
        service.people.find_person(&administrator, &format!(" {} ", claims_of(1).id_no)).await.unwrap();
    assert!(
        matches!(service.people.suspend(&administrator, &person, " ").await, Err(Error::Faults(_))),
        "why?"
    );
    assert!(matches!(
        service.people.suspend(&administrator, &person, &"由".repeat(201)).await,
        Err(Error::Faults(_))
    ));
    assert!(service.accounts.actor(&here).await.unwrap().is_some());
    service.people.suspend(&administrator, &person, "冒用他人身份").await.unwrap();
    for token in [&here, &there] {
        assert!(service.accounts.actor(token).await.unwrap().is_none());
        assert!(service.accounts.is_suspended(token).await.unwrap(), "and is told why");
    }
    let told = sentence_of(service.accounts.sign_in(&claims_of(1), "").await);
    assert!(told.contains("已停用") && told.contains("请联系"), "{told}");
    assert_eq!(sentence_of(service.people.suspend(&administrator, &person, "再次").await), "该账户已停用");
    let account = service.people.account(&administrator, &person).await.unwrap();
    assert_eq!(account.suspended.unwrap().reason, "冒用他人身份");
    assert_eq!((account.name.as_str(), account.mobile.as_str()), ("赵**", "138****0001"));
    assert!(!account.id_no.contains("1900") && account.sessions.is_empty());
    let listed = service.people.suspended(&administrator).await.unwrap();
    assert_eq!((listed.len(), listed[0].id.as_str(), listed[0].name.as_str()), (1, person.as_str(), "赵**"));

    service.people.reinstate(&administrator, &person, "已核实").await.unwrap();
    assert_eq!(
        sentence_of(service.people.reinstate(&administrator, &person, "再次").await),
        "该账户没有停用"
    );
    assert!(service.accounts.actor(&here).await.unwrap().is_none(), "what was ended stays ended");
    assert!(!service.accounts.is_suspended(&here).await.unwrap());
    let back = world.applicant(1).await;
    assert_eq!(back.person_id, person);
    assert!(service.people.suspended(&administrator).await.unwrap().is_empty());
    for action in ["person.find", "suspend", "reinstate"] {
        let lines =
            format!("SELECT COUNT(*) FROM audit WHERE action = '{action}' AND object_id = '{person}'");
        assert_eq!(world.number(&lines).await, 1, "{action}");
    }
    assert!(service.audit_chain.verify_audit().await.unwrap().is_whole());
}

async fn another_account_of_a_suspended_number_is_suspended_as_well(world: World) {
    let service = &world.service;
    let administrator = world.administrator().await;
    let again = Claims { sub: "another-name".to_owned(), ..claims_of(1) };
    let (one, other) = (session(service, 1).await, service.accounts.sign_in(&again, "").await.unwrap());
    let person = service.people.find_person(&administrator, &again.id_no).await.unwrap();
    service.people.suspend(&administrator, &person, "冒用他人身份").await.unwrap();
    for token in [&one, &other] {
        assert!(service.accounts.actor(token).await.unwrap().is_none());
    }
    let third = Claims { sub: "a third name".to_owned(), ..claims_of(1) };
    for claims in [&claims_of(1), &again, &third] {
        assert!(sentence_of(service.accounts.sign_in(claims, "").await).contains("已停用"));
    }
    service.people.reinstate(&administrator, &person, "已核实").await.unwrap();
    assert!(service.accounts.sign_in(&claims_of(1), "").await.is_ok());
    assert!(service.accounts.sign_in(&again, "").await.is_ok());
}

async fn only_administrators_suspend_and_nobody_themselves(world: World) {
    let service = &world.service;
    let administrator = world.administrator().await;
    let person = world.applicant(1).await;
    let id_no = claims_of(1).id_no;
    for other in [world.applicant(2).await, world.officer("110000").await] {
        let id = &person.person_id;
        assert!(matches!(service.people.find_person(&other, &id_no).await, Err(Error::Forbidden)));
        assert!(matches!(service.people.account(&other, id).await, Err(Error::Forbidden)));
        assert!(matches!(service.people.suspended(&other).await, Err(Error::Forbidden)));
        for outcome in [
            service.people.suspend(&other, id, "理由").await,
            service.people.reinstate(&other, id, "理由").await,
            service.people.end_sessions_of(&other, id, "理由").await,
        ] {
            assert!(matches!(outcome, Err(Error::Forbidden)));
        }
    }
    let own = service.people.suspend(&administrator, &administrator.person_id, "理由").await;
    assert_eq!(sentence_of(own), "不能停用自己的账户");
    assert!(service.people.account(&administrator, &administrator.person_id).await.unwrap().is_own);
    assert!(
        sentence_of(service.people.find_person(&administrator, &claims_of(8).id_no).await).contains("没有人")
    );
    for nobody in ["", "x", "019cac46-1500-75ee-861b-831de0c755af"] {
        assert!(matches!(service.people.suspend(&administrator, nobody, "理由").await, Err(Error::NotFound)));
    }
}

async fn administrators_who_suspend_each_other_leave_one(world: World) {
    let service = &world.service;
    let one = world.administrator().await;
    service.staff.appoint(&one, "赵某某", &claims_of(1).id_no, "administrator", "").await.unwrap();
    let other = world.applicant(1).await;
    let outcomes = tokio::join!(
        service.people.suspend(&one, &other.person_id, "理由"),
        service.people.suspend(&other, &one.person_id, "理由"),
    );
    assert_eq!(u8::from(outcomes.0.is_ok()) + u8::from(outcomes.1.is_ok()), 1, "{outcomes:?}");
    assert_eq!(world.number("SELECT COUNT(*) FROM person WHERE suspended_at IS NOT NULL").await, 1);
}

async fn a_suspended_administrator_does_not_count(world: World) {
    let service = &world.service;
    let one = world.administrator().await;
    service.staff.appoint(&one, "赵某某", &claims_of(1).id_no, "administrator", "").await.unwrap();
    let other = world.applicant(1).await;
    service.people.suspend(&one, &other.person_id, "理由").await.unwrap();
    let listed = service.staff.staff_list(&one).await.unwrap();
    assert_eq!(listed.iter().map(|row| row.is_suspended).collect::<Vec<_>>(), [false, true]);
    assert_eq!(listed[1].person.as_ref(), Some(&other.person_id));
    assert!(sentence_of(service.staff.dismiss(&one, &listed[0].id).await).contains("至少需要一名管理员"));
    service.staff.dismiss(&one, &listed[1].id).await.unwrap();
}

/// ASVS V7.4.5.
async fn an_administrator_ends_somebodys_sessions(world: World) {
    let service = &world.service;
    let administrator = world.administrator().await;
    let (here, there) = (session(service, 1).await, session(service, 1).await);
    let stranger = session(service, 2).await;
    let person = service.accounts.actor(&here).await.unwrap().unwrap().person_id;
    assert_eq!(service.people.account(&administrator, &person).await.unwrap().sessions.len(), 2);
    assert!(matches!(
        service.people.end_sessions_of(&administrator, &person, "").await,
        Err(Error::Faults(_))
    ));
    service.people.end_sessions_of(&administrator, &person, "设备丢失").await.unwrap();
    for token in [&here, &there] {
        assert!(service.accounts.actor(token).await.unwrap().is_none());
        assert!(!service.accounts.is_suspended(token).await.unwrap());
    }
    assert!(service.accounts.actor(&stranger).await.unwrap().is_some());
    assert_eq!(
        sentence_of(service.people.end_sessions_of(&administrator, &person, "设备丢失").await),
        "该人员目前没有登录"
    );
    let back = world.applicant(1).await;
    let told = service.notices.notices(&back, true, "").await.unwrap();
    assert!(told.rows[0].text.contains("管理员结束了您的全部登录"), "{told:?}");
    let own = service.people.end_sessions_of(&administrator, &administrator.person_id, "理由").await;
    assert!(sentence_of(own).contains("登录会话"));
}

/// Finding 8.
async fn what_is_kept_in_the_browser_has_a_key_of_its_person(world: World) {
    let key = async |n: u32| {
        let actor = world.applicant(n).await;
        let request = domain::view::FormRequest { procedure: "subject_new".to_owned(), ..Default::default() };
        world.service.drafts.form_view(&actor, &request).await.unwrap().kept_key
    };
    let own = key(1).await;
    assert_eq!(own.len(), 43, "256 bits");
    assert_eq!(own, key(1).await, "the same after signing in again");
    assert_ne!(own, key(2).await);
    assert!(!world.is_stored_in_the_open(&own).await);
}

/// ASVS V6.3.3, V6.8.4.
async fn roles_need_the_level_that_is_demanded_of_staff(world: World) {
    world.nth_officer(9_050, "110101").await;
    let demanding = |staff_acr: &[&str], staff_max_age_minutes| {
        let staff_acr = staff_acr.iter().map(|acr| (*acr).to_owned()).collect();
        world.with_settings(move |settings| {
            settings.assurance = Assurance { staff_acr, staff_max_age_minutes, fresh_minutes: None };
        })
    };
    let officer = Claims { name: "审核员".to_owned(), ..claims_of(9_050) };
    let now = world.now();
    let proof = |acr: Option<&str>, minutes: Option<i64>| Proof {
        acr: acr.map(str::to_owned),
        auth_time: minutes.map(|minutes| now - Duration::minutes(minutes)),
    };
    let roles = async |service: &Service, claims: &Claims, proof: &Proof| {
        let token = service.accounts.sign_in_proven(claims, "", proof).await.unwrap();
        let actor = service.accounts.actor(&token).await.unwrap().unwrap();
        (actor.roles.len(), actor.must_step_up)
    };
    let (level, age) = (demanding(&["high", "higher"], None).await, demanding(&[], Some(5)).await);
    for (service, proof, is_enough) in [
        (&world.service, proof(None, None), true),
        (&level, proof(None, Some(0)), false),
        (&level, proof(Some("low"), Some(0)), false),
        (&level, proof(Some("high higher"), Some(0)), false),
        (&level, proof(Some("higher"), None), true),
        (&age, proof(Some("high"), None), false),
        (&age, proof(None, Some(7)), false),
        (&age, proof(None, Some(5)), true),
    ] {
        let expected = if is_enough { (1, false) } else { (0, true) };
        assert_eq!(roles(service, &officer, &proof).await, expected, "{proof:?}");
    }
    assert_eq!(roles(&level, &claims_of(1), &proof(None, None)).await, (0, false), "applicants need none");
    let token = level.accounts.sign_in_proven(&officer, "", &proof(Some("low"), None)).await.unwrap();
    let actor = level.accounts.actor(&token).await.unwrap().unwrap();
    assert!(level.accounts.me(&actor).await.unwrap().must_step_up);
    assert!(matches!(level.dashboards.dashboard(&actor).await, Err(Error::Forbidden)));
}

/// ASVS V7.5.2, V6.6.1.
async fn ending_another_session_needs_a_fresh_proof(world: World) {
    let service = world
        .with_settings(|settings| {
            settings.assurance = Assurance { fresh_minutes: Some(10), ..Assurance::default() };
        })
        .await;
    let proven =
        |minutes: i64| Proof { auth_time: Some(world.now() - Duration::minutes(minutes)), acr: None };
    let actor = async |proof: &Proof| {
        let token = service.accounts.sign_in_proven(&claims_of(1), "", proof).await.unwrap();
        service.accounts.actor(&token).await.unwrap().unwrap()
    };
    let other = actor(&proven(0)).await;
    for old in [Proof::default(), proven(10), proven(-5)] {
        let actor = actor(&old).await;
        match service.accounts.revoke_session(&actor, &other.session_id).await {
            Err(Error::Refused(refused)) => {
                assert!(refused.sentence.contains("10 分钟内"), "{}", refused.sentence);
                assert_eq!(refused.link.as_deref(), Some(domain::route::LOGIN_ANEW));
            }
            outcome => panic!("{old:?}: {outcome:?}"),
        }
        service.accounts.sign_out(&actor).await.unwrap();
    }
    let fresh = actor(&proven(9)).await;
    service.accounts.revoke_session(&fresh, &other.session_id).await.unwrap();
    world.later(Duration::minutes(1));
    assert!(service.accounts.revoke_session(&fresh, &other.session_id).await.is_err());
}

async fn a_token_is_worth_nothing_unless_it_was_issued(world: World) {
    let token = session(&world.service, 1).await;
    for wrong in ["", "' OR 1=1 --", &token[..42], &format!("{token} "), &token.to_uppercase(), "\0"] {
        assert!(world.service.accounts.actor(wrong).await.unwrap().is_none(), "{wrong}");
    }
}

async fn sessions_survive_a_restart(world: World) {
    let token = session(&world.service, 1).await;
    assert!(world.restarted().await.accounts.actor(&token).await.unwrap().is_some());
}

async fn what_the_identity_platform_says_is_stored_sealed_and_shown_masked(world: World) {
    let actor = world.applicant(1).await;
    world.administrator().await;
    world.officer("110101").await;
    let claims = claims_of(1);
    let stored = world.everything_stored().await;
    let holds = |text: &str| stored.windows(text.len()).any(|some| some == text.as_bytes());
    assert!(holds(&claims.sub), "we look in the right place");
    for secret in [&claims.name, &claims.mobile, &claims.id_no, "审核员", "管理员"] {
        assert!(!holds(secret), "{secret}");
    }
    let me = world.service.accounts.me(&actor).await.unwrap();
    // One's own name is no secret from oneself.
    assert_eq!((me.name.as_str(), me.mobile.as_str()), ("赵某某", "138****0001"));
    assert!(!format!("{claims:?}").contains("1380000"));
}

async fn what_the_identity_platform_says_now_replaces_what_it_said(world: World) {
    let before = world.applicant(1).await;
    let claims = Claims { name: "钱某".to_owned(), mobile: " 139 0000 1111".to_owned(), ..claims_of(1) };
    let after = world.sign_in(&claims).await;
    assert_eq!(before.person_id, after.person_id);
    let me = world.service.accounts.me(&after).await.unwrap();
    assert_eq!((me.name.as_str(), me.mobile.as_str()), ("钱某", "139****1111"));
}

async fn a_person_half_known_cannot_sign_in(world: World) {
    let whole = claims_of(1);
    for claims in [
        Claims { sub: " ".to_owned(), ..whole.clone() },
        Claims { name: String::new(), ..whole.clone() },
        Claims { mobile: String::new(), ..whole.clone() },
        Claims { id_kind: String::new(), ..whole.clone() },
        Claims { id_no: "　".to_owned(), ..whole },
    ] {
        assert!(matches!(world.service.accounts.sign_in(&claims, "").await, Err(Error::Refused(_))));
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM person").await, 0);
}

async fn first_sign_ins_at_once_make_one_person(world: World) {
    let mut at_once = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let service = world.service.clone();
        at_once.spawn(async move { session(&service, 1).await });
    }
    assert_eq!(at_once.join_all().await.len(), 8);
    assert_eq!(world.number("SELECT COUNT(*) FROM person").await, 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM session").await, 8);
}

async fn roles_hold_from_the_next_request_on(world: World) {
    let service = &world.service;
    let administrator = world.administrator().await;
    let token = session(service, 1).await;
    let roles = || async { service.accounts.actor(&token).await.unwrap().unwrap().roles };
    assert!(roles().await.is_empty());
    // However the number is typed.
    let typed = format!(" {} ", claims_of(1).id_no.to_lowercase());
    service.staff.appoint(&administrator, "赵某某", &typed, "reviewer", "110000").await.unwrap();
    assert_eq!(roles().await, [Role::Reviewer { region: "110000".to_owned() }]);
    let actor = service.accounts.actor(&token).await.unwrap().unwrap();
    assert!(actor.covers("110101") && !actor.covers("310101"));
    assert_eq!(service.accounts.me(&actor).await.unwrap().region.as_deref(), Some("北京市"));
    service.staff.appoint(&administrator, "赵某某", &claims_of(1).id_no, "auditor", "").await.unwrap();
    assert_eq!(roles().await.len(), 2);
    let listed = service.staff.staff_list(&administrator).await.unwrap();
    assert_eq!(listed.len(), 3, "with the administrator");
    let reviewer = listed.iter().find(|row| row.role == StaffRole::Reviewer).unwrap();
    assert_eq!(
        (reviewer.name.as_str(), reviewer.region.as_str(), reviewer.since.as_str()),
        ("赵某某", "北京市", "2026-03-02")
    );
    service.staff.dismiss(&administrator, &reviewer.id).await.unwrap();
    assert_eq!(roles().await, [Role::Auditor]);
    assert!(matches!(service.staff.dismiss(&administrator, &reviewer.id).await, Err(Error::NotFound)));
    // Another region after that.
    service.staff.appoint(&administrator, "赵某某", &claims_of(1).id_no, "reviewer", "310101").await.unwrap();
    assert_eq!(service.accounts.actor(&token).await.unwrap().unwrap().reviewer_region(), Some("310101"));
}

async fn only_administrators_change_roles(world: World) {
    let service = &world.service;
    let administrator = world.administrator().await;
    let own = service.staff.staff_list(&administrator).await.unwrap().remove(0);
    for other in [world.applicant(1).await, world.officer("110000").await] {
        let id_no = claims_of(5).id_no;
        assert!(matches!(
            service.staff.appoint(&other, "赵某某", &id_no, "administrator", "").await,
            Err(Error::Forbidden)
        ));
        assert!(matches!(service.staff.dismiss(&other, &own.id).await, Err(Error::Forbidden)));
        assert!(matches!(service.staff.staff_list(&other).await, Err(Error::Forbidden)));
    }
}

async fn appointing_says_what_is_wrong_beside_the_field(world: World) {
    let administrator = world.administrator().await;
    let good = claims_of(1).id_no;
    for (name, id_no, role, region, at) in [
        ("", good.as_str(), "auditor", "", "name"),
        ("赵某某", "110101190001010010", "auditor", "", "id_no"),
        ("赵某某", good.as_str(), "king", "", "role"),
        ("赵某某", good.as_str(), "reviewer", "", "region"),
        ("赵某某", good.as_str(), "reviewer", "990000", "region"),
        ("赵某某", good.as_str(), "reviewer", "000000", "region"),
    ] {
        match world.service.staff.appoint(&administrator, name, id_no, role, region).await {
            Err(Error::Faults(faults)) => {
                assert_eq!(faults.iter().map(|fault| fault.at.as_str()).collect::<Vec<_>>(), [at])
            }
            other => panic!("{at}: {other:?}"),
        }
    }
    assert_eq!(world.service.staff.staff_list(&administrator).await.unwrap().len(), 1);
}

/// Journeys 8: a refusal empties nothing.
async fn what_was_typed_of_an_appointment_is_shown_again_to_the_administrator_alone(world: World) {
    let (one, applicant) = (world.administrator().await, world.applicant(7).await);
    let staff = &world.service.staff;
    let good = claims_of(1).id_no;
    assert!(staff.appoint(&one, "赵某某", &good, "reviewer", "").await.is_err());
    let again = staff.appointment(&one, true).await.unwrap();
    let typed = (again.name.as_str(), again.id_no.as_str(), again.role.as_str(), again.region.as_str());
    assert_eq!(typed, ("赵某某", good.as_str(), "reviewer", ""));
    assert_eq!((again.faults.len(), again.faults[0].at.as_str()), (1, "region"));
    assert_eq!(staff.appointment(&one, false).await.unwrap(), Appointment::default());
    assert!(!world.is_stored_in_the_open(&good).await);

    let typed = [("name", "赵某某"), ("id_no", good.as_str()), ("role", "reviewer"), ("region", "110000")];
    assert!(matches!(staff.keep_appointment(&applicant, &typed).await, Err(Error::Forbidden)));
    assert!(matches!(staff.appointment(&applicant, true).await, Err(Error::Forbidden)));
    staff.keep_appointment(&one, &typed).await.unwrap();
    let again = staff.appointment(&one, true).await.unwrap();
    assert_eq!((again.region.as_str(), again.faults.len()), ("110000", 0));

    staff.appoint(&one, "赵某某", &good, "reviewer", "110000").await.unwrap();
    assert_eq!(staff.appointment(&one, true).await.unwrap(), Appointment::default());
    // What the state refuses is kept as well.
    assert!(matches!(
        staff.appoint(&one, "赵某某", &good, "reviewer", "110000").await,
        Err(Error::Refused(_))
    ));
    assert_eq!(staff.appointment(&one, true).await.unwrap().name, "赵某某");
}

async fn the_last_administrator_stays(world: World) {
    let service = &world.service;
    let administrator = world.administrator().await;
    let own = service.staff.staff_list(&administrator).await.unwrap().remove(0);
    assert!(matches!(service.staff.dismiss(&administrator, &own.id).await, Err(Error::Refused(_))));
    service.staff.appoint(&administrator, "赵某某", &claims_of(1).id_no, "administrator", "").await.unwrap();
    service.staff.dismiss(&administrator, &own.id).await.unwrap();
    let successor = world.applicant(1).await;
    assert!(successor.is_administrator());
    let left = service.staff.staff_list(&successor).await.unwrap().remove(0);
    assert!(matches!(service.staff.dismiss(&successor, &left.id).await, Err(Error::Refused(_))));
}

async fn administrators_who_dismiss_each_other_leave_one(world: World) {
    let service = &world.service;
    let one = world.administrator().await;
    service.staff.appoint(&one, "赵某某", &claims_of(1).id_no, "administrator", "").await.unwrap();
    let other = world.applicant(1).await;
    let listed = service.staff.staff_list(&one).await.unwrap();
    let outcomes = tokio::join!(
        service.staff.dismiss(&one, &listed[1].id),
        service.staff.dismiss(&other, &listed[0].id)
    );
    assert_eq!(u8::from(outcomes.0.is_ok()) + u8::from(outcomes.1.is_ok()), 1, "{outcomes:?}");
}

async fn the_first_administrator_is_appointed_once(world: World) {
    let service = &world.service;
    let first = world.administrator().await;
    assert!(first.is_administrator());
    assert!(world.administrator().await.is_administrator(), "and stays it");
    service.staff.appoint(&first, "赵某某", &claims_of(1).id_no, "administrator", "").await.unwrap();
    let own = service.staff.staff_list(&first).await.unwrap().remove(0);
    service.staff.dismiss(&first, &own.id).await.unwrap();
    assert!(!world.administrator().await.is_administrator(), "signing in again is no way back");
    assert!(world.restarted().await.accounts.sign_in(&claims_of(9_999), "").await.is_ok());
    assert!(!world.administrator().await.is_administrator());
}

/// B16.
async fn a_platform_that_nobody_administers_says_why(mut world: World) {
    let service = world.service.clone();
    let state = || async { service.staff.first_administrator().await.unwrap() };
    assert_eq!(state().await, FirstAdministrator::Awaited);
    world.applicant(1).await;
    assert_eq!(state().await, FirstAdministrator::Awaited, "somebody else has signed in");
    world.administrator().await;
    assert_eq!((state().await, state().await.warning()), (FirstAdministrator::Appointed, None));
    world.execute("UPDATE staff SET revoked_at = 1").await;
    assert_eq!(state().await, FirstAdministrator::Dismissed);
    world.settings.first_administrator = None;
    let unnamed = world.restarted().await;
    assert_eq!(unnamed.staff.first_administrator().await.unwrap(), FirstAdministrator::Unnamed);
}

async fn one_role_is_not_given_twice(world: World) {
    let service = &world.service;
    let administrator = world.administrator().await;
    let id_no = claims_of(1).id_no;
    let (one, other) = tokio::join!(
        service.staff.appoint(&administrator, "赵某某", &id_no, "reviewer", "110000"),
        service.staff.appoint(&administrator, "赵某某", &id_no, "reviewer", "310000"),
    );
    assert_eq!(u8::from(one.is_ok()) + u8::from(other.is_ok()), 1, "{one:?} {other:?}");
}

async fn a_flash_is_shown_once(world: World) {
    let service = &world.service;
    let (here, elsewhere) = (world.applicant(1).await, world.applicant(1).await);
    service.accounts.set_flash(&here, "已保存").await.unwrap();
    assert_eq!(service.accounts.me(&elsewhere).await.unwrap().flash, None, "it belongs to the session");
    let (one, other) = tokio::join!(service.accounts.me(&here), service.accounts.me(&here));
    let shown: Vec<String> = [one, other].into_iter().filter_map(|me| me.unwrap().flash).collect();
    assert_eq!(shown, ["已保存"]);
    assert_eq!(service.accounts.me(&here).await.unwrap().flash, None);
    service.accounts.set_flash(&here, "一").await.unwrap();
    service.accounts.set_flash(&here, "二").await.unwrap();
    assert_eq!(service.accounts.me(&here).await.unwrap().flash.as_deref(), Some("二"), "the last one");
}

async fn the_chosen_subject_outlives_the_session(world: World) {
    let service = &world.service;
    let actor = world.applicant(1).await;
    assert_eq!(service.accounts.me(&actor).await.unwrap().current, None);
    let older = world.put_subject(&actor, "甲公司", "active", "110101").await;
    let newer = world.put_subject(&actor, "乙公司", "pending", "110101").await;
    let me = service.accounts.me(&actor).await.unwrap();
    assert_eq!(me.current.map(|subject| subject.id), Some(newer.clone()), "the newest where none was chosen");
    assert_eq!(
        me.subjects.iter().map(|subject| subject.name.as_str()).collect::<Vec<_>>(),
        ["乙公司", "甲公司"]
    );
    service.accounts.switch_subject(&actor, &older).await.unwrap();
    service.accounts.sign_out(&actor).await.unwrap();
    let me = service.accounts.me(&world.applicant(1).await).await.unwrap();
    assert_eq!(me.current.map(|subject| subject.id), Some(older));
}

async fn a_subject_that_is_not_mine_cannot_be_chosen(world: World) {
    let (owner, stranger) = (world.applicant(1).await, world.applicant(2).await);
    let subject = world.put_subject(&owner, "甲公司", "active", "110101").await;
    for id in [subject.as_str(), "", "x", "019cac46-1500-75ee-861b-831de0c755af"] {
        assert!(
            matches!(world.service.accounts.switch_subject(&stranger, id).await, Err(Error::NotFound)),
            "{id}"
        );
    }
    assert!(world.service.accounts.me(&stranger).await.unwrap().subjects.is_empty());
}

async fn a_subject_that_ended_is_not_offered(world: World) {
    let actor = world.applicant(1).await;
    let active = world.put_subject(&actor, "甲公司", "active", "110101").await;
    for state in ["void", "cancelled"] {
        let ended = world.put_subject(&actor, "乙公司", state, "110101").await;
        assert!(matches!(world.service.accounts.switch_subject(&actor, &ended).await, Err(Error::NotFound)));
    }
    let other = world.put_subject(&actor, "丙公司", "active", "110101").await;
    world.service.accounts.switch_subject(&actor, &other).await.unwrap();
    world.execute(&format!("UPDATE record SET state = 'cancelled' WHERE id = '{other}'")).await;
    let me = world.service.accounts.me(&actor).await.unwrap();
    assert_eq!(me.subjects.len(), 1);
    assert_eq!(me.current.map(|subject| subject.id), Some(active), "the chosen one ended");
}

async fn large_print_outlives_the_session(world: World) {
    let actor = world.applicant(1).await;
    assert!(!world.service.accounts.me(&actor).await.unwrap().elder);
    world.service.accounts.set_elder(&actor, true).await.unwrap();
    assert!(world.service.accounts.me(&world.applicant(1).await).await.unwrap().elder);
}

async fn sample_officers_are_appointed_once(world: World) {
    let service = &world.service;
    let (reviewer, administrator) = (claims_of(1), claims_of(2));
    let officers = [
        SampleOfficer {
            name: "审核员", id_no: &reviewer.id_no, role: StaffRole::Reviewer, region: "310000"
        },
        SampleOfficer {
            name: "管理员",
            id_no: &administrator.id_no,
            role: StaffRole::Administrator,
            region: "",
        },
    ];
    service.samples.sample_world(&officers).await.unwrap();
    service.samples.sample_world(&officers).await.unwrap();
    assert_eq!(world.applicant(1).await.reviewer_region(), Some("310000"));
    let administrator = world.applicant(2).await;
    let listed = service.staff.staff_list(&administrator).await.unwrap();
    assert_eq!(listed.len(), 2);
    service.staff.dismiss(&administrator, &listed[0].id).await.unwrap();
    service.samples.sample_world(&officers).await.unwrap();
    assert!(world.applicant(1).await.roles.is_empty(), "what was taken away is not given back");
}

async fn ended_sessions_are_swept_after_a_month(world: World) {
    session(&world.service, 1).await;
    world.later(Duration::days(30));
    session(&world.service, 2).await;
    assert_eq!(world.service.jobs.sweep_sessions().await.unwrap(), 0);
    world.later(Duration::days(1));
    assert_eq!(world.service.jobs.sweep_sessions().await.unwrap(), 1);
    assert!(world.service.audit_chain.verify_audit().await.unwrap().is_whole());
}

async fn one_round_sweeps_everything_that_ran_out(world: World) {
    let actor = world.applicant(1).await;
    world.picture(&actor, 1).await;
    assert_eq!(world.service.jobs.sweep().await, Swept::default());
    world.later(Duration::days(31));
    let swept = world.service.jobs.sweep().await;
    assert_eq!(swept, Swept { sessions: 1, uploads: 1, ..Swept::default() });
    assert_eq!(world.service.jobs.sweep().await, Swept::default());
    assert!(world.service.audit_chain.verify_audit().await.unwrap().is_whole());
}
