//! 近 7 日, 30 日, 90 日: over what a page counts, in its address.

use domain::view::Period;
use leptos::prelude::*;

use crate::ui::table::href;

#[component]
pub fn Periods(
    /// The page, and what else its address says.
    page: &'static str,
    #[prop(optional)] with: Vec<(&'static str, String)>,
    period: Period,
) -> impl IntoView {
    let links = Period::ALL
        .map(|one| {
            let current = (one == period).then_some("page");
            let mut pairs: Vec<(&str, &str)> =
                with.iter().map(|(name, text)| (*name, text.as_str())).collect();
            pairs.push(("days", one.code()));
            view! { <a href=href(page, &pairs) rel="external" aria-current=current>{one.label()}</a> }
        })
        .collect_view();
    view! { <nav class="tabs periods" aria-label="统计时段">{links}</nav> }.into_any()
}
