//! The pages: each fetches what it shows and hands it to `ui`.

pub mod account;
pub mod appointment;
pub mod audit;
pub mod certificate;
mod finder;
pub mod form;
mod front;
pub mod guide;
mod holiday_import;
pub mod home;
pub mod identity;
pub mod lookup;
pub mod mine;
pub mod misuse;
pub mod notice_settings;
pub mod notices;
pub mod platform;
mod query;
pub mod records;
pub mod review;
pub mod sessions;
pub mod staff;
pub mod talk;
mod to_put_right;
pub mod upkeep;

use domain::route;
use leptos::prelude::*;

use crate::api::ApiError;
use crate::ui::layout::Frame;
use crate::ui::who_am_i::who_am_i;
use crate::ui::{Problem, WindowTitle};

/// No page has this address.
#[component]
pub fn Missing() -> impl IntoView {
    view! { <Frame me=who_am_i()><Problem error=ApiError::NotFound/></Frame> }
}

/// The window that somebody signed in with beside a page that kept what they had typed.
#[component]
pub fn SignedIn() -> impl IntoView {
    view! {
        <WindowTitle title="已登录"/>
        <section class="error-page">
            <h1>"已登录"</h1>
            <p>"请关闭本窗口，回到原来的页面点击“继续”：您填写的内容都在那里。"</p>
            <div class="actions"><a class="button" href=route::HOME>"返回首页"</a></div>
        </section>
    }
    .into_any()
}
