//! The rows of 审核队列: one line each, a new subject with what came in with it in one (R15), how long it has waited as
//! number, bar and word. `Live` exchanges them in their places, by `data-row`. They never hydrate and there are fifty on a
//! page, so they are templates of maud and not of `view!`.

use domain::filing::FilingState;
use domain::route;
use domain::talk::WAITING;
use domain::view::{Density, DeskSettings, Paged, QueueColumn, QueueLine, QueueRequest, QueueRow};
use leptos::prelude::*;
use maud::{Markup, html};

use super::address::{address, query_of};
use crate::ui::table::{Pager, href};
use crate::ui::{Empty, look_of};

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
    let rows = drawn(&page.rows, &settings, &from);
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
                <tbody inner_html=rows></tbody>
            </table>
        </div>
        <Pager total=page.total next=page.next.map(|after| here(&after)) first=page.is_later.then(|| here(""))/>
    }
    .into_any()
}

/// What all rows of a list have in common.
struct List<'a> {
    settings: &'a DeskSettings,
    /// What stands behind a filing's path: the queue that it is opened from.
    from: String,
}

fn drawn(lines: &[QueueLine], settings: &DeskSettings, from: &str) -> String {
    let list = List { settings, from: href("", &[("from", from)]) };
    html! {
        @for line in lines { (row(line, &list)) }
    }
    .into_string()
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
    let rows = drawn(&rows, &settings, &query_of(&QueueRequest { after: String::new(), ..request }));
    view! {
        <table><tbody inner_html=rows></tbody></table>
        <Pager total=total next=None first=None/>
    }
    .into_any()
}

/// The end of a reference, which tells filings of a day apart.
fn short(reference: &str) -> &str {
    let begin = reference.char_indices().rev().nth(7).map_or(0, |(at, _)| at);
    reference.get(begin..).unwrap_or_default()
}

fn row(line: &QueueLine, list: &List) -> Markup {
    let QueueLine { row, with, at, .. } = line;
    let shows = |column| list.settings.shows(column);
    let kind = row.procedure.label();
    let ids: Vec<&str> = with.iter().map(|one| one.id.as_str()).collect();
    let more = match with.len() {
        0 => kind.to_owned(),
        count => format!("{kind} + {count} 业务"),
    };
    // A subject is called as its row is; what came with it takes the room.
    let is_wide = shows(QueueColumn::Subject) && row.title == row.subject_name;
    html! {
        tr data-row=(row.id) data-with=[(!ids.is_empty()).then(|| ids.join(" "))] data-at=(at) {
            td class="queue-tick" {
                input type="checkbox" form="batch" name={ "f." (row.id) } aria-label={ "选择 " (kind) " " (row.title) }
                    disabled[!row.state.is_open()] autocomplete="off";
            }
            @if shows(QueueColumn::Reference) {
                td data-label="编号" title=(row.reference) class="figures queue-reference" {
                    span aria-hidden="true" { (short(&row.reference)) }
                    span class="visually-hidden" { (row.reference) }
                }
            }
            td data-label="业务类型" title=(more) { (more) }
            td data-label="名称" title=(row.title) colspan=[is_wide.then_some(2)] class="queue-name" {
                div class="queue-names" {
                    span { (row.title) }
                    @if !with.is_empty() { (beside(with, row.state, list)) }
                }
            }
            @if shows(QueueColumn::Subject) && !is_wide {
                td data-label="主体" title=(row.subject_name) { (row.subject_name) }
            }
            @if shows(QueueColumn::Region) {
                td data-label="管辖地" title=(row.jurisdiction) { (row.jurisdiction) }
            }
            @if shows(QueueColumn::Submitted) {
                td data-label="提交时间" class="figures" { (row.submitted_at) }
            }
            @if shows(QueueColumn::Age) { (age(line)) }
            (state(row))
            (acts(row, list))
        }
    }
}

/// What came in with a new subject, each with the way to it.
fn beside(with: &[QueueRow], lead: FilingState, list: &List) -> Markup {
    html! {
        span class="queue-beside" {
            @for one in with {
                @let word = format!("{} {}", one.procedure.label(), one.title);
                " + "
                a href=(opened(one, list)) rel="external" title=(word) { (word) }
                @if one.state != lead { " " (badge(one.state)) }
            }
        }
    }
}

/// Path of a filing, opened from this list.
fn opened(row: &QueueRow, list: &List) -> String {
    route::review_filing(&row.id) + &list.from
}

fn badge(state: FilingState) -> Markup {
    html! { span class="badge" data-state=(look_of(state)) { (state.label()) } }
}

