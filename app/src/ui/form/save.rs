//! What the page says about saving: the line under the form, and banners when it failed (R77).

use leptos::prelude::*;

use super::FormState;

/// How the draft on the server relates to what is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Save {
    /// Nothing typed since it was loaded.
    Untouched,
    /// Typed, not sent yet.
    Waiting,
    Sending,
    /// At a time of day.
    Done(String),
    Failed(String),
    /// Nobody is signed in any more; the text is kept in this browser.
    SignedOut,
    /// Saved elsewhere at a time of day.
    Conflict(String),
}

#[component]
pub fn SaveState() -> impl IntoView {
    let state = expect_context::<FormState>();
    let look = move || match state.save.get() {
        Save::Untouched if state.draft.with(Option::is_none) => "new",
        Save::Untouched => "idle",
        Save::Waiting | Save::Sending => "saving",
        Save::Done(_) => "saved",
        Save::Failed(_) | Save::SignedOut | Save::Conflict(_) => "failed",
    };
    view! {
        <p class="save-state" role="status" data-state=look>
            {move || match state.save.get() {
                Save::Untouched => state.draft.get().map(|draft| format!("已保存 {}", draft.saved_at)).unwrap_or_default().into_any(),
                Save::Waiting => "有未保存的修改".into_any(),
                Save::Sending => "正在保存…".into_any(),
                Save::Done(at) => format!("已保存 {at}").into_any(),
                Save::Failed(_) => view! {
                    "保存失败，"
                    <button type="button" class="link" on:click=move |_| state.save_soon(0)>"重试"</button>
                }.into_any(),
                Save::SignedOut => "保存失败，内容已保留在本机".into_any(),
                Save::Conflict(_) => "保存失败，此草稿已在别处更新".into_any(),
            }}
        </p>
    }
    .into_any()
}

#[component]
pub fn Banners() -> impl IntoView {
    let state = expect_context::<FormState>();
    move || {
        match state.save.get() {
        Save::SignedOut => Some(
            view! {
                <div class="banner" role="alert" data-tone="warning">
                    <p>"登录已过期，填写的内容已保留在本机。重新登录后会回到这一步并恢复内容。"</p>
                    <a class="button button-small" rel="external" href=state.sign_in_href()>"重新登录"</a>
                </div>
            }
            .into_any(),
        ),
        Save::Failed(sentence) => Some(
            view! {
                <div class="banner" role="alert" data-tone="danger">
                    <p>{sentence}</p>
                    <button type="button" class="button button-small" on:click=move |_| state.save_soon(0)>"重试"</button>
                </div>
            }
            .into_any(),
        ),
        Save::Conflict(at) => Some(
            view! {
                <div class="banner" role="alert" data-tone="warning">
                    <p>{format!("此草稿已在另一个窗口更新（{at}）。请选择保留哪一份，不会自动覆盖。")}</p>
                    <button type="button" class="button button-small" on:click=move |_| state.load_theirs()>"载入已保存的内容"</button>
                    <button type="button" class="button button-small" on:click=move |_| state.overwrite()>"用本页内容覆盖"</button>
                </div>
            }
            .into_any(),
        ),
        Save::Untouched | Save::Waiting | Save::Sending | Save::Done(_) => None,
    }
    }
}
