//! A dialog that is part of the page's address: rendered open on the server, made modal (focus kept
//! inside, the rest inert) once wasm is there.

use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

#[component]
pub fn Dialog(
    #[prop(into)] title: String,
    #[prop(default = false)] wide: bool,
    /// What is to be read comes first: the focus begins at the title, not at the first link.
    #[prop(optional)]
    reads: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <dialog class="dialog" class:dialog-wide=wide open aria-labelledby="dialog-title">
            <h2 id="dialog-title" tabindex=reads.then_some("-1") autofocus=reads>{title}</h2>
            {children()}
            <Modal/>
        </dialog>
    }
    .into_any()
}

/// Makes the dialog it stands in modal.
#[island]
fn Modal() -> impl IntoView {
    let element = NodeRef::<html::Span>::new();
    Effect::new(move |_| {
        let dialog = element
            .get()
            .and_then(|here| here.closest("dialog").ok().flatten())
            .and_then(|dialog| dialog.dyn_into::<web_sys::HtmlDialogElement>().ok());
        if let Some(dialog) = dialog {
            // `open` from the server's page is taken back first: only showModal makes it modal.
            dialog.close();
            let _ = dialog.show_modal();
        }
    });
    view! { <span hidden node_ref=element></span> }
}
