//! 显示设置: columns and height of the rows of the queue, and single letters as shortcuts; kept with the person.

use domain::view::{Density, DeskSettings, QueueColumn};
use leptos::prelude::*;

#[component]
pub fn Display(
    settings: DeskSettings,
    /// The queue to come back to.
    from: String,
) -> impl IntoView {
    let columns = QueueColumn::ALL
        .map(|column| {
            let checked = settings.shows(column);
            // No label of the filters is part of another one's.
            let label = if column == QueueColumn::Region { "辖区" } else { column.label() };
            view! {
                <label class="choice">
                    <input type="checkbox" name=format!("column.{}", column.code()) checked=checked autocomplete="off"/>
                    <span>{format!("显示{label}")}</span>
                </label>
            }
        })
        .collect_view();
    let densities = Density::ALL
        .map(|density| {
            let checked = settings.density == density;
            view! {
                <label class="choice">
                    <input type="radio" name="density" value=density.code() checked=checked autocomplete="off"/>
                    <span>{density.label()}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <details class="queue-display">
            <summary>"显示设置"</summary>
            <form method="post" action="/act/desk-settings" class="queue-popup">
                <input type="hidden" name="from" value=from autocomplete="off"/>
                <fieldset><legend>"列"</legend><div class="choices">{columns}</div></fieldset>
                <fieldset><legend>"行高"</legend><div class="choices">{densities}</div></fieldset>
                <fieldset>
                    <legend>"快捷键"</legend>
                    <label class="choice">
                        <input type="checkbox" name="single_keys" checked=settings.single_keys autocomplete="off"/>
                        <span>"审核页使用单字母快捷键"</span>
                    </label>
                </fieldset>
                <button class="button">"保存显示设置"</button>
            </form>
        </details>
    }
    .into_any()
}
