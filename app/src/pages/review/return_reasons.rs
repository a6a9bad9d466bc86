//! 退回原因: of which questions returns say something, how often, and what the applicant was told at the question, so that
//! it shows which hints are missing or do not help.

use domain::help::{Question, question};
use domain::route;
use domain::view::{ReturnReason, ReturnReasons};
use leptos::prelude::*;

use super::period::Periods;
use crate::api;
use crate::pages::query::query_text;
use crate::ui::table::{Column, Grid};
use crate::ui::{Empty, Load, PageHead};

#[component]
pub fn ReturnReasonsPage() -> impl IntoView {
    let reasons = Resource::new(query_text("days"), api::return_reasons);
    view! {
        <PageHead
            above=vec![("审核", "")]
            title="退回原因"
            lead="退回时对哪些栏目提出了意见、有多少次，以及申请人填写时看到的提示。意见多而没有提示的，最值得补写。"
        />
        <Load resource=reasons titled=true children={|reasons: ReturnReasons| view! { <Reasons reasons/> }}/>
    }
    .into_any()
}

#[component]
fn Reasons(reasons: ReturnReasons) -> impl IntoView {
    let ReturnReasons { region, period, returns, rows } = reasons;
    let said = match returns {
        0 => format!("{region}{}没有退回的申请单。", period.label()),
        _ => format!("{region}{}退回 {returns} 次；同一次退回中对一个栏目的意见只计一次。", period.label()),
    };
    let list = match rows.is_empty() {
        true => view! { <Empty sentence="这段时间没有退回意见。"/> }.into_any(),
        false => {
            let mut columns = Vec::from(["栏目", "业务类型"].map(|word| Column::Text(word.to_owned())));
            columns.extend(["次数", "占该类退回"].map(|word| Column::Number(word.to_owned())));
            columns.push(Column::Text("申请人看到的提示".to_owned()));
            let rows = rows.into_iter().map(|row| view! { <Row row/> }).collect_view();
            view! { <div class="reasons"><Grid caption="退回原因" columns>{rows}</Grid></div> }.into_any()
        }
    };
    view! {
        <div class="stack">
            <Periods page=route::RETURN_REASONS period/>
            <p class="soft">{said}</p>
            {list}
        </div>
    }
    .into_any()
}

#[component]
fn Row(row: ReturnReason) -> impl IntoView {
    let asked = question(row.procedure, &row.at);
    let share = row.share();
    let name = match (&asked, row.at.is_empty()) {
        (Some(asked), _) => view! {
            <b>{asked.label}</b><br/><span class="soft">{format!("{} › {}", asked.step, asked.section)}</span>
        }
        .into_any(),
        (None, true) => view! { <b>"整体意见"</b> }.into_any(),
        // Asked no more.
        (None, false) => view! { <span class="soft">"已不再询问的栏目"</span> }.into_any(),
    };
    view! {
        <tr>
            <td data-label="栏目"><span>{name}</span></td>
            <td data-label="业务类型">{row.procedure.label()}</td>
            <td data-label="次数" class="num">{row.count.to_string()}</td>
            <td data-label="占该类退回" class="num">
                <span class="share"><svg class="share-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect width="100" height="6"></rect><rect class="share-part" width=share.to_string() height="6"></rect></svg><span>{format!("{share}%")}</span></span>
            </td>
            <td data-label="申请人看到的提示"><Hint asked is_general=row.at.is_empty()/></td>
        </tr>
    }
    .into_any()
}

/// What the applicant is told at the question, and where.
#[component]
fn Hint(asked: Option<Question>, is_general: bool) -> impl IntoView {
    let Some(Question { hint, topic, label, .. }) = asked else {
        return view! { <span class="soft">{if is_general { "不指向某一栏目" } else { "—" }}</span> }
            .into_any();
    };
    let more = topic.map(|topic| {
        view! {
            <a href=route::help(topic)>"填写说明"<span class="visually-hidden">{format!("：{label}")}</span></a>
        }
    });
    match (hint.is_empty(), more) {
        (true, None) => view! { <span class="badge" data-tone="warning">"没有提示"</span> }.into_any(),
        (true, Some(more)) => view! { <span>"栏目旁没有提示，有"{more}</span> }.into_any(),
        (false, more) => view! { <span>{hint}{more.map(|more| view! { <br/>{more} })}</span> }.into_any(),
    }
}
