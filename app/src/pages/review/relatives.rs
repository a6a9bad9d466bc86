//! 重复与关联: filings of other subjects that have something in common with one on the desk, side by side with it, and
//! 已核对 for each. Plain posts throughout.

use domain::relation::{LONGEST_REASON, REASON, SHORTEST_REASON};
use domain::route;
use domain::schema::Fault;
use domain::sheet::Change;
use domain::view::{CheckedPair, KnownRelative, Relative, RelativesView};
use leptos::prelude::*;

use crate::api::Answer;
use crate::pages::query::query_text;
use crate::ui::form::escape;
use crate::ui::sheet::shown;
use crate::ui::{FilingBadge, answered};

/// The form that the controls of [`Relatives`] belong to. It stands outside of every other form of the page; the
/// controls may stand anywhere.
#[component]
pub fn RelativesForm(
    /// Of the filing.
    #[prop(into)]
    id: String,
) -> impl IntoView {
    let from = untrack(query_text("from"));
    view! {
        <form id="relatives-form" method="post" action="/act/check-relative">
            <input type="hidden" name="filing" value=id autocomplete="off"/>
            <input type="hidden" name="from" value=from autocomplete="off"/>
        </form>
    }
    .into_any()
}

/// What has something in common with a filing. Needs a [`RelativesForm`] on the page.
#[component]
pub fn Relatives(found: Answer<RelativesView>) -> impl IntoView {
    answered(found, true, |found| view! { <Found found/> })
}

#[component]
fn Found(found: RelativesView) -> impl IntoView {
    let RelativesView { relatives, has_more, typed, faults } = found;
    let doubts = relatives
        .iter()
        .filter(|relative| relative.is_exact() && relative.checked.is_none())
        .map(|relative| {
            let what: Vec<&str> =
                relative.shared.iter().filter(|kind| kind.is_exact()).map(|kind| kind.label()).collect();
            let href = format!("#relative-{}", relative.record);
            view! {
                <li data-state="warn">
                    <span><b>"请核实"</b>"："{what.join("、")}"，"<a href=href>{named(relative)}</a></span>
                </li>
            }
        })
        .collect_view();
    let is_empty = relatives.is_empty();
    let (held, reason) = (typed.text("record").to_owned(), typed.text(REASON).to_owned());
    let fault = faults.into_iter().map(|Fault { message, .. }| message).next();
    let rows = relatives
        .into_iter()
        .map(|relative| {
            let is_held = relative.record == held;
            let (reason, fault) = match is_held {
                true => (reason.clone(), fault.clone()),
                false => (String::new(), None),
            };
            view! { <One relative reason fault/> }
        })
        .collect_view();
    view! {
        <section class="card relatives" id="relatives" aria-labelledby="relatives-title">
            <div class="card-head"><h2 id="relatives-title">"重复与关联"</h2></div>
            {is_empty.then(|| view! { <p class="soft">"其他主体的申请中，没有相同的证件号码、域名和电话。"</p> })}
            <ul class="checks">{doubts}</ul>
            {(!is_empty).then(|| view! { <ul class="relatives-list">{rows}</ul> })}
            {has_more.then(|| view! { <p class="soft">"还有更多，只列出最相近的。"</p> })}
        </section>
    }
    .into_any()
}

/// The site or the subject by its name, or what may be told of another region's.
fn named(relative: &Relative) -> String {
    match &relative.known {
        Some(known) => format!("{} {}", relative.business.noun(), known.title),
        None => format!("{}的{} {}", relative.region, relative.business.noun(), relative.number),
    }
}

