//! The rows of 审核队列: one line each, a new subject with what came in with it in one (R15), how long it has waited as
//! number, bar and word. `Live` exchanges them in their places, by `data-row`.

use domain::filing::FilingState;
use domain::route;
use domain::view::{Density, DeskSettings, Paged, QueueColumn, QueueLine, QueueRequest, QueueRow};
use leptos::prelude::*;

use super::address::{address, filing_href, query_of};
use crate::ui::table::Pager;
use crate::ui::talk::WaitingTag;
use crate::ui::{Empty, FilingBadge};

#[component]
pub fn Rows(request: QueueRequest, page: Paged<QueueLine>, settings: DeskSettings) -> impl IntoView {
    let here = |after: &str| address(&QueueRequest { after: after.to_owned(), ..request.clone() });
    if page.rows.is_empty() {
        let plain = QueueRequest { sort: request.sort.clone(), ..QueueRequest::default() };
        let is_filtered = request != plain && request != QueueRequest { state: "open".to_owned(), ..plain };
        return if is_filtered {
            view! { <Empty sentence="没有符合条件的申请单。" action=("查看未办结的申请单", route::QUEUE)/> }
                .into_any()
        } else {
            view! { <Empty sentence="没有等待审核的申请单。" action=("返回审核工作台", route::REVIEW)/> }
                .into_any()
        };
    }
    let from = query_of(&QueueRequest { after: String::new(), ..request.clone() });
    let is_compact = settings.density == Density::Compact;
    let head = |column: QueueColumn, class: &'static str| {
        settings.shows(column).then(|| view! { <th scope="col" class=class>{column.label()}</th> })
    };
    let rows = drawn(page.rows, &settings, &from);
    view! {
        <div class="table-wrap">
            <table class="table queue" data-compact=is_compact.then_some("")>
                <caption class="visually-hidden">"审核队列"</caption>
                <thead>
                    <tr>
                        <th scope="col" class="queue-tick"><span class="visually-hidden">"勾选"</span></th>
                        {head(QueueColumn::Reference, "queue-reference")}
                        <th scope="col" class="queue-kind">"业务类型"</th>
                        <th scope="col">"名称"</th>
                        {head(QueueColumn::Subject, "")}
                        {head(QueueColumn::Region, "queue-region")}
                        {head(QueueColumn::Submitted, "queue-submitted")}
                        {head(QueueColumn::Age, "queue-age num")}
                        <th scope="col" class="queue-state">"状态"</th>
                        <th scope="col" class="queue-actions">"操作"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <Pager total=page.total next=page.next.map(|after| here(&after)) first=page.is_later.then(|| here(""))/>
    }
    .into_any()
}

fn drawn(lines: Vec<QueueLine>, settings: &DeskSettings, from: &str) -> impl IntoView + use<> {
    let row = |line| view! { <Row line settings=settings.clone() from=from.to_owned()/> };
    lines.into_iter().map(row).collect_view()
}

/// Some rows, and how many there are in all.
#[cfg(feature = "ssr")]
#[component]
pub fn News(
    request: QueueRequest,
    rows: Vec<QueueLine>,
    total: u64,
    settings: DeskSettings,
) -> impl IntoView {
    let rows = drawn(rows, &settings, &query_of(&QueueRequest { after: String::new(), ..request }));
    view! {
        <table><tbody>{rows}</tbody></table>
        <Pager total=total next=None first=None/>
    }
    .into_any()
}

/// The end of a reference, which tells filings of a day apart.
fn short(reference: &str) -> String {
    let letters: Vec<char> = reference.chars().collect();
    letters.get(letters.len().saturating_sub(8)..).unwrap_or_default().iter().collect()
}

