//! 移送: what came to the wrong region goes to the right one, with a reason. The region is chosen level
//! by level through the address, so that it needs no script.

use domain::route;
use domain::view::RegionOption;
use leptos::prelude::*;

use crate::api;
use crate::pages::query::query_text;

/// What the address has chosen so far, with what lies below it and, for a leaf, its own name.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct Level {
    pub chosen: String,
    pub name: String,
    pub below: Vec<RegionOption>,
}

pub(super) async fn level_at(chosen: String) -> api::Answer<Level> {
    let below = api::regions(chosen.clone()).await?;
    let mut name = String::new();
    if below.is_empty() {
        // Cities without counties lie directly below their province.
        for digits in [4, 2] {
            let parent = format!("{:0<6}", chosen.get(..digits).unwrap_or_default());
            let beside = api::regions(parent).await?;
            if let Some(region) = beside.into_iter().find(|region| region.code == chosen) {
                name = region.name;
                break;
            }
        }
    }
    Ok(Level { chosen, name, below })
}

#[component]
pub fn Transfer(id: String, from: String) -> impl IntoView {
    let chosen = query_text("move");
    let level = Resource::new(chosen, level_at);
    let is_open = !untrack(chosen).is_empty();
    let path = StoredValue::new((id, from));
    view! {
        <details id="transfer" open=is_open>
            <summary>"移送其他地区"</summary>
            <p class="soft">"不属本辖区管辖时，移送至应当管辖的区县；一并提交的主体和业务随之移送。"</p>
            <Suspense>
                {Suspend::new(async move {
                    let (id, from) = path.get_value();
                    match level.await {
                        Ok(level) => steps(id, from, level),
                        Err(error) => view! { <p>{error.sentence()}</p> }.into_any(),
                    }
                })}
            </Suspense>
        </details>
    }
    .into_any()
}

fn steps(id: String, from: String, level: Level) -> AnyView {
    let Level { chosen, name, below } = level;
    let page = route::review_filing(&id);
    let restart = crate::ui::table::href(&page, &[("from", &from)]);
    let is_last = below.is_empty() && !name.is_empty();
    if is_last || (!below.is_empty() && below.iter().all(|region| region.is_leaf)) {
        let region = if is_last {
            view! {
                <input type="hidden" name="region" value=chosen autocomplete="off"/>
                <p>{format!("移送至：{name}")}</p>
            }
            .into_any()
        } else {
            select("region", "移送至（区县）", below)
        };
        return view! {
            <form class="filters" method="post" action="/act/transfer-filing">
                <input type="hidden" name="filing" value=id autocomplete="off"/>
                <input type="hidden" name="from" value=from autocomplete="off"/>
                {region}
                <div class="filter">
                    <label for="move-reason">"移送理由"</label>
                    <input class="input" id="move-reason" name="reason" required maxlength="200" autocomplete="off"/>
                </div>
                <div class="filter-actions">
                    <button class="button">"移送"</button>
                    <a class="button button-quiet" href=restart rel="external">"取消"</a>
                </div>
            </form>
        }
        .into_any();
    }
    let label = if chosen.is_empty() { "移送至（省）" } else { "移送至（市）" };
    view! {
        <form class="filters" method="get" action=format!("{page}#transfer")>
            <input type="hidden" name="from" value=from autocomplete="off"/>
            {select("move", label, below)}
            <div class="filter-actions"><button class="button">"下一级"</button></div>
        </form>
    }
    .into_any()
}

pub(super) fn select(name: &'static str, label: &'static str, options: Vec<RegionOption>) -> AnyView {
    let options = options
        .into_iter()
        .map(|region| view! { <option value=region.code>{region.name}</option> })
        .collect_view();
    view! {
        <div class="filter">
            <label for="move-region">{label}</label>
            <select class="input" id="move-region" name=name required autocomplete="off">
                <option value="">"请选择"</option>
                {options}
            </select>
        </div>
    }
    .into_any()
}