#[component]
fn One(relative: Relative, reason: String, fault: Option<String>) -> impl IntoView {
    let name = named(&relative);
    let is_doubtful = relative.is_exact() && relative.checked.is_none();
    let is_open = is_doubtful || fault.is_some();
    let Relative { record, number, region, is_over, shared, known, checked, .. } = relative;
    let tags = shared.iter().map(|kind| view! { <span class="tag">{kind.label()}</span> " " }).collect_view();
    let is_checked = checked.is_some();
    let (summary, anchor) = (name.clone(), format!("relative-{record}"));
    view! {
        <li id=anchor>
            <details open=is_open>
                <summary>
                    <b>{summary}</b>" "{tags}
                    {is_checked.then(|| view! { <span class="badge" data-tone="ok">"已核对"</span> })}
                </summary>
                <p class="soft figures">{number}" · "{region}{is_over.then_some(" · 已注销")}</p>
                {match known {
                    Some(known) => view! { <Known known name=name.clone()/> }.into_any(),
                    None => view! { <p class="soft">"由其他地区管辖，不显示内容。"</p> }.into_any(),
                }}
                {checked.map(|CheckedPair { by, at, reason }| view! {
                    <div class="notice" data-tone="ok"><p><b>"已核对"</b>" "{by}" "<time class="figures">{at}</time></p><p class="said">{reason}</p></div>
                })}
                <Check record name reason fault is_again=is_checked/>
            </details>
        </li>
    }
    .into_any()
}

#[component]
fn Known(known: KnownRelative, name: String) -> impl IntoView {
    let KnownRelative { filing, subject_name, state, differs, .. } = known;
    view! {
        <p class="cluster">
            <span>{subject_name}</span>
            <FilingBadge state/>
            <a href=route::review_filing(&filing) rel="external" target="_blank" aria-description=name>"打开申请单"</a>
        </p>
        {match differs {
            None => ().into_any(),
            Some(changes) if changes.is_empty() => view! { <p>"填写的内容完全相同（图片除外）。"</p> }.into_any(),
            Some(changes) => view! { <Differences changes/> }.into_any(),
        }}
    }
    .into_any()
}

/// Which of the answers differ, side by side.
#[component]
fn Differences(changes: Vec<Change>) -> impl IntoView {
    let rows = changes
        .into_iter()
        .map(|Change { label, before, after, .. }| {
            view! {
                <tr>
                    <td data-label="不同的项目">{label.clone()}</td>
                    <td data-label="本申请">{shown(&before, &label, false)}</td>
                    <td data-label="对方">{shown(&after, &label, false)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-wrap">
            <table class="table">
                <caption class="visually-hidden">"不同的内容"</caption>
                <thead><tr><th scope="col">"不同的项目"</th><th scope="col">"本申请"</th><th scope="col">"对方"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// 标为已核对, with why.
#[component]
fn Check(
    record: String,
    name: String,
    reason: String,
    fault: Option<String>,
    is_again: bool,
) -> impl IntoView {
    let of = |part: &str| format!("relative-{part}-{record}");
    let (box_id, hint, error) = (of("reason"), of("hint"), of("error"));
    let invalid = fault.is_some();
    let described = if invalid { format!("{hint} {error}") } else { hint.clone() };
    let label = if is_again { "再次核对" } else { "标为已核对" };
    view! {
        <div class="field no-print" data-invalid=invalid.then_some("")>
            <div class="field-label"><label for=box_id.clone()>"核对情况"<span class="visually-hidden">{format!("：{name}")}</span></label></div>
            <p class="hint" id=hint>{format!("{SHORTEST_REASON} 至 {LONGEST_REASON} 个字，以后审核的民警可以看到")}</p>
            <div class="control">
                <textarea
                    class="input"
                    id=box_id
                    name=format!("reason.{record}")
                    form="relatives-form"
                    rows="2"
                    maxlength=LONGEST_REASON
                    aria-describedby=described
                    aria-invalid=invalid.then_some("true")
                    autocomplete="off"
                    inner_html=escape(&reason)
                ></textarea>
            </div>
            {fault.map(|fault| view! { <p class="error" id=error>{fault}</p> })}
            <div class="actions">
                <button class="button button-small" form="relatives-form" name="record" value=record.clone() aria-description=name>{label}</button>
            </div>
        </div>
    }
    .into_any()
}
