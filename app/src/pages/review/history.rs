//! A filing through time: a line of moments to step through, what the filing said at each, and what differs between
//! any two. Links and a form that is asked for, so that it works without scripts and every view has its address.

use domain::route;
use domain::schema::Fault;
use domain::sheet::Sheet;
use domain::view::{Compared, HistoryRequest, HistoryView, Moment, MomentKind};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::api;
use crate::pages::query::query_text;
use crate::ui::sheet::{ChangesTable, SheetView};
use crate::ui::table::href;
use crate::ui::{FilingBadge, Load, PageHead};

#[component]
pub fn ReviewHistory() -> impl IntoView {
    let params = use_params_map();
    let (at, from, to) = (query_text("at"), query_text("from"), query_text("to"));
    let history = Resource::new(
        move || HistoryRequest {
            filing: params.with(|params| params.get("id")).unwrap_or_default(),
            at: at(),
            from: from(),
            to: to(),
        },
        api::filing_history,
    );
    view! { <Load resource=history children={|history: HistoryView| view! { <Through history/> }}/> }
}

/// A moment of this filing by its key.
fn moment_href(id: &str, key: &str) -> String {
    format!("{}#moment", href(&route::filing_history(id), &[("at", key)]))
}

#[component]
fn Through(history: HistoryView) -> impl IntoView {
    let HistoryView { filing, moments, shown, sheet, remarks, compared } = history;
    let (id, state) = (filing.id.clone(), filing.state);
    let back = route::review_filing(&id);
    let present = moments.get(shown).cloned();
    let round = filing.round;
    view! {
        <PageHead
            above=vec![("审核工作台", route::REVIEW), ("审核队列", route::QUEUE)]
            title=format!("历次记录：{}", filing.title)
            beside=move || view! { <FilingBadge state/> }
            actions=move || view! { <a class="button" href=back.clone()>"返回申请单"</a> }
            lead=format!("{}，编号 {}，共提交 {round} 次。个人信息已遮盖。", filing.procedure.label(), filing.reference)
        />
        <div class="through">
            <Line id=id.clone() moments=moments.clone() shown/>
            <div class="stack through-main">
                {present.map(|moment| view! { <Present id=id.clone() moments=moments.clone() shown moment sheet remarks/> })}
                <Compare id moments shown compared/>
            </div>
        </div>
    }
    .into_any()
}

/// The moments, the latest first, as a line to step through.
#[component]
fn Line(id: String, moments: Vec<Moment>, shown: usize) -> impl IntoView {
    let rows = moments
        .into_iter()
        .enumerate()
        .rev()
        .map(|(place, Moment { key, kind, at, what, who, .. })| {
            let look = match kind {
                MomentKind::Before => "before",
                MomentKind::Submitted => "submitted",
                MomentKind::Step => "step",
                MomentKind::Decided => "decided",
                MomentKind::Talk => "talk",
                MomentKind::Look => "look",
            };
            view! {
                <li data-kind=look>
                    <a href=moment_href(&id, &key) rel="external" aria-current=(place == shown).then_some("true")>
                        <b>{what}</b>
                        <span class="soft">{who}</span>
                        <time class="figures soft">{at}</time>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <nav class="card through-line" aria-labelledby="line-title">
            <div class="card-head"><h2 id="line-title">"时间线"</h2></div>
            <ol class="moments">{rows}</ol>
        </nav>
    }
    .into_any()
}

/// What happened at a moment, and what the filing said then.
#[component]
fn Present(
    id: String,
    moments: Vec<Moment>,
    shown: usize,
    moment: Moment,
    sheet: Option<Sheet>,
    remarks: Vec<Fault>,
) -> impl IntoView {
    let way = |place: Option<usize>, label: &'static str| {
        match place.and_then(|place| moments.get(place)) {
            Some(other) => view! { <a class="button button-small" href=moment_href(&id, &other.key) rel="external" aria-description=other.what.clone()>{label}</a> }.into_any(),
            None => view! { <span class="button button-small" aria-disabled="true">{label}</span> }.into_any(),
        }
    };
    let Moment { at, what, who, note, round, .. } = moment;
    let said = match round {
        0 => "当时有效的内容".to_owned(),
        round => format!("当时的申请内容（第 {round} 次提交）"),
    };
    let labels = sheet.clone().unwrap_or_default();
    let label = |at: &str| {
        let mut rows = labels.sections.iter().flat_map(|section| section.rows.iter());
        rows.find(|row| row.at == at).map(|row| row.label.clone())
    };
    let points = remarks
        .iter()
        .map(|remark| {
            let name = label(&remark.at).map(|label| format!("{label}："));
            view! { <li>{name}{remark.message.clone()}</li> }
        })
        .collect_view();
    let has_points = !remarks.is_empty();
    view! {
        <section class="card moment" id="moment" aria-labelledby="moment-title">
            <div class="card-head">
                <h2 id="moment-title">{what}</h2>
                <nav class="cluster no-print" aria-label="前后时刻">
                    {way(shown.checked_sub(1), "上一个")}
                    {way(Some(shown + 1), "下一个")}
                </nav>
            </div>
            <p class="soft">{who}" "<time class="figures">{at}</time></p>
            {(!note.is_empty()).then(|| view! { <p class="said">{note}</p> })}
            {has_points.then(|| view! { <ul class="plain">{points}</ul> })}
        </section>
        <h2 class="through-said">{said}</h2>
        {match sheet {
            Some(sheet) => view! { <SheetView sheet remarks/> }.into_any(),
            None => view! { <p class="soft">"这次提交的内容没有保存。"</p> }.into_any(),
        }}
    }
    .into_any()
}

/// What differs between any two moments.
#[component]
fn Compare(id: String, moments: Vec<Moment>, shown: usize, compared: Option<Compared>) -> impl IntoView {
    let (from, to) = compared.as_ref().map_or((0, shown), |compared| (compared.from, compared.to));
    let at = moments.get(shown).map(|moment| moment.key.clone());
    let select = |field: &'static str, label: &'static str, chosen: usize| {
        let options = moments
            .iter()
            .enumerate()
            .map(|(place, moment)| {
                let words = format!("{} {}", moment.at, moment.what);
                view! { <option value=moment.key.clone() selected=place == chosen>{words}</option> }
            })
            .collect_view();
        let control = format!("compare-{field}");
        view! {
            <div class="filter">
                <label for=control.clone()>{label}</label>
                <select class="input" id=control name=field autocomplete="off">{options}</select>
            </div>
        }
    };
    let action = format!("{}#compare", route::filing_history(&id));
    view! {
        <section class="card compare" id="compare" aria-labelledby="compare-title">
            <div class="card-head"><h2 id="compare-title">"比较两个时刻"</h2></div>
            <form class="filters" method="get" action=action>
                <input type="hidden" name="at" value=at autocomplete="off"/>
                {select("from", "较早的时刻", from)}
                {select("to", "较晚的时刻", to)}
                <div class="filter-actions"><button class="button">"比较"</button></div>
            </form>
            {compared.map(|compared| match compared.changes {
                None => view! { <p class="soft" role="status">"其中一个时刻的内容没有保存，无法比较。"</p> }.into_any(),
                Some(changes) if changes.is_empty() => view! { <p role="status">"两个时刻的内容相同。"</p> }.into_any(),
                Some(changes) => view! { <ChangesTable changes/> }.into_any(),
            })}
        </section>
    }
    .into_any()
}
