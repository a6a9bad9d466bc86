//! Fields of small forms that are posted as they are: a label, a hint, the control, and what is wrong with it.

use leptos::prelude::*;

/// What a control of a [`PlainField`] is described by.
pub fn described(id: &str, is_wrong: bool) -> String {
    if is_wrong { format!("{id}-hint {id}-error") } else { format!("{id}-hint") }
}

#[component]
pub fn PlainField(
    /// Of the control, which says `aria-describedby=described(id, …)`.
    id: &'static str,
    label: &'static str,
    #[prop(into)] hint: String,
    fault: Option<String>,
    #[prop(optional)] required: bool,
    children: Children,
) -> impl IntoView {
    let invalid = fault.is_some().then_some("");
    view! {
        <div class="field" data-invalid=invalid>
            <div class="field-label">
                {required.then(|| view! { <span class="star" aria-hidden="true">"*"</span> })}
                <label for=id>{label}</label>
                {required.then(|| view! { <span class="visually-hidden">"必填"</span> })}
            </div>
            <p class="hint" id=format!("{id}-hint")>{hint}</p>
            <div class="control">{children()}</div>
            {fault.map(|fault| view! { <p class="error" id=format!("{id}-error")>{fault}</p> })}
        </div>
    }
    .into_any()
}
