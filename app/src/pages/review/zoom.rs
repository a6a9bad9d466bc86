//! Pictures of the review page, large and larger and turned, in a dialog (R63). Without scripts the same links
//! open the picture by itself.

use leptos::ev::MouseEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

/// The picture that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Picture {
    href: String,
    name: String,
}

/// Steps of enlargement, in turns of the dialog's width.
const LARGEST: u8 = 4;

/// A click on a small picture anywhere in the page; with a modifier the browser has its way.
fn on_click(event: &MouseEvent, open: RwSignal<Option<Picture>>) {
    if event.ctrl_key() || event.meta_key() || event.shift_key() || event.button() != 0 {
        return;
    }
    let link = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
        .and_then(|element| element.closest("a.thumb").ok().flatten());
    let Some(link) = link else { return };
    let Some(href) = link.get_attribute("href") else { return };
    let name = link.query_selector("img").ok().flatten().and_then(|image| image.get_attribute("alt"));
    event.prevent_default();
    open.set(Some(Picture { href, name: name.unwrap_or_default() }));
}

#[cfg_attr(any(feature = "ssr", feature = "page-islands"), island)]
#[cfg_attr(not(any(feature = "ssr", feature = "page-islands")), component)]
pub fn Zoom() -> impl IntoView {
    let open = RwSignal::new(None::<Picture>);
    Effect::new(move |_| {
        let listening = window_event_listener(leptos::ev::click, move |event| on_click(&event, open));
        on_cleanup(move || listening.remove());
    });
    let dialog = NodeRef::<html::Dialog>::new();
    let size = RwSignal::new(1_u8);
    let turns = RwSignal::new(0_u8);
    Effect::new(move |_| {
        if let (Some(dialog), true) = (dialog.get(), open.with(Option::is_some)) {
            size.set(1);
            turns.set(0);
            let _ = dialog.show_modal();
        }
    });
    let picture = move || open.get().map(|Picture { href, name }| view! { <img src=href alt=name/> });
    let name =
        move || open.with(|open| open.as_ref().map(|picture| picture.name.clone())).unwrap_or_default();
    view! {
        <dialog class="dialog dialog-wide" node_ref=dialog aria-labelledby="zoom-name" on:close=move |_| open.set(None)>
            <h2 id="zoom-name">{name}</h2>
            <div class="zoom" data-size=move || size.get().to_string() data-turns=move || turns.get().to_string() tabindex="0" role="group" aria-label="图片">{picture}</div>
            <form method="dialog" class="actions">
                <button
                    type="button"
                    class="button"
                    disabled={move || size.get() >= LARGEST}
                    on:click=move |_| size.update(|size| *size = (*size + 1).min(LARGEST))
                >
                    "放大"
                </button>
                <button
                    type="button"
                    class="button"
                    disabled={move || size.get() <= 1}
                    on:click=move |_| size.update(|size| *size = size.saturating_sub(1).max(1))
                >
                    "缩小"
                </button>
                <button
                    type="button"
                    class="button"
                    on:click=move |_| turns.update(|turns| *turns = (*turns + 1) % 4)
                >
                    "旋转"
                </button>
                <button class="button">"关闭"</button>
            </form>
        </dialog>
    }
    .into_any()
}
