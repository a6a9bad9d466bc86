//! What administrators do with people, and the system administrator with directories, reasons, holidays and jobs.

use app::api::caller::Caller;
use axum::extract::{Multipart, State};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use domain::route;
use domain::schema::{Fault, fault};
use domain::view::task_label;
use http::HeaderMap;
use service::{Actor, Error, ProviderEntry};

use super::act::{Done, Fields, act, again, field, finish, to};
use crate::routes::posted::{read, unreadable};
use crate::routes::state::{AppState, actor_of};

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/act/appoint", act!(appoint))
        .route("/act/dismiss", act!(dismiss))
        .route("/act/reappoint", act!(reappoint))
        .route("/act/pause-staff", act!(pause_staff))
        .route("/act/resume-staff", act!(resume_staff))
        .route("/act/find-person", act!(find_person))
        .route("/act/suspend", act!(suspend))
        .route("/act/reinstate", act!(reinstate))
        .route("/act/end-sessions", act!(end_sessions))
        .route("/act/keep-provider", act!(keep_provider))
        .route("/act/merge-provider", act!(merge_provider))
        .route("/act/drop-provider", act!(drop_provider))
        .route("/act/keep-reason", act!(keep_reason))
        .route("/act/drop-reason", act!(drop_reason))
        .route("/act/keep-holiday", act!(keep_holiday))
        .route("/act/drop-holiday", act!(drop_holiday))
        .route("/act/offer-holidays", post(offer_holidays))
        .route("/act/take-holidays", act!(take_holidays))
        .route("/act/run-job", act!(run_job))
}

async fn appoint(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let of = |name: &str| field(fields, name);
    let named = named_region(fields);
    let region = named.as_deref().unwrap_or_else(|| chosen_region(fields));
    let again = format!("{}?check=1", route::STAFF);
    let staff = &state.service.staff;
    if !of("update").is_empty() {
        // 【下一级】, which pages without scripts have.
        let typed = [("name", of("name")), ("id_no", of("id_no")), ("role", of("role")), ("region", region)];
        staff.keep_appointment(actor, &typed).await?;
        return Ok(to(again));
    }
    if let Some(fault) = region_fault(fields).filter(|_| of("role") == "reviewer") {
        let typed = [
            ("name", of("name")),
            ("id_no", of("id_no")),
            ("role", of("role")),
            ("region", region),
            ("region_name", of("region_name")),
        ];
        staff.keep_faulty(actor, &typed, fault).await?;
        return Ok(to(again));
    }
    match staff.appoint(actor, of("name"), of("id_no"), of("role"), region).await {
        Ok(()) => Ok(to(route::STAFF).saying("已添加。")),
        // The page shows what was typed, and at its field what is wrong with it.
        Err(Error::Faults(_)) => Ok(to(again)),
        Err(Error::Refused(refused)) => Ok(to(again).saying(refused.sentence)),
        Err(error) => Err(error),
    }
}

/// The deepest region that was chosen; below one that was chosen anew, what was chosen before does not count.
fn chosen_region(fields: &Fields) -> &str {
    let mut region = field(fields, "region");
    for (name, shared) in [("region_0", 0), ("region_1", 2), ("region_2", 4)] {
        let next = field(fields, name);
        if next.is_empty() || next.get(..shared) != region.get(..shared) {
            break;
        }
        region = next;
    }
    region
}

/// The region whose name was typed, where there is exactly one of that name; else what the lists say counts.
fn named_region(fields: &Fields) -> Option<String> {
    service::region::named(field(fields, "region_name")).ok().filter(|code| !code.is_empty())
}

/// What is wrong with the name of a region that was typed.
fn region_fault(fields: &Fields) -> Option<Fault> {
    service::region::named(field(fields, "region_name")).err().map(|sentence| fault("region_name", sentence))
}

/// 【保存更改】 of an appointment.
async fn reappoint(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let of = |name: &str| field(fields, name);
    let named = named_region(fields);
    let region = named.as_deref().unwrap_or_else(|| chosen_region(fields));
    let typed = [
        ("staff", of("staff")),
        ("role", of("role")),
        ("region", region),
        ("region_name", of("region_name")),
    ];
    let (page, appointments) = (route::appointment(of("staff")), &state.service.appointments);
    let again = format!("{page}?check=reappoint");
    if !of("update").is_empty() {
        appointments.keep(actor, "reappoint", &typed, &[]).await?;
        return Ok(to(again));
    }
    let done = match region_fault(fields).filter(|_| of("role") == "reviewer") {
        Some(fault) => Err(Error::Faults(vec![fault])),
        None => appointments.reappoint(actor, of("staff"), of("role"), region).await,
    };
    match done {
        Ok(()) => Ok(to(route::STAFF).saying("任命已更改，即时生效。")),
        Err(Error::Faults(faults)) => {
            appointments.keep(actor, "reappoint", &typed, &faults).await?;
            Ok(to(again))
        }
        Err(Error::Refused(refused)) => {
            appointments.keep(actor, "reappoint", &typed, &[]).await?;
            Ok(to(again).saying(refused.sentence))
        }
        Err(error) => Err(error),
    }
}

