//! A region in a form that is posted as it is: province, city and county as native selects, `region_0` to `region_2`, of
//! which the deepest counts. 【下一级】 posts the form with `update`, and the page comes back with what lies below.

use domain::view::RegionOption;
use leptos::prelude::*;
use maud::html;

use crate::api;

const LEVELS: [(&str, &str); 3] = [("region_0", ""), ("region_1", "（市）"), ("region_2", "（区县）")];

/// What the levels offer down to below the region that is chosen.
pub async fn levels_of(region: &str) -> api::Answer<Vec<Vec<RegionOption>>> {
    let mut levels = vec![api::regions(String::new()).await?];
    for code in codes_of(region) {
        let below = api::regions(code).await?;
        if below.is_empty() {
            break;
        }
        levels.push(below);
    }
    Ok(levels)
}

/// 110101 → 110000, 110100, 110101; 110000 → 110000.
fn codes_of(region: &str) -> Vec<String> {
    let above = [2, 4, 6].into_iter().filter_map(|digits| Some(format!("{:0<6}", region.get(..digits)?)));
    let mut codes: Vec<String> = above.collect();
    codes.dedup();
    codes
}

/// The id of [`RegionNames`].
pub const NAMES: &str = "region-names";

/// What a control with `list=NAMES` proposes while a region is typed.
#[component]
pub fn RegionNames(names: Vec<String>) -> impl IntoView {
    // There are thousands.
    let options = html! {
        @for name in &names { option value=(name); }
    };
    view! { <datalist id=NAMES inner_html=options.into_string()></datalist> }.into_any()
}

#[component]
pub fn RegionCascade(
    /// Of the first select; its label and those of the others begin with `label`.
    id: &'static str,
    label: &'static str,
    region: String,
    levels: Vec<Vec<RegionOption>>,
    described: String,
    is_wrong: bool,
    /// The focus begins at the last level, which has just come.
    begins: bool,
) -> impl IntoView {
    let chosen = codes_of(&region);
    let last = levels.len().saturating_sub(1);
    let selects = LEVELS.into_iter().zip(levels).enumerate().map(|(level, ((name, suffix), options))| {
        let options = options
            .into_iter()
            .map(|RegionOption { code, name, .. }| {
                let selected = chosen.contains(&code);
                view! { <option value=code selected=selected>{name}</option> }
            })
            .collect_view();
        view! {
            <select
                class="input"
                id=if level == 0 { id.to_owned() } else { format!("{id}-{level}") }
                name=name
                autocomplete="off"
                aria-label=(level > 0).then(|| format!("{label}{suffix}"))
                aria-describedby=described.clone()
                aria-invalid=is_wrong.then_some("true")
                autofocus=begins && level == last
            >
                <option value="">"请选择"</option>
                {options}
            </select>
        }
    });
    let has_more = last + 1 < LEVELS.len();
    view! {
        <div class="cascade">
            {selects.collect_view()}
            {has_more.then(|| view! { <button class="button button-small" name="update" value="yes">"下一级"</button> })}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_lies_in_its_city_and_its_province() {
        assert_eq!(codes_of("110101"), ["110000", "110100", "110101"]);
        assert_eq!(codes_of("110100"), ["110000", "110100"]);
        assert_eq!(codes_of("110000"), ["110000"]);
        assert_eq!(codes_of(""), Vec::<String>::new());
        assert_eq!(codes_of("省"), Vec::<String>::new());
    }
}
