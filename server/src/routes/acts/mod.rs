//! Small actions under `/act`, by who does them.

mod act;
mod admin;
mod applicant;
mod officer;
mod patrol;
mod second_look;
mod stranger;

use axum::Router;

use super::state::AppState;

pub fn router() -> Router<AppState> {
    applicant::router()
        .merge(officer::router())
        .merge(patrol::router())
        .merge(second_look::router())
        .merge(admin::router())
        .merge(stranger::router())
}
