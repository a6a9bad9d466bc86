//! The read-only view of a form, the comparison of two, and a filing's history.

use std::collections::BTreeMap;

use domain::answer::Answers;
use domain::route;
use domain::schema::Fault;
use domain::sheet::{Change, Sheet, SheetRow, SheetSection, Shown};
use domain::view::EventView;
use leptos::prelude::*;

use crate::ui::form::{field_id, row_id};
use crate::ui::talk::{asked_at, is_asked};

/// All answers by section.
#[component]
pub fn SheetView(
    sheet: Sheet,
    /// Where 【修改】 leads: step → address. None: no such links.
    #[prop(optional)]
    edit: Option<Callback<String, String>>,
    /// Reviewers write remarks at fields.
    #[prop(optional)]
    remarkable: bool,
    /// What was changed, shown before and after.
    #[prop(optional)]
    changes: Vec<Change>,
    /// What an officer said about fields (R53).
    #[prop(optional)]
    remarks: Vec<Fault>,
    /// Of the ids of its headings, where a page has several.
    #[prop(default = "s".to_owned(), into)]
    prefix: String,
) -> impl IntoView {
    let changes: BTreeMap<String, Change> =
        changes.into_iter().map(|change| (change.at.clone(), change)).collect();
    sheet
        .sections
        .into_iter()
        .enumerate()
        .map(|(number, SheetSection { title, step, rows })| {
            let id = format!("{prefix}-{number}");
            // A second sheet of the page has sections of the same names, which are no landmarks then.
            let named = (prefix == "s").then(|| id.clone());
            let link = edit.map(|edit| {
                let first = rows.first().map(|row| field_id(&row.at)).unwrap_or_default();
                let href = format!("{}#{first}", edit.run(step));
                view! { <a class="no-print" href=href aria-description=title.clone()>"修改"</a> }
            });
            let rows = rows
                .into_iter()
                .map(|row| {
                    let change = changes.get(&row.at).cloned();
                    let remark = remarks.iter().find(|remark| remark.at == row.at);
                    let remark = remark.map(|remark| remark.message.clone());
                    view! { <Row row remarkable change remark/> }
                })
                .collect_view();
            view! {
                <section class="sheet" aria-labelledby=named>
                    <div class="sheet-head"><h2 id=id.clone()>{title}</h2>{link}</div>
                    <dl class="sheet-list">{rows}</dl>
                </section>
            }
        })
        .collect_view()
}

#[component]
fn Row(row: SheetRow, remarkable: bool, change: Option<Change>, remark: Option<String>) -> impl IntoView {
    let SheetRow { at, label, value, masked } = row;
    let wide = matches!(&value, Shown::Pictures(ids) | Shown::Documents(ids) if ids.len() > 1);
    let changed = change.is_some();
    let name = label.clone();
    let content = match change {
        None => shown(&value, &label, masked),
        Some(Change { before, after, .. }) => view! {
            <div><span class="visually-hidden">{Side::Before.word()}</span>{side(&before, &label, masked, Side::Before)}</div>
            <div><span class="visually-hidden">{Side::After.word()}</span>{side(&after, &label, masked, Side::After)}</div>
        }
        .into_any(),
    };
    // By which a picture finds what it proves.
    let place = remarkable.then(|| at.clone());
    // Where the list of remarks leads to.
    let anchor = (remark.is_some() || is_asked(&at)).then(|| row_id(&at));
    let asked = asked_at(&at);
    view! {
        <div class="sheet-row" class:sheet-wide=wide data-changed=changed.then_some("") data-at=place id=anchor>
            <dt>{label.clone()}</dt>
            <dd>
                {content}
                {asked}
                {remark.map(|words| view! { <p class="remark"><b>"审核意见"</b>"："{words}</p> })}
                {remarkable.then(|| view! { <RemarkBox at name masked=masked || wide/> })}
            </dd>
        </div>
    }
    .into_any()
}

/// What an officer wrote about fields before and could not send: `remark.<address>`, `suggest.<address>`.
#[derive(Debug, Clone)]
pub struct Written(pub Answers);

/// Where an officer writes about a field: a ready sentence of the list `presets` or words of one's own,
/// and what should stand there instead. Personal values and pictures are not suggested (R70).
#[component]
fn RemarkBox(at: String, name: String, masked: bool) -> impl IntoView {
    let written = |name: &str| {
        use_context::<Written>().map(|Written(all)| all.text(name).to_owned()).unwrap_or_default()
    };
    let (remark, suggested) = (written(&format!("remark.{at}")), written(&format!("suggest.{at}")));
    let is_open = !remark.is_empty() || !suggested.is_empty();
    view! {
        <details class="remark-box" open=is_open>
            <summary>"写意见"<span class="visually-hidden">{format!("：{name}")}</span></summary>
            <input
                class="input"
                name=format!("remark.{at}")
                value=remark
                aria-label=format!("对“{name}”的意见")
                list="presets"
                maxlength="500"
                placeholder="选择常用意见或自行填写"
                autocomplete="off"
            />
            {(!masked).then(|| view! {
                <input
                    class="input"
                    name=format!("suggest.{at}")
                    value=suggested
                    aria-label=format!("对“{name}”建议填写的内容")
                    maxlength="200"
                    placeholder="建议填写的内容（可不填）"
                    autocomplete="off"
                />
            })}
        </details>
    }
    .into_any()
}

