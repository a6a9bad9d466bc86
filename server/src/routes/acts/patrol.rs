//! What officers do with 需核查.

use app::ui::table::percent;
use axum::Router;
use domain::route;
use service::{Actor, Error};

use super::act::{Done, Fields, act, field, to};
use crate::auth::return_path::local_path;
use crate::routes::state::AppState;

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/act/notify-applicant", act!(notify_applicant))
        .route("/act/look-again", act!(look_again))
        .route("/act/dismiss-finding", act!(dismiss_finding))
}

/// The list an officer came from.
fn list(fields: &Fields) -> String {
    match field(fields, "from") {
        "" => route::PATROL.to_owned(),
        from => local_path(&format!("{}?{from}", route::PATROL)),
    }
}

/// 【通知申请人】
async fn notify_applicant(
    state: &AppState,
    actor: &Actor,
    fields: &Fields,
    _back: &str,
) -> Result<Done, Error> {
    state.service.patrol_desk.notify_applicant(actor, field(fields, "finding")).await?;
    Ok(to(list(fields)).saying("已通知申请人，期限 30 日。"))
}

/// 【再次核查】
async fn look_again(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    state.service.patrol_desk.look_again(actor, field(fields, "finding")).await?;
    Ok(to(list(fields)).saying("已安排再次核查，同一网站每天最多访问一次，结果会显示在本页。"))
}

/// 【无需处理】 with a reason; one that is refused comes back to the page with what was typed.
async fn dismiss_finding(
    state: &AppState,
    actor: &Actor,
    fields: &Fields,
    _back: &str,
) -> Result<Done, Error> {
    let id = field(fields, "finding");
    match state.service.patrol_desk.dismiss(actor, id, field(fields, "reason")).await {
        Ok(()) => Ok(to(list(fields)).saying("已标为无需处理。")),
        Err(Error::Faults(_)) => {
            let list = list(fields);
            let more = if list.contains('?') { '&' } else { '?' };
            Ok(to(format!("{list}{more}finding={}&check=1", percent(id))))
        }
        Err(error) => Err(error),
    }
}
