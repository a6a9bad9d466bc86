//! 举报线索: what anybody reported of records in the officer's region.

use domain::misuse::LONGEST_TEXT;
use domain::purpose::PURPOSES;
use domain::route;
use domain::view::{MisuseHandled, MisuseRequest, MisuseRow, Paged};
use leptos::prelude::*;

use crate::api;
use crate::pages::query::query_text;
use crate::ui::table::{Pager, href};
use crate::ui::{Empty, Load, PageHead};

#[component]
pub fn MisuseReports() -> impl IntoView {
    let (handled, after, look) = (query_text("handled"), query_text("after"), query_text("look"));
    let asked =
        move || MisuseRequest { handled: handled() == "1", after: after(), look: look().parse().ok() };
    let page = Resource::new(asked, api::misuse_reports);
    let here = move |is_handled: bool| (asked().handled == is_handled).then_some("page");
    view! {
        <PageHead above=vec![("审核", "")] title="举报线索" lead="公众对本管辖地备案的举报。核实处理后请写明处理情况。"/>
        <div class="stack">
            <nav class="tabs" aria-label="处理情况">
                <a href=route::REPORTS aria-current=here(false)>"待处理"</a>
                <a href=href(route::REPORTS, &[("handled", "1")]) aria-current=here(true)>"已处理"</a>
            </nav>
            <Load resource=page titled=true children={|page: Paged<MisuseRow>| view! { <Rows page/> }}/>
        </div>
    }
    .into_any()
}

#[component]
fn Rows(page: Paged<MisuseRow>) -> impl IntoView {
    let is_handled = query_text("handled")() == "1";
    if page.rows.is_empty() {
        let sentence =
            if is_handled { "还没有处理过的线索。" } else { "没有待处理的举报线索。" };
        return view! { <Empty sentence/> }.into_any();
    }
    let mark = if is_handled { "1" } else { "" };
    view! {
        {page.rows.into_iter().map(|row| view! { <Report row/> }).collect_view()}
        <Pager
            total=page.total
            next=page.next.map(|after| href(route::REPORTS, &[("handled", mark), ("after", &after)]))
            first=page.is_later.then(|| href(route::REPORTS, &[("handled", mark)]))
        />
    }
    .into_any()
}

#[component]
fn Report(row: MisuseRow) -> impl IntoView {
    let MisuseRow {
        id,
        kind,
        name,
        number,
        digits,
        is_cancelled,
        jurisdiction,
        site,
        text,
        at,
        has_contact,
        contact,
        handled,
    } = row;
    let (anchor, heading) = (format!("report-{id}"), format!("report-title-{id}"));
    let named = heading.clone();
    let is_handled = handled.is_some();
    let state = if is_cancelled { ("cancelled", "已注销") } else { ("valid", "有效") };
    view! {
        <section class="card" id=anchor aria-labelledby=named>
            <div class="card-head"><h2 id=heading>{kind.label()}</h2><time class="soft figures">{at}</time></div>
            <dl class="facts">
                <div><dt>"备案"</dt><dd><a href=route::public_record(&digits)>{name}</a>" "<span class="badge" data-state=state.0>{state.1}</span></dd></div>
                <div><dt>"备案号"</dt><dd class="figures">{number}</dd></div>
                <div><dt>"管辖地"</dt><dd>{jurisdiction}</dd></div>
                {(!site.is_empty()).then(|| view! { <div><dt>"发现地址"</dt><dd class="said">{site}</dd></div> })}
                <div><dt>"联系方式"</dt><dd><Contact id=id.clone() has_contact contact is_handled/></dd></div>
            </dl>
            <p class="said">{text}</p>
            {match handled {
                Some(MisuseHandled { by, at, note }) => view! {
                    <div class="notice" data-tone="ok"><p><b>"已处理"</b>" "{by}" "<time class="figures">{at}</time></p><p class="said">{note}</p></div>
                }.into_any(),
                None => view! { <Handle id/> }.into_any(),
            }}
        </section>
    }
    .into_any()
}

/// How to reach whoever reported: only for a purpose, which is written down.
#[component]
fn Contact(id: String, has_contact: bool, contact: Option<String>, is_handled: bool) -> impl IntoView {
    match (contact, has_contact) {
        (Some(contact), _) => view! { <span class="said">{contact}</span> }.into_any(),
        (None, false) => view! { <span class="soft">"没有留下"</span> }.into_any(),
        (None, true) => {
            let purpose = PURPOSES.get(1).copied().unwrap_or_default();
            view! {
                <form method="post" action="/act/look-at-contact" class="inline">
                    <input type="hidden" name="report" value=id autocomplete="off"/>
                    <input type="hidden" name="handled" value=if is_handled { "1" } else { "" } autocomplete="off"/>
                    <button class="button button-small" name="purpose" value=purpose aria-description="查看会留下记录">{format!("查看（{purpose}）")}</button>
                </form>
            }
            .into_any()
        }
    }
}

#[component]
fn Handle(id: String) -> impl IntoView {
    let note = format!("note-{id}");
    view! {
        <form method="post" action="/act/handle-report" class="report-handle">
            <input type="hidden" name="report" value=id autocomplete="off"/>
            <label for=note.clone()>"处理说明"</label>
            <textarea class="input" id=note name="note" rows="2" required minlength="5" maxlength=LONGEST_TEXT autocomplete="off"></textarea>
            <button class="button button-small">"标为已处理"</button>
        </form>
    }
    .into_any()
}