/// A value as a person reads it.
pub fn shown(value: &Shown, label: &str, masked: bool) -> AnyView {
    match value {
        Shown::Nothing => view! { <span class="blank">"（空）"</span> }.into_any(),
        Shown::Text(text) if masked => view! { <span class="masked">{text.clone()}</span> }.into_any(),
        Shown::Text(text) => view! { <span class="figures-text">{text.clone()}</span> }.into_any(),
        Shown::Lines(lines) | Shown::Part { items: lines, .. } => view! {
            <ul class="plain">{lines.iter().map(|line| view! { <li>{line.clone()}</li> }).collect_view()}</ul>
        }
        .into_any(),
        Shown::Pictures(ids) => ids
            .iter()
            .map(|id| {
                let href = route::file(id);
                // On the desk a picture in full is a look of its own, and stands beside the answers.
                let is_small = use_context::<Written>().is_some();
                let src = if is_small { format!("{href}?small=1") } else { href.clone() };
                view! {
                    <a class="thumb" href=href target="_blank" rel="noopener external">
                        <img src=src alt=label.to_owned() loading="lazy"/>
                    </a>
                }
            })
            .collect_view()
            .into_any(),
        Shown::Documents(ids) => ids
            .iter()
            .map(|id| {
                view! { <a href=route::file(id) target="_blank" rel="noopener external">{format!("{label}（pdf）")}</a> }
            })
            .collect_view()
            .into_any(),
    }
}

/// What a side of a comparison says of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

impl Side {
    fn word(self) -> &'static str {
        match self {
            Side::Before => "变更前：",
            Side::After => "变更后：",
        }
    }

    fn mark(self, content: AnyView) -> AnyView {
        match self {
            Side::Before => view! { <del>{content}</del> }.into_any(),
            Side::After => view! { <ins>{content}</ins> }.into_any(),
        }
    }
}

/// A value before or after a change. Of a list each item is marked by itself; what stayed as it was, and what was never
/// there, is not.
fn side(value: &Shown, label: &str, masked: bool, side: Side) -> AnyView {
    let items = |items: &[String]| {
        let text = |item: &String| view! { <span class="figures-text">{item.clone()}</span> }.into_any();
        items.iter().map(|item| view! { <li>{side.mark(text(item))}</li> }).collect_view()
    };
    match value {
        Shown::Lines(lines) => view! { <ul class="plain">{items(lines)}</ul> }.into_any(),
        Shown::Part { items: some, same } => view! {
            <ul class="plain">{items(some)}<li class="soft">{format!("（其余 {same} 项不变）")}</li></ul>
        }
        .into_any(),
        Shown::Nothing => shown(value, label, masked),
        Shown::Text(_) | Shown::Pictures(_) | Shown::Documents(_) => side.mark(shown(value, label, masked)),
    }
}

/// The comparison of R19: 序号, 变更字段, 变更前, 变更后. `first` is the number of the first row.
#[component]
pub fn ChangesTable(changes: Vec<Change>, #[prop(default = 1)] first: usize) -> impl IntoView {
    view! {
        <div class="table-wrap">
            <table class="table changes">
                <caption class="visually-hidden">"变更前后对比"</caption>
                <thead>
                    <tr>
                        <th scope="col">"序号"</th>
                        <th scope="col">"变更字段"</th>
                        <th scope="col">"变更前"</th>
                        <th scope="col">"变更后"</th>
                    </tr>
                </thead>
                <tbody>
                    {changes
                        .into_iter()
                        .enumerate()
                        .map(|(number, change)| view! {
                            <tr>
                                <td data-label="序号" class="num">{first + number}</td>
                                <td data-label="变更字段"><span>{change.label.clone()}<span class="soft">{format!(" {}", change.section)}</span></span></td>
                                <td data-label="变更前">{side(&change.before, &change.label, false, Side::Before)}</td>
                                <td data-label="变更后">{side(&change.after, &change.label, false, Side::After)}</td>
                            </tr>
                        })
                        .collect_view()}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

/// What happened to a filing, newest first.
#[component]
pub fn History(events: Vec<EventView>) -> impl IntoView {
    view! {
        <ol class="timeline">
            {events
                .into_iter()
                .map(|event| view! {
                    <li>
                        <p><b>{event.what}</b>" "<span class="soft">{event.who}</span></p>
                        <time class="figures">{event.at}</time>
                        {(!event.note.is_empty()).then(|| view! { <p class="timeline-note">{event.note}</p> })}
                    </li>
                })
                .collect_view()}
        </ol>
    }
    .into_any()
}
