//! A dialog that is part of the page's address: rendered open on the server, made modal (focus kept
//! inside, the rest inert) once wasm is there.

use leptos::html;
use leptos::prelude::*;

#[component]
pub fn Dialog(
    #[prop(into)] title: String,
    #[prop(default = false)] wide: bool,
    children: Children,
) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = element.get() {
            // `open` from the server's page is taken back first: only showModal makes it modal.
            dialog.close();
            let _ = dialog.show_modal();
        }
    });
    view! {
        <dialog class="dialog" class:dialog-wide=wide open node_ref=element aria-labelledby="dialog-title">
            <h2 id="dialog-title">{title}</h2>
            {children()}
        </dialog>
    }
    .into_any()
}
