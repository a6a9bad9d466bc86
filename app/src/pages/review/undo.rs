//! 撤回: what the officer has just done, for as long as it can be taken back. The seconds are counted by
//! `frontend/js/desk.js`; without scripts the server says when it is too late.

use domain::view::UndoOffer;
use leptos::prelude::*;

use crate::api;

/// What can be taken back now. What cannot be asked is not offered; the page itself says what is wrong.
pub async fn undo_offer() -> Option<UndoOffer> {
    api::undoable().await.ok().flatten()
}

#[component]
pub fn Undo(
    offer: Option<UndoOffer>,
    /// The queue the officer works through.
    #[prop(into)]
    from: String,
) -> impl IntoView {
    offer.map(|offer| view! { <Offer offer from/> })
}

#[component]
fn Offer(offer: UndoOffer, from: String) -> impl IntoView {
    let UndoOffer { act, event, about, others, seconds_left } = offer;
    let others = if others > 0 { format!(" 等 {} 件", others + 1) } else { String::new() };
    view! {
        <form class="undo" method="post" action="/act/undo" data-seconds=seconds_left.to_string()>
            <input type="hidden" name="act" value=act autocomplete="off"/>
            <input type="hidden" name="from" value=from autocomplete="off"/>
            <p>
                <b>{format!("{event}：{about}{others}")}</b>" "
                <span class="soft"><span class="undo-left">{seconds_left.to_string()}</span>" 秒内可以撤回，之后才通知申请人。"</span>
            </p>
            <button class="button button-small" accesskey="z">"撤回"</button>
        </form>
    }
    .into_any()
}
