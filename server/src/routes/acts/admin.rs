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
    let region = chosen_region(fields);
    let again = format!("{}?check=1", route::STAFF);
    let staff = &state.service.staff;
    if !of("update").is_empty() {
        // 【下一级】, which pages without scripts have.
        let typed = [("name", of("name")), ("id_no", of("id_no")), ("role", of("role")), ("region", region)];
        staff.keep_appointment(actor, &typed).await?;
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
