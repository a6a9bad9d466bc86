//! What officers do with 抽查复核.

use axum::Router;
use domain::route;
use domain::second_look::TypedJudgement;
use service::{Actor, Error};

use super::act::{Done, Fields, act, field, to};
use crate::routes::state::AppState;

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/act/take-second-look", act!(take))
        .route("/act/give-back-second-look", act!(give_back))
        .route("/act/judge-second-look", act!(judge))
}

/// 【开始复核】; who comes too late chooses another one.
async fn take(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let look = field(fields, "look");
    match state.service.second_look_desk.take(actor, look).await {
        Ok(()) => Ok(to(route::second_look(look))),
        Err(Error::Refused(refused)) => Ok(to(route::SECOND_LOOKS).saying(format!("{}。", refused.sentence))),
        Err(error) => Err(error),
    }
}

/// 【放回】
async fn give_back(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    state.service.second_look_desk.give_back(actor, field(fields, "look")).await?;
    Ok(to(route::SECOND_LOOKS).saying("已放回，其他民警可以复核。"))
}

/// 【提交复核】 with the fields `at.<address>`; what does not pass comes back with what was typed.
async fn judge(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let look = field(fields, "look");
    let typed = TypedJudgement {
        judgement: field(fields, "judgement").to_owned(),
        fields: fields.keys().filter_map(|name| name.strip_prefix("at.")).map(str::to_owned).collect(),
        note: field(fields, "note").to_owned(),
    };
    match state.service.second_look_desk.judge(actor, look, &typed).await {
        Ok(()) => Ok(to(route::second_look(look)).saying("已提交复核结论。")),
        Err(Error::Faults(_)) => Ok(to(format!("{}?check=1", route::second_look(look)))),
        Err(error) => Err(error),
    }
}