/// 【暂停】 of an appointment.
async fn pause_staff(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let (staff, until) = (field(fields, "staff"), field(fields, "until"));
    let (page, appointments) = (route::appointment(staff), &state.service.appointments);
    match appointments.pause(actor, staff, until).await {
        Ok(()) => Ok(to(page).saying("已暂停。")),
        Err(Error::Faults(faults)) => {
            appointments.keep(actor, "pause", &[("staff", staff), ("until", until)], &faults).await?;
            Ok(to(format!("{page}?check=pause")))
        }
        Err(Error::Refused(refused)) => Ok(to(page).saying(refused.sentence)),
        Err(error) => Err(error),
    }
}

async fn resume_staff(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let staff = field(fields, "staff");
    state.service.appointments.resume(actor, staff).await?;
    Ok(to(route::appointment(staff)).saying("已恢复。"))
}

/// 【检查名单】: what was pasted, or the file in its place.
async fn offer_holidays(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let actor = actor_of(&caller);
    let posted = match read(form, actor.is_err()).await {
        Ok(posted) => posted,
        Err(unread) => return unreadable(&state, unread),
    };
    let Ok(actor) = actor else { return state.signed_out(route::HOLIDAYS) };
    let list = match posted.files.into_iter().next() {
        None => Ok(posted.controls.get("list").and_then(|texts| texts.first()).cloned().unwrap_or_default()),
        Some(file) => String::from_utf8(file.bytes).map_err(|_| {
            Error::refused("文件不是 UTF-8 编码。请在表格软件中另存为“CSV UTF-8”，或把内容粘贴到文本框")
        }),
    };
    let outcome = match list {
        Ok(list) => state.service.holiday_lists.offer(actor, &list).await,
        Err(error) => Err(error),
    };
    let done = outcome.map(|()| to(format!("{}?check=list#import", route::HOLIDAYS)));
    finish(&state, actor, &headers, done).await
}

/// 【导入】 of the list that was checked.
async fn take_holidays(
    state: &AppState,
    actor: &Actor,
    _fields: &Fields,
    _back: &str,
) -> Result<Done, Error> {
    match state.service.holiday_lists.take(actor).await {
        Ok((added, changed)) => {
            Ok(to(route::HOLIDAYS).saying(format!("已导入：新增 {added} 天，更改 {changed} 天。")))
        }
        Err(Error::Refused(refused)) => {
            Ok(to(format!("{}?check=list#import", route::HOLIDAYS)).saying(refused.sentence))
        }
        Err(error) => Err(error),
    }
}

async fn dismiss(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let id = match field(fields, "staff") {
        "" => field(fields, "id"),
        id => id,
    };
    state.service.staff.dismiss(actor, id).await?;
    Ok(to(route::STAFF).saying("已撤销。"))
}

/// 【查找】 by id number, which stands in no address.
async fn find_person(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    match state.service.people.find_person(actor, field(fields, "id_no")).await {
        Ok(person) => Ok(to(account_page(&person))),
        Err(Error::Refused(refused)) => {
            let error = Error::Faults(vec![fault("id_no", refused.sentence)]);
            again(state, actor, "find-person", fields, route::STAFF, error).await
        }
        Err(error) => again(state, actor, "find-person", fields, route::STAFF, error).await,
    }
}

fn account_page(person: &str) -> String {
    route::account(person)
}

async fn suspend(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let person = field(fields, "person");
    let done = state.service.people.suspend(actor, person, field(fields, "reason")).await;
    on_account(state, actor, fields, done, "账户已停用，该人员的全部登录已结束。").await
}

async fn reinstate(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let person = field(fields, "person");
    let done = state.service.people.reinstate(actor, person, field(fields, "reason")).await;
    on_account(state, actor, fields, done, "账户已恢复使用。").await
}

async fn end_sessions(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let person = field(fields, "person");
    let done = state.service.people.end_sessions_of(actor, person, field(fields, "reason")).await;
    on_account(state, actor, fields, done, "该人员的全部登录已结束。").await
}

