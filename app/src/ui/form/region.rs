//! The cascade of regions: province, city, county, as native selects. Cities without counties end
//! after two; the single child of a municipality is chosen by itself. With scripts a part of a name is enough:
//! 东城 finds 北京市东城区.

use leptos::prelude::*;

use super::field::Parts;
use super::reactive::reactive;
use super::{FormState, combobox};
use crate::ui::drop_down::options_of;

pub const LEVELS: [&str; 3] = ["", "（市）", "（区县）"];

pub fn control(state: FormState, parts: Parts) -> AnyView {
    let at = StoredValue::new(parts.at.clone());
    let selects = (0..LEVELS.len()).map(|level| select(state, at, level, &parts)).collect_view();
    let cascade = format!("{}-cascade", parts.id);
    view! {
        <div class="control cascade" id=cascade on:focusout=move |_| state.left_region(at.get_value())>
            {combobox::regions(state, &parts)}
            {selects}
        </div>
    }
    .into_any()
}

/// The id of the select of a level.
pub fn select_id(id: &str, level: usize) -> String {
    if level == 0 { id.to_owned() } else { format!("{id}-{level}") }
}

/// The code chosen at a level of the cascade, given the deepest code: 110101 → 110000, 110100, 110101.
pub fn code_at(state: FormState, deepest: &str, level: usize) -> Option<String> {
    if deepest.len() != 6 {
        return None;
    }
    let province = format!("{}0000", deepest.get(..2)?);
    let city = format!("{}00", deepest.get(..4)?);
    match level {
        0 => Some(province),
        1 if city != province && offers(state, &province, &city) => Some(city),
        1 if deepest != province && offers(state, &province, deepest) => Some(deepest.to_owned()),
        2 if deepest != city && deepest != province && offers(state, &city, deepest) => {
            Some(deepest.to_owned())
        }
        _ => None,
    }
}

fn offers(state: FormState, parent: &str, code: &str) -> bool {
    state.regions.with(|regions| {
        regions.get(parent).is_some_and(|children| children.iter().any(|child| child.code == code))
    })
}

fn select(state: FormState, at: StoredValue<String>, level: usize, parts: &Parts) -> AnyView {
    // The select is drawn anew only when the code above it changes, so it keeps the focus.
    let parent = Memo::new(move |_| {
        let deepest = state.answers.with(|answers| answers.text(&at.get_value()).to_owned());
        match level {
            0 => Some(String::new()),
            _ => code_at(state, &deepest, level - 1),
        }
    });
    let children = Memo::new(move |_| {
        let parent = parent.get()?;
        state.regions.with(|regions| regions.get(&parent).cloned()).filter(|children| !children.is_empty())
    });
    let id = select_id(&parts.id, level);
    let (label, described, invalid, required) = (parts.label, parts.described, parts.invalid, parts.required);
    reactive(move || {
        children.get().map(|children| {
            let deepest = state.answers.with_untracked(|answers| answers.text(&at.get_value()).to_owned());
            let chosen = untrack(|| code_at(state, &deepest, level));
            let options = children.iter().map(|child| (child.code.as_str(), child.name.as_str()));
            let options = options_of(options, chosen.as_deref().unwrap_or_default());
            let name = Signal::derive(move || {
                let suffix = LEVELS.get(level).filter(|_| level > 0)?;
                Some(format!("{}{suffix}", label.get()))
            });
            view! {
                <select
                    class="input"
                    id=id.clone()
                    name=at.get_value()
                    autocomplete="off"
                    aria-label=name
                    aria-required=required
                    aria-invalid=invalid
                    aria-describedby=described
                    on:change=move |event| {
                        // The form would read its controls before they are drawn anew, and so undo what follows
                        // from the choice.
                        event.stop_propagation();
                        let code = event_target_value(&event);
                        let code = if code.is_empty() { parent.get_untracked().unwrap_or_default() } else { code };
                        state.choose_region(at.get_value(), code);
                    }
                    inner_html=options
                ></select>
            }
            .into_any()
        })
    })
}
