//! What administrators do with people, and the system administrator with directories, reasons and holidays.

use axum::Router;
use domain::route;
use service::{Actor, Error, ProviderEntry};

use super::act::{Done, Fields, act, field, to};
use crate::routes::state::AppState;

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/act/appoint", act!(appoint))
        .route("/act/dismiss", act!(dismiss))
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
}

async fn appoint(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let of = |name: &str| field(fields, name);
    state.service.staff.appoint(actor, of("name"), of("id_no"), of("role"), of("region")).await?;
    Ok(to(route::STAFF).saying("已添加。"))
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
    Ok(to(account_page(&state.service.people.find_person(actor, field(fields, "id_no")).await?)))
}

fn account_page(person: &str) -> String {
    route::account(person)
}

async fn suspend(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let person = field(fields, "person");
    state.service.people.suspend(actor, person, field(fields, "reason")).await?;
    Ok(to(account_page(person)).saying("账户已停用，该人员的全部登录已结束。"))
}

async fn reinstate(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let person = field(fields, "person");
    state.service.people.reinstate(actor, person, field(fields, "reason")).await?;
    Ok(to(account_page(person)).saying("账户已恢复使用。"))
}

async fn end_sessions(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let person = field(fields, "person");
    state.service.people.end_sessions_of(actor, person, field(fields, "reason")).await?;
    Ok(to(account_page(person)).saying("该人员的全部登录已结束。"))
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
    state.service.directories.keep_provider(actor, &entry).await?;
    Ok(to(back).saying("已收录。"))
}

async fn merge_provider(state: &AppState, actor: &Actor, fields: &Fields, back: &str) -> Result<Done, Error> {
    state.service.directories.merge_provider(actor, field(fields, "provider"), field(fields, "into")).await?;
    Ok(to(back).saying("已并入。"))
}

async fn drop_provider(state: &AppState, actor: &Actor, fields: &Fields, back: &str) -> Result<Done, Error> {
    state.service.directories.drop_provider(actor, field(fields, "provider")).await?;
    Ok(to(back).saying("已标为不收录。"))
}

async fn keep_reason(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let of = |name: &str| field(fields, name);
    state.service.canned_reasons.keep_reason(actor, given(fields, "reason"), of("title"), of("text")).await?;
    Ok(to(route::REASONS).saying("已保存。"))
}

async fn drop_reason(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    state.service.canned_reasons.drop_reason(actor, field(fields, "reason")).await?;
    Ok(to(route::REASONS).saying("已删除。"))
}

async fn keep_holiday(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let of = |name: &str| field(fields, name);
    state.service.holidays.keep_holiday(actor, of("day"), of("kind") == "work", of("name")).await?;
    Ok(to(route::HOLIDAYS).saying("已保存。"))
}

async fn drop_holiday(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    state.service.holidays.drop_holiday(actor, field(fields, "day")).await?;
    Ok(to(route::HOLIDAYS).saying("已删除。"))
}
