//! A region in a form that is posted as it is: province, city and county as native selects, `region_0` to `region_2`, of
//! which the deepest counts. Without scripts a button that posts `update` fetches the next level.

use domain::view::RegionOption;
use leptos::prelude::*;
use leptos::task::spawn_local;

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

#[cfg_attr(any(feature = "ssr", feature = "page-islands"), island)]
#[cfg_attr(not(any(feature = "ssr", feature = "page-islands")), component)]
pub fn RegionCascade(
    /// Of the first select; its label and those of the others begin with `label`.
    id: String,
    label: String,
    region: String,
    levels: Vec<Vec<RegionOption>>,
    described: String,
    is_wrong: bool,
) -> impl IntoView {
    let chosen = codes_of(&region);
    let levels = RwSignal::new(levels);
    // Grows with each choice, so that a slow answer to an earlier one is dropped.
    let turn = RwSignal::new(0_u32);
    let choose = move |level: usize, code: String| {
        levels.update(|levels| levels.truncate(level + 1));
        turn.update(|turn| *turn += 1);
        let mine = turn.get_untracked();
        if code.is_empty() || level + 1 == LEVELS.len() {
            return;
        }
        spawn_local(async move {
            if let Ok(below) = api::regions(code).await
                && turn.get_untracked() == mine
                && !below.is_empty()
            {
                levels.update(|levels| levels.push(below));
            }
        });
    };
    let selects = LEVELS.into_iter().enumerate().map(|(level, (name, suffix))| {
        // Drawn anew only when what it offers changes, so that the select keeps the focus.
        let offered = Memo::new(move |_| levels.with(|levels| levels.get(level).cloned()));
        let id = if level == 0 { id.clone() } else { format!("{id}-{level}") };
        let (label, described) = (format!("{label}{suffix}"), described.clone());
        let chosen = chosen.clone();
        move || {
            offered.get().map(|options| {
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
                        id=id.clone()
                        name=name
                        autocomplete="off"
                        aria-label=(level > 0).then(|| label.clone())
                        aria-describedby=described.clone()
                        aria-invalid=is_wrong.then_some("true")
                        on:change=move |event| choose(level, event_target_value(&event))
                    >
                        <option value="">"请选择"</option>
                        {options}
                    </select>
                }
            })
        }
    });
    view! { <div class="cascade">{selects.collect_view()}</div> }
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