#[component]
fn Row(line: QueueLine, settings: DeskSettings, from: String) -> impl IntoView {
    let QueueLine { row, with, working_days, allowed_days, at } = line;
    let may_claim = row.state == FilingState::Pending && !row.is_own;
    let ids: Vec<&str> = with.iter().map(|one| one.id.as_str()).collect();
    let along = (!ids.is_empty()).then(|| ids.join(" "));
    let what = format!("{} {}", row.procedure.label(), row.title);
    let kind = match with.len() {
        0 => row.procedure.label().to_owned(),
        count => format!("{} + {count} 业务", row.procedure.label()),
    };
    let (kind_title, title, subject) = (kind.clone(), row.title.clone(), row.subject_name.clone());
    let (region, submitted) = (row.jurisdiction.clone(), row.submitted_at.clone());
    // A subject is called as its row is; what came with it takes the room.
    let is_wide = settings.shows(QueueColumn::Subject) && row.title == row.subject_name;
    view! {
        <tr data-row=row.id.clone() data-with=along data-at=at.to_string()>
            <td class="queue-tick">
                <input
                    type="checkbox"
                    form="batch"
                    name=format!("f.{}", row.id)
                    aria-label=format!("选择 {what}")
                    disabled=!row.state.is_open()
                    autocomplete="off"
                />
            </td>
            {settings.shows(QueueColumn::Reference).then(|| view! {
                <td data-label="编号" class="figures queue-reference" title=row.reference.clone()>
                    <span aria-hidden="true">{short(&row.reference)}</span>
                    <span class="visually-hidden">{row.reference.clone()}</span>
                </td>
            })}
            <td data-label="业务类型" title=kind_title>{kind}</td>
            <td data-label="名称" class="queue-name" title=title colspan=is_wide.then_some("2")>
                <div class="queue-names"><span>{row.title.clone()}</span><Beside with lead=row.state from=from.clone()/></div>
            </td>
            {(settings.shows(QueueColumn::Subject) && !is_wide).then(|| view! {
                <td data-label="主体" title=subject.clone()>{subject.clone()}</td>
            })}
            {settings.shows(QueueColumn::Region).then(|| view! {
                <td data-label="管辖地" title=region.clone()>{region.clone()}</td>
            })}
            {settings.shows(QueueColumn::Submitted).then(|| view! {
                <td data-label="提交时间" class="figures">{submitted.clone()}</td>
            })}
            {settings.shows(QueueColumn::Age).then(|| age(&row, working_days, allowed_days))}
            <td data-label="状态"><div class="queue-said"><State row=row.clone()/></div></td>
            <td data-label="操作" class="row-actions">
                <a class="queue-open" href=filing_href(&row.id, &from) rel="external" aria-description=row.reference.clone()>
                    {if row.state.is_open() { "审核" } else { "详情" }}
                </a>
                {may_claim.then(|| view! {
                    <form method="post" action="/act/claim" class="inline">
                        <input type="hidden" name="filing" value=row.id.clone() autocomplete="off"/>
                        <input type="hidden" name="from" value=from.clone() autocomplete="off"/>
                        <button class="link" aria-description=row.reference.clone()>"领取"</button>
                    </form>
                })}
                <button type="button" class="link js-only" data-peek=route::peek(&row.id) aria-description=row.reference.clone()>"速览"</button>
            </td>
        </tr>
    }
    .into_any()
}

/// What came in with a new subject, each with the way to it.
#[component]
fn Beside(with: Vec<QueueRow>, lead: FilingState, from: String) -> impl IntoView {
    let beside = with
        .into_iter()
        .map(|one| {
            let differs = one.state != lead;
            let word = format!("{} {}", one.procedure.label(), one.title);
            view! {
                " + "<a href=filing_href(&one.id, &from) rel="external" title=word.clone()>{word.clone()}</a>
                {differs.then(|| view! { " " <FilingBadge state=one.state/> })}
            }
        })
        .collect::<Vec<_>>();
    (!beside.is_empty()).then(|| view! { <span class="queue-beside">{beside}</span> })
}

/// How long it has waited: working days, a bar against those allowed, and a word when they are over.
fn age(row: &QueueRow, working_days: i64, allowed_days: i64) -> AnyView {
    let title = format!(
        "{}提交，已等待 {} 天，其中 {working_days} 个工作日；应在 {allowed_days} 个工作日内办结",
        row.submitted_at, row.age_days
    );
    if !row.state.is_open() {
        return view! { <td data-label="已等工作日" class="queue-age num" title=row.submitted_at.clone()>"—"</td> }
            .into_any();
    }
    let share = (working_days * 100).checked_div(allowed_days).unwrap_or(100).clamp(0, 100);
    let over = row.is_overdue.then(|| format!("已超期 {} 天", (working_days - allowed_days).max(1)));
    let is_over = over.is_some();
    view! {
        <td data-label="已等工作日" class="queue-age num" title=title>
            <div class="queue-waited">
                {match over {
                    Some(over) => view! { <span class="queue-over">{over}</span> }.into_any(),
                    None => view! { <span class="figures">{format!("{working_days} 天")}</span> }.into_any(),
                }}
                <svg class="queue-bar-of-days" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" data-over=is_over.then_some("")>
                    <rect width="100" height="8"/>
                    <rect class="done" width=share.to_string() height="8"/>
                </svg>
            </div>
        </td>
    }
    .into_any()
}

/// Its state, who has it, and what is particular about it.
#[component]
fn State(row: QueueRow) -> impl IntoView {
    let again = (row.round > 1).then(|| format!("第 {} 次提交", row.round));
    let holder = if row.is_mine {
        Some("由我领取".to_owned())
    } else {
        row.claimed_by.map(|name| format!("{name}领取"))
    };
    let words: Vec<String> = [holder, again].into_iter().flatten().collect();
    let words = words.join(" ");
    view! {
        <span class="just tag" hidden>"刚刚更新"</span>
        <FilingBadge state=row.state/>
        {row.is_new.then(|| view! { " " <span class="tag">"新到"</span> })}
        " "<WaitingTag waits=row.waits_for_answer/>
        {row.has_moved.then(|| view! { " " <span class="tag">"移送"</span> })}
        {(!words.is_empty()).then(|| view! { " " <span class="soft" title=words.clone()>{words.clone()}</span> })}
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_reference_is_known_by_its_end() {
        assert_eq!(
            (short("BA20260302000017").as_str(), short("17").as_str(), short("").as_str()),
            ("02000017", "17", "")
        );
    }
}