/// What was done to an account, said on its page; or what is wrong with the reason, at the reason.
async fn on_account(
    state: &AppState,
    actor: &Actor,
    fields: &Fields,
    done: Result<(), Error>,
    says: &str,
) -> Result<Done, Error> {
    let page = account_page(field(fields, "person"));
    match done {
        Ok(()) => Ok(to(page).saying(says)),
        Err(error) => again(state, actor, "account", fields, &page, error).await,
    }
}

/// The page one came from, without the form that came back on it.
fn without_check(back: &str) -> String {
    let Some((page, query)) = back.split_once('?') else { return back.to_owned() };
    let kept: Vec<&str> = query.split('&').filter(|part| !part.starts_with("check=")).collect();
    if kept.is_empty() { page.to_owned() } else { format!("{page}?{}", kept.join("&")) }
}

fn given<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    Some(field(fields, name)).filter(|value| !value.is_empty())
}

async fn keep_provider(state: &AppState, actor: &Actor, fields: &Fields, back: &str) -> Result<Done, Error> {
    let entry = ProviderEntry {
        id: given(fields, "provider"),
        directory: field(fields, "directory"),
        name: field(fields, "name"),
        aliases: field(fields, "aliases"),
        place: field(fields, "place"),
        phone: field(fields, "phone"),
    };
    match state.service.directories.keep_provider(actor, &entry).await {
        Ok(()) => Ok(to(without_check(back)).saying("已收录。")),
        Err(error) => again(state, actor, "provider", fields, &without_check(back), error).await,
    }
}

async fn merge_provider(state: &AppState, actor: &Actor, fields: &Fields, back: &str) -> Result<Done, Error> {
    let done = state
        .service
        .directories
        .merge_provider(actor, field(fields, "provider"), field(fields, "into"))
        .await;
    let error = match done {
        Ok(()) => return Ok(to(without_check(back)).saying("已并入。")),
        Err(Error::Refused(refused)) => Error::Faults(vec![fault("into", refused.sentence)]),
        Err(error) => error,
    };
    again(state, actor, "merge", fields, &without_check(back), error).await
}

async fn drop_provider(state: &AppState, actor: &Actor, fields: &Fields, back: &str) -> Result<Done, Error> {
    state.service.directories.drop_provider(actor, field(fields, "provider")).await?;
    Ok(to(without_check(back)).saying("已标为不收录。"))
}

async fn keep_reason(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let of = |name: &str| field(fields, name);
    match state
        .service
        .canned_reasons
        .keep_reason(actor, given(fields, "reason"), of("title"), of("text"))
        .await
    {
        Ok(()) => Ok(to(route::REASONS).saying("已保存。")),
        Err(error) => again(state, actor, "reason", fields, route::REASONS, error).await,
    }
}

async fn drop_reason(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    state.service.canned_reasons.drop_reason(actor, field(fields, "reason")).await?;
    Ok(to(route::REASONS).saying("已删除。"))
}

async fn keep_holiday(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let of = |name: &str| field(fields, name);
    match state.service.holidays.keep_holiday(actor, of("day"), of("kind") == "work", of("name")).await {
        Ok(()) => Ok(to(route::HOLIDAYS).saying("已保存。")),
        Err(error) => again(state, actor, "holiday", fields, route::HOLIDAYS, error).await,
    }
}

async fn drop_holiday(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    state.service.holidays.drop_holiday(actor, field(fields, "day")).await?;
    Ok(to(route::HOLIDAYS).saying("已删除。"))
}

/// 【立即运行】
async fn run_job(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let job = field(fields, "job");
    state.service.job_leases.want(actor, job).await?;
    Ok(to(route::PLATFORM).saying(format!("已请求运行“{}”，稍后刷新本页查看结果。", task_label(job))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_region_counts_that_lies_in_those_above_it() {
        for (chosen, expected) in [
            (&[("region_0", "110000"), ("region_1", "110100"), ("region_2", "110101")][..], "110101"),
            (&[("region_0", "110000"), ("region_1", "110100"), ("region_2", "")], "110100"),
            (&[("region_0", "110000")], "110000"),
            (&[("region_0", "310000"), ("region_1", "110100"), ("region_2", "110101")], "310000"),
            (&[("region_0", "310000"), ("region_1", "310100"), ("region_2", "110101")], "310100"),
            (&[("region_0", ""), ("region_1", "110100")], ""),
            (&[("region", "110101")], "110101"),
            (&[], ""),
        ] {
            let fields: Fields =
                chosen.iter().map(|(name, code)| ((*name).to_owned(), (*code).to_owned())).collect();
            assert_eq!(chosen_region(&fields), expected, "{chosen:?}");
        }
    }
}