/// How long it has waited: working days, a bar against those allowed, and a word when they are over.
fn age(line: &QueueLine) -> Markup {
    let QueueLine { row, working_days, allowed_days, .. } = line;
    if !row.state.is_open() {
        return html! {
            td data-label="已等工作日" class="queue-age num" title=(row.submitted_at) { "—" }
        };
    }
    let title = format!(
        "{}提交，已等待 {} 天，其中 {working_days} 个工作日；应在 {allowed_days} 个工作日内办结",
        row.submitted_at, row.age_days
    );
    let share = (working_days * 100).checked_div(*allowed_days).unwrap_or(100).clamp(0, 100);
    html! {
        td data-label="已等工作日" class="queue-age num" title=(title) {
            div class="queue-waited" {
                @if row.is_overdue {
                    span class="queue-over" { "已超期 " ((working_days - allowed_days).max(1)) " 天" }
                } @else {
                    span class="figures" { (working_days) " 天" }
                }
                svg class="queue-bar-of-days" aria-hidden="true" data-over[row.is_overdue] {
                    rect width="100%" height="100%" {}
                    rect class="done" width={ (share) "%" } height="100%" {}
                }
            }
        }
    }
}

/// Its state, who has it, and what is particular about it.
fn state(row: &QueueRow) -> Markup {
    let again = (row.round > 1).then(|| format!("第 {} 次提交", row.round));
    let holder = if row.is_mine {
        Some("由我领取".to_owned())
    } else {
        row.claimed_by.as_ref().map(|name| format!("{name}领取"))
    };
    let words: Vec<String> = [holder, again].into_iter().flatten().collect();
    let words = words.join(" ");
    html! {
        td data-label="状态" {
            div class="queue-said" {
                span class="just tag" hidden { "刚刚更新" }
                (badge(row.state))
                @if row.is_new { " " span class="tag" { "新到" } }
                " "
                @if row.waits_for_answer { span class="badge" data-tone="warning" { (WAITING) } }
                @if row.has_moved { " " span class="tag" { "移送" } }
                @if !words.is_empty() { " " span class="soft" title=(words) { (words) } }
            }
        }
    }
}

/// What one does with it. 【领取】 belongs to the page's form of that name.
fn acts(row: &QueueRow, list: &List) -> Markup {
    let about = &row.reference;
    html! {
        td data-label="操作" class="row-actions" {
            a class="queue-open" href=(opened(row, list)) rel="external" aria-description=(about) {
                @if row.state.is_open() { "审核" } @else { "详情" }
            }
            @if row.state == FilingState::Pending && !row.is_own {
                button class="link" form="claim" name="filing" value=(row.id) aria-description=(about) { "领取" }
            }
            button type="button" class="link js-only" data-peek=(route::peek(&row.id)) aria-description=(about) { "速览" }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::action::Action;
    use domain::business::Business;
    use domain::procedure::Procedure;

    use super::*;

    fn filing(id: &str, title: &str) -> QueueRow {
        QueueRow {
            id: id.to_owned(),
            reference: "BA20260302000017".to_owned(),
            procedure: Procedure::new(Business::Website, Action::New),
            title: title.to_owned(),
            subject_name: "\"><img src=x>".to_owned(),
            state: FilingState::InReview,
            submitted_at: "2026-03-02 09:00".to_owned(),
            age_days: 3,
            jurisdiction: "东城区".to_owned(),
            is_mine: false,
            is_own: false,
            claimed_by: Some("<b>".to_owned()),
            round: 2,
            is_new: true,
            is_overdue: true,
            has_moved: true,
            waits_for_answer: true,
        }
    }

    #[test]
    fn what_applicants_write_stays_text_in_every_cell() {
        let settings = DeskSettings { columns: QueueColumn::ALL.to_vec(), ..DeskSettings::default() };
        let alone = |row: QueueRow, with: Vec<QueueRow>| QueueLine {
            row,
            with,
            working_days: 9,
            allowed_days: 7,
            at: 1,
        };
        let besides = QueueRow { state: FilingState::Pending, ..filing("2", "\" onclick=\"x") };
        let lines = [
            alone(filing("1", "<script>"), vec![besides]),
            alone(QueueRow { state: FilingState::Approved, ..filing("3", "</td>&") }, Vec::new()),
        ];
        let drawn = drawn(&lines, &settings, "search=a&state=all");
        for written in ["<script", "<img", "<b>", "</td>&", "\" onclick"] {
            assert!(!drawn.contains(written), "{written}\n{drawn}");
        }
        for kept in [
            "第 2 次提交",
            "&lt;b&gt;领取",
            "已超期 2 天",
            " width=\"100%\"",
            " data-with=\"2\"",
            "/review/filings/2?from=search%3Da%26state%3Dall",
            "&lt;/td&gt;&amp;</span>",
        ] {
            assert!(drawn.contains(kept), "{kept}\n{drawn}");
        }
        // Each tag that has an end has it.
        for tag in ["tr", "td", "div", "span", "a", "button", "svg"] {
            let begun =
                drawn.matches(&format!("<{tag} ")).count() + drawn.matches(&format!("<{tag}>")).count();
            assert_eq!(begun, drawn.matches(&format!("</{tag}>")).count(), "{tag}\n{drawn}");
        }
    }

    #[test]
    fn a_reference_is_known_by_its_end() {
        assert_eq!((short("BA20260302000017"), short("17"), short("")), ("02000017", "17", ""));
    }
}
