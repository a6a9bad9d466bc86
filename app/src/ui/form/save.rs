//! What the page says about saving: the line under the form, and banners when it failed (R77).

use leptos::prelude::*;

use super::FormState;
use super::reactive::reactive;

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
    let look = Signal::derive(move || match state.save.get() {
        Save::Untouched if state.draft.with(Option::is_none) => "new",
        Save::Untouched => "idle",
        Save::Waiting | Save::Sending => "saving",
        Save::Done(_) => "saved",
        Save::Failed(_) | Save::SignedOut | Save::Conflict(_) => "failed",
    });
    let words = Signal::derive(move || match state.save.get() {
        Save::Untouched => {
            state.draft.get().map(|draft| format!("已保存 {}", draft.saved_at)).unwrap_or_default()
        }
        Save::Waiting => "有未保存的修改".to_owned(),
        Save::Sending => "正在保存…".to_owned(),
        Save::Done(at) => format!("已保存 {at}"),
        Save::Failed(_) => "保存失败，".to_owned(),
        Save::SignedOut => "保存失败，内容已保留在本机".to_owned(),
        Save::Conflict(_) => "保存失败，此草稿已在别处更新".to_owned(),
    });
    view! {
        <p class="save-state" role="status" data-state=look>
            {words}
            {reactive(move || matches!(state.save.get(), Save::Failed(_)).then(|| act(state, "link", "重试", again)))}
        </p>
    }
    .into_any()
}

fn again(state: FormState) {
    state.save_soon(0);
}

fn act(state: FormState, class: &'static str, label: &'static str, act: fn(FormState)) -> AnyView {
    view! { <button type="button" class=class on:click=move |_| act(state)>{label}</button> }.into_any()
}

#[component]
pub fn Banners() -> impl IntoView {
    const SMALL: &str = "button button-small";
    let state = expect_context::<FormState>();
    reactive(move || {
        let (tone, sentence, acts) = match state.save.get() {
            Save::SignedOut => (
                "warning",
                "登录已过期，填写的内容已保留在本机。重新登录后会回到这一步并恢复内容。".to_owned(),
                vec![
                    view! { <a class=SMALL rel="external" href=state.sign_in_href()>"重新登录"</a> }
                        .into_any(),
                ],
            ),
            Save::Failed(sentence) => ("danger", sentence, vec![act(state, SMALL, "重试", again)]),
            Save::Conflict(at) => (
                "warning",
                format!("此草稿已在另一个窗口更新（{at}）。请选择保留哪一份，不会自动覆盖。"),
                vec![
                    act(state, SMALL, "载入已保存的内容", FormState::load_theirs),
                    act(state, SMALL, "用本页内容覆盖", FormState::overwrite),
                ],
            ),
            Save::Untouched | Save::Waiting | Save::Sending | Save::Done(_) => return None,
        };
        Some(
            view! { <div class="banner" role="alert" data-tone=tone><p>{sentence}</p>{acts}</div> }
                .into_any(),
        )
    })
}
