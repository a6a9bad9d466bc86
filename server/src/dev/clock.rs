//! The page /dev/clock: puts the platform's clock forward, so that thirty minutes, fifteen or thirty days
//! later can be looked at and tested. Only in development, and only where the configuration asks for it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use serde::Deserialize;
use service::clock::{Clock as _, ForwardClock, written};

use crate::config::Config;
use crate::http::page_template::{PageTemplate, text};

/// One step at most; more is more steps.
const FURTHEST: Duration = Duration::from_secs(400 * 24 * 60 * 60);

type Hands = (Arc<ForwardClock>, PageTemplate);

/// The route, or none where the clock is the machine's.
pub fn router(config: &Config, template: &PageTemplate) -> Router {
    match &config.forward_clock {
        None => Router::new(),
        Some(clock) => Router::new()
            .route("/dev/clock", get(show).post(put_forward))
            .with_state((clock.clone(), template.clone())),
    }
}

async fn show(State((clock, template)): State<Hands>) -> Response {
    let main = format!(
        r#"<div class="page-head"><h1>平台时钟</h1><p class="page-lead">开发环境可以把平台的时钟向前拨，查看一段时间以后的情形。</p></div>
<p>现在 <time class="figures">{}</time></p>
<form class="form" method="post"><div class="field"><div class="field-label"><label for="seconds">向前拨（秒）</label></div>
<div class="control"><input class="input w-8" id="seconds" name="seconds" inputmode="numeric" autocomplete="off"></div></div>
<div class="actions"><button class="button button-primary">拨动</button></div></form>"#,
        text(&written(clock.now())),
    );
    Html(template.document("平台时钟", &main)).into_response()
}

#[derive(Deserialize)]
struct Forward {
    seconds: u64,
}

async fn put_forward(State((clock, _)): State<Hands>, Form(forward): Form<Forward>) -> Redirect {
    clock.put_forward(Duration::from_secs(forward.seconds).min(FURTHEST));
    Redirect::to("/dev/clock")
}
