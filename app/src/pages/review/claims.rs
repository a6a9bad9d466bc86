//! 在办申请单: what is in officers' hands, for administrators, who may take it over with a reason
//! (R62). They see what it is called and who has it, not what is in it (R60).

use domain::route;
use domain::view::{ClaimRow, Paged};
use leptos::prelude::*;

use crate::api;
use crate::pages::query::query_text;
use crate::ui::table::{Column, Grid, Pager, href};
use crate::ui::{Empty, Load, PageHead};

#[component]
pub fn ReviewClaims() -> impl IntoView {
    let (after, officer) = (query_text("after"), query_text("officer"));
    let page = Resource::new(
        move || (after(), officer()),
        |(after, officer)| async move { Ok((api::claims_held(after, officer.clone()).await?, officer)) },
    );
    view! {
        <PageHead above=vec![("审核", "")] title="在办申请单" lead="已由民警领取、尚未办结的申请单。接管后回到队列，由其他民警领取；也可以重新分配给指定的民警。"/>
        <Load resource=page titled=true children={|(page, officer): (Paged<ClaimRow>, String)| view! { <Rows page officer/> }}/>
    }
    .into_any()
}

#[component]
fn Rows(
    page: Paged<ClaimRow>,
    /// Whose alone; empty for everybody's.
    officer: String,
) -> impl IntoView {
    if page.rows.is_empty() && !officer.is_empty() {
        return view! { <Empty sentence="这名民警目前没有在办的申请单。" action=("查看全部", route::CLAIMS)/> }
            .into_any();
    }
    if page.rows.is_empty() {
        return view! { <Empty sentence="目前没有在办的申请单。" action=("返回首页", route::HOME)/> }
            .into_any();
    }
    let whose = page.rows.first().filter(|_| !officer.is_empty()).map(|row| row.officer.clone());
    let column = |word: &str| Column::Text(word.to_owned());
    let mut columns: Vec<Column> = ["申请单", "主体", "管辖地", "领取人", "领取时间"].map(column).into();
    columns.extend([Column::Number("无操作".to_owned()), column("操作")]);
    let rows = page
        .rows
        .into_iter()
        .map(|row| {
            let ClaimRow {
                id, reference, procedure, title, subject_name, jurisdiction, officer, claimed_at, idle_minutes, ..
            } = row;
            // 新增主体 is called like its subject.
            let is_of_subject = procedure.business.is_subject();
            view! {
                <tr>
                    <td data-label="申请单">
                        <span>
                            <b>{if is_of_subject { procedure.label().to_owned() } else { format!("{}：{title}", procedure.label()) }}</b>
                            <br/><span class="soft figures">{reference.clone()}</span>
                        </span>
                    </td>
                    <td data-label="主体">{subject_name}</td>
                    <td data-label="管辖地">{jurisdiction}</td>
                    <td data-label="领取人">{officer}</td>
                    <td data-label="领取时间" class="figures">{claimed_at}</td>
                    <td data-label="无操作" class="num">{format!("{idle_minutes} 分钟")}</td>
                    <td data-label="操作" class="row-actions">
                        <a href=route::claim(&id)>"查看并接管"<span class="visually-hidden">{format!("：{reference}")}</span></a>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="stack">
            {whose.map(|name| view! {
                <div class="banner" data-tone="info">
                    <p>{format!("只列出由{name}领取的。")}</p>
                    <a class="button button-small" href=route::CLAIMS>"查看全部"</a>
                </div>
            })}
            <Grid caption="在办申请单" columns>{rows}</Grid>
            <Pager
                total=page.total
                next=page.next.map(|after| href(route::CLAIMS, &[("officer", &officer), ("after", &after)]))
                first=page.is_later.then(|| href(route::CLAIMS, &[("officer", &officer)]))
            />
        </div>
    }
    .into_any()
}
