//! Lines of text with proposals below them, which `frontend/js/forms.js` asks for and shows: a line says by
//! `data-finds` what it finds, and is told by the event `chosen` (see `FormState::take_chosen`). Without scripts the
//! line of a provider is a plain one, and that of a region is not there.

use domain::schema::{Directory, Kind};
use domain::value::text::tidy;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

use super::FormState;
use super::field::Parts;
use super::reactive::reactive;

/// The name of a provider, with those that are known by a part of it (R31).
pub fn providers(state: FormState, parts: Parts, directory: Directory) -> AnyView {
    let Parts { place, at, id, required, described, invalid, .. } = parts;
    let value = state.answers.with_untracked(|answers| answers.text(&at).to_owned());
    view! {
        <div class="control combobox">
            <input
                class="input"
                type="text"
                id=id
                name=at.clone()
                value=value
                placeholder=place.field.placeholder
                autocomplete="off"
                spellcheck="false"
                data-finds=directory.code()
                data-list=directory.label()
                data-at=at
                aria-required=required
                aria-invalid=invalid
                aria-describedby=described
            />
        </div>
    }
    .into_any()
}

/// A line above the cascade of regions that finds one by a part of its name and shows the one that is chosen.
pub fn regions(state: FormState, parts: &Parts) -> AnyView {
    // Of a provider any level will do.
    let every_level = parts.place.section.directory.is_some();
    let (at, id) = (parts.at.clone(), format!("{}-find", parts.id));
    reactive(move || {
        state.is_live.get().then(|| {
            view! {
                <div class="combobox combobox-find">
                    <input
                        class="input"
                        type="text"
                        id=id.clone()
                        placeholder="输入地名查找，如 东城"
                        aria-label="输入地名查找"
                        autocomplete="off"
                        spellcheck="false"
                        data-finds="regions"
                        data-every=every_level.then_some("")
                        data-list="找到的地区"
                        data-at=at.clone()
                    />
                </div>
            }
            .into_any()
        })
    })
}

impl FormState {
    /// A proposal was chosen.
    pub(super) fn take_chosen(self, event: &web_sys::Event) {
        let line = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let Some(at) = line.and_then(|line| line.get_attribute("data-at")) else { return };
        let Some(place) = self.form.place(&at) else { return };
        let Ok(detail) = js_sys::Reflect::get(event.as_ref(), &"detail".into()) else { return };
        let text = |key: &str| {
            let text = js_sys::Reflect::get(&detail, &key.into()).ok().and_then(|text| text.as_string());
            tidy(&text.unwrap_or_default())
        };
        match place.field.kind {
            Kind::Region => self.take_region(at, text("region")),
            _ => {
                self.take_provider(
                    place.section,
                    [text("name"), text("region"), text("country"), text("phone")],
                );
            }
        }
    }
}
