//! What administrators change about an appointment (R60), and the list of holidays that is taken whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "common/acts.rs"]
mod acts;
mod common;

use common::{World, claims, claims_of};
use domain::role::StaffRole;
use domain::view::{ImportOutcome, QueueRequest};
use service::{Actor, Error};
use time::Duration;

claims![
    a_changed_appointment_holds_at_once_and_the_old_one_stays_readable,
    a_change_is_refused_where_roles_do_not_go_together,
    a_paused_role_does_not_count_until_its_day,
    the_last_administrator_is_neither_changed_nor_paused,
    nobody_else_changes_appointments,
    a_list_of_holidays_is_shown_before_it_is_taken,
    a_list_with_a_wrong_line_is_not_taken,
];

fn told(error: Error) -> String {
    match error {
        Error::Refused(refused) => refused.sentence,
        Error::Faults(faults) => {
            faults.into_iter().map(|fault| format!("{}: {}", fault.at, fault.message)).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// The appointment of whoever has this role and region.
async fn appointment(world: &World, role: StaffRole, region: &str) -> String {
    let administrator = world.administrator().await;
    let rows = world.service.staff.staff_list(&administrator).await.unwrap();
    rows.into_iter().find(|row| row.role == role && row.region.contains(region)).unwrap().id
}

/// The same person in their next request.
async fn again(world: &World, actor: &Actor) -> Actor {
    world.service.accounts.actor_again(actor).await.unwrap().unwrap()
}

async fn a_changed_appointment_holds_at_once_and_the_old_one_stays_readable(world: World) {
    let (administrator, officer) = (world.administrator().await, world.officer("110101").await);
    let id = appointment(&world, StaffRole::Reviewer, "东城").await;
    world.later(Duration::minutes(5));
    let appointments = &world.service.appointments;
    appointments.reappoint(&administrator, &id, "reviewer", "310000").await.unwrap();
    let officer = again(&world, &officer).await;
    assert_eq!(officer.reviewer_region(), Some("310000"));
    assert!(world.service.queues.queue(&officer, &QueueRequest::default()).await.is_ok());
    let anew = appointment(&world, StaffRole::Reviewer, "上海").await;
    assert_ne!(anew, id);
    let seen = appointments.appointed(&administrator, &anew, "").await.unwrap();
    assert_eq!((seen.name.as_str(), seen.region.as_str(), seen.past.len()), ("审核员", "310000", 1));
    assert_eq!((seen.past[0].region.as_str(), seen.past[0].until.is_empty()), ("北京市东城区", false));
    assert!(matches!(appointments.appointed(&administrator, &id, "").await, Err(Error::NotFound)));
    let line = "SELECT COUNT(*) FROM audit WHERE action = 'reappoint' AND detail LIKE '%\"region_before\":\"110101\"%'";
    assert_eq!(world.number(line).await, 1);
    let same = appointments.reappoint(&administrator, &anew, "reviewer", "310000").await.unwrap_err();
    assert_eq!(told(same), "角色和管辖地区没有变化");
    let nowhere = appointments.reappoint(&administrator, &anew, "reviewer", "999999").await.unwrap_err();
    assert_eq!(told(nowhere), "region: 请选择管辖地区");
    // To another role, which has no region.
    appointments.reappoint(&administrator, &anew, "keeper", "310000").await.unwrap();
    let officer = again(&world, &officer).await;
    assert!(officer.is_keeper() && officer.reviewer_region().is_none());
}

async fn a_change_is_refused_where_roles_do_not_go_together(world: World) {
    let administrator = world.administrator().await;
    let claims = claims_of(50);
    let staff = &world.service.staff;
    staff.appoint(&administrator, &claims.name, &claims.id_no, "auditor", "").await.unwrap();
    staff.appoint(&administrator, &claims.name, &claims.id_no, "reviewer", "110101").await.unwrap();
    let reviewer = appointment(&world, StaffRole::Reviewer, "东城").await;
    let refused = world.service.appointments.reappoint(&administrator, &reviewer, "keeper", "").await;
    assert_eq!(told(refused.unwrap_err()), "管理员、系统管理员与审计员须由不同人员担任");
    let twice = world.service.appointments.reappoint(&administrator, &reviewer, "auditor", "").await;
    assert_eq!(told(twice.unwrap_err()), "该人员已有此角色");
}

async fn a_paused_role_does_not_count_until_its_day(world: World) {
    let (administrator, officer) = (world.administrator().await, world.officer("110101").await);
    let id = appointment(&world, StaffRole::Reviewer, "东城").await;
    let appointments = &world.service.appointments;
    for until in ["", "2026-02-30", "2026-03-01", "2028-01-01"] {
        let refused = appointments.pause(&administrator, &id, until).await.unwrap_err();
        assert_eq!(told(refused), "until: 请选择今天起一年内的日期", "{until}");
    }
    appointments.pause(&administrator, &id, "2026-03-03").await.unwrap();
    let paused = appointments.appointed(&administrator, &id, "").await.unwrap();
    assert_eq!(paused.paused_until.as_deref(), Some("2026-03-03"));
    assert!(again(&world, &officer).await.reviewer_region().is_none());
    let rows = world.service.staff.staff_list(&administrator).await.unwrap();
    assert!(rows.iter().any(|row| row.id == id && row.is_paused));
    appointments.resume(&administrator, &id).await.unwrap();
    assert_eq!(again(&world, &officer).await.reviewer_region(), Some("110101"));
    let twice = appointments.resume(&administrator, &id).await.unwrap_err();
    assert_eq!(told(twice), "该人员没有暂停");
    // By itself, on the day after.
    appointments.pause(&administrator, &id, "2026-03-03").await.unwrap();
    world.later(Duration::hours(40));
    let officer = world.officer("110101").await;
    assert_eq!(officer.reviewer_region(), Some("110101"));
    assert_eq!(world.number("SELECT COUNT(*) FROM audit WHERE action = 'pause_staff'").await, 2);
}

async fn the_last_administrator_is_neither_changed_nor_paused(world: World) {
    let administrator = world.administrator().await;
    let own = appointment(&world, StaffRole::Administrator, "").await;
    let appointments = &world.service.appointments;
    let last = "平台至少需要一名管理员，请先任命另一名管理员";
    assert_eq!(told(appointments.reappoint(&administrator, &own, "keeper", "").await.unwrap_err()), last);
    assert_eq!(
        told(appointments.pause(&administrator, &own, "2026-03-09").await.unwrap_err()),
        "不能暂停自己的角色"
    );
    let claims = claims_of(51);
    world
        .service
        .staff
        .appoint(&administrator, &claims.name, &claims.id_no, "administrator", "")
        .await
        .unwrap();
    let rows = world.service.staff.staff_list(&administrator).await.unwrap();
    let other = rows.iter().find(|row| row.role == StaffRole::Administrator && row.id != own).unwrap();
    appointments.pause(&administrator, &other.id, "2026-03-09").await.unwrap();
    // Whoever rests cannot give roles, so the first is the last again.
    assert_eq!(told(appointments.reappoint(&administrator, &own, "keeper", "").await.unwrap_err()), last);
    assert_eq!(told(world.service.staff.dismiss(&administrator, &own).await.unwrap_err()), last);
    appointments.resume(&administrator, &other.id).await.unwrap();
    appointments.reappoint(&administrator, &own, "keeper", "").await.unwrap();
}

async fn nobody_else_changes_appointments(world: World) {
    let (officer, applicant) = (world.officer("110101").await, world.applicant(1).await);
    let id = appointment(&world, StaffRole::Reviewer, "东城").await;
    let (appointments, lists) = (&world.service.appointments, &world.service.holiday_lists);
    for actor in [&officer, &applicant] {
        assert!(matches!(appointments.appointed(actor, &id, "").await, Err(Error::Forbidden)));
        assert!(matches!(
            appointments.reappoint(actor, &id, "reviewer", "110000").await,
            Err(Error::Forbidden)
        ));
        assert!(matches!(appointments.pause(actor, &id, "2026-03-09").await, Err(Error::Forbidden)));
        assert!(matches!(appointments.resume(actor, &id).await, Err(Error::Forbidden)));
        assert!(matches!(lists.offer(actor, "").await, Err(Error::Forbidden)));
        assert!(matches!(lists.offered(actor).await, Err(Error::Forbidden)));
        assert!(matches!(lists.take(actor).await, Err(Error::Forbidden)));
    }
}

async fn keeper(world: &World) -> Actor {
    let claims = claims_of(60);
    let administrator = world.administrator().await;
    world.service.staff.appoint(&administrator, &claims.name, &claims.id_no, "keeper", "").await.unwrap();
    world.sign_in(&claims).await
}

async fn a_list_of_holidays_is_shown_before_it_is_taken(world: World) {
    let keeper = keeper(&world).await;
    let (lists, holidays) = (&world.service.holiday_lists, &world.service.holidays);
    holidays.keep_holiday(&keeper, "2026-10-01", false, "国庆节").await.unwrap();
    holidays.keep_holiday(&keeper, "2026-10-10", false, "误登记").await.unwrap();
    let list =
        "日期,安排,名称\n2026-10-01,放假,国庆节\n\n2026-10-02,放假,国庆节\r\n2026-10-10,调休上班,国庆节\n";
    lists.offer(&keeper, list).await.unwrap();
    let seen = lists.offered(&keeper).await.unwrap();
    let outcomes: Vec<_> = seen.lines.iter().map(|line| (line.number, line.outcome.clone())).collect();
    assert_eq!(
        outcomes,
        [
            (2, ImportOutcome::Same),
            (4, ImportOutcome::Added),
            (5, ImportOutcome::Changed("误登记，休息".to_owned())),
        ]
    );
    assert_eq!(holidays.holiday_list(&keeper).await.unwrap().len(), 2, "nothing is changed by looking");
    assert_eq!(lists.take(&keeper).await.unwrap(), (1, 1));
    let days = holidays.holiday_list(&keeper).await.unwrap();
    let days: Vec<_> = days.iter().map(|row| (row.day.as_str(), row.is_working, row.name.as_str())).collect();
    assert_eq!(
        days,
        [("2026-10-01", false, "国庆节"), ("2026-10-02", false, "国庆节"), ("2026-10-10", true, "国庆节")]
    );
    let line = "SELECT COUNT(*) FROM audit WHERE action = 'holiday.import' AND detail LIKE '%\"added\":1%'";
    assert_eq!(world.number(line).await, 1);
    assert!(lists.offered(&keeper).await.unwrap().lines.is_empty(), "it is taken once");
    lists.offer(&keeper, list).await.unwrap();
    assert_eq!(told(lists.take(&keeper).await.unwrap_err()), "名单中的日期都已登记，没有需要导入的内容");
}

async fn a_list_with_a_wrong_line_is_not_taken(world: World) {
    let keeper = keeper(&world).await;
    let lists = &world.service.holiday_lists;
    let list = "2026-10-01,放假,国庆节\n2026-10-01,放假,国庆节\n2026-13-01,放假,国庆节\n2026-10-03,别的,国庆节\n2026-10-04";
    lists.offer(&keeper, list).await.unwrap();
    let seen = lists.offered(&keeper).await.unwrap();
    let wrong: Vec<_> = seen
        .lines
        .iter()
        .filter_map(|line| match &line.outcome {
            ImportOutcome::Wrong(sentence) => Some((line.number, sentence.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(wrong.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [2, 3, 4, 5]);
    assert_eq!(wrong[0].1, "与第 1 行是同一天");
    assert_eq!(seen.text, list, "what was pasted stays");
    assert_eq!(told(lists.take(&keeper).await.unwrap_err()), "名单中有错误的行，请改正后重新检查");
    assert!(world.service.holidays.holiday_list(&keeper).await.unwrap().is_empty());
    // Very long lists end somewhere.
    let long: String = (0..500).map(|_| "2026-10-01,放假,国庆节\n").collect();
    lists.offer(&keeper, &long).await.unwrap();
    assert!(lists.offered(&keeper).await.unwrap().lines.len() <= 401);
}
